//! CAL-011: packets that Calico's agents need from Typha.

use plimsoll_diagnostics::Severity;
use plimsoll_model::design::{Protocol, Role};
use plimsoll_views::World;

use super::calico;
use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

/// Port of Typha (Calico, system requirements).
const TYPHA: u16 = 5473;

pub(super) const CAL_011: Rule = Rule {
    id: "CAL-011",
    severity: Severity::Error,
    summary: "nodes let in what agents ask of Typha",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The packet filter of a role with nodes does not let in TCP 5473. From where is not judged. BGP, VXLAN, IPIP \
                 and WireGuard between nodes are OS-008's.",
        breaks: "Typha runs on any node: agents on others learn of no new pod, policy or node.",
        remedy: "Open it between nodes.",
        before: "access: { firewall: { close: [tcp/5473] } }",
        after: "access: { firewall: true }",
        source: "Calico, system requirements, \"Network requirements\"",
        evidence: Evidence::Seen,
    },
    check: typha,
};

fn typha(world: &World<'_>, verdicts: &mut Verdicts) {
    let (Some(source), Some(_)) = (world.design, calico(world)) else { return };
    let has_nodes = |role: &&Role| source.design.machines(**role).next().is_some();
    let closed: Vec<&str> = [Role::ControlPlane, Role::Worker]
        .iter()
        .filter(has_nodes)
        .map(|role| role.as_str())
        .filter(|role| !super::super::lets_in(source.design, role, Protocol::Tcp, TYPHA))
        .collect();
    verdicts.verdict(closed.first().map(|first| {
        let place = source.place(format!("firewall/{first}"));
        let roles = closed.join(", ");
        Finding::new(Severity::Error, &place, format!("packet filters ({roles}) close Typha of Calico"))
            .at_place(&place, "TCP 5473")
            .breaks("agents on other nodes learn of no new pod, policy or node")
            .help("let TCP 5473 in from nodes")
    }));
}
