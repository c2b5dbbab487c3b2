//! What runs beside: storage, names, monitoring, access, backups, tenants.

use plimsoll_diagnostics::Spanned;
use plimsoll_model::units::{Bytes, MilliCpu, Millis};
use plimsoll_yaml::{Map, OneOrMany, choice, record};

use crate::Opt;
use crate::scalars::{AddressRange, DiskClass, DomainName, Name, Names, Prefix, Reach, Version};

choice! {
    /// Who runs Ceph.
    pub enum CephBy: "an operator of Ceph" {
        /// Rook, in this cluster.
        Rook = "rook",
        /// Proxmox, on the hosts.
        Proxmox = "proxmox",
    }

    /// What copies are kept apart by.
    pub enum FailureDomain: "a failure domain" {
        /// The disk.
        Osd = "osd",
        /// The physical host.
        Host = "host",
        /// The rack.
        Rack = "rack",
        /// The room.
        Room = "room",
    }

    /// What a pool is offered as.
    pub enum PoolKind: "a kind of pool" {
        /// Block volumes (RBD).
        Block = "block",
        /// A file system (CephFS).
        File = "file",
        /// An object store (RGW).
        Object = "object",
    }

    /// What becomes of a volume when its claim goes.
    pub enum Reclaim: "what happens to volumes" {
        /// It goes too.
        Delete = "delete",
        /// It stays.
        Retain = "retain",
    }
}

record! {
    /// Storage for pods.
    pub struct Storage: Default {
        /// Ceph.
        pub ceph: Option<Ceph>,
        /// Disks of nodes, given out as they are.
        pub local: Option<Local>,
        /// A file server.
        pub nfs: Option<Nfs>,
        /// The class used where none is named.
        pub default: Opt<Name>,
    }

    /// Ceph.
    pub struct Ceph: Default {
        /// Who runs it.
        pub by: Opt<CephBy>,
        /// The operator's version, in quotes.
        pub version: Opt<Version>,
        /// Machines whose passed-through disks store.
        pub osds: OneOrMany<Spanned<Names>>,
        /// Machines that keep the map.
        pub mons: OneOrMany<Spanned<Names>>,
        /// How many managers there are.
        pub mgrs: Opt<u8>,
        /// Memory of each storing daemon.
        pub osd_memory: Opt<Bytes>,
        /// Whether data is encrypted on the disks.
        pub encrypted: Opt<bool>,
        /// Whether its daemons use the storage network itself instead of the pods'.
        pub host_network: Opt<bool>,
        /// How full a disk may be before a warning, of 1.
        pub near_full: Opt<f64>,
        /// How full a disk may be before writes stop, of 1.
        pub full: Opt<f64>,
        /// Whether it keeps drains from taking too many of it.
        pub pod_budgets: Opt<bool>,
        /// Pools by name.
        pub pools: Map<Name, CephPool>,
    }

    /// A pool of Ceph.
    pub struct CephPool: Default {
        /// What it is offered as.
        pub kind: Opt<PoolKind>,
        /// Copies of everything.
        pub replicas: Opt<u8>,
        /// Copies without which writes stop.
        pub min: Opt<u8>,
        /// What copies are kept apart by.
        pub domain: Opt<FailureDomain>,
        /// The kind of disk it uses.
        pub class: Opt<DiskClass>,
        /// Erasure coding instead of copies.
        pub erasure: Option<Erasure>,
        /// What becomes of a volume when its claim goes.
        pub reclaim: Opt<Reclaim>,
        /// What it will hold, before copies.
        pub used: Opt<Bytes>,
        /// Whether losing it would not matter.
        pub scratch: Opt<bool>,
    }

    /// Erasure coding.
    pub struct Erasure {
        /// Chunks that hold data.
        pub data: Spanned<u8>,
        /// Chunks that may be lost.
        pub coding: Spanned<u8>,
    }

    /// Disks of nodes, given out as they are: fast, and lost with the node.
    pub struct Local: Default {
        /// Machines that have them.
        pub from: OneOrMany<Spanned<Names>>,
        /// Which of the machines' disks.
        pub disks: OneOrMany<Spanned<Name>>,
    }

    /// A file server.
    pub struct Nfs {
        /// The external part that serves.
        pub server: Spanned<Name>,
        /// The path it exports.
        pub path: Spanned<String>,
    }

    /// Names: the zone of the cluster, and the names that pods ask for.
    pub struct Dns: Default {
        /// The zone that our servers answer for.
        pub zone: Opt<DomainName>,
        /// The machine where the zone is changed.
        pub primary: Opt<Name>,
        /// The machines that copy it: all other zone servers when not given, and none for `[]`.
        pub secondaries: Option<Vec<Spanned<Names>>>,
        /// Who delegates the zone to us.
        pub delegated_by: Opt<String>,
        /// Whether addresses lead back to names.
        pub reverse: Opt<bool>,
        /// How long an answer may be kept.
        pub ttl: Opt<Millis>,
        /// The server of names inside the cluster.
        pub coredns: Option<CoreDns>,
        /// A cache on every node.
        pub nodelocal: Option<NodeLocal>,
        /// What puts names of services into the zone.
        pub external_dns: Option<ExternalDns>,
    }

    /// CoreDNS.
    pub struct CoreDns: Default {
        /// How many run.
        pub replicas: Opt<u8>,
        /// Whom it asks for the world outside; the site's resolvers when not given.
        pub upstreams: Vec<Spanned<AddressRange>>,
        /// How long an answer is kept.
        pub cache: Opt<Millis>,
        /// Memory of each at most.
        pub memory: Opt<Bytes>,
        /// Whether a disruption budget keeps one running.
        pub disruption_budget: Opt<bool>,
        /// Domains that are asked elsewhere, with whom.
        pub forward: Map<DomainName, Vec<Spanned<AddressRange>>>,
    }

