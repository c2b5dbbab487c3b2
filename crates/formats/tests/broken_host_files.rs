//! Files of hosts, broken in thousands of ways: readers answer, and what they write reads back as what they read.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant};

use plimsoll_diagnostics::{SourceId, Sources};
use plimsoll_formats::{Read, chrony, haproxy, interfaces, keepalived, modules_load, nftables, sysctl};
use plimsoll_yaml::mutate::mutate;

/// Broken variants of each file.
const VARIANTS: u64 = 150;

fn survives<T: Debug + Display + PartialEq>(good: &str, read: fn(SourceId, &Sources) -> Read<T>) {
    for seed in 0..VARIANTS {
        let bytes = mutate(good, seed);
        let mut sources = Sources::new();
        let (id, _) = sources.add_bytes("broken", &bytes);
        let started = Instant::now();
        let first = read(id, &sources);
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(1), "seed {seed} took {taken:?}");
        for problem in &first.problems {
            let _ = problem.span().map(|span| sources.locate(span));
        }
        let written = first.value.to_string();
        let again = sources.add("written", written.as_str());
        let second = read(again, &sources).value;
        // A name used before its definition reads otherwise once the writer has put the definition first.
        let sequential = bytes.contains(&b'$');
        assert!(second == first.value || sequential, "seed {seed}: {}", difference(&first.value, &second));
    }
}

#[test]
fn keepalived_conf() {
    survives(include_str!("files/keepalived.conf"), keepalived::read);
}

#[test]
fn chrony_conf() {
    survives(include_str!("files/chrony.conf"), chrony::read);
}

#[test]
fn sysctl_conf() {
    survives(include_str!("files/sysctl.conf"), sysctl::read);
}

#[test]
fn modules_conf() {
    survives(include_str!("files/modules.conf"), modules_load::read);
}

/// The first lines in which two values differ.
fn difference<T: Debug>(a: &T, b: &T) -> String {
    let (a, b) = (format!("{a:#?}"), format!("{b:#?}"));
    let place = |line: &str| line.contains("start:") || line.contains("end:") || line.trim().parse::<u32>().is_ok();
    let pair = a.lines().zip(b.lines()).find(|(a, b)| a != b && !place(a) && !place(a.trim_end_matches(',')));
    format!("{pair:?}")
}

#[test]
fn haproxy_cfg() {
    survives(include_str!("files/haproxy.cfg"), haproxy::read);
}

#[test]
fn interfaces_file() {
    survives(include_str!("files/interfaces"), interfaces::read);
}

#[test]
fn nftables_conf() {
    survives(include_str!("files/nftables.conf"), nftables::read);
}
