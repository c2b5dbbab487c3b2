use plimsoll_diagnostics::Sources;

use super::*;
use crate::Read;

fn reading(text: &str) -> (Sources, Read<Ruleset>) {
    let mut sources = Sources::new();
    let id = sources.add("nftables.conf", text);
    let read = read(id, &sources);
    (sources, read)
}

const GOOD: &str = include_str!("../../tests/files/nftables.conf");

fn problems(sources: &Sources, read: &Read<Ruleset>) -> Vec<String> {
    read.problems
        .iter()
        .map(|problem| {
            let place = sources.locate(problem.span().expect("a place"));
            format!("{}: {}", place.trim_start_matches("nftables.conf:"), problem.message)
        })
        .collect()
}

#[test]
fn reads_rules_sets_and_definitions() {
    let (sources, read) = reading(GOOD);
    assert_eq!(
        problems(&sources, &read),
        [
            "31:3: `tcp flags & (fin|syn) == (fin|syn) drop` is kept but not judged",
            "42:2: `counter` is kept but not judged",
        ]
    );
    let table = &read.value.tables[0];
    assert_eq!(read.value.removals.len(), 3);
    assert_eq!(read.value.defines[1].values.len(), 3);
    assert_eq!(table.sets[0].elements.len(), 2);
    assert_eq!(table.chains.len(), 3);
    assert_eq!(table.chains[0].policy.get(), Some(&Policy::Drop));
    assert_eq!(table.chains[0].rules.len(), 14);
}

#[test]
fn what_is_written_reads_back() {
    let (_, first) = reading(GOOD);
    let text = first.value.to_string();
    let (_, again) = reading(&text);
    assert_eq!(again.value, first.value, "{text}");
}

#[test]
fn judges_what_arrives() {
    let (_, read) = reading(GOOD);
    let from = |protocol, port, source: &str| {
        read.value.input(&Packet::v4(protocol, port).from(source.parse().expect("an address")))
    };
    // The peers of etcd and VRRP, and somebody else.
    assert_eq!(from(6, Some(2380), "10.30.12.12"), Judgement::Accepted);
    assert_eq!(from(112, None, "10.30.12.13"), Judgement::Accepted);
    assert!(matches!(from(112, None, "10.30.12.14"), Judgement::Unknown | Judgement::Dropped(_)));
    // A set, a definition, a jump that returns.
    assert_eq!(from(6, Some(22), "10.30.11.7"), Judgement::Accepted);
    assert_eq!(from(6, Some(22), "10.2.0.7"), Judgement::Accepted);
    assert_eq!(from(17, Some(3784), "10.30.12.3"), Judgement::Accepted);
    assert!(matches!(from(17, Some(3784), "10.30.12.9"), Judgement::Dropped(Some(_))));
    // From anywhere.
    assert_eq!(read.value.input(&Packet::v4(6, Some(6443))), Judgement::Accepted);
    // Depends on the interface and on a rate.
    assert_eq!(read.value.input(&Packet::v4(6, Some(9100))), Judgement::Unknown);
}

#[test]
fn a_blocked_protocol_is_dropped_by_the_policy() {
    let text = "table inet f {\n chain input {\n  type filter hook input priority 0; policy drop;\n  tcp dport 22 accept\n }\n}\n";
    let (sources, read) = reading(text);
    let Judgement::Dropped(Some(span)) = read.value.input(&Packet::v4(112, None)) else { panic!("VRRP is dropped") };
    assert_eq!(sources.locate(span), "nftables.conf:3:45");
    assert_eq!(read.value.input(&Packet::v4(6, Some(22))), Judgement::Accepted);
    let (_, open) = reading("table ip6 f { chain input { type filter hook input priority 0; policy drop; } }");
    assert_eq!(open.value.input(&Packet::v4(112, None)), Judgement::Accepted);
    let (_, more) = reading(&format!("include \"/etc/nftables.d/*.nft\"\n{text}"));
    assert_eq!(more.value.input(&Packet::v4(112, None)), Judgement::Unknown);
    let (_, looped) = reading(
        "table ip f { chain input { type filter hook input priority 0; jump a }\n chain a { jump b }\n chain b { jump a } }",
    );
    assert_eq!(looped.value.input(&Packet::v4(6, Some(1))), Judgement::Unknown);
}

#[test]
fn templates_are_unknown_and_said_once() {
    let text = "table inet f {\n chain input {\n  type filter hook input priority 0; policy {{ p }};\n  {% for s in sources %}\n  ip saddr {{ s }} tcp dport 6443 accept\n  {% endfor %}\n }\n}\n";
    let (sources, read) = reading(text);
    assert_eq!(
        problems(&sources, &read),
        [
            "3:45: `{{ p }}` is not filled in",
            "4:3: `{% for s in sources %}` is not filled in",
            "5:12: `{{ s }}` is not filled in",
            "6:3: `{% endfor %}` is not filled in",
        ]
    );
    assert_eq!(read.value.input(&Packet::v4(6, Some(6443))), Judgement::Unknown);
    let written = read.value.to_string();
    assert_eq!(reading(&written).1.value, read.value, "{written}");
}
