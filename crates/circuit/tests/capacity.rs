//! "At least so many of so many hosts" over racks with shared power and network.

mod common;

use common::close;
use common::designs::{Racks, racks_by_arithmetic};
use plimsoll_circuit::{Compiled, CutSets, Limits, Var};

/// Hosts, how many are needed, racks; the figures of other tools where they could find any, and of a decision diagram.
const KNOWN: [(usize, usize, usize, f64, u128); 5] = [
    (8, 7, 2, 2.78498e-6, 1_720),
    (30, 27, 3, 1.22126e-7, 438_520),
    (50, 46, 5, 1.70860e-7, 64),
    (200, 198, 10, 3.76748e-5, 192_184_924),
    (200, 180, 10, 6.35992e-8, 95_044),
];

#[test]
fn probability_is_that_of_other_tools_and_of_arithmetic() {
    for (hosts, needed, racks, known, _) in KNOWN {
        let mut design = Racks::new(hosts, racks);
        let top = design.fewer_than(needed);
        let compiled = Compiled::new(&design.circuit, top, Limits::default());
        let got = compiled.probability(&design.probabilities).unwrap();
        assert!(got.is_exact());
        assert_eq!(format!("{:.5e}", got.lower), format!("{known:.5e}"), "{needed} of {hosts}");
        let expected = racks_by_arithmetic(hosts, racks, needed);
        assert!(close(got.lower, expected, 1e-12), "{needed} of {hosts}: {:e}, not {expected:e}", got.lower);
    }
}

#[test]
fn cut_sets_are_counted_without_being_listed() {
    for (hosts, needed, racks, _, known) in KNOWN {
        let mut design = Racks::new(hosts, racks);
        let top = design.fewer_than(needed);
        let sets = CutSets::new(&design.circuit, top, Some(4), Limits::default()).unwrap();
        assert_eq!((sets.total(), sets.complete_to()), (known, Some(4)), "{needed} of {hosts}");
    }
}

#[test]
fn importance_is_the_slope() {
    let mut design = Racks::new(50, 5);
    let top = design.fewer_than(46);
    let compiled = Compiled::new(&design.circuit, top, Limits::default());
    let (_, importance) = compiled.importance(&design.probabilities).unwrap();
    for of in importance.iter().step_by(7) {
        let at = |failed| compiled.conditional(&design.probabilities, &[(of.var, failed)]).unwrap().lower;
        assert!(close(of.birnbaum, at(true) - at(false), 1e-9), "{of:?}");
    }
    // Feeds matter more than any host.
    assert!(importance[0].criticality > 100.0 * importance[30].criticality);
}

/// Capacity beside other promises that share its feeds: the count is inside, not at the top.
#[test]
fn a_count_inside_a_larger_top_is_counted_too() {
    let mut design = Racks::new(60, 6);
    let capacity = design.fewer_than(55);
    let masters: Vec<_> = [0, 20, 40].map(|host| design.hosts[host]).to_vec();
    let circuit = &mut design.circuit;
    let quorum = circuit.at_least(2, masters.iter().copied());
    let feeds = [circuit.variable(Var(0)), circuit.variable(Var(1))];
    let dark = circuit.and(feeds);
    let top = circuit.or([capacity, quorum, dark]);
    let compiled = Compiled::new(circuit, top, Limits::default());
    assert!(compiled.is_exact());
    let got = compiled.probability(&design.probabilities).unwrap().lower;
    // The same by inclusion and exclusion over separately compiled tops.
    let circuit = &mut design.circuit;
    let all = [capacity, quorum, dark];
    let mut expected = 0.0;
    for subset in 1..8usize {
        let chosen: Vec<_> = (0..3).filter(|bit| subset >> bit & 1 == 1).map(|bit| all[bit]).collect();
        let sign = if chosen.len() % 2 == 1 { 1.0 } else { -1.0 };
        let joint = circuit.and(chosen);
        let compiled = Compiled::new(circuit, joint, Limits::default());
        expected += sign * compiled.probability(&design.probabilities).unwrap().lower;
    }
    assert!(close(got, expected, 1e-10), "{got:e}, not {expected:e}");
}

/// Unequal hosts: a threshold of weights equals the sum over all states.
#[test]
fn weighted_capacity_is_a_sum_over_states() {
    let mut design = Racks::new(4, 2);
    let capacities = [64, 64, 96, 128];
    let children: Vec<_> = capacities.into_iter().zip(design.hosts.clone()).collect();
    let top = design.circuit.threshold(200, children);
    let compiled = Compiled::new(&design.circuit, top, Limits::default());
    // Sixteen shared and own components of two racks are more than can be enumerated with hosts: fix them by turns.
    let shared: Vec<Var> = (0..12).map(Var).collect();
    let mut expected = 0.0;
    for state in 0..1usize << shared.len() {
        let fixed: Vec<(Var, bool)> = shared.iter().map(|var| (*var, state >> var.index() & 1 == 1)).collect();
        let weight: f64 = fixed
            .iter()
            .map(|(var, failed)| {
                let p = design.probabilities[var.index()];
                if *failed { p } else { 1.0 - p }
            })
            .product();
        let mut p = design.probabilities.clone();
        for (var, failed) in &fixed {
            p[var.index()] = f64::from(u8::from(*failed));
        }
        let chances: Vec<f64> = design
            .hosts
            .iter()
            .map(|host| Compiled::new(&design.circuit, *host, Limits::default()).probability(&p).unwrap().lower)
            .collect();
        for lost in 0..16usize {
            let capacity: u64 = (0..4).filter(|host| lost >> host & 1 == 1).map(|host| capacities[host]).sum();
            if capacity >= 200 {
                let all: f64 = (0..4).map(|h| if lost >> h & 1 == 1 { chances[h] } else { 1.0 - chances[h] }).product();
                expected += weight * all;
            }
        }
    }
    let got = compiled.probability(&design.probabilities).unwrap().lower;
    assert!(close(got, expected, 1e-11), "{got:e}, not {expected:e}");
}
