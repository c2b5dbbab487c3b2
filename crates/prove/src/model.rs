//! A Design as one circuit.

use std::collections::BTreeMap;

use plimsoll_circuit::{Circuit, Node, Var};
use plimsoll_model::{Design, Origins};

use crate::build::Build;
use crate::component::{Component, Components, Kind};
use crate::place::Places;
use crate::promise::{self, Promise, Room};

/// All promises of a Design over all its components, in one circuit.
#[derive(Clone, Debug)]
pub struct Model {
    /// The circuit of all promises.
    pub circuit: Circuit,
    /// What can fail; their numbers are the variables.
    pub components: Components,
    /// What is owed.
    pub promises: Vec<Promise>,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// The room that promises of capacity compare.
    pub room: Room,
    pub(crate) labels: BTreeMap<Node, String>,
    away: BTreeMap<String, Node>,
}

impl Model {
    /// Makes the circuit of a Design. `origins` are those of the same Design.
    pub fn of(design: &Design, origins: &Origins) -> Self {
        Model::from_build(Build::new(design), design, origins)
    }

    /// The circuit of the same Design in another state, with the same numbers for the same components.
    pub(crate) fn again(&self, design: &Design) -> Self {
        let mut build = Build::new(design);
        for (_, known) in self.components.all() {
            build.components.intern(&known.path, known.kind, &known.origin);
        }
        // Where things were written does not change what breaks.
        Model::from_build(build, design, &Origins::default())
    }

    fn from_build(mut build: Build<'_>, design: &Design, origins: &Origins) -> Self {
        build.register_all();
        let promises = promise::all(&mut build, origins);
        build.circuit.set_turns(Places::of(&build.components, design).turns());
        Model {
            circuit: build.circuit,
            components: build.components,
            promises,
            assumed: build.assumed,
            room: build.room,
            labels: build.labels,
            away: build.memo.into_iter().filter(|(key, _)| is_path(key)).collect(),
        }
    }

    /// The promise of that name.
    pub fn promise(&self, id: &str) -> Option<&Promise> {
        self.promises.iter().find(|promise| promise.id == id)
    }

    /// True when the thing at this path is away, by its own failure or by that of what it rests on: a feed, a PDU, a
    /// switch, a host or its disks, a machine.
    pub fn away(&self, path: &str) -> Option<Node> {
        self.away.get(path).copied()
    }

    /// What a node means, where that was said: the sentences of [`crate::explain`].
    pub fn label(&self, node: Node) -> Option<&str> {
        self.labels.get(&node).map(String::as_str)
    }

    /// What a person may fail: components, without what only follows from them.
    pub fn failable(&self) -> impl Iterator<Item = (Var, &Component)> {
        self.components.all().filter(|(_, component)| component.kind.is_component())
    }

    /// The batteries: a power cut is taken to outlast every one. That it does matters only where what feeds it is away, at
    /// whatever distance the cause is, so that they are taken to be outlasted whatever has failed.
    pub(crate) fn outlasted(&self) -> impl Iterator<Item = Var> {
        self.components.all().filter(|(_, component)| component.kind == Kind::Outlasted).map(|(var, _)| var)
    }

    /// Those that are taken to have failed when `failed` have: a power cut is taken to outlast every battery.
    pub fn with_consequences(&self, failed: &[Var]) -> Vec<bool> {
        let mut all = vec![false; self.components.len()];
        for var in self.outlasted().chain(failed.iter().copied()) {
            all[var.index()] = true;
        }
        all
    }
}

/// Whether something was remembered under the path of a thing, and not as a relation of things.
fn is_path(key: &str) -> bool {
    ["feed/", "rack/", "switch/", "host/", "machine/", "external/"].iter().any(|start| key.starts_with(start))
}