    /// NodeLocal DNSCache.
    pub struct NodeLocal short "enabled": Default {
        /// Whether it runs.
        pub enabled: Opt<bool>,
        /// The address it listens on.
        pub address: Opt<AddressRange>,
    }

    /// ExternalDNS.
    pub struct ExternalDns short "enabled": Default {
        /// Whether it runs.
        pub enabled: Opt<bool>,
        /// Its version, in quotes.
        pub version: Opt<Version>,
        /// What it may do: `upsert-only`, `sync` or `create-only`.
        pub policy: Opt<String>,
        /// The name it marks its records with.
        pub owner: Opt<String>,
        /// How often it looks.
        pub interval: Opt<Millis>,
    }

    /// Monitoring.
    pub struct Monitoring: Default {
        /// Where its data lies: `local`, or a pool.
        pub storage: Opt<Name>,
        /// How long it is kept.
        pub retention: Opt<Millis>,
        /// Where alerts go.
        pub alerts: Opt<String>,
    }

    /// Who gets in.
    pub struct Access: Default {
        /// File with the administrators' public SSH keys.
        pub ssh: Opt<String>,
        /// File that holds the encrypted secrets.
        pub secrets: Opt<String>,
        /// Files with the public keys that secrets are encrypted to.
        pub recipients: Vec<Spanned<String>>,
        /// Networks that administrators come from.
        pub admins: Vec<Spanned<Prefix>>,
        /// Packet filters on machines.
        pub firewall: Option<Firewall>,
    }

    /// Packet filters on machines.
    pub struct Firewall short "enabled": Default {
        /// Whether they are written.
        pub enabled: Opt<bool>,
        /// Ports opened beside those that roles need, as `tcp/9100`, with where from.
        pub open: Map<String, OneOrMany<Spanned<Prefix>>>,
        /// Ports closed although a role needs them, as `vrrp`, `tcp/2380`; for trying what breaks.
        pub close: Vec<Spanned<String>>,
    }

    /// Backups.
    pub struct Backups: Default {
        /// Of etcd.
        pub etcd: Option<EtcdBackup>,
        /// Of volumes.
        pub volumes: Option<VolumeBackup>,
    }
}

choice! {
    /// What goes with a snapshot.
    pub enum With: "what goes along" {
        /// The authorities' keys and the encryption configuration, encrypted.
        Pki = "pki",
        /// Nothing.
        None = "none",
    }

    /// How often a restore is tried.
    pub enum Often: "how often" {
        /// Every week.
        Weekly = "weekly",
        /// Every month.
        Monthly = "monthly",
        /// Every quarter.
        Quarterly = "quarterly",
        /// Never.
        Never = "never",
    }
}

record! {
    /// Backups of etcd.
    pub struct EtcdBackup {
        /// How often.
        pub every: Spanned<Millis>,
        /// How many are kept.
        pub keep: Spanned<u32>,
        /// Where they go.
        pub to: Spanned<Name>,
        /// What goes along.
        pub with: Opt<With>,
        /// Whether each snapshot is checked.
        pub verify: Opt<bool>,
        /// How often a restore is tried.
        pub restore_test: Opt<Often>,
        /// The last time it was, in quotes.
        pub last_restore_test: Opt<crate::scalars::Date>,
    }

    /// Backups of volumes.
    pub struct VolumeBackup {
        /// How often.
        pub every: Spanned<Millis>,
        /// How many are kept.
        pub keep: Spanned<u32>,
        /// Where they go.
        pub to: Spanned<Name>,
        /// Of which pools.
        pub pools: Vec<Spanned<Name>>,
        /// Whether they are encrypted.
        pub encrypted: Opt<bool>,
    }

    /// Who uses the cluster, and how much of it.
    pub struct Tenant {
        /// Processor time at most.
        pub cpu: Spanned<MilliCpu>,
        /// Memory at most.
        pub memory: Spanned<Bytes>,
        /// Volumes at most, by pool.
        pub storage: Map<Name, Spanned<Bytes>>,
        /// Pods at most.
        pub pods: Opt<u32>,
        /// Services with an address of their own at most.
        pub load_balancers: Opt<u32>,
        /// What a container gets that asks for nothing: processor time.
        pub default_cpu: Opt<MilliCpu>,
        /// What a container gets that asks for nothing: memory.
        pub default_memory: Opt<Bytes>,
        /// People and groups that may use it, as the API knows them.
        pub users: Vec<Spanned<String>>,
        /// Graphics processors at most.
        pub gpus: Opt<u32>,
        /// Whether law asks for encrypted volumes and backups.
        pub regulated: Opt<bool>,
        /// Who may connect to its pods, beside its own namespace: `any`, `internet`, prefixes, namespaces (of the ingress
        /// controller, say). Nobody when not given. A prefix sees clients' own addresses only through a service with
        /// `externalTrafficPolicy: Local`.
        pub from: OneOrMany<Spanned<Reach>>,
        /// Where its pods may connect to, beside its own namespace and the resolver: `any`, `internet` (every public
        /// address, none of the site's), prefixes, namespaces. Nowhere when not given.
        pub to: OneOrMany<Spanned<Reach>>,
        /// What it wants of the cluster's namespaces; its own name when not given.
        pub namespaces: Vec<Spanned<Name>>,
    }
}
