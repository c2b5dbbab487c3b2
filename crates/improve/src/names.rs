//! Names in series: `cp-1`, `cp-2`, and the ranges that stand for them.

/// The letters before the number at the end, and the number. `None` without a number, or with zeros in front, where the
/// next name is a matter of taste.
pub(crate) fn series(name: &str) -> Option<(&str, u32)> {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (stem, number) = name.split_at(name.len() - digits);
    let plain = !number.is_empty() && (number == "0" || !number.starts_with('0'));
    plain.then(|| number.parse().ok().map(|number| (stem, number))).flatten()
}

/// The next names of a series that nobody has.
pub(crate) fn next(name: &str, count: usize, taken: &dyn Fn(&str) -> bool) -> Option<Vec<String>> {
    let (stem, number) = series(name)?;
    let names = (number + 1..=number + 200).map(|number| format!("{stem}{number}"));
    let names: Vec<String> = names.filter(|name| !taken(name)).take(count).collect();
    (names.len() == count).then_some(names)
}

/// Names as few words: those that follow each other become a range.
pub(crate) fn collapse(names: &[String]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut index = 0;
    while index < names.len() {
        let first = index;
        index += 1;
        let Some((stem, start)) = series(&names[first]) else {
            words.push(names[first].clone());
            continue;
        };
        let mut last = start;
        while index < names.len() && series(&names[index]) == Some((stem, last + 1)) {
            last += 1;
            index += 1;
        }
        words.push(if last > start { format!("{stem}{start}..{last}") } else { names[first].clone() });
    }
    words
}

/// One word for all of them, in that order; the same one for all is written once.
pub(crate) fn word(names: &[String]) -> Option<String> {
    if names.iter().all(|name| Some(name) == names.first()) {
        return names.first().cloned();
    }
    let mut words = collapse(names);
    if words.len() == 1 { words.pop() } else { None }
}

/// In the order in which people count: by letters, then by number.
pub(crate) fn sort(names: &mut [String]) {
    names.sort_by(|a, b| {
        let key = |name: &str| series(name).map(|(stem, number)| (stem.to_owned(), number));
        key(a).cmp(&key(b)).then_with(|| a.cmp(b))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_that_follow_each_other_are_a_range() {
        assert_eq!(collapse(&owned(&["w-1", "w-2", "w-4", "x", "y9", "y10"])), ["w-1..2", "w-4", "x", "y9..10"]);
        assert_eq!(word(&owned(&["pve-1", "pve-1"])), Some("pve-1".into()));
        assert_eq!(word(&owned(&["pve-2", "pve-1"])), None);
        assert_eq!(next("cp-3", 2, &|name| name == "cp-4"), Some(owned(&["cp-5", "cp-6"])));
        assert_eq!(next("n08", 1, &|_| false), None, "zeros in front");
        let mut names = owned(&["w-10", "w-9", "a-1"]);
        sort(&mut names);
        assert_eq!(names, ["a-1", "w-9", "w-10"]);
    }
}
