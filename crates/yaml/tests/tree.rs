//! The tree: positions, what is refused, what is bounded.

use plimsoll_diagnostics::render::{Style, text};
use plimsoll_diagnostics::{Diagnostics, Sources};
use plimsoll_yaml::{Dialect, Limits, Node, read_document, read_documents, read_with};

fn documents(yaml: &str) -> (Vec<Node>, String, Sources) {
    let mut sources = Sources::new();
    let id = sources.add("a.yaml", yaml);
    let (nodes, diagnostics) = read_documents(yaml, id);
    let shown = show(&diagnostics, &sources);
    (nodes, shown, sources)
}

fn show(diagnostics: &Diagnostics, sources: &Sources) -> String {
    diagnostics.iter().map(|diagnostic| text(diagnostic, sources, Style::default())).collect()
}

fn clean(yaml: &str) -> (Vec<Node>, Sources) {
    let (nodes, shown, sources) = documents(yaml);
    assert_eq!(shown, "");
    (nodes, sources)
}

#[test]
fn everything_knows_its_place() {
    let yaml = "# ä\nhosts:\n  pve-1: { cpu: 32, nics: [eno1, \"eno2\"] }\n  pve-2:\n    - a\n    - b: c\n\ntail: x\n";
    let (nodes, sources) = clean(yaml);
    let text = |node: &Node| sources.text(node.span.expect("a place")).to_owned();
    let hosts = nodes[0].get("hosts").expect("hosts");
    assert_eq!(text(hosts.at(&["pve-1"]).expect("it")), "{ cpu: 32, nics: [eno1, \"eno2\"] }");
    assert_eq!(text(hosts.at(&["pve-1", "cpu"]).expect("it")), "32");
    assert_eq!(text(hosts.at(&["pve-1", "nics"]).expect("it")), "[eno1, \"eno2\"]");
    assert_eq!(text(hosts.at(&["pve-2"]).expect("it")), "- a\n    - b: c");
    assert_eq!(text(hosts), "pve-1: { cpu: 32, nics: [eno1, \"eno2\"] }\n  pve-2:\n    - a\n    - b: c");
}

#[test]
fn windows_line_ends_a_byte_order_mark_and_empty_documents_are_fine() {
    let (nodes, sources) = clean("\u{feff}---\r\na: 1\r\nb: |\r\n  x\r\n...\r\n---\r\n---\r\n- c\r\n");
    assert_eq!(nodes.len(), 2);
    assert_eq!(sources.text(nodes[0].get("a").and_then(|node| node.span).expect("a place")), "1");
    assert_eq!(nodes[0].get("b").and_then(Node::as_str), Some("x\n"));
    let (nodes, sources) = clean("a: 1\nb: ä\n1: x\ntrue: y\n");
    assert_eq!(nodes[0].get("1").and_then(Node::as_str), Some("x"));
    assert_eq!(sources.text(nodes[0].get("b").and_then(|node| node.span).expect("a place")), "ä");
}

