//! Workloads of a Design: CoreDNS, what tenants are promised, and the room that is left after a loss.

use std::collections::BTreeMap;

use plimsoll_formats::kubernetes::quantity::IntOrPercent;
use plimsoll_model::Name;
use plimsoll_model::design::{LimitRange, Machine, PlatformKind, State};
use plimsoll_model::units::{Bytes, MilliCpu};

use super::{
    Amount, Bound, Bounds, Budget, Capacity, HostRoom, Hypervisor, KubeletRoom, Promised, Reaction, Restart, Workload,
    Workloads,
};
use crate::DesignSource;

/// The thresholds that a kubelet has by default (kubelet `DefaultEvictionHard` on Linux; `imagefs.inodesFree` came
/// later and is not asked for).
pub(super) const THRESHOLDS: [&str; 4] =
    ["memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available"];

/// Workloads of a Design.
pub fn from_design(source: DesignSource<'_>) -> Workloads {
    let design = source.design;
    let dns = &design.coredns;
    let place = source.place("coredns");
    let budget = dns.max_unavailable.map(|max| Budget {
        title: "the disruption budget of CoreDNS".into(),
        namespace: Some("kube-system".into()),
        place: source.place("coredns/max_unavailable"),
        min_available: source.fact("coredns/max_unavailable", None),
        max_unavailable: source.fact("coredns/max_unavailable", Some(IntOrPercent::Int(max))),
        everything: false,
        selects: source.fact("coredns", vec![0]),
        kept_by_rook: false,
    });
    let controller = &design.kubernetes.controller_manager;
    Workloads {
        list: vec![Workload {
            title: "CoreDNS".into(),
            namespace: Some("kube-system".into()),
            replicas: source.fact("coredns/replicas", dns.replicas),
            // kubeadm's own: 1 may be missing, 25 % may be beyond.
            rollout: source.fact("coredns", Some((IntOrPercent::Int(1), IntOrPercent::Percent(25)))),
            own_domain: None,
            quorum_program: None,
            containers: Vec::new(),
            place,
        }],
        budgets: budget.into_iter().collect(),
        bounds: design.tenant.iter().map(|(name, tenant)| bounds(source, name, &tenant.limits)).collect(),
        kubelets: vec![kubelet(source)],
        capacity: Some(Capacity {
            hosts: rooms(source),
            tenants: design
                .tenant
                .iter()
                .map(|(name, tenant)| Promised {
                    name: name.to_string(),
                    cpu: source.fact(format!("tenant/{name}/cpu"), tenant.cpu),
                    memory: source.fact(format!("tenant/{name}/memory"), tenant.memory),
                })
                .collect(),
            restarts: restarts(source),
            hypervisors: hypervisors(source),
        }),
        reaction: Some(Reaction {
            grace: source
                .fact("kubernetes/controller_manager/node_monitor_grace_period", controller.node_monitor_grace_period),
            toleration: source.fact(
                "kubernetes/apiserver/unreachable_toleration",
                design.kubernetes.apiserver.unreachable_toleration,
            ),
            objective: source.maybe("objective/ingress", design.objective.ingress),
        }),
        ..Workloads::default()
    }
}

fn bounds(source: DesignSource<'_>, tenant: &Name, limits: &LimitRange) -> Bounds {
    let at = |field: &str| format!("tenant/{tenant}/limits/{field}");
    let cpu = |field: &str, cpu: MilliCpu| {
        Some(source.fact(at(field), Amount { milli: u128::from(cpu.0), text: cpu.to_string() }))
    };
    let memory = |field: &str, size: Bytes| {
        Some(source.fact(at(field), Amount { milli: u128::from(size.0) * 1000, text: size.to_string() }))
    };
    Bounds {
        namespace: Some(tenant.to_string()),
        place: source.place(format!("tenant/{tenant}/limits")),
        kind: "Container".into(),
        resources: vec![
            Bound {
                resource: "cpu".into(),
                min: None,
                default_request: cpu("request_cpu", limits.request_cpu),
                default: cpu("default_cpu", limits.default_cpu),
                max: cpu("max_cpu", limits.max_cpu),
            },
            Bound {
                resource: "memory".into(),
                min: None,
                default_request: memory("request_memory", limits.request_memory),
                default: memory("default_memory", limits.default_memory),
                max: memory("max_memory", limits.max_memory),
            },
        ],
    }
}

fn kubelet(source: DesignSource<'_>) -> KubeletRoom {
    let kubelet = &source.design.kubernetes.kubelet;
    let gaps = kubelet.eviction_hard.as_ref().map_or_else(Vec::new, |hard| {
        let stated =
            [&hard.memory_available, &hard.nodefs_available, &hard.nodefs_inodes_free, &hard.imagefs_available];
        let missing: Vec<&'static str> =
            THRESHOLDS.into_iter().zip(stated).filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        // None at all is the kubelet's own.
        if missing.len() == THRESHOLDS.len() { Vec::new() } else { missing }
    });
    KubeletRoom {
        name: "every node".into(),
        reserved: source.fact(
            "kubernetes/kubelet/kube_reserved",
            [&kubelet.kube_reserved, &kubelet.system_reserved]
                .into_iter()
                .flatten()
                .any(|reserved| reserved.memory.0 > 0 || reserved.cpu.0 > 0),
        ),
        eviction_gaps: source.fact("kubernetes/kubelet/eviction_hard", gaps),
    }
}

