//! The pages of the rules' tests.

use serde_json::Value;

/// A page: the cases of one rule.
pub(crate) struct Page {
    pub(crate) cases: Vec<Case>,
}

/// One case.
#[derive(Default)]
pub(crate) struct Case {
    pub(crate) heading: String,
    /// Changes of the Design: a path and its new value, `None` to take it out.
    pub(crate) edits: Vec<(String, Option<Value>)>,
    /// Changes of the cluster file's text.
    pub(crate) cluster: Vec<(String, String)>,
    /// Files somebody has.
    pub(crate) files: Vec<(String, String)>,
    /// Other rules that speak.
    pub(crate) also: Vec<String>,
    /// What the rule says.
    pub(crate) expect: String,
}

/// Reads a page.
pub(crate) fn parse(text: &str) -> Result<Page, String> {
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            cases.push(Case { heading: heading.to_owned(), ..Case::default() });
        } else if let Some(info) = line.strip_prefix("```") {
            let mut body = String::new();
            loop {
                match lines.next() {
                    Some((_, "```")) => break,
                    Some((_, line)) => body = body + line + "\n",
                    None => return Err(format!("line {}: the block never ends", number + 1)),
                }
            }
            let case = cases.last_mut().ok_or_else(|| format!("line {}: a block before the first case", number + 1))?;
            block(case, info.trim(), body).map_err(|error| format!("line {}: {error}", number + 1))?;
        }
    }
    if cases.is_empty() {
        return Err("no case".to_owned());
    }
    Ok(Page { cases })
}

fn block(case: &mut Case, info: &str, body: String) -> Result<(), String> {
    match info.split_once(' ').unwrap_or((info, "")) {
        ("edit", _) => {
            for line in body.lines().filter(|line| !line.trim().is_empty()) {
                case.edits.push(edit(line)?);
            }
        }
        ("cluster", _) => {
            let side = |mark: char| -> String {
                let lines = body.lines().filter_map(|line| line.strip_prefix(mark));
                lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
            };
            case.cluster.push((side('-'), side('+')));
        }
        ("file", path) if !path.is_empty() => case.files.push((path.to_owned(), body)),
        ("also", _) => case.also.extend(body.split_whitespace().map(str::to_owned)),
        ("expect", _) => case.expect = body,
        _ => return Err(format!("a block of unknown kind `{info}`")),
    }
    Ok(())
}

fn edit(line: &str) -> Result<(String, Option<Value>), String> {
    if let Some(path) = line.strip_prefix("remove ") {
        return Ok((path.trim().to_owned(), None));
    }
    let (path, value) = line.split_once(" = ").ok_or_else(|| format!("`{line}` is no `PATH = JSON`"))?;
    let value = serde_json::from_str(value).map_err(|error| format!("`{value}`: {error}"))?;
    Ok((path.trim().to_owned(), Some(value)))
}

/// The page with the expectation of one case replaced.
pub(crate) fn replace_expectation(text: &str, case: &Case, said: &str) -> String {
    let Some(start) = text.find(&format!("## {}\n", case.heading)) else { return text.to_owned() };
    let Some(block) = text[start..].find("```expect\n").map(|at| start + at + "```expect\n".len()) else {
        return text.to_owned();
    };
    let Some(end) =
        text[block..].find("```\n").map(|at| block + at).or_else(|| text[block..].find("```").map(|at| block + at))
    else {
        return text.to_owned();
    };
    format!("{}{said}{}", &text[..block], &text[end..])
}
