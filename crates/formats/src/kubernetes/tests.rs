//! Files as people have them.

use plimsoll_diagnostics::{Severity, Sources};
use plimsoll_yaml::emit;

use super::{Manifest, calico, core, metallb, object, read, rook, workload};
use crate::kubeadm;
use crate::{Read, Setting};

fn of(text: &str) -> (Sources, Read<Manifest>) {
    let mut sources = Sources::new();
    let source = sources.add("x.yaml", text);
    let found = read(source, &sources);
    (sources, found)
}

fn said(sources: &Sources, found: &Read<Manifest>) -> Vec<String> {
    let line = |problem: &plimsoll_diagnostics::Diagnostic| {
        let place = problem.span().map(|span| sources.locate(span)).unwrap_or_default();
        format!("{place}: {}: {}", problem.code, problem.message)
    };
    found.problems.iter().map(line).collect()
}

#[test]
fn several_documents_lists_and_json_are_read() {
    let text = "---\n# a comment\napiVersion: v1\nkind: List\nitems:\n- apiVersion: metallb.io/v1beta1\n  kind: \
                IPAddressPool\n  metadata: {name: a, namespace: metallb-system}\n  spec:\n    addresses: \
                [10.0.0.0/24]\n    autoAssign: false\n---\n{\"apiVersion\": \"metallb.io/v1beta2\", \"kind\": \
                \"BGPPeer\", \"metadata\": {\"name\": \"r\"}, \"spec\": {\"myASN\": 64513, \"peerASN\": 64500, \
                \"peerAddress\": \"10.0.0.1\", \"holdTime\": \"9s\"}}\n---\n";
    let (sources, found) = of(text);
    assert_eq!(said(&sources, &found), Vec::<String>::new());
    let (object, pool) = found.value.of::<metallb::IpAddressPool>().next().expect("a pool");
    assert_eq!((object.name(), object.namespace()), (Some("a"), Some("metallb-system")));
    assert_eq!(pool.spec.auto_assign.get(), Some(&false));
    assert_eq!(sources.locate(pool.spec.auto_assign.span().expect("its place")), "x.yaml:11:17");
    let (_, peer) = found.value.of::<metallb::BgpPeer>().next().expect("a peer");
    assert_eq!(peer.spec.hold_time.get().map(|time| time.0.whole_secs()), Some(9));
    assert!(peer.spec.bfd_profile.is_absent());
}

#[test]
fn a_template_is_used_where_it_can_be() {
    let text = "{{- if .Values.enabled }}\napiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: {{ \
                .Release.Name }}-pool\nspec:\n  cidr: \"{{ .Values.cidr }}\"\n  blockSize: {{ .Values.block }}\n  \
                natOutgoing: true\n{{- end }}\n";
    let (sources, found) = of(text);
    let (object, pool) = found.value.of::<calico::IpPool>().next().expect("a pool");
    assert_eq!(object.metadata.name.to_string(), "{{ .Release.Name }}-pool");
    assert_eq!(pool.spec.nat_outgoing.get(), Some(&true));
    assert_eq!(pool.spec.cidr.get(), None);
    assert!(!pool.spec.cidr.is_absent() && !pool.spec.block_size.is_absent(), "open is not absent");
    assert_eq!(
        said(&sources, &found),
        [
            "x.yaml:1:1: placeholder: `{{- if .Values.enabled }}` is not filled in",
            "x.yaml:10:1: placeholder: `{{- end }}` is not filled in",
            "x.yaml:5:9: placeholder: `{{ .Release.Name }}-pool` is not filled in",
            "x.yaml:7:9: placeholder: `{{ .Values.cidr }}` is not filled in",
            "x.yaml:8:14: placeholder: `{{ .Values.block }}` is not filled in",
        ]
    );
}

#[test]
fn rules_of_prometheus_are_no_template_of_ours() {
    let text = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\nspec:\n  groups:\n  - \
                name: g\n    rules:\n    - alert: A\n      expr: up == 0\n      annotations:\n        summary: '{{ \
                $labels.instance }} is down'\n";
    let (sources, found) = of(text);
    assert_eq!(said(&sources, &found), Vec::<String>::new());
}

