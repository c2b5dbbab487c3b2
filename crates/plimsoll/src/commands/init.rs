//! `plimsoll init`: a first cluster file.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Write a commented first cluster file
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where to write it; `-` for standard output
    #[arg(default_value = "cluster.yaml")]
    file: PathBuf,
}

impl Init {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let text = plimsoll_spec::init();
        if self.file.as_os_str() == "-" {
            terminal.out(text)?;
            return Ok(true);
        }
        // `create_new` makes sure that nobody's file is lost.
        let written = OpenOptions::new().write(true).create_new(true).open(&self.file);
        written.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
            let exists = error.kind() == std::io::ErrorKind::AlreadyExists;
            let failure = Failure::io("create", &self.file, error);
            if exists { failure.with_hint("it exists and was left as it is; name another file") } else { failure }
        })?;
        let file = self.file.display();
        terminal.out(&format!(
            "Wrote {file}. Edit it, then run `plimsoll check {file}`.\n\
             For completion in your editor: `plimsoll schema > cluster.schema.json`.\n"
        ))?;
        Ok(true)
    }
}
