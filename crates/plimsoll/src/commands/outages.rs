//! Predicted outages, put together in the ways in which commands show them.

use std::collections::BTreeMap;

use plimsoll_model::Design;
use plimsoll_model::units::Millis;
use plimsoll_outage::{End, Interval, Predictions};
use plimsoll_prove::{Model, Range, failovers};
use plimsoll_report::{Outage, Outages};

/// Until new connections succeed, where the promise comes back by itself. `None`: it waits for a repair, and its time is
/// that of the repair.
pub(super) fn finite(interval: Interval) -> Option<(Millis, Millis)> {
    match (interval.min(), interval.max()) {
        (End::After(min), End::After(max)) => Some((min, max)),
        (End::After(_) | End::Repair, _) => None,
    }
}

/// The longest outage of each promise by each component, in the ways in which things mostly fail.
pub(super) fn by_component(model: &Model, predictions: &Predictions) -> Outages {
    // The disks of a group are predicted as their group.
    let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, component) in model.components.all() {
        if let Some((group, _)) = component.path.rsplit_once('/') {
            parts.entry(group).or_default().push(&component.path);
        }
    }
    let mut outages = Outages::new();
    for of_failure in predictions.failures() {
        let Some(failure) = of_failure.first().map(|first| &first.failure).filter(|failure| failure.way.is_usual())
        else {
            continue;
        };
        let own = [failure.component.as_str()];
        let hit = match model.components.find(&failure.component) {
            Some(_) => &own[..],
            None => parts.get(failure.component.as_str()).map_or(&[][..], Vec::as_slice),
        };
        for prediction in of_failure {
            let outage = match finite(prediction.new) {
                Some((low, high)) => Outage::Between { low: low.0, high: high.0 },
                None => Outage::UntilRepair,
            };
            for component in hit {
                // Most are known by their other way to fail.
                let known = match outages.get_mut(*component) {
                    Some(known) => known,
                    None => outages.entry((*component).to_owned()).or_default(),
                };
                let known = match known.get_mut(&prediction.promise) {
                    Some(known) => known,
                    None => known.entry(prediction.promise.clone()).or_insert(outage),
                };
                let longer = match (*known, outage) {
                    (Outage::UntilRepair, _) => false,
                    (Outage::Between { .. }, Outage::UntilRepair) => true,
                    (Outage::Between { high: known, .. }, Outage::Between { high, .. }) => high > known,
                };
                if longer {
                    *known = outage;
                }
            }
        }
    }
    outages
}

/// Seconds a year in which each promise fails over, by its place in the model.
pub(super) fn all_failovers(model: &Model, predictions: &Predictions) -> Vec<Range> {
    model.promises.iter().map(|promise| failovers(model, predictions, &promise.id)).collect()
}

/// How long a promise is away at most after one failure whose loss the file does not accept, in the ways in which things
/// mostly fail.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Longest {
    /// Until when.
    pub(super) end: End,
    /// Whether it waits for a repair in every case, and not only in some.
    pub(super) always: bool,
    /// The component, or the first of several; `None` when no failure is noticed.
    pub(super) component: Option<String>,
}

/// The longest outage of a promise by one failure; `None` when nothing is predicted for it.
pub(super) fn longest(design: &Design, model: &Model, predictions: &Predictions, promise: &str) -> Option<Longest> {
    let is_accepted = |path: &str| {
        let origin = model.components.find(path).map(|var| model.components.get(var).origin.as_str());
        design.excluded.keys().any(|excluded| excluded.as_str() == path || Some(excluded.as_str()) == origin)
    };
    let at = predictions.promises.iter().position(|known| known == promise)?;
    let mut longest = Longest { end: End::After(Millis(0)), always: false, component: None };
    for prediction in predictions.failures().filter_map(|of_failure| of_failure.get(at)) {
        let (end, always) = (prediction.new.max(), prediction.new.min() == End::Repair);
        let longer = (end, always) > (longest.end, longest.always);
        if longer && prediction.failure.way.is_usual() && !is_accepted(&prediction.failure.component) {
            longest = Longest { end, always, component: Some(prediction.failure.component.clone()) };
        }
    }
    Some(longest)
}
