//! A Python environment with the schemas of Kubernetes and a validator for them.

use std::path::PathBuf;
use std::process::Command;

use crate::cache::{Cache, Entry};
use crate::{Error, Progress, contained};

/// Packages from PyPI, pinned. kubernetes-validate ships the schemas of each Kubernetes up to its own version.
const PACKAGES: [&str; 10] = [
    "attrs==26.1.0",
    "importlib_resources==7.1.0",
    "jsonschema==4.26.0",
    "jsonschema-specifications==2025.9.1",
    "kubernetes-validate==1.37.0",
    "packaging==26.3",
    "PyYAML==6.0.3",
    "referencing==0.37.0",
    "rpds-py==2026.9.1",
    "typing_extensions==4.16.0",
];

/// An interpreter that has the schemas.
#[derive(Clone, Debug)]
pub struct Schemas {
    path: PathBuf,
}

impl Schemas {
    /// The interpreter; it needs nothing else of the machine's Python packages.
    pub fn python(&self) -> PathBuf {
        self.path.join("bin/python")
    }
}

/// Compiled packages fit one version of one interpreter, so both belong to the recipe.
fn entry() -> Result<Entry, Error> {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable, sys.version)"])
        .output()
        .map_err(|source| Error::Start { program: "python3".to_owned(), source })?;
    let interpreter = String::from_utf8_lossy(&output.stdout).into_owned();
    let recipe = format!("{interpreter}\n{}", PACKAGES.join("\n"));
    Ok(Entry { what: "the schemas of Kubernetes", stem: "schemas", lock: "schemas", recipe })
}

/// The schemas, if they were fetched before.
pub fn find(cache: &Cache) -> Result<Schemas, Error> {
    Ok(Schemas { path: cache.find(&entry()?)? })
}

/// The schemas, fetched now if they were not before: 20 s and 150 MB. Needs Python with `venv`.
pub fn ensure(cache: &Cache, progress: &mut Progress<'_>) -> Result<Schemas, Error> {
    let path = cache.ensure(&entry()?, progress, |dir, log, progress| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(dir);
        contained::run(venv, "python3 -m venv", log, progress, |_| None)?;
        let mut pip = Command::new(dir.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
        pip.args(PACKAGES);
        contained::run(pip, "pip install", log, progress, |_| None)
    })?;
    Ok(Schemas { path })
}
