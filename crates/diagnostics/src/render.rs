//! Diagnostics as text for people, and as JSON and SARIF for programs.

use std::fmt::Write as _;

use annotate_snippets::renderer::{DecorStyle, Renderer};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Snippet};
use serde_json::{Value, json};

use crate::redact::{redact, without_secrets};
use crate::{Annotation, Diagnostic, Severity, SourceId, Sources};

/// How text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Colours by ANSI escapes.
    pub color: bool,
    /// Width of the terminal in columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Style { color: false, width: 120 }
    }
}

/// Lines of a text that stand around a marked line, so that a huge file is not laid out as a whole.
const CONTEXT_LINES: usize = 3;

/// Bytes of text that are laid out at most; beyond it, only the place is told.
const LONGEST_EXCERPT: usize = 32 << 10;

/// One diagnostic in rustc's manner, with a line end.
pub fn text(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let diagnostic = &*without_secrets(diagnostic, sources);
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::INFO.with_name("advice"),
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(diagnostic.message.as_str());
    if !diagnostic.code.is_empty() {
        title = title.id(diagnostic.code.as_str());
    }
    let mut group = Group::with_title(title);
    for id in sources_of(diagnostic) {
        let marks: Vec<&Annotation> = diagnostic.annotations.iter().filter(|mark| mark.span.source == id).collect();
        // Marks that stand too far apart are not shown together, and a line that is too long not at all.
        let shown = snippet(&marks, sources, id).or_else(|| snippet(marks.get(..1)?, sources, id));
        group = match shown {
            Some(snippet) => group.element(snippet),
            None => group.element(origin(&marks, sources, id)),
        };
    }
    if diagnostic.annotations.is_empty()
        && let Some(component) = &diagnostic.component
    {
        group = group.element(Level::NOTE.with_name("at").message(component.as_str()));
    }
    if let Some(breaks) = &diagnostic.breaks {
        group = group.element(Level::NOTE.with_name("breaks").message(breaks.as_str()));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    if is_rule(&diagnostic.code) {
        group = group.element(Level::NOTE.with_name("more").message(format!("plimsoll explain {}", diagnostic.code)));
    }
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width);
    let mut out = renderer.render(&[group]);
    out.push('\n');
    out
}

/// A rule's id has capital letters, a hyphen and digits; names of input problems are lower case.
fn is_rule(code: &str) -> bool {
    code.starts_with(|letter: char| letter.is_ascii_uppercase())
}

/// Texts with a mark, the one of the first primary mark before the others.
fn sources_of(diagnostic: &Diagnostic) -> Vec<SourceId> {
    let mut ids: Vec<SourceId> = diagnostic.span().map(|span| span.source).into_iter().collect();
    for annotation in &diagnostic.annotations {
        if !ids.contains(&annotation.span.source) {
            ids.push(annotation.span.source);
        }
    }
    ids
}

/// The place alone.
fn origin<'a>(marks: &[&'a Annotation], sources: &'a Sources, id: SourceId) -> Origin<'a> {
    let source = sources.get(id);
    let position = source.position(marks.first().map_or(0, |mark| mark.span.start));
    Origin::path(source.name.as_str()).line(position.line).char_column(position.column)
}

/// The marked lines with their marks; `None` when that would be too much text.
fn snippet<'a>(
    marks: &[&'a Annotation],
    sources: &'a Sources,
    id: SourceId,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let source = sources.get(id);
    let marked = || marks.iter();
    let lines = || marked().map(|annotation| source.position(annotation.span.start).line);
    let first = lines().min().unwrap_or(1).saturating_sub(CONTEXT_LINES).max(1);
    let last = marked().map(|annotation| source.position(annotation.span.end).line).max().unwrap_or(1) + CONTEXT_LINES;
    let from = source.line_start(first);
    let until = source.line_start(last + 1);
    if until - from > LONGEST_EXCERPT {
        return None;
    }
    let mut snippet = Snippet::source(redact(&source.text[from..until], from, source.hidden()))
        .path(source.name.as_str())
        .line_start(first);
    for annotation in marked() {
        let start = source.floor_char_boundary(annotation.span.start as usize).clamp(from, until);
        let end = source.floor_char_boundary(annotation.span.end as usize).clamp(start, until);
        // A mark over many lines hides what it marks: the first line is enough to find the place.
        let line_end = start + source.text[start..end].find('\n').unwrap_or(end - start);
        let kind = if annotation.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let mut mark = kind.span(start - from..line_end.max(start) - from);
        if !annotation.label.is_empty() {
            mark = mark.label(annotation.label.as_str());
        }
        snippet = snippet.annotation(mark);
    }
    Some(snippet)
}

/// One diagnostic as JSON: the fields of [`Diagnostic`], each mark with file, line and column.
pub fn json(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let diagnostic = &*without_secrets(diagnostic, sources);
    let places: Vec<Value> = diagnostic
        .annotations
        .iter()
        .map(|annotation| {
            let source = sources.get(annotation.span.source);
            let start = source.position(annotation.span.start);
            let end = source.position(annotation.span.end);
            json!({
                "file": source.name, "label": annotation.label, "primary": annotation.primary,
                "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column,
            })
        })
        .collect();
    json!({
        "severity": diagnostic.severity, "code": diagnostic.code, "message": diagnostic.message,
        "component": diagnostic.component, "places": places,
        "breaks": diagnostic.breaks, "help": diagnostic.help, "notes": diagnostic.notes,
    })
}

