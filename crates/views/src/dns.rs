//! Names: CoreDNS and what it asks, kubelets, our zones with their servers, ExternalDNS.

mod corefiles;
mod from_design;
mod from_files;
mod updaters;
mod zones;

use std::net::IpAddr;

use ipnet::IpNet;
use plimsoll_formats::named::Secret;
use plimsoll_model::design::KubeProxyMode;
use plimsoll_model::units::Millis;

use crate::{Fact, Place};

pub use corefiles::address;
pub use from_design::from_design;
pub use from_files::from_files;

/// All that has to do with names.
#[derive(Clone, Debug, Default)]
pub struct Dns {
    /// Copies of CoreDNS; nothing when files show none.
    pub copies: Option<Copies>,
    /// What resolvers in the cluster are told: CoreDNS and, for files, the caches on nodes.
    pub resolvers: Vec<Resolver>,
    /// What kubelets tell pods.
    pub kubelets: Vec<KubeletNames>,
    /// The cache on each node; nothing when there is none.
    pub nodelocal: Option<NodeLocal>,
    /// How many nodes there are; nothing when nobody says.
    pub nodes: Option<Fact<usize>>,
    /// The name of the API's endpoint.
    pub endpoint: Option<EndpointName>,
    /// Domain of cluster names.
    pub domain: Option<Fact<String>>,
    /// Address of CoreDNS's service.
    pub service_ip: Option<Fact<IpAddr>>,
    /// Recursive resolvers of nodes.
    pub site_resolvers: Option<Fact<Vec<IpAddr>>>,
    /// Zones, one entry for each server that states them.
    pub zones: Vec<Zone>,
    /// BIND's zones that forward to others.
    pub forward_zones: Vec<ForwardZone>,
    /// Views of one BIND with the keys that lead into them.
    pub key_views: Vec<KeyView>,
    /// Controllers that write records.
    pub updaters: Vec<Updater>,
    /// Settings that look like stub domains and that nobody reads where they stand.
    pub misplaced_stubs: Vec<MisplacedStub>,
    /// Objects with annotations of ExternalDNS under the prefix that versions up to 0.21 obey.
    pub old_annotations: Vec<Fact<String>>,
    /// Names that Ingress objects ask for.
    pub hosts: Vec<Fact<String>>,
}

/// Copies of CoreDNS.
#[derive(Clone, Debug)]
pub struct Copies {
    /// What a finding about all of them points at.
    pub place: Place,
    /// How many.
    pub replicas: Fact<u32>,
    /// Whether a disruption budget is there, and how many copies it lets go at a time (`None`: no budget).
    pub budget: Fact<Option<u32>>,
    /// Whether no two of them may be on one node or physical host.
    pub spread: Fact<bool>,
    /// Whether kubeadm keeps the Deployment, while it was changed past kubeadm.
    pub overwritten_by_upgrade: Fact<bool>,
}

/// A resolver of the cluster: what its Corefile says.
#[derive(Clone, Debug)]
pub struct Resolver {
    /// For people: `CoreDNS`, or the file.
    pub name: String,
    /// What a finding about all of it points at.
    pub place: Place,
    /// Whether it is a cache on each node.
    pub node_local: bool,
    /// Addresses on which it answers, as far as they are known.
    pub own: Vec<IpAddr>,
    /// Servers asked for outside names, as written, each once.
    pub upstreams: Fact<Vec<String>>,
    /// Servers asked for a domain.
    pub stubs: Vec<Stub>,
    /// Plugins that keep a restart quiet and mistakes visible, each with whether it is there.
    pub plugins: Vec<(&'static str, Fact<bool>)>,
    /// How long it answers on after it was told to stop.
    pub lameduck: Fact<Millis>,
}

/// A domain that other servers are asked for.
#[derive(Clone, Debug)]
pub struct Stub {
    /// The domain, in small letters without a final dot.
    pub zone: String,
    /// The servers.
    pub servers: Fact<Vec<String>>,
}

/// What a kubelet tells pods about names.
#[derive(Clone, Debug)]
pub struct KubeletNames {
    /// For people.
    pub name: String,
    /// `clusterDNS`
    pub cluster_dns: Fact<Vec<IpAddr>>,
    /// The file with the resolvers that CoreDNS itself is given: `resolvConf`; `None` lets kubeadm choose.
    pub resolv_conf: Fact<Option<String>>,
    /// Resolvers that this file names, when it is known.
    pub resolv_servers: Fact<Vec<IpAddr>>,
}

/// The cache on each node.
#[derive(Clone, Debug)]
pub struct NodeLocal {
    /// What a finding about it points at.
    pub place: Place,
    /// The address that it listens on.
    pub address: Fact<IpAddr>,
    /// How kube-proxy programs addresses.
    pub proxy: Fact<KubeProxyMode>,
}

/// The name of the API's endpoint.
#[derive(Clone, Debug)]
pub struct EndpointName {
    /// The name; an address is none.
    pub name: Fact<String>,
    /// Whether every node has it in its hosts file.
    pub hosts_entry: Fact<bool>,
}

/// A zone on a server, or with all its servers when a Design states it.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its name in small letters without a final dot.
    pub name: String,
    /// The server, for people; empty when a Design states all of them.
    pub server: String,
    /// The view it is in.
    pub view: Option<String>,
    /// What a finding about it points at.
    pub place: Place,
    /// Whether this server has the original.
    pub primary: bool,
    /// Whether it is a zone of names (not of addresses).
    pub forward: bool,
    /// How many servers answer for it.
    pub servers: Fact<usize>,
    /// Physical hosts of these, one entry a server.
    pub hosts: Fact<Vec<String>>,
    /// Keys that may copy it.
    pub transfer_keys: Fact<Vec<String>>,
    /// Whether it is said who may copy it.
    pub transfer_stated: Fact<bool>,
    /// The file it is in, when the server writes that file itself or two might share it.
    pub file: Option<Fact<String>>,
    /// Whether the server writes that file itself.
    pub dynamic: bool,
    /// Keys that may change it, with what they may change.
    pub grants: Vec<Grant>,
    /// Elements that let anybody at an address change it, without a key.
    pub open_updates: Vec<Fact<String>>,
}

