//! Every file that is rendered is accepted by the program that will read it, its holes filled from a throw-away store.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_accept::{File, Files, Host, Program, Sandbox, accept_hosts};
use plimsoll_keys::{SystemEntropy, files_for, fill, throwaway};
use plimsoll_model::Design;
use plimsoll_render::{Tree, render};

fn design() -> Design {
    serde_json::from_str(include_str!("../../resolve/tests/golden/campus.json")).unwrap()
}

/// Public files of the person: one SSH key, one recipient of age.
#[allow(clippy::unnecessary_wraps)] // the signature is that of a reader of files
fn public(path: &str) -> Result<String, String> {
    match path {
        "./keys/admins.pub" => {
            Ok("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE ops@example.edu\n"
                .into())
        }
        _ => Ok("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n".into()),
    }
}

/// Every host and machine with its files as they will lie there.
fn hosts(design: &Design, tree: &Tree) -> Vec<Host> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let store = throwaway(design, &tree.secrets(), now, &mut SystemEntropy).unwrap();
    let filled = fill(tree, &store, public).unwrap();
    let one = |kind: &str, name: &str| {
        let prefix = format!("{kind}/{name}/");
        let mut files = Files::new();
        for (path, file) in tree.iter() {
            let Some(place) = path.strip_prefix(&prefix) else { continue };
            let text = filled.get(path).map_or_else(|| file.text(), |file| file.content.expose().to_owned());
            // Daemons of the sandbox run as users that it has: what only root may read, they read as root.
            files.insert(format!("/{place}"), File { bytes: text.into_bytes(), mode: file.mode });
        }
        for file in files_for(design, &store, name) {
            files.insert(&file.path, File { bytes: file.content.expose().into(), mode: file.mode });
        }
        Host { name: name.to_owned(), files }
    };
    let machines = design.machine.keys().map(|name| one("machines", name.as_str()));
    let bare = design.host.keys().map(|name| one("hosts", name.as_str()));
    machines.chain(bare).collect()
}

#[test]
fn every_program_accepts_what_it_will_read() {
    let design = design();
    let tree = render(&design);
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    let mut all = hosts(&design, &tree);
    // What others will run, at the place where it would lie there.
    for (path, file) in tree.iter().filter(|(path, _)| path.starts_with("gateways/") && path.ends_with(".frr.conf")) {
        let files = Files::from([("/etc/frr/frr.conf", file.text().as_str())]);
        all.push(Host { name: path.to_owned(), files });
    }
    // Cloud-init reads them from the drive that Proxmox VE makes of its snippets.
    for (path, file) in tree.iter().filter(|(path, _)| path.ends_with("-user.yaml")) {
        let text = file.text().replace("<plimsoll:file ./keys/admins.pub items-2>", "\"ssh-ed25519 AAAA ops\"");
        let files = Files::from([("/var/lib/cloud/seed/nocloud/user-data", text.as_str())]);
        all.push(Host { name: path.to_owned(), files });
    }
    let verdicts = accept_hosts(&sandbox, &all).unwrap_or_else(|error| panic!("{error}"));
    let reads = |program: &Program| {
        all.iter().any(|host| host.files.iter().any(|(path, file)| program.reads(path, &file.bytes)))
    };
    let asked: BTreeSet<Program> = Program::ALL.into_iter().filter(reads).collect();
    for program in [
        Program::Chronyd,
        Program::CloudInit,
        Program::Frr,
        Program::Haproxy,
        Program::Ifupdown2,
        Program::Keepalived,
        Program::Named,
        Program::Netplan,
        Program::Networkd,
        Program::Nft,
        Program::Shell,
        Program::Sysctl,
        Program::SystemdAnalyze,
    ] {
        assert!(asked.contains(&program), "{program:?} was asked nothing");
    }
    let rejected: Vec<String> = verdicts.iter().filter(|host| !host.accepted()).map(ToString::to_string).collect();
    assert!(rejected.is_empty(), "{}", rejected.join("\n"));
}
