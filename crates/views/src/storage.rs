//! Storage: Ceph with its monitors, disks and pools, and the classes that volumes are asked from.

mod claims;
mod from_files;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::Name;
use plimsoll_model::design::{Ceph, Design, FailureDomain, Machine};
use plimsoll_model::units::Bytes;

use crate::{DesignSource, Fact, Place};

pub use claims::Claimant;
pub use from_files::from_files;

/// What the cluster keeps data on.
#[derive(Clone, Debug)]
pub struct Storage {
    /// Ceph clusters, as a rule one.
    pub ceph: Vec<CephCluster>,
    /// Pools whose cluster is not among the files.
    pub pools_apart: Vec<Pool>,
    /// Classes that volumes are asked from.
    pub classes: Vec<Class>,
    /// Claims that name no class, where claims are known.
    pub claims_without_class: Vec<Fact<String>>,
    /// StatefulSets with the classes that their claims name, where they are known.
    pub claimants: Vec<Claimant>,
}

/// A Ceph cluster.
#[derive(Clone, Debug)]
pub struct CephCluster {
    /// What a finding about all of it points at.
    pub place: Place,
    /// How many monitors vote.
    pub mon_count: Fact<usize>,
    /// The monitors, where their places are known.
    pub mons: Vec<Mon>,
    /// Whether two monitors may run on one node.
    pub mon_multiple: Fact<bool>,
    /// Physical hosts of the nodes, as far as known.
    pub hosts: Fact<usize>,
    /// Disks.
    pub osds: Vec<Osd>,
    /// Whether these are all disks. When false, nothing may be concluded from there being few.
    pub osds_whole: bool,
    /// Pools, those inside file systems and object stores too.
    pub pools: Vec<Pool>,
    /// Whether daemons use the networks of their nodes (`host`) or Multus instead of the pod network.
    pub own_networks: Fact<bool>,
    /// Prefixes set for clients and replication; empty when none are.
    pub ranges: Fact<Vec<String>>,
    /// Whether every empty disk of every node is taken.
    pub takes_everything: Fact<bool>,
    /// Whether Rook keeps disruption budgets for the disks.
    pub pod_budgets: Fact<bool>,
    /// Priority class of monitors.
    pub mon_priority: Fact<Option<String>>,
    /// Priority class of disks.
    pub osd_priority: Fact<Option<String>>,
    /// Fill ratio of a warning.
    pub near_full: Fact<f64>,
    /// Fill ratio at which backfill stops.
    pub backfill_full: Fact<f64>,
    /// Fill ratio at which writes stop.
    pub full: Fact<f64>,
}

/// A monitor.
#[derive(Clone, Debug)]
pub struct Mon {
    /// The node it runs on.
    pub node: String,
    /// What a finding about it points at.
    pub place: Place,
    /// The physical host below.
    pub host: Fact<String>,
    /// The rack that stands in.
    pub rack: Fact<String>,
}

/// A disk of Ceph.
#[derive(Clone, Debug)]
pub struct Osd {
    /// Node and device.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// The node, which is what CRUSH calls a host.
    pub node: String,
    /// The physical host below.
    pub host: Fact<String>,
    /// The rack that stands in.
    pub rack: Fact<String>,
    /// Size.
    pub size: Fact<Bytes>,
    /// `nvme`, `ssd`, `hdd` or a name of the operator's own.
    pub class: Fact<String>,
    /// Whether its node has an address in the replication network.
    pub in_cluster_network: Fact<bool>,
    /// Name or path of its device, where it is listed.
    pub device: Fact<String>,
    /// Whether Ceph encrypts what it keeps there, by the settings of the cluster or the node.
    pub encrypted: Fact<bool>,
}

impl Osd {
    /// The CRUSH bucket of a type (`osd`, `host`, `chassis`, `rack`) that holds it; unknown for other types.
    pub fn bucket(&self, kind: &str) -> Option<&str> {
        match kind {
            "osd" => Some(&self.name),
            "host" => Some(&self.node),
            "chassis" => self.host.get().map(String::as_str),
            "rack" => self.rack.get().map(String::as_str),
            _ => None,
        }
    }
}

/// What a pool is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolUse {
    /// Block images.
    Block,
    /// Names and attributes of files or objects, which are stored as omap.
    Metadata,
    /// The first data pool of a file system: small metadata of every file lie in it.
    FirstData,
    /// Other contents.
    Data,
}

/// How a pool keeps data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redundancy {
    /// Whole copies.
    Copies(u32),
    /// Chunks of data and of parity.
    Chunks(u32, u32),
}

