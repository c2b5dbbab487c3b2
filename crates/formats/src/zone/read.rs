//! Reading master files.

use plimsoll_diagnostics::{SourceId, Sources, Span, Spanned};

use crate::input::Input;
use crate::report::shorten;
use crate::{Read, placeholder};

use super::{Data, Entry, Record, Soa, Text, Zone};

/// An entry's words, over several lines when in parentheses.
struct Words {
    list: Vec<Text>,
    /// The first line starts with a blank: no owner.
    blank: bool,
}

/// Reads a zone file. A line that is no record is reported and kept.
pub fn read(source: SourceId, sources: &Sources) -> Read<Zone> {
    let mut input = Input::new(source, sources);
    let mut zone = Zone::default();
    for words in entries(&mut input) {
        let entry = entry(&mut input, words);
        zone.entries.push(entry);
    }
    input.done(zone)
}

fn entries(input: &mut Input<'_>) -> Vec<Words> {
    let text = input.text.trim_start_matches('\u{feff}');
    let base = input.text.len() - text.len();
    let mut entries = Vec::new();
    let mut words = Words { list: Vec::new(), blank: false };
    let mut open: Option<usize> = None;
    let mut at = 0;
    let mut line_start = true;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        match letter {
            '\n' => {
                at += 1;
                line_start = true;
                if open.is_none() && !words.list.is_empty() {
                    entries.push(std::mem::replace(&mut words, Words { list: Vec::new(), blank: false }));
                }
                continue;
            }
            ';' => at += rest.find('\n').unwrap_or(rest.len()),
            '(' => {
                open.get_or_insert(at);
                at += 1;
            }
            ')' => {
                if open.take().is_none() {
                    let span = input.span(base + at, base + at + 1);
                    input.syntax("`)` closes nothing", span, "");
                }
                at += 1;
            }
            _ if letter.is_whitespace() => {
                if line_start && open.is_none() {
                    words.blank = true;
                }
                at += letter.len_utf8();
            }
            _ => {
                if line_start && open.is_none() {
                    words.blank = false;
                }
                let (word, length) = word(input, base + at);
                if word.quoted || !word.text.value.is_empty() {
                    words.list.push(word);
                }
                at += length.max(1);
            }
        }
        line_start = false;
    }
    if let Some(at) = open {
        let span = input.span(base + at, base + at + 1);
        input.syntax("`(` is not closed", span, "opened here");
    }
    if !words.list.is_empty() {
        entries.push(words);
    }
    entries
}

fn word(input: &mut Input<'_>, start: usize) -> (Text, usize) {
    let rest = &input.text[start..];
    let quoted = rest.starts_with('"');
    let mut at = usize::from(quoted);
    let mut closed = !quoted;
    let mut escaped = false;
    while let Some(letter) = rest[at..].chars().next() {
        if letter == '\n' {
            break;
        }
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if quoted && letter == '"' {
            closed = true;
            break;
        } else if !quoted {
            if let Some(end) = placeholder::starts(&rest[at..]) {
                at += end;
                continue;
            }
            if letter.is_whitespace() || matches!(letter, ';' | '(' | ')' | '"') {
                break;
            }
        }
        at += letter.len_utf8();
    }
    let mut text = rest[usize::from(quoted)..at].trim_end_matches('\r');
    if (text.len() - text.trim_end_matches('\\').len()) % 2 == 1 {
        // A lone `\` at the end of a line escapes nothing; kept, it would escape what a writer puts after it.
        text = &text[..text.len() - 1];
    }
    let length = if quoted && closed { at + 1 } else { at };
    let span = input.span(start, start + length);
    if !closed {
        input.syntax("the string is not closed on its line", span, "opened here");
    }
    (Text { text: Spanned::at(text.to_owned(), span), quoted }, length)
}

fn span_of(words: &[Text], input: &Input<'_>) -> Span {
    let mut spans = words.iter().filter_map(|word| word.text.span);
    let first = spans.next().unwrap_or(input.span(0, 0));
    spans.next_back().map_or(first, |last| first.to(last))
}

fn entry(input: &mut Input<'_>, words: Words) -> Entry {
    let whole = span_of(&words.list, input);
    let open = input.open_places(whole.start as usize, whole.end as usize);
    let first = words.list[0].text.value.as_str();
    if first.starts_with('$') && placeholder::find(first).is_none() && !words.blank {
        return directive(input, words.list, whole);
    }
    if first.starts_with("{%") {
        return Entry::Unknown { blank: words.blank, words: words.list };
    }
    match record(input, &words, whole, open) {
        Some(record) => Entry::Record(record),
        None => Entry::Unknown { blank: words.blank, words: words.list },
    }
}

fn directive(input: &mut Input<'_>, words: Vec<Text>, whole: Span) -> Entry {
    let value = words.get(1).map(|word| word.text.clone());
    match (words[0].text.value.to_ascii_uppercase().as_str(), value) {
        ("$ORIGIN", Some(name)) if words.len() == 2 && !words[1].quoted && !name.value.is_empty() => {
            Entry::Origin(name)
        }
        ("$TTL", Some(ttl)) if words.len() == 2 => {
            if let Some(value) = seconds(&ttl.value) {
                Entry::Ttl(Spanned { value, span: ttl.span })
            } else {
                let span = ttl.span.unwrap_or(whole);
                let _ = input.value_by::<u32>(&ttl.value, span, "a number of seconds", |_| None);
                Entry::Directive(words)
            }
        }
        ("$INCLUDE", Some(file)) => {
            input.included(&file);
            Entry::Directive(words)
        }
        ("$GENERATE", _) => Entry::Directive(words),
        _ => {
            input.unknown("no directive of zone files", whole, "kept as written");
            Entry::Directive(words)
        }
    }
}

