//! Machines: size, disks, interfaces, ids. Addresses come later.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Span;
use plimsoll_model::design::{CacheMode, DiskKind, Drain, Host, Image, Machine, Role, State, Taint, VirtualDisk};
use plimsoll_model::units::Bytes;
use plimsoll_model::{Map, Name};
use plimsoll_spec::hardware::{CacheMode as SpecCache, Drain as SpecDrain, Role as SpecRole};

use crate::cx::{At, Cx, error, map, sorted};
use crate::edition::{Fixed, MachineSize};
use crate::expand::{Item, Things, name};
use crate::lock::{Fate, Kind, Want};

use super::hosts::HostPlans;

/// Label that names the physical host below a node.
pub(crate) const HOST_LABEL: &str = "topology.plimsoll.dev/host";
/// Rook's label for the physical host below a node; Rook makes the CRUSH bucket `chassis` of it.
pub(crate) const CHASSIS_LABEL: &str = "topology.rook.io/chassis";
/// Kubernetes' label for what fails together above hosts.
const ZONE_LABEL: &str = "topology.kubernetes.io/zone";
/// The directory below which each mounted file system is a local volume.
pub(crate) const LOCAL_DIRECTORY: &str = "/mnt/local-storage";

pub(crate) fn role(word: SpecRole) -> Role {
    match word {
        SpecRole::ControlPlane => Role::ControlPlane,
        SpecRole::Worker => Role::Worker,
        SpecRole::ZoneServer => Role::ZoneServer,
        SpecRole::Balancer => Role::Balancer,
        SpecRole::Etcd => Role::Etcd,
    }
}

pub(crate) fn machines(cx: &Cx<'_>, things: &Things<'_>, hosts: &HostPlans, domain: &str) -> Map<Machine> {
    let ids = vmids(cx, things);
    let racks: BTreeSet<&Name> = hosts.plans.values().map(|plan| &plan.host.rack).collect();
    let mut machines = Map::new();
    for ((machine_name, item), vmid) in things.machines.iter().zip(ids) {
        let at = cx.at(format!("machine/{machine_name}"));
        at.here(item.span, item.ranged);
        let spec = item.spec;
        let Some(host_name) = item.paired(&spec.host) else { continue };
        let host_name = at.expanded("host", host_name, spec.host.span);
        let Some(plan) = hosts.plans.get(&host_name) else { continue };
        let what = role(at.written("role", &spec.role));
        let size = size(cx, what);
        let memory = at.or("memory", spec.memory.as_ref(), &size.memory);
        let vmid = match vmid {
            Fate::Written(id, span) => at.expanded("vmid", id, span),
            Fate::Allocated(id) => at.allocated("vmid", id, "the guest ids of the hosts"),
            Fate::Exhausted => 0,
        };
        let (cache_default, onboot) = (CacheMode::None, true);
        let disk = disks(cx, things, &at, item, &plan.host, size, cache_default);
        let gpu = super::hosts::gpus(&at, &spec.gpus);
        if !gpu.is_empty() {
            at.derived("gpus", (), &[&format!("{}/gpu", at.path())]);
        }
        let design = Machine {
            state: at
                .stated("state", &spec.state)
                .map_or_else(|| at.chosen("state", State::Active, "in use"), super::hosts::state),
            role: what,
            vmid,
            fqdn: at.derived("fqdn", format!("{machine_name}.{domain}"), &["zone", "cluster"]),
            cpu: at.or("cpu", spec.cpu.as_ref(), &size.cpu),
            cpu_type: at.or_chosen(
                "cpu_type",
                spec.cpu_type.as_ref(),
                cx.edition.cpu_type.value.to_owned(),
                cx.edition.cpu_type.why,
            ),
            memory,
            balloon_minimum: match &spec.balloon {
                Some(least) => at.written("balloon_minimum", least),
                None => at.chosen("balloon_minimum", memory, "all of it: etcd, kubelets and OSDs count on it"),
            },
            disk,
            passthrough: spec
                .pass
                .iter()
                .enumerate()
                .map(|(index, group)| name(&at.written(&format!("passthrough/{index}"), group)))
                .collect(),
            nic: Map::new(),
            drain: match at.stated("drain", &spec.drain) {
                Some(SpecDrain::Migrate) => Drain::Migrate,
                Some(SpecDrain::Stop) => Drain::Stop,
                None => at.chosen("drain", Drain::Stop, "its disks are the host's own"),
            },
            ha: at.or_chosen("ha", spec.ha.as_ref(), false, "others do its work; a copy on another host would lag"),
            onboot: at.or_chosen(
                "onboot",
                spec.onboot.as_ref(),
                onboot,
                "after a power cut nobody must start it by hand",
            ),
            startup_order: at.chosen(
                "startup_order",
                match what {
                    Role::ZoneServer => 1,
                    Role::Etcd => 2,
                    Role::Balancer | Role::ControlPlane => 3,
                    Role::Worker => 4,
                },
                "names before etcd, etcd before nodes",
            ),
            image: image(cx, &at.child("image")),
            label: labels(cx, &at, item, what, &host_name, &plan.host.rack, racks.len()),
            taints: taints(cx, &at, item, what),
            gpus: gpu.values().sum(),
            gpu,
            host: host_name,
        };
        machines.insert(machine_name.clone(), design);
    }
    machines
}

