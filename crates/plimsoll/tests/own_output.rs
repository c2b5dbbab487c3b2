//! The rules judge what was rendered as they judge anybody's files: the example's own output must be clean.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

fn plimsoll(arguments: &[&OsStr]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(arguments).args(["--today", "2026-11-24"]).output();
    let run = run.unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn an_audit_of_the_rendered_example_finds_nothing() {
    let scratch = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("own-output");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).unwrap();
    // The lock file is written beside the cluster file: a copy keeps the checkout as it is.
    let file = scratch.join("cluster.yaml");
    std::fs::copy(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/campus/cluster.yaml"), &file).unwrap();
    let out = scratch.join("out");
    plimsoll(&["build".as_ref(), file.as_ref(), "--output".as_ref(), out.as_ref()]);
    let said = plimsoll(&["audit".as_ref(), out.as_ref(), "--format".as_ref(), "json".as_ref()]);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let findings = said["findings"].as_array().unwrap();
    assert!(findings.is_empty(), "{findings:#?}");
    assert!(said["held"].as_object().unwrap().len() > 50, "the rules had something to judge");
}
