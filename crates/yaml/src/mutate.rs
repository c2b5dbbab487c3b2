//! Broken variants of a text, the same from the same seed: what readers are tried with.

/// A small, fast generator of numbers (splitmix64, Vigna 2015); not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts at a seed.
    pub const fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next_u64() % bound as u64) as usize }
    }

    /// One of a list.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// Fragments that have hurt readers of one format or another.
const NASTY: &[&str] = &[
    "null",
    "~",
    "true",
    "no",
    "-1",
    "0",
    "99999999999999999999",
    "1e999",
    "0x",
    ".nan",
    "[]",
    "{}",
    "[[",
    "}}",
    "- -",
    "\t",
    "\r",
    "\u{0}",
    "\u{feff}",
    "\u{2028}",
    "ä",
    "𝕏",
    "\"",
    "'",
    "\\",
    "#",
    "&a",
    "*a",
    "<<: *a",
    "!tag",
    "%YAML 1.1",
    "---",
    "...",
    "|",
    ">",
    "? ",
    ": ",
    "{{ x }}",
    "{% if %}",
    "${X}",
    "@include",
    "include /etc/*",
    "::/0",
    "0.0.0.0/0",
    "10.0.0.1-0",
    "a..b",
    "a-9..1",
    "1..999999999",
    "0TiB",
    "1GiBGiB",
    ";",
    "*/",
    "/*",
    "(",
    ")",
    "}",
    "{",
];

/// Bytes of the longest variant; also between two changes, since a long word in a line that is then repeated often makes
/// a gigabyte.
const LONGEST: usize = 2 << 20;

/// One broken variant of `text`, the same for the same `seed`. Usually some kilobytes long, at most 2 MiB; not always
/// valid UTF-8.
pub fn mutate(text: &str, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        bytes = once(&bytes, &mut random);
        bytes.truncate(LONGEST);
    }
    bytes
}

/// One change: the result is at most some times as long as the longer of `bytes` and [`LONGEST`].
fn once(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let at = random.below(bytes.len() + 1);
    let mut out = bytes.to_vec();
    match random.below(16) {
        // Cut short, or cut out.
        0 => out.truncate(at),
        1 => {
            let to = (at + random.below(200)).min(out.len());
            out.drain(at..to);
        }
        // Lines: doubled, lost, swapped, moved in or out, glued.
        2..=6 => out = lines(bytes, random),
        // Something else in the place of a word.
        7 | 8 => {
            let (start, end) = word(bytes, at);
            let with = random.pick(NASTY).copied().unwrap_or_default();
            out.splice(start..end, with.bytes());
        }
        9 => {
            let with = random.pick(NASTY).copied().unwrap_or_default();
            out.splice(at..at, with.bytes());
        }
        // Bytes that are no text, or one flipped bit.
        10 => {
            out.splice(at..at, [0xff, 0xfe, 0x80, 0xc3]);
        }
        11 => {
            if let Some(byte) = out.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        // A long word, and many lines.
        12 => {
            let letter = *random.pick(b"a9.-:/ [{").unwrap_or(&b'a');
            out.splice(at..at, std::iter::repeat_n(letter, 1 << (6 + random.below(11))));
        }
        13 => {
            let (start, end) = line(bytes, at);
            let line = &bytes[start..end];
            let times = (1 << random.below(12)).min(LONGEST / line.len().max(1));
            out.splice(start..start, line.repeat(times));
        }
        // Deep nesting.
        14 => {
            let depth = 1 << (3 + random.below(12));
            let open = *random.pick(&["[", "{a: ", "- ", "(", "{ ", "a {\n"]).unwrap_or(&"[");
            out.splice(at..at, open.repeat(depth).into_bytes());
        }
        // Line ends of another system, or an alias bomb behind it.
        _ => {
            if random.below(2) == 0 {
                out = String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes();
            } else {
                out.extend_from_slice(alias_bomb(4 + random.below(40)).as_bytes());
            }
        }
    }
    out
}

/// A mapping whose `levels` levels each hold the one before ten times: 10^levels scalars if it were written out.
pub fn alias_bomb(levels: usize) -> String {
    let mut out = String::from("bomb0: &b0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..=levels {
        let one = format!("*b{}", level - 1);
        let all = vec![one; 10].join(", ");
        out.extend([format!("bomb{level}: &b{level} [{all}]\n")]);
    }
    out
}

/// Start and end of the line around a byte, the line end included.
fn line(bytes: &[u8], at: usize) -> (usize, usize) {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| at + newline + 1);
    (start, end)
}

/// Start and end of the word around a byte.
fn word(bytes: &[u8], at: usize) -> (usize, usize) {
    let inner = |byte: &u8| !byte.is_ascii_whitespace() && !b",:{}[]\"'=;".contains(byte);
    let start = bytes[..at].iter().rposition(|byte| !inner(byte)).map_or(0, |before| before + 1);
    let end = bytes[at..].iter().position(|byte| !inner(byte)).map_or(bytes.len(), |after| at + after);
    (start, end)
}

fn lines(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (a, b) = (random.below(lines.len()), random.below(lines.len()));
    if lines.is_empty() {
        return Vec::new();
    }
    match random.below(7) {
        0 => {
            let copy = lines[a].clone();
            lines.insert(b, copy);
        }
        1 => {
            lines.remove(a);
        }
        2 => lines.swap(a, b),
        3 => {
            lines[a].splice(0..0, std::iter::repeat_n(b' ', 1 + random.below(5)));
        }
        4 => {
            let spaces = lines[a].iter().take_while(|byte| **byte == b' ').count().min(1 + random.below(5));
            lines[a].drain(..spaces);
        }
        5 => {
            lines[a].splice(0..0, [b'\t']);
        }
        _ => {
            lines[a].pop();
        }
    }
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_change_makes_a_long_text_far_longer() {
        let long = vec![b'x'; LONGEST];
        for seed in 0..100 {
            let length = once(&long, &mut Random::new(seed)).len();
            assert!(length <= 2 * LONGEST, "seed {seed} makes {length} bytes");
        }
    }

    #[test]
    fn a_variant_holds_no_more_memory_than_its_length_explains() {
        // Each ends in a long word; its line repeated, and that line repeated again, would be a gigabyte.
        let text = "a: b\n".repeat(8) + &"x".repeat(8 << 10);
        for seed in 0..4_000 {
            let held = mutate(&text, seed).capacity();
            assert!(held <= 4 * LONGEST, "seed {seed} holds {held} bytes");
        }
    }
}
