//! Secrets in excerpts of people's files are not shown.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::{Diagnostic, Sources};

/// Words after which the rest of a value is a secret. Compared without case and with `-` for `_`.
const SECRET_WORDS: [&str; 17] = [
    "auth-pass",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "tsig-secret",
    "private-key",
    "privatekey",
    "certificate-key",
    "certificatekey",
    "secret-key",
    "api-key",
    "client-key-data",
    "authorization",
    "bearer",
    "stats auth",
];

/// What every line has that names or begins a secret, in lower case: a part of each of [`SECRET_WORDS`], and the first line
/// of a key.
const STEMS: [&str; 7] = ["pass", "secret", "token", "key", "auth", "bearer", "-----begin"];

/// Where the stems stand in a text, in order: most lines have none, and need not be looked at one by one. `data:` counts
/// where there are Secrets of Kubernetes.
fn stems(text: &str, secrets: bool) -> Vec<usize> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<usize> = STEMS.iter().flat_map(|stem| lower.match_indices(stem)).map(|(at, _)| at).collect();
    if secrets {
        found.extend(lower.match_indices("data").map(|(at, _)| at));
    }
    found.sort_unstable();
    found
}

/// Byte ranges of a text that look like secrets: the value after a word such as `auth_pass` or `secret`, a block below
/// such a word, the values of a Secret of Kubernetes, and the lines of private keys. In order, without overlaps.
pub(crate) fn hidden(text: &str) -> Vec<(usize, usize)> {
    let mut hidden: Vec<(usize, usize)> = Vec::new();
    let mut in_key = false;
    // What the next lines may be: the block of a secret key, a bare word, the value of a variable.
    let mut block: Option<usize> = None;
    let mut word_open = false;
    let mut variable_open = false;
    // Where the values of a Secret begin: the indentation of `data:`.
    let mut data: Option<usize> = None;
    let secrets = documents_with_secrets(text);
    let in_secret =
        |at: usize| secrets.get(secrets.partition_point(|(_, end)| *end <= at)).is_some_and(|(first, _)| *first <= at);
    let stems = stems(text, !secrets.is_empty());
    let mut start = 0;
    while start < text.len() {
        if !in_key && block.is_none() && data.is_none() && !word_open && !variable_open {
            // Nothing is open: on to the next line that may begin something.
            let Some(stem) = stems.get(stems.partition_point(|at| *at < start)) else { break };
            start = text[..*stem].rfind('\n').map_or(0, |end| end + 1);
        }
        let line = &text[start..text[start..].find('\n').map_or(text.len(), |end| start + end + 1)];
        let content = line.trim_end_matches(['\n', '\r']);
        let plain = plain(content);
        let indent = content.len() - content.trim_start().len();
        let all = (start + indent, start + content.len());
        let bare = content.trim();
        let deeper = |than: usize| indent > than || bare.is_empty();
        block = block.filter(|than| deeper(*than));
        data = data.filter(|than| deeper(*than) && bare != "---");
        if content.contains("-----BEGIN") && content.contains("PRIVATE KEY") {
            in_key = true;
        } else if content.contains("-----END") {
            in_key = false;
        } else if in_key || block.is_some() {
            hidden.push(all);
        } else if data.is_some() {
            if let Some(from) = after_key(content) {
                hidden.push((start + from, all.1));
            } else {
                hidden.push(all);
            }
        } else if word_open && is_word(bare) {
            let item = bare.len() - bare.strip_prefix("- ").unwrap_or(bare).len();
            hidden.push((all.0 + item, all.1));
        } else if let Some((from, to)) =
            secret_value(content, &plain).or_else(|| if variable_open { value_of_variable(content, 0) } else { None })
        {
            if matches!(content[from..to].chars().next(), Some('|' | '>')) {
                block = Some(indent);
            } else {
                hidden.push((start + from, start + to));
            }
        } else if let Some(from) = in_secret(start).then(|| data_of_secret(bare)).flatten() {
            if from == bare.len() {
                data = Some(indent);
            } else {
                hidden.push((start + indent + from, all.1));
            }
        }
        word_open = ends_with_word(plain.trim());
        // A value that is given twice is no less of a secret.
        variable_open = names_secret(content).is_some() || (variable_open && value_of_variable(content, 0).is_some());
        start += line.len();
    }
    hidden.retain(|(from, to)| from < to);
    hidden
}

