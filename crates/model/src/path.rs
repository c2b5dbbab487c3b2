//! Parts of a Design by their path.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The part of `whole` that `path` (`machine/cp-1/memory`) names, in its JSON form; an empty path is the whole.
///
/// # Errors
/// Names the longest prefix that exists and what stands below it, for a "did you mean".
pub fn select(whole: &impl Serialize, path: &str) -> Result<Value, (String, Vec<String>)> {
    let mut at = serde_json::to_value(whole).map_err(|error| (error.to_string(), Vec::new()))?;
    let mut found = String::new();
    for step in steps(path) {
        let below = child(&at, step).cloned();
        let Some(below) = below else {
            return Err((found, children(&at)));
        };
        if !found.is_empty() {
            found.push('/');
        }
        found.push_str(step);
        at = below;
    }
    Ok(at)
}

/// Whether a component is what a pattern means: its path as a whole, or for a pattern without `/` the last part of it
/// (`rack/r1`, `ups-1`, `machine/*/haproxy`).
pub fn means(pattern: &str, path: &str) -> bool {
    glob(pattern, if pattern.contains('/') { path } else { path.rsplit('/').next().unwrap_or(path) })
}

/// Whether a text is what a pattern means, in which `*` stands for any run of letters, none included. Takes time
/// proportional to the product of the lengths at worst.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == text.get(t) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// `whole` with the part at `path` replaced; `None` removes a map entry or list item. For tests and what-if questions:
/// it makes Designs that `resolve` would not.
///
/// # Errors
/// When the path does not exist (a last step that a map lacks is added) or the result is no `T`.
pub fn edit<T: Serialize + DeserializeOwned>(whole: &T, path: &str, value: Option<Value>) -> Result<T, String> {
    edit_all(whole, &[(path.to_owned(), value)])
}

/// [`edit`] of several paths, one after the other.
///
/// # Errors
/// As [`edit`], for the first path that fails.
pub fn edit_all<T: Serialize + DeserializeOwned>(whole: &T, edits: &[(String, Option<Value>)]) -> Result<T, String> {
    let mut root = serde_json::to_value(whole).map_err(|error| error.to_string())?;
    for (path, value) in edits {
        edit_value(&mut root, path, value.clone())?;
    }
    let paths = || edits.iter().map(|(path, _)| format!("`{path}`")).collect::<Vec<_>>().join(", ");
    serde_json::from_value(root).map_err(|error| format!("{}: {error}", paths()))
}

fn edit_value(root: &mut Value, path: &str, value: Option<Value>) -> Result<(), String> {
    let all: Vec<&str> = steps(path).collect();
    let (last, parents) = all.split_last().ok_or("an empty path names the whole Design")?;
    let mut at = root;
    for step in parents {
        let known = children(at);
        at = child_mut(at, step).ok_or_else(|| format!("`{step}` of `{path}` is not among {known:?}"))?;
    }
    match (at, value) {
        (Value::Object(map), Some(value)) => {
            map.insert((*last).to_owned(), value);
        }
        (Value::Object(map), None) => {
            map.remove(*last).ok_or_else(|| format!("`{path}` does not exist"))?;
        }
        (Value::Array(list), value) => {
            let index: usize = last.parse().map_err(|_| format!("`{last}` of `{path}` is no index"))?;
            match value {
                Some(value) if index < list.len() => list[index] = value,
                Some(value) if index == list.len() => list.push(value),
                None if index < list.len() => drop(list.remove(index)),
                _ => return Err(format!("`{path}` is beyond the end of the list")),
            }
        }
        (other, _) => return Err(format!("`{path}`: nothing can stand below {other}")),
    }
    Ok(())
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|step| !step.is_empty())
}

fn child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn child_mut<'a>(value: &'a mut Value, step: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(map) => map.get_mut(step),
        Value::Array(list) => list.get_mut(step.parse::<usize>().ok()?),
        _ => None,
    }
}

fn children(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(list) => (0..list.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_are_found_and_replaced_by_their_path() {
        let whole = json!({ "machine": { "cp-1": { "memory": "16GiB", "peers": [1, 2] } } });
        assert_eq!(select(&whole, "machine/cp-1/memory"), Ok(json!("16GiB")));
        assert_eq!(select(&whole, "machine/cp-9"), Err(("machine".into(), vec!["cp-1".into()])));
        let edited = edit(&whole, "machine/cp-1/peers/0", None).expect("an index");
        assert_eq!(select(&edited, "machine/cp-1/peers"), Ok(json!([2])));
        assert!(edit(&whole, "machine/cp-9/memory", Some(json!("1GiB"))).is_err());
    }
}
