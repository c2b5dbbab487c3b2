//! What Plimsoll says about something it read or judged.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Span;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The design is wrong, or does not survive a failure that it claims to survive; or the input cannot be used.
    Error,
    /// It works, but along a common path to an outage.
    Warning,
    /// Worth doing; nothing breaks without it.
    Advice,
    /// Said for information: what was not checked, what was left out.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "advice",
            Severity::Note => "note",
        })
    }
}

/// A marked place in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// What is marked.
    pub span: Span,
    /// What stands beside the mark; may be empty.
    pub label: String,
    /// The place the finding is about, in contrast to places that explain it.
    pub primary: bool,
}

/// One finding or problem: what is wrong and where, what breaks because of it, how to mend it.
///
/// The message is one terse clause without a final period; it names the thing, not the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A rule's id (`VRRP-003`) or the name of a problem with the input (`unknown-key`).
    pub code: String,
    /// What is wrong, in one clause.
    pub message: String,
    /// Marked places; the first primary one is where the finding is.
    pub annotations: Vec<Annotation>,
    /// Typed path of the component it is about (`machine/cp-2`), for findings about a design.
    pub component: Option<String>,
    /// What fails because of it, when it does.
    pub breaks: Option<String>,
    /// How to mend it; each entry is one way.
    pub help: Vec<String>,
    /// What else explains it.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic of the given severity, without a place.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Diagnostic {
            severity,
            code: String::new(),
            message: message.into(),
            annotations: Vec::new(),
            component: None,
            breaks: None,
            help: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// An error.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// A warning.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// A piece of information.
    pub fn note_only(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    /// Names the rule or the kind of problem.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Marks the place it is about. A second call marks a second such place.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>, label: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.annotations.push(Annotation { span, label: label.into(), primary: true });
        }
        self
    }

    /// Marks a place that explains it.
    #[must_use]
    pub fn context(mut self, span: impl Into<Option<Span>>, label: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.annotations.push(Annotation { span, label: label.into(), primary: false });
        }
        self
    }

    /// Names the component it is about by its typed path.
    #[must_use]
    pub fn component(mut self, path: impl Into<String>) -> Self {
        self.component = Some(path.into());
        self
    }

    /// Says what fails because of it.
    #[must_use]
    pub fn breaks(mut self, text: impl Into<String>) -> Self {
        self.breaks = Some(text.into());
        self
    }

    /// Adds a way to mend it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds an explanation.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// The first primary place, if there is one.
    pub fn span(&self) -> Option<Span> {
        self.annotations.iter().find(|annotation| annotation.primary).map(|annotation| annotation.span)
    }
}

/// All that one phase had to say. A phase never stops at its first error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds all of another phase's.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(other);
    }

    /// Whether the next phase must not run.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// True when nothing was said.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// In the order in which they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Sorts as people read: by severity, then by place, then by code, component and message. Total, so that the same
    /// findings give the same output in whatever order they were found.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| {
            let key = |diagnostic: &Diagnostic| {
                (
                    diagnostic.severity,
                    diagnostic.span().is_none(),
                    diagnostic.span(),
                    diagnostic.code.clone(),
                    diagnostic.component.clone(),
                    diagnostic.message.clone(),
                )
            };
            key(a).cmp(&key(b))
        });
    }

    /// The list itself.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.list
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(list: Vec<Diagnostic>) -> Self {
        Diagnostics { list }
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Diagnostics { list: iter.into_iter().collect() }
    }
}
