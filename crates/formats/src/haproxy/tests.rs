use std::time::Duration;

use plimsoll_diagnostics::Sources;

use super::*;
use crate::Read;

fn reading(text: &str) -> (Sources, Read<Conf>) {
    let mut sources = Sources::new();
    let id = sources.add("haproxy.cfg", text);
    let read = read(id, &sources);
    (sources, read)
}

fn problems(sources: &Sources, read: &Read<Conf>) -> Vec<String> {
    read.problems
        .iter()
        .map(|problem| {
            let place = sources.locate(problem.span().expect("a place"));
            format!("{}: {}", place.trim_start_matches("haproxy.cfg:"), problem.message)
        })
        .collect()
}

const GOOD: &str = include_str!("../../tests/files/haproxy.cfg");

#[test]
fn reads_what_rules_ask_for_with_its_place() {
    let (sources, read) = reading(GOOD);
    assert_eq!(problems(&sources, &read), ["52:1: `resolvers` is kept but not judged"]);
    let conf = &read.value;
    let api = conf.effective("api").expect("it is there");
    assert_eq!(api.mode.get(), Some(&Mode::Tcp));
    assert_eq!(api.balance.get().map(String::as_str), Some("leastconn"));
    assert_eq!(api.timeouts.idle_limit(), TunnelLimit::After(Duration::from_hours(4)));
    let check = api.httpchk.as_ref().expect("it is there");
    assert_eq!(check.uri.get().map(String::as_str), Some("/readyz"));
    assert!(api.http_checks[0].has("ssl"));
    assert_eq!(api.http_checks[1].header("Host"), Some(&Setting::from("api.example.org".to_owned())));
    assert_eq!(api.http_checks[1].after("ver"), Some(&Setting::from("HTTP/1.1".to_owned())));
    let server = &api.servers[0];
    assert_eq!(server.address.port.get(), Some(&Ports::one(6443)));
    assert_eq!(server.options.on_marked_down.get().map(String::as_str), Some("shutdown-sessions"));
    let effective = server.options.effective(conf.global());
    assert_eq!(effective.inter, Some(Duration::from_millis(500)));
    assert_eq!((effective.fall, effective.rise, effective.verify), (Some(2), Some(2), Some(Verify::None)));
    assert_eq!(api.servers[2].options.backup.get(), Some(&true));
    let (_, frontend) = conf.proxies().next().expect("a frontend");
    let hosts: Vec<_> = frontend.binds[0].addresses.iter().filter_map(|address| address.host.get()).collect();
    assert_eq!(hosts, [&Host::Ip("10.30.12.100".parse().expect("ip")), &Host::AnyIpv4]);
    assert_eq!(frontend.binds[1].addresses[0].host.get(), Some(&Host::Ip("::".parse().expect("ip"))));
    assert!(frontend.binds[1].v4v6.value);
    assert_eq!(
        sources.locate(server.options.verify.span().unwrap_or(server.place.0.expect("a place"))),
        "haproxy.cfg:47:5"
    );
}

#[test]
fn what_is_written_reads_back() {
    let (_, first) = reading(GOOD);
    let text = first.value.to_string();
    let (_, again) = reading(&text);
    assert_eq!(again.value, first.value, "{text}");
}

#[test]
fn the_old_form_of_httpchk_keeps_its_header() {
    let (_, read) = reading("backend b\n option httpchk GET /healthz HTTP/1.1\\r\\nHost:\\ k8s\n");
    let backend = read.value.effective("b").expect("it is there");
    let check = backend.httpchk.expect("it is there");
    assert_eq!(check.version.get().map(String::as_str), Some("HTTP/1.1\r\nHost: k8s"));
    for (text, method, uri) in [("", None, None), (" /x", None, Some("/x")), (" GET /x", Some("GET"), Some("/x"))] {
        let (_, read) = reading(&format!("backend b\n option httpchk{text}\n"));
        let check = read.value.effective("b").and_then(|backend| backend.httpchk).expect("it is there");
        assert_eq!((check.method.get().map(String::as_str), check.uri.get().map(String::as_str)), (method, uri));
        assert_eq!(read.value.to_string(), format!("backend b\n    option httpchk{text}\n"));
    }
}

#[test]
fn a_proxy_takes_the_nearest_defaults_or_those_it_names() {
    let text = "\
defaults one
  timeout client 1s
  option tcp-check
defaults two from one
  timeout server 2s
backend a
backend b from one
  no option tcp-check
";
    let (_, read) = reading(text);
    let a = read.value.effective("a").expect("it is there");
    assert_eq!(a.timeouts.idle_limit(), TunnelLimit::After(Duration::from_secs(1)));
    assert_eq!(a.timeouts.server.get(), Some(&Duration::from_secs(2)));
    assert_eq!(a.options.len(), 1);
    let b = read.value.effective("b").expect("it is there");
    assert!(b.timeouts.server.is_absent());
    assert!(b.options[0].off);
}

#[test]
fn templates_and_variables_are_unknown() {
    let text = "\
frontend f
  bind \"${VIP}:8443\"
  bind {{ vip }}:{{ port }}
  maxconn %MAX%
backend b
  {% for h in groups['cp'] %}
  server {{ h }} {{ hostvars[h].ip }}:6443 check
  {% endfor %}
";
    let (sources, read) = reading(text);
    assert_eq!(
        problems(&sources, &read),
        [
            "2:8: `${VIP}` is not filled in",
            "3:8: `{{ vip }}` is not filled in",
            "4:11: `%MAX%` is not filled in",
            "6:3: `{% for h in groups['cp'] %}` is not filled in",
            "7:10: `{{ h }}` is not filled in",
            "7:18: `{{ hostvars[h].ip }}` is not filled in",
            "8:3: `{% endfor %}` is not filled in",
        ]
    );
    let written = read.value.to_string();
    assert_eq!(reading(&written).1.value, read.value, "{written}");
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    let text = "\
stray
defaults
  timeout client 5sec
  mdoe tcp
listen api 10.0.0.1:6443
  maxconn 1
  maxconn 2
  server a 10.0.0.1:99999 check fall x
  dispatch 10.0.0.1:80
";
    let (sources, read) = reading(text);
    assert_eq!(
        problems(&sources, &read),
        [
            "1:1: `stray` is kept but not judged",
            "3:18: `5sec` is not a time such as `5s` or `500ms`",
            "4:3: `mdoe` is no statement known here",
            "5:12: `10.0.0.1:6443` means nothing here",
            "7:3: `maxconn` is stated twice",
            "8:12: `99999` is not a port",
            "8:38: `x` is not a number in range",
            "9:3: `dispatch 10.0.0.1:80` is kept but not judged",
        ]
    );
}
