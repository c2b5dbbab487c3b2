//! Hypervisors of a Design.

use plimsoll_model::design::{PlatformKind, Role, State};

use super::{Guest, GuestDisk, GuestNic, HaRule, HaRuleKind, Hypervisors, Job, MemberPath};
use crate::DesignSource;

/// The cluster of hypervisors of a Design; nothing on bare metal.
pub fn from_design(source: DesignSource<'_>) -> Vec<Hypervisors> {
    let design = source.design;
    let proxmox = |kind: PlatformKind| kind == PlatformKind::Proxmox;
    let hosts = || design.host.iter().filter(|(_, host)| proxmox(host.platform.kind) && host.state != State::Planned);
    let Some((first, _)) = hosts().next() else { return Vec::new() };
    let with_qdevice = hosts().find(|(_, host)| host.platform.qdevice.is_some());
    let qdevice_at = format!("host/{}/platform/qdevice", with_qdevice.map_or(first, |(name, _)| name));
    let on_proxmox = |name| design.host.get(name).is_some_and(|host| proxmox(host.platform.kind));
    let guests: Vec<Guest> = design
        .machine
        .iter()
        .filter(|(_, machine)| machine.state != State::Planned && on_proxmox(&machine.host))
        .map(|(name, machine)| {
            let own = |field: &str| format!("machine/{name}/{field}");
            let votes = design.etcd.member.contains_key(name)
                || design.ceph.as_ref().is_some_and(|ceph| ceph.mon.contains_key(name))
                || machine.role == Role::Etcd;
            Guest {
                name: name.to_string(),
                place: source.place(format!("machine/{name}")),
                id: format!("vm:{}", machine.vmid),
                job: source.fact(own("role"), if votes { Job::Vote } else { Job::Serves }),
                host: source.fact(own("host"), machine.host.to_string()),
                ha: source.fact(own("ha"), machine.ha),
                onboot: source.fact(own("onboot"), machine.onboot),
                memory: source.fact(own("memory"), machine.memory),
                balloon_minimum: source.fact(own("balloon_minimum"), machine.balloon_minimum),
                cpu_type: source.fact(own("cpu_type"), machine.cpu_type.clone()),
                os: source.fact(own("image/os"), machine.image.os.clone()),
                disks: machine
                    .disk
                    .iter()
                    .map(|(disk, it)| {
                        let at = |field: &str| format!("machine/{name}/disk/{disk}/{field}");
                        let group = design.host.get(&machine.host).and_then(|host| host.disk.get(&it.on));
                        GuestDisk {
                            name: disk.to_string(),
                            place: source.place(format!("machine/{name}/disk/{disk}")),
                            cache: source.fact(at("cache"), it.cache),
                            shared: source.maybe(at("on"), group.map(|group| group.shared.is_some())),
                            replicated: source.fact(at("replicated"), it.replicated),
                        }
                    })
                    .chain(machine.passthrough.iter().map(|group| GuestDisk {
                        name: group.to_string(),
                        place: source.place(own("passthrough")),
                        cache: source.fact(own("passthrough"), plimsoll_model::design::CacheMode::None),
                        shared: source.fact(own("passthrough"), false),
                        replicated: source.fact(own("passthrough"), false),
                    }))
                    .collect(),
                nics: machine
                    .nic
                    .iter()
                    .map(|(network, nic)| GuestNic {
                        name: network.to_string(),
                        tag: source.fact(format!("machine/{name}/nic/{network}/tag"), nic.tag),
                        bridge: source.fact(format!("machine/{name}/nic/{network}/bridge"), nic.bridge.to_string()),
                    })
                    .collect(),
            }
        })
        .collect();
    let rules =
        design.placement.iter().filter(|(_, placement)| placement.by_hypervisor).map(|(name, placement)| HaRule {
            name: name.to_string(),
            place: source.place(format!("placement/{name}")),
            kind: HaRuleKind::Apart,
            resources: placement
                .machines
                .iter()
                .filter_map(|machine| design.machine.get(machine))
                .map(|machine| format!("vm:{}", machine.vmid))
                .collect(),
        });
    vec![Hypervisors {
        place: source.place("host"),
        nodes: source.fact("host", hosts().map(|(name, _)| name.to_string()).collect()),
        qdevice: source.fact(
            qdevice_at,
            with_qdevice.and_then(|(_, host)| host.platform.qdevice.as_ref()).map(ToString::to_string),
        ),
        links: source.maybe(
            format!("host/{first}/corosync"),
            hosts().map(|(_, host)| host.corosync.len()).min().filter(|links| *links > 0),
        ),
        paths: hosts()
            .flat_map(|(name, host)| {
                host.corosync.iter().map(move |(number, link)| MemberPath {
                    host: name.to_string(),
                    number: number.to_string(),
                    place: source.place(format!("host/{name}/corosync/{number}")),
                    address: None,
                    interface: Some(link.interface.to_string()),
                    only: host.corosync.len() == 1,
                })
            })
            .collect(),
        guests,
        rules: rules.collect(),
    }]
}
