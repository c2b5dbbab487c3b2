//! Words for people that every view of a proof shares.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plimsoll_model::Design;
use plimsoll_model::design::Goal;

use crate::common::{Declared, TakesNothing, taken};
use crate::component::Kind;
use crate::maintenance::Maintenance;
use crate::model::Model;
use crate::rate::Range;
use crate::time::LostTime;

/// What the proof does not know.
pub const NOT_MODELLED: [&str; 23] = [
    "what `plimsoll check` reports: a file with errors there may promise more here than it keeps",
    "a switch that answers LACP and forwards nothing, or only one way; links and switches that lose some packets and not others",
    "two routers that both answer for a gateway",
    "which switch of a pair goes on when the link between the two is gone: the first by name is taken",
    "a network card with several ports that fails as a whole",
    "machines that the hypervisor restarts elsewhere: they count as lost with their host",
    "machines that move when their host is drained, except in `while drained` lines: `may-stop` and lost time count them as stopped; the time of the move",
    "crashes of single pods; the scheduler puts them back in seconds",
    "pods of file systems and object stores (metadata servers, gateways): only their copies are looked at",
    "volumes on one node, beyond the names of the nodes; what a file server's owner does against its loss",
    "whether pods fit node by node: room is compared as a sum; GPUs, volumes and numbers of pods are not compared",
    "the time that Ceph takes to make copies anew: a lost disk counts until it is replaced; full disks",
    "the time until all runs again after a power cut, in what is lost in a year",
    "performance: a cluster that answers too slowly is one that answers",
    "what is behind the routers, on the way to resolvers and file servers too; external balancers and registries",
    "what resolvers of others answer, and what is in caches: a name is looked at that is in none",
    "what two supplies, two routers or two batteries have in common behind the place where the file ends",
    "bugs, people, cooling and other common causes that the file does not declare (`assume: { common_causes: … }`); two at a time",
    "more than one crew, where the file declares crews: two or more count as one, since only that bound is known",
    "what keeps a crew busy beside repairs: maintenance, nights; `assume: { repair: … }` is the whole time of a repair",
    "hidden faults of other kinds than supplies, batteries and ports that wait: a backup that cannot be read, a dead strip, a dead member of LACP, a disk's unread blocks",
    "in a cold start: keys of encrypted disks, admission webhooks, what people do by hand, how long each step takes",
    "the day on which an `accept:` ends: a proof has no clock",
];

/// `any one component, while one host is drained`: what a line of `survive:` asks for.
pub fn goal(goal: &Goal) -> String {
    let parts: Vec<String> = goal
        .failures
        .iter()
        .map(|failure| match (failure.count, failure.kind.as_str()) {
            (1, "any") => "any one component".to_owned(),
            (1, "site") => "the loss of all power".to_owned(),
            (count, "any") => format!("any {count} components"),
            (1, kind) => format!("any one {kind}"),
            (count, kind) => format!("any {count} of kind {kind}"),
        })
        .collect();
    let drained = if goal.while_drained { ", while one host is drained" } else { "" };
    format!("{}{drained}", parts.join(" and "))
}

