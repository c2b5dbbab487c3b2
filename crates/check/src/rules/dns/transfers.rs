//! DNS-017 and 027: who may copy a zone.

use plimsoll_diagnostics::Severity;
use plimsoll_views::dns::{Policy, Updater};
use plimsoll_views::{Fact, World};

use super::zones::denied;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const DNS_017: Rule = Rule {
    id: "DNS-017",
    severity: Severity::Error,
    summary: "an ExternalDNS that changes or removes records may read the zone",
    reads: Reads::Both,
    silent_behind: &["DNS-027"],
    manual: Manual {
        checks: "Provider rfc2136 with policy sync or upsert-only, and: no AXFR flag (`--rfc2136-tsig-axfr` up to 0.21, \
                 `--rfc2136-axfr` from 0.22); or the flag, while `allow-transfer` of the zone does not have its key; or a \
                 flag that its version does not know yet.",
        breaks: "Without a copy of the zone it sees no records of its own, so it only ever creates: changed and removed \
                 services keep their old records. With an unknown flag it does not start.",
        remedy: "The flag of its version, and its key in `allow-transfer`.",
        before: "- --provider=rfc2136\n- --policy=upsert-only",
        after: "- --provider=rfc2136\n- --policy=upsert-only\n- --rfc2136-axfr",
        source: "ExternalDNS docs/tutorials/rfc2136.md, provider/rfc2136 and docs/flags.md at v0.19 to v0.22",
        evidence: Evidence::Seen,
    },
    check: blind,
};

pub(super) const DNS_027: Rule = Rule {
    id: "DNS-027",
    severity: Severity::Warning,
    summary: "a zone says who may copy it",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "A primary zone has no `allow-transfer`, neither itself nor in its view or the options. What that means \
                 depends on the version, which files do not state, and both are wrong.",
        breaks: "From BIND 9.20 on nobody may copy it: secondaries let the zone expire, ExternalDNS sees no records. Up to \
                 9.18 everybody may: the whole zone is shown to whoever asks.",
        remedy: "`allow-transfer` with the keys or addresses of the secondaries, and the key of ExternalDNS.",
        before: "zone \"k8s.example.edu\" { type primary; file \"k8s.zone\"; };",
        after: "zone \"k8s.example.edu\" {\n    type primary;\n    file \"k8s.zone\";\n    allow-transfer { key \"transfer\"; };\n};",
        source: "BIND 9.20.0 release notes, allow-transfer",
        evidence: Evidence::Tested("BIND 9.20.30: denies AXFR of a zone without allow-transfer"),
    },
    check: unsaid,
};

fn blind(world: &World<'_>, verdicts: &mut Verdicts) {
    for updater in &world.dns.updaters {
        for flag in &updater.unknown_flags {
            let (Some(name), Some((major, minor))) = (flag.get(), updater.version.copied()) else { continue };
            verdicts.broken(
                Finding::new(
                    Severity::Error,
                    flag.place(),
                    format!("ExternalDNS {major}.{minor} does not know --{name}"),
                )
                .at(flag, "came later")
                .breaks("it does not start: no record of a service is written")
                .help("the flag of its own version: `plimsoll explain DNS-017`"),
            );
        }
        let changes = match updater.policy.copied() {
            Some(Policy::Sync | Policy::UpsertOnly) => true,
            Some(Policy::CreateOnly | Policy::Missing) => false,
            None => {
                verdicts.cannot_judge(&updater.place, "the policy of ExternalDNS");
                continue;
            }
        };
        if !changes || !updater.rfc2136.is(&true) {
            continue;
        }
        match updater.axfr.copied() {
            None => verdicts.cannot_judge(updater.axfr.place(), "whether ExternalDNS copies the zone"),
            Some(false) => verdicts.broken(
                Finding::new(
                    Severity::Error,
                    updater.axfr.place(),
                    format!("{} cannot see the records it wrote", updater.name),
                )
                .at(&updater.axfr, "nothing lets it copy the zone")
                .breaks("it only ever creates records: those of changed and removed services stay as they were")
                .help(format!("`--{}`, and its key in `allow-transfer` of the zone", flag(updater))),
            ),
            Some(true) => refused(world, updater, verdicts),
        }
    }
}

fn flag(updater: &Updater) -> &'static str {
    match updater.version.copied() {
        Some(version) if version < (0, 22) => "rfc2136-tsig-axfr",
        _ => "rfc2136-axfr",
    }
}

/// The zones that it writes to, on their primary, and whether these let it copy them.
fn refused(world: &World<'_>, updater: &Updater, verdicts: &mut Verdicts) {
    let (Some(key), Some(zones)) = (updater.key.get(), updater.zones.get()) else { return };
    for zone in world.dns.zones.iter().filter(|zone| zone.primary && zones.contains(&zone.name)) {
        let finding = match zone.transfer_keys.get() {
            Some(keys) if !keys.contains(key) => Some(
                Finding::new(
                    Severity::Error,
                    zone.transfer_keys.place(),
                    format!("{} does not let ExternalDNS copy it: {key} is not in `allow-transfer`", zone.name),
                )
                .at(&zone.transfer_keys, "")
                .context(&updater.key, "signs with this key")
                .breaks("it sees no records, so it only ever creates them")
                .help(format!("`allow-transfer {{ key \"{key}\"; … }};`")),
            ),
            _ => None,
        };
        verdicts.verdict(finding);
    }
}

fn unsaid(world: &World<'_>, verdicts: &mut Verdicts) {
    for zone in world.dns.zones.iter().filter(|zone| zone.primary && zone.forward) {
        // What every server has for itself is nobody's to copy.
        if matches!(zone.name.as_str(), "" | "localhost") || zone.name.ends_with(".localhost") {
            continue;
        }
        if Fact::get(&zone.transfer_stated).is_none() {
            verdicts.cannot_judge(&zone.place, "the options that named.conf includes");
            continue;
        }
        verdicts.verdict(denied(&zone.transfer_stated).then(|| {
            Finding::new(Severity::Warning, &zone.place, format!("nobody says who may copy {}", zone.name))
                .at_place(&zone.place, "no `allow-transfer` here, in its view or in the options")
                .breaks("from BIND 9.20 on no secondary gets it and it expires there; up to 9.18 anybody may read all of it")
                .help("`allow-transfer { key \"transfer\"; };`")
                .cause(format!("zone/{}/transfer", zone.name))
        }));
    }
}
