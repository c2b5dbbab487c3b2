//! Files inside ConfigMaps: read where they stand, so that findings point at the lines people see.

use plimsoll_diagnostics::{Diagnostic, SourceId, Sources, Span};
use plimsoll_formats::kubernetes::{Embedded, Manifest};

use super::{About, Cut, File, Files, Kind};

/// Bytes of copies of one outer text: a thousand files in a manifest of 32 kB.
const MOST_COPIED: usize = 32 << 20;

/// Which files inside ConfigMaps have facts about the cluster, by their keys.
fn kind(key: &str) -> Option<Kind> {
    match key {
        "kubelet" | "ClusterConfiguration" => Some(Kind::Kubernetes),
        _ if key.starts_with("Corefile") => Some(Kind::Corefile),
        _ => None,
    }
}

/// The files inside the ConfigMaps of a manifest, read as if each stood alone in the outer file.
pub(super) fn unpack(manifest: &Manifest, outer: &File, text: &str, files: &mut Files) -> Vec<File> {
    let mut found = Vec::new();
    let mut copied = 0;
    for embedded in manifest.objects.iter().flat_map(plimsoll_formats::kubernetes::Object::embedded) {
        let (Some(kind), Some(span)) = (kind(&embedded.key), embedded.span) else { continue };
        // Each is read in a copy of the outer text, so that places stay what they are.
        copied += span.end as usize;
        if copied > MOST_COPIED {
            let message = format!("only the first {} files in ConfigMaps of this file are judged", found.len());
            files.problems.push(Diagnostic::warning(message).code("too-many").at(span, "the first that is not"));
            let left_out = "files in ConfigMaps".to_owned();
            files.cuts.push(Cut { path: outer.path.clone(), about: About::Cluster, left_out });
            break;
        }
        let mut sources = Sources::new();
        for _ in 0..outer.source.0 {
            sources.add("", "");
        }
        let source: SourceId = sources.add(outer.path.as_str(), in_place(text, span, &embedded));
        let since = files.problems.len();
        let content = Files::content(kind, source, &sources, &mut files.problems);
        let whole = super::bounds::is_whole(&files.problems, since);
        let path = format!("{}: {}", outer.path, embedded.key);
        found.push(File { source, path, owner: outer.owner.clone(), content, whole });
    }
    found
}

/// The outer text with everything but the inner file made blank, byte for byte, so that places stay what they are.
fn in_place(text: &str, span: Span, embedded: &Embedded) -> String {
    let (start, end) = (span.start as usize, (span.end as usize).min(text.len()));
    let Some(written) = text.get(start..end) else { return embedded.text.clone() };
    let blank = |part: &str| part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect::<String>();
    let mut out = blank(&text[..start]);
    if written.starts_with(['|', '>']) {
        // The indicator's own line is no part of the file.
        let head = written.find('\n').unwrap_or(written.len());
        out.push_str(&blank(&written[..head]));
        out.push_str(&written[head..]);
    } else {
        unescape(written, &mut out);
    }
    out
}

/// A quoted scalar with its escapes undone in place: each takes as many bytes as it was written with.
fn unescape(written: &str, out: &mut String) {
    let quote = written.chars().next().filter(|letter| matches!(letter, '"' | '\''));
    let inner = quote.map_or(written, |quote| written.trim_start_matches(quote).trim_end_matches(quote));
    out.extend(std::iter::repeat_n(' ', usize::from(quote.is_some())));
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quote == Some('"') => {
                out.push(' ');
                match letters.next() {
                    Some('n') => out.push('\n'),
                    Some('t' | '\n') | None => out.push(' '),
                    Some(other) => out.push(other),
                }
            }
            _ => out.push(letter),
        }
    }
}
