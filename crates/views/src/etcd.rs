//! etcd: its members, their timers and disks, and its backups.

mod from_files;

use plimsoll_model::design::{DiskKind, EtcdTopology, Raid};
use plimsoll_model::units::{Bytes, Millis};
use plimsoll_model::{Map, Name};

use crate::{DesignSource, Fact, Goals, Place};

pub use from_files::from_files;

/// An etcd cluster.
#[derive(Clone, Debug)]
pub struct EtcdCluster {
    /// What a finding about the whole cluster points at.
    pub place: Place,
    /// Whether kubeadm runs it on the control-plane machines.
    pub stacked: Fact<bool>,
    /// Voting members in all; known when every member's configuration is, or a list of all is given.
    pub voters: Fact<usize>,
    /// Whether somebody claims that it is highly available: a goal, or several control-plane machines.
    pub claims_ha: Fact<bool>,
    /// Longest round trip between members.
    pub rtt_max: Fact<Millis>,
    /// Members, in the order of their names.
    pub members: Vec<EtcdMember>,
    /// How often the API server compacts it; zero is never.
    pub apiserver_compaction: Fact<Millis>,
    /// Who defragments it, in words; `None` when nobody does.
    pub defragmentation: Fact<Option<String>>,
}

/// A member of etcd.
#[derive(Clone, Debug)]
pub struct EtcdMember {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// The physical host below.
    pub host: Fact<String>,
    /// What its data lie on.
    pub disk: EtcdDisk,
    /// Memory of its machine.
    pub memory: Fact<Bytes>,
    /// `x.y.z`
    pub version: Fact<String>,
    /// Time between signs of life of the leader.
    pub heartbeat: Fact<Millis>,
    /// Silence after which it stands for election.
    pub election: Fact<Millis>,
    /// Size at which it stops taking writes.
    pub quota: Fact<Bytes>,
    /// Own compaction; zero is never.
    pub auto_compaction: Fact<Millis>,
    /// Whether it compares its data with the others' before it serves.
    pub corrupt_check: Fact<bool>,
    /// Hosts of the URLs that other members are told (`initial-advertise-peer-urls`).
    pub advertised: Vec<Fact<String>>,
    /// Hosts that clients are told (`advertise-client-urls`).
    pub advertised_to_clients: Vec<Fact<String>>,
    /// Hosts and schemes of the URLs that clients come by.
    pub listens_plain: Fact<bool>,
    /// `enable-v2`, when somebody states it.
    pub enable_v2: Fact<Option<bool>>,
    /// Whether that stands on the command line.
    pub enable_v2_by_flag: bool,
    /// Settings whose names start with `experimental-`.
    pub experimental: Vec<Stated>,
    /// Settings that replace a default of kubeadm and lose what it is for: `feature-gates` without
    /// InitialCorruptCheck, …
    pub lost_defaults: Vec<Fact<String>>,
}

/// A setting and how it is given: etcd does not start with a flag that it does not know, and leaves an unknown variable
/// or key of its file out (3.5.16).
#[derive(Clone, Debug)]
pub struct Stated {
    /// The flag's name, or that of the variable.
    pub name: Fact<String>,
    /// Whether it stands on the command line.
    pub by_flag: bool,
}

/// What the data of a member lie on.
#[derive(Clone, Debug)]
pub struct EtcdDisk {
    /// The thing whose loss takes the data: `pve-1/fast`, or a shared store.
    pub store: Fact<String>,
    /// What it is made of.
    pub kind: Fact<DiskKind>,
    /// How its disks make one store.
    pub raid: Fact<Raid>,
    /// Who serves it over a network; `None` for disks in the host.
    pub shared: Fact<Option<String>>,
    /// Whether that is storage of the cluster itself.
    pub own_storage: Fact<bool>,
    /// 99th percentile of an fsync.
    pub fsync_p99: Fact<Millis>,
    /// Other users of the same disks (`disk/os` of the same machine, OSDs).
    pub shared_with: Fact<Vec<String>>,
}

/// The etcd cluster of a Design.
pub fn from_design(source: DesignSource<'_>) -> Vec<EtcdCluster> {
    let design = source.design;
    let etcd = &design.etcd;
    let at = |field: &str| format!("etcd/{field}");
    let claims = Goals::of(design).highly_available_api();
    let members = etcd.member.iter().map(|(name, member)| {
        let machine = design.machine.get(name);
        let corrupt = etcd.initial_corrupt_check;
        EtcdMember {
            name: name.to_string(),
            place: source.place(format!("etcd/member/{name}")),
            host: source.maybe(format!("machine/{name}/host"), source.host_of(name).map(ToString::to_string)),
            disk: disk(source, name, &member.disk),
            memory: source.maybe(format!("machine/{name}/memory"), machine.map(|machine| machine.memory)),
            version: source.maybe("version/etcd", design.version.get(&Name::from("etcd")).cloned()),
            heartbeat: source.fact(at("heartbeat"), etcd.heartbeat),
            election: source.fact(at("election"), etcd.election),
            quota: source.fact(at("quota"), etcd.quota),
            auto_compaction: source.fact(at("auto_compaction"), etcd.auto_compaction),
            corrupt_check: source.fact(at("initial_corrupt_check"), corrupt),
            advertised: vec![source.fact(format!("etcd/member/{name}/address"), member.address.to_string())],
            advertised_to_clients: Vec::new(),
            listens_plain: source.fact(at("client_port"), false),
            enable_v2: source.fact(
                "etcd/extra_args/enable-v2",
                etcd.extra_args.get(&Name::from("enable-v2")).map(|value| value != "false"),
            ),
            enable_v2_by_flag: true,
            experimental: extra(source, &etcd.extra_args, |name| name.starts_with("experimental-"))
                .into_iter()
                .map(|name| Stated { name, by_flag: true })
                .collect(),
            lost_defaults: lost_defaults(source, &etcd.extra_args),
        }
    });
    vec![EtcdCluster {
        place: source.place("etcd/member"),
        stacked: source.fact(at("topology"), etcd.topology == EtcdTopology::Stacked),
        voters: source.fact("etcd/member", etcd.member.len()),
        claims_ha: source.fact("survive", claims),
        rtt_max: source.maybe(at("rtt_max"), etcd.rtt_max),
        members: members.collect(),
        apiserver_compaction: source
            .fact("kubernetes/apiserver/etcd_compaction", design.kubernetes.apiserver.etcd_compaction),
        defragmentation: source.fact(at("defragmentation"), etcd.defragmentation.clone()),
    }]
}

