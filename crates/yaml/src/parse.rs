//! From text to tree.

use granit_parser::{ErrorKind, Event, Parser};
use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Span};

use crate::build::Builder;
use crate::node::Node;

/// How much a text may ask for. What goes beyond is reported, and the document that asked is left out.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text, also of what aliases expand to.
    pub bytes: usize,
    /// Nodes, keys included, of all documents together, aliases expanded.
    pub nodes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Syntax errors reported before the rest of the text is given up; of keys given twice, ten times as many.
    pub errors: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // The largest manifests in use (operators with their definitions) have some 5 MB and 150,000 nodes.
        Limits { bytes: 16 << 20, nodes: 200_000, depth: 64, errors: 20 }
    }
}

/// Which of YAML's means a text may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Mappings, lists and scalars. Anchors, aliases, merge keys and tags are refused: every fact stands where it is
    /// read, so that a finding can point at it. Our own file.
    Plain,
    /// All of it; aliases are expanded within the limits, merge keys merged. Other people's files.
    Full,
}

/// Reads the one document of our own file. `None` when there is none, more than one, or its syntax is broken.
pub fn read_document(text: &str, source: SourceId) -> (Option<Node>, Diagnostics) {
    let (mut documents, mut diagnostics) = read_with(text, source, Dialect::Plain, Limits::default());
    if documents.len() > 1 {
        diagnostics.push(
            Diagnostic::error("the file holds more than one document")
                .code("yaml-documents")
                .at(documents[1].span, "the second begins here")
                .help("keep one document to a file; remove the `---` between them"),
        );
        // What one of them lacks may well stand in the other.
        return (None, diagnostics);
    }
    if documents.is_empty() {
        if !diagnostics.has_errors() {
            let message = Diagnostic::error("the file is empty").code("yaml-empty").at(Span::new(source, 0, 0), "");
            diagnostics.push(message.help("`plimsoll init` writes one to start from"));
        }
        return (None, diagnostics);
    }
    (Some(documents.swap_remove(0)), diagnostics)
}

/// Reads all documents of somebody else's file. Documents with broken syntax are reported and left out, empty ones are
/// skipped; the others are kept.
pub fn read_documents(text: &str, source: SourceId) -> (Vec<Node>, Diagnostics) {
    read_with(text, source, Dialect::Full, Limits::default())
}

/// Reads all documents within the given limits.
pub fn read_with(text: &str, source: SourceId, dialect: Dialect, limits: Limits) -> (Vec<Node>, Diagnostics) {
    let mut builder = Builder::new(text, source, dialect, limits);
    let mut documents = Vec::new();
    if text.len() > limits.bytes {
        let message = format!("the text has {} bytes; at most {} are read", text.len(), limits.bytes);
        builder.diagnostics.push(Diagnostic::error(message).code("yaml-limit").at(Span::new(source, 0, 0), ""));
        return (documents, builder.diagnostics);
    }
    let mut errors = 0;
    let mut start = 0;
    // Where a document is broken, the parser cannot always find the next one by itself. Whoever wrote the file meant
    // each `---` at the beginning of a line as one.
    while let Some(broken) = read_from(text, start, limits, &mut errors, &mut builder, &mut documents) {
        let next = next_document(text, broken.document.max(start)).filter(|_| broken.goes_on && errors < limits.errors);
        builder.left_out(broken.problem, broken.document, next);
        match next {
            Some(next) => start = next,
            None => break,
        }
    }
    (documents, builder.diagnostics)
}

/// A document that could not be read.
struct Broken {
    /// Where it begins.
    document: usize,
    problem: Diagnostic,
    /// Whether what follows may be read.
    goes_on: bool,
}

/// Reads the documents from a byte on, up to the first that is broken in other people's files. Our own file has one, of
/// which all errors are said.
fn read_from(
    text: &str,
    start: usize,
    limits: Limits,
    errors: &mut usize,
    builder: &mut Builder<'_>,
    documents: &mut Vec<Node>,
) -> Option<Broken> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: limits.depth + 1,
        block_nesting_limit: limits.depth + 1,
    };
    builder.starts_at(start);
    let mut parser = Parser::new_from_str_with_options(&text[start..], options);
    let mut document = start;
    while let Some(next) = parser.next_event() {
        let problem = match next {
            Ok((Event::StreamEnd, _)) => break,
            Ok((Event::DocumentStart(..), span)) => {
                builder.reset();
                document = span.byte_range().map_or(document, |range| start + range.start);
                None
            }
            Ok((Event::DocumentEnd, _)) => {
                documents.extend(builder.take());
                None
            }
            Ok((event, span)) => builder.event(event, span).err(),
            Err(error) => {
                let at = (start + error.marker().byte_offset().unwrap_or(0)).min(text.len());
                Some(match error.kind() {
                    ErrorKind::RecursionLimitExceeded => builder.too_deep(builder.here(at)),
                    _ => Box::new(builder.syntax_error(at, &error.info())),
                })
            }
        };
        let Some(problem) = problem else { continue };
        let goes_on = !(problem.code == "yaml-limit" && builder.is_exhausted());
        builder.reset();
        *errors += 1;
        if builder.is_full() {
            return Some(Broken { document, problem: *problem, goes_on });
        }
        builder.diagnostics.push(*problem);
        if !goes_on || *errors >= limits.errors || !matches!(parser.proceed_next_document(), Ok(true)) {
            break;
        }
    }
    None
}

/// Where the next document begins after the one at `from`: at a line that begins with `---`.
fn next_document(text: &str, from: usize) -> Option<usize> {
    let mut from = from;
    while let Some(at) = text.get(from..)?.find("\n---").map(|at| from + at + 1) {
        let rest = &text[at + 3..];
        if rest.is_empty() || rest.starts_with(char::is_whitespace) {
            return Some(at);
        }
        from = at;
    }
    None
}
