//! `plimsoll audit`: what people already have.
#![allow(clippy::panic)]

mod common;

use std::time::{Duration, Instant};

use common::Place;
use serde_json::Value;

/// Two masters as they lie about everywhere: the check lowers 100 to 95, which still beats 90.
fn masters() -> Place {
    let place = Place::empty();
    for (machine, state, priority) in [("cp-1", "MASTER", 100), ("cp-2", "BACKUP", 90)] {
        place.write(
            &format!("masters/{machine}/etc/keepalived/keepalived.conf"),
            format!(
                "global_defs {{\n    router_id {machine}\n}}\n\nvrrp_script check_apiserver {{\n    script \"/etc/keepalived/check.sh\"\n    \
                 interval 3\n    weight -5\n    fall 3\n    rise 2\n}}\n\nvrrp_instance api {{\n    state {state}\n    interface eth0\n    \
                 virtual_router_id 100\n    priority {priority}\n    authentication {{\n        auth_type PASS\n        auth_pass hunter2\n    }}\n    \
                 virtual_ipaddress {{\n        10.0.0.100\n    }}\n    track_script {{\n        check_apiserver\n    }}\n}}\n"
            ),
        );
    }
    place
}

#[test]
fn in_its_first_second_it_finds_why_the_address_would_not_move() {
    let place = masters();
    let start = Instant::now();
    let said = place.run(&["audit", "masters"]).exits(1);
    // The time of a debug build on a busy machine.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    said.says("error[VRRP-003]: the check can fail without moving the VIP")
        .says("masters/cp-1/etc/keepalived/keepalived.conf:8:12")
        .says("lowers 100 to 95, which still beats 90")
        .says("Recognised 2 of 2 files:\n     2 keepalived")
        .never_says("hunter2");
}

#[test]
fn what_is_not_understood_is_said() {
    let place = masters();
    place.write("masters/cp-1/etc/motd", "welcome\n");
    place.write("masters/cp-1/usr/bin/tool", b"\x7fELF\0\0\0");
    place.write(
        "masters/cp-2/etc/haproxy/haproxy.cfg",
        "frontend api\n    bind {{ vip }}:8443\n    default_backend {{ backend }}\n",
    );
    let said = place.run(&["audit", "masters", "--files", "--verbose"]).exits(1);
    assert!(said.out.contains("Not recognised: ") && said.out.contains("masters/cp-1/etc/motd"), "{}", said.out);
    assert!(said.out.contains("Not read: 1 file, binary"), "{}", said.out);
    assert!(
        said.out.contains("{{ vip }}") || said.err.contains("{{ vip }}"),
        "template left-over:\n{}\n{}",
        said.out,
        said.err
    );
    assert!(
        said.out
            .lines()
            .any(|line| line.starts_with("keepalived") && line.ends_with("cp-2/etc/keepalived/keepalived.conf"))
    );
}

#[test]
fn verbose_says_what_could_not_be_judged() {
    let place = masters();
    place.run(&["audit", "masters"]).exits(1).never_says("not judged[").says("(--verbose lists them)");
    place.run(&["audit", "masters", "--verbose"]).exits(1).says("not judged[").never_says("(--verbose lists them)");
}

#[test]
fn a_path_that_is_not_there_is_a_wrong_call() {
    let place = masters();
    place.run(&["audit", "masters", "no/such"]).exits(2).says("failed to read `no/such`");
    place.run(&["audit"]).exits(2);
}

#[test]
fn nothing_to_judge_is_no_success_in_disguise() {
    let place = Place::empty();
    place.write("empty/readme", "hello\n");
    let said = place.run(&["audit", "empty"]).exits(2);
    said.says("Recognised 0 of 1 files\n")
        .says("nothing was judged")
        .says("error: `empty/readme` is of no kind that is judged")
        .never_says("no findings");
    place.write("empty/notes.md", "hello\n");
    place.run(&["audit", "empty"]).exits(2).says("error: none of the 2 files is of a kind that is judged");
    std::fs::create_dir(place.at("void")).expect("a folder");
    place.run(&["audit", "void"]).exits(2).says("there is no file to judge");
}

