//! What a lab has outside its own namespaces, written down so that somebody can clean up after it.
//!
//! Processes, mounts, interfaces and network namespaces of a lab live in namespaces that die with the lab's first
//! process: the kernel removes them, whoever was killed. What remains is a directory of disks, control groups, and one
//! kernel limit. They are recorded in `/run/plimsoll-lab/ID/lab.json` before they are made; the lab's supervisor removes
//! them when its owner ends in any way, and [`sweep`] removes what even a killed supervisor left.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::cgroup;
use crate::error::LabError;
use crate::process::Process;

/// Records of the labs of this machine.
pub(crate) const STATE: &str = "/run/plimsoll-lab";
/// Default place of the hosts' disks.
pub(crate) const DISKS: &str = "/var/tmp/plimsoll-lab";

/// systemd and its services take more inotify instances per host than the kernel's default of 128 for all has room for:
/// the 27th host would not come up. 1024 was enough for 50 hosts.
const INOTIFY_WANTED: u32 = 1024;
const INOTIFY: &str = "/proc/sys/fs/inotify/max_user_instances";

/// The record of one lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Name of the lab, unique on this machine.
    pub id: String,
    /// Who wanted it: the lab ends with this process.
    pub owner: Process,
    /// First process of the lab's pid namespace, once it runs.
    pub init: Option<Process>,
    /// Its directory in every control group hierarchy.
    pub cgroups: Vec<PathBuf>,
    /// Directory of its hosts' disks.
    pub disks: PathBuf,
}

impl Record {
    /// Directory of this record.
    pub fn directory(&self) -> PathBuf {
        Path::new(STATE).join(&self.id)
    }

    /// Writes the record, replacing the one that was there as a whole.
    pub fn write(&self) -> Result<(), LabError> {
        let directory = self.directory();
        fs::create_dir_all(&directory).map_err(LabError::io("make", &directory))?;
        let text = serde_json::to_vec_pretty(self).map_err(LabError::sys("write the record of the lab"))?;
        let (new, path) = (directory.join("lab.json.new"), directory.join("lab.json"));
        fs::write(&new, text).map_err(LabError::io("write", &new))?;
        fs::rename(&new, &path).map_err(LabError::io("write", &path))
    }

    /// Reads the record in a directory.
    pub fn read(directory: &Path) -> Result<Self, LabError> {
        let path = directory.join("lab.json");
        let text = fs::read(&path).map_err(LabError::io("read", &path))?;
        serde_json::from_slice(&text).map_err(LabError::sys(format!("read `{}`", path.display())))
    }

    /// The lock that the lab's supervisor holds as long as it lives.
    pub fn supervisor_lock(&self) -> Result<File, LabError> {
        open_lock(&self.directory().join("supervisor"))
    }

    /// Ends what is left of the lab and removes all that it has made, this record last. Safe to repeat.
    pub fn clean(&self) -> Result<(), LabError> {
        if let Some(init) = self.init {
            init.kill()?;
            init.wait_gone(Duration::from_secs(10))?;
        }
        for group in &self.cgroups {
            cgroup::remove(group)?;
        }
        remove_directory(&self.disks)?;
        if let Some(parent) = self.disks.parent().filter(|parent| *parent == Path::new(DISKS)) {
            // Refused while another lab has its disks there.
            let _ = fs::remove_dir(parent);
        }
        let _lock = machine_lock()?;
        release_inotify(&self.id)?;
        remove_directory(&self.directory())
    }
}

fn remove_directory(path: &Path) -> Result<(), LabError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(LabError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

fn open_lock(path: &Path) -> Result<File, LabError> {
    File::options().create(true).truncate(false).write(true).open(path).map_err(LabError::io("open", path))
}

/// Held while labs are made, swept or counted, so that two of them do not see each other half made.
pub(crate) fn machine_lock() -> Result<File, LabError> {
    let state = Path::new(STATE);
    fs::create_dir_all(state).map_err(LabError::io("make", state))?;
    let lock = open_lock(&state.join("lock"))?;
    lock.lock().map_err(LabError::io("lock", state))?;
    Ok(lock)
}

/// Removes the leftovers of labs whose supervisor is dead, and returns their names. Labs that are alive are not touched.
pub fn sweep() -> Result<Vec<String>, LabError> {
    let abandoned: Vec<Record> = {
        let _lock = machine_lock()?;
        records()?
            .into_iter()
            .filter(|record| record.supervisor_lock().is_ok_and(|lock| lock.try_lock().is_ok()))
            .collect()
    };
    for record in &abandoned {
        record.clean()?;
    }
    Ok(abandoned.into_iter().map(|record| record.id).collect())
}

/// The records of all labs of this machine, sorted by name.
pub fn records() -> Result<Vec<Record>, LabError> {
    let state = Path::new(STATE);
    let mut found = Vec::new();
    for entry in fs::read_dir(state).map_err(LabError::io("read", state))?.flatten() {
        if let Ok(record) = Record::read(&entry.path()) {
            found.push(record);
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// Which labs need the raised limit, and what it was before the first of them.
#[derive(Debug, Serialize, Deserialize)]
struct InotifyUse {
    before: u32,
    labs: Vec<String>,
}

fn inotify_use() -> PathBuf {
    Path::new(STATE).join("inotify.json")
}

/// Raises the limit of inotify instances for a lab if it is low. The caller holds the machine's lock.
pub(crate) fn raise_inotify(lab: &str) -> Result<(), LabError> {
    let path = Path::new(INOTIFY);
    let now = fs::read_to_string(path).map_err(LabError::io("read", path))?.trim().parse().unwrap_or(u32::MAX);
    let file = inotify_use();
    let recorded = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<InotifyUse>(&text).ok());
    let mut used = match recorded {
        Some(used) => used,
        None if now >= INOTIFY_WANTED => return Ok(()),
        None => InotifyUse { before: now, labs: Vec::new() },
    };
    used.labs.push(lab.to_owned());
    let text = serde_json::to_vec(&used).map_err(LabError::sys("write the record of limits"))?;
    fs::write(&file, text).map_err(LabError::io("write", &file))?;
    fs::write(path, INOTIFY_WANTED.to_string()).map_err(LabError::io("write", path))
}

/// Puts the limit back when the last lab that needs it ends, unless somebody else has changed it meanwhile.
fn release_inotify(lab: &str) -> Result<(), LabError> {
    let file = inotify_use();
    let Ok(text) = fs::read(&file) else { return Ok(()) };
    let Ok(mut used) = serde_json::from_slice::<InotifyUse>(&text) else { return Ok(()) };
    used.labs.retain(|name| name != lab);
    if !used.labs.is_empty() {
        let text = serde_json::to_vec(&used).map_err(LabError::sys("write the record of limits"))?;
        return fs::write(&file, text).map_err(LabError::io("write", &file));
    }
    let path = Path::new(INOTIFY);
    let now = fs::read_to_string(path).map_err(LabError::io("read", path))?;
    if now.trim() == INOTIFY_WANTED.to_string() {
        fs::write(path, used.before.to_string()).map_err(LabError::io("write", path))?;
    }
    fs::remove_file(&file).map_err(LabError::io("remove", &file))
}
