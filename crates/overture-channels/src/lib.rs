//! The outside world: one module a peer, each a parser or a sender.
//!
//! This crate reads no clock and no environment, and knows no SQL: times, secrets and
//! payloads are arguments. Every outbound URL passes [`guard`].
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod breaker;
pub mod email;
mod failure;
pub mod guard;
pub mod remote_text;
pub mod sms;
pub mod speech;
pub mod webhook;
