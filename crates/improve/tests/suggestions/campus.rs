//! Worse versions of the example, in which the right cure comes first and its patch cures.
#![allow(clippy::panic)]

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use plimsoll_improve::{Improvements, Limits, Price, Suggestion, Time, improve, proved};

use crate::common::{self, Before, lock_of, spec_of};

const CAMPUS: &str = include_str!("../../../../examples/campus/cluster.yaml");

/// Threads, as most machines that test have at least.
const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

fn campus_with(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(CAMPUS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the example has no `{from}`");
        text.replacen(from, to, 1)
    })
}

fn within(limits: Limits, text: &str) -> Improvements {
    improve("cluster.yaml", text, &lock_of(text), limits, TWO, &mut |_, _, _| {}).unwrap_or_else(|why| panic!("{why}"))
}

fn run(text: &str) -> Improvements {
    within(Limits::default(), text)
}

/// What cures: it is analysed first and ranked first, so that the time that other changes save needs no analysis. Says so
/// where the limit was too small for all that cures.
fn cures(text: &str) -> Improvements {
    let found = within(Limits { analyses: 24 }, text);
    let left: Vec<&String> = found.unproved.iter().filter(|what| what.contains("(cures ")).collect();
    assert_eq!(left, Vec::<&String>::new(), "after {} analyses", found.analyses);
    found
}

/// The suggestions for the example, analysed once for all tests that ask.
fn example() -> &'static Improvements {
    static FOUND: OnceLock<Improvements> = OnceLock::new();
    FOUND.get_or_init(|| run(CAMPUS))
}

fn patch_of(one: &Suggestion) -> &str {
    one.patch.as_deref().unwrap_or_else(|| panic!("no patch: {}", one.what))
}

/// Whether two proofs say the same of a promise, but for the rounding of sums in another order.
fn same(one: &Time, other: &Time) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    let ranges = [(one.seconds, other.seconds), (one.common, other.common), (one.failovers, other.failovers)];
    ranges.iter().all(|(a, b)| near(a.low, b.low) && near(a.typical, b.typical) && near(a.high, b.high))
        && (&one.promise, one.longest, one.bound_only) == (&other.promise, other.longest, other.bound_only)
}

/// The patch applies, nothing that was allocated moves, and the proof of the patched file says what was promised.
fn verify(text: &str, one: &Suggestion) {
    let before = Before::of(text);
    let after = common::patched(text, patch_of(one));
    assert_eq!(before.new_errors(&after), Vec::<String>::new(), "{}", one.what);
    let proved = proved(&after, &before.lock).unwrap_or_else(|why| panic!("{}: {why}", one.what));
    for line in &one.cures {
        assert!(!proved.broken().any(|broken| broken.words == line.words), "{}", line.words);
    }
    for (_, then) in &one.times {
        let now = proved.times.iter().find(|time| time.promise == then.promise).expect("the promise");
        assert!(same(now, then), "{}: {now:?} {then:?}", one.what);
    }
    for comment in text.lines().filter_map(|line| Some(&line[line.find(" # ")?..])) {
        assert!(after.contains(comment), "{}: lost {comment}", one.what);
    }
    let moved = before
        .lock
        .changes(&plimsoll_resolve::resolve(&spec_of(&after), &before.lock).lock)
        .into_iter()
        .map(|change| change.to_string())
        .find(|change| change.starts_with('-') && !change.starts_with("- serial"));
    assert_eq!(moved, None, "{}", one.what);
}

/// The first suggestion, which must cure these promises of `all: [any]` and nothing be left.
fn cure(text: &str, promises: &[&str]) -> Suggestion {
    let found = cures(text);
    let broken: Vec<&str> = found.before.broken().map(|line| line.promise.as_str()).collect();
    assert_eq!(broken, promises);
    let first = found.suggestions.first().expect("a suggestion").clone();
    let cured: Vec<&str> = first.cures.iter().map(|line| line.promise.as_str()).collect();
    assert_eq!(cured, promises, "{}", first.what);
    assert!(found.uncured.is_empty());
    verify(text, &first);
    first
}

const CP: &str = "  cp-1..3: { role: control-plane, host: pve-1..3, cpu: 4, memory: 16GiB, disks: { os: boot 40GiB, etcd: fast 16GiB },\n             networks: [kube], drain: stop }\n";

