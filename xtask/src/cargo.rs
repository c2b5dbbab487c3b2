//! Calls of cargo, and what it knows about the workspace.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// What the default build leaves out.
pub(crate) const SECRETS: &str = "--features=plimsoll/secrets";

/// The root of this checkout.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The cargo that runs this program, called in the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// Builds the program with these arguments for `cargo build`, and says where it lies.
pub(crate) fn program(arguments: &[&str]) -> anyhow::Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
        target: Option<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let output = cargo()
        .args(["build", "--quiet", "--locked", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo build {} failed", arguments.join(" "));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| message.target.as_ref().is_some_and(|target| target.name == "plimsoll"))
        .find_map(|message| message.executable)
        .context("cargo named no executable")
}

/// What `cargo metadata` says.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: BTreeSet<String>,
}

/// One package, of the workspace or from outside.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) license: Option<String>,
    /// Where it comes from; nothing for packages of the workspace.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What a package asks for.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Set for packages of the workspace.
    pub(crate) path: Option<PathBuf>,
}

/// Packages that are linked or run on Linux, on this lock file.
pub(crate) fn metadata() -> anyhow::Result<Metadata> {
    let output = cargo()
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"])
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim());
    serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata said")
}

impl Metadata {
    /// Packages of the workspace whose tests use the cache.
    pub(crate) fn that_use_the_cache(&self) -> BTreeSet<&str> {
        const SUPPORT: [&str; 2] = ["plimsoll-rootfs", "plimsoll-accept"];
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id) && package.name != "xtask")
            .filter(|package| {
                package
                    .dependencies
                    .iter()
                    .any(|needed| needed.path.is_some() && SUPPORT.contains(&needed.name.as_str()))
            })
            .map(|package| package.name.as_str())
            .collect()
    }
}
