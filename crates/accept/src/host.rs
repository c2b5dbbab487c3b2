//! Whole hosts at once: every file to every program that reads it.

use std::fmt;
use std::path::PathBuf;

use crate::{Error, Files, Program, Sandbox, Verdict};

/// One host with all its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name, for messages.
    pub name: String,
    /// Its files.
    pub files: Files,
}

/// What all readers made of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostVerdict {
    /// The host's name.
    pub host: String,
    /// One verdict for each program that reads one of its files.
    pub verdicts: Vec<Verdict>,
    /// Files that no program here reads by itself: included by others, or unchecked. For the caller to compare with what
    /// it expects.
    pub unread: Vec<PathBuf>,
}

impl HostVerdict {
    /// Every program accepts what it reads.
    pub fn accepted(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.accepted)
    }
}

impl fmt::Display for HostVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for verdict in &self.verdicts {
            writeln!(f, "{}: {verdict}", self.host)?;
        }
        Ok(())
    }
}

/// Asks every program that reads a file of the host.
pub fn accept_host(sandbox: &Sandbox, host: &Host) -> Result<HostVerdict, Error> {
    let reads = |program: &Program| host.files.iter().any(|(path, file)| program.reads(path, &file.bytes));
    let verdicts = Program::ALL
        .iter()
        .filter(|program| reads(program))
        .map(|program| program.accepts(sandbox, &host.files))
        .collect::<Result<_, _>>()?;
    let unread = host
        .files
        .iter()
        .filter(|(path, file)| !Program::ALL.iter().any(|program| program.reads(path, &file.bytes)))
        .map(|(path, _)| path.to_path_buf())
        .collect();
    Ok(HostVerdict { host: host.name.clone(), verdicts, unread })
}

/// The same for many hosts, in their order.
pub fn accept_hosts(sandbox: &Sandbox, hosts: &[Host]) -> Result<Vec<HostVerdict>, Error> {
    hosts.iter().map(|host| accept_host(sandbox, host)).collect()
}