/// The ranges of documents that have a Secret of Kubernetes.
fn documents_with_secrets(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if !text.contains("Secret") {
        return found;
    }
    let (mut first, mut start, mut has) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        if line.starts_with("---") {
            if has {
                found.push((first, start));
            }
            (first, has) = (start, false);
        }
        has = has || is_kind_secret(line);
        start += line.len();
    }
    if has {
        found.push((first, start));
    }
    found
}

fn is_kind_secret(line: &str) -> bool {
    if !line.contains("kind") {
        return false;
    }
    let plain = line.replace(['"', '\''], "");
    plain.match_indices("kind:").any(|(at, kind)| {
        let rest = plain[at + kind.len()..].trim_start();
        rest.strip_prefix("Secret").is_some_and(|rest| !rest.starts_with(|it: char| it.is_ascii_alphanumeric()))
    })
}

/// Where the values begin in a line `data: …` or `"stringData": …`; its end when they are in the lines below.
fn data_of_secret(line: &str) -> Option<usize> {
    let inner = line.trim_start_matches(['{', ' ', '"', '-']);
    let rest = inner.strip_prefix("data").or_else(|| inner.strip_prefix("stringData"))?;
    let rest = rest.trim_start_matches('"').strip_prefix(':')?.trim_start();
    Some(if rest == "{" { line.len() } else { line.len() - rest.len() })
}

/// Where the value behind `key:` begins.
fn after_key(line: &str) -> Option<usize> {
    let at = line.find(':')? + 1;
    let rest = &line[at..];
    Some(at + rest.len() - rest.trim_start().len())
}

/// A line that is nothing but one word.
fn is_word(line: &str) -> bool {
    let line = line.strip_prefix("- ").unwrap_or(line).trim_matches(['"', '\'', ',', ';']);
    let part_of_secret = |it: char| it.is_ascii_alphanumeric() || "+/=_.!$%&*#?@-".contains(it);
    !line.is_empty() && line.chars().all(part_of_secret)
}

/// Whether a line, made [`plain`], ends with a word for secrets, as a flag does whose value is the next item of a list.
fn ends_with_word(plain: &str) -> bool {
    let plain = plain.trim_end_matches(['"', '\'', ',']);
    SECRET_WORDS.iter().any(|word| {
        plain.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with([' ', '-', '"', '\'', '\t']))
    })
}

/// Where a line gives a variable a secret's name (`name: DB_PASSWORD`): behind that name.
fn names_secret(line: &str) -> Option<usize> {
    let at = line.find("name")? + "name".len();
    let rest = line[at..].trim_start_matches(['"', '\'']).strip_prefix(':')?.trim_start_matches([' ', '"', '\'']);
    let name = &rest[..rest.find(['"', '\'', ',', ' ', '}']).unwrap_or(rest.len())];
    let plain = plain(name);
    let secret = SECRET_WORDS.iter().any(|word| whole_words(&plain, word).next().is_some());
    secret.then(|| line.len() - rest.len() + name.len())
}

/// The value of a variable in what follows `from`: behind `value:`, to the end of the line.
fn value_of_variable(line: &str, from: usize) -> Option<(usize, usize)> {
    let at = from + line[from..].find("value")? + "value".len();
    let rest = line[at..].trim_start_matches(['"', '\'']).strip_prefix(':')?.trim_start_matches([' ', '"', '\'']);
    let start = line.len() - rest.len();
    Some((start, start + trimmed(rest).len()))
}

/// The same text with hidden ranges replaced by asterisks, so that marks still stand where they stood. `from` is where
/// the text begins in what `hidden` was made of.
pub(crate) fn redact<'t>(text: &'t str, from: usize, hidden: &[(usize, usize)]) -> Cow<'t, str> {
    let first = hidden.partition_point(|(_, end)| *end <= from);
    let within = hidden[first..].iter().take_while(|(start, _)| *start < from + text.len());
    let mut out = String::new();
    let mut at = 0;
    for (start, end) in within {
        let (start, end) = (start.saturating_sub(from).max(at), (end - from).min(text.len()));
        let (Some(before), Some(secret)) = (text.get(at..start), text.get(start..end)) else { continue };
        out.push_str(before);
        out.extend(std::iter::repeat_n('*', secret.len()));
        at = end;
    }
    if at == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// The same diagnostic without secrets that its message, labels or advice quote from the lines it marks.
