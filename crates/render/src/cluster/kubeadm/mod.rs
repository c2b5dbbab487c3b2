//! What kubeadm reads on each node, and the files of the API server beside it.

mod cluster;
mod policy;

use plimsoll_diagnostics::Spanned;
use plimsoll_formats::Setting;
use plimsoll_formats::kubeadm::{
    Args, BootstrapToken, Discovery, InitConfiguration, JoinConfiguration, JoinControlPlane, LocalApiEndpoint,
    NodeRegistration, Patches, Taint, TokenDiscovery, UpgradeConfiguration, UpgradeStep,
};
use plimsoll_formats::kubernetes::{config, text};
use plimsoll_model::design::{EtcdTopology, Machine, Purpose, Role};
use plimsoll_model::{Design, Name};
use plimsoll_yaml::{Node, emit_documents};
use serde_json::json;

use super::node::from_json;
use super::{coredns, header, manifest, node_labels};
use crate::etcd::metrics_urls;
use crate::{File, Hole, Tree};

/// Read by `kubeadm init` on the first control-plane machine.
pub(crate) const INIT: &str = "/etc/kubernetes/kubeadm.yaml";
/// Read by `kubeadm join` on every node, also by the first when it comes back empty.
pub(crate) const JOIN: &str = "/etc/kubernetes/kubeadm-join.yaml";
/// Read by `kubeadm upgrade` on control-plane machines.
pub(crate) const UPGRADE: &str = "/etc/kubernetes/kubeadm-upgrade.yaml";
/// Changes to kubeadm's own files.
pub(crate) const PATCHES: &str = "/etc/kubernetes/patches";

pub(super) fn render(design: &Design, tree: &mut Tree) {
    let first = design.machines(Role::ControlPlane).next().map(|(name, _)| name);
    for (name, machine) in design.nodes() {
        if Some(name) == first {
            tree.on_machine(name, INIT, init(design, name, machine));
        }
        tree.on_machine(name, JOIN, join(design, name, machine));
        if machine.role == Role::ControlPlane {
            let patch = coredns::patch(design);
            tree.on_machine(name, &format!("{PATCHES}/corednsdeployment+strategic.yaml"), patch);
            if let Some(patch) = etcd_patch(design, name) {
                tree.on_machine(name, &format!("{PATCHES}/etcd+strategic.yaml"), patch);
            }
            tree.on_machine(name, UPGRADE, upgrade(design));
            policy::render(design, tree, name);
        }
    }
}

/// A file for kubeadm; its holes are filled in before it is copied.
fn file(design: &Design, what: &str, command: &str, documents: &[Node], holes: &[Hole]) -> File {
    let reader = format!("`kubeadm {command}` {}", design.kubernetes.version);
    File::new(what, format!("{}{}", header(design, what, &reader), emit_documents(documents))).mode(0o600).holes(holes)
}

fn init(design: &Design, name: &Name, machine: &Machine) -> File {
    let join = &design.kubernetes.join;
    let (token, key) = (Hole::text(&join.token), Hole::text(&join.certificate_key));
    let init = InitConfiguration {
        bootstrap_tokens: vec![BootstrapToken { token: text(token.placeholder()), ..BootstrapToken::default() }],
        node_registration: Some(registration(design, name, machine)),
        local_api_endpoint: Some(endpoint(design, machine)),
        certificate_key: text(key.placeholder()),
        patches: Some(patches()),
        ..InitConfiguration::default()
    };
    let documents = [
        config(&init),
        config(&cluster::cluster(design)),
        config(&cluster::kubelet(design)),
        config(&cluster::kube_proxy(design)),
    ];
    file(design, "How the first control-plane machine starts the cluster", "init", &documents, &[token, key])
}

