//! The schema, the reference page and the first file, all from the same declarations as the reader.

use std::collections::BTreeSet;

use plimsoll_diagnostics::Sources;
use plimsoll_yaml::resolves_to_text;
use serde_json::Value;

#[test]
fn the_first_file_is_valid_and_short() {
    let mut sources = Sources::new();
    let id = sources.add("cluster.yaml", plimsoll_spec::init());
    let (spec, diagnostics) = plimsoll_spec::read(id, &sources);
    assert!(spec.is_some() && diagnostics.is_empty(), "{diagnostics:?}");
    let effective = plimsoll_spec::init().lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    assert!(effective.count() <= 12);
}

/// Calls `visit` with every mapping of a JSON value.
fn walk<'v>(value: &'v Value, visit: &mut impl FnMut(&'v serde_json::Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            visit(map);
            map.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

#[test]
fn every_key_has_a_description_and_no_key_is_a_trap() {
    let schema = plimsoll_spec::schema();
    let mut keys = 0;
    walk(&schema, &mut |map| {
        let Some(properties) = map.get("properties").and_then(Value::as_object) else { return };
        for (key, property) in properties {
            keys += 1;
            assert!(resolves_to_text(key), "`{key}` reads differently in YAML 1.1");
            assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{key}: {property}");
        }
    });
    assert!(keys > 250, "{keys}");
}

#[test]
fn references_lead_somewhere() {
    let schema = plimsoll_spec::schema();
    let mut wanted = BTreeSet::new();
    walk(&schema, &mut |map| wanted.extend(map.get("$ref").and_then(Value::as_str)));
    for reference in wanted {
        assert!(schema.pointer(reference.trim_start_matches('#')).is_some_and(Value::is_object), "{reference}");
    }
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["plimsoll", "cluster", "api", "networks", "hosts", "machines"]));
    assert_eq!(schema["$defs"]["Network"]["properties"]["vlan"]["maximum"], 4094);
    assert_eq!(schema["$defs"]["Pdu"]["anyOf"][0]["type"], "string");
}

#[test]
fn the_reference_page_has_every_section() {
    let page = plimsoll_spec::reference_markdown();
    for section in ["## Spec", "## Site", "## Vrrp", "## Survive"] {
        assert!(page.contains(section), "{section}");
    }
    assert!(page.contains("| **`vlan`** | a VLAN id, 1 to 4094 | Its VLAN. |"));
}
