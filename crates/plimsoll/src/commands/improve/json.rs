//! The suggestions for programs.

use plimsoll_improve::{Effort, Improvements, Line, Price, Suggestion};
use plimsoll_prove::Range;
use serde_json::{Value, json};

/// Version of this form.
const FORMAT: u32 = 1;

pub(super) fn json(cluster: &str, found: &Improvements) -> Value {
    let words = |lines: &[Line]| lines.iter().map(|line| line.words.clone()).collect::<Vec<_>>();
    let broken: Vec<Line> = found.before.broken().cloned().collect();
    let impossible: Vec<Value> =
        found.impossible.iter().map(|(what, why)| json!({ "change": what, "reason": why })).collect();
    let useless: Vec<Value> =
        found.useless.iter().map(|(what, saved)| json!({ "change": what, "seconds_a_year_saved": saved })).collect();
    json!({
        "format": FORMAT, "cluster": cluster, "broken": words(&broken),
        "suggestions": found.suggestions.iter().map(|one| suggestion(one, found)).collect::<Vec<_>>(),
        "timing": found.timing.iter().map(|one| suggestion(one, found)).collect::<Vec<_>>(),
        "uncured": words(&found.uncured), "ranked_by_price": found.by_price,
        "without_price": found.unpriced.iter().map(|part| part.as_str()).collect::<Vec<_>>(),
        "tried": found.tried, "analyses": found.analyses, "useless": useless, "impossible": impossible,
        "unproved": found.unproved, "not_tried": found.not_tried,
    })
}

fn suggestion(one: &Suggestion, found: &Improvements) -> Value {
    let range = |range: Range| json!({ "low": range.low, "typical": range.typical, "high": range.high });
    let times: Vec<Value> = one
        .times
        .iter()
        .map(|(before, after)| {
            json!({
                "promise": before.promise, "before": range(before.seconds), "after": range(after.seconds),
                "failovers_before": range(before.failovers), "failovers_after": range(after.failovers),
                "longest_failover_before": before.longest, "longest_failover_after": after.longest,
                "bound_only": before.bound_only || after.bound_only,
            })
        })
        .collect();
    let parts: Vec<Value> =
        one.parts.iter().map(|(part, count)| json!({ "part": part.as_str(), "count": count })).collect();
    let price = match &one.price {
        Price::Free => json!({ "amount": 0, "currency": found.currency }),
        Price::Hundredths(sum) => json!({ "amount": *sum as f64 / 100.0, "currency": found.currency }),
        Price::Unknown(_) => Value::Null,
    };
    let alike: Vec<Value> =
        one.alike.iter().map(|other| json!({ "change": other.what, "patch": other.patch })).collect();
    let effort = match one.effort {
        Effort::Settings => "settings",
        Effort::Machines => "machines",
        Effort::Parts => "parts",
    };
    json!({
        "change": one.what, "cures": one.cures.iter().map(|line| line.words.clone()).collect::<Vec<_>>(),
        "seconds_a_year_saved": range(one.saved), "of_accepted_losses": one.saved_of_accepted, "promises": times,
        "no_longer_single": one.no_longer_single, "parts": parts, "price": price, "effort": effort,
        "patch": one.patch, "by_hand": one.by_hand, "notes": one.notes, "alike": alike,
    })
}
