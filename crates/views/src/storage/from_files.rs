//! Storage of the objects of Rook and of Kubernetes.

use plimsoll_diagnostics::Span;
use plimsoll_formats::Setting;
use plimsoll_formats::kubernetes::Object;
use plimsoll_formats::kubernetes::core::{PersistentVolume, StorageClass};
use plimsoll_formats::kubernetes::rook::{
    CephBlockPool, CephCluster as RookCluster, CephFilesystem, CephObjectStore, CephPoolSpec, CephStorage,
};
use plimsoll_model::units::Bytes;

use super::{CephCluster, Class, Osd, Pool, PoolUse, Redundancy, Storage, claims};
use crate::files::Files;
use crate::{Fact, Place};

/// Rook's number of monitors where nobody states one (ceph-cluster-crd.md, Mon Settings).
const MON_COUNT: u32 = 3;
/// Ceph's own fill ratios.
const NEAR_FULL: f64 = 0.85;
const BACKFILL_FULL: f64 = 0.90;
const FULL: f64 = 0.95;

/// Storage of the objects of Rook and of Kubernetes.
pub fn from_files(files: &Files) -> Storage {
    let ceph = files
        .objects::<RookCluster>()
        .filter(|(_, _, cluster)| {
            let external = cluster.spec.external.as_ref();
            external.is_none_or(|external| external.enable.get() != Some(&true))
        })
        .map(|(_, object, cluster)| rook(files, object, cluster))
        .collect();
    let clusters: Vec<&Object> = files.objects::<RookCluster>().map(|(_, object, _)| object).collect();
    Storage {
        ceph,
        pools_apart: pools(files, |pool| !clusters.iter().any(|cluster| same_namespace(cluster, pool))),
        classes: classes(files),
        claims_without_class: claims::without_class(files),
        claimants: claims::claimants(files),
    }
}

pub(super) fn at(object: &Object) -> Place {
    Place::File { span: object.span, component: object.title() }
}

pub(super) fn place(object: &Object, span: Option<Span>) -> Place {
    Place::File { span: span.or(object.span), component: object.title() }
}

fn rook(files: &Files, object: &Object, cluster: &RookCluster) -> CephCluster {
    let here = at(object);
    let spec = &cluster.spec;
    let absent_bool = Setting::Absent;
    let absent_ratio = Setting::Absent;
    let mon = spec.mon.as_ref();
    let network = spec.network.as_ref();
    let ranges = network.and_then(|network| network.address_ranges.as_ref());
    let ranges: Vec<&Setting<String>> =
        ranges.map(|ranges| ranges.public.iter().chain(&ranges.cluster).collect()).unwrap_or_default();
    let storage = spec.storage.as_ref();
    let budgets = spec.disruption_management.as_ref();
    let (osds, osds_whole) = storage.map_or((Vec::new(), false), |storage| osds(object, storage));
    let priority = |kind: &str| {
        let stated = spec.priority_class_names.get(kind).or_else(|| spec.priority_class_names.get("all"));
        match stated {
            Some(class) => Fact::setting(class, &here).map(|class| Some(class.clone())),
            None => Fact::default(None, here.clone()),
        }
    };
    CephCluster {
        mon_count: match mon {
            Some(mon) => Fact::setting_or(&mon.count, MON_COUNT, &here).map(|count| *count as usize),
            None => Fact::default(MON_COUNT as usize, here.clone()),
        },
        mons: Vec::new(),
        mon_multiple: Fact::setting_or(mon.map_or(&absent_bool, |mon| &mon.allow_multiple_per_node), false, &here),
        hosts: Fact::unknown(here.clone()),
        osds,
        osds_whole,
        pools: pools(files, |pool| same_namespace(object, pool)),
        own_networks: match network {
            Some(network) => Fact::setting_or(&network.provider, String::new(), &here)
                .map(|provider| matches!(provider.as_str(), "host" | "multus")),
            None => Fact::default(false, here.clone()),
        },
        ranges: Fact::known(
            ranges.iter().filter_map(|range| range.get().cloned()).collect(),
            place(object, ranges.first().and_then(|range| range.span())),
        ),
        takes_everything: match storage {
            Some(storage) => {
                let nodes = Fact::setting_or(&storage.use_all_nodes, false, &here);
                let devices = Fact::setting_or(&storage.use_all_devices, false, &here);
                let both = nodes.copied().zip(devices.copied()).map(|(nodes, devices)| nodes && devices);
                Fact::maybe(both, devices.place().clone())
            }
            None => Fact::default(false, here.clone()),
        },
        pod_budgets: Fact::setting_or(
            budgets.map_or(&absent_bool, |budgets| &budgets.manage_pod_budgets),
            false,
            &here,
        ),
        mon_priority: priority("mon"),
        osd_priority: priority("osd"),
        near_full: Fact::setting_or(storage.map_or(&absent_ratio, |it| &it.near_full_ratio), NEAR_FULL, &here),
        backfill_full: Fact::setting_or(
            storage.map_or(&absent_ratio, |it| &it.backfill_full_ratio),
            BACKFILL_FULL,
            &here,
        ),
        full: Fact::setting_or(storage.map_or(&absent_ratio, |it| &it.full_ratio), FULL, &here),
        place: here,
    }
}

