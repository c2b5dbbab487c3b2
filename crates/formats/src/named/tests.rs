use plimsoll_diagnostics::Sources;

use super::*;
use crate::input::tests::over;
use crate::named::Matched;

const CAMPUS: &str = include_str!("../../tests/files/named.conf");

fn conf(text: &str) -> (Conf, Vec<String>) {
    let read = over(read, text);
    let problems = read.problems.iter().map(|problem| problem.message.clone()).collect();
    (read.value, problems)
}

#[test]
fn a_servers_file_is_read_with_everything_that_rules_judge() {
    let (conf, problems) = conf(CAMPUS);
    assert_eq!(problems, ["`/etc/bind/named.conf.options` is included and must be read as well"]);
    let zone = &conf.zones[0];
    assert_eq!(zone.kind.as_ref().map(|kind| &kind.value), Some(&Kind::Primary));
    assert!(zone.is_dynamic());
    let transfer = zone.settings.allow_transfer.as_ref().expect("stated");
    assert_eq!(transfer.keys(), ["externaldns"]);
    assert_eq!(transfer.elements[1].what.value, Matched::Acl("secondaries".into()));
    assert!(transfer.elements[2].negated);
    assert_eq!(transfer.elements[2].what.value, Matched::Net("10.0.0.0/8".parse().expect("a network")));
    let Some(UpdatePolicy::Rules(rules)) = zone.update_policy.as_ref().map(|policy| &policy.value) else {
        panic!("no rules")
    };
    assert_eq!((rules[0].name.clone(), rules[0].types.len()), (None, 4));
    assert_eq!(rules[1].name.as_ref().map(|name| name.value.as_str()), Some("x.k8s.example.edu."));
    assert_eq!(conf.views[0].zones[0].settings.primaries.as_ref().map(|list| list.servers.len()), Some(1));
    assert_eq!(conf.other.len(), 1, "logging is kept");
    assert_eq!(conf.options.as_ref().map(|options| options.other.len()), Some(1), "rate-limit is kept");
    assert_eq!(conf.in_effect(None, zone, |settings| settings.recursion.get()), Some(&false));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let (conf, _) = conf(CAMPUS);
    let text = conf.to_string();
    assert_eq!(over(read, &text).value, conf, "{text}");
}

#[test]
fn positions_point_at_the_statement() {
    let mut sources = Sources::new();
    let id = sources.add("named.conf", CAMPUS);
    let conf = read(id, &sources).value;
    let transfer = conf.zones[0].settings.allow_transfer.as_ref().expect("stated");
    assert_eq!(sources.locate(transfer.span.expect("read")), "named.conf:19:2");
    let acl = transfer.elements[1].what.span.expect("read");
    assert_eq!(sources.text(acl), "secondaries");
}

#[test]
fn a_missing_semicolon_and_an_open_block_are_errors_with_their_places() {
    let (_, problems) = conf("options { recursion no }; zone \"a\" { type primary;");
    assert_eq!(problems, ["`;` is missing before `}`", "`{` is not closed", "`;` is missing at the end of the file"]);
}

#[test]
fn places_left_open_are_reported_once_and_their_value_is_unknown() {
    let (conf, problems) = conf("options { recursion {{ recursion }}; allow-query { ${NET}; }; };");
    assert_eq!(problems, ["`{{ recursion }}` is not filled in", "`${NET}` is not filled in"]);
    let options = conf.options.as_ref().expect("options");
    assert!(matches!(options.recursion, crate::Setting::Unknown(_)));
    assert!(matches!(options.allow_query.as_ref().expect("stated").elements[0].what.value, Matched::Other(_)));
    assert_eq!(over(read, &conf.to_string()).value, conf);
}

#[test]
fn a_key_is_never_shown() {
    let (conf, _) = conf(CAMPUS);
    assert!(!format!("{conf:?}").contains("c2VjcmV0"));
}

#[test]
fn nobody_may_transfer_by_default_from_9_20_on() {
    assert_eq!(allow_transfer_default((9, 18)), Matched::Any);
    assert_eq!(allow_transfer_default((9, 20)), Matched::None);
}
