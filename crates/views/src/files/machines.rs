//! Files of several machines in one folder: `keepalived-m1.conf` beside `keepalived-m2.conf`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use plimsoll_formats::keepalived::Instance;

use super::{Content, File};

/// More files of one kind in one folder are no copies of a few machines; comparing each with each costs the square.
const MOST: usize = 64;

/// What a file's name says beside the machine.
const WORDS: [&str; 10] =
    ["keepalived", "haproxy", ".yaml", ".yml", ".conf", ".cfg", ".j2", ".tmpl", ".template", ".rendered"];

/// Gives files of one folder to machines of their own, where they cannot be of one machine: two keepalived that hold the
/// same address under the same id, or two HAProxy with sections of the same names. One process refuses either.
pub(super) fn tell_apart(list: &mut [File]) {
    let mut folders: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, file) in list.iter().enumerate() {
        if matches!(file.content, Content::Keepalived(_) | Content::Haproxy(_)) {
            folders.entry((file.owner.clone(), folder(&file.path).to_owned())).or_default().push(at);
        }
    }
    let mut named: Vec<(String, String, BTreeMap<usize, String>)> = Vec::new();
    for ((owner, folder), all) in folders {
        let mut names = BTreeMap::new();
        for keepalived in [true, false] {
            let of_kind = |at: &&usize| matches!(list[**at].content, Content::Keepalived(_)) == keepalived;
            let of_kind: Vec<usize> = all.iter().filter(of_kind).copied().collect();
            names.extend(names_of(list, &of_kind).unwrap_or_default());
        }
        if !names.is_empty() {
            named.push((owner, folder, names));
        }
    }
    // The same name in two folders is two machines, unless one folder is for each program.
    let mut claims: BTreeMap<(String, bool), usize> = BTreeMap::new();
    for (_, _, names) in &named {
        let of_folder: BTreeSet<(String, bool)> = names
            .iter()
            .map(|(at, name)| (name.clone(), matches!(list[*at].content, Content::Keepalived(_))))
            .collect();
        for claim in of_folder {
            *claims.entry(claim).or_default() += 1;
        }
    }
    for (owner, folder, names) in named {
        let shared = names.values().any(|name| {
            [true, false].iter().any(|kind| claims.get(&(name.clone(), *kind)).is_some_and(|count| *count > 1))
        });
        let full = |name: &str| if shared { format!("{owner}/{name}") } else { name.to_owned() };
        let known: BTreeSet<&String> = names.values().collect();
        for (at, file) in list.iter_mut().enumerate() {
            if file.owner != owner || self::folder(&file.path) != folder {
                continue;
            }
            let of_name = known.iter().filter(|name| has_word(base(&file.path), name)).max_by_key(|name| name.len());
            if let Some(name) = names.get(&at).or(of_name.copied()) {
                file.owner = full(name);
            }
        }
    }
}

/// The machines of files of one kind in one folder; `None` when they may be of one, or nobody can tell.
fn names_of(list: &[File], files: &[usize]) -> Option<BTreeMap<usize, String>> {
    if !(2..=MOST).contains(&files.len()) {
        return None;
    }
    let facts: Vec<Facts<'_>> = files.iter().map(|at| Facts::of(&list[*at])).collect::<Option<_>>()?;
    let mut alone: BTreeSet<usize> = BTreeSet::new();
    for (index, (a, one)) in files.iter().zip(&facts).enumerate() {
        for (b, other) in files.iter().zip(&facts).skip(index + 1) {
            match one.apart(other) {
                Some(true) => alone.extend([*a, *b]),
                Some(false) => {}
                None => return None,
            }
        }
    }
    let distinct = |names: &BTreeMap<usize, String>| {
        let unique: BTreeSet<&String> = names.values().collect();
        unique.len() == names.len() && names.values().all(|name| !name.is_empty())
    };
    let by = |name: fn(&File) -> String| -> BTreeMap<usize, String> {
        alone.iter().map(|at| (*at, name(&list[*at]))).collect()
    };
    [by(|file| token(&file.path)), by(router_id), by(|file| base(&file.path).to_owned())].into_iter().find(distinct)
}

/// What tells files of one kind apart.
struct Facts<'a> {
    token: String,
    router_id: Option<&'a String>,
    /// What keepalived holds, by id and address.
    holds: BTreeMap<(u8, IpAddr), &'a Instance>,
    /// Sections of HAProxy.
    sections: BTreeSet<&'a String>,
}

impl<'a> Facts<'a> {
    /// `None` when there are far too many of them to be compared.
    fn of(file: &'a File) -> Option<Self> {
        let mut facts =
            Facts { token: token(&file.path), router_id: None, holds: BTreeMap::new(), sections: BTreeSet::new() };
        match &file.content {
            Content::Keepalived(conf) if conf.instances.len() > MOST => return None,
            Content::Keepalived(conf) => {
                facts.router_id = conf.global.router_id.get();
                for instance in &conf.instances {
                    let Some(vrid) = instance.virtual_router_id.get() else { continue };
                    let addresses = instance.virtual_addresses.iter().take(MOST).filter_map(|vip| vip.address.get());
                    facts.holds.extend(addresses.map(|address| ((*vrid, *address), instance)));
                }
            }
            Content::Haproxy(conf) => {
                facts.sections = conf.proxies().take(MOST).filter_map(|(_, proxy)| proxy.name.get()).collect();
            }
            _ => {}
        }
        Some(facts)
    }

