//! Names inside and outside the cluster.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Millis};
use crate::{Map, Name};

use super::SecretRef;

/// Names inside the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreDns {
    /// Address of the service.
    pub service_ip: IpAddr,
    /// Copies.
    pub replicas: u32,
    /// Copies that may be away at a time; `None` renders no budget.
    pub max_unavailable: Option<u32>,
    /// Whether copies must be on different physical hosts.
    pub spread_hosts: bool,
    /// Servers that are asked for outside names.
    pub upstreams: Vec<IpAddr>,
    /// Domains that other servers are asked for.
    pub stub: Map<Vec<IpAddr>>,
    /// How upstreams are chosen: `sequential`, `random` or `round_robin`.
    pub policy: String,
    /// Queries in flight.
    pub max_concurrent: u32,
    /// How long answers are kept.
    pub cache: Millis,
    /// How long it goes on answering after it was told to stop.
    pub lameduck: Millis,
    /// Life of answers about the cluster.
    pub ttl: Millis,
    /// Memory limit.
    pub memory: Bytes,
}

/// The resolver cache on each node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeLocalDns {
    /// Address it listens on, link-local.
    pub address: IpAddr,
    /// How long answers are kept.
    pub cache: Millis,
    /// Memory limit.
    pub memory: Bytes,
}

/// What a server is for a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZoneKind {
    /// Names to addresses.
    Forward,
    /// Addresses to names.
    Reverse,
}

/// Type of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Name of an address.
    Ptr,
    /// Server of a zone.
    Ns,
    /// Another name.
    Cname,
    /// Text.
    Txt,
}

/// A record that is there from the start.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Name relative to the zone; `@` for the zone itself.
    pub name: String,
    /// Type.
    pub kind: RecordType,
    /// Data: an address or a fully qualified name with the final dot.
    pub data: String,
}

/// A DNS zone that the cluster's own servers hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Forward or reverse.
    pub kind: ZoneKind,
    /// Machine that holds the primary copy.
    pub primary: Name,
    /// Machines that hold the others.
    pub secondaries: Vec<Name>,
    /// Who delegates it to us, in words (`campus`).
    pub delegated_by: Option<String>,
    /// Serial of the zone file. Made by `resolve`: 1 for a new zone, kept in the lock with a digest of the records and
    /// raised by one when these change, so that secondaries notice.
    pub serial: u32,
    /// Life of records.
    pub ttl: Millis,
    /// How often secondaries ask.
    pub refresh: Millis,
    /// How often they ask again after a failure.
    pub retry: Millis,
    /// How long they answer without the primary.
    pub expire: Millis,
    /// Life of "no such name".
    pub negative_ttl: Millis,
    /// Mail address of the person, as in an SOA record without the final dot.
    pub hostmaster: String,
    /// Key that secondaries sign transfers with, by name in `tsig`.
    pub transfer_key: Name,
    /// Key that may add and remove records, by name in `tsig`; `None` for a static zone.
    pub update_key: Option<Name>,
    /// Record types that this key may change.
    pub update_types: Vec<RecordType>,
    /// Records that are there from the start.
    pub records: Vec<Record>,
}

/// A BIND server of our zones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnsServer {
    /// Its address.
    pub address: IpAddr,
    /// Whether it answers queries for other zones; off for a server of a zone.
    pub recursion: bool,
    /// Networks that may ask; empty for all.
    pub allow_query: Vec<IpNet>,
}

/// A key that signs transfers or updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsigKey {
    /// `hmac-sha256`
    pub algorithm: String,
    /// The key.
    pub secret: SecretRef,
}

/// What ExternalDNS may do to records. Names are its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExternalDnsPolicy {
    /// Adds, changes and removes.
    Sync,
    /// Adds and changes.
    UpsertOnly,
    /// Adds.
    CreateOnly,
}

impl ExternalDnsPolicy {
    /// ExternalDNS's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            ExternalDnsPolicy::Sync => "sync",
            ExternalDnsPolicy::UpsertOnly => "upsert-only",
            ExternalDnsPolicy::CreateOnly => "create-only",
        }
    }
}

/// Records of services, written by a controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalDns {
    /// What it may do.
    pub policy: ExternalDnsPolicy,
    /// Name under which it owns records; unique among all that write to the zone.
    pub owner_id: String,
    /// Zones it writes to, by name in `zone`.
    pub zones: Vec<Name>,
    /// Server it sends updates to.
    pub server: IpAddr,
    /// Key it signs with, by name in `tsig`.
    pub key: Name,
    /// Whether it reads the zone by transfer, which it needs to change or remove.
    pub axfr: bool,
    /// Kinds of objects it looks at (`service`, `ingress`).
    pub sources: Vec<String>,
    /// Life of the records.
    pub min_ttl: Millis,
    /// Time between runs.
    pub interval: Millis,
    /// Prefix of the annotations it obeys.
    pub annotation_prefix: String,
    /// Prefix of the records that note ownership.
    pub txt_prefix: String,
    /// Memory limit.
    pub memory: Bytes,
}