/// `two`; digits from seven on.
pub fn number(count: usize) -> String {
    let words = ["none", "one", "two", "three", "four", "five", "six"];
    words.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// `a, b or c`.
pub fn one_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

/// `35 s`, `12 min`, `2.5 h`: two digits are more than is known.
pub fn duration(seconds: f64) -> String {
    let two = |value: f64| if value >= 9.95 { format!("{value:.0}") } else { format!("{value:.1}") };
    match seconds {
        seconds if seconds <= 0.0 => "0 s".to_owned(),
        seconds if seconds < 0.05 => "< 0.1 s".to_owned(),
        seconds if seconds < 90.0 => format!("{} s", two(seconds)),
        seconds if seconds < 5400.0 => format!("{} min", two(seconds / 60.0)),
        seconds if seconds < 172_800.0 => format!("{} h", two(seconds / 3600.0)),
        seconds => format!("{} d", two(seconds / 86_400.0)),
    }
}

/// `35 s to 12 min`.
pub fn range(range: Range) -> String {
    let (low, high) = (duration(range.low), duration(range.high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// `4 to 12`, with two digits.
fn two_digits(range: Range) -> String {
    let two = |value: f64| format!("{}", (value * 100.0).round() / 100.0);
    let (low, high) = (two(range.low), two(range.high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// How often hosts are in maintenance, and whether the file says so.
pub fn maintenance(windows: Maintenance) -> String {
    let hours = Range::new(windows.hours.low * 3600.0, windows.hours.typical * 3600.0, windows.hours.high * 3600.0);
    let by = if windows.declared {
        "as the file says".to_owned()
    } else {
        "taken, since the file says nothing (`assume: { maintenance: { a_year: 6, lasts: 30m } }`)".to_owned()
    };
    format!("each host is in maintenance {} times a year for {}, {by}", two_digits(windows.a_year), self::range(hours))
}

/// Who repairs, how long that takes, and whether the file says so.
pub fn repairs(design: &Design) -> Vec<String> {
    let assume = &design.assume;
    let mut out = Vec::new();
    if !assume.repair.is_empty() {
        let each: Vec<String> = assume.repair.iter().map(|(kind, time)| format!("{kind} {time}")).collect();
        out.push(format!("how long repairs take is what the file says: {}", each.join(", ")));
    }
    out.push(match assume.crews {
        None => {
            "failures are independent, and each is repaired by a crew of its own (`assume: { crews: 1 }` where they \
                 wait for each other)"
                .to_owned()
        }
        Some(crews) => {
            let who = if crews == 1 { "one crew, as the file says" } else { "one crew, although the file says more" };
            format!(
                "failures are independent, and what must be mended by hand waits for {who}, in the order in which it \
                 failed: likely times and upper ends are bounds for that, lower ends are without waiting"
            )
        }
    });
    out
}

/// `push, which takes switch (5 components): 6 min to 2 h a year of api, dns; survived by zone`: each common cause that the file
/// declares, given the lost time of promises by name.
pub fn declared_causes(model: &Model, design: &Design, lost: &[(&str, &LostTime)]) -> Vec<String> {
    let told = design.assume.common_cause.iter().map(|(name, cause)| {
        let count = match taken(model, cause).len() {
            1 => "1 component".to_owned(),
            count => format!("{count} components"),
        };
        let mut line = format!("{name}, which takes {} ({count}): ", cause.takes.join(", "));
        let of_cause = lost
            .iter()
            .filter_map(|(id, lost)| Some((*id, lost.declared.iter().find(|declared| declared.cause == *name)?)));
        let (broken, kept): (Vec<_>, Vec<_>) = of_cause.partition(|(_, declared)| declared.breaks);
        let ids = |list: &[(&str, &Declared)]| list.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
        let longest = |list: &[(&str, &Declared)]| {
            let times = list.iter().map(|(_, declared)| declared.time);
            times.max_by(|a, b| a.high.total_cmp(&b.high)).unwrap_or(Range::exactly(0.0))
        };
        if !broken.is_empty() {
            let _ = write!(line, "{} a year of {}", range(longest(&broken)), ids(&broken));
        }
        if !kept.is_empty() {
            let more = longest(&kept).high;
            let with = format!(" but for {} at most, when something else is away", duration(more));
            let between = if broken.is_empty() { "" } else { "; " };
            let _ = write!(line, "{between}survived by {}{}", ids(&kept), if more < 0.05 { "" } else { &with });
        }
        line
    });
    told.collect()
}

/// The words of declared causes that mean no component here.
pub fn takes_nothing_here(nothing: &TakesNothing) -> String {
    format!("`{}` takes `{}`, which is no kind of component and no component here", nothing.cause, nothing.word)
}

/// `disk: Backblaze drive statistics …`: where the rates of each kind of component come from.
pub fn rates(model: &Model) -> Vec<String> {
    let words = |kinds: BTreeSet<Kind>| kinds.into_iter().map(Kind::as_str).collect::<Vec<_>>().join(", ");
    let sources = model.components.sources().into_iter();
    sources.map(|(source, kinds)| format!("{}: {}", words(kinds), source.as_str())).collect()
}

/// How long faults may go unseen, by kind, of what there is of it here, and whether the file says so.
pub fn hidden_faults(model: &Model, design: &Design) -> Vec<String> {
    let mut known: BTreeMap<&str, Range> = BTreeMap::new();
    for (_, component) in model.components.all().filter(|(_, component)| component.rate.unseen.high > 0.0) {
        known.insert(component.kind.as_str(), component.rate.unseen);
    }
    let told = known.into_iter().map(|(kind, hours)| {
        let (what, word) = match kind {
            "psu" => ("a supply of several", "psu"),
            "battery" => ("a battery", "battery"),
            "cable" => ("the cable of a port that waits", "nic"),
            _ => ("a port that waits", "nic"),
        };
        let seconds = Range::new(hours.low * 3600.0, hours.typical * 3600.0, hours.high * 3600.0);
        let by = if design.assume.tested.contains_key(&word.into()) {
            "as the file says".to_owned()
        } else {
            format!("taken, since the file says nothing (`assume: {{ tested: {{ {word}: 30d }} }}`)")
        };
        format!("a fault of {what} may go unnoticed for {}, {by}", self::range(seconds))
    });
    told.collect()
}
