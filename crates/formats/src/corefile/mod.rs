//! CoreDNS's Corefile: server blocks, snippets, imports, plugins with arguments and blocks.
//!
//! Everything is kept as words in order; the typed views in this module's children read the plugins that rules judge.
//! `{$NAME}` and `{%NAME%}` are filled by CoreDNS from its environment: they stay words, and a typed value made of one
//! is unknown. Only an imported file is reported, a snippet of the same file is followed by [`Conf::plugins`].

mod plugins;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Spanned};

use crate::input::{DEEPEST, Input, Quotes, Word, quoted_by};
use crate::text::Piece;
use crate::words::{self, Fate, Words};
use crate::{Read, placeholder};

pub use plugins::milliseconds;
pub use plugins::{Cache, Forward, Health, Kubernetes, cache, forward, health, kubernetes};

/// A Corefile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// What stands at the top, in order.
    pub items: Vec<Item>,
}

/// What stands at the top of a Corefile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `zone:port … { … }`
    Server(Server),
    /// `(name) { … }`: plugins to be imported.
    Snippet {
        /// Without its parentheses.
        name: Spanned<String>,
        /// What it holds.
        plugins: Vec<Plugin>,
    },
    /// `import …`, or a line of a template: no block follows.
    Line(Plugin),
}

/// A server block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Zones with scheme and port, as written: `.`, `example.org:1053`, `dns://.:53`.
    pub keys: Vec<Spanned<String>>,
    /// Its plugins as written; their order in the file does not matter to CoreDNS.
    pub plugins: Vec<Plugin>,
}

/// A plugin, or a property in its block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Its name.
    pub name: Spanned<String>,
    /// The words after the name.
    pub args: Vec<Spanned<String>>,
    /// Its block, when it has one.
    pub block: Option<Vec<Plugin>>,
}

impl Plugin {
    /// A plugin of these words without a block.
    pub fn new<'a>(name: &str, args: impl IntoIterator<Item = &'a str>) -> Self {
        let args = args.into_iter().map(|word| word.to_owned().into()).collect();
        Plugin { name: name.to_owned().into(), args, block: None }
    }

    /// The same plugin with a block.
    #[must_use]
    pub fn with(mut self, block: Vec<Plugin>) -> Self {
        self.block = Some(block);
        self
    }

    /// The properties in its block.
    pub fn properties(&self) -> &[Plugin] {
        self.block.as_deref().unwrap_or_default()
    }
}

impl Server {
    /// Zones and ports: absolute names in small letters; the port is CoreDNS's 53 when none is given (853 for `tls`,
    /// 443 for `https`), `None` when it is no number.
    pub fn zones(&self) -> Vec<(Spanned<String>, Option<u16>)> {
        self.keys
            .iter()
            .map(|key| {
                let (scheme, rest) = key.value.split_once("://").unwrap_or(("dns", &key.value));
                let default = match scheme {
                    "tls" | "quic" => 853,
                    "https" | "grpc" | "https3" => 443,
                    _ => 53,
                };
                let (zone, port) = match rest.rsplit_once(':') {
                    Some((zone, port)) if !port.is_empty() => (zone, port.parse().ok()),
                    _ => (rest, Some(default)),
                };
                (Spanned { value: crate::zone::absolute(zone, "."), span: key.span }, port)
            })
            .collect()
    }
}

impl Conf {
    /// The server blocks in order.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.items.iter().filter_map(|item| if let Item::Server(server) = item { Some(server) } else { None })
    }

    /// A server's plugins with its snippets in the place of their imports; an import of a file stays what it is.
    pub fn plugins<'c>(&'c self, server: &'c Server) -> Vec<&'c Plugin> {
        expanded(server, &self.snippets_by_name())
    }

    /// Every server block with its plugins as [`Conf::plugins`] gives them.
    pub fn all_plugins(&self) -> impl Iterator<Item = (&Server, Vec<&Plugin>)> {
        // Found once: to look through all items for each import would be their square.
        let snippets = self.snippets_by_name();
        self.servers().map(move |server| (server, expanded(server, &snippets)))
    }

    /// The first snippet of each name.
    fn snippets_by_name<'c>(&'c self) -> BTreeMap<&'c str, &'c [Plugin]> {
        let named = |item: &'c Item| match item {
            Item::Snippet { name, plugins } => Some((name.value.as_str(), plugins.as_slice())),
            _ => None,
        };
        self.items.iter().rev().filter_map(named).collect()
    }
}

