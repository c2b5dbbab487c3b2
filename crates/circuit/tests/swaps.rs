//! Swaps of whole blocks, as of racks with their hosts: each leaves the top as it is, and the classes that they make of
//! minimal cut sets are never more than all permutations together make of them.

use std::collections::{BTreeMap, BTreeSet};

use common::{Random, truth};
use plimsoll_circuit::{
    Circuit, CutOrbit, CutOrbits, CutSets, Exchange, Known, Limits, Node, Standing, Swap, Var, cut_orbits, swaps,
};

mod common;

/// Racks that are alike, with hosts that are alike in each, made of parts, on what they share.
struct Site {
    circuit: Circuit,
    top: Node,
    /// The hosts of each rack.
    exchanges: Vec<Exchange>,
    labels: Vec<u64>,
    /// The rack of each component.
    racks: Vec<Option<usize>>,
}

struct Size {
    racks: usize,
    hosts: usize,
    parts: usize,
    shared: usize,
    /// One of so many sites has something that belongs to one rack alone.
    unlike: usize,
}

impl Site {
    fn random(random: &mut Random, size: &Size) -> Self {
        let mut site =
            Site { circuit: Circuit::new(), top: Node::FALSE, exchanges: vec![], labels: vec![], racks: vec![] };
        let shared: Vec<Node> = (0..size.shared).map(|_| site.event(random.below(2) as u64)).collect();
        site.racks.resize(size.shared, None);
        let shape: Vec<usize> = (0..4).map(|_| random.below(100)).collect();
        let [strip, part] = [2, 3].map(|base| base + 2 * random.below(2) as u64);
        let mut racks = Vec::new();
        let mut hosts_lost = Vec::new();
        for _ in 0..size.racks {
            let rack = site.event(strip);
            let mut blocks = Vec::new();
            let mut of_rack = Vec::new();
            for _ in 0..size.hosts {
                let first = site.labels.len();
                let parts: Vec<Node> = (0..size.parts).map(|at| site.event(part + 10 * at as u64)).collect();
                blocks.push((first..site.labels.len()).map(|var| Var(var as u32)).collect());
                of_rack.push(site.host(&parts, rack, &shared, &shape));
            }
            site.exchanges.push(Exchange { blocks });
            site.racks.resize(site.labels.len(), Some(racks.len()));
            let few = 1 + shape[2] as u64 % size.hosts as u64;
            hosts_lost.extend(of_rack.iter().copied());
            let counted = site.circuit.at_least(few, of_rack);
            racks.push(if shape[3].is_multiple_of(2) { site.circuit.or([counted, rack]) } else { counted });
        }
        if random.below(size.unlike) == 0 {
            let more = shared[random.below(shared.len())];
            let which = random.below(racks.len());
            racks[which] = site.circuit.or([racks[which], more]);
        }
        let of_racks = site.circuit.at_least(1 + random.below(size.racks) as u64, racks);
        let of_hosts = site.circuit.at_least(1 + random.below(hosts_lost.len()) as u64, hosts_lost);
        let together = site.circuit.and(shared.iter().copied());
        site.top = match random.below(4) {
            0 => of_racks,
            1 => site.circuit.or([of_racks, together]),
            2 => site.circuit.and([of_racks, of_hosts]),
            _ => site.circuit.or([of_racks, of_hosts]),
        };
        site.exchanges.retain(|exchange| exchange.blocks.len() > 1);
        site
    }

    fn event(&mut self, label: u64) -> Node {
        self.labels.push(label);
        self.circuit.variable(Var(self.labels.len() as u32 - 1))
    }

    fn host(&mut self, parts: &[Node], rack: Node, shared: &[Node], shape: &[usize]) -> Node {
        let circuit = &mut self.circuit;
        let own = if shape[0].is_multiple_of(2) {
            circuit.and(parts.iter().copied())
        } else {
            circuit.or(parts.iter().copied())
        };
        let other = shared[shape[1] % shared.len()];
        match shape[0] % 3 {
            0 => circuit.or([own, rack]),
            1 => {
                let both = circuit.and([rack, other]);
                circuit.or([own, both])
            }
            _ => circuit.or([own, other]),
        }
    }

