//! Backups, monitoring, access and tenants.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, MilliCpu, Millis};
use crate::{Map, Name};

use super::goals::Date;

/// Who uses the cluster, with quotas. The tenant's name is that of its namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Sum of the processor time that its pods ask for.
    pub cpu: MilliCpu,
    /// Sum of the memory that its pods ask for, and of their limits.
    pub memory: Bytes,
    /// Volumes, by storage class.
    pub storage: Map<Bytes>,
    /// Most pods.
    pub pods: u32,
    /// Most services of type LoadBalancer.
    pub load_balancers: u32,
    /// What a container gets that asks for nothing.
    pub limits: LimitRange,
    /// Group that administers the namespace.
    pub admins: String,
    /// Priority class of its pods.
    pub priority_class: String,
    /// People and groups that may use it, as the API knows them; a group is written `group:NAME`.
    pub users: Vec<String>,
    /// Whether law asks for encrypted volumes and backups.
    pub regulated: bool,
    /// Who may connect to its pods, beside its own namespace.
    #[serde(default)]
    pub from: Vec<Reach>,
    /// Where its pods may connect to, beside its own namespace and the resolver.
    #[serde(default)]
    pub to: Vec<Reach>,
}

/// The other side of a tenant's connections.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Pods of a namespace.
    Namespace(Name),
    /// Addresses of a prefix.
    Prefix(IpNet),
    /// Every public address that is not the cluster's own.
    Internet,
    /// Everybody.
    Any,
}

/// What a container gets that asks for nothing, and the most it may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitRange {
    /// Limit of processor time.
    pub default_cpu: MilliCpu,
    /// Limit of memory.
    pub default_memory: Bytes,
    /// Request of processor time.
    pub request_cpu: MilliCpu,
    /// Request of memory.
    pub request_memory: Bytes,
    /// Most processor time.
    pub max_cpu: MilliCpu,
    /// Most memory.
    pub max_memory: Bytes,
}

/// Copies in another failure domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backups {
    /// Of etcd.
    pub etcd: Option<EtcdBackup>,
    /// Of volumes, by name of the job.
    pub volume: Map<VolumeBackup>,
}

/// Snapshots of etcd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdBackup {
    /// Time between snapshots.
    pub every: Millis,
    /// Snapshots that are kept.
    pub keep: u32,
    /// How long after midnight the first snapshot of the day is made, by machine. Made by `resolve`: the interval is
    /// shared out, so that three members with `every: 6h` start at 0h, 2h and 4h.
    pub start: Map<Millis>,
    /// Where they go, by name in `external`.
    pub to: Name,
    /// The account there that takes them by SFTP, `user@address`. Made by `resolve` from the address of `to` (or its
    /// `url`, when that is `sftp://user@host/directory`).
    pub login: String,
    /// Directory of that account, relative to its home, without a final slash (`campus/etcd`).
    pub remote_directory: String,
    /// Whether the certificates and keys of the cluster go with them.
    pub with_pki: bool,
    /// How often a restore is tried; `None` when nobody does.
    pub restore_test: Option<Millis>,
    /// Directory on each control-plane machine where they are made.
    pub directory: String,
    /// Largest acceptable loss, when stated.
    pub rpo: Option<Millis>,
    /// Whether each snapshot is checked after it was made.
    pub verify: bool,
    /// The last day a restore was tried, when stated.
    pub last_restore_test: Option<Date>,
}

/// Copies of volumes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeBackup {
    /// Time between copies.
    pub every: Millis,
    /// Copies that are kept.
    pub keep: u32,
    /// Where they go, by name in `external`.
    pub to: Name,
    /// Pools that are copied, by name in `ceph/pool`.
    pub pools: Vec<Name>,
    /// Whether copies are encrypted; `None` when not stated.
    pub encrypted: Option<bool>,
}

/// What watches the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitoring {
    /// Where its data lie: `local`, or a storage class.
    pub storage: Name,
    /// How long they are kept.
    pub retention: Millis,
    /// Where alerts go (`mailto:ops@example.edu`).
    pub alerts: Option<String>,
    /// Time between scrapes.
    pub scrape_interval: Millis,
    /// When an alert is raised.
    #[serde(default)]
    pub alert: AlertThresholds,
    /// Directory on every machine from which its node exporter takes metrics that scripts write
    /// (`/var/lib/prometheus/node-exporter`, which is Debian's).
    pub textfile_directory: String,
}

/// When an alert is raised. The defaults are ours: no standard fixes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertThresholds {
    /// How long a target may be silent.
    pub down_for: Millis,
    /// 99th percentile of DNS answers of CoreDNS.
    pub dns_latency: Millis,
    /// Share of DNS answers that are failures.
    pub dns_errors: f64,
    /// 99th percentile of API requests that are no watches.
    pub api_latency: Millis,
    /// Share of API requests that are failures of the server.
    pub api_errors: f64,
    /// 99th percentile of the time etcd takes to write its log to disk (etcd asks for 10 ms).
    pub etcd_fsync: Millis,
    /// Share of its quota that etcd's data may fill.
    pub etcd_quota: f64,
    /// Remaining life of a certificate.
    pub certificate_left: Millis,
    /// Share of a file system of a machine that may be full.
    pub disk_full: f64,
    /// Clock difference between two machines.
    pub clock_skew: Millis,
}

impl Default for AlertThresholds {
    fn default() -> Self {
        AlertThresholds {
            down_for: Millis::minutes(2),
            dns_latency: Millis(200),
            dns_errors: 0.01,
            api_latency: Millis::secs(1),
            api_errors: 0.01,
            etcd_fsync: Millis(10),
            etcd_quota: 0.8,
            certificate_left: Millis::days(30),
            disk_full: 0.85,
            clock_skew: Millis(50),
        }
    }
}

/// How important pods are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityClass {
    /// Larger is more important; below 1,000,000,000, which is where Kubernetes' own begin.
    pub value: i32,
    /// Whether pods without a class get it; at most one class.
    pub default: bool,
    /// What it is for.
    pub description: String,
}

/// Who gets in, and where the secrets are. Paths are relative to the cluster file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// File with the public keys of administrators.
    pub ssh_keys: Option<String>,
    /// User they log in as.
    pub user: String,
    /// File with the encrypted secrets.
    pub secrets: String,
    /// Files with the public keys the secrets are encrypted to.
    pub recipients: Vec<String>,
}
