//! DNS-023: zones of one BIND that get in each other's way.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const DNS_023: Rule = Rule {
    id: "DNS-023",
    severity: Severity::Error,
    summary: "zones of one server share neither a file that it writes nor the key of a view",
    reads: Reads::Files,
    silent_behind: &[],
    manual: Manual {
        checks: "Error: two zone statements of one server (in any view) name the same file, and the server writes it \
                 itself for one of them (updates, secondary, inline signing). Warning: one key is in `match-clients` of \
                 two views; the first view always wins.",
        breaks: "named refuses to load a file that is in use already. With a key in two views, updates and transfers go \
                 into the wrong one.",
        remedy: "`in-view` for the second zone, or a file for each; a key for each view.",
        before: "view \"a\" { zone \"k8s.example.edu\" { type primary; file \"k8s.zone\"; update-policy { ... }; }; };\nview \"b\" { zone \"k8s.example.edu\" { type primary; file \"k8s.zone\"; }; };",
        after: "view \"a\" { zone \"k8s.example.edu\" { type primary; file \"k8s.zone\"; update-policy { ... }; }; };\nview \"b\" { zone \"k8s.example.edu\" { in-view \"a\"; }; };",
        source: "BIND 9 lib/isccfg/check.c and reference manual, view statement; bind-users, May 2014",
        evidence: Evidence::Tested(
            "named-checkconf of BIND 9.20.30: \"writeable file: already in use\" when one of the two takes updates",
        ),
    },
    check: shared,
};

fn shared(world: &World<'_>, verdicts: &mut Verdicts) {
    let mut files: BTreeMap<(&str, &String), Vec<_>> = BTreeMap::new();
    for zone in &world.dns.zones {
        if let Some(path) = zone.file.as_ref().and_then(|file| file.get()) {
            files.entry((&zone.server, path)).or_default().push(zone);
        }
    }
    for ((_, path), zones) in files {
        let broken = zones.len() > 1 && zones.iter().any(|zone| zone.dynamic);
        verdicts.verdict(broken.then(|| {
            let second = zones[1];
            let place = second.file.as_ref().map_or(&second.place, |file| file.place());
            Finding::new(Severity::Error, place, format!("{} zones are kept in {path}", zones.len()))
                .at_place(place, "named writes this file itself")
                .context_place(&zones[0].place, "also kept there")
                .breaks("named refuses the file as already in use, and does not serve the zone")
                .help("`in-view` for the second, or a file for each")
        }));
    }
    for (index, view) in world.dns.key_views.iter().enumerate() {
        let earlier = &world.dns.key_views[..index];
        let twice = view.keys.iter().find_map(|key| {
            let first = earlier.iter().find(|other| other.server == view.server && other.keys.contains(key))?;
            Some((key, first))
        });
        verdicts.verdict(twice.map(|(key, first)| {
            Finding::new(
                Severity::Warning,
                &view.place,
                format!("the key {key} leads into the views {} and {}", first.name, view.name),
            )
            .at_place(&view.place, "never reached with this key")
            .context_place(&first.place, "matches first")
            .breaks("updates and transfers that are meant for the second view go into the first")
            .help("a key for each view")
        }));
    }
}
