//! WKL: workloads, disruption budgets, quotas, and room after a loss.

mod bounds;
mod budgets;
mod capacity;
mod kubelet;
mod placement;
mod restarts;
mod webhooks;

use crate::Rule;

/// The rules of this area, by id.
pub const RULES: &[&Rule] = &[
    &capacity::WKL_001,
    &capacity::WKL_002,
    &restarts::WKL_003,
    &bounds::WKL_004,
    &bounds::WKL_005,
    &budgets::WKL_007,
    &budgets::WKL_008,
    &budgets::WKL_009,
    &placement::WKL_012,
    &kubelet::WKL_013,
    &kubelet::WKL_014,
    &webhooks::WKL_015,
    &webhooks::WKL_016,
    &placement::WKL_017,
    &kubelet::WKL_018,
    &budgets::WKL_019,
];
