//! DNS-018, 019 and 024: who may change a zone, and by which key.

use plimsoll_diagnostics::Severity;
use plimsoll_views::dns::{Grant, Updater, Zone};
use plimsoll_views::{Fact, World};

use super::zones::denied;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

/// Record types that decide about a whole zone.
const OF_THE_ZONE: [&str; 4] = ["ANY", "NS", "SOA", "DS"];

pub(super) const DNS_018: Rule = Rule {
    id: "DNS-018",
    severity: Severity::Error,
    summary: "a zone is changed only by who signs",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "`allow-update` of a zone has an address, a network or `any` in it, also by way of an `acl` among the files; \
                 or an ExternalDNS runs with \
                 `--rfc2136-insecure` and without `--rfc2136-gss-tsig`.",
        breaks: "A sender's address is easily forged: anybody rewrites the names of the API and of the services.",
        remedy: "A TSIG key with hmac-sha256 and `update-policy`.",
        before: "allow-update { 10.30.12.0/24; };",
        after: "update-policy { grant externaldns zonesub A AAAA CNAME TXT; };",
        source: "ExternalDNS docs/tutorials/rfc2136.md and provider/rfc2136; BIND 9 reference manual, allow-update",
        evidence: Evidence::Tested("BIND 9.20.30: takes an unsigned update from an address in the list"),
    },
    check: unsigned,
};

pub(super) const DNS_019: Rule = Rule {
    id: "DNS-019",
    severity: Severity::Warning,
    summary: "a controller changes addresses, not the zone itself",
    reads: Reads::Both,
    silent_behind: &[],
    manual: Manual {
        checks: "The key of an ExternalDNS may change every name of a zone with all types, or NS, SOA or DS: `zonesub ANY`, \
                 `zonesub` without types (which stands for all but NS, SOA and those of signatures), or `allow-update`.",
        breaks: "Who has the key, or a mistake of the controller, replaces unrelated names; with ANY also the zone's own \
                 servers and its SOA.",
        remedy: "`grant KEY zonesub A AAAA CNAME TXT;` (PTR and TXT in a reverse zone), in a zone of its own.",
        before: "update-policy { grant externaldns zonesub ANY; };",
        after: "update-policy { grant externaldns zonesub A AAAA CNAME TXT; };",
        source: "ExternalDNS docs/tutorials/rfc2136.md; BIND 9 reference manual, update-policy",
        evidence: Evidence::Tested(
            "BIND 9.20.30: without types, SOA and NS are refused, DS and addresses taken; with ANY the SOA is taken too",
        ),
    },
    check: too_much,
};

pub(super) const DNS_024: Rule = Rule {
    id: "DNS-024",
    severity: Severity::Error,
    summary: "ExternalDNS and the zone have the same key",
    reads: Reads::Both,
    silent_behind: &["DNS-018"],
    manual: Manual {
        checks: "For each zone that an ExternalDNS writes to and whose server is known: no key of its name may change the \
                 zone; or the key is defined nowhere; or its algorithm or secret is another one. Names are compared \
                 without case and final dot. Secrets are compared and never shown.",
        breaks: "The server answers BADKEY, BADSIG or REFUSED to every update: no record of a service is written.",
        remedy: "One key from one source, in both places.",
        before: "- --rfc2136-tsig-keyname=externaldns\n# named.conf: update-policy { grant external-dns zonesub A; };",
        after: "- --rfc2136-tsig-keyname=externaldns\n# named.conf: update-policy { grant externaldns zonesub A; };",
        source: "RFC 8945 section 5; ExternalDNS docs/tutorials/rfc2136.md",
        evidence: Evidence::Tested(
            "BIND 9.20.30: BADKEY for another name or algorithm, BADSIG for another secret, REFUSED for a key without grant; \
             case and final dot make no difference",
        ),
    },
    check: other_key,
};

fn unsigned(world: &World<'_>, verdicts: &mut Verdicts) {
    for zone in &world.dns.zones {
        let finding = zone.open_updates.first().map(|open| {
            let who = open.get().map(String::as_str).unwrap_or_default();
            let who = if who == "any" { "anybody" } else { who };
            Finding::new(
                Severity::Error,
                open.place(),
                format!("{} takes changes from {who} without a signature", zone.name),
            )
            .at(open, "an address proves nothing")
            .breaks("whoever forges this address rewrites the names of the API and of the services")
            .help("`update-policy` with a TSIG key")
            .cause(format!("zone/{}/update", zone.name))
        });
        verdicts.verdict(finding);
    }
    for updater in &world.dns.updaters {
        verdicts.verdict(updater.unsigned.is(&true).then(|| {
            Finding::new(
                Severity::Error,
                updater.unsigned.place(),
                format!("{} sends changes without a signature", updater.name),
            )
            .at(&updater.unsigned, "")
            .breaks("the zone must take changes from anybody at this address")
            .help("`--rfc2136-tsig-keyname`, `--rfc2136-tsig-secret` and `--rfc2136-tsig-secret-alg=hmac-sha256`")
        }));
    }
}

