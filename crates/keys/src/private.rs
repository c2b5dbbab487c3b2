//! Writing files that nobody else may read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Writes a file that nobody but its owner may read, from its first byte on, and whole or not at all: into a new file
/// beside it, to the disk, then in its place. What was there stays until then.
///
/// # Errors
/// When the directory is missing or not writable; nothing is left behind then.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    let beside = |index: u32| -> PathBuf {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{index}.part"));
        path.with_file_name(hidden)
    };
    // A file that an interrupted run left is not taken over: it might have other permissions.
    let mut index = 0;
    let (part, mut file) = loop {
        let part = beside(index);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part) {
            Ok(file) => break (part, file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && index < 100 => index += 1,
            Err(error) => return Err(error),
        }
    };
    let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // The first error is the one that matters.
        let _ = fs::remove_file(&part);
    }
    written?;
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        fs::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_private_file_is_private_and_replaces_the_old_one() {
        let directory = std::env::temp_dir().join(format!("plimsoll-private-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        let path = directory.join("secrets.age");
        fs::write(&path, "old").expect("a file that others may read");
        fs::write(directory.join(".secrets.age.0.part"), "left behind").expect("a left-over");
        write_private(&path, b"new").expect("written");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!((fs::read(&path).expect("readable"), mode & 0o777), (b"new".to_vec(), 0o600));
        assert!(write_private(&directory.join("missing/x"), b"").is_err());
        fs::remove_dir_all(&directory).expect("cleaned up");
    }
}
