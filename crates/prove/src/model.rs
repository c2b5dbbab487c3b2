//! A Design as one circuit.

use std::collections::BTreeMap;

use plimsoll_circuit::{Circuit, Node, Var};
use plimsoll_model::{Design, Origins};

use crate::build::Build;
use crate::component::{Component, Components};
use crate::promise::{self, Promise};

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
    pub(crate) labels: BTreeMap<Node, String>,
}

impl Model {
    /// Makes the circuit of a Design. `origins` are those of the same Design.
    pub fn of(design: &Design, origins: &Origins) -> Self {
        let mut build = Build::new(design);
        build.register_all();
        let promises = promise::all(&mut build, origins);
        Model {
            circuit: build.circuit,
            components: build.components,
            promises,
            assumed: build.assumed,
            labels: build.labels,
        }
    }

    /// The promise of that name.
    pub fn promise(&self, id: &str) -> Option<&Promise> {
        self.promises.iter().find(|promise| promise.id == id)
    }

    /// What a person may fail: components, without what only follows from them.
    pub fn failable(&self) -> impl Iterator<Item = (Var, &Component)> {
        self.components.all().filter(|(_, component)| component.kind.is_component())
    }

    /// Those that are taken to have failed when `failed` have: a power cut is taken to outlast every battery.
    pub fn with_consequences(&self, failed: &[Var]) -> Vec<bool> {
        // That a battery is outlasted matters only where what feeds it is away, at whatever distance the cause is.
        let mut all: Vec<bool> = self.components.all().map(|(_, component)| !component.kind.is_component()).collect();
        for var in failed {
            all[var.index()] = true;
        }
        all
    }
}
