//! The control plane as kubeadm sets it up: its endpoint, its certificates, its machines.

mod from_files;

use std::net::IpAddr;

use plimsoll_model::design::{EtcdTopology, Role};
use plimsoll_model::units::{Bytes, MilliCpu, Millis};
use plimsoll_model::{Map, Name};

use crate::{DesignSource, Fact, Goals, Place};

pub use from_files::{from_files, host_of, port_of};

/// A control plane.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    /// What a finding about the whole control plane points at.
    pub place: Place,
    /// Version of Kubernetes without `v`: `1.36.4`.
    pub version: Fact<String>,
    /// `kubeadm.k8s.io/v1beta4` or an older form.
    pub kubeadm_api: Fact<String>,
    /// How extra arguments are written, one a list.
    pub args_as_list: Vec<ExtraArgs>,
    /// `controlPlaneEndpoint`; `None` when there is none.
    pub endpoint: Fact<Option<String>>,
    /// What the endpoint's name stands for, as far as it is declared.
    pub endpoint_addresses: Fact<Vec<IpAddr>>,
    /// Port on which the balancer listens; `None` without one.
    pub balancer_port: Fact<Option<u16>>,
    /// Port of each API server.
    pub bind_port: Fact<u16>,
    /// Addresses of the endpoint that clients may use.
    pub vips: Fact<Vec<IpAddr>>,
    /// `certSANs`
    pub sans: Fact<Vec<String>>,
    /// Whether several control-plane machines are planned or high availability is a goal.
    pub claims_ha: Fact<bool>,
    /// Whether each node finds the API servers without the endpoint.
    pub node_local_balancer: Fact<bool>,
    /// Whether etcd runs on the control-plane machines.
    pub etcd_stacked: Fact<bool>,
    /// Its machines, as far as they are known.
    pub machines: Vec<ControlPlaneMachine>,
    /// Whether all of them are known.
    pub machines_known: bool,
    /// Life of leaf certificates.
    pub certificate_life: Fact<Millis>,
    /// How often they are renewed; `None` when nobody plans it.
    pub renewal: Fact<Option<Millis>>,
    /// How long an API server goes on serving after it was told to stop.
    pub shutdown_delay: Fact<Millis>,
    /// Whether a balancer stands in front, and how long it needs to take out a server: `inter × fall`.
    pub balancer_notices: Fact<Millis>,
    /// Whether Secrets are encrypted at rest.
    pub encrypted: Fact<bool>,
    /// Whether kubelets ask for serving certificates that somebody must approve.
    pub server_tls_bootstrap: Fact<bool>,
    /// Whether somebody approves them.
    pub csr_approver: Fact<bool>,
    /// `etcd.external.endpoints`, when etcd is external.
    pub external_etcd: Vec<Fact<String>>,
    /// Files of the client certificate of external etcd that are missing.
    pub external_etcd_lacks: Vec<Fact<String>>,
    /// Versions of other programs, for the table of what was tested together.
    pub programs: Map<Fact<String>>,
}

/// A control-plane machine.
#[derive(Clone, Debug)]
pub struct ControlPlaneMachine {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Its address.
    pub address: Fact<IpAddr>,
    /// Threads.
    pub cpu: Fact<u32>,
    /// Memory.
    pub memory: Fact<Bytes>,
    /// Whether workloads may run on it.
    pub schedulable: Fact<bool>,
    /// Kept for the system and the kubelet together.
    pub reserved: Fact<(MilliCpu, Bytes)>,
}

/// One list of extra arguments in kubeadm's files.
#[derive(Clone, Debug)]
pub struct ExtraArgs {
    /// Whether it is written as a list (else as a map).
    pub as_list: Fact<bool>,
    /// The version of the document that it stands in: `kubeadm.k8s.io/v1beta4`.
    pub api: Fact<String>,
}

