//! Kubernetes objects, good ones and ones broken in a single place.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::io::Write;

use plimsoll_accept::Files;
use plimsoll_accept::objects::{Judgement, Objects, VERSIONS};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: { name: coredns, namespace: kube-system }
spec:
  replicas: 2
  selector: { matchLabels: { app: coredns } }
  template:
    metadata: { labels: { app: coredns } }
    spec:
      containers:
      - name: coredns
        image: registry.example.edu/coredns:1.14.7
        ports: [{ containerPort: 53, protocol: UDP }]
";

const POOL: &str = "\
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: public, namespace: metallb-system }
spec: { addresses: [10.30.14.0/26] }
";

fn open() -> Objects {
    Objects::open().unwrap_or_else(|error| panic!("{error}"))
}

fn judge(objects: &Objects, text: &str) -> Judgement {
    objects.judge(&Files::from([("/objects.yaml", text)])).unwrap_or_else(|error| panic!("{error}"))
}

/// The messages of all offences after a change in one place, once each.
fn messages(objects: &Objects, text: &str, from: &str, to: &str) -> Vec<String> {
    assert!(text.contains(from), "`{from}` is not in the example");
    let judgement = judge(objects, &text.replacen(from, to, 1));
    let mut messages: Vec<String> = judgement.offences.into_iter().map(|offence| offence.message).collect();
    messages.dedup();
    messages
}

#[test]
fn an_object_of_kubernetes_is_judged_by_every_version() {
    let objects = open();
    let good = judge(&objects, DEPLOYMENT);
    assert!(good.accepted(), "{good}");
    assert_eq!(good.left_out.len(), 0);

    let broken = judge(&objects, &DEPLOYMENT.replacen("ports:", "prots:", 1));
    let told: Vec<String> = broken.offences.iter().map(ToString::to_string).collect();
    let expected = VERSIONS.map(|version| {
        format!(
            "/objects.yaml (document 1) Deployment/coredns $.spec.template.spec.containers[0]: Additional properties are \
             not allowed ('prots' was unexpected) (Kubernetes {version})"
        )
    });
    assert_eq!(told, expected);
}

#[test]
fn types_versions_and_keys_given_twice() {
    let objects = open();
    assert_eq!(
        messages(&objects, DEPLOYMENT, "replicas: 2", "replicas: two"),
        ["'two' is not of type 'integer', 'null'"]
    );
    assert_eq!(
        messages(&objects, DEPLOYMENT, "apps/v1", "extensions/v1beta1"),
        ["no schema knows extensions/v1beta1 Deployment"]
    );
    let twice = messages(&objects, DEPLOYMENT, "  replicas: 2\n", "  replicas: 2\n  replicas: 3\n");
    assert!(twice[0].starts_with("key 'replicas' is given twice"), "{twice:?}");
    assert_eq!(
        messages(&objects, DEPLOYMENT, "kind: Deployment\n", ""),
        ["is no Kubernetes object: `apiVersion` and `kind` are missing"]
    );
}

#[test]
fn a_custom_resource_is_judged_by_its_own_definition() {
    let objects = open();
    if objects.crds().is_none() {
        // Written past the test harness, which shows nothing of a test that passes.
        let _ = std::io::stderr().write_all(
            b"LEFT OUT: custom resources are not checked, there are no definitions: set PLIMSOLL_CRDS to a directory\n",
        );
        return;
    }
    let good = judge(&objects, POOL);
    assert!(good.accepted(), "{good}");
    assert_eq!(
        messages(&objects, POOL, "addresses:", "adresses:"),
        ["'addresses' is a required property", "Additional properties are not allowed ('adresses' was unexpected)"]
    );
    assert_eq!(
        messages(&objects, POOL, "[10.30.14.0/26]", "10.30.14.0/26"),
        ["'10.30.14.0/26' is not of type 'array'"]
    );
    assert_eq!(messages(&objects, POOL, "v1beta1", "v1beta9"), ["no schema knows metallb.io/v1beta9 IPAddressPool"]);
    let meta = messages(&objects, POOL, "name: public", "name: public, labls: {}");
    assert_eq!(meta, ["Additional properties are not allowed ('labls' was unexpected)"]);
}

#[test]
fn without_definitions_custom_resources_are_left_out_and_told() {
    let judgement = judge(&open().without_crds(), POOL);
    assert!(!judgement.accepted(), "nothing was judged");
    let told: Vec<_> = judgement.left_out.iter().map(|left| (left.object.as_str(), left.reason.as_str())).collect();
    assert_eq!(told, [("IPAddressPool/public", "no directory of CRDs")]);
}
