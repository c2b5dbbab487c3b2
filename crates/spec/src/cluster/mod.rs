//! Kubernetes itself: control plane, pod network, the API's address, service addresses.

mod api;
mod ingress;
mod kubernetes;

pub use api::*;
pub use ingress::*;
pub use kubernetes::*;
