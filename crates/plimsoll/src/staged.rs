//! Files written beside their places while other work goes on: to wait for the disk takes as long as to prove a small cluster.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use plimsoll_render::Tree;

use crate::failure::Failure;

/// Files that are waited for one by one.
const FEW: usize = 16;

/// Files that lie below `DIR/.plimsoll/half`, each whole and on the disk, until they are moved to their places. No other run
/// may write to the directory meanwhile. What is not moved is removed again.
#[derive(Debug)]
pub(crate) struct Staged {
    directory: PathBuf,
    /// By path in the tree: the file that waits.
    halves: BTreeMap<String, PathBuf>,
    /// Open for as long as no other run may write.
    lock: File,
    /// Whether the directory was none of ours before, and whether it was there at all.
    new: [bool; 2],
    /// Whether anything was moved.
    used: bool,
}

impl Staged {
    /// Keeps other runs out of a directory, which is created where it is missing.
    pub(crate) fn begin(directory: &Path) -> Result<Self, Failure> {
        let private = directory.join(".plimsoll");
        let new = [!private.exists(), !directory.exists()];
        fs::create_dir_all(&private).map_err(|error| Failure::io("create", &private, error))?;
        let lock_path = private.join("lock");
        let lock = File::create(&lock_path).map_err(|error| Failure::io("create", &lock_path, error))?;
        if lock.try_lock().is_err() {
            return Err(Failure::new(format!("another run is writing to `{}`", directory.display()))
                .with_hint("wait until it has ended"));
        }
        let staged = Staged { directory: directory.to_owned(), halves: BTreeMap::new(), lock, new, used: false };
        match fs::remove_dir_all(staged.half_directory()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io("remove", &staged.half_directory(), error))
            }
            _ => Ok(staged),
        }
    }

    fn half_directory(&self) -> PathBuf {
        self.directory.join(".plimsoll/half")
    }

    /// Writes files of a tree beside their places, and waits for the disk: once where they are many, since to wait after each
    /// of a thousand takes longer than all else.
    pub(crate) fn write<'p>(&mut self, tree: &Tree, paths: impl IntoIterator<Item = &'p str>) -> Result<(), Failure> {
        let waits = |path: &&str| !self.halves.contains_key(*path);
        let files: Vec<_> = paths.into_iter().filter(waits).filter_map(|path| Some((path, tree.get(path)?))).collect();
        if files.is_empty() {
            return Ok(());
        }
        let halves = self.half_directory();
        fs::create_dir_all(&halves).map_err(|error| Failure::io("create", &halves, error))?;
        let failed = |path: &str, error| Failure::io("write", &self.directory.join(path), error);
        let mut written = Vec::with_capacity(files.len());
        for (number, (path, file)) in files.iter().enumerate() {
            let half = halves.join((self.halves.len() + number).to_string());
            let open = create(&half, file.text().as_bytes(), file.mode).map_err(|error| failed(path, error))?;
            if files.len() <= FEW {
                open.sync_all().map_err(|error| failed(path, error))?;
            }
            written.push(half);
        }
        let together = || File::open(&halves).and_then(|directory| Ok(rustix::fs::syncfs(&directory)?));
        if files.len() > FEW && together().is_err() {
            // Not every file system knows it. One that cannot write says so here again.
            for (half, (path, _)) in written.iter().zip(&files) {
                File::open(half).and_then(|file| file.sync_all()).map_err(|error| failed(path, error))?;
            }
        }
        self.halves.extend(files.into_iter().map(|(path, _)| path.to_owned()).zip(written));
        Ok(())
    }

    /// Moves a file that was written beside its place there, in one step.
    pub(crate) fn move_to_its_place(&mut self, path: &str) -> Result<(), Failure> {
        self.used = true;
        match self.halves.remove(path) {
            Some(half) => move_to(&half, &self.directory.join(path)),
            None => Ok(()),
        }
    }

    /// Writes a file with its final permissions beside its place and moves it there in one step, once it is on the disk.
    pub(crate) fn put(&mut self, target: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
        self.replace(target, bytes, mode, true)
    }

    /// The same without waiting for the disk, for what may be lost with the power.
    pub(crate) fn put_soon(&mut self, target: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
        self.replace(target, bytes, mode, false)
    }

    fn replace(&mut self, target: &Path, bytes: &[u8], mode: u32, wait: bool) -> Result<(), Failure> {
        self.used = true;
        let half = self.directory.join(".plimsoll/half-written");
        let _ = fs::remove_file(&half);
        create(&half, bytes, mode)
            .and_then(|file| if wait { file.sync_all() } else { Ok(()) })
            .map_err(|error| Failure::io("write", target, error))?;
        move_to(&half, target)
    }
}

impl Drop for Staged {
    /// Whatever cannot be removed is removed by the next run.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.half_directory());
        if let ([true, was_missing], false) = (self.new, self.used) {
            let _ = fs::remove_file(self.directory.join(".plimsoll/lock"));
            let _ = fs::remove_dir(self.directory.join(".plimsoll"));
            if was_missing {
                let _ = fs::remove_dir(&self.directory);
            }
        }
        let _ = self.lock.unlock();
    }
}

/// Writes a new file that nobody else may read before it is whole.
fn create(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

fn move_to(half: &Path, target: &Path) -> Result<(), Failure> {
    let failed = |error| Failure::io("write", target, error);
    match (fs::rename(half, target), target.parent()) {
        // Most directories are there already.
        (Err(error), Some(parent)) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(parent).map_err(|error| Failure::io("create", parent, error))?;
            fs::rename(half, target).map_err(failed)
        }
        (moved, _) => moved.map_err(failed),
    }
}
