//! Ceph, run by Rook.

use std::collections::BTreeMap;

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::meta::{LabelExpression, LabelSelector, labels};
use plimsoll_formats::kubernetes::quantity::Quantity;
use plimsoll_formats::kubernetes::rook::{
    AddressRanges, CephBlockPool, CephCluster, CephClusterSpec, CephDevice, CephFilesystem, CephFilesystemSpec,
    CephMgr, CephMon, CephNetwork, CephObjectStore, CephObjectStoreSpec, CephPoolSpec, CephStorage, CephStorageNode,
    CephVersion, DisruptionManagement, ErasureCoded, MetadataServer, ObjectGateway, Placement, Replicated,
};
use plimsoll_formats::kubernetes::workload::{
    NodeAffinity, NodeSelector, NodeSelectorTerm, PodAffinity, PodAffinityTerm, Resources, WeightedPodAffinityTerm,
};
use plimsoll_formats::kubernetes::{Metadata, object, text, texts};
use plimsoll_model::design::{Ceph, CephPool, FailureDomain};
use plimsoll_model::{Design, Name};
use plimsoll_yaml::{Map, Node};

use super::namespaces::ROOK;
use super::{manifest, version};
use crate::Tree;

/// The data pool of each file system.
pub(crate) const DATA_POOL: &str = "data0";
/// Where daemons keep keys and logs on each node (Rook's own default).
const DIRECTORY: &str = "/var/lib/rook";

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let Some(ceph) = &design.ceph else { return };
    let reader = format!("kubectl apply (Rook {}, Ceph {})", version(design, "rook"), version(design, "ceph"));
    let meta = |name: &Name| Metadata::namespaced(ROOK, name.as_str());
    let file = manifest(
        design,
        "The Ceph cluster: monitors, disks, networks",
        &reader,
        &[object(&Metadata::namespaced(ROOK, ROOK), &cluster(design, ceph))],
    );
    tree.add("cluster/30-rook-cluster.yaml", file);

    let pools: Vec<Node> = ceph
        .pool
        .iter()
        .map(|(name, pool)| object(&meta(name), &CephBlockPool { spec: block_pool(pool).into() }))
        .collect();
    add(design, tree, "cluster/31-rook-pools.yaml", "Pools of block images", &reader, &pools);

    let mut shared: Vec<Node> = Vec::new();
    for (name, it) in &ceph.filesystem {
        let spec = CephFilesystemSpec {
            metadata_pool: Some(replicated(it.replicas, it.min, it.domain, it.class.as_deref())),
            data_pools: vec![CephPoolSpec {
                name: text(DATA_POOL),
                ..replicated(it.replicas, it.min, it.domain, it.class.as_deref())
            }],
            preserve_filesystem_on_delete: true.into(),
            metadata_server: Some(MetadataServer {
                active_count: it.active_mds.into(),
                active_standby: true.into(),
                placement: Some(apart(design, "rook-ceph-mds")),
                priority_class_name: priority(ceph),
                ..MetadataServer::default()
            }),
            ..CephFilesystemSpec::default()
        };
        shared.push(object(&meta(name), &CephFilesystem { spec: spec.into() }));
    }
    for (name, it) in &ceph.object_store {
        let spec = CephObjectStoreSpec {
            metadata_pool: Some(replicated(it.replicas, it.min, it.domain, it.class.as_deref())),
            data_pool: Some(replicated(it.replicas, it.min, it.domain, it.class.as_deref())),
            preserve_pools_on_delete: true.into(),
            gateway: Some(ObjectGateway {
                port: 80.into(),
                instances: it.gateways.into(),
                placement: Some(apart(design, "rook-ceph-rgw")),
                priority_class_name: priority(ceph),
                ..ObjectGateway::default()
            }),
            ..CephObjectStoreSpec::default()
        };
        shared.push(object(&meta(name), &CephObjectStore { spec: spec.into() }));
    }
    add(design, tree, "cluster/32-rook-shared.yaml", "File systems and object stores", &reader, &shared);
}

fn add(design: &Design, tree: &mut Tree, path: &str, what: &str, reader: &str, documents: &[Node]) {
    if !documents.is_empty() {
        tree.add(path, manifest(design, what, reader, documents));
    }
}

fn priority(ceph: &Ceph) -> Setting<String> {
    ceph.priority_class.as_ref().map_or(Setting::Absent, text)
}

