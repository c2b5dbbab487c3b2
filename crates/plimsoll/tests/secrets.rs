//! `plimsoll secrets`, in a build with `--features secrets`.
#![allow(clippy::panic)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::Place;
use plimsoll_keys::{Store, open};

/// A cluster that was built, with keys of its people; the private ones are `ops.txt` and `escrow.txt`.
fn cluster() -> Place {
    let place = Place::campus();
    for who in ["ops", "escrow"] {
        let (private, public) = key();
        place.write(&format!("{who}.txt"), format!("# created for a test\n{private}\n"));
        place.write(&format!("keys/age-{who}.pub"), format!("{public}\n"));
    }
    place.write("keys/admins.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeKeyOfATestOnly admin@example.edu\n");
    place.build(&[]).exits(0);
    place
}

fn key() -> (String, String) {
    use age::secrecy::ExposeSecret as _;
    let key = age::x25519::Identity::generate();
    (key.to_string().expose_secret().to_owned(), key.to_public().to_string())
}

fn store(place: &Place, who: &str) -> Store {
    let sealed = fs::read(place.at("secrets.age")).expect("a store");
    open(&sealed, &place.read(&format!("{who}.txt"))).expect("it opens")
}

/// No secret of the store stands in a text.
fn holds_none(store: &Store, text: &str, what: &str) {
    for name in store.names().filter(|name| !matches!(name.rsplit_once('.'), Some((_, "crt" | "pub")))) {
        let secret = store.get(name).expect("there").expose().trim();
        let line = secret.lines().nth(1).unwrap_or(secret);
        assert!(!text.contains(line), "{what} shows {name}");
    }
}

#[test]
fn make_makes_everything_once_for_every_recipient() {
    let place = cluster();
    let said =
        place.run(&["secrets", "make"]).exits(0).says("made tsig/transfer").says("made pki/ca.key").says("Commit it");
    assert_eq!(place.mode("secrets.age"), 0o600);
    let ops = store(&place, "ops");
    assert_eq!(ops, store(&place, "escrow"));
    holds_none(&ops, &(said.out + &said.err), "make");

    let before = fs::read(place.at("secrets.age")).expect("a store");
    place.run(&["secrets", "make"]).exits(2).says("cannot be completed unread").says("--identity FILE");
    place.run(&["secrets", "make", "--identity", "ops.txt"]).exits(0).says("nothing to make");
    assert_eq!(fs::read(place.at("secrets.age")).expect("a store"), before, "not a byte is touched");
    place.run(&["secrets", "list"]).exits(0).never_says("not there yet");
}

#[test]
fn make_completes_and_never_replaces() {
    let place = cluster();
    place.run(&["secrets", "make"]).exits(0);
    let before = store(&place, "ops");
    let mut poorer = before.clone();
    poorer.remove("tsig/transfer");
    let public = place.read("keys/age-ops.pub");
    fs::write(place.at("secrets.age"), plimsoll_keys::seal(&poorer, &[public]).expect("sealed")).expect("written");
    let said = place.run(&["secrets", "make", "-i", "ops.txt"]).exits(0);
    assert_eq!(said.out, "made tsig/transfer\n");
    let after = store(&place, "escrow");
    for name in poorer.names() {
        assert_eq!(after.get(name), poorer.get(name), "{name}");
    }
    assert_ne!(after.get("tsig/transfer"), before.get("tsig/transfer"), "made anew");
}

#[test]
fn a_new_recipient_can_read_after_reseal() {
    let place = cluster();
    place.run(&["secrets", "make"]).exits(0);
    let (private, public) = key();
    place.write("new.txt", private);
    place.write("keys/age-escrow.pub", public);
    let before = store(&place, "ops");
    place.run(&["secrets", "make", "-i", "ops.txt", "--reseal"]).exits(0).says("Encrypted");
    assert_eq!(store(&place, "new"), before);
}

