//! Counting that several views and rules share: disruption budgets, rolling updates, quorums, room after a loss.
//!
//! Everything here is a pure function of numbers, tested against plain enumeration.

use plimsoll_formats::kubernetes::quantity::IntOrPercent;

/// How many of `replicas` pods a disruption budget lets go at a time when all are healthy; `None` when it states
/// neither bound. Both round a share up (Kubernetes disruption controller, `GetScaledValueFromIntOrPercent(…, true)`),
/// so `minAvailable: 1%` keeps one pod and `maxUnavailable: 1%` lets one go.
pub fn evictions(
    replicas: u32,
    min_available: Option<IntOrPercent>,
    max_unavailable: Option<IntOrPercent>,
) -> Option<u32> {
    if let Some(max) = max_unavailable {
        return Some(max.of_rounded_up(replicas).min(replicas));
    }
    min_available.map(|min| replicas.saturating_sub(min.of_rounded_up(replicas)))
}

/// Members that must agree among `members`: more than half of them.
pub fn quorum(members: u32) -> u32 {
    members / 2 + 1
}

/// How a Deployment may replace `replicas` pods: how many may be missing (a share is rounded down), and how many may be
/// there beyond (rounded up). When both come to zero, one may be missing (`ResolveFenceposts` of the deployment
/// controller).
pub fn rollout(replicas: u32, max_unavailable: IntOrPercent, max_surge: IntOrPercent) -> (u32, u32) {
    let missing = max_unavailable.of_rounded_down(replicas);
    let surge = max_surge.of_rounded_up(replicas);
    if missing == 0 && surge == 0 { (1, 0) } else { (missing, surge) }
}

/// Whether a Deployment whose pods need a domain of their own can be replaced: a new pod needs a domain that no old one
/// fills, or an old pod may go first.
pub fn rollout_moves(replicas: u32, domains: u32, missing: u32, surge: u32) -> bool {
    missing > 0 || (surge > 0 && domains > replicas)
}

/// Whether `items` can be packed into `bins`, biggest first, each into the fullest bin that still takes it (best fit
/// decreasing); the bins' remaining room when they can. That they cannot be packed this way does not prove that they
/// cannot be packed at all; a sum above the room does.
pub fn pack(items: &[u64], bins: &[u64]) -> Option<Vec<u64>> {
    let mut items = items.to_vec();
    items.sort_unstable_by(|a, b| b.cmp(a));
    let mut room = bins.to_vec();
    for item in items {
        let best = room.iter_mut().filter(|room| **room >= item).min()?;
        *best -= item;
    }
    Some(room)
}

/// The smallest sum of `room` that is left when any `losses` of the places are lost: the largest ones go.
pub fn worst_room(room: &[u64], losses: usize) -> u64 {
    let mut sorted = room.to_vec();
    sorted.sort_unstable();
    sorted.truncate(room.len().saturating_sub(losses));
    sorted.iter().fold(0, |sum, one| sum.saturating_add(*one))
}

#[cfg(test)]
mod tests;
