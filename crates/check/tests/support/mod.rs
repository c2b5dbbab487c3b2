//! Runs one case: makes the Design or the files, judges them, and shows what was said.

#![allow(clippy::panic, reason = "a test panics to fail")]

pub(crate) mod markdown;

use std::path::PathBuf;
use std::sync::OnceLock;

use plimsoll_check::{Report, Rule, judge, rules};
use plimsoll_diagnostics::{Severity, Sources, render};
use plimsoll_model::design::Date;
use plimsoll_model::{Design, Origins};
use plimsoll_views::{World, files};

pub(crate) use markdown::Case;

/// What was said, with the texts it points into.
pub(crate) struct Outcome {
    pub(crate) report: Report,
    sources: Sources,
}

impl Outcome {
    /// The findings of one rule (or of all) as they are printed, one empty line between them.
    pub(crate) fn text(&self, rule: Option<&str>) -> String {
        let shown: Vec<String> = self
            .report
            .findings
            .iter()
            .filter(|finding| finding.severity != Severity::Note && rule.is_none_or(|rule| finding.code == rule))
            .map(|finding| render::text(finding, &self.sources, render::Style::default()))
            .collect();
        shown.join("\n")
    }
}

/// The day on which examples are judged.
const TODAY: Date = Date { year: 2026, month: 11, day: 24 };

struct Example {
    sources: Sources,
    design: Design,
    origins: Origins,
}

fn example_text() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/campus/cluster.yaml");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()))
}

fn resolve(text: &str) -> Result<Example, String> {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", text);
    let show = |diagnostics: &plimsoll_diagnostics::Diagnostics, sources: &Sources| {
        diagnostics.iter().map(|one| render::text(one, sources, render::Style::default())).collect::<String>()
    };
    let (spec, diagnostics) = plimsoll_spec::read(id, &sources);
    let spec = spec.filter(|_| !diagnostics.has_errors()).ok_or_else(|| show(&diagnostics, &sources))?;
    let resolved = plimsoll_resolve::resolve(&spec, &plimsoll_resolve::Lock::default());
    let design = resolved.design.ok_or_else(|| show(&resolved.diagnostics, &sources))?;
    Ok(Example { sources, design, origins: resolved.origins })
}

fn clean() -> &'static Example {
    static CLEAN: OnceLock<Example> = OnceLock::new();
    CLEAN.get_or_init(|| {
        resolve(&example_text()).unwrap_or_else(|error| panic!("the example does not resolve:\n{error}"))
    })
}

fn judged(design: &Design, origins: &Origins, sources: &Sources) -> Outcome {
    let world = World::of_design(design, origins, Some(TODAY));
    Outcome { report: judge(&world, &rules::all()), sources: sources.clone() }
}

/// Resolves the example once, before several threads ask for it.
pub(crate) fn prepare() {
    clean();
}

/// The clean example as it is.
pub(crate) fn clean_example() -> Outcome {
    let clean = clean();
    judged(&clean.design, &clean.origins, &clean.sources)
}

/// Runs one case.
///
/// Files are judged by the rule of the page and those it is silent behind; an edited Design by every rule, so that one
/// that speaks besides is noticed.
pub(crate) fn run(case: &Case, rule: &'static Rule) -> Result<Outcome, String> {
    if !case.files.is_empty() {
        let mut sources = Sources::new();
        for (path, text) in &case.files {
            sources.add(path.as_str(), text.as_str());
        }
        let files = files::recognise(&sources);
        let world = World::of_files(&files, Some(TODAY));
        let before = rule.silent_behind.iter().filter_map(|id| rules::find(id));
        let report = judge(&world, &std::iter::once(rule).chain(before).collect::<Vec<_>>());
        return Ok(Outcome { report, sources });
    }
    let edited;
    let base = if case.cluster.is_empty() {
        clean()
    } else {
        let text = case.cluster.iter().try_fold(example_text(), |text, (old, new)| {
            if text.matches(old.as_str()).count() != 1 {
                return Err(format!("`{old}` does not stand exactly once in the example"));
            }
            Ok(text.replacen(old.as_str(), new, 1))
        })?;
        edited = resolve(&text)?;
        &edited
    };
    let design = plimsoll_model::edit_all(&base.design, &case.edits)?;
    Ok(judged(&design, &base.origins, &base.sources))
}
