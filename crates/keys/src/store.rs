//! Secrets by their names.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_model::design::SecretRef;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One secret: a password, a key in base64, a PEM text. Public halves (certificates) lie beside their keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret of this content.
    pub fn new(content: impl Into<String>) -> Self {
        Secret(content.into())
    }
    /// Its content. Whoever calls this is responsible for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Secrets by their names (`tsig/externaldns`, `pki/ca.key`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    secret: BTreeMap<String, Secret>,
}

/// The form in which a store is encrypted.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: u32,
    secret: BTreeMap<String, Secret>,
}

const FORMAT: u32 = 1;

/// Why a text is no store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It is of another form. The parser's own words are left out: they could quote a secret.
    #[error("the secret store is not of the form that this version writes (line {line}, column {column})")]
    Form {
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// It was written by a newer version.
    #[error("the secret store has format {0}, this version knows up to {FORMAT}")]
    Newer(u32),
}

impl Store {
    /// No secrets.
    pub fn new() -> Self {
        Self::default()
    }
    /// The secret of that name.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.secret.get(name)
    }
    /// The secret that a Design refers to.
    pub fn resolve(&self, reference: &SecretRef) -> Option<&Secret> {
        self.get(&reference.0)
    }
    /// Puts a secret there; gives back the one that was there.
    pub fn put(&mut self, name: impl Into<String>, secret: Secret) -> Option<Secret> {
        self.secret.insert(name.into(), secret)
    }
    /// Takes a secret away, so that [`crate::complete`] makes it anew.
    pub fn remove(&mut self, name: &str) -> Option<Secret> {
        self.secret.remove(name)
    }
    /// Names of all secrets, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.secret.keys().map(String::as_str)
    }

    /// As text: in clear, for encryption only.
    pub fn to_clear_text(&self) -> Secret {
        let form = Form { format: FORMAT, secret: self.secret.clone() };
        // Maps with text keys cannot fail.
        Secret(serde_json::to_string_pretty(&form).unwrap_or_default() + "\n")
    }

    /// Reads what [`Store::to_clear_text`] wrote.
    ///
    /// # Errors
    /// When it is no store, or a newer one.
    pub fn from_clear_text(text: &str) -> Result<Self, StoreError> {
        let wrong = |error: serde_json::Error| StoreError::Form { line: error.line(), column: error.column() };
        let form: Form = serde_json::from_str(text).map_err(wrong)?;
        if form.format > FORMAT {
            return Err(StoreError::Newer(form.format));
        }
        Ok(Store { secret: form.secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_reads_back_and_shows_nothing() {
        let mut store = Store::new();
        store.put("tsig/a", Secret::new("hunter2"));
        assert_eq!(Store::from_clear_text(store.to_clear_text().expose()).expect("a store"), store);
        assert_eq!(format!("{store:?}"), r#"Store { secret: {"tsig/a": (secret)} }"#);
        let broken = store.to_clear_text().expose().replace("\"hunter2\"", "[\"hunter2\"]");
        let error = Store::from_clear_text(&broken).expect_err("no store").to_string();
        assert!(!error.contains("hunter2"), "{error}");
        let newer = store.to_clear_text().expose().replace("\"format\": 1", "\"format\": 9");
        assert_eq!(
            Store::from_clear_text(&newer).expect_err("newer").to_string(),
            "the secret store has format 9, this version knows up to 1"
        );
    }
}