pub(crate) fn without_secrets<'d>(diagnostic: &'d Diagnostic, sources: &Sources) -> Cow<'d, Diagnostic> {
    let mut secrets: BTreeSet<&str> = BTreeSet::new();
    for mark in &diagnostic.annotations {
        let source = sources.get(mark.span.source);
        let hidden = source.hidden();
        let from = source.line_start(source.position(mark.span.start).line);
        let until = source.line_start(source.position(mark.span.end).line + 1);
        let first = hidden.partition_point(|(_, end)| *end <= from);
        for (start, end) in hidden[first..].iter().take_while(|(start, _)| *start < until) {
            // A mark over a large block must not make this slow; its first lines are what a message may quote.
            let end = source.floor_char_boundary((*end).min(start + LONGEST_SECRET));
            let Some(text) = source.text.get(*start..end) else { continue };
            secrets.insert(text.trim_matches(['"', '\'']));
            let separators = |it: char| it.is_whitespace() || "\"',;{}[]()".contains(it);
            secrets.extend(text.split(separators).filter(|word| !word.ends_with([':', '='])));
        }
    }
    secrets.retain(|secret| !secret.is_empty());
    if secrets.is_empty() {
        return Cow::Borrowed(diagnostic);
    }
    let mut clean = diagnostic.clone();
    let hide = |text: &mut String| {
        // The longest first, so that no part of one is left over.
        let mut words: Vec<&str> = secrets.iter().copied().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in words {
            let quoted = format!("`{word}`");
            if text.contains(&quoted) {
                *text = text.replace(&quoted, "`***`");
            }
            if word.len() >= SHORTEST_BARE && text.contains(word) {
                *text = text.replace(word, "***");
            }
        }
    };
    hide(&mut clean.message);
    clean.annotations.iter_mut().for_each(|mark| hide(&mut mark.label));
    clean.breaks.iter_mut().chain(&mut clean.help).chain(&mut clean.notes).for_each(hide);
    Cow::Owned(clean)
}

/// Bytes of a secret that a message may quote.
const LONGEST_SECRET: usize = 4 << 10;
/// Letters from which a secret is hidden in a message where it stands without quotes; shorter ones are in many words.
const SHORTEST_BARE: usize = 6;

