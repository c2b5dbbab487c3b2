//! What is made is what the programs that read it take: OpenSSL and OpenSSH are the oracles.
#![cfg(feature = "make")]
#![allow(clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_keys::{Entropy, KeyFile, MakeError, Store, complete, files_for, fill, ssh_public, throwaway};
use plimsoll_model::Design;
use plimsoll_model::design::SecretRef;

/// 2026-11-24 00:00:00 UTC
const NOW: u64 = 1_795_478_400;

fn design() -> Design {
    serde_json::from_str(include_str!("../../resolve/tests/golden/campus.json")).expect("a design")
}

/// The same bytes in each run.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), MakeError> {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(17);
            *byte = self.0;
        }
        Ok(())
    }
}

/// Runs a program of the machine; `None`, said aloud, when it is not there.
fn oracle(program: &str, arguments: &[&str]) -> Option<String> {
    let output = match Command::new(program).args(arguments).output() {
        Ok(output) => output,
        Err(error) => {
            println!("LEFT OUT: {program} cannot be run here: {error}");
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    Some(text)
}

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("plimsoll-keys-{name}-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    directory
}

fn written(files: &[KeyFile], root: &Path) {
    for file in files {
        let path = root.join(file.path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, file.content.expose()).expect("written");
    }
}

#[test]
fn a_throwaway_store_has_what_kubeadm_would_make() {
    let design = design();
    let tree = plimsoll_render::render(&design);
    let store = throwaway(&design, &tree.secrets(), NOW, &mut Counter(1)).expect("made");
    let files = files_for(&design, &store, "cp-2");
    let paths: Vec<&str> =
        files.iter().map(|file| file.path.strip_prefix("/etc/kubernetes/pki/").expect("kubeadm's place")).collect();
    assert_eq!(
        paths,
        [
            "apiserver-etcd-client.crt",
            "apiserver-etcd-client.key",
            "apiserver-kubelet-client.crt",
            "apiserver-kubelet-client.key",
            "apiserver.crt",
            "apiserver.key",
            "ca.crt",
            "ca.key",
            "etcd/ca.crt",
            "etcd/ca.key",
            "etcd/healthcheck-client.crt",
            "etcd/healthcheck-client.key",
            "etcd/peer.crt",
            "etcd/peer.key",
            "etcd/server.crt",
            "etcd/server.key",
            "front-proxy-ca.crt",
            "front-proxy-ca.key",
            "front-proxy-client.crt",
            "front-proxy-client.key",
            "sa.key",
            "sa.pub",
        ]
    );
    assert!(files.iter().all(|file| (file.path.rsplit('.').next() == Some("key")) == (file.mode == 0o600)));
    let worker: Vec<String> = files_for(&design, &store, "worker-1").into_iter().map(|file| file.path).collect();
    assert_eq!(worker, ["/etc/kubernetes/pki/ca.crt"], "a worker has no key of an authority");
    assert!(files_for(&design, &store, "ns-1").is_empty());
}

#[test]
fn openssl_trusts_the_certificates_for_their_names_and_times() {
    let design = design();
    let store = throwaway(&design, &[], NOW, &mut Counter(1)).expect("made");
    let root = directory("pki");
    written(&files_for(&design, &store, "cp-1"), &root);
    let pki = root.join("etc/kubernetes/pki");
    let at = |name: &str| pki.join(name).display().to_string();
    let now = NOW.to_string();
    for (authority, certificate, purpose) in [
        ("ca.crt", "apiserver.crt", "sslserver"),
        ("ca.crt", "apiserver-kubelet-client.crt", "sslclient"),
        ("front-proxy-ca.crt", "front-proxy-client.crt", "sslclient"),
        ("etcd/ca.crt", "etcd/server.crt", "sslserver"),
        ("etcd/ca.crt", "etcd/peer.crt", "sslclient"),
        ("etcd/ca.crt", "etcd/healthcheck-client.crt", "sslclient"),
        ("etcd/ca.crt", "apiserver-etcd-client.crt", "sslclient"),
    ] {
        oracle(
            "openssl",
            &[
                "verify",
                "-x509_strict",
                "-attime",
                &now,
                "-purpose",
                purpose,
                "-CAfile",
                &at(authority),
                &at(certificate),
            ],
        );
    }
    // A certificate of another authority is refused, so the check above can fail.
    let crossed = Command::new("openssl")
        .args(["verify", "-attime", &now, "-CAfile", &at("ca.crt"), &at("etcd/server.crt")])
        .output();
    assert!(crossed.map_or(true, |output| !output.status.success()));
    if let Some(text) = oracle("openssl", &["x509", "-in", &at("apiserver.crt"), "-noout", "-text"]) {
        for part in [
            "DNS:api.k8s.example.edu",
            "DNS:kubernetes.default.svc.cluster.local",
            "IP Address:10.96.0.1",
            "IP Address:10.30.12.10",
            "IP Address:10.30.12.100",
            "Not Before: Nov 23 23:55:00 2026 GMT",
            "Not After : Nov 24 00:00:00 2027 GMT",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
    let hash = oracle("openssl", &["pkey", "-in", &at("ca.key"), "-pubout", "-outform", "DER", "-out", &at("ca.der")])
        .and_then(|_| oracle("openssl", &["dgst", "-sha256", "-r", &at("ca.der")]));
    if let Some(hash) = hash {
        let mut store = store;
        complete(&mut store, &design, &[SecretRef("kubeadm/ca-hash".into())], NOW, &mut Counter(1)).expect("made");
        let ours = store.get("kubeadm/ca-hash").expect("made").expose().to_owned();
        assert_eq!(Some(ours.as_str()), hash.split(' ').next().map(|hex| format!("sha256:{hex}")).as_deref());
    }
    fs::remove_dir_all(root).expect("cleaned up");
}

#[test]
fn ssh_keygen_reads_the_key_of_the_backup() {
    let design = design();
    let mut store = Store::new();
    let wanted = [SecretRef("ssh/backup".into())];
    let made = complete(&mut store, &design, &wanted, NOW, &mut Counter(7)).expect("made");
    assert_eq!(made.last().map(String::as_str), Some("ssh/backup"));
    let root = directory("ssh");
    let path = root.join("id_ed25519");
    plimsoll_keys::write_private(&path, store.get("ssh/backup").expect("made").expose().as_bytes()).expect("written");
    if let Some(public) = oracle("ssh-keygen", &["-y", "-f", &path.display().to_string()]) {
        assert_eq!(ssh_public(&store, "ssh/backup").as_deref(), Some(public.trim_end()));
    }
    fs::remove_dir_all(root).expect("cleaned up");
}

#[test]
fn what_is_there_stays_and_what_is_missing_is_made() {
    let design = design();
    let wanted: Vec<SecretRef> = ["tsig/transfer", "kubeadm/token", "kubeadm/certificate-key", "vrrp/api", "bgp/gw-1"]
        .map(|n| SecretRef(n.into()))
        .into();
    let mut store = Store::new();
    complete(&mut store, &design, &wanted, NOW, &mut Counter(3)).expect("made");
    let first = store.clone();
    assert!(complete(&mut store, &design, &wanted, NOW + 1, &mut Counter(9)).expect("nothing to do").is_empty());
    assert_eq!(store, first);
    let exposed = |name: &str| first.get(name).expect("made").expose().to_owned();
    assert_eq!((exposed("tsig/transfer").len(), exposed("kubeadm/certificate-key").len()), (44, 64));
    assert_eq!((exposed("vrrp/api").len(), exposed("bgp/gw-1").len()), (8, 20));
    let token = exposed("kubeadm/token");
    assert_eq!(token.split('.').map(str::len).collect::<Vec<_>>(), [6, 16], "{token}");

    store.remove("pki/ca.key");
    let error = complete(&mut store, &design, &wanted, NOW, &mut Counter(3)).expect_err("half an authority");
    assert_eq!(error.to_string(), "authority `pki/ca` in the store is incomplete or damaged");
}

#[test]
fn every_hole_of_a_tree_can_be_filled() {
    let design = design();
    let tree = plimsoll_render::render(&design);
    let store = throwaway(&design, &tree.secrets(), NOW, &mut Counter(1)).expect("made");
    let files =
        fill(&tree, &store, |path| Ok(format!("# {path}\nssh-ed25519 AAAA ops@example.edu\n"))).expect("all is there");
    assert!(files.values().all(|file| !file.content.expose().contains("<plimsoll:")), "no placeholder is left");
    let user = files.iter().find(|(path, _)| path.ends_with("cp-1-user.yaml")).map(|(_, file)| file.content.expose());
    assert!(user.is_some_and(|text| text.contains("  - \"ssh-ed25519 AAAA ops@example.edu\"\n")), "{user:?}");
}
