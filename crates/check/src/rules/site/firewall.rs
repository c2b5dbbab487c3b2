//! OS-008 and SEC-001 and 002: who gets in where.

use plimsoll_diagnostics::Severity;
use plimsoll_views::World;
use plimsoll_views::site::Door;

use crate::{Evidence, Finding, Manual, Reads, Rule, Verdicts};

pub(super) const OS_008: Rule = Rule {
    id: "OS-008",
    severity: Severity::Error,
    summary: "packet filters let in what the cluster needs",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "For each role with a packet filter, by the addresses of machines in the network of nodes: 2379 and 2380 \
                 (control plane, or etcd and control plane), the API servers and their balancer (from every node), 10250 \
                 (from the control plane), and for Calico BGP, VXLAN, IPIP or WireGuard between nodes, as it is set. \
                 10257 and 10259 need nobody else. Advertisements of VRRP: VRRP-020.",
        breaks: "Machines do not join, logs and exec fail, or packets of pods do not arrive.",
        remedy: "Leave the filters to what is derived from roles.",
        before: "# firewall of workers: without `kubelet`, TCP 10250 from nodes",
        after: "# firewall of workers: `kubelet`, TCP 10250 from nodes",
        source: "Kubernetes documentation, Ports and Protocols; Kubespray docs/operations/port-requirements.md",
        evidence: Evidence::Seen,
    },
    check: closed,
};

pub(super) const SEC_001: Rule = Rule {
    id: "SEC-001",
    severity: Severity::Warning,
    summary: "only the control plane reaches etcd",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "The port for etcd's clients is open to somebody beyond the machines of the control plane and of etcd. A \
                 prefix or network is named even when only these are in it.",
        breaks: "Whoever reads etcd has every Secret, and whoever writes there is administrator of the cluster. Its \
                 certificates are then the only door.",
        remedy: "2379 from the control plane alone.",
        before: "etcd: TCP 2379, 2380 from nodes",
        after: "etcd: TCP 2379, 2380 from control-plane",
        source: "Kubernetes documentation, Operating etcd clusters, Securing etcd",
        evidence: Evidence::Seen,
    },
    check: open_etcd,
};

pub(super) const SEC_002: Rule = Rule {
    id: "SEC-002",
    severity: Severity::Warning,
    summary: "hypervisors and management controllers are on a network of their own",
    reads: Reads::Design,
    silent_behind: &[],
    manual: Manual {
        checks: "A network for nodes is also for hypervisors or management controllers.",
        breaks: "A pod that breaks out of its node reaches the machines below all nodes.",
        remedy: "A VLAN of its own for management.",
        before: "kube: { vlan: 2001, for: [nodes, api, proxmox] }",
        after: "mgmt: { vlan: 12, for: [proxmox] }\nkube: { vlan: 2001, for: [nodes, api] }",
        source: "the article this project implements, Network Segmentation",
        evidence: Evidence::SeenPrinciple,
    },
    check: mixed,
};

fn closed(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(doors) = &world.site.doors else { return };
    // One thing that nobody opened is one mistake, on however many roles.
    let mut shut: Vec<(&Door, Vec<&str>)> = Vec::new();
    for door in &doors.needed {
        if door.shut_out.is_empty() {
            verdicts.holds();
        } else if let Some((_, roles)) = shut.iter_mut().find(|(first, _)| first.what == door.what) {
            roles.push(door.role);
        } else {
            shut.push((door, vec![door.role]));
        }
    }
    for (door, roles) in shut {
        let who = match door.shut_out.as_slice() {
            [first, .., last] => format!("{first} to {last}"),
            list => list.concat(),
        };
        verdicts.broken(
            Finding::new(
                Severity::Error,
                &door.place,
                format!("packet filters ({}) keep {who} from {}, {}", roles.join(", "), door.what, door.port),
            )
            .at_place(&door.place, "")
            .breaks("machines do not join, logs and exec fail, or packets of pods do not arrive")
            .help(format!("let {} in from there: take it out of `access: {{ firewall: {{ close: … }} }}`", door.port)),
        );
    }
}

fn open_etcd(world: &World<'_>, verdicts: &mut Verdicts) {
    let Some(doors) = &world.site.doors else { return };
    let who: Vec<&str> = doors.etcd.iter().map(|opening| opening.who.as_str()).collect();
    verdicts.verdict(doors.etcd.first().map(|opening| {
        Finding::new(Severity::Warning, &opening.place, format!("etcd is open to {}", who.join(", ")))
            .at_place(&opening.place, "")
            .breaks("its certificates are the only door to every Secret of the cluster")
            .help("let only the control plane in: take it out of `access: { firewall: { open: … } }`")
    }));
}

fn mixed(world: &World<'_>, verdicts: &mut Verdicts) {
    if world.design.is_some() && world.site.shared_networks.is_empty() {
        verdicts.holds();
    }
    for network in &world.site.shared_networks {
        verdicts.broken(
            Finding::new(
                Severity::Warning,
                &network.place,
                format!("{} and nodes share the network {}", network.management, network.name),
            )
            .at_place(&network.place, "")
            .breaks("a pod that breaks out of its node reaches the machines below all nodes")
            .help("a network of its own for management: `networks: { mgmt: { vlan: 12, ipv4: PREFIX, for: [bmc, proxmox] } }`"),
        );
    }
}