/// Room for pods of tenants: what a worker has, less what is reserved, the threshold of eviction, and what daemons ask
/// for. Nodes with a taint that keeps pods away give none.
fn rooms(source: DesignSource<'_>) -> Vec<HostRoom> {
    let design = source.design;
    let kubelet = &design.kubernetes.kubelet;
    let mut rooms: BTreeMap<&Name, (u64, u64)> = BTreeMap::new();
    let schedulable = |machine: &Machine| {
        machine.role.is_node()
            && machine.state == State::Active
            && machine.taints.iter().all(|taint| taint.effect == "PreferNoSchedule")
    };
    for (name, machine) in design.machine.iter().filter(|(_, machine)| schedulable(machine)) {
        let mut cpu = u64::from(machine.cpu) * 1000;
        let mut memory = machine.memory.0;
        for reserved in [&kubelet.kube_reserved, &kubelet.system_reserved].into_iter().flatten() {
            cpu = cpu.saturating_sub(reserved.cpu.0);
            memory = memory.saturating_sub(reserved.memory.0);
        }
        let eviction = kubelet.eviction_hard.as_ref().and_then(|hard| hard.memory_available.as_deref());
        // The kubelet's own threshold is 100 MiB.
        let eviction = eviction.map_or(Some(Bytes::mib(100)), |text| threshold(text, machine.memory));
        memory = memory.saturating_sub(eviction.unwrap_or_default().0);
        if let Some(cache) = &design.nodelocal {
            memory = memory.saturating_sub(cache.memory.0);
            cpu = cpu.saturating_sub(25);
        }
        if let Some(ceph) = &design.ceph {
            let disks = ceph.osd.values().filter(|osd| osd.machine == *name).count() as u64;
            cpu = cpu.saturating_sub(ceph.osd_cpu.0 * disks);
            memory = memory.saturating_sub(ceph.osd_memory.0 * disks);
            if ceph.mon.contains_key(name) {
                memory = memory.saturating_sub(ceph.mon_memory.0);
            }
        }
        let room = rooms.entry(&machine.host).or_default();
        room.0 += cpu;
        room.1 += memory;
    }
    rooms
        .into_iter()
        .map(|(host, (cpu, memory))| HostRoom { host: host.to_string(), cpu: MilliCpu(cpu), memory: Bytes(memory) })
        .collect()
}

/// `500Mi`, `1Gi` or `5%` of the memory.
fn threshold(text: &str, memory: Bytes) -> Option<Bytes> {
    if let Some(share) = text.strip_suffix('%') {
        return Some(Bytes(memory.0 / 100 * share.parse::<u64>().ok()?));
    }
    format!("{text}B").parse().ok()
}

/// Whether a machine can start on another host: nothing passed through, and every disk has a copy elsewhere.
fn tied(source: DesignSource<'_>, machine: &Machine) -> bool {
    let host = source.design.host.get(&machine.host);
    let local = |disk: &plimsoll_model::design::VirtualDisk| {
        !disk.replicated && host.and_then(|host| host.disk.get(&disk.on)).is_none_or(|disk| disk.shared.is_none())
    };
    !machine.passthrough.is_empty() || machine.disk.values().any(local)
}

fn restarts(source: DesignSource<'_>) -> Vec<Restart> {
    let design = source.design;
    let apart = |name: &Name| -> Vec<String> {
        design
            .placement
            .values()
            .filter(|placement| placement.by_hypervisor && placement.machines.contains(name))
            .flat_map(|placement| &placement.machines)
            .filter(|other| *other != name)
            .map(ToString::to_string)
            .collect()
    };
    design
        .machine
        .iter()
        .filter(|(_, machine)| machine.ha && machine.state == State::Active)
        .map(|(name, machine)| Restart {
            name: name.to_string(),
            host: machine.host.to_string(),
            memory: source.fact(format!("machine/{name}/memory"), machine.memory),
            tied: tied(source, machine),
            apart: apart(name),
        })
        .collect()
}

fn hypervisors(source: DesignSource<'_>) -> Vec<Hypervisor> {
    let design = source.design;
    design
        .host
        .iter()
        .filter(|(_, host)| host.platform.kind == PlatformKind::Proxmox && host.state == State::Active)
        .map(|(name, host)| {
            let guests: Vec<(&Name, &Machine)> = design
                .machine
                .iter()
                .filter(|(_, machine)| machine.host == *name && machine.state != State::Planned)
                .collect();
            Hypervisor {
                name: name.to_string(),
                memory: host.memory.saturating_sub(host.reserved_memory),
                used: guests.iter().map(|(_, machine)| machine.memory).sum(),
                guests: guests.iter().map(|(name, _)| name.to_string()).collect(),
            }
        })
        .collect()
}