impl Redundancy {
    /// Pieces in different domains, of which a placement group is made.
    pub const fn pieces(self) -> u32 {
        match self {
            Redundancy::Copies(size) => size,
            Redundancy::Chunks(data, coding) => data + coding,
        }
    }

    /// Pieces that must be there for reads and writes when nobody sets it: size − ⌊size/2⌋ for copies, k + min(1, m − 1)
    /// for chunks (Ceph, `get_osd_pool_default_min_size` and the erasure-code branch of `prepare_pool_size`).
    pub const fn default_min(self) -> u32 {
        match self {
            Redundancy::Copies(size) => size - size / 2,
            Redundancy::Chunks(data, coding) => data + if coding > 1 { 1 } else { 0 },
        }
    }

    /// Each piece as a share of the data.
    pub fn share(self) -> f64 {
        match self {
            Redundancy::Copies(_) => 1.0,
            Redundancy::Chunks(data, _) => 1.0 / f64::from(data.max(1)),
        }
    }
}

/// A pool.
#[derive(Clone, Debug)]
pub struct Pool {
    /// `ssd`, or `files data` for one inside a file system.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// What it is for.
    pub usage: PoolUse,
    /// Copies or chunks.
    pub redundancy: Fact<Redundancy>,
    /// Pieces that must be there for reads and writes.
    pub min: Fact<u32>,
    /// CRUSH bucket type over which pieces are spread.
    pub domain: Fact<String>,
    /// Class of disks; `Some(None)` for all.
    pub class: Fact<Option<String>>,
    /// Copies in each bucket.
    pub per_domain: Fact<u32>,
    /// Whether an unsafe number of copies is refused.
    pub safe_size: Fact<bool>,
    /// Whether what lies in it may be lost; unknown when nobody says.
    pub scratch: Fact<bool>,
    /// What it holds or was promised to hold, before copies.
    pub used: Fact<Bytes>,
    /// Whether `used` is the sum of the quotas of tenants.
    pub used_by_quota: bool,
}

/// A class that volumes are asked from.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Who makes the volumes.
    pub provisioner: Fact<String>,
    /// The pool that images lie in, by name.
    pub pool: Fact<Option<String>>,
    /// Whether claims without a class get it.
    pub default: Fact<bool>,
    /// Whether a deleted claim keeps its data.
    pub retain: Fact<bool>,
    /// `Immediate` or `WaitForFirstConsumer`.
    pub binding: Fact<String>,
    /// Whether its volumes are on the disks of one node.
    pub local: Fact<bool>,
    /// Whether a backup covers it; unknown for files.
    pub backed_up: Fact<bool>,
}

impl CephCluster {
    /// Disks that may hold a pool's data, by the pool's failure domain. `None` when the class of a disk or its bucket
    /// is unknown.
    pub fn domains(&self, pool: &Pool) -> Option<BTreeMap<&str, Vec<&Osd>>> {
        let kind = pool.domain.get()?;
        let class = pool.class.get()?;
        let mut domains: BTreeMap<&str, Vec<&Osd>> = BTreeMap::new();
        for osd in &self.osds {
            let counts = match class {
                Some(class) => osd.class.get()? == class,
                None => true,
            };
            if counts {
                domains.entry(osd.bucket(kind)?).or_default().push(osd);
            }
        }
        Some(domains)
    }

    /// The classes of its disks; `None` when one is unknown.
    pub fn classes(&self) -> Option<BTreeSet<&str>> {
        self.osds.iter().map(|osd| osd.class.get().map(String::as_str)).collect()
    }

    /// Nodes with disks, each once.
    pub fn osd_nodes(&self) -> BTreeSet<&str> {
        self.osds.iter().map(|osd| osd.node.as_str()).collect()
    }
}

/// Storage of a Design.
pub fn from_design(source: DesignSource<'_>) -> Storage {
    let design = source.design;
    let ceph = design.ceph.iter().map(|ceph| cluster(source, ceph)).collect();
    let mut classes: Vec<Class> = design.ceph.iter().flat_map(|ceph| ceph_classes(source, ceph)).collect();
    if let Some(local) = &design.local_storage {
        let at = |field: &str| format!("local_storage/{field}");
        classes.push(Class {
            name: local.class.to_string(),
            place: source.place("local_storage"),
            provisioner: source.fact(at("class"), "kubernetes.io/no-provisioner".to_owned()),
            pool: source.fact(at("class"), None),
            default: source.fact(at("class"), false),
            retain: source.fact(at("class"), false),
            // The rendered class waits for the pod, since a volume is on one node.
            binding: source.fact(at("class"), "WaitForFirstConsumer".to_owned()),
            local: source.fact(at("class"), true),
            backed_up: source.maybe(at("class"), None),
        });
    }
    Storage { ceph, pools_apart: Vec::new(), classes, claims_without_class: Vec::new(), claimants: Vec::new() }
}

