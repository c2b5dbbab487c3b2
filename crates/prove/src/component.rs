//! Everything that can fail, with how often and for how long.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_circuit::Var;

use crate::rate::{Rate, Source, Upkeep, repair_word};

/// What kind of thing a component is: the words of `survive:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The utility, a UPS, a generator.
    Feed,
    /// A power strip.
    Pdu,
    /// A power supply unit.
    Psu,
    /// All that stands in a rack.
    Rack,
    /// A switch.
    Switch,
    /// A router that others own.
    Router,
    /// A server that others own and that is asked for outside names.
    Resolver,
    /// A cable with the optics and ports at its ends.
    Cable,
    /// A network port of a host.
    Nic,
    /// A physical machine with the system on it.
    Host,
    /// A disk.
    Disk,
    /// A virtual machine with the system in it.
    Machine,
    /// A program.
    Daemon,
    /// A battery of an uninterruptible supply that holds nothing any more. Nobody sees it until the power is cut, and then
    /// it counts in probabilities only: a cut is taken to outlast every battery elsewhere.
    Battery,
    /// Not a component: a battery that a power cut outlasts. Follows from the loss of the feed before it.
    Outlasted,
}

impl Kind {
    /// The word that `survive:` uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Feed => "feed",
            Kind::Pdu => "pdu",
            Kind::Psu => "psu",
            Kind::Rack => "rack",
            Kind::Switch => "switch",
            Kind::Router => "router",
            Kind::Resolver => "resolver",
            Kind::Cable => "cable",
            Kind::Nic => "nic",
            Kind::Host => "host",
            Kind::Disk => "disk",
            Kind::Machine => "machine",
            Kind::Daemon => "daemon",
            Kind::Battery => "battery",
            Kind::Outlasted => "outlasted",
        }
    }

    /// Whether a person may name it in `survive:` and fail it in a question.
    pub const fn is_component(self) -> bool {
        !matches!(self, Kind::Battery | Kind::Outlasted)
    }
}

/// A thing that can fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its path in the Design (`host/pve-1/psu/a`); a disk of a group has its number behind the group's path, a program
    /// its name behind the machine's.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// The part of the Design whose origin says where it was written.
    pub origin: String,
    /// How often it fails and for how long.
    pub rate: Rate,
    /// Whether others own it, so that it is assumed to be perfect in sums of time.
    pub external: bool,
    /// Whether its loss is a common cause: a rack as a whole, or the one supply of the whole site. It can be survived or
    /// not like any other; its time is shown apart and never hidden in a sum.
    pub common: bool,
    /// Whether it is a feed that hangs on another: an uninterruptible supply.
    pub ups: bool,
}

impl Component {
    /// Whether it is of a kind that a line of `survive:` names; `any` is any component.
    pub fn is_of(&self, kind: &str) -> bool {
        self.kind.is_component() && (kind == "any" || kind == self.kind.as_str() || (kind == "ups" && self.ups))
    }
}

/// The components of a Design; their [`Var`] in circuits is their place in this list.
#[derive(Clone, Debug, Default)]
pub struct Components {
    list: Vec<Component>,
    by_path: BTreeMap<String, Var>,
    upkeep: Upkeep,
}

impl Components {
    /// None yet; repairs will take as long as the file says, and tests will be as far apart.
    pub(crate) fn with_upkeep(upkeep: Upkeep) -> Self {
        Components { upkeep, ..Components::default() }
    }

    /// The component of that path, made when it is new.
    pub(crate) fn intern(&mut self, path: &str, kind: Kind, origin: &str) -> Var {
        if let Some(var) = self.by_path.get(path) {
            return *var;
        }
        let var = Var(self.list.len() as u32);
        let external = kind == Kind::Router || path.starts_with("external/");
        self.list.push(Component {
            path: path.to_owned(),
            kind,
            origin: origin.to_owned(),
            rate: self.upkeep.apply(repair_word(kind, path), Rate::default_of(kind, path)),
            external,
            common: kind == Kind::Rack,
            ups: false,
        });
        self.by_path.insert(path.to_owned(), var);
        var
    }

    pub(crate) fn set_common(&mut self, var: Var) {
        if let Some(component) = self.list.get_mut(var.index()) {
            component.common = true;
        }
    }

    /// Its faults show when it is needed, or when it is tested: at the interval that goes by this word.
    pub(crate) fn set_unseen(&mut self, path: &str, word: &str) {
        if let Some(component) = self.by_path.get(path).and_then(|var| self.list.get_mut(var.index())) {
            component.rate.unseen = self.upkeep.test_interval(word);
        }
    }

    /// An uninterruptible supply fails as a device does, and not as the public supply.
    pub(crate) fn set_device(&mut self, var: Var, rate: Rate) {
        let rate = self.upkeep.apply("ups", rate);
        if let Some(component) = self.list.get_mut(var.index()) {
            (component.rate, component.ups) = (rate, true);
        }
    }

    pub(crate) fn set_rate(&mut self, var: Var, rate: Rate) {
        if let Some(component) = self.list.get_mut(var.index()) {
            component.rate = rate;
        }
    }

    /// All of them, by number.
    pub fn all(&self) -> impl Iterator<Item = (Var, &Component)> {
        self.list.iter().enumerate().map(|(index, component)| (Var(index as u32), component))
    }

    /// How many there are, those that are no components by themselves included.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The component of that number.
    pub fn get(&self, var: Var) -> &Component {
        &self.list[var.index()]
    }

    /// The component of that path.
    pub fn find(&self, path: &str) -> Option<Var> {
        self.by_path.get(path).copied()
    }

    /// Where the rates in use come from, and the kinds of components that each of them is for. What follows from another
    /// component has no rate of its own.
    pub fn sources(&self) -> BTreeMap<Source, BTreeSet<Kind>> {
        let mut sources: BTreeMap<Source, BTreeSet<Kind>> = BTreeMap::new();
        for component in self.list.iter().filter(|component| component.rate.source != Source::Follows) {
            sources.entry(component.rate.source).or_default().insert(component.kind);
        }
        sources
    }
}
