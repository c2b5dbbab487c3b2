//! What comes from a file is text, wherever it is put.

/// As text or attribute value of HTML and XML.
pub(crate) fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for character in raw.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("&#10;"),
            // What XML has no way to write.
            control if control.is_control() && !matches!(control, '\t' | '\r') => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// JSON that can stand in a `<script>`: nothing in it ends the element or begins a comment.
pub(crate) fn json(value: &serde_json::Value) -> String {
    let raw = value.to_string();
    let mut out = String::with_capacity(raw.len());
    for character in raw.chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_what_it_stands_in() {
        assert_eq!(text("a<b>&\"c'\u{1}"), "a&lt;b&gt;&amp;&quot;c&#39;\u{fffd}");
        let value = serde_json::json!({ "name": "</script><!--\u{2028}&" });
        let written = json(&value);
        assert!(!written.contains('<') && !written.contains('&') && !written.contains('\u{2028}'), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).expect("JSON"), value);
    }
}
