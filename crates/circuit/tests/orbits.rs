//! Classes of minimal cut sets against all minimal cut sets: each class is what exchanges make of its example, and all
//! classes together are all sets.

use std::collections::{BTreeMap, BTreeSet};

use common::Random;
use plimsoll_circuit::{Circuit, CutSets, Exchange, Known, Limits, Node, Var, cut_orbits};

mod common;

fn known<'a>(exchanges: &'a [Exchange], label: &'a dyn Fn(Var) -> u64) -> Known<'a> {
    Known { exchanges, swaps: &[], label, area: &|_| None }
}

/// Hosts that are alike, made of parts, on what they share.
struct Site {
    circuit: Circuit,
    top: Node,
    exchanges: Vec<Exchange>,
    labels: Vec<u64>,
}

impl Site {
    fn random(random: &mut Random) -> Self {
        let mut site = Site { circuit: Circuit::new(), top: Node::FALSE, exchanges: vec![], labels: vec![] };
        let shared: Vec<Node> = (0..=random.below(5)).map(|_| site.event(random)).collect();
        let mut ways: Vec<Node> = shared.clone();
        for _ in 0..=random.below(2) {
            let lost = site.hosts(random, &shared);
            let weight = 1 + random.below(2) as u64;
            let bound = 1 + random.below(lost.len() * weight as usize) as u64;
            ways.push(site.circuit.threshold(bound, lost.into_iter().map(|node| (weight, node))));
        }
        for _ in 0..3 {
            let of: Vec<Node> = (0..=random.below(3)).map(|_| ways[random.below(ways.len())]).collect();
            ways.push(if random.below(2) == 0 { site.circuit.and(of) } else { site.circuit.or(of) });
        }
        site.top = *ways.last().expect("there are some");
        site
    }

    fn event(&mut self, random: &mut Random) -> Node {
        self.labels.push(random.below(2) as u64);
        self.circuit.variable(Var(self.labels.len() as u32 - 1))
    }

    /// The loss of each of some hosts that are made alike; some things of all hosts hang together.
    fn hosts(&mut self, random: &mut Random, shared: &[Node]) -> Vec<Node> {
        let (blocks, parts) = (2 + random.below(3), 1 + random.below(4));
        let first = self.labels.len();
        let nodes: Vec<Vec<Node>> = (0..blocks).map(|_| (0..parts).map(|_| self.event(random)).collect()).collect();
        for at in first..self.labels.len() {
            self.labels[at] = self.labels[first + (at - first) % parts];
        }
        let vars = |block: usize| (0..parts).map(|part| Var((first + block * parts + part) as u32)).collect();
        self.exchanges.push(Exchange { blocks: (0..blocks).map(vars).collect() });
        let together: Vec<Node> = nodes.iter().map(|of| of[parts - 1]).collect();
        let together = self.circuit.or(together);
        let shape: Vec<(usize, usize)> = (0..=random.below(4)).map(|_| (random.below(5), random.below(100))).collect();
        let circuit = &mut self.circuit;
        let one = |of: &Vec<Node>| {
            let mut lost = of[0];
            for &(kind, which) in &shape {
                let part = of[which % parts];
                let other = shared[which % shared.len()];
                lost = match kind {
                    0 => circuit.and([lost, part]),
                    1 => circuit.or([lost, part]),
                    2 => circuit.or([lost, other]),
                    3 => circuit.and([lost, together]),
                    _ => {
                        let both = circuit.and([part, other]);
                        circuit.or([lost, both])
                    }
                };
            }
            lost
        };
        nodes.iter().map(one).collect()
    }

    /// Exchanges that leave all of the sets as they are: of neighbouring blocks, and of any two components of the same
    /// label that never fail together.
    fn swaps(&self, sets: &BTreeSet<BTreeSet<Var>>) -> Vec<Vec<(Var, Var)>> {
        let mut swaps: Vec<Vec<(Var, Var)>> = Vec::new();
        for exchange in &self.exchanges {
            for pair in exchange.blocks.windows(2) {
                swaps.push(pair[0].iter().copied().zip(pair[1].iter().copied()).collect());
            }
        }
        let all = self.circuit.support(self.top);
        for (at, &a) in all.iter().enumerate() {
            for &b in &all[at + 1..] {
                let alike = self.labels[a.index()] == self.labels[b.index()];
                let single = [(a, b)];
                let stays = |set: &BTreeSet<Var>| {
                    !(set.contains(&a) && set.contains(&b)) && sets.contains(&swapped(set, &single))
                };
                if alike && sets.iter().all(stays) {
                    swaps.push(single.to_vec());
                }
            }
        }
        swaps
    }
}

