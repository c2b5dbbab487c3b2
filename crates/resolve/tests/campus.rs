//! The example resolves, always to the same bytes, and every fact says where it came from.

mod common;

use std::path::Path;

use common::{CAMPUS, Run};
use plimsoll_model::Origin;
use serde_json::Value;

#[test]
fn campus_is_the_golden_design() {
    let run = Run::of(CAMPUS);
    assert_eq!(run.problems(), "");
    golden("campus.json", &(serde_json::to_string_pretty(run.design()).expect("JSON") + "\n"));
    golden("campus.lock", &run.lock());
}

/// Compares with a file; `UPDATE_GOLDEN=1` writes it instead.
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).expect("the golden file is written");
        return;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = wanted.lines().zip(found.lines()).position(|(wanted, found)| wanted != found);
    let line = differing.unwrap_or_else(|| wanted.lines().count().min(found.lines().count()));
    assert!(
        wanted == found,
        "{name} differs from line {}: `{}` became `{}`; UPDATE_GOLDEN=1 accepts it",
        line + 1,
        wanted.lines().nth(line).unwrap_or_default(),
        found.lines().nth(line).unwrap_or_default()
    );
}

fn leaves(value: &Value, path: &str, out: &mut Vec<String>) {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}/{step}") };
    match value {
        Value::Object(map) if !map.is_empty() => map.iter().for_each(|(key, value)| leaves(value, &below(key), out)),
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(index, value)| leaves(value, &below(&index.to_string()), out));
        }
        _ => out.push(path.to_owned()),
    }
}

/// The part of a Design in JSON at a path. Keys that hold a `/` of their own (labels, excluded components) are found too.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let rest = path.strip_prefix(key.as_str())?;
            find(value, if rest.is_empty() { rest } else { rest.strip_prefix('/')? })
        }),
        Value::Array(list) => {
            let (index, rest) = path.split_once('/').unwrap_or((path, ""));
            find(list.get(index.parse::<usize>().ok()?)?, rest)
        }
        _ => None,
    }
}

#[test]
fn every_fact_says_where_it_came_from() {
    let run = Run::of(CAMPUS);
    let mut paths = Vec::new();
    leaves(&serde_json::to_value(run.design()).expect("JSON"), "", &mut paths);
    let origins = &run.resolved.origins;
    let silent: Vec<&String> = paths.iter().filter(|path| origins.of(path).is_none()).collect();
    assert!(silent.is_empty(), "{} of {} facts have no origin: {silent:#?}", silent.len(), paths.len());
    assert!(paths.len() > 2000, "{} facts", paths.len());
}

#[test]
fn every_origin_is_of_a_fact() {
    let run = Run::of(CAMPUS);
    let design = serde_json::to_value(run.design()).expect("JSON");
    let lost: Vec<&str> =
        run.resolved.origins.iter().map(|(path, _)| path).filter(|path| find(&design, path).is_none()).collect();
    assert!(lost.is_empty(), "origins of nothing: {lost:#?}");
}

#[test]
fn every_derived_fact_names_facts() {
    let run = Run::of(CAMPUS);
    let design = serde_json::to_value(run.design()).expect("JSON");
    let exists = |path: &str| find(&design, path).is_some();
    let mut wrong = Vec::new();
    for (path, origin) in run.resolved.origins.iter() {
        if let Origin::Derived { from } = origin {
            wrong.extend(from.iter().filter(|source| !exists(source)).map(|source| format!("{path} from {source}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_default_number_has_an_origin_of_its_own() {
    let run = Run::of(CAMPUS);
    let origins = &run.resolved.origins;
    let design = serde_json::to_value(run.design()).expect("JSON");
    let daemons = ["api/vrrp", "api/haproxy", "etcd", "kubernetes", "metallb", "calico", "ceph", "coredns"];
    let mut without = Vec::new();
    for daemon in daemons {
        let part = find(&design, daemon).expect(daemon);
        let mut paths = Vec::new();
        leaves(part, daemon, &mut paths);
        for path in paths {
            let is_timer = find(&design, &path).is_some_and(|value| {
                value.is_number()
                    || value.as_str().is_some_and(|text| text.parse::<plimsoll_model::units::Millis>().is_ok())
            });
            if is_timer && origins.exact(&path).is_none() && !path.contains("/osd/") {
                without.push(path);
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn a_finding_about_any_component_points_into_the_file() {
    let run = Run::of(CAMPUS);
    for (path, text) in [
        ("host/pve-3/psu/b", "b"),
        ("host/pve-3", "pve-1..6"),
        ("machine/cp-2", "cp-1..3"),
        ("machine/cp-2/memory", "16GiB"),
        ("machine/cp-2/nic/kube/address", "kube"),
        ("switch/leaf-2/port/1", "leaf-2"),
        ("cable/leaf-2:1", "leaf-2"),
        ("api/vip/0", "10.30.12.100"),
        ("calico/mtu", "kube"),
        ("ceph/osd/worker-1:osd-2", "4x3840GB nvme"),
        ("zone/k8s.example.edu", "k8s.example.edu"),
        ("tenant/alice/cpu", "4"),
    ] {
        let span = run.resolved.origins.span(path).unwrap_or_else(|| panic!("{path} has a place"));
        assert_eq!(run.sources.text(span), text, "{path}");
    }
}
