//! What can be judged in the file itself, without choosing anything: names that nobody declared, names declared twice,
//! ranges that do not pair up, values that cannot be.

mod assume;
mod cluster;
mod hosts;
mod machines;
mod numbers;
mod references;
mod site;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Span, Spanned, nearest};
use plimsoll_yaml::Node;

use crate::Spec;
use crate::scalars::{Name, Names};

/// Says all that is wrong. `node` is the file as it was read: what could not be made sense of is declared all the same,
/// so that one mistake is said once.
pub(crate) fn validate(spec: &Spec, node: &Node, diagnostics: &mut Diagnostics) {
    let partial = diagnostics.has_errors();
    let mut checker = Checker { declared: BTreeMap::new(), unclear: BTreeSet::new(), partial, diagnostics };
    if !checker.declare_all(spec) {
        return;
    }
    checker.declare_unread(node);
    site::check(spec, &mut checker);
    cluster::check(spec, &mut checker);
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Feed,
    Rack,
    External,
    Switch,
    Network,
    Host,
    Machine,
    IngressPool,
    StoragePool,
    Domain,
    Tenant,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Feed => "feed",
            Kind::Rack => "rack",
            Kind::External => "external part",
            Kind::Switch => "switch",
            Kind::Network => "network",
            Kind::Host => "host",
            Kind::Machine => "machine",
            Kind::IngressPool => "pool of addresses",
            Kind::StoragePool => "storage pool",
            Kind::Domain => "domain with servers of its own",
            Kind::Tenant => "tenant",
        })
    }
}

/// Names in one file: far more than a cluster of 50 nodes has, few enough to be judged at once.
const MOST_NAMES: usize = 5000;

/// Names with their places.
type Places = Vec<(String, Option<Span>)>;

struct Checker<'a> {
    declared: BTreeMap<Kind, BTreeMap<String, Option<Span>>>,
    /// Kinds of which some name could not be read.
    unclear: BTreeSet<Kind>,
    /// Whether something could not be read, so that what is missing may be just that.
    partial: bool,
    diagnostics: &'a mut Diagnostics,
}