/// The plugins of a server with snippets in the place of their imports.
fn expanded<'c>(server: &'c Server, snippets: &BTreeMap<&str, &'c [Plugin]>) -> Vec<&'c Plugin> {
    // Snippets that import one another would go on for ever, and two each time would double at every step.
    const MOST: usize = 10_000;
    let mut list = Vec::new();
    let mut todo: Vec<(&Plugin, usize)> = server.plugins.iter().rev().map(|plugin| (plugin, 0)).collect();
    let mut steps = 0;
    while let Some((plugin, depth)) = todo.pop() {
        steps += 1;
        let snippet = match plugin.args.first() {
            Some(name) if plugin.name.value == "import" => snippets.get(name.value.as_str()).copied(),
            _ => None,
        };
        match snippet {
            Some(inner) if depth < DEEPEST && steps < MOST => {
                todo.extend(inner.iter().rev().map(|plugin| (plugin, depth + 1)));
            }
            _ => list.push(plugin),
        }
    }
    list
}

const PLUGINS: Words = Words {
    what: "plugin",
    reader: "CoreDNS as it is released",
    known: &[words::coredns::PLUGINS],
    fate: Fate::Refused,
};

/// Reads a Corefile.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let mut tree = parse(&mut input);
    let mut conf = Conf::default();
    let bare = tree.iter().position(|plugin| plugin.block.is_none() && !is_line(plugin));
    // The only server block may go without braces: its keys stand alone on a line, all the rest is its plugins.
    let rest = match bare {
        Some(at) => {
            let mut rest = tree.split_off(at + 1);
            // They come to lie one block deeper than they stand.
            if let Some(span) = cut(&mut rest, DEEPEST - 1) {
                input.too_deep(span);
            }
            tree.pop().map(|keys| (keys, rest))
        }
        None => None,
    };
    for plugin in tree {
        let item = item(plugin);
        conf.items.push(item);
    }
    if let Some((keys, plugins)) = rest {
        conf.items.push(Item::Server(Server { keys: keys_of(&keys), plugins }));
    }
    report_imports(&mut input, &conf);
    let plugins = conf.items.iter().flat_map(|item| match item {
        Item::Server(server) => server.plugins.as_slice(),
        Item::Snippet { plugins, .. } => plugins.as_slice(),
        Item::Line(_) => &[],
    });
    let words = PLUGINS.check_names(plugins.map(|plugin| &plugin.name).filter(|name| !name.value.is_empty()));
    input.extend(words);
    input.done(conf)
}

/// Takes away the blocks that lie deeper than `depth`; the place of one of them, when there are any.
fn cut(plugins: &mut Vec<Plugin>, depth: usize) -> Option<plimsoll_diagnostics::Span> {
    let mut found = None;
    for plugin in plugins.iter_mut() {
        if depth > 0 {
            found = plugin.block.as_mut().and_then(|block| cut(block, depth - 1)).or(found);
        } else if let Some(inner) = plugin.block.take() {
            found = plugin.name.span.or(inner.first().and_then(|inner| inner.name.span)).or(found);
        }
    }
    // A block without a name is nothing when the block is gone.
    plugins.retain(|plugin| plugin.block.is_some() || plugin.name.span.is_some());
    found
}

fn is_line(plugin: &Plugin) -> bool {
    plugin.name.value == "import" || placeholder::starts(&plugin.name).is_some()
}

fn item(mut plugin: Plugin) -> Item {
    let name = plugin.name.value.as_str();
    if plugin.block.is_none() || name == "import" {
        return Item::Line(plugin);
    }
    if plugin.args.is_empty()
        && let Some(name) = name.strip_prefix('(').and_then(|name| name.strip_suffix(')'))
    {
        let name = Spanned { value: name.to_owned(), span: plugin.name.span };
        return Item::Snippet { name, plugins: plugin.block.unwrap_or_default() };
    }
    let keys = keys_of(&plugin);
    Item::Server(Server { keys, plugins: plugin.block.take().unwrap_or_default() })
}

/// The keys of a server block; a comma separates them as a blank does.
fn keys_of(plugin: &Plugin) -> Vec<Spanned<String>> {
    std::iter::once(&plugin.name)
        .chain(&plugin.args)
        .flat_map(|word| {
            word.value
                .split(',')
                .filter(|key| !key.is_empty())
                .map(|key| Spanned { value: key.to_owned(), span: word.span })
        })
        .collect()
}

fn report_imports(input: &mut Input<'_>, conf: &Conf) {
    let mut todo: Vec<&Plugin> = Vec::new();
    for item in &conf.items {
        match item {
            Item::Server(server) => todo.extend(&server.plugins),
            Item::Snippet { plugins, .. } => todo.extend(plugins),
            Item::Line(plugin) => todo.push(plugin),
        }
    }
    let snippets = conf.snippets_by_name();
    let mut patterns = Vec::new();
    while let Some(plugin) = todo.pop() {
        todo.extend(plugin.properties());
        if let (true, Some(pattern)) = (plugin.name.value == "import", plugin.args.first())
            && !snippets.contains_key(pattern.value.as_str())
        {
            patterns.push(pattern);
        }
    }
    patterns.sort_by_key(|pattern| pattern.span);
    for pattern in patterns {
        input.included(pattern);
    }
}

