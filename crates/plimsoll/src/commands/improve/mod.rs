//! `plimsoll improve`: what to buy, or change, next.

mod json;
mod text;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use plimsoll_improve::{Limits, improve};

use super::{pretty, threads};
use crate::failure::Failure;
use crate::input::{self, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Say what to buy, or change, next
///
/// Tries the changes that an engineer would on the cluster file, proves each result, and ranks them by the time they save
/// in a year, for the money where the file has `prices:`. What makes a line of `survive:` hold comes first. Each change is
/// a patch of the file. Nothing is written.
#[derive(Debug, Args)]
pub(crate) struct Improve {
    /// The cluster file
    #[arg(default_value = "cluster.yaml")]
    file: PathBuf,
    /// Print only the patch of that rank, for `git apply` or `patch -p1`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "format")]
    patch: Option<u32>,
    /// How to show it: `text` or `json`
    #[arg(long, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    format: Format,
    /// Analyse at most so many promises exactly, beside those of the file as it is
    #[arg(long, value_name = "N", default_value_t = Limits::default().analyses)]
    analyses: usize,
    /// Also list what was tried in vain, what could not be tried, and the promises one by one
    #[arg(long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Improve {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let Loaded::Cluster(cluster) = input::load(&self.file, terminal, &mut Timings::start())? else {
            return Ok(false);
        };
        let Some((_, source)) = cluster.sources.iter().next() else {
            return Err(Failure::new("the cluster file was not read"));
        };
        let limits = Limits { analyses: self.analyses };
        let mut progress = |done: usize, all: usize, what: &str| {
            terminal.status(&format!("{} of {all}: {what}", done + 1));
        };
        let found = improve(&source.name, &source.text, &cluster.old_lock, limits, threads(), &mut progress);
        terminal.status("");
        let found = found.map_err(|why| Failure::new(format!("`{}`: {why}", self.file.display())))?;
        if let Some(number) = self.patch {
            let all: Vec<_> = found.suggestions.iter().chain(&found.timing).collect();
            let Some(suggestion) = all.get(number as usize - 1) else {
                let what = format!("there is no suggestion {number}");
                return Err(Failure::new(what).with_hint(format!("there are {}", all.len())));
            };
            return match &suggestion.patch {
                Some(patch) => terminal.out(patch).map(|()| true),
                None => Err(Failure::new(format!("suggestion {number} has no patch: {}", text::by_hand(suggestion)))),
            };
        }
        match self.format {
            Format::Text => {
                terminal.out(&text::text(cluster.design.cluster.as_str(), &found, self.verbose, terminal))?;
            }
            Format::Json => terminal.out(&pretty(&json::json(cluster.design.cluster.as_str(), &found)))?,
        }
        Ok(true)
    }
}