    fn label(&self) -> impl Fn(Var) -> u64 {
        |var| self.labels[var.index()]
    }

    fn classes(&self, swaps: &[Swap]) -> CutOrbits {
        let known =
            Known { exchanges: &self.exchanges, swaps, label: &self.label(), area: &|var| self.racks[var.index()] };
        cut_orbits(&self.circuit, self.top, known, 3, u64::MAX).expect("coherent")
    }

    /// Whether a set is what the words for a class say.
    fn is_meant(&self, orbit: &CutOrbit, set: &BTreeSet<Var>) -> bool {
        let own = |of: &[Var]| set.iter().filter(|var| of.contains(var)).count();
        let racks: Vec<usize> = set.iter().filter_map(|var| self.racks[var.index()]).collect();
        let different = racks.iter().collect::<BTreeSet<_>>().len();
        let stands = match orbit.standing {
            Standing::Anywhere => true,
            Standing::Apart => different == racks.len(),
            Standing::Together => different == 1,
        };
        stands && set.len() == orbit.example.len() && orbit.among.iter().all(|it| own(&it.of) == it.count)
    }

    fn swaps(&self) -> Vec<Swap> {
        swaps(&self.circuit, self.top, &self.exchanges, &self.label())
    }
}

fn swapped(var: Var, pairs: &[(Var, Var)]) -> Var {
    let pair = pairs.iter().find(|(a, b)| *a == var || *b == var);
    pair.map_or(var, |&(a, b)| if a == var { b } else { a })
}

