//! Places in a file that are filled in at the last moment.

use std::fmt;

use plimsoll_model::design::SecretRef;

/// The place of something that the Design names but does not hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hole {
    /// What belongs there.
    pub source: Source,
    /// In which form it stands there.
    pub form: Form,
}

/// Where the content of a hole comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The secret store.
    Secret(SecretRef),
    /// A file of the person, relative to the cluster file: public keys, which are no secret but which a pure function
    /// cannot read.
    File(String),
}

/// How the content of a hole is written into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As it is, without white space at its end: a password, a TSIG key (which is base64 already), a PEM text.
    Text,
    /// Its bytes in base64, on one line.
    Base64,
    /// Each line but the first indented by so many blanks: a text of several lines in a YAML block.
    Indented(u8),
    /// Each line that is neither empty nor a comment as a quoted item of a YAML list, whose dashes stand behind so many
    /// blanks: the lines of an `authorized_keys` file. The dash of the first is there already.
    Items(u8),
}

impl Hole {
    /// A hole for a secret as the store holds it.
    pub fn text(secret: &SecretRef) -> Self {
        Hole { source: Source::Secret(secret.clone()), form: Form::Text }
    }

    /// A hole for the bytes of a secret in base64.
    pub fn base64(secret: &SecretRef) -> Self {
        Hole { source: Source::Secret(secret.clone()), form: Form::Base64 }
    }

    /// A hole for a public file of the person.
    pub fn file(path: &str, form: Form) -> Self {
        Hole { source: Source::File(path.to_owned()), form }
    }

    /// The secret it needs, if it is one.
    pub fn secret(&self) -> Option<&SecretRef> {
        match &self.source {
            Source::Secret(secret) => Some(secret),
            Source::File(_) => None,
        }
    }

    /// What stands in the file until it is filled in: `<plimsoll:secret tsig/externaldns>`.
    ///
    /// Typed writers are given this text; [`crate::File::holes`] then finds it again.
    pub fn placeholder(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Secret(secret) => write!(f, "<plimsoll:secret {}", secret.0)?,
            Source::File(path) => write!(f, "<plimsoll:file {path}")?,
        }
        match self.form {
            Form::Text => f.write_str(">"),
            Form::Base64 => f.write_str(" base64>"),
            Form::Indented(blanks) => write!(f, " indented-{blanks}>"),
            Form::Items(blanks) => write!(f, " items-{blanks}>"),
        }
    }
}
