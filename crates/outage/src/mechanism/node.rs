//! Kubernetes nodes that are gone: when it is noticed, when their copies leave services, when pods run elsewhere.

use plimsoll_model::design::Kubernetes;
use plimsoll_model::units::Millis;

use super::{between, less, ms};
use crate::assumption::Assumption as A;
use crate::how::Mechanism;
use crate::interval::Interval;

const SOURCE: &str = "kube-controller-manager 1.36 pkg/controller/nodelifecycle/node_lifecycle_controller.go (probeTimestamp, \
                      monitorNodeHealth) and kubelet's node lease (40 s, renewed at a quarter of it)";
/// How often a kubelet renews its lease: a quarter of the 40 s that kubeadm leaves at their default.
const RENEW: Millis = Millis(10_000);
/// What controllers and kube-proxy may take to pass a change on.
const PROGRAM: Millis = Millis(3_000);
/// What a pod may take from being scheduled until it is ready.
const START: Millis = Millis(60_000);

/// From the death of a node until it counts as not ready.
///
/// The controller notes by its own clock when it first sees a renewed lease, up to one period late, and looks once a
/// period.
pub fn not_ready_time(kubernetes: &Kubernetes) -> Interval {
    let manager = &kubernetes.controller_manager;
    let grace = manager.node_monitor_grace_period;
    between(less(grace, RENEW), grace + manager.node_monitor_period * 2)
}

fn not_ready_words(kubernetes: &Kubernetes) -> String {
    let manager = &kubernetes.controller_manager;
    format!(
        "grace {}, less up to {} since the last renewal, + up to 2 × {} between looks",
        ms(manager.node_monitor_grace_period),
        ms(RENEW),
        ms(manager.node_monitor_period)
    )
}

/// Copies on a dead node leave their services.
pub fn endpoints_leave(kubernetes: &Kubernetes) -> Mechanism {
    let interval = not_ready_time(kubernetes).then(Interval::up_to(PROGRAM));
    Mechanism {
        name: "Kubernetes: copies on a dead node leave services",
        new: interval,
        existing: interval,
        formula: format!("{} + at most {} until kube-proxy knows", not_ready_words(kubernetes), ms(PROGRAM)),
        source: SOURCE,
        assumes: &[A::ControllersKeepUp, A::ApiAnswers, A::ClocksAgree],
    }
}

/// Pods of a dead node run elsewhere.
pub fn evicted(kubernetes: &Kubernetes) -> Mechanism {
    let tolerates = kubernetes.apiserver.unreachable_toleration;
    let wait = Interval::millis(tolerates.0, tolerates.0);
    let interval = not_ready_time(kubernetes).then(wait).then(Interval::up_to(PROGRAM + START));
    Mechanism {
        name: "Kubernetes: pods of a dead node run elsewhere",
        new: interval,
        existing: interval,
        formula: format!(
            "{} + toleration {} + at most {} to replace and {} to start",
            not_ready_words(kubernetes),
            ms(tolerates),
            ms(PROGRAM),
            ms(START)
        ),
        source: "kube-controller-manager 1.36 pkg/controller/tainteviction and DefaultTolerationSeconds of kube-apiserver",
        assumes: &[A::ControllersKeepUp, A::ApiAnswers, A::PodStartsQuickly, A::RoomIsLeft, A::ClocksAgree],
    }
}

/// A copy that ended, on a node that lives, leaves its service.
pub fn endpoint_leaves() -> Mechanism {
    let interval = Interval::up_to(Millis(1_000) + PROGRAM);
    Mechanism {
        name: "Kubernetes: a copy that ended leaves its service",
        new: interval,
        existing: interval,
        formula: format!("the kubelet notices within 1000 ms, + at most {} until kube-proxy knows", ms(PROGRAM)),
        source: SOURCE,
        assumes: &[A::ControllersKeepUp, A::ApiAnswers],
    }
}
