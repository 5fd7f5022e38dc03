//! Routes, wire types, authentication, OpenAPI, WebSockets and the built UI.
//!
//! This crate parses, authenticates and renders. It decides nothing about customers, knows
//! no SQL, and has no clock of its own: time comes in as a value. The binary implements
//! [`Core`], hands in [`Parts`], and serves the [`router`].

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod admin;
mod app;
mod assets;
mod auth;
pub mod capture;
mod client;
mod config;
mod core;
mod cors;
mod desk;
mod error;
mod fields;
mod health;
mod hub;
mod identifiers;
mod keys;
mod limits;
mod openapi;
mod password;
mod server;
mod widget;
mod wording;

pub use config::{Clock, Config, InvalidNetwork, Network, Parts, Rates};
pub use core::{Core, CoreStats, CustomerView, Hint, Readiness, Unavailable, WorldChange};
pub use keys::Keys;
pub use password::hash_password;
pub use server::router;
