//! What the tests share: the example, ways to change its text, and problems as people see them.

#![allow(dead_code, unreachable_pub, clippy::panic)]

use plimsoll_diagnostics::render::{Style, text};
use plimsoll_diagnostics::{Diagnostics, Sources};
use plimsoll_model::Design;
use plimsoll_resolve::{Lock, Resolved, resolve};

/// The example of the whole project.
pub const CAMPUS: &str = include_str!("../../../../examples/campus/cluster.yaml");

/// A run over texts: file and lock.
pub struct Run {
    /// The texts, for positions.
    pub sources: Sources,
    /// What came of it.
    pub resolved: Resolved,
    /// What reading the file had to say.
    pub read: Diagnostics,
}

impl Run {
    /// Resolves a file with an empty lock.
    pub fn of(file: &str) -> Run {
        Run::with_lock(file, "")
    }

    /// Resolves a file with the text of a lock, which must be readable.
    pub fn with_lock(file: &str, lock: &str) -> Run {
        let mut sources = Sources::new();
        let id = sources.add("cluster.yaml", file);
        let (spec, read) = plimsoll_spec::read(id, &sources);
        let shown: String = read.iter().map(|problem| text(problem, &sources, Style::default())).collect();
        let spec = spec.filter(|_| !read.has_errors()).unwrap_or_else(|| panic!("the file is read:\n{shown}"));
        let lock_id = sources.add("cluster.lock", lock);
        let (lock, problems) = Lock::read(lock_id, &sources);
        assert!(problems.is_empty(), "the lock is read: {problems:?}");
        Run { resolved: resolve(&spec, &lock), sources, read }
    }

    /// The Design.
    pub fn design(&self) -> &Design {
        self.resolved.design.as_ref().unwrap_or_else(|| panic!("a design:\n{}", self.problems()))
    }

    /// Everything that was said, as people see it.
    pub fn problems(&self) -> String {
        self.resolved.diagnostics.iter().map(|problem| text(problem, &self.sources, Style::default())).collect()
    }

    /// The new lock's text.
    pub fn lock(&self) -> String {
        self.resolved.lock.to_text()
    }
}

/// Compares two Designs line by line of their JSON, so that a difference can be read.
pub fn assert_same(found: &Design, wanted: &Design) {
    let json = |design: &Design| serde_json::to_string_pretty(design).expect("JSON");
    let (found, wanted) = (json(found), json(wanted));
    for (index, (found, wanted)) in found.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(found, wanted, "line {}", index + 1);
    }
    assert_eq!(found.lines().count(), wanted.lines().count());
}

/// The example with one text replaced by another; it must be there.
pub fn campus(replace: &str, by: &str) -> String {
    assert!(CAMPUS.contains(replace), "`{replace}` is in the example");
    CAMPUS.replacen(replace, by, 1)
}

/// Fifty hosts in five racks.
pub const FIVE_RACKS: &str = include_str!("../../../../examples/five-racks/cluster.yaml");

/// The second example with texts replaced by others everywhere; each must be there.
pub fn five_racks(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(FIVE_RACKS.to_owned(), |text, (replace, by)| {
        assert!(text.contains(replace), "`{replace}` is in the example");
        text.replace(replace, by)
    })
}
