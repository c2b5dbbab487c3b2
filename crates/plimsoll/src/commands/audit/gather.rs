//! The files below the given paths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plimsoll_diagnostics::{Diagnostic, Sources};
use plimsoll_views::files::left_over;

use crate::failure::Failure;

/// A configuration file larger than this is none: logs, images and databases lie about in copied folders.
const LARGEST_FILE: u64 = 4 << 20;
/// All of them together.
const LARGEST_SUM: u64 = 256 << 20;
/// A folder with more files is a whole system, not its configuration.
const MOST_FILES: usize = 50_000;

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    Binary,
    Large,
    Link,
    Special,
    Unreadable,
    /// A copy that no program reads.
    LeftOver,
}

impl Skip {
    pub(super) fn words(self, count: usize) -> &'static str {
        match (self, count) {
            (Skip::Binary, _) => "binary",
            (Skip::Large, _) => "too large for a configuration",
            (Skip::Link, 1) => "a link, which is not followed",
            (Skip::Link, _) => "links, which are not followed",
            (Skip::Special, 1) => "no plain file",
            (Skip::Special, _) => "no plain files",
            (Skip::Unreadable, _) => "not readable for you",
            (Skip::LeftOver, 1) => "a copy that no program reads",
            (Skip::LeftOver, _) => "copies that no program reads",
        }
    }
}

/// The texts that were found.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) sources: Sources,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) skipped: Vec<(String, Skip)>,
    seen: BTreeSet<PathBuf>,
    files: usize,
    bytes: u64,
}

impl Gathered {
    /// A file, or a folder with all below it. Links inside folders are not followed: they lead out of the copy.
    pub(super) fn take(&mut self, root: &Path) -> Result<(), Failure> {
        let metadata = std::fs::metadata(root).map_err(|error| Failure::io("read", root, error))?;
        if !metadata.is_file() && !metadata.is_dir() {
            return Err(Failure::new(format!("`{}` is neither a file nor a folder", root.display())));
        }
        if metadata.is_file() {
            return self.file(root, metadata.len(), true);
        }
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                // What was asked for must be there; what lies below may be somebody else's.
                Err(error) if folder == root => return Err(Failure::io("list", &folder, error)),
                Err(_) => {
                    self.skip(&folder, Skip::Unreadable);
                    continue;
                }
            };
            let mut entries: Vec<_> =
                entries.collect::<Result<_, _>>().map_err(|error| Failure::io("list", &folder, error))?;
            entries.sort_by_key(std::fs::DirEntry::file_name);
            let mut below = Vec::new();
            for entry in entries {
                let path = entry.path();
                // Of the entry itself: `metadata()` of an entry does not follow links.
                let Ok(metadata) = entry.metadata() else {
                    self.skip(&path, Skip::Unreadable);
                    continue;
                };
                if metadata.is_dir() {
                    if entry.file_name() != ".git" {
                        below.push(path);
                    }
                } else if metadata.is_file() {
                    if left_over::is_left_over(&path.display().to_string(), &root.display().to_string()) {
                        self.left_over(&path);
                    } else {
                        self.file(&path, metadata.len(), false)?;
                    }
                } else {
                    self.skip(&path, if metadata.is_symlink() { Skip::Link } else { Skip::Special });
                }
            }
            folders.extend(below.into_iter().rev());
        }
        Ok(())
    }

    fn skip(&mut self, path: &Path, why: Skip) {
        self.skipped.push((path.display().to_string(), why));
    }

    /// A copy beside the file that is read. Whoever judges it as well finds two of what there is one of.
    fn left_over(&mut self, path: &Path) {
        let shown = path.display().to_string();
        if !self.seen.insert(path.to_path_buf()) {
            return;
        }
        if left_over::is_read_by_kubelet(&shown) {
            self.problems.push(
                Diagnostic::warning(format!("the kubelet reads the copy `{shown}` as well"))
                    .code("left-over")
                    .breaks("it starts a second static pod of the same name, beside the real one or in its place")
                    .help("move the copy out of the folder of manifests; it reads every file there that is not hidden"),
            );
        }
        self.skip(path, Skip::LeftOver);
    }

    /// Reads a file; `given` when it was named by the caller, who then must be able to read it.
    fn file(&mut self, path: &Path, size: u64, given: bool) -> Result<(), Failure> {
        if !self.seen.insert(path.to_path_buf()) {
            return Ok(());
        }
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(Failure::new(format!("more than {MOST_FILES} files below the given paths"))
                .with_hint("name the folders with configuration, such as a copy of /etc"));
        }
        if size > LARGEST_FILE || self.bytes + size > LARGEST_SUM {
            self.skip(path, Skip::Large);
            return Ok(());
        }
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if given => return Err(Failure::io("read", path, error)),
            Err(_) => {
                self.skip(path, Skip::Unreadable);
                return Ok(());
            }
        };
        if bytes.contains(&0) {
            self.skip(path, Skip::Binary);
            return Ok(());
        }
        self.bytes += bytes.len() as u64;
        let (_, problem) = self.sources.add_bytes(path.display().to_string(), &bytes);
        self.problems.extend(problem);
        Ok(())
    }
}
