//! Small views of a cluster, so that each rule is written once.
//!
//! A [`World`] holds the views of one cluster, projected either from a Design (with its origins) or from the files
//! somebody already has. A rule sees [`Fact`]s: values that are known or unknown, each with the place that states it.
//! Every area has one module with its view types and its two projections, `from_design` and `from_files`.

pub mod addresses;
pub mod arithmetic;
pub mod balancer;
pub mod control_plane;
pub mod dns;
pub mod domains;
pub mod etcd;
mod fact;
pub mod files;
mod goals;
pub mod host_network;
pub mod hypervisor;
mod node_set;
pub mod pod_network;
pub mod services;
pub mod site;
pub mod storage;
pub mod uplinks;
pub mod vrrp;
pub mod workloads;
mod world;

pub use fact::{Fact, Place};
pub use goals::{Goals, Scope};
pub use node_set::NodeSet;
pub use world::{DesignSource, World};
