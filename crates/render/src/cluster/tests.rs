//! Every object reads back with the values of the Design.

use plimsoll_diagnostics::Sources;
use plimsoll_formats::kubernetes::quantity::Quantity;
use plimsoll_formats::kubernetes::{self, Manifest, calico, core, metallb, rook, workload};
use plimsoll_formats::{corefile, kubeadm};
use plimsoll_model::Design;
use serde_json::{Value, json};

use crate::{Tree, render};

/// The small cluster of the other tests, with everything that it lacks.
fn whole() -> Design {
    let mut design: Value = serde_json::from_str(include_str!("../../tests/small.json")).expect("JSON");
    let more: Value = serde_json::from_str(include_str!("../../tests/more.json")).expect("JSON");
    merge(&mut design, more);
    serde_json::from_value(design).expect("a design")
}

/// The article's example, as it is resolved.
fn campus() -> Design {
    serde_json::from_str(include_str!("../../../resolve/tests/golden/campus.json")).expect("a design")
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// The objects of a file, which our own reader must understand without a word.
fn read(tree: &Tree, path: &str) -> Manifest {
    let text = tree.get(path).unwrap_or_else(|| panic!("no {path}")).text();
    let mut sources = Sources::new();
    let source = sources.add(path, text);
    let found = kubernetes::read(source, &sources);
    let said: Vec<_> = found.problems.iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(said, Vec::<String>::new(), "{path}");
    found.value
}

fn only<T: kubernetes::Typed + Clone>(manifest: &Manifest) -> T {
    let all: Vec<&T> = manifest.of::<T>().map(|(_, value)| value).collect();
    assert_eq!(all.len(), 1, "one {}", T::KIND);
    all[0].clone()
}

#[test]
fn every_file_is_understood() {
    let (whole, campus) = (render(&whole()), render(&campus()));
    let mut seen = 0;
    for (tree, (path, _)) in [&whole, &campus].into_iter().flat_map(|tree| tree.iter().map(move |file| (tree, file))) {
        let ours = path.starts_with("cluster/") && !path.ends_with("README.md") && path.matches('/').count() == 1;
        if ours || path.contains("/etc/kubernetes/") {
            let objects = read(tree, path).objects.len();
            assert!(objects > 0, "{path} is empty");
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} files");
}

#[test]
fn the_pod_network_is_the_designs() {
    let design = whole();
    let tree = render(&design);
    let network = only::<calico::Installation>(&read(&tree, "cluster/10-calico-installation.yaml"));
    let network = network.spec.calico_network.clone().expect("a network");
    let pools = network.ip_pools.get().expect("pools");
    assert_eq!(network.mtu.get(), Some(&design.calico.mtu));
    assert_eq!(network.linux_dataplane.get().map(String::as_str), Some(design.calico.dataplane.as_str()));
    assert_eq!(pools[0].cidr.get(), Some(&design.kubernetes.pods[0].to_string()));
    assert_eq!(pools[0].block_size.get(), Some(&design.calico.block_size));
    assert_eq!(pools[0].encapsulation.get().map(String::as_str), Some(design.calico.encapsulation.as_str()));
    let bgp = only::<calico::BgpConfiguration>(&read(&tree, "cluster/11-calico-bgp.yaml"));
    assert_eq!(bgp.spec.as_number.get().map(|asn| asn.0), Some(design.calico.asn));
    assert_eq!(bgp.spec.node_to_node_mesh_enabled.get(), Some(&design.calico.mesh));
}

#[test]
fn service_addresses_are_announced_to_the_designs_routers() {
    let design = whole();
    let metallb_design = design.metallb.as_ref().expect("MetalLB");
    let tree = render(&design);
    let pools = read(&tree, "cluster/20-metallb-pools.yaml");
    for (object, pool) in pools.of::<metallb::IpAddressPool>() {
        let wanted = &metallb_design.pool[&object.name().expect("a name").into()];
        let ranges: Vec<String> = wanted.ranges.iter().map(ToString::to_string).collect();
        let found: Vec<String> = pool.spec.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(found, ranges);
        assert_eq!(pool.spec.auto_assign.get(), Some(&wanted.auto_assign));
    }
    let announcement = read(&tree, "cluster/21-metallb-announcement.yaml");
    let peers: Vec<_> = announcement.of::<metallb::BgpPeer>().collect();
    assert_eq!(peers.len(), metallb_design.peer.len());
    for (object, peer) in peers {
        let wanted = &metallb_design.peer[&object.name().expect("a name").into()];
        assert_eq!(peer.spec.peer_address.get(), Some(&wanted.address.to_string()));
        assert_eq!(peer.spec.peer_asn.get(), Some(&wanted.asn));
        assert_eq!(peer.spec.my_asn.get(), Some(&metallb_design.asn));
        assert_eq!(peer.spec.hold_time.get().map(|time| time.0), Some(wanted.hold_time));
        assert_eq!(peer.spec.keepalive_time.get().map(|time| time.0), Some(wanted.keepalive_time));
        assert_eq!(
            peer.spec.bfd_profile.get().map(String::as_str),
            wanted.bfd.as_ref().map(plimsoll_model::Name::as_str)
        );
    }
    let profile = only::<metallb::BfdProfile>(&announcement);
    let wanted = metallb_design.bfd.values().next().expect("a profile");
    assert_eq!(profile.spec.receive_interval.get().map(|it| u64::from(*it)), Some(wanted.receive_interval.0));
    assert_eq!(profile.spec.detect_multiplier.get(), Some(&u32::from(wanted.detect_multiplier)));
}

#[test]
fn ceph_has_the_designs_disks_and_pools() {
    let design = whole();
    let ceph = design.ceph.as_ref().expect("Ceph");
    let tree = render(&design);
    let cluster = only::<rook::CephCluster>(&read(&tree, "cluster/30-rook-cluster.yaml"));
    let storage = cluster.spec.storage.as_ref().expect("disks");
    let disks: usize = storage.nodes.iter().map(|node| node.devices.len()).sum();
    assert_eq!(disks, ceph.osd.len());
    assert_eq!(storage.full_ratio.get(), Some(&ceph.full));
    assert_eq!(cluster.spec.mon.as_ref().and_then(|mon| mon.count.get().copied()), Some(ceph.mon.len() as u32));
    let osd = cluster.spec.resources.get("osd").and_then(plimsoll_formats::Setting::get).expect("resources");
    assert_eq!(osd.limits.get("memory").and_then(|it| it.get()).map(Quantity::bytes), Some(ceph.osd_memory));
    for (object, pool) in read(&tree, "cluster/31-rook-pools.yaml").of::<rook::CephBlockPool>() {
        let wanted = &ceph.pool[&object.name().expect("a name").into()];
        let replicated = pool.spec.replicated.as_ref().expect("copies");
        assert_eq!(replicated.size.get(), Some(&wanted.replicas));
        assert_eq!(pool.spec.failure_domain.get().map(String::as_str), Some(wanted.domain.as_str()));
        assert_eq!(pool.spec.parameters.get("min_size").map(ToString::to_string), Some(wanted.min.to_string()));
    }
    let shared = read(&tree, "cluster/32-rook-shared.yaml");
    let files = only::<rook::CephFilesystem>(&shared);
    assert_eq!(files.spec.metadata_server.as_ref().and_then(|it| it.active_count.get().copied()), Some(1));
    assert_eq!(
        only::<rook::CephObjectStore>(&shared).spec.gateway.as_ref().and_then(|it| it.instances.get().copied()),
        Some(2)
    );
    let classes = read(&tree, "cluster/33-storage-classes.yaml");
    let class = classes.of::<core::StorageClass>().find(|(object, _)| object.name() == Some("ssd")).expect("a class").1;
    assert_eq!(class.provisioner.get().map(String::as_str), Some("rook-ceph.rbd.csi.ceph.com"));
}

#[test]
fn the_corefile_asks_the_designs_upstreams() {
    let design = whole();
    let tree = render(&design);
    for (path, key) in [("cluster/40-coredns.yaml", "Corefile"), ("cluster/41-node-local-dns.yaml", "Corefile.base")] {
        let manifest = read(&tree, path);
        let inner = manifest.objects.iter().flat_map(kubernetes::Object::embedded).find(|it| it.key == key).expect(key);
        let mut sources = Sources::new();
        let source = sources.add(key, inner.text);
        let found = corefile::read(source, &sources);
        assert!(found.problems.is_empty(), "{path}: {:?}", found.problems);
        let conf = found.value;
        let root = conf.servers().find(|server| server.keys[0].value == ".:53").expect("the root");
        let forward = root.plugins.iter().find(|plugin| plugin.name.value == "forward").expect("a forward");
        let to: Vec<String> = forward.args.iter().skip(1).map(|word| word.value.clone()).collect();
        let wanted: Vec<String> = design.coredns.upstreams.iter().map(ToString::to_string).collect();
        assert_eq!(to, wanted, "{path}");
    }
    let budget = only::<core::PodDisruptionBudget>(&read(&tree, "cluster/40-coredns.yaml"));
    assert_eq!(budget.spec.max_unavailable.to_string(), "1");
}

#[test]
fn kubeadm_is_given_the_designs_numbers() {
    let design = whole();
    let tree = render(&design);
    let init = read(&tree, "machines/cp-1/etc/kubernetes/kubeadm.yaml");
    let cluster = only::<kubeadm::ClusterConfiguration>(&init);
    assert_eq!(cluster.control_plane_endpoint.to_string(), format!("{}:{}", design.api.name, design.api.port));
    let etcd = cluster.etcd.and_then(|etcd| etcd.local).expect("stacked");
    assert_eq!(etcd.extra_args.get("heartbeat-interval").to_string(), design.etcd.heartbeat.0.to_string());
    assert_eq!(etcd.extra_args.get("quota-backend-bytes").to_string(), design.etcd.quota.0.to_string());
    assert!(etcd.extra_args.get("feature-gates").is_absent(), "kubeadm's own gates stay");
    let kubelet = only::<kubeadm::KubeletConfiguration>(&init);
    assert_eq!(kubelet.max_pods.get(), Some(&design.kubernetes.kubelet.max_pods));
    assert_eq!(kubelet.shutdown_grace_period.get().map(|time| time.0), Some(design.kubernetes.kubelet.shutdown_grace));
    let proxy = only::<kubeadm::KubeProxyConfiguration>(&init);
    assert_eq!(proxy.mode.to_string(), design.kubernetes.kube_proxy.mode.as_str());
    let registration = only::<kubeadm::InitConfiguration>(&init).node_registration.expect("about the node");
    assert_eq!(registration.kubelet_extra_args.form, kubeadm::ArgsForm::List);
    assert_eq!(registration.kubelet_extra_args.get("node-ip").to_string(), "10.30.12.11");
    assert_eq!(registration.kubelet_extra_args.get("node-labels").to_string(), "topology.plimsoll.dev/host=pve-1");
    assert_eq!(registration.taints.get().map(Vec::len), Some(1));
    let join = only::<kubeadm::JoinConfiguration>(&read(&tree, "machines/worker-1/etc/kubernetes/kubeadm-join.yaml"));
    assert!(join.control_plane.is_none());
    let patch = "machines/cp-2/etc/kubernetes/patches/corednsdeployment+strategic.yaml";
    let patch = only::<workload::Deployment>(&read(&tree, patch));
    assert_eq!(patch.spec.replicas.get(), Some(&design.coredns.replicas));
}

#[test]
fn secrets_are_holes() {
    let tree = render(&whole());
    for (path, secrets) in [
        ("machines/cp-1/etc/kubernetes/kubeadm.yaml", ["kubeadm/token", "kubeadm/certificate-key"].as_slice()),
        ("machines/cp-1/etc/kubernetes/plimsoll/encryption.yaml", ["kubernetes/encryption"].as_slice()),
        ("cluster/44-external-dns-key.yaml", ["tsig/externaldns"].as_slice()),
    ] {
        let file = tree.get(path).unwrap_or_else(|| panic!("no {path}"));
        let found: Vec<&str> = file.secrets().map(|secret| secret.0.as_str()).collect();
        assert_eq!(found, secrets, "{path}");
        assert_eq!(file.mode & 0o007, 0, "{path} is not for everybody");
    }
}

#[test]
fn flags_of_external_dns_follow_its_version() {
    let arguments = |version: &str| {
        let mut design = whole();
        design.version.insert("external-dns".into(), version.into());
        let manifest = read(&render(&design), "cluster/45-external-dns.yaml");
        let deployment = only::<workload::Deployment>(&manifest);
        deployment.spec.template.spec.containers[0].args.iter().map(|word| word.value.clone()).collect::<Vec<_>>()
    };
    for (version, present, absent) in [
        ("0.19.0", ["--rfc2136-tsig-axfr", "--rfc2136-create-ptr", "--rfc2136-min-ttl=1m"], "--annotation-prefix="),
        ("0.21.0", ["--rfc2136-tsig-axfr", "--create-ptr", "--min-ttl=1m"], "--rfc2136-axfr"),
        ("0.22.0", ["--rfc2136-axfr", "--create-ptr", "--min-ttl=1m"], "--rfc2136-tsig-axfr"),
    ] {
        let found = arguments(version);
        for flag in present {
            assert!(found.iter().any(|word| word == flag), "{version}: {flag} of {found:?}");
        }
        assert!(!found.iter().any(|word| word.starts_with(absent)), "{version}: {absent}");
        assert!(found.iter().any(|word| word == "--policy=upsert-only"));
    }
}

#[test]
fn tenants_get_their_quota_and_may_ask_for_names() {
    let design = whole();
    let tree = render(&design);
    let manifest = read(&tree, "cluster/50-tenant-analytics.yaml");
    let quota = only::<core::ResourceQuota>(&manifest);
    let tenant = &design.tenant[&"analytics".into()];
    let hard = |name: &str| quota.spec.hard.get(name).and_then(|it| it.get()).unwrap_or_else(|| panic!("no {name}"));
    assert_eq!(hard("requests.cpu").cpu(), tenant.cpu);
    assert_eq!(hard("limits.memory").bytes(), tenant.memory);
    assert_eq!(hard("ssd.storageclass.storage.k8s.io/requests.storage").bytes(), tenant.storage[&"ssd".into()]);
    let dns = manifest
        .of::<core::NetworkPolicy>()
        .find(|(object, _)| object.name() == Some("allow-dns"))
        .expect("a policy")
        .1;
    let blocks: Vec<String> = dns.spec.egress[0]
        .to
        .iter()
        .filter_map(|peer| peer.ip_block.as_ref())
        .map(|block| block.cidr.to_string())
        .collect();
    assert_eq!(blocks, ["169.254.20.10/32"]);
}

#[test]
fn a_tenant_is_closed_but_for_what_is_stated() {
    let tree = render(&whole());
    let manifest = read(&tree, "cluster/50-tenant-analytics.yaml");
    let policy = |name: &str| manifest.of::<core::NetworkPolicy>().find(|(object, _)| object.name() == Some(name));
    let from = policy("allow-from").expect("it is stated").1;
    assert_eq!(from.spec.ingress.len(), 1, "one rule");
    assert!(from.spec.ingress[0].from.is_empty(), "and it names nobody: everybody may come");
    let to = policy("allow-to").expect("it is stated").1;
    let peers = &to.spec.egress[0].to;
    let namespace = peers[0].namespace_selector.as_ref().expect("a namespace");
    assert_eq!(
        namespace.match_labels.get("kubernetes.io/metadata.name").and_then(|it| it.get()).map(String::as_str),
        Some("shared")
    );
    let blocks: Vec<(String, Vec<String>)> = peers
        .iter()
        .filter_map(|peer| peer.ip_block.as_ref())
        .map(|block| (block.cidr.to_string(), block.except.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(blocks[0], ("10.30.1.0/24".to_owned(), Vec::new()));
    assert_eq!(blocks[1].0, "0.0.0.0/0");
    assert_eq!(
        blocks[1].1,
        ["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
        "the networks, pods and services of this cluster lie in there"
    );
    let alice = read(&render(&campus()), "cluster/50-tenant-alice.yaml");
    let names: Vec<&str> = alice.of::<core::NetworkPolicy>().filter_map(|(object, _)| object.name()).collect();
    assert_eq!(names, ["default-deny", "allow-dns", "allow-same-namespace"]);
}

#[test]
fn every_member_of_etcd_tells_its_metrics_where_prometheus_asks() {
    let design = campus();
    let tree = render(&design);
    let config = tree.get("cluster/prometheus/prometheus.yml").expect("there").text();
    for (name, member) in &design.etcd.member {
        let file = tree.get(&format!("machines/{name}/etc/kubernetes/patches/etcd+strategic.yaml")).expect("a patch");
        let url = format!("http://{}:2381", member.address);
        assert!(file.text().contains(&format!("--listen-metrics-urls=http://127.0.0.1:2381,{url}")), "{}", file.text());
        assert!(config.contains(&format!("- {}:2381", member.address)), "{config}");
        let filter = tree.get(&format!("machines/{name}/etc/nftables.conf")).expect("there").text();
        assert!(
            filter.lines().any(|line| line.contains("10.244.0.0/16") && line.contains("dport { 2381 }")),
            "{filter}"
        );
    }
    assert!(!config.contains(":2379"), "clients of etcd may write");
}

#[test]
fn the_same_design_gives_the_same_bytes() {
    let (one, two) = (render(&whole()), render(&whole()));
    assert_eq!(one, two);
    assert_eq!(json!(one.len()), json!(two.len()));
}

/// Writes the tree to the directory that the environment names, to look at it or to check it with other programs.
#[test]
fn dump() {
    let Ok(directory) = std::env::var("PLIMSOLL_DUMP") else { return };
    for (name, design) in [("whole", whole()), ("campus", campus())] {
        for (path, file) in render(&design).iter() {
            let path = std::path::Path::new(&directory).join(name).join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            std::fs::write(path, file.text()).expect("a file");
        }
    }
}
