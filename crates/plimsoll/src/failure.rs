//! Why a command could not do its work (exit code 2).

use std::error::Error;
use std::fmt;
use std::path::Path;

use plimsoll_diagnostics::Diagnostic;

/// Names the operation and the thing, keeps the cause, and says what to do next where that is not plain.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), hint: None, source: None }
    }

    /// `failed to read `cluster.yaml``, with the operating system's reason.
    pub(crate) fn io(operation: &str, path: &Path, source: std::io::Error) -> Self {
        Failure {
            message: format!("failed to {operation} `{}`", path.display()),
            hint: None,
            source: Some(Box::new(source)),
        }
    }

    /// With what went wrong below.
    #[cfg(feature = "secrets")]
    #[must_use]
    pub(crate) fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same as a problem, for programs that read what was found.
    pub(crate) fn diagnostic(&self) -> Diagnostic {
        let cause = self.source.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        let problem = Diagnostic::error(format!("{}{cause}", self.message)).code("unreadable");
        match &self.hint {
            Some(hint) => problem.help(hint.clone()),
            None => problem,
        }
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