    /// Whether the two are of two machines. `None` when one process would refuse them together, and nothing tells which
    /// machine each is of: an old file beside a new one looks the same.
    fn apart(&self, other: &Facts<'_>) -> Option<bool> {
        let by_name = !self.token.is_empty() && !other.token.is_empty() && self.token != other.token;
        if !self.sections.is_disjoint(&other.sections) {
            return by_name.then_some(true);
        }
        let shared = self.holds.iter().filter_map(|(key, instance)| Some((*instance, *other.holds.get(key)?)));
        let (mut any, mut apart) = (false, self.router_id.zip(other.router_id).is_some_and(|(a, b)| a != b));
        let mut ranks = false;
        for (a, b) in shared {
            any = true;
            apart |= a.unicast_src_ip.get().zip(b.unicast_src_ip.get()).is_some_and(|(a, b)| a != b);
            ranks |= a.priority.get() != b.priority.get();
        }
        if any { (apart || (by_name && ranks)).then_some(true) } else { Some(false) }
    }
}

fn router_id(file: &File) -> String {
    match &file.content {
        Content::Keepalived(conf) => conf.global.router_id.get().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// What is left of a file's name without the words that every such file has: `m1` of `keepalived-m1.conf`.
fn token(path: &str) -> String {
    let mut name = base(path).to_ascii_lowercase();
    for word in WORDS {
        name = name.replace(word, "");
    }
    name.trim_matches(['-', '_', '.', ' ']).to_owned()
}

/// Whether a name holds a word whole: `m1` in `haproxy-m1.cfg`, and not in `haproxy-m10.cfg`.
fn has_word(name: &str, word: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let outside = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    name.match_indices(&word.to_ascii_lowercase())
        .any(|(at, found)| outside(name[..at].chars().next_back()) && outside(name[at + found.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use plimsoll_diagnostics::Sources;

    use crate::files::recognise;

    fn keepalived(priority: u8, more: &str) -> String {
        format!(
            "{more}vrrp_instance a {{\n virtual_router_id 52\n priority {priority}\n virtual_ipaddress {{\n 10.0.0.100\n }}\n}}\n"
        )
    }

    fn owners(files: &[(&str, String)]) -> Vec<String> {
        let mut sources = Sources::new();
        for (path, text) in files {
            sources.add(*path, text.as_str());
        }
        recognise(&sources).list.into_iter().map(|file| file.owner).collect()
    }

    #[test]
    fn files_of_one_folder_are_given_to_their_machines() {
        let haproxy =
            "frontend api\n bind *:8443\n default_backend api\nbackend api\n server a 10.0.0.1:6443\n".to_owned();
        let found = owners(&[
            ("flat/keepalived-m1.conf", keepalived(103, "")),
            ("flat/keepalived-m2.conf", keepalived(102, "")),
            ("flat/haproxy-m1.cfg", haproxy.clone()),
            ("flat/haproxy-m10.cfg", haproxy),
            ("flat/m2_sysctl.conf", String::new()),
            ("flat/other.conf", String::new()),
        ]);
        assert_eq!(found, ["m1", "m2", "m1", "m10", "m2", "flat"]);
        let id = |name: &str| format!("global_defs {{\n router_id {name}\n}}\n");
        let found = owners(&[
            ("flat/keepalived.conf", keepalived(100, &id("cp-1"))),
            ("flat/keepalived.conf.cp", keepalived(100, &id("cp-2"))),
        ]);
        assert_eq!(found, ["cp-1", "cp-2"]);
    }

    #[test]
    fn what_may_be_of_one_machine_stays_there() {
        let other = keepalived(100, "").replace("52", "53").replace("10.0.0.100", "10.0.0.101");
        assert_eq!(
            owners(&[("m/keepalived/api.conf", keepalived(100, "")), ("m/keepalived/web.conf", other)]),
            ["keepalived", "keepalived"]
        );
        // An old file beside the real one.
        let found = owners(&[("m/keepalived.conf", keepalived(100, "")), ("m/keepalived-2.conf", keepalived(90, ""))]);
        assert_eq!(found, ["m", "m"]);
    }

    #[test]
    fn one_name_in_two_folders_is_two_machines() {
        let found = owners(&[
            ("a/keepalived-m1.conf", keepalived(103, "")),
            ("a/keepalived-m2.conf", keepalived(102, "")),
            ("b/keepalived-m1.conf", keepalived(103, "")),
            ("b/keepalived-m2.conf", keepalived(102, "")),
        ]);
        assert_eq!(found, ["a/m1", "a/m2", "b/m1", "b/m2"]);
    }

    #[test]
    fn many_files_of_one_folder_take_no_time() {
        let files: Vec<(String, String)> =
            (0..500).map(|n| (format!("f/keepalived-{n}.conf"), keepalived(100, ""))).collect();
        let files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
        assert!(owners(&files).iter().all(|owner| owner == "f"));
    }
}
