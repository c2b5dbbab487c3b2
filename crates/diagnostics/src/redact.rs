//! Secrets in excerpts of people's files are not shown.

use std::borrow::Cow;

/// Words after which the rest of a value is a secret. Compared without case and with `-` for `_`.
const SECRET_WORDS: [&str; 12] = [
    "auth-pass",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "tsig-secret",
    "private-key",
    "certificate-key",
    "certificatekey",
    "secret-key",
    "api-key",
];

/// The same text with what looks like a secret value replaced by asterisks of the same length, so that marks still
/// stand where they stood: the value after a word such as `auth_pass` or `secret`, and the lines of private keys.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let mut hidden: Vec<(usize, usize)> = Vec::new();
    let mut in_key = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if content.contains("-----BEGIN") && content.contains("PRIVATE KEY") {
            in_key = true;
        } else if content.contains("-----END") {
            in_key = false;
        } else if in_key {
            let from = content.len() - content.trim_start().len();
            hidden.push((start + from, start + content.len()));
        } else if let Some((from, to)) = secret_value(content) {
            hidden.push((start + from, start + to));
        }
        start += line.len();
    }
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (from, to) in hidden {
        out.push_str(&text[at..from]);
        out.extend(std::iter::repeat_n('*', to - from));
        at = to;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// The byte range of the value behind a secret word: up to the end of the line, without quotes and the `;` or `}` of
/// the file's syntax behind it.
fn secret_value(line: &str) -> Option<(usize, usize)> {
    // Lower case by letter for letter, so that offsets stay those of the line.
    let plain: String =
        line.chars().map(|letter| if letter == '_' { '-' } else { letter.to_ascii_lowercase() }).collect();
    let end_of_word = SECRET_WORDS.iter().filter_map(|word| whole_word(&plain, word)).min()?;
    let rest = &line[end_of_word..];
    let skipped = rest.len() - rest.trim_start_matches([' ', '\t', ':', '=', '"', '\'']).len();
    // A word at the end of a line introduces a block or a key of its own, and so does `secretName: x`.
    let value = rest[skipped..].trim_end_matches([' ', '\t', ';', '}', '"', '\'', ',']);
    if skipped == 0 || value.is_empty() || value.starts_with('{') || value.starts_with('/') {
        return None;
    }
    Some((end_of_word + skipped, end_of_word + skipped + value.len()))
}

/// Where a word ends that stands alone in a line.
fn whole_word(line: &str, word: &str) -> Option<usize> {
    let boundary = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_ascii_alphanumeric());
    line.match_indices(word).find_map(|(at, _)| {
        let end = at + word.len();
        (boundary(line[..at].chars().next_back()) && boundary(line[end..].chars().next())).then_some(end)
    })
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_of_usual_files_are_hidden_and_nothing_moves() {
        for (text, shown) in [
            ("        auth_pass correct-horse\n", "        auth_pass *************\n"),
            ("  secret \"c2VjcmV0\";\n", "  secret \"********\";\n"),
            ("password: hunter2\nname: x\n", "password: *******\nname: x\n"),
            ("- --rfc2136-tsig-secret=abc=\n", "- --rfc2136-tsig-secret=****\n"),
            ("secretName: tls\n", "secretName: tls\n"),
            ("secret:\n  name: x\n", "secret:\n  name: x\n"),
            ("passwordSecret: { name: bgp }\n", "passwordSecret: { name: bgp }\n"),
            ("ssl-token /etc/x\n", "ssl-token /etc/x\n"),
        ] {
            assert_eq!(redact(text), shown);
            assert_eq!(redact(text).len(), text.len());
        }
        let key = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nx\n";
        assert_eq!(redact(key), "-----BEGIN EC PRIVATE KEY-----\n****\n-----END EC PRIVATE KEY-----\nx\n");
    }
}
