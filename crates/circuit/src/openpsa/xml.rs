//! The elements of a file with their places; comments and labels' contents are of no interest.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::problem::{Problem, Problems, Severity, shown};

/// How deep elements may nest: more than any tool writes, and little enough to walk by recursion.
const DEEPEST: usize = 200;
/// The largest file: the biggest published fault trees have some megabytes.
const LARGEST: usize = 64 << 20;

/// An element.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    /// Where it begins, in bytes.
    pub(super) at: usize,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<usize>,
    /// The first text in it that is more than white space, shortened.
    text: Option<String>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// All elements; the first is the root.
#[derive(Debug)]
pub(super) struct Document {
    elements: Vec<Element>,
}

impl Document {
    pub(super) fn root(&self) -> &Element {
        &self.elements[0]
    }

    pub(super) fn children<'a>(&'a self, of: &'a Element) -> impl Iterator<Item = &'a Element> {
        of.children.iter().map(|&child| &self.elements[child])
    }
}

/// Reads the elements of a text.
pub(super) fn parse(text: &str) -> Result<Document, Problem> {
    let fail = |at: usize, message: String| Problems::new(text).place(Severity::Error, at, message);
    if text.len() > LARGEST {
        return Err(fail(0, format!("the file has more than {} MiB", LARGEST >> 20)));
    }
    let mut reader = Reader::from_str(text);
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    loop {
        let at = reader.buffer_position() as usize;
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let place = (reader.error_position() as usize).clamp(at, text.len());
                return Err(fail(place, format!("not well-formed XML: {error}")));
            }
        };
        let (start, closed) = match event {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Text(text) => {
                note(&mut elements, &open, &text.xml10_content());
                continue;
            }
            Event::CData(data) => {
                note(&mut elements, &open, &data.xml10_content());
                continue;
            }
            Event::GeneralRef(reference) => {
                note(&mut elements, &open, &reference.xml10_content());
                continue;
            }
            Event::DocType(declared) => {
                if declared.xml10_content().contains('[') {
                    return Err(fail(
                        at,
                        "the document type defines things of its own (entities?), which is refused".into(),
                    ));
                }
                continue;
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
        };
        if open.is_empty() && !elements.is_empty() {
            return Err(fail(at, "a second root element".into()));
        }
        if open.len() >= DEEPEST {
            return Err(fail(at, format!("elements are nested more than {DEEPEST} deep")));
        }
        let element = read_element(&start, at).map_err(|message| fail(at, message))?;
        let place = elements.len();
        if let Some(&parent) = open.last() {
            elements[parent].children.push(place);
        }
        elements.push(element);
        if !closed {
            open.push(place);
        }
    }
    if let Some(&unclosed) = open.last() {
        let element = &elements[unclosed];
        return Err(fail(element.at, format!("<{}> is never closed", shown(&element.name))));
    }
    if elements.is_empty() {
        return Err(fail(0, "there is no element in the file".into()));
    }
    Ok(Document { elements })
}

fn read_element(start: &BytesStart<'_>, at: usize) -> Result<Element, String> {
    let name = start.name().0.to_string();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("not well-formed XML: {error} in <{}>", shown(&name)))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| format!("not well-formed XML: {error} in <{}>", shown(&name)))?;
        attributes.push((attribute.key.0.to_string(), value.trim().to_string()));
    }
    Ok(Element { name, at, attributes, children: vec![], text: None })
}

fn note(elements: &mut [Element], open: &[usize], text: &str) {
    let text = text.trim();
    if let Some(&place) = open.last()
        && !text.is_empty()
        && elements[place].text.is_none()
    {
        elements[place].text = Some(shown(text));
    }
}

impl Element {
    /// Text where only elements belong.
    pub(super) fn stray_text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}
