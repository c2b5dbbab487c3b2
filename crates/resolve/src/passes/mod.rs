//! The passes, in the order in which they run. Each fills one part of the Design from the file and from what the passes
//! before it decided.

pub(crate) mod address;
pub(crate) mod api;
pub(crate) mod balancers;
mod bridges;
pub(crate) mod capacity;
pub(crate) mod corosync;
pub(crate) mod etcd;
pub(crate) mod fabric;
pub(crate) mod firewall;
pub(crate) mod goals;
pub(crate) mod hosts;
pub(crate) mod kubernetes;
pub(crate) mod machines;
pub(crate) mod names;
pub(crate) mod networks;
pub(crate) mod operations;
pub(crate) mod placement;
pub(crate) mod pods;
pub(crate) mod sections;
pub(crate) mod site;
pub(crate) mod storage;
pub(crate) mod versions;
pub(crate) mod wire;
mod wiring;
pub(crate) mod zones;
