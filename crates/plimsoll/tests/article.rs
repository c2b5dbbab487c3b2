//! Six things that a much-read article on such clusters gets wrong: whoever builds so, in a cluster file or in the files
//! of a running cluster, is told, and told why.
#![allow(clippy::panic)]

mod common;

use std::collections::BTreeSet;

use common::Place;

/// What the article says, in words of the cluster file: the change to the example, the rule that speaks, and words of
/// that rule's manual that say what is wrong with it.
const IN_A_DESIGN: [(&str, &str, &str, &[&str]); 5] = [
    // "Two nodes can tolerate one failure (if using asymmetric quorum)".
    (
        "cp-1..3: { role: control-plane, host: pve-1..3",
        "cp-1..2: { role: control-plane, host: pve-1..2",
        "KADM-004",
        &["A much-read article", "two tolerate one failure", "wrong for etcd"],
    ),
    // "HAProxy runs on each master and listens on the VIP, balancing to the local kube-apiserver instance".
    (
        "failover: safe }",
        "failover: safe, haproxy: { backends: local } }",
        "LB-003",
        &["A much-read article", "balance to the local server only"],
    ),
    // "api.cluster.local -> 10.30.12.100".
    ("name: api.k8s.example.edu", "name: api.cluster.local", "DNS-006", &["api.cluster.local", "authoritative"]),
    // "Health checks on /healthz of each kube-apiserver".
    (
        "failover: safe }",
        "failover: safe, haproxy: { check_path: /healthz } }",
        "LB-006",
        &["/healthz", "much-read article", "deprecated since Kubernetes 1.16"],
    ),
    // "MetalLB in BGP mode", beside Calico that speaks BGP with the same routers.
    ("asn: 64512 }", "asn: 64512, peers: [gw-1..2] }", "MLB-002", &["one session from one address", "Calico announce"]),
];

/// Asserts that `explain` names the point, however its lines are broken.
#[track_caller]
fn explains(place: &Place, rule: &str, points: &[&str]) {
    let manual = place.run(&["explain", rule]).exits(0).out;
    let manual = manual.split_whitespace().collect::<Vec<_>>().join(" ");
    for point in points {
        assert!(manual.contains(point), "no `{point}` in the manual of {rule}:\n{manual}");
    }
}

#[test]
fn a_design_as_the_article_has_it_is_told_what_is_wrong() {
    for (from, to, rule, points) in IN_A_DESIGN {
        let place = Place::campus_with(&[(from, to)]);
        let said = place.run(&["check", "--today", "2026-11-24"]);
        assert!(said.out.contains(&format!("[{rule}]")), "no {rule} for `{to}`:\n{}\n{}", said.out, said.err);
        explains(&place, rule, points);
    }
}

/// "Monitor DNS latency and cache (stubDomains in kubelet)": no cluster file can say so; the key that does it is another.
#[test]
fn a_design_has_no_stub_domains_in_the_kubelet() {
    let place = Place::campus_with(&[(
        "etcd: stacked }",
        "etcd: stacked, kubelet: { stub_domains: { corp.example: [10.30.1.53] } } }",
    )]);
    place.run(&["check", "--today", "2026-11-24"]).exits(1).says("error[unknown-key]: unknown key `stub_domains`");
    let place = Place::campus_with(&[(
        "dns: { zone: k8s.example.edu,",
        "dns: { coredns: { forward: { corp.example: [10.30.1.53, 10.30.1.54] } }, zone: k8s.example.edu,",
    )]);
    place.run(&["check", "--today", "2026-11-24"]).exits(0);
}

/// A folder of files as the article describes them.
fn folder() -> Place {
    let place = Place::empty();
    for (machine, address, other, state, priority) in
        [("cp-1", "10.30.12.11", "10.30.12.12", "MASTER", 150), ("cp-2", "10.30.12.12", "10.30.12.11", "BACKUP", 140)]
    {
        let write = |path: &str, text: String| place.write(&format!("masters/{machine}/{path}"), text);
        write(
            "etc/keepalived/keepalived.conf",
            format!(
                "vrrp_instance api {{\n    state {state}\n    interface eth0\n    virtual_router_id 52\n    priority {priority}\n    \
                 unicast_src_ip {address}\n    unicast_peer {{\n        {other}\n    }}\n    virtual_ipaddress {{\n        \
                 10.30.12.100/24\n    }}\n}}\n"
            ),
        );
        write(
            "etc/haproxy/haproxy.cfg",
            "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 4h\n    timeout server 4h\nfrontend api\n    \
             bind *:8443\n    default_backend apiserver\nbackend apiserver\n    option httpchk\n    http-check connect ssl\n    \
             http-check send meth GET uri /healthz\n    http-check expect status 200\n    server local 127.0.0.1:6443 check \
             check-ssl verify none\n"
                .to_owned(),
        );
        write(
            "var/lib/kubelet/config.yaml",
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nclusterDNS: [10.96.0.10]\nclusterDomain: \
             cluster.local\nstubDomains:\n  corp.example: [10.30.1.53]\n"
                .to_owned(),
        );
        write(
            "etc/kubernetes/manifests/etcd.yaml",
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{ name: etcd, namespace: kube-system, labels: {{ component: etcd }} }}\n\
                 spec:\n  hostNetwork: true\n  containers:\n    - name: etcd\n      image: registry.k8s.io/etcd:3.6.11-0\n      \
                 command:\n        - etcd\n        - --name={machine}\n        - --data-dir=/var/lib/etcd\n        - \
                 --feature-gates=InitialCorruptCheck=true\n        - --initial-advertise-peer-urls=https://{address}:2380\n        \
                 - --listen-peer-urls=https://{address}:2380\n        - --listen-client-urls=https://127.0.0.1:2379\n        - \
                 --advertise-client-urls=https://{address}:2379\n        - \
                 --initial-cluster=cp-1=https://10.30.12.11:2380,cp-2=https://10.30.12.12:2380\n"
            ),
        );
    }
    place.write(
        "masters/kubeadm.yaml",
        "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.36.4\ncontrolPlaneEndpoint: \
         \"api.cluster.local:8443\"\nnetworking: { dnsDomain: cluster.local, podSubnet: 10.244.0.0/16, serviceSubnet: \
         10.96.0.0/20 }\n",
    );
    place.write(
        "masters/bgp.yaml",
        "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: { name: gw-1, namespace: metallb-system }\nspec: { myASN: \
         64513, peerASN: 64520, peerAddress: 10.30.12.2 }\n---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: { \
         name: gw-1 }\nspec: { peerIP: 10.30.12.2, asNumber: 64520 }\n",
    );
    place
}

#[test]
fn files_as_the_article_has_them_are_told_what_is_wrong() {
    let place = folder();
    let said = place.run(&["audit", "masters", "--format", "json"]).exits(1);
    let report: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let spoken: BTreeSet<&str> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    let expected: [(&str, &[&str]); 6] = [
        ("ETCD-001", &["A much-read article", "two nodes tolerate one failure"]),
        ("LB-003", &["balance to the local server only"]),
        ("DNS-006", &["api.cluster.local"]),
        ("LB-006", &["/healthz", "deprecated since Kubernetes 1.16"]),
        ("DNS-029", &["The kubelet has no such setting", "CoreDNS"]),
        ("MLB-002", &["one session from one address"]),
    ];
    for (rule, points) in expected {
        assert!(spoken.contains(rule), "{rule} is not among {spoken:?}");
        explains(&place, rule, points);
    }
}
