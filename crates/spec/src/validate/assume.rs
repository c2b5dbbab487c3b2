//! What the file assumes must be possible.

use plimsoll_diagnostics::Spanned;

use super::Checker;
use crate::Spec;
use crate::scalars::{Goal, PromisePattern};

/// Hours of a year, as the proof counts them.
const HOURS_A_YEAR: f64 = 8766.0;

/// The numbers of `assume:`.
pub(super) fn assumptions(spec: &Spec, checker: &mut Checker<'_>) {
    let Some(assume) = &spec.assume else { return };
    if let Some(crews) = assume.crews.as_ref().filter(|crews| crews.value == 0) {
        checker.error("wrong-value", "`crews` cannot be 0: nothing would ever be repaired", crews.span);
    }
    let tested = assume.tested.iter().flat_map(|tested| [&tested.psu, &tested.nic, &tested.battery]);
    for interval in tested.flatten().filter(|interval| interval.least.0 == 0) {
        checker.error("wrong-value", "a time between two tests cannot be 0", interval.span);
    }
    for (name, cause) in &assume.common_causes {
        if cause.takes.is_empty() {
            let message = format!("`{}` takes nothing: say what, as in `takes: [switch]`", name.value);
            checker.error("wrong-value", message, name.span);
        }
        let hours = cause.lasts.most.as_secs() / 3600.0 * cause.a_year.most;
        if hours >= HOURS_A_YEAR {
            let message =
                format!("`{}` would last for {hours:.0} of the {HOURS_A_YEAR:.0} hours of a year", name.value);
            checker.error("wrong-value", message, cause.lasts.span);
        }
    }
    if let Some(windows) = &assume.maintenance {
        let hours = windows.lasts.most.as_secs() / 3600.0 * windows.a_year.most;
        if hours >= HOURS_A_YEAR {
            let message =
                format!("a host would be in maintenance for {hours:.0} of the {HOURS_A_YEAR:.0} hours of a year");
            checker.error("wrong-value", message, windows.lasts.span);
        }
    }
}

/// A cold start is one after the loss of all power, and of nothing else.
pub(super) fn cold_start(
    checker: &mut Checker<'_>,
    promise: &Spanned<PromisePattern>,
    goals: &[Spanned<Goal>],
    while_drained: bool,
) {
    let wanted = promise.value.0 == "cold-start";
    if wanted && while_drained {
        let message = "a cold start is one of the whole site: it is not asked for while a host is drained";
        return checker.error("wrong-value", message, promise.span);
    }
    for goal in goals.iter().filter(|goal| (goal.value.0 == ["site"]) != wanted) {
        if wanted {
            let message = "a cold start follows the loss of all power: write `cold-start: [site]`";
            checker.error("wrong-value", message, goal.span);
        } else if goal.value.0.iter().any(|kind| kind == "site") {
            let message =
                "only `cold-start` survives the loss of the whole `site`: what is on it is away until power is back";
            checker.error("wrong-value", message, goal.span);
        }
    }
}
