//! Names as files state them.

use std::net::IpAddr;

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::{ClusterConfiguration, KubeProxyConfiguration, KubeletConfiguration};
use plimsoll_formats::kubernetes::core::{ConfigMap, Node, PodDisruptionBudget, Service};
use plimsoll_formats::kubernetes::meta::Labels;
use plimsoll_formats::kubernetes::workload::{DaemonSet, Deployment, PodSpec};
use plimsoll_formats::kubernetes::{Object, quantity::IntOrPercent};
use plimsoll_model::design::KubeProxyMode;

use super::{
    Copies, Dns, EndpointName, Holder, KubeletNames, MisplacedStub, NodeLocal, corefiles, plain, updaters, zones,
};
use crate::control_plane::host_of;
use crate::files::{Content, Files};
use crate::{Fact, Place};

/// Names of files.
pub fn from_files(files: &Files) -> Dns {
    let mut dns = Dns {
        copies: copies(files),
        kubelets: kubelets(files),
        nodelocal: nodelocal(files),
        nodes: nodes(files),
        misplaced_stubs: misplaced(files),
        ..Dns::default()
    };
    if let Some((_, object, cluster)) = files.objects::<ClusterConfiguration>().next() {
        let place = Place::File { span: object.span, component: "kubeadm ClusterConfiguration".into() };
        let networking = cluster.networking.as_ref();
        let absent = Setting::Absent;
        let domain = networking.map_or(&absent, |networking| &networking.dns_domain);
        dns.domain = Some(Fact::setting_or(domain, "cluster.local".to_owned(), &place).map(|domain| plain(domain)));
        let endpoint = Fact::setting(&cluster.control_plane_endpoint, &place).map(|text| host_of(text).to_owned());
        dns.endpoint = endpoint.get().is_some().then(|| EndpointName {
            hosts_entry: hosts_entry(files, endpoint.get().map(String::as_str).unwrap_or_default(), &place),
            name: endpoint,
        });
    }
    dns.service_ip = files.objects::<Service>().find_map(|(_, object, service)| {
        let is_dns = object.namespace() == Some("kube-system") && matches!(object.name(), Some("kube-dns" | "coredns"));
        let place = Place::File { span: object.span, component: object.title() };
        let address = Fact::setting(&service.spec.cluster_ip, &place).map(|text| text.parse().ok()).flatten();
        (is_dns && address.get().is_some()).then_some(address)
    });
    corefiles::collect(files, &mut dns);
    zones::collect(files, &mut dns);
    updaters::collect(files, &mut dns);
    dns
}

fn at(span: Option<Span>, component: &str) -> Place {
    Place::File { span, component: component.to_owned() }
}

fn is_coredns(object: &Object) -> bool {
    matches!(object.name(), Some("coredns" | "kube-dns"))
        && object.namespace().is_none_or(|namespace| namespace == "kube-system")
}

fn copies(files: &Files) -> Option<Copies> {
    // A file of changes for kubeadm states only what it changes.
    let is_patch = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with("corednsdeployment"));
    let (patches, whole): (Vec<_>, Vec<_>) = files
        .objects::<Deployment>()
        .filter(|(_, object, _)| is_coredns(object))
        .partition(|(file, _, _)| is_patch(&file.path));
    let (_, object, deployment) = whole.first().or(patches.first())?;
    let title = object.title();
    let place = at(object.span, &title);
    let stated = patches.iter().chain(&whole).map(|(_, _, deployment)| &deployment.spec);
    let replicas = stated.clone().find(|spec| !spec.replicas.is_absent()).unwrap_or(&deployment.spec);
    let labels = [&deployment.spec.template.metadata.labels];
    let spread = stated.clone().any(|spec| spreads(&spec.template.spec));
    let disabled = files
        .objects::<ClusterConfiguration>()
        .next()
        .map(|(_, _, cluster)| cluster.dns.as_ref().is_some_and(|dns| dns.disabled.get() == Some(&true)));
    let changed = whole.iter().any(|(_, _, deployment)| spreads(&deployment.spec.template.spec));
    let spread_span = whole.first().and_then(|(_, _, deployment)| {
        let spec = &deployment.spec.template.spec;
        spec.topology_spread_constraints.span().or(spec.affinity.span())
    });
    Some(Copies {
        // kubeadm sets 2 where it writes the Deployment; one that states none has 1.
        replicas: Fact::setting_or(&replicas.replicas, 1, &place),
        budget: if labels[0].is_empty() {
            Fact::unknown(place.clone())
        } else {
            budget(files, labels[0], replicas.replicas.or(1), &place)
        },
        spread: Fact::known(spread, place.clone()),
        overwritten_by_upgrade: match disabled {
            Some(disabled) => {
                Fact::known(!disabled && changed && patches.is_empty(), at(spread_span.or(object.span), &title))
            }
            None => Fact::unknown(place.clone()),
        },
        place,
    })
}

/// Whether its copies cannot share a node.
fn spreads(pod: &PodSpec) -> bool {
    let constraint = pod.topology_spread_constraints.get().into_iter().flatten().any(|spread| {
        // Absent means DoNotSchedule.
        spread.when_unsatisfiable.or("DoNotSchedule".into()).is_some_and(|word| word == "DoNotSchedule")
    });
    constraint || !pod.required_anti_affinity().is_empty()
}

