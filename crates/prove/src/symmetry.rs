//! Hosts that may be exchanged for each other without any difference to a promise.
//!
//! Not by their names or because they look alike: the circuit of the promise is made anew with the two exchanged, with all
//! that stands on them and hangs on them, and must be the same circuit; and what is exchanged must fail as often. Only then
//! does "any two of pve-1, pve-2, pve-3" say the truth.

use std::collections::BTreeMap;

use plimsoll_circuit::{Circuit, Node, Var};
use plimsoll_model::{Design, Name};

use crate::model::Model;
use crate::rename::rename;

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
        let mut bundles = Bundles::default();
        for (name, host) in &design.host {
            // What names a thing on this host, longest first, and what it is called there.
            let mut prefixes: Vec<(String, String)> = vec![(format!("host/{name}"), "host".into())];
            let mut roles: BTreeMap<&str, usize> = BTreeMap::new();
            for (machine, of) in design.machine.iter().filter(|(_, machine)| machine.host == *name) {
                let number = roles.entry(of.role.as_str()).or_default();
                *number += 1;
                let role = format!("{}#{number}", of.role.as_str());
                for family in ["machine", "etcd/member", "ceph/mon", "dns_server"] {
                    prefixes.push((format!("{family}/{machine}"), format!("{family}/{role}")));
                }
                for (at, osd) in design
                    .ceph
                    .iter()
                    .flat_map(|ceph| &ceph.osd)
                    .filter(|(_, osd)| osd.machine == *machine)
                    .map(|(osd, _)| osd)
                    .enumerate()
                {
                    prefixes.push((format!("ceph/osd/{osd}"), format!("ceph/osd/{role}:{at}")));
                }
            }
            for (nic, of) in &host.nic {
                prefixes.push((format!("cable/{}:{}", of.switch, of.port), format!("cable/{nic}")));
            }
            let mut known = BTreeMap::new();
            for (var, component) in model.components.all() {
                let there = prefixes.iter().find_map(|(prefix, called)| {
                    let rest = component.path.strip_prefix(prefix.as_str())?;
                    (rest.is_empty() || rest.starts_with('/')).then(|| format!("{called}{rest}"))
                });
                if let Some(there) = there {
                    bundles.place.insert(var, (bundles.hosts.len(), there.clone()));
                    known.insert(there, var);
                }
            }
            bundles.hosts.push((name.clone(), known));
        }
        bundles
    }
}

/// For each host, by its place in the bundles: the first host that it may be exchanged for, itself included.
pub(crate) fn classes(model: &Model, bundles: &Bundles, circuit: &mut Circuit, top: Node) -> Vec<usize> {
    let support = circuit.support(top);
    let relevant = |host: usize| -> BTreeMap<&str, Var> {
        let vars = bundles.hosts[host].1.iter();
        vars.filter(|(_, var)| support.binary_search(var).is_ok()).map(|(name, var)| (name.as_str(), *var)).collect()
    };
    let mut class: Vec<usize> = (0..bundles.hosts.len()).collect();
    for host in 1..bundles.hosts.len() {
        let own = relevant(host);
        // Exchanges with the first of each class are enough: they make every other one.
        for first in 0..host {
            if class[first] != first {
                continue;
            }
            let other = relevant(first);
            if !own.keys().eq(other.keys()) {
                continue;
            }
            let mut swap: BTreeMap<Var, Var> = BTreeMap::new();
            let mut alike = true;
            for (name, var) in &own {
                let twin = other[name];
                alike &= model.components.get(*var).rate == model.components.get(twin).rate;
                swap.insert(*var, twin);
                swap.insert(twin, *var);
            }
            let same = alike
                && rename(circuit, top, &mut |circuit, var| circuit.variable(swap.get(&var).copied().unwrap_or(var)))
                    == top;
            if same {
                class[host] = first;
                break;
            }
        }
    }
    class
}
