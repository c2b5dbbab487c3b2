//! The bound against the exact queue of few parts, solved state by state.

use plimsoll_circuit::{Circuit, Limits, Node};

use super::*;

/// A part: failures an hour, mean repair time in hours.
type Part = (f64, f64);

/// Everything that may be away, in the order in which it failed.
fn states(parts: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at = 0;
    while at < all.len() {
        for part in 0..parts {
            if !all[at].contains(&part) {
                let mut longer = all[at].clone();
                longer.push(part);
                all.push(longer);
            }
        }
        at += 1;
    }
    all
}

/// Solves `x Q = 0`, `sum(x) = 1` by elimination: the first of the equations is replaced by the sum.
fn stationary(rates: &[Vec<f64>]) -> Vec<f64> {
    let size = rates.len();
    let mut rows: Vec<Vec<f64>> = (0..size)
        .map(|to| {
            let mut row: Vec<f64> = (0..size).map(|from| rates[from][to]).collect();
            row[to] -= rates[to].iter().sum::<f64>();
            row.push(0.0);
            row
        })
        .collect();
    rows[0] = vec![1.0; size + 1];
    for at in 0..size {
        let pivot = (at..size).max_by(|a, b| rows[*a][at].abs().total_cmp(&rows[*b][at].abs())).expect("a row");
        rows.swap(at, pivot);
        let (done, below) = rows.split_at_mut(at + 1);
        let row = &done[at];
        for other in below.iter_mut().filter(|other| other[at] != 0.0) {
            let factor = other[at] / row[at];
            for (number, by) in other[at..].iter_mut().zip(&row[at..]) {
                *number -= factor * by;
            }
        }
    }
    let mut solution = vec![0.0; size];
    for at in (0..size).rev() {
        let known: f64 = (at + 1..size).map(|to| rows[at][to] * solution[to]).sum();
        solution[at] = (rows[at][size] - known) / rows[at][at];
    }
    solution
}

/// The exact share of time in which the top is broken, with one crew that keeps the order.
fn exact(parts: &[Part], broken: impl Fn(&[usize]) -> bool) -> f64 {
    let states = states(parts.len());
    let place: BTreeMap<&[usize], usize> =
        states.iter().enumerate().map(|(at, state)| (state.as_slice(), at)).collect();
    let mut rates = vec![vec![0.0; states.len()]; states.len()];
    for (from, state) in states.iter().enumerate() {
        for (part, (rate, _)) in parts.iter().enumerate().filter(|(part, _)| !state.contains(part)) {
            let mut longer = state.clone();
            longer.push(part);
            rates[from][place[longer.as_slice()]] += rate;
        }
        if let Some((first, rest)) = state.split_first() {
            rates[from][place[rest]] += 1.0 / parts[*first].1;
        }
    }
    stationary(&rates).iter().zip(&states).filter(|(_, state)| broken(state)).map(|(share, _)| share).sum()
}

/// Tops over up to five parts: all of some, k of all, one with any of others.
fn tops(circuit: &mut Circuit, parts: usize) -> Vec<Node> {
    let each: Vec<Node> = (0..parts).map(|part| circuit.variable(Var(part as u32))).collect();
    let mut tops = vec![circuit.and(each.iter().copied())];
    for of in [1, 2, 3] {
        let mut sets = Vec::new();
        for mask in (0_u32..1 << parts).filter(|mask| mask.count_ones() == of) {
            let set: Vec<Node> = (0..parts).filter(|part| mask >> part & 1 == 1).map(|part| each[part]).collect();
            sets.push(circuit.and(set));
        }
        tops.push(circuit.or(sets));
    }
    let others = circuit.or(each[1..].iter().copied());
    tops.push(circuit.and([each[0], others]));
    tops
}

fn bound(parts: &[Part], circuit: &Circuit, top: Node) -> f64 {
    bound_within(parts, circuit, top, Limits::default())
}

fn bound_within(parts: &[Part], circuit: &Circuit, top: Node, limits: Limits) -> f64 {
    let queue = Queue::new(parts.iter().enumerate().map(|(at, (rate, hours))| (Var(at as u32), *rate, *hours)));
    let compiled = Compiled::new(circuit, top, limits);
    queue.at_most(&compiled, &vec![0.0; parts.len()], None).expect("numbers")
}

#[test]
fn the_bound_holds_for_every_queue_that_can_be_solved() {
    let seldom: [&[Part]; 4] = [
        &[(0.001, 1.0), (0.001, 1.0)],
        &[(0.0001, 48.0), (0.002, 1.0), (0.001, 4.0)],
        &[(0.00001, 336.0), (0.001, 0.3), (0.002, 0.3), (0.0005, 8.0)],
        &[(0.0002, 24.0), (0.0001, 1.0), (0.001, 2.0), (0.0001, 48.0), (0.0004, 2.0)],
    ];
    let often: [&[Part]; 3] =
        [&[(0.1, 1.0), (0.02, 9.0)], &[(0.05, 3.0), (0.1, 1.0), (0.01, 20.0)], &[(0.2, 1.0), (0.1, 1.0), (0.01, 30.0)]];
    for (parts, is_seldom) in seldom.iter().map(|parts| (parts, true)).chain(often.iter().map(|parts| (parts, false))) {
        let mut circuit = Circuit::new();
        for top in tops(&mut circuit, parts.len()) {
            let mut evaluator = plimsoll_circuit::Evaluator::new(&circuit, &[top]);
            let exact = {
                let evaluator = std::cell::RefCell::new(&mut evaluator);
                exact(parts, |state| {
                    let mut evaluator = evaluator.borrow_mut();
                    evaluator.run(|var| state.contains(&var.index()));
                    evaluator.broken(0)
                })
            };
            let bound = bound(parts, &circuit, top);
            assert!(bound >= exact * (1.0 - 1e-9), "{parts:?}: {bound} is below {exact}");
            // Where the crew has little to do, it is no more than the bins and the two steps waste.
            let order = 1.26_f64.powi(i32::try_from(parts.len()).expect("few"));
            assert!(!is_seldom || bound <= exact * order + 1e-15, "{parts:?}: {bound} is far above {exact}");
        }
    }
}