/// Lower case by letter for letter and `-` for `_`, so that offsets stay those of the line.
fn plain(line: &str) -> String {
    line.chars().map(|letter| if letter == '_' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

/// Without the quotes, `;` and `}` of the file's syntax behind a value.
fn trimmed(value: &str) -> &str {
    value.trim_end_matches([' ', '\t', ';', '}', ']', '"', '\'', ','])
}

/// The byte range of the value behind the first secret word that has one: up to the end of the line. `plain` is the line
/// made [`plain`].
fn secret_value(line: &str, plain: &str) -> Option<(usize, usize)> {
    if let Some(found) = names_secret(line).and_then(|from| value_of_variable(line, from)) {
        return Some(found);
    }
    let mut ends: Vec<usize> = SECRET_WORDS.iter().flat_map(|word| whole_words(plain, word)).collect();
    ends.sort_unstable();
    ends.into_iter().find_map(|end_of_word| {
        let rest = &line[end_of_word..];
        let skipped = rest.len() - rest.trim_start_matches([' ', '\t', ':', '=', '"', '\'', ',']).len();
        // A word at the end of a line introduces a block or a key of its own, and so does `secretName: x`.
        let value = trimmed(&rest[skipped..]);
        if skipped == 0 || value.is_empty() || value.starts_with('/') {
            return None;
        }
        // What a template fills in is no secret, but what stands behind it may be a part of one.
        let value = match value.strip_prefix("{{").and_then(|inner| inner.split_once("}}")) {
            Some((_, behind)) => trimmed(behind.trim_start()),
            None if value.starts_with('{') => return None,
            None => value,
        };
        if value.is_empty() {
            return None;
        }
        let end = end_of_word + skipped + trimmed(&rest[skipped..]).len();
        Some((end - value.len(), end))
    })
}

/// Where a word ends that stands alone in a line, each time.
fn whole_words<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let boundary = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_ascii_alphanumeric());
    line.match_indices(word).filter_map(move |(at, _)| {
        let end = at + word.len();
        (boundary(line[..at].chars().next_back()) && boundary(line[end..].chars().next())).then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        redact(text, 0, &hidden(text)).into_owned()
    }

    #[test]
    fn secrets_of_usual_files_are_hidden_and_nothing_moves() {
        for (text, expected) in [
            ("        auth_pass correct-horse\n", "        auth_pass *************\n"),
            ("  secret \"c2VjcmV0\";\n", "  secret \"********\";\n"),
            ("password: hunter2\nname: x\n", "password: *******\nname: x\n"),
            ("- --rfc2136-tsig-secret=abc=\n", "- --rfc2136-tsig-secret=****\n"),
            ("secretName: tls\n", "secretName: tls\n"),
            ("secret:\n  name: x\n", "secret:\n  name: x\n"),
            ("passwordSecret: { name: bgp }\n", "passwordSecret: { name: bgp }\n"),
            ("ssl-token /etc/x\n", "ssl-token /etc/x\n"),
            ("password: |\n  hunter2\nname: x\n", "password: |\n  *******\nname: x\n"),
            ("  auth_pass\n    hunter2\n", "  auth_pass\n    *******\n"),
            ("auth_pass {{ vault }}\n", "auth_pass {{ vault }}\n"),
            ("auth_pass {{ x }}abc\n", "auth_pass {{ x }}***\n"),
            ("- --password\n- hunter2\n", "- --password\n- *******\n"),
            ("args: [\"--password\", \"x1\"]\n", "args: [\"--password\", \"**\"]\n"),
            ("- name: DB_PASSWORD\n  value: abc\n", "- name: DB_PASSWORD\n  value: ***\n"),
            ("- name: A_TOKEN\n  value: abc\n  value: abc\n", "- name: A_TOKEN\n  value: ***\n  value: ***\n"),
            ("[{name: DB_PASSWORD, value: abc}]\n", "[{name: DB_PASSWORD, value: ***}]\n"),
            ("hdr Authorization \"Bearer abc\"\n", "hdr Authorization \"**********\"\n"),
            ("kind: Secret\ndata:\n  a: abc\ntype: Opaque\n", "kind: Secret\ndata:\n  a: ***\ntype: Opaque\n"),
            ("kind: ConfigMap\ndata:\n  a: abc\n", "kind: ConfigMap\ndata:\n  a: abc\n"),
            (
                "kind: Secret\ndata: {a: abc}\n---\ndata:\n  a: abc\n",
                "kind: Secret\ndata: ********\n---\ndata:\n  a: abc\n",
            ),
        ] {
            assert_eq!(shown(text), expected);
        }
        let key = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nx\n";
        assert_eq!(shown(key), "-----BEGIN EC PRIVATE KEY-----\n****\n-----END EC PRIVATE KEY-----\nx\n");
    }

    #[test]
    fn lines_without_a_secret_word_change_nothing() {
        for word in SECRET_WORDS {
            let plain = word.replace(' ', "-");
            assert!(STEMS.iter().any(|stem| plain.contains(stem)), "{word} has no stem");
        }
        let text = "a b\n\nTOKEN=abc\nc\n  Auth_Pass\n  hunter2\n\n\nkind: Secret\nstringData:\n  a: b\n\nx\n---\n\nstats auth me:you\n";
        let expected = "a b\n\nTOKEN=***\nc\n  Auth_Pass\n  *******\n\n\nkind: Secret\nstringData:\n  a: *\n\nx\n---\n\nstats auth ******\n";
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn many_lines_take_no_time() {
        // Work on all lines for each line would be 10^10 to 10^12 steps, and this would not end.
        for (line, secrets) in
            [("\n", 0), ("a b\n", 0), ("key\n", 0), ("name: a\n", 0), ("kind: Secret\n", 0), ("password: x\n", 1)]
        {
            let lines = (2 << 20) / line.len();
            assert_eq!(hidden(&line.repeat(lines)).len(), secrets * lines, "{line:?}");
        }
    }

    #[test]
    fn a_part_of_a_text_is_hidden_like_the_whole() {
        let text = "kind: Secret\ndata:\n  a: abc\n  b: déf\n";
        let hidden = hidden(text);
        let from = text.find("  b").expect("it is there");
        assert_eq!(redact(&text[from..], from, &hidden), "  b: ****\n");
        assert_eq!(redact(&text[..from], 0, &hidden), "kind: Secret\ndata:\n  a: ***\n");
    }

    #[test]
    fn messages_quote_no_secret() {
        let mut sources = Sources::new();
        let id = sources.add("x", "auth_pass hunter2 abc\n");
        let problem = Diagnostic::error("`abc` and hunter2 mean nothing").at(crate::Span::new(id, 18, 21), "`abc`");
        let shown = without_secrets(&problem, &sources);
        assert_eq!(shown.message, "`***` and *** mean nothing");
        assert_eq!(shown.annotations[0].label, "`***`");
    }
}
