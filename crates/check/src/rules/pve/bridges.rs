//! PVE-015 and 016: tags of guests against their bridge.

use plimsoll_diagnostics::Severity;
use plimsoll_model::Name;
use plimsoll_views::World;
use plimsoll_views::domains::ports_below;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PVE_015: Rule = Rule {
    id: "PVE-015",
    severity: Severity::Error,
    summary: "the bridge of a guest lets its VLAN through",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "An interface of a guest has a VLAN tag, and its bridge has no port, or is VLAN-aware \
                 without that VLAN: an error. The bridge is not VLAN-aware: advice, since Proxmox VE makes \
                 one more bridge for each VLAN. Whether the switch lets it through is judged by NET-012.",
        breaks: "The guest is in no network.",
        remedy: "`bridge-vlan-aware yes` and `bridge-vids` with that VLAN.",
        before: "bridge-vids 12\nnet0: virtio=…,bridge=vmbr0,tag=2001",
        after: "bridge-vids 12 2001",
        source: "Proxmox VE pve-network, VLAN",
        evidence: Evidence::Seen,
    },
    check: vids,
};

pub(super) const PVE_016: Rule = Rule {
    id: "PVE-016",
    severity: Severity::Warning,
    summary: "a VLAN is tagged once",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "An interface of a guest has a VLAN tag, and its bridge stands on a VLAN interface.",
        breaks: "Packets have two tags, which switches drop or put elsewhere.",
        remedy: "A tag in one place.",
        before: "bridge-ports bond0.2001\nnet0: virtio=…,bridge=vmbr2,tag=2001",
        after: "bridge-ports bond0.2001\nnet0: virtio=…,bridge=vmbr2",
        source: "Proxmox VE pve-network, VLAN",
        evidence: Evidence::SeenPrinciple,
    },
    check: twice,
};

fn vids(world: &World<'_>, verdicts: &mut Verdicts) {
    each(world, verdicts, |machine, network, tag, host, name, bridge| {
        let on_vlan = bridge.ports.iter().any(|port| host.vlan.contains_key(port));
        let no_port = bridge.ports.iter().all(|port| ports_below(host, port).is_empty());
        let (severity, message, breaks) = if on_vlan {
            // PVE-016 speaks.
            return None;
        } else if no_port {
            (Severity::Error, format!("{name} below {machine} has no port"), "the guest is in no network")
        } else if bridge.vlan_aware && !bridge.vids.is_empty() && !bridge.vids.contains(&tag) {
            (Severity::Error, format!("VLAN {tag} of {machine} does not pass {name}"), "the guest is in no network")
        } else if !bridge.vlan_aware {
            (
                Severity::Advice,
                format!("{machine} tags VLAN {tag} on {name}, which is not VLAN-aware"),
                "each VLAN is one more bridge on the host",
            )
        } else {
            return None;
        };
        Some((
            severity,
            format!("machine/{machine}/nic/{network}/tag"),
            message,
            breaks,
            "`bridge-vlan-aware yes` and `bridge-vids` with that VLAN",
        ))
    });
}

fn twice(world: &World<'_>, verdicts: &mut Verdicts) {
    each(world, verdicts, |machine, network, tag, host, name, bridge| {
        let vlan = bridge.ports.iter().find(|port| host.vlan.contains_key(*port))?;
        Some((
            Severity::Warning,
            format!("machine/{machine}/nic/{network}/tag"),
            format!("{machine} tags VLAN {tag} on {name}, which stands on {vlan} already"),
            "packets have two tags, which switches drop or put elsewhere",
            "leave the tag out, or stand the bridge on the bond itself",
        ))
    });
}

/// Severity, path, message, what breaks, help.
type Said = (Severity, String, String, &'static str, &'static str);

fn each(
    world: &World<'_>,
    verdicts: &mut Verdicts,
    judge: impl Fn(&Name, &Name, u16, &plimsoll_model::design::Host, &Name, &plimsoll_model::design::Bridge) -> Option<Said>,
) {
    let Some(source) = world.design else { return };
    for (machine, it) in &source.design.machine {
        let Some(host) = source.design.host.get(&it.host) else { continue };
        for (network, nic) in &it.nic {
            let Some(tag) = nic.tag else { continue };
            let Some(bridge) = host.bridge.get(&nic.bridge) else {
                verdicts.cannot_judge(&source.place(format!("machine/{machine}/nic/{network}")), "its bridge");
                continue;
            };
            verdicts.verdict(judge(machine, network, tag, host, &nic.bridge, bridge).map(
                |(severity, path, message, breaks, help)| {
                    let place = source.place(path);
                    Finding::new(severity, &place, message)
                        .at_place(&place, format!("tag {tag}"))
                        .breaks(breaks)
                        .help(help)
                },
            ));
        }
    }
}
