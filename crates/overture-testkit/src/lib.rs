//! What tests build on: builders, a clock that is told the time, temporary stores, and a
//! seeded simulation of the two state machines with crashes.
//!
//! A dev-dependency only. Start at [`sim`] for the simulation, at [`build`] for a small
//! world to play in, and at [`pacing`] for a day at a chat desk.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod build;
pub mod clock;
pub mod faults;
pub mod pacing;
pub mod random;
pub mod sim;
pub mod stores;
