//! What `options`, a view and a zone can all state, and where each setting is inherited from.

use plimsoll_diagnostics::{Span, Spanned};

use crate::Setting;
use crate::input::Input;

use super::lists::{MatchList, RemoteList};
use super::syntax::{Part, Statement, plain, string};

macro_rules! settings {
    (
        words { $($(#[$wdoc:meta])* $word:ident = $wname:literal,)* }
        texts { $($(#[$tdoc:meta])* $text:ident = $tname:literal,)* }
        flags { $($(#[$fdoc:meta])* $flag:ident = $fname:literal,)* }
        lists { $($(#[$ldoc:meta])* $list:ident = $lname:literal,)* }
        remotes { $($(#[$rdoc:meta])* $remote:ident = $rname:literal,)* }
    ) => {
        /// The settings that stand in `options`, in a view or in a zone; the innermost that states one decides.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Settings {
            $($(#[$wdoc])* pub $word: Option<Spanned<String>>,)*
            $($(#[$tdoc])* pub $text: Option<Spanned<String>>,)*
            $($(#[$fdoc])* pub $flag: Setting<bool>,)*
            $($(#[$ldoc])* pub $list: Option<Spanned<MatchList>>,)*
            $($(#[$rdoc])* pub $remote: Option<Spanned<RemoteList>>,)*
            /// `listen-on`, each with its port.
            pub listen_on: Vec<MatchList>,
            /// `listen-on-v6`, each with its port.
            pub listen_on_v6: Vec<MatchList>,
            /// Every other statement, as written.
            pub other: Vec<Statement>,
        }

        impl Settings {
            /// Takes a statement; one that is no setting of known form goes to `other`.
            pub(crate) fn take(&mut self, input: &mut Input<'_>, statement: Statement) {
                let span = statement.span();
                let one_word = match statement.parts.as_slice() {
                    [_, Part::Word { text, .. }] => Some(text.clone()),
                    _ => None,
                };
                match (statement.keyword(), one_word) {
                    $(($wname, Some(word)) => put(input, $wname, &mut self.$word, word),)*
                    $(($tname, Some(word)) => put(input, $tname, &mut self.$text, word),)*
                    $(($fname, Some(word)) => {
                        if !self.$flag.is_absent() {
                            input.twice(concat!("`", $fname, "`"), span, self.$flag.span(), "this one is taken");
                        }
                        self.$flag = flag(input, &word);
                    })*
                    $(($lname, _) if statement.block().is_some() => {
                        if let Some(value) = MatchList::from_statement(&statement) {
                            put(input, $lname, &mut self.$list, Spanned { value, span });
                        }
                    })*
                    $(($rname, _) if statement.block().is_some() => {
                        if let Some(value) = RemoteList::from_statement(input, &statement, 1) {
                            put(input, $rname, &mut self.$remote, Spanned { value, span });
                        }
                    })*
                    ("listen-on", _) if statement.block().is_some() => {
                        self.listen_on.extend(MatchList::from_statement(&statement));
                    }
                    ("listen-on-v6", _) if statement.block().is_some() => {
                        self.listen_on_v6.extend(MatchList::from_statement(&statement));
                    }
                    _ => self.other.push(statement),
                }
            }

            pub(crate) fn to_statements(&self) -> Vec<Statement> {
                let mut list = Vec::new();
                $(list.extend(self.$word.as_ref().map(|word| Statement::of_words(&[$wname, word])));)*
                $(list.extend(self.$text.as_ref().map(|text| Statement { parts: vec![plain($tname), string(text)] }));)*
                $(list.extend(match &self.$flag {
                    Setting::Absent => None,
                    Setting::Known(flag) => Some(Statement::of_words(&[$fname, if flag.value { "yes" } else { "no" }])),
                    Setting::Unknown(raw) => Some(Statement { parts: vec![plain($fname), string(raw)] }),
                });)*
                list.extend(self.listen_on.iter().map(|listen| listen.to_statement("listen-on")));
                list.extend(self.listen_on_v6.iter().map(|listen| listen.to_statement("listen-on-v6")));
                $(list.extend(self.$list.as_ref().map(|value| value.to_statement($lname)));)*
                $(list.extend(self.$remote.as_ref().map(|value| value.to_statement(&[$rname])));)*
                list.extend(self.other.iter().cloned());
                list
            }
        }
    };
}

settings! {
    words {
        /// `notify`: `yes`, `no`, `explicit` or `primary-only`.
        notify = "notify",
        /// `forward`: `first` or `only`.
        forward = "forward",
        /// `dnssec-validation`: `auto`, `yes` or `no`.
        dnssec_validation = "dnssec-validation",
        /// `auto-dnssec`: gone in BIND 9.20, which refuses it.
        auto_dnssec = "auto-dnssec",
    }
    texts {
        /// `directory`: relative file names start here.
        directory = "directory",
        /// `dnssec-policy`: name of the policy, `default` or `none`.
        dnssec_policy = "dnssec-policy",
    }
    flags {
        /// `recursion`; the default is yes.
        recursion = "recursion",
        /// `inline-signing`.
        inline_signing = "inline-signing",
        /// `ixfr-from-differences`, when a plain yes or no.
        ixfr_from_differences = "ixfr-from-differences",
        /// `request-ixfr`.
        request_ixfr = "request-ixfr",
    }
    lists {
        /// `allow-query`.
        allow_query = "allow-query",
        /// `allow-query-cache`.
        allow_query_cache = "allow-query-cache",
        /// `allow-recursion`.
        allow_recursion = "allow-recursion",
        /// `allow-transfer`: see [`super::allow_transfer_default`].
        allow_transfer = "allow-transfer",
        /// `allow-update`: excludes `update-policy`; the default is nobody.
        allow_update = "allow-update",
        /// `allow-update-forwarding`, of secondaries.
        allow_update_forwarding = "allow-update-forwarding",
        /// `allow-notify`.
        allow_notify = "allow-notify",
        /// `blackhole`.
        blackhole = "blackhole",
        /// `match-clients`, of a view; the default is any.
        match_clients = "match-clients",
        /// `match-destinations`, of a view; the default is any.
        match_destinations = "match-destinations",
    }
    remotes {
        /// `also-notify`.
        also_notify = "also-notify",
        /// `forwarders`; an empty list turns forwarding off.
        forwarders = "forwarders",
        /// `primaries` of a secondary; the old `masters` is read as this one.
        primaries = "primaries",
    }
}

fn put<T>(input: &mut Input<'_>, name: &str, slot: &mut Option<Spanned<T>>, value: Spanned<T>) {
    if let Some(first) = slot {
        input.twice(&format!("`{name}`"), value.span, first.span, "this one is taken");
    }
    *slot = Some(value);
}

/// named's own words for yes and no.
fn flag(input: &mut Input<'_>, word: &Spanned<String>) -> Setting<bool> {
    let span = word.span.unwrap_or(Span::new(input.source, 0, 0));
    input.value_by(word, span, "`yes` or `no`", |text| match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Some(true),
        "no" | "false" | "0" => Some(false),
        _ => None,
    })
}
