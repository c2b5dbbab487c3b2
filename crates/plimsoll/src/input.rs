//! The cluster file and its lock, from disk to Design.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Severity, Sources};
use plimsoll_model::design::Date;
use plimsoll_model::{Design, Origins};
use plimsoll_render::sha256_hex;
use plimsoll_resolve::Lock;
use plimsoll_spec::Spec;

use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::timings::Timings;

/// A cluster file larger than this is no cluster file: fifty hosts take a few kilobytes.
const LARGEST_CLUSTER_FILE: u64 = 4 << 20;

/// Problems of a text from which no tree could be made: not a cluster with errors, but none at all.
const NO_YAML: [&str; 3] = ["yaml-syntax", "yaml-limit", "yaml-empty"];

/// A resolved cluster with all that its findings point at.
pub(crate) struct Cluster {
    pub(crate) sources: Sources,
    pub(crate) design: Design,
    pub(crate) origins: Origins,
    /// The lock as it should be.
    pub(crate) lock: Lock,
    /// The lock as it lies on disk.
    pub(crate) old_lock: Lock,
    pub(crate) lock_path: PathBuf,
    /// Warnings and notes of reading and resolving.
    pub(crate) notes: Diagnostics,
}

/// How a cluster file came out.
pub(crate) enum Loaded {
    /// It resolves.
    Cluster(Box<Cluster>),
    /// It has errors, which were shown.
    Errors,
}

/// A cluster file that was read, and the lock beside it, before anything was made of them.
pub(crate) struct Opened {
    sources: Sources,
    path: PathBuf,
    spec: Spec,
    old_lock: Lock,
    lock_path: PathBuf,
    notes: Diagnostics,
    /// SHA-256 of the cluster file.
    pub(crate) file_hash: String,
    /// SHA-256 of the lock as it lies on disk; of nothing when there is none.
    pub(crate) lock_hash: String,
}

/// A cluster file from which no design came, and all that there is to say about it.
pub(crate) struct Refused {
    pub(crate) sources: Sources,
    /// Of the file and its lock, as people read them.
    pub(crate) problems: Vec<Diagnostic>,
    pub(crate) why: Why,
}

/// Why no design came.
pub(crate) enum Why {
    /// There is no cluster in the file, or no file: exit code 2.
    Unreadable(Failure),
    /// The cluster has errors: exit code 1. Says how many.
    Errors(String),
}

impl Refused {
    fn unreadable<T>(sources: Sources, problems: Vec<Diagnostic>, failure: Failure) -> Result<T, Box<Self>> {
        Err(Box::new(Refused { sources, problems, why: Why::Unreadable(failure) }))
    }

    fn errors<T>(sources: Sources, mut problems: Diagnostics, path: &Path) -> Result<T, Box<Self>> {
        problems.sort();
        let count = crate::commands::plural(problems.count(Severity::Error), "error");
        let why = Why::Errors(format!("{count} in `{}`; nothing was written", path.display()));
        Err(Box::new(Refused { sources, problems: problems.into_vec(), why }))
    }

    /// Shows it on standard error.
    pub(crate) fn show(self, terminal: &Terminal) -> Result<(), Failure> {
        terminal.problems(&self.problems, &self.sources);
        match self.why {
            Why::Unreadable(failure) => Err(failure),
            Why::Errors(errors) => {
                terminal.error(&errors);
                Ok(())
            }
        }
    }
}

/// Reads and resolves a cluster file. Errors in it are shown on standard error.
pub(crate) fn load(path: &Path, terminal: &Terminal, timings: &mut Timings) -> Result<Loaded, Failure> {
    match try_load(path, timings) {
        Ok(cluster) => Ok(Loaded::Cluster(cluster)),
        Err(refused) => refused.show(terminal).map(|()| Loaded::Errors),
    }
}

/// Reads and resolves a cluster file, and shows nothing.
pub(crate) fn try_load(path: &Path, timings: &mut Timings) -> Result<Box<Cluster>, Box<Refused>> {
    try_open(path, timings)?.try_resolve(timings)
}

/// Reads a cluster file and its lock. `None` when they have errors, which were shown on standard error.
pub(crate) fn open(path: &Path, terminal: &Terminal, timings: &mut Timings) -> Result<Option<Opened>, Failure> {
    match try_open(path, timings) {
        Ok(opened) => Ok(Some(opened)),
        Err(refused) => refused.show(terminal).map(|()| None),
    }
}

