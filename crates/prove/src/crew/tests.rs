//! The bound against the exact queue of few parts, solved state by state.

use plimsoll_circuit::{Circuit, Limits, Node};

use super::*;

/// A part: failures an hour, mean repair time in hours.
type Pair = (f64, f64);

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
fn exact(parts: &[Pair], broken: impl Fn(&[usize]) -> bool) -> f64 {
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

fn queue(parts: &[Pair]) -> Queue {
    let part =
        |(at, (rate, hours)): (usize, &Pair)| Part { var: Var(at as u32), rate: *rate, hours: *hours, together: 0.0 };
    Queue::new(parts.iter().enumerate().map(part))
}

fn bound(parts: &[Pair], circuit: &Circuit, top: Node) -> f64 {
    bound_within(parts, circuit, top, Limits::default())
}

fn bound_within(parts: &[Pair], circuit: &Circuit, top: Node, limits: Limits) -> f64 {
    let compiled = Compiled::new(circuit, top, limits);
    queue(parts).at_most(&compiled, &vec![0.0; parts.len()], None).expect("numbers")
}

#[test]
fn the_bound_holds_for_every_queue_that_can_be_solved() {
    let seldom: [&[Pair]; 4] = [
        &[(0.001, 1.0), (0.001, 1.0)],
        &[(0.0001, 48.0), (0.002, 1.0), (0.001, 4.0)],
        &[(0.00001, 336.0), (0.001, 0.3), (0.002, 0.3), (0.0005, 8.0)],
        &[(0.0002, 24.0), (0.0001, 1.0), (0.001, 2.0), (0.0001, 48.0), (0.0004, 2.0)],
    ];
    let often: [&[Pair]; 3] =
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
    let (a, b): (Pair, Pair) = ((1e-5, 1.0), (1e-5, 48.0));
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
    let classes: Vec<Class> =
        hours.iter().zip(&loads).map(|(hours, load)| Class { hours: *hours, load: *load, found: 0.0 }).collect();
    let wait: f64 = hours.iter().zip(&rates).map(|(hours, rate)| rate * hours * hours).sum::<f64>() / (1.0 - load);
    let (bins, rest) = ages(&classes);
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
    let compiled = Compiled::new(&circuit, top, Limits::default());
    let bound = queue(&parts).at_most(&compiled, &[0.0, 0.0], Some(Var(0))).expect("numbers");
    let alone = exact(&[parts[1]], |state| state.len() == 1);
    assert!(bound >= alone && bound <= alone * 1.05, "{bound} and {alone}");
}

/// So many like parts whose faults a test finds, all on one day, and how many hours these are apart.
#[derive(Clone, Copy, Debug)]
struct Tested {
    count: usize,
    each: Pair,
    interval: f64,
}

/// How many have failed unnoticed, and what waits or is repaired: a tested part, or one of the others by its number.
type State = (usize, Vec<Option<usize>>);

/// The exact share of time of each state, with one crew that keeps the order, from test to test.
fn exact_with_tests(tested: Tested, others: &[Pair]) -> Vec<(State, f64)> {
    let find = |(unseen, queue): &State| (0, [queue.clone(), vec![None; *unseen]].concat());
    let next = |(unseen, queue): &State| -> Vec<(State, f64)> {
        let mut next = Vec::new();
        let up = tested.count - unseen - queue.iter().filter(|part| part.is_none()).count();
        if up > 0 {
            next.push(((unseen + 1, queue.clone()), up as f64 * tested.each.0));
        }
        for (at, (rate, _)) in others.iter().enumerate().filter(|(at, _)| !queue.contains(&Some(*at))) {
            next.push(((*unseen, [queue.clone(), vec![Some(at)]].concat()), *rate));
        }
        if let Some((first, rest)) = queue.split_first() {
            let hours = first.map_or(tested.each.1, |at| others[at].1);
            next.push(((*unseen, rest.to_vec()), 1.0 / hours));
        }
        next
    };
    let mut all: Vec<State> = vec![(0, Vec::new())];
    let mut place: BTreeMap<State, usize> = BTreeMap::from([(all[0].clone(), 0)]);
    let (mut moves, mut found) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < all.len() {
        let state = all[at].clone();
        let mut number = |state: State| {
            let new = all.len();
            *place.entry(state.clone()).or_insert_with(|| {
                all.push(state);
                new
            })
        };
        moves.extend(next(&state).into_iter().map(|(to, rate)| (at, number(to), rate)));
        found.push(number(find(&state)));
        at += 1;
    }
    let fastest = others.iter().chain([&tested.each]).map(|(_, hours)| 1.0 / hours).fold(0.0, f64::max);
    let steps = (tested.interval * fastest * 4.0).ceil().max(200.0);
    let width = tested.interval / steps;
    let slope = |at: &[f64]| {
        let mut slope = vec![0.0; at.len()];
        for (from, to, rate) in &moves {
            slope[*from] -= rate * at[*from];
            slope[*to] += rate * at[*from];
        }
        slope
    };
    let ahead = |at: &[f64], slope: &[f64], by: f64| -> Vec<f64> {
        at.iter().zip(slope).map(|(at, slope)| at + slope * by).collect()
    };
    let mut now = vec![0.0; all.len()];
    now[0] = 1.0;
    let mut share = Vec::new();
    // From test to test until nothing changes.
    for _ in 0..6 {
        share = vec![0.0; all.len()];
        for _ in 0..steps as usize {
            let before = now.clone();
            let a = slope(&now);
            let b = slope(&ahead(&now, &a, width / 2.0));
            let c = slope(&ahead(&now, &b, width / 2.0));
            let d = slope(&ahead(&now, &c, width));
            for at in 0..now.len() {
                now[at] += width / 6.0 * (a[at] + 2.0 * b[at] + 2.0 * c[at] + d[at]);
                share[at] += f64::midpoint(before[at], now[at]) / steps;
            }
        }
        let mut after = vec![0.0; all.len()];
        for (at, share) in now.iter().enumerate() {
            after[found[at]] += share;
        }
        now = after;
    }
    all.into_iter().zip(share).collect()
}

/// The bound for the same, and what it is when each fault comes to the crew by itself.
fn bounds_with_tests(tested: Tested, others: &[Pair], circuit: &Circuit, top: Node) -> (f64, f64) {
    let all: Vec<Pair> = std::iter::repeat_n(tested.each, tested.count).chain(others.iter().copied()).collect();
    let is_tested = |at: usize| at < tested.count;
    let unnoticed = |at: usize| if is_tested(at) { -(-all[at].0 * tested.interval).exp_m1() } else { 0.0 };
    let away: Vec<f64> = (0..all.len()).map(unnoticed).collect();
    let compiled = Compiled::new(circuit, top, Limits::default());
    let of = |interval: f64| {
        let parts = all.iter().enumerate().map(|(at, (rate, hours))| {
            let together = if is_tested(at) { interval } else { 0.0 };
            Part { var: Var(at as u32), rate: *rate, hours: *hours, together }
        });
        Queue::new(parts).at_most(&compiled, &away, None).expect("numbers")
    };
    (of(tested.interval), of(0.0))
}

#[test]
fn faults_that_one_test_finds_keep_the_crew_busy_together() {
    let tested = |count, rate, hours, interval| Tested { count, each: (rate, hours), interval };
    let cases: [(Tested, [Pair; 2]); 4] = [
        (tested(3, 1e-3, 40.0, 1000.0), [(1e-4, 20.0), (1e-3, 1.0)]),
        (tested(2, 1e-5, 8.0, 200.0), [(1e-3, 8.0), (1e-4, 1.0)]),
        (tested(12, 2e-4, 20.0, 1000.0), [(1e-4, 4.0), (1e-4, 4.0)]),
        // Twelve supplies of 0.2 failures between two yearly tests, of three days each, and two switches.
        (tested(12, 2.3e-5, 72.0, 8766.0), [(1e-5, 8.0), (1e-5, 8.0)]),
    ];
    let mut short = 0;
    for (tested, others) in cases {
        let states = exact_with_tests(tested, &others);
        let sum: f64 = states.iter().map(|(_, share)| share).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        let mut circuit = Circuit::new();
        let each: Vec<Node> = (0..tested.count + 2).map(|part| circuit.variable(Var(part as u32))).collect();
        let (of_tested, rest) = each.split_at(tested.count);
        // So many of the tested, with so many of the others, for every two numbers.
        for some in 0..=tested.count.min(3) {
            for other in 0..=2 {
                let many = circuit.at_least(some as u64, of_tested.iter().copied());
                let more = circuit.at_least(other as u64, rest.iter().copied());
                let top = circuit.and([many, more]);
                if top.constant().is_some() {
                    continue;
                }
                let exact: f64 = states
                    .iter()
                    .filter(|((unseen, queue), _)| {
                        let there = queue.iter().filter(|part| part.is_some()).count();
                        unseen + queue.len() - there >= some && there >= other
                    })
                    .map(|(_, share)| share)
                    .sum();
                let (bound, one_by_one) = bounds_with_tests(tested, &others, &circuit, top);
                assert!(bound >= exact * (1.0 - 1e-6), "{tested:?}, {some} and {other}: {bound} is below {exact}");
                short += u32::from(one_by_one < exact);
            }
        }
    }
    // What has nothing to do with tests waits for what they find: with each by itself it would be too little.
    assert!(short >= 2, "{short}");
}

#[test]
fn a_batch_takes_no_longer_than_its_phases() {
    // Mean work of the phases: that of the Poisson number and a little more, also where there are many.
    for (found, wide) in [(0.01, 1.01), (0.3, 1.2), (10.0, 1.2), (60.0, 1.8)] {
        let class = Class { hours: 5.0, load: 0.1, found };
        let phases = batch(&[Class { hours: 1.0, load: 0.1, found: 0.0 }, class]);
        let mean: f64 = phases.iter().map(|phase| phase.chance * phase.hours).sum();
        assert!(mean >= 5.0 * found && mean <= 5.0 * found * wide, "{found}: {mean}");
        assert!(phases.len() <= 65, "{}", phases.len());
    }
    assert!(batch(&[Class { hours: 1.0, load: 0.1, found: 0.0 }]).is_empty());
}