fn join(design: &Design, name: &Name, machine: &Machine) -> File {
    let join = &design.kubernetes.join;
    let (token, key, hash) = (Hole::text(&join.token), Hole::text(&join.certificate_key), Hole::text(&join.ca_hash));
    let control_plane = machine.role == Role::ControlPlane;
    let discovery = TokenDiscovery {
        token: text(token.placeholder()),
        api_server_endpoint: text(format!("{}:{}", design.api.name, design.api.port)),
        ca_cert_hashes: vec![text(hash.placeholder())],
        ..TokenDiscovery::default()
    };
    let configuration = JoinConfiguration {
        node_registration: Some(registration(design, name, machine)),
        discovery: Some(Discovery { bootstrap_token: Some(discovery), ..Discovery::default() }),
        control_plane: control_plane.then(|| JoinControlPlane {
            local_api_endpoint: Some(endpoint(design, machine)),
            certificate_key: text(key.placeholder()),
            ..JoinControlPlane::default()
        }),
        patches: control_plane.then(patches),
        ..JoinConfiguration::default()
    };
    let what =
        if control_plane { "How this machine joins the control plane" } else { "How this machine joins as a worker" };
    file(design, what, "join", &[config(&configuration)], &[token, key, hash])
}

/// Where this member tells its metrics. `extraArgs` hold for all members alike, so an address of one's own needs a patch;
/// a flag that is given twice counts as it is given last, and `args` follow `command`.
fn etcd_patch(design: &Design, name: &Name) -> Option<File> {
    let etcd = &design.etcd;
    let stated = etcd.extra_args.contains_key(&Name::from("listen-metrics-urls"));
    let member = etcd.member.get(name).filter(|_| etcd.topology == EtcdTopology::Stacked && !stated)?;
    let flag = format!("--listen-metrics-urls={}", metrics_urls(member));
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "etcd", "namespace": "kube-system" },
        "spec": { "containers": [{ "name": "etcd", "args": [flag] }] } });
    Some(manifest(design, "Metrics of etcd for Prometheus too", "kubeadm (patches)", &[from_json(&pod)]))
}

/// So that an upgrade keeps what the patches changed.
fn upgrade(design: &Design) -> File {
    let step = || Some(UpgradeStep { patches: Some(patches()), ..UpgradeStep::default() });
    let configuration = UpgradeConfiguration { apply: step(), node: step(), ..UpgradeConfiguration::default() };
    file(design, "What an upgrade keeps", "upgrade", &[config(&configuration)], &[])
}

fn patches() -> Patches {
    Patches { directory: text(PATCHES) }
}

/// Where the API server of a machine listens.
fn endpoint(design: &Design, machine: &Machine) -> LocalApiEndpoint {
    LocalApiEndpoint {
        advertise_address: node_addresses(design, machine).first().map_or(Setting::Absent, text),
        bind_port: design.kubernetes.apiserver.bind_port.into(),
    }
}

fn registration(design: &Design, name: &Name, machine: &Machine) -> NodeRegistration {
    let mut arguments: Vec<(&'static str, String)> = Vec::new();
    if design.kubernetes.kubelet.pin_node_ip {
        arguments.push(("node-ip", node_addresses(design, machine).join(",")));
    }
    let labels: Vec<String> = machine
        .label
        .iter()
        .filter(|(key, _)| node_labels::own(key.as_str()))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if !labels.is_empty() {
        arguments.push(("node-labels", labels.join(",")));
    }
    let taint = |taint: &plimsoll_model::design::Taint| Taint {
        key: text(taint.key.as_str()),
        value: if taint.value.is_empty() { Setting::Absent } else { text(taint.value.as_str()) },
        effect: text(taint.effect.as_str()),
    };
    NodeRegistration {
        name: text(name.as_str()),
        // Always stated: an empty list means none, and left out it would mean kubeadm's own.
        taints: Setting::Known(Spanned::from(machine.taints.iter().map(taint).collect::<Vec<_>>())),
        kubelet_extra_args: Args::of(arguments),
        ..NodeRegistration::default()
    }
}

/// Addresses of a machine in the network of nodes, one per family.
pub(crate) fn node_addresses(design: &Design, machine: &Machine) -> Vec<String> {
    let network = design.network_for(Purpose::Nodes).and_then(|(name, _)| machine.nic.get(name));
    let Some(nic) = network.or_else(|| machine.nic.values().min_by_key(|nic| nic.index)) else { return Vec::new() };
    std::iter::once(nic.address).chain(nic.address6).map(|net| net.addr().to_string()).collect()
}
