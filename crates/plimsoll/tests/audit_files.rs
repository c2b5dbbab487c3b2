//! `plimsoll audit`: which files are judged, and which are left out with a word.
#![allow(clippy::panic)]

mod common;

use common::Place;
use serde_json::Value;

/// A keepalived of a machine whose check is fine.
fn keepalived(machine: &str, address: &str, peers: &[&str], priority: u8) -> String {
    let peers = peers.join("\n        ");
    format!(
        "global_defs {{\n    router_id {machine}\n    enable_script_security\n    script_user nobody\n}}\n\nvrrp_script check {{\n    \
         script \"/usr/bin/curl --max-time 1 https://localhost:8443/readyz\"\n    interval 3\n    timeout 2\n    weight 0\n}}\n\n\
         vrrp_instance VI_1 {{\n    state BACKUP\n    interface eth0\n    virtual_router_id 52\n    priority {priority}\n    \
         unicast_src_ip {address}\n    unicast_peer {{\n        {peers}\n    }}\n    virtual_ipaddress {{\n        10.0.0.100/24\n    }}\n    \
         track_script {{\n        check\n    }}\n}}\n"
    )
}

const MACHINES: [(&str, &str, u8); 3] = [("m1", "10.0.0.1", 103), ("m2", "10.0.0.2", 102), ("m3", "10.0.0.3", 101)];

/// Each machine's file at the path that `path` makes of its name.
fn three(place: &Place, path: impl Fn(&str) -> String) {
    for (name, address, priority) in MACHINES {
        let peers: Vec<&str> = MACHINES.iter().map(|it| it.1).filter(|other| *other != address).collect();
        place.write(&path(name), keepalived(name, address, &peers, priority));
    }
}

const HAPROXY: &str = "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 1h\n    timeout server 1h\nfrontend api\n    \
                       bind *:8443\n    default_backend api\nbackend api\n    option httpchk GET /readyz\n    default-server check check-ssl \
                       verify none\n    server a 10.0.0.1:6443\n    server b 10.0.0.2:6443\n    server c 10.0.0.3:6443\n";

fn etcd_pod(member: &str, address: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: etcd, namespace: kube-system}}\nspec:\n  containers:\n  - name: etcd\n    image: \
         registry.k8s.io/etcd:3.6.11-0\n    command: [etcd, --name={member}, \"--initial-advertise-peer-urls=https://{address}:2380\", \
         --feature-gates=InitialCorruptCheck=true]\n"
    )
}

