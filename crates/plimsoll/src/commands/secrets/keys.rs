//! Making and filling in secrets. No secret is printed, nor a line of a file that may hold one.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_keys::{Secret, Store, SystemEntropy, complete, files_for, open, seal, write_private};

use super::Context;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Where a key of age comes from, for somebody who has none.
const KEY_HINT: &str = "make a key with `age-keygen -o KEY.txt` (Debian package `age`), keep it away from this site, and \
                        write what `age-keygen -y KEY.txt` shows into the recipient's file";

impl Context<'_> {
    pub(super) fn make(&self, identity: Option<&Path>, reseal: bool, terminal: &Terminal) -> Result<(), Failure> {
        let access = &self.cluster.design.access;
        if access.recipients.is_empty() {
            return Err(Failure::new("`access.recipients` names no key to encrypt the secrets to")
                .with_hint("access: { secrets: ./secrets.age, recipients: [./keys/age-ops.pub] }"));
        }
        let mut recipients = Vec::new();
        let mut missing = Vec::new();
        for file in &access.recipients {
            match fs::read_to_string(self.base.join(file)) {
                Ok(text) => recipients.push(text),
                Err(error) => missing.push(format!("  {file}: {error}")),
            }
        }
        if !missing.is_empty() {
            let message = format!("keys of recipients cannot be read:\n{}", missing.join("\n"));
            return Err(Failure::new(message).with_hint(KEY_HINT));
        }
        let path = self.store_path();
        // Two runs at a time would each make secrets, and the later one would replace those of the first.
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let guard = File::open(folder).map_err(|error| Failure::io("open", folder, error))?;
        guard
            .try_lock()
            .map_err(|_| Failure::new(format!("another run is making secrets in `{}`", folder.display())))?;

        let mut store = match (fs::read(&path), identity) {
            (Ok(sealed), Some(identity)) => unseal(&sealed, &path, identity)?,
            (Ok(_), None) => {
                return Err(Failure::new(format!("`{}` exists, and it cannot be completed unread", path.display()))
                    .with_hint(
                        "name the private key of a recipient with `--identity FILE`; nothing in it is replaced",
                    ));
            }
            (Err(error), _) if error.kind() == ErrorKind::NotFound => Store::new(),
            (Err(error), _) => return Err(Failure::io("read", &path, error)),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let made = complete(&mut store, &self.cluster.design, &self.tree.secrets(), now, &mut SystemEntropy)
            .map_err(|error| because("the secrets could not be made", error))?;
        if made.is_empty() && !reseal {
            terminal.progress(&format!("`{}` has every secret; nothing to make", path.display()));
            return Ok(());
        }
        let sealed = seal(&store, &recipients)
            .map_err(|error| because(format!("failed to encrypt `{}`", path.display()), error).with_hint(KEY_HINT))?;
        write_private(&path, &sealed).map_err(|error| Failure::io("write", &path, error))?;
        for name in &made {
            terminal.out(&format!("made {name}\n"))?;
        }
        let keys = recipients.len();
        terminal.progress(&format!(
            "Encrypted `{}` to the keys in {keys} {}. Commit it; without one of the private keys nobody can read it.",
            path.display(),
            if keys == 1 { "file" } else { "files" }
        ));
        Ok(())
    }

    pub(super) fn fill(&self, output: &Path, identity: &Path, terminal: &Terminal) -> Result<(), Failure> {
        let cluster = self.cluster;
        if !cluster.old_lock.changes(&cluster.lock).is_empty() {
            return Err(Failure::new(format!("`{}` is not up to date", cluster.lock_path.display()))
                .with_hint("run `plimsoll build` first, so that these files and those agree"));
        }
        let (parent, name) = new_directory(output)?;
        let path = self.store_path();
        let sealed = fs::read(&path).map_err(|error| {
            let missing = error.kind() == ErrorKind::NotFound;
            let failure = Failure::io("read", &path, error);
            if missing { failure.with_hint("`plimsoll secrets make` makes it") } else { failure }
        })?;
        let store = unseal(&sealed, &path, identity)?;
        let files = self.filled(&store)?;

        // Made beside its place and moved there whole: whoever sees it sees all of it.
        let mut part = OsString::from(".");
        part.push(&name);
        part.push(".part");
        let part = parent.join(part);
        DirBuilder::new().mode(0o700).create(&part).map_err(|error| {
            let exists = error.kind() == ErrorKind::AlreadyExists;
            let failure = Failure::io("create", &part, error);
            if exists {
                failure.with_hint("another run is writing there, or one was interrupted: then remove that directory")
            } else {
                failure
            }
        })?;
        let done = write_all(&part, &files).and_then(|()| {
            fs::rename(&part, parent.join(&name)).map_err(|error| Failure::io("move into place", output, error))
        });
        if done.is_err() {
            // The first error is the one that matters.
            let _ = fs::remove_dir_all(&part);
        }
        done?;
        for (path, _) in &files {
            terminal.out(&format!("{path}\n"))?;
        }
        terminal.progress(&format!(
            "{} files with their secrets in `{}`, readable by you alone. Copy them over those of the output directory on \
             the machines, with the owners and modes of its manifest.json; then remove the directory.",
            files.len(),
            output.display()
        ));
        Ok(())
    }

    /// Files of the tree that have holes, and the authorities on the machines that need them, sorted.
    fn filled(&self, store: &Store) -> Result<Vec<(String, Secret)>, Failure> {
        let read = |file: &str| fs::read_to_string(self.base.join(file)).map_err(|error| error.to_string());
        let filled = plimsoll_keys::fill(self.tree, store, read).map_err(|missing| {
            let list = missing.iter().map(|one| format!("  {one}")).collect::<Vec<_>>().join("\n");
            Failure::new(format!("not everything is there that belongs into the files:\n{list}")).with_hint(
                "`plimsoll secrets make --identity FILE` makes what the store lacks; public keys of people are yours to \
                 write",
            )
        })?;
        let mut files: Vec<(String, Secret)> = filled.into_iter().map(|(path, file)| (path, file.content)).collect();
        let design = &self.cluster.design;
        for machine in design.machine.keys() {
            for file in files_for(design, store, machine.as_str()) {
                files.push((format!("machines/{machine}{}", file.path), file.content));
            }
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(files)
    }
}

fn because(message: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Failure {
    Failure::new(message).with_source(source)
}

fn unseal(sealed: &[u8], path: &Path, identity: &Path) -> Result<Store, Failure> {
    let key = fs::read_to_string(identity).map_err(|error| Failure::io("read", identity, error))?;
    open(sealed, &key).map_err(|error| {
        because(format!("failed to open `{}` with the key in `{}`", path.display(), identity.display()), error)
            .with_hint("the key must be the private one of a recipient: `age-keygen -y FILE` shows whose it is")
    })
}

/// The real parent and the name of a directory that may be made: new or empty, and in no git worktree.
fn new_directory(output: &Path) -> Result<(PathBuf, OsString), Failure> {
    let name = output
        .file_name()
        .ok_or_else(|| Failure::new(format!("`{}` names no new directory", output.display())))?
        .to_owned();
    let parent = match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let parent = parent.canonicalize().map_err(|error| Failure::io("find", parent, error))?;
    if let Some(worktree) = parent.ancestors().find(|folder| folder.join(".git").exists()) {
        return Err(Failure::new(format!("`{}` lies in the git worktree `{}`", output.display(), worktree.display()))
            .with_hint("secrets in clear do not belong there: name a directory outside of it"));
    }
    match fs::symlink_metadata(parent.join(&name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(Failure::io("look at", output, error)),
        Ok(metadata) => {
            let empty = metadata.is_dir() && fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_none());
            if !empty {
                return Err(Failure::new(format!("`{}` is there already", output.display()))
                    .with_hint("remove it or name another directory: nothing is mixed with files of an earlier run"));
            }
        }
    }
    Ok((parent, name))
}

fn write_all(root: &Path, files: &[(String, Secret)]) -> Result<(), Failure> {
    for (path, content) in files {
        let target = root.join(path);
        let folder = target.parent().unwrap_or(root);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .and_then(|()| write_private(&target, content.expose().as_bytes()))
            .map_err(|error| Failure::io("write", &target, error))?;
    }
    Ok(())
}