#[test]
fn two_control_planes_on_one_host_are_taken_apart() {
    let two = CP.replace("cp-1..3", "cp-1..2").replace("pve-1..3", "pve-1");
    let third = CP.replace("cp-1..3", "cp-3").replace("pve-1..3", "pve-3");
    let first = cure(&campus_with(&[(CP, &(two + &third))]), &["api"]);
    assert_eq!(first.what, "move cp-2 from pve-1 to pve-2");
    let patch = patch_of(&first);
    assert!(patch.contains("-  cp-1..2: { role: control-plane, host: pve-1, "), "{patch}");
    assert!(patch.contains("+  cp-1..2: { role: control-plane, host: pve-1..2, "), "{patch}");
    assert_eq!(first.price, Price::Free);
    assert_eq!(first.no_longer_single, ["host/pve-1", "host/pve-1/disk/boot/1"][..1]);
}

#[test]
fn a_range_is_taken_apart_where_it_must() {
    // cp-2 shares its host with cp-1, and the next hosts have a control plane of their own.
    let two = CP.replace("cp-1..3", "cp-1..2").replace("pve-1..3", "pve-2");
    let third = CP.replace("cp-1..3", "cp-3").replace("pve-1..3", "pve-3");
    let first = cure(&campus_with(&[(CP, &(two + &third))]), &["api"]);
    assert!(first.what.starts_with("move cp-2 from pve-2 to "), "{}", first.what);
    let patch = patch_of(&first);
    assert!(patch.contains("+  cp-1: { role: control-plane, host: pve-2,"), "{patch}");
    assert!(patch.contains("+  cp-2: { role: control-plane, host: pve-1,"), "{patch}");
}

#[test]
fn a_single_balancer_gets_a_second_and_two_on_one_host_are_taken_apart() {
    let with = |machines: &str| {
        let machines = format!("  {machines}, host: pve-6, networks: [kube] }}\n  ns-1..2: {{");
        campus_with(&[("balancer: stacked", "balancer: dedicated"), ("  ns-1..2: {", &machines)])
    };
    let first = cure(&with("lb-1: { role: balancer"), &["api"]);
    assert!(first.what.starts_with("add a second balancer of the API beside lb-1: lb-2 on pve-"), "{}", first.what);
    // The machine and its two daemons; of the host nothing else was a single point.
    for single in ["machine/lb-1", "machine/lb-1/haproxy", "machine/lb-1/keepalived", "host/pve-6"] {
        assert!(first.no_longer_single.iter().any(|path| path == single), "{single}: {:?}", first.no_longer_single);
    }
    let first = cure(&with("lb-1..2: { role: balancer"), &["api"]);
    assert!(first.what.starts_with("move lb-2 from pve-6 to pve-"), "{}", first.what);
}

#[test]
fn what_is_alike_is_one_suggestion() {
    // Two lines of the utility with a UPS behind each, and nothing that hangs on one strip alone.
    let text = campus_with(&[
        (
            "feeds: { utility: {}, ups-1: { from: utility, runtime: 20m } }",
            "feeds: { line-1: {}, line-2: {}, ups-1: { from: line-1, runtime: 20m }, ups-2: { from: line-2, runtime: 20m } }",
        ),
        ("pdus: { a: utility, b: ups-1 }", "pdus: { a: ups-1, b: ups-2 }"),
        ("  utility: { reason: clean shutdown after 20 minutes }\n", ""),
    ]);
    let found = run(&text);
    let rows: Vec<&Suggestion> = found.suggestions.iter().filter(|one| one.what.contains(" batteries, ")).collect();
    let [one] = rows[..] else { panic!("{:#?}", found.suggestions.iter().map(|one| &one.what).collect::<Vec<_>>()) };
    assert_eq!(one.what, "give ups-1 batteries, or a generator, for 2 hours");
    let [other] = &one.alike[..] else { panic!("{:?}", one.alike) };
    assert_eq!(other.what, "give ups-2 batteries, or a generator, for 2 hours");
    // Either is a patch, and worth what is said.
    verify(&text, one);
    verify(&text, &Suggestion { patch: other.patch.clone(), what: other.what.clone(), ..one.clone() });
}

#[test]
fn one_monitor_becomes_three() {
    let text = campus_with(&[("mons: worker-4..6", "mons: worker-4")]);
    let first = cure(&text, &["storage/ssd"]);
    assert!(first.what.starts_with("run 3 monitors of Ceph instead of 1: also on "), "{}", first.what);
}

