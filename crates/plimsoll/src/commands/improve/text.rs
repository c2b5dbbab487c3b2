//! The suggestions for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll_improve::{Improvements, Line, Price, Suggestion, Time};
use plimsoll_prove::Range;

use crate::terminal::Terminal;
use plimsoll_prove::words::duration;

/// Lines that are listed of a kind before the rest is only counted.
const SHOWN: usize = 6;

pub(super) fn text(cluster: &str, found: &Improvements, verbose: bool, terminal: &Terminal) -> String {
    let mut out = format!("{}\n\n", terminal.bold(&format!("{cluster}: what to buy, or change, next")));
    let broken: Vec<&Line> = found.before.broken().collect();
    if !broken.is_empty() {
        let _ = writeln!(out, "{}", terminal.bold("What the file asks for and does not have"));
        for line in &broken {
            let _ = writeln!(out, "  {}", line.words);
        }
        out.push('\n');
    }
    if found.suggestions.is_empty() {
        let _ = writeln!(out, "None of {} changes that were tried saves or cures anything.", found.tried);
    } else {
        out += &table(found, terminal);
        let _ = writeln!(out, "\n{}", ranking(found));
    }
    if let Some((at, first)) = found.suggestions.iter().enumerate().find(|(_, one)| one.patch.is_some()) {
        let _ = writeln!(out, "\n{}\n", terminal.bold(&format!("Patch {}: {}", at + 1, first.what)));
        out += first.patch.as_deref().unwrap_or_default();
    }
    if !found.timing.is_empty() {
        let head = "Timers that change how long an outage lasts, and save nothing by the likely figures";
        let _ = writeln!(out, "\n{}", terminal.bold(head));
        for (at, one) in found.timing.iter().enumerate() {
            let _ = writeln!(
                out,
                "  {:>2}  {}: {} a year",
                found.suggestions.len() + at + 1,
                one.what,
                gain(one.saved.typical)
            );
            for line in details(one) {
                let _ = writeln!(out, "      {line}");
            }
        }
    }
    if !found.uncured.is_empty() {
        let _ = writeln!(out, "\n{}", terminal.bold("What no change that was tried makes hold"));
        for line in &found.uncured {
            let _ = writeln!(out, "  {}", line.words);
        }
    }
    if !found.unproved.is_empty() {
        let what = format!("Breaks nothing, and what it saves is not known: {} analyses are the limit", found.analyses);
        let _ = writeln!(out, "\n{}", terminal.bold(&format!("{what} (--analyses)")));
        for what in &found.unproved {
            let _ = writeln!(out, "  {what}");
        }
    }
    let _ = writeln!(out, "\n{}", terminal.bold("Not tried"));
    for what in &found.not_tried {
        let _ = writeln!(out, "  {what}");
    }
    out += &vain(found, verbose);
    out
}

