//! Open-PSA files: what is read, what is refused and where, and that nothing panics.
#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]

mod common;

use std::fmt::Write as _;

use common::{Random, Shape, close, random_circuit};
use plimsoll_circuit::openpsa::{Options, Problem, Tree, WriteError, read, write};
use plimsoll_circuit::{Circuit, CircuitError, Compiled, CutSets, Limits, Node, Var};
use plimsoll_yaml::mutate;

fn tree(gates: &str) -> String {
    format!("<opsa-mef>\n<define-fault-tree name=\"t\">\n{gates}\n</define-fault-tree>\n</opsa-mef>\n")
}

fn problems(text: &str) -> Vec<String> {
    read(text, Options::default()).unwrap_err().iter().map(Problem::to_string).collect()
}

/// The probability of the only top.
fn probability(text: &str) -> f64 {
    let model = read(text, Options::default()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let [top] = &model.tops[..] else { panic!("not one top: {:?}", model.tops) };
    let compiled = Compiled::new(&model.circuit, top.node, Limits::default());
    compiled.probability(&model.probabilities().unwrap()).unwrap().lower
}

const EVENTS: &str = "<define-basic-event name=\"a\"><float value=\"0.1\"/></define-basic-event>
<define-basic-event name=\"b\"><float value=\"0.2\"/></define-basic-event>
<define-basic-event name=\"c\"><float value=\"3e-1\"/></define-basic-event>";

#[test]
fn every_operator_means_what_it_says() {
    let a = "<basic-event name=\"a\"/>";
    let b = "<basic-event name=\"b\"/>";
    let c = "<event name=\"c\"/>";
    for (formula, expected) in [
        (format!("<and>{a}{b}</and>"), 0.02),
        (format!("<or>{a}{b}</or>"), 0.28),
        (format!("<not>{a}</not>"), 0.9),
        (format!("<nand>{a}{b}</nand>"), 0.98),
        (format!("<nor>{a}{b}</nor>"), 0.72),
        (format!("<xor>{a}{b}</xor>"), 0.26),
        (format!("<iff>{a}{b}</iff>"), 0.74),
        (format!("<imply>{a}{b}</imply>"), 0.92),
        (format!("<atleast min=\"2\">{a}{b}{c}</atleast>"), 0.098),
        (format!("<cardinality min=\"1\" max=\"2\">{a}{b}{c}</cardinality>"), 1.0 - 0.9 * 0.8 * 0.7 - 0.006),
        (format!("<cardinality min=\"0\" max=\"1\">{a}{b}{c}</cardinality>"), 1.0 - 0.098),
        (format!("<or><and>{a}<not>{b}</not></and>{c}</or>"), 1.0 - 0.92 * 0.7),
        (format!("<and>{a}<constant value=\"true\"/></and>"), 0.1),
        (format!("<and>{a}<constant value=\"false\"/></and>"), 0.0),
        ("<event name=\"a\" type=\"basic-event\"/>".to_string(), 0.1),
    ] {
        let got = probability(&tree(&format!("<define-gate name=\"g\">{formula}</define-gate>{EVENTS}")));
        assert!(close(got, expected, 1e-14), "{formula}: {got}, not {expected}");
    }
}

#[test]
fn expressions_are_computed() {
    let parameters = "<define-parameter name=\"rate\" unit=\"hours-1\"><mul><float value=\"2\"/><parameter name=\"base\"/></mul></define-parameter>
<define-parameter name=\"base\"><float value=\"1e-5\"/></define-parameter>";
    for (expression, expected) in [
        ("<float value=\"1e-3\"/>", 1e-3),
        ("<int value=\"1\"/>", 1.0),
        ("<bool value=\"false\"/>", 0.0),
        (
            "<exponential><parameter name=\"rate\"/><system-mission-time/></exponential>",
            1.0 - (-2e-5f64 * 8760.0).exp(),
        ),
        ("<exponential><float value=\"1e-12\"/><float value=\"1\"/></exponential>", 1e-12),
        ("<GLM><float value=\"0.1\"/><float value=\"1e-3\"/><float value=\"1e-1\"/><float value=\"0\"/></GLM>", 0.1),
        (
            "<GLM><float value=\"0\"/><float value=\"1e-3\"/><float value=\"1e-1\"/><float value=\"1e6\"/></GLM>",
            1e-3 / 0.101,
        ),
        (
            "<Weibull><float value=\"100\"/><float value=\"1\"/><float value=\"10\"/><float value=\"60\"/></Weibull>",
            1.0 - (-0.5f64).exp(),
        ),
        (
            "<div><sub><float value=\"3\"/><float value=\"1\"/></sub><add><float value=\"7\"/><float value=\"1\"/></add></div>",
            0.25,
        ),
        (
            "<min><float value=\"0.5\"/><max><float value=\"0.1\"/><mean><float value=\"0.2\"/><float value=\"0.4\"/></mean></max></min>",
            0.3,
        ),
    ] {
        let text = tree(&format!(
            "<define-gate name=\"g\"><basic-event name=\"e\"/></define-gate>{parameters}<define-basic-event \
             name=\"e\">{expression}</define-basic-event>"
        ));
        let got = probability(&text);
        assert!(close(got, expected, 1e-9), "{expression}: {got}, not {expected}");
    }
}

#[test]
fn names_belong_to_their_containers() {
    let text = "<?xml version=\"1.0\"?>\n<!DOCTYPE opsa-mef>\n<opsa-mef><label>two trees</label>
<define-fault-tree name=\"one\">
  <define-gate name=\"top\"><or><gate name=\"part\"/><gate name=\"box.part\"/><event name=\"late\"/></or></define-gate>
  <define-gate name=\"part\"><basic-event name=\"a\"/></define-gate>
  <define-component name=\"box\" role=\"private\">
    <define-gate name=\"part\"><and><gate name=\"inner\"/><basic-event name=\"one.a\"/></and></define-gate>
    <define-gate name=\"inner\"><basic-event name=\"a\"/></define-gate>
    <define-basic-event name=\"a\"><float value=\"0.5\"/></define-basic-event>
  </define-component>
  <define-gate name=\"late\"><house-event name=\"off\"/></define-gate>
  <define-basic-event name=\"a\"><float value=\"0.1\"/></define-basic-event>
</define-fault-tree>
<define-fault-tree name=\"two\">
  <define-gate name=\"top\"><and><event name=\"a\"/><event name=\"c\"/></and></define-gate>
  <define-basic-event name=\"a\"><float value=\"0.25\"/></define-basic-event>
</define-fault-tree>
<model-data>
  <define-house-event name=\"off\"><constant value=\"false\"/></define-house-event>
  <define-basic-event name=\"c\"><float value=\"0.5\"/></define-basic-event>
</model-data></opsa-mef>";
    let model = read(text, Options::default()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let p = model.probabilities().unwrap();
    let of = |name: &str| {
        let top = model.tops.iter().find(|top| top.name == name).unwrap();
        Compiled::new(&model.circuit, top.node, Limits::default()).probability(&p).unwrap().lower
    };
    assert_eq!(model.tops.len(), 2);
    // part is one.a; the box's own a is needed only together with it.
    assert!(close(of("one.top"), 0.1, 1e-14));
    assert!(close(of("two.top"), 0.125, 1e-14));
    assert_eq!(model.warnings.len(), 2, "one for each of two tops: {:?}", model.warnings);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let gate = |formula: &str| tree(&format!("<define-gate name=\"g\">{formula}</define-gate>\n{EVENTS}"));
    for (text, expected) in [
        (
            gate("<and><gate name=\"x\"/><basic-event name=\"y\"/></and>"),
            &["3:28: error: gate `x` is not defined", "3:44: error: basic event `y` is not defined"][..],
        ),
        (gate("<gate name=\"a\"/>"), &["3:23: error: `a` is a basic event, not a gate"]),
        (
            gate("<atleast min=\"4\"><event name=\"a\"/><event name=\"b\"/></atleast>"),
            &["3:23: error: <atleast> wants 4 of 2 arguments"],
        ),
        (gate("<atleast><event name=\"a\"/></atleast>"), &["3:23: error: <atleast> has no min"]),
        (gate("<atleast min=\"x\"><event name=\"a\"/></atleast>"), &["3:23: error: min is `x`, not a whole number"]),
        (gate("<and/>"), &["3:23: error: <and> is empty"]),
        (gate(""), &["3:1: error: gate `g` is empty"]),
        (gate("<vote><event name=\"a\"/></vote>"), &["3:23: error: <vote> is not an operator that is known here"]),
        (gate("<xor><event name=\"a\"/><event name=\"a\"/></xor>"), &["3:45: error: `a` occurs twice in <xor>"]),
        (gate("<event name=\"a\" type=\"valve\"/>"), &["3:23: error: the type `valve` of an event is unknown"]),
        (gate("<event name=\"a\"/><event name=\"b\"/>"), &["3:40: error: gate `g` has a second content, <event>"]),
        (gate("<and>words<event name=\"a\"/></and>"), &["3:23: error: <and> contains text, `words`"]),
        (
            tree(
                "<define-gate name=\"g\"><event name=\"a\"/></define-gate>\n<define-basic-event name=\"a\"><float value=\"1.5\"/></define-basic-event>",
            ),
            &["4:1: error: the probability of `a` is 1.5, which is not from 0 to 1"],
        ),
        (
            tree(
                "<define-gate name=\"g\"><event name=\"a\"/></define-gate>\n<define-basic-event name=\"a\"><float value=\"nan\"/></define-basic-event>",
            ),
            &["4:30: error: `nan` is not a number"],
        ),
        (
            tree(
                "<define-gate name=\"g\"><event name=\"a\"/></define-gate>\n<define-basic-event name=\"a\"><normal-deviate/></define-basic-event>",
            ),
            &["4:30: error: the expression <normal-deviate> is unknown or not supported"],
        ),
        (
            tree(
                "<define-gate name=\"g\"><event name=\"a\"/></define-gate>\n<define-basic-event name=\"a\"><parameter name=\"p\"/></define-basic-event>\n<define-parameter name=\"p\"><parameter name=\"q\"/></define-parameter>\n<define-parameter name=\"q\"><parameter name=\"p\"/></define-parameter>",
            ),
            &["5:1: error: parameters depend on each other: p → q → p"],
        ),
        (
            tree(
                "<define-gate name=\"x\"><gate name=\"y\"/></define-gate>\n<define-gate name=\"y\"><not><gate name=\"z\"/></not></define-gate>\n<define-gate name=\"z\"><gate name=\"y\"/></define-gate>",
            ),
            &["4:1: error: gates depend on each other: y → z → y"],
        ),
        (
            tree("<define-gate name=\"x\"><gate name=\"x\"/></define-gate>"),
            &["3:1: error: gates depend on each other: x → x"],
        ),
        (
            tree(
                "<define-gate name=\"g\"><event name=\"a\"/></define-gate>\n<define-basic-event name=\"a\"/>\n<define-gate name=\"a\"><event name=\"g\"/></define-gate>",
            ),
            &["5:1: error: gate `a` is defined twice: the first is a basic event on line 4"],
        ),
        (
            tree(
                "<define-gate name=\"g\"><event name=\"a\"/></define-gate>\n<define-gate name=\"g\"><event name=\"a\"/></define-gate>\n<define-basic-event name=\"a\"><float value=\"2\"/></define-basic-event>",
            ),
            &[
                "4:1: error: gate `g` is defined twice: the first is a gate on line 3",
                "5:1: error: the probability of `a` is 2, which is not from 0 to 1",
            ],
        ),
        (
            tree("<define-CCF-group name=\"x\"/>"),
            &["3:1: error: <define-CCF-group> in <define-fault-tree> is unknown or not supported"],
        ),
        (tree(""), &["1:1: error: the file defines no gate"]),
        ("<fault-tree/>".to_string(), &["1:1: error: the root element is <fault-tree>, not <opsa-mef>"]),
        (String::new(), &["1:1: error: there is no element in the file"]),
        (
            "<opsa-mef>\n<define-fault-tree name=\"x\">".to_string(),
            &["2:1: error: <define-fault-tree> is never closed"],
        ),
        (
            "<!DOCTYPE x [<!ENTITY a \"b\">]><opsa-mef/>".to_string(),
            &["1:1: error: the document type defines things of its own (entities?), which is refused"],
        ),
    ] {
        assert_eq!(problems(&text), expected, "{text}");
    }
    let open = problems("<opsa-mef></x>");
    assert!(open[0].contains("not well-formed XML"), "{open:?}");
    let unknown = problems("<opsa-mef><define-fault-tree name=\"&lol;\"/></opsa-mef>");
    assert!(unknown[0].contains("not well-formed XML"), "{unknown:?}");
}

#[test]
fn what_is_odd_is_a_warning() {
    let text = tree(&format!(
        "<define-gate name=\"g\"><or><event name=\"a\"/><event name=\"a\"/></or></define-gate>\n{EVENTS}\n\
         <define-parameter name=\"p\"><float value=\"1\"/></define-parameter><define-house-event name=\"h\"/>"
    ));
    let model = read(&text, Options::default()).unwrap();
    let warnings: Vec<String> = model.warnings.iter().map(|warning| warning.message.clone()).collect();
    assert_eq!(
        warnings,
        [
            "`a` occurs twice in <or>",
            "basic event `b` is never used",
            "basic event `c` is never used",
            "parameter `p` is never used",
            "house event `h` is never used"
        ]
    );
}

#[test]
fn an_event_without_a_probability_is_known_when_it_matters() {
    let text = tree("<define-gate name=\"g\"><event name=\"a\"/></define-gate><define-basic-event name=\"a\"/>");
    let model = read(&text, Options::default()).unwrap();
    assert!(matches!(model.probabilities(), Err(CircuitError::NoProbability { var: Var(0), .. })));
    let sets = CutSets::new(&model.circuit, model.tops[0].node, None, Limits::default()).unwrap();
    assert_eq!(sets.total(), 1);
}

#[test]
fn depth_and_length_are_no_danger() {
    let nested = format!("{}{}{}", "<not>".repeat(100_000), "<event name=\"a\"/>", "</not>".repeat(100_000));
    let text = tree(&format!("<define-gate name=\"g\">{nested}</define-gate>{EVENTS}"));
    assert!(problems(&text)[0].contains("nested more than"));
    // A chain of many gates is no nesting.
    let mut gates = String::new();
    for gate in 0..50_000 {
        let _ = write!(
            gates,
            "<define-gate name=\"g{gate}\"><or><gate name=\"g{}\"/><event name=\"a\"/></or></define-gate>",
            gate + 1
        );
    }
    let text = tree(&format!("{gates}<define-gate name=\"g50000\"><event name=\"b\"/></define-gate>{EVENTS}"));
    assert!(close(probability(&text), 0.28, 1e-12));
    // So is a long cycle.
    let text = tree(&format!("{gates}<define-gate name=\"g50000\"><gate name=\"g0\"/></define-gate>{EVENTS}"));
    assert!(problems(&text)[0].contains("gates depend on each other: g0 → g1 → g2"));
    let mut parameters = String::new();
    for at in 0..5000 {
        let _ =
            write!(parameters, "<define-parameter name=\"p{at}\"><parameter name=\"p{}\"/></define-parameter>", at + 1);
    }
    let text = tree(&format!("{parameters}<define-parameter name=\"p5000\"><int value=\"1\"/></define-parameter>"));
    assert!(problems(&text).iter().any(|problem| problem.contains("parameters refer to each other in a row")));
}

/// A variant whose tags are deleted, doubled, swapped or given each other's names and values.
fn shuffled(good: &str, random: &mut Random) -> String {
    let mut tags: Vec<String> = good.split_inclusive('>').map(str::to_string).collect();
    for _ in 0..=random.below(4) {
        let (a, b) = (random.below(tags.len()), random.below(tags.len()));
        match random.below(6) {
            0 => drop(tags.remove(a)),
            1 => tags.insert(b, tags[a].clone()),
            2 => tags.swap(a, b),
            3 => {
                let quoted: Vec<&str> = tags[b].split('"').collect();
                let value = quoted.get(1).copied().unwrap_or("").to_string();
                let mut parts: Vec<String> = tags[a].split('"').map(str::to_string).collect();
                if let Some(part) = parts.get_mut(1) {
                    *part = value;
                }
                tags[a] = parts.join("\"");
            }
            4 => tags[a] = tags[a].replace("or>", ["and>", "xor>", "not>", "iff>", "vote>"][random.below(5)]),
            _ => {
                let value = ["", "-1", "2", "1e999", "nan", "a.b", "\u{0}", "&#0;", "&x;", "99999999999999999999"];
                let value = value[random.below(value.len())];
                tags[a] = tags[a].replace("value=\"", &format!("value=\"{value}")).replace("min=\"2", value);
            }
        }
    }
    tags.concat()
}

#[test]
fn broken_files_never_panic() {
    let good = include_str!("data/ha3.xml");
    let mut random = Random::new(21);
    let mut read_anyway = 0;
    for seed in 0..3000 {
        let broken = if seed % 2 == 0 {
            String::from_utf8_lossy(&mutate::mutate(good, seed)).into_owned()
        } else {
            shuffled(good, &mut random)
        };
        match read(&broken, Options::default()) {
            Ok(model) => {
                read_anyway += 1;
                for top in model.tops.iter().take(3) {
                    let limits = Limits { nodes: 2000, steps: 20_000 };
                    let compiled = Compiled::new(&model.circuit, top.node, limits);
                    assert!(compiled.probability(&vec![0.01; model.events.len()]).is_ok());
                }
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                for problem in problems {
                    assert!(problem.at <= broken.len() && problem.line >= 1 && problem.column >= 1);
                }
            }
        }
    }
    assert!((100..2900).contains(&read_anyway), "{read_anyway} of 3000 were read");
}

#[test]
fn what_is_written_reads_back_the_same() {
    let mut random = Random::new(31);
    for round in 0..300 {
        let shape =
            Shape { variables: 2 + random.below(8), gates: 1 + random.below(12), width: 5, negations: round % 2 == 0 };
        let (circuit, top) = random_circuit(&mut random, shape);
        let names: Vec<String> = (0..shape.variables).map(|v| format!("host/pve-{v}/psu <a> & \"b\"")).collect();
        let p: Vec<f64> = (0..shape.variables).map(|_| random.below(1001) as f64 / 1000.0).collect();
        let second = circuit.cone(&[top])[0];
        let events = names.iter().map(String::as_str).zip(p.iter().copied()).collect();
        let tree =
            Tree { name: "all promises", circuit: &circuit, tops: vec![("api", top), ("second", second)], events };
        let text = write(&tree).unwrap();
        let model = read(&text, Options::default()).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
        let given = model.probabilities().unwrap();
        for (name, node) in [("api", top), ("second", second)] {
            let back = model.tops.iter().find(|top| top.name == name).unwrap();
            let expected = Compiled::new(&circuit, node, Limits::default()).probability(&p).unwrap().lower;
            let got = Compiled::new(&model.circuit, back.node, Limits::default()).probability(&given).unwrap().lower;
            assert!(close(got, expected, 1e-12) || (got - expected).abs() < 1e-15, "round {round}\n{text}");
        }
        assert_eq!(model.tops.len(), 2, "{:?} {text}", model.tops);
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let mut circuit = Circuit::new();
    let top = circuit.variable(Var(1));
    let tree = |events| Tree { name: "t", circuit: &circuit, tops: vec![("top", top), ("never", Node::FALSE)], events };
    let missing = write(&tree(vec![("a", 0.1)]));
    assert_eq!(missing, Err(WriteError::NoEvent { var: Var(1), given: 1 }));
    let wrong = write(&tree(vec![("a", 0.1), ("b", 1.5)]));
    assert_eq!(wrong, Err(WriteError::Probability { name: "b".into(), value: 1.5 }));
    assert!(write(&tree(vec![("a", 0.1), ("b", 0.5)])).unwrap().contains("<constant value=\"false\"/>"));
}