#[test]
fn what_is_not_understood_is_counted_and_kept() {
    let text = "apiVersion: v1\nkind: Widget\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Widget\nmetadata: {name: \
                b}\n---\napiVersion: metallb.io/v1beta1\nkind: BFDProfile\nmetadata: {name: f}\nspec: {receiveInterval: \
                fast}\nextra: 1\n";
    let (sources, found) = of(text);
    assert_eq!(
        said(&sources, &found),
        [
            "x.yaml:12:25: wrong-value: `fast` is not a whole number",
            "x.yaml:13:1: unknown-statement: `extra` is no field of MetalLB that the API server knows",
            "x.yaml:1:1: unknown-kind: 2 objects of kind `Widget (v1)` were kept but not understood",
            "x.yaml:13:1: unknown-keys: 1 key was kept but not understood: `BFDProfile.extra`",
        ]
    );
    let (object, profile) = found.value.of::<metallb::BfdProfile>().next().expect("a profile");
    assert_eq!(profile.spec.receive_interval.to_string(), "fast", "kept as written");
    assert_eq!(object.node.get("extra").and_then(plimsoll_yaml::Node::as_str), Some("1"));
    assert!(found.problems.iter().all(|problem| problem.severity != Severity::Error));
}

#[test]
fn arguments_of_kubeadm_are_read_in_both_forms() {
    for (version, args, form) in [
        ("v1beta3", "{heartbeat-interval: \"250\"}", kubeadm::ArgsForm::Map),
        ("v1beta4", "[{name: heartbeat-interval, value: \"250\"}]", kubeadm::ArgsForm::List),
    ] {
        let text = format!(
            "apiVersion: kubeadm.k8s.io/{version}\nkind: ClusterConfiguration\ncontrolPlaneEndpoint: \
             api.example:8443\netcd: {{local: {{extraArgs: {args}}}}}\n"
        );
        let (sources, found) = of(&text);
        assert_eq!(said(&sources, &found), Vec::<String>::new());
        let (_, cluster) = found.value.of::<kubeadm::ClusterConfiguration>().next().expect("a configuration");
        let local = cluster.etcd.as_ref().and_then(|etcd| etcd.local.as_ref()).expect("stacked");
        assert_eq!(local.extra_args.form, form);
        assert_eq!(local.extra_args.get("heartbeat-interval").get().map(String::as_str), Some("250"));
        assert!(local.extra_args.get("election-timeout").is_absent());
    }
}

#[test]
fn flags_of_static_pods_are_read() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd}\nspec:\n  containers:\n  - name: etcd\n    command:\n    \
                - etcd\n    - --heartbeat-interval=100\n    - --data-dir\n    - /var/lib/etcd\n    - --auto-tls\n";
    let (sources, found) = of(text);
    let (object, _) = found.value.of::<workload::Pod>().next().expect("a pod");
    let etcd = object.pods().and_then(|pod| pod.container("etcd")).expect("its container");
    assert_eq!(etcd.flag("data-dir").expect("given").value, "/var/lib/etcd");
    assert_eq!(etcd.flag("auto-tls").expect("given").value, "true");
    let interval = etcd.flag("heartbeat-interval").expect("given");
    assert_eq!(sources.locate(interval.span.expect("its place")), "x.yaml:9:7");
    assert_eq!(etcd.flag("quota-backend-bytes"), None);
}

#[test]
fn a_request_follows_from_the_limit() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    spec:\n      \
                containers:\n      - name: a\n        resources: {limits: {memory: 1Gi, cpu: 2}}\n      - name: b\n";
    let (sources, found) = of(text);
    assert_eq!(said(&sources, &found), Vec::<String>::new());
    let pods = found.value.objects[0].pods().expect("pods");
    assert_eq!(pods.containers[0].request("cpu").get().map(|cpu| cpu.cpu().0), Some(2000));
    assert!(pods.containers[1].request("cpu").is_absent());
}

