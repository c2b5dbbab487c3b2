//! What all of it rests on.

use plimsoll_prove::words;

use super::code;
use crate::escape::text;
use crate::gather::Facts;

pub(crate) fn rests(facts: &Facts<'_>) -> String {
    let design = facts.design;
    let assumed = facts.model.assumed.iter().map(|what| text(what)).collect();
    let accepted = design
        .excluded
        .iter()
        .map(|(path, excluded)| {
            let until = excluded.until.map(|until| format!(", until {until}")).unwrap_or_default();
            format!("the loss of {}: {}{until}", code(path.as_str()), text(&excluded.reason))
        })
        .collect();
    let mut common: Vec<String> = facts
        .model
        .components
        .all()
        .filter(|(_, component)| component.common)
        .map(|(_, component)| code(&component.path))
        .collect();
    common
        .extend(design.assume.common_cause.keys().map(|name| format!("{}, as the file declares", text(name.as_str()))));
    common.push(match design.assume.bad_changes {
        Some(count) => format!("bad changes: {count} a year, as the file assumes"),
        None => "bad changes: the file does not say how many a year".to_owned(),
    });
    let hidden = words::hidden_faults(facts.model, design).iter().map(|what| text(what)).collect();
    let rates = words::rates(facts.model).iter().map(|line| text(line)).collect();
    let not = words::NOT_MODELLED.iter().map(|what| text(what)).collect();
    [
        list("Assumed", "Nobody checked these; the proof takes them for granted.", assumed),
        list("Accepted by the file", "These may break promises; the file says why that is all right.", accepted),
        list("Common causes", "They take many things at once. Their time is shown apart and in no sum.", common),
        list("Hidden faults", "What waits for its turn may be dead, and nobody knows.", hidden),
        list("Where rates come from", &text(&words::repairs(design).join("; ")), rates),
        list("Not modelled", "The proof does not know of these.", not),
    ]
    .concat()
}

fn list(title: &str, about: &str, items: Vec<String>) -> String {
    if items.is_empty() {
        return String::new();
    }
    let items: Vec<String> = items.into_iter().map(|item| format!("<li>{item}</li>")).collect();
    format!("<div><h3>{title}</h3><p class=\"muted\">{about}</p><ul>{}</ul></div>\n", items.concat())
}
