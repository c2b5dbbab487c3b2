//! First pass: ranges become single things, each with its place in its range, so that others pair up with it.

use plimsoll_diagnostics::{Span, Spanned};
use plimsoll_model::{Map, Name};
use plimsoll_spec::hardware::Role;
use plimsoll_spec::scalars::{AddressRange, Name as Word, Names};
use plimsoll_spec::site::{External, Rack, Switch};
use plimsoll_spec::{Host, Machine, Spec};

use crate::cx::{Cx, error};

/// One of the things that a range stands for.
#[derive(Clone, Copy)]
pub(crate) struct Item<'s, T> {
    /// What was written for all of the range.
    pub(crate) spec: &'s T,
    /// Place in the range, from 0.
    pub(crate) index: usize,
    /// How many things the range stands for.
    pub(crate) of: usize,
    /// Whether the name was written as a range.
    pub(crate) ranged: bool,
    /// Where the name or range stands.
    pub(crate) span: Option<Span>,
}

impl<T> Item<'_, T> {
    /// The one of a range of names that pairs up with this.
    pub(crate) fn paired(&self, names: &Names) -> Option<Name> {
        names.paired(self.index, self.of).map(name)
    }

    /// The one of a range of addresses that pairs up with this.
    pub(crate) fn address(&self, range: &AddressRange) -> Option<std::net::IpAddr> {
        range.nth(self.index)
    }
}

/// The single things of the file, by name.
pub(crate) struct Things<'s> {
    pub(crate) racks: Map<Item<'s, Rack>>,
    pub(crate) externals: Map<Item<'s, External>>,
    pub(crate) switches: Map<Item<'s, Switch>>,
    pub(crate) hosts: Map<Item<'s, Host>>,
    pub(crate) machines: Map<Item<'s, Machine>>,
}

/// Hosts, and machines, that are taken at most: a thousand hosts with a worker each, and room for the rest.
const MOST: usize = 1_200;
/// Things of another kind that are taken at most: a switch has many ports, and a thousand hosts hang on a few hundred.
const MOST_OTHERS: usize = 500;
/// Disks of one group that are taken at most: more than any chassis holds.
const MOST_DISKS: u16 = 256;

/// Says what is far too large to be meant, before anything is made of it.
pub(crate) fn sizes(cx: &Cx<'_>) {
    fn count<T>(cx: &Cx<'_>, what: &str, most: usize, map: &plimsoll_yaml::Map<Names, T>) {
        let mut all: usize = 0;
        for (names, _) in map {
            all = all.saturating_add(names.count());
            if all > most {
                let message = format!("more than {most} {what} are too many");
                return cx.say(error("too-many", message, names.span, ""));
            }
        }
    }
    let spec = cx.spec;
    count(cx, "external parts", MOST_OTHERS, &spec.external);
    count(cx, "switches", MOST_OTHERS, &spec.switches);
    count(cx, "hosts", MOST, &spec.hosts);
    count(cx, "machines", MOST, &spec.machines);
    if let Some(site) = &spec.site {
        count(cx, "racks", MOST_OTHERS, &site.racks);
    }
    for (_, disks) in spec.hosts.values().flat_map(|host| &host.disks).filter(|(_, disks)| disks.count > MOST_DISKS) {
        let message = format!("{} disks in one host are too many: {MOST_DISKS} are possible", disks.count);
        cx.say(error("too-many", message, disks.span, ""));
    }
}

impl<'s> Things<'s> {
    pub(crate) fn of(spec: &'s Spec) -> Self {
        Things {
            racks: spec.site.iter().flat_map(|site| singles(&site.racks)).collect(),
            externals: singles(&spec.external).collect(),
            switches: singles(&spec.switches).collect(),
            hosts: singles(&spec.hosts).collect(),
            machines: singles(&spec.machines).collect(),
        }
    }

    /// Machines of a role, by name.
    pub(crate) fn role(&self, role: Role) -> impl Iterator<Item = (&Name, &Item<'s, Machine>)> {
        self.machines.iter().filter(move |(_, machine)| machine.spec.role.value == role)
    }
}

fn singles<T>(map: &plimsoll_yaml::Map<Names, T>) -> impl Iterator<Item = (Name, Item<'_, T>)> {
    map.iter().flat_map(|(names, spec)| {
        let ranged = names.count() > 1;
        let single =
            move |(index, word)| (name(word), Item { spec, index, of: names.count(), ranged, span: names.span });
        names.list().iter().enumerate().map(single)
    })
}

/// A word of the file as a name of the Design.
pub(crate) fn name(word: &Word) -> Name {
    Name::from(word.0.as_str())
}

/// All names of a list of ranges, each with the place where it was written, sorted and without doubles.
pub(crate) fn all_names<'n>(ranges: impl IntoIterator<Item = &'n Spanned<Names>>) -> Vec<Name> {
    let mut names: Vec<Name> = ranges.into_iter().flat_map(|range| range.list().iter().map(name)).collect();
    names.sort();
    names.dedup();
    names
}