/// The disks that are listed one by one, and whether there can be no others. A node without listed devices takes its
/// disks by a filter, so that nobody can count them: it stands for one of unknown size and class.
fn osds(object: &Object, storage: &CephStorage) -> (Vec<Osd>, bool) {
    let mut whole = storage.use_all_nodes.or(false) == Some(false);
    let mut osds = Vec::new();
    for node in &storage.nodes {
        let Some(name) = node.name.get() else {
            whole = false;
            continue;
        };
        let here = place(object, node.name.span());
        // What stands at a single disk was passed over by Rook for long, so that it decides nothing here.
        let sealed = node.config.get("encryptedDevice").or_else(|| storage.config.get("encryptedDevice"));
        let osd = |device: &str, class: Option<&Setting<String>>| Osd {
            device: Fact::unknown(here.clone()),
            encrypted: match sealed {
                Some(text) => Fact::setting(text, &here).map(|text| text == "true"),
                None => Fact::default(false, here.clone()),
            },
            name: format!("{name}:{device}"),
            place: here.clone(),
            node: name.clone(),
            host: Fact::unknown(here.clone()),
            rack: Fact::unknown(here.clone()),
            size: Fact::<Bytes>::unknown(here.clone()),
            class: class.map_or(Fact::unknown(here.clone()), |class| Fact::setting(class, &here)),
            in_cluster_network: Fact::unknown(here.clone()),
        };
        let of_node = node.config.get("deviceClass").or_else(|| storage.config.get("deviceClass"));
        for (index, device) in node.devices.iter().enumerate() {
            let class = device.config.get("deviceClass").or(of_node);
            let listed = osd(device.name.get().map_or(&format!("{index}"), |name| name), class);
            osds.push(Osd { device: Fact::setting(&device.name, &here), ..listed });
        }
        if node.devices.is_empty() {
            osds.push(osd("by filter", of_node));
        }
    }
    (osds, whole && !storage.nodes.is_empty())
}

/// Whether a cluster's pools lie in this namespace; one that is not stated may be any.
fn same_namespace(a: &Object, b: &Object) -> bool {
    a.namespace().zip(b.namespace()).is_none_or(|(a, b)| a == b)
}

/// Pools of the objects that `same` takes.
fn pools(files: &Files, same: impl Fn(&Object) -> bool) -> Vec<Pool> {
    let mut pools = Vec::new();
    for (_, object, pool) in files.objects::<CephBlockPool>().filter(|(_, object, _)| same(object)) {
        let usage = if pool.spec.erasure_coded.as_ref().is_some_and(|it| it.data_chunks.or(0) != Some(0)) {
            PoolUse::Data
        } else {
            PoolUse::Block
        };
        let name = object.shown_name().to_owned();
        pools.push(one_pool(object, name, &pool.spec, usage));
    }
    for (_, object, it) in files.objects::<CephFilesystem>().filter(|(_, object, _)| same(object)) {
        let name = object.shown_name();
        if let Some(pool) = &it.spec.metadata_pool {
            pools.push(one_pool(object, format!("{name} metadata"), pool, PoolUse::Metadata));
        }
        for (index, pool) in it.spec.data_pools.iter().enumerate() {
            let usage = if index == 0 { PoolUse::FirstData } else { PoolUse::Data };
            let own = pool.name.get().cloned().unwrap_or_else(|| format!("data{index}"));
            pools.push(one_pool(object, format!("{name} {own}"), pool, usage));
        }
    }
    for (_, object, it) in files.objects::<CephObjectStore>().filter(|(_, object, _)| same(object)) {
        let name = object.shown_name();
        if let Some(pool) = &it.spec.metadata_pool {
            pools.push(one_pool(object, format!("{name} metadata"), pool, PoolUse::Metadata));
        }
        if let Some(pool) = &it.spec.data_pool {
            pools.push(one_pool(object, format!("{name} data"), pool, PoolUse::Data));
        }
    }
    pools
}

