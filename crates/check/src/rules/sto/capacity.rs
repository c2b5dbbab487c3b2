//! How full domains get: the arithmetic below STO-009, 010 and 034.

/// A pool as CRUSH sees it: pieces in different domains, and how much each piece holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Demand {
    /// Pieces of a placement group, each in a domain of its own.
    pub(super) pieces: usize,
    /// What each piece holds of all the pool's data, in bytes.
    pub(super) each: f64,
}

/// How full the fullest domain is at the best when these pools lie on domains of these capacities: the smallest ratio r
/// such that everything fits into r times the capacities. Above 1 it does not fit at all. `None` when a pool has more
/// pieces than there are domains, or when nothing but zero capacity is left for some piece.
///
/// No domain takes two pieces of one placement group, so a pool fills a domain up to `each` at most. By max-flow =
/// min-cut over pools and domains, everything fits iff for every m the D − m smallest domains hold what m domains cannot
/// take: `Σ each · (pieces − min(pieces, m)) ≤ r · Σ of the D − m smallest capacities`. With one pool that is the same as
/// `Σ min(r·cᵢ, u) ≥ n·u`, the form of the rule. Placement groups are taken as arbitrarily small.
pub(super) fn fullest(capacities: &[f64], demands: &[Demand]) -> Option<f64> {
    let mut smallest: Vec<f64> = capacities.to_vec();
    smallest.sort_by(f64::total_cmp);
    let mut ratio: f64 = 0.0;
    for spared in 0..=smallest.len() {
        let left: f64 = demands.iter().map(|pool| pool.each * pool.pieces.saturating_sub(spared) as f64).sum();
        if left <= 0.0 {
            break;
        }
        let room: f64 = smallest[..smallest.len() - spared].iter().sum();
        if room <= 0.0 {
            return None;
        }
        ratio = ratio.max(left / room);
    }
    Some(ratio)
}

/// How much one pool can hold, before copies, with each piece a `share` of the data; 0 when it cannot be placed.
pub(super) fn usable(capacities: &[f64], pieces: usize, share: f64) -> f64 {
    match fullest(capacities, &[Demand { pieces, each: share }]) {
        Some(ratio) if ratio > 0.0 => 1.0 / ratio,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small pseudo-random numbers, the same in every run (Knuth's MMIX constants).
    struct Numbers(u64);
    impl Numbers {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % bound
        }
    }

    /// Whether `groups` placement groups of each pool, `(pieces, groups)`, can be placed into domains of these whole
    /// sizes, by trying every choice.
    fn placeable(free: &mut [u64], pools: &[(usize, u64)]) -> bool {
        let Some(((pieces, groups), rest)) = pools.split_first() else { return true };
        if *groups == 0 {
            return placeable(free, rest);
        }
        let mut left = vec![(*pieces, groups - 1)];
        left.extend_from_slice(rest);
        (0u32..1 << free.len()).filter(|choice| choice.count_ones() as usize == *pieces).any(|choice| {
            let chosen = |index: usize| choice >> index & 1 == 1;
            if (0..free.len()).any(|index| chosen(index) && free[index] == 0) {
                return false;
            }
            (0..free.len()).filter(|index| chosen(*index)).for_each(|index| free[index] -= 1);
            let fits = placeable(free, &left);
            (0..free.len()).filter(|index| chosen(*index)).for_each(|index| free[index] += 1);
            fits
        })
    }

    #[test]
    fn what_fits_is_what_every_choice_of_domains_finds_to_fit() {
        let mut numbers = Numbers(9);
        let (mut fits, mut fits_not) = (0, 0);
        for _ in 0..600 {
            let domains = 2 + numbers.below(3) as usize;
            let mut sizes: Vec<u64> = (0..domains).map(|_| numbers.below(5)).collect();
            let pools: Vec<(usize, u64)> = (0..=numbers.below(2))
                .map(|_| (1 + numbers.below(domains as u64) as usize, 1 + numbers.below(3)))
                .collect();
            let capacities: Vec<f64> = sizes.iter().map(|size| *size as f64).collect();
            let demands: Vec<Demand> =
                pools.iter().map(|(pieces, groups)| Demand { pieces: *pieces, each: *groups as f64 }).collect();
            let by_formula = fullest(&capacities, &demands).is_some_and(|ratio| ratio <= 1.0 + 1e-9);
            assert_eq!(by_formula, placeable(&mut sizes, &pools), "{sizes:?} {pools:?}");
            if by_formula { fits += 1 } else { fits_not += 1 }
        }
        assert!(fits > 100 && fits_not > 100, "both sides are tried: {fits} {fits_not}");
    }

    #[test]
    fn one_pool_is_the_sum_of_the_rule() {
        let mut numbers = Numbers(34);
        for _ in 0..2_000 {
            let domains = 2 + numbers.below(6) as usize;
            let capacities: Vec<f64> = (0..domains).map(|_| 1.0 + numbers.below(40) as f64).collect();
            let pieces = 1 + numbers.below(domains as u64) as usize;
            let each = 1.0 + numbers.below(20) as f64;
            let at = |ratio: f64| -> f64 {
                capacities.iter().map(|capacity| (ratio * capacity).min(each)).sum::<f64>() - pieces as f64 * each
            };
            let ratio = fullest(&capacities, &[Demand { pieces, each }]).expect("enough domains");
            assert!(at(ratio) > -1e-6, "fits at {ratio}: {capacities:?} {pieces} {each}");
            assert!(at(ratio * 0.999) < 0.0, "and not below: {capacities:?} {pieces} {each}");
        }
    }

    #[test]
    fn the_plain_quotient_passes_what_cannot_heal() {
        let tb = 1e12;
        let demand = [Demand { pieces: 3, each: 5.5 * tb }];
        // 20, 20, 5, 5 TB with 5.5 TB in three copies, and a large host lost: one copy must fit on 5 TB.
        let ratio = fullest(&[20.0 * tb, 5.0 * tb, 5.0 * tb], &demand).expect("three hosts");
        assert!((ratio - 1.1).abs() < 1e-9, "{ratio}");
        assert_eq!(fullest(&[20.0 * tb, 5.0 * tb], &demand), None, "three copies on two hosts");
        assert!((usable(&[4.0, 4.0, 4.0], 3, 1.0) - 4.0).abs() < 1e-9);
        assert!((usable(&[8.0, 2.0, 2.0], 3, 1.0) - 2.0).abs() < 1e-9, "the smallest bounds all");
        assert!((usable(&[6.0; 6], 6, 0.25) - 24.0).abs() < 1e-9, "chunks 4 + 2");
        assert!(usable(&[8.0, 2.0], 3, 1.0) < 1e-9);
    }
}
