//! A version of the file, resolved with the lock of the file as it is.

use plimsoll_diagnostics::{Diagnostics, Severity, Sources};
use plimsoll_model::{Design, Origins};
use plimsoll_resolve::{Lock, LockChange};
use plimsoll_spec::Spec;

/// A version of the file, resolved.
pub(crate) struct Resolved {
    pub(crate) spec: Spec,
    pub(crate) design: Design,
    pub(crate) origins: Origins,
    pub(crate) lock: Lock,
}

/// Reads and resolves a text with the lock. The first error otherwise.
pub(crate) fn resolve(text: &str, lock: &Lock) -> Result<Resolved, String> {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", text);
    let (spec, problems) = plimsoll_spec::read(id, &sources);
    let Some(spec) = spec.filter(|_| !problems.has_errors()) else { return Err(first(&problems)) };
    let resolved = plimsoll_resolve::resolve(&spec, lock);
    match resolved.design {
        Some(design) => Ok(Resolved { spec, design, origins: resolved.origins, lock: resolved.lock }),
        None => Err(first(&resolved.diagnostics)),
    }
}

fn first(problems: &Diagnostics) -> String {
    let error = problems.iter().find(|problem| problem.severity == Severity::Error);
    error.map_or_else(|| "it does not resolve".to_owned(), |problem| problem.message.clone())
}

/// What was allocated before and is not any more, or has become something else.
pub(crate) fn moved(before: &Lock, after: &Lock) -> Option<String> {
    before.changes(after).into_iter().find_map(|change| match change {
        LockChange::Added(_) => None,
        // The serial of a zone counts its changes.
        LockChange::Changed(old, _) if old.starts_with("serial ") => None,
        LockChange::Removed(line) | LockChange::Changed(line, _) => Some(line),
    })
}
