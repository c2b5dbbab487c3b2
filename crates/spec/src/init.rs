//! The file that a newcomer starts from.

/// A commented cluster file of some ten effective lines that is itself valid.
pub fn init() -> &'static str {
    include_str!("init.yaml")
}