/// What exchanges, swaps and exchanges of single components make of a set.
fn closure(set: &BTreeSet<Var>, all: &[Vec<(Var, Var)>]) -> BTreeSet<BTreeSet<Var>> {
    let mut seen = BTreeSet::from([set.clone()]);
    let mut open = vec![set.clone()];
    while let Some(set) = open.pop() {
        for pairs in all {
            let next: BTreeSet<Var> = set.iter().map(|var| swapped(*var, pairs)).collect();
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    seen
}

/// All sets of so many of these.
fn subsets(of: &[Var], count: usize) -> Vec<BTreeSet<Var>> {
    let Some((first, others)) = of.split_first() else {
        return if count == 0 { vec![BTreeSet::new()] } else { vec![] };
    };
    let mut all = subsets(others, count);
    if count > 0 {
        all.extend(subsets(others, count - 1).into_iter().map(|mut set| {
            set.insert(*first);
            set
        }));
    }
    all
}

/// All permutations of components, label for label, that leave every minimal cut set one.
fn automorphisms(labels: &[u64], sets: &BTreeSet<BTreeSet<usize>>) -> Vec<Vec<usize>> {
    fn extend(labels: &[u64], sets: &BTreeSet<BTreeSet<usize>>, images: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
        // A set of which all images are known must have become one.
        let known = images.len();
        let done = |set: &&BTreeSet<usize>| set.last().is_some_and(|last| *last + 1 == known);
        if !sets.iter().filter(done).all(|set| sets.contains(&set.iter().map(|var| images[*var]).collect())) {
            return;
        }
        if known == labels.len() {
            found.push(images.clone());
            return;
        }
        for image in 0..labels.len() {
            if labels[image] == labels[known] && !images.contains(&image) {
                images.push(image);
                extend(labels, sets, images, found);
                images.pop();
            }
        }
    }
    let mut found = Vec::new();
    extend(labels, sets, &mut Vec::new(), &mut found);
    found
}

#[test]
fn a_swap_leaves_the_function_as_it_is_in_every_state_and_labels_too() {
    let mut random = Random::new(20_261_130);
    let (mut found, mut pairs) = (0, 0);
    for round in 0..600 {
        let size = Size {
            racks: 2 + random.below(2),
            hosts: 1 + random.below(2),
            parts: 1 + random.below(2),
            shared: 1 + random.below(2),
            unlike: 3,
        };
        let site = Site::random(&mut random, &size);
        let count = site.labels.len();
        let before = truth(&site.circuit, site.top, count);
        for swap in site.swaps() {
            (found, pairs) = (found + 1, pairs + swap.pairs.len());
            for &(a, b) in &swap.pairs {
                assert_eq!(site.labels[a.index()], site.labels[b.index()], "round {round}");
            }
            let of: Vec<usize> = (0..count).map(|var| swapped(Var(var as u32), &swap.pairs).index()).collect();
            for (state, broken) in before.iter().enumerate() {
                let moved = (0..count).filter(|var| state >> var & 1 == 1).fold(0, |state, var| state | 1 << of[var]);
                assert_eq!(before[moved], *broken, "round {round}: {swap:?} in {state:b}");
            }
        }
    }
    assert!(found > 500 && pairs > 2 * found, "{found} swaps of {pairs} pairs");
}

#[test]
fn classes_with_swaps_are_what_all_exchanges_make_and_never_more_than_all_permutations_do() {
    let mut random = Random::new(20_261_131);
    let (mut classes, mut without, mut orbits) = (0, 0, 0);
    for round in 0..500 {
        let small = random.below(2) == 0;
        let size = Size {
            racks: 2,
            hosts: if small { 2 } else { 1 },
            parts: if small { 1 } else { 1 + random.below(2) },
            shared: 1 + random.below(2),
            unlike: 3,
        };
        let site = Site::random(&mut random, &size);
        if site.top.constant().is_some() {
            continue;
        }
        let all = CutSets::new(&site.circuit, site.top, None, Limits::default()).expect("coherent");
        let sets: BTreeSet<BTreeSet<usize>> =
            all.by_order().map(|set| set.vars.iter().map(|var| var.index()).collect()).collect();
        let automorphisms = automorphisms(&site.labels, &sets);
        let (merged, plain) = (site.classes(&site.swaps()), site.classes(&[]));
        assert_eq!(merged.counts, plain.counts, "round {round}");
        // Each class lies in what all permutations make of its example, and together they fill it.
        let mut left: BTreeMap<BTreeSet<BTreeSet<usize>>, u128> = BTreeMap::new();
        for orbit in &merged.orbits {
            let of = |images: &Vec<usize>| orbit.example.iter().map(|var| images[var.index()]).collect();
            let whole: BTreeSet<BTreeSet<usize>> = automorphisms.iter().map(of).collect();
            let size = whole.len() as u128;
            *left.entry(whole).or_insert(size) -= orbit.count;
        }
        orbits += left.len();
        assert!(left.values().all(|left| *left == 0), "round {round}: {left:?}");
        (classes, without) = (classes + merged.orbits.len(), without + plain.orbits.len());
    }
    assert!(classes < without && orbits <= classes, "{orbits} orbits, {classes} classes, {without} without swaps");
    // Nearly all that is alike is found: these sites are regular.
    assert!(classes * 10 <= orbits * 11, "{orbits} orbits, {classes} classes, {without} without swaps");
}

#[test]
fn racks_of_hosts_are_one_class_and_a_rack_that_differs_stays_apart() {
    let mut random = Random::new(20_261_132);
    let (mut sets_seen, mut told) = (0, [0; 3]);
    for round in 0..150 {
        let size = Size { racks: 3, hosts: 2, parts: 1 + random.below(2), shared: 2, unlike: 2 };
        let site = Site::random(&mut random, &size);
        if site.top.constant().is_some() {
            continue;
        }
        let all = CutSets::new(&site.circuit, site.top, Some(3), Limits::default()).expect("coherent");
        let sets: BTreeSet<BTreeSet<Var>> = all.by_order().map(|set| set.vars.into_iter().collect()).collect();
        sets_seen += sets.len();
        let (label, swaps) = (site.label(), site.swaps());
        let found = site.classes(&swaps);
        // Exchanges of neighbours, swaps, and what matters alike: any two of one label that never fail together.
        let mut moves: Vec<Vec<(Var, Var)>> = swaps.iter().map(|swap| swap.pairs.clone()).collect();
        for exchange in &site.exchanges {
            for pair in exchange.blocks.windows(2) {
                moves.push(pair[0].iter().copied().zip(pair[1].iter().copied()).collect());
            }
        }
        let support = site.circuit.support(site.top);
        for (at, &a) in support.iter().enumerate() {
            for &b in support[..at].iter().filter(|b| label(**b) == label(a)) {
                let swap = |set: &BTreeSet<Var>| set.iter().map(|var| swapped(*var, &[(a, b)])).collect();
                if sets.iter().all(|set| !(set.contains(&a) && set.contains(&b)) && sets.contains(&swap(set))) {
                    moves.push(vec![(a, b)]);
                }
            }
        }
        let mut left: BTreeMap<BTreeSet<BTreeSet<Var>>, u128> = BTreeMap::new();
        for orbit in &found.orbits {
            let closure = closure(&orbit.example.iter().copied().collect(), &moves);
            let size = closure.len() as u128;
            if !orbit.among.is_empty() {
                let meant: BTreeSet<BTreeSet<Var>> =
                    sets.iter().filter(|set| site.is_meant(orbit, set)).cloned().collect();
                assert!(closure.is_superset(&meant), "round {round}: {orbit:?}");
                assert_eq!(orbit.count, meant.len() as u128, "round {round}: {orbit:?}");
                // What the words mean is a set, whichever is chosen.
                let choices = subsets(&support, orbit.example.len());
                let choices = choices.iter().filter(|set| site.is_meant(orbit, set)).count();
                assert_eq!(orbit.count, choices as u128, "round {round}: {orbit:?}");
                told[orbit.standing as usize] += 1;
            }
            *left.entry(closure).or_insert(size) -= orbit.count;
        }
        assert!(left.values().all(|left| *left == 0), "round {round}: {left:?}");
        let together: BTreeSet<BTreeSet<Var>> = left.into_keys().flatten().collect();
        assert_eq!(together, sets, "round {round}");
    }
    assert!(sets_seen > 1000 && told.iter().all(|count| *count > 10), "{sets_seen} sets, {told:?}");
}

/// Two racks of two hosts: a host is lost with its rack, and both racks must be.
fn two_racks(labels: [u64; 6]) -> (Circuit, Node, Vec<Exchange>, [u64; 6]) {
    let mut circuit = Circuit::new();
    let nodes: Vec<Node> = (0..6).map(|var| circuit.variable(Var(var))).collect();
    let mut lost = Vec::new();
    for rack in [0, 3] {
        let hosts: Vec<Node> = [rack + 1, rack + 2].map(|host| circuit.or([nodes[host], nodes[rack]])).to_vec();
        lost.push(circuit.and(hosts));
    }
    let top = circuit.and(lost);
    let blocks = |first: u32| Exchange { blocks: vec![vec![Var(first)], vec![Var(first + 1)]] };
    (circuit, top, vec![blocks(1), blocks(4)], labels)
}

#[test]
fn two_racks_are_swapped_with_their_hosts() {
    let (circuit, top, exchanges, labels) = two_racks([0, 1, 1, 0, 1, 1]);
    let label = |var: Var| labels[var.index()];
    let found = swaps(&circuit, top, &exchanges, &label);
    assert_eq!(found, [Swap { pairs: vec![(Var(0), Var(3)), (Var(1), Var(4)), (Var(2), Var(5))] }]);
    let known = Known { exchanges: &exchanges, swaps: &found, label: &label, area: &|var| Some(var.0 as usize / 3) };
    let classes = cut_orbits(&circuit, top, known, 3, u64::MAX).expect("coherent");
    let told: Vec<(usize, u128)> = classes.orbits.iter().map(|orbit| (orbit.example.len(), orbit.count)).collect();
    // Both racks; a rack and both hosts of the other, which is more than any two hosts.
    assert_eq!(told, [(2, 1), (3, 2)]);
    assert!(classes.orbits.iter().all(|orbit| orbit.among.is_empty()));
}

#[test]
fn racks_whose_hosts_fail_more_often_are_not_swapped() {
    let (circuit, top, exchanges, labels) = two_racks([0, 1, 1, 0, 2, 2]);
    let label = |var: Var| labels[var.index()];
    assert_eq!(swaps(&circuit, top, &exchanges, &label), []);
    let known = Known { exchanges: &exchanges, swaps: &[], label: &label, area: &|_| None };
    let classes = cut_orbits(&circuit, top, known, 3, u64::MAX).expect("coherent");
    let counts: Vec<u128> = classes.orbits.iter().map(|orbit| orbit.count).collect();
    assert_eq!(counts, [1, 1, 1]);
}
