//! Broken variants of good files: a reader gives a value and says what is wrong, it never panics and never takes long;
//! and what the writer makes of that value reads back as the same value.
//!
//! `PLIMSOLL_VARIANTS=50000` tries more of them than the sample.

use std::fmt::{Debug, Display};
use std::time::{Duration, Instant};

use plimsoll_diagnostics::{SourceId, Sources};
use plimsoll_formats::{
    Read, corefile, corosync, env, etcd, externaldns, frr, hosts, kubelet_flags, named, pve, resolv, systemd, zone,
};
use plimsoll_yaml::mutate::mutate;

type Reader<T> = fn(SourceId, &Sources) -> Read<T>;

/// Variants of each file that are always tried.
const SAMPLE: u64 = 250;

/// How many variants of each file are tried.
fn variants() -> u64 {
    std::env::var("PLIMSOLL_VARIANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(SAMPLE)
}

fn read_bytes<T>(read: Reader<T>, bytes: &[u8]) -> Read<T> {
    let mut sources = Sources::new();
    let (source, _) = sources.add_bytes("a file", bytes);
    let result = read(source, &sources);
    for problem in &result.problems {
        for annotation in &problem.annotations {
            // Every place lies in the text.
            assert!(annotation.span.end as usize <= sources.get(source).text.len(), "{problem:?}");
        }
    }
    result
}

/// Tries variants of a good file; `views` calls what else reads the value.
fn survives<T: Display + Debug + PartialEq>(name: &str, read: Reader<T>, good: &str, views: impl Fn(&T)) {
    for seed in 0..variants() {
        let bytes = mutate(good, seed);
        if bytes.len() > 50_000 && seed % 10 != 0 && variants() == SAMPLE {
            // Long ones take most of the time; the sample has a tenth of them.
            continue;
        }
        let start = Instant::now();
        let value = read_bytes(read, &bytes).value;
        views(&value);
        let text = value.to_string();
        let taken = start.elapsed();
        assert!(taken < Duration::from_secs(5), "{name}, seed {seed}: {taken:?} for {} bytes", bytes.len());
        let again = read_bytes(read, text.as_bytes()).value;
        if again != value {
            let dir = std::env::temp_dir();
            assert!(
                again == value,
                "{name}, seed {seed}: what is written reads back otherwise (see {name}.a and .b in {})\n{:?}",
                dir.display(),
                std::fs::write(dir.join(format!("{name}.a")), format!("{value:#?}\n{text}"))
                    .and_then(|()| std::fs::write(dir.join(format!("{name}.b")), format!("{again:#?}\n{again}")))
            );
        }
    }
}

#[test]
fn named_conf() {
    survives("named.conf", named::read, include_str!("files/named.conf"), |conf| {
        for (view, zone) in conf.all_zones() {
            let _ = (zone.is_dynamic(), conf.in_effect(view, zone, |settings| settings.allow_transfer.as_ref()));
        }
    });
}

#[test]
fn zones() {
    survives("k8s.zone", zone::read, include_str!("files/k8s.zone"), |zone| drop(zone.records("k8s.example.edu")));
}

#[test]
fn corefiles() {
    survives("Corefile", corefile::read, include_str!("files/Corefile"), |conf| {
        for server in conf.servers() {
            let _ = server.zones();
            for plugin in conf.plugins(server) {
                let _ = (corefile::forward(plugin), corefile::kubernetes(plugin));
                let _ = (corefile::health(plugin), corefile::cache(plugin));
            }
        }
    });
}

#[test]
fn frr_conf() {
    survives("frr.conf", frr::read, include_str!("files/frr.conf"), |conf| {
        for bgp in conf.bgp() {
            for neighbor in bgp.effective_neighbors() {
                let _ = bgp.is_active(&neighbor, "ipv4 unicast");
            }
        }
        let _ = (conf.prefix_lists(), conf.route_maps(), conf.static_routes());
        let _ = (conf.bfd_profiles(), conf.bfd_peers(), conf.interfaces().len());
    });
}

#[test]
fn etcd_variables() {
    survives("etcd.env", etcd::read, include_str!("files/etcd.env"), |conf| {
        let _ = (conf.initial_cluster(), conf.urls("advertise-client-urls"), conf.feature_gates());
        let _ = (conf.heartbeat_interval(), conf.quota(), conf.experimental().count());
    });
}

#[test]
fn etcd_yaml() {
    let good = include_str!("files/etcd.conf.yml");
    for seed in 0..variants() {
        let conf = read_bytes(etcd::read_yaml, &mutate(good, seed)).value;
        let _ = (conf.initial_cluster(), conf.flag("client-cert-auth"), conf.to_flags());
    }
}

#[test]
fn systemd_units() {
    survives("etcd.service", systemd::read, include_str!("files/etcd.service"), |unit| {
        let _ = (unit.environment(), unit.environment_files(), etcd::from_unit(unit));
    });
}

#[test]
fn virtual_machines() {
    survives("2002.conf", pve::vm::read, include_str!("files/2002.conf"), |vm| {
        let _ = (vm.disks(), vm.nets(), vm.passed_through().len(), vm.threads());
        let _ = (vm.agent(), vm.cpu(), vm.startup());
    });
}

#[test]
fn files_of_sections() {
    survives("storage.cfg", pve::sections::read, include_str!("files/storage.cfg"), |conf| {
        for section in &conf.sections {
            let _ = (section.nodes(), section.list("resources"), section.flag("strict"));
        }
    });
}

#[test]
fn corosync_conf() {
    survives("corosync.conf", corosync::read, include_str!("files/corosync.conf"), |conf| {
        let _ = (conf.nodes(), conf.links(), conf.quorum());
    });
}

#[test]
fn the_small_ones() {
    survives("hosts", hosts::read, include_str!("files/hosts"), |conf| {
        let _ = conf.addresses("api.k8s.example.edu").len();
    });
    survives("resolv.conf", resolv::read, include_str!("files/resolv.conf"), |conf| {
        let _ = (conf.ndots(), conf.loopback().count());
    });
    survives("kubelet", kubelet_flags::read, include_str!("files/kubelet"), |conf| drop(conf.node_ips()));
    survives("etcd.env as variables", env::read, include_str!("files/etcd.env"), |_| {});
    survives("external-dns", externaldns::read, include_str!("files/external-dns.args"), |conf| {
        let _ = (conf.policy((0, 22)), conf.axfr((0, 21)), conf.too_new((0, 20)).len());
    });
}
