//! Kubernetes objects against the schemas of every supported version, and custom resources against their definitions.

use std::collections::BTreeSet;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use plimsoll_rootfs::Cache;
use plimsoll_rootfs::contained::{self, Network};
use plimsoll_rootfs::schemas::{self, Schemas};
use serde::Deserialize;

use crate::sandbox::{Stage, is_root};
use crate::{Error, Files};

/// Versions of Kubernetes that rendered objects must fit.
pub const VERSIONS: [&str; 4] = ["1.34", "1.35", "1.36", "1.37"];

/// Judges objects as a strict API server does, so far as schemas say: a field that it would drop, a key given twice and
/// a value of a wrong type are offences. Rules in CEL are not evaluated; objects that have some are told in
/// [`Judgement::left_out`].
#[derive(Clone, Debug)]
pub struct Objects {
    schemas: Schemas,
    crds: Option<PathBuf>,
}

/// One thing wrong with one object.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offence {
    /// File it is in.
    pub file: String,
    /// Number of the document in the file, from 1.
    pub document: usize,
    /// `Kind/name`; none when the document is no object.
    #[serde(default)]
    pub object: Option<String>,
    /// Place in the object, as a JSON path.
    #[serde(default)]
    pub at: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Version of Kubernetes that objects; none where a custom resource's own definition does.
    #[serde(default)]
    pub version: Option<String>,
}

/// One object, or part of it, that was not judged.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// File it is in.
    pub file: String,
    /// Number of the document in the file, from 1.
    pub document: usize,
    /// `Kind/name`.
    pub object: String,
    /// Why.
    pub reason: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Objects judged by at least one schema, as file, document and `Kind/name`.
    pub judged: BTreeSet<(String, usize, String)>,
    /// What is wrong, sorted.
    pub offences: BTreeSet<Offence>,
    /// What was not judged, sorted.
    pub left_out: BTreeSet<LeftOut>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Judged { file: String, document: usize, object: String },
    Offence(Offence),
    LeftOut(LeftOut),
}

impl Judgement {
    /// Something was judged, and nothing is wrong.
    pub fn accepted(&self) -> bool {
        self.offences.is_empty() && !self.judged.is_empty()
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (document {})", self.file, self.document)?;
        for part in [&self.object, &self.at].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        write!(f, ": {}", self.message)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, " (Kubernetes {version})"))
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} objects judged, {} offences", self.judged.len(), self.offences.len())?;
        self.offences.iter().try_for_each(|offence| write!(f, "\n    {offence}"))
    }
}

impl Objects {
    /// The schemas in the cache, and the custom resource definitions in `$PLIMSOLL_CRDS` or, where that is not set, in
    /// `shared/crds` beside the checkout.
    ///
    /// # Errors
    /// When the schemas are not in the cache. Missing definitions are no error: see [`Objects::crds`].
    pub fn open() -> Result<Self, Error> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/crds");
        let crds = env::var_os("PLIMSOLL_CRDS").map_or_else(beside, PathBuf::from);
        let crds = crds.canonicalize().ok().filter(|directory| directory.is_dir());
        Ok(Self { schemas: schemas::find(&Cache::locate()?)?, crds })
    }

    /// Where the definitions of custom resources are. Without them custom resources are left out, and a test must say so.
    pub fn crds(&self) -> Option<&Path> {
        self.crds.as_deref()
    }

    /// The same without definitions of custom resources.
    #[must_use]
    pub fn without_crds(mut self) -> Self {
        self.crds = None;
        self
    }

    /// Judges every document of all the files, whatever their names.
    ///
    /// # Errors
    /// When they could not be judged; an offence is not an error.
    pub fn judge(&self, files: &Files) -> Result<Judgement, Error> {
        if !is_root() {
            return Err(Error::NotRoot);
        }
        let stage = Stage::new()?;
        files.write_below(&stage.files())?;
        let mut command = contained::command(self.schemas.python(), Network::Own);
        command.args(["-I", "-c", include_str!("objects.py")]);
        command.arg(self.crds.as_deref().unwrap_or(Path::new(""))).arg(VERSIONS.join(","));
        for (path, _) in files.iter() {
            let below = path.strip_prefix("/").unwrap_or(path);
            command.arg(path).arg(stage.files().join(below));
        }
        let output = command.output().map_err(Error::io("start the validator"))?;
        if !output.status.success() {
            let output = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::Isolation { program: "the validator of objects".to_owned(), output });
        }
        let mut judgement = Judgement::default();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let said = serde_json::from_str(line).map_err(|error| Error::Isolation {
                program: "the validator of objects".to_owned(),
                output: format!("{error} in `{line}`"),
            })?;
            match said {
                Said::Judged { file, document, object } => {
                    judgement.judged.insert((file, document, object));
                }
                Said::Offence(offence) => {
                    judgement.offences.insert(offence);
                }
                Said::LeftOut(left_out) => {
                    judgement.left_out.insert(left_out);
                }
            }
        }
        Ok(judgement)
    }
}
