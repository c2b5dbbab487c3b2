//! What the tests of suggestions share.
#![allow(dead_code, unreachable_pub, clippy::panic, reason = "each test uses some of it")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_diagnostics::Severity;
use plimsoll_resolve::Lock;

/// The lock that resolving a text makes.
pub fn lock_of(text: &str) -> Lock {
    let mut sources = plimsoll_diagnostics::Sources::new();
    let id = sources.add("cluster.yaml", text);
    let spec = plimsoll_spec::read(id, &sources).0.expect("a file");
    plimsoll_resolve::resolve(&spec, &Lock::new()).lock
}

/// Applies a unified diff to the letter: every line of context and every number must be right.
pub fn strictly_patched(text: &str, patch: &str) -> String {
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let mut lines = patch.split_inclusive('\n').peekable();
    assert_eq!(lines.next(), Some("--- a/cluster.yaml\n"));
    assert_eq!(lines.next(), Some("+++ b/cluster.yaml\n"));
    let (mut out, mut at) = (String::new(), 0);
    while let Some(header) = lines.next() {
        let numbers: Vec<usize> =
            header.split(|letter: char| !letter.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        let [start, removed, new_start, added] = numbers[..] else { panic!("no hunk: {header}") };
        while at < start - 1 {
            out.push_str(old[at]);
            at += 1;
        }
        assert_eq!(out.split_inclusive('\n').count() + 1, new_start, "{header}");
        let (mut seen_old, mut seen_new) = (0, 0);
        while let Some(line) = lines.next_if(|line| !line.starts_with("@@")) {
            let (sign, mut rest) = line.split_at(1);
            if lines.next_if(|line| line.starts_with('\\')).is_some() {
                rest = rest.trim_end_matches('\n');
            }
            if sign != "+" {
                assert_eq!(old[at], rest, "{header}");
                (at, seen_old) = (at + 1, seen_old + 1);
            }
            if sign != "-" {
                out.push_str(rest);
                seen_new += 1;
            }
        }
        assert_eq!((seen_old, seen_new), (removed, added), "{header}");
    }
    old[at..].iter().for_each(|line| out.push_str(line));
    out
}

/// A text, read.
pub fn spec_of(text: &str) -> plimsoll_spec::Spec {
    let mut sources = plimsoll_diagnostics::Sources::new();
    let id = sources.add("cluster.yaml", text);
    plimsoll_spec::read(id, &sources).0.expect("a file")
}

/// The text after `git apply` and after `patch -p1`, which must agree with the patch to the letter.
pub fn patched(text: &str, patch: &str) -> String {
    let after = strictly_patched(text, patch);
    for (tool, arguments) in [("git", &["apply"][..]), ("patch", &["-p1", "--fuzz=0", "--batch", "--binary"])] {
        if let Some(by_tool) = patched_by(tool, arguments, text, patch) {
            assert_eq!(by_tool, after, "{tool}: {patch}");
        }
    }
    after
}

/// `None` where there is no such program.
fn patched_by(tool: &str, arguments: &[&str], text: &str, patch: &str) -> Option<String> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("patch-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&place).expect("a directory");
    let file = place.join("cluster.yaml");
    std::fs::write(&file, text).expect("written");
    let mut command = Command::new(tool);
    // Not in the repository that the tests are in.
    command.args(arguments).current_dir(&place).env("GIT_CEILING_DIRECTORIES", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{tool}: {error}"),
    };
    child.stdin.take().expect("its input").write_all(patch.as_bytes()).expect("written");
    let said = child.wait_with_output().expect("it ends");
    let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && !words.contains("offset"), "{tool}: {words}\n{patch}");
    let after = std::fs::read_to_string(&file).expect("the file");
    std::fs::remove_dir_all(&place).expect("removed");
    Some(after)
}

/// A text before it is patched: what resolving it allocates, and what the rules call an error in it.
pub struct Before {
    /// The lock that resolving it makes.
    pub lock: Lock,
    errors: BTreeSet<String>,
}

impl Before {
    /// Resolves and judges a text.
    pub fn of(text: &str) -> Before {
        let lock = lock_of(text);
        let errors = errors(text, &lock);
        Before { lock, errors }
    }

    /// Errors of the rules in a text after it that are not in it; the lock stays.
    pub fn new_errors(&self, after: &str) -> Vec<String> {
        errors(after, &self.lock).difference(&self.errors).cloned().collect()
    }
}

fn errors(text: &str, lock: &Lock) -> BTreeSet<String> {
    let resolved = plimsoll_resolve::resolve(&spec_of(text), lock);
    let design = resolved.design.unwrap_or_else(|| panic!("it does not resolve:\n{text}"));
    let world = plimsoll_views::World::of_design(&design, &resolved.origins, None);
    let report = plimsoll_check::judge(&world, &plimsoll_check::rules::all());
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|error| error.message.clone()).collect()
}