impl Checker<'_> {
    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// An error at a place.
    fn error(&mut self, code: &str, message: impl Into<String>, span: Option<Span>) {
        self.say(Diagnostic::error(message).code(code).at(span, ""));
    }

    fn declare(&mut self, kind: Kind, name: &str, span: Option<Span>) {
        let first = self.declared.entry(kind).or_default().insert(name.to_owned(), span);
        if let Some(first) = first {
            let message = format!("the {kind} `{name}` is declared twice");
            self.say(Diagnostic::error(message).code("duplicate").at(span, "again here").context(first, "first here"));
        }
    }

    /// Declares all names. False when they are too many to be judged.
    fn declare_all(&mut self, spec: &Spec) -> bool {
        let ranges = |names: Vec<&Spanned<Names>>| {
            let each = |names: &Spanned<Names>| {
                names.list().iter().map(|name| (name.0.clone(), names.span)).collect::<Vec<_>>()
            };
            names.into_iter().flat_map(each).collect::<Vec<_>>()
        };
        let single = |names: Vec<&Spanned<Name>>| {
            names.into_iter().map(|name| (name.value.0.clone(), name.span)).collect::<Vec<_>>()
        };
        let mut all: Vec<(Kind, Places)> = vec![
            (Kind::External, ranges(spec.external.keys().collect())),
            (Kind::Switch, ranges(spec.switches.keys().collect())),
            (Kind::Network, single(spec.networks.keys().collect())),
            (Kind::Host, ranges(spec.hosts.keys().collect())),
            (Kind::Machine, ranges(spec.machines.keys().collect())),
            (Kind::Tenant, single(spec.tenants.keys().collect())),
        ];
        if let Some(site) = &spec.site {
            all.push((Kind::Feed, single(site.feeds.keys().collect())));
            all.push((Kind::Rack, ranges(site.racks.keys().collect())));
        }
        if let Some(ingress) = &spec.ingress {
            all.push((Kind::IngressPool, single(ingress.pools.keys().collect())));
        }
        if let Some(ceph) = spec.storage.as_ref().and_then(|storage| storage.ceph.as_ref()) {
            all.push((Kind::StoragePool, single(ceph.pools.keys().collect())));
        }
        if let Some(nfs) = spec.storage.as_ref().and_then(|storage| storage.nfs.as_ref()) {
            all.push((Kind::StoragePool, vec![("nfs".to_owned(), nfs.server.span)]));
        }
        if let Some(coredns) = spec.dns.as_ref().and_then(|dns| dns.coredns.as_ref()) {
            let domains = coredns.forward.keys().map(|domain| (domain.value.0.clone(), domain.span));
            all.push((Kind::Domain, domains.collect()));
        }
        let count: usize = all.iter().map(|(_, names)| names.len()).sum();
        if count > MOST_NAMES {
            let message = format!("the file declares {count} names; at most {MOST_NAMES} are possible");
            self.error("too-many", message, spec.cluster.span);
            return false;
        }
        for (kind, names) in all {
            for (name, span) in names {
                self.declare(kind, &name, span);
            }
        }
        self.declare_hosts_once();
        true
    }

    /// Names whose entries could not be read.
    fn declare_unread(&mut self, node: &Node) {
        const PLACES: [(Kind, &[&str]); 11] = [
            (Kind::External, &["external"]),
            (Kind::Switch, &["switches"]),
            (Kind::Network, &["networks"]),
            (Kind::Host, &["hosts"]),
            (Kind::Machine, &["machines"]),
            (Kind::Tenant, &["tenants"]),
            (Kind::Feed, &["site", "feeds"]),
            (Kind::Rack, &["site", "racks"]),
            (Kind::IngressPool, &["ingress", "pools"]),
            (Kind::StoragePool, &["storage", "ceph", "pools"]),
            (Kind::Domain, &["dns", "coredns", "forward"]),
        ];
        for (kind, path) in PLACES {
            for (key, _) in node.at(path).and_then(Node::as_mapping).unwrap_or_default() {
                let Ok(names) = <Names as plimsoll_yaml::Scalar>::parse(&key.text) else {
                    self.unclear.insert(kind);
                    continue;
                };
                let known = self.declared.entry(kind).or_default();
                for name in names.list() {
                    known.entry(name.0.clone()).or_insert(key.span);
                }
            }
        }
    }

    /// Everything with a host name shares one space of names.
    fn declare_hosts_once(&mut self) {
        let mut seen: BTreeMap<String, (Kind, Option<Span>)> = BTreeMap::new();
        let mut problems = Vec::new();
        for kind in [Kind::External, Kind::Switch, Kind::Host, Kind::Machine] {
            for (name, span) in self.declared.get(&kind).into_iter().flatten() {
                if let Some((other, first)) = seen.get(name) {
                    let message = format!("`{name}` is both a {other} and a {kind}");
                    let problem = Diagnostic::error(message).code("duplicate").at(*span, "again here");
                    problems.push(problem.context(*first, "first here"));
                } else {
                    seen.insert(name.clone(), (kind, *span));
                }
            }
        }
        for problem in problems {
            self.say(problem);
        }
    }

    fn knows(&self, kind: Kind, name: &str) -> bool {
        self.declared.get(&kind).is_some_and(|names| names.contains_key(name))
    }

    /// Says so when a name stands for none of the given kinds of things. False then.
    fn need(&mut self, kinds: &[Kind], name: &str, span: Option<Span>) -> bool {
        if kinds.iter().any(|kind| self.knows(*kind, name) || self.unclear.contains(kind)) {
            return true;
        }
        let known: Vec<&str> = kinds
            .iter()
            .filter_map(|kind| self.declared.get(kind))
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
            .collect();
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        // A list of all that a component may be tells nobody anything.
        let what = if kinds.len() > 3 { "component".to_owned() } else { kinds.join(" or ") };
        let message = format!("there is no {what} `{name}`");
        let problem = Diagnostic::error(message).code("undefined");
        let problem = match near(name, known.iter().copied()) {
            Some(near) => problem.at(span, format!("did you mean `{near}`?")),
            None if known.is_empty() => problem.at(span, format!("the file declares no {}", kinds.join(" and no "))),
            None => {
                let mut list: Vec<String> = known.iter().take(8).map(|name| format!("`{name}`")).collect();
                list.extend((known.len() > 8).then(|| "…".to_owned()));
                problem.at(span, "").help(format!("declared: {}", list.join(", ")))
            }
        };
        self.say(problem);
        false
    }

    /// Says which names stand twice in a list where each may stand once.
    fn once<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n Spanned<Name>>) {
        let mut seen: BTreeMap<&Name, Option<Span>> = BTreeMap::new();
        for name in names {
            if let Some(first) = seen.insert(&name.value, name.span) {
                let message = format!("`{}` is listed twice under `{what}`", name.value);
                let problem = Diagnostic::error(message).code("duplicate").at(name.span, "again here");
                self.say(problem.context(first, "first here"));
            }
        }
    }

    fn need_one(&mut self, kind: Kind, name: &Spanned<Name>) -> bool {
        self.need(&[kind], &name.value.0, name.span)
    }

    /// All names of a range; only the first unknown one is said.
    fn need_all(&mut self, kinds: &[Kind], names: &Spanned<Names>) -> bool {
        names.list().iter().all(|name| self.need(kinds, &name.0, names.span))
    }

    /// Whether a range pairs up with the things it is given for: as many, one for all, or one for each of equal blocks.
    fn pairs_in_blocks(&mut self, what: &Spanned<Names>, with: &Spanned<Names>) -> bool {
        with.paired(0, what.count()).is_some() || {
            self.unpaired(what, with, "as many are needed, one for all, or one for each of equal blocks");
            false
        }
    }

    /// Whether a range pairs up with the things it is given for: as many, or one for all.
    fn pairs(&mut self, what: &Spanned<Names>, with: &Spanned<Names>) -> bool {
        let (have, want) = (with.count(), what.count());
        if have == want || have == 1 {
            return true;
        }
        self.unpaired(what, with, "as many are needed, or one for all");
        false
    }

    fn unpaired(&mut self, what: &Spanned<Names>, with: &Spanned<Names>, needed: &str) {
        let (have, want) = (with.count(), what.count());
        let message = format!("`{}` are {want}, but `{}` are {have}", what.value, with.value);
        let problem = Diagnostic::error(message).code("range-length").at(with.span, needed);
        self.say(problem.context(what.span, "for these"));
    }
}

/// The name that was probably meant. Another number of the same series is no misspelling: `pve-7` is not `pve-1`.
fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let stem = |name: &'a str| name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let own = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    nearest(name, known.into_iter().filter(|known| stem(known) != own))
}

fn positive(checker: &mut Checker<'_>, what: &str, value: u64, span: Option<Span>) {
    if value == 0 {
        checker.error("wrong-value", format!("`{what}` cannot be 0"), span);
    }
}
