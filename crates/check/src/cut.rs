//! Files of which only a part is judged: what a rule misses may be in the other part.

use plimsoll_views::World;
use plimsoll_views::files::About;

use crate::report::Unjudged;
use crate::rule::{Rule, Verdicts};

/// What becomes of a rule's verdicts when a file that it reads is known in part only: neither what it finds missing nor
/// what it finds good can be trusted. Nothing when no such file is there, or the rule had nothing to say anyway.
pub(crate) fn unknown(world: &World<'_>, rule: &Rule, verdicts: &Verdicts) -> Option<Vec<Unjudged>> {
    if verdicts.broken.is_empty() && verdicts.held == 0 {
        return None;
    }
    let area = rule.id.split('-').next().unwrap_or_default();
    let cuts: Vec<Unjudged> = world
        .cuts
        .iter()
        .filter(|cut| reads(area, cut.about))
        .map(|cut| Unjudged {
            rule: rule.id,
            component: cut.path.clone(),
            needs: format!("all of this file, of which {} are left out", cut.left_out),
        })
        .collect();
    (!cuts.is_empty()).then_some(cuts)
}

/// Whether the verdicts of an area's rules depend on what such a file says.
fn reads(area: &str, about: About) -> bool {
    match about {
        About::Vrrp => matches!(area, "VRRP" | "LB" | "ADDR" | "KADM"),
        About::Balancing => matches!(area, "VRRP" | "LB" | "KADM"),
        About::HostNetwork => matches!(area, "NET" | "PHY" | "PVE" | "ADDR" | "VRRP"),
        About::Names => matches!(area, "DNS" | "SEC" | "GOV"),
        About::Etcd => matches!(area, "ETCD" | "KADM"),
        About::Hypervisor => matches!(area, "PVE" | "ADDR"),
        About::Machine => matches!(area, "TIME" | "OS" | "SEC" | "VRRP" | "LB" | "ETCD" | "KADM" | "DNS"),
        About::Cluster => !matches!(area, "PHY" | "PVE" | "TOP"),
    }
}
