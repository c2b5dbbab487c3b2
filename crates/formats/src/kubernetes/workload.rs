//! Pods and what makes them: Deployment, StatefulSet, DaemonSet, Job, CronJob and bare Pods.

use plimsoll_diagnostics::Spanned;
use plimsoll_yaml::{Map, Node, Rest, record};

use super::Part;
use super::core::ClaimSpec;
use super::meta::{LabelSelector, Metadata};
use super::quantity::{IntOrPercent, Quantity};
use crate::Setting;

record! {
    /// A Deployment.
    pub struct Deployment as camelCase: Default {
        /// What is asked for.
        pub spec: Part<WorkloadSpec>,
    }

    /// A StatefulSet.
    pub struct StatefulSet as camelCase: Default {
        /// What is asked for.
        pub spec: Part<WorkloadSpec>,
    }

    /// A DaemonSet.
    pub struct DaemonSet as camelCase: Default {
        /// What is asked for.
        pub spec: Part<WorkloadSpec>,
    }

    /// What makes pods and keeps them there.
    pub struct WorkloadSpec as camelCase: Default {
        /// Copies; absent means 1.
        pub replicas: Setting<u32>,
        /// Whose pods they are.
        pub selector: Option<LabelSelector>,
        /// How a Deployment replaces them.
        pub strategy: Option<Strategy>,
        /// How a StatefulSet or DaemonSet replaces them.
        pub update_strategy: Option<Strategy>,
        /// The headless service of a StatefulSet.
        pub service_name: Setting<String>,
        /// `OrderedReady` or `Parallel`.
        pub pod_management_policy: Setting<String>,
        /// What each pod looks like.
        pub template: Part<PodTemplate>,
        /// Volumes that each pod of a StatefulSet asks for.
        pub volume_claim_templates: Vec<ClaimTemplate>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// How pods are replaced.
    pub struct Strategy as camelCase: Default {
        /// `RollingUpdate`, `Recreate` or `OnDelete`.
        pub r#type: Setting<String>,
        /// For rolling updates.
        pub rolling_update: Option<RollingUpdate>,
    }

    /// How many pods are replaced at a time; absent means 25 % for a Deployment.
    pub struct RollingUpdate as camelCase: Default {
        /// How many may be missing.
        pub max_unavailable: Setting<IntOrPercent>,
        /// How many may be there beyond.
        pub max_surge: Setting<IntOrPercent>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What a pod looks like.
    pub struct PodTemplate as camelCase: Default {
        /// Its labels and annotations.
        pub metadata: Part<Metadata>,
        /// What it holds.
        pub spec: Part<PodSpec>,
    }

    /// A volume that a pod of a StatefulSet asks for.
    pub struct ClaimTemplate as camelCase: Default {
        /// Its name.
        pub metadata: Part<Metadata>,
        /// What is asked for.
        pub spec: Part<ClaimSpec>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A pod by itself, also one that a kubelet runs from a file.
    pub struct Pod as camelCase: Default {
        /// What it holds.
        pub spec: Part<PodSpec>,
    }

    /// A job.
    pub struct Job as camelCase: Default {
        /// What is asked for.
        pub spec: Part<JobSpec>,
    }

    /// See [`Job`].
    pub struct JobSpec as camelCase: Default {
        /// What the pod looks like.
        pub template: Part<PodTemplate>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A job that is run again and again.
    pub struct CronJob as camelCase: Default {
        /// What is asked for.
        pub spec: Part<CronJobSpec>,
    }

    /// See [`CronJob`].
    pub struct CronJobSpec as camelCase: Default {
        /// When, as cron has it.
        pub schedule: Setting<String>,
        /// Whether it is halted.
        pub suspend: Setting<bool>,
        /// What each job looks like.
        pub job_template: Part<JobTemplate>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// What each job of a [`CronJob`] looks like.
    pub struct JobTemplate as camelCase: Default {
        /// Its labels.
        pub metadata: Part<Metadata>,
        /// What is asked for.
        pub spec: Part<JobSpec>,
    }

