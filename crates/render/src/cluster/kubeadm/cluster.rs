//! What holds for the whole cluster: control plane, kubelets, kube-proxy.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::{
    ApiServerConfig, Args, ClusterConfiguration, ComponentConfig, EtcdConfig, ExternalEtcd, ExtraVolume,
    IpvsConfiguration, KubeProxyConfiguration, KubeletConfiguration, LocalEtcd, Networking,
};
use plimsoll_formats::kubernetes::quantity::Duration;
use plimsoll_formats::kubernetes::{text, texts};
use plimsoll_model::design::{EtcdTopology, EvictionHard, KubeProxyMode, KubeReserved};
use plimsoll_model::{Design, Map as DesignMap};
use plimsoll_yaml::Map;

use super::policy;

/// Prefixes or addresses, separated by commas.
fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Arguments in the order of their names; those that a person gave replace ours of the same name.
fn with_extra(own: Vec<(&'static str, String)>, extra: &DesignMap<String>) -> Args {
    let mut all: BTreeMap<String, String> = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    all.extend(extra.iter().map(|(name, value)| (name.to_string(), value.clone())));
    Args::of(all)
}

pub(super) fn cluster(design: &Design) -> ClusterConfiguration {
    let kubernetes = &design.kubernetes;
    let certificates = &kubernetes.certificates;
    ClusterConfiguration {
        kubernetes_version: text(format!("v{}", kubernetes.version)),
        cluster_name: text(design.cluster.as_str()),
        control_plane_endpoint: text(format!("{}:{}", design.api.name, design.api.port)),
        networking: Some(Networking {
            dns_domain: text(kubernetes.dns_domain.as_str()),
            pod_subnet: text(joined(&kubernetes.pods)),
            service_subnet: text(joined(&kubernetes.services)),
        }),
        api_server: Some(api_server(design)),
        controller_manager: Some(controller_manager(design)),
        etcd: Some(etcd(design)),
        image_repository: kubernetes.image_repository.as_ref().map_or(Setting::Absent, text),
        encryption_algorithm: text(certificates.algorithm.as_str()),
        certificate_validity_period: Duration(certificates.validity).into(),
        ca_certificate_validity_period: Duration(certificates.ca_validity).into(),
        ..ClusterConfiguration::default()
    }
}

fn api_server(design: &Design) -> ApiServerConfig {
    let server = &design.kubernetes.apiserver;
    let mut arguments: Vec<(&'static str, String)> = vec![
        ("anonymous-auth", server.anonymous_health.to_string()),
        ("default-not-ready-toleration-seconds", server.default_toleration.whole_secs().to_string()),
        ("default-unreachable-toleration-seconds", server.unreachable_toleration.whole_secs().to_string()),
        ("etcd-compaction-interval", server.etcd_compaction.go()),
        ("goaway-chance", server.goaway_chance.to_string()),
        ("shutdown-delay-duration", server.shutdown_delay.go()),
    ];
    let mut extra_volumes = Vec::new();
    if server.audit.is_some() || server.encryption.is_some() {
        extra_volumes.push(ExtraVolume {
            name: text("plimsoll"),
            host_path: text(policy::DIRECTORY),
            mount_path: text(policy::DIRECTORY),
            read_only: true.into(),
            path_type: text("Directory"),
        });
    }
    if let Some(audit) = &server.audit {
        arguments.extend([
            ("audit-policy-file", policy::AUDIT.to_owned()),
            ("audit-log-path", format!("{}/audit.log", policy::AUDIT_LOG)),
            ("audit-log-maxage", audit.max_age_days.to_string()),
            ("audit-log-maxbackup", audit.max_backups.to_string()),
            ("audit-log-maxsize", audit.max_size.whole_mib().to_string()),
        ]);
        extra_volumes.push(ExtraVolume {
            name: text("audit-log"),
            host_path: text(policy::AUDIT_LOG),
            mount_path: text(policy::AUDIT_LOG),
            read_only: Setting::Absent,
            path_type: text("DirectoryOrCreate"),
        });
    }
    if server.encryption.is_some() {
        arguments.push(("encryption-provider-config", policy::ENCRYPTION.to_owned()));
    }
    ApiServerConfig {
        extra_args: with_extra(arguments, &server.extra_args),
        cert_sans: texts(server.cert_sans.iter().map(String::as_str)),
        extra_volumes,
        ..ApiServerConfig::default()
    }
}

fn controller_manager(design: &Design) -> ComponentConfig {
    let manager = &design.kubernetes.controller_manager;
    // With two families each has its own flag, and the plain one is refused.
    let mask = if design.kubernetes.pods.len() > 1 { "node-cidr-mask-size-ipv4" } else { "node-cidr-mask-size" };
    let mut arguments: Vec<(&'static str, String)> = vec![
        ("node-monitor-grace-period", manager.node_monitor_grace_period.go()),
        ("node-monitor-period", manager.node_monitor_period.go()),
    ];
    if design.kubernetes.pods.first().is_some_and(|pods| pods.addr().is_ipv4()) {
        arguments.insert(0, (mask, design.kubernetes.node_mask.to_string()));
    }
    ComponentConfig { extra_args: with_extra(arguments, &manager.extra_args), ..ComponentConfig::default() }
}

fn etcd(design: &Design) -> EtcdConfig {
    let etcd = &design.etcd;
    if etcd.topology == EtcdTopology::External {
        let endpoint = |member: &plimsoll_model::design::EtcdMember| {
            format!("https://{}", SocketAddr::new(member.address, etcd.client_port))
        };
        let external = ExternalEtcd {
            endpoints: texts(etcd.member.values().map(endpoint)),
            ca_file: text("/etc/kubernetes/pki/etcd/ca.crt"),
            cert_file: text("/etc/kubernetes/pki/apiserver-etcd-client.crt"),
            key_file: text("/etc/kubernetes/pki/apiserver-etcd-client.key"),
            ..ExternalEtcd::default()
        };
        return EtcdConfig { external: Some(external), ..EtcdConfig::default() };
    }
    let mut arguments: Vec<(&'static str, String)> = vec![
        ("election-timeout", etcd.election.0.to_string()),
        ("heartbeat-interval", etcd.heartbeat.0.to_string()),
        ("quota-backend-bytes", etcd.quota.0.to_string()),
    ];
    if etcd.auto_compaction.0 > 0 {
        arguments.push(("auto-compaction-mode", "periodic".into()));
        arguments.push(("auto-compaction-retention", etcd.auto_compaction.go()));
    }
    if !etcd.initial_corrupt_check {
        // Stated only to turn kubeadm's own off: an own value replaces all of kubeadm's gates.
        arguments.push(("feature-gates", "InitialCorruptCheck=false".into()));
    }
    if let Some(count) = etcd.snapshot_count {
        arguments.push(("snapshot-count", count.to_string()));
    }
    let local = LocalEtcd {
        data_dir: etcd.member.values().next().map_or(Setting::Absent, |member| text(member.data_dir.as_str())),
        extra_args: with_extra(arguments, &etcd.extra_args),
        ..LocalEtcd::default()
    };
    EtcdConfig { local: Some(local), ..EtcdConfig::default() }
}

fn entries<K: Into<String>>(pairs: impl IntoIterator<Item = (K, String)>) -> Map<String, Setting<String>> {
    Map(pairs.into_iter().map(|(key, value)| (Spanned::from(key.into()), text(value))).collect())
}

fn reserved(reserved: Option<&KubeReserved>) -> Setting<Map<String, Setting<String>>> {
    reserved.map_or(Setting::Absent, |it| {
        Setting::from(entries([("cpu", it.cpu.to_string()), ("memory", it.memory.kubernetes())]))
    })
}

pub(super) fn kubelet(design: &Design) -> KubeletConfiguration {
    let kubelet = &design.kubernetes.kubelet;
    let eviction = |it: &EvictionHard| {
        let thresholds = [
            ("imagefs.available", &it.imagefs_available),
            ("memory.available", &it.memory_available),
            ("nodefs.available", &it.nodefs_available),
            ("nodefs.inodesFree", &it.nodefs_inodes_free),
        ];
        Setting::from(entries(thresholds.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)))))
    };
    KubeletConfiguration {
        cgroup_driver: text(kubelet.cgroup_driver.as_str()),
        cluster_dns: Setting::from(texts(kubelet.cluster_dns.iter().map(ToString::to_string))),
        cluster_domain: text(design.kubernetes.dns_domain.as_str()),
        resolv_conf: kubelet.resolv_conf.as_ref().map_or(Setting::Absent, text),
        max_pods: kubelet.max_pods.into(),
        kube_reserved: reserved(kubelet.kube_reserved.as_ref()),
        system_reserved: reserved(kubelet.system_reserved.as_ref()),
        eviction_hard: kubelet.eviction_hard.as_ref().map_or(Setting::Absent, eviction),
        shutdown_grace_period: Duration(kubelet.shutdown_grace).into(),
        shutdown_grace_period_critical_pods: Duration(kubelet.shutdown_grace_critical).into(),
        server_tls_bootstrap: kubelet.server_tls_bootstrap.into(),
        node_status_update_frequency: Duration(kubelet.node_status_update).into(),
        fail_swap_on: kubelet.fail_swap_on.into(),
        ..KubeletConfiguration::default()
    }
}

pub(super) fn kube_proxy(design: &Design) -> KubeProxyConfiguration {
    let proxy = &design.kubernetes.kube_proxy;
    let ipvs = || IpvsConfiguration { strict_arp: proxy.strict_arp.into(), ..IpvsConfiguration::default() };
    KubeProxyConfiguration {
        mode: text(proxy.mode.as_str()),
        cluster_cidr: text(joined(&design.kubernetes.pods)),
        ipvs: (proxy.mode == KubeProxyMode::Ipvs).then(ipvs),
        ..KubeProxyConfiguration::default()
    }
}
