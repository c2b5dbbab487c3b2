//! Licences and sources of everything that is linked, from `cargo metadata`. `cargo deny` does more, but building it
//! takes longer than all our tests.

use std::collections::BTreeMap;

use crate::cargo::{Metadata, metadata};
use crate::spdx;

/// Licences that ask for no more than a notice.
const ALLOWED: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Packages that would need a C library, a C++ tool chain or a network at build time, and what to use instead.
const BANNED: [(&str, &str); 5] = [
    ("aws-lc-sys", "rustls with the `ring` feature"),
    ("bindgen", "a pure Rust crate"),
    ("cmake", "a pure Rust crate"),
    ("native-tls", "rustls"),
    ("openssl-sys", "rustls"),
];

/// The only place packages may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Prints every offence; false when there is one.
pub(crate) fn run() -> anyhow::Result<bool> {
    let metadata = metadata()?;
    let offences = offences(&metadata);
    for offence in &offences {
        println!("{offence}");
    }
    let outside = metadata.packages.iter().filter(|package| package.source.is_some()).count();
    println!("{outside} packages from outside, {} offences", offences.len());
    let twice = versions(&metadata).into_iter().filter(|(_, versions)| versions.len() > 1);
    for (name, versions) in twice {
        println!("note: {name} is built {} times: {}", versions.len(), versions.join(", "));
    }
    Ok(offences.is_empty())
}

fn offences(metadata: &Metadata) -> Vec<String> {
    let mut offences = Vec::new();
    for package in &metadata.packages {
        let (name, version) = (&package.name, &package.version);
        let licence = package.license.as_deref().unwrap_or_default();
        if !spdx::satisfied(licence, &|licence| ALLOWED.contains(&licence)) {
            offences.push(format!("{name} {version}: licence `{licence}` is not one of {}", ALLOWED.join(", ")));
        }
        if let Some((_, instead)) = BANNED.iter().find(|(banned, _)| banned == name) {
            offences.push(format!("{name} {version}: banned, use {instead}"));
        }
        if let Some(source) = package.source.as_deref().filter(|source| *source != REGISTRY) {
            offences.push(format!("{name} {version}: comes from `{source}`, not from crates.io"));
        }
    }
    offences
}

fn versions(metadata: &Metadata) -> BTreeMap<&str, Vec<&str>> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &metadata.packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, license: Option<&str>, source: &str) -> Metadata {
        let package = serde_json::json!({
            "id": name, "name": name, "version": "1.0.0", "license": license, "source": source, "dependencies": [],
        });
        serde_json::from_value(serde_json::json!({ "packages": [package], "workspace_members": [] })).unwrap()
    }

    #[test]
    fn each_offence_is_told() {
        assert_eq!(offences(&package("good", Some("MIT OR Apache-2.0"), REGISTRY)), [""; 0]);
        let copyleft = offences(&package("left", Some("GPL-3.0-only"), REGISTRY));
        assert!(copyleft[0].starts_with("left 1.0.0: licence `GPL-3.0-only` is not one of 0BSD, "), "{copyleft:?}");
        assert_eq!(offences(&package("none", None, REGISTRY)).len(), 1);
        let banned = offences(&package("openssl-sys", Some("MIT"), REGISTRY));
        assert_eq!(banned, ["openssl-sys 1.0.0: banned, use rustls"]);
        let git = offences(&package("forked", Some("MIT"), "git+https://example.edu/forked"));
        assert_eq!(git, ["forked 1.0.0: comes from `git+https://example.edu/forked`, not from crates.io"]);
    }
}
