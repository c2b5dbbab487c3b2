//! What a rule is, and how it gives its verdicts.

use plimsoll_diagnostics::{Diagnostic, Severity};
use plimsoll_views::{Fact, Place, World};

/// How much stands behind a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Shown on the real daemon; says which.
    Tested(&'static str),
    /// The text of the source was read.
    Seen,
    /// The source supports the principle; the number or the exact predicate is ours.
    SeenPrinciple,
    /// General expertise; no source was read.
    Expertise,
}

impl Evidence {
    /// In words, for the manual.
    pub fn describe(self) -> String {
        match self {
            Evidence::Tested(with) => format!("tested: {with}"),
            Evidence::Seen => "the text of the source was read".to_owned(),
            Evidence::SeenPrinciple => "the source gives the principle; the exact predicate is ours".to_owned(),
            Evidence::Expertise => "general expertise; no source was read".to_owned(),
        }
    }
}

/// What a rule can be judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Only a Design states it (power, cabling, placement).
    Design,
    /// Only files can have it; a Design cannot express it.
    Files,
    /// Both.
    Both,
}

/// The manual of a rule. Sentences, in Markdown; examples as they stand in a file.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// What it checks, exactly: conditions, severities, units.
    pub checks: &'static str,
    /// What breaks, for whom.
    pub breaks: &'static str,
    /// How to mend it.
    pub remedy: &'static str,
    /// What is wrong, as it stands in a file.
    pub before: &'static str,
    /// The same mended.
    pub after: &'static str,
    /// Where it is said: documents with section, source files, measurements.
    pub source: &'static str,
    /// How much stands behind it.
    pub evidence: Evidence,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// `VRRP-003`
    pub id: &'static str,
    /// The highest severity that it gives.
    pub severity: Severity,
    /// What must hold, in one line.
    pub summary: &'static str,
    /// What it can be judged on.
    pub reads: Reads,
    /// Rules that speak instead of this one about the same cause (see [`Finding::cause`]).
    pub silent_behind: &'static [&'static str],
    /// The manual.
    pub manual: Manual,
    /// Judges every component it applies to.
    pub check: fn(&World<'_>, &mut Verdicts),
}

/// One broken component, before its places are looked up.
#[derive(Clone, Debug)]
pub struct Finding {
    pub(crate) diagnostic: Diagnostic,
    pub(crate) component: String,
    pub(crate) cause: String,
    pub(crate) marks: Vec<(Place, String, bool)>,
}

impl Finding {
    /// A finding about the component at `place`. The message is one terse clause that names the thing.
    pub fn new(severity: Severity, place: &Place, message: impl Into<String>) -> Self {
        Finding {
            diagnostic: Diagnostic::new(severity, message),
            component: place.component().to_owned(),
            cause: place.component().to_owned(),
            marks: Vec::new(),
        }
    }

    /// Marks the fact it is about.
    #[must_use]
    pub fn at<T>(self, fact: &Fact<T>, label: impl Into<String>) -> Self {
        self.mark(fact.place(), label, true)
    }

    /// Marks the place it is about.
    #[must_use]
    pub fn at_place(self, place: &Place, label: impl Into<String>) -> Self {
        self.mark(place, label, true)
    }

    /// Marks a fact that explains it.
    #[must_use]
    pub fn context<T>(self, fact: &Fact<T>, label: impl Into<String>) -> Self {
        self.mark(fact.place(), label, false)
    }

    /// Marks a place that explains it.
    #[must_use]
    pub fn context_place(self, place: &Place, label: impl Into<String>) -> Self {
        self.mark(place, label, false)
    }

    /// Says what fails because of it.
    #[must_use]
    pub fn breaks(mut self, text: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.breaks(text);
        self
    }

    /// Adds a way to mend it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.help(text);
        self
    }

    /// Adds an explanation.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.note(text);
        self
    }

    /// Names the cause, when it is not the component: findings of several rules with one cause are told once, by the
    /// rule that the others are `silent_behind`.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = cause.into();
        self
    }

    fn mark(mut self, place: &Place, label: impl Into<String>, primary: bool) -> Self {
        self.marks.push((place.clone(), label.into(), primary));
        self
    }
}

/// What one rule found, component by component.
#[derive(Debug, Default)]
pub struct Verdicts {
    pub(crate) broken: Vec<Finding>,
    pub(crate) held: usize,
    pub(crate) unjudged: Vec<(String, String)>,
}

impl Verdicts {
    /// The rule holds for one component.
    pub fn holds(&mut self) {
        self.held += 1;
    }

    /// The rule is broken.
    pub fn broken(&mut self, finding: Finding) {
        self.broken.push(finding);
    }

    /// It cannot be judged for the component at `place`, which would need `needs` (`the subnet of eth0`).
    pub fn cannot_judge(&mut self, place: &Place, needs: impl Into<String>) {
        self.unjudged.push((place.component().to_owned(), needs.into()));
    }

    /// Holds unless a finding is given.
    pub fn verdict(&mut self, finding: Option<Finding>) {
        match finding {
            Some(finding) => self.broken(finding),
            None => self.holds(),
        }
    }
}
