//! Writes a tree to disk: atomically per file, the manifest last, and without touching what is not ours.
//!
//! `DIR/.plimsoll/` holds what only concerns us: a lock against two runs at a time, half-written files, what the last run
//! was made from ([`Record`]), and the manifest of a run that is under way. A run that was interrupted leaves that manifest behind; so the next one knows
//! which files it had begun to write, and finishes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plimsoll_model::Design;
use plimsoll_render::{Manifest, Tree, sha256_hex};

use crate::failure::Failure;
use crate::record::Record;
use crate::staged::Staged;

/// The manifest of a run that is under way, below the output directory.
pub(crate) const NEXT: &str = ".plimsoll/manifest.next.json";

/// What a run did, or would do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) new: Vec<String>,
    pub(crate) changed: Vec<String>,
    pub(crate) removed: Vec<String>,
    pub(crate) unchanged: usize,
}

/// A tree and where it goes.
pub(crate) struct Output<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) tree: &'a Tree,
    pub(crate) manifest: Manifest,
}

/// What lies at a path where a file is wanted.
enum Found {
    Nothing,
    /// Already as wanted.
    Same,
    /// Written by an earlier run and not touched since.
    Ours,
    /// Written by somebody else, or changed by hand since.
    Theirs,
}

impl<'a> Output<'a> {
    pub(crate) fn new(directory: &'a Path, design: &Design, tree: &'a Tree) -> Self {
        Output { directory, tree, manifest: Manifest::of(design, tree) }
    }

    /// What a run would do. Refuses when a wanted path holds something that is not ours, unless `overwrite`.
    pub(crate) fn plan(&self, overwrite: bool) -> Result<Written, Failure> {
        let known = self.known_hashes()?;
        let mut plan = Written::default();
        let mut theirs = Vec::new();
        for (path, entry) in &self.manifest.file {
            match self.found(path, &entry.sha256, &known)? {
                Found::Nothing => plan.new.push(path.clone()),
                Found::Same => plan.unchanged += 1,
                Found::Ours => plan.changed.push(path.clone()),
                Found::Theirs if overwrite => plan.changed.push(path.clone()),
                Found::Theirs => theirs.push(path.clone()),
            }
        }
        if !theirs.is_empty() {
            let list = theirs.iter().map(|path| format!("  {path}")).collect::<Vec<_>>().join("\n");
            return Err(Failure::new(format!(
                "{} in `{}` {} changed by hand or not written by Plimsoll:\n{list}",
                if theirs.len() == 1 { "one file" } else { "files" },
                self.directory.display(),
                if theirs.len() == 1 { "was" } else { "were" },
            ))
            .with_hint(format!(
                "move the change into the cluster file, or let {} be replaced with `--overwrite`",
                if theirs.len() == 1 { "it" } else { "them" }
            )));
        }
        for path in known.keys().filter(|path| !self.manifest.file.contains_key(*path)) {
            // A file that was changed by hand is theirs now and stays.
            if matches!(self.found(path, "", &known)?, Found::Ours) {
                plan.removed.push(path.clone());
            }
        }
        Ok(plan)
    }

    /// Writes what would be written beside its place, so that [`Output::write`] need only move it there. Refuses as
    /// [`Output::plan`] does, before anything is written.
    pub(crate) fn stage(&self, overwrite: bool) -> Result<Staged, Failure> {
        let plan = self.plan(overwrite)?;
        let mut staged = Staged::begin(self.directory)?;
        staged.write(self.tree, plan.new.iter().chain(&plan.changed).map(String::as_str))?;
        Ok(staged)
    }

    /// Writes what [`Output::plan`] says, and the record of the run or none: an older one must not outlive it. What of the
    /// same tree was written beside its place before is `staged`.
    pub(crate) fn write(
        &self,
        overwrite: bool,
        mut staged: Staged,
        record: Option<&Record>,
    ) -> Result<Written, Failure> {
        let plan = self.plan(overwrite)?;
        let json = self.manifest.to_json();
        let manifest = self.directory.join(Manifest::PATH);
        let nothing_to_do = plan.new.is_empty() && plan.changed.is_empty() && plan.removed.is_empty();
        if nothing_to_do && fs::read_to_string(&manifest).is_ok_and(|old| old == json) {
            self.put_record(&mut staged, record)?;
            return Ok(plan);
        }
        let wanted = || plan.new.iter().chain(&plan.changed).map(String::as_str);
        staged.write(self.tree, wanted())?;
        staged.put(&self.directory.join(NEXT), json.as_bytes(), 0o644)?;
        wanted().try_for_each(|path| staged.move_to_its_place(path))?;
        for path in &plan.removed {
            let target = self.directory.join(path);
            fs::remove_file(&target).map_err(|error| Failure::io("remove", &target, error))?;
            self.remove_empty_parents(&target);
        }
        staged.put(&manifest, json.as_bytes(), 0o644)?;
        let next = self.directory.join(NEXT);
        fs::remove_file(&next).map_err(|error| Failure::io("remove", &next, error))?;
        self.put_record(&mut staged, record)?;
        Ok(plan)
    }

    fn put_record(&self, staged: &mut Staged, record: Option<&Record>) -> Result<(), Failure> {
        let path = self.directory.join(Record::PATH);
        match record {
            // One that is not whole is none, and the next run builds anew.
            Some(record) => staged.put_soon(&path, record.to_json().as_bytes(), 0o644),
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", &path, error)),
                _ => Ok(()),
            },
        }
    }

    /// Hashes of every version of a file that an earlier run wrote or had begun to write.
    fn known_hashes(&self) -> Result<BTreeMap<String, Vec<String>>, Failure> {
        let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for path in [self.directory.join(Manifest::PATH), self.directory.join(NEXT)] {
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(Failure::io("read", &path, error)),
            };
            let manifest = Manifest::from_json(&text).map_err(|error| {
                Failure::new(format!("`{}` is no manifest of Plimsoll: {error}", path.display()))
                    .with_hint("choose another directory with `--output`, or remove that file")
            })?;
            for (path, entry) in manifest.file {
                // A manifest that names a path outside was not written by us; such a file must not be removed.
                if path.split('/').all(|step| !matches!(step, "" | "." | "..")) {
                    known.entry(path).or_default().push(entry.sha256);
                }
            }
        }
        Ok(known)
    }

    fn found(&self, path: &str, wanted: &str, known: &BTreeMap<String, Vec<String>>) -> Result<Found, Failure> {
        let target = self.directory.join(path);
        let bytes = match fs::read(&target) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(Failure::io("read", &target, error)),
        };
        let hash = sha256_hex(&bytes);
        Ok(if hash == wanted {
            Found::Same
        } else if known.get(path).is_some_and(|hashes| hashes.contains(&hash)) {
            Found::Ours
        } else {
            Found::Theirs
        })
    }

    /// Removes directories that a removed file left empty; one that holds anything else stays.
    fn remove_empty_parents(&self, target: &Path) {
        let parents = target.ancestors().skip(1).take_while(|parent| *parent != self.directory);
        for parent in parents {
            if fs::remove_dir(parent).is_err() {
                break;
            }
        }
    }
}
