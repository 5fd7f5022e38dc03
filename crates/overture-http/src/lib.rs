//! Routes, wire types, authentication, OpenAPI, WebSockets and the built UI.
//!
//! This crate parses, authenticates and renders. It decides nothing about customers, knows
//! no SQL, and has no clock of its own: time comes in as a value.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod core;

pub use core::{Core, CoreStats, CustomerView, Hint, Readiness, Unavailable, WorldChange};