/// What SARIF says of a rule, beside its findings.
#[derive(Clone, Debug)]
pub struct SarifRule {
    /// `VRRP-003`
    pub id: String,
    /// One line.
    pub summary: String,
    /// The manual, as Markdown.
    pub help: String,
}

/// A path as the URI reference that SARIF asks for (3.4.3, RFC 3986): everything beyond unreserved letters and `/` is
/// escaped, and an absolute path gets its scheme.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A SARIF 2.1.0 log of one run, as code-scanning services read it.
pub fn sarif(diagnostics: &[Diagnostic], rules: &[SarifRule], sources: &Sources, version: &str) -> Value {
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let diagnostic = &*without_secrets(diagnostic, sources);
            let level = match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Advice | Severity::Note => "note",
            };
            let mut text = diagnostic.message.clone();
            if let Some(breaks) = &diagnostic.breaks {
                text.push_str(". Breaks: ");
                text.push_str(breaks);
            }
            for help in &diagnostic.help {
                text.push_str(". Help: ");
                text.push_str(help);
            }
            let locations: Vec<Value> = diagnostic
                .annotations
                .iter()
                .filter(|annotation| annotation.primary)
                .map(|annotation| {
                    let source = sources.get(annotation.span.source);
                    let start = source.position(annotation.span.start);
                    let end = source.position(annotation.span.end);
                    json!({ "physicalLocation": {
                        "artifactLocation": { "uri": uri(&source.name) },
                        "region": { "startLine": start.line, "startColumn": start.column,
                                    "endLine": end.line, "endColumn": end.column },
                    }})
                })
                .collect();
            let mut result = json!({
                "ruleId": diagnostic.code, "level": level, "message": { "text": text }, "locations": locations,
            });
            if let Some(component) = &diagnostic.component {
                result["properties"] = json!({ "component": component });
            }
            result
        })
        .collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({ "id": rule.id, "shortDescription": { "text": rule.summary },
                    "help": { "text": rule.help, "markdown": rule.help } })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "plimsoll", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    fn example() -> (Sources, Diagnostic) {
        let mut sources = Sources::new();
        let text = "a: 1\nb: 2\nvrrp: { check_weight: -10, priorities: [150, 130, 110] }\nc: 3\n";
        let id = sources.add("cluster.yaml", text);
        let start = text.find("check_weight").expect("it is there");
        let diagnostic = Diagnostic::error("the check can fail without moving the VIP")
            .code("VRRP-003")
            .at(Span::new(id, start, start + 17), "lowers 150 to 140, which still beats 130")
            .breaks("HAProxy dies on the holder, the VIP stays there")
            .help("leave the weight out");
        (sources, diagnostic)
    }

    #[test]
    fn paths_become_references_to_them() {
        assert_eq!(uri("a/b-1.conf"), "a/b-1.conf");
        assert_eq!(uri("cp 1/ä:%.conf"), "cp%201/%C3%A4%3A%25.conf");
        assert_eq!(uri("/etc/x"), "file:///etc/x");
    }

    #[test]
    fn looks_like_rustc() {
        let (sources, diagnostic) = example();
        let expected = "\
error[VRRP-003]: the check can fail without moving the VIP
 --> cluster.yaml:3:9
  |
3 | vrrp: { check_weight: -10, priorities: [150, 130, 110] }
  |         ^^^^^^^^^^^^^^^^^ lowers 150 to 140, which still beats 130
  |
  = breaks: HAProxy dies on the holder, the VIP stays there
  = help: leave the weight out
  = more: plimsoll explain VRRP-003
";
        assert_eq!(text(&diagnostic, &sources, Style::default()), expected);
    }

    #[test]
    fn a_line_without_end_is_not_laid_out() {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", format!("a\n{}", "x".repeat(1 << 20)));
        let diagnostic = Diagnostic::error("too long").at(Span::new(id, 12, 13), "here");
        assert_eq!(text(&diagnostic, &sources, Style::default()), "error: too long\n--> a.yaml:2:11\n");
    }

    #[test]
    fn a_finding_without_a_place_names_its_component() {
        let diagnostic = Diagnostic::warning("nobody watches it").code("X-1").component("machine/cp-2");
        let shown = text(&diagnostic, &Sources::new(), Style::default());
        assert_eq!(shown, "warning[X-1]: nobody watches it\n |\n = at: machine/cp-2\n = more: plimsoll explain X-1\n");
    }

    #[test]
    fn programs_get_lines_and_columns() {
        let (sources, diagnostic) = example();
        let value = json(&diagnostic, &sources);
        assert_eq!(value["places"][0]["line"], 3);
        assert_eq!(value["places"][0]["column"], 9);
        let log = sarif(&[diagnostic], &[], &sources, "0.1.0");
        assert_eq!(log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    }
}
