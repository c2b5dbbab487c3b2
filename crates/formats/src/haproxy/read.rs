//! From lines to types.

use plimsoll_diagnostics::{Diagnostic, SourceId, Sources, Span, Spanned};

use super::keywords::{GLOBAL, HARMLESS, PROXY, SECTIONS};
use super::syntax::{self, Word};
use super::values::verified;
use super::{
    CheckRule, Conf, Global, HttpCheck, Mode, Other, Place, Proxy, ProxyKind, ProxyOption, Section, Server, UseBackend,
};
use crate::report::Report;
use crate::text::{self, Piece};
use crate::words::{self, Fate, Words};
use crate::{Kept, Read, placeholder};

const SERVER_WORDS: Words =
    Words { what: "option of a server", reader: "HAProxy", known: &[words::haproxy::SERVER], fate: Fate::Refused };

/// The first option of each server that HAProxy does not know: what follows may be its argument.
fn server_words(proxy: &Proxy) -> impl Iterator<Item = (&str, Option<Span>)> {
    let own = proxy.servers.iter().map(|server| &server.options);
    let unknown =
        |name: &&Spanned<String>| !SERVER_WORDS.knows(&name.value) && !name.value.starts_with("set-proxy-v2-tlv-fmt(");
    own.chain([&proxy.default_server])
        .filter_map(move |options| options.other.iter().filter_map(|flag| flag.name.known()).find(unknown))
        .map(|name| (name.value.as_str(), name.span))
}

/// Reads a file.
pub fn read(source: SourceId, sources: &Sources) -> Read<Conf> {
    let (text, report) = Report::open(source, sources);
    let mut reader = Reader { report };
    let mut conf = Conf::default();
    for line in text::lines(text).map(Piece::trim) {
        let (words, end) = syntax::words(line, &reader.report);
        if words.is_empty() {
            continue;
        }
        let line = Piece::new(&line.text[..end - line.start], line.start);
        reader.line(line, &words, &mut conf);
    }
    reader.report.extend(SERVER_WORDS.check(conf.with_defaults().flat_map(server_words)));
    reader.report.close(conf)
}

pub(super) struct Reader {
    pub(super) report: Report,
}

impl Reader {
    fn line(&mut self, line: Piece<'_>, words: &[Word], conf: &mut Conf) {
        let keyword = words[0].text.as_str();
        let place = Place(Some(self.report.span(line.start, line.end())));
        if keyword == "global" {
            conf.sections.push(Section::Global(Global { place, ..Global::default() }));
        } else if let Some(kind) = ProxyKind::from_keyword(keyword) {
            let proxy = self.head(kind, words, place);
            conf.sections.push(Section::Proxy(Box::new(proxy)));
        } else if SECTIONS.contains(&keyword) {
            let head = Spanned::at(line.text.to_owned(), self.report.span(line.start, line.end()));
            self.report.unknown_word(keyword, words[0].span, &[]);
            conf.sections.push(Section::Other(Other { head, statements: Vec::new() }));
        } else {
            match conf.sections.last_mut() {
                None => self.keep(line, words, &["global", "defaults", "frontend", "backend"], &mut conf.unknown),
                Some(Section::Global(global)) => self.global(line, words, global),
                Some(Section::Proxy(proxy)) => {
                    if !self.proxy(words, proxy) {
                        self.keep(line, words, PROXY, &mut proxy.unknown);
                    }
                }
                Some(Section::Other(other)) => {
                    let span = self.report.span(line.start, line.end());
                    if let Some(range) = placeholder::find(line.text) {
                        self.report.placeholder(&line.text[range], span);
                    }
                    other.statements.push(Spanned::at(line.text.to_owned(), span));
                }
            }
        }
    }

    /// `frontend NAME [from DEFAULTS]`; `listen NAME ADDRESS` of old files is a bind.
    fn head(&mut self, kind: ProxyKind, words: &[Word], place: Place) -> Proxy {
        let mut proxy = Proxy { kind, place, ..Proxy::default() };
        let mut rest = words[1..].iter();
        while let Some(word) = rest.next() {
            if word.text == "from" && (kind == ProxyKind::Defaults || !proxy.name.is_absent()) {
                proxy.from = self.next(&mut rest, word);
            } else if proxy.name.is_absent() {
                proxy.name = self.text(word);
            } else {
                let message = format!("`{}` means nothing here", crate::report::shorten(&word.text));
                self.report.bad_value(message, word.span, "addresses belong on a `bind` line");
            }
        }
        if proxy.name.is_absent() && kind != ProxyKind::Defaults {
            self.report.syntax(format!("`{}` without a name", kind.keyword()), words[0].span, "");
        }
        proxy
    }

    fn global(&mut self, line: Piece<'_>, words: &[Word], to: &mut Global) {
        match (words[0].text.as_str(), &words[1..]) {
            ("maxconn", [number]) => self.number(&words[0], number, &mut to.maxconn, u64::MAX),
            ("ssl-server-verify", [verify]) => {
                let new = self.report.setting(&verify.text, verify.span, "`none` or `required`", verified);
                self.assign(&words[0], &mut to.ssl_server_verify, new);
            }
            ("ca-base", [path]) => {
                let new = self.text(path);
                self.assign(&words[0], &mut to.ca_base, new);
            }
            _ => self.keep(line, words, GLOBAL, &mut to.unknown),
        }
    }

