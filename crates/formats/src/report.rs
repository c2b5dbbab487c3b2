//! What all readers say in the same words, and how much they say at most.

use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span, Spanned, nearest};

use crate::{Read, Setting, placeholder};

/// Larger texts are not read: no configuration is, and whoever hands us a disk image must not wait for it.
const LARGEST: usize = 4 << 20;

/// Nor is one with more lines than this: in a text of [`LARGEST`] bytes they would have 14 bytes each.
const MOST_LINES: usize = 300_000;

/// Nor with more words, marks that stand alone among them: they would have six bytes each.
const MOST_WORDS: usize = 700_000;

/// A file with more problems than this is no file of its format; the rest is counted.
const MOST: usize = 500;

/// Collects the problems of one text.
pub(crate) struct Report {
    source: SourceId,
    problems: Diagnostics,
    left_out: usize,
    last_placeholder: Option<Span>,
}

impl Report {
    /// The text of `source`, with what collects its problems. The text is empty when it is too large to be read
    /// or has too many lines or words.
    pub(crate) fn open(source: SourceId, sources: &Sources) -> (&str, Report) {
        let mut report = Report { source, problems: Diagnostics::new(), left_out: 0, last_placeholder: None };
        let text = sources.get(source).text.as_str();
        if text.len() > LARGEST {
            let message = format!("the file was not read: it has {} bytes, more than {LARGEST}", text.len());
            report.push(Diagnostic::error(message).code("too-large").at(Span::new(source, 0, 0), ""));
            return ("", report);
        }
        let (lines, words) = counted(text);
        for (count, most, what) in [(lines, MOST_LINES, "lines"), (words, MOST_WORDS, "words")] {
            if count > most {
                let message = format!("the file was not read: it has {count} {what}, more than {most}");
                report.push(Diagnostic::error(message).code("too-large").at(Span::new(source, 0, 0), ""));
                return ("", report);
            }
        }
        (text, report)
    }

    /// Bytes `start..end` of the text.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    /// Adds a problem, unless there are far too many.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.problems.len() < MOST {
            self.problems.push(diagnostic);
        } else {
            self.left_out += 1;
        }
    }

    /// Adds what was said of a part.
    pub(crate) fn extend(&mut self, problems: Diagnostics) {
        for problem in problems {
            self.push(problem);
        }
    }

    /// A statement that the format's module does not model; kept by the caller.
    pub(crate) fn unknown_statement(&mut self, name: &str, span: Span) {
        self.unknown_word(name, span, &[]);
    }

    /// A statement that the format's module does not model, but perhaps one of `known` was meant.
    pub(crate) fn unknown_word(&mut self, name: &str, span: Span, known: &[&str]) {
        // Looking for the word that was meant is dear, and nobody would read it.
        if self.problems.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let short = shorten(name);
        let meant = nearest(name, known.iter().copied());
        let diagnostic = match meant {
            Some(meant) => Diagnostic::warning(format!("`{short}` is no statement known here"))
                .help(format!("was `{meant}` meant?"))
                .at(span, "kept but not judged"),
            None => Diagnostic::note_only(format!("`{short}` is kept but not judged")).at(span, ""),
        };
        self.push(diagnostic.code("unknown-statement"));
    }

    /// A statement that replaces an earlier one.
    pub(crate) fn twice(&mut self, name: &str, span: Span, before: Option<Span>) {
        self.push(
            Diagnostic::warning(format!("`{}` is stated twice", shorten(name)))
                .code("bad-value")
                .at(span, "this one counts")
                .context(before, "this one does not"),
        );
    }

    /// Blocks inside blocks beyond what any program writes.
    pub(crate) fn too_deep(&mut self, deepest: usize, span: Span) {
        self.push(
            Diagnostic::error(format!("blocks are nested more than {deepest} deep"))
                .code("too-deep")
                .at(span, "what is inside is not read"),
        );
    }

    /// Text that nobody filled in. Said once for each place.
    pub(crate) fn placeholder(&mut self, text: &str, span: Span) {
        if self.last_placeholder.is_some_and(|last| last.start <= span.start && span.end <= last.end) {
            return;
        }
        self.last_placeholder = Some(span);
        self.push(not_filled_in(text, span));
    }

    /// A value that its reader would refuse or ignore.
    pub(crate) fn bad_value(&mut self, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.push(Diagnostic::error(message).code("bad-value").at(span, label));
    }

    /// Text that breaks the format's grammar.
    pub(crate) fn syntax(&mut self, message: impl Into<String>, span: Span, label: impl Into<String>) {
        self.push(Diagnostic::error(message).code("syntax").at(span, label));
    }

    /// Another file that belongs to this one.
    pub(crate) fn include(&mut self, pattern: &str, span: Span) {
        let pattern = shorten(pattern);
        self.push(
            Diagnostic::note_only(format!("`{pattern}` is included and must be read as well"))
                .code("include")
                .at(span, ""),
        );
    }

    /// A setting made of `text` by `parse`. What cannot be read stays as text and is reported: as a placeholder when it
    /// holds one, else as a value that is not `expected` (`a number from 1 to 255`).
    pub(crate) fn setting<T>(
        &mut self,
        text: &str,
        span: Span,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Setting<T> {
        if let Some(range) = placeholder::find(text) {
            self.placeholder(&text[range], span);
            return Setting::Unknown(Spanned::at(text.to_owned(), span));
        }
        if let Some(value) = parse(text) {
            Setting::Known(Spanned::at(value, span))
        } else {
            self.bad_value(format!("`{}` is not {expected}", shorten(text)), span, "");
            Setting::Unknown(Spanned::at(text.to_owned(), span))
        }
    }

    /// The value with what was collected.
    pub(crate) fn close<T>(mut self, value: T) -> Read<T> {
        if self.left_out > 0 {
            let message = format!("{} more problems of this file are not shown", self.left_out);
            let at = Span::new(self.source, 0, 0);
            self.problems.push(Diagnostic::note_only(message).code("syntax").at(at, ""));
        }
        Read { value, problems: self.problems }
    }
}