fn size<'e>(cx: &Cx<'e>, role: Role) -> &'e MachineSize {
    match role {
        Role::ControlPlane | Role::Etcd => &cx.edition.control_plane,
        Role::Worker => &cx.edition.worker,
        Role::ZoneServer | Role::Balancer => &cx.edition.zone_server,
    }
}

fn image(cx: &Cx<'_>, at: &At<'_, '_>) -> Image {
    let spec = cx.spec.image.as_ref();
    let default = &cx.edition.os;
    Image {
        os: at.or_chosen("os", spec.and_then(|image| image.os.as_ref()), default.value.to_owned(), default.why),
        from: spec.and_then(|image| at.stated("from", &image.from)).map(|from| name(&from)),
    }
}

/// Guest ids, one for each machine in the order of their names.
fn vmids(cx: &Cx<'_>, things: &Things<'_>) -> Vec<Fate<u32>> {
    let mut ranges: Vec<(u32, u32, Option<Span>)> = things
        .hosts
        .values()
        .filter_map(|host| host.spec.platform.as_ref()?.vmids.as_ref())
        .map(|ids| (ids.first, ids.last, ids.span))
        .collect();
    ranges.sort_unstable();
    ranges.dedup();
    let Fixed { value: (first, last), .. } = cx.edition.vmids;
    if ranges.is_empty() {
        ranges.push((first, last, None));
    }
    let reserved: Vec<(u32, u32)> = cx
        .spec
        .site
        .iter()
        .filter_map(|site| site.reserved.as_ref())
        .flat_map(|reserved| reserved.vmids.iter().map(|ids| (ids.first, ids.last)))
        .collect();
    let wants: Vec<Want<u32>> = things
        .machines
        .iter()
        .map(|(machine, item)| Want {
            owner: format!("machine/{machine}"),
            written: item.spec.vmid.as_ref().map(|ids| (ids.first.saturating_add(item.index as u32), ids.span)),
        })
        .collect();
    for (want, item) in wants.iter().zip(things.machines.values()) {
        if let (Some((id, span)), Some(ids)) = (&want.written, &item.spec.vmid)
            && *id > ids.last
        {
            let message =
                format!("`{ids}` are {} guest ids, too few for the range of machines", ids.last - ids.first + 1);
            cx.say(error("range-length", message, *span, ""));
            break;
        }
    }
    let inside = |id: u32, all: &[(u32, u32)]| all.iter().any(|(first, last)| (*first..=*last).contains(&id));
    let free = |id| ranges.iter().any(|(first, last, _)| (*first..=*last).contains(&id)) && !inside(id, &reserved);
    // Steps over what is reserved at once, however large it is.
    let mut open: Vec<(u32, u32)> = ranges.iter().map(|(first, last, _)| (*first, *last)).collect();
    for (first, last) in &reserved {
        let cut = |(from, to): (u32, u32)| {
            let below = (from < *first).then(|| (from, to.min(first - 1)));
            let above = (*last < to).then(|| (from.max(last + 1), to));
            below.into_iter().chain(above)
        };
        open = open.into_iter().flat_map(cut).collect();
    }
    let candidates = open.iter().flat_map(|(first, last)| *first..=*last);
    let fates = cx
        .keeper
        .borrow_mut()
        .allocate(Kind::Vmid, "proxmox", &wants, candidates, free, &mut |problem| cx.say(problem));
    if fates.contains(&Fate::Exhausted) {
        let message = format!("there are fewer guest ids than the {} machines need", wants.len());
        let span = ranges.iter().find_map(|(_, _, span)| *span);
        cx.say(error("vmids-exhausted", message, span, "").help("make `vmids` a larger range"));
    }
    fates
}

