//! The cache directory: entries named by a hash of what makes them, complete or not there at all.

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// Hears one line whenever there is progress to tell.
pub type Progress<'a> = dyn FnMut(&str) + 'a;

/// The directory that holds all entries. Deleting it, or any entry in it, is always safe.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

/// One thing in the cache.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Name in words, for messages.
    pub(crate) what: &'static str,
    /// Stem of its directory.
    pub(crate) stem: &'static str,
    /// Entries with the same lock are not made at the same time, because they share downloads.
    pub(crate) lock: &'static str,
    /// Everything it is made from: a change of a byte makes another entry.
    pub(crate) recipe: String,
}

impl Cache {
    /// A cache in `dir`, which need not exist yet.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The cache of this user: `$PLIMSOLL_CACHE`, else `$XDG_CACHE_HOME/plimsoll`, else `~/.cache/plimsoll`.
    pub fn locate() -> Result<Self, Error> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let dir = set("PLIMSOLL_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("plimsoll")))
            .or_else(|| set("HOME").map(|dir| dir.join(".cache/plimsoll")))
            .ok_or(Error::NoCache)?;
        // Overlays and chroots need the path as it is seen from `/`.
        std::path::absolute(&dir).map(Self::at).map_err(Error::io("find", &dir))
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where packages are kept between builds, so that an interrupted or repeated build downloads only what it lacks.
    pub(crate) fn archives(&self) -> PathBuf {
        self.dir.join("archives")
    }

    /// The directory of a complete entry.
    pub(crate) fn find(&self, entry: &Entry) -> Result<PathBuf, Error> {
        let path = self.path(entry);
        if path.is_dir() { Ok(path) } else { Err(Error::Missing { what: entry.what, path }) }
    }

    /// The directory of the entry, made by `build` in a directory beside it if it is not there yet. Others who want it
    /// meanwhile wait; a build that was interrupted leaves nothing that could be taken for an entry.
    pub(crate) fn ensure(
        &self,
        entry: &Entry,
        progress: &mut Progress<'_>,
        build: impl FnOnce(&Path, &Path, &mut Progress<'_>) -> Result<(), Error>,
    ) -> Result<PathBuf, Error> {
        if let Ok(path) = self.find(entry) {
            return Ok(path);
        }
        fs::create_dir_all(&self.dir).map_err(Error::io("make", &self.dir))?;
        let lock_path = self.dir.join(format!("{}.lock", entry.lock));
        let lock = File::create(&lock_path).map_err(Error::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress("waiting for another run that is filling the cache");
                lock.lock().map_err(Error::io("lock", &lock_path))?;
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &lock_path)(error)),
        }
        if let Ok(path) = self.find(entry) {
            return Ok(path);
        }
        progress(&format!("making {}", entry.what));
        let building = self.dir.join(format!("{}.building", entry.stem));
        let log = self.dir.join(format!("{}.log", entry.stem));
        remove_tree(&building)?;
        fs::create_dir(&building).map_err(Error::io("make", &building))?;
        File::create(&log).map_err(Error::io("make", &log))?;
        build(&building, &log, progress)?;
        // A crash of the machine after the rename must not leave empty files under a name that means "complete".
        let _ = Command::new("sync").arg("--file-system").arg(&building).status();
        let path = self.path(entry);
        fs::rename(&building, &path).map_err(Error::io("rename", &building))?;
        Ok(path)
    }

    fn path(&self, entry: &Entry) -> PathBuf {
        self.dir.join(format!("{}-{:016x}", entry.stem, fnv1a(entry.recipe.as_bytes())))
    }
}

/// Removes what an interrupted build left. Mounts cannot be in there: builds mount in a namespace of their own.
fn remove_tree(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// FNV-1a, 64 bits. Names of entries must stay the same from one release of Rust to the next, which the hasher of the
/// standard library does not promise; nobody attacks them.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(recipe: &str) -> Entry {
        Entry { what: "a thing", stem: "thing", lock: "thing", recipe: recipe.to_owned() }
    }

    fn scratch(name: &str) -> Cache {
        let dir = env::temp_dir().join(format!("plimsoll-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        Cache::at(dir)
    }

    #[test]
    fn hash_is_the_published_one() {
        // Test vectors of the FNV reference implementation.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn an_entry_is_made_once_and_again_when_its_recipe_changes() {
        let cache = scratch("once");
        let mut builds = 0;
        for recipe in ["one", "one", "two"] {
            let path = cache
                .ensure(&entry(recipe), &mut |_| {}, |dir, _, _| {
                    builds += 1;
                    fs::write(dir.join("file"), recipe).map_err(Error::io("write", dir))
                })
                .unwrap();
            assert_eq!(fs::read_to_string(path.join("file")).unwrap(), recipe);
        }
        assert_eq!(builds, 2);
        fs::remove_dir_all(cache.dir()).unwrap();
    }

    #[test]
    fn a_failed_build_leaves_no_entry_and_the_next_starts_clean() {
        let cache = scratch("failed");
        let failed = cache.ensure(&entry("one"), &mut |_| {}, |dir, _, _| {
            fs::write(dir.join("half"), "").unwrap();
            Err(Error::NoCache)
        });
        assert!(matches!(failed, Err(Error::NoCache)));
        let missing = cache.find(&entry("one")).unwrap_err().to_string();
        assert!(missing.starts_with("a thing is not in the cache ("), "{missing}");
        assert!(missing.ends_with("): run `cargo xtask test` as root, it makes it once"), "{missing}");
        let path = cache.ensure(&entry("one"), &mut |_| {}, |_, _, _| Ok(())).unwrap();
        assert!(!path.join("half").exists());
        fs::remove_dir_all(cache.dir()).unwrap();
    }

    #[test]
    fn two_who_want_the_same_entry_build_it_once() {
        let cache = scratch("parallel");
        let builds = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    cache
                        .ensure(&entry("one"), &mut |_| {}, |_, _, _| {
                            builds.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            std::thread::sleep(std::time::Duration::from_millis(50));
                            Ok(())
                        })
                        .unwrap();
                });
            }
        });
        assert_eq!(builds.into_inner(), 1);
        fs::remove_dir_all(cache.dir()).unwrap();
    }
}
