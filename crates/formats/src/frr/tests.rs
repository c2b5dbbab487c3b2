use plimsoll_diagnostics::Sources;

use super::*;
use crate::Setting;
use crate::input::tests::over;

const LEAF: &str = include_str!("../../tests/files/frr.conf");

fn messages(text: &str) -> (Conf, Vec<String>) {
    let read = over(read, text);
    (read.value, read.problems.iter().map(|problem| problem.message.clone()).collect())
}

#[test]
fn a_leaf_is_read_with_everything_that_rules_judge() {
    let (conf, problems) = messages(LEAF);
    assert_eq!(problems, ["`{{ keepalive }}` is not filled in"]);
    let bgp = &conf.bgp()[0];
    assert_eq!(bgp.asn.get(), Some(&64500));
    assert_eq!(bgp.timers.get(), Some(&(3, 9)));
    assert_eq!(bgp.families["ipv4 unicast"].maximum_paths.get(), Some(&8));
    let neighbors = bgp.effective_neighbors();
    let names: Vec<&str> = neighbors.iter().map(|neighbor| neighbor.name.value.as_str()).collect();
    assert_eq!(names, ["10.30.12.21", "10.30.12.22", "swp1"]);
    assert_eq!(neighbors[0].remote_as.get(), Some(&RemoteAs::Number(64513)));
    assert_eq!(neighbors[0].bfd.get().and_then(|bfd| bfd.profile.as_deref()), Some("fast"));
    assert!(neighbors[0].password.is_some());
    assert_eq!(bgp.is_active(&neighbors[0], "ipv4 unicast"), Some(true));
    assert_eq!(bgp.is_active(&neighbors[2], "ipv4 unicast"), Some(false));
    let map = neighbors[0].families["ipv4 unicast"].route_map_in.as_ref().map(|map| map.value.as_str());
    assert_eq!(map, Some("FROM-NODES"));
    assert!(matches!(neighbors[1].timers, Setting::Unknown(_)));
    assert_eq!(neighbors[2].remote_as.get(), Some(&RemoteAs::External));
    let prefixes = conf.prefix_lists();
    assert_eq!((prefixes[0].permit, prefixes[0].ge, prefixes[1].le), (true, Some(32), Some(32)));
    assert_eq!(conf.route_maps()[0].matches[0].value, "ip address prefix-list POOLS");
    assert_eq!(conf.bfd_profiles()[0].receive.get(), Some(&100));
    assert_eq!(conf.bfd_peers()[0].profile.as_ref().map(|name| name.value.as_str()), Some("fast"));
    let routes = conf.static_routes();
    assert_eq!(routes.len(), 2);
    assert_eq!(routes[1].vrf.as_ref().map(|vrf| vrf.value.as_str()), Some("campus"));
    assert_eq!(conf.defaults().map(|word| word.value.as_str()), Some("datacenter"));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let (conf, _) = messages(LEAF);
    let text = conf.to_string();
    assert_eq!(messages(&text).0, conf, "{text}");
}

#[test]
fn indentation_means_nothing_and_commands_close_blocks() {
    let flat = LEAF.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(messages(&flat).0, messages(LEAF).0);
    let without_exit = LEAF.lines().filter(|line| !line.trim().starts_with("exit")).collect::<Vec<_>>().join("\n");
    let bgp = &messages(&without_exit).0.bgp()[0];
    assert_eq!(bgp.families["ipv4 unicast"].maximum_paths.get(), Some(&8));
    assert_eq!(bgp.families.len(), 2);
}

#[test]
fn a_stray_exit_is_reported_where_it_stands() {
    let mut sources = Sources::new();
    let id = sources
        .add("frr.conf", "interface eth0\n ip address 10.0.0.1/24\nexit\nexit\nbfd\n profile fast\n exit\nexit\n");
    let read = read(id, &sources);
    let problem = read.problems.iter().next().expect("one");
    assert_eq!(problem.message, "`exit` stands outside of any block");
    assert_eq!(sources.locate(problem.span().expect("a place")), "frr.conf:4:1");
    assert_eq!(over(super::read, &read.value.to_string()).value, read.value);
}

#[test]
fn a_block_of_unknown_kind_is_kept() {
    let (conf, _) = messages("watchfrr things\n a b\n c\nhostname x\n");
    assert_eq!(conf.lines.len(), 2);
    assert_eq!(conf.lines[0].block.len(), 2);
    assert_eq!(messages(&conf.to_string()).0, conf);
}
