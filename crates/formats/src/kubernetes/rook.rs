//! Objects of Rook (`ceph.rook.io/v1`).

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Map, Node, Rest, record};

use super::Part;
use super::workload::{Affinity, Resources, Toleration};
use crate::Setting;

record! {
    /// A Ceph cluster.
    pub struct CephCluster as camelCase: Default {
        /// What is asked for.
        pub spec: Part<CephClusterSpec>,
    }

    /// See [`CephCluster`].
    pub struct CephClusterSpec as camelCase: Default {
        /// The image of its daemons.
        pub ceph_version: Option<CephVersion>,
        /// Directory on each host for its keys and logs.
        pub data_dir_host_path: Setting<String>,
        /// Monitors.
        pub mon: Option<CephMon>,
        /// Managers.
        pub mgr: Option<CephMgr>,
        /// Whether it is run elsewhere.
        pub external: Option<CephExternal>,
        /// Networks.
        pub network: Option<CephNetwork>,
        /// Metrics and rules.
        pub monitoring: Option<CephMonitoring>,
        /// Whether daemons that crash are kept on record.
        pub crash_collector: Option<Node>,
        /// Disks.
        pub storage: Option<CephStorage>,
        /// Where daemons run, by kind (`all`, `mon`, `osd`, `mgr`).
        pub placement: Map<String, Placement>,
        /// What daemons ask for, by kind.
        pub resources: Map<String, Setting<Resources>>,
        /// Priority classes, by kind.
        pub priority_class_names: Map<String, Setting<String>>,
        /// What Rook does when nodes are drained.
        pub disruption_management: Option<DisruptionManagement>,
        /// Encryption and keys.
        pub security: Option<Node>,
        /// Settings of `ceph config`, by section.
        pub ceph_config: Map<String, Map<String, Setting<String>>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// The image of the daemons.
    pub struct CephVersion as camelCase: Default {
        /// The image.
        pub image: Setting<String>,
        /// Whether versions that Rook does not know are taken.
        pub allow_unsupported: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Monitors.
    pub struct CephMon as camelCase: Default {
        /// How many.
        pub count: Setting<u32>,
        /// Whether two may run on one node; absent means no.
        pub allow_multiple_per_node: Setting<bool>,
        /// Label of nodes that tells failure domains apart.
        pub failure_domain_label: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Managers.
    pub struct CephMgr as camelCase: Default {
        /// How many.
        pub count: Setting<u32>,
        /// Whether two may run on one node; absent means no.
        pub allow_multiple_per_node: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Whether the cluster is run elsewhere.
    pub struct CephExternal as camelCase: Default {
        /// Whether it is.
        pub enable: Setting<bool>,
    }

    /// Networks.
    pub struct CephNetwork as camelCase: Default {
        /// `host`, `multus`, or absent for the pod network.
        pub provider: Setting<String>,
        /// Prefixes for clients and for replication.
        pub address_ranges: Option<AddressRanges>,
        /// Encryption and compression on the wire.
        pub connections: Option<Node>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Prefixes for clients and for replication.
    pub struct AddressRanges as camelCase: Default {
        /// For clients.
        pub public: Vec<Setting<String>>,
        /// For replication.
        pub cluster: Vec<Setting<String>>,
    }

    /// Metrics and rules.
    pub struct CephMonitoring as camelCase: Default {
        /// Whether ServiceMonitors are made.
        pub enabled: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Disks.
    pub struct CephStorage as camelCase: Default {
        /// Whether every node gives its disks.
        pub use_all_nodes: Setting<bool>,
        /// Whether every empty disk of a node is taken.
        pub use_all_devices: Setting<bool>,
        /// Disks by pattern.
        pub device_filter: Setting<String>,
        /// Disks by pattern of their path.
        pub device_path_filter: Setting<String>,
        /// Settings of all disks.
        pub config: Map<String, Setting<String>>,
        /// Nodes by name.
        pub nodes: Vec<CephStorageNode>,
        /// Fill ratio of a warning.
        pub near_full_ratio: Setting<f64>,
        /// Fill ratio at which backfill stops.
        pub backfill_full_ratio: Setting<f64>,
        /// Fill ratio at which writes stop.
        pub full_ratio: Setting<f64>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A node with its disks.
    pub struct CephStorageNode as camelCase: Default {
        /// The node, by its hostname label.
        pub name: Setting<String>,
        /// Its disks.
        pub devices: Vec<CephDevice>,
        /// Disks by pattern.
        pub device_filter: Setting<String>,
        /// Settings of its disks.
        pub config: Map<String, Setting<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A disk.
    pub struct CephDevice as camelCase: Default {
        /// `sdb`, or a path that stays the same over reboots.
        pub name: Setting<String>,
        /// Its settings (`deviceClass`, `encryptedDevice`, `metadataDevice`, `osdsPerDevice`).
        pub config: Map<String, Setting<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Where daemons of one kind run.
    pub struct Placement as camelCase: Default {
        /// Nodes that are taken or preferred.
        pub node_affinity: Option<super::workload::NodeAffinity>,
        /// Pods whose company is sought.
        pub pod_affinity: Option<super::workload::PodAffinity>,
        /// Pods whose company is avoided.
        pub pod_anti_affinity: Option<super::workload::PodAffinity>,
        /// Taints that are borne.
        pub tolerations: Vec<Toleration>,
        /// Domains over which they are spread.
        pub topology_spread_constraints: Vec<super::workload::TopologySpread>,
    }