fn codes(text: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(text).expect("JSON and nothing else");
    let list = value["findings"].as_array().expect("a list");
    list.iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn copies_are_left_out_and_counted() {
    let place = Place::empty();
    three(&place, |name| format!("m/{name}/etc/keepalived/keepalived.conf"));
    place.write("m/m1/etc/haproxy/haproxy.cfg", HAPROXY);
    place.write("m/m1/etc/kubernetes/manifests/etcd.yaml", etcd_pod("m1", "10.0.0.1"));
    let clean = codes(&place.run(&["audit", "m", "--format", "json"]).out);

    let old = place.read("m/m1/etc/keepalived/keepalived.conf").replace("10.0.0.100", "10.0.0.99");
    for ending in [".bak", ".dpkg-old", "~"] {
        place.write(&format!("m/m1/etc/keepalived/keepalived.conf{ending}"), &old);
    }
    place.write("m/m1/etc/haproxy/haproxy.cfg.dpkg-old", HAPROXY.replace("option httpchk", "#"));
    place.write("m/m1/etc/kubernetes/tmp/kubeadm-backup-manifests-2026-01-01/etcd.yaml", etcd_pod("m1", "10.0.0.9"));
    let said = place.run(&["audit", "m", "--format", "json"]);
    assert_eq!(codes(&said.out), clean, "no copy is judged");
    let value: Value = serde_json::from_str(&said.out).expect("JSON");
    let skipped = value["skipped"].as_array().expect("a list");
    assert_eq!(skipped.len(), 5);
    assert!(skipped.iter().all(|file| file["why"] == "a copy that no program reads"), "{skipped:?}");

    let text = place.run(&["audit", "m"]);
    text.says("Left out: 5 files, copies that no program reads (--verbose names them)")
        .never_says("keepalived.conf.dpkg-old");
    place.run(&["audit", "m", "--verbose"]).says("m/m1/etc/keepalived/keepalived.conf.dpkg-old");
}

#[test]
fn a_copy_that_is_named_is_judged() {
    let place = Place::empty();
    place.write("keepalived.conf.bak", keepalived("m1", "10.0.0.1", &["10.0.0.2"], 100));
    place.write("etc/kubernetes/tmp/backup/etcd.yaml", etcd_pod("m1", "10.0.0.1"));
    place.run(&["audit", "keepalived.conf.bak"]).says("Recognised 1 of 1 files").never_says("Left out");
    place.run(&["audit", "etc/kubernetes/tmp/backup"]).says("Recognised 1 of 1 files");
    place.run(&["audit", "etc/kubernetes/tmp/backup/etcd.yaml"]).says("Recognised 1 of 1 files");
    place.run(&["audit", "etc"]).says("Left out: 1 file, a copy that no program reads");
}

#[test]
fn a_copy_that_the_kubelet_reads_is_told() {
    let place = Place::empty();
    place.write("cp-1/etc/kubernetes/manifests/etcd.yaml", etcd_pod("cp-1", "10.0.0.1"));
    place.write("cp-1/etc/kubernetes/manifests/etcd.yaml.bak", etcd_pod("cp-1", "10.0.0.1"));
    place
        .run(&["audit", "cp-1"])
        .says("the kubelet reads the copy `cp-1/etc/kubernetes/manifests/etcd.yaml.bak` as well");
}

#[test]
fn a_flat_folder_holds_several_machines() {
    let place = Place::empty();
    three(&place, |name| format!("flat/keepalived-{name}.conf"));
    three(&place, |name| format!("each/{name}/etc/keepalived/keepalived.conf"));
    let flat = place.run(&["audit", "flat", "--format", "json"]);
    let each = place.run(&["audit", "each", "--format", "json"]);
    assert_eq!(codes(&flat.out), codes(&each.out));
    assert!(!flat.out.contains("VRRP-002"), "{}", flat.out);
    let value: Value = serde_json::from_str(&flat.out).expect("JSON");
    let owners: Vec<&str> =
        value["files"].as_array().expect("a list").iter().filter_map(|file| file["owner"].as_str()).collect();
    assert_eq!(owners, ["m1", "m2", "m3"]);
}

#[test]
fn nobody_is_told_to_split_a_group_that_works() {
    let place = Place::empty();
    // The same machine twice, as far as its files tell.
    let peers = ["10.0.0.2", "10.0.0.3"];
    place.write("m/keepalived.conf", keepalived("m1", "10.0.0.1", &peers, 103));
    place.write("m/keepalived-new.conf", keepalived("m1", "10.0.0.1", &peers, 104));
    place
        .run(&["audit", "m", "--verbose"])
        .never_says("give one of them another id")
        .says("not judged[VRRP-002]")
        .says("which machine each file is of");
}

#[test]
fn a_backend_that_is_missing_is_an_error_and_the_others_are_judged() {
    let place = Place::empty();
    let text = HAPROXY.replace("default_backend api", "default_backend apl").replace(" check-ssl verify none", "");
    place.write("m/etc/haproxy/haproxy.cfg", text);
    place
        .run(&["audit", "m"])
        .exits(1)
        .says("error[missing-backend]: `default_backend apl` names a backend that does not exist")
        .says("was `api` meant?")
        .says("1 error in the files themselves")
        .says("error[LB-005]: the balancer of m asks a TLS port by plain HTTP");
}
