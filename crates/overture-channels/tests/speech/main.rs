//! What turns speech into words, against services on this machine that replay transcripts.
//!
//! All transcripts were written for these tests; how the fixture of a request came about is told in `fixtures/speech/README.md`.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "waiting for a condition needs a deadline"
)]

mod openai;
mod scripted;
mod settings;
mod streaming;
mod support;
