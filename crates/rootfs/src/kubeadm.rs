//! kubeadm, built from its Go module: Debian does not package it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache::{Cache, Entry};
use crate::contained::{self, Network};
use crate::{Error, Progress};

/// The release that is built, without its `v`. It needs Go 1.26.
pub const VERSION: &str = "1.36.4";

/// Kubernetes' module names its parts at version 0.0.0 and replaces them with folders beside it; outside its own
/// repository each has to be replaced with the release of the same minor and patch version.
const BUILD: &str = r#"
set -eu
release=$1 output=$2
parts=0.${release#*.}
module=$(mktemp -d)
trap 'rm -rf "$module"' EXIT
cd "$module"
export GOFLAGS=-mod=mod CGO_ENABLED=0
file=$(go mod download -json "k8s.io/kubernetes@v$release" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
{
    echo 'module plimsoll.invalid/kubeadm'
    sed -n 's/^go /go /p' "$file"
    echo "require k8s.io/kubernetes v$release"
    sed -n "s/^[[:space:]]*\(k8s\.io\/[a-z-]*\) v0\.0\.0$/replace \1 => \1 v$parts/p" "$file"
} >go.mod
go build -trimpath -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$release" \
    -o "$output/kubeadm" k8s.io/kubernetes/cmd/kubeadm
"#;

/// A kubeadm that runs without anything else.
#[derive(Clone, Debug)]
pub struct Kubeadm {
    path: PathBuf,
}

impl Kubeadm {
    /// Directory of the program `kubeadm`.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn entry() -> Entry {
    Entry { what: "kubeadm", stem: "kubeadm", lock: "kubeadm", recipe: format!("{VERSION}\n{BUILD}") }
}

/// kubeadm, if it was built before.
pub fn find(cache: &Cache) -> Result<Kubeadm, Error> {
    Ok(Kubeadm { path: cache.find(&entry())? })
}

/// Whether this machine has Go at all.
pub fn can_build() -> bool {
    Command::new("go").arg("version").output().is_ok_and(|output| output.status.success())
}

/// kubeadm, built now if it was not before: 4 minutes of one core, 300 MB of modules in Go's own caches.
pub fn ensure(cache: &Cache, progress: &mut Progress<'_>) -> Result<Kubeadm, Error> {
    let path = cache.ensure(&entry(), progress, |dir, log, progress| {
        let mut command = contained::command("sh", Network::Machine);
        command.args(["-c", BUILD, "sh", VERSION]).arg(dir);
        contained::run(command, "go build", log, progress, |_| None)
    })?;
    Ok(Kubeadm { path })
}
