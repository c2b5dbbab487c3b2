//! Words that a program does not know are said by each reader: shown where the program refuses the file, else as a note.

use plimsoll_diagnostics::{Severity, SourceId, Sources};
use plimsoll_formats::{Read, corefile, etcd, frr, haproxy, kubelet_flags, kubernetes, named, netplan, systemd};

/// Severity, message and first help of what is said of unknown words.
fn said<T>(name: &str, read: fn(SourceId, &Sources) -> Read<T>, text: &str) -> Vec<(Severity, String, String)> {
    let mut sources = Sources::new();
    let id = sources.add(name, text);
    let problems = read(id, &sources).problems;
    let unknown = problems.iter().filter(|problem| problem.code == "unknown-statement");
    unknown
        .map(|problem| {
            let span = problem.span().expect("a place");
            assert!(problem.message.contains(&format!("`{}`", sources.text(span))), "{}", problem.message);
            (problem.severity, problem.message.clone(), problem.help.first().cloned().unwrap_or_default())
        })
        .collect()
}

fn shown(message: &str, help: &str) -> Vec<(Severity, String, String)> {
    vec![(Severity::Warning, message.to_owned(), help.to_owned())]
}

fn noted(message: &str, help: &str) -> Vec<(Severity, String, String)> {
    vec![(Severity::Note, message.to_owned(), help.to_owned())]
}

#[test]
fn options_of_servers() {
    let text = "defaults\n default-server rize 3\nbackend b\n default-server inter 2s pool-max-conn 4 maxqueue 128 source 0.0.0.0 interface eth0\n server z 10.0.0.2:1 foo bar\n server a 10.0.0.1:6443 chek check-ssl agent-check\n";
    assert_eq!(
        said("haproxy.cfg", haproxy::read, text),
        [
            shown("`rize` is no option of a server that HAProxy knows", "was `rise` meant?"),
            shown("`foo` is no option of a server that HAProxy knows", ""),
            shown("`chek` is no option of a server that HAProxy knows", "was `check` meant?"),
        ]
        .concat()
    );
}

#[test]
fn words_of_neighbors() {
    let text = "router bgp 65001\n neighbor 10.0.0.1 remote-as 65002\n neighbor 10.0.0.1 remote-asn 65002\n neigh 10.0.0.1 desc x\n \
                neighbor 10.0.0.1 tcp-mss 1400\n address-family ipv4 unicast\n  no neighbor 10.0.0.1 activte\n  neighbor 10.0.0.1 \
                soft inbound\n exit-address-family\n";
    assert_eq!(
        said("frr.conf", frr::read, text),
        [
            shown("`remote-asn` is no word of `neighbor` that FRR knows", "was `remote-as` meant?"),
            shown("`activte` is no word of `neighbor` that FRR knows", "was `activate` meant?"),
        ]
        .concat()
    );
    let far = "router bgp 65001\n neighbor 10.0.0.1 zzzzzz\n";
    assert_eq!(said("frr.conf", frr::read, far), noted("`zzzzzz` is no word of `neighbor` that FRR knows", ""));
}

#[test]
fn plugins_of_coredns() {
    let text = "(more) {\n    cahce 30\n}\n.:53 {\n    errors\n    import more\n    kubernetes cluster.local {\n        pods insecure\n    }\n    \
                forward . 10.0.0.1\n    {{ extra }}\n}\n";
    assert_eq!(
        said("Corefile", corefile::read, text),
        shown("`cahce` is no plugin that CoreDNS as it is released knows", "was `cache` meant?")
    );
}

#[test]
fn statements_of_bind() {
    let text = "options {\n  directory \"/var/cache/bind\";\n  recursoin yes;\n  Version none;\n  transfer-source 10.0.0.1;\n  querylog yes;\n};\n\
                zone \"a\" { type primary; file \"db.a\"; allow-updat { none; }; max-zone-ttl 1d; };\nlogging { channel c { null; }; };\n";
    assert_eq!(
        said("named.conf", named::read, text),
        [
            shown("`recursoin` is no statement that BIND knows", "was `recursion` meant?"),
            shown("`allow-updat` is no statement that BIND knows", "was `allow-update` meant?"),
        ]
        .concat()
    );
}