struct Frame {
    done: Vec<Plugin>,
    /// The plugin whose block is open.
    owner: Plugin,
}

fn parse(input: &mut Input<'_>) -> Vec<Plugin> {
    let mut frames = vec![Frame { done: Vec::new(), owner: Plugin::default() }];
    let mut too_deep = 0_usize;
    let mut pending: Vec<Word> = Vec::new();
    let lines = input.lines();
    for line in lines {
        let words = input.words(line, &['#'], Quotes::Whole);
        input.open_places(line.start, line.start + code_length(line, &words));
        for word in words {
            let brace = if word.quoted { "" } else { word.text.as_str() };
            match brace {
                "{" if too_deep > 0 => too_deep += 1,
                "{" if frames.len() > DEEPEST => {
                    too_deep = 1;
                    input.too_deep(word.span);
                }
                "{" => {
                    let owner = plugin(std::mem::take(&mut pending));
                    if owner.name.value.is_empty() && owner.name.span.is_none() {
                        input.syntax("`{` belongs to nothing", word.span, "");
                    }
                    frames.push(Frame { done: Vec::new(), owner });
                }
                "}" if too_deep > 0 => too_deep -= 1,
                _ if too_deep > 0 => {}
                "}" => {
                    finish(&mut frames, &mut pending);
                    if frames.len() == 1 {
                        input.syntax("`}` closes nothing", word.span, "");
                    }
                    close(&mut frames);
                }
                _ => pending.push(word),
            }
        }
        // Keys of a server may go on after a comma.
        let goes_on = frames.len() == 1 && pending.last().is_some_and(|word| word.text.ends_with(','));
        if !goes_on {
            finish(&mut frames, &mut pending);
        }
    }
    finish(&mut frames, &mut pending);
    while frames.len() > 1 {
        let span = frames.last().and_then(|frame| frame.owner.name.span).unwrap_or(input.span(0, 0));
        input.syntax("the block is not closed", span, "opened here");
        close(&mut frames);
    }
    frames.pop().map(|frame| frame.done).unwrap_or_default()
}

/// How much of a line is words, its comment left out.
fn code_length(line: Piece<'_>, words: &[Word]) -> usize {
    words.last().map_or(0, |word| (word.span.end as usize).saturating_sub(line.start))
}

fn finish(frames: &mut [Frame], pending: &mut Vec<Word>) {
    if pending.is_empty() {
        return;
    }
    if let Some(frame) = frames.last_mut() {
        frame.done.push(plugin(std::mem::take(pending)));
    }
}

fn close(frames: &mut Vec<Frame>) {
    if frames.len() < 2 {
        return;
    }
    let Some(Frame { done, mut owner }) = frames.pop() else { return };
    owner.block = Some(done);
    if let Some(frame) = frames.last_mut() {
        frame.done.push(owner);
    }
}

fn plugin(words: Vec<Word>) -> Plugin {
    let mut words = words.into_iter().map(Word::into_spanned);
    let name = words.next().unwrap_or_default();
    Plugin { name, args: words.collect(), block: None }
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            match item {
                Item::Server(server) => {
                    let words = server.keys.iter().map(|key| word(key)).collect::<Vec<_>>().join(" ");
                    // Keys that are all left out are still a block of their own.
                    writeln!(f, "{}{{", if words.is_empty() { String::new() } else { words + " " })?;
                    write(f, &server.plugins, 1)?;
                    writeln!(f, "}}")?;
                }
                Item::Snippet { name, plugins } => {
                    writeln!(f, "{} {{", word(&format!("({name})")))?;
                    write(f, plugins, 1)?;
                    writeln!(f, "}}")?;
                }
                Item::Line(plugin) => write(f, std::slice::from_ref(plugin), 0)?,
            }
        }
        Ok(())
    }
}

fn write(f: &mut fmt::Formatter<'_>, plugins: &[Plugin], depth: usize) -> fmt::Result {
    for plugin in plugins {
        let indent = "    ".repeat(depth);
        f.write_str(&indent)?;
        let named = !plugin.name.value.is_empty() || !plugin.args.is_empty() || plugin.name.span.is_some();
        for (at, part) in named.then_some(&plugin.name).into_iter().chain(&plugin.args).enumerate() {
            f.write_str(if at == 0 { "" } else { " " })?;
            f.write_str(&word(part))?;
        }
        if let Some(block) = &plugin.block {
            writeln!(f, "{}{{", if named { " " } else { "" })?;
            write(f, block, depth + 1)?;
            write!(f, "{indent}}}")?;
        }
        f.write_str("\n")?;
    }
    Ok(())
}

fn word(word: &str) -> Cow<'_, str> {
    let special = word.is_empty()
        || matches!(word, "{" | "}")
        || word.starts_with(['#', '"'])
        || word.contains(char::is_whitespace) && placeholder::starts(word) != Some(word.len());
    if special { quoted_by(word, &['"']).into() } else { word.into() }
}
