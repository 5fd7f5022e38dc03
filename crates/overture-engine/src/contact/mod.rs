//! Contact: offers of help, grants to reach an agent, and the conversations that follow.

pub mod conversation;
pub mod grants;
pub mod offers;
mod why;

pub use why::{place, troubles, why};
