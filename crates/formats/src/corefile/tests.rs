use plimsoll_diagnostics::Sources;

use super::*;
use crate::Setting;
use crate::input::tests::over;

/// As kubeadm writes it, with a stub domain, a snippet and what people add.
const COREFILE: &str = include_str!("../../tests/files/Corefile");

fn conf(text: &str) -> (Conf, Vec<String>) {
    let read = over(read, text);
    (read.value, read.problems.iter().map(|problem| problem.message.clone()).collect())
}

#[test]
fn plugins_are_found_through_snippets() {
    let (conf, problems) = conf(COREFILE);
    assert_eq!(problems, ["`/etc/coredns/custom/*.override` is included and must be read as well"]);
    let servers: Vec<&Server> = conf.servers().collect();
    let plugins = conf.plugins(servers[0]);
    let names: Vec<&str> = plugins.iter().map(|plugin| plugin.name.value.as_str()).collect();
    assert_eq!(
        names,
        ["errors", "cache", "health", "ready", "kubernetes", "prometheus", "forward", "loop", "import", "rewrite"]
    );
    let forward = plugins.iter().find_map(|plugin| forward(plugin)).expect("a forward");
    assert_eq!((forward.to.len(), forward.max_concurrent.get()), (2, Some(&1000)));
    let kubernetes = plugins.iter().find_map(|plugin| kubernetes(plugin)).expect("a kubernetes");
    assert_eq!((kubernetes.zones.len(), kubernetes.ttl.get()), (3, Some(&30)));
    let health = plugins.iter().find_map(|plugin| health(plugin)).expect("a health");
    assert_eq!(health.lameduck.get(), Some(&5000));
    let cache = plugins.iter().find_map(|plugin| cache(plugin)).expect("a cache");
    assert_eq!((cache.ttl.get(), cache.serve_stale.map(|words| words.len())), (Some(&30), Some(1)));
    let zones: Vec<(String, Option<u16>)> =
        servers[1].zones().into_iter().map(|(zone, port)| (zone.value, port)).collect();
    assert_eq!(zones, [("k8s.example.edu.".to_owned(), Some(53)), ("example.org.".to_owned(), Some(1053))]);
}

#[test]
fn what_is_written_reads_back_the_same() {
    let (value, _) = conf(COREFILE);
    let text = value.to_string();
    assert_eq!(conf(&text).0, value, "{text}");
}

#[test]
fn a_file_without_braces_is_one_server() {
    let (value, problems) = conf("example.org\nforward . 9.9.9.9\nlog\n");
    assert!(problems.is_empty());
    assert_eq!(value.servers().next().map(|server| server.plugins.len()), Some(2));
    assert_eq!(conf(&value.to_string()).0, value);
}

#[test]
fn an_open_block_is_an_error_where_it_opens() {
    let mut sources = Sources::new();
    let id = sources.add("Corefile", ".:53 {\n  health {\n}\n");
    let read = read(id, &sources);
    let problem = read.problems.iter().next().expect("one");
    assert_eq!(problem.message, "the block is not closed");
    assert_eq!(sources.locate(problem.span().expect("a place")), "Corefile:1:1");
}

#[test]
fn places_left_open_make_values_unknown() {
    let (value, problems) = conf(". {\n  cache {{ ttl }}\n  forward . {{ upstreams | join(' ') }}\n}\n");
    assert_eq!(problems, ["`{{ ttl }}` is not filled in", "`{{ upstreams | join(' ') }}` is not filled in"]);
    let server = value.servers().next().expect("a server");
    assert!(matches!(cache(&server.plugins[0]).expect("a cache").ttl, Setting::Unknown(_)));
    assert_eq!(conf(&value.to_string()).0, value);
}

#[test]
fn snippets_that_import_each_other_end() {
    let (value, _) = conf("(a) {\n import b\n import b\n}\n(b) {\n import a\n import a\n}\n. {\n import a\n}\n");
    let server = value.servers().next().expect("a server");
    assert!(value.plugins(server).len() <= 20_000);
}

#[test]
fn go_durations() {
    assert_eq!(milliseconds("1m30s"), Some(90_000));
    assert_eq!(milliseconds("1.5s"), Some(1500));
    assert_eq!(milliseconds("5"), None);
}

#[test]
fn many_imports_of_many_snippets_take_no_time() {
    // To look through all snippets for each import would be 4 × 10^9 steps.
    let snippets = (0..40_000).map(|number| format!("(s{number}) {{\n}}\n")).collect::<Vec<_>>().concat();
    let text = format!("{snippets}. {{\n{}}}\n", "import s39999\nimport /etc/x\n".repeat(50_000));
    let found = over(read, &text);
    let last = found.problems.iter().last().map(|problem| problem.message.clone()).unwrap_or_default();
    assert_eq!(last, "49500 more problems of this file are not shown");
    // What is said stays bounded, and what is expanded too.
    assert_eq!(found.problems.iter().count(), 501);
    let plugins: usize = found.value.all_plugins().map(|(_, plugins)| plugins.len()).sum();
    assert!((50_000..=100_000).contains(&plugins), "{plugins}");
}
