//! TIME-001 and 002: sources of time.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const TIME_001: Rule = Rule {
    id: "TIME-001",
    severity: Severity::Error,
    summary: "machines get the time from somewhere",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "No network source and no hardware clock is stated; in a Design, `ntp_pools` are no source where nobody \
                 resolves their names. Offsets are not measured here.",
        breaks: "Clocks drift apart: certificates are not yet valid, etcd and Ceph warn, signed updates of names are \
                 refused (more than 300 s apart).",
        remedy: "chrony with the site's time servers.",
        before: "site: { jurisdiction: DE }",
        after: "site: { ntp: [10.30.1.11, 10.30.1.12, 10.30.1.13] }",
        source: "Proxmox VE system-timesync.adoc; Ceph, mon_clock_drift_allowed; kubernetes-sigs/cluster-api issue 4304",
        evidence: Evidence::Seen,
    },
    check: none,
};

pub(super) const TIME_002: Rule = Rule {
    id: "TIME-002",
    severity: Severity::Warning,
    summary: "a wrong source of time is outvoted",
    reads: Reads::Both,
    silent_behind: &["TIME-001"],
    manual: Manual {
        checks: "Fewer than 3 network sources (threshold `time_sources`) and no hardware clock; or all of them are \
                 machines of the cluster itself. A pool counts as 4, or as its maxsources.",
        breaks: "With two, nobody knows which one is wrong. Machines that ask each other drift together.",
        remedy: "Three or four sources that others keep.",
        before: "server 10.30.1.11 iburst",
        after: "server 10.30.1.11 iburst\nserver 10.30.1.12 iburst\nserver 10.30.1.13 iburst",
        source: "RFC 8633 section 3.2; the number is ours",
        evidence: Evidence::Expertise,
    },
    check: few,
};

fn none(world: &World<'_>, verdicts: &mut Verdicts) {
    for clock in &world.site.clocks {
        let Some(sources) = clock.sources.copied() else {
            verdicts.cannot_judge(&clock.place, "the sources of its included files");
            continue;
        };
        verdicts.verdict((sources == 0 && !clock.hardware).then(|| {
            let message = match clock.name.strip_prefix("every ") {
                Some(what) => format!("no {what} has a source of time"),
                None => format!("{} has no source of time", clock.name),
            };
            Finding::new(Severity::Error, &clock.place, message)
                .at_place(&clock.place, "")
                .breaks("clocks drift apart: certificates are not yet valid, and Ceph and etcd warn")
                .help(if world.is_files() {
                    "three time servers or more"
                } else {
                    "three time servers or more: `site: { ntp: [10.30.1.11, 10.30.1.12, 10.30.1.13] }`"
                })
                .cause(format!("{}/time", clock.name))
        }));
    }
}

fn few(world: &World<'_>, verdicts: &mut Verdicts) {
    for clock in &world.site.clocks {
        let Some(sources) = clock.sources.copied() else { continue };
        if clock.hardware {
            verdicts.holds();
            continue;
        }
        let circular = sources > 0 && clock.own.len() == sources;
        let finding = if circular {
            let message = format!("{} gets the time from the cluster itself", clock.name);
            Some((message, format!("these are {}", clock.own.join(", ")), "all of them drift together"))
        } else if sources < world.thresholds.time_sources as usize {
            let count = if sources == 1 { "1 source of time".to_owned() } else { format!("{sources} sources of time") };
            let why = "a wrong one cannot be outvoted";
            Some((format!("{} has {count}", clock.name), String::new(), why))
        } else {
            None
        };
        verdicts.verdict(finding.map(|(message, label, breaks)| {
            Finding::new(Severity::Warning, &clock.place, message)
                .at_place(&clock.place, label)
                .breaks(breaks)
                .help(if world.is_files() {
                    "three or four sources that others keep"
                } else {
                    "three or four sources that others keep, in `site: { ntp: […] }`"
                })
                .cause(format!("{}/time", clock.name))
        }));
    }
}
