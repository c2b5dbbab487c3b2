//! Ceph, local volumes and those of a file server.

use plimsoll_diagnostics::{Diagnostic, Spanned};
use plimsoll_model::design::{
    Ceph, CephFilesystem, CephObjectStore, CephPool, DiskKind, FailureDomain, Host, LocalStorage, Machine, Mon,
    Network, Nfs, Osd, Purpose, Role, StorageClass,
};
use plimsoll_model::{Map, Name};
use plimsoll_spec::services::{self, FailureDomain as SpecDomain, PoolKind, Reclaim};

use crate::cx::{At, Cx, error, map};
use crate::expand::{all_names, name};

use super::machines::LOCAL_DIRECTORY;

pub(crate) struct Parts<'a> {
    pub(crate) networks: &'a Map<Network>,
    pub(crate) hosts: &'a Map<Host>,
    pub(crate) machines: &'a Map<Machine>,
}

pub(crate) fn ceph(cx: &Cx<'_>, parts: &Parts<'_>) -> Option<Ceph> {
    let spec = cx.spec.storage.as_ref()?.ceph.as_ref()?;
    let at = cx.at("ceph");
    let edition = cx.edition;
    let network = |purpose| parts.networks.iter().find(|(_, network)| network.purposes.contains(&purpose));
    let (public, cluster) = (network(Purpose::CephPublic)?, network(Purpose::CephCluster)?);
    let osd = osds(cx, &at, parts, spec, &[public.0, cluster.0]);
    let mut pool = Map::new();
    let mut filesystem = Map::new();
    let mut object_store = Map::new();
    let mut storage_class = Map::new();
    let default = cx.spec.storage.as_ref().and_then(|storage| storage.default.as_ref());
    // Blocks before files, in the order of names: the first of them is what is meant when nothing is said.
    let offered = |kind: PoolKind| {
        let mut names: Vec<Name> = spec
            .pools
            .iter()
            .filter(|(_, pool)| pool.kind.as_ref().map_or(PoolKind::Block, |word| word.value) == kind)
            .map(|(word, _)| name(word))
            .collect();
        names.sort();
        names
    };
    let first = offered(PoolKind::Block).into_iter().chain(offered(PoolKind::File)).next();
    for (word, written) in &spec.pools {
        let pool_name = name(word);
        let kind = written.kind.as_ref().map_or(PoolKind::Block, |kind| kind.value);
        let place = match kind {
            PoolKind::Block => "pool",
            PoolKind::File => "filesystem",
            PoolKind::Object => "object_store",
        };
        let of = at.child(format!("{place}/{word}"));
        of.here(word.span, false);
        let one = one_pool(cx, &of, written);
        match kind {
            PoolKind::Block => {
                pool.insert(pool_name.clone(), one);
            }
            PoolKind::File => {
                let design = CephFilesystem {
                    replicas: one.replicas,
                    domain: one.domain,
                    active_mds: of.chosen("active_mds", 1, "one works, one waits"),
                    min: one.min,
                    class: one.class,
                    used: one.used,
                };
                filesystem.insert(pool_name.clone(), design);
            }
            PoolKind::Object => {
                let design = CephObjectStore {
                    replicas: one.replicas,
                    domain: one.domain,
                    gateways: of.chosen("gateways", 2, "one may be away"),
                    min: one.min,
                    class: one.class,
                    used: one.used,
                };
                object_store.insert(pool_name.clone(), design);
            }
        }
        if kind != PoolKind::Object {
            let class = at.child(format!("storage_class/{word}"));
            let from = format!("ceph/{place}/{word}");
            class.derived("", (), &[&from]);
            let retain = map(&written.reclaim, |reclaim| *reclaim == Reclaim::Retain);
            let is_default = match default {
                Some(default) => class.expanded("default", name(default) == pool_name, default.span),
                None => class.chosen("default", first.as_ref() == Some(&pool_name), "the first block pool"),
            };
            let design = StorageClass {
                from: class.derived("from", pool_name.clone(), &[&from]),
                kind: class.derived("kind", if kind == PoolKind::Block { "rbd" } else { "cephfs" }.into(), &[&from]),
                default: is_default,
                retain: class.or_chosen("retain", retain.as_ref(), false, "Kubernetes: volumes go with their claims"),
            };
            storage_class.insert(pool_name, design);
        }
    }
    for (field, empty) in
        [("pool", pool.is_empty()), ("filesystem", filesystem.is_empty()), ("object_store", object_store.is_empty())]
    {
        at.chosen_unless(field, empty, "none were written");
    }
    let mgrs = map(&spec.mgrs, |mgrs| u32::from(*mgrs));
    Some(Ceph {
        host_network: at.or_chosen(
            "host_network",
            spec.host_network.as_ref(),
            true,
            "storage keeps to its own network",
        ),
        public_network: at.derived("public_network", public.1.ipv4, &[&format!("network/{}/ipv4", public.0)]),
        cluster_network: at.derived("cluster_network", cluster.1.ipv4, &[&format!("network/{}/ipv4", cluster.0)]),
        mon: mons(&at, parts, spec),
        mon_allow_multiple_per_node: at.chosen("mon_allow_multiple_per_node", false, "one node would take two votes"),
        mgr_count: at.or("mgr_count", mgrs.as_ref(), &edition.mgrs),
        osd,
        osd_memory: at.or("osd_memory", spec.osd_memory.as_ref(), &edition.osd_memory),
        osd_cpu: at.fixed("osd_cpu", &edition.osd_cpu),
        mon_memory: at.fixed("mon_memory", &edition.mon_memory),
        osd_heartbeat_grace: at.fixed("osd_heartbeat_grace", &edition.osd_heartbeat_grace),
        down_out_interval: at.fixed("down_out_interval", &edition.down_out_interval),
        manage_pod_budgets: at.or_chosen(
            "manage_pod_budgets",
            spec.pod_budgets.as_ref(),
            true,
            "Rook's own false lets a drain take two",
        ),
        priority_class: Some(at.chosen("priority_class", "system-node-critical".into(), "Rook's example")),
        encrypted: at.or_chosen("encrypted", spec.encrypted.as_ref(), false, "nobody asked for it"),
        near_full: at.or("near_full", spec.near_full.as_ref(), &edition.near_full),
        backfill_full: at.fixed("backfill_full", &edition.backfill_full),
        full: at.or("full", spec.full.as_ref(), &edition.full),
        pool,
        filesystem,
        object_store,
        storage_class,
    })
}

