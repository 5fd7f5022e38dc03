//! Everything the `overture` binary is made of: wiring, configuration, and the only clock.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod client;
pub mod clock;
pub mod core;
pub mod loadgen;
pub mod people;
