//! Records: read with all problems at once, written and read back equal.

use std::collections::BTreeMap;

use plimsoll_diagnostics::render::{Style, text};
use plimsoll_diagnostics::{Sources, Spanned};
use plimsoll_model::units::Bytes;
use plimsoll_yaml::{
    FromNode, Map, Mode, Node, Reader, Rest, Shape, ToNode, choice, emit, read, read_documents, record,
};

choice! {
    /// What a machine does.
    pub enum Role: "a role" {
        /// Runs the control plane.
        ControlPlane = "control-plane",
        /// Runs workloads.
        Worker = "worker",
    }
}

record! {
    /// A machine.
    pub struct Machine {
        /// What it does.
        pub role: Spanned<Role>,
        /// Threads.
        pub cpu: Spanned<u32>,
        /// Memory.
        pub memory: Spanned<Bytes>,
        /// Its networks.
        pub networks: Vec<Spanned<String>>,
        /// Notes.
        pub r#for: Option<String>,
    }

    /// All machines.
    pub struct Machines {
        /// By name.
        pub machines: Map<String, Machine>,
    }
}

record! {
    /// A Kubernetes object.
    pub struct Object as camelCase: Default {
        /// API version.
        pub api_version: String,
        /// Labels.
        pub labels: BTreeMap<String, String>,
        /// Range of pods.
        pub pod_cidr: Option<String> = "podCIDR",
        /// Copies.
        pub replicas: Option<i64>,
        /// The rest.
        pub rest: Rest,
    }
}

const CLEAN: &str = "\
machines:
  cp-1: { role: control-plane, cpu: 4, memory: 16GiB, networks: [kube] }
  w-1: { role: worker, cpu: 16, memory: 96GiB, for: work }
";

fn problems(yaml: &str) -> String {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", yaml);
    let (_, diagnostics) = read::<Machines>(yaml, id, Mode::Strict);
    diagnostics.iter().map(|diagnostic| text(diagnostic, &sources, Style::default())).collect()
}

#[test]
fn a_clean_file_has_no_problems() {
    assert_eq!(problems(CLEAN), "");
}

#[test]
fn all_problems_come_at_once() {
    let broken = "\
machines:
  cp-1: { role: control-plain, cpu: four, memroy: 16GiB, networks: kube }
  w-1: { role: worker, cpu: 0x10, memory: 96, networks: [on] }
mashines: 1
";
    assert_eq!(
        problems(broken),
        "\
error[wrong-value]: `control-plain` is not a role; did you mean `control-plane`?
 --> cluster.yaml:2:17
  |
2 |   cp-1: { role: control-plain, cpu: four, memroy: 16GiB, networks: kube }
  |                 ^^^^^^^^^^^^^
error[wrong-value]: `four` is not a whole number
 --> cluster.yaml:2:37
  |
2 |   cp-1: { role: control-plain, cpu: four, memroy: 16GiB, networks: kube }
  |                                     ^^^^
error[missing-key]: `memory` is missing
 --> cluster.yaml:2:11
  |
2 |   cp-1: { role: control-plain, cpu: four, memroy: 16GiB, networks: kube }
  |           ^^^^ `cp-1` needs it
error[wrong-type]: `networks` takes a list, not `kube`
 --> cluster.yaml:2:68
  |
2 |   cp-1: { role: control-plain, cpu: four, memroy: 16GiB, networks: kube }
  |                                                                    ^^^^
error[unknown-key]: unknown key `memroy`
 --> cluster.yaml:2:43
  |
2 |   cp-1: { role: control-plain, cpu: four, memroy: 16GiB, networks: kube }
  |                                           ^^^^^^ did you mean `memory`?
error[wrong-value]: `0x10` is not a whole number
 --> cluster.yaml:3:29
  |
3 |   w-1: { role: worker, cpu: 0x10, memory: 96, networks: [on] }
  |                             ^^^^
error[wrong-value]: `96` is not a size: write a number with GiB, GB, TiB, TB, MiB or MB, as in `16GiB`
 --> cluster.yaml:3:43
  |
3 |   w-1: { role: worker, cpu: 0x10, memory: 96, networks: [on] }
  |                                           ^^
error[yaml-ambiguous]: `on` is not read as text by every YAML reader
 --> cluster.yaml:3:58
  |
3 |   w-1: { role: worker, cpu: 0x10, memory: 96, networks: [on] }
  |                                                          ^^ write `\"on\"`
error[unknown-key]: unknown key `mashines`
 --> cluster.yaml:4:1
  |
4 | mashines: 1
  | ^^^^^^^^ did you mean `machines`?
"
    );
}

