//! The example, resolved, and small changes of it.
#![allow(dead_code, clippy::panic, reason = "each test file uses a part")]

use std::path::Path;

use plimsoll_circuit::Var;
use plimsoll_diagnostics::Sources;
use plimsoll_model::{Design, Origins, edit_all};
use plimsoll_prove::{Model, Question};
use serde_json::Value;

pub(crate) fn campus() -> (Design, Origins) {
    example("campus")
}

pub(crate) fn example(name: &str) -> (Design, Origins) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../examples/{name}/cluster.yaml"));
    resolved(std::fs::read_to_string(path).expect("the example"))
}

fn resolved(text: String) -> (Design, Origins) {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", text);
    let (spec, _) = plimsoll_spec::read(id, &sources);
    let resolved = plimsoll_resolve::resolve(&spec.expect("a file"), &plimsoll_resolve::Lock::default());
    (resolved.design.expect("a design"), resolved.origins)
}

/// The campus example in which each first text of the file stands for the second.
pub(crate) fn campus_text_with(changes: &[(&str, &str)]) -> (Design, Origins) {
    example_text_with("campus", changes)
}

/// An example in which each first text of the file stands for the second.
pub(crate) fn example_text_with(name: &str, changes: &[(&str, &str)]) -> (Design, Origins) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../examples/{name}/cluster.yaml"));
    let mut text = std::fs::read_to_string(path).expect("the example");
    for (from, to) in changes {
        assert!(text.contains(from), "the example has no `{from}`");
        text = text.replacen(from, to, 1);
    }
    resolved(text)
}

pub(crate) fn campus_with(edits: &[(&str, Value)]) -> (Design, Origins) {
    let (design, origins) = campus();
    let edits: Vec<(String, Option<Value>)> =
        edits.iter().map(|(path, value)| ((*path).to_owned(), Some(value.clone()))).collect();
    (edit_all(&design, &edits).expect("an edit"), origins)
}

/// Members of etcd that speak to each other out of band.
pub(crate) fn etcd_apart(design: &mut Design) {
    for (at, name) in ["cp-1", "cp-2", "cp-3"].into_iter().enumerate() {
        let machine = design.machine.get_mut(&name.into()).expect("a machine");
        let mut nic = machine.nic[&"kube".into()].clone();
        nic.address = format!("10.30.13.{}/24", 200 + at).parse().expect("an address");
        design.etcd.member.get_mut(&name.into()).expect("a member").address = nic.address.addr();
        machine.nic.insert("oob".into(), nic);
    }
}

pub(crate) fn vars(model: &Model, paths: &[&str]) -> Vec<Var> {
    paths.iter().map(|path| model.components.find(path).unwrap_or_else(|| panic!("no component {path}"))).collect()
}

/// How many promises break where nobody reaches anybody: all but `one-holder/api`, for whoever is cut off gives the address up.
pub(crate) fn everything(model: &Model) -> usize {
    model.promises.iter().filter(|promise| promise.id != "one-holder/api").count()
}

/// The promises that break when these fail.
pub(crate) fn broken(model: &Model, paths: &[&str]) -> Vec<String> {
    let mut question = Question::new(model);
    question.ask(vars(model, paths));
    question.all_broken().map(|promise| promise.id.clone()).collect()
}
