//! PVE-015 and 016: tags of guests against their bridge.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::host_network::{Bridge, HostNetwork};

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const PVE_015: Rule = Rule {
    id: "PVE-015",
    severity: Severity::Error,
    summary: "the bridge of a guest lets its VLAN through",
    reads: Reads::Both,
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
    reads: Reads::Both,
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
    each(world, verdicts, |guest, tag, network, name, bridge| {
        if network.interfaces.get(name)?.below.get()?.iter().any(|port| network.is_vlan(port)) {
            // PVE-016 speaks.
            return None;
        }
        let vids = bridge.vids.get().filter(|vids| !vids.is_empty());
        let passes = vids.is_none_or(|vids| vids.iter().any(|(first, last)| (*first..=*last).contains(&tag)));
        Some(if network.ports_below(name).is_empty() {
            (
                Severity::Error,
                format!("{name} below {guest} has no port"),
                "the guest is in no network",
                "`bridge-vlan-aware yes` and `bridge-vids` with that VLAN",
            )
        } else if bridge.vlan_aware.is(&true) && !passes {
            (
                Severity::Error,
                format!("VLAN {tag} of {guest} does not pass {name}"),
                "the guest is in no network",
                "`bridge-vlan-aware yes` and `bridge-vids` with that VLAN",
            )
        } else if bridge.vlan_aware.is(&false) {
            (
                Severity::Advice,
                format!("{guest} tags VLAN {tag} on {name}, which is not VLAN-aware"),
                "each VLAN is one more bridge on the host",
                "`bridge-vlan-aware yes` and `bridge-vids` with that VLAN",
            )
        } else {
            return None;
        })
    });
}

fn twice(world: &World<'_>, verdicts: &mut Verdicts) {
    each(world, verdicts, |guest, tag, network, name, _| {
        let vlan = network.interfaces.get(name)?.below.get()?.iter().find(|port| network.is_vlan(port))?;
        Some((
            Severity::Warning,
            format!("{guest} tags VLAN {tag} on {name}, which stands on {vlan} already"),
            "packets have two tags, which switches drop or put elsewhere",
            "leave the tag out, or stand the bridge on the bond itself",
        ))
    });
}

/// Severity, message, what breaks, help.
type Said = (Severity, String, &'static str, &'static str);

fn each(
    world: &World<'_>,
    verdicts: &mut Verdicts,
    judge: impl Fn(&str, u16, &HostNetwork, &str, &Bridge) -> Option<Said>,
) {
    for guest in world.hypervisors.iter().flat_map(|all| &all.guests) {
        let network = guest.host.get().and_then(|host| world.host_networks.iter().find(|it| it.host == *host));
        for nic in &guest.nics {
            // An interface without a tag is judged by nobody here; one whose tag is unreadable cannot be.
            let Some(Some(tag)) = nic.tag.copied() else { continue };
            let known = network.zip(nic.bridge.get()).and_then(|(network, name)| {
                let bridge = network.bridges().find(|(bridge, ..)| bridge == name)?;
                bridge.1.below.get()?;
                Some((network, bridge))
            });
            let Some((network, (name, _, bridge))) = known else {
                verdicts.cannot_judge(&guest.place, "its bridge");
                continue;
            };
            verdicts.verdict(judge(&guest.name, tag, network, name, bridge).map(
                |(severity, message, breaks, help)| {
                    Finding::new(severity, nic.tag.place(), message)
                        .at(&nic.tag, format!("tag {tag}"))
                        .breaks(breaks)
                        .help(help)
                },
            ));
        }
    }
}
