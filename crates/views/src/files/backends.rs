//! Backends that HAProxy is sent to and does not have: it refuses such a file.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_diagnostics::{Diagnostic, Diagnostics, Spanned, nearest};
use plimsoll_formats::haproxy::{Conf, Proxy, ProxyKind, Section};
use plimsoll_formats::{Kept, Setting, fills_statement};

use super::{Content, File};

/// Missing ones that are said of a file.
const MOST: usize = 20;

/// Says which are missing. HAProxy takes all files of its folder for one, so that a backend may stand in another.
pub(super) fn missing(list: &[File], problems: &mut Diagnostics) {
    let mut owners: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
    for (file, conf) in configurations(list) {
        let (known, open) = owners.entry(&file.owner).or_default();
        known.extend(backends(conf));
        // What was not read, or what a template makes, may be it.
        *open |= !file.whole || is_open(conf);
    }
    for (file, conf) in configurations(list) {
        let Some((known, false)) = owners.get(file.owner.as_str()) else { continue };
        let asked = conf.with_defaults().flat_map(asked);
        for (word, name) in asked.filter(|(_, name)| !known.contains(name.value.as_str())).take(MOST) {
            let problem = Diagnostic::error(format!("`{word} {}` names a backend that does not exist", name.value))
                .code("missing-backend")
                .at(name.span, "no `backend` or `listen` has this name")
                .breaks("HAProxy refuses the file: it does not start, and after a reload the old configuration stays");
            problems.push(match nearest(&name.value, known.iter().copied()) {
                Some(meant) => problem.help(format!("was `{meant}` meant?")),
                None => problem.help("name a backend that is there, or give the file that has it as well"),
            });
        }
    }
}

fn configurations(list: &[File]) -> impl Iterator<Item = (&File, &Conf)> {
    list.iter().filter_map(|file| match &file.content {
        Content::Haproxy(conf) => Some((file, &**conf)),
        _ => None,
    })
}

/// What a section names, where it is a name: `%[…]` is looked up for each connection.
fn asked(proxy: &Proxy) -> impl Iterator<Item = (&'static str, &Spanned<String>)> {
    let uses = proxy.use_backends.iter().map(|it| ("use_backend", &it.backend));
    let all = uses.chain([("default_backend", &proxy.default_backend)]);
    all.filter_map(|(word, name): (_, &Setting<String>)| Some((word, name.known()?)))
        .filter(|(_, name)| !name.value.contains("%["))
}

fn backends(conf: &Conf) -> impl Iterator<Item = &str> {
    let proxies = conf.proxies().map(|(_, proxy)| proxy);
    let serving = proxies.filter(|proxy| matches!(proxy.kind, ProxyKind::Backend | ProxyKind::Listen));
    serving.filter_map(|proxy| proxy.name.get().map(String::as_str))
}

/// Whether a template makes statements or names.
fn is_open(conf: &Conf) -> bool {
    let open = |kept: &[Kept]| kept.iter().any(|statement| fills_statement(statement));
    open(&conf.unknown)
        || conf.sections.iter().any(|section| match section {
            Section::Global(global) => open(&global.unknown),
            Section::Proxy(proxy) => open(&proxy.unknown) || proxy.name.is_unknown(),
            Section::Other(other) => open(&other.statements),
        })
}

#[cfg(test)]
mod tests {
    use plimsoll_diagnostics::Sources;

    use crate::files::recognise;

    fn said(files: &[(&str, &str)]) -> Vec<String> {
        let mut sources = Sources::new();
        for (path, text) in files {
            sources.add(*path, *text);
        }
        let problems = recognise(&sources).problems;
        let missing = problems.iter().filter(|problem| problem.code == "missing-backend");
        missing.map(|problem| format!("{}; {}", problem.message, problem.help.join("; "))).collect()
    }

    const BACKEND: &str = "backend apiserver\n server a 10.0.0.1:6443\n";

    #[test]
    fn a_backend_that_is_not_there_is_said() {
        let front = "frontend f\n bind *:8443\n use_backend web if TRUE\n default_backend api-server\n";
        assert_eq!(
            said(&[("m/haproxy.cfg", &format!("{front}{BACKEND}"))]),
            [
                "`use_backend web` names a backend that does not exist; name a backend that is there, or give the file that has \
                 it as well",
                "`default_backend api-server` names a backend that does not exist; was `apiserver` meant?"
            ]
        );
    }

    #[test]
    fn what_may_be_elsewhere_is_not() {
        let front = "frontend f\n bind *:8443\n default_backend apiserver\n";
        assert!(said(&[("m/etc/haproxy/a.cfg", front), ("m/etc/haproxy/b.cfg", BACKEND)]).is_empty());
        assert!(said(&[("m/haproxy.cfg", &format!("{front}listen apiserver\n bind *:1\n"))]).is_empty());
        assert!(
            said(&[("m/haproxy.cfg", &format!("{front}backend {{{{ name }}}}\n server a 10.0.0.1:1\n"))]).is_empty()
        );
        assert!(said(&[("m/haproxy.cfg", &format!("{front}{{{{ backends }}}}\n"))]).is_empty());
        let looked_up = "frontend f\n bind *:1\n use_backend %[req.hdr(host)]\nbackend b\n server a 10.0.0.1:1\n";
        assert!(said(&[("m/haproxy.cfg", looked_up)]).is_empty());
    }
}
