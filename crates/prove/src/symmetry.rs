//! Hosts that may be exchanged for each other without any difference to a promise.
//!
//! Not by their names or because they look alike: the circuit of the promise is made anew with the two exchanged, with all
//! that stands on them and hangs on them, and must be the same circuit; and what is exchanged must fail as often. Only then
//! does "any two of pve-1, pve-2, pve-3" say the truth.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use plimsoll_circuit::{Circuit, Gate, Node, Var};
use plimsoll_model::{Design, Name};

use crate::model::Model;
use crate::rename::rename_in;

/// Where each component stands: on which host, and as what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bundles {
    /// The hosts, and what stands on each, by its name there (`machine/worker-1` is `machine/worker`).
    pub(crate) hosts: Vec<(Name, BTreeMap<String, Var>)>,
    /// By component: the host by its place above, and the name there.
    pub(crate) place: BTreeMap<Var, (usize, String)>,
}

impl Bundles {
    pub(crate) fn of(model: &Model, design: &Design) -> Self {
        // What stands on a host, by its path: the host, and what the thing is called there.
        let mut called: BTreeMap<String, (usize, String)> = BTreeMap::new();
        let place: BTreeMap<&Name, usize> = design.host.keys().enumerate().map(|(at, name)| (name, at)).collect();
        let mut machine_at: BTreeMap<&Name, (usize, String)> = BTreeMap::new();
        let mut roles: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        for (name, machine) in &design.machine {
            let Some(&host) = place.get(&machine.host) else { continue };
            let number = roles.entry((host, machine.role.as_str())).or_default();
            *number += 1;
            let role = format!("{}#{number}", machine.role.as_str());
            for family in ["machine", "etcd/member", "ceph/mon", "dns_server"] {
                called.insert(format!("{family}/{name}"), (host, format!("{family}/{role}")));
            }
            machine_at.insert(name, (host, role));
        }
        let mut disks: BTreeMap<&Name, usize> = BTreeMap::new();
        for (name, osd) in design.ceph.iter().flat_map(|ceph| &ceph.osd) {
            let number = disks.entry(&osd.machine).or_default();
            if let Some((host, role)) = machine_at.get(&osd.machine) {
                called.insert(format!("ceph/osd/{name}"), (*host, format!("ceph/osd/{role}:{number}")));
            }
            *number += 1;
        }
        for (at, (name, host)) in design.host.iter().enumerate() {
            called.insert(format!("host/{name}"), (at, "host".into()));
            for (nic, of) in &host.nic {
                called.insert(format!("cable/{}:{}", of.switch, of.port), (at, format!("cable/{nic}")));
            }
        }
        let hosts = design.host.keys().map(|name| (name.clone(), BTreeMap::new())).collect();
        let mut bundles = Bundles { hosts, place: BTreeMap::new() };
        for (var, component) in model.components.all() {
            let path = component.path.as_str();
            // The longest first.
            let ends = [path.len()].into_iter().chain(path.rmatch_indices('/').map(|(at, _)| at));
            let found = ends.into_iter().find_map(|end| Some((called.get(&path[..end])?, &path[end..])));
            if let Some(((host, name), rest)) = found {
                let there = format!("{name}{rest}");
                bundles.place.insert(var, (*host, there.clone()));
                bundles.hosts[*host].1.insert(there, var);
            }
        }
        bundles
    }
}

/// For each host, by its place in the bundles: the first host that it may be exchanged for, itself included.
pub(crate) fn classes(model: &Model, bundles: &Bundles, circuit: &mut Circuit, top: Node) -> Vec<usize> {
    let cone = circuit.cone(&[top]);
    let support = circuit.support(top);
    let relevant: Vec<BTreeMap<&str, Var>> = bundles
        .hosts
        .iter()
        .map(|(_, parts)| {
            let parts = parts.iter().filter(|(_, var)| support.binary_search(var).is_ok());
            parts.map(|(name, var)| (name.as_str(), *var)).collect()
        })
        .collect();
    let surroundings = surroundings(bundles, circuit, &cone);
    let looks = |host: usize| -> Vec<(&str, u64)> {
        relevant[host].iter().map(|(name, var)| (*name, surroundings[var.index()])).collect()
    };
    let looks: Vec<Vec<(&str, u64)>> = (0..bundles.hosts.len()).map(looks).collect();
    let mut class: Vec<usize> = (0..bundles.hosts.len()).collect();
    for host in 1..bundles.hosts.len() {
        // Exchanges with the first of each class are enough: they make every other one.
        for first in 0..host {
            if class[first] != first || looks[host] != looks[first] {
                continue;
            }
            let mut swap: BTreeMap<Var, Var> = BTreeMap::new();
            let mut alike = true;
            for (var, twin) in relevant[host].values().zip(relevant[first].values()) {
                alike &= model.components.get(*var).rate == model.components.get(*twin).rate;
                swap.insert(*var, *twin);
                swap.insert(*twin, *var);
            }
            let mut exchanged =
                |circuit: &mut Circuit, var: Var| circuit.variable(swap.get(&var).copied().unwrap_or(var));
            if alike && rename_in(circuit, &cone, top, &mut exchanged) == top {
                class[host] = first;
                break;
            }
        }
    }
    class
}

/// For each variable a number for the gates that it is an input of, which is the same for parts of hosts that can be
/// exchanged: hosts in other racks need not be tried. It proves nothing.
fn surroundings(bundles: &Bundles, circuit: &Circuit, cone: &[Node]) -> Vec<u64> {
    let hash = |content: &dyn Fn(&mut DefaultHasher)| {
        // The same numbers in every run: its keys are fixed.
        let mut hasher = DefaultHasher::new();
        content(&mut hasher);
        hasher.finish()
    };
    let mut numbers: Vec<u64> = vec![0; circuit.len()];
    let mut around: Vec<u64> = vec![0; circuit.variables()];
    for &node in cone {
        let gate = circuit.gate(node);
        let children = circuit.children(node);
        // A sum, since children have an order by chance.
        let of = |weight: &dyn Fn(usize) -> u64| {
            let each = children.iter().enumerate();
            each.fold(0u64, |sum, (at, child)| {
                sum.wrapping_add(hash(&|hasher| (numbers[child.index()], weight(at)).hash(hasher)))
            })
        };
        let (kind, argument, below) = match gate {
            Gate::Constant(value) => (0, u64::from(value), 0),
            Gate::Variable(var) => match bundles.place.get(&var) {
                Some((_, name)) => (1, 0, hash(&|hasher| name.hash(hasher))),
                None => (2, u64::from(var.0), 0),
            },
            Gate::Not(_) => (3, 0, of(&|_| 1)),
            Gate::And(_) => (4, 0, of(&|_| 1)),
            Gate::Or(_) => (5, 0, of(&|_| 1)),
            Gate::Xor(_) => (6, 0, of(&|_| 1)),
            Gate::AtLeast { minimum, .. } => (7, minimum, of(&|_| 1)),
            Gate::Threshold { bound, weights, .. } => (8, bound, of(&|at| weights[at])),
        };
        let number = hash(&|hasher| (kind, argument, below).hash(hasher));
        numbers[node.index()] = number;
        for child in children {
            if let Gate::Variable(var) = circuit.gate(*child) {
                around[var.index()] = around[var.index()].wrapping_add(number);
            }
        }
    }
    around
}
