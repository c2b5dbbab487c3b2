//! Trees of objects without a typed writer.

use plimsoll_yaml::{Key, Node};
use serde_json::Value;

/// A tree of a JSON value. Keys come in the order of the alphabet, but for those by which people look for things.
pub(crate) fn from_json(value: &Value) -> Node {
    match value {
        Value::Null => Node::plain("null"),
        Value::Bool(value) => Node::plain(value.to_string()),
        Value::Number(value) => Node::plain(value.to_string()),
        Value::String(value) => Node::text(value.as_str()),
        Value::Array(items) => Node::sequence(items.iter().map(from_json).collect()),
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_by_key(|key| (place(key), key.as_str()));
            Node::mapping(keys.into_iter().map(|key| (Key::new(key.as_str()), from_json(&map[key]))).collect())
        }
    }
}

/// Smaller stands earlier.
fn place(key: &str) -> usize {
    const FIRST: [&str; 14] = [
        "apiVersion",
        "kind",
        "metadata",
        "name",
        "namespace",
        "job_name",
        "alert",
        "record",
        "image",
        "command",
        "args",
        "expr",
        "for",
        "labels",
    ];
    FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len())
}
