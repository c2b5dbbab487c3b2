//! BIND's named.conf.
//!
//! Read: `options`, `zone` (also in views), `key`, `view`, `acl`, `controls`, `primaries` and the settings that rules
//! judge; every other statement is kept as written, `logging` among them. `include` is reported and kept. `master`,
//! `slave` and `masters` are read as `primary`, `secondary` and `primaries`, which BIND has known since 9.16.
//!
//! What named uses where nothing is stated is answered by the documented functions here, by version, and never filled
//! in by the reader.

mod lists;
mod settings;
mod syntax;
#[cfg(test)]
mod tests;

use std::fmt;

use plimsoll_diagnostics::{SourceId, Sources, Span, Spanned};

use crate::Read;
use crate::input::Input;
use crate::words::{self, Fate, Words};

pub use lists::{Match, MatchList, Matched, Remote, RemoteHost, RemoteList, UpdatePolicy, UpdateRule};
pub use settings::Settings;
pub use syntax::{Part, Statement};

use syntax::{plain, string};

/// A named.conf, or a part of one that another includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// Patterns of `include` statements at the top, in order.
    pub includes: Vec<Spanned<String>>,
    /// `acl` lists by name, in order.
    pub acls: Vec<Acl>,
    /// TSIG keys.
    pub keys: Vec<Key>,
    /// `options`.
    pub options: Option<Spanned<Settings>>,
    /// `controls`: each place where rndc is listened to.
    pub controls: Vec<Statement>,
    /// Named lists of servers (`primaries name { … };`, also `masters`, `remote-servers`).
    pub primaries: Vec<Primaries>,
    /// Views, in the order in which clients are matched.
    pub views: Vec<View>,
    /// Zones outside of views.
    pub zones: Vec<Zone>,
    /// Every other statement, as written.
    pub other: Vec<Statement>,
}

/// A named address match list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Its name.
    pub name: Spanned<String>,
    /// Its elements.
    pub list: MatchList,
}

/// A TSIG key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: Spanned<String>,
    /// `hmac-sha256` …
    pub algorithm: Option<Spanned<String>>,
    /// The shared secret, in Base64. Never to be shown.
    pub secret: Option<Spanned<Secret>>,
    /// Every other statement, as written.
    pub other: Vec<Statement>,
}

/// A text that no message, log or `Debug` output shows; only the writer writes it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A named list of servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primaries {
    /// Its name.
    pub name: Spanned<String>,
    /// Its servers.
    pub list: RemoteList,
}

/// A view: a set of zones for the clients that it matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: Spanned<String>,
    /// The class, when given.
    pub class: Option<Spanned<String>>,
    /// Patterns of `include` statements in it.
    pub includes: Vec<Spanned<String>>,
    /// Keys that only it knows.
    pub keys: Vec<Key>,
    /// What it sets.
    pub settings: Settings,
    /// Its zones.
    pub zones: Vec<Zone>,
}

/// A zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// Its name, as written (a final dot is left in).
    pub name: Spanned<String>,
    /// The class, when given.
    pub class: Option<Spanned<String>>,
    /// `type`; absent with `in-view`.
    pub kind: Option<Spanned<Kind>>,
    /// `file`, relative to `directory`.
    pub file: Option<Spanned<String>>,
    /// `in-view`: the zone of an earlier view.
    pub in_view: Option<Spanned<String>>,
    /// `update-policy`.
    pub update_policy: Option<Spanned<UpdatePolicy>>,
    /// What else it sets.
    pub settings: Settings,
}

/// What a server is for a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It holds the original (`primary`, formerly `master`).
    Primary,
    /// It copies the zone (`secondary`, formerly `slave`).
    Secondary,
    /// It knows the zone's servers only.
    Stub,
    /// It asks others.
    Forward,
    /// Where resolution starts.
    Hint,
    /// `mirror`, `static-stub`, `redirect`, `delegation-only`, or a place left open.
    Other(String),
}

impl Kind {
    fn of(word: &str) -> Self {
        match word {
            "primary" | "master" => Kind::Primary,
            "secondary" | "slave" => Kind::Secondary,
            "stub" => Kind::Stub,
            "forward" => Kind::Forward,
            "hint" => Kind::Hint,
            _ => Kind::Other(word.to_owned()),
        }
    }

