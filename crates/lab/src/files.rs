//! Laying files over the root image, before a host boots.
//!
//! Files are written into the upper directory of the host's overlay, never into the mounted root: there, a symbolic link
//! of the image could lead out of it and onto this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::error::LabError;
use crate::plan::{HostFile, HostPlan};

/// Units of any image that would ask for a terminal, or reach the machine's own kernel.
const MASKED: [&str; 9] = [
    "console-getty.service",
    "dev-hugepages.mount",
    "getty.target",
    "modprobe@.service",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-logind.service",
    "systemd-modules-load.service",
];

/// The disk of one host: what it adds to the root image.
pub(crate) struct Disk<'a> {
    /// Root image.
    pub(crate) lower: &'a Path,
    /// Directory of the overlay's upper layer.
    pub(crate) upper: PathBuf,
}

impl Disk<'_> {
    /// Writes everything a host has of its own.
    pub(crate) fn fill(&self, host: &HostPlan) -> Result<(), LabError> {
        fs::create_dir_all(&self.upper).map_err(LabError::io("make", &self.upper))?;
        self.copy_attributes(Path::new(""))?;
        // Without these, ldconfig and the like would run at every first boot.
        self.place(&HostFile::new("/etc/.updated", ""))?;
        self.place(&HostFile::new("/var/.updated", ""))?;
        self.place(&HostFile::new("/etc/machine-id", "").mode(0o444))?;
        self.place(&HostFile::new("/etc/hostname", format!("{}\n", host.name)))?;
        self.disable_all()?;
        for unit in MASKED {
            self.link(&format!("/etc/systemd/system/{unit}"), "/dev/null")?;
        }
        for file in &host.files {
            self.place(file)?;
        }
        for stand_in in &host.stand_ins {
            for file in stand_in.files()? {
                self.place(&file)?;
            }
            self.enable(crate::stand_in::UNIT)?;
        }
        host.units.iter().try_for_each(|unit| self.enable(unit))
    }

    fn place(&self, file: &HostFile) -> Result<(), LabError> {
        let path = self.prepare(&file.path)?;
        let (user, group) = self.owner(&file.owner)?;
        // A private key must not be readable for a moment, whatever the mask of the caller.
        let new = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let mut new = new.map_err(LabError::io("write", &path))?;
        new.set_permissions(fs::Permissions::from_mode(file.mode)).map_err(LabError::io("set mode of", &path))?;
        io::Write::write_all(&mut new, &file.bytes).map_err(LabError::io("write", &path))?;
        chown(&path, Some(user), Some(group)).map_err(LabError::io("set owner of", &path))
    }

    fn link(&self, path: &str, target: &str) -> Result<(), LabError> {
        let path = self.prepare(path)?;
        match symlink(target, &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(LabError::io("link", &path)(error)),
            _ => Ok(()),
        }
    }

    fn enable(&self, unit: &str) -> Result<(), LabError> {
        let extension = unit.rsplit_once('.').map_or("", |(_, extension)| extension);
        let target = match extension {
            "timer" => "timers",
            "socket" => "sockets",
            "service" | "target" | "mount" | "path" => "multi-user",
            _ => return Err(LabError::Plan(format!("`{unit}` is no name of a unit"))),
        };
        let places = ["etc/systemd/system", "usr/lib/systemd/system"];
        // `name@instance.service` is an instance of `name@.service`.
        let template = unit.split_once('@').map(|(name, _)| format!("{name}@.{extension}"));
        let file = template.as_deref().unwrap_or(unit);
        let home = places
            .into_iter()
            .find(|place| self.upper.join(place).join(file).exists() || self.lower.join(place).join(file).exists())
            .ok_or_else(|| LabError::Plan(format!("no unit `{unit}` among the files of the host and of its image")))?;
        self.link(&format!("/etc/systemd/system/{target}.target.wants/{unit}"), &format!("/{home}/{file}"))
    }

    /// Hides every unit that the image enables, so that a host runs what its plan says and nothing else.
    fn disable_all(&self) -> Result<(), LabError> {
        let system = Path::new("etc/systemd/system");
        let directories = fs::read_dir(self.lower.join(system)).map_err(LabError::io("read", self.lower))?;
        for wants in directories.flatten().filter(|entry| entry.file_name().to_string_lossy().ends_with(".wants")) {
            let path = wants.path();
            for entry in fs::read_dir(&path).map_err(LabError::io("read", &path))?.flatten() {
                let name = system.join(wants.file_name()).join(entry.file_name());
                let hidden = self.prepare(&format!("/{}", name.display()))?;
                // Overlayfs shows nothing where the upper layer has a character device 0:0.
                mknodat(CWD, &hidden, FileType::CharacterDevice, Mode::empty(), 0)
                    .map_err(LabError::sys(format!("hide `{}`", hidden.display())))?;
            }
        }
        Ok(())
    }

    /// Makes the directories of a path with the attributes that the image gives them, and frees the path itself.
    fn prepare(&self, path: &str) -> Result<PathBuf, LabError> {
        let parts: Option<Vec<&str>> = Path::new(path)
            .components()
            .skip(1)
            .map(|part| if let Component::Normal(part) = part { part.to_str() } else { None })
            .collect();
        let parts = parts.filter(|parts| path.starts_with('/') && !parts.is_empty());
        let Some(parts) = parts else {
            return Err(LabError::Plan(format!("`{path}` is no absolute path of a file")));
        };
        let mut relative = PathBuf::new();
        for part in &parts[..parts.len() - 1] {
            relative.push(part);
            let lower = self.lower.join(&relative);
            if lower.is_symlink() {
                let message = format!("`{path}`: `/{}` is a symbolic link in the root image", relative.display());
                return Err(LabError::Plan(message));
            }
            let upper = self.upper.join(&relative);
            if !upper.is_dir() {
                fs::create_dir(&upper).map_err(LabError::io("make", &upper))?;
                self.copy_attributes(&relative)?;
            }
        }
        let file = self.upper.join(path.trim_start_matches('/'));
        // A later file replaces an earlier one, a mask, or a hidden link.
        if file.symlink_metadata().is_ok_and(|metadata| !metadata.is_dir()) {
            fs::remove_file(&file).map_err(LabError::io("replace", &file))?;
        }
        Ok(file)
    }

    /// A directory of the upper layer hides the attributes of the one below it.
    fn copy_attributes(&self, relative: &Path) -> Result<(), LabError> {
        let Ok(metadata) = fs::metadata(self.lower.join(relative)) else { return Ok(()) };
        let upper = self.upper.join(relative);
        chown(&upper, Some(metadata.uid()), Some(metadata.gid())).map_err(LabError::io("set owner of", &upper))?;
        fs::set_permissions(&upper, metadata.permissions()).map_err(LabError::io("set mode of", &upper))
    }

    fn owner(&self, owner: &str) -> Result<(u32, u32), LabError> {
        let unknown = || LabError::Plan(format!("the root image does not know the owner `{owner}`"));
        let (user, group) = owner.split_once(':').ok_or_else(unknown)?;
        let users = ids(&self.lower.join("etc/passwd"))?;
        let groups = ids(&self.lower.join("etc/group"))?;
        Ok((*users.get(user).ok_or_else(unknown)?, *groups.get(group).ok_or_else(unknown)?))
    }
}

/// Names and numeric ids of a file like `/etc/passwd` or `/etc/group`.
fn ids(path: &Path) -> Result<BTreeMap<String, u32>, LabError> {
    let text = fs::read_to_string(path).map_err(LabError::io("read", path))?;
    Ok(text
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            Some((name, fields.nth(1)?.parse().ok()?))
        })
        .collect())
}
