//! Holes of a Tree become text.

use std::collections::BTreeMap;

use plimsoll_render::{Form, Hole, Segment, Source, Tree};
use thiserror::Error;

use crate::encode::base64;
use crate::{Secret, Store};

/// A file with everything in it. It may hold secrets: write it with [`crate::write_private`] unless `mode` says more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Its content.
    pub content: Secret,
    /// Permission bits where it goes.
    pub mode: u32,
    /// `user:group` where it goes.
    pub owner: String,
}

/// What is missing.
#[derive(Clone, Debug, Error, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FillError {
    /// The store lacks a secret.
    #[error("`{path}` needs the secret `{name}`, which the store does not have")]
    Secret {
        /// Path in the Tree.
        path: String,
        /// Name of the secret.
        name: String,
    },
    /// A public file of the person could not be read.
    #[error("`{path}` needs the file `{file}`: {cause}")]
    File {
        /// Path in the Tree.
        path: String,
        /// The file, relative to the cluster file.
        file: String,
        /// Why it could not be read.
        cause: String,
    },
}

/// Every file of the tree that has holes, filled. Files without holes are not among them.
///
/// `public` reads a file of the person, by its path relative to the cluster file.
///
/// # Errors
/// Everything that is missing, all of it at once, sorted.
pub fn fill(
    tree: &Tree,
    store: &Store,
    mut public: impl FnMut(&str) -> Result<String, String>,
) -> Result<BTreeMap<String, Filled>, Vec<FillError>> {
    let mut files = BTreeMap::new();
    let mut missing = Vec::new();
    let mut read: BTreeMap<&str, Result<String, String>> = BTreeMap::new();
    for (path, file) in tree.iter().filter(|(_, file)| file.open_holes().next().is_some()) {
        let mut content = String::new();
        for segment in &file.segments {
            match segment {
                Segment::Text(text) => content.push_str(text),
                Segment::Hole(Hole { source: Source::Secret(name), form }) => match store.resolve(name) {
                    Some(secret) => content.push_str(&formed(secret.expose(), *form)),
                    None => missing.push(FillError::Secret { path: path.to_owned(), name: name.0.clone() }),
                },
                Segment::Hole(Hole { source: Source::File(name), form }) => {
                    match read.entry(name).or_insert_with(|| public(name)) {
                        Ok(text) => content.push_str(&formed(text, *form)),
                        Err(cause) => missing.push(FillError::File {
                            path: path.to_owned(),
                            file: name.clone(),
                            cause: cause.clone(),
                        }),
                    }
                }
            }
        }
        let filled = Filled { content: Secret::new(content), mode: file.mode, owner: file.owner.clone() };
        files.insert(path.to_owned(), filled);
    }
    if missing.is_empty() {
        return Ok(files);
    }
    missing.sort();
    missing.dedup();
    Err(missing)
}

fn formed(content: &str, form: Form) -> String {
    let content = content.trim_end();
    match form {
        Form::Text => content.to_owned(),
        Form::Base64 => base64(content.as_bytes()),
        Form::Indented(blanks) => {
            let pad = format!("\n{}", " ".repeat(blanks.into()));
            content.lines().collect::<Vec<_>>().join(&pad)
        }
        Form::Items(blanks) => {
            let pad = format!("\n{}- ", " ".repeat(blanks.into()));
            let lines = content.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            // JSON's quotes and escapes are YAML's too.
            let items: Vec<String> = lines.map(|line| serde_json::Value::from(line).to_string()).collect();
            if items.is_empty() { "\"\"".to_owned() } else { items.join(&pad) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::design::SecretRef;
    use plimsoll_render::File;

    fn tree(hole: &Hole, text: &str) -> Tree {
        let mut tree = Tree::new();
        tree.add("a.conf", File::new("a test", text.replace('@', &hole.placeholder())).holes([hole]));
        tree.add("b.conf", File::new("no hole", "nothing"));
        tree
    }

    #[test]
    fn a_hole_takes_the_form_that_its_file_needs() {
        let mut store = Store::new();
        store.put("a/key", Secret::new("one\ntwo\n"));
        let reference = SecretRef("a/key".into());
        for (hole, expected) in [
            (Hole::text(&reference), "x: one\ntwo;\n"),
            (Hole::base64(&reference), "x: b25lCnR3bw==;\n"),
            (Hole { form: Form::Indented(2), ..Hole::text(&reference) }, "x: one\n  two;\n"),
            (Hole { form: Form::Items(2), ..Hole::text(&reference) }, "x: \"one\"\n  - \"two\";\n"),
        ] {
            let files = fill(&tree(&hole, "x: @;\n"), &store, |_| Err("no files".into())).expect("all is there");
            assert_eq!(files["a.conf"].content.expose(), expected);
            assert_eq!((files.len(), files["a.conf"].mode), (1, 0o640));
        }
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let mut both = tree(&Hole::text(&SecretRef("a/key".into())), "@ @");
        let keys = Hole::file("./keys/admins.pub", Form::Text);
        both.add("c.conf", File::new("a test", keys.placeholder()).holes([&keys]));
        let missing = fill(&both, &Store::new(), |_| Err("no such file".into())).expect_err("nothing is there");
        let messages: Vec<String> = missing.iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            [
                "`a.conf` needs the secret `a/key`, which the store does not have",
                "`c.conf` needs the file `./keys/admins.pub`: no such file",
            ]
        );
    }
}