fn swapped(set: &BTreeSet<Var>, swap: &[(Var, Var)]) -> BTreeSet<Var> {
    let other = |var: &Var| {
        let pair = swap.iter().find(|(a, b)| a == var || b == var);
        pair.map_or(*var, |(a, b)| if a == var { *b } else { *a })
    };
    set.iter().map(other).collect()
}

fn closure(set: &BTreeSet<Var>, swaps: &[Vec<(Var, Var)>]) -> BTreeSet<BTreeSet<Var>> {
    let mut seen = BTreeSet::from([set.clone()]);
    let mut open = vec![set.clone()];
    while let Some(set) = open.pop() {
        for swap in swaps {
            let next = swapped(&set, swap);
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn classes_are_what_exchanges_make_of_their_examples_and_together_they_are_all_sets() {
    let mut random = Random::new(20_261_129);
    let (mut sets_seen, mut joined, mut described) = (0, 0, 0);
    for round in 0..2000 {
        let site = Site::random(&mut random);
        let all = CutSets::new(&site.circuit, site.top, Some(3), Limits::default()).expect("coherent");
        let sets: BTreeSet<BTreeSet<Var>> = all.by_order().map(|set| set.vars.into_iter().collect()).collect();
        let swaps = site.swaps(&sets);
        sets_seen += sets.len();
        let label = |var: Var| site.labels[var.index()];
        let found = cut_orbits(&site.circuit, site.top, known(&site.exchanges, &label), 3, u64::MAX).expect("coherent");
        assert_eq!(found.complete_to, 3);
        let (mut counts, mut own) = (all.counts().to_vec(), found.counts.clone());
        counts.resize(4, 0);
        own.resize(4, 0);
        assert_eq!(own, counts, "round {round}");
        // Classes that exchanges turn into each other (the swaps here may know more) have as many sets as there are.
        let mut left: BTreeMap<BTreeSet<BTreeSet<Var>>, u128> = BTreeMap::new();
        for orbit in &found.orbits {
            let closure = closure(&orbit.example.iter().copied().collect(), &swaps);
            let size = closure.len() as u128;
            *left.entry(closure).or_insert(size) -= orbit.count;
            joined += usize::from(orbit.count > 1);
            if !orbit.among.is_empty() {
                let chosen = |set: &BTreeSet<Var>| {
                    let own = |of: &[Var]| set.iter().filter(|var| of.contains(var)).count();
                    orbit.among.iter().all(|it| own(&it.of) == it.count)
                };
                let like = sets.iter().filter(|set| set.len() == orbit.example.len() && chosen(set)).count();
                assert_eq!(orbit.count, like as u128, "round {round}: every choice is one of the class");
                described += 1;
            }
        }
        assert!(left.values().all(|left| *left == 0), "round {round}: {left:?}");
        let together: BTreeSet<BTreeSet<Var>> = left.into_keys().flatten().collect();
        assert_eq!(together, sets, "round {round}");
    }
    assert!(
        sets_seen > 3000 && joined > 500 && described > 300,
        "{sets_seen} sets, {joined} classes, {described} told"
    );
}

#[test]
fn a_wrong_exchange_of_unlike_blocks_is_not_used() {
    // The second block has a part of another label.
    let mut circuit = Circuit::new();
    let nodes: Vec<Node> = (0..4).map(|var| circuit.variable(Var(var))).collect();
    let (first, second) = (circuit.or([nodes[0], nodes[1]]), circuit.or([nodes[2], nodes[3]]));
    let top = circuit.and([first, second]);
    let exchange = Exchange { blocks: vec![vec![Var(0), Var(1)], vec![Var(2), Var(3)]] };
    let found =
        cut_orbits(&circuit, top, known(&[exchange], &|var| u64::from(var.0 == 3)), 2, u64::MAX).expect("coherent");
    let mut counts: Vec<u128> = found.orbits.iter().map(|orbit| orbit.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 2], "two of the same label twice");
    assert_eq!(found.counts, [0, 0, 4]);
}

#[test]
fn a_few_steps_end_at_a_lower_order_and_say_so() {
    let mut circuit = Circuit::new();
    let nodes: Vec<Node> = (0..60).map(|var| circuit.variable(Var(var))).collect();
    let pairs: Vec<Node> = nodes.chunks(2).map(|pair| circuit.and(pair.iter().copied())).collect();
    let top = circuit.or(pairs);
    let found = cut_orbits(&circuit, top, known(&[], &|_| 0), 3, 4_000).expect("coherent");
    assert_eq!(found.complete_to, 2);
    assert_eq!(found.counts, [0, 0, 30]);
}

#[test]
fn what_is_always_broken_has_the_empty_set_alone() {
    let found = cut_orbits(&Circuit::new(), Node::TRUE, known(&[], &|_| 0), 3, u64::MAX).expect("coherent");
    assert_eq!(found.counts, [1]);
    assert_eq!(found.orbits[0].example, []);
}
