//! What was written, with the hash of each file: the last file of an atomic run.

use std::collections::BTreeMap;

use plimsoll_model::Design;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Segment, Tree};

/// The list of rendered files with their hashes, written last: a run that was interrupted leaves the old one, and the
/// next run finishes its work. Files that it does not name were not written by us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this form.
    pub format: u32,
    /// Name of the cluster.
    pub cluster: String,
    /// Edition of the defaults.
    pub edition: String,
    /// Files, by path below the output directory.
    pub file: BTreeMap<String, ManifestEntry>,
}

/// One file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// SHA-256 of its bytes as they were written (with placeholders for secrets), in hexadecimal.
    pub sha256: String,
    /// Permission bits where it goes, in octal (`0644`).
    pub mode: String,
    /// `user:group` where it goes.
    pub owner: String,
    /// What it is for.
    pub purpose: String,
    /// It is laid where it goes only while nothing is there, and never again: the machine itself changes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
    /// Secrets that are to be filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

impl Manifest {
    /// Version of the form that this program writes.
    pub const FORMAT: u32 = 1;
    /// Where it lies below the output directory.
    pub const PATH: &str = "manifest.json";

    /// The manifest of a tree.
    pub fn of(design: &Design, tree: &Tree) -> Self {
        let entry = |file: &crate::File| {
            let mut secrets: Vec<String> = file.secrets().map(|secret| secret.0.clone()).collect();
            secrets.sort();
            secrets.dedup();
            ManifestEntry {
                sha256: hash(file),
                mode: format!("{:04o}", file.mode),
                owner: file.owner.clone(),
                purpose: file.purpose.clone(),
                once: file.once,
                secrets,
            }
        };
        Manifest {
            format: Self::FORMAT,
            cluster: design.cluster.to_string(),
            edition: design.edition.clone(),
            file: tree.iter().map(|(path, file)| (path.to_owned(), entry(file))).collect(),
        }
    }

    /// As JSON, with a final newline.
    pub fn to_json(&self) -> String {
        // Only maps with other keys than strings could fail, and there are none.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads one that an earlier run wrote.
    ///
    /// # Errors
    /// When it is not of this form.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// SHA-256 of [`crate::File::text`], in hexadecimal.
fn hash(file: &crate::File) -> String {
    let mut hash = Sha256::new();
    for segment in &file.segments {
        match segment {
            Segment::Text(text) => hash.update(text),
            Segment::Hole(hole) => hash.update(hole.placeholder()),
        }
    }
    hexadecimal(&hash.finalize())
}

/// SHA-256 in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' - 10 + value });
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn hashes_are_those_of_sha256sum() {
        assert_eq!(
            super::sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "FIPS 180-4, example of one block"
        );
        let key = crate::Hole::text(&plimsoll_model::design::SecretRef("tsig/transfer".into()));
        let file = crate::File::new("keys", format!("secret \"{}\";\n", key.placeholder())).holes([&key]);
        assert_eq!(super::hash(&file), super::sha256_hex(file.text().as_bytes()), "piece by piece");
    }
}
