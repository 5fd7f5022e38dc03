//! The routes, called as clients call them, over a core that only records and a real store.

#![allow(clippy::unwrap_used, reason = "tests")]

mod admin;
mod capture;
mod operation;
mod properties;
mod roles;
mod sockets;
mod staff;
mod support;
mod widget;
