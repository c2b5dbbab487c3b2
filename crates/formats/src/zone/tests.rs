use plimsoll_diagnostics::Sources;

use super::*;
use crate::input::tests::over;

const ZONE: &str = include_str!("../../tests/files/k8s.zone");

fn messages(text: &str) -> (Zone, Vec<String>) {
    let read = over(read, text);
    (read.value, read.problems.iter().map(|problem| problem.message.clone()).collect())
}

#[test]
fn names_and_times_are_resolved() {
    let (zone, problems) = messages(ZONE);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(zone.soa().map(|soa| (soa.serial, soa.retry, soa.expire)), Some((2_026_112_301, 900, 604_800)));
    let records = zone.records("k8s.example.edu");
    let short: Vec<String> =
        records.iter().map(|record| format!("{} {:?} {}", record.name, record.ttl, record.data.kind())).collect();
    assert_eq!(
        short,
        [
            "k8s.example.edu. Some(3600) SOA",
            "k8s.example.edu. Some(3600) NS",
            "api.k8s.example.edu. Some(60) A",
            "api.k8s.example.edu. Some(3600) AAAA",
            "www.sub.k8s.example.edu. Some(3600) CNAME",
            "_etcd._tcp.sub.k8s.example.edu. Some(30) SRV",
            "t.sub.k8s.example.edu. Some(3600) TXT",
            "sub.k8s.example.edu. Some(3600) CAA",
            "sub.k8s.example.edu. Some(3600) MX",
            "k.sub.k8s.example.edu. Some(3600) TLSA",
        ]
    );
    assert_eq!(records[6].data, &Data::Txt(vec!["v=1; a \\\"b\\\"".into(), "plain".into()]));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let (zone, _) = messages(ZONE);
    let text = zone.to_string();
    assert_eq!(messages(&text), (zone.clone(), Vec::new()), "{text}");
    assert_eq!(zone.with_serial(7).soa().map(|soa| soa.serial), Some(7));
}

#[test]
fn a_wrong_address_is_reported_where_it_stands() {
    let mut sources = Sources::new();
    let text = "api A 10.30.12.400\n";
    let id = sources.add("k8s.zone", text);
    let read = read(id, &sources);
    let problem = read.problems.iter().next().expect("one");
    assert_eq!(problem.message, "`A` needs an IPv4 address");
    assert_eq!(sources.locate(problem.span().expect("a place")), "k8s.zone:1:5");
}

#[test]
fn templates_are_reported_once_a_place_and_kept() {
    let (zone, problems) = messages("api A {{ vip }}\n{% for n in nodes %}\n{{ n.name }} A {{ n.ip }}\n{% endfor %}\n");
    assert_eq!(problems.len(), 5, "{problems:?}");
    assert_eq!(messages(&zone.to_string()).0, zone);
}

#[test]
fn a_text_made_by_a_program_is_escaped() {
    assert_eq!(text("a \"b\" \\ \n"), "a \\\"b\\\" \\\\ \\010");
}
