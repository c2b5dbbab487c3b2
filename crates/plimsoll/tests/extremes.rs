//! Whatever the bytes: a message and an exit code, soon, and never a panic.
#![allow(clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::{CAMPUS, Place};

/// Each with its name.
fn extremes() -> Vec<(&'static str, Vec<u8>)> {
    let bomb: String = (0..40).fold(String::from("a0: &a0 [x, x]\n"), |text, n| {
        text + &format!("a{}: &a{} [{}]\n", n + 1, n + 1, format!("*a{n}, ").repeat(9))
    });
    let many: String = (0..90_000).map(|n| format!("k{n}: 1\n")).collect::<Vec<_>>().concat();
    let hosts: String =
        (0..2000).map(|n| format!("  h{n}-1..500: {{ cpu: 1, memory: 1GiB }}\n")).collect::<Vec<_>>().concat();
    vec![
        ("empty", Vec::new()),
        ("only zeros", vec![0; 10_000]),
        ("not UTF-8", vec![0xff, 0xfe, 0x80, 0xc0]),
        ("byte order mark of UTF-16", b"\xff\xfep\0l\0i\0m\0".to_vec()),
        ("one long line", vec![b'x'; 512 << 10]),
        ("too large", vec![b'#'; 5 << 20]),
        ("nothing but line ends", vec![b'\n'; 3 << 20]),
        ("short lines", b"a b\n".repeat(500_000)),
        ("deep in flow lists", vec![b'['; 1 << 20]),
        ("deep in flow mappings", "{a: ".repeat(200_000).into_bytes()),
        ("deep in block lists", "- ".repeat(500_000).into_bytes()),
        ("deep in mappings on one line", "a: ".repeat(100_000).into_bytes()),
        ("alias bomb", format!("{CAMPUS}{bomb}").into_bytes()),
        ("many keys", many.into_bytes()),
        ("a million hosts", format!("plimsoll: 1\ncluster: c\napi: {{ vip: 10.0.0.1 }}\nhosts:\n{hosts}").into_bytes()),
        ("a huge range", CAMPUS.replace("pve-1..6:", "pve-1..4000000000:").into_bytes()),
        ("a range backwards", CAMPUS.replace("pve-1..6:", "pve-6..1:").into_bytes()),
        (
            "numbers too large",
            CAMPUS.replace("256GiB", "99999999999999999999GiB").replace("vlan: 12,", "vlan: 1e999,").into_bytes(),
        ),
        ("truncated", CAMPUS.as_bytes()[..CAMPUS.len() / 2].to_vec()),
        ("twice", format!("{CAMPUS}{CAMPUS}").into_bytes()),
        ("several documents", format!("---\n{CAMPUS}---\n{CAMPUS}").into_bytes()),
        ("indented by tabs", CAMPUS.replace("\n  ", "\n\t").into_bytes()),
        ("control characters", CAMPUS.replace("cluster: campus", "cluster: \"\u{1b}[31mred\u{7}\"").into_bytes()),
        ("a network of everything", CAMPUS.replace("10.30.12.0/24", "0.0.0.0/0").into_bytes()),
        ("a network of nothing", CAMPUS.replace("10.30.12.0/24", "10.30.12.0/32").into_bytes()),
    ]
}

/// A release build has a second; a debug build on a busy machine is given more.
const LIMIT: Duration = if cfg!(debug_assertions) { Duration::from_secs(8) } else { Duration::from_secs(1) };

fn tried(place: &Place, name: &str, arguments: &[&str], codes: &[i32]) -> Duration {
    let start = Instant::now();
    let said = place.run(arguments);
    let took = start.elapsed();
    assert!(said.code.is_some_and(|code| codes.contains(&code)), "{name}: {:?}\n{:.2000}", said.code, said.err);
    assert!(!said.err.contains("panicked"), "{name}: {}", said.err);
    assert!(!said.out.is_empty() || !said.err.is_empty(), "{name}: not a word");
    assert!(
        !said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'),
        "{name}: control characters reach the terminal"
    );
    assert!(said.err.len() + said.out.len() < 4 << 20, "{name}: {} bytes of messages", said.err.len() + said.out.len());
    assert!(took < LIMIT, "{name}: {took:?}");
    took
}

#[test]
fn as_cluster_file() {
    for (name, bytes) in extremes() {
        let place = Place::empty();
        place.write("cluster.yaml", bytes);
        let took = tried(&place, name, &["build", "--today", "2026-11-24"], &[1, 2]);
        assert!(!place.exists("out") && !place.exists("cluster.lock"), "{name}: something was written");
        println!("build {name}: {took:?}");
    }
}

#[test]
fn as_somebodys_files() {
    const NAMES: [&str; 9] = [
        "etc/keepalived/keepalived.conf",
        "etc/haproxy/haproxy.cfg",
        "etc/kubernetes/manifests/etcd.yaml",
        "etc/network/interfaces",
        "etc/netplan/50-cloud-init.yaml",
        "etc/nftables.conf",
        "etc/bind/named.conf",
        "etc/frr/frr.conf",
        "manifest.yaml",
    ];
    for (name, bytes) in extremes() {
        let place = Place::empty();
        for file in NAMES {
            place.write(&format!("cp-1/{file}"), &bytes);
        }
        let took = tried(&place, name, &["audit", "cp-1"], &[0, 1, 2]);
        println!("audit {name}: {took:?}");
    }
}
