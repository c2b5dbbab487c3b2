//! Private keys in the form of OpenSSH.

use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::encode::base64;
use crate::pki::MakeError;

fn string(bytes: &[u8], to: &mut Vec<u8>) {
    // No field here comes near 4 GiB.
    to.extend(u32::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
    to.extend(bytes);
}

fn public_blob(public: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    string(b"ssh-ed25519", &mut blob);
    string(public, &mut blob);
    blob
}

fn pair(seed: &[u8; 32]) -> Result<Ed25519KeyPair, MakeError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| MakeError::Key)
}

/// An unencrypted Ed25519 key (`openssh-key-v1`, described in PROTOCOL.key of OpenSSH).
pub(crate) fn private_key(seed: &[u8; 32], comment: &str) -> Result<String, MakeError> {
    let pair = pair(seed)?;
    let public = pair.public_key().as_ref();
    let mut secret = Vec::new();
    // Two equal numbers by which a wrong passphrase shows; without one their value has no meaning.
    secret.extend([0; 8]);
    secret.extend(public_blob(public));
    let mut both = seed.to_vec();
    both.extend(public);
    string(&both, &mut secret);
    string(comment.as_bytes(), &mut secret);
    for padding in 1..=8_u8 {
        if secret.len().is_multiple_of(8) {
            break;
        }
        secret.push(padding);
    }
    let mut key = b"openssh-key-v1\0".to_vec();
    string(b"none", &mut key);
    string(b"none", &mut key);
    string(b"", &mut key);
    key.extend(1_u32.to_be_bytes());
    string(&public_blob(public), &mut key);
    string(&secret, &mut key);
    let text = base64(&key);
    let mut pem = String::from("-----BEGIN OPENSSH PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(70) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END OPENSSH PRIVATE KEY-----\n");
    Ok(pem)
}

/// The public half in the form of `authorized_keys`, taken from the private key's own bytes.
pub(crate) fn public_line(pem: &str, comment: &str) -> Option<String> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let bytes = decode(&body)?;
    // Magic, three empty-ish strings and the count come first; the public blob follows.
    let start = b"openssh-key-v1\0".len() + (4 + 4) + (4 + 4) + 4 + 4;
    let length = u32::from_be_bytes(bytes.get(start..start + 4)?.try_into().ok()?) as usize;
    let blob = bytes.get(start + 4..start + 4 + length)?;
    Some(format!("ssh-ed25519 {} {comment}", base64(blob)))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        held = held << 6 | u32::from(value(letter)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 255) as u8);
        }
    }
    Some(bytes)
}