fn cluster(design: &Design, ceph: &Ceph) -> CephCluster {
    let map = |pairs: Vec<(&str, String)>| {
        Map(pairs.into_iter().map(|(key, value)| (Spanned::from(key.to_owned()), text(value))).collect())
    };
    let memory = |cpu: Option<Quantity>, memory: Quantity| {
        let requests = [("memory", memory.clone())].into_iter().chain(cpu.map(|cpu| ("cpu", cpu)));
        Setting::from(Resources::of(requests, [("memory", memory)]))
    };
    let kind = |name: &str| Spanned::from(name.to_owned());
    let spec = CephClusterSpec {
        ceph_version: Some(CephVersion {
            image: text(format!("quay.io/ceph/ceph:v{}", version(design, "ceph"))),
            ..CephVersion::default()
        }),
        data_dir_host_path: text(DIRECTORY),
        mon: Some(CephMon {
            count: u32::try_from(ceph.mon.len()).unwrap_or(u32::MAX).into(),
            allow_multiple_per_node: ceph.mon_allow_multiple_per_node.into(),
            ..CephMon::default()
        }),
        mgr: Some(CephMgr { count: ceph.mgr_count.into(), ..CephMgr::default() }),
        network: ceph.host_network.then(|| CephNetwork {
            provider: text("host"),
            address_ranges: Some(AddressRanges {
                public: vec![text(ceph.public_network.to_string())],
                cluster: vec![text(ceph.cluster_network.to_string())],
            }),
            ..CephNetwork::default()
        }),
        storage: Some(storage(ceph)),
        placement: Map(vec![(kind("mon"), on_nodes(ceph.mon.keys()))]),
        resources: Map(vec![
            (kind("mon"), memory(None, ceph.mon_memory.into())),
            (kind("osd"), memory(Some(ceph.osd_cpu.into()), ceph.osd_memory.into())),
        ]),
        priority_class_names: match &ceph.priority_class {
            Some(class) => map(["mon", "osd", "mgr"].map(|kind| (kind, class.clone())).into()),
            None => Map::default(),
        },
        disruption_management: Some(DisruptionManagement {
            manage_pod_budgets: ceph.manage_pod_budgets.into(),
            ..DisruptionManagement::default()
        }),
        ceph_config: Map(vec![(
            kind("global"),
            map(vec![
                ("mon_osd_down_out_interval", ceph.down_out_interval.whole_secs().to_string()),
                ("osd_heartbeat_grace", ceph.osd_heartbeat_grace.whole_secs().to_string()),
            ]),
        )]),
        ..CephClusterSpec::default()
    };
    CephCluster { spec: spec.into() }
}

fn storage(ceph: &Ceph) -> CephStorage {
    let mut nodes: BTreeMap<&Name, Vec<CephDevice>> = BTreeMap::new();
    for osd in ceph.osd.values() {
        let mut config = vec![("deviceClass", osd.class.clone())];
        if ceph.encrypted {
            config.push(("encryptedDevice", "true".into()));
        }
        nodes.entry(&osd.machine).or_default().push(CephDevice {
            name: text(osd.device.as_str()),
            config: Map(config.into_iter().map(|(key, value)| (Spanned::from(key.to_owned()), text(value))).collect()),
            ..CephDevice::default()
        });
    }
    let node = |(name, devices): (&Name, Vec<CephDevice>)| CephStorageNode {
        name: text(name.as_str()),
        devices,
        ..CephStorageNode::default()
    };
    CephStorage {
        use_all_nodes: false.into(),
        use_all_devices: false.into(),
        nodes: nodes.into_iter().map(node).collect(),
        near_full_ratio: ceph.near_full.into(),
        backfill_full_ratio: ceph.backfill_full.into(),
        full_ratio: ceph.full.into(),
        ..CephStorage::default()
    }
}

/// On these nodes only.
fn on_nodes<'n>(names: impl Iterator<Item = &'n Name>) -> Placement {
    let expression = LabelExpression {
        key: text("kubernetes.io/hostname"),
        operator: text("In"),
        values: texts(names.map(Name::as_str)),
    };
    let term = NodeSelectorTerm { match_expressions: vec![expression], ..NodeSelectorTerm::default() };
    let required = Some(NodeSelector { node_selector_terms: vec![term] });
    Placement { node_affinity: Some(NodeAffinity { required, ..NodeAffinity::default() }), ..Placement::default() }
}

/// On different physical hosts, as long as there are some.
fn apart(design: &Design, app: &str) -> Placement {
    let term = PodAffinityTerm {
        label_selector: Some(LabelSelector::of(labels([("app", app)]))),
        topology_key: text(design.kubernetes.host_label.as_str()),
        ..PodAffinityTerm::default()
    };
    let preferred = vec![WeightedPodAffinityTerm { weight: 100.into(), pod_affinity_term: term.into() }];
    Placement { pod_anti_affinity: Some(PodAffinity { preferred, ..PodAffinity::default() }), ..Placement::default() }
}

fn replicated(size: u32, min: u32, domain: FailureDomain, class: Option<&str>) -> CephPoolSpec {
    let replicated =
        Replicated { size: size.into(), require_safe_replica_size: (size > 1).into(), ..Replicated::default() };
    CephPoolSpec {
        failure_domain: text(domain.as_str()),
        device_class: class.map_or(Setting::Absent, text),
        replicated: Some(replicated),
        parameters: min_size(min),
        ..CephPoolSpec::default()
    }
}

fn min_size(min: u32) -> Map<String, Setting<String>> {
    Map(vec![(Spanned::from("min_size".to_owned()), text(min.to_string()))])
}

fn block_pool(pool: &CephPool) -> CephPoolSpec {
    let replicated = Replicated {
        size: pool.replicas.into(),
        require_safe_replica_size: pool.require_safe_size.into(),
        ..Replicated::default()
    };
    let erasure = pool.erasure.map(|(data, coding)| ErasureCoded {
        data_chunks: data.into(),
        coding_chunks: coding.into(),
        ..ErasureCoded::default()
    });
    CephPoolSpec {
        failure_domain: text(pool.domain.as_str()),
        device_class: pool.class.as_ref().map_or(Setting::Absent, text),
        replicated: erasure.is_none().then_some(replicated),
        erasure_coded: erasure,
        parameters: min_size(pool.min),
        ..CephPoolSpec::default()
    }
}
