//! Allocation with a memory: what was given stays, what was removed waits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::Bound;
use std::str::FromStr;

use plimsoll_diagnostics::{Diagnostic, Span};
use plimsoll_model::Name;

use super::{Entry, Key, Kind, Lock};

/// Somebody who needs a value.
pub(crate) struct Want<T> {
    /// Path of the component.
    pub(crate) owner: String,
    /// The value that the file asks for, with its place.
    pub(crate) written: Option<(T, Option<Span>)>,
}

/// What somebody got, and by which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate<T> {
    /// What the file asks for.
    Written(T, Option<Span>),
    /// What was kept or newly chosen.
    Allocated(T),
    /// Nothing: all are taken.
    Exhausted,
}

/// The file gives away what `owner` holds: moving it would cut off what runs there, so that must be meant.
pub(crate) fn taken_away(
    message: String,
    kept: Option<Span>,
    given: Option<Span>,
    label: &str,
    owner: &str,
) -> Diagnostic {
    let problem = Diagnostic::error(message).code("lock-taken");
    let problem = match given {
        Some(_) => problem.at(given, label).context(kept, "it has it by the lock"),
        None => problem.at(kept, format!("it has it by the lock; by the file it is {label}")),
    };
    problem
        .breaks(format!("`{owner}` would get another one, and whatever knows it by this one would not find it"))
        .help(format!("choose another value; or, if `{owner}` shall move, delete its line of the lock"))
}

/// The old lock and the new one that is being made.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    old: Lock,
    new: Lock,
}

impl Keeper {
    pub(crate) fn new(old: &Lock) -> Self {
        Keeper { old: old.clone(), new: Lock::new() }
    }