#[test]
fn json_has_files_and_findings() {
    let said = masters().run(&["audit", "masters", "--format", "json"]).exits(1);
    let value: Value = serde_json::from_str(&said.out).expect("JSON and nothing else");
    assert!(value["findings"].as_array().expect("a list").iter().any(|finding| finding["code"] == "VRRP-003"));
    assert_eq!(value["files"][0]["owner"], "cp-1");
    assert!(!said.out.contains("hunter2"));
}

#[test]
fn sarif_is_of_the_structure_that_its_standard_asks_for() {
    let said = masters().run(&["audit", "masters", "--format", "sarif"]).exits(1);
    let log: Value = serde_json::from_str(&said.out).expect("JSON and nothing else");
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|schema| schema.contains("sarif")));
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"].as_str().map(str::to_lowercase).as_deref(), Some("plimsoll"));
    let rules: Vec<&str> =
        driver["rules"].as_array().expect("rules").iter().filter_map(|rule| rule["id"].as_str()).collect();
    let mut unique = rules.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), rules.len(), "ids of rules are unique (3.49.3)");
    let results = run["results"].as_array().expect("results are an array (3.14.23)");
    assert!(!results.is_empty());
    for result in results {
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()), "3.27.11: {result}");
        assert!(matches!(result["level"].as_str(), Some("none" | "note" | "warning" | "error")), "3.27.10: {result}");
        let id = result["ruleId"].as_str().expect("an id");
        if let Some(index) = result["ruleIndex"].as_u64() {
            assert_eq!(rules.get(usize::try_from(index).expect("small")), Some(&id), "3.27.6");
        }
        for location in result["locations"].as_array().into_iter().flatten() {
            let physical = &location["physicalLocation"];
            if physical.is_null() {
                continue;
            }
            let uri = physical["artifactLocation"]["uri"].as_str().expect("a URI");
            assert!(!uri.contains(' ') && !uri.contains('\\'), "3.4.3: {uri}");
            let region = &physical["region"];
            for member in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(
                    region[member].is_null() || region[member].as_u64().is_some_and(|number| number > 0),
                    "3.30: {region}"
                );
            }
        }
    }
}

#[test]
fn the_order_of_paths_and_doubles_do_not_matter() {
    let place = masters();
    let one = place.run(&["audit", "masters/cp-1", "masters/cp-2", "masters/cp-1", "--format", "json"]).exits(1);
    let two = place.run(&["audit", "masters/cp-2", "masters/cp-1", "--format", "json"]).exits(1);
    let findings = |text: &str| {
        let value: Value = serde_json::from_str(text).expect("JSON");
        let mut list: Vec<String> =
            value["findings"].as_array().expect("a list").iter().map(|it| it["message"].to_string()).collect();
        list.sort();
        list
    };
    assert_eq!(findings(&one.out), findings(&two.out));
}

