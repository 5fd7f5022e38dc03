//! Contact: offers of help, grants to reach an agent, the conversations that follow, pauses.

pub(crate) mod articles;
pub(crate) mod beside;
pub mod call;
pub mod callback;
pub(crate) mod chat;
pub mod conversation;
pub mod grants;
pub mod guides;
pub mod offers;
pub mod pause;
mod why;

pub use why::{place, troubles, why};
