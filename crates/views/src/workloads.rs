//! Workloads, what keeps their pods apart and alive, and the room that nodes have for them.

mod from_design;
mod from_files;
mod pods;

use plimsoll_formats::kubernetes::quantity::IntOrPercent;
use plimsoll_model::units::{Bytes, MilliCpu, Millis};

use crate::{Fact, Place};

pub use from_design::from_design;
pub use from_files::from_files;

/// Workloads and the room for them.
#[derive(Clone, Debug, Default)]
pub struct Workloads {
    /// Deployments and StatefulSets.
    pub list: Vec<Workload>,
    /// Disruption budgets.
    pub budgets: Vec<Budget>,
    /// Bounds of containers.
    pub bounds: Vec<Bounds>,
    /// What namespaces may use in all.
    pub quotas: Vec<Quota>,
    /// Programs that are asked before an object is stored.
    pub webhooks: Vec<Webhook>,
    /// Uses of ingress-nginx, each with the image or class.
    pub ingress_nginx: Vec<Fact<String>>,
    /// What kubelets keep from pods.
    pub kubelets: Vec<KubeletRoom>,
    /// Room of nodes and what is promised of it; only a Design knows.
    pub capacity: Option<Capacity>,
    /// How long pods stay on a node that is lost, and how long services may be away, when that was said.
    pub reaction: Option<Reaction>,
}

/// A Deployment or StatefulSet.
#[derive(Clone, Debug)]
pub struct Workload {
    /// `Deployment/shop/web`
    pub title: String,
    /// Its namespace; `None` for one that is applied to a given namespace.
    pub namespace: Option<String>,
    /// What a finding about it points at.
    pub place: Place,
    /// Copies: the least that an autoscaler leaves, if there is one.
    pub replicas: Fact<u32>,
    /// How a Deployment replaces pods: most that are missing, most beyond; `None` when it ends all of them first, or
    /// for a StatefulSet.
    pub rollout: Fact<Option<(IntOrPercent, IntOrPercent)>>,
    /// Domains of which each takes one pod, by a required anti-affinity against its own.
    pub own_domain: Option<OwnDomain>,
    /// The quorum program it is by its image (`etcd`), if it is one.
    pub quorum_program: Option<&'static str>,
    /// What its containers ask for.
    pub containers: Vec<Asked>,
}

/// Domains of which each takes one pod of a workload.
#[derive(Clone, Debug)]
pub struct OwnDomain {
    /// What a finding about it points at.
    pub place: Place,
    /// The label of nodes.
    pub key: String,
    /// Whether pods of another generation count too (no `pod-template-hash` among `matchLabelKeys`).
    pub against_old: bool,
    /// How many domains its pods may be in.
    pub eligible: Fact<u32>,
}

/// What a container asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Requests, by resource; a limit counts as one where there is none.
    pub requests: Vec<String>,
    /// Limits, by resource.
    pub limits: Vec<String>,
}

/// A disruption budget.
#[derive(Clone, Debug)]
pub struct Budget {
    /// `PodDisruptionBudget/shop/web`
    pub title: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// What a finding about it points at.
    pub place: Place,
    /// Least that must stay.
    pub min_available: Fact<Option<IntOrPercent>>,
    /// Most that may go.
    pub max_unavailable: Fact<Option<IntOrPercent>>,
    /// Whether it is for every pod of its namespace.
    pub everything: bool,
    /// Workloads that it selects, by their place in [`Workloads::list`]; unknown when a label was left open.
    pub selects: Fact<Vec<usize>>,
    /// Whether Rook keeps it, which changes it while it works.
    pub kept_by_rook: bool,
}

/// Bounds of containers in a namespace. Amounts are in thousandths of their unit, by resource.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// The namespace.
    pub namespace: Option<String>,
    /// What a finding about it points at.
    pub place: Place,
    /// `Container`, `Pod` or `PersistentVolumeClaim`.
    pub kind: String,
    /// Each resource with what is stated about it.
    pub resources: Vec<Bound>,
}

