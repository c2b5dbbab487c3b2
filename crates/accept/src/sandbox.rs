//! A throw-away copy of a Debian host to run one program in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_rootfs::Cache;
use plimsoll_rootfs::contained::{self, Network};
use plimsoll_rootfs::host_root::{self, Root};

use crate::{Error, Files};

/// How much of a processor a process may use: all of them answer within a second on an idle machine. What others do on the
/// machine must not count (four busy loops on two cores stretch ifupdown2's second to half a minute), so the clock itself
/// ends a run only after ten times as long.
const SECONDS: u32 = 60;

/// Last line of the set-up; what comes before it on standard error is not the program's.
const READY: &str = "plimsoll-ready\n";

/// What a program did.
#[derive(Clone, Debug)]
pub struct Run {
    /// Exit code; 124 when its time was up, `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error likewise.
    pub stderr: String,
}

/// Where programs run: an overlay over the cached root, in namespaces of its own, without a network.
#[derive(Clone, Debug)]
pub struct Sandbox {
    root: Root,
}

impl Sandbox {
    /// The sandbox over the cached root.
    ///
    /// # Errors
    /// Without root's rights, and when the root is not in the cache.
    pub fn open() -> Result<Self, Error> {
        // The mode of this directory is that of the process: readable by its owner means nothing for root, so ask.
        if !is_root() {
            return Err(Error::NotRoot);
        }
        Ok(Self { root: host_root::find(&Cache::locate()?)? })
    }

    /// The root file system that programs come from. Never write to it.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Runs a shell script of your own with `files` in place, interfaces called `links` present and `args` as `$1` and so
    /// on. It may write where it likes: nothing stays.
    ///
    /// # Errors
    /// When it could not be run; what it exits with is in the result.
    pub fn run(&self, files: &Files, links: &[String], script: &str, args: &[String]) -> Result<Run, Error> {
        self.run_for(SECONDS, files, links, None, script, args)
    }

    /// The same with a limit of `seconds` of processor time, and the directory `shown` at `/mnt`.
    pub(crate) fn run_for(
        &self,
        seconds: u32,
        files: &Files,
        links: &[String],
        shown: Option<&Path>,
        script: &str,
        args: &[String],
    ) -> Result<Run, Error> {
        let stage = Stage::new()?;
        files.write_below(&stage.files())?;
        let output = contained::command("sh", Network::Own)
            .args(["-c", include_str!("sandbox.sh"), "sandbox"])
            .arg(self.root.path())
            .arg(stage.files())
            .arg(stage.view())
            .arg(links.join(" "))
            .arg(seconds.to_string())
            .arg(shown.unwrap_or(Path::new("")))
            .args(["sh", "-c", script, "sh"])
            .args(args)
            .output()
            .map_err(Error::io("start `setpriv`"))?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        match stderr.split_once(READY) {
            Some((_, stderr)) => Ok(Run {
                code: output.status.code(),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: stderr.to_owned(),
            }),
            None => Err(Error::Isolation { program: script.to_owned(), output: stderr.into_owned() }),
        }
    }
}

/// Whether this process has root's rights, from the effective user in `/proc/self/status`.
pub(crate) fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
}

/// A temporary directory that goes when it is dropped. Nothing is mounted in it as the machine sees it.
pub(crate) struct Stage(PathBuf);

impl Stage {
    pub(crate) fn new() -> Result<Self, Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let stage = Self(std::env::temp_dir().join(format!("plimsoll-accept-{}-{count}", process::id())));
        for directory in [stage.files(), stage.view()] {
            fs::create_dir_all(&directory).map_err(Error::io(format!("make `{}`", directory.display())))?;
        }
        Ok(stage)
    }

    /// What is laid over the root.
    pub(crate) fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    /// Where the result is mounted.
    pub(crate) fn view(&self) -> PathBuf {
        self.0.join("view")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
