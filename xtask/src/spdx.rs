//! Licence expressions: which of the alternatives they offer is allowed.

/// Whether the expression can be satisfied with licences that `allowed` accepts. `AND` binds tighter than `OR`; `/` is an
/// old way to write `OR`; `X WITH Y` is one licence.
pub(crate) fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let verdict = any(&mut rest, allowed);
    // An expression that does not parse allows nothing.
    verdict.is_some_and(|verdict| verdict && rest.is_empty())
}

fn any(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut verdict = all(rest, allowed)?;
    while rest.first() == Some(&"OR") {
        *rest = &rest[1..];
        verdict |= all(rest, allowed)?;
    }
    Some(verdict)
}

fn all(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut verdict = one(rest, allowed)?;
    while rest.first() == Some(&"AND") {
        *rest = &rest[1..];
        verdict &= one(rest, allowed)?;
    }
    Some(verdict)
}

fn one(rest: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let (&word, tail) = rest.split_first()?;
    *rest = tail;
    if word == "(" {
        let verdict = any(rest, allowed)?;
        let (&")", tail) = rest.split_first()? else { return None };
        *rest = tail;
        return Some(verdict);
    }
    if matches!(word, ")" | "OR" | "AND" | "WITH") {
        return None;
    }
    if rest.first() == Some(&"WITH") {
        let exception = rest.get(1)?;
        let verdict = allowed(&format!("{word} WITH {exception}"));
        *rest = &rest[2..];
        return Some(verdict);
    }
    Some(allowed(word))
}

#[cfg(test)]
mod tests {
    fn satisfied(expression: &str) -> bool {
        super::satisfied(expression, &|licence| matches!(licence, "MIT" | "Apache-2.0" | "A WITH E"))
    }

    #[test]
    fn one_allowed_alternative_is_enough_but_a_conjunction_needs_all() {
        assert!(satisfied("MIT"));
        assert!(satisfied("GPL-3.0 OR MIT"));
        assert!(satisfied("GPL-3.0/Apache-2.0"));
        assert!(satisfied("MIT AND Apache-2.0"));
        assert!(satisfied("A WITH E OR GPL-3.0"));
        assert!(satisfied("(GPL-3.0 OR MIT) AND Apache-2.0"));
        assert!(!satisfied("GPL-3.0"));
        assert!(!satisfied("GPL-3.0 AND MIT"));
        // AND binds tighter: the first alternative needs the GPL, the second too.
        assert!(!satisfied("MIT AND GPL-3.0 OR GPL-2.0"));
        assert!(!satisfied("A WITH F"));
    }

    #[test]
    fn what_does_not_parse_allows_nothing() {
        for text in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "WITH MIT", "AND"] {
            assert!(!satisfied(text), "{text}");
        }
    }
}
