//! PHY-001, 002, 004 and 020: power supplies, strips, feeds.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::{Design, PduRef, Psu};
use plimsoll_model::{Map, Name};
use plimsoll_views::World;

use super::{hosts, vital_hosts};
use crate::words::{list, verb};
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PHY_001: Rule = Rule {
    id: "PHY-001",
    severity: Severity::Warning,
    summary: "switches and hosts with votes or balancers have two power supplies",
    reads: Reads::Design,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "A switch, or a host below a control-plane machine, a member of etcd, a Ceph monitor, a balancer or a DNS \
                 server, with a single power supply. Where the strip behind it takes a whole quorum and that loss must \
                 be survived, PHY-003 speaks instead. Devices without stated supplies are not judged.",
        breaks: "A power supply, a cord or a strip takes the device out; two such members on one strip can take a quorum.",
        remedy: "Two power supplies on two strips, or a transfer switch; else single-corded members on different strips.",
        before: "pve-1..3: { power: [a] }",
        after: "pve-1..3: { power: [a, b] }",
        source: "general practice; the cluster article behind this project asks for two supplies",
        evidence: Evidence::SeenPrinciple,
    },
    check: single_supply,
};

pub(super) const PHY_002: Rule = Rule {
    id: "PHY-002",
    severity: Severity::Warning,
    summary: "two power supplies hang on two strips and two feeds",
    reads: Reads::Design,
    silent_behind: &["PHY-003"],
    manual: Manual {
        checks: "A host or switch with several power supplies that are all on one strip: a warning. On several strips \
                 that one feed supplies, seen through to the source (a UPS with a runtime is a source of its own): \
                 advice, unless the loss of that feed is accepted.",
        breaks: "The second supply is of no use when the strip or the feed is lost.",
        remedy: "One supply on each of two strips, each strip on a feed of its own.",
        before: "racks: { r1: { pdus: { a: utility, b: utility } } }\npve-1: { power: [a, a] }",
        after: "racks: { r1: { pdus: { a: utility, b: ups-1 } } }\npve-1: { power: [a, b] }",
        source: "general practice; the cluster article behind this project asks for two supplies",
        evidence: Evidence::SeenPrinciple,
    },
    check: together,
};

pub(super) const PHY_004: Rule = Rule {
    id: "PHY-004",
    severity: Severity::Warning,
    summary: "a strip carries the whole load when its twin is lost",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The stated load of a strip after the loss of its twin is more than 80 % of its breaker's rating \
                 (threshold `pdu_load`). Not judged where either is not stated.",
        breaks: "The twin is lost, the breaker of the strip that is left trips, and the rack is dark.",
        remedy: "Strips that carry the whole rack, or less in it.",
        before: "a: { feed: utility, breaker: 3680W, load: 3500W }",
        after: "a: { feed: utility, breaker: 7360W, load: 3500W }",
        source: "general practice: circuits are loaded to 80 % for continuous loads",
        evidence: Evidence::Expertise,
    },
    check: overload,
};

pub(super) const PHY_020: Rule = Rule {
    id: "PHY-020",
    severity: Severity::Advice,
    summary: "a power cut ends in a clean shutdown",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "No feed is a battery with a runtime, or kubelets are given no time to end pods when the node shuts down \
                 (`shutdown_grace` is 0).",
        breaks: "Everything loses power at once: recovery of etcd and Ceph takes long, and disks without protection of \
                 their caches lose writes.",
        remedy: "A UPS that tells the hosts to shut down, and a grace period for pods.",
        before: "feeds: { utility: {} }",
        after: "feeds: { utility: {}, ups-1: { from: utility, runtime: 20m } }",
        source: "general practice; Kubernetes documentation on graceful node shutdown",
        evidence: Evidence::Expertise,
    },
    check: no_battery,
};

/// Path and power supplies of every host in service and every switch.
fn devices(design: &Design) -> Vec<(String, &Name, &Map<Psu>)> {
    let hosts = hosts(design).map(|(name, host)| (format!("host/{name}"), name, &host.psu));
    let switches = design.switch.iter().map(|(name, switch)| (format!("switch/{name}"), name, &switch.psu));
    hosts.chain(switches).collect()
}

fn strip(pdu: &PduRef) -> String {
    format!("rack/{}/pdu/{}", pdu.rack, pdu.pdu)
}

fn single_supply(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let vital = vital_hosts(source.design);
    let mut by_strip: BTreeMap<&PduRef, Vec<(String, &Name)>> = BTreeMap::new();
    for (path, name, psu) in devices(source.design) {
        let counts = path.starts_with("switch/") || vital.contains(name);
        match psu.values().collect::<Vec<_>>()[..] {
            _ if !counts => {}
            [] => verdicts.cannot_judge(&source.place(path), "its power supplies"),
            [only] => by_strip.entry(&only.pdu).or_default().push((path, name)),
            _ => verdicts.holds(),
        }
    }
    for (pdu, devices) in by_strip {
        let names: Vec<&str> = devices.iter().map(|(_, name)| name.as_str()).collect();
        let place = source.place(format!("{}/psu", devices[0].0));
        let have = verb(names.len(), "has", "have");
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &source.place(devices[0].0.as_str()),
                format!("{} {have} a single power supply, on strip {} of rack {}", list(&names), pdu.pdu, pdu.rack),
            )
            .at_place(&place, "one supply")
            .breaks(format!("a supply, a cord or the strip takes {} out", if names.len() == 1 { "it" } else { "them" }))
            .help("give it a second supply on another strip (`power: [a, b]`), or a transfer switch on both")
            .cause(strip(pdu)),
        );
    }
}