    /// The word in the file.
    pub fn as_str(&self) -> &str {
        match self {
            Kind::Primary => "primary",
            Kind::Secondary => "secondary",
            Kind::Stub => "stub",
            Kind::Forward => "forward",
            Kind::Hint => "hint",
            Kind::Other(word) => word,
        }
    }
}

impl Zone {
    /// True when the server writes the zone's file itself, so that nobody else may: it takes updates, copies the zone,
    /// or signs it in place.
    pub fn is_dynamic(&self) -> bool {
        self.update_policy.is_some()
            || self
                .settings
                .allow_update
                .as_ref()
                .is_some_and(|list| list.elements.iter().any(|element| !matches!(element.what.value, Matched::None)))
            || matches!(self.kind.as_ref().map(|kind| &kind.value), Some(Kind::Secondary))
            || self.settings.inline_signing.get() == Some(&true)
    }
}

impl Conf {
    /// Every zone with its view, in order.
    pub fn all_zones(&self) -> impl Iterator<Item = (Option<&View>, &Zone)> {
        let outside = self.zones.iter().map(|zone| (None, zone));
        outside.chain(self.views.iter().flat_map(|view| view.zones.iter().map(move |zone| (Some(view), zone))))
    }

    /// A setting as it holds for a zone: its own, else the view's, else that of `options`; `None` when nobody states
    /// it, so that named's default holds.
    pub fn in_effect<'a, T>(
        &'a self,
        view: Option<&'a View>,
        zone: &'a Zone,
        pick: impl Fn(&'a Settings) -> Option<T>,
    ) -> Option<T> {
        pick(&zone.settings)
            .or_else(|| view.and_then(|view| pick(&view.settings)))
            .or_else(|| self.options.as_ref().and_then(|options| pick(&options.value)))
    }

    /// The TSIG key of that name (names are compared without case and final dot), of the view first.
    pub fn key<'a>(&'a self, view: Option<&'a View>, name: &str) -> Option<&'a Key> {
        let same = |key: &&Key| same_name(&key.name, name);
        view.and_then(|view| view.keys.iter().find(same)).or_else(|| self.keys.iter().find(same))
    }
}

/// Whether two domain names are the same: case and a final dot don't count.
pub fn same_name(a: &str, b: &str) -> bool {
    a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.'))
}

/// Who may copy a zone when no `allow-transfer` is stated, by named's `(major, minor)` version: nobody from 9.20
/// (release notes of 9.19.x and 9.20: "default is now none"), anybody before.
pub fn allow_transfer_default(version: (u32, u32)) -> Matched {
    if version >= (9, 20) { Matched::None } else { Matched::Any }
}

const STATEMENTS: Words =
    Words { what: "statement", reader: "BIND", known: &[words::named::STATEMENTS], fate: Fate::Refused };

/// Every statement without a type.
fn kept(conf: &Conf) -> impl Iterator<Item = &Statement> {
    let options = conf.options.iter().map(|options| &options.value);
    let views = conf.views.iter().map(|view| &view.settings);
    let zones = conf.all_zones().map(|(_, zone)| &zone.settings);
    conf.other.iter().chain(options.chain(views).chain(zones).flat_map(|settings| &settings.other))
}

fn keyword(statement: &Statement) -> Option<(&str, Option<Span>)> {
    let word = statement.words().next()?;
    Some((word.value.as_str(), word.span))
}

/// Reads a named.conf.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let mut input = Input::new(source, sources);
    let statements = syntax::parse(&mut input);
    let mut conf = Conf::default();
    for statement in statements {
        let span = statement.span();
        let words: Vec<Spanned<String>> = statement.words().cloned().collect();
        let block = statement.block().is_some();
        match (statement.keyword(), words.get(1)) {
            ("include", Some(pattern)) if !block => {
                input.included(pattern);
                conf.includes.push(pattern.clone());
            }
            ("acl", Some(name)) if block && words.len() == 2 => {
                if let Some(mut list) = MatchList::from_statement(&statement) {
                    list.words.clear();
                    conf.acls.push(Acl { name: name.clone(), list });
                }
            }
            ("key", Some(name)) if block => conf.keys.push(key(&mut input, name.clone(), statement)),
            ("options", None) if block => {
                let mut settings = Settings::default();
                for inner in body(statement) {
                    take(&mut input, &mut settings, inner);
                }
                if let Some(first) = &conf.options {
                    input.twice("`options`", span, first.span, "named refuses this; the first one is taken");
                    let list = settings.to_statements();
                    conf.other.push(Statement::of_words(&["options"]).with_block(list));
                } else {
                    conf.options = Some(Spanned { value: settings, span });
                }
            }
            ("controls", None) if block => conf.controls.extend(body(statement)),
            ("primaries" | "masters" | "remote-servers", Some(name)) if block => {
                if let Some(list) = RemoteList::from_statement(&mut input, &statement, 2) {
                    conf.primaries.push(Primaries { name: name.clone(), list });
                }
            }
            ("view", Some(name)) if block => {
                let class = words.get(2).cloned();
                let view = view(&mut input, name.clone(), class, statement);
                conf.views.push(view);
            }
            ("zone", Some(name)) if block => {
                let class = words.get(2).cloned();
                conf.zones.push(zone(&mut input, name.clone(), class, statement));
            }
            _ => conf.other.push(statement),
        }
    }
    // named does not tell letters by their case.
    let unknown = |word: &(&str, _)| !STATEMENTS.knows(&word.0.to_ascii_lowercase());
    let words = STATEMENTS.check(kept(&conf).filter_map(keyword).filter(unknown));
    input.extend(words);
    input.done(conf)
}

