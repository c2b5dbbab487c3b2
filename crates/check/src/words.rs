//! Words that several rules use.

/// Names as people list them: `a`, `a and b`, `a, b and c`; more than six are counted.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 6;
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match &names[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= SHOWN => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..SHOWN - 1].join(", "), names.len() - SHOWN + 1),
    }
}

/// `word` for one thing, `word` with `s` for several.
pub(crate) fn verb(count: usize, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_listed_as_people_do() {
        assert_eq!(super::list(&["a"]), "a");
        assert_eq!(super::list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(super::list(&["1", "2", "3", "4", "5", "6", "7"]), "1, 2, 3, 4, 5 and 2 more");
    }
}
