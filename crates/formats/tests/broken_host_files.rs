//! Files of hosts, broken in thousands of ways: readers answer, and what they write reads back as what they read.
//!
//! `PLIMSOLL_VARIANTS=50000` tries more of them than the sample.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant};

use plimsoll_diagnostics::{SourceId, Sources};
use plimsoll_formats::{Read, chrony, haproxy, interfaces, keepalived, modules_load, netplan, nftables, sysctl};
use plimsoll_yaml::mutate::mutate;

/// Variants of each file that are always tried.
const SAMPLE: u64 = 250;

/// No file takes longer, on a machine that is busy with other tests; without optimisation everything is slower.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });

/// How many variants of each file are tried.
fn variants() -> u64 {
    std::env::var("PLIMSOLL_VARIANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(SAMPLE)
}

/// Tries variants of a good file; `uses` calls what else is made of the value.
fn survives<T: Debug + Display + PartialEq>(good: &str, read: fn(SourceId, &Sources) -> Read<T>, uses: impl Fn(&T)) {
    for seed in 0..variants() {
        let bytes = mutate(good, seed);
        if bytes.len() > 50_000 && seed % 10 != 0 && variants() == SAMPLE {
            // Long ones take most of the time; the sample has a tenth of them.
            continue;
        }
        let mut sources = Sources::new();
        let (id, _) = sources.add_bytes("broken", &bytes);
        let started = Instant::now();
        let first = read(id, &sources);
        uses(&first.value);
        let taken = started.elapsed();
        assert!(taken < LONGEST, "seed {seed} took {taken:?} for {} bytes", bytes.len());
        for problem in &first.problems {
            let _ = problem.span().map(|span| sources.locate(span));
        }
        let written = first.value.to_string();
        let again = sources.add("written", written.as_str());
        let second = read(again, &sources).value;
        // In keepalived.conf a name used before its definition reads otherwise once the writer has put the definition
        // first; only a mutation brings one in.
        let sequential = bytes.contains(&b'$') && !good.contains('$');
        // A value of the wrong shape was reported; nobody writes one.
        let misshapen = first.problems.iter().any(|problem| problem.code == "wrong-type");
        assert!(second == first.value || sequential || misshapen, "seed {seed}: {}", difference(&first.value, &second));
    }
}

#[test]
fn keepalived_conf() {
    survives(include_str!("files/keepalived.conf"), keepalived::read, |conf| {
        for instance in &conf.instances {
            let _ = conf.effective(instance);
            let _: Vec<_> = instance.tracks.scripts.iter().map(|track| conf.script_weight(track)).collect();
        }
    });
}

#[test]
fn chrony_conf() {
    survives(include_str!("files/chrony.conf"), chrony::read, |_| ());
}

#[test]
fn sysctl_conf() {
    survives(include_str!("files/sysctl.conf"), sysctl::read, |_| ());
}

#[test]
fn modules_conf() {
    survives(include_str!("files/modules.conf"), modules_load::read, |_| ());
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
    survives(include_str!("files/haproxy.cfg"), haproxy::read, |conf| {
        for (at, _) in conf.proxies() {
            let proxy = conf.effective_at(at).expect("a proxy stands there");
            let _ = proxy.timeouts.idle_limit();
            let _: Vec<_> = proxy.servers.iter().map(|server| server.options.effective(conf.global())).collect();
        }
    });
}

#[test]
fn interfaces_file() {
    survives(include_str!("files/interfaces"), interfaces::read, |conf| {
        for stanza in &conf.stanzas {
            let _ = (stanza.vlan(), stanza.raw_device().map(str::len), stanza.effective_miimon());
        }
    });
}

#[test]
fn nftables_conf() {
    survives(include_str!("files/nftables.conf"), nftables::read, |rules| {
        for port in [22, 179, 2379, 3784, 6443] {
            let _ = rules.input(&nftables::Packet::v4(6, Some(port)));
        }
        let _ = rules.input(&nftables::Packet::v4(112, None));
    });
}

#[test]
fn netplan_yaml() {
    survives(include_str!("files/netplan.yaml"), netplan::read, |conf| {
        for (key, device) in conf.network.iter().flat_map(netplan::Network::devices) {
            let _ = (device.interface(key).map(str::len), device.default_gateways().count());
        }
    });
}
