//! Files as large as a reader takes, made to be dear: what grows faster than its input shows here and nowhere else.

use std::fmt::Write as _;

/// A little less than what readers read.
pub(crate) const SIZE: usize = (4 << 20) - 100;

/// As much of a pattern as fits, `#` being the number of the piece and `%` a number in the range of one byte.
pub(crate) fn many(before: &str, piece: &str, after: &str) -> String {
    filled(SIZE, before, piece, after)
}

/// The same, of `size` bytes at most.
pub(crate) fn filled(size: usize, before: &str, piece: &str, after: &str) -> String {
    let mut out = String::with_capacity(size);
    out.push_str(before);
    let mut number = 0;
    loop {
        let one = piece
            .replace("#+", &(number + 1).to_string())
            .replace('#', &number.to_string())
            .replace('%', &(number % 250 + 1).to_string())
            .replace('~', &(number / 250 % 250).to_string());
        if out.len() + one.len() + after.len() > size {
            break;
        }
        out.push_str(&one);
        number += 1;
    }
    out.push_str(after);
    out
}

/// Inputs for every reader, with their names, made from a good file of its format.
pub(crate) fn large(good: &str, mut add: impl FnMut(&str, Vec<u8>)) {
    for (name, piece) in [
        ("4 MB: one word", "a"),
        ("4 MB: one line of words", "a b "),
        ("4 MB: short lines", "a b\n"),
        ("4 MB: keys", "k#: v\n"),
        ("4 MB: one key", "k: v\n"),
        ("4 MB: settings", "k# = v\n"),
        ("4 MB: templates", "{{ x }} "),
        ("4 MB: lines of templates", "{{ x }}\n"),
        ("4 MB: half templates", "{{ "),
        ("4 MB: variables", "${"),
        ("4 MB: quotes", "\""),
        ("4 MB: quoted lines", "\"a\"\n"),
        ("4 MB: one comment", "#"),
        ("4 MB: statements on a line", "a;"),
        ("4 MB: continued lines", "\\\n"),
        ("4 MB: continued words", "aaaaaaaaaaaaaaaa \\\n"),
        ("4 MB: braces", "a { "),
        ("4 MB: blocks", "a# {\n b c\n}\n"),
        ("4 MB: closing", "}\n"),
        ("4 MB: sections", "[s#]\na = b\n"),
        ("4 MB: list", "- a\n"),
    ] {
        add(name, many("", piece, "").into_bytes());
    }
    add("4 MB: not UTF-8", b"\xff\xfe\xc3(".repeat(SIZE / 4));
    let stairs = (0..2800).map(|depth| format!("{}a:\n", " ".repeat(depth)));
    add("4 MB: stairs", stairs.collect::<String>().into_bytes());
    let copies = SIZE / good.len().max(1);
    add("4 MB: copies", good.repeat(copies).into_bytes());
    add("4 MB: copies as documents", format!("{good}---\n").repeat(SIZE / (good.len() + 4)).into_bytes());
    let lines: Vec<&str> = good.split_inclusive('\n').collect();
    let each = SIZE / good.len().max(1);
    let repeated = lines.iter().flat_map(|line| std::iter::repeat_n(*line, each));
    add("4 MB: each line many times", repeated.collect::<String>().into_bytes());
    // Every number another, so that nothing is a repetition.
    let mut counted = String::with_capacity(SIZE);
    'all: for copy in 0..copies {
        for line in &lines {
            let line = line.trim_end_matches('\n');
            let word = line.chars().rev().take_while(char::is_ascii_alphanumeric).count();
            let _ = writeln!(counted, "{line}{}", if word > 0 { copy.to_string() } else { String::new() });
            if counted.len() > SIZE {
                break 'all;
            }
        }
    }
    counted.truncate(SIZE.min(counted.floor_char_boundary(SIZE)));
    add("4 MB: copies, each another", counted.into_bytes());
}

/// Entries for a section of the cluster file.
const CLUSTERS: &[(&str, &str)] = &[
    ("feeds: {", " f#: { from: utility }, "),
    ("external:", "  e#: { kind: router, asn: 64520, addresses: { kube: 10.~.%.1 } }\n"),
    ("switches:", "  s#: { rack: r1, power: [a, b], ports: 48x25G, mtu: 9216 }\n"),
    ("networks:", "  n#: { vlan: %, ipv4: 10.~.%.0/24, for: [zone] }\n"),
    (
        "hosts:",
        "  h#: { platform: { kind: proxmox, version: \"9.1\", vmids: 2000-2099 }, rack: r1, power: [a, b], cpu: 8, \
         memory: 64GiB, nics: { eno1: { ports: [oob-1], speed: 1G, networks: [oob] } }, disks: { boot: 2x480GB ssd mirror } }\n",
    ),
    ("hosts:", "  h#-1..500: { cpu: 1, memory: 1GiB }\n"),
    (
        "machines:",
        "  m#: { role: worker, host: pve-1, cpu: 1, memory: 1GiB, disks: { os: boot 1GiB }, networks: [kube], drain: stop }\n",
    ),
    ("ingress: {", " a#: 10.~.%.0/26, "),
    ("tenants:", "  t#: { cpu: 1, memory: 1GiB }\n"),
    ("accept:", "  c#: { reason: a }\n"),
];

/// Inputs for the cluster file: a good one with far more entries in one of its sections.
pub(crate) fn clusters(good: &str, add: &mut dyn FnMut(&str, Vec<u8>)) {
    for (section, piece) in CLUSTERS {
        let Some(at) = good.find(section) else { continue };
        let at = at + section.len();
        let at = if section.ends_with('{') { at } else { good[at..].find('\n').map_or(at, |end| at + end + 1) };
        let all = many("", piece, "");
        for most in [100, 1000, usize::MAX] {
            let end =
                all.match_indices(piece.split('#').next().unwrap_or_default()).nth(most).map_or(all.len(), |it| it.0);
            let end = end.min(SIZE.saturating_sub(good.len()));
            let text = [&good[..at], &all[..end], &good[at..]].concat();
            let most = if most == usize::MAX { "4 MB".to_owned() } else { most.to_string() };
            let name = piece.split_whitespace().next().unwrap_or_default().trim_end_matches(':');
            add(&format!("{most} of {name} more in {section}"), text.into_bytes());
        }
    }
}

/// Entries that a lock file has at most.
const MOST_ENTRIES: usize = 20_000;

/// Inputs for the lock file: many entries, good, doubled and broken.
pub(crate) fn locks(add: &mut dyn FnMut(&str, Vec<u8>)) {
    for (name, piece) in [
        ("addresses", "address network/kube machine/m# 10.0.~.%\n"),
        ("addresses in use", "address network/kube machine/m# 10.30.12.%\n"),
        ("guests", "vmid proxmox machine/m# #\n"),
        ("what is removed", "address network/n# machine/m# 10.0.~.% removed\n"),
        ("ports", "port switch/s# host/h# 1\n"),
        ("one entry", "vrid network/kube api 51\n"),
        ("entries of no kind", "adress network/kube m# 10.0.~.%\n"),
        ("values that are none", "vrid network/kube api 0\n"),
        ("conflicts", "<<<<<<< a\n"),
    ] {
        let text = many("plimsoll-lock 1\n", piece, "");
        // As many as are read, the first line being the header.
        let end = text.match_indices('\n').nth(MOST_ENTRIES).map_or(text.len(), |(end, _)| end + 1);
        add(&format!("{MOST_ENTRIES}: {name}"), text.as_bytes()[..end].to_vec());
        add(&format!("4 MB: {name}"), text.into_bytes());
    }
}