/// The source that a feed comes down to: through everything that is no battery.
fn root<'d>(design: &'d Design, feed: &'d Name) -> &'d Name {
    let mut at = feed;
    for _ in 0..design.feed.len() {
        match design.feed.get(at) {
            Some(it) if it.runtime.is_none_or(|runtime| runtime.0 == 0) => match &it.from {
                Some(from) => at = from,
                None => break,
            },
            _ => break,
        }
    }
    at
}

fn together(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let mut on_strip: BTreeMap<&PduRef, Vec<(String, &Name)>> = BTreeMap::new();
    let mut on_feed: BTreeMap<&Name, Vec<(String, &Name)>> = BTreeMap::new();
    for (path, name, psu) in devices(design) {
        if psu.len() < 2 {
            continue;
        }
        let strips: BTreeSet<&PduRef> = psu.values().map(|psu| &psu.pdu).collect();
        let feed = |pdu: &&PduRef| {
            let strip = design.rack.get(&pdu.rack).and_then(|rack| rack.pdu.get(&pdu.pdu));
            strip.map(|strip| root(design, &strip.feed))
        };
        let feeds: Option<BTreeSet<&Name>> = strips.iter().map(feed).collect();
        match (strips.into_iter().collect::<Vec<_>>()[..].as_ref(), feeds) {
            ([only], _) => on_strip.entry(only).or_default().push((path, name)),
            (_, Some(feeds)) if feeds.len() == 1 => {
                let feed = feeds.into_iter().next().unwrap_or(name);
                on_feed.entry(feed).or_default().push((path, name));
            }
            (_, Some(_)) => verdicts.holds(),
            (_, None) => verdicts.cannot_judge(&source.place(path), "the feeds of its strips"),
        }
    }
    for (pdu, devices) in on_strip {
        let names: Vec<&str> = devices.iter().map(|(_, name)| name.as_str()).collect();
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &source.place(devices[0].0.as_str()),
                format!("all power supplies of {} hang on strip {} of rack {}", list(&names), pdu.pdu, pdu.rack),
            )
            .at_place(&source.place(format!("{}/psu", devices[0].0)), "one strip")
            .breaks("the strip trips, and the second supply is of no use")
            .help("put one supply on each of two strips: `power: [a, b]`")
            .cause(strip(pdu)),
        );
    }
    for (feed, devices) in on_feed {
        let path = format!("feed/{feed}");
        if world.goals.excluded(&path) {
            verdicts.holds();
            continue;
        }
        let names: Vec<&str> = devices.iter().map(|(_, name)| name.as_str()).collect();
        verdicts.broken(
            Finding::new(
                Severity::Advice,
                &source.place(path.as_str()),
                format!("all power of {} comes from feed {feed}", list(&names)),
            )
            .at_place(&source.place(path.as_str()), "both strips hang on it")
            .breaks("the feed is lost, and the second strip is of no use")
            .help(
                "put the second strip on another feed or behind a UPS with `runtime`, or accept the loss of this feed",
            )
            .cause(path),
        );
    }
}

fn overload(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    for (rack, it) in &source.design.rack {
        for (name, pdu) in &it.pdu {
            let place = source.place(format!("rack/{rack}/pdu/{name}"));
            let (Some(breaker), Some(load)) = (pdu.breaker_watts, pdu.load_watts) else {
                verdicts.cannot_judge(&place, "its breaker and its load after the loss of its twin");
                continue;
            };
            let most = f64::from(breaker) * world.thresholds.pdu_load;
            verdicts.verdict((f64::from(load) > most).then(|| {
                Finding::new(
                    Severity::Warning,
                    &place,
                    format!("strip {name} of rack {rack} is overloaded when its twin is lost"),
                )
                .at_place(&place, format!("{load} W on a breaker of {breaker} W, of which {most:.0} W may be used"))
                .breaks("its breaker trips after that of its twin, and the rack is dark")
                .help("use a larger strip, or move devices to another rack")
            }));
        }
    }
}

fn no_battery(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(source) = world.design else { return };
    let design = source.design;
    let battery = design.feed.values().any(|feed| feed.runtime.is_some_and(|runtime| runtime.0 > 0));
    let grace = design.kubernetes.kubelet.shutdown_grace.0 > 0;
    // A feed behind another is meant as a UPS, and only its runtime is missing.
    let silent = design.feed.iter().find(|(_, feed)| feed.from.is_some()).map(|(name, _)| name);
    let (place, message, help) = match (battery, grace, silent) {
        (true, true, _) => return verdicts.holds(),
        (true, false, _) => (
            "kubernetes/kubelet/shutdown_grace".to_owned(),
            "kubelets give pods no time when their node shuts down",
            "`kubernetes: { kubelet: { shutdown_grace: 60s } }`",
        ),
        (false, _, Some(feed)) => (
            format!("feed/{feed}"),
            "no feed is known to bridge a power cut",
            "say how long its batteries carry the load, if it is a UPS: `runtime: 20m`",
        ),
        (false, _, None) => (
            "feed".to_owned(),
            "no UPS bridges a power cut",
            "add a UPS that tells the hosts to shut down: `site: { feeds: { utility: {}, ups-1: { from: \
             utility, runtime: 20m } } }`, and let PDUs of the racks hang on it",
        ),
    };
    let place = source.place(place);
    verdicts.broken(
        Finding::new(Severity::Advice, &place, message)
            .at_place(&place, "")
            .breaks("everything stops at once, and etcd and Ceph take long to recover")
            .help(help),
    );
}
