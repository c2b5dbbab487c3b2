//! Reading `cluster.lock`: never fails, reports all that is wrong with it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;

use plimsoll_diagnostics::{Diagnostic, Diagnostics, SourceId, Sources, Span, nearest};

use super::{Entry, FEWER_ENTRIES, HEADER, Key, Kind, Lock, MOST_ENTRIES};

/// Problems that are said one by one; the rest is counted. Nobody mends more in one go.
const MOST_PROBLEMS: usize = 200;

impl Lock {
    /// Reads the text of a lock file. The next phase must not run when there are errors: a lock read in part would
    /// allocate anew what it forgot.
    pub fn read(source: SourceId, sources: &Sources) -> (Lock, Diagnostics) {
        let text = &sources.get(source).text;
        let mut reader = Reader::default();
        let mut start = 0;
        let mut header = false;
        for raw in text.split_inclusive('\n') {
            let line = raw.trim_end_matches(['\n', '\r']);
            let span = Span::new(source, start, start + line.len());
            start += raw.len();
            let words = line.split('#').next().unwrap_or_default().trim();
            if words.is_empty() {
                continue;
            }
            if !header {
                header = true;
                if words != HEADER {
                    reader.say("lock-header", format!("a lock file starts with `{HEADER}`"), span, "");
                    break;
                }
                continue;
            }
            if reader.lock.entries.len() >= MOST_ENTRIES {
                let problem = Diagnostic::error(format!("a lock file has at most {MOST_ENTRIES} entries"));
                let problem = problem.code("lock-size").at(span, "left out from here");
                reader.diagnostics.push(problem.help(FEWER_ENTRIES));
                break;
            }
            reader.line(line, words, span);
        }
        if reader.unsaid > 0 {
            let message = format!("{} further problems of the lock are not shown", reader.unsaid);
            reader
                .diagnostics
                .push(Diagnostic::note_only(message).code("more-problems").at(Span::new(source, 0, 0), ""));
        }
        (reader.lock, reader.diagnostics)
    }
}

#[derive(Default)]
struct Reader {
    lock: Lock,
    diagnostics: Diagnostics,
    unsaid: usize,
    /// Who has a value, among those that are not removed.
    holders: BTreeMap<(Kind, String, String), Span>,
}

impl Reader {
    fn say(&mut self, code: &str, message: String, span: Span, label: &str) {
        self.problem(|| Diagnostic::error(message).code(code).at(span, label));
    }

    /// Says something, or counts it when far too much was said.
    fn problem(&mut self, problem: impl FnOnce() -> Diagnostic) {
        if self.diagnostics.len() < MOST_PROBLEMS {
            self.diagnostics.push(problem());
        } else {
            self.unsaid += 1;
        }
    }

    fn line(&mut self, line: &str, words: &str, span: Span) {
        if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark)) {
            return self.problem(|| {
                let problem = Diagnostic::error("a conflict of version control was left in the lock");
                let help = "keep the lines of both sides; what doubles is said then";
                problem.code("lock-conflict").at(span, "").help(help)
            });
        }
        let parts: Vec<&str> = words.split_ascii_whitespace().collect();
        let (parts, removed) = match parts.as_slice() {
            [front @ .., "removed"] => (front, true),
            all => (all, false),
        };
        let [kind, scope, owner, value] = parts else {
            let message = "an entry has four words: kind, scope, owner, value".to_owned();
            return self.say("lock-entry", message, span, "");
        };
        let Some(kind) = Kind::ALL.into_iter().find(|known| known.as_str() == *kind) else {
            // Looking for the word that was meant is dear.
            return self.problem(|| {
                let near = nearest(kind, Kind::ALL.iter().map(|kind| kind.as_str()));
                let label = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                Diagnostic::error(format!("`{kind}` is no kind of entry")).code("lock-entry").at(span, label)
            });
        };
        if let Some(message) = wrong_value(kind, value) {
            return self.say("lock-entry", message, span, "");
        }
        let place = match self.lock.entries.entry(Key::new(kind, scope, owner)) {
            Place::Vacant(place) => place,
            Place::Occupied(first) => {
                let first = first.get().span;
                return self.problem(|| {
                    Diagnostic::error(format!("`{owner}` has two entries for one {} of `{scope}`", kind.as_str()))
                        .code("lock-duplicate")
                        .at(span, "the second")
                        .context(first, "the first")
                        .help("delete the line whose value nothing uses")
                });
            }
        };
        if kind.is_exclusive() && !removed {
            match self.holders.entry((kind, (*scope).to_owned(), (*value).to_owned())) {
                Place::Vacant(free) => {
                    free.insert(span);
                }
                Place::Occupied(first) => {
                    let first = *first.get();
                    drop(place);
                    return self.problem(|| {
                        Diagnostic::error(format!("{} `{value}` of `{scope}` is given twice", kind.as_str()))
                            .code("lock-duplicate")
                            .at(span, "the second")
                            .context(first, "the first")
                            .help("delete the line of the one that is not in use yet; it gets another")
                    });
                }
            }
        }
        place.insert(Entry { value: (*value).to_owned(), removed, span: Some(span) });
    }
}

/// Why a value cannot be one of its kind.
fn wrong_value(kind: Kind, value: &str) -> Option<String> {
    let number = |most: u64| value.parse::<u64>().is_ok_and(|number| number <= most);
    let good = match kind {
        Kind::Address => value.parse::<std::net::IpAddr>().is_ok(),
        Kind::Vmid => number(999_999_999),
        Kind::Vrid => number(255) && value != "0",
        Kind::Port => true,
        Kind::Serial => value.split_once(':').is_some_and(|(serial, _)| serial.parse::<u32>().is_ok()),
    };
    (!good).then(|| format!("`{value}` is no {}", kind.as_str()))
}
