//! Certificates and sealed files, made here by the same programs and then spoiled.
#![allow(clippy::panic, clippy::unwrap_used)]

use plimsoll_accept::{Files, Sandbox, keys};

/// What the script prints, split at lines of `=====`.
fn made_by(sandbox: &Sandbox, script: &str) -> Vec<String> {
    let run = sandbox.run(&Files::new(), &[], script, &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout.split("=====\n").map(str::to_owned).collect()
}

#[test]
fn a_certificate_fits_its_authority_and_its_names() {
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    let made = made_by(
        &sandbox,
        "set -e; cd /tmp
        authority() { openssl req -x509 -newkey ed25519 -nodes -keyout $1.key -out $1.pem -days 2 -subj /CN=$1 \\
            -addext keyUsage=critical,keyCertSign; }
        authority ours; authority theirs
        openssl req -new -newkey ed25519 -nodes -keyout leaf.key -out leaf.csr -subj /CN=api
        printf \"subjectAltName=DNS:api.example.edu,IP:10.0.0.1\\nauthorityKeyIdentifier=keyid\\n\" >ext
        openssl x509 -req -in leaf.csr -CA ours.pem -CAkey ours.key -days 1 -extfile ext -out leaf.pem
        cat ours.pem; echo =====; cat theirs.pem; echo =====; cat leaf.pem",
    );
    let [ours, theirs, leaf] = made.as_slice() else { panic!("{made:?}") };
    let ask = |authority: &str, name: &str| keys::certificate_is_valid(&sandbox, authority, leaf, name).unwrap();
    for name in ["api.example.edu", "10.0.0.1"] {
        let verdict = ask(ours, name);
        assert!(verdict.accepted, "{verdict}");
    }
    for (authority, name, said) in [
        (theirs, "api.example.edu", "unable to get local issuer certificate"),
        (ours, "api.example.com", "hostname mismatch"),
        (ours, "10.0.0.2", "IP address mismatch"),
    ] {
        let verdict = ask(authority, name);
        assert!(!verdict.accepted && verdict.output.contains(said), "{verdict}");
    }
}

#[test]
fn age_opens_what_was_sealed_for_it_and_nothing_else() {
    let sandbox = Sandbox::open().unwrap_or_else(|error| panic!("{error}"));
    let made = made_by(
        &sandbox,
        "set -e; cd /tmp; age-keygen -o ours; age-keygen -o theirs
        cat ours; echo =====; cat theirs; echo =====
        echo secret | age --armor --recipient $(age-keygen -y ours)",
    );
    let [ours, theirs, sealed] = made.as_slice() else { panic!("{made:?}") };
    let opened = keys::age_opens(&sandbox, ours, sealed.as_bytes()).unwrap();
    assert_eq!(opened.as_deref(), Ok("secret\n"));
    let refused = keys::age_opens(&sandbox, theirs, sealed.as_bytes()).unwrap().unwrap_err();
    assert!(refused.output.contains("no identity matched any of the recipients"), "{refused}");
}
