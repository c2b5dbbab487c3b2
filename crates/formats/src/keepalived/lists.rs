//! Lists of an instance, line by line, and what is kept of the rest.

use std::net::IpAddr;

use plimsoll_diagnostics::{Diagnostic, Spanned};

use super::keywords::{HARMLESS, INCLUDES};
use super::read::Reader;
use super::syntax::{Kind, Statement, Word};
use super::values::{join, keyword, own, parsed, within};
use super::{Garp, Notify, NotifyEvent, Peer, Track, Tracks, VirtualAddress};
use crate::{Kept, Setting, placeholder};

impl Reader<'_> {
    pub(super) fn tracks(
        &mut self,
        keyword: &str,
        block: &[Statement],
        to: &mut Tracks,
        unknown: &mut Vec<Kept>,
    ) -> bool {
        let list = match keyword {
            "track_script" => &mut to.scripts,
            "track_interface" => &mut to.interfaces,
            "track_process" => &mut to.processes,
            "track_file" => &mut to.files,
            "track_bfd" => &mut to.bfd,
            _ => return false,
        };
        unknown.extend(self.lines(keyword, block, |reader, line| list.push(reader.track(line))));
        true
    }

    pub(super) fn track(&mut self, line: &Statement) -> Track {
        let mut track = Track::default();
        let mut words = line.words.iter();
        if let Some(name) = words.next() {
            track.name = self.plain(name, "a name", own);
        }
        while let Some(word) = words.next() {
            match word.text.as_str() {
                "weight" => {
                    let weight = match words.next() {
                        Some(number) => self.plain(number, "a number from -254 to 254", within(-254, 254)),
                        None => self.nothing("weight", word.span),
                    };
                    self.assign(&mut track.weight, weight, "weight");
                }
                "reverse" | "noreverse" => {
                    let reverse = Setting::Known(Spanned::at(word.text == "reverse", word.span));
                    self.assign(&mut track.reverse, reverse, "reverse");
                }
                _ => {
                    self.ignored(word);
                    track.ignored.push(Spanned::at(word.text.clone(), word.span));
                }
            }
        }
        track
    }

    pub(super) fn peer(&mut self, line: &Statement) -> Peer {
        let mut peer = Peer::default();
        let mut words = line.words.iter();
        if let Some(address) = words.next() {
            peer.address = self.plain(address, "an address", parsed::<IpAddr>);
        }
        while let Some(word) = words.next() {
            let bound = match word.text.as_str() {
                "min_ttl" => &mut peer.min_ttl,
                "max_ttl" => &mut peer.max_ttl,
                _ => {
                    if word.text.parse::<IpAddr>().is_ok() {
                        let message = format!("`{}` is no peer: a line of `unicast_peer` holds one address", word.text);
                        self.report.push(
                            Diagnostic::error(message)
                                .code("bad-value")
                                .at(word.span, "keepalived ignores it")
                                .help("put each peer on a line of its own"),
                        );
                    } else {
                        self.ignored(word);
                    }
                    peer.ignored.push(Spanned::at(word.text.clone(), word.span));
                    continue;
                }
            };
            *bound = match words.next() {
                Some(number) => self.plain(number, "a number from 0 to 255", within(0, 255)),
                None => self.nothing(&word.text, word.span),
            };
        }
        peer
    }

    pub(super) fn vip(&mut self, line: &Statement) -> VirtualAddress {
        let mut vip = VirtualAddress::default();
        let Some((first, rest)) = line.words.split_first() else { return vip };
        match first.text.split_once('/').filter(|(address, _)| address.parse::<IpAddr>().is_ok()) {
            Some((address, length)) => {
                vip.address = self.plain(&Word { text: address.to_owned(), ..first.clone() }, "an address", parsed);
                let most = if address.contains(':') { 128 } else { 32 };
                let expected = format!("a prefix length up to {most}");
                let length = Word { text: length.to_owned(), ..first.clone() };
                vip.prefix = self.plain(&length, &expected, within(0, most));
            }
            None => vip.address = self.plain(first, "an address", parsed),
        }
        let mut rest = rest.iter();
        let mut takes_address = false;
        while let Some(word) = rest.next() {
            let (to, name) = match word.text.as_str() {
                "dev" => (&mut vip.device, "dev"),
                "label" => (&mut vip.label, "label"),
                "scope" => (&mut vip.scope, "scope"),
                text => {
                    if !takes_address && parsed::<IpAddr>(text.split('/').next().unwrap_or_default()).is_some() {
                        let message = format!("`{text}` is not added: a line of addresses holds one");
                        self.report.bad_value(message, word.span, "put it on a line of its own");
                    }
                    takes_address = matches!(text, "brd" | "broadcast" | "peer");
                    vip.options.push(Spanned::at(text.to_owned(), word.span));
                    continue;
                }
            };
            *to = match rest.next() {
                Some(word) => self.plain(word, "a name", own),
                None => self.nothing(name, word.span),
            };
        }
        vip
    }

    pub(super) fn notify(&mut self, statement: &Statement, to: &mut Vec<Notify>) -> bool {
        let Some(event) = NotifyEvent::from_keyword(keyword(statement)) else { return false };
        let command = statement.words.len().min(2);
        let (first, user) = statement.words.split_at(command);
        let command = self.command(statement, first);
        let mut notify = Notify { event, command, user: Setting::Absent };
        if let (Some(first), Some(last)) = (user.first(), user.last()) {
            notify.user =
                self.plain(&Word { text: join(user), quoted: false, span: first.span.to(last.span) }, "a user", own);
        }
        to.push(notify);
        true
    }

    pub(super) fn garp(&mut self, word: &str, statement: &Statement, to: &mut Garp) -> bool {
        match word {
            "garp_master_delay" => self.time(statement, &mut to.master_delay),
            "garp_master_repeat" => self.number(statement, &mut to.master_repeat, 0, u32::MAX),
            "garp_lower_prio_delay" => self.time(statement, &mut to.lower_prio_delay),
            "garp_lower_prio_repeat" => self.number(statement, &mut to.lower_prio_repeat, 0, u32::MAX),
            "garp_master_refresh" => self.time(statement, &mut to.master_refresh),
            "garp_master_refresh_repeat" => self.number(statement, &mut to.master_refresh_repeat, 0, u32::MAX),
            _ => return false,
        }
        true
    }

    /// The lines of a list. What is no line of a list (a template's statement, an include) is kept beside it.
    pub(super) fn lines(
        &mut self,
        keyword_of_list: &str,
        block: &[Statement],
        mut line: impl FnMut(&mut Self, &Statement),
    ) -> Vec<Kept> {
        let mut kept = Vec::new();
        for statement in block {
            let plain = statement.kind == Kind::Plain && statement.block.is_none();
            if plain && !INCLUDES.contains(&keyword(statement)) {
                line(self, statement);
            } else {
                self.keep(statement, &[], &mut kept);
                if let (Some(last), true) = (kept.last_mut(), statement.block.is_some()) {
                    // A block inside a list would be something else outside of it.
                    last.value = format!("{keyword_of_list} {{ {} }}", last.value);
                }
            }
        }
        kept
    }

    /// A statement that is not modelled: kept as it stands.
    pub(super) fn keep(&mut self, statement: &Statement, known: &[&str], unknown: &mut Vec<Kept>) {
        let mut text = self.text[statement.start..statement.end].trim_end().to_owned();
        text.push_str(&"\n}".repeat(statement.missing));
        let first = text.lines().next().unwrap_or_default().len();
        let span = self.report.span(statement.start, statement.start + first);
        match statement.kind {
            Kind::Definition => return,
            Kind::Conditional => {
                let message = "this line counts only for another `keepalived -i`";
                self.report.push(Diagnostic::note_only(message).code("unknown-statement").at(span, ""));
            }
            Kind::Generated if text.starts_with('~') => {
                let message = "`~SEQ` and `~LST` are not carried out: the lines they make are unknown";
                self.report.push(Diagnostic::warning(message).code("placeholder").at(span, ""));
            }
            Kind::Generated => self.report.placeholder(&text, span),
            Kind::Plain => {
                let keyword = keyword(statement);
                let span = statement.words.first().map_or(span, |word| word.span);
                if let Some(range) = placeholder::find_template(&text) {
                    let span = self.report.span(statement.start + range.start, statement.start + range.end);
                    self.report.placeholder(&text[range], span);
                } else if INCLUDES.contains(&keyword) {
                    let pattern = statement.words.get(1).map_or("", |word| &word.text);
                    self.report.include(pattern, span);
                } else if known.contains(&keyword) {
                    self.report.unknown_word(keyword, span, &[]);
                } else if !HARMLESS.contains(&keyword) {
                    self.report.unknown_word(keyword, span, known);
                }
            }
        }
        let span = self.report.span(statement.start, statement.end);
        unknown.push(Spanned::at(text, span));
    }
}
