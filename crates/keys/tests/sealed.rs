//! The store, encrypted to two recipients.
#![cfg(feature = "store")]

use age::secrecy::ExposeSecret as _;
use plimsoll_keys::{Secret, Store, open, seal};

fn identity() -> (String, String) {
    let key = age::x25519::Identity::generate();
    (key.to_string().expose_secret().to_owned(), format!("# a person\n{}\n", key.to_public()))
}

#[test]
fn each_recipient_opens_the_store_and_nobody_else() {
    let ((ops, ops_public), (escrow, escrow_public), (other, _)) = (identity(), identity(), identity());
    let mut store = Store::new();
    store.put("tsig/transfer", Secret::new("hunter2"));
    let sealed = seal(&store, &[ops_public, escrow_public]).expect("sealed");
    assert!(!String::from_utf8_lossy(&sealed).contains("hunter2"));
    for key in [&ops, &escrow] {
        assert_eq!(open(&sealed, &format!("# created: today\n{key}\n")).expect("opened"), store);
    }
    assert_eq!(open(&sealed, &other).expect_err("another key").to_string(), "the store could not be decrypted");
    let mut broken = sealed.clone();
    if let Some(last) = broken.last_mut() {
        *last ^= 1;
    }
    assert!(open(&broken, &ops).is_err(), "a changed byte is noticed");
    assert!(open(&sealed[..40], &ops).is_err() && open(b"", &ops).is_err());
}

#[test]
fn a_store_for_nobody_is_refused() {
    let store = Store::new();
    assert_eq!(
        seal(&store, &["# nobody\n".into()]).expect_err("nobody").to_string(),
        "the store would be encrypted to nobody: `access.recipients` names no key"
    );
    let error = seal(&store, &["AGE-SECRET-KEY-1\n".into()]).expect_err("no recipient").to_string();
    assert!(error.contains("is no age recipient"), "{error}");
}
