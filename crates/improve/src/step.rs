//! A change as steps on the tree of the file. All paths are those of the file as it was written.
//!
//! The tree says what a change means, the edits of the text are made from the same steps, and both must read the same:
//! a patch that says something else than what was proved is never shown.

use plimsoll_yaml::{Key, Node, Value};

/// Keys from the root; a list's items by number.
pub(crate) type Path = Vec<String>;

/// One step of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value there becomes another.
    Set { at: Path, to: Node },
    /// A mapping gets an entry, behind another one or at its end.
    Add { to: Path, after: Option<String>, key: String, value: Node },
    /// A list gets an item at its end.
    Push { to: Path, item: Node },
    /// A key gets another name.
    Rename { at: Path, key: String },
}

/// A path from its keys.
pub(crate) fn path(keys: &[&str]) -> Path {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// What stands at a path.
pub(crate) fn find<'n>(root: &'n Node, at: &[String]) -> Option<&'n Node> {
    at.iter().try_fold(root, |node, key| match &node.value {
        Value::Sequence(items) => items.get(key.parse::<usize>().ok()?),
        _ => node.get(key),
    })
}

/// The key under which something stands, and what it names.
pub(crate) fn find_entry<'n>(root: &'n Node, at: &[String]) -> Option<&'n (Key, Node)> {
    let (last, parent) = at.split_last()?;
    find(root, parent)?.as_mapping()?.iter().find(|(key, _)| key.text == *last)
}

fn find_mut<'n>(root: &'n mut Node, at: &[String]) -> Option<&'n mut Node> {
    at.iter().try_fold(root, |node, key| match &mut node.value {
        Value::Sequence(items) => items.get_mut(key.parse::<usize>().ok()?),
        Value::Mapping(entries) => entries.iter_mut().find(|(found, _)| found.text == *key).map(|(_, node)| node),
        Value::Scalar(_) => None,
    })
}

/// The step that gives a key a value, whether it is there or not. `None` where something else stands in its way.
pub(crate) fn put(root: &Node, at: &[&str], value: Node) -> Option<Step> {
    let mut here = root;
    for (depth, key) in at.iter().enumerate() {
        match here.get(key) {
            Some(_) if depth + 1 == at.len() => return Some(Step::Set { at: path(at), to: value }),
            Some(next) => here = next,
            None => {
                here.as_mapping()?;
                let inner = at[depth + 1..].iter().rev();
                let value = inner.fold(value, |value, key| Node::mapping(vec![(Key::new(*key), value)]));
                return Some(Step::Add { to: path(&at[..depth]), after: None, key: (*key).to_owned(), value });
            }
        }
    }
    None
}

/// The tree after the change. `None` when a step does not fit.
pub(crate) fn apply(root: &Node, steps: &[Step]) -> Option<Node> {
    let mut tree = root.clone();
    // Names last, since paths are those of the file as it was.
    let (names, others): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| matches!(step, Step::Rename { .. }));
    // Entries that are put behind the same one stand in the order of the steps.
    let mut behind: Vec<(&Path, &Option<String>)> = Vec::new();
    for step in others {
        match step {
            Step::Set { at, to } => *find_mut(&mut tree, at)? = to.clone(),
            Step::Add { to, after, key, value } => {
                let Value::Mapping(entries) = &mut find_mut(&mut tree, to)?.value else { return None };
                if entries.iter().any(|(found, _)| found.text == *key) {
                    return None;
                }
                let place = match after {
                    Some(name) => {
                        let before = behind.iter().filter(|known| **known == (to, after)).count();
                        entries.iter().position(|(found, _)| found.text == *name)? + 1 + before
                    }
                    None => entries.len(),
                };
                entries.insert(place, (Key::new(key.clone()), value.clone()));
                behind.push((to, after));
            }
            Step::Push { to, item } => {
                let Value::Sequence(items) = &mut find_mut(&mut tree, to)?.value else { return None };
                items.push(item.clone());
            }
            Step::Rename { .. } => {}
        }
    }
    // The deepest first: a name above does not move what stands below until it was found.
    let mut names: Vec<(&Path, &String)> = names
        .into_iter()
        .filter_map(|step| if let Step::Rename { at, key } = step { Some((at, key)) } else { None })
        .collect();
    names.sort_by_key(|(at, _)| std::cmp::Reverse(at.len()));
    for (at, key) in names {
        let (last, parent) = at.split_last()?;
        let Value::Mapping(entries) = &mut find_mut(&mut tree, parent)?.value else { return None };
        if entries.iter().any(|(found, _)| found.text == *key) {
            return None;
        }
        let entry = entries.iter_mut().find(|(found, _)| found.text == *last)?;
        entry.0 = Key { text: key.clone(), ..entry.0.clone() };
    }
    Some(tree)
}
