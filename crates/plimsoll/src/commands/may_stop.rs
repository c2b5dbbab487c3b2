//! `plimsoll may-stop`: whether hosts may be taken down now.

use clap::Args;
use plimsoll_circuit::Var;
use plimsoll_diagnostics::nearest;
use plimsoll_model::series;
use plimsoll_prove::{MayStop as Verdict, Model, Question, batches, may_stop};

use super::ClusterFile;
use crate::failure::Failure;
use crate::input::{self, Loaded};
use crate::terminal::Terminal;
use crate::timings::Timings;

/// Say whether hosts may be taken down now, and why not
///
/// Without a host it says which hosts may be down together. Exit code 0 when it may, 1 when it may not.
#[derive(Debug, Args)]
pub(crate) struct MayStop {
    /// Hosts to take down
    #[arg(value_name = "HOST")]
    hosts: Vec<String>,
    /// What is down already: hosts by name, other components by path
    #[arg(long, value_name = "COMPONENT", num_args = 1..)]
    down: Vec<String>,
    #[command(flatten)]
    cluster: ClusterFile,
}

impl MayStop {
    pub(super) fn run(self, terminal: &Terminal) -> Result<bool, Failure> {
        let Loaded::Cluster(cluster) = input::load(&self.cluster.file, terminal, &mut Timings::start())? else {
            return Ok(false);
        };
        let model = Model::of(&cluster.design, &cluster.origins);
        let find = |names: &[String]| names.iter().map(|name| component(&model, name)).collect::<Result<Vec<_>, _>>();
        let (hosts, down) = (find(&self.hosts)?, find(&self.down)?);
        let name = |var: &Var| {
            let path = &model.components.get(*var).path;
            path.strip_prefix("host/").unwrap_or(path).to_owned()
        };
        let names = |vars: &[Var]| vars.iter().map(name).collect::<Vec<_>>().join(", ");
        let mut question = Question::new(&model);
        question.ask(down.iter().copied());
        let broken: Vec<&str> = question.all_broken().map(|promise| promise.id.as_str()).collect();
        if !broken.is_empty() {
            terminal.out(&format!("broken already, whatever is stopped: {}\n", broken.join(", ")))?;
        }
        if hosts.is_empty() {
            let batches = batches(&model, &cluster.design, &down);
            let (single, several): (Vec<&Vec<Var>>, Vec<&Vec<Var>>) =
                batches.iter().partition(|batch| batch.len() == 1);
            let short = |vars: &mut dyn Iterator<Item = &Var>| {
                let mut names: Vec<String> = vars.map(&name).collect();
                series::sort(&mut names);
                series::collapse(&names).join(", ")
            };
            for batch in several {
                terminal.out(&format!("together: {}\n", short(&mut batch.iter())))?;
            }
            if !single.is_empty() {
                terminal.out(&format!("one at a time: {}\n", short(&mut single.into_iter().flatten())))?;
            }
            if batches.is_empty() {
                terminal.out("no host may be stopped now\n")?;
            }
            return Ok(!batches.is_empty());
        }
        let meanwhile = if down.is_empty() { String::new() } else { format!(" while {} is down", names(&down)) };
        let asked = format!("stop {}{meanwhile}", names(&hosts));
        let (may, line) = match may_stop(&model, &cluster.design, &hosts, &down) {
            Verdict::Yes => (true, format!("you may {asked} now\n")),
            Verdict::Breaks(promises) => {
                let lost: Vec<&str> = promises.iter().map(|promise| model.promises[*promise].id.as_str()).collect();
                (false, format!("you may not {asked}: it breaks {}\n", lost.join(", ")))
            }
            Verdict::NoMargin { promise, failure, with } => {
                let failed: Vec<&str> =
                    [failure].iter().chain(&with).map(|var| model.components.get(*var).path.as_str()).collect();
                let line = format!(
                    "you may not {asked}: nothing breaks at once, but then {} would break {}, which the file says must \
                     survive that during maintenance\n",
                    failed.join(" with "),
                    model.promises[promise].id
                );
                (false, line)
            }
            Verdict::TooMany { goal, combinations } => (
                false,
                format!(
                    "not known whether you may {asked}: line {} of `survive` has {combinations} combinations, more than \
                     are looked at\n",
                    goal + 1
                ),
            ),
        };
        terminal.out(&line)?;
        Ok(may)
    }
}

/// A host by its name, anything else by its path.
fn component(model: &Model, name: &str) -> Result<Var, Failure> {
    let found = model.components.find(&format!("host/{name}")).or_else(|| model.components.find(name));
    found.ok_or_else(|| {
        let failure = Failure::new(format!("there is no host or component `{name}`"));
        let known = model.failable().flat_map(|(_, component)| {
            [component.path.as_str(), component.path.strip_prefix("host/").unwrap_or(&component.path)]
        });
        match nearest(name, known) {
            Some(near) => failure.with_hint(format!("did you mean `{near}`?")),
            None => failure.with_hint("`plimsoll show host` lists the hosts"),
        }
    })
}
