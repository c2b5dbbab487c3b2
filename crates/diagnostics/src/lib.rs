//! Source positions, findings, and how they are shown to people and programs.
//!
//! The lowest room of the workspace: everything that reads text keeps [`Span`]s, everything that has something to
//! say returns [`Diagnostic`]s, and only the command line prints what [`render`] makes of them.

mod diagnostic;
mod nearest;
mod redact;
pub mod render;
mod source;

pub use diagnostic::{Annotation, Diagnostic, Diagnostics, Severity};
pub use nearest::nearest;
pub use source::{Position, Source, SourceId, Sources, Span, Spanned};
