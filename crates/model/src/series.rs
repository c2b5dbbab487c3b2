//! Names in series: `cp-1`, `cp-2`, and the ranges that stand for them in a cluster file.

/// The letters before the number at the end, and the number.
pub fn split(name: &str) -> Option<(&str, u32)> {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (stem, number) = name.split_at(name.len() - digits);
    number.parse().ok().map(|number| (stem, number))
}

/// The name so many places behind one in its series, with as many digits: `n-09`, `n-10`.
fn later(name: &str, places: u32) -> Option<String> {
    let (stem, number) = split(name)?;
    let digits = name.len() - stem.len();
    Some(format!("{stem}{:0digits$}", number.checked_add(places)?))
}

/// The next names of a series that nobody has.
pub fn next(name: &str, count: usize, taken: &dyn Fn(&str) -> bool) -> Option<Vec<String>> {
    let names = (1..=200).filter_map(|places| later(name, places));
    let names: Vec<String> = names.filter(|name| !taken(name)).take(count).collect();
    (names.len() == count).then_some(names)
}

/// Names as few words: those that follow each other become a range, as the cluster file has it (`pve-01..40`).
pub fn collapse(names: &[String]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut index = 0;
    while index < names.len() {
        let first = index;
        index += 1;
        while index < names.len() && later(&names[index - 1], 1).as_ref() == Some(&names[index]) {
            index += 1;
        }
        let (from, to) = (&names[first], &names[index - 1]);
        let last = split(to).map_or("", |(stem, _)| &to[stem.len()..]);
        words.push(if index - 1 > first { format!("{from}..{last}") } else { from.clone() });
    }
    words
}

/// One word for all of them, in that order; the same one for all is written once.
pub fn word(names: &[String]) -> Option<String> {
    if names.iter().all(|name| Some(name) == names.first()) {
        return names.first().cloned();
    }
    let mut words = collapse(names);
    if words.len() == 1 { words.pop() } else { None }
}

/// In the order in which people count: by letters, then by number.
pub fn sort(names: &mut [String]) {
    names.sort_by(|a, b| {
        let key = |name: &str| split(name).map(|(stem, number)| (stem.to_owned(), number));
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
        assert_eq!(next("n08", 2, &|name| name == "n09"), Some(owned(&["n10", "n11"])), "zeros are kept");
        assert_eq!(collapse(&owned(&["n08", "n09", "n10", "n9", "n10"])), ["n08..10", "n9..10"]);
        assert_eq!(next("name", 1, &|_| false), None, "no series");
        let mut names = owned(&["w-10", "w-9", "a-1"]);
        sort(&mut names);
        assert_eq!(names, ["a-1", "w-9", "w-10"]);
    }
}
