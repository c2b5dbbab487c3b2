//! What the file assumes must be possible.

use super::Checker;
use crate::Spec;

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
    if let Some(windows) = &assume.maintenance {
        let hours = windows.lasts.most.as_secs() / 3600.0 * windows.a_year.most;
        if hours >= HOURS_A_YEAR {
            let message =
                format!("a host would be in maintenance for {hours:.0} of the {HOURS_A_YEAR:.0} hours of a year");
            checker.error("wrong-value", message, windows.lasts.span);
        }
    }
}
