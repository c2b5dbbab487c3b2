//! Physical hosts: links, bonds, VLANs, bridges, disks. Addresses come later.

use std::collections::BTreeMap;

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_model::design::{BondMode, Cpu, Disk, DiskKind, Host, Network, Platform, PlatformKind, Rack, Raid, State};
use plimsoll_model::units::Bytes;
use plimsoll_model::{Map, Name};
use plimsoll_spec::hardware::{PlatformKind as SpecPlatform, State as SpecState};
use plimsoll_spec::scalars::{DiskClass, DiskId, DiskLayout, Disks};

use crate::cx::{At, Cx, map};
use crate::expand::{Item, Things, name};

use super::site::{rack_of, supplies};
use super::wire::Link;
use super::wiring::Wiring;

/// A host without its addresses, and what the passes after it need to know.
pub(crate) struct HostPlan {
    pub(crate) host: Host,
    /// Interface that would carry the host's own address, by network that reaches the host.
    pub(crate) interface: Map<Name>,
    pub(crate) span: Option<Span>,
}

pub(crate) struct HostPlans {
    pub(crate) plans: Map<HostPlan>,
    pub(crate) links: Vec<Link>,
    pub(crate) bond_modes: BTreeMap<(String, Name), BondMode>,
}

pub(crate) fn state(word: SpecState) -> State {
    match word {
        SpecState::Planned => State::Planned,
        SpecState::Active => State::Active,
        SpecState::Retiring => State::Retiring,
    }
}

pub(crate) fn hosts(cx: &Cx<'_>, things: &Things<'_>, racks: &Map<Rack>, networks: &Map<Network>) -> HostPlans {
    let mut all = HostPlans { plans: Map::new(), links: Vec::new(), bond_modes: BTreeMap::new() };
    let ha = things.machines.values().any(|machine| machine.spec.ha.as_ref().is_some_and(|ha| ha.value));
    for (host_name, item) in &things.hosts {
        let at = cx.at(format!("host/{host_name}"));
        at.here(item.span, item.ranged);
        let spec = item.spec;
        let rack = rack_of(cx, &at, item, &spec.rack, racks);
        let memory = at.written("memory", &spec.memory);
        let mut host = Host {
            state: at.stated("state", &spec.state).map_or_else(|| at.chosen("state", State::Active, "in use"), state),
            platform: platform(cx, &at.child("platform"), item, ha),
            psu: supplies(&at, item, &spec.power, &rack),
            rack,
            bmc: None,
            cpu: Cpu { threads: at.written("cpu/threads", &spec.cpu), model: None },
            memory,
            reserved_memory: reserved_memory(cx, &at, item, memory),
            nic: Map::new(),
            bond: Map::new(),
            vlan: Map::new(),
            bridge: Map::new(),
            address: Map::new(),
            corosync: Map::new(),
            disk: disks(cx, things, host_name, &at, item),
            gpu: gpus(&at, &spec.gpus),
        };
        let mut wiring = Wiring { cx, networks, things, host_name, at: &at, item, carried: Vec::new(), next_nic: 0 };
        wiring.nics(&mut host, &mut all);
        wiring.bridges(&mut host);
        let interface = wiring.interfaces(&mut host);
        wiring.bmc(&mut all);
        all.plans.insert(host_name.clone(), HostPlan { host, interface, span: item.span });
    }
    all
}

/// Graphics processors by model, of a host or of a machine.
pub(crate) fn gpus(at: &At<'_, '_>, written: &plimsoll_yaml::Map<String, Spanned<u8>>) -> Map<u32> {
    let each = written.iter().map(|(model, count)| {
        let count = at.expanded(&format!("gpu/{}", model.value), u32::from(count.value), count.span);
        (Name::from(model.value.as_str()), count)
    });
    each.collect()
}

fn platform(cx: &Cx<'_>, at: &At<'_, '_>, item: &Item<'_, plimsoll_spec::Host>, ha: bool) -> Platform {
    let spec = item.spec.platform.as_ref();
    let version = spec.and_then(|platform| map(&platform.version, ToString::to_string));
    let default = &cx.edition.platform_version;
    let kind = match spec.map(|platform| at.written("kind", &platform.kind)) {
        Some(SpecPlatform::Metal) => PlatformKind::BareMetal,
        Some(SpecPlatform::Proxmox) => PlatformKind::Proxmox,
        None => at.chosen("kind", PlatformKind::Proxmox, "the platform that is built"),
    };
    Platform {
        kind,
        version: at.or_chosen("version", version.as_ref(), default.value.to_owned(), default.why),
        ha: at.derived("ha", ha, &["machine"]),
        qdevice: spec.and_then(|platform| at.stated("qdevice", &platform.qdevice)).map(|word| name(&word)),
        hardware_watchdog: spec.and_then(|platform| at.stated("hardware_watchdog", &platform.hardware_watchdog)),
    }
}

