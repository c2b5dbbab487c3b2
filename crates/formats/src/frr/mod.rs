//! FRR's integrated configuration, `frr.conf`.
//!
//! The file is kept as a tree of lines. Indentation means nothing to FRR: what belongs to what is told by the commands
//! and by `exit`, so the tree is made from the commands. The views ([`Conf::bgp`], [`Conf::prefix_lists`] …) read what
//! rules judge; whatever they don't read stays in the tree and is written back.
//!
//! An `exit` outside of any block is reported: `vtysh -b` leaves the configuration there, and what follows is lost
//! without a word.

mod bgp;
#[cfg(test)]
mod tests;
mod views;

use std::fmt;

use plimsoll_diagnostics::{Diagnostic, SourceId, Sources, Spanned};

use crate::Read;
use crate::input::{DEEPEST, Input, Quotes, Word};
use crate::words::{self, Fate, Words};

pub use bgp::{Bfd, Bgp, Family, Neighbor, NeighborFamily, RemoteAs};
pub use views::{BfdPeer, BfdProfile, PrefixEntry, RouteMap, StaticRoute};

/// An frr.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Its lines at the top, in order.
    pub lines: Vec<Line>,
}

/// A command, with the commands of its block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its words.
    pub words: Vec<Spanned<String>>,
    /// What stands in its block; empty for a command that opens none.
    pub block: Vec<Line>,
}

impl Line {
    /// A command from its words, for a writer.
    pub fn new(command: &str) -> Self {
        Line { words: command.split_whitespace().map(|word| word.to_owned().into()).collect(), block: Vec::new() }
    }

    /// The same command with a block.
    #[must_use]
    pub fn with(mut self, block: impl IntoIterator<Item = Line>) -> Self {
        self.block.extend(block);
        self
    }

    /// Its words as texts.
    pub fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|word| word.value.as_str()).collect()
    }

    /// Where it stands.
    pub fn span(&self) -> Option<plimsoll_diagnostics::Span> {
        let first = self.words.first().and_then(|word| word.span)?;
        Some(self.words.last().and_then(|word| word.span).map_or(first, |last| first.to(last)))
    }
}

/// How a command takes part in the tree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Opens a block at the top, whatever block is open.
    Top,
    /// Opens a block in the open block.
    Inner,
    /// Stands at the top, whatever block is open.
    Global,
    /// Belongs to the open block.
    Plain,
}

fn role(words: &[&str], parent: Option<&str>) -> Role {
    match (words, parent) {
        (["profile" | "peer", ..], Some("bfd"))
        | (["address-family", ..], Some("router"))
        | (["vni", ..], Some("address-family")) => Role::Inner,
        (["router", protocol, ..], _) if !protocol.starts_with("router-id") => Role::Top,
        (["interface" | "vrf", _] | ["interface", _, "vrf", _] | ["bfd"], parent)
            if !matches!(parent, Some("rpki" | "route-map" | "pbr-map")) =>
        {
            Role::Top
        }
        (
            ["rpki" | "segment-routing"]
            | ["route-map", _, "permit" | "deny", _]
            | ["key", "chain", _]
            | ["line", "vty"]
            | ["nexthop-group", _]
            | ["pbr-map", _, "seq", _]
            | ["mpls", "ldp"],
            _,
        ) => Role::Top,
        (["ip" | "ipv6", "route", ..], Some("vrf")) => Role::Plain,
        (
            ["ip" | "ipv6", "route" | "prefix-list" | "forwarding" | "nht", ..]
            | ["bgp", "community-list" | "large-community-list" | "extcommunity-list" | "as-path", ..]
            | ["frr" | "hostname" | "log" | "service" | "password" | "enable" | "debug" | "access-list", _, ..],
            _,
        ) => Role::Global,
        _ => Role::Plain,
    }
}

/// What closes the block that a command opens, in the form FRR 8 and later write.
fn closing(keyword: &str) -> &'static str {
    match keyword {
        "address-family" => "exit-address-family",
        "vrf" => "exit-vrf",
        "vni" => "exit-vni",
        _ => "exit",
    }
}

const NEIGHBOR_WORDS: Words =
    Words { what: "word of `neighbor`", reader: "FRR", known: &[words::frr::NEIGHBOR], fate: Fate::Ignored };

/// What follows `neighbor NAME` in a `router bgp` and its address families. FRR takes any beginning of a word.
fn neighbor_words(bgp: &Line) -> impl Iterator<Item = (&str, Option<plimsoll_diagnostics::Span>)> {
    let lines = bgp.block.iter().flat_map(|line| std::iter::once(line).chain(&line.block));
    let word = |line: &'_ Line| {
        let no = usize::from(line.words.first().is_some_and(|word| word.value == "no"));
        (line.words.get(no)?.value == "neighbor").then_some(no + 2)
    };
    let found = lines.filter_map(move |line| line.words.get(word(line)?));
    let known = |text: &str| words::frr::NEIGHBOR.iter().any(|known| known.starts_with(text));
    found.map(|word| (word.value.as_str(), word.span)).filter(move |(text, _)| !known(text))
}