fn body(statement: Statement) -> Vec<Statement> {
    statement
        .parts
        .into_iter()
        .find_map(|part| if let Part::Block(list) = part { Some(list) } else { None })
        .unwrap_or_default()
}

/// A setting, or an `include` among settings, which stays with the other statements.
fn take(input: &mut Input<'_>, settings: &mut Settings, mut statement: Statement) {
    if statement.keyword() == "include"
        && let Some(pattern) = statement.words().nth(1).cloned()
    {
        input.included(&pattern);
    }
    if statement.keyword() == "masters"
        && let Some(Part::Word { text, .. }) = statement.parts.first_mut()
    {
        "primaries".clone_into(&mut text.value);
    }
    settings.take(input, statement);
}

fn key(input: &mut Input<'_>, name: Spanned<String>, statement: Statement) -> Key {
    let mut key = Key { name, algorithm: None, secret: None, other: Vec::new() };
    for inner in body(statement) {
        let value = inner.words().nth(1).cloned();
        match (inner.keyword(), value) {
            ("algorithm", Some(value)) if key.algorithm.is_none() => key.algorithm = Some(value),
            ("secret", Some(value)) if key.secret.is_none() => key.secret = Some(value.map(Secret)),
            (word @ ("algorithm" | "secret"), _) => {
                let what = format!("`{word}` of this key");
                input.twice(&what, inner.span(), key.name.span, "the first one is taken");
            }
            _ => key.other.push(inner),
        }
    }
    key
}

fn view(input: &mut Input<'_>, name: Spanned<String>, class: Option<Spanned<String>>, statement: Statement) -> View {
    let mut view = View { name, class, ..View::default() };
    for inner in body(statement) {
        let words: Vec<Spanned<String>> = inner.words().take(3).cloned().collect();
        let block = inner.block().is_some();
        match (inner.keyword(), words.get(1)) {
            ("include", Some(pattern)) => {
                input.included(pattern);
                view.includes.push(pattern.clone());
            }
            ("key", Some(name)) if block => view.keys.push(key(input, name.clone(), inner)),
            ("zone", Some(name)) if block => {
                let class = words.get(2).cloned();
                view.zones.push(zone(input, name.clone(), class, inner));
            }
            _ => take(input, &mut view.settings, inner),
        }
    }
    view
}

fn zone(input: &mut Input<'_>, name: Spanned<String>, class: Option<Spanned<String>>, statement: Statement) -> Zone {
    let mut zone = Zone { name, class, ..Zone::default() };
    for inner in body(statement) {
        let span = inner.span();
        let value = inner.words().nth(1).cloned();
        match (inner.keyword(), value) {
            ("type", Some(value)) if zone.kind.is_none() => zone.kind = Some(value.map(|word| Kind::of(&word))),
            ("file", Some(value)) if zone.file.is_none() => zone.file = Some(value),
            ("in-view", Some(value)) if zone.in_view.is_none() => zone.in_view = Some(value),
            ("update-policy", word) if zone.update_policy.is_none() && (inner.block().is_some() || word.is_some()) => {
                let policy = policy(input, &inner, span);
                zone.update_policy = Some(Spanned { value: policy, span });
            }
            (word @ ("type" | "file" | "in-view" | "update-policy"), Some(_)) => {
                let what = format!("`{word}` of this zone");
                input.twice(&what, span, zone.name.span, "the first one is taken");
            }
            _ => take(input, &mut zone.settings, inner),
        }
    }
    zone
}

