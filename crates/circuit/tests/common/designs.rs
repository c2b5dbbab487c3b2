//! Larger circuits than can be enumerated: racks of hosts, and fault trees like those of benchmark collections.

use plimsoll_circuit::{Circuit, Node, Var};

use super::Random;

/// Racks of hosts with two feeds, two spines, and for each rack two PDUs and two leaves; each host has two NICs.
///
/// The figures that are compared with were found with rounded probabilities, which are these.
pub(crate) struct Racks {
    pub(crate) circuit: Circuit,
    pub(crate) hosts: Vec<Node>,
    pub(crate) probabilities: Vec<f64>,
}

pub(crate) const FEED: f64 = 2e-4;
pub(crate) const SPINE: f64 = 2e-5;
pub(crate) const PDU: f64 = 2e-5;
pub(crate) const LEAF: f64 = 3e-5;
pub(crate) const HOST: f64 = 1.4e-4;
pub(crate) const SYSTEM: f64 = 1.7e-4;
pub(crate) const NIC: f64 = 5e-5;

impl Racks {
    pub(crate) fn new(hosts: usize, racks: usize) -> Self {
        let mut this = Racks { circuit: Circuit::new(), hosts: vec![], probabilities: vec![] };
        let (feed_a, feed_b) = (this.event(FEED), this.event(FEED));
        let (spine_a, spine_b) = (this.event(SPINE), this.event(SPINE));
        let mut sides = Vec::new();
        for _ in 0..racks {
            let (pdu_a, pdu_b) = (this.event(PDU), this.event(PDU));
            let (leaf_a, leaf_b) = (this.event(LEAF), this.event(LEAF));
            let circuit = &mut this.circuit;
            let (power_a, power_b) = (circuit.or([pdu_a, feed_a]), circuit.or([pdu_b, feed_b]));
            let (net_a, net_b) = (circuit.or([leaf_a, power_a, spine_a]), circuit.or([leaf_b, power_b, spine_b]));
            sides.push([power_a, power_b, net_a, net_b]);
        }
        for host in 0..hosts {
            let [power_a, power_b, net_a, net_b] = sides[host * racks / hosts];
            let (machine, system) = (this.event(HOST), this.event(SYSTEM));
            let (nic_a, nic_b) = (this.event(NIC), this.event(NIC));
            let circuit = &mut this.circuit;
            let (link_a, link_b) = (circuit.or([nic_a, net_a]), circuit.or([nic_b, net_b]));
            let (power, net) = (circuit.and([power_a, power_b]), circuit.and([link_a, link_b]));
            let lost = circuit.or([machine, system, power, net]);
            this.hosts.push(lost);
        }
        this
    }

    pub(crate) fn event(&mut self, probability: f64) -> Node {
        self.probabilities.push(probability);
        self.circuit.variable(Var(self.probabilities.len() as u32 - 1))
    }

    /// Broken when fewer than `needed` hosts are usable.
    pub(crate) fn fewer_than(&mut self, needed: usize) -> Node {
        let lost = self.hosts.len() - needed + 1;
        self.circuit.at_least(lost as u64, self.hosts.clone())
    }
}

/// The probability of [`Racks::fewer_than`] by arithmetic alone: for each state of feeds and spines and of a rack's
/// four components, its hosts are independent and alike.
pub(crate) fn racks_by_arithmetic(hosts: usize, racks: usize, needed: usize) -> f64 {
    let per_rack = hosts / racks;
    assert_eq!(per_rack * racks, hosts, "racks are alike");
    let chance = |bits: usize, of: [f64; 4]| -> f64 {
        (0..4).map(|bit| if bits >> bit & 1 == 1 { of[bit] } else { 1.0 - of[bit] }).product()
    };
    let mut total = 0.0;
    for shared in 0..16usize {
        let mut rack = vec![0.0; per_rack + 1];
        for own in 0..16usize {
            let failed = |bits: usize, bit: usize| bits >> bit & 1 == 1;
            let (power_a, power_b) = (failed(own, 0) || failed(shared, 0), failed(own, 1) || failed(shared, 1));
            let net_a = power_a || failed(own, 2) || failed(shared, 2);
            let net_b = power_b || failed(own, 3) || failed(shared, 3);
            let link = |net: bool| if net { 1.0 } else { NIC };
            let up = (1.0 - HOST) * (1.0 - SYSTEM) * (1.0 - link(net_a) * link(net_b));
            let lost = if power_a && power_b { 1.0 } else { 1.0 - up };
            let mut binomial = 1.0;
            let weight = chance(own, [PDU, PDU, LEAF, LEAF]);
            for (count, entry) in rack.iter_mut().enumerate() {
                *entry += weight * binomial * lost.powf(count as f64) * (1.0 - lost).powf((per_rack - count) as f64);
                binomial *= (per_rack - count) as f64 / (count + 1) as f64;
            }
        }
        let mut sum = vec![1.0];
        for _ in 0..racks {
            let mut next = vec![0.0; sum.len() + per_rack];
            for (i, x) in sum.iter().enumerate() {
                for (j, y) in rack.iter().enumerate() {
                    next[i + j] += x * y;
                }
            }
            sum = next;
        }
        total += chance(shared, [FEED, FEED, SPINE, SPINE]) * sum[hosts - needed + 1..].iter().sum::<f64>();
    }
    total
}

/// How a synthetic fault tree is made.
#[derive(Clone, Copy)]
pub(crate) struct Plant {
    pub(crate) events: usize,
    pub(crate) gates: usize,
    /// Of ten arguments of a gate, how many are taken from anywhere rather than from near by.
    pub(crate) mixed: usize,
    pub(crate) seed: u64,
}

/// A coherent fault tree as plant models are: "and" over redundant trains, "or" over what each needs, some votes, and
/// support systems used by many.
pub(crate) fn plant(of: Plant) -> (Circuit, Node, Vec<f64>) {
    let mut random = Random::new(of.seed);
    let mut circuit = Circuit::new();
    let events: Vec<Node> = (0..of.events).map(|number| circuit.variable(Var(number as u32))).collect();
    let probabilities = (0..of.events).map(|_| (1 + random.below(99)) as f64 * 1e-4).collect();
    let mut open: Vec<Node> = events.clone();
    for made in 0..of.gates {
        let width = 2 + random.below(3);
        let mut arguments = Vec::new();
        let near = random.below(open.len());
        for place in 0..width {
            let at = if random.below(10) < of.mixed { random.below(open.len()) } else { (near + place) % open.len() };
            arguments.push(open[at]);
        }
        let gate = match random.below(if made % 7 == 0 { 6 } else { 5 }) {
            0..=2 => circuit.or(arguments.iter().copied()),
            3 | 4 => circuit.and(arguments.iter().copied()),
            _ => circuit.at_least(2, arguments.iter().copied()),
        };
        // Mostly a gate takes the place of its first argument; sometimes all stay and are shared.
        let at = open.iter().position(|node| *node == arguments[0]).unwrap_or(0);
        if random.below(10) < 7 {
            open[at] = gate;
        } else {
            open.push(gate);
        }
    }
    let last: Vec<Node> = open.into_iter().rev().take(24).collect();
    let halves: Vec<Node> = last.chunks(2).map(|chunk| circuit.and(chunk.iter().copied())).collect();
    let top = circuit.or(halves);
    (circuit, top, probabilities)
}
