//! The words that programs know in one place, so that none that is not among them is passed over in silence.

pub(crate) mod coredns;
pub(crate) mod etcd;
pub(crate) mod frr;
pub(crate) mod haproxy;
pub(crate) mod kubeadm;
pub(crate) mod kubelet;
pub(crate) mod metallb;
pub(crate) mod named;
pub(crate) mod netplan;
pub(crate) mod systemd;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Span, Spanned, nearest};

use crate::placeholder;
use crate::report::shorten;

/// What becomes of a word that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its reader refuses the file; the list is whole.
    Refused,
    /// Its reader goes on without it; the list is whole.
    Ignored,
    /// The list has only what is in use, so that nothing can be said.
    Unsaid,
}

/// The words of one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// What such a word is: `option of a server`.
    pub(crate) what: &'static str,
    /// Who reads it: `HAProxy 3.0`.
    pub(crate) reader: &'static str,
    /// Lists of known words, each sorted.
    pub(crate) known: &'static [&'static [&'static str]],
    pub(crate) fate: Fate,
}

/// Words of one place that are looked at for the one that was meant: nobody reads more, and looking is dear.
const MOST: usize = 50;

impl Words {
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.known.iter().any(|list| list.binary_search(&word).is_ok())
    }

    /// Says what is not known among words with their places.
    pub(crate) fn check<'w>(&self, words: impl IntoIterator<Item = (&'w str, Option<Span>)>) -> Diagnostics {
        let unknown = words.into_iter().filter(|(word, _)| !self.knows(word) && placeholder::find(word).is_none());
        unknown.take(MOST).map(|(word, span)| self.unknown(word, span)).collect()
    }

    /// Says what is not known among names.
    pub(crate) fn check_names<'w>(&self, names: impl IntoIterator<Item = &'w Spanned<String>>) -> Diagnostics {
        self.check(names.into_iter().map(|name| (name.value.as_str(), name.span)))
    }

    fn unknown(&self, word: &str, span: Option<Span>) -> Diagnostic {
        let Words { what, reader, .. } = self;
        let short = shorten(word);
        let meant = nearest(word, self.known.iter().flat_map(|list| list.iter().copied()));
        let not_known = format!("`{short}` is no {what} that {reader} knows");
        let problem = match (self.fate, meant) {
            (Fate::Refused, _) => Diagnostic::warning(not_known).at(span, format!("{reader} refuses it")),
            (Fate::Ignored, Some(_)) => Diagnostic::warning(not_known).at(span, format!("{reader} goes on without it")),
            (Fate::Ignored, None) => Diagnostic::note_only(not_known).at(span, "kept but not judged"),
            (Fate::Unsaid, _) => Diagnostic::note_only(format!("`{short}` is kept but not judged")).at(span, ""),
        };
        let problem = problem.code("unknown-statement");
        match meant {
            Some(meant) => problem.help(format!("was `{meant}` meant?")),
            None => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_sorted_and_has_no_word_twice() {
        for list in [
            coredns::PLUGINS,
            etcd::FLAGS,
            frr::NEIGHBOR,
            haproxy::SERVER,
            kubeadm::FIELDS,
            kubelet::FLAGS,
            metallb::FIELDS,
            named::STATEMENTS,
            netplan::KEYS,
            systemd::UNIT,
            systemd::INSTALL,
            systemd::TIMER,
            systemd::SERVICE,
            systemd::SOCKET,
            systemd::MOUNT,
            systemd::PROCESSES,
        ] {
            assert!(list.is_sorted_by(|a, b| a < b), "{list:?}");
        }
    }

    #[test]
    fn what_is_refused_is_shown_and_what_may_be_right_is_not() {
        use plimsoll_diagnostics::Severity;
        let words = |fate| Words { what: "option", reader: "it", known: &[&["check", "inter"]], fate };
        let said = |fate, word| {
            let list = words(fate).check([(word, None)]);
            let one = list.iter().next().expect("one");
            (one.severity, one.help.clone())
        };
        let meant = vec!["was `check` meant?".to_owned()];
        assert_eq!(said(Fate::Refused, "chek"), (Severity::Warning, meant.clone()));
        assert_eq!(said(Fate::Refused, "bogus"), (Severity::Warning, Vec::new()));
        assert_eq!(said(Fate::Ignored, "chek"), (Severity::Warning, meant.clone()));
        assert_eq!(said(Fate::Ignored, "bogus").0, Severity::Note);
        assert_eq!(said(Fate::Unsaid, "chek"), (Severity::Note, meant));
        assert!(words(Fate::Refused).check([("check", None), ("{{ more }}", None)]).is_empty());
    }
}
