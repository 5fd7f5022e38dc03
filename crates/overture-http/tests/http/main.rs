//! The routes, called as clients call them, over a core that only records and a real store.

#![allow(clippy::unwrap_used, reason = "tests")]

mod admin;
mod articles;
mod brands;
mod callback;
mod capture;
mod chat;
mod consent;
mod grants;
mod labels;
mod lexicon;
mod operation;
mod pause;
mod properties;
mod replay;
mod roles;
mod rollouts;
mod site;
mod sockets;
mod staff;
mod support;
mod widget;
