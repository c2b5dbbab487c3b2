//! What comes from a file is text, wherever it is put.

/// As text or attribute value of HTML and XML.
pub(crate) fn text(raw: &str) -> String {
    replaced(raw, |character| {
        Some(match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&#39;",
            '\n' => "&#10;",
            // What XML has no way to write.
            control if control.is_control() && !matches!(control, '\t' | '\r') => "\u{fffd}",
            _ => return None,
        })
    })
}

/// JSON that can stand in a `<script>`: nothing in it ends the element or begins a comment.
pub(crate) fn json(raw: &str) -> String {
    replaced(raw, |character| {
        Some(match character {
            '<' => "\\u003c",
            '>' => "\\u003e",
            '&' => "\\u0026",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            _ => return None,
        })
    })
}

/// The text with some characters replaced; what lies between them is taken over as a whole.
fn replaced(raw: &str, with: impl Fn(char) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut from = 0;
    for (at, character) in raw.char_indices() {
        if let Some(other) = with(character) {
            out += &raw[from..at];
            out += other;
            from = at + character.len_utf8();
        }
    }
    out + &raw[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_what_it_stands_in() {
        assert_eq!(text("a<b>&\"c'\u{1}"), "a&lt;b&gt;&amp;&quot;c&#39;\u{fffd}");
        let value = serde_json::json!({ "name": "</script><!--\u{2028}&" });
        let written = json(&value.to_string());
        assert!(!written.contains('<') && !written.contains('&') && !written.contains('\u{2028}'), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).expect("JSON"), value);
    }
}