#[test]
fn two_alike_parts_are_a_machine_repair_problem() {
    // M/M/1//2 by hand, with r = rate times hours: none 1, one 2 r, both 2 r^2. Independent repairs would give half of it.
    let r: f64 = 0.001;
    let both = 2.0 * r * r / (1.0 + 2.0 * r + 2.0 * r * r);
    let found = exact(&[(r, 1.0), (r, 1.0)], |state| state.len() == 2);
    assert!((found / both - 1.0).abs() < 1e-9, "{found} and {both}");
    let mut circuit = Circuit::new();
    let each = [circuit.variable(Var(0)), circuit.variable(Var(1))];
    let top = circuit.and(each);
    let bound = bound(&[(r, 1.0), (r, 1.0)], &circuit, top);
    assert!(bound >= both && bound <= both * 1.26, "{bound} and {both}");
}

#[test]
fn a_short_repair_waits_for_a_long_one() {
    // To first order: a fails while b is repaired, or the other way round: rate_a rate_b (d_a^2 + d_b^2), and not
    // 2 d_a d_b or d_a d_b. A crash of an hour behind a disk of two days is 24 times what independent repairs give.
    let (a, b): (Part, Part) = ((1e-5, 1.0), (1e-5, 48.0));
    let exact = exact(&[a, b], |state| state.len() == 2);
    let first = a.0 * b.0 * (a.1 * a.1 + b.1 * b.1);
    assert!((exact / first - 1.0).abs() < 0.01, "{exact} and {first}");
    assert!(exact > 20.0 * (a.0 * a.1) * (b.0 * b.1) * 2.0);
}

#[test]
fn ages_have_the_mean_of_pollaczek_and_khinchine() {
    // E(wait) = sum(rate d^2) / (1 - load) for exponential times, and the age adds the mean repair time of the class.
    let (hours, rates) = ([0.5, 8.0, 100.0], [0.2, 0.02, 0.003]);
    let loads: Vec<f64> = hours.iter().zip(&rates).map(|(hours, rate)| hours * rate).collect();
    let load: f64 = loads.iter().sum();
    let wait: f64 = hours.iter().zip(&rates).map(|(hours, rate)| rate * hours * hours).sum::<f64>() / (1.0 - load);
    let (bins, rest) = ages(&hours, &loads);
    for class in 0..3 {
        let (mut below, mut above, mut start, mut whole) = (0.0, 0.0, 0.0, rest[class]);
        for (end, shares) in &bins {
            below += start * shares[class];
            above += end * shares[class];
            whole += shares[class];
            start = *end;
        }
        let mean = wait + hours[class];
        assert!(below <= mean && mean <= above * (1.0 + 1e-9), "{below} <= {mean} <= {above}");
        assert!(above / below < 1.27 && (whole - 1.0).abs() < 1e-9 && rest[class] < 1e-12);
    }
}

#[test]
fn a_crew_that_cannot_keep_up_promises_nothing() {
    let mut circuit = Circuit::new();
    let top = circuit.variable(Var(0));
    assert_eq!(bound(&[(0.5, 1.0), (0.1, 5.0)], &circuit, top).to_bits(), 1.0_f64.to_bits());
}

#[test]
fn what_is_too_large_for_an_exact_function_has_a_bound_all_the_same() {
    // Two of five, by a circuit of which little may be computed: wider, and never below.
    let parts = [(0.0002, 24.0), (0.0001, 1.0), (0.001, 2.0), (0.0001, 48.0), (0.0004, 2.0)];
    let mut circuit = Circuit::new();
    let each: Vec<Node> = (0..5).map(|part| circuit.variable(Var(part))).collect();
    let mut pairs = Vec::new();
    for one in 0..5 {
        for other in one + 1..5 {
            pairs.push(circuit.and([each[one], each[other]]));
        }
    }
    let top = circuit.or(pairs);
    let exact = exact(&parts, |state| state.len() >= 2);
    for steps in [10, 100, 300, 1000, 3000, 100_000] {
        let bound = bound_within(&parts, &circuit, top, Limits { nodes: 64, steps });
        assert!(bound >= exact && bound <= 1.0, "{steps}: {bound} is below {exact}");
    }
}

#[test]
fn what_is_down_for_certain_is_never_repaired() {
    // One of two is in maintenance: what is left is the other alone, whose share of time is known.
    let parts = [(0.001, 4.0), (0.002, 1.0)];
    let mut circuit = Circuit::new();
    let each = [circuit.variable(Var(0)), circuit.variable(Var(1))];
    let top = circuit.and(each);
    let queue = Queue::new(parts.iter().enumerate().map(|(at, (rate, hours))| (Var(at as u32), *rate, *hours)));
    let compiled = Compiled::new(&circuit, top, Limits::default());
    let bound = queue.at_most(&compiled, &[0.0, 0.0], Some(Var(0))).expect("numbers");
    let alone = exact(&[parts[1]], |state| state.len() == 1);
    assert!(bound >= alone && bound <= alone * 1.05, "{bound} and {alone}");
}