/// Secrets in every place where people keep them, each beside something that a reader complains about.
fn with_secrets() -> Place {
    let place = Place::empty();
    let files = [
        (
            "keepalived.conf",
            "vrrp_instance a {\n  virtual_router_id 5\n  authentication { auth_type PASS auth_pass hidden01x }\n  authentication {\n    \
             auth_type AH\n    auth_pass\n      hidden02x\n  }\n  foo { auth_pass {{ x }}hidden03x }\n}\n",
        ),
        (
            "frr.conf",
            "router bgp 65001\n neighbor 10.0.0.1 password hidden04x\n neighbor 10.0.0.2 remote-as banana password hidden05x\n",
        ),
        (
            "named.conf",
            "key \"a\" { algorithm hmac-md5; secret hidden06x; };\nkey \"b\" { algorithm hmac-md5; secret \"hidden07x\" bad };\noptions { secret \"hidden08x\" }\n",
        ),
        ("bind/tsig.key", "key \"a\" {\n  algorithm hmac-sha256\n  secret \"hidden09x\"\n};\n"),
        (
            "haproxy.cfg",
            "userlist u\n  user admin insecure-password hidden10x\nfrontend a\n  bind *:8443\n  stats auth admin:hidden11x\n  default_backend b\n\
             backend b\n  http-check send meth GET uri /healthz hdr Authorization \"Bearer hidden12x\"\n  server x 10.0.0.1:6443 check bogus\n",
        ),
        (
            "objects.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  a: hidden13x\n  a: hidden14x\n  b: |\n    hidden15x\n    bad: [\n---\n\
             apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nbootstrapTokens: [{token: hidden.16xhidden16x, ttl: banana}]\n\
             certificateKey: hidden17x\ncertificateKey: hidden18x\n---\napiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: x\n  template:\n    \
             spec:\n      containers:\n      - name: c\n        env:\n        - name: DB_PASSWORD\n          value: hidden19x\n          value: hidden20x\n        \
             args: [\"--token=hidden21x\", \"--password\", \"hidden22x\", 5: 6]\n---\napiVersion: metallb.io/v1beta2\nkind: BGPPeer\n\
             metadata: {name: gw}\nspec: {myASN: x, peerASN: 64500, password: hidden23x, password: hidden24x}\n",
        ),
        (
            "admin.conf",
            "apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    client-key-data: aGlkZGVuMjV4\n    client-key-data: aGlkZGVuMjV4\n    token: hidden26x\n    token: hidden27x\n",
        ),
        ("etcd.env", "ETCD_NAME=a\nETCD_ROOT_PASSWORD hidden28x\n"),
        (
            "x.yaml",
            "apiVersion: v1\nkind: ConfigMap\ndata:\n  k: |\n    -----BEGIN RSA PRIVATE KEY-----\n    hidden29x\n    -----END RSA PRIVATE KEY-----\n  k: [\n",
        ),
    ];
    for (path, text) in files {
        place.write(&format!("files/{path}"), text);
    }
    place
}

#[test]
fn secrets_are_shown_in_no_format() {
    let place = with_secrets();
    for format in ["text", "json", "sarif"] {
        for verbose in [&["--files", "--verbose"][..], &[]] {
            let mut call = vec!["audit", "files", "--format", format];
            call.extend(verbose);
            let said = place.run(&call);
            assert!(!said.out.is_empty());
            for text in [&said.out, &said.err] {
                for secret in ["hidden", "aGlkZGVuMjV4"] {
                    assert!(!text.contains(secret), "{format}:\n{text}");
                }
            }
        }
    }
    let said = place.run(&["audit", "files", "--verbose"]);
    assert!(said.err.matches("****").count() >= 8, "the lines themselves are shown:\n{}", said.err);
}

#[test]
fn it_stays_inside_what_it_was_given_and_says_what_it_left_out() {
    let place = masters();
    place.write("outside/keepalived.conf", "vrrp_instance secret_neighbour {\n}\n");
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(place.at(target), place.at(name)).expect("a link");
    };
    link("outside", "masters/cp-1/etc/neighbour");
    link("outside/keepalived.conf", "masters/cp-1/etc/other.conf");
    link("masters", "masters/cp-1/etc/circle");
    place.write("masters/cp-1/etc/large.conf", "# a line of a log\n".repeat(300_000));
    place.write("masters/cp-1/etc/image", b"\0\x01");
    let said = place.run(&["audit", "masters", "--files"]).exits(1);
    said.says("Not read: 1 file, binary: masters/cp-1/etc/image")
        .says("Not read: 1 file, too large for a configuration: masters/cp-1/etc/large.conf")
        .says("Not read: 3 files, links, which are not followed: masters/cp-1/etc/circle, masters/cp-1/etc/neighbour")
        .says("Recognised 2 of 2 files")
        .never_says("secret_neighbour");
    // A link that was asked for by name is followed, and a device is no configuration.
    place.run(&["audit", "masters/cp-1/etc/other.conf"]).says("Recognised 1 of 1 files");
    place.run(&["audit", "/dev/null"]).exits(2).says("neither a file nor a folder");
}

#[test]
fn an_include_is_told_only_when_the_other_file_is_missing() {
    let place = Place::empty();
    place.write(
        "ns-1/etc/bind/named.conf",
        "include \"/etc/bind/named.conf.local\";\ninclude \"/etc/bind/gone.conf\";\n",
    );
    place.write(
        "ns-1/etc/bind/named.conf.local",
        "zone \"example.edu\" { type secondary; primaries { 10.0.0.1; }; };\n",
    );
    place
        .run(&["audit", "ns-1", "--verbose"])
        .says("`/etc/bind/gone.conf` is included and must be read as well")
        .never_says("`/etc/bind/named.conf.local` is included");
}

