//! The reference page of the file, from the same declarations as its reader.

use std::fmt::Write as _;

use plimsoll_yaml::{FromNode, RecordShape, ScalarShape, Shape};

use crate::schema::one_line;
use crate::{NEEDED, Spec};

/// Every key of the file, as Markdown: one section for each kind of mapping, in the order in which they are met.
pub fn reference_markdown() -> String {
    let mut out = String::from(
        "# The cluster file\n\nA key in bold is required; everything else has a default that `plimsoll show --origins` \
         tells. Sizes, times and speeds have units; ranges such as `pve-1..6` stand for several names and pair up with \
         others of the same length; `n01..41/10` is every tenth. Racks, switches and pairs of switches are shared in \
         equal blocks where there are fewer of them: fifty hosts with `rack: r1..5` are ten in each. Anchors, aliases, merge keys and tags are not read.\n",
    );
    let mut known = Vec::new();
    collect(&Spec::shape(), &mut known);
    for record in &known {
        section(record, &mut out);
    }
    out
}

/// Records in the order in which they are met, each once.
fn collect(shape: &Shape, known: &mut Vec<RecordShape>) {
    match shape {
        Shape::Any | Shape::Scalar(_) => {}
        Shape::List(inner) | Shape::Map { values: inner, .. } => collect(inner, known),
        Shape::OneOf(shapes) => shapes.iter().for_each(|shape| collect(shape, known)),
        Shape::Record(record) => {
            let record = record();
            if known.iter().any(|other| other.name == record.name) {
                return;
            }
            let shapes: Vec<Shape> = record.fields.iter().map(|field| field.shape.clone()).collect();
            known.push(record);
            for shape in &shapes {
                collect(shape, known);
            }
        }
    }
}

fn section(record: &RecordShape, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\n## {}\n\n{}\n", record.name, one_line(&record.doc));
    if let Some(short) = record.short {
        let _ = write!(out, "\nIn short, the value of `{short}` alone.\n");
    }
    out.push_str("\n| key | value | meaning |\n|---|---|---|\n");
    for field in &record.fields {
        let needed = field.required || record.name == "Spec" && NEEDED.contains(&&*field.key);
        let key = if needed { format!("**`{}`**", field.key) } else { format!("`{}`", field.key) };
        let _ = writeln!(out, "| {key} | {} | {} |", cell(&words(&field.shape)), cell(&one_line(&field.doc)));
    }
    if let Some((keys, values)) = &record.others {
        let _ = writeln!(out, "| {} | {} | |", cell(&scalar(keys)), cell(&words(values)));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn words(shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".into(),
        Shape::Scalar(shape) => scalar(shape),
        Shape::List(inner) => format!("a list of: {}", words(inner)),
        Shape::Map { keys, values } => format!("a mapping from {} to: {}", keys.name, words(values)),
        Shape::OneOf(shapes) => shapes.iter().map(words).collect::<Vec<_>>().join("; or "),
        Shape::Record(record) => {
            let name = record().name;
            format!("[{name}](#{})", name.to_lowercase())
        }
    }
}

fn scalar(shape: &ScalarShape) -> String {
    if !shape.choices.is_empty() {
        let words: Vec<String> = shape
            .choices
            .iter()
            .map(|(word, doc)| format!("`{word}` ({})", one_line(doc).trim_end_matches('.')))
            .collect();
        return words.join(", ");
    }
    let examples: Vec<String> = shape.examples.iter().map(|example| format!("`{example}`")).collect();
    match (shape.minimum, shape.maximum) {
        _ if !examples.is_empty() => format!("{}: {}", shape.name, examples.join(", ")),
        (Some(least), Some(most)) if most < i64::from(u32::MAX) => format!("{}, {least} to {most}", shape.name),
        _ => shape.name.to_owned(),
    }
}
