//! The example that everything else starts from.

use plimsoll_diagnostics::Sources;
use plimsoll_diagnostics::render::{Style, text};
use plimsoll_yaml::{ToNode, emit};

const CAMPUS: &str = include_str!("../../../examples/campus/cluster.yaml");

fn read(yaml: &str) -> (Option<plimsoll_spec::Spec>, String) {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", yaml);
    let (spec, diagnostics) = plimsoll_spec::read(id, &sources);
    (spec, diagnostics.iter().map(|problem| text(problem, &sources, Style::default())).collect())
}

#[test]
fn the_example_is_clean_and_short() {
    let (spec, shown) = read(CAMPUS);
    assert_eq!(shown, "");
    assert_eq!(spec.expect("a spec").machines.len(), 3);
    assert!(CAMPUS.lines().count() <= 70);
    assert!(CAMPUS.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn what_is_read_can_be_written_and_read_again() {
    let spec = read(CAMPUS).0.expect("a spec");
    let written = emit(&spec.to_node());
    let (again, shown) = read(&written);
    assert_eq!(shown, "", "{written}");
    assert_eq!(again, Some(spec));
}
