//! What manuals show of a cluster file must be what the grammar reads: people copy it.

use plimsoll_check::rules;
use plimsoll_diagnostics::Sources;

/// What a fragment need not have: the rest of the file stands around it.
const OF_THE_WHOLE: [&str; 1] = ["missing-key"];

/// Sections of a cluster file, as the grammar has them.
fn sections() -> Vec<String> {
    let schema = plimsoll_spec::schema();
    schema["properties"].as_object().expect("it has properties").keys().cloned().collect()
}

/// What the grammar has against a fragment, leaving out what only a whole file can answer for: names that are declared
/// elsewhere, and keys that other parts of the file bring.
fn problems(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", text);
    let (node, mut problems) = plimsoll_yaml::read_document(text, id);
    if let Some(node) = node {
        let mut reader = plimsoll_yaml::Reader::new(plimsoll_yaml::Mode::Strict);
        let _ = <plimsoll_spec::Spec as plimsoll_yaml::FromNode>::from_node(&node, &mut reader);
        problems.extend(reader.finish().0);
    }
    problems.iter().filter(|it| !OF_THE_WHOLE.contains(&it.code.as_str())).map(|it| it.message.clone()).collect()
}

#[test]
fn the_grammar_reads_what_manuals_show_of_a_cluster_file() {
    let sections = sections();
    let (mut seen, mut bad) = (0, Vec::new());
    for rule in rules::all() {
        for (part, text) in [("before", rule.manual.before), ("after", rule.manual.after)] {
            let first = text.lines().find(|line| !line.trim_start().starts_with('#')).unwrap_or_default();
            let Some((key, _)) = first.split_once(':') else { continue };
            if !sections.iter().any(|section| section == key) {
                continue;
            }
            seen += 1;
            let found = problems(text);
            if !found.is_empty() {
                bad.push(format!("{} {part}: {}\n{text}", rule.id, found.join("; ")));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    assert!(seen > 40, "only {seen} examples begin with a section of the cluster file");
}

#[test]
fn a_key_that_nobody_knows_is_found() {
    assert_eq!(problems("networks: { kube: { anti_spoofing: true } }"), ["unknown key `anti_spoofing`"]);
    assert!(problems("networks: { kube: { vlan: 12 } }").is_empty());
}