#[test]
fn a_broken_document_leaves_the_others() {
    let (nodes, shown, _) = documents("a: 1\n---\nb: [1, 2\n---\nc: 3\n");
    assert_eq!(nodes.len(), 2);
    assert!(nodes[1].get("c").is_some());
    assert_eq!(
        shown,
        "\
error[yaml-syntax]: broken YAML: unclosed bracket '['
 --> a.yaml:3:4
  |
3 | b: [1, 2
  |    ^ here
  |
  = note: the document in lines 2 to 3 is left out; reading goes on at line 4
"
    );
}

#[test]
fn templates_are_recognised() {
    let (_, shown, _) = documents("kind: {{ kind }}\n");
    assert!(shown.contains("= help: this looks like a template; give the rendered file instead"), "{shown}");
}

#[test]
fn a_key_given_twice_is_shown_at_both_places() {
    let (nodes, shown, _) = documents("a: 1\nb: 2\na: 3\n");
    assert_eq!(nodes[0].get("a").and_then(Node::as_str), Some("1"));
    assert_eq!(
        shown,
        "\
error[yaml-duplicate-key]: the key `a` is given twice
 --> a.yaml:3:1
  |
1 | a: 1
  | - first given here
2 | b: 2
3 | a: 3
  | ^ given again here
"
    );
}

#[test]
fn aliases_and_merge_keys_point_at_what_they_stand_for() {
    let yaml = "base: &b { cpu: 4, memory: 8 }\none: *b\ntwo: { <<: *b, cpu: 5 }\nthree: { <<: [*b, { disk: 1 }] }\n";
    let (nodes, sources) = clean(yaml);
    let root = &nodes[0];
    assert_eq!(root.at(&["one", "cpu"]).and_then(Node::as_str), Some("4"));
    assert_eq!(root.at(&["two", "cpu"]).and_then(Node::as_str), Some("5"));
    assert_eq!(root.at(&["three", "disk"]).and_then(Node::as_str), Some("1"));
    let memory = root.at(&["two", "memory"]).and_then(|node| node.span).expect("a place");
    assert_eq!(sources.locate(memory), "a.yaml:1:28");
    let (_, shown, _) = documents("a: *nobody\nb: &x [*x]\n");
    assert!(shown.contains("there is no anchor `nobody` before this alias"), "{shown}");
    assert!(shown.contains("an alias stands inside the value it stands for"), "{shown}");
}

#[test]
fn our_own_file_takes_no_anchors_aliases_merge_keys_or_tags() {
    let mut sources = Sources::new();
    let yaml = "a: &x { b: 1 }\nc: *x\nd: { <<: { e: 1 } }\nf: !vault g\n";
    let id = sources.add("cluster.yaml", yaml);
    let (_, diagnostics) = read_document(yaml, id);
    let messages: Vec<String> = diagnostics
        .iter()
        .map(|problem| format!("{} {}", sources.locate(problem.span().expect("a place")), problem.message))
        .collect();
    assert_eq!(
        messages,
        [
            "cluster.yaml:1:4 anchors are not read here",
            "cluster.yaml:2:4 aliases are not read here",
            "cluster.yaml:3:6 merge keys are not read here",
            "cluster.yaml:4:4 tags are not read here",
        ]
    );
}

#[test]
fn our_own_file_is_one_document() {
    let mut sources = Sources::new();
    for (yaml, message) in
        [("a: 1\n---\nb: 1\n", "the file holds more than one document"), ("# no\n", "the file is empty")]
    {
        let id = sources.add("cluster.yaml", yaml);
        let (_, diagnostics) = read_document(yaml, id);
        assert_eq!(diagnostics.iter().next().map(|problem| problem.message.as_str()), Some(message));
    }
}

#[test]
fn bombs_are_not_expanded() {
    let bomb = plimsoll_yaml::mutate::alias_bomb(30);
    let (nodes, shown, _) = documents(&bomb);
    assert!(nodes.is_empty());
    assert!(shown.contains("the text has more than 200000 nodes"), "{shown}");
    // Long texts multiplied count by their bytes.
    let long =
        format!("a: &a {}\nb: &b [{}]\nc: [{}]\n", "x".repeat(10_000), ["*a"; 100].join(","), ["*b"; 100].join(","));
    assert!(documents(&long).1.contains("the text expands to more than 16777216 bytes"));
}

#[test]
fn depth_is_bounded_also_by_way_of_aliases() {
    let deep = format!("a: {}{}\n", "[".repeat(1000), "]".repeat(1000));
    assert!(documents(&deep).1.contains("nest"), "{}", documents(&deep).1);
    let (nodes, _) = clean(&format!("a: {}{}\n", "[".repeat(60), "]".repeat(60)));
    assert_eq!(nodes[0].height(), 61);
    let mut steps = String::from("s0: &s0 [x]\n");
    for step in 1..80 {
        steps.extend([format!("s{step}: &s{step} [*s{}]\n", step - 1)]);
    }
    assert!(documents(&steps).1.contains("the text is nested more than 64 levels deep"));
}

#[test]
fn size_is_bounded() {
    let mut sources = Sources::new();
    let yaml = "a: 1\nb: 2\n";
    let id = sources.add("a.yaml", yaml);
    let (nodes, diagnostics) = read_with(yaml, id, Dialect::Full, Limits { bytes: 5, ..Limits::default() });
    assert!(nodes.is_empty() && diagnostics.has_errors());
}

#[test]
fn of_two_documents_none_is_read_as_the_file() {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", "a: 1\n---\nb: 1\n");
    let (node, diagnostics) = read_document("a: 1\n---\nb: 1\n", id);
    assert!(node.is_none() && diagnostics.iter().count() == 1);
}

#[test]
fn a_broken_document_costs_only_itself() {
    for (broken, lines) in [
        ("a: [1\nb: 2\n", (3, 5)),
        ("a: \"not closed\nb: 2\n", (3, 5)),
        ("a: b: c\n  - d\n", (3, 5)),
        ("a: 1\n\tb: 2\n", (3, 5)),
        ("{a: }}\nb\n", (3, 5)),
    ] {
        let text = format!("first: 1\n\n---\n{broken}---\nlast: 1\n---\n{broken}--- # and another\nvery: last\n");
        let mut sources = Sources::new();
        let id = sources.add("x.yaml", text.as_str());
        let (nodes, problems) = read_documents(&text, id);
        let keys: Vec<&str> =
            nodes.iter().filter_map(|node| node.as_mapping()?.first().map(|(key, _)| key.text.as_str())).collect();
        assert_eq!(keys, ["first", "last", "very"], "{broken:?}: {problems:?}");
        let (first, last) = lines;
        let said = format!("the document in lines {first} to {last} is left out; reading goes on at line {}", last + 1);
        assert_eq!(problems.len(), 2, "{broken:?}: {problems:?}");
        assert_eq!(problems.iter().next().expect("one").notes, [said]);
        // Places behind it are where they stand.
        let key = nodes[2].as_mapping().expect("a mapping")[0].0.span.expect("a place");
        assert_eq!(sources.text(key), "very");
    }
}

#[test]
fn what_follows_a_broken_last_document_is_said_to_be_left_out() {
    let text = "a: 1\n---\nb: [\nc: 1\n";
    let mut sources = Sources::new();
    let id = sources.add("x.yaml", text);
    let (nodes, problems) = read_documents(text, id);
    assert_eq!(nodes.len(), 1);
    assert_eq!(problems.iter().next().expect("one").notes, ["all from line 2 on is left out"]);
}
