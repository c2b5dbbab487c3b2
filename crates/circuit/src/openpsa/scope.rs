//! Names: public ones are known by themselves, all are known by their path, and what is near wins.

use std::collections::HashMap;

use super::problem::shown;

/// What a name may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Gate,
    Basic,
    House,
    Parameter,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Gate => "gate",
            Kind::Basic => "basic event",
            Kind::House => "house event",
            Kind::Parameter => "parameter",
        }
    }
}

/// A definition of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) number: usize,
}

/// All names of a file. Parameters live apart: an event and a parameter may have the same name.
#[derive(Debug, Default)]
pub(super) struct Names {
    by_path: HashMap<(bool, String), Target>,
    public: HashMap<(bool, String), Vec<Target>>,
}

fn space(kind: Kind) -> bool {
    kind == Kind::Parameter
}

impl Names {
    /// Adds a definition; gives the one that already has this path.
    pub(super) fn add(&mut self, base: &str, name: &str, public: bool, target: Target) -> Result<(), Target> {
        let path = join(base, name);
        if let Some(&other) = self.by_path.get(&(space(target.kind), path.clone())) {
            return Err(other);
        }
        self.by_path.insert((space(target.kind), path), target);
        if public {
            self.public.entry((space(target.kind), name.to_string())).or_default().push(target);
        }
        Ok(())
    }

    /// How many public definitions share a name.
    pub(super) fn sharing(&self, kind: Kind, name: &str) -> usize {
        self.public.get(&(space(kind), name.to_string())).map_or(0, Vec::len)
    }

    /// What a reference from inside `base` means: the nearest container that knows it, then what is public.
    pub(super) fn find(&self, base: &str, reference: &str, parameter: bool) -> Result<Target, String> {
        let mut scope = Some(base);
        while let Some(here) = scope {
            if let Some(&found) = self.by_path.get(&(parameter, join(here, reference))) {
                return Ok(found);
            }
            scope = match here.rsplit_once('.') {
                Some((outer, _)) => Some(outer),
                None if here.is_empty() => None,
                None => Some(""),
            };
        }
        match self.public.get(&(parameter, reference.to_string())).map_or(&[][..], Vec::as_slice) {
            [only] => Ok(*only),
            [] => Err(format!("`{}` is not defined", shown(reference))),
            several => Err(format!(
                "`{}` is defined {} times in other places: name it by its path",
                shown(reference),
                several.len()
            )),
        }
    }
}

/// The path of a name in a container.
pub(super) fn join(base: &str, name: &str) -> String {
    if base.is_empty() { name.to_string() } else { format!("{base}.{name}") }
}
