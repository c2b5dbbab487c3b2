//! One rule: matches, statements, a verdict.

use plimsoll_diagnostics::Spanned;

use super::lex::{Kind, Token};
use super::{Match, Place, Rule, Verdict, VerdictMap};
use crate::report::Report;

/// What is looked at, as words.
const KEYS: &[&[&str]] = &[
    &["iif"],
    &["iifname"],
    &["oif"],
    &["oifname"],
    &["meta", "iif"],
    &["meta", "iifname"],
    &["meta", "oif"],
    &["meta", "oifname"],
    &["meta", "l4proto"],
    &["meta", "nfproto"],
    &["meta", "protocol"],
    &["meta", "pkttype"],
    &["meta", "mark"],
    &["pkttype"],
    &["ether", "saddr"],
    &["ip", "saddr"],
    &["ip", "daddr"],
    &["ip", "protocol"],
    &["ip", "ttl"],
    &["ip6", "saddr"],
    &["ip6", "daddr"],
    &["ip6", "nexthdr"],
    &["ip6", "hoplimit"],
    &["tcp", "dport"],
    &["tcp", "sport"],
    &["udp", "dport"],
    &["udp", "sport"],
    &["sctp", "dport"],
    &["th", "dport"],
    &["th", "sport"],
    &["ct", "state"],
    &["ct", "status"],
    &["ct", "direction"],
    &["icmp", "type"],
    &["icmp", "code"],
    &["icmpv6", "type"],
];

/// Reads a rule; nothing when a part of it is not understood.
pub(super) fn parse(tokens: &[Token<'_>], report: &Report) -> Option<Rule> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    let mut rule = Rule { place: Place(Some(report.span(first.start, last.end))), ..Rule::default() };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let rest = &tokens[at..];
        if token.kind != Kind::Word {
            return None;
        }
        if token.text == "comment" {
            let [_, text] = rest else { return None };
            rule.comment = Some(text.text.to_owned());
            return (text.kind != Kind::Comma).then_some(rule);
        }
        // Behind a verdict only a comment makes sense.
        if rule.verdict.is_some() || rule.map.is_some() {
            return None;
        }
        if let Some((verdict, used)) = verdict(rest) {
            rule.verdict = Some(verdict);
            at += used;
        } else if let Some((statement, used)) = side(rest) {
            rule.statements.push(statement);
            at += used;
        } else if !rule.statements.is_empty() {
            // A match behind a counter or a limit: the order has a meaning that the types do not have.
            return None;
        } else {
            at += matched(rest, report, &mut rule)?;
        }
    }
    Some(rule)
}

