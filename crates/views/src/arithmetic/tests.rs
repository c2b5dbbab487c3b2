use super::*;
use IntOrPercent::{Int, Percent};

/// Evicts pods one by one while the budget's own words hold, as the API server does.
fn evict(replicas: u32, min: Option<IntOrPercent>, max: Option<IntOrPercent>) -> u32 {
    let share = |bound: IntOrPercent| match bound {
        Int(number) => f64::from(number),
        Percent(share) => (f64::from(replicas) * f64::from(share) / 100.0 - 1e-9).ceil(),
    };
    let mut healthy = replicas;
    while healthy > 0 {
        let wanted = match (max, min) {
            (Some(max), _) => f64::from(replicas) - share(max),
            (None, Some(min)) => share(min),
            (None, None) => 0.0,
        };
        if f64::from(healthy - 1) < wanted {
            break;
        }
        healthy -= 1;
    }
    replicas - healthy
}

#[test]
fn a_budget_lets_go_as_many_as_eviction_after_eviction_does() {
    for replicas in 0..=12 {
        for bound in (0..=14).map(Int).chain((0..=110).map(Percent)) {
            for (min, max) in [(Some(bound), None), (None, Some(bound))] {
                assert_eq!(
                    evictions(replicas, min, max),
                    Some(evict(replicas, min, max)),
                    "{replicas} pods, min {min:?}, max {max:?}"
                );
            }
        }
    }
    assert_eq!(evictions(3, None, None), None);
}

#[test]
fn a_quorum_is_the_smallest_number_that_two_halves_cannot_both_have() {
    for members in 1..=100 {
        let smallest = (1..=members).find(|count| members - count < *count);
        assert_eq!(Some(quorum(members)), smallest);
    }
}

/// Replaces pods step by step: starts new ones where a domain is free and the surge allows it, ends old ones as long
/// as enough are there.
fn replaces(replicas: u32, domains: u32, missing: u32, surge: u32) -> bool {
    let (mut old, mut new) = (replicas, 0);
    for _ in 0..4 * replicas + 4 {
        if old == 0 && new == replicas {
            return true;
        }
        if new < replicas && old + new < replicas + surge && old + new < domains {
            new += 1;
        } else if old > 0 && old + new > replicas - missing.min(replicas) {
            old -= 1;
        } else {
            return false;
        }
    }
    false
}

#[test]
fn a_rollout_moves_exactly_when_replacing_pods_step_by_step_ends() {
    for replicas in 1..=8 {
        for domains in replicas..=10 {
            for missing in 0..=3 {
                for surge in 0..=3 {
                    if missing == 0 && surge == 0 {
                        continue;
                    }
                    assert_eq!(
                        rollout_moves(replicas, domains, missing, surge),
                        replaces(replicas, domains, missing, surge),
                        "{replicas} pods in {domains} domains, {missing} missing, {surge} beyond"
                    );
                }
            }
        }
    }
}

#[test]
fn a_quarter_of_three_pods_lets_none_go_and_one_come() {
    assert_eq!(rollout(3, Percent(25), Percent(25)), (0, 1));
    assert_eq!(rollout(4, Percent(25), Percent(25)), (1, 1));
    assert_eq!(rollout(3, Int(0), Int(0)), (1, 0));
}

/// Whether any assignment of items to bins fits.
fn fits(items: &[u64], bins: &mut [u64]) -> bool {
    let Some((first, rest)) = items.split_first() else { return true };
    for index in 0..bins.len() {
        if bins[index] >= *first {
            bins[index] -= first;
            let found = fits(rest, bins);
            bins[index] += first;
            if found {
                return true;
            }
        }
    }
    false
}

/// Numbers below `below` from a small generator with a fixed start (Knuth's MMIX constants).
fn numbers(seed: &mut u64, count: usize, below: u64) -> Vec<u64> {
    (0..count)
        .map(|_| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 33) % below
        })
        .collect()
}

#[test]
fn what_is_packed_fits_and_what_is_more_than_the_room_does_not() {
    let mut seed = 7;
    for round in 0..2000 {
        let items = numbers(&mut seed, 1 + round % 6, 12);
        let bins = numbers(&mut seed, 1 + round % 4, 20);
        let possible = fits(&items, &mut bins.clone());
        match pack(&items, &bins) {
            Some(room) => {
                assert!(possible, "{items:?} in {bins:?}");
                assert_eq!(room.iter().sum::<u64>(), bins.iter().sum::<u64>() - items.iter().sum::<u64>());
            }
            None if items.iter().sum::<u64>() > bins.iter().sum() => assert!(!possible, "{items:?} in {bins:?}"),
            None => {}
        }
    }
}

#[test]
fn the_worst_loss_takes_the_largest() {
    let mut seed = 3;
    for _ in 0..500 {
        let room = numbers(&mut seed, 6, 50);
        let total: u64 = room.iter().sum();
        let one = (0..6).map(|a| total - room[a]).min();
        let two = (0..6).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| total - room[a] - room[b]).min();
        assert_eq!(Some(worst_room(&room, 1)), one);
        assert_eq!(Some(worst_room(&room, 2)), two);
    }
    assert_eq!(worst_room(&[5], 2), 0);
}
