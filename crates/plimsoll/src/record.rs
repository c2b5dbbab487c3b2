//! What the last run of `build` was made from and what it said, so that a run that would do the same is skipped.
//!
//! The record lies in `.plimsoll/`, not in the manifest: the manifest is the same for everybody who renders the same design,
//! and a git repository of rendered files must not change because somebody has another program or another day.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use plimsoll_render::{Manifest, sha256_hex};
use serde::{Deserialize, Serialize};

use crate::output::NEXT;
use crate::terminal::Said;

/// Everything that decides what a run does and says, by name.
pub(crate) type MadeFrom = BTreeMap<String, String>;

/// A run that wrote everything and found no error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Version of this form.
    format: u32,
    /// What it was made from.
    from: MadeFrom,
    /// SHA-256 of the manifest that it left.
    manifest_sha256: String,
    /// What the next run says when nothing has changed: on standard output …
    out: String,
    /// … and on standard error.
    err: String,
}

impl Record {
    const FORMAT: u32 = 1;
    /// Where it lies below the output directory.
    pub(crate) const PATH: &str = ".plimsoll/built.json";

    /// The record of a run that leaves `manifest`; `said` is what the next one says.
    pub(crate) fn new(from: MadeFrom, manifest: &Manifest, said: Said) -> Self {
        let manifest_sha256 = sha256_hex(manifest.to_json().as_bytes());
        Record { format: Self::FORMAT, from, manifest_sha256, out: said.out, err: said.err }
    }

    /// As JSON, with a final newline.
    pub(crate) fn to_json(&self) -> String {
        // Only maps with other keys than strings could fail, and there are none.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// What there is to say when a run from these would change nothing: the last one was made from the same, ended, and
    /// every file still has the bytes that it wrote. Whatever cannot be read or understood is a reason to run.
    pub(crate) fn unchanged(directory: &Path, from: &MadeFrom) -> Option<Said> {
        let record: Record = serde_json::from_str(&fs::read_to_string(directory.join(Self::PATH)).ok()?).ok()?;
        let manifest = fs::read_to_string(directory.join(Manifest::PATH)).ok()?;
        let same = record.format == Self::FORMAT
            && record.from == *from
            && record.manifest_sha256 == sha256_hex(manifest.as_bytes())
            && !directory.join(NEXT).exists();
        let files = if same { Manifest::from_json(&manifest).ok()?.file } else { return None };
        let untouched =
            |(path, wanted): (&String, &plimsoll_render::ManifestEntry)| match fs::read(directory.join(path)) {
                Ok(bytes) => sha256_hex(&bytes) == wanted.sha256,
                Err(_) => false,
            };
        files.iter().all(untouched).then_some(Said { out: record.out, err: record.err })
    }
}

/// Which program this is: its version does not tell two builds of one version apart, but the file that it was started from
/// does. Whoever writes to a file, or puts another one in its place, changes the time that the kernel keeps of its last
/// change, which nobody can set. `None` where that cannot be known: then nothing is skipped.
pub(crate) fn program() -> Option<String> {
    let file = fs::metadata("/proc/self/exe").or_else(|_| std::env::current_exe().and_then(fs::metadata)).ok()?;
    Some(format!(
        "{}, file {}:{} of {} bytes, written {}.{:09}, changed {}.{:09}",
        env!("CARGO_PKG_VERSION"),
        file.dev(),
        file.ino(),
        file.size(),
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec(),
    ))
}
