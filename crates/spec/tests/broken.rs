//! `broken.md`: the campus file with one thing broken, and the exact words about it.
//!
//! Each section has a `diff` block (lines with `-` are looked up in the file and replaced by those with `+`) and a
//! `text` block with what is said. `BLESS=1 cargo test -p plimsoll-spec --test broken` writes the latter anew, to be
//! read in the diff.

use std::fmt::Write as _;

use plimsoll_diagnostics::Sources;
use plimsoll_diagnostics::render::{Style, text};

const CAMPUS: &str = include_str!("../../../examples/campus/cluster.yaml");
const CASES: &str = include_str!("broken.md");

/// The text between a fence of the given kind and its end.
fn block<'a>(section: &'a str, kind: &str) -> &'a str {
    let open = format!("```{kind}\n");
    let start = section.find(&open).expect(section) + open.len();
    let end = section[start..].find("```").map_or(section.len(), |at| start + at);
    &section[start..end]
}

fn broken(diff: &str, title: &str) -> String {
    let part = |sign: char| -> String {
        let lines = diff.lines().filter_map(|line| line.strip_prefix(sign));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    };
    let (old, new) = (part('-'), part('+'));
    assert_eq!(CAMPUS.matches(&old).count(), 1, "{title}: `{old}` is not once in the file");
    CAMPUS.replacen(&old, &new, 1)
}

#[test]
fn each_break_is_said_in_these_words() {
    let mut blessed = String::new();
    let mut wrong = String::new();
    let mut sections = CASES.split("\n## ");
    blessed.push_str(sections.next().unwrap_or_default());
    let mut count = 0;
    for section in sections {
        count += 1;
        let title = section.lines().next().unwrap_or_default();
        let yaml = broken(block(section, "diff"), title);
        let mut sources = Sources::new();
        let id = sources.add("cluster.yaml", yaml);
        let (_, diagnostics) = plimsoll_spec::read(id, &sources);
        let shown: String = diagnostics.iter().map(|problem| text(problem, &sources, Style::default())).collect();
        let expected = block(section, "text");
        if shown != expected {
            let _ = write!(wrong, "## {title}\nexpected:\n{expected}\nfound:\n{shown}\n");
        }
        let at = section.find("```text\n").map_or(section.len(), |at| at + 8);
        let _ = write!(blessed, "\n## {}{shown}```\n", &section[..at]);
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/broken.md"), blessed).expect("writable");
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
    assert!(count >= 40, "{count} cases");
}
