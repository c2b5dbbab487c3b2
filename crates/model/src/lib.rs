//! The Design: every fact of a cluster, explicit.

pub mod units;
