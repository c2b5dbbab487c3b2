//! Texts that several modules need.

use std::fmt::{Display, Write as _};

use plimsoll_model::Design;

/// The comment at the head of a file: what it is, which program reads it, and where to change it.
pub(crate) fn header(design: &Design, mark: &str, what: impl Display, reader: impl Display) -> String {
    let cluster = &design.cluster;
    format!(
        "{mark} {what}\n{mark} Read by {reader}. Rendered by Plimsoll for cluster {cluster}; edits here are overwritten, \
         so change the cluster file.\n"
    )
}

/// The same as comments of Markdown, which are not shown.
pub(crate) fn markdown_header(design: &Design, what: impl Display) -> String {
    let lines: Vec<String> = header(design, "", what, "people").lines().map(|line| format!("<!--{line} -->")).collect();
    lines.join("\n") + "\n"
}

/// A table of Markdown: head, rows; a `|` in a cell is escaped.
pub(crate) fn table<R: AsRef<[String]>>(head: &[&str], rows: impl IntoIterator<Item = R>) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.as_ref().iter().map(|cell| cell.replace('|', "\\|")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The items with `, ` between them; `none` when there are none.
pub(crate) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".into() } else { items.join(", ") }
}

/// A value, or `-`.
pub(crate) fn dash<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "-".into(), |value| value.to_string())
}

/// A word for a POSIX shell: quoted unless it is plain.
pub(crate) fn shell(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// `yes` or `no`; `not stated` when nobody said.
pub(crate) fn yes(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not stated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell_are_quoted_when_they_must_be() {
        assert_eq!(shell("virtio=BC:24:11:00:00:01,bridge=vmbr2"), "virtio=BC:24:11:00:00:01,bridge=vmbr2");
        assert_eq!(shell("it's; rm -rf /"), "'it'\\''s; rm -rf /'");
        assert_eq!(shell(""), "''");
    }
}