fn too_much(world: &World<'_>, verdicts: &mut Verdicts) {
    for zone in world.dns.zones.iter().filter(|zone| zone.primary) {
        for grant in &zone.grants {
            let all = grant.types.is_empty();
            let hits: Vec<&str> =
                OF_THE_ZONE.into_iter().filter(|kind| grant.types.iter().any(|one| one == kind)).collect();
            let broken = grant.whole_zone && (all || !hits.is_empty());
            verdicts.verdict(broken.then(|| {
                let what = if hits.contains(&"ANY") {
                    "every record".to_owned()
                } else if all {
                    // Without types BIND leaves out what makes the zone one.
                    "every record but NS and SOA".to_owned()
                } else {
                    hits.join(" and ")
                };
                Finding::new(
                    Severity::Warning,
                    &grant.place,
                    format!("the key {} may change {what} of {}", grant.key, zone.name),
                )
                .at_place(&grant.place, "")
                .breaks(if all {
                    "a mistake of the controller, or a stolen key, replaces unrelated names of the zone"
                } else {
                    "a mistake of the controller, or a stolen key, replaces unrelated names or the zone's own servers"
                })
                .help(format!("`grant {} zonesub A AAAA CNAME TXT;`", grant.key))
            }));
        }
    }
}

fn other_key(world: &World<'_>, verdicts: &mut Verdicts) {
    for updater in &world.dns.updaters {
        if !updater.rfc2136.is(&true) || updater.unsigned.is(&true) {
            continue;
        }
        let (Some(key), Some(zones)) = (updater.key.get(), updater.zones.get()) else { continue };
        let mut written: Vec<&Zone> =
            world.dns.zones.iter().filter(|zone| zone.primary && zones.contains(&zone.name)).collect();
        // One wrong key is one mistake, however many zones it is for; zones of names are what people know.
        written.sort_by_key(|zone| !zone.forward);
        let wrong = written.iter().find_map(|zone| mismatch(updater, key, zone));
        verdicts.verdict(wrong);
    }
}

fn mismatch(updater: &Updater, key: &str, zone: &Zone) -> Option<Finding> {
    let finish = |finding: Finding| {
        finding
            .breaks("the server refuses every update: no record of a service is written")
            .help("the same key in both places")
            .cause(format!("zone/{}/update", zone.name))
    };
    let Some(grant) = zone.grants.iter().find(|grant| grant.key == key) else {
        let granted: Vec<&str> = zone.grants.iter().map(|grant| grant.key.as_str()).collect();
        let place = zone.grants.first().map_or(&zone.place, |grant| &grant.place);
        let label = if granted.is_empty() {
            "takes no updates by key".into()
        } else {
            format!("lets {} in", granted.join(", "))
        };
        let message = format!("{} is not changed by the key {key}, with which ExternalDNS signs", zone.name);
        return Some(finish(
            Finding::new(Severity::Error, place, message).at_place(place, label).context(&updater.key, ""),
        ));
    };
    if denied(&grant.defined) {
        let message = format!("the key {key} of {} is defined nowhere", zone.name);
        return Some(finish(Finding::new(Severity::Error, grant.defined.place(), message).at(&grant.defined, "")));
    }
    if let (Some(theirs), Some(ours)) = (grant.algorithm.get(), updater.algorithm.get())
        && theirs.trim_end_matches('.') != ours.trim_end_matches('.')
    {
        let message = format!("the key {key} is {theirs} for {} and {ours} for ExternalDNS", zone.name);
        return Some(finish(
            Finding::new(Severity::Error, updater.algorithm.place(), message)
                .at(&updater.algorithm, ours.as_str())
                .context(&grant.algorithm, theirs.as_str()),
        ));
    }
    if let (Some(theirs), Some(ours)) = (&grant.secret, &updater.secret)
        && theirs.0.trim() != ours.0.trim()
    {
        let message = format!("the key {key} has another secret for {} than for ExternalDNS", zone.name);
        return Some(finish(secrets(Finding::new(Severity::Error, updater.key.place(), message), updater, grant)));
    }
    None
}

fn secrets(finding: Finding, updater: &Updater, grant: &Grant) -> Finding {
    let place: &Fact<bool> = &grant.defined;
    finding.at(&updater.key, "its secret differs").context(place, "from the one here")
}