#[test]
fn a_single_zone_server_gets_a_secondary() {
    let text = campus_with(&[
        ("ns-1..2: { role: zone-server, host: pve-4..5", "ns-1: { role: zone-server, host: pve-4"),
        (" secondaries: [ns-2],", ""),
    ]);
    let first = cure(&text, &["zone"]);
    assert!(first.what.starts_with("add ns-2 on pve-"), "{}", first.what);
    assert!(patch_of(&first).contains("secondaries: [ns-2]"), "{}", patch_of(&first));
}

#[test]
fn one_utility_on_both_strips_gets_an_independent_feed() {
    let text = campus_with(&[
        ("feeds: { utility: {}, ups-1: { from: utility, runtime: 20m } }", "feeds: { utility: {} }"),
        ("b: ups-1", "b: utility"),
        ("  utility: { reason: clean shutdown after 20 minutes }\n", ""),
    ]);
    let found = cures(&text);
    let first = &found.suggestions[0];
    assert!(first.what.ends_with("on a feed that does not depend on utility"), "{}", first.what);
    assert_eq!(first.cures.len(), found.before.broken().count());
    assert!(first.cures.len() >= 9 && first.no_longer_single == ["feed/utility"]);
    verify(&text, first);
}

#[test]
fn two_members_of_etcd_become_three() {
    let text = campus_with(&[(
        "cp-1..3: { role: control-plane, host: pve-1..3",
        "cp-1..2: { role: control-plane, host: pve-1..2",
    )]);
    let first = cure(&text, &["api"]);
    assert!(first.what.starts_with("run 3 members of etcd instead of 2: cp-3 on pve-"), "{}", first.what);
}

#[test]
fn one_leaf_gets_a_second() {
    let text = campus_with(&[
        ("leaf-1..2: {", "leaf-1: {"),
        (", mlag: { group: fabric, peer_links: 2, keepalive: true }", ""),
        ("ports: [leaf-1, leaf-2]", "ports: [leaf-1]"),
    ]);
    let found = cures(&text);
    let first = &found.suggestions[0];
    assert!(first.what.starts_with("put a second leaf leaf-2 beside leaf-1"), "{}", first.what);
    assert_eq!(first.cures.len(), found.before.broken().count());
    let patch = patch_of(first);
    assert!(patch.contains("ports: [leaf-1, leaf-2]") && patch.contains("+  leaf-1..2: {"), "{patch}");
    verify(&text, first);
}

#[test]
fn hosts_with_one_power_supply_get_a_second() {
    let text = campus_with(&[("power: [a, b]                     # two", "power: [a]                     # two")]);
    let found = cures(&text);
    let first = &found.suggestions[0];
    assert_eq!(first.what, "give pve-1..6 a second power supply, on PDU b");
    assert!(patch_of(first).contains("+    power: [a, b]"), "{}", patch_of(first));
    verify(&text, first);
}

#[test]
fn where_no_single_change_is_enough_two_together_are() {
    // A pool that stops with any copy away, and one monitor.
    let text = campus_with(&[("mons: worker-4..6", "mons: worker-4"), ("replicas: 3, min: 2", "replicas: 3, min: 3")]);
    let first = cure(&text, &["storage/ssd"]);
    assert!(first.what.contains("; and "), "{}", first.what);
    assert!(first.what.contains("monitors of Ceph"), "{}", first.what);
}

#[test]
fn the_example_itself_gets_suggestions_that_are_true() {
    let found = example();
    assert_eq!(found.before.broken().count(), 0);
    assert!(found.suggestions.len() >= 4, "{:?}", found.suggestions.iter().map(|one| &one.what).collect::<Vec<_>>());
    for one in &found.suggestions {
        assert!(one.saved.typical > 0.0 && one.cures.is_empty(), "{}", one.what);
        verify(CAMPUS, one);
    }
    assert!(found.suggestions.windows(2).all(|pair| pair[0].saved.typical >= pair[1].saved.typical));
    // Nothing is bought with a price, so that hours alone rank.
    assert!(!found.by_price && !found.unpriced.is_empty());
    for one in &found.timing {
        verify(CAMPUS, one);
    }
    // A pair of balancers is one more pair of machines that may fail together, and the quorum stays what it was.
    let pairs = found.useless.iter().filter(|(what, _)| what.starts_with("balance the API on two machines"));
    let pairs: Vec<f64> = pairs.map(|(_, saved)| *saved).collect();
    assert!(pairs.len() == 5 && pairs.iter().all(|saved| *saved < 0.0), "{pairs:?}");
    let faster = "let the API fail over as fast as can be had";
    let faster = found.suggestions.iter().chain(&found.timing).find(|one| one.what == faster).expect("faster timers");
    let (now, then) = faster.times.iter().find(|(now, _)| now.promise == "api").expect("the API gains");
    assert!(then.failovers.typical < now.failovers.typical, "{now:?} {then:?}");
    // What an election of etcd may set off stands beside it: the longest outage grows.
    assert!(then.longest > now.longest, "{now:?} {then:?}");
    let note = faster.notes.iter().find(|note| note.starts_with("an election of etcd, ")).expect("the risk");
    assert!(note.contains("may then take all servers out of HAProxy"), "{note}");
    assert_eq!(format!("{found:?}"), format!("{:?}", run(CAMPUS)), "the same from the same");
}