#[test]
fn what_is_written_reads_back() {
    let metadata = super::Metadata::namespaced("rook-ceph", "ssd");
    let pool = rook::CephBlockPool {
        spec: rook::CephPoolSpec {
            failure_domain: "host".to_owned().into(),
            replicated: Some(rook::Replicated { size: 3.into(), ..Default::default() }),
            parameters: plimsoll_yaml::Map(vec![("min_size".to_owned().into(), super::text("2"))]),
            ..Default::default()
        }
        .into(),
    };
    let text = emit(&object(&metadata, &pool));
    assert_eq!(
        text,
        "apiVersion: ceph.rook.io/v1\nkind: CephBlockPool\nmetadata:\n  name: ssd\n  namespace: rook-ceph\nspec:\n  \
         failureDomain: host\n  replicated:\n    size: 3\n  parameters:\n    min_size: \"2\"\n"
    );
    let (sources, found) = of(&text);
    assert_eq!(said(&sources, &found), Vec::<String>::new());
    let (object, read_back) = found.value.of::<rook::CephBlockPool>().next().expect("a pool");
    assert_eq!((read_back, &object.metadata), (&pool, &metadata));
}

#[test]
fn an_object_without_its_parts_is_still_an_object() {
    let (sources, found) = of("apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata: {name: all}\n");
    assert_eq!(said(&sources, &found), Vec::<String>::new());
    let (_, all) = found.value.of::<metallb::L2Advertisement>().next().expect("an advertisement");
    assert!(all.spec.ip_address_pools.is_empty() && all.spec.ip_address_pool_selectors.is_empty());
}

#[test]
fn texts_inside_a_config_map_are_given_out() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns}\ndata:\n  Corefile: |\n    .:53 {\n      errors\n    \
                }\n  n: plain\n";
    let (_, found) = of(text);
    let inner = found.value.objects[0].embedded();
    assert_eq!(inner.len(), 1);
    assert_eq!((inner[0].key.as_str(), inner[0].text.as_str()), ("Corefile", ".:53 {\n  errors\n}\n"));
    let (_, map) = found.value.of::<core::ConfigMap>().next().expect("a map");
    assert!(matches!(map.data.get("n"), Some(Setting::Known(_))));
}

#[test]
fn broken_texts_give_problems_and_no_panic() {
    for text in [
        "",
        "{{",
        "{{ }}",
        "- a\n- b",
        "kind: X",
        "apiVersion: v1\nkind: Pod\nspec: [",
        "\u{e000}",
        "a: {{ x }} b: c",
        "{%",
    ] {
        let _ = of(text);
    }
    let deep = format!("{}{}", "{a: ".repeat(10_000), "}".repeat(10_000));
    assert!(of(&deep).1.problems.has_errors());
    let mut list = "apiVersion: v1\nkind: List\nitems:\n".to_owned();
    for _ in 0..20_000 {
        list.push_str("- {apiVersion: v1, kind: Service, spec: {ports: many}}\n");
    }
    let (_, found) = of(&list);
    assert!(found.problems.len() <= super::MOST_PROBLEMS + 1);
}

#[test]
fn addresses_that_metallb_refuses_are_said() {
    let text = "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: a}\nspec:\n  addresses:\n  - 10.0.0.0/24\n  - \
                10.0.1.1 - 10.0.1.9\n  - fd00::1-fd00::9\n  - 10.0.0.300-10.0.0.5\n  - 10.0.0.9-10.0.0.5\n  - foo\n  - 10.0.0.7\n  - \
                10.0.0.1-fd00::1\n  - 10.0.0.10-20\n  - '{{ pool }}'\n";
    let mut sources = Sources::new();
    let id = sources.add("pool.yaml", text);
    let read = read(id, &sources);
    let said: Vec<&str> =
        read.problems.iter().filter(|it| it.code == "wrong-value").map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "`10.0.0.300-10.0.0.5` is no range of two addresses",
            "`10.0.0.9-10.0.0.5` is a range whose end is before its start",
            "`foo` is no prefix and no range of addresses",
            "`10.0.0.7` is an address without the length of its prefix",
            "`10.0.0.1-fd00::1` is a range of two families",
            "`10.0.0.10-20` is no range of two addresses",
        ]
    );
}
