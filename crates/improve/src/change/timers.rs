//! Timers: what breaks stays the same, and how long it hurts does not.

use plimsoll_spec::cluster::Failover;
use plimsoll_yaml::Node;

use super::{Change, File};
use crate::step::put;

pub(super) fn timers(file: &File<'_>) -> Vec<Change> {
    failover(file).into_iter().chain(bfd(file)).collect()
}

/// Faster timers of keepalived and HAProxy.
fn failover(file: &File<'_>) -> Option<Change> {
    let spec = &file.spec.api;
    if file.design.api.vrrp.is_none() || spec.failover.as_ref().is_some_and(|kind| kind.value == Failover::Fast) {
        return None;
    }
    let step = put(file.root, &["api", "failover"], Node::text("fast"))?;
    let what = "let the API fail over as fast as can be had";
    let change = Change { timing: true, ..Change::new("timers of the API", what, vec![step]) };
    Some(change.note("changes how long an outage lasts, and not what breaks"))
}

/// BFD beside BGP: a router that falls silent is missed in a second instead of when the session's hold time is over.
fn bfd(file: &File<'_>) -> Option<Change> {
    let metallb = file.design.metallb.as_ref()?;
    let refused = |router| file.design.external.get(router).is_some_and(|router| router.bfd == Some(false));
    let silent = metallb.peer.values().all(|peer| peer.bfd.is_none());
    if metallb.peer.is_empty() || !silent || metallb.peer.values().any(|peer| refused(&peer.router)) {
        return None;
    }
    let step = put(file.root, &["ingress", "bfd"], Node::plain("true"))?;
    let change = Change::new("BFD of MetalLB", "let BFD watch the sessions with the routers", vec![step]);
    Some(change.note("the routers must speak BFD too; changes how long an outage lasts, and not what breaks"))
}
