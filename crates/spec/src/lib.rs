//! The grammar of `cluster.yaml`.
//!
//! The file is read into a [`Spec`]: what a person wrote, typed, with the place of every fact, and nothing else. Names
//! stay ranges, what was left out stays out; making choices is the work of `plimsoll-resolve`. From the same
//! declarations come the JSON Schema and the reference page.

pub mod cluster;
pub mod hardware;
mod init;
mod not_yet;
pub mod prices;
pub mod promises;
mod reference;
pub mod scalars;
mod schema;
pub mod services;
pub mod site;
mod validate;

use plimsoll_diagnostics::{Diagnostics, SourceId, Sources, Spanned};
use plimsoll_yaml::{FromNode, Map, Mode, Reader, record};

pub use cluster::{Api, Calico, Ingress, Kubernetes};
pub use hardware::{Host, Image, Machine};
pub use init::init;
pub use prices::Part;
pub use promises::{Accept, Assume, Objectives, RuleSettings, Survive};
pub use reference::reference_markdown;
pub use schema::schema;
pub use services::{Access, Backups, Dns, Monitoring, Storage, Tenant};
pub use site::{External, Network, Site, Switch};

use scalars::{ComponentPath, DiskId, Edition, Money, Name, Names, RuleId};

/// A fact that may be left out.
pub type Opt<T> = Option<Spanned<T>>;

/// The version of the file's format that this program reads.
pub const FORMAT: u32 = 1;

/// Sections that may not be left out, though their type has an empty value.
pub(crate) const NEEDED: [&str; 3] = ["networks", "hosts", "machines"];

record! {
    /// A cluster, from the power feed to the tenant's quota.
    pub struct Spec {
        /// The version of this format: 1.
        pub plimsoll: Spanned<u32>,
        /// The defaults that hold for what is left out, by year and month; a newer Plimsoll keeps to it.
        pub edition: Opt<Edition>,
        /// The cluster's name.
        pub cluster: Spanned<Name>,
        /// The place where the cluster stands.
        pub site: Option<Site>,
        /// What others own: assumed, never rendered, listed in every proof.
        pub external: Map<Names, External>,
        /// Switches by name.
        pub switches: Map<Names, Switch>,
        /// Networks by name.
        pub networks: Map<Name, Network>,
        /// Physical hosts by name.
        pub hosts: Map<Names, Host>,
        /// Names of disks below /dev/disk/by-id, by host and by the name of its disks, in the order in which guests get
        /// them; needed for disks that are passed through.
        pub devices: Map<Name, Map<Name, Vec<Spanned<DiskId>>>>,
        /// Machines by name: what runs on the hosts.
        pub machines: Map<Names, Machine>,
        /// What machines are installed from.
        pub image: Option<Image>,
        /// Kubernetes.
        pub kubernetes: Option<Kubernetes>,
        /// The pod network.
        pub calico: Option<Calico>,
        /// The way to the API.
        pub api: Api,
        /// Addresses of services.
        pub ingress: Option<Ingress>,
        /// Storage for pods.
        pub storage: Option<Storage>,
        /// Names.
        pub dns: Option<Dns>,
        /// Monitoring.
        pub monitoring: Option<Monitoring>,
        /// Who gets in.
        pub access: Option<Access>,
        /// Backups.
        pub backups: Option<Backups>,
        /// Who uses the cluster, by name.
        pub tenants: Map<Name, Tenant>,
        /// The failures that each promise survives.
        pub survive: Survive,
        /// How long things may take and how much may be lost.
        pub objectives: Option<Objectives>,
        /// What nobody has measured.
        pub assume: Option<Assume>,
        /// What parts cost, all in one currency: `plimsoll improve` ranks by it.
        pub prices: Map<Part, Spanned<Money>>,
        /// Findings that are known and accepted, by component or by rule.
        pub accept: Map<ComponentPath, Accept>,
        /// What rules go by here.
        pub rules: Map<RuleId, RuleSettings>,
    }
}

/// Reads a cluster file with all that is wrong with it. The next phase must not run when there are errors.
pub fn read(source: SourceId, sources: &Sources) -> (Option<Spec>, Diagnostics) {
    let (node, mut diagnostics) = plimsoll_yaml::read_document(&sources.get(source).text, source);
    let mut spec = None;
    if let Some(node) = node {
        let mut reader = Reader::new(Mode::Strict);
        spec = Spec::from_node(&node, &mut reader);
        diagnostics.extend(reader.finish().0);
        if let Some(spec) = &spec {
            not_yet::refuse(spec, &mut diagnostics);
            validate::validate(spec, &node, &mut diagnostics);
        }
    }
    diagnostics.sort();
    (spec, diagnostics)
}
