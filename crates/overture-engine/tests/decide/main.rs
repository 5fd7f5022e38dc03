//! Understanding and deciding, through the public surface.
#![allow(clippy::unwrap_used, reason = "tests")]

mod conditions;
mod explain;
mod features;
mod need;
mod never;
mod policy_file;
mod quiet;
mod reasons;
mod rollouts;
mod standings;
mod support;