    /// What a pod holds and where it may run.
    pub struct PodSpec as camelCase: Default {
        /// Containers that run before the others.
        pub init_containers: Vec<Container>,
        /// Containers.
        pub containers: Vec<Container>,
        /// Whether it uses the network of its node.
        pub host_network: Setting<bool>,
        /// `ClusterFirst` (the default), `ClusterFirstWithHostNet`, `Default` or `None`.
        pub dns_policy: Setting<String>,
        /// Resolvers beside or instead of the cluster's.
        pub dns_config: Option<DnsConfig>,
        /// Labels that its node must have.
        pub node_selector: Map<String, Setting<String>>,
        /// The node, when it is given by name.
        pub node_name: Setting<String>,
        /// Where it wants to be, and beside whom.
        pub affinity: Setting<Affinity>,
        /// Domains over which its like are spread.
        pub topology_spread_constraints: Setting<Vec<TopologySpread>>,
        /// Taints that it bears.
        pub tolerations: Setting<Vec<Toleration>>,
        /// Priority class.
        pub priority_class_name: Setting<String>,
        /// Time it is given to end, in seconds; absent means 30.
        pub termination_grace_period_seconds: Setting<u64>,
        /// Its account.
        pub service_account_name: Setting<String>,
        /// Volumes.
        pub volumes: Vec<Volume>,
        /// What it costs beside its containers.
        pub overhead: Map<String, Setting<Quantity>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A container.
    pub struct Container as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// Its image.
        pub image: Setting<String>,
        /// What is run.
        pub command: Vec<Spanned<String>>,
        /// Arguments.
        pub args: Vec<Spanned<String>>,
        /// Environment.
        pub env: Vec<EnvVar>,
        /// Ports.
        pub ports: Vec<ContainerPort>,
        /// What it asks for and may use.
        pub resources: Setting<Resources>,
        /// Where volumes are mounted.
        pub volume_mounts: Vec<VolumeMount>,
        /// When it takes requests.
        pub readiness_probe: Option<Node>,
        /// When it is restarted.
        pub liveness_probe: Option<Node>,
        /// How long its start may take.
        pub startup_probe: Option<Node>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// An environment variable.
    pub struct EnvVar as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// Its value.
        pub value: Setting<String>,
        /// Where its value comes from.
        pub value_from: Option<Node>,
    }

    /// A port of a container.
    pub struct ContainerPort as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// The port.
        pub container_port: Setting<u16>,
        /// The port of the node, when it has one.
        pub host_port: Setting<u16>,
        /// The address of the node, when it has one.
        pub host_ip: Setting<String> = "hostIP",
        /// `TCP` (the default), `UDP` or `SCTP`.
        pub protocol: Setting<String>,
    }

    /// What a container asks for and may use.
    pub struct Resources as camelCase: Default {
        /// What it asks for; absent means the limit, if there is one.
        pub requests: Map<String, Setting<Quantity>>,
        /// What it may use at most.
        pub limits: Map<String, Setting<Quantity>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// Where a volume is mounted.
    pub struct VolumeMount as camelCase: Default {
        /// The volume.
        pub name: Setting<String>,
        /// Where.
        pub mount_path: Setting<String>,
        /// Whether it may only be read.
        pub read_only: Setting<bool>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A volume of a pod.
    pub struct Volume as camelCase: Default {
        /// Its name.
        pub name: Setting<String>,
        /// A directory of the node.
        pub host_path: Option<HostPath>,
        /// A claim.
        pub persistent_volume_claim: Option<ClaimRef>,
        /// A ConfigMap.
        pub config_map: Option<Node>,
        /// A Secret.
        pub secret: Option<Node>,
        /// An empty directory.
        pub empty_dir: Option<Node>,
        /// A directory of an NFS server.
        pub nfs: Option<NfsVolume>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A directory of the node.
    pub struct HostPath as camelCase: Default {
        /// Its path.
        pub path: Setting<String>,
        /// What must be there.
        pub r#type: Setting<String>,
    }

    /// A claim.
    pub struct ClaimRef as camelCase: Default {
        /// Its name.
        pub claim_name: Setting<String>,
        /// Whether it may only be read.
        pub read_only: Setting<bool>,
    }

    /// A directory of an NFS server.
    pub struct NfsVolume as camelCase: Default {
        /// The server.
        pub server: Setting<String>,
        /// Its directory.
        pub path: Setting<String>,
        /// Whether it may only be read.
        pub read_only: Setting<bool>,
    }

    /// Resolvers beside or instead of the cluster's.
    pub struct DnsConfig as camelCase: Default {
        /// Their addresses.
        pub nameservers: Vec<Spanned<String>>,
        /// Domains in which short names are looked for.
        pub searches: Vec<Spanned<String>>,
        /// Options (`ndots`).
        pub options: Vec<EnvVar>,
    }

    /// Where a pod wants to be, and beside whom.
    pub struct Affinity as camelCase: Default {
        /// Nodes that are taken or preferred.
        pub node_affinity: Option<NodeAffinity>,
        /// Pods whose company is sought.
        pub pod_affinity: Option<PodAffinity>,
        /// Pods whose company is avoided.
        pub pod_anti_affinity: Option<PodAffinity>,
    }

    /// Nodes that are taken or preferred.
    pub struct NodeAffinity as camelCase: Default {
        /// Nodes that are taken.
        pub required: Option<NodeSelector> = "requiredDuringSchedulingIgnoredDuringExecution",
        /// Nodes that are preferred.
        pub preferred: Vec<Node> = "preferredDuringSchedulingIgnoredDuringExecution",
    }

    /// Nodes, by any of these terms.
    pub struct NodeSelector as camelCase: Default {
        /// The terms.
        pub node_selector_terms: Vec<NodeSelectorTerm>,
    }

    /// Nodes, by all of these conditions.
    pub struct NodeSelectorTerm as camelCase: Default {
        /// Conditions on labels.
        pub match_expressions: Vec<super::meta::LabelExpression>,
        /// Conditions on fields.
        pub match_fields: Vec<super::meta::LabelExpression>,
    }

