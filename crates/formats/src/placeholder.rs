//! Templating left-overs: places that somebody meant to fill in.

use std::ops::Range;

/// Nobody writes a longer placeholder on one line; keeps the search linear in hostile text.
const LONGEST: usize = 256;

/// Length in bytes of the placeholder at the very start of `text`, if there is one.
///
/// Known forms: `{{ vip }}`, `{% if x %}` and `{# … #}` (Jinja, Go templates), `<%= vip %>` (ERB), `${VIP}`, `$(VIP)`,
/// `<VIP>`, `%VIP%`, `@VIP@` and `__VIP__`.
pub(crate) fn starts(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let pair = |open: usize, close: &str| find_within(text, open, close).map(|at| at + close.len());
    match (bytes.first()?, bytes.get(1).copied()?) {
        (b'{', b'{') => pair(2, "}}"),
        (b'{', b'%') => pair(2, "%}"),
        (b'{', b'#') => pair(2, "#}"),
        (b'<', b'%') => pair(2, "%>"),
        (b'$', b'{') => pair(2, "}"),
        (b'$', b'(') => pair(2, ")"),
        (b'<', _) => enclosed(text, 1, b">", |byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte)),
        (b'%', _) => named(text, 1, b"%"),
        (b'@', _) => named(text, 1, b"@"),
        (b'_', b'_') => named(text, 2, b"__"),
        _ => None,
    }
}

/// The first placeholder of a template language in `text`. For shell commands, where `$(…)`, `${…}` and `<` belong.
pub(crate) fn find_template(text: &str) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(at) = text[from..].find(['{', '<']).map(|at| at + from) {
        let opens = ["{{", "{%", "{#", "<%"].iter().any(|open| text[at..].starts_with(open));
        if let Some(length) = starts(&text[at..]).filter(|_| opens) {
            return Some(at..at + length);
        }
        from = at + 1;
    }
    None
}

/// What the pods of node-local-dns fill in themselves when they start, so that the manifests of a running cluster keep
/// them (Kubernetes documentation, Using NodeLocal DNSCache in Kubernetes Clusters).
const FILLED_BY_PODS: [&str; 2] = ["__PILLAR__CLUSTER__DNS__", "__PILLAR__UPSTREAM__SERVERS__"];

/// Length of what is no placeholder of a template at the very start of `text`, although it looks like one.
fn filled_later(text: &str) -> Option<usize> {
    FILLED_BY_PODS.iter().find(|word| text.starts_with(**word)).map(|word| word.len())
}

/// The first placeholder in `text`.
pub(crate) fn find(text: &str) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(at) = text[from..].find(['{', '$', '<', '%', '@', '_']).map(|at| at + from) {
        if let Some(length) = filled_later(&text[at..]) {
            from = at + length;
            continue;
        }
        if let Some(length) = starts(&text[at..]) {
            return Some(at..at + length);
        }
        from = at + 1;
    }
    None
}

/// Whether a statement is nothing but a place that somebody meant to fill in, so that any other statement may come of
/// it: `{{ extra_options }}`, `{% include 'x' %}`. Conditions and loops are none: what they hold is read as it stands.
pub fn fills_statement(text: &str) -> bool {
    let text = text.trim();
    let word = text.trim_start_matches(['{', '%', '-', '+']).trim_start();
    let control = text.starts_with("{#") || (text.starts_with("{%") && !word.starts_with("include"));
    !control && starts(text) == Some(text.len())
}

/// White space does not count towards the length, so that a reader who joins words by single spaces finds the same.
/// A second opening before the closing means that the first one opens nothing.
fn find_within(text: &str, from: usize, close: &str) -> Option<usize> {
    let mut left = LONGEST;
    let open = &text.as_bytes()[..from];
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match byte {
            b'\n' => return None,
            b' ' | b'\t' | b'\r' => {}
            _ if left == 0 => return None,
            _ if text.as_bytes()[at..].starts_with(close.as_bytes()) => return Some(at),
            _ if text.as_bytes()[at..].starts_with(open) => return None,
            _ => left -= 1,
        }
    }
    None
}

fn enclosed(text: &str, open: usize, close: &[u8], inside: impl Fn(u8) -> bool) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.get(open)?.is_ascii_alphabetic() {
        return None;
    }
    let length = bytes[open..].iter().take(LONGEST).take_while(|byte| inside(**byte)).count();
    let end = open + length;
    (bytes.get(end..)?.starts_with(close) && length > 0).then_some(end + close.len())
}

/// Upper-case names between markers that are also used for other things need at least two letters and an end.
fn named(text: &str, open: usize, close: &[u8]) -> Option<usize> {
    let bytes = text.as_bytes();
    if !bytes.get(open)?.is_ascii_uppercase() {
        return None;
    }
    let upper = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'_';
    let mut length = bytes[open..].iter().take(LONGEST).take_while(upper).count();
    if close == b"__" {
        let name = &bytes[open..open + length];
        length = name.windows(2).position(|pair| pair == b"__")?;
    }
    let end = open + length;
    let after = end + close.len();
    let ended = bytes.get(after).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    (length >= 2 && bytes.get(end..)?.starts_with(close) && ended).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::{fills_statement, find};

    #[test]
    fn a_place_that_is_a_whole_statement_may_be_anything() {
        for text in
            ["{{ options }}", " {{ a | join('\\n') }} ", "${EXTRA}", "<%= extra %>", "{% include 'x' %}", "@EXTRA@"]
        {
            assert!(fills_statement(text), "{text}");
        }
        for text in ["priority {{ p }}", "{% if x %}", "{%- endfor %}", "{# note #}", "{{ name }} 5", "weight 5", ""] {
            assert!(!fills_statement(text), "{text}");
        }
    }

    #[test]
    fn finds_what_nobody_filled_in() {
        for (text, found) in [
            ("a {{ vip }}/24", Some("{{ vip }}")),
            ("{% for x in y %}", Some("{% for x in y %}")),
            ("addr ${VIP}", Some("${VIP}")),
            ("addr <VIP>/24", Some("<VIP>")),
            ("addr <your vip>", Some("<your vip>")),
            ("addr %VIP%", Some("%VIP%")),
            ("addr @VIP@", Some("@VIP@")),
            ("addr __VIP__/24", Some("__VIP__")),
            ("forward . __PILLAR__CLUSTER__DNS__ {", None),
            ("forward . __PILLAR__UPSTREAM__SERVERS__", None),
            ("forward . __PILLAR__UPSTREAM__SERVERS__ {{ more }}", Some("{{ more }}")),
            ("bind __PILLAR__LOCAL__DNS__", Some("__DNS__")),
            ("log-format %ci:%cp\\ [%tr]\\ %ft\\ %b/%s", None),
            ("user@EXAMPLE.ORG", None),
            ("a < b > c", None),
            ("{ a }", None),
            ("{{ never closed", None),
        ] {
            assert_eq!(find(text).map(|range| &text[range]), found, "{text}");
        }
    }

    #[test]
    fn hostile_text_takes_no_time() {
        assert_eq!(find(&"{{<%$({".repeat(100_000)), None);
    }
}
