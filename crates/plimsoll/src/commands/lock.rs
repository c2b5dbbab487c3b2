//! `plimsoll lock`: what was allocated.

use clap::{Args, Subcommand};

use super::ClusterFile;
use crate::failure::Failure;
use crate::input::{self, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Look at or prune the lock file, which keeps allocated addresses and ids
#[derive(Debug, Args)]
pub(crate) struct LockCommand {
    #[command(flatten)]
    cluster: ClusterFile,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say how the lock file would change
    Status,
    /// Drop what is kept for removed things, so that their addresses are free again
    Forget {
        /// What to forget: a component (`machine/cp-4`), or `*` for everything that is gone
        component: String,
    },
}

impl LockCommand {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let Loaded::Cluster(mut cluster) = input::load(&self.cluster.file, terminal, &mut Timings::start())? else {
            return Ok(false);
        };
        match self.action {
            Action::Status => {
                let changes = cluster.old_lock.changes(&cluster.lock);
                for change in &changes {
                    terminal.out(&format!("{change}\n"))?;
                }
                if changes.is_empty() {
                    terminal.progress(&format!("{} is up to date", cluster.lock_path.display()));
                }
                Ok(changes.is_empty())
            }
            Action::Forget { component } => {
                let mut lock = cluster.lock.clone();
                let forgotten = lock.forget(&component);
                if forgotten.is_empty() {
                    return Err(Failure::new(format!("nothing is kept for a removed `{component}`"))
                        .with_hint("what is still in the cluster file is never forgotten"));
                }
                cluster.lock = lock;
                input::write_lock(&cluster)?;
                for entry in forgotten {
                    terminal.out(&format!("forgot {entry}\n"))?;
                }
                Ok(true)
            }
        }
    }
}