/// Bounds of one resource.
#[derive(Clone, Debug)]
pub struct Bound {
    /// `cpu`, `memory` …
    pub resource: String,
    /// Least.
    pub min: Option<Fact<Amount>>,
    /// Request of what states none.
    pub default_request: Option<Fact<Amount>>,
    /// Limit of what states none.
    pub default: Option<Fact<Amount>>,
    /// Most.
    pub max: Option<Fact<Amount>>,
}

/// An amount with the text that people know.
#[derive(Clone, Debug)]
pub struct Amount {
    /// Thousandths of its unit.
    pub milli: u128,
    /// As it is written.
    pub text: String,
}

/// What a namespace may use in all.
#[derive(Clone, Debug)]
pub struct Quota {
    /// The namespace.
    pub namespace: Option<String>,
    /// What is bounded, each where it stands: `requests.cpu`, `limits.memory`, …
    pub hard: Vec<Fact<String>>,
    /// Whether it counts only some pods.
    pub scoped: bool,
}

/// A program that is asked before an object is stored.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Whether nothing is stored while it does not answer.
    pub fails: Fact<bool>,
    /// Copies of the program behind it.
    pub replicas: Fact<u32>,
}

/// What a kubelet keeps from pods.
#[derive(Clone, Debug)]
pub struct KubeletRoom {
    /// For people.
    pub name: String,
    /// Whether something is kept for the kubelet or the system.
    pub reserved: Fact<bool>,
    /// Thresholds that are missing while others are stated and the defaults do not fill in; empty when all is well.
    pub eviction_gaps: Fact<Vec<&'static str>>,
}

/// Room of nodes and what is promised of it.
#[derive(Clone, Debug)]
pub struct Capacity {
    /// Room for pods of tenants on each physical host, in the order of their names.
    pub hosts: Vec<HostRoom>,
    /// What tenants are promised.
    pub tenants: Vec<Promised>,
    /// Machines that the hypervisor restarts elsewhere.
    pub restarts: Vec<Restart>,
    /// Memory of hypervisors and what is in use there.
    pub hypervisors: Vec<Hypervisor>,
}

/// Room for pods of tenants on one physical host.
#[derive(Clone, Debug)]
pub struct HostRoom {
    /// The host.
    pub host: String,
    /// Processor time that pods may ask for, without what daemons on every node ask for.
    pub cpu: MilliCpu,
    /// Memory likewise.
    pub memory: Bytes,
}

/// What a tenant is promised.
#[derive(Clone, Debug)]
pub struct Promised {
    /// The tenant.
    pub name: String,
    /// Processor time.
    pub cpu: Fact<MilliCpu>,
    /// Memory.
    pub memory: Fact<Bytes>,
}

/// A machine that the hypervisor restarts elsewhere.
#[derive(Clone, Debug)]
pub struct Restart {
    /// The machine.
    pub name: String,
    /// Its host.
    pub host: String,
    /// Its memory.
    pub memory: Fact<Bytes>,
    /// Whether something ties it to its host (disks passed through, disks without a copy).
    pub tied: bool,
    /// Machines it must not share a host with.
    pub apart: Vec<String>,
}

/// Memory of a hypervisor.
#[derive(Clone, Debug)]
pub struct Hypervisor {
    /// The host.
    pub name: String,
    /// Memory for guests.
    pub memory: Bytes,
    /// Of that, in use by its own.
    pub used: Bytes,
    /// Its own guests.
    pub guests: Vec<String>,
}

/// How long pods stay on a node that is lost.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// Until the node counts as unreachable.
    pub grace: Fact<Millis>,
    /// Until its pods are replaced after that.
    pub toleration: Fact<Millis>,
    /// How long services may be away, when that was said.
    pub objective: Fact<Millis>,
}
