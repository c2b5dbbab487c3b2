//! The store, encrypted as a whole.

use std::str::FromStr as _;

use thiserror::Error;

use crate::{Store, StoreError};

/// Why a store could not be encrypted or decrypted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// A recipient is no public key of age. It is not shown: it may be a private key by mistake.
    #[error(
        "line {0} of a recipients file is no age recipient: write the line that `age-keygen -y` shows, as in `age1…`"
    )]
    Recipient(usize),
    /// A private key is none. It is not shown.
    #[error("line {0} of the identity file is no private key of age")]
    Identity(usize),
    /// Nobody could read it.
    #[error("the store would be encrypted to nobody: `access.recipients` names no key")]
    NoRecipient,
    /// It could not be encrypted.
    #[error("the store could not be encrypted")]
    Encrypt(#[source] age::EncryptError),
    /// None of the private keys fits, or the file is damaged.
    #[error("the store could not be decrypted")]
    Decrypt(#[source] age::DecryptError),
    /// What was in it is no store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn lines(texts: &[String]) -> impl Iterator<Item = (usize, &str)> {
    let lines = texts.iter().flat_map(|text| text.lines().enumerate());
    lines.map(|(index, line)| (index + 1, line.trim())).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Encrypts a store to the recipients in these texts, each the content of a file of `access.recipients`.
///
/// # Errors
/// When a line is no recipient, or there is none.
pub fn seal(store: &Store, recipients: &[String]) -> Result<Vec<u8>, SealError> {
    let keys: Vec<age::x25519::Recipient> = lines(recipients)
        .map(|(number, line)| age::x25519::Recipient::from_str(line).map_err(|_| SealError::Recipient(number)))
        .collect::<Result<_, _>>()?;
    if keys.is_empty() {
        return Err(SealError::NoRecipient);
    }
    let encryptor = age::Encryptor::with_recipients(keys.iter().map(|key| key as &dyn age::Recipient))
        .map_err(SealError::Encrypt)?;
    let mut sealed = Vec::new();
    let failed = |error: std::io::Error| SealError::Encrypt(age::EncryptError::Io(error));
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(failed)?;
    std::io::Write::write_all(&mut writer, store.to_clear_text().expose().as_bytes()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(sealed)
}

/// Decrypts a store with the private keys in a text, the content of an identity file of age.
///
/// # Errors
/// When no key fits, or what was in it is no store.
pub fn open(sealed: &[u8], identities: &str) -> Result<Store, SealError> {
    let texts = [identities.to_owned()];
    let keys: Vec<age::x25519::Identity> = lines(&texts)
        .map(|(number, line)| age::x25519::Identity::from_str(line).map_err(|_| SealError::Identity(number)))
        .collect::<Result<_, _>>()?;
    let decryptor = age::Decryptor::new(sealed).map_err(SealError::Decrypt)?;
    let mut reader = decryptor.decrypt(keys.iter().map(|key| key as &dyn age::Identity)).map_err(SealError::Decrypt)?;
    let mut clear = String::new();
    std::io::Read::read_to_string(&mut reader, &mut clear)
        .map_err(|error| SealError::Decrypt(age::DecryptError::Io(error)))?;
    Ok(Store::from_clear_text(&clear)?)
}
