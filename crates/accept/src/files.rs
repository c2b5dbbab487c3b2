//! Files of one host, by the path at which their readers expect them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use crate::Error;

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
}

impl File {
    /// A file with the permissions that its first bytes ask for: scripts can be executed, all else can only be read.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let mode = if bytes.starts_with(b"#!") { 0o755 } else { 0o644 };
        Self { bytes, mode }
    }
}

/// Files by absolute path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<PathBuf, File>);

impl Files {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: impl Into<PathBuf>, file: File) {
        self.0.insert(path.into(), file);
    }

    /// All of them, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &File)> {
        self.0.iter().map(|(path, file)| (path.as_path(), file))
    }

    /// The text of one, invalid UTF-8 replaced.
    pub fn text(&self, path: &str) -> Option<String> {
        self.0.get(Path::new(path)).map(|file| String::from_utf8_lossy(&file.bytes).into_owned())
    }

    /// Writes all of them below `directory`.
    pub(crate) fn write_below(&self, directory: &Path) -> Result<(), Error> {
        for (path, file) in &self.0 {
            let mut parts = path.components();
            let below: PathBuf = match parts.next() {
                Some(Component::RootDir) => parts.clone().collect(),
                _ => return Err(Error::Path(path.clone())),
            };
            if !parts.all(|part| matches!(part, Component::Normal(_))) || below.as_os_str().is_empty() {
                return Err(Error::Path(path.clone()));
            }
            let target = directory.join(below);
            let write = || {
                target.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::write(&target, &file.bytes)?;
                fs::set_permissions(&target, fs::Permissions::from_mode(file.mode))
            };
            write().map_err(Error::io(format!("write `{}`", target.display())))?;
        }
        Ok(())
    }
}

impl<P: Into<PathBuf>, B: Into<Vec<u8>>> FromIterator<(P, B)> for Files {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, bytes)| (path.into(), File::new(bytes))).collect())
    }
}

impl<P: Into<PathBuf>, B: Into<Vec<u8>>, const N: usize> From<[(P, B); N]> for Files {
    fn from(files: [(P, B); N]) -> Self {
        files.into_iter().collect()
    }
}
