use std::time::Duration;

use plimsoll_diagnostics::Sources;

use super::*;
use crate::Read;

fn reading(text: &str) -> (Sources, Read<Conf>) {
    let mut sources = Sources::new();
    let id = sources.add("keepalived.conf", text);
    let read = read(id, &sources);
    (sources, read)
}

/// Each problem as `place: message`.
fn problems(sources: &Sources, read: &Read<Conf>) -> Vec<String> {
    let place = |problem: &plimsoll_diagnostics::Diagnostic| sources.locate(problem.span().expect("a place"));
    read.problems
        .iter()
        .map(|problem| {
            let at = place(problem);
            format!("{}: {}", at.trim_start_matches("keepalived.conf:"), problem.message)
        })
        .collect()
}

/// A file as people have it: the sample of kubeadm's guide, unicast, with most that rules ask for.
const GOOD: &str = include_str!("../../tests/files/keepalived.conf");

#[test]
fn reads_what_rules_ask_for_with_its_place() {
    let (sources, read) = reading(GOOD);
    assert_eq!(problems(&sources, &read), Vec::<String>::new());
    let conf = &read.value;
    assert!(conf.global.enable_script_security.value);
    assert_eq!(conf.global.script_user.get().map(String::as_str), Some("keepalived_script nogroup"));
    assert_eq!(conf.global.garp.master_refresh.get(), Some(&Duration::from_mins(1)));
    let script = conf.script("check_apiserver").expect("it is there");
    assert_eq!(
        script.script.get().map(String::as_str),
        Some("/usr/bin/curl -fsk --max-time 2 'https://localhost:8443/readyz'")
    );
    assert_eq!((script.weight.get(), script.reverse.value), (Some(&-2), true));
    let group: Vec<_> = conf.sync_groups[0].instances.iter().filter_map(|name| name.get()).collect();
    assert_eq!(group, ["VI_1", "VI_2", "VI_3"]);
    let instance = &conf.instances[0];
    assert_eq!(instance.name.get().map(String::as_str), Some("VI_1"));
    assert_eq!(instance.advert_int.get(), Some(&Duration::from_millis(500)));
    assert_eq!(instance.unicast_peers.len(), 2);
    assert_eq!(instance.unicast_peers[0].min_ttl.get(), Some(&255));
    let authentication = instance.authentication.as_ref().expect("it is there");
    assert_eq!(authentication.auth_pass.get().map(String::as_str), Some("s3cret"));
    let vip = &instance.virtual_addresses[0];
    assert_eq!(vip.prefix.get(), Some(&24));
    assert_eq!(vip.label.get().map(String::as_str), Some("bond0.2001:vip"));
    assert_eq!(instance.excluded_addresses.len(), 1);
    assert_eq!(instance.tracks.interfaces.len(), 2);
    assert_eq!(conf.script_weight(&instance.tracks.scripts[0]), Some(-20));
    assert_eq!(instance.notify[0].command.get().map(String::as_str), Some("/etc/keepalived/notify.sh \"master now\""));
    assert_eq!(sources.locate(instance.priority.span().expect("read")), "keepalived.conf:28:14");
}

#[test]
fn what_is_written_reads_back() {
    let (_, first) = reading(GOOD);
    let text = first.value.to_string();
    let (sources, again) = reading(&text);
    assert_eq!(again.value, first.value, "{text}");
    assert_eq!(problems(&sources, &again), Vec::<String>::new());
}

#[test]
fn the_writer_says_one_thing_a_line() {
    let instance = Instance {
        name: "api".to_owned().into(),
        state: State::Backup.into(),
        virtual_router_id: 51.into(),
        advert_int: Duration::from_millis(1500).into(),
        nopreempt: true.into(),
        unicast_peers: vec![Peer { address: "10.0.0.2".parse::<IpAddr>().expect("ip").into(), ..Peer::default() }],
        ..Instance::default()
    };
    let conf = Conf { instances: vec![instance], ..Conf::default() };
    assert_eq!(
        conf.to_string(),
        "\
vrrp_instance api {
    state BACKUP
    virtual_router_id 51
    advert_int 1.5
    nopreempt
    unicast_peer {
        10.0.0.2
    }
}
"
    );
}

#[test]
fn a_second_peer_on_one_line_is_no_peer() {
    let (sources, read) = reading("vrrp_instance a {\n unicast_peer { 10.0.0.2 10.0.0.3 }\n}\n");
    assert_eq!(problems(&sources, &read), ["2:26: `10.0.0.3` is no peer: a line of `unicast_peer` holds one address"]);
    assert_eq!(read.value.instances[0].unicast_peers.len(), 1);
    assert_eq!(read.value.instances[0].unicast_peers[0].ignored[0].value, "10.0.0.3");
}

