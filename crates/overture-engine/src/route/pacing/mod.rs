//! Pacing: how many offers may be open at once so that whoever accepts finds an agent and
//! nobody else waits for it.
//!
//! `learned.rs` counts what happens, `outlook.rs` says what the next minute brings, and
//! `share.rs` holds seats by it. Decision 19 says why it is so.

pub(super) mod learned;
pub(super) mod outlook;
mod share;