fn disks(
    cx: &Cx<'_>,
    things: &Things<'_>,
    at: &At<'_, '_>,
    item: &Item<'_, plimsoll_spec::Machine>,
    host: &Host,
    size: &MachineSize,
    cache_default: CacheMode,
) -> Map<VirtualDisk> {
    let spec = item.spec;
    let control_plane = spec.role.value == SpecRole::ControlPlane;
    let mut parts: Map<(Name, Bytes, Option<Span>)> = Map::new();
    for (word, part) in &spec.disks {
        parts.insert(name(word), (Name::from(part.disks.as_str()), part.size, part.span));
    }
    let os = Name::from("os");
    if parts.is_empty() {
        let usable = || host.disk.iter().filter(|(_, disk)| disk.storage.is_some());
        let mirrored = usable().find(|(_, disk)| disk.raid != plimsoll_model::design::Raid::None);
        let Some((group, _)) = mirrored.or_else(|| usable().next()) else {
            let host_name = item.paired(&spec.host).unwrap_or_else(|| os.clone());
            let message = format!("host `{host_name}` has no disks for `{}`", at.path());
            let problem = error("no-disks", message, item.span, "it needs a disk for its system");
            cx.say(problem.help("give the host `disks: { boot: 2x480GB ssd mirror }`"));
            return Map::new();
        };
        parts.insert(os.clone(), (group.clone(), size.os_disk.value, None));
        if control_plane {
            let flash = |kind| matches!(kind, DiskKind::Ssd | DiskKind::Nvme);
            let apart = usable().find(|(other, disk)| *other != group && flash(disk.kind));
            let on = apart.map_or(group, |(other, _)| other);
            parts.insert("etcd".into(), (on.clone(), cx.edition.etcd_disk.value, None));
        }
    }
    if !parts.contains_key(&os) {
        let span = spec.disks.keys().next().and_then(|key| key.span);
        let problem = error("no-disks", format!("`{}` has no disk `os`", at.path()), span, "");
        cx.say(problem.help("call the disk of the system `os`"));
    }
    let local: Vec<&str> = cx
        .spec
        .storage
        .iter()
        .filter_map(|storage| storage.local.as_ref())
        .flat_map(|local| local.disks.iter().map(|disk| disk.value.0.as_str()))
        .collect();
    let is_local = cx.spec.storage.iter().filter_map(|storage| storage.local.as_ref()).any(|local| {
        if local.from.is_empty() {
            return true;
        }
        let machine = at.path().trim_start_matches("machine/");
        crate::expand::all_names(local.from.iter()).iter().any(|name| *name == *machine)
    });
    let cache = map(&spec.cache, |cache| match cache {
        SpecCache::None => CacheMode::None,
        SpecCache::Writethrough => CacheMode::Writethrough,
        SpecCache::Writeback => CacheMode::Writeback,
        SpecCache::Directsync => CacheMode::Directsync,
        SpecCache::Unsafe => CacheMode::Unsafe,
    });
    let mut order: Vec<&Name> = parts.keys().filter(|disk| **disk != os).collect();
    order.insert(0, &os);
    let mut disks = Map::new();
    for (index, disk) in order.into_iter().enumerate() {
        let Some((on, bytes, span)) = parts.get(disk) else { continue };
        let at = at.child(format!("disk/{disk}"));
        match span {
            Some(span) => at.here(Some(*span), item.ranged),
            None => at.chosen("", (), "no disks were written for it"),
        }
        let mount = match disk.as_str() {
            "os" => None,
            "etcd" if control_plane => Some("/var/lib/etcd".to_owned()),
            other if is_local && local.contains(&other) => Some(format!("{LOCAL_DIRECTORY}/{other}")),
            other => Some(format!("/srv/{other}")),
        };
        let design = VirtualDisk {
            on: on.clone(),
            size: *bytes,
            bus: at.chosen("bus", format!("scsi{index}"), "the system first, then by name"),
            cache: at.or_chosen(
                "cache",
                cache.as_ref(),
                cache_default,
                "flushes are honoured and nothing is held twice",
            ),
            mount: at.chosen("mount", mount, "by the disk's name"),
            replicated: false,
        };
        disks.insert(disk.clone(), design);
    }
    let _ = things;
    disks
}