/// What a key may change in a zone.
#[derive(Clone, Debug)]
pub struct Grant {
    /// What a finding about it points at.
    pub place: Place,
    /// Name of the key, without a final dot.
    pub key: String,
    /// Its algorithm, when the key is known.
    pub algorithm: Fact<String>,
    /// Its secret, to be compared and never shown; `None` when not known.
    pub secret: Option<Secret>,
    /// Whether the key is defined at all.
    pub defined: Fact<bool>,
    /// Whether all names of the zone, its apex too, may be changed (`zonesub`, or `allow-update`).
    pub whole_zone: bool,
    /// Record types; empty means all that named lets change.
    pub types: Vec<String>,
}

/// A zone that BIND forwards.
#[derive(Clone, Debug)]
pub struct ForwardZone {
    /// Its name, without a final dot.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// Whom it asks.
    pub forwarders: Vec<Fact<IpAddr>>,
    /// Addresses on which this BIND listens, as far as they are stated.
    pub listens: Vec<IpAddr>,
    /// Prefixes of services, and whether routers learn them.
    pub services: Fact<Vec<IpNet>>,
    /// Prefixes of services that Calico announces.
    pub announced: Vec<IpNet>,
}

/// A view of a BIND with the keys in its `match-clients`.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// The server.
    pub server: String,
    /// The view.
    pub name: String,
    /// What a finding about it points at.
    pub place: Place,
    /// The keys.
    pub keys: Vec<String>,
}

/// What ExternalDNS may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Adds, changes and removes.
    Sync,
    /// Adds and changes.
    UpsertOnly,
    /// Adds.
    CreateOnly,
    /// Nothing is stated and this version does not start without.
    Missing,
}

/// An ExternalDNS.
#[derive(Clone, Debug)]
pub struct Updater {
    /// For people.
    pub name: String,
    /// What a finding about all of it points at.
    pub place: Place,
    /// Major and minor version.
    pub version: Fact<(u32, u32)>,
    /// Whether its provider is rfc2136.
    pub rfc2136: Fact<bool>,
    /// What it may do, with the version's default filled in.
    pub policy: Fact<Policy>,
    /// How it notes what is its own (`txt`).
    pub registry: Fact<String>,
    /// Under which name.
    pub owner: Fact<String>,
    /// Zones it writes to, without final dots; empty means all of its provider.
    pub zones: Fact<Vec<String>>,
    /// Whether it may read the zone by transfer.
    pub axfr: Fact<bool>,
    /// Flags that its version does not know.
    pub unknown_flags: Vec<Fact<String>>,
    /// Whether it sends updates without a signature.
    pub unsigned: Fact<bool>,
    /// The key it signs with, without a final dot.
    pub key: Fact<String>,
    /// Its algorithm.
    pub algorithm: Fact<String>,
    /// Its secret, to be compared and never shown; `None` when not known.
    pub secret: Option<Secret>,
    /// Least life of its records in seconds.
    pub min_ttl: Fact<u64>,
    /// Prefix of records that note ownership.
    pub txt_prefix: Fact<String>,
    /// Suffix of the first label of such records.
    pub txt_suffix: Fact<String>,
    /// Prefix of the annotations it obeys, with the version's default filled in.
    pub annotation_prefix: Fact<String>,
}

/// A setting that looks like stub domains, where nobody reads it.
#[derive(Clone, Debug)]
pub struct MisplacedStub {
    /// Where it stands.
    pub place: Place,
    /// What it is called there.
    pub setting: String,
    /// Who does not read it.
    pub holder: Holder,
}

/// Where a misplaced stub domain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The ConfigMap of kube-dns.
    KubeDnsConfigMap,
    /// The configuration of a kubelet.
    KubeletConfiguration,
    /// Flags of a kubelet.
    KubeletFlags,
}

/// Whether `name` is `zone` or lies in it; both without final dots, in any case.
pub fn lies_in(name: &str, zone: &str) -> bool {
    let (name, zone) = (plain(name), plain(zone));
    zone.is_empty() || name == zone || name.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'))
}

/// A domain name in small letters without its final dot.
pub fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
