//! Lines and words with their places.

use crate::placeholder;

/// A part of a text and the byte it starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl<'a> Piece<'a> {
    pub(crate) fn new(text: &'a str, start: usize) -> Self {
        Piece { text, start }
    }

    /// One past its last byte.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Without white space around it.
    pub(crate) fn trim(self) -> Self {
        let start = self.start + (self.text.len() - self.text.trim_start().len());
        Piece { text: self.text.trim(), start }
    }
}

/// The lines of a text without their line ends (`\n` or `\r\n`).
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let piece = Piece::new(line.trim_end_matches(['\n', '\r']), start);
        start += line.len();
        piece
    })
}

/// The words of a line, split at white space; a placeholder with spaces in it (`{{ vip }}`) stays one word.
pub(crate) fn words(line: Piece<'_>) -> Vec<Piece<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(c) = line.text[at..].chars().next() {
        let mut length = c.len_utf8();
        if c.is_whitespace() {
            if let Some(start) = start.take() {
                words.push(Piece::new(&line.text[start..at], line.start + start));
            }
        } else {
            start.get_or_insert(at);
            length = placeholder::starts(&line.text[at..]).unwrap_or(length);
        }
        at += length;
    }
    if let Some(start) = start {
        words.push(Piece::new(&line.text[start..], line.start + start));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_places_and_placeholders_stay_whole() {
        let found = words(Piece::new("  server {{ ntp | first }}:123\tiburst ", 10));
        let found: Vec<(&str, usize)> = found.iter().map(|word| (word.text, word.start)).collect();
        assert_eq!(found, [("server", 12), ("{{ ntp | first }}:123", 19), ("iburst", 41)]);
    }

    #[test]
    fn lines_come_without_their_ends() {
        let found: Vec<(&str, usize)> = lines("a\r\n\nb").map(|line| (line.text, line.start)).collect();
        assert_eq!(found, [("a", 0), ("", 3), ("b", 4)]);
    }
}
