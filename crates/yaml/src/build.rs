//! Nodes from the parser's events, within the limits.

use std::collections::{BTreeMap, BTreeSet};

use granit_parser::{Event, ScalarStyle, StructureStyle};
use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Span};

use crate::node::{Entry, Key, Node, Style, Text, Value};
use crate::parse::{Dialect, Limits};

/// Why a document is given up.
pub(crate) type Halt = Box<Diagnostic>;

/// What an anchor stands for, and what another copy of it costs.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
    height: usize,
}

enum Pending {
    Key(Key),
    /// The key was reported; its value is read and dropped.
    Dropped,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, seen: BTreeMap<String, Span>, pending: Option<Pending>, merges: Vec<Node> },
}

struct Frame {
    content: Content,
    start: Span,
    flow: bool,
    anchor: usize,
    tag: Option<String>,
    nodes_before: usize,
    bytes_before: usize,
}

pub(crate) struct Builder<'a> {
    text: &'a str,
    source: SourceId,
    dialect: Dialect,
    limits: Limits,
    /// The byte from which the parser counts.
    start: usize,
    nodes: usize,
    bytes: usize,
    anchors: BTreeMap<usize, Anchored>,
    stack: Vec<Frame>,
    root: Option<Node>,
    pub(crate) diagnostics: Diagnostics,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(text: &'a str, source: SourceId, dialect: Dialect, limits: Limits) -> Self {
        Builder {
            text,
            source,
            dialect,
            limits,
            start: 0,
            nodes: 0,
            bytes: 0,
            anchors: BTreeMap::new(),
            stack: Vec::new(),
            root: None,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Whether the limit on nodes is reached, so that nothing more can be read.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.nodes > self.limits.nodes
    }

    /// The document that was just completed; `None` for an empty one.
    pub(crate) fn take(&mut self) -> Option<Node> {
        self.root.take().filter(|node| !node.is_null())
    }

    /// Forgets what is open.
    pub(crate) fn reset(&mut self) {
        self.stack.clear();
        self.anchors.clear();
        self.root = None;
    }

    /// The parser begins at this byte, from which it counts.
    pub(crate) fn starts_at(&mut self, start: usize) {
        self.start = start;
        self.reset();
    }

    /// Whether the text may hold several documents, and all of YAML's means.
    pub(crate) fn is_full(&self) -> bool {
        self.dialect == Dialect::Full
    }

    /// A place without a length.
    pub(crate) fn here(&self, at: usize) -> Span {
        Span::new(self.source, at, at)
    }

    /// Says why a document is left out, and where reading goes on.
    pub(crate) fn left_out(&mut self, problem: Diagnostic, document: usize, next: Option<usize>) {
        let line = |at: usize| 1 + self.text.get(..at).unwrap_or(self.text).matches('\n').count();
        let first = line(document);
        self.diagnostics.push(problem.note(match next {
            Some(next) => {
                let (last, next) = (line(next) - 1, line(next));
                format!("the document in lines {first} to {last} is left out; reading goes on at line {next}")
            }
            None => format!("all from line {first} on is left out"),
        }));
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or(0..0);
        let end = (self.start + range.end).min(self.text.len());
        Span::new(self.source, (self.start + range.start).min(end), end)
    }

    pub(crate) fn syntax_error(&self, at: usize, info: &str) -> Diagnostic {
        let info = info.trim_end_matches('.');
        let problem = Diagnostic::error(format!("broken YAML: {info}"))
            .code("yaml-syntax")
            .at(Span::new(self.source, at, at), "here");
        self.template_hint(problem, at)
    }

    /// Files with templating left in them are the commonest cause of broken YAML.
    fn template_hint(&self, problem: Diagnostic, at: usize) -> Diagnostic {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let start = self.text[..start.saturating_sub(1)].rfind('\n').map_or(0, |newline| newline + 1).min(start);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        let around = &self.text[start..end];
        if around.contains("{{") || around.contains("{%") {
            problem.help("this looks like a template; give the rendered file instead")
        } else if around.contains('\t') {
            problem.help("indent with spaces: YAML takes no tabs")
        } else {
            problem
        }
    }

    fn count(&mut self, nodes: usize, bytes: usize, span: Span) -> Result<(), Halt> {
        self.nodes += nodes;
        self.bytes += bytes;
        let message = if self.nodes > self.limits.nodes {
            format!("the text has more than {} nodes", self.limits.nodes)
        } else if self.bytes > self.limits.bytes {
            format!("the text expands to more than {} bytes", self.limits.bytes)
        } else {
            return Ok(());
        };
        Err(Box::new(Diagnostic::error(message).code("yaml-limit").at(span, "the limit is reached here")))
    }

    pub(crate) fn too_deep(&self, span: Span) -> Halt {
        let message = format!("the text is nested more than {} levels deep", self.limits.depth);
        Box::new(Diagnostic::error(message).code("yaml-limit").at(span, "the limit is reached here"))
    }

    pub(crate) fn event(&mut self, event: Event<'_>, span: granit_parser::Span) -> Result<(), Halt> {
        let at = self.span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, text.len(), at)?;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    _ => Style::Block,
                };
                let (tag, style) = self.tag(tag.as_deref(), style, span);
                let text = Text { text: text.into_owned(), style };
                let node = Node { span: Some(at), value: Value::Scalar(text), tag };
                self.keep(anchor, &node, 1, self.nodes.saturating_sub(1));
                self.add(node);
                Ok(())
            }
            Event::SequenceStart(style, anchor, tag) => {
                let content = Content::Sequence(Vec::new());
                self.open(content, style, anchor, tag.as_deref(), span)
            }
            Event::MappingStart(style, anchor, tag) => {
                let content =
                    Content::Mapping { entries: Vec::new(), seen: BTreeMap::new(), pending: None, merges: Vec::new() };
                self.open(content, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(at);
                Ok(())
            }
            Event::Anchor(..) => {
                if self.dialect == Dialect::Plain {
                    self.refuse(
                        at,
                        "anchors are not read here",
                        "write the value out, or use a range such as `pve-1..6`",
                    );
                }
                Ok(())
            }
            Event::Alias(id) => self.alias(id, at),
            Event::UnresolvedAlias(name) => {
                let problem = Diagnostic::error(format!("there is no anchor `{name}` before this alias"))
                    .code("yaml-alias")
                    .at(at, "")
                    .help("a text that begins with `*` needs quotes");
                self.diagnostics.push(problem);
                self.count(1, 0, at)?;
                self.add(Node { span: Some(at), ..Node::plain("") });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, at: Span, message: &str, help: &str) {
        self.diagnostics.push(Diagnostic::error(message).code("yaml-plain").at(at, "").help(help));
    }

    /// Splits off the tag: the core ones change at most the style, others are kept (or refused) as written.
    fn tag(
        &mut self,
        tag: Option<&granit_parser::Tag>,
        style: Style,
        span: granit_parser::Span,
    ) -> (Option<String>, Style) {
        let Some(tag) = tag else { return (None, style) };
        let at = span.tag_span().map_or_else(|| self.span(span), |tag| self.span(tag));
        if self.dialect == Dialect::Plain {
            self.refuse(at, "tags are not read here", "leave the tag out; a text that begins with `!` needs quotes");
        }
        let written = self.text.get(at.start as usize..at.end as usize).unwrap_or_default().to_owned();
        match written.as_str() {
            "!!str" | "!" => (None, if style == Style::Plain { Style::Quoted } else { style }),
            "!!int" | "!!bool" | "!!float" | "!!null" | "!!map" | "!!seq" => (None, style),
            _ if tag.is_yaml_core_schema() && written.is_empty() => (None, style),
            _ => (Some(written), style),
        }
    }

    fn open(
        &mut self,
        content: Content,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        span: granit_parser::Span,
    ) -> Result<(), Halt> {
        let start = self.span(span);
        self.count(1, 0, start)?;
        if self.stack.len() >= self.limits.depth {
            return Err(self.too_deep(start));
        }
        let (tag, _) = self.tag(tag, Style::Plain, span);
        let (nodes_before, bytes_before) = (self.nodes - 1, self.bytes);
        let flow = style == StructureStyle::Flow;
        self.stack.push(Frame { content, start, flow, anchor, tag, nodes_before, bytes_before });
        Ok(())
    }

    fn close(&mut self, end: Span) {
        let Some(frame) = self.stack.pop() else { return };
        let (value, inner) = match frame.content {
            Content::Sequence(items) => {
                let inner = items.last().and_then(|node| node.span);
                (Value::Sequence(items), inner)
            }
            Content::Mapping { mut entries, seen, merges, .. } => {
                let inner = entries.last().and_then(|(key, node)| node.span.or(key.span));
                for merge in merges {
                    self.merge(merge, &mut entries, &seen);
                }
                (Value::Mapping(entries), inner)
            }
        };
        // A block collection's end lies at the next token, maybe lines below: its last part tells where it ends. What
        // came in by an alias stands elsewhere.
        let span = match inner {
            _ if frame.flow => frame.start.to(end),
            Some(last) if last.end >= frame.start.start => Span { end: last.end, ..frame.start },
            _ => frame.start,
        };
        let node = Node { span: Some(span), value, tag: frame.tag };
        let bytes = self.bytes - frame.bytes_before;
        self.keep(frame.anchor, &node, bytes, frame.nodes_before);
        self.add(node);
    }

    /// Remembers what an anchor stands for.
    fn keep(&mut self, anchor: usize, node: &Node, bytes: usize, nodes_before: usize) {
        if anchor != 0 {
            let bytes = bytes.max(node.as_str().map_or(0, str::len));
            let nodes = self.nodes - nodes_before;
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, bytes, height: node.height() });
        }
    }

    fn alias(&mut self, id: usize, at: Span) -> Result<(), Halt> {
        if self.dialect == Dialect::Plain {
            self.refuse(at, "aliases are not read here", "write the value out, or use a range such as `pve-1..6`");
            self.count(1, 0, at)?;
            self.add(Node { span: Some(at), ..Node::plain("") });
            return Ok(());
        }
        let Some(anchored) = self.anchors.get(&id) else {
            // The parser knows the anchor, yet its node is still open: the alias stands inside what it names.
            let problem = Diagnostic::error("an alias stands inside the value it stands for").code("yaml-alias");
            self.diagnostics.push(problem.at(at, "this never ends"));
            self.count(1, 0, at)?;
            self.add(Node { span: Some(at), ..Node::plain("") });
            return Ok(());
        };
        let (nodes, bytes, height) = (anchored.nodes, anchored.bytes, anchored.height);
        self.count(nodes, bytes, at)?;
        if self.stack.len() + height > self.limits.depth {
            return Err(self.too_deep(at));
        }
        if let Some(node) = self.anchors.get(&id).map(|anchored| anchored.node.clone()) {
            self.add(node);
        }
        Ok(())
    }

    fn add(&mut self, node: Node) {
        let dialect = self.dialect;
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, seen, pending, merges } => match pending.take() {
                Some(Pending::Key(key))
                    if key.text == "<<" && key.style == Style::Plain && dialect == Dialect::Full =>
                {
                    merges.push(node);
                }
                Some(Pending::Key(key)) => entries.push((key, node)),
                Some(Pending::Dropped) => {}
                None => {
                    let span = node.span;
                    let Value::Scalar(scalar) = node.value else {
                        *pending = Some(Pending::Dropped);
                        let at = span.map_or(0, |span| span.start as usize);
                        let problem =
                            Diagnostic::error("a key must be a text, not a list or a mapping").code("yaml-key");
                        let problem = self.template_hint(problem.at(span, ""), at);
                        self.diagnostics.push(problem);
                        return;
                    };
                    let here = span.unwrap_or(frame.start);
                    let full = self.diagnostics.len() >= self.limits.errors.saturating_mul(10);
                    if full && seen.contains_key(&scalar.text) {
                        *pending = Some(Pending::Dropped);
                    } else if let Some(first) = seen.get(&scalar.text).copied() {
                        *pending = Some(Pending::Dropped);
                        let problem = Diagnostic::error(format!("the key `{}` is given twice", scalar.text))
                            .code("yaml-duplicate-key")
                            .at(here, "given again here")
                            .context(first, "first given here");
                        self.diagnostics.push(problem);
                    } else {
                        if scalar.text == "<<" && scalar.style == Style::Plain && dialect == Dialect::Plain {
                            self.diagnostics.push(
                                Diagnostic::error("merge keys are not read here")
                                    .code("yaml-plain")
                                    .at(here, "")
                                    .help("write the values out, or use a range such as `pve-1..6`"),
                            );
                        }
                        seen.insert(scalar.text.clone(), here);
                        *pending = Some(Pending::Key(Key { text: scalar.text, span, style: scalar.style }));
                    }
                }
            },
        }
    }

    /// Adds the entries of a merged mapping that are not given beside the merge key.
    fn merge(&mut self, merged: Node, entries: &mut Vec<Entry>, seen: &BTreeMap<String, Span>) {
        let span = merged.span;
        let (sources, whole) = match merged.value {
            Value::Sequence(items) => (items, false),
            value => (vec![Node { span, value, tag: None }], true),
        };
        let mut added: BTreeSet<String> = BTreeSet::new();
        for source in sources {
            if let Value::Mapping(more) = source.value {
                for (key, node) in more {
                    if !seen.contains_key(&key.text) && added.insert(key.text.clone()) {
                        entries.push((key, node));
                    }
                }
            } else {
                let what = if whole { "a mapping or a list of mappings" } else { "a list of mappings" };
                let problem = Diagnostic::error(format!("the merge key `<<` takes {what}")).code("yaml-merge");
                self.diagnostics.push(problem.at(source.span.or(span), ""));
            }
        }
    }
}