    /// Pods whose company is sought or avoided.
    pub struct PodAffinity as camelCase: Default {
        /// Must hold when the pod is placed.
        pub required: Vec<PodAffinityTerm> = "requiredDuringSchedulingIgnoredDuringExecution",
        /// Is wished for when the pod is placed.
        pub preferred: Vec<WeightedPodAffinityTerm> = "preferredDuringSchedulingIgnoredDuringExecution",
    }

    /// A wish with its weight.
    pub struct WeightedPodAffinityTerm as camelCase: Default {
        /// 1 to 100.
        pub weight: Setting<u32>,
        /// The wish.
        pub pod_affinity_term: Part<PodAffinityTerm>,
    }

    /// Pods, and the domain they share.
    pub struct PodAffinityTerm as camelCase: Default {
        /// The pods; absent means none.
        pub label_selector: Option<LabelSelector>,
        /// Label of nodes that names the domain.
        pub topology_key: Setting<String>,
        /// Namespaces of the pods; absent means the own one.
        pub namespaces: Vec<Spanned<String>>,
        /// Labels whose values are taken from the pod itself.
        pub match_label_keys: Vec<Spanned<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A domain over which pods are spread.
    pub struct TopologySpread as camelCase: Default {
        /// Largest difference between two domains.
        pub max_skew: Setting<u32>,
        /// Label of nodes that names the domain.
        pub topology_key: Setting<String>,
        /// `DoNotSchedule` or `ScheduleAnyway`.
        pub when_unsatisfiable: Setting<String>,
        /// The pods.
        pub label_selector: Option<LabelSelector>,
        /// Least number of domains.
        pub min_domains: Setting<u32>,
        /// Labels whose values are taken from the pod itself.
        pub match_label_keys: Vec<Spanned<String>>,
        /// What else stands there.
        pub rest: Rest,
    }

    /// A taint that is borne.
    pub struct Toleration as camelCase: Default {
        /// Its key; absent with `Exists` means every taint.
        pub key: Setting<String>,
        /// `Equal` (the default) or `Exists`.
        pub operator: Setting<String>,
        /// Its value.
        pub value: Setting<String>,
        /// Its effect; absent means every one.
        pub effect: Setting<String>,
        /// How long a `NoExecute` taint is borne; absent means for ever.
        pub toleration_seconds: Setting<i64>,
    }
}

impl Container {
    /// Arguments of the form `--name=value` or `--name value` in command and arguments, without their hyphens, in
    /// order; the value of a flag alone is `true`.
    pub fn flags(&self) -> Vec<(String, Spanned<String>)> {
        let mut words = self.command.iter().chain(&self.args).peekable();
        let mut flags = Vec::new();
        while let Some(word) = words.next() {
            let Some(body) = word.value.strip_prefix("--").or_else(|| word.value.strip_prefix('-')) else { continue };
            if let Some((name, value)) = body.split_once('=') {
                flags.push((name.to_owned(), Spanned { value: value.to_owned(), span: word.span }));
            } else if let Some(value) = words.next_if(|next| !next.value.starts_with('-')) {
                flags.push((body.to_owned(), value.clone()));
            } else {
                flags.push((body.to_owned(), Spanned { value: "true".to_owned(), span: word.span }));
            }
        }
        flags
    }

    /// The value of a flag; the last one counts, as in Go's flag parser.
    pub fn flag(&self, name: &str) -> Option<Spanned<String>> {
        self.flags().into_iter().rev().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// What it asks for: the request, or the limit where only that is stated, as the API server fills it in.
    pub fn request(&self, resource: &str) -> Setting<Quantity> {
        let Setting::Known(resources) = &self.resources else { return Setting::Absent };
        let found = resources.value.requests.get(resource).or_else(|| resources.value.limits.get(resource));
        found.cloned().unwrap_or_default()
    }

    /// The most it may use.
    pub fn limit(&self, resource: &str) -> Setting<Quantity> {
        let Setting::Known(resources) = &self.resources else { return Setting::Absent };
        resources.value.limits.get(resource).cloned().unwrap_or_default()
    }
}

impl PodSpec {
    /// The container of that name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name.get().is_some_and(|found| found == name))
    }

    /// Terms that keep the pod away from others for certain.
    pub fn required_anti_affinity(&self) -> &[PodAffinityTerm] {
        self.affinity
            .get()
            .and_then(|affinity| affinity.pod_anti_affinity.as_ref())
            .map_or(&[], |anti| anti.required.as_slice())
    }
}

impl Resources {
    /// Requests and limits of processor time and memory.
    pub fn of(
        requests: impl IntoIterator<Item = (&'static str, Quantity)>,
        limits: impl IntoIterator<Item = (&'static str, Quantity)>,
    ) -> Self {
        let map = |(name, amount): (&str, Quantity)| (Spanned::from(name.to_owned()), Setting::from(amount));
        Resources {
            requests: Map(requests.into_iter().map(map).collect()),
            limits: Map(limits.into_iter().map(map).collect()),
            rest: Rest::default(),
        }
    }
}