fn rack_of(design: &Design, host: &Name) -> Option<String> {
    design.host.get(host).map(|host| host.rack.to_string())
}

fn cluster(source: DesignSource<'_>, ceph: &Ceph) -> CephCluster {
    let design = source.design;
    let at = |field: &str| format!("ceph/{field}");
    let mons: Vec<Mon> = ceph
        .mon
        .keys()
        .map(|node| {
            let host = source.host_of(node);
            Mon {
                node: node.to_string(),
                place: source.place(format!("ceph/mon/{node}")),
                host: source.maybe(format!("machine/{node}/host"), host.map(ToString::to_string)),
                rack: source.maybe(
                    format!("host/{}/rack", host.map_or("", Name::as_str)),
                    host.and_then(|host| rack_of(design, host)),
                ),
            }
        })
        .collect();
    let osds = ceph
        .osd
        .iter()
        .map(|(name, osd)| {
            let at = |field: &str| format!("ceph/osd/{name}/{field}");
            let host = source.host_of(&osd.machine);
            let inside = design.machine.get(&osd.machine).map(|machine| stands_in(machine, ceph));
            Osd {
                name: name.to_string(),
                place: source.place(format!("ceph/osd/{name}")),
                node: osd.machine.to_string(),
                host: source.maybe(format!("machine/{}/host", osd.machine), host.map(ToString::to_string)),
                rack: source.maybe(
                    format!("host/{}/rack", host.map_or("", Name::as_str)),
                    host.and_then(|host| rack_of(design, host)),
                ),
                size: source.fact(at("size"), osd.size),
                class: source.fact(at("class"), osd.class.clone()),
                in_cluster_network: source.maybe(format!("machine/{}/nic", osd.machine), inside),
                device: source.fact(at("device"), osd.device.clone()),
                encrypted: source.fact("ceph/encrypted", ceph.encrypted),
            }
        })
        .collect();
    let hosts: BTreeSet<&Name> = design.nodes().map(|(_, machine)| &machine.host).collect();
    let priority = ceph.priority_class.clone();
    CephCluster {
        place: source.place("ceph"),
        mon_count: source.fact("ceph/mon", ceph.mon.len()),
        mons,
        mon_multiple: source.fact(at("mon_allow_multiple_per_node"), ceph.mon_allow_multiple_per_node),
        hosts: source.fact("host", hosts.len()),
        osds,
        osds_whole: true,
        pools: pools(source, ceph),
        own_networks: source.fact(at("host_network"), ceph.host_network),
        ranges: source
            .fact(at("cluster_network"), vec![ceph.public_network.to_string(), ceph.cluster_network.to_string()]),
        takes_everything: source.fact(at("osd"), false),
        pod_budgets: source.fact(at("manage_pod_budgets"), ceph.manage_pod_budgets),
        mon_priority: source.fact(at("priority_class"), priority.clone()),
        osd_priority: source.fact(at("priority_class"), priority),
        near_full: source.fact(at("near_full"), ceph.near_full),
        backfill_full: source.fact(at("backfill_full"), ceph.backfill_full),
        full: source.fact(at("full"), ceph.full),
    }
}

fn stands_in(machine: &Machine, ceph: &Ceph) -> bool {
    machine.nic.values().any(|nic| match nic.address.addr() {
        std::net::IpAddr::V4(address) => ceph.cluster_network.contains(&address),
        std::net::IpAddr::V6(_) => false,
    })
}

/// What all kinds of pools have in a Design.
struct Written<'a> {
    folder: &'a str,
    name: &'a Name,
    redundancy: Redundancy,
    min: u32,
    domain: FailureDomain,
    class: &'a Option<String>,
    used: Option<Bytes>,
}

