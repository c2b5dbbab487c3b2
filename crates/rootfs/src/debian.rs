//! `mmdebstrap` with the habits that all entries made from Debian share.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cache::Cache;
use crate::contained::{self, Network};
use crate::{Error, Progress, SUITE, mirror};

/// A root file system: what is in it, and what is done to it afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe<'a> {
    /// Packages beside the minimal system; what they only recommend stays out.
    pub(crate) packages: &'a [&'a str],
    /// Shell script that gets the new root as `$1`.
    pub(crate) finish: &'a str,
}

/// Documentation and translations: nobody reads them there, and they are a fifth of the size.
const LEFT_OUT: [&str; 4] = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"];

impl Recipe<'_> {
    /// Everything that decides what the root will hold; the archive does not, since all of them hold the same.
    pub(crate) fn text(&self) -> String {
        format!("{SUITE}\n{}\n{}\n{}", self.packages.join("\n"), LEFT_OUT.join("\n"), self.finish)
    }

    /// Makes the root in the empty directory `root`.
    pub(crate) fn build(
        &self,
        cache: &Cache,
        root: &Path,
        log: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<(), Error> {
        let archives = cache.archives();
        fs::create_dir_all(archives.join("partial")).map_err(Error::io("make", &archives))?;
        let mut command: Command = contained::command("mmdebstrap", Network::Machine);
        command
            .args(["--mode=root", "--variant=minbase", "--skip=essential/unlink", "--skip=cleanup/apt/cache"])
            .arg(format!("--include={}", self.packages.join(",")))
            .args(LEFT_OUT.map(|pattern| format!("--dpkgopt=path-exclude={pattern}")))
            // The kernel forgets what was not yet on disk when the machine stops: the entry is not there then either.
            .arg("--dpkgopt=force-unsafe-io")
            .arg("--aptopt=Acquire::Languages \"none\"")
            .arg("--aptopt=Acquire::Retries \"3\"")
            .env("PLIMSOLL_ARCHIVES", &archives)
            .arg("--setup-hook=mkdir -p \"$1/var/cache/apt/archives\"")
            .arg("--setup-hook=mount --bind \"$PLIMSOLL_ARCHIVES\" \"$1/var/cache/apt/archives\"")
            .arg(format!("--customize-hook=set -e\n{}", self.finish))
            .arg("--customize-hook=umount \"$1/var/cache/apt/archives\"")
            .arg(SUITE)
            .arg(root)
            .arg(mirror::of_this_machine());
        contained::run(command, "mmdebstrap", log, progress, |line| {
            line.strip_prefix("I: ").filter(|told| !told.contains("hook") && !told.starts_with("skipping"))
        })
    }
}
