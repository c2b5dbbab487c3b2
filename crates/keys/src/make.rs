//! Making what a store lacks.

use std::collections::BTreeSet;

use plimsoll_model::Design;
use plimsoll_model::design::{Role, SecretRef};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::encode::{base64, hex};
use crate::pki::{self, MakeError, Owner};
use crate::{Secret, Store, openssh};

/// A source of random bytes. Keys of certificates come from the cryptography library's own source whatever is given
/// here: it offers no other way.
pub trait Entropy {
    /// Fills the bytes.
    ///
    /// # Errors
    /// When the source fails.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), MakeError>;
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), MakeError> {
        SystemRandom::new().fill(bytes).map_err(|_| MakeError::Entropy)
    }
}

/// Adds every secret of `wanted` that the store lacks, and the authorities of the cluster. What is there stays. Gives
/// the names of what was made, sorted.
///
/// What a secret is, its name says: `tsig/…` and `kubernetes/…` are 32 random bytes in base64, `ssh/…` is a private key
/// of OpenSSH (Ed25519), `kubeadm/token`, `kubeadm/certificate-key` and `kubeadm/ca-hash` are what kubeadm calls so, and
/// every other one is a password of 20 letters and digits (8 for `vrrp/…`: keepalived reads no more).
///
/// `now` is the time from which certificates are valid, in seconds since 1970.
///
/// # Errors
/// When the source of randomness or the cryptography library fails.
pub fn complete<'a>(
    store: &mut Store,
    design: &Design,
    wanted: impl IntoIterator<Item = &'a SecretRef>,
    now: u64,
    entropy: &mut dyn Entropy,
) -> Result<Vec<String>, MakeError> {
    let before: BTreeSet<String> = store.names().map(str::to_owned).collect();
    pki::authorities(store, design, now)?;
    for SecretRef(name) in wanted {
        if store.get(name).is_some() {
            continue;
        }
        let secret = match name.split_once('/') {
            Some(("tsig" | "kubernetes", _)) => base64(&random::<32>(entropy)?),
            Some(("ssh", _)) => openssh::private_key(&random::<32>(entropy)?, name)?,
            Some(("kubeadm", "token")) => format!("{}.{}", word(entropy, 6)?, word(entropy, 16)?),
            Some(("kubeadm", "certificate-key")) => hex(&random::<32>(entropy)?),
            Some(("kubeadm", "ca-hash")) => pki::ca_hash(store)?,
            Some(("vrrp", _)) => word(entropy, 8)?,
            _ => word(entropy, 20)?,
        };
        store.put(name.clone(), Secret::new(secret));
    }
    Ok(store.names().filter(|name| !before.contains(*name)).map(str::to_owned).collect())
}

/// A store for a lab or a test: every secret of `wanted`, the authorities, and for each control-plane machine and etcd
/// member the certificates that kubeadm would make, with its names and the lives of the Design from `now` on.
///
/// # Errors
/// As [`complete`].
pub fn throwaway<'a>(
    design: &Design,
    wanted: impl IntoIterator<Item = &'a SecretRef>,
    now: u64,
    entropy: &mut dyn Entropy,
) -> Result<Store, MakeError> {
    let mut store = Store::new();
    complete(&mut store, design, wanted, now, entropy)?;
    let machines: BTreeSet<_> =
        design.machines(Role::ControlPlane).map(|(name, _)| name).chain(design.etcd.member.keys()).collect();
    for name in machines {
        if let Some(owner) = Owner::of(design, name) {
            pki::leaves(&mut store, design, &owner, now)?;
        }
    }
    Ok(store)
}

fn random<const N: usize>(entropy: &mut dyn Entropy) -> Result<[u8; N], MakeError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

/// Small letters and digits, each equally likely.
fn word(entropy: &mut dyn Entropy, length: usize) -> Result<String, MakeError> {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut word = String::new();
    while word.len() < length {
        let [byte] = random::<1>(entropy)?;
        // 252 is the largest multiple of 36 below 256: the rest would favour the first letters.
        if byte < 252 {
            word.push(char::from(LETTERS[usize::from(byte % 36)]));
        }
    }
    Ok(word)
}