fn policy(input: &mut Input<'_>, statement: &Statement, span: Option<Span>) -> UpdatePolicy {
    let Some(list) = statement.block() else {
        if statement.words().nth(1).is_some_and(|word| word.value == "local") {
            return UpdatePolicy::Local;
        }
        return UpdatePolicy::Unknown(vec![statement.clone()]);
    };
    let rules: Option<Vec<UpdateRule>> = list.iter().map(UpdateRule::from_statement).collect();
    if let Some(rules) = rules {
        return UpdatePolicy::Rules(rules);
    }
    if let Some(span) = span {
        let message = "`update-policy` holds something that is no rule";
        input.bad_value(message, span, "expected `grant` or `deny`, an identity and a kind of match");
    }
    UpdatePolicy::Unknown(list.to_vec())
}

impl fmt::Display for Conf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list: Vec<Statement> = self.includes.iter().map(|pattern| include(pattern)).collect();
        list.extend(self.acls.iter().map(|acl| {
            let block = acl.list.to_statement("acl").parts.pop();
            let mut parts = vec![plain("acl"), string(&acl.name)];
            parts.extend(block);
            Statement { parts }
        }));
        list.extend(self.keys.iter().map(key_statement));
        if let Some(options) = &self.options {
            list.push(Statement::of_words(&["options"]).with_block(options.to_statements()));
        }
        if !self.controls.is_empty() {
            list.push(Statement::of_words(&["controls"]).with_block(self.controls.clone()));
        }
        list.extend(self.primaries.iter().map(|primaries| {
            let mut statement = primaries.list.to_statement(&["primaries"]);
            statement.parts.insert(1, string(&primaries.name));
            statement
        }));
        list.extend(self.views.iter().map(view_statement));
        list.extend(self.zones.iter().map(zone_statement));
        list.extend(self.other.iter().cloned());
        syntax::write(f, &list, 0)
    }
}

fn include(pattern: &str) -> Statement {
    Statement { parts: vec![plain("include"), string(pattern)] }
}

fn key_statement(key: &Key) -> Statement {
    let mut list = Vec::new();
    list.extend(key.algorithm.as_ref().map(|word| Statement { parts: vec![plain("algorithm"), string(word)] }));
    list.extend(key.secret.as_ref().map(|secret| Statement { parts: vec![plain("secret"), string(&secret.value.0)] }));
    list.extend(key.other.iter().cloned());
    Statement { parts: vec![plain("key"), string(&key.name), Part::Block(list)] }
}

fn view_statement(view: &View) -> Statement {
    let mut parts = vec![plain("view"), string(&view.name)];
    parts.extend(view.class.as_ref().map(|class| string(class)));
    let mut list: Vec<Statement> = view.includes.iter().map(|pattern| include(pattern)).collect();
    list.extend(view.keys.iter().map(key_statement));
    list.extend(view.settings.to_statements());
    list.extend(view.zones.iter().map(zone_statement));
    parts.push(Part::Block(list));
    Statement { parts }
}

fn zone_statement(zone: &Zone) -> Statement {
    let mut parts = vec![plain("zone"), string(&zone.name)];
    parts.extend(zone.class.as_ref().map(|class| plain(class)));
    let mut list = Vec::new();
    list.extend(zone.kind.as_ref().map(|kind| Statement::of_words(&["type", kind.value.as_str()])));
    list.extend(zone.file.as_ref().map(|file| Statement { parts: vec![plain("file"), string(file)] }));
    list.extend(zone.in_view.as_ref().map(|view| Statement { parts: vec![plain("in-view"), string(view)] }));
    list.extend(zone.update_policy.as_ref().map(|policy| match &policy.value {
        UpdatePolicy::Local => Statement::of_words(&["update-policy", "local"]),
        UpdatePolicy::Rules(rules) => {
            Statement::of_words(&["update-policy"]).with_block(rules.iter().map(UpdateRule::to_statement).collect())
        }
        UpdatePolicy::Unknown(list) => match list.as_slice() {
            [whole] if whole.keyword() == "update-policy" => whole.clone(),
            _ => Statement::of_words(&["update-policy"]).with_block(list.clone()),
        },
    }));
    list.extend(zone.settings.to_statements());
    parts.push(Part::Block(list));
    Statement { parts }
}
