//! `plimsoll secrets`: what is missing in the written files, and putting it there.

#[cfg(feature = "secrets")]
mod keys;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use plimsoll_render::{Source, Tree};
use serde_json::json;

use super::{ClusterFile, pretty};
use crate::failure::Failure;
use crate::input::{self, Cluster, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// List, make and fill in the secrets of a cluster
///
/// What `plimsoll build` writes holds no secret: `<plimsoll:secret NAME>` stands where one belongs. `make` keeps them in
/// one file, encrypted with age to the recipients of `access`; `fill` puts them into a copy of the files that need them.
#[derive(Debug, Args)]
#[command(after_help = "The order of use:\n  \
    plimsoll build\n  \
    plimsoll secrets make\n  \
    plimsoll secrets fill --identity ~/age-key.txt --output /root/filled")]
pub(crate) struct Secrets {
    #[command(flatten)]
    cluster: ClusterFile,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say which secrets the cluster has, and which files need them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make what is missing in the encrypted store; what is there is never replaced
    ///
    /// Asks nothing. The store is `access.secrets`; it is encrypted to every key in `access.recipients`.
    Make {
        /// Private key of one of the recipients, to complete a store that exists
        #[arg(short, long, value_name = "FILE")]
        identity: Option<PathBuf>,
        /// Encrypt an existing store anew, after recipients were added or removed
        #[arg(long, requires = "identity")]
        reseal: bool,
    },
    /// Write the files that need secrets, with the secrets in them, to a new directory outside git
    ///
    /// Every file has mode 0600 and every directory 0700 from the first byte. Owners and modes on the machines are in
    /// `manifest.json` of the output directory. Remove the directory when its files are where they belong.
    Fill {
        /// Directory to make; it must not exist, or be empty
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
        /// Private key of one of the recipients
        #[arg(short, long, value_name = "FILE")]
        identity: PathBuf,
    },
}

impl Secrets {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        if !cfg!(feature = "secrets") && !matches!(self.action, Action::List { .. }) {
            return Err(Failure::new("this build of Plimsoll can list secrets, but not make or fill them")
                .with_hint("build it with `cargo build --release -p plimsoll --features secrets`"));
        }
        let Loaded::Cluster(cluster) = input::load(&self.cluster.file, terminal, &mut Timings::start())? else {
            return Ok(false);
        };
        let tree = plimsoll_render::render(&cluster.design);
        let base = self.cluster.file.parent().unwrap_or(Path::new("")).to_path_buf();
        let context = Context { cluster: &cluster, tree: &tree, base };
        match self.action {
            Action::List { json } => context.list(json, terminal)?,
            #[cfg(feature = "secrets")]
            Action::Make { identity, reseal } => context.make(identity.as_deref(), reseal, terminal)?,
            #[cfg(feature = "secrets")]
            Action::Fill { output, identity } => context.fill(&output, &identity, terminal)?,
            #[cfg(not(feature = "secrets"))]
            Action::Make { .. } | Action::Fill { .. } => {}
        }
        Ok(true)
    }
}

/// A cluster with its files.
struct Context<'a> {
    cluster: &'a Cluster,
    tree: &'a Tree,
    /// The directory of the cluster file, to which its paths are relative.
    base: PathBuf,
}

impl Context<'_> {
    fn store_path(&self) -> PathBuf {
        self.base.join(&self.cluster.design.access.secrets)
    }

    fn list(&self, as_json: bool, terminal: &Terminal) -> Result<(), Failure> {
        let mut secrets: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut public: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (path, file) in self.tree.iter() {
            for hole in file.open_holes() {
                match &hole.source {
                    Source::Secret(name) => secrets.entry(&name.0).or_default().insert(path),
                    Source::File(name) => public.entry(name).or_default().insert(path),
                };
            }
        }
        let access = &self.cluster.design.access;
        let store = self.store_path();
        let text = if as_json {
            pretty(&json!({
                "secrets": secrets, "public_files": public,
                "store": { "path": store, "exists": store.exists(), "recipients": access.recipients },
            }))
        } else {
            let mut out = String::new();
            let mut list = |title: &str, of: &BTreeMap<&str, BTreeSet<&str>>| {
                if of.is_empty() {
                    return;
                }
                let _ = writeln!(out, "{}", terminal.bold(title));
                for (name, files) in of {
                    let _ = writeln!(out, "  {name}");
                    for file in files {
                        let _ = writeln!(out, "    {file}");
                    }
                }
                out.push('\n');
            };
            list("Secrets, and the files that need them", &secrets);
            list("Public files of yours, and the files that need them", &public);
            let there = if store.exists() { "" } else { " (not there yet: `plimsoll secrets make`)" };
            let _ = writeln!(out, "Store      {}{there}", store.display());
            let to = if access.recipients.is_empty() { "nobody yet".into() } else { access.recipients.join(", ") };
            let _ = writeln!(out, "Encrypted  to {to}");
            out
        };
        terminal.out(&text)
    }
}