fn one_pool(object: &Object, name: String, spec: &CephPoolSpec, usage: PoolUse) -> Pool {
    let here = Place::File { span: object.span, component: format!("{} pool {name}", object.title()) };
    let chunks = spec.erasure_coded.as_ref().filter(|it| it.data_chunks.or(0) != Some(0));
    let copies = spec.replicated.as_ref();
    let redundancy = match (chunks, copies) {
        (Some(chunks), _) => {
            let coding = Fact::setting(&chunks.coding_chunks, &here);
            let both = chunks.data_chunks.get().copied().zip(coding.copied());
            Fact::maybe(both.map(|(data, coding)| Redundancy::Chunks(data, coding)), coding.place().clone())
        }
        (None, Some(copies)) => Fact::setting(&copies.size, &here).map(|size| Redundancy::Copies(*size)),
        (None, None) => Fact::unknown(here.clone()),
    };
    let min = match spec.parameters.get("min_size") {
        Some(text) => Fact::setting(text, &here).map(|text| text.parse::<u32>().ok()).flatten(),
        None => match redundancy.copied() {
            // Where a default follows from the number of copies, that is what explains it.
            Some(copies) => Fact::default(copies.default_min(), redundancy.place().clone()),
            None => Fact::unknown(here.clone()),
        },
    };
    Pool {
        usage,
        min,
        domain: Fact::setting_or(&spec.failure_domain, "host".to_owned(), &here),
        class: match &spec.device_class {
            Setting::Absent => Fact::default(None, here.clone()),
            stated => Fact::setting(&stated.clone().map(Some), &here),
        },
        per_domain: match copies {
            Some(copies) => Fact::setting_or(&copies.replicas_per_failure_domain, 1, &here),
            None => Fact::default(1, here.clone()),
        },
        safe_size: match copies {
            Some(copies) => Fact::setting_or(&copies.require_safe_replica_size, false, &here),
            None => Fact::default(false, here.clone()),
        },
        scratch: Fact::unknown(here.clone()),
        used: Fact::unknown(here.clone()),
        used_by_quota: false,
        redundancy,
        name,
        place: here,
    }
}

fn classes(files: &Files) -> Vec<Class> {
    files
        .objects::<StorageClass>()
        .map(|(_, object, class)| {
            let here = at(object);
            let annotations = &object.metadata.annotations;
            let default = annotations
                .get("storageclass.kubernetes.io/is-default-class")
                .or_else(|| annotations.get("storageclass.beta.kubernetes.io/is-default-class"));
            Class {
                name: object.shown_name().to_owned(),
                provisioner: Fact::setting(&class.provisioner, &here),
                pool: match class.parameters.get("pool") {
                    Some(pool) => Fact::setting(pool, &here).map(|pool| Some(pool.clone())),
                    None => Fact::default(None, here.clone()),
                },
                default: match default {
                    Some(text) => Fact::setting(text, &here).map(|text| text == "true"),
                    None => Fact::default(false, here.clone()),
                },
                retain: Fact::setting_or(&class.reclaim_policy, "Delete".to_owned(), &here)
                    .map(|policy| policy == "Retain"),
                binding: Fact::setting_or(&class.volume_binding_mode, "Immediate".to_owned(), &here),
                local: local(files, object.name(), class.provisioner.get().map(String::as_str), &here),
                backed_up: Fact::unknown(here.clone()),
                place: here,
            }
        })
        .collect()
}

/// Whether volumes of a class are on the disks of one node. A class without provisioner may be for anything: its volumes
/// tell.
fn local(files: &Files, class: Option<&str>, provisioner: Option<&str>, here: &Place) -> Fact<bool> {
    let known = match provisioner {
        Some("rancher.io/local-path") => Some(true),
        Some("kubernetes.io/no-provisioner") => {
            let of_class = |volume: &PersistentVolume| {
                volume.spec.storage_class_name.get().map(String::as_str) == class && class.is_some()
            };
            let mut volumes = files.objects::<PersistentVolume>().filter(|(_, _, volume)| of_class(volume)).peekable();
            let any = volumes.peek().is_some();
            any.then(|| volumes.any(|(_, _, volume)| volume.spec.local.is_some()))
        }
        Some(_) => Some(false),
        None => None,
    };
    Fact::maybe(known, here.clone())
}