/// Memory that guests cannot have: Proxmox VE's daemons, and the cache of ZFS where disks are mirrored by it.
fn reserved_memory(cx: &Cx<'_>, at: &At<'_, '_>, item: &Item<'_, plimsoll_spec::Host>, memory: Bytes) -> Bytes {
    let own = cx.edition.hypervisor_memory.value;
    if let Some(arc) = &item.spec.zfs_arc_max {
        at.written("reserved_memory", arc);
        return own + arc.value;
    }
    let zfs = |disks: &Spanned<Disks>| disks.layout != DiskLayout::Single && !disks.hardware_raid;
    if item.spec.disks.values().any(zfs) {
        let share = Bytes((memory.0 as f64 * cx.edition.zfs_arc_share) as u64).whole_mib();
        let arc = Bytes::mib(share).min(cx.edition.zfs_arc_most);
        return at.chosen(
            "reserved_memory",
            own + arc,
            "its daemons, and a tenth (16 GiB at most) for the cache of ZFS",
        );
    }
    at.chosen("reserved_memory", own, cx.edition.hypervisor_memory.why)
}

fn disks(
    cx: &Cx<'_>,
    things: &Things<'_>,
    host_name: &Name,
    at: &At<'_, '_>,
    item: &Item<'_, plimsoll_spec::Host>,
) -> Map<Disk> {
    let mut disks = Map::new();
    let guests =
        || things.machines.values().filter(|machine| machine.paired(&machine.spec.host).as_ref() == Some(host_name));
    let devices = cx.spec.devices.get(host_name.as_str());
    for (word, group) in &item.spec.disks {
        let at = at.child(format!("disk/{word}"));
        at.here(group.span.or(word.span), item.ranged);
        let passed = guests().any(|machine| machine.spec.pass.iter().any(|name| name.value.0 == word.value.0));
        let etcd = guests().any(|machine| {
            let etcd = machine.spec.disks.get("etcd").or_else(|| machine.spec.disks.get("os"));
            etcd.is_some_and(|part| part.disks == word.value.0)
                && machine.spec.role.value == plimsoll_spec::hardware::Role::ControlPlane
        });
        let fsync = cx.spec.assume.as_ref().and_then(|assume| assume.fsync.as_ref()).filter(|_| etcd);
        let storage = (!passed).then(|| name(word));
        let disk = Disk {
            count: u32::from(group.count),
            size: group.size,
            kind: match group.class {
                DiskClass::Hdd => DiskKind::Hdd,
                DiskClass::Ssd => DiskKind::Ssd,
                DiskClass::Nvme => DiskKind::Nvme,
            },
            raid: match group.layout {
                DiskLayout::Single => Raid::None,
                DiskLayout::Mirror => Raid::Mirror,
                DiskLayout::Raid10 => Raid::Raid10,
                DiskLayout::Raid5 => Raid::Raid5,
                DiskLayout::Raid6 => Raid::Raid6,
                DiskLayout::Stripe => Raid::Raid0,
            },
            hardware_raid: group.hardware_raid,
            shared: None,
            devices: devices
                .and_then(|devices| devices.get(word.value.0.as_str()))
                .map_or_else(|| at.chosen("devices", Vec::new(), "not stated"), |ids| named(&at, ids)),
            storage: at.chosen("storage", storage, "named like the disks; none for disks that are passed through"),
            fsync_p99: fsync.map(|fsync| at.written("fsync_p99", fsync)),
        };
        disks.insert(name(word), disk);
    }
    disks
}

/// The disks of a group in the order that was written: guests get them in it.
fn named(at: &At<'_, '_>, ids: &[Spanned<DiskId>]) -> Vec<String> {
    let place = at.child("devices");
    ids.iter().enumerate().map(|(index, id)| place.written(&index.to_string(), id).0).collect()
}
