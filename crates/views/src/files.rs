//! Files somebody already has: which of them we know, and whose they are.

use plimsoll_diagnostics::{Diagnostics, SourceId, Sources};

/// Files somebody already has.
#[derive(Debug, Default)]
pub struct Files {
    /// Each file with what it was recognised as, in the order in which they were given.
    pub list: Vec<File>,
    /// What the readers had to say: statements they did not know, text that is no configuration.
    pub problems: Diagnostics,
}

/// One file.
#[derive(Debug)]
pub struct File {
    /// The text.
    pub source: SourceId,
    /// Its path as given.
    pub path: String,
    /// Whose it is: the machine that its path or its content names (`cp-1/etc/…`); the path's folder otherwise.
    pub owner: String,
    /// What it was recognised as.
    pub content: Content,
}

/// What a file was recognised as.
#[derive(Debug)]
pub enum Content {
    /// Nothing we read; says why.
    Unrecognised(&'static str),
}

impl Content {
    /// What it is, in a few words.
    pub fn kind(&self) -> &'static str {
        match self {
            Content::Unrecognised(why) => why,
        }
    }

    /// Whether a reader knows it.
    pub fn is_recognised(&self) -> bool {
        !matches!(self, Content::Unrecognised(_))
    }
}

/// Recognises every text of `sources` by its path and content, and reads it.
pub fn recognise(sources: &Sources) -> Files {
    let mut files = Files::default();
    for (id, source) in sources.iter() {
        files.list.push(File {
            source: id,
            path: source.name.clone(),
            owner: owner(&source.name),
            content: Content::Unrecognised("no reader knows it"),
        });
    }
    files
}

/// The part of a path before `etc/`, `var/` or the file's own name: one folder per machine is how people copy them.
fn owner(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let end = parts.iter().position(|part| matches!(*part, "etc" | "var" | "usr" | "opt" | "root"));
    let folder = &parts[..end.unwrap_or(parts.len().saturating_sub(1))];
    folder.last().map_or_else(String::new, |name| (*name).to_owned())
}