fn pools(source: DesignSource<'_>, ceph: &Ceph) -> Vec<Pool> {
    let mut pools = Vec::new();
    for (name, pool) in &ceph.pool {
        let redundancy = match pool.erasure {
            Some((data, coding)) => Redundancy::Chunks(data, coding),
            None => Redundancy::Copies(pool.replicas),
        };
        let (min, domain, class, used) = (pool.min, pool.domain, &pool.class, pool.used);
        // An erasure-coded pool is rendered with a small replicated one for the images' metadata.
        let usage = if pool.erasure.is_some() { PoolUse::Data } else { PoolUse::Block };
        let written = Written { folder: "pool", name, redundancy, min, domain, class, used };
        let mut one = pool_of(source, &written, usage);
        one.safe_size = source.fact(format!("ceph/pool/{name}/require_safe_size"), pool.require_safe_size);
        one.scratch = source.fact(format!("ceph/pool/{name}/scratch"), pool.scratch);
        pools.push(one);
    }
    for (name, it) in &ceph.filesystem {
        let (min, domain, class, used) = (it.min, it.domain, &it.class, it.used);
        let redundancy = Redundancy::Copies(it.replicas);
        let written = Written { folder: "filesystem", name, redundancy, min, domain, class, used };
        pools.push(pool_of(source, &written, PoolUse::FirstData));
    }
    for (name, it) in &ceph.object_store {
        let (min, domain, class, used) = (it.min, it.domain, &it.class, it.used);
        let redundancy = Redundancy::Copies(it.replicas);
        let written = Written { folder: "object_store", name, redundancy, min, domain, class, used };
        pools.push(pool_of(source, &written, PoolUse::Data));
    }
    pools
}

fn pool_of(source: DesignSource<'_>, written: &Written<'_>, usage: PoolUse) -> Pool {
    let root = format!("ceph/{}/{}", written.folder, written.name);
    let at = |field: &str| format!("{root}/{field}");
    let amount = match written.redundancy {
        Redundancy::Copies(_) => "replicas",
        Redundancy::Chunks(..) => "erasure",
    };
    let quotas = quotas(source.design, written.name);
    let by_quota = quotas.is_some();
    let used = match (written.used, quotas) {
        (Some(used), _) => source.fact(at("used"), used),
        (None, Some((largest, promised))) => source.fact(largest, promised),
        (None, None) => source.maybe(at("used"), None),
    };
    Pool {
        name: written.name.to_string(),
        place: source.place(root.clone()),
        usage,
        redundancy: source.fact(at(amount), written.redundancy),
        min: source.fact(at("min"), written.min),
        domain: source.fact(at("domain"), written.domain.as_str().to_owned()),
        class: source.fact(at("class"), written.class.clone()),
        per_domain: source.fact(at("domain"), 1),
        safe_size: source.fact(at(amount), true),
        scratch: source.fact(at("domain"), false),
        used_by_quota: written.used.is_none() && by_quota,
        used,
    }
}

/// What tenants may take of the classes that draw from a pool, with the path of the largest quota; `None` when no tenant
/// has a quota of them.
fn quotas(design: &Design, pool: &Name) -> Option<(String, Bytes)> {
    let classes = &design.ceph.as_ref()?.storage_class;
    let mut largest: Option<(String, Bytes)> = None;
    let mut sum = Bytes(0);
    for (tenant, it) in &design.tenant {
        for (class, quota) in
            it.storage.iter().filter(|(class, _)| classes.get(*class).is_some_and(|it| it.from == *pool))
        {
            sum = Bytes(sum.0.saturating_add(quota.0));
            if largest.as_ref().is_none_or(|(_, most)| quota > most) {
                largest = Some((format!("tenant/{tenant}/storage/{class}"), *quota));
            }
        }
    }
    largest.map(|(path, _)| (path, sum))
}

fn ceph_classes(source: DesignSource<'_>, ceph: &Ceph) -> Vec<Class> {
    let backed_up = |pool: &Name| source.design.backup.volume.values().any(|job| job.pools.contains(pool));
    ceph.storage_class
        .iter()
        .map(|(name, class)| {
            let at = |field: &str| format!("ceph/storage_class/{name}/{field}");
            let rbd = class.kind == "rbd";
            let pool = ceph.pool.get(&class.from);
            let replicated = pool.is_some_and(|pool| pool.erasure.is_none());
            Class {
                name: name.to_string(),
                place: source.place(format!("ceph/storage_class/{name}")),
                provisioner: source.fact(at("kind"), format!("rook-ceph.{}.csi.ceph.com", class.kind)),
                pool: source.fact(at("from"), (rbd && replicated).then(|| class.from.to_string())),
                default: source.fact(at("default"), class.default),
                retain: source.fact(at("retain"), class.retain),
                binding: source.fact(at("kind"), "Immediate".to_owned()),
                local: source.fact(at("kind"), false),
                backed_up: source.fact("backup/volume", backed_up(&class.from)),
            }
        })
        .collect()
}
