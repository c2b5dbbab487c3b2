//! "Did you mean": the word that was probably meant.

/// The candidate nearest to `word`, if one is near enough to be worth suggesting.
///
/// Distance is Damerau-Levenshtein restricted to adjacent swaps (optimal string alignment), case ignored; near enough
/// is at most a third of the longer word, at least one. Of equally near ones the first in order is taken, so the
/// answer does not depend on chance.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody misspells a word of this length into one of ours, and distance costs the product of the lengths.
    const LONGEST: usize = 64;
    let word: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if word.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
            let limit = (word.len().max(letters.len()) / 3).max(1);
            if word.len().abs_diff(letters.len()) > limit {
                return None;
            }
            let distance = distance(&word, &letters);
            (distance <= limit).then_some((distance, candidate))
        })
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let substituted = last[j] + usize::from(x != y);
            row[j + 1] = substituted.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_the_word_that_was_meant_and_nothing_far_away() {
        let keys = ["networks", "hosts", "machines", "memory"];
        assert_eq!(nearest("memroy", keys), Some("memory"));
        assert_eq!(nearest("Host", keys), Some("hosts"));
        assert_eq!(nearest("machnies", keys), Some("machines"));
        assert_eq!(nearest("storage", keys), None);
        assert_eq!(nearest(&"x".repeat(10_000), keys), None);
    }
}