fn try_open(path: &Path, timings: &mut Timings) -> Result<Opened, Box<Refused>> {
    let mut sources = Sources::new();
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(failure) => return Refused::unreadable(sources, Vec::new(), failure),
    };
    let (id, not_text) = sources.add_bytes(path.display().to_string(), &bytes);
    if let Some(problem) = not_text {
        let failure = Failure::new(format!("`{}` cannot be read as text", path.display()));
        return Refused::unreadable(sources, vec![problem], failure);
    }
    let (spec, mut notes) = plimsoll_spec::read(id, &sources);
    notes.extend(plimsoll_check::unknown_rules(spec.iter().flat_map(Spec::named_rules)));
    timings.lap("read");
    if notes.iter().any(|problem| NO_YAML.contains(&problem.code.as_str())) {
        notes.sort();
        let failure = Failure::new(format!("`{}` cannot be read as YAML; nothing was written", path.display()));
        return Refused::unreadable(sources, notes.into_vec(), failure);
    }
    let Some(spec) = spec.filter(|_| !notes.has_errors()) else { return Refused::errors(sources, notes, path) };

    let lock_path = path.with_extension("lock");
    let lock_text = match std::fs::read_to_string(&lock_path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Refused::unreadable(sources, Vec::new(), Failure::io("read", &lock_path, error));
        }
    };
    let (file_hash, lock_hash) = (sha256_hex(&bytes), sha256_hex(lock_text.as_bytes()));
    let lock_id = sources.add(lock_path.display().to_string(), lock_text);
    let (old_lock, lock_problems) = Lock::read(lock_id, &sources);
    if lock_problems.has_errors() {
        return Refused::errors(sources, lock_problems, &lock_path);
    }
    Ok(Opened { sources, path: path.to_owned(), spec, old_lock, lock_path, notes, file_hash, lock_hash })
}

impl Opened {
    /// The name of the cluster.
    pub(crate) fn cluster(&self) -> String {
        self.spec.cluster.value.to_string()
    }

    /// Makes every choice that the file leaves open. Errors are shown on standard error.
    pub(crate) fn resolve(self, terminal: &Terminal, timings: &mut Timings) -> Result<Loaded, Failure> {
        match self.try_resolve(timings) {
            Ok(cluster) => Ok(Loaded::Cluster(cluster)),
            Err(refused) => refused.show(terminal).map(|()| Loaded::Errors),
        }
    }

    fn try_resolve(self, timings: &mut Timings) -> Result<Box<Cluster>, Box<Refused>> {
        let Opened { sources, path, spec, old_lock, lock_path, mut notes, .. } = self;
        let resolved = plimsoll_resolve::resolve(&spec, &old_lock);
        timings.lap("resolve");
        notes.extend(resolved.diagnostics);
        match resolved.design {
            Some(design) if !notes.has_errors() => Ok(Box::new(Cluster {
                sources,
                design,
                origins: resolved.origins,
                lock: resolved.lock,
                old_lock,
                lock_path,
                notes,
            })),
            _ => Refused::errors(sources, notes, &path),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let failure = Failure::io("read", path, error);
        if missing { failure.with_hint("`plimsoll init` writes a first cluster file") } else { failure }
    })?;
    if metadata.is_dir() {
        return Err(Failure::new(format!("`{}` is a directory, not a cluster file", path.display()))
            .with_hint("to judge a folder of configuration files, use `plimsoll audit`"));
    }
    if metadata.len() > LARGEST_CLUSTER_FILE {
        return Err(Failure::new(format!(
            "`{}` has {} bytes; a cluster file has at most {LARGEST_CLUSTER_FILE}",
            path.display(),
            metadata.len()
        )));
    }
    std::fs::read(path).map_err(|error| Failure::io("read", path, error))
}

/// Today in UTC, or the day that was asked for.
pub(crate) fn today(asked: Option<Date>) -> Option<Date> {
    asked.or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Date::from_days(u32::try_from(since.as_secs() / 86_400).ok()?))
    })
}

/// Writes the lock beside the cluster file, in one step.
pub(crate) fn write_lock(cluster: &Cluster) -> Result<(), Failure> {
    let half = cluster.lock_path.with_extension("lock.half-written");
    let write = || {
        let mut file = std::fs::File::create(&half)?;
        file.write_all(cluster.lock.to_text().as_bytes())?;
        file.sync_all()
    };
    write()
        .and_then(|()| std::fs::rename(&half, &cluster.lock_path))
        .map_err(|error| Failure::io("write", &cluster.lock_path, error))
}