fn budget(files: &Files, labels: &Labels, replicas: Option<u32>, place: &Place) -> Fact<Option<u32>> {
    let mut open = false;
    for (_, object, budget) in files.objects::<PodDisruptionBudget>() {
        if object.namespace().is_some_and(|namespace| namespace != "kube-system") {
            continue;
        }
        let Some(selector) = &budget.spec.selector else { continue };
        match selector.matches(labels) {
            Some(false) => {}
            None => open = true,
            Some(true) => {
                let count = |setting: &Setting<IntOrPercent>| setting.get().copied();
                let place = at(object.span, &object.title());
                let (Some(replicas), min, max) =
                    (replicas, count(&budget.spec.min_available), count(&budget.spec.max_unavailable))
                else {
                    return Fact::unknown(place);
                };
                let allowed = crate::arithmetic::evictions(replicas, min, max);
                return Fact::maybe(allowed.map(Some), place);
            }
        }
    }
    if open { Fact::unknown(place.clone()) } else { Fact::known(None, place.clone()) }
}

fn addresses(list: &[Spanned<String>]) -> Option<Vec<IpAddr>> {
    list.iter().map(|text| text.value.parse().ok()).collect()
}

fn kubelets(files: &Files) -> Vec<KubeletNames> {
    let mut kubelets = Vec::new();
    for (file, object, kubelet) in files.objects::<KubeletConfiguration>() {
        let name = if file.owner.is_empty() { object.title() } else { format!("kubelet of {}", file.owner) };
        let place = at(object.span, &name);
        let resolv_conf = match &kubelet.resolv_conf {
            Setting::Absent => Fact::default(None, place.clone()),
            stated => Fact::setting(&stated.clone().map(Some), &place),
        };
        let path = resolv_conf.get().cloned().flatten();
        let servers = path.and_then(|path| {
            let tail = path.trim_start_matches('/').to_owned();
            files.of(&file.owner).find_map(|file| match &file.content {
                Content::Resolv(conf) if file.path.ends_with(&tail) => Some(conf),
                _ => None,
            })
        });
        kubelets.push(KubeletNames {
            cluster_dns: Fact::setting(&kubelet.cluster_dns, &place).map(|list| addresses(list)).flatten(),
            resolv_conf,
            resolv_servers: match servers {
                Some(conf) => Fact::known(
                    conf.nameservers.iter().map(|server| server.value).collect(),
                    at(conf.nameservers.first().and_then(|server| server.span), &name),
                ),
                None => Fact::unknown(place.clone()),
            },
            name,
        });
    }
    kubelets
}

fn nodelocal(files: &Files) -> Option<NodeLocal> {
    let (_, object, daemon) = files
        .objects::<DaemonSet>()
        .find(|(_, object, _)| object.name().is_some_and(|name| matches!(name, "node-local-dns" | "nodelocaldns")))?;
    let place = at(object.span, &object.title());
    let local = daemon.spec.template.spec.containers.iter().find_map(|container| container.flag("localip"));
    let address = local.as_ref().and_then(|value| value.value.split(',').next()?.trim().parse().ok());
    let mode = files.objects::<KubeProxyConfiguration>().next().map(|(_, object, proxy)| {
        let owner = at(object.span, "kube-proxy");
        // An empty mode is iptables up to 1.38.
        Fact::setting_or(&proxy.mode, "iptables".to_owned(), &owner)
            .map(|mode| match mode.as_str() {
                "" | "iptables" => Some(KubeProxyMode::Iptables),
                "nftables" => Some(KubeProxyMode::Nftables),
                "ipvs" => Some(KubeProxyMode::Ipvs),
                _ => None,
            })
            .flatten()
    });
    Some(NodeLocal {
        address: Fact::maybe(address, at(local.and_then(|value| value.span).or(object.span), &object.title())),
        proxy: mode.unwrap_or_else(|| Fact::unknown(place.clone())),
        place,
    })
}

fn nodes(files: &Files) -> Option<Fact<usize>> {
    let mut nodes = files.objects::<Node>();
    let (_, first, _) = nodes.next()?;
    Some(Fact::known(1 + nodes.count(), at(first.span, "nodes")))
}

/// Whether the hosts files that are here all have the name. Without any, nobody knows.
fn hosts_entry(files: &Files, name: &str, place: &Place) -> Fact<bool> {
    let confs: Vec<_> = files
        .list
        .iter()
        .filter_map(|file| match &file.content {
            Content::Hosts(conf) => Some(conf),
            _ => None,
        })
        .collect();
    let known = confs.iter().map(|conf| !conf.addresses(name).is_empty()).reduce(|a, b| a && b);
    Fact::maybe(known, place.clone())
}

/// Stub domains where CoreDNS does not look for them.
fn misplaced(files: &Files) -> Vec<MisplacedStub> {
    let mut found = Vec::new();
    let mut push = |span: Option<Span>, component: String, setting: &str, holder: Holder| {
        found.push(MisplacedStub { place: at(span, &component), setting: setting.to_owned(), holder });
    };
    for (_, object, map) in files.objects::<ConfigMap>() {
        if object.name() == Some("kube-dns") {
            for (key, _) in &map.data {
                if matches!(key.value.as_str(), "stubDomains" | "upstreamNameservers") {
                    push(key.span, object.title(), &key.value, Holder::KubeDnsConfigMap);
                }
            }
        }
    }
    for (file, _, kubelet) in files.objects::<KubeletConfiguration>() {
        for (key, _) in &kubelet.rest.0 {
            if key.text.eq_ignore_ascii_case("stubDomains") || key.text.eq_ignore_ascii_case("upstreamNameservers") {
                let component = format!("KubeletConfiguration of {}", file.path);
                push(key.span, component, &key.text, Holder::KubeletConfiguration);
            }
        }
    }
    for file in &files.list {
        let Content::KubeletFlags(conf) = &file.content else { continue };
        for flag in conf.flags().flags() {
            if matches!(flag.name.value.as_str(), "stub-domains" | "stubDomains") {
                let component = format!("kubelet of {}", file.owner);
                push(flag.name.span, component, &format!("--{}", flag.name.value), Holder::KubeletFlags);
            }
        }
    }
    found
}