    /// Takes a line of a proxy; false when it is to be kept.
    fn proxy(&mut self, words: &[Word], to: &mut Proxy) -> bool {
        let keyword = &words[0];
        match (keyword.text.as_str(), &words[1..]) {
            ("mode", [mode]) => {
                let new = self.report.setting(&mode.text, mode.span, "`tcp` or `http`", |text| match text {
                    "tcp" => Some(Mode::Tcp),
                    "http" => Some(Mode::Http),
                    "log" => Some(Mode::Log),
                    _ => None,
                });
                self.assign(keyword, &mut to.mode, new);
            }
            ("bind", [addresses, options @ ..]) => {
                let bind = self.bind(keyword, addresses, options);
                to.binds.push(bind);
            }
            ("timeout", [name, value]) => return self.timeout(name, value, to),
            ("balance", [_, ..]) => {
                let new = self.joined(&words[1..]);
                self.assign(keyword, &mut to.balance, new);
            }
            ("maxconn", [number]) => self.number(keyword, number, &mut to.maxconn, u64::MAX),
            ("retries", [number]) => self.number(keyword, number, &mut to.retries, u32::MAX),
            ("option", [name, arguments @ ..]) if name.text == "httpchk" => {
                let place = Place(Some(words.iter().fold(keyword.span, |span, word| span.to(word.span))));
                let check = self.httpchk(place, arguments);
                if to.httpchk.is_some() {
                    self.report.twice("option httpchk", name.span, None);
                }
                to.httpchk = Some(check);
            }
            ("option", [name, arguments @ ..]) => self.option(name, arguments, false, to),
            ("no", [option, name, arguments @ ..]) if option.text == "option" => self.option(name, arguments, true, to),
            ("http-check" | "tcp-check", [action, arguments @ ..]) => {
                let action = self.text(action);
                let arguments = arguments.iter().map(|word| self.text(word)).collect();
                let list = if keyword.text == "http-check" { &mut to.http_checks } else { &mut to.tcp_checks };
                list.push(CheckRule { action, arguments });
            }
            ("default-server", options) => self.server_options(options, &mut to.default_server),
            ("server", [name, address, options @ ..]) => {
                let place = Place(Some(words.iter().fold(keyword.span, |span, word| span.to(word.span))));
                let mut server = Server { place, ..Server::default() };
                server.name = self.text(name);
                server.address = self.endpoint(&address.text, address.span);
                self.server_options(options, &mut server.options);
                to.servers.push(server);
            }
            ("default_backend", [name]) => {
                let new = self.text(name);
                self.assign(keyword, &mut to.default_backend, new);
            }
            ("use_backend", [name, condition @ ..]) => {
                let backend = self.text(name);
                let condition = condition.iter().map(|word| self.plain(word)).collect();
                to.use_backends.push(UseBackend { backend, condition });
            }
            _ => return false,
        }
        true
    }

    fn timeout(&mut self, name: &Word, value: &Word, to: &mut Proxy) -> bool {
        let timeouts = &mut to.timeouts;
        let slot = match name.text.as_str() {
            "connect" => &mut timeouts.connect,
            "client" => &mut timeouts.client,
            "server" => &mut timeouts.server,
            "tunnel" => &mut timeouts.tunnel,
            "check" => &mut timeouts.check,
            "client-fin" => &mut timeouts.client_fin,
            "server-fin" => &mut timeouts.server_fin,
            "queue" => &mut timeouts.queue,
            "http-request" => &mut timeouts.http_request,
            "http-keep-alive" => &mut timeouts.http_keep_alive,
            _ => return false,
        };
        let new = self.time(value);
        self.assign(name, slot, new);
        true
    }

    fn httpchk(&mut self, place: Place, arguments: &[Word]) -> HttpCheck {
        let mut check = HttpCheck { place, ..HttpCheck::default() };
        match arguments {
            [] => {}
            [uri] => check.uri = self.text(uri),
            [method, uri, version @ ..] => {
                check.method = self.text(method);
                check.uri = self.text(uri);
                if let (Some(first), Some(last)) = (version.first(), version.last()) {
                    let texts: Vec<&str> = version.iter().map(|word| word.text.as_str()).collect();
                    check.version = self.text(&Word { text: texts.join(" "), span: first.span.to(last.span) });
                }
            }
        }
        check
    }

    fn option(&mut self, name: &Word, arguments: &[Word], off: bool, to: &mut Proxy) {
        let name = self.text(name);
        let arguments = arguments.iter().map(|word| self.plain(word)).collect();
        to.options.push(ProxyOption { name, arguments, off });
    }

    /// A line that is not modelled: kept as it stands.
    fn keep(&mut self, line: Piece<'_>, words: &[Word], known: &[&str], unknown: &mut Vec<Kept>) {
        let span = self.report.span(line.start, line.end());
        let keyword = words[0].text.as_str();
        if let Some(range) = placeholder::find(line.text) {
            let place = self.report.span(line.start + range.start, line.start + range.end);
            self.report.placeholder(&line.text[range], place);
        } else if keyword.starts_with('.') {
            let message = format!("`{keyword}` is not carried out: the lines it governs are read as if they counted");
            self.report.push(Diagnostic::warning(message).code("unknown-statement").at(span, ""));
        } else if known.contains(&keyword) {
            self.report.unknown_word(line.text, words[0].span, &[]);
        } else if !HARMLESS.contains(&keyword) {
            self.report.unknown_word(keyword, words[0].span, known);
        }
        unknown.push(Spanned::at(line.text.to_owned(), span));
    }
}