/// Reads an frr.conf.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut conf = Conf::default();
    // The open blocks, from the outside in; each with the lines of its block so far.
    let mut open: Vec<Line> = Vec::new();
    // Indentation of the last line at the top: deeper lines after one of unknown kind are its block.
    let mut unknown_block: Option<usize> = None;
    for line in input.lines() {
        let trimmed = line.text.trim_start();
        if trimmed.starts_with(['!', '#']) || trimmed.is_empty() {
            continue;
        }
        let indent = line.text.len() - trimmed.len();
        let words = input.words(line, &[], Quotes::None);
        let Some((first, last)) = words.first().zip(words.last()) else { continue };
        let span = first.span.to(last.span);
        input.open_places(span.start as usize, span.end as usize);
        let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        match texts.as_slice() {
            ["end"] => {
                while close(&mut conf, &mut open) {}
                continue;
            }
            ["exit" | "quit"] if !open.is_empty() => {
                close(&mut conf, &mut open);
                continue;
            }
            ["exit" | "quit"] => {
                input.report(
                    Diagnostic::warning("`exit` stands outside of any block")
                        .code("syntax")
                        .at(span, "the configuration is left here")
                        .breaks("`vtysh -b` drops what follows without a word, BFD profiles for one"),
                );
                conf.lines.push(Line { words: words.iter().map(Word::spanned).collect(), block: Vec::new() });
                continue;
            }
            [word] if word.starts_with("exit-") => {
                let name = word.trim_start_matches("exit-");
                // Closes up to its block; without one it is kept, as FRR ignores it.
                if let Some(at) = open.iter().rposition(|block| keyword(block) == name) {
                    while open.len() > at {
                        close(&mut conf, &mut open);
                    }
                } else {
                    input.unknown(format!("`{word}` closes nothing"), span, "");
                }
                continue;
            }
            _ => {}
        }
        if unknown_block.is_some_and(|at| indent <= at) {
            unknown_block = None;
            while close(&mut conf, &mut open) {}
        }
        let mut role = role(&texts, open.last().map(keyword));
        if role == Role::Inner && open.len() >= DEEPEST {
            input.too_deep(span);
            role = Role::Plain;
        }
        if unknown_block.is_some() && role != Role::Inner {
            role = Role::Plain;
        }
        // In `router bgp` an `address-family` left open is closed by the next one.
        if role == Role::Plain
            && texts.first() == Some(&"address-family")
            && unknown_block.is_none()
            && let Some(at) = open.iter().rposition(|block| keyword(block) == "router")
        {
            while open.len() > at + 1 {
                close(&mut conf, &mut open);
            }
            role = Role::Inner;
        }
        if role == Role::Plain
            && opens_in_bfd(&texts, open.last().map(keyword))
            && unknown_block.is_none()
            && let Some(at) = open.iter().rposition(|block| keyword(block) == "bfd")
        {
            while open.len() > at + 1 {
                close(&mut conf, &mut open);
            }
            role = Role::Inner;
        }
        let new = Line { words: words.iter().map(Word::spanned).collect(), block: Vec::new() };
        match role {
            Role::Top | Role::Global => {
                while close(&mut conf, &mut open) {}
                if role == Role::Top {
                    open.push(new);
                } else {
                    conf.lines.push(new);
                }
            }
            Role::Inner => open.push(new),
            Role::Plain => {
                if let Some(block) = open.last_mut() {
                    block.block.push(new);
                } else {
                    let opens = indent > 0 && conf.lines.last().is_some_and(is_unknown);
                    match opens.then(|| conf.lines.pop()).flatten() {
                        Some(mut block) => {
                            block.block.push(new);
                            unknown_block = Some(0);
                            open.push(block);
                        }
                        None => conf.lines.push(new),
                    }
                }
            }
        }
    }
    while close(&mut conf, &mut open) {}
    let bgp = conf.lines.iter().filter(|line| matches!(line.texts().as_slice(), ["router", "bgp", ..]));
    let words = NEIGHBOR_WORDS.check(bgp.flat_map(neighbor_words));
    input.extend(words);
    input.done(conf)
}

/// Whether a command starts the next part of `bfd` although the one before it is not closed. In a `peer`, `profile` is
/// a command.
fn opens_in_bfd(texts: &[&str], parent: Option<&str>) -> bool {
    match texts.first() {
        Some(&"peer") => true,
        Some(&"profile") => parent == Some("profile"),
        _ => false,
    }
}

/// A command at the top of which it is not known whether it opens a block.
fn is_unknown(line: &Line) -> bool {
    let first = line.words.first().map_or("", |word| word.value.as_str());
    line.block.is_empty() && role(&line.texts(), None) == Role::Plain && !matches!(first, "exit" | "quit" | "no")
}

fn keyword(line: &Line) -> &str {
    line.words.first().map_or("", |word| word.value.as_str())
}

/// Closes the innermost block; false when none is open.
fn close(conf: &mut Conf, open: &mut Vec<Line>) -> bool {
    let Some(block) = open.pop() else { return false };
    match open.last_mut() {
        Some(outer) => outer.block.push(block),
        None => conf.lines.push(block),
    }
    true
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            write(f, line, None, 0)?;
            if !line.block.is_empty() {
                f.write_str("!\n")?;
            }
        }
        Ok(())
    }
}

fn write(f: &mut fmt::Formatter<'_>, line: &Line, parent: Option<&str>, depth: usize) -> fmt::Result {
    let texts = line.texts();
    writeln!(f, "{}{}", " ".repeat(depth), texts.join(" "))?;
    let first = texts.first().copied().unwrap_or_default();
    for inner in &line.block {
        write(f, inner, Some(first), depth + 1)?;
    }
    if !line.block.is_empty() || matches!(role(&texts, parent), Role::Top | Role::Inner) {
        writeln!(f, "{}{}", " ".repeat(depth), closing(first))?;
    }
    Ok(())
}
