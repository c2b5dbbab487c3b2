//! Numbers that cannot be, alone or beside each other.

use plimsoll_diagnostics::Diagnostic;

use super::Checker;
use crate::Spec;

pub(super) fn numbers(spec: &Spec, checker: &mut Checker<'_>) {
    if let Some(vrrp) = &spec.api.vrrp {
        for priority in vrrp.priorities.iter().filter(|priority| priority.value == 0) {
            checker.error(
                "wrong-value",
                "a VRRP priority of 0 means giving up: from 1 to 255 is possible",
                priority.span,
            );
        }
        if let Some(version) = vrrp.version.as_ref().filter(|version| !matches!(version.value, 2 | 3)) {
            checker.error(
                "wrong-value",
                format!("there is no VRRP version {}: 2 or 3 is possible", version.value),
                version.span,
            );
        }
    }
    if let Some(kubernetes) = &spec.kubernetes {
        if let Some(mask) = kubernetes.node_mask.as_ref().filter(|mask| mask.value > 128) {
            checker.error("wrong-value", format!("`{}` is not a prefix length", mask.value), mask.span);
        }
        for (key, ranges) in [("pods", &kubernetes.pods), ("services", &kubernetes.services)] {
            if let Some(third) = ranges.get(2) {
                checker.error("wrong-value", format!("`{key}` takes one range of each family"), third.span);
            }
        }
    }
    let ceph = spec.storage.as_ref().and_then(|storage| storage.ceph.as_ref());
    for (_, pool) in ceph.iter().flat_map(|ceph| ceph.pools.iter()) {
        if let Some(replicas) = &pool.replicas {
            super::positive(checker, "replicas", replicas.value.into(), replicas.span);
            if let Some(min) = pool.min.as_ref().filter(|min| min.value > replicas.value) {
                let message = format!("`min` is {}, more than the {} replicas there are", min.value, replicas.value);
                checker.error("wrong-value", message, min.span);
            }
            if let Some(erasure) = &pool.erasure {
                let problem = Diagnostic::error("a pool has either `replicas` or `erasure`").code("conflict");
                checker.say(problem.at(erasure.data.span, "").context(replicas.span, "given too"));
            }
        }
    }
    if let Some(ceph) = ceph {
        for (what, share) in [("near_full", &ceph.near_full), ("full", &ceph.full)] {
            if let Some(share) = share.as_ref().filter(|share| !(0.0..=1.0).contains(&share.value)) {
                checker.error("wrong-value", format!("`{what}` is a share of 1, such as 0.85"), share.span);
            }
        }
    }
}

/// Sums over several currencies would mean nothing.
pub(super) fn prices(spec: &Spec, checker: &mut Checker<'_>) {
    let Some((_, first)) = spec.prices.iter().next() else { return };
    for (_, price) in &spec.prices {
        if price.currency != first.currency {
            let message = format!("prices are in `{}` and in `{}`", first.currency, price.currency);
            let problem = Diagnostic::error(message).code("currencies").at(price.span, "another currency");
            return checker.say(problem.context(first.span, "the first").help("write all in one currency"));
        }
    }
}