#[test]
fn a_template_is_told_once_a_file() {
    let place = Place::empty();
    place.write(
        "role/haproxy.cfg.j2",
        "frontend api\n    bind {{ vip }}:{{ port }}\n    default_backend {{ backend }}\n",
    );
    let said = place.run(&["audit", "role"]);
    assert_eq!(said.err.matches("warning[placeholder]").count(), 1, "{}", said.err);
    said.says("and 1 more place in this file (--verbose)");
    let said = place.run(&["audit", "role", "--verbose"]);
    assert!(said.err.matches("warning[placeholder]").count() > 1, "{}", said.err);
}

/// The stock manifest of node-local-dns: its pods fill two words in themselves, so that a running cluster has them as
/// they are.
const NODE_LOCAL: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: node-local-dns, namespace: kube-system }
data:
  Corefile: |
    cluster.local:53 {
        errors
        cache 30
        reload
        loop
        bind 169.254.20.10 10.96.0.10
        forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
        }
        prometheus :9253
        health 169.254.20.10:8080
    }
    .:53 {
        errors
        cache 30
        reload
        loop
        bind 169.254.20.10 10.96.0.10
        forward . __PILLAR__UPSTREAM__SERVERS__
        prometheus :9253
    }
";

#[test]
fn what_pods_fill_in_is_not_asked_for() {
    let place = Place::empty();
    place.write("dns/nodelocaldns.yaml", NODE_LOCAL);
    place.run(&["audit", "dns"]).exits(0).says("no findings").never_says("is not filled in");
}

#[test]
fn one_mistake_on_three_masters_is_told_once() {
    let place = Place::empty();
    for machine in ["cp-1", "cp-2", "cp-3"] {
        place.write(
            &format!("masters/{machine}/etc/haproxy/haproxy.cfg"),
            "defaults\n    mode tcp\n\nfrontend api\n    bind *:8443\n    default_backend api\n\nbackend api\n    \
             server cp-1 10.0.0.1:6443 check\n    server cp-2 10.0.0.2:6443 check\n    server cp-3 10.0.0.3:6443 check\n",
        );
    }
    let each = place.run(&["audit", "masters", "--verbose"]);
    let codes = |said: &common::Said| {
        let heads = said.out.lines().filter(|line| !line.starts_with(' ') && !line.starts_with("not judged"));
        let codes = heads.filter_map(|line| line.split_once('[')?.1.split_once("]: ").map(|it| it.0.to_owned()));
        codes.collect::<Vec<_>>()
    };
    let all = codes(&each);
    let once = place.run(&["audit", "masters"]);
    let told = codes(&once);
    assert!(!told.is_empty() && told.len() < all.len(), "{told:?} of {all:?}");
    once.says("the same on cp-2 (masters/cp-2/etc/haproxy/haproxy.cfg:")
        .says("cp-3 (masters/cp-3/etc/haproxy/haproxy.cfg:");
}

#[test]
fn what_cannot_be_opened_does_not_end_the_run() {
    let place = masters();
    // Longer than the system takes in one path, so that nobody can open it by its name, not even root.
    let long = |parts: usize| vec!["d".repeat(200); parts].join("/");
    place.write(&format!("elsewhere/{}/keepalived.conf", long(12)), "vrrp_instance hidden {\n}\n");
    place.write(&format!("masters/cp-1/{}/seen.conf", long(10)), "vrrp_instance seen {\n}\n");
    let deep = place.at(&format!("masters/cp-1/{}/deep", long(10)));
    std::fs::rename(place.at("elsewhere"), deep).expect("moved below");
    place
        .run(&["audit", "masters"])
        .exits(1)
        .says("Recognised 3 of 3 files")
        .says("Not read: 1 file, not readable for you: masters/cp-1/d")
        .says("error[VRRP-003]")
        .never_says("hidden");
}