fn matched(tokens: &[Token<'_>], report: &Report, rule: &mut Rule) -> Option<usize> {
    let fits = |key: &&&[&str]| tokens.len() > key.len() && key.iter().zip(tokens).all(|(word, token)| token.is(word));
    let key = KEYS.iter().filter(fits).max_by_key(|key| key.len())?;
    let name = key.join(" ");
    let mut at = key.len();
    if tokens[at].is("vmap") {
        let (entries, used) = map(&tokens[at + 1..], report)?;
        rule.map = Some(VerdictMap { key: name, entries });
        return Some(at + 1 + used);
    }
    let negated = tokens[at].is("!=") || tokens[at].is("ne");
    if negated || tokens[at].is("==") || tokens[at].is("eq") {
        at += 1;
    }
    let rest = tokens.get(at..)?;
    let used = match rest.first()?.kind {
        // At the end of a file that was cut off the closing brace is missing, which the block around it reports.
        Kind::Open => rest.iter().position(|token| token.kind == Kind::Close).map_or(rest.len(), |close| close + 1),
        Kind::Word | Kind::Text if !is_operator(rest[0].text) => {
            // `established,related`
            let mut used = 1;
            while rest.len() > used + 1
                && rest[used].kind == Kind::Comma
                && matches!(rest[used + 1].kind, Kind::Word | Kind::Text)
            {
                used += 2;
            }
            used
        }
        _ => return None,
    };
    // Operators, concatenations and ranges with spaces are beyond these types.
    if rest.get(used).is_some_and(|token| token.is(".") || token.is("-") || is_operator(token.text)) {
        return None;
    }
    let inside = &rest[usize::from(rest[0].kind == Kind::Open)..used];
    if inside.iter().any(|token| matches!(token.kind, Kind::Open | Kind::Colon)) {
        return None;
    }
    let values = elements(&rest[..used], report);
    if values.is_empty() || values.iter().any(|value| value.contains(' ') && !value.contains("{{")) {
        return None;
    }
    rule.matches.push(Match { key: name, negated, values });
    Some(at + used)
}

fn is_operator(text: &str) -> bool {
    matches!(text, "<" | ">" | "<=" | ">=" | "lt" | "gt" | "le" | "ge" | "&" | "|" | "and" | "or" | "==" | "!=" | "set")
}

/// Values with their verdicts.
type Entries = Vec<(Spanned<String>, Verdict)>;

/// `{ VALUE : VERDICT, … }`
fn map(tokens: &[Token<'_>], report: &Report) -> Option<(Entries, usize)> {
    if tokens.first()?.kind != Kind::Open {
        return None;
    }
    let close = tokens.iter().position(|token| token.kind == Kind::Close).unwrap_or(tokens.len());
    let inside: Vec<Token<'_>> = tokens[1..close].iter().filter(|token| token.kind != Kind::End).copied().collect();
    let mut entries = Vec::new();
    for entry in inside.split(|token| token.kind == Kind::Comma).filter(|entry| !entry.is_empty()) {
        let [value, colon, rest @ ..] = entry else { return None };
        if !matches!(value.kind, Kind::Word | Kind::Text) || colon.kind != Kind::Colon {
            return None;
        }
        let (verdict, _) = verdict(rest).filter(|(_, used)| *used == rest.len())?;
        entries.push((Spanned::at(value.text.to_owned(), report.span(value.start, value.end)), verdict));
    }
    (!entries.is_empty()).then_some((entries, (close + 1).min(tokens.len())))
}

fn verdict(tokens: &[Token<'_>]) -> Option<(Verdict, usize)> {
    let first = tokens.first().filter(|token| token.kind == Kind::Word)?;
    let target = || tokens.get(1).filter(|token| token.kind == Kind::Word).map(|token| token.text.to_owned());
    Some(match first.text {
        "accept" => (Verdict::Accept, 1),
        "drop" => (Verdict::Drop, 1),
        "continue" => (Verdict::Continue, 1),
        "return" => (Verdict::Return, 1),
        "jump" => (Verdict::Jump(target()?), 2),
        "goto" => (Verdict::Goto(target()?), 2),
        "reject" => {
            let more = tokens[1..].iter().take_while(|token| token.kind == Kind::Word && token.text != "comment");
            let words: Vec<&str> = more.map(|token| token.text).collect();
            let used = 1 + words.len();
            (Verdict::Reject(words.join(" ")), used)
        }
        _ => return None,
    })
}

/// Statements that decide nothing: `counter packets 0 bytes 0`, `log prefix "x" level warn`, `limit rate 5/second`.
fn side(tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let first = tokens.first()?;
    let arguments: &[&str] = match first.text {
        "counter" => &["packets", "bytes"],
        "log" => &["prefix", "level", "flags", "group", "snaplen", "queue-threshold"],
        "limit" => &["rate", "over", "burst", "packets"],
        "notrack" => &[],
        _ => return None,
    };
    let mut words = vec![first.text.to_owned()];
    let mut at = 1;
    while let Some(name) = tokens.get(at).filter(|token| arguments.iter().any(|word| token.is(word))) {
        words.push(name.text.to_owned());
        at += 1;
        if matches!(name.text, "over" | "packets") && first.text == "limit" {
            continue;
        }
        let value = tokens.get(at)?;
        match value.kind {
            Kind::Text => words.push(format!("\"{}\"", value.text)),
            Kind::Word if name.text == "rate" && value.text == "over" => {
                words.push(value.text.to_owned());
                at += 1;
                words.push(tokens.get(at).filter(|token| token.kind == Kind::Word)?.text.to_owned());
            }
            Kind::Word => words.push(value.text.to_owned()),
            _ => return None,
        }
        at += 1;
    }
    Some((words.join(" "), at))
}

/// `VALUE`, `VALUE, VALUE` or `{ VALUE, … }`; the words of one value are joined.
pub(super) fn elements(tokens: &[Token<'_>], report: &Report) -> Vec<Spanned<String>> {
    let tokens: Vec<Token<'_>> =
        tokens.iter().filter(|token| !matches!(token.kind, Kind::Open | Kind::Close | Kind::End)).copied().collect();
    let mut values = Vec::new();
    for value in tokens.split(|token| token.kind == Kind::Comma) {
        let (Some(first), Some(last)) = (value.first(), value.last()) else { continue };
        let word = |token: &Token<'_>| {
            let quoted = token.kind == Kind::Text && value.len() > 1;
            if quoted { format!("\"{}\"", token.text) } else { token.text.to_owned() }
        };
        let words: Vec<String> = value.iter().map(word).collect();
        values.push(Spanned::at(words.join(" "), report.span(first.start, last.end)));
    }
    values
}