/// A place that a template left open, in the words of all readers.
pub(crate) fn not_filled_in(text: &str, span: impl Into<Option<Span>>) -> Diagnostic {
    Diagnostic::warning(format!("`{}` is not filled in", shorten(text)))
        .code("placeholder")
        .at(span, "its value is unknown")
        .help("give the file as it is on the machine, after the template was filled in")
}

/// How many lines a text has, and how many words: what stands between white space and the marks that end statements,
/// lists and blocks, and such marks that end no word, since a reader holds them as well.
fn counted(text: &str) -> (usize, usize) {
    let (mut lines, mut words, mut between) = (0, 0, true);
    for byte in text.bytes() {
        let white = matches!(byte, b'\n' | b'\r' | b' ' | b'\t' | b'"');
        lines += usize::from(byte == b'\n');
        words += usize::from(between && !white);
        between = white || matches!(byte, b';' | b',' | b'{' | b'}');
    }
    (lines, words)
}

/// Text for a message: one line, at most 60 characters.
pub(crate) fn shorten(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_far_too_much_is_not_read_and_says_so() {
        let refused = |text: String| {
            let mut sources = Sources::new();
            let id = sources.add("x", text);
            let (text, report) = Report::open(id, &sources);
            assert_eq!(text.is_empty(), !report.problems.is_empty());
            report.problems.iter().map(|problem| problem.message.clone()).collect::<String>()
        };
        let said = "the file was not read: it has ";
        assert_eq!(refused("a\n".repeat(MOST_LINES + 1)), format!("{said}300001 lines, more than 300000"));
        assert_eq!(refused("a ".repeat(MOST_WORDS + 1)), format!("{said}700001 words, more than 700000"));
        assert_eq!(refused("a;".repeat(MOST_WORDS + 1)), format!("{said}700001 words, more than 700000"));
        assert_eq!(refused("{ ".repeat(MOST_WORDS + 1)), format!("{said}700001 words, more than 700000"));
        assert_eq!(refused("a".repeat(LARGEST + 1)), format!("{said}4194305 bytes, more than 4194304"));
        assert_eq!(refused(" ".repeat(LARGEST)), "");
        assert_eq!(refused("some words\n".repeat(MOST_LINES)), "");
    }
}
