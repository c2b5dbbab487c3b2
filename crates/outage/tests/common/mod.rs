//! The campus example, resolved, with changes to its file.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test panics to fail")]

use std::path::PathBuf;

use plimsoll_diagnostics::Sources;
use plimsoll_model::Design;
use plimsoll_resolve::{Lock, resolve};

pub fn campus() -> Design {
    campus_with(&[])
}

/// The campus example in which each first text of the file stands for the second.
pub fn campus_with(changes: &[(&str, &str)]) -> Design {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/campus/cluster.yaml");
    let mut text = std::fs::read_to_string(path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "the example has no `{from}`");
        text = text.replacen(from, to, 1);
    }
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", text);
    let (spec, problems) = plimsoll_spec::read(id, &sources);
    assert!(!problems.has_errors(), "{problems:?}");
    let resolved = resolve(&spec.expect("a spec without errors"), &Lock::new());
    resolved.design.unwrap_or_else(|| panic!("{:?}", resolved.diagnostics))
}