/// `None` for what is no record, which is then reported unless a template left it open.
fn record(input: &mut Input<'_>, words: &Words, whole: Span, open: bool) -> Option<Record> {
    let mut rest = words.list.as_slice();
    let mut owner = None;
    if !words.blank {
        let (first, others) = rest.split_first()?;
        if first.quoted {
            input.bad_value("a line starts with a string instead of a name", whole, "");
            return None;
        }
        owner = Some(first.text.clone());
        rest = others;
    }
    let (mut ttl, mut class) = (None, None);
    loop {
        let Some((word, others)) = rest.split_first() else {
            if !open {
                input.bad_value("this line is no record: it has no kind", whole, "kept as written");
            }
            return None;
        };
        let text = &word.text;
        let upper = text.value.to_ascii_uppercase();
        if class.is_none() && matches!(upper.as_str(), "IN" | "CH" | "HS" | "CS") {
            class = Some(Spanned { value: upper, span: text.span });
        } else if let (None, Some(value)) = (&ttl, seconds(&text.value)) {
            ttl = Some(Spanned { value, span: text.span });
        } else {
            let known = upper.starts_with(|letter: char| letter.is_ascii_uppercase())
                && upper.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !word.quoted;
            if !known {
                if !open {
                    let message = format!("`{}` is no kind of record", shorten(&text.value));
                    input.bad_value(message, text.span.unwrap_or(whole), "");
                }
                return None;
            }
            let span = text.span.unwrap_or(whole).to(whole);
            let data = data(input, &upper, others, text.span.unwrap_or(whole), open);
            return Some(Record { owner, ttl, class, data: Spanned::at(data, span) });
        }
        rest = others;
    }
}

fn data(input: &mut Input<'_>, kind: &str, words: &[Text], span: Span, open: bool) -> Data {
    if let Some(data) = typed(kind, words) {
        return data;
    }
    let expected = match kind {
        "A" => "an IPv4 address",
        "AAAA" => "an IPv6 address",
        "NS" | "PTR" | "CNAME" => "one name",
        "TXT" => "at least one text",
        "MX" => "a preference and a name",
        "SRV" => "priority, weight, port and target",
        "CAA" => "flags, tag and value",
        "SOA" => "two names, serial, refresh, retry, expire and minimum",
        _ => "",
    };
    if !expected.is_empty() && !open {
        input.bad_value(format!("`{kind}` needs {expected}"), span, "kept as written");
    }
    Data::Other { kind: kind.to_owned(), words: words.to_vec() }
}

fn typed(kind: &str, words: &[Text]) -> Option<Data> {
    // A place left open is no name and no number; a text may well hold one, which is reported all the same.
    if kind != "TXT" && words.iter().any(|word| placeholder::find(&word.text.value).is_some()) {
        return None;
    }
    let bare = |word: &Text| (!word.quoted && !word.text.value.is_empty()).then(|| word.text.value.clone());
    let number = |word: &Text| word.text.value.parse().ok().filter(|_| !word.quoted);
    Some(match (kind, words) {
        ("A", [address]) => Data::A(bare(address)?.parse().ok()?),
        ("AAAA", [address]) => Data::Aaaa(bare(address)?.parse().ok()?),
        ("NS", [name]) => Data::Ns(bare(name)?),
        ("PTR", [name]) => Data::Ptr(bare(name)?),
        ("CNAME", [name]) => Data::Cname(bare(name)?),
        ("TXT", [_, ..]) => Data::Txt(words.iter().map(|word| word.text.value.clone()).collect()),
        ("MX", [preference, name]) => Data::Mx { preference: number(preference)?, exchange: bare(name)? },
        ("SRV", [priority, weight, port, target]) => Data::Srv {
            priority: number(priority)?,
            weight: number(weight)?,
            port: number(port)?,
            target: bare(target)?,
        },
        ("CAA", [flags, tag, value]) => {
            Data::Caa { flags: flags.text.value.parse().ok()?, tag: bare(tag)?, value: value.text.value.clone() }
        }
        ("SOA", [primary, contact, serial, refresh, retry, expire, minimum]) => Data::Soa(Soa {
            primary: bare(primary)?,
            contact: bare(contact)?,
            serial: serial.text.value.parse().ok()?,
            refresh: seconds(&refresh.text.value)?,
            retry: seconds(&retry.text.value)?,
            expire: seconds(&expire.text.value)?,
            minimum: seconds(&minimum.text.value)?,
        }),
        _ => return None,
    })
}

/// A time as zone files state it, in seconds: `3600`, `1h`, `1w2d`. `None` when it is none, or more than 32 bits hold.
pub fn seconds(word: &str) -> Option<u32> {
    if !word.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let (mut total, mut number, mut digits) = (0_u32, 0_u32, false);
    for letter in word.chars() {
        if let Some(digit) = letter.to_digit(10) {
            number = number.checked_mul(10)?.checked_add(digit)?;
            digits = true;
            continue;
        }
        let unit = match letter.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        if !digits {
            return None;
        }
        total = total.checked_add(number.checked_mul(unit)?)?;
        (number, digits) = (0, false);
    }
    total.checked_add(number)
}