#[test]
fn what_is_written_reads_back_equal() {
    let strings = [
        "on",
        "no",
        "1.30",
        "12:30",
        "0x1",
        "123",
        "*a",
        "&b",
        "!c",
        "%d",
        "@e",
        "`f",
        "- g",
        "-",
        "--flag",
        "---",
        "a: b",
        "a #b",
        "#c",
        "",
        " x",
        "x ",
        "a\nb",
        "a\nb\n",
        "a\n\n",
        "\n",
        " a\nb",
        "a\n  \n",
        "tab\there",
        "\"q\"",
        "it's",
        "ä 𝕏",
        "\u{7}",
        "\u{feff}x",
        "\u{2028}",
        "\r\n",
        "{x}",
        "[x]",
        "x, y",
        "a:",
        "?",
        "? a",
        "<<",
        "=",
        "null",
        "~",
        "2026-11-23",
        "|",
        ">",
        "...",
        "..",
        "52:54:00:12:34:56",
        "{{ t }}",
        "key: |\n  x",
        "\u{85}",
        "yes",
        "-x",
        "-1",
        "0o7",
        "!!str a",
    ];
    let mut object = Object { api_version: "v1".into(), ..Object::default() };
    object.replicas = Some(3);
    object.pod_cidr = Some("10.244.0.0/16".into());
    for (index, text) in strings.iter().enumerate() {
        object.labels.insert(format!("l{index:02}"), (*text).to_owned());
        object.labels.insert((*text).to_owned(), "key".into());
    }
    let nested = Node::sequence(vec![
        Node::sequence(vec![Node::text("on"), Node::plain("1"), Node::sequence(Vec::new())]),
        Node::mapping(vec![
            (plimsoll_yaml::Key::new("k"), Node::text("x\ny\n")),
            (plimsoll_yaml::Key::new("e"), Node::plain("null")),
        ]),
        Node::text("a\nb"),
    ]);
    object.rest = Rest(vec![(plimsoll_yaml::Key::new("spec"), nested)]);
    let written = emit(&object.to_node());
    let mut sources = Sources::new();
    let id = sources.add("o.yaml", written.as_str());
    let (read_back, diagnostics) = read::<Object>(&written, id, Mode::Strict);
    let shown: String = diagnostics.iter().map(|problem| text(problem, &sources, Style::default())).collect();
    assert_eq!(shown, "", "{written}");
    assert_eq!(read_back.as_ref(), Some(&object), "{written}");
}

#[test]
fn output_is_block_style_in_the_order_of_declaration() {
    let object = Object {
        api_version: "v1".into(),
        labels: BTreeMap::from([("a".into(), "no".into()), ("b".into(), "x".into())]),
        pod_cidr: Some("10.244.0.0/16".into()),
        replicas: Some(3),
        rest: Rest(vec![(
            plimsoll_yaml::Key::new("args"),
            Node::sequence(vec![Node::text("--x=1"), Node::text("a\nb\n")]),
        )]),
    };
    let expected = "\
apiVersion: v1
labels:
  a: \"no\"
  b: x
podCIDR: 10.244.0.0/16
replicas: 3
args:
- --x=1
- |
    a
    b
";
    assert_eq!(emit(&object.to_node()), expected);
}

#[test]
fn a_lenient_reading_keeps_what_it_can() {
    let yaml = "apiVersion: v1\nlabels: { a: yes, b: [x] }\nreplicas: many\nextra: { deep: 1 }\n";
    let mut sources = Sources::new();
    let id = sources.add("o.yaml", yaml);
    let (nodes, _) = read_documents(yaml, id);
    let mut reader = Reader::new(Mode::Lenient);
    let object = Object::from_node(&nodes[0], &mut reader).expect("the rest of it");
    assert_eq!((object.labels.len(), object.replicas), (1, None));
    assert_eq!(object.rest.0.len(), 1);
    let (diagnostics, unknown) = reader.finish();
    assert!(!diagnostics.has_errors() && unknown.is_empty());
    let messages: Vec<&str> = diagnostics.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`yes` is not read as text by every YAML reader",
            "`b` takes a text, not a list",
            "`many` is not a whole number"
        ]
    );
    // Without a field for the rest, unknown keys are collected.
    let mut reader = Reader::new(Mode::Lenient);
    let machines = read_documents("machines: {}\nx: { y: 1 }\n", id).0;
    assert!(Machines::from_node(&machines[0], &mut reader).is_some());
    assert_eq!(reader.finish().1[0].path, "x");
}

#[test]
fn shapes_say_what_a_record_takes() {
    let Shape::Record(machine) = Machine::shape() else { unreachable!("a record") };
    let machine = machine();
    assert_eq!((machine.name, machine.doc.as_str()), ("Machine", "A machine."));
    let keys: Vec<(&str, bool)> = machine.fields.iter().map(|field| (&*field.key, field.required)).collect();
    assert_eq!(keys, [("role", true), ("cpu", true), ("memory", true), ("networks", false), ("for", false)]);
    let Shape::Scalar(role) = &machine.fields[0].shape else { unreachable!("a scalar") };
    assert_eq!(role.choices[0].0, "control-plane");
}
