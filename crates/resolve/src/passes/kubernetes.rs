//! Kubernetes: every number of every daemon.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use plimsoll_diagnostics::{Diagnostic, Spanned};
use plimsoll_model::design::{
    AddressRange, ApiServer, Audit, Certificates, ControllerManager, EvictionHard, JoinSecrets, KubeProxy,
    KubeProxyMode, KubeReserved, Kubelet, Kubernetes, Network, SecretRef,
};
use plimsoll_model::{Map, Name};
use plimsoll_spec::Opt;
use plimsoll_spec::cluster::{self, Dataplane, ProxyMode, SecretEncryption};

use crate::cx::{At, Cx, error, map, sorted};

use super::address::Taken;
use super::machines::HOST_LABEL;

pub(crate) fn kubernetes(
    cx: &Cx<'_>,
    version: &str,
    networks: &Map<Network>,
    taken: &Taken,
    nodes: usize,
    sans: Sans,
) -> Kubernetes {
    let at = cx.at("kubernetes");
    let nothing = cluster::Kubernetes::default();
    let spec = cx.spec.kubernetes.as_ref().unwrap_or(&nothing);
    let pods =
        prefixes(cx, &at, "pods", &spec.pods, networks, taken, &["10.244.0.0/16", "10.128.0.0/16", "172.20.0.0/16"]);
    let services = prefixes(
        cx,
        &at,
        "services",
        &spec.services,
        networks,
        taken,
        &["10.96.0.0/20", "10.127.0.0/20", "172.31.0.0/20"],
    );
    let planned = cx.spec.assume.as_ref().and_then(|assume| assume.nodes.as_ref());
    let nodes_max = (nodes as u32).max(cx.edition.nodes_max);
    let domain = map(&spec.domain, |domain| domain.0.clone());
    let nodelocal = super::names::nodelocal_address(cx);
    let cluster_dns = vec![match nodelocal {
        Some(address) => at.derived("kubelet/cluster_dns", address, &["nodelocal/address"]),
        None => at.derived("kubelet/cluster_dns", super::names::service_ip(&services), &["kubernetes/services"]),
    }];
    Kubernetes {
        version: at.derived("version", version.to_owned(), &["version/kubernetes"]),
        dns_domain: at.or_chosen("dns_domain", domain.as_ref(), "cluster.local".into(), "kubeadm"),
        node_mask: at.or("node_mask", spec.node_mask.as_ref(), &cx.edition.node_mask),
        nodes_max: at.or_chosen("nodes_max", planned, nodes_max, "what it is made for"),
        apiserver: apiserver(cx, &at.child("apiserver"), spec, sans),
        controller_manager: controllers(cx, &at.child("controller_manager"), spec),
        kubelet: kubelet(cx, &at.child("kubelet"), spec, cluster_dns),
        kube_proxy: proxy(cx, &at.child("kube_proxy"), spec),
        certificates: certificates(cx, &at.child("certificates"), spec),
        join: at.chosen(
            "join",
            JoinSecrets {
                token: SecretRef("kubeadm/token".into()),
                certificate_key: SecretRef("kubeadm/certificate-key".into()),
                ca_hash: SecretRef("kubeadm/ca-hash".into()),
            },
            "names in the store",
        ),
        host_label: at.chosen("host_label", HOST_LABEL.into(), "tells physical hosts apart"),
        image_repository: at.chosen("image_repository", None, "kubeadm's own"),
        pods,
        services,
    }
}

fn prefixes(
    cx: &Cx<'_>,
    at: &At<'_, '_>,
    field: &str,
    written: &[Spanned<plimsoll_spec::scalars::Prefix>],
    networks: &Map<Network>,
    taken: &Taken,
    candidates: &[&str],
) -> Vec<IpNet> {
    if !written.is_empty() {
        let each = written.iter().enumerate();
        return each.map(|(index, prefix)| at.written(&format!("{field}/{index}"), prefix).0).collect();
    }
    let free = |net: &Ipv4Net| {
        let range = AddressRange::from(*net);
        let crosses = |other: Ipv4Net| AddressRange::from(other).overlaps(&range);
        !networks.values().any(|network| crosses(network.ipv4)) && !taken.crosses(&range)
    };
    let all = candidates.iter().filter_map(|text| text.parse::<Ipv4Net>().ok());
    let why = "away from every network that was described";
    let found = all.clone().find(free);
    if found.is_none() {
        let message = format!("no range is free for `{field}`");
        let problem = Diagnostic::error(message).code("no-range").at(cx.spec.cluster.span, "");
        cx.say(problem.help(format!("write `kubernetes: {{ {field}: … }}` with a prefix that nothing else uses")));
    }
    found.into_iter().map(|net| at.chosen(field, net.into(), why)).collect()
}

/// Names and addresses that the API is known by.
pub(crate) struct Sans {
    /// Its name.
    pub(crate) name: String,
    /// Its address.
    pub(crate) vip: IpAddr,
}