    /// What Rook does when nodes are drained.
    pub struct DisruptionManagement as camelCase: Default {
        /// Whether it keeps disruption budgets; absent means no.
        pub manage_pod_budgets: Setting<bool>,
        /// Minutes for which a drained disk is waited for; absent means 30.
        pub osd_maintenance_timeout: Setting<u32>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A pool of block images.
    pub struct CephBlockPool as camelCase: Default {
        /// What is asked for.
        pub spec: Part<CephPoolSpec>,
    }

    /// A pool, by itself or within a file system or object store.
    pub struct CephPoolSpec as camelCase: Default {
        /// Its name, for the data pools of a file system.
        pub name: Setting<String>,
        /// CRUSH bucket over which copies are spread; absent means `host`.
        pub failure_domain: Setting<String>,
        /// Class of disks; absent means all.
        pub device_class: Setting<String>,
        /// Bucket below which copies lie.
        pub crush_root: Setting<String>,
        /// Copies.
        pub replicated: Option<Replicated>,
        /// Chunks, instead of copies.
        pub erasure_coded: Option<ErasureCoded>,
        /// Settings of the pool (`min_size`, `compression_mode`).
        pub parameters: Map<String, Setting<String>>,
        /// Whether it is mirrored to another cluster.
        pub mirroring: Option<Node>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Copies.
    pub struct Replicated as camelCase: Default {
        /// How many.
        pub size: Setting<u32>,
        /// Whether an unsafe number is refused; absent means no.
        pub require_safe_replica_size: Setting<bool>,
        /// Copies in each failure domain.
        pub replicas_per_failure_domain: Setting<u32>,
        /// Bucket below the failure domain over which those are spread.
        pub sub_failure_domain: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Chunks.
    pub struct ErasureCoded as camelCase: Default {
        /// Chunks of data.
        pub data_chunks: Setting<u32>,
        /// Chunks of parity.
        pub coding_chunks: Setting<u32>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A Ceph file system.
    pub struct CephFilesystem as camelCase: Default {
        /// What is asked for.
        pub spec: Part<CephFilesystemSpec>,
    }

    /// See [`CephFilesystem`].
    pub struct CephFilesystemSpec as camelCase: Default {
        /// The pool of names and attributes.
        pub metadata_pool: Option<CephPoolSpec>,
        /// Pools of file contents, the first is the default.
        pub data_pools: Vec<CephPoolSpec>,
        /// Whether pools stay when the object is deleted.
        pub preserve_filesystem_on_delete: Setting<bool>,
        /// Metadata servers.
        pub metadata_server: Option<MetadataServer>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Metadata servers.
    pub struct MetadataServer as camelCase: Default {
        /// How many work; as many wait.
        pub active_count: Setting<u32>,
        /// Whether those that wait follow the work.
        pub active_standby: Setting<bool>,
        /// Where they run.
        pub placement: Option<Placement>,
        /// What they ask for.
        pub resources: Setting<Resources>,
        /// Priority class.
        pub priority_class_name: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A Ceph object store.
    pub struct CephObjectStore as camelCase: Default {
        /// What is asked for.
        pub spec: Part<CephObjectStoreSpec>,
    }

    /// See [`CephObjectStore`].
    pub struct CephObjectStoreSpec as camelCase: Default {
        /// The pool of names and attributes.
        pub metadata_pool: Option<CephPoolSpec>,
        /// The pool of contents.
        pub data_pool: Option<CephPoolSpec>,
        /// Whether pools stay when the object is deleted.
        pub preserve_pools_on_delete: Setting<bool>,
        /// Gateways.
        pub gateway: Option<ObjectGateway>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Gateways of an object store.
    pub struct ObjectGateway as camelCase: Default {
        /// Port without TLS.
        pub port: Setting<u16>,
        /// Port with TLS.
        pub secure_port: Setting<u16>,
        /// How many.
        pub instances: Setting<u32>,
        /// Where they run.
        pub placement: Option<Placement>,
        /// What they ask for.
        pub resources: Setting<Resources>,
        /// Priority class.
        pub priority_class_name: Setting<String>,
        /// What else stands there.
        pub rest: Rest,
    }
}

impl Placement {
    /// The affinities, as a pod has them.
    pub fn affinity(&self) -> Affinity {
        Affinity {
            node_affinity: self.node_affinity.clone(),
            pod_affinity: self.pod_affinity.clone(),
            pod_anti_affinity: self.pod_anti_affinity.clone(),
        }
    }
}

impl CephClusterSpec {
    /// Names of nodes that give disks, with their places.
    pub fn storage_nodes(&self) -> impl Iterator<Item = Spanned<&str>> {
        let nodes = self.storage.iter().flat_map(|storage| &storage.nodes);
        nodes.filter_map(|node| match &node.name {
            Setting::Known(name) => Some(Spanned { value: name.value.as_str(), span: name.span }),
            _ => None,
        })
    }
}