/// The control plane of a Design.
pub fn from_design(source: DesignSource<'_>) -> Vec<ControlPlane> {
    let design = source.design;
    let kubernetes = &design.kubernetes;
    let api = &design.api;
    let machines: Vec<ControlPlaneMachine> =
        design.machines(Role::ControlPlane).map(|(name, _)| machine(source, name)).collect();
    let endpoint = format!("{}:{}", api.name, api.port);
    let named: Vec<IpAddr> = match api.name.parse() {
        Ok(address) => vec![address],
        Err(_) => api.vip.clone(),
    };
    let notices = api.haproxy.as_ref().map(|haproxy| haproxy.check.interval * u64::from(haproxy.check.fall));
    vec![ControlPlane {
        place: source.place("kubernetes"),
        version: source.fact("kubernetes/version", kubernetes.version.clone()),
        kubeadm_api: source.fact("kubernetes/version", "kubeadm.k8s.io/v1beta4".to_owned()),
        args_as_list: Vec::new(),
        endpoint: source.fact("api/name", Some(endpoint)),
        endpoint_addresses: source.fact("api/vip", named),
        balancer_port: source.fact("api/port", Some(api.port)),
        bind_port: source.fact("kubernetes/apiserver/bind_port", kubernetes.apiserver.bind_port),
        vips: source.fact("api/vip", api.vip.clone()),
        sans: source.fact("kubernetes/apiserver/cert_sans", kubernetes.apiserver.cert_sans.clone()),
        claims_ha: source.fact("survive", Goals::of(design).highly_available_api()),
        node_local_balancer: source.fact("api/balancer", false),
        etcd_stacked: source.fact("etcd/topology", design.etcd.topology == EtcdTopology::Stacked),
        machines,
        machines_known: true,
        certificate_life: source.fact("kubernetes/certificates/validity", kubernetes.certificates.validity),
        renewal: source.fact("kubernetes/certificates/renew_every", kubernetes.certificates.renew_every),
        shutdown_delay: source.fact("kubernetes/apiserver/shutdown_delay", kubernetes.apiserver.shutdown_delay),
        balancer_notices: source.maybe("api/haproxy/check/interval", notices),
        encrypted: source.fact("kubernetes/apiserver/encryption", kubernetes.apiserver.encryption.is_some()),
        server_tls_bootstrap: source
            .fact("kubernetes/kubelet/server_tls_bootstrap", kubernetes.kubelet.server_tls_bootstrap),
        csr_approver: source.fact("kubernetes/kubelet/server_tls_bootstrap", false),
        external_etcd: Vec::new(),
        external_etcd_lacks: Vec::new(),
        programs: design
            .version
            .iter()
            .map(|(name, version)| (name.clone(), source.fact(format!("version/{name}"), version.clone())))
            .collect(),
    }]
}

fn machine(source: DesignSource<'_>, name: &Name) -> ControlPlaneMachine {
    let design = source.design;
    let at = |field: &str| format!("machine/{name}/{field}");
    let machine = design.machine.get(name);
    let kubelet = &design.kubernetes.kubelet;
    let zero = (MilliCpu::default(), Bytes::default());
    let reserved = [&kubelet.kube_reserved, &kubelet.system_reserved]
        .into_iter()
        .flatten()
        .fold(zero, |(cpu, memory), reserved| (cpu + reserved.cpu, memory + reserved.memory));
    let tainted = machine
        .is_some_and(|machine| machine.taints.iter().any(|taint| taint.key == "node-role.kubernetes.io/control-plane"));
    ControlPlaneMachine {
        name: name.to_string(),
        place: source.place(format!("machine/{name}")),
        address: source.maybe(
            at("nic"),
            machine.and_then(|machine| machine.nic.get(&design.api.network)).map(|nic| nic.address.addr()),
        ),
        cpu: source.maybe(at("cpu"), machine.map(|machine| machine.cpu)),
        memory: source.maybe(at("memory"), machine.map(|machine| machine.memory)),
        schedulable: source.fact(at("taints"), !tainted),
        reserved: source.fact("kubernetes/kubelet/system_reserved", reserved),
    }
}