fn extra(source: DesignSource<'_>, args: &Map<String>, wanted: impl Fn(&str) -> bool) -> Vec<Fact<String>> {
    let names = args.keys().filter(|name| wanted(name.as_str()));
    names.map(|name| source.fact(format!("etcd/extra_args/{name}"), name.to_string())).collect()
}

/// Flags that replace what kubeadm gives by default under the same name (kubeadm phases/etcd/local.go).
fn lost_defaults(source: DesignSource<'_>, args: &Map<String>) -> Vec<Fact<String>> {
    let lost = args.iter().filter(|(name, value)| loses_default(name.as_str(), value));
    lost.map(|(name, _)| source.fact(format!("etcd/extra_args/{name}"), name.to_string())).collect()
}

/// Whether a flag of that value replaces a default of kubeadm that is then missing.
pub(crate) fn loses_default(name: &str, value: &str) -> bool {
    match name {
        "feature-gates" => !value.split(',').any(|gate| gate.trim() == "InitialCorruptCheck=true"),
        // Probes go to the first of these, by its scheme (kubeadm util/staticpod/utils.go, GetEtcdProbeEndpoint).
        "listen-metrics-urls" => value.split(',').next().is_some_and(|url| url.trim().starts_with("https:")),
        "experimental-initial-corrupt-check" => value == "false",
        _ => false,
    }
}

fn disk(source: DesignSource<'_>, machine_name: &Name, disk_name: &Name) -> EtcdDisk {
    let design = source.design;
    let path = format!("machine/{machine_name}/disk/{disk_name}");
    let machine = design.machine.get(machine_name);
    let virtual_disk = machine.and_then(|machine| machine.disk.get(disk_name));
    let host_name = machine.map(|machine| &machine.host);
    let host = host_name.and_then(|host| design.host.get(host));
    let group = virtual_disk.and_then(|disk| host?.disk.get(&disk.on));
    let group_path = match (host_name, virtual_disk) {
        (Some(host), Some(disk)) => format!("host/{host}/disk/{}", disk.on),
        _ => path.clone(),
    };
    let shared = group.map(|group| group.shared.as_ref().map(ToString::to_string));
    let store = match (&shared, host_name, virtual_disk) {
        (Some(Some(shared)), _, _) => Some(shared.clone()),
        (Some(None), Some(host), Some(disk)) => Some(format!("{host}/{}", disk.on)),
        _ => None,
    };
    let own_pools = design.ceph.as_ref().map(|ceph| ceph.pool.keys().map(ToString::to_string).collect::<Vec<_>>());
    let own_storage = shared.as_ref().map(|shared| {
        shared.as_ref().is_some_and(|shared| own_pools.as_ref().is_some_and(|pools| pools.contains(shared)))
    });
    EtcdDisk {
        store: source.maybe(path.clone(), store),
        kind: source.maybe(format!("{group_path}/kind"), group.map(|group| group.kind)),
        raid: source.maybe(format!("{group_path}/raid"), group.map(|group| group.raid)),
        shared: source.maybe(format!("{group_path}/shared"), shared),
        own_storage: source.maybe(path.clone(), own_storage),
        fsync_p99: source.maybe(format!("{group_path}/fsync_p99"), group.and_then(|group| group.fsync_p99)),
        shared_with: source.maybe(path, virtual_disk.map(|disk| neighbours(source, machine_name, disk_name, &disk.on))),
    }
}

/// What else writes to the disks of a group of a host: other disks of machines, and groups passed through.
fn neighbours(source: DesignSource<'_>, machine: &Name, disk: &Name, group: &Name) -> Vec<String> {
    let Some(host) = source.host_of(machine) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, other) in source.design.machine.iter().filter(|(_, other)| &other.host == host) {
        let disks = other.disk.iter().filter(|(own, it)| &it.on == group && !(name == machine && *own == disk));
        found.extend(disks.map(|(own, _)| format!("machine/{name}/disk/{own}")));
        if other.passthrough.contains(group) {
            found.push(format!("machine/{name}/passthrough"));
        }
    }
    found
}
