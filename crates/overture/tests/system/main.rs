//! The system as a whole: the real binary, or the real server in this process, on a
//! temporary folder, over its public interface.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod about;
mod callback;
mod calls;
mod commands;
mod consent;
mod crash;
mod disk;
mod doctor_site;
mod fusion;
mod grants;
mod identity;
mod issues;
mod lexicon;
mod outbox;
mod panics;
mod reading;
mod remote_text;
mod replay;
mod rollouts;
mod support;
mod text;
mod voice;
