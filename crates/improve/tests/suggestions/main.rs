//! What is suggested for the examples and for worse versions of them. One program, so that its tests fill the machine.

mod campus;
mod common;
mod patches;