#[test]
fn keys_of_units() {
    let text = "[Unit]\nDescription=x\nAfer=network.target\nX-Mine=1\n[Service]\nExecStart=/bin/a\nRestartSec=5\nLimitNOFILE=9\n\
                MemoryMax=1G\nZZZZZZZZZ=1\n[Install]\nWantedBy=multi-user.target\n[Whatever]\nAfer=1\n";
    assert_eq!(
        said("a.service", systemd::read, text),
        [
            shown("`Afer` is no key of this section that systemd knows", "was `After` meant?"),
            noted("`ZZZZZZZZZ` is no key of this section that systemd knows", ""),
        ]
        .concat()
    );
}

#[test]
fn settings_of_etcd() {
    let text = "ETCD_NAME=a\nETCD_HEARTBEAT_INTERVL=100\nETCD_FOO_BAR_BAZ=1\nETCDCTL_API=3\n";
    assert_eq!(
        said_loosely("etcd.env", etcd::read, text),
        [
            shown("`heartbeat-intervl` is no variable that etcd knows", "was `heartbeat-interval` meant?"),
            noted("`foo-bar-baz` is no variable that etcd knows", ""),
        ]
        .concat()
    );
    let text = "name: a\nheartbeat-interval: 100\nquota-backend-byte: 1\nclient-transport-security:\n  cert-file: a\n";
    assert_eq!(
        said("etcd.conf.yml", etcd::read_yaml, text),
        shown("`quota-backend-byte` is no key that etcd knows", "was `quota-backend-bytes` meant?")
    );
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd}\nspec:\n  containers:\n  - name: etcd\n    command: [etcd, --name=a, \
               --feature-gates=InitialCorruptCheck=true, --watch-progress-notify-interval=5s, --zzzzzzzz=1]\n  - name: other\n    \
               command: [other, --zzzzzzzz=1]\n";
    assert_eq!(said_loosely("etcd.yaml", kubernetes::read, pod), shown("`zzzzzzzz` is no flag that etcd knows", ""));
}

/// As [`said`], for words that are not written as they are named.
fn said_loosely<T>(name: &str, read: fn(SourceId, &Sources) -> Read<T>, text: &str) -> Vec<(Severity, String, String)> {
    let mut sources = Sources::new();
    let id = sources.add(name, text);
    let problems = read(id, &sources).problems;
    let unknown = problems.iter().filter(|problem| problem.code == "unknown-statement");
    unknown
        .map(|problem| (problem.severity, problem.message.clone(), problem.help.first().cloned().unwrap_or_default()))
        .collect()
}

#[test]
fn flags_of_the_kubelet_are_no_mistake_by_being_unknown() {
    let text = "KUBELET_EXTRA_ARGS=--node-ip=10.0.0.1 --max-pod=200\n";
    assert_eq!(
        said_loosely("kubelet", kubelet_flags::read, text),
        noted("`max-pod` is kept but not judged", "was `max-pods` meant?")
    );
}

#[test]
fn fields_of_objects() {
    let pool = "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: a}\nspec: {addresses: [10.0.0.0/24], autoAsign: false}\n";
    assert_eq!(
        said("pool.yaml", kubernetes::read, pool),
        shown("`autoAsign` is no field of MetalLB that the API server knows", "was `autoAssign` meant?")
    );
    let layer2 = "apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: a}\nspec: {preferredNodeSelectors: []}\n";
    assert!(said("l2.yaml", kubernetes::read, layer2).is_empty());
    // Another project's object of a like name.
    let calico =
        "apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: a}\nspec: {peerIP: 10.0.0.1, zzz: 1}\n";
    assert!(said("peer.yaml", kubernetes::read, calico).is_empty());
    let kubeadm = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\ncontrolPlaneEndpont: a:6443\nnetworking: {podSubnet: 10.0.0.0/16}\n\
                   apiServer: {extraArgs: [{name: v, value: '2'}], certSans: [a]}\n";
    assert_eq!(
        said("kubeadm.yaml", kubernetes::read, kubeadm),
        [
            shown("`certSans` is no field that kubeadm knows", "was `certSANs` meant?"),
            shown("`controlPlaneEndpont` is no field that kubeadm knows", "was `controlPlaneEndpoint` meant?"),
        ]
        .concat()
    );
}

#[test]
fn keys_of_netplan() {
    let text = "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: false\n      adresses: [10.0.0.1/24]\n      wakeonlan: true\n      \
                routes: [{to: default, via: 10.0.0.1, on-link: true}]\n  wifis:\n    w: {access-points: {}}\n";
    assert_eq!(
        said("a.yaml", netplan::read, text),
        shown("`adresses` is no key that netplan knows", "was `addresses` meant?")
    );
}