#[test]
fn make_says_what_is_missing() {
    let place = Place::campus();
    place
        .run(&["secrets", "make"])
        .exits(2)
        .says("  ./keys/age-ops.pub: No such file")
        .says("  ./keys/age-escrow.pub: ")
        .says("age-keygen");
    let place = cluster();
    // The private key by mistake: it is refused and not shown.
    let private = place.read("ops.txt");
    place.write("keys/age-ops.pub", &private);
    let said = place.run(&["secrets", "make"]).exits(2).says("is no age recipient");
    assert!(!said.err.contains(private.lines().nth(1).expect("a key")));
    assert!(!place.exists("secrets.age"));
    let place = cluster();
    place.edit("cluster.yaml", &[("recipients: [./keys/age-ops.pub, ./keys/age-escrow.pub]", "recipients: []")]);
    place.run(&["secrets", "make"]).exits(2).says("names no key");
}

#[test]
fn fill_writes_what_needs_secrets_for_its_owner_alone() {
    let place = cluster();
    let out = place.tree("out");
    place.run(&["secrets", "make"]).exits(0);
    let said = place
        .run(&["secrets", "fill", "-o", "filled", "-i", "escrow.txt"])
        .exits(0)
        .says("machines/cp-1/etc/kubernetes/pki/ca.key");
    let store = store(&place, "ops");
    holds_none(&store, &(said.out.clone() + &said.err), "fill");
    let files = place.tree("filled");
    assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), said.out.lines().collect::<Vec<_>>());
    for (path, bytes) in &files {
        assert_eq!(place.mode(&format!("filled/{path}")), 0o600, "{path}");
        for folder in Path::new(path).ancestors().skip(1) {
            assert_eq!(place.mode(&format!("filled/{}", folder.display())), 0o700, "{path}");
        }
        let text = String::from_utf8(bytes.clone()).expect("text");
        let open = text.contains("<plimsoll:secret ") || text.contains("<plimsoll:file ");
        assert!(!open, "{path} has a hole");
    }
    let named = String::from_utf8_lossy(&files["machines/ns-1/etc/bind/plimsoll.keys"]).into_owned();
    assert!(named.contains(store.get("tsig/transfer").expect("there").expose()));
    assert_eq!(place.tree("out"), out, "what was built stays as it was");
    for (path, bytes) in &out {
        holds_none(&store, &String::from_utf8_lossy(bytes), path);
    }
    assert!(!place.exists(".filled.part"));
}

#[test]
fn fill_refuses_what_could_lose_or_leak_a_secret() {
    let place = cluster();
    let fill = |directory: &str| place.run(&["secrets", "fill", "-i", "ops.txt", "-o", directory]);
    fill("filled").exits(2).says("failed to read `./secrets.age`").says("`plimsoll secrets make` makes it");
    place.run(&["secrets", "make"]).exits(0);
    place.write("full/mine", "mine");
    fill("full").exits(2).says("`full` is there already");
    fs::create_dir_all(place.at("repository/.git")).expect("made");
    fill("repository/filled").exits(2).says("lies in the git worktree").says("outside of it");
    fs::create_dir(place.at(".filled.part")).expect("made");
    fill("filled").exits(2).says("one was interrupted");
    fs::remove_dir(place.at(".filled.part")).expect("removed");
    let (private, _) = key();
    place.write("other.txt", private);
    place
        .run(&["secrets", "fill", "-i", "other.txt", "-o", "filled"])
        .exits(2)
        .says("failed to open `./secrets.age`")
        .says("hint: ");
    fs::remove_file(place.at("keys/admins.pub")).expect("removed");
    fill("filled").exits(2).says("needs the file `./keys/admins.pub`");
    place.write("keys/admins.pub", "ssh-ed25519 AAAA x\n");
    fs::remove_file(place.at("cluster.lock")).expect("removed");
    fill("filled").exits(2).says("`plimsoll build` first");
    assert!(!place.exists("filled") && !place.exists(".filled.part"));
    assert!(!place.exists("repository/filled") && place.tree("full").len() == 1);
}

#[test]
fn fill_cleans_up_when_it_cannot_write() {
    let place = cluster();
    place.run(&["secrets", "make"]).exits(0);
    place.run(&["secrets", "fill", "-i", "ops.txt", "-o", "no/such/place"]).exits(2).says("no/such");
    fs::create_dir(place.at("empty")).expect("made");
    fs::set_permissions(place.at("empty"), fs::Permissions::from_mode(0o755)).expect("open");
    place.run(&["secrets", "fill", "-i", "ops.txt", "-o", "empty"]).exits(0);
    assert_eq!(place.mode("empty"), 0o700, "an empty directory is replaced by a private one");
}
