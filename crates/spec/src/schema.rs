//! The JSON Schema of the file, for editors.

use std::collections::BTreeMap;

use plimsoll_yaml::{FromNode, Kind, RecordShape, ScalarShape, Shape};
use serde_json::{Map, Value, json};

use crate::{NEEDED, Spec};

/// JSON Schema (draft 2020-12) of a cluster file: every key with its description, every word, pattern and bound, so
/// that an editor completes and explains. It is a little wider than [`crate::read`], which also knows what names stand
/// for.
pub fn schema() -> Value {
    let mut definitions = BTreeMap::new();
    let mut root = match Spec::shape() {
        Shape::Record(record) => object(&record(), &mut definitions),
        other => value(&other, &mut definitions),
    };
    if let Value::Object(root) = &mut root {
        root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        root.insert("title".into(), json!("Plimsoll cluster file"));
        if let Some(Value::Array(required)) = root.get_mut("required") {
            required.extend(NEEDED.iter().map(|key| json!(key)));
        }
        root.insert("$defs".into(), definitions.into_iter().collect());
    }
    root
}

fn value(shape: &Shape, definitions: &mut BTreeMap<String, Value>) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Scalar(shape) => scalar(shape),
        Shape::List(items) => json!({ "type": "array", "items": value(items, definitions) }),
        Shape::Map { keys, values } => {
            let values = value(values, definitions);
            match keys.pattern {
                Some(pattern) => {
                    json!({ "type": "object", "patternProperties": { pattern: values }, "additionalProperties": false })
                }
                None => json!({ "type": "object", "additionalProperties": values }),
            }
        }
        Shape::OneOf(shapes) => {
            json!({ "anyOf": shapes.iter().map(|shape| value(shape, definitions)).collect::<Vec<_>>() })
        }
        Shape::Record(record) => {
            let record = record();
            let reference = json!({ "$ref": format!("#/$defs/{}", record.name) });
            if !definitions.contains_key(record.name) {
                // Put in before it is filled, so that records may hold themselves.
                definitions.insert(record.name.into(), Value::Null);
                let made = object(&record, definitions);
                definitions.insert(record.name.into(), made);
            }
            reference
        }
    }
}

fn scalar(shape: &ScalarShape) -> Value {
    let mut out = Map::new();
    if shape.kind == Kind::Either {
        out.insert("type".into(), json!(["string", "number"]));
    } else {
        out.insert("type".into(), json!(shape.json_type));
    }
    if !shape.choices.is_empty() {
        out.insert("enum".into(), shape.choices.iter().map(|(word, _)| json!(word)).collect());
        let docs = shape.choices.iter().map(|(_, doc)| json!(one_line(doc)));
        // Read by the YAML and JSON servers of common editors.
        out.insert("markdownEnumDescriptions".into(), docs.collect());
    }
    let bounds = [("minimum", shape.minimum), ("maximum", shape.maximum)];
    out.extend(bounds.iter().filter_map(|(key, bound)| Some(((*key).to_owned(), json!((*bound)?)))));
    out.extend(shape.pattern.map(|pattern| ("pattern".to_owned(), json!(pattern))));
    if !shape.examples.is_empty() {
        out.insert("examples".into(), json!(shape.examples));
    }
    Value::Object(out)
}

fn object(record: &RecordShape, definitions: &mut BTreeMap<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in &record.fields {
        let mut property = value(&field.shape, definitions);
        if let Value::Object(property) = &mut property {
            property.insert("description".into(), json!(one_line(&field.doc)));
        }
        properties.insert(field.key.clone().into_owned(), property);
    }
    let required: Vec<&str> = record.fields.iter().filter(|field| field.required).map(|field| &*field.key).collect();
    let mut out = json!({
        "type": "object", "description": one_line(&record.doc), "properties": properties,
        "additionalProperties": record.open,
    });
    if !required.is_empty() {
        out["required"] = json!(required);
    }
    if let Some((keys, values)) = &record.others {
        let values = value(values, definitions);
        match keys.pattern {
            Some(pattern) => out["patternProperties"] = json!({ pattern: values }),
            None => out["additionalProperties"] = values,
        }
    }
    let short = record.short.and_then(|short| record.fields.iter().find(|field| field.key == short));
    match short {
        Some(field) => {
            let short = value(&field.shape, definitions);
            json!({ "description": one_line(&record.doc), "anyOf": [short, out] })
        }
        None => out,
    }
}

/// A doc comment as one line.
pub(crate) fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
