//! The changes that an engineer would try, in a fixed order.

mod balancers;
mod control;
mod hosts;
mod moves;
mod network;
mod places;
mod power;
mod services;
mod timers;

use plimsoll_model::{Design, Name};
use plimsoll_spec::Part;
use plimsoll_spec::Spec;
use plimsoll_yaml::Node;

use crate::step::Step;

/// How much a change asks for, beside money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// A setting, or something that moves.
    Settings,
    /// Virtual machines on the hosts that are there.
    Machines,
    /// Parts that are bought.
    Parts,
}

/// A change of the file.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Variants of the same idea; the best of them is shown.
    pub(crate) group: String,
    /// What to do, as an order.
    pub(crate) what: String,
    /// The names in `what` of the things that it is about, in their order; empty where it is about one thing alone. Changes
    /// that differ in these names only are the same change of other things.
    pub(crate) about: Vec<String>,
    pub(crate) steps: Vec<Step>,
    pub(crate) parts: Vec<(Part, u32)>,
    pub(crate) effort: Effort,
    /// Why the change cannot be written as an edit of the file, though its effect is known.
    pub(crate) by_hand: Option<String>,
    /// What to know before doing it.
    pub(crate) notes: Vec<String>,
    /// Whether it changes timers of the API, so that what an election of etcd sets off must be looked at.
    pub(crate) timing: bool,
}

impl Change {
    fn new(group: impl Into<String>, what: impl Into<String>, steps: Vec<Step>) -> Self {
        Change {
            group: group.into(),
            what: what.into(),
            about: Vec::new(),
            steps,
            parts: Vec::new(),
            effort: Effort::Settings,
            by_hand: None,
            notes: Vec::new(),
            timing: false,
        }
    }

    fn buys(mut self, parts: &[(Part, u32)]) -> Self {
        self.parts = parts.iter().copied().filter(|(_, count)| *count > 0).collect();
        if !self.parts.is_empty() {
            self.effort = Effort::Parts;
        }
        self
    }

    fn about(mut self, names: &[&str]) -> Self {
        self.about = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// What to do, without the names of what it is about. `None` where no other change is like it.
    pub(crate) fn form(&self) -> Option<String> {
        let mut form = String::new();
        let mut rest = self.what.as_str();
        for name in &self.about {
            let (before, after) = rest.split_once(name.as_str())?;
            form.push_str(before);
            form.push('\0');
            rest = after;
        }
        (!self.about.is_empty()).then(|| form + rest)
    }

    fn adds_machines(mut self) -> Self {
        self.effort = self.effort.max(Effort::Machines);
        self
    }

    fn note(mut self, note: &str) -> Self {
        self.notes.push(note.to_owned());
        self
    }
}

/// The file as it is, in its three forms.
pub(crate) struct File<'a> {
    pub(crate) root: &'a Node,
    pub(crate) spec: &'a Spec,
    pub(crate) design: &'a Design,
}

impl File<'_> {
    /// Whether something has that name: hosts, machines, switches and external parts share one space.
    fn taken(&self, name: &str) -> bool {
        let (design, name) = (self.design, &Name::from(name));
        design.host.contains_key(name)
            || design.machine.contains_key(name)
            || design.switch.contains_key(name)
            || design.external.contains_key(name)
    }

    /// Hosts in service, in the order in which people count.
    fn hosts(&self) -> Vec<String> {
        let active = self.design.host.iter().filter(|(_, host)| host.state == plimsoll_model::design::State::Active);
        let mut hosts: Vec<String> = active.map(|(name, _)| name.to_string()).collect();
        plimsoll_model::series::sort(&mut hosts);
        hosts
    }

    /// Where machines of a kind could go, with a word on what was left out.
    fn places(
        &self,
        kind: &str,
        free: &[String],
        used: &[String],
        count: usize,
        cut: &mut Vec<String>,
    ) -> Vec<Vec<String>> {
        let (places, left_out) = places::places(self, free, used, count);
        if left_out > 0 {
            cut.push(format!("{left_out} more places for {kind}, among hosts that are not alike"));
        }
        places
    }

    /// The entry of `machines:` that a machine is of: its key as written, and all its names.
    fn entry_of(&self, machine: &str) -> Option<(String, Vec<String>)> {
        let (key, _) = self.spec.machines.iter().find(|(key, _)| key.list().iter().any(|name| name.0 == machine))?;
        Some((key.value.to_string(), key.list().iter().map(|name| name.0.clone()).collect()))
    }
}

/// All of them; and of which ideas some variants were left out.
pub(crate) fn all(file: &File<'_>) -> (Vec<Change>, Vec<String>) {
    let mut cut = Vec::new();
    let mut changes = moves::moves(file, &mut cut);
    changes.extend(control::control(file, &mut cut));
    changes.extend(balancers::balancers(file, &mut cut));
    changes.extend(services::services(file, &mut cut));
    changes.extend(power::power(file));
    changes.extend(network::network(file));
    changes.extend(hosts::hosts(file));
    changes.extend(timers::failover(file));
    (changes, cut)
}

/// What is never tried, and why.
pub(crate) fn never() -> Vec<String> {
    [
        "names of the API in each node's hosts file: they are always written, the file has no key for it",
        "another router, registry or backup: others own them",
        "another rack, other disks, more memory",
    ]
    .map(str::to_owned)
    .to_vec()
}
