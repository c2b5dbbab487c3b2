//! The rendered files, before secrets are filled in.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_model::design::SecretRef;

use crate::Hole;

/// Every rendered file, by its path below the output directory, sorted.
///
/// The first step of a path says whose file it is: `hosts/<host>/…` and `machines/<machine>/…` continue with the place
/// where the file goes on that host or machine (`machines/cp-1/etc/haproxy/haproxy.cfg`); `switches/`, `gateways/`,
/// `proxmox/`, `cluster/` and `backup/` are handed to a person or to an interface; `RUNBOOK.md` is read by people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, File>,
}

/// One rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its content in order.
    pub segments: Vec<Segment>,
    /// Permission bits where it goes (`0o644`).
    pub mode: u32,
    /// `user:group` where it goes.
    pub owner: String,
    /// What it is for, in a few words.
    pub purpose: String,
    /// It is laid where it goes only while nothing is there: from then on the machine itself writes it.
    pub once: bool,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Text as it stands.
    Text(String),
    /// A secret, or a file of the person, that is filled in at the last moment.
    Hole(Hole),
}

impl File {
    /// A file that everybody may read (`0644 root:root`) and that holds no secret.
    pub fn new(purpose: impl Into<String>, text: impl Into<String>) -> Self {
        File {
            segments: vec![Segment::Text(text.into())],
            mode: 0o644,
            owner: "root:root".into(),
            purpose: purpose.into(),
            once: false,
        }
    }

    /// Laid where it goes only while nothing is there.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// With other permission bits.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// With another `user:group`.
    #[must_use]
    pub fn owner(mut self, owner: &str) -> Self {
        owner.clone_into(&mut self.owner);
        self
    }

    /// Turns the placeholders of exactly these holes into holes. Only declared ones become holes, so that a text that
    /// a person wrote elsewhere in the design cannot ask for a secret. Others may not read a file with a secret, and its
    /// group may at most read it.
    #[must_use]
    pub fn holes<'a>(mut self, holes: impl IntoIterator<Item = &'a Hole>) -> Self {
        for hole in holes {
            let placeholder = hole.placeholder();
            let mut segments = Vec::new();
            for segment in self.segments {
                let Segment::Text(text) = segment else {
                    segments.push(segment);
                    continue;
                };
                for (index, part) in text.split(&placeholder).enumerate() {
                    if index > 0 {
                        segments.push(Segment::Hole(hole.clone()));
                    }
                    if !part.is_empty() {
                        segments.push(Segment::Text(part.to_owned()));
                    }
                }
            }
            self.segments = segments;
        }
        if self.secrets().next().is_some() {
            self.mode &= 0o750;
        }
        self
    }

    /// The holes, in the order of the text.
    pub fn open_holes(&self) -> impl Iterator<Item = &Hole> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Hole(hole) => Some(hole),
            Segment::Text(_) => None,
        })
    }

    /// The secrets that it needs, in the order of the text.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        self.open_holes().filter_map(Hole::secret)
    }

    /// The text with placeholders for what is missing.
    pub fn text(&self) -> String {
        self.segments
            .iter()
            .map(|segment| match segment {
                Segment::Text(text) => text.clone(),
                Segment::Hole(hole) => hole.placeholder(),
            })
            .collect()
    }
}

impl Tree {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. Two files at one path are a defect of this crate, which its tests look for: the later one wins.
    ///
    /// # Panics
    /// In builds with debug assertions, when the path is taken or could leave the output directory.
    pub fn add(&mut self, path: impl Into<String>, file: File) {
        let path = path.into();
        debug_assert!(
            !path.starts_with('/') && path.split('/').all(|step| !matches!(step, "" | "." | "..")),
            "`{path}` could leave the output directory"
        );
        let taken = self.files.insert(path, file);
        debug_assert!(taken.is_none(), "two files at one path");
    }

    /// Adds the file that lies at the absolute path `place` of a machine.
    pub fn on_machine(&mut self, machine: &impl fmt::Display, place: &str, file: File) {
        self.add(format!("machines/{machine}/{}", place.trim_start_matches('/')), file);
    }

    /// Adds the file that lies at the absolute path `place` of a host.
    pub fn on_host(&mut self, host: &impl fmt::Display, place: &str, file: File) {
        self.add(format!("hosts/{host}/{}", place.trim_start_matches('/')), file);
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// Every file with its path, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The files of one machine, by the absolute path where they go.
    pub fn of_machine(&self, machine: &str) -> impl Iterator<Item = (&str, &File)> {
        let prefix = format!("machines/{machine}");
        self.iter().filter_map(move |(path, file)| {
            path.strip_prefix(&prefix).filter(|place| place.starts_with('/')).map(|place| (place, file))
        })
    }

    /// How many files.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Every secret that some file needs, sorted.
    pub fn secrets(&self) -> Vec<SecretRef> {
        let mut all: Vec<SecretRef> = self.files.values().flat_map(File::secrets).cloned().collect();
        all.sort();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_declared_holes_are_holes() {
        let key = Hole::text(&SecretRef("tsig/transfer".into()));
        let file =
            File::new("keys", "secret \"<plimsoll:secret tsig/transfer>\"; # <plimsoll:secret ca/key>\n").holes([&key]);
        assert_eq!(
            file.segments,
            [
                Segment::Text("secret \"".into()),
                Segment::Hole(key),
                Segment::Text("\"; # <plimsoll:secret ca/key>\n".into()),
            ]
        );
        assert_eq!(file.mode, 0o640, "a file with a secret is not for everybody");
        assert_eq!(file.text(), "secret \"<plimsoll:secret tsig/transfer>\"; # <plimsoll:secret ca/key>\n");
    }

    #[test]
    fn files_of_a_machine_carry_the_place_where_they_go() {
        let mut tree = Tree::new();
        tree.on_machine(&"cp-1", "/etc/hosts", File::new("names", ""));
        tree.on_machine(&"cp-10", "/etc/hosts", File::new("names", ""));
        let places: Vec<&str> = tree.of_machine("cp-1").map(|(place, _)| place).collect();
        assert_eq!(places, ["/etc/hosts"]);
    }
}
