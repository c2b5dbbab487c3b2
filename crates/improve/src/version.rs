//! Making a version of the file: the text after a change, and its patch.

use std::collections::BTreeSet;

use plimsoll_diagnostics::{Severity, Sources};
use plimsoll_resolve::Lock;
use plimsoll_views::World;
use plimsoll_yaml::{Node, emit, read_document};

use crate::change::Change;
use crate::resolved::{self, Resolved};
use crate::{edit, patch, step};

/// The file as it is, from which versions are made.
pub(crate) struct Original<'a> {
    /// The path that patches name.
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
    pub(crate) root: &'a Node,
    /// With what was allocated to the file as it is.
    pub(crate) lock: &'a Lock,
    /// What its rules already call an error.
    pub(crate) errors: BTreeSet<String>,
}

/// What the rules call an error in a version: the code and the message.
pub(crate) fn errors(version: &Resolved) -> BTreeSet<String> {
    let world = World::of_design(&version.design, &version.origins, None);
    let report = plimsoll_check::judge(&world, &plimsoll_check::rules::all());
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|error| format!("{} ({})", error.message, error.code)).collect()
}

impl Original<'_> {
    /// The text after a change, and the patch where the text could be edited. Else the text is the whole tree written
    /// anew, which proves the same and is no patch.
    pub(crate) fn make(&self, change: &Change) -> Result<(String, Option<String>), String> {
        let wanted = step::apply(self.root, &change.steps).filter(|_| !change.steps.is_empty());
        let wanted = wanted.ok_or("the file is written in a way that it does not fit")?;
        let edited = if change.by_hand.is_some() { None } else { self.edited(change, &wanted) };
        Ok(edited.map_or_else(|| (emit(&wanted), None), |(text, patch)| (text, Some(patch))))
    }

    /// The edited text, if it reads as the change means it.
    fn edited(&self, change: &Change, wanted: &Node) -> Option<(String, String)> {
        let edits = edit::edits(self.text, self.root, &change.steps)?;
        let text = edit::apply(self.text, &edits)?;
        let mut sources = Sources::new();
        let id = sources.add(self.name, text.as_str());
        let (read, problems) = read_document(&text, id);
        if problems.has_errors() || read.as_ref() != Some(wanted) {
            return None;
        }
        let patch = patch::unified(self.name, self.text, &edits)?;
        Some((text, patch))
    }

    /// Resolves a version. An error also where something that was allocated would go away.
    pub(crate) fn resolve(&self, text: &str) -> Result<Resolved, String> {
        let resolved = resolved::resolve(text, self.lock)?;
        match resolved::moved(self.lock, &resolved.lock) {
            Some(line) => Err(format!("it would take away what is allocated: {line}")),
            None => Ok(resolved),
        }
    }

    /// Resolves a version, and refuses one in which the rules find an error that the file does not have.
    pub(crate) fn judged(&self, text: &str) -> Result<Resolved, String> {
        let resolved = self.resolve(text)?;
        match errors(&resolved).difference(&self.errors).next() {
            Some(error) => Err(format!("it would be wrong: {error}")),
            None => Ok(resolved),
        }
    }
}