fn one_pool(cx: &Cx<'_>, at: &At<'_, '_>, written: &services::CephPool) -> CephPool {
    let erasure = written.erasure.as_ref().map(|erasure| {
        let data = at.written("erasure/0", &map_u32(&erasure.data));
        (data, at.written("erasure/1", &map_u32(&erasure.coding)))
    });
    let replicas = written.replicas.as_ref().map(map_u32);
    let replicas = at.or("replicas", replicas.as_ref(), &cx.edition.replicas);
    // Ceph's own rule: size - size/2 for copies, k + min(1, m - 1) for chunks.
    let own_min = match erasure {
        Some((data, coding)) => data + 1.min(coding.saturating_sub(1)),
        None => replicas - replicas / 2,
    };
    let min = written.min.as_ref().map(map_u32);
    let domain = match written.domain.as_ref().map(|word| (at.written("domain", word), word.span)) {
        Some((SpecDomain::Osd, _)) => FailureDomain::Osd,
        Some((SpecDomain::Rack, _)) => FailureDomain::Rack,
        Some((SpecDomain::Room, span)) => {
            cx.say(
                error("not-yet", "`domain: room` is understood but not built yet", span, "")
                    .help("write `domain: rack`"),
            );
            FailureDomain::Rack
        }
        // Nodes are guests: what a person calls a host is the server below, whatever runs how many nodes on it.
        Some((SpecDomain::Host, _)) => FailureDomain::Chassis,
        None => at.chosen("domain", FailureDomain::Chassis, "one server may be lost"),
    };
    let class = map(&written.class, |class| class.as_str().to_owned());
    CephPool {
        replicas,
        min: at.or_chosen("min", min.as_ref(), own_min, "Ceph's own: one copy more than the least that could be lost"),
        erasure,
        domain,
        class: at.stated("class", &class).or_else(|| at.chosen("class", None, "all disks")),
        require_safe_size: at.chosen("require_safe_size", true, "a single copy is refused"),
        scratch: at.or_chosen("scratch", written.scratch.as_ref(), false, "data are worth keeping"),
        used: at.stated("used", &written.used),
    }
}

fn map_u32(value: &Spanned<u8>) -> Spanned<u32> {
    Spanned { value: u32::from(value.value), span: value.span }
}

fn mons(at: &At<'_, '_>, parts: &Parts<'_>, spec: &services::Ceph) -> Map<Mon> {
    let written = all_names(spec.mons.iter());
    let span = spec.mons.first().and_then(|names| names.span);
    let names = if written.is_empty() {
        // One on each physical host, from the last: the first ones carry the control plane.
        let mut seen = Vec::new();
        let mut chosen: Vec<Name> = Vec::new();
        for (name, machine) in parts.machines.iter().rev().filter(|(_, machine)| machine.role == Role::Worker) {
            if !seen.contains(&&machine.host) {
                seen.push(&machine.host);
                chosen.push(name.clone());
            }
        }
        chosen.truncate(if chosen.len() >= 3 { 3 } else { 1 });
        chosen
    } else {
        written
    };
    let mut mons = Map::new();
    for name in names {
        let Some(machine) = parts.machines.get(&name) else { continue };
        let at = at.child(format!("mon/{name}"));
        if spec.mons.is_empty() {
            at.chosen("", (), "three workers on three hosts, away from the control plane where there are enough");
        } else {
            at.here(span, true);
        }
        let host = at.derived("host", machine.host.clone(), &[&format!("machine/{name}/host")]);
        mons.insert(name, Mon { host });
    }
    mons
}

