//! DNS-015, 016, 020, 021 and 026: ExternalDNS, by version.

use plimsoll_diagnostics::Severity;
use plimsoll_views::dns::{Policy, Updater, lies_in};
use plimsoll_views::{Fact, World};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

/// Longest label of a name in bytes (RFC 1035 section 2.3.4).
const LABEL: usize = 63;

pub(super) const DNS_015: Rule = Rule {
    id: "DNS-015",
    severity: Severity::Error,
    summary: "two ExternalDNS that write to one zone own records under different names",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Two of them write to overlapping zones, note ownership (registry txt, dynamodb or crd), and have the same \
                 `--txt-owner-id` (its default is `default`). Error when one has policy sync, else warning.",
        breaks: "Each takes the other's records for its own and, with sync, removes them.",
        remedy: "An id for each cluster. Change it only with `--migrate-from-txt-owner` (from 0.20).",
        before: "- --txt-owner-id=default",
        after: "- --txt-owner-id=campus",
        source: "ExternalDNS docs/registry/registry.md; kubernetes-sigs/external-dns issues 3336 and 1862",
        evidence: Evidence::Seen,
    },
    check: same_owner,
};

pub(super) const DNS_016: Rule = Rule {
    id: "DNS-016",
    severity: Severity::Error,
    summary: "the policy of ExternalDNS is stated",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "No `--policy`. Error from 0.22 on; warning up to 0.21, where it is sync.",
        breaks: "From 0.22 on it does not start. Before, it also removes records that it takes for its own.",
        remedy: "`--policy=upsert-only` first, sync later.",
        before: "- --provider=rfc2136",
        after: "- --provider=rfc2136\n- --policy=upsert-only",
        source: "ExternalDNS docs/flags.md at v0.21 and v0.22",
        evidence: Evidence::Seen,
    },
    check: no_policy,
};

pub(super) const DNS_020: Rule = Rule {
    id: "DNS-020",
    severity: Severity::Warning,
    summary: "records of services may be kept for a while",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The least life of records of an rfc2136 provider is 0 s, which is its default.",
        breaks: "Every query of every client reaches the servers of the zone.",
        remedy: "`--min-ttl=60s` (up to 0.20: `--rfc2136-min-ttl`).",
        before: "# no --min-ttl",
        after: "- --min-ttl=60s",
        source: "ExternalDNS docs/tutorials/rfc2136.md and docs/flags.md",
        evidence: Evidence::Seen,
    },
    check: no_ttl,
};

pub(super) const DNS_021: Rule = Rule {
    id: "DNS-021",
    severity: Severity::Warning,
    summary: "records that note ownership have names that can be",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "A label of `--txt-prefix` is longer than 63 bytes, `%{record_type}` counted as the 5 of `cname`; or with \
                 `--txt-suffix` an Ingress asks for the very name of a zone, whose record would then lie outside of it.",
        breaks: "The note of ownership is not written, and the record is never changed or removed again.",
        remedy: "A short prefix that ends in a dot: `extdns-%{record_type}.`.",
        before: "- --txt-suffix=-txt      # for the name k8s.example.edu: k8s-txt.example.edu",
        after: "- --txt-prefix=extdns-%{record_type}.",
        source: "ExternalDNS docs/registry/txt.md",
        evidence: Evidence::Seen,
    },
    check: bad_names,
};

pub(super) const DNS_026: Rule = Rule {
    id: "DNS-026",
    severity: Severity::Error,
    summary: "ExternalDNS obeys the annotations that objects carry",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Objects carry annotations `external-dns.alpha.kubernetes.io/…`, and an ExternalDNS from 0.22 on runs \
                 without `--annotation-prefix` for it. Error with policy sync, else warning.",
        breaks: "It wants no records any more. With sync it removes all that it owns, those of the API and of ingress too.",
        remedy: "`--annotation-prefix=external-dns.alpha.kubernetes.io/`, then annotate twice, then switch.",
        before: "- image: registry.k8s.io/external-dns/external-dns:v0.22.0",
        after: "- --annotation-prefix=external-dns.alpha.kubernetes.io/",
        source: "ExternalDNS source/annotations at v0.21 and v0.22",
        evidence: Evidence::Seen,
    },
    check: deaf,
};

fn is_sync(updater: &Updater) -> bool {
    updater.policy.is(&Policy::Sync)
}

fn overlap(a: &Updater, b: &Updater) -> bool {
    let (Some(a), Some(b)) = (a.zones.get(), b.zones.get()) else { return false };
    a.is_empty() || b.is_empty() || a.iter().any(|one| b.iter().any(|other| lies_in(one, other) || lies_in(other, one)))
}

