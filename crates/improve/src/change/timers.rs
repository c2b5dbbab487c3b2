//! Timers: what breaks stays the same, and how long it hurts does not.

use plimsoll_spec::cluster::Failover;
use plimsoll_yaml::Node;

use super::{Change, File};
use crate::step::put;

/// Faster timers of keepalived and HAProxy.
pub(super) fn failover(file: &File<'_>) -> Option<Change> {
    let spec = &file.spec.api;
    if file.design.api.vrrp.is_none() || spec.failover.as_ref().is_some_and(|kind| kind.value == Failover::Fast) {
        return None;
    }
    let step = put(file.root, &["api", "failover"], Node::text("fast"))?;
    let what = "let the API fail over as fast as can be had";
    let change = Change { timing: true, ..Change::new("timers of the API", what, vec![step]) };
    Some(change.note("changes how long an outage lasts, and not what breaks"))
}