fn osds(cx: &Cx<'_>, at: &At<'_, '_>, parts: &Parts<'_>, spec: &services::Ceph, networks: &[&Name]) -> Map<Osd> {
    let written = all_names(spec.osds.iter());
    let span = spec.osds.first().and_then(|names| names.span);
    let names = if written.is_empty() {
        let passing = parts.machines.iter().filter(|(_, machine)| !machine.passthrough.is_empty());
        passing.map(|(name, _)| name.clone()).collect()
    } else {
        written
    };
    let mut osds = Map::new();
    for name in &names {
        let Some(machine) = parts.machines.get(name) else { continue };
        let Some(host) = parts.hosts.get(&machine.host) else { continue };
        for network in networks {
            if !machine.nic.contains_key(*network) {
                let problem =
                    Diagnostic::error(format!("`{name}` stores data and does not stand in network `{network}`"));
                let problem = problem.code("not-in-network").at(span, "stores for Ceph");
                cx.say(problem.help(format!("add `{network}` to its `networks`")));
            }
        }
        if machine.passthrough.is_empty() {
            let problem =
                Diagnostic::error(format!("`{name}` stores data and is given no disks whole")).code("no-disks");
            cx.say(problem.at(span, "stores for Ceph").help("name disks of its host under `pass`"));
        }
        // Where rendering attaches them: after the guest's own disks, group by group.
        let mut place = machine
            .disk
            .values()
            .filter_map(|disk| disk.bus.strip_prefix("scsi")?.parse::<u32>().ok())
            .max()
            .map_or(0, |last| last + 1);
        for group in &machine.passthrough {
            let Some(disk) = host.disk.get(group) else { continue };
            for index in 0..disk.count {
                let osd = Name::from(format!("{name}:{group}-{index}"));
                let at = at.child(format!("osd/{osd}"));
                let from = format!("host/{}/disk/{group}", machine.host);
                at.derived("", (), &[&from, &format!("machine/{name}/passthrough")]);
                // Proxmox VE sets the SCSI device id to the drive's place, whatever its serial number; udev makes the
                // link of that.
                let device = format!("/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi{place}");
                let class = match disk.kind {
                    DiskKind::Hdd => "hdd",
                    DiskKind::Ssd => "ssd",
                    DiskKind::Nvme => "nvme",
                };
                let design = Osd {
                    machine: name.clone(),
                    host: machine.host.clone(),
                    disk: group.clone(),
                    device: at.derived("device", device, &[&format!("machine/{name}/disk"), &from]),
                    size: disk.size,
                    class: class.into(),
                };
                osds.insert(osd, design);
                place += 1;
            }
        }
    }
    if osds.is_empty() && !cx.failed() {
        let problem = Diagnostic::error("Ceph has no disks").code("no-disks").at(span, "");
        cx.say(problem.help("give machines whole disks with `pass`, and name them under `osds`"));
    }
    osds
}

pub(crate) fn local(cx: &Cx<'_>, machines: &Map<Machine>) -> Option<LocalStorage> {
    let spec = cx.spec.storage.as_ref()?.local.as_ref()?;
    let at = cx.at("local_storage");
    let written = all_names(spec.from.iter());
    let nodes: Vec<Name> = if written.is_empty() {
        let mounted = |machine: &Machine| {
            machine
                .disk
                .values()
                .any(|disk| disk.mount.as_ref().is_some_and(|mount| mount.starts_with(LOCAL_DIRECTORY)))
        };
        let nodes = machines.iter().filter(|(_, machine)| mounted(machine)).map(|(name, _)| name.clone());
        at.chosen("nodes", nodes.collect(), "those that have such disks")
    } else {
        at.expanded("nodes", written, spec.from.first().and_then(|names| names.span))
    };
    Some(LocalStorage {
        class: at.chosen("class", "local".into(), "the word for it in the file"),
        directory: at.chosen("directory", LOCAL_DIRECTORY.into(), "ours"),
        nodes,
    })
}

pub(crate) fn nfs(cx: &Cx<'_>) -> Option<Nfs> {
    let spec = cx.spec.storage.as_ref()?.nfs.as_ref()?;
    let at = cx.at("nfs");
    Some(Nfs { server: name(&at.written("server", &spec.server)), path: at.written("path", &spec.path) })
}