fn labels(
    cx: &Cx<'_>,
    at: &At<'_, '_>,
    item: &Item<'_, plimsoll_spec::Machine>,
    role: Role,
    host: &Name,
    rack: &Name,
    racks: usize,
) -> Map<String> {
    let mut labels = Map::new();
    let mut add = |key: &str, value: &Name, from: &str| {
        // Keys hold a `/`, so their origins are noted for all of them together.
        at.derived("label", (), &[at.path(), from]);
        labels.insert(Name::from(key), value.as_str().to_owned());
    };
    if role.is_node() {
        let from = format!("host/{host}");
        add(HOST_LABEL, host, &from);
        if cx.spec.storage.as_ref().is_some_and(|storage| storage.ceph.is_some()) {
            add(CHASSIS_LABEL, host, &from);
        }
        if racks > 1 {
            add(ZONE_LABEL, rack, &format!("host/{host}/rack"));
        }
    }
    for (key, value) in &item.spec.labels {
        at.expanded("label", (), value.span);
        labels.insert(Name::from(key.value.as_str()), value.value.clone());
    }
    labels
}

fn taints(cx: &Cx<'_>, at: &At<'_, '_>, item: &Item<'_, plimsoll_spec::Machine>, role: Role) -> Vec<Taint> {
    let mut taints = Vec::new();
    let schedulable = cx.spec.kubernetes.as_ref().and_then(|kubernetes| kubernetes.schedulable_control_plane.as_ref());
    if role == Role::ControlPlane {
        match schedulable {
            Some(yes) if at.written("taints", yes) => {}
            _ => {
                at.chosen("taints", (), "kubeadm: workloads must not starve etcd");
                taints.push(Taint {
                    key: "node-role.kubernetes.io/control-plane".into(),
                    value: String::new(),
                    effect: "NoSchedule".into(),
                });
            }
        }
    }
    for text in &sorted(&item.spec.taints) {
        let Some(taint) = taint(text) else {
            let message = format!("`{}` is no taint", text.value);
            let problem = error("wrong-value", message, text.span, "");
            cx.say(
                problem.help("write `key=value:NoSchedule`; possible are NoSchedule, PreferNoSchedule and NoExecute"),
            );
            continue;
        };
        taints.push(at.expanded(&format!("taints/{}", taints.len()), taint, text.span));
    }
    taints
}

fn taint(text: &str) -> Option<Taint> {
    let (front, effect) = text.rsplit_once(':')?;
    let (key, value) = front.split_once('=').unwrap_or((front, ""));
    let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect);
    (known && !key.is_empty()).then(|| Taint { key: key.into(), value: value.into(), effect: effect.into() })
}
