//! Inputs that no mutation makes: as a whole of another size, depth, encoding or type.

use plimsoll_yaml::mutate::alias_bomb;

/// The largest input that is tried, in bytes.
const HUGE: usize = 20 << 20;

/// Gives inputs made of a good file, with their names, one after the other: all at once would take much memory.
pub(crate) fn inputs(good: &str, mut add: impl FnMut(&str, Vec<u8>)) {
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    let step = (good.len() / 200).max(1);
    for end in (0..good.len()).step_by(step) {
        add(&format!("truncated after {end} bytes"), good.as_bytes()[..end].to_vec());
    }
    add("doubled", good.repeat(2).into_bytes());
    add("lines doubled", lines.iter().map(|line| line.repeat(2)).collect::<String>().into_bytes());
    add("a thousand times", good.repeat(1000.min(HUGE / good.len().max(1))).into_bytes());
    add("20 MB of copies", good.repeat(HUGE / good.len().max(1) + 1).into_bytes());
    add("indented", lines.iter().flat_map(|line| ["    ", *line]).collect::<String>().into_bytes());
    add("indented by tabs", lines.iter().flat_map(|line| ["\t", *line]).collect::<String>().into_bytes());
    add("not indented", lines.iter().map(|line| line.trim_start_matches(' ')).collect::<String>().into_bytes());
    let stairs = lines.iter().enumerate().map(|(n, line)| format!("{}{line}", " ".repeat(n)));
    add("ever deeper", stairs.collect::<String>().into_bytes());
    add("one line", good.replace('\n', " ").into_bytes());
    add("CR LF", good.replace('\n', "\r\n").into_bytes());
    add("CR", good.replace('\n', "\r").into_bytes());
    for (name, from, to) in [
        ("digits are words", "0123456789", "x"),
        ("digits are huge", "0123456789", "99999999999999999999"),
        ("colons are lists", ":", ": ["),
        ("braces gone", "{}", ""),
        ("quotes gone", "\"'", ""),
        ("spaces gone", " ", ""),
    ] {
        let text: String =
            good.chars().map(|letter| if from.contains(letter) { to.to_owned() } else { letter.to_string() }).collect();
        add(name, text.into_bytes());
    }
    for open in ["[", "{a: ", "- ", "(", "{", "a {\n", "{ \"a\": [", "\"", "? ", "<<: ", "${", "{{ ", "/*", "&a [*a, "]
    {
        for depth in [1000, 100_000, 1_000_000] {
            let name = format!("{depth} deep in {open:?}");
            add(&name, open.repeat(depth).into_bytes());
            add(&format!("{name} behind a good file"), [good, &open.repeat(depth)].concat().into_bytes());
        }
    }
    add("20 MB of one word", vec![b'x'; HUGE]);
    add("20 MB of line ends", vec![b'\n'; HUGE]);
    add("20 MB of spaces", vec![b' '; HUGE]);
    add("20 MB of zeros", vec![0; HUGE]);
    add("20 MB of continued lines", b"\\\n".repeat(HUGE / 2));
    add("20 MB of comments", b"# x\n".repeat(HUGE / 4));
    add("Latin-1", good.bytes().map(|byte| if byte == b'e' { 0xe9 } else { byte }).collect());
    add("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect());
    add("invalid UTF-8", (0..1 << 20).map(|n: u32| (n % 251) as u8).collect());
    for levels in [3, 9, 50] {
        let name = format!("alias bomb of {levels} levels");
        add(&name, alias_bomb(levels).into_bytes());
        add(&format!("{name} behind a good file"), [good, &alias_bomb(levels)].concat().into_bytes());
    }
    add("documents", b"---\n".repeat(300_000));
    add("templates", b"{{ x }}\n".repeat(200_000));
    add("keys", (0..90_000).map(|n| format!("k{n}: 1\n")).collect::<Vec<_>>().concat().into_bytes());
}