    /// Hands what belonged to the first name of each pair (and everything below it) to the second, unless that has
    /// something of its own; one pair after the other.
    pub(crate) fn rename(&mut self, pairs: &[(String, String)]) {
        if pairs.is_empty() {
            return;
        }
        // By owner, in the order of their texts, so that what is below a name stands together.
        let mut owned: BTreeMap<String, Vec<Key>> = BTreeMap::new();
        for key in self.old.entries.keys() {
            owned.entry(key.owner.as_str().to_owned()).or_default().push(key.clone());
        }
        for (from, to) in pairs {
            let below = format!("{from}/");
            let behind = owned.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded));
            let mut owners: Vec<String> =
                behind.map(|(owner, _)| owner.clone()).take_while(|owner| owner.starts_with(&below)).collect();
            owners.push(from.clone());
            for owner in owners {
                let renamed = format!("{to}{}", &owner[from.len()..]);
                for key in owned.remove(&owner).unwrap_or_default() {
                    let target = Key { owner: Name::from(renamed.as_str()), ..key.clone() };
                    if self.old.entries.contains_key(&target) {
                        owned.entry(owner.clone()).or_default().push(key);
                    } else if let Some(entry) = self.old.entries.remove(&key) {
                        self.old.entries.insert(target.clone(), entry);
                        owned.entry(renamed.clone()).or_default().push(target);
                    }
                }
            }
        }
    }

    /// The old entries of a kind and scope: they stand together.
    fn within<'k>(&'k self, kind: Kind, scope: &'k str) -> impl Iterator<Item = (&'k Key, &'k Entry)> {
        let behind = self.old.entries.range(Key::new(kind, scope, "")..);
        behind.take_while(move |(key, _)| key.kind == kind && key.scope == *scope)
    }

    /// Gives each of `wants` a value of its own within `scope`: what the file asks for, else what it had, else the
    /// first of `candidates` that `free` allows. Values of removed owners come last.
    ///
    /// Diagnostics: an error when the file asks for one value twice, or gives one that another holds; a note when
    /// file and lock differ, or when what was kept is no longer possible.
    pub(crate) fn allocate<T: Copy + Ord + Display + FromStr>(
        &mut self,
        kind: Kind,
        scope: &str,
        wants: &[Want<T>],
        candidates: impl Iterator<Item = T> + Clone,
        free: impl Fn(T) -> bool,
        say: &mut impl FnMut(Diagnostic),
    ) -> Vec<Fate<T>> {
        let mut used: BTreeMap<T, usize> = BTreeMap::new();
        let mut fates: Vec<Fate<T>> = wants.iter().map(|_| Fate::Exhausted).collect();
        for (index, want) in wants.iter().enumerate() {
            let Some((value, span)) = want.written else { continue };
            if let Some(first) = used.get(&value) {
                let other = &wants[*first];
                let problem =
                    Diagnostic::error(format!("{} `{value}` is given twice", kind.as_str())).code("duplicate");
                say(problem
                    .at(span, format!("to `{}`", want.owner))
                    .context(other.written.as_ref().and_then(|(_, span)| *span), format!("to `{}`", other.owner)));
                continue;
            }
            used.insert(value, index);
            fates[index] = Fate::Written(value, span);
            let kept = self.old.entries.get(&Key::new(kind, scope, &want.owner)).filter(|kept| !kept.removed);
            if let Some(kept) = kept.filter(|kept| kept.value != value.to_string()) {
                let what = kind.as_str();
                let message = format!("`{}` gets {what} `{value}`; it had `{}`", want.owner, kept.value);
                say(Diagnostic::note_only(message)
                    .code("lock-differs")
                    .at(span, "the file wins")
                    .context(kept.span, ""));
            }
        }
        let kept: Vec<Option<(T, bool)>> = wants
            .iter()
            .map(|want| {
                let entry = self.old.entries.get(&Key::new(kind, scope, &want.owner))?;
                Some((entry.value.parse().ok()?, entry.removed))
            })
            .collect();
        // Who is there before who comes back: a living entry is stronger than a tombstone.
        for round in [false, true] {
            for (index, want) in wants.iter().enumerate() {
                let Some((value, _)) = kept[index].filter(|(_, removed)| *removed == round) else { continue };
                if want.written.is_some() {
                    continue;
                }
                if used.contains_key(&value) || !free(value) {
                    if !round {
                        let message = format!("`{}` cannot keep {} `{value}`", want.owner, kind.as_str());
                        let entry = self.old.entries.get(&Key::new(kind, scope, &want.owner));
                        let span = entry.and_then(|entry| entry.span);
                        // What somebody else was given in the file would cut off what runs with it now.
                        say(match used.get(&value).map(|other| &wants[*other]) {
                            None => {
                                let problem = Diagnostic::note_only(message).code("lock-differs").at(span, "kept here");
                                problem.note(
                                    "the file reserves it, or it lies outside what the file allows; it gets another",
                                )
                            }
                            Some(other) => {
                                let given = other.written.as_ref().and_then(|(_, span)| *span);
                                let label = format!("given to `{}`", other.owner);
                                taken_away(message, span, given, &label, &want.owner)
                            }
                        });
                    }
                    continue;
                }
                used.insert(value, index);
                fates[index] = Fate::Allocated(value);
            }
        }
        let wanted: BTreeSet<&str> = wants.iter().map(|want| want.owner.as_str()).collect();
        let waiting: BTreeSet<T> = self
            .within(kind, scope)
            .filter(|(key, _)| !wanted.contains(key.owner.as_str()))
            .filter_map(|(_, entry)| entry.value.parse().ok())
            .collect();
        let mut fresh = candidates.clone().filter(|value| free(*value) && !waiting.contains(value));
        let mut last = candidates.filter(|value| free(*value) && waiting.contains(value));
        for (index, want) in wants.iter().enumerate() {
            if want.written.is_some() || fates[index] != Fate::Exhausted {
                continue;
            }
            let next =
                fresh.find(|value| !used.contains_key(value)).or_else(|| last.find(|value| !used.contains_key(value)));
            if let Some(value) = next {
                used.insert(value, index);
                fates[index] = Fate::Allocated(value);
            }
        }
        for (want, fate) in wants.iter().zip(&fates) {
            let (Fate::Written(value, _) | Fate::Allocated(value)) = fate else { continue };
            let entry = Entry { value: value.to_string(), removed: false, span: None };
            self.new.entries.insert(Key::new(kind, scope, &want.owner), entry);
        }
        let taken: BTreeSet<String> = used.keys().map(ToString::to_string).collect();
        self.bury(kind, scope, &taken);
        fates
    }

    /// What a living owner holds, with its place in the lock.
    pub(crate) fn held<T: FromStr>(&self, kind: Kind, scope: &str, owner: &str) -> Option<(T, Option<Span>)> {
        let entry = self.old.entries.get(&Key::new(kind, scope, owner)).filter(|entry| !entry.removed)?;
        Some((entry.value.parse().ok()?, entry.span))
    }

    /// The serial of a zone whose records have this digest: 1 at first, one more whenever they changed.
    pub(crate) fn serial(&mut self, zone: &str, digest: &str) -> u32 {
        let key = Key::new(Kind::Serial, zone, zone);
        let old = self.old.entries.get(&key).and_then(|entry| {
            let (serial, digest) = entry.value.split_once(':')?;
            Some((serial.parse::<u32>().ok()?, digest))
        });
        let serial = match old {
            Some((serial, kept)) if kept == digest => serial,
            // RFC 1982: after the largest comes 0, which some servers take for "none".
            Some((serial, _)) => serial.checked_add(1).unwrap_or(1),
            None => 1,
        };
        let entry = Entry { value: format!("{serial}:{digest}"), removed: false, span: None };
        self.new.entries.insert(key, entry);
        serial
    }

    /// Marks what nobody asked for as removed, and gives the new lock.
    pub(crate) fn finish(mut self) -> Lock {
        for (key, entry) in self.old.entries {
            self.new.entries.entry(key).or_insert(Entry { removed: true, ..entry });
        }
        self.new
    }

    /// Moves the old entries of a kind and scope to the new lock as removed, but for values that others got.
    fn bury(&mut self, kind: Kind, scope: &str, taken: &BTreeSet<String>) {
        let keys: Vec<Key> = self.within(kind, scope).map(|(key, _)| key.clone()).collect();
        for key in keys {
            let Some(entry) = self.old.entries.remove(&key) else { continue };
            if kind.is_exclusive() && taken.contains(&entry.value) {
                continue;
            }
            self.new.entries.entry(key).or_insert(Entry { removed: true, ..entry });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_takes_what_is_below_and_nothing_beside() {
        let owners = |names: &[&str]| {
            let entry = Entry { value: "1".to_owned(), removed: false, span: None };
            let keys = names.iter().map(|owner| Key::new(Kind::Address, "network/oob", owner));
            Lock { entries: keys.map(|key| (key, entry.clone())).collect() }
        };
        for (before, pairs, after) in [
            // One pair after the other: what `b` had is gone from there when `a` comes.
            (
                &["host/a", "host/a/bmc", "host/ab", "host/a-1", "host/b"] as &[&str],
                &[("host/b", "host/c"), ("host/a", "host/b")] as &[(&str, &str)],
                &["host/b", "host/b/bmc", "host/ab", "host/a-1", "host/c"] as &[&str],
            ),
            // A chain.
            (&["host/a/bmc"], &[("host/a", "host/b"), ("host/b", "host/c")], &["host/c/bmc"]),
            // What has something of its own keeps it.
            (&["host/a", "host/a/bmc", "host/b"], &[("host/a", "host/b")], &["host/a", "host/b", "host/b/bmc"]),
            (&["host/a", "host/a/bmc"], &[("host/a", "host/a")], &["host/a", "host/a/bmc"]),
        ] {
            let mut keeper = Keeper::new(&owners(before));
            let pairs: Vec<_> = pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
            keeper.rename(&pairs);
            assert_eq!(keeper.old, owners(after), "{before:?} {pairs:?}");
        }
    }

    #[test]
    fn entries_of_a_scope_are_all_found() {
        let scopes =
            ["network/k", "network/k-1", "network/k1", "network/k01", "network/k10", "network/k2", "network/ka"];
        let mut lock = Lock::new();
        for kind in Kind::ALL {
            for scope in scopes {
                for owner in ["machine/a-1", "machine/a-01", "machine/a-10", "host/z"] {
                    let entry = Entry { value: "1".to_owned(), removed: false, span: None };
                    lock.entries.insert(Key::new(kind, scope, owner), entry);
                }
            }
        }
        let keeper = Keeper::new(&lock);
        for kind in Kind::ALL {
            for scope in scopes {
                let all: Vec<&Key> =
                    lock.entries.keys().filter(|key| key.kind == kind && key.scope == *scope).collect();
                let found: Vec<&Key> = keeper.within(kind, scope).map(|(key, _)| key).collect();
                assert_eq!((found.len(), &found), (4, &all), "{kind:?} {scope}");
            }
        }
    }
}
