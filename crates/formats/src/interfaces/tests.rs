use plimsoll_diagnostics::Sources;

use super::*;
use crate::Read;

fn reading(text: &str) -> (Sources, Read<Conf>) {
    let mut sources = Sources::new();
    let id = sources.add("interfaces", text);
    let read = read(id, &sources);
    (sources, read)
}

fn problems(sources: &Sources, read: &Read<Conf>) -> Vec<String> {
    read.problems
        .iter()
        .map(|problem| {
            let place = sources.locate(problem.span().expect("a place"));
            format!("{}: {}", place.trim_start_matches("interfaces:"), problem.message)
        })
        .collect()
}

const GOOD: &str = include_str!("../../tests/files/interfaces");

fn names(setting: &Setting<Names>) -> Vec<&str> {
    setting.get().map(|names| names.iter().map(|name| name.value.as_str()).collect()).unwrap_or_default()
}

#[test]
fn reads_what_rules_ask_for_with_its_place() {
    let (sources, read) = reading(GOOD);
    assert_eq!(
        problems(&sources, &read),
        [
            "57:1: `mapping eth0` is kept but not judged",
            "61:8: `/etc/network/interfaces.d/*` is included and must be read as well",
        ]
    );
    let conf = &read.value;
    assert_eq!(conf.auto.len(), 7);
    let one = |name: &'static str| conf.of(name).next().expect("it is there");
    let bond = one("bond0");
    assert_eq!(names(&bond.bond.slaves), ["eno1", "eno2"]);
    assert_eq!(bond.bond.mode.get(), Some(&BondMode::Lacp));
    assert_eq!((bond.bond.lacp_fast.get(), bond.bond.miimon.get()), (Some(&true), Some(&100)));
    assert_eq!(sources.locate(bond.bond.mode.span().expect("read")), "interfaces:14:12");
    let other = one("bond1");
    assert_eq!(other.bond.slaves.get(), Some(&Vec::new()));
    assert_eq!((other.bond.mode.get(), other.effective_miimon()), (Some(&BondMode::ActiveBackup), Some(0)));
    let vlan = one("bond0.2000");
    assert_eq!((vlan.vlan(), vlan.raw_device()), (Some(2000), Some("bond0")));
    assert_eq!(vlan.netmask.get(), Some(&24));
    assert_eq!((one("vlan12").vlan(), one("vlan12").raw_device()), (Some(12), Some("bond0")));
    let families: Vec<_> = conf.of("vmbr0").filter_map(|stanza| stanza.family.get()).collect();
    assert_eq!(families, [&Family::Inet, &Family::Inet6]);
    let aware = one("vmbr1");
    assert!(aware.is_bridge());
    assert_eq!(aware.bridge.vids.get().map(|vids| (vids.contains(2001), vids.contains(101))), Some((true, false)));
}

#[test]
fn what_is_written_reads_back() {
    let (_, first) = reading(GOOD);
    let text = first.value.to_string();
    let (_, again) = reading(&text);
    assert_eq!(again.value, first.value, "{text}");
}

#[test]
fn a_comment_behind_a_value_is_part_of_it() {
    let (sources, read) = reading("iface eno1 inet manual\n mtu 9000 # jumbo\n mtuu 1500\nhello\n");
    assert_eq!(
        problems(&sources, &read),
        [
            "2:6: `9000 # jumbo` is not a number of bytes",
            "3:2: `mtuu` is no statement known here",
            "4:1: `hello` is kept but not judged",
        ]
    );
    assert!(read.value.stanzas[0].mtu.is_unknown());
}

#[test]
fn templates_are_unknown_and_said_once() {
    let (sources, read) =
        reading("{% if x %}\niface {{ nic }} inet static\n address ${IP}/24\n bridge-ports {{ a }}\n");
    assert_eq!(
        problems(&sources, &read),
        [
            "1:1: `{% if x %}` is not filled in",
            "2:7: `{{ nic }}` is not filled in",
            "3:10: `${IP}` is not filled in",
            "4:15: `{{ a }}` is not filled in",
        ]
    );
    let written = read.value.to_string();
    assert_eq!(reading(&written).1.value, read.value, "{written}");
}