#[test]
fn with_prices_the_money_ranks() {
    let prices = "prices: { feed: 20000 EUR, ups: 1500 EUR, host: 8000 EUR, cable: 49.90 EUR }\naccept:\n";
    let found = run(&campus_with(&[("accept:\n", prices)]));
    assert!(found.by_price, "{:?}", found.unpriced);
    assert_eq!(found.currency.as_deref(), Some("EUR"));
    let worth = |one: &Suggestion| match one.price {
        Price::Free => f64::INFINITY,
        Price::Hundredths(sum) => one.saved.typical / sum as f64,
        Price::Unknown(_) => panic!("a price is missing"),
    };
    assert!(found.suggestions.windows(2).all(|pair| worth(&pair[0]) >= worth(&pair[1])));
}

#[test]
fn where_room_is_short_a_host_is_bought() {
    let prices = "prices: { feed: 20000 EUR, ups: 1500 EUR, host: 8000 EUR, cable: 49.90 EUR }\naccept:\n";
    let text = campus_with(&[("accept:\n", prices), ("analytics: { cpu: 24", "analytics: { cpu: 50")]);
    let found = cures(&text);
    let first = &found.suggestions[0];
    assert_eq!(first.what, "add a host pve-7 like the others, with worker-7");
    assert_eq!(first.cures.len(), found.before.broken().count());
    assert!(first.cures.len() >= 2 && found.uncured.is_empty());
    // Three cables of 49.90 with the host.
    assert_eq!(first.price, Price::Hundredths(800_000 + 3 * 4990));
    let patch = patch_of(first);
    for line in
        ["+  pve-1..7:", "+  worker-1..7: { role: worker, host: pve-1..7,", "osds: worker-1..7, mons: worker-4..6"]
    {
        assert!(patch.contains(line), "{line}:\n{patch}");
    }
    verify(&text, first);
}

#[test]
fn a_leaf_with_one_uplink_gets_a_second() {
    let text = campus_with(&[("uplinks: { to: gw-1..2, speed: 100G }", "uplinks: { to: gw-1, speed: 100G }")]);
    let found = run(&text);
    let one = found.suggestions.iter().find(|one| one.what == "give leaf-1..2 a second uplink, to gw-2");
    let one = one.expect("a suggestion");
    assert!(patch_of(one).contains("uplinks: { to: gw-1..2,"), "{}", patch_of(one));
    verify(&text, one);
}

#[test]
fn where_the_limit_cuts_it_is_said() {
    let none = Limits { analyses: 0 };
    let found = improve("cluster.yaml", CAMPUS, &lock_of(CAMPUS), none, TWO, &mut |_, _, _| {}).expect("proved");
    assert!(found.unproved.iter().any(|what| what.starts_with("keep 4 copies in pool ssd")), "{:?}", found.unproved);
    assert!(found.suggestions.iter().all(|one| !one.what.starts_with("keep 4 copies")));
    // Timers change no function, so that they need no analysis.
    assert!(found.unproved.iter().all(|what| !what.contains("fail over")), "{:?}", found.unproved);
    assert!(found.analyses < example().analyses);
}

#[test]
fn a_missing_price_means_that_time_alone_ranks() {
    let prices = "prices: { feed: 20000 EUR }\naccept:\n";
    let found = run(&campus_with(&[("accept:\n", prices)]));
    assert!(!found.by_price);
    assert_eq!(found.unpriced, [plimsoll_spec::Part::Ups]);
    let saved: Vec<f64> = found.suggestions.iter().map(|one| one.saved.typical).collect();
    assert!(saved.windows(2).all(|pair| pair[0] >= pair[1]), "{saved:?}");
}
