//! All definitions of a file, before anything refers to anything.

use super::problem::{Problems, shown};
use super::scope::{Kind, Names, Target, join};
use super::xml::{Document, Element};

/// Something defined.
#[derive(Debug)]
pub(super) struct Definition<'a> {
    pub(super) name: &'a str,
    /// The path of the container.
    pub(super) base: String,
    pub(super) public: bool,
    pub(super) at: usize,
    /// The only element that says what it is, if there is one.
    pub(super) body: Option<&'a Element>,
}

/// All that is defined, by kind.
#[derive(Debug, Default)]
pub(super) struct Definitions<'a> {
    pub(super) gates: Vec<Definition<'a>>,
    pub(super) basics: Vec<Definition<'a>>,
    pub(super) houses: Vec<Definition<'a>>,
    pub(super) parameters: Vec<Definition<'a>>,
    pub(super) names: Names,
    /// Definitions that were left out, since their name is that of another.
    pub(super) twice: usize,
}

impl<'a> Definitions<'a> {
    fn list(&mut self, kind: Kind) -> &mut Vec<Definition<'a>> {
        match kind {
            Kind::Gate => &mut self.gates,
            Kind::Basic => &mut self.basics,
            Kind::House => &mut self.houses,
            Kind::Parameter => &mut self.parameters,
        }
    }

    /// The name that others know it by: its own if it is public and the only one, else its path.
    pub(super) fn known_as(&self, kind: Kind, definition: &Definition<'_>) -> String {
        if definition.public && self.names.sharing(kind, definition.name) == 1 {
            definition.name.to_string()
        } else {
            join(&definition.base, definition.name)
        }
    }
}

pub(super) fn collect<'a>(document: &'a Document, problems: &mut Problems<'_>) -> Definitions<'a> {
    let mut found = Definitions::default();
    let root = document.root();
    if root.name != "opsa-mef" {
        problems.error(root.at, format!("the root element is <{}>, not <opsa-mef>", shown(&root.name)));
        return found;
    }
    no_text(root, problems);
    for element in document.children(root) {
        match element.name.as_str() {
            "define-fault-tree" => {
                let base = name_of(element, problems).unwrap_or_default().to_string();
                container(document, element, &base, true, &mut found, problems);
            }
            "model-data" => container(document, element, "", true, &mut found, problems),
            "label" | "attributes" => {}
            _ => unknown(element, "opsa-mef", problems),
        }
    }
    found
}

fn container<'a>(
    document: &'a Document,
    of: &'a Element,
    base: &str,
    public: bool,
    found: &mut Definitions<'a>,
    problems: &mut Problems<'_>,
) {
    no_text(of, problems);
    for element in document.children(of) {
        let kind = match element.name.as_str() {
            "define-gate" => Kind::Gate,
            "define-basic-event" => Kind::Basic,
            "define-house-event" => Kind::House,
            "define-parameter" => Kind::Parameter,
            "label" | "attributes" => continue,
            "define-component" => {
                if let Some(name) = name_of(element, problems) {
                    let public = role_of(element, public, problems);
                    container(document, element, &join(base, name), public, found, problems);
                }
                continue;
            }
            _ => {
                unknown(element, &of.name, problems);
                continue;
            }
        };
        define(document, element, kind, base, public, found, problems);
    }
}

fn define<'a>(
    document: &'a Document,
    element: &'a Element,
    kind: Kind,
    base: &str,
    public: bool,
    found: &mut Definitions<'a>,
    problems: &mut Problems<'_>,
) {
    no_text(element, problems);
    let Some(name) = name_of(element, problems) else { return };
    let public = role_of(element, public, problems);
    let mut body = None;
    for child in document.children(element) {
        match child.name.as_str() {
            "label" | "attributes" => {}
            _ if body.is_none() => body = Some(child),
            other => problems
                .error(child.at, format!("{} `{}` has a second content, <{}>", kind.word(), shown(name), shown(other))),
        }
    }
    if kind == Kind::Gate && body.is_none() {
        problems.error(element.at, format!("gate `{}` is empty", shown(name)));
        return;
    }
    if kind == Kind::Parameter && body.is_none() {
        problems.error(element.at, format!("parameter `{}` has no value", shown(name)));
        return;
    }
    let number = found.list(kind).len();
    match found.names.add(base, name, public, Target { kind, number }) {
        Ok(()) => found.list(kind).push(Definition { name, base: base.to_string(), public, at: element.at, body }),
        Err(other) => {
            found.twice += 1;
            let first = found.list(other.kind)[other.number].at;
            let place = problems.place(super::Severity::Error, first, String::new());
            problems.error(
                element.at,
                format!(
                    "{} `{}` is defined twice: the first is a {} on line {}",
                    kind.word(),
                    shown(name),
                    other.kind.word(),
                    place.line
                ),
            );
        }
    }
}

fn name_of<'a>(element: &'a Element, problems: &mut Problems<'_>) -> Option<&'a str> {
    let name = element.attribute("name");
    match name {
        None | Some("") => problems.error(element.at, format!("<{}> has no name", shown(&element.name))),
        Some(name) if name.contains(|c: char| c == '.' || c.is_whitespace() || c.is_control()) => {
            problems.error(element.at, format!("the name `{}` has a dot or a space in it", shown(name)));
        }
        _ => return name,
    }
    None
}

fn role_of(element: &Element, outer: bool, problems: &mut Problems<'_>) -> bool {
    match element.attribute("role") {
        None => outer,
        Some("public") => true,
        Some("private") => false,
        Some(other) => {
            problems.error(element.at, format!("role `{}` is neither public nor private", shown(other)));
            outer
        }
    }
}

fn unknown(element: &Element, inside: &str, problems: &mut Problems<'_>) {
    let name = shown(&element.name);
    problems.error(element.at, format!("<{name}> in <{}> is unknown or not supported", shown(inside)));
}

pub(super) fn no_text(element: &Element, problems: &mut Problems<'_>) {
    if let Some(text) = element.stray_text() {
        problems.error(element.at, format!("<{}> contains text, `{text}`", shown(&element.name)));
    }
}
