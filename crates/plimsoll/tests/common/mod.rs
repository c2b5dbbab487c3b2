//! The program as a person calls it: in a directory of its own, without colours, on a fixed day.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub const CAMPUS: &str = include_str!("../../../../examples/campus/cluster.yaml");

/// A directory that goes away with the test.
pub struct Place {
    path: PathBuf,
}

/// What a run said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn empty() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("plimsoll-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory for the test");
        Place { path: path.canonicalize().expect("its real path") }
    }

    /// With the example as `cluster.yaml`.
    pub fn campus() -> Self {
        let place = Place::empty();
        place.write("cluster.yaml", CAMPUS);
        place
    }

    /// With the example, in which each first text became the second.
    pub fn campus_with(edits: &[(&str, &str)]) -> Self {
        let place = Place::campus();
        place.edit("cluster.yaml", edits);
        place
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.path.join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let target = self.at(path);
        fs::create_dir_all(target.parent().expect("a parent")).expect("its directory");
        fs::write(target, text).expect("written");
    }

    pub fn edit(&self, path: &str, edits: &[(&str, &str)]) {
        let mut text = self.read(path);
        for (from, to) in edits {
            assert!(text.contains(from), "`{path}` has no `{from}`");
            text = text.replacen(from, to, 1);
        }
        self.write(path, text);
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
    }

    pub fn exists(&self, path: &str) -> bool {
        self.at(path).exists()
    }

    pub fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.at(path)).expect("it is there").permissions().mode() & 0o7777
    }

    /// The program, to be started here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(arguments).current_dir(&self.path).env_clear().env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs it.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().expect("the program starts");
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Runs `build` on the day of the tests.
    pub fn build(&self, arguments: &[&str]) -> Said {
        self.run(&[&["build", "--today", "2026-11-24"], arguments].concat())
    }

    /// Every file below a directory, by its path there. What only concerns the program (`.plimsoll/`) is left out.
    pub fn tree(&self, directory: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.at(directory);
        let mut files = BTreeMap::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.file_name().is_some_and(|name| name == ".plimsoll") {
                } else if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).expect("below").display().to_string();
                    files.insert(name, fs::read(&path).expect("readable"));
                }
            }
        }
        files
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Said {
    /// The exit code, with all that was said when it is another one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    /// It said this, on one of the two.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text) || self.err.contains(text), "no `{text}` in:\n{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(!self.out.contains(text) && !self.err.contains(text), "`{text}` in:\n{}\n{}", self.out, self.err);
        self
    }
}

/// Whether the tests run as root, for whom no file is unreadable.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

/// Runs it as a user without rights, to whom the place is open for reading.
pub fn run_as_nobody(place: &Place, arguments: &[&str]) -> Said {
    let binary = place.at("plimsoll-of-the-test");
    fs::copy(env!("CARGO_BIN_EXE_plimsoll"), &binary).expect("copied");
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).expect("executable");
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o755)).expect("open");
    let mut command = Command::new(&binary);
    command.args(arguments).current_dir(&place.path).env_clear().env("NO_COLOR", "1").stdin(Stdio::null());
    if is_root() {
        std::os::unix::process::CommandExt::gid(&mut command, 65_534);
        std::os::unix::process::CommandExt::uid(&mut command, 65_534);
    }
    // A test beside this one that starts a program holds the copy open for writing until that program has taken over.
    let output = loop {
        match command.output() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            output => break output.expect("the program starts"),
        }
    };
    Said {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The text of a golden file, or with `UPDATE_EXPECT=1` the file made so.
#[track_caller]
pub fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(path.parent().expect("a parent")).expect("its directory");
        fs::write(&path, actual).expect("written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "`UPDATE_EXPECT=1 cargo test -p plimsoll` rewrites {}", path.display());
}
