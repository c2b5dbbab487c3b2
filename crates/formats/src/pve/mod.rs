//! Proxmox VE's files below `/etc/pve`: virtual machines ([`vm`]) and the files of sections ([`sections`]:
//! `storage.cfg`, `jobs.cfg`, `ha/*.cfg`).

pub mod sections;
pub mod vm;

use plimsoll_diagnostics::{Span, Spanned};

/// A property string (`local-zfs:vm-1-disk-0,cache=none,iothread=1`), taken apart at its commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Keys with values, in order; the part without a key has an empty one.
    pub list: Vec<(String, Spanned<String>)>,
}

impl Properties {
    /// Takes a property string apart; parts keep their places.
    pub fn of(value: &Spanned<String>) -> Self {
        let mut at = 0;
        let mut list = Vec::new();
        for part in value.value.split(',') {
            let (key, text) = part.split_once('=').unwrap_or(("", part));
            let from = at + part.len() - text.len();
            let span = value.span.map(|span| {
                let exact = (span.end - span.start) as usize == value.value.len();
                let start = span.start as usize;
                if exact { Span::new(span.source, start + from, start + from + text.len()) } else { span }
            });
            list.push((key.trim().to_owned(), Spanned { value: text.trim().to_owned(), span }));
            at += part.len() + 1;
        }
        Properties { list }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Spanned<String>> {
        self.list.iter().find(|(found, _)| found == key).map(|(_, value)| value)
    }

    /// The part without a key: a volume, a CPU type.
    pub fn first(&self) -> Option<&Spanned<String>> {
        self.get("")
    }
}

/// Proxmox's words for yes and no.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Some(true),
        "0" | "off" | "no" | "false" => Some(false),
        _ => None,
    }
}