fn apiserver(cx: &Cx<'_>, at: &At<'_, '_>, spec: &cluster::Kubernetes, sans: Sans) -> ApiServer {
    let nothing = cluster::Apiserver::default();
    let daemon = spec.apiserver.as_ref().unwrap_or(&nothing);
    let etcd = spec.etcd.as_ref();
    let edition = cx.edition;
    let mut cert_sans = vec![
        at.derived("cert_sans/0", sans.name, &["api/name"]),
        at.derived("cert_sans/1", sans.vip.to_string(), &["api/vip"]),
        at.chosen("cert_sans/2", "127.0.0.1".to_owned(), "the check of the holder asks its own balancer"),
        at.chosen("cert_sans/3", "localhost".to_owned(), "the check of the holder asks its own balancer"),
    ];
    for san in &sorted(&daemon.sans) {
        if !cert_sans.contains(&san.value) {
            cert_sans.push(at.written(&format!("cert_sans/{}", cert_sans.len()), san));
        }
    }
    let port = map(&daemon.port, |port| port.0);
    let anonymous = daemon.anonymous_health.as_ref();
    let audit = daemon.audit.as_ref().is_none_or(|audit| audit.value);
    if let Some(written) = &daemon.audit {
        at.written("audit", written);
    }
    ApiServer {
        bind_port: at.or("bind_port", port.as_ref(), &edition.apiserver_port),
        cert_sans,
        anonymous_health: at.or_chosen("anonymous_health", anonymous, true, "the balancer asks without credentials"),
        goaway_chance: at.or("goaway_chance", daemon.goaway_chance.as_ref(), &edition.goaway_chance),
        shutdown_delay: at.or("shutdown_delay", daemon.shutdown_delay.as_ref(), &edition.shutdown_delay),
        etcd_compaction: at.or(
            "etcd_compaction",
            etcd.and_then(|etcd| etcd.compaction.as_ref()),
            &edition.etcd_compaction,
        ),
        default_toleration: at.or("default_toleration", daemon.not_ready_toleration.as_ref(), &edition.toleration),
        unreachable_toleration: at.or(
            "unreachable_toleration",
            daemon.unreachable_toleration.as_ref(),
            &edition.toleration,
        ),
        audit: audit.then(|| Audit {
            max_age_days: at.fixed("audit/max_age_days", &edition.audit_days),
            max_backups: at.fixed("audit/max_backups", &edition.audit_files),
            max_size: at.fixed("audit/max_size", &edition.audit_size),
        }),
        encryption: encryption(cx, at, spec),
        extra_args: flags(at, &daemon.flags),
    }
}

/// The key that Secrets are encrypted with at rest.
fn encryption(cx: &Cx<'_>, at: &At<'_, '_>, spec: &cluster::Kubernetes) -> Option<SecretRef> {
    let key = Some(SecretRef("kubernetes/encryption".into()));
    let Some(word) = &spec.encryption else {
        return at.chosen("encryption", key, "a snapshot of etcd would show every Secret");
    };
    match at.written("encryption", word) {
        SecretEncryption::Secretbox => key,
        SecretEncryption::None => None,
        other => {
            let message = format!("`encryption: {other}` is understood but not built yet");
            cx.say(error("not-yet", message, word.span, "").help("write `encryption: secretbox`"));
            None
        }
    }
}

pub(crate) fn flags(at: &At<'_, '_>, flags: &plimsoll_yaml::Map<String, Spanned<String>>) -> Map<String> {
    at.chosen_unless("extra_args", flags.is_empty(), "none were written");
    let written = |(name, value): &(Spanned<String>, Spanned<String>)| {
        (Name::from(name.value.as_str()), at.written(&format!("extra_args/{}", name.value), value))
    };
    flags.iter().map(written).collect()
}

fn controllers(cx: &Cx<'_>, at: &At<'_, '_>, spec: &cluster::Kubernetes) -> ControllerManager {
    let nothing = cluster::Controllers::default();
    let daemon = spec.controllers.as_ref().unwrap_or(&nothing);
    let (grace, period) = (daemon.node_monitor_grace.as_ref(), daemon.node_monitor_period.as_ref());
    ControllerManager {
        node_monitor_grace_period: at.or("node_monitor_grace_period", grace, &cx.edition.node_monitor_grace),
        node_monitor_period: at.or("node_monitor_period", period, &cx.edition.node_monitor_period),
        extra_args: flags(at, &daemon.flags),
    }
}