fn same_owner(world: &World<'_>, verdicts: &mut Verdicts) {
    let updaters = &world.dns.updaters;
    for (index, second) in updaters.iter().enumerate() {
        for first in &updaters[..index] {
            if first.registry.is(&"noop".to_owned())
                || second.registry.is(&"noop".to_owned())
                || !overlap(first, second)
            {
                continue;
            }
            let (Some(a), Some(b)) = (first.owner.get(), second.owner.get()) else {
                verdicts.cannot_judge(&second.place, "the owner ids of both ExternalDNS");
                continue;
            };
            let severity = if is_sync(first) || is_sync(second) { Severity::Error } else { Severity::Warning };
            verdicts.verdict((a == b).then(|| {
                let default = if second.owner.is_default() { "nobody states it, so it is `default`" } else { "" };
                Finding::new(
                    severity,
                    second.owner.place(),
                    format!("{} and {} own records under the same name, {a}", first.name, second.name),
                )
                .at(&second.owner, default)
                .context(&first.owner, "the same here")
                .breaks("each takes the other's records for its own, and removes or rewrites them")
                .help("`--txt-owner-id` with the name of the cluster")
            }));
        }
    }
}

fn no_policy(world: &World<'_>, verdicts: &mut Verdicts) {
    for updater in &world.dns.updaters {
        let finding = match updater.policy.copied() {
            Some(Policy::Missing) => {
                Some((Severity::Error, "does not start without `--policy`", "no record of a service is written"))
            }
            Some(Policy::Sync) if updater.policy.is_default() => Some((
                Severity::Warning,
                "has no `--policy`, and so removes records",
                "records that it takes for its own are removed",
            )),
            Some(_) => None,
            None => {
                verdicts.cannot_judge(&updater.place, "the version of ExternalDNS");
                continue;
            }
        };
        verdicts.verdict(finding.map(|(severity, what, breaks)| {
            Finding::new(severity, updater.policy.place(), format!("{} {what}", updater.name))
                .at(&updater.policy, "")
                .breaks(breaks)
                .help("`--policy=upsert-only`")
        }));
    }
}

fn no_ttl(world: &World<'_>, verdicts: &mut Verdicts) {
    for updater in world.dns.updaters.iter().filter(|updater| updater.rfc2136.is(&true)) {
        let Some(ttl) = updater.min_ttl.copied() else {
            verdicts.cannot_judge(updater.min_ttl.place(), "the least life of records");
            continue;
        };
        verdicts.verdict((ttl == 0).then(|| {
            Finding::new(
                Severity::Warning,
                updater.min_ttl.place(),
                format!("{} writes records that nobody may keep", updater.name),
            )
            .at(&updater.min_ttl, if updater.min_ttl.is_default() { "nothing states it, so it is 0 s" } else { "" })
            .breaks("every query of every client reaches the servers of the zone")
            .help("`--min-ttl=60s`")
        }));
    }
}

fn bad_names(world: &World<'_>, verdicts: &mut Verdicts) {
    for updater in &world.dns.updaters {
        let prefix = updater.txt_prefix.get().map(|prefix| prefix.replace("%{record_type}", "cname"));
        let long = prefix.iter().flat_map(|prefix| prefix.split('.')).find(|label| label.len() > LABEL);
        let suffix = updater.txt_suffix.get().filter(|suffix| !suffix.is_empty());
        let apex = world.dns.hosts.iter().find(|host| {
            suffix.is_some()
                && host.get().is_some_and(|host| updater.zones.get().is_some_and(|zones| zones.contains(host)))
        });
        let finding = if let Some(label) = long {
            Some(
                Finding::new(
                    Severity::Warning,
                    updater.txt_prefix.place(),
                    format!("a label of the prefix has {} bytes, and may have {LABEL}", label.len()),
                )
                .at(&updater.txt_prefix, ""),
            )
        } else {
            apex.zip(suffix).map(|(host, suffix)| {
                let name = host.get().map(String::as_str).unwrap_or_default();
                Finding::new(
                    Severity::Warning,
                    updater.txt_suffix.place(),
                    format!("with the suffix {suffix}, the note of ownership for {name} lies outside of its zone"),
                )
                .at(&updater.txt_suffix, "")
                .context(host, "is the very name of the zone")
            })
        };
        verdicts.verdict(finding.map(|finding| {
            finding
                .breaks("ownership is not noted, and such records are never changed or removed again")
                .help("`--txt-prefix=extdns-%{record_type}.`")
        }));
    }
}

fn deaf(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(annotation) = world.dns.old_annotations.first() else { return };
    for updater in &world.dns.updaters {
        let Some(prefix) = updater.annotation_prefix.get() else {
            verdicts.cannot_judge(&updater.place, "the version of ExternalDNS");
            continue;
        };
        let name = Fact::get(annotation).map(String::as_str).unwrap_or_default();
        verdicts.verdict((!name.starts_with(prefix.as_str())).then(|| {
            let severity = if is_sync(updater) { Severity::Error } else { Severity::Warning };
            let count = world.dns.old_annotations.len();
            let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            Finding::new(
                severity,
                updater.annotation_prefix.place(),
                format!("{} does not obey {name}{more}", updater.name),
            )
            .at(&updater.annotation_prefix, format!("obeys {prefix}"))
            .context(annotation, "carries the prefix of versions up to 0.21")
            .breaks(if is_sync(updater) {
                "it wants no records any more, and removes all that it owns"
            } else {
                "records of new services are not written"
            })
            .help("`--annotation-prefix=external-dns.alpha.kubernetes.io/` until all objects carry the new one")
        }));
    }
}
