//! A unified diff, as `patch` and `git apply` take it.

use std::fmt::Write as _;

use crate::edit::{Edit, apply};

/// Lines of the old text that are shown around what changes.
const CONTEXT: usize = 3;

/// Lines that become others; numbers from 0.
struct Block<'a> {
    start: usize,
    old: Vec<&'a str>,
    new: Vec<String>,
}

/// The diff of a file's text and the text after the edits, which are in order and apart.
pub(crate) fn unified(name: &str, text: &str, edits: &[Edit]) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut starts = Vec::with_capacity(lines.len());
    let mut at = 0;
    for line in &lines {
        starts.push(at);
        at += line.len();
    }
    let line_of = |offset: usize| starts.partition_point(|start| *start <= offset).saturating_sub(1);
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut next = 0;
    while next < edits.len() {
        // All edits that touch these lines.
        let first = line_of(edits[next].range.start);
        let mut last = line_of(edits[next].range.end);
        let from = next;
        next += 1;
        while next < edits.len() && line_of(edits[next].range.start) <= last {
            last = last.max(line_of(edits[next].range.end));
            next += 1;
        }
        let begin = *starts.get(first)?;
        let end = starts.get(last + 1).copied().unwrap_or(text.len());
        let shifted: Vec<Edit> = edits[from..next]
            .iter()
            .map(|edit| Edit { range: edit.range.start - begin..edit.range.end - begin, text: edit.text.clone() })
            .collect();
        let new = apply(text.get(begin..end)?, &shifted)?;
        blocks.extend(trimmed(first, lines.get(first..=last)?.to_vec(), &new));
    }
    let name = from_here(name);
    // A name with blanks ends at a tab.
    let end = if name.contains([' ', '\t']) { "\t" } else { "" };
    let mut out = format!("--- a/{name}{end}\n+++ b/{name}{end}\n");
    let mut shift: isize = 0;
    let mut index = 0;
    while index < blocks.len() {
        // Blocks whose contexts touch are one hunk.
        let first = index;
        index += 1;
        while index < blocks.len()
            && blocks[index].start <= blocks[index - 1].start + blocks[index - 1].old.len() + 2 * CONTEXT
        {
            index += 1;
        }
        hunk(&mut out, &lines, &blocks[first..index], &mut shift)?;
    }
    Some(out)
}

/// The name by which a patch finds the file: its path where that leads down from here; else the file's name alone, since
/// neither `patch` nor `git apply` follows a path that leads up or from the root.
fn from_here(name: &str) -> &str {
    let path = name.trim_start_matches("./");
    let leads_down = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
    if leads_down { path } else { path.rsplit('/').next().unwrap_or(path) }
}

/// Leaves out lines at both ends that stay.
fn trimmed<'a>(start: usize, mut old: Vec<&'a str>, new: &str) -> Option<Block<'a>> {
    let mut new: Vec<&str> = new.split_inclusive('\n').collect();
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    old.drain(..same);
    new.drain(..same);
    while let (Some(one), Some(other)) = (old.last(), new.last())
        && one == other
    {
        old.pop();
        new.pop();
    }
    let changed = !old.is_empty() || !new.is_empty();
    changed.then(|| Block { start: start + same, old, new: new.into_iter().map(str::to_owned).collect() })
}

fn hunk(out: &mut String, lines: &[&str], blocks: &[Block<'_>], shift: &mut isize) -> Option<()> {
    let (first, last) = (blocks.first()?, blocks.last()?);
    let begin = first.start.saturating_sub(CONTEXT);
    let end = (last.start + last.old.len() + CONTEXT).min(lines.len());
    let removed: usize = blocks.iter().map(|block| block.old.len()).sum();
    let added: usize = blocks.iter().map(|block| block.new.len()).sum();
    let (old, new) = (end - begin, end - begin - removed + added);
    // A hunk without lines names the line before it.
    let number = |begin: isize, count: usize| if count == 0 { begin } else { begin + 1 };
    let start = isize::try_from(begin).ok()?;
    let _ = writeln!(out, "@@ -{},{old} +{},{new} @@", number(start, old), number(start + *shift, new));
    *shift += isize::try_from(added).ok()? - isize::try_from(removed).ok()?;
    let mut at = begin;
    for block in blocks {
        for line in &lines[at..block.start] {
            write_line(out, ' ', line);
        }
        for line in &block.old {
            write_line(out, '-', line);
        }
        for line in &block.new {
            write_line(out, '+', line);
        }
        at = block.start + block.old.len();
    }
    for line in &lines[at..end] {
        write_line(out, ' ', line);
    }
    Some(())
}

fn write_line(out: &mut String, sign: char, line: &str) {
    out.push(sign);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_what_its_readers_accept() {
        for (name, expected) in [
            ("cluster.yaml", "cluster.yaml"),
            ("./a/cluster.yaml", "a/cluster.yaml"),
            ("/etc/cluster.yaml", "cluster.yaml"),
            ("../b/cluster.yaml", "cluster.yaml"),
        ] {
            assert_eq!(from_here(name), expected);
        }
    }
}