#[test]
fn lines_for_other_hosts_do_not_count() {
    let text = "vrrp_instance a {\n @cp1 priority 150\n @^cp1 priority 100\n}\n";
    let (sources, without) = reading(text);
    assert_eq!(without.value.instances[0].priority.get(), Some(&100));
    assert_eq!(without.value.config_ids, ["cp1"]);
    assert_eq!(problems(&sources, &without), ["2:2: this line counts only for another `keepalived -i`"]);
    let id = sources.iter().next().expect("one").0;
    let with = read_as(id, &sources, Some("cp1"));
    assert_eq!(with.value.instances[0].priority.get(), Some(&150));
    assert_eq!(with.value.instances[0].unknown[0].value, "@^cp1 priority 100");
}

#[test]
fn definitions_are_filled_in() {
    let text =
        "$VIP=10.0.0.100\n$IF=eth0\nvrrp_instance a {\n interface $IF\n virtual_ipaddress {\n  ${VIP}/24\n }\n}\n";
    let (sources, read) = reading(text);
    assert_eq!(problems(&sources, &read), Vec::<String>::new());
    let instance = &read.value.instances[0];
    assert_eq!(instance.interface.get().map(String::as_str), Some("eth0"));
    assert_eq!(instance.virtual_addresses[0].prefix.get(), Some(&24));
    assert_eq!(sources.locate(instance.interface.span().expect("read")), "keepalived.conf:4:12");
}

#[test]
fn templates_are_unknown_and_said_once() {
    let text = "\
{% if x %}
vrrp_instance VI_{{ n }} {
  state {{ state | default('MASTER') }}
  interface $IFACE
  priority <PRIO>
  virtual_ipaddress {
    {{ vip }}/24
  }
  unicast_peer {
    {% for p in peers %}
    {{ p }}
    {% endfor %}
  }
}
{% endif %}
";
    let (sources, read) = reading(text);
    assert_eq!(
        problems(&sources, &read),
        [
            "1:1: `{% if x %}` is not filled in",
            "2:15: `{{ n }}` is not filled in",
            "3:9: `{{ state | default('MASTER') }}` is not filled in",
            "4:13: `$IFACE` is not filled in",
            "5:12: `<PRIO>` is not filled in",
            "7:5: `{{ vip }}` is not filled in",
            "10:5: `{% for p in peers %}` is not filled in",
            "11:5: `{{ p }}` is not filled in",
            "12:5: `{% endfor %}` is not filled in",
            "15:1: `{% endif %}` is not filled in",
        ]
    );
    let instance = &read.value.instances[0];
    assert!(instance.priority.is_unknown());
    assert!(instance.virtual_addresses[0].address.is_unknown());
    let written = read.value.to_string();
    assert_eq!(reading(&written).1.value, read.value, "{written}");
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    let text = "\
include /etc/keepalived/conf.d/*.conf
vrrp_instance a {
  priority 300
  virtual_router_ids 5
  state BACKUP
  state MASTER
  virtual_routes { src 1 }
  virtual_ipaddress { 10.0.0.1 10.0.0.2 }
  advert_int
}
virtual_server 10.0.0.1 80 { delay_loop 6 }
}
vrrp_instance b {
";
    let (sources, read) = reading(text);
    assert_eq!(
        problems(&sources, &read),
        [
            "12:1: `}` without a block",
            "13:1: 1 closing `}` missing at the end of the file",
            "1:9: `/etc/keepalived/conf.d/*.conf` is included and must be read as well",
            "3:12: `300` is not a number from 1 to 255",
            "4:3: `virtual_router_ids` is no statement known here",
            "6:9: `state` is stated twice",
            "7:3: `virtual_routes` is kept but not judged",
            "8:32: `10.0.0.2` is not added: a line of addresses holds one",
            "9:3: `advert_int` has no value",
            "11:1: `virtual_server` is kept but not judged",
        ]
    );
    assert_eq!(read.value.instances.len(), 2);
    assert_eq!(read.value.unknown[0].value, "virtual_server 10.0.0.1 80 { delay_loop 6 }");
}

#[test]
fn defaults_are_those_of_the_daemon() {
    let (_, read) = reading("global_defs { vrrp_strict }\nvrrp_instance a { virtual_ipaddress { fd00::1 } }");
    let effective = read.value.effective(&read.value.instances[0]);
    assert_eq!((effective.priority, effective.version, effective.accept), (Some(100), Some(3), Some(false)));
    assert_eq!(effective.advert_int, Some(Duration::from_secs(1)));
    assert!(!effective.unicast);
    let (_, read) = reading("vrrp_script s { interval 5 }");
    assert_eq!(read.value.scripts[0].effective().timeout, Some(Duration::from_secs(5)));
}