fn table(found: &Improvements, terminal: &Terminal) -> String {
    let mut rows: Vec<[String; 5]> = vec![["", "SAVES A YEAR", "AT MOST", "PRICE", "CHANGE"].map(str::to_owned)];
    for (at, one) in found.suggestions.iter().enumerate() {
        rows.push([
            (at + 1).to_string(),
            signed(one.saved.typical),
            signed(one.saved.high.max(one.saved.typical)),
            price(one, found),
            one.what.clone(),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..4).map(width).collect();
    let indent = widths.iter().sum::<usize>() + 2 * widths.len() + 2;
    let mut out = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row[..4].iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        let line = format!("  {}  {}", cells.join("  "), row[4]);
        let _ = writeln!(out, "{}", if index == 0 { terminal.bold(&line) } else { line });
        let Some(one) = index.checked_sub(1).and_then(|index| found.suggestions.get(index)) else { continue };
        for line in details(one) {
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
    }
    out
}

/// What stands below a suggestion.
fn details(one: &Suggestion) -> Vec<String> {
    let mut lines: Vec<String> = one.alike.iter().map(|other| format!("or, worth the same: {}", other.what)).collect();
    for line in one.cures.iter().take(SHOWN) {
        lines.push(format!("cures: {}", line.words));
    }
    if one.cures.len() > SHOWN {
        lines.push(format!("cures {} more", one.cures.len() - SHOWN));
    }
    if let Some((before, after)) = one.times.first() {
        let more = match one.times.len() - 1 {
            0 => String::new(),
            1 => ", and one more promise".to_owned(),
            more => format!(", and {more} more promises"),
        };
        lines.push(format!("{}: {}{more}", before.promise, from_to(before, after)));
    }
    let failing_over = one.times.iter().filter(|(before, after)| {
        (before.failovers.typical - after.failovers.typical).abs() >= 0.05
            || (before.longest - after.longest).abs() >= 0.05
    });
    for (before, after) in failing_over.take(SHOWN) {
        let (was, is) = (duration(before.failovers.typical), duration(after.failovers.typical));
        let (longest, then) = (duration(before.longest), duration(after.longest));
        lines.push(format!(
            "{}: failing over takes {was} a year and becomes {is}; the longest takes {longest} and becomes {then}",
            before.promise
        ));
    }
    if one.saved_of_accepted > one.saved.typical / 2.0 && one.saved.typical > 0.0 {
        lines.push("most of it is a loss that the file accepts".to_owned());
    }
    if !one.no_longer_single.is_empty() {
        let single = &one.no_longer_single;
        let more = single.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = single.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
        lines.push(format!("no longer enough by itself: {shown}{more}"));
    }
    if !one.parts.is_empty() {
        let parts: Vec<String> = one.parts.iter().map(|(part, count)| format!("{count} {part}")).collect();
        lines.push(format!("buys: {}", parts.join(", ")));
    }
    lines.extend(one.notes.iter().map(|note| format!("note: {note}")));
    if one.patch.is_none() {
        lines.push(format!("no patch: {}", by_hand(one)));
    }
    lines
}

pub(super) fn by_hand(one: &Suggestion) -> String {
    one.by_hand.clone().unwrap_or_else(|| "the file is written in a way that no safe edit makes the change".to_owned())
}

/// Before and after; without the common causes where these stay, since they would hide what changes.
fn from_to(before: &Time, after: &Time) -> String {
    let most = if before.bound_only || after.bound_only { " at most" } else { "" };
    let (common, then) = (before.common.typical, after.common.typical);
    let stays = common > 0.0 && (common - then).abs() < 0.01 * common;
    let own = |time: &Time| {
        let (all, common) = (time.seconds, if stays { time.common } else { Range::exactly(0.0) });
        Range::new(all.low - common.low, all.typical - common.typical, all.high - common.high)
    };
    let (before, after) = (own(before), own(after));
    let range = |range: Range| format!("{} to {}", duration(range.low), duration(range.high));
    format!(
        "{}{most} a year becomes {} ({} becomes {}){}",
        duration(before.typical),
        duration(after.typical),
        range(before),
        range(after),
        if stays { " beside common causes" } else { "" }
    )
}

/// What is saved, or lost, in words.
fn gain(seconds: f64) -> String {
    match seconds {
        lost if lost <= -0.05 => format!("costs {}", duration(-lost)),
        saved if saved >= 0.05 => format!("saves {}", duration(saved)),
        _ => "no difference".to_owned(),
    }
}

fn signed(seconds: f64) -> String {
    if seconds < -0.05 { format!("-{}", duration(-seconds)) } else { duration(seconds.max(0.0)) }
}

fn price(one: &Suggestion, found: &Improvements) -> String {
    match &one.price {
        Price::Free => "nothing".to_owned(),
        Price::Unknown(_) => "not stated".to_owned(),
        Price::Hundredths(sum) => {
            let currency = found.currency.as_deref().unwrap_or_default();
            let (whole, part) = (sum / 100, sum % 100);
            if part == 0 { format!("{whole} {currency}") } else { format!("{whole}.{part:02} {currency}") }
        }
    }
}

/// How the table is sorted.
fn ranking(found: &Improvements) -> String {
    let mut out = String::from("  What makes a line of `survive:` hold comes first; then ");
    out += if found.by_price {
        "what costs nothing, then the most time saved for the money.\n"
    } else {
        "the most time saved, since not everything has a price.\n"
    };
    if !found.unpriced.is_empty() {
        let parts: Vec<&str> = found.unpriced.iter().map(|part| part.as_str()).collect();
        let example = format!("prices: {{ {}: 1000 {} }}", parts[0], found.currency.as_deref().unwrap_or("EUR"));
        let _ = writeln!(out, "  Without a price: {} (`{example}` in the file).", parts.join(", "));
    }
    out += "  Time is summed over the promises: a minute in which two are broken counts twice. Only the first cost is counted,\n  \
            and no work.";
    out
}

/// What was tried in vain.
fn vain(found: &Improvements, verbose: bool) -> String {
    let mut out = String::new();
    if !verbose {
        if !found.useless.is_empty() || !found.impossible.is_empty() {
            let _ = writeln!(
                out,
                "\nOf {} changes, {} would save and cure nothing and {} cannot be made here (--verbose lists them)",
                found.tried,
                found.useless.len(),
                found.impossible.len()
            );
        }
        return out;
    }
    if !found.useless.is_empty() {
        out += "\nTried, and would save and cure nothing\n";
        for (what, saved) in &found.useless {
            let _ = writeln!(out, "  {what}: {}", gain(*saved));
        }
    }
    if !found.impossible.is_empty() {
        out += "\nCannot be made here\n";
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (what, why) in &found.impossible {
            by_reason.entry(why).or_default().push(what);
        }
        for (why, all) in by_reason {
            for what in all {
                let _ = writeln!(out, "  {what}: {why}");
            }
        }
    }
    out
}
