use plimsoll_diagnostics::{Sources, Spanned};

use super::*;
use crate::input::tests::over;
use crate::systemd;

const ENV: &str = include_str!("../../tests/files/etcd.env");

fn words(list: &[&str]) -> Vec<Spanned<String>> {
    list.iter().map(|word| (*word).to_owned().into()).collect()
}

#[test]
fn variables_are_read_with_their_places() {
    let mut sources = Sources::new();
    let id = sources.add("/etc/etcd.env", ENV);
    let read = read(id, &sources);
    assert!(read.problems.is_empty());
    let conf = read.value;
    assert_eq!(conf.heartbeat_interval().get(), Some(&250));
    assert_eq!(sources.locate(conf.heartbeat_interval().span().expect("read")), "/etc/etcd.env:3:26");
    let members = conf.initial_cluster();
    let hosts: Vec<&str> = members.get().expect("known").iter().map(|(_, url)| url.host.as_str()).collect();
    assert_eq!(hosts, ["10.30.12.11", "fd00::12"]);
    assert_eq!(conf.experimental().count(), 1);
    assert_eq!(conf.other.len(), 1, "another variable is kept");
    assert_eq!(over(super::read, &conf.to_string()).value, conf);
}

#[test]
fn a_flag_beats_a_variable_and_a_file_beats_both() {
    let unit = over(
        systemd::read,
        "[Service]\nEnvironment=ETCD_ELECTION_TIMEOUT=2000 ETCD_NAME=a\nExecStart=/usr/bin/etcd --election-timeout 3000 \\\n  --client-cert-auth\n",
    );
    let mut conf = from_unit(&unit.value).value;
    assert_eq!(conf.election_timeout().get(), Some(&3000));
    assert_eq!(conf.flag("client-cert-auth").get(), Some(&true));
    let file = over(read_yaml, "name: b\nelection-timeout: 4000\npeer-transport-security:\n  cert-file: /p.crt\n");
    assert!(file.problems.is_empty());
    conf.settings.extend(file.value.settings);
    assert_eq!(conf.election_timeout().get(), Some(&4000));
    assert_eq!(conf.get("peer-cert-file").map(|setting| setting.value.value.as_str()), Some("/p.crt"));
    assert!(conf.flag("client-cert-auth").is_absent(), "flags don't count beside a file");
}

#[test]
fn both_forms_of_a_flag_read_the_same() {
    let a = from_flags(&words(&["etcd", "--name=cp-1", "--quota-backend-bytes=8589934592"])).value;
    let b = from_flags(&words(&["etcd", "--name", "cp-1", "--quota-backend-bytes", "8589934592"])).value;
    assert_eq!(a, b);
    assert_eq!(from_flags(&words(&["etcd"])).value.quota().or(EtcdConf::DEFAULT_QUOTA), Some(2 << 30));
    let again: Vec<Spanned<String>> = a.to_flags().into_iter().map(Spanned::from).collect();
    assert_eq!(from_flags(&again).value.settings, a.settings);
}

#[test]
fn a_place_left_open_is_unknown() {
    let read =
        from_flags(&words(&["--heartbeat-interval={{ etcd_heartbeat }}", "--initial-cluster=a=https://<ip>:2380"]));
    assert_eq!(read.problems.len(), 2);
    assert!(matches!(read.value.heartbeat_interval(), Setting::Unknown(_)));
    assert!(matches!(read.value.initial_cluster(), Setting::Unknown(_)));
}