fn kubelet(cx: &Cx<'_>, at: &At<'_, '_>, spec: &cluster::Kubernetes, cluster_dns: Vec<IpAddr>) -> Kubelet {
    let nothing = cluster::Kubelet::default();
    let daemon = spec.kubelet.as_ref().unwrap_or(&nothing);
    let edition = cx.edition;
    let swap = at.or_chosen("swap", daemon.swap.as_ref(), false, "etcd and kubelets are not to wait for a disk");
    let eviction = at.or("eviction_hard/memory_available", daemon.eviction_memory.as_ref(), &edition.eviction_memory);
    let kubelet_own =
        |field: &str, value: &str| Some(at.chosen(&format!("eviction_hard/{field}"), value.to_owned(), "kubelet"));
    Kubelet {
        cluster_dns,
        max_pods: at.or("max_pods", daemon.max_pods.as_ref(), &edition.max_pods),
        node_status_update: at.or("node_status_update", daemon.status_frequency.as_ref(), &edition.node_status_update),
        cgroup_driver: at.chosen("cgroup_driver", "systemd".into(), "one owner of the tree on cgroup v2"),
        kube_reserved: Some(KubeReserved {
            cpu: at.or("kube_reserved/cpu", daemon.kube_reserved_cpu.as_ref(), &edition.kube_reserved_cpu),
            memory: at.or("kube_reserved/memory", daemon.kube_reserved_memory.as_ref(), &edition.kube_reserved_memory),
        }),
        system_reserved: Some(KubeReserved {
            cpu: at.or("system_reserved/cpu", daemon.system_reserved_cpu.as_ref(), &edition.system_reserved_cpu),
            memory: at.or(
                "system_reserved/memory",
                daemon.system_reserved_memory.as_ref(),
                &edition.system_reserved_memory,
            ),
        }),
        // All four or none: what is left out of a partly set one counts as 0.
        eviction_hard: Some(EvictionHard {
            memory_available: Some(eviction.kubernetes()),
            nodefs_available: kubelet_own("nodefs_available", "10%"),
            nodefs_inodes_free: kubelet_own("nodefs_inodes_free", "5%"),
            imagefs_available: kubelet_own("imagefs_available", "15%"),
        }),
        shutdown_grace: at.or("shutdown_grace", daemon.shutdown_grace.as_ref(), &edition.shutdown_grace),
        shutdown_grace_critical: at.or(
            "shutdown_grace_critical",
            daemon.shutdown_grace_critical.as_ref(),
            &edition.shutdown_grace_critical,
        ),
        server_tls_bootstrap: at.or_chosen(
            "server_tls_bootstrap",
            daemon.serving_certificates.as_ref(),
            false,
            "nobody is declared who approves the requests",
        ),
        pin_node_ip: at.chosen("pin_node_ip", true, "nodes stand in several networks"),
        resolv_conf: stated(at, "resolv_conf", &daemon.resolv_conf, "kubeadm finds the file behind systemd-resolved"),
        fail_swap_on: at.derived("fail_swap_on", !swap, &["kubernetes/kubelet/swap"]),
        swap,
    }
}

/// What a person may have written; otherwise the daemon decides, for the reason given.
#[expect(clippy::ref_option, reason = "the optional facts of the file are what every caller has")]
pub(crate) fn stated<T: Clone>(at: &At<'_, '_>, field: &str, value: &Opt<T>, why: &str) -> Option<T> {
    at.stated(field, value).or_else(|| at.chosen(field, None, why))
}

fn proxy(cx: &Cx<'_>, at: &At<'_, '_>, spec: &cluster::Kubernetes) -> KubeProxy {
    let dataplane = cx.spec.calico.as_ref().and_then(|calico| calico.dataplane.as_ref());
    let mode = match &spec.proxy {
        Some(word) => match at.written("mode", word) {
            ProxyMode::Nftables => KubeProxyMode::Nftables,
            ProxyMode::Iptables => KubeProxyMode::Iptables,
            ProxyMode::Ipvs => KubeProxyMode::Ipvs,
            ProxyMode::None => {
                let problem = error("not-yet", "`proxy: none` is understood but not built yet", word.span, "");
                cx.say(problem.help("write `proxy: nftables`"));
                KubeProxyMode::Nftables
            }
        },
        None if dataplane.is_some_and(|word| word.value == Dataplane::Iptables) => {
            at.chosen("mode", KubeProxyMode::Iptables, "as Calico")
        }
        None => at.chosen("mode", KubeProxyMode::Nftables, "iptables is going; Calico goes along"),
    };
    let ipvs = mode == KubeProxyMode::Ipvs;
    KubeProxy { mode, strict_arp: at.or_chosen("strict_arp", spec.strict_arp.as_ref(), ipvs, "only IPVS needs it") }
}

fn certificates(cx: &Cx<'_>, at: &At<'_, '_>, spec: &cluster::Kubernetes) -> Certificates {
    let nothing = cluster::Certificates::default();
    let written = spec.certificates.as_ref().unwrap_or(&nothing);
    let edition = cx.edition;
    let algorithm = &edition.certificate_algorithm;
    Certificates {
        validity: at.or("validity", written.validity.as_ref(), &edition.certificate_validity),
        ca_validity: at.or("ca_validity", written.ca_validity.as_ref(), &edition.ca_validity),
        renew_every: Some(at.or("renew_every", written.renew.as_ref(), &edition.certificate_renewal)),
        algorithm: at.chosen("algorithm", algorithm.value.to_owned(), algorithm.why),
    }
}
