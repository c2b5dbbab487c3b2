//! `plimsoll report`: the design and its proof as one page to look at.

mod serve;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use plimsoll_check::{judge, rules};
use plimsoll_model::design::Date;
use plimsoll_prove::Model;
use plimsoll_report::{Input, Proof};
use plimsoll_views::World;

use super::outages::{all_failovers, by_component};
use super::threads;
use crate::failure::Failure;
use crate::input::{self, Cluster, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Write one page to look at: the topology, what it survives, findings, capacity, addresses
///
/// The page needs no network. Parts that are clicked fail, and promises, margins and capacity follow at once. `svg` and
/// `mermaid` give the topology alone, for wikis.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The cluster file
    #[arg(default_value = "cluster.yaml")]
    file: PathBuf,
    /// Where to write to, `-` for standard output [default: report.html; standard output for `svg` and `mermaid`]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What to write: `html`, `svg` (the topology alone), or `mermaid` (the same for wikis)
    #[arg(long, value_enum, default_value_t = Format::Html, hide_possible_values = true)]
    format: Format,
    /// Serve the page on this machine and load it anew whenever the file is saved
    #[arg(long, conflicts_with_all = ["output", "format"])]
    serve: bool,
    /// The port to serve on; 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "PORT", requires = "serve")]
    port: u16,
    /// The day to judge by, for versions and acceptances that end (default: today, UTC)
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
    /// Show how long each phase took
    #[arg(long)]
    timings: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Html,
    Svg,
    Mermaid,
}

impl Report {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        if self.serve {
            return serve::serve(&self.file, self.port, self.today, terminal);
        }
        let mut timings = Timings::start();
        let Loaded::Cluster(cluster) = input::load(&self.file, terminal, &mut timings)? else {
            return Ok(false);
        };
        let text = match self.format {
            Format::Html => page(&cluster, self.today, None),
            Format::Svg => plimsoll_report::svg(&cluster.design),
            Format::Mermaid => plimsoll_report::mermaid(&cluster.design),
        };
        timings.lap("report");
        let file = match self.output {
            None if self.format == Format::Html => Some(PathBuf::from("report.html")),
            Some(path) if path == Path::new("-") => None,
            other => other,
        };
        match file {
            Some(path) => {
                write(&path, text.as_bytes())?;
                terminal.progress(&format!("wrote `{}`", path.display()));
            }
            None => terminal.out(&text)?,
        }
        if self.timings {
            timings.lap("write");
            terminal.progress(&timings.table("write"));
        }
        Ok(true)
    }
}

/// The page; `reload` has the address to ask and the answer as long as nothing has changed.
fn page(cluster: &Cluster, today: Option<Date>, reload: Option<(&str, &str)>) -> String {
    let (design, origins) = (&cluster.design, &cluster.origins);
    let world = World::of_design(design, origins, input::today(today));
    let report = judge(&world, &rules::all());
    let model = Model::of(design, origins);
    let (proof, predictions) = Proof::of(&model, design, threads(), || plimsoll_prove::predictions(&model, design));
    let outages = by_component(&model, &predictions);
    let (sources, outages) = (&cluster.sources, Some(&outages));
    let failovers = &all_failovers(&model, &predictions);
    let input = Input { design, origins, sources, report: &report, model: &model, proof: &proof, outages, failovers };
    match reload {
        Some((poll, stamp)) => plimsoll_report::html_that_reloads(&input, poll, stamp),
        None => plimsoll_report::html(&input),
    }
}

/// Writes a file beside its place and moves it there in one step: who looks at it never sees half of one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".half-written");
    let half = path.with_file_name(name);
    let write = || {
        let mut file = std::fs::File::create(&half)?;
        file.write_all(bytes)?;
        std::fs::rename(&half, path)
    };
    write().map_err(|error| {
        // What was begun is of no use to anybody.
        let _ = std::fs::remove_file(&half);
        Failure::io("write", path, error)
    })
}
