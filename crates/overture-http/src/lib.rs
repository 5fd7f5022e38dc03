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
mod brands;
mod callback;
mod calls;
pub mod capture;
mod client;
mod config;
mod core;
mod cors;
mod desk;
mod error;
mod fields;
mod files;
mod guides;
mod health;
mod help;
mod hub;
mod identifiers;
pub mod installation;
mod keys;
pub mod knowledge;
mod lexicon;
mod limits;
mod openapi;
mod password;
mod presence;
mod reading;
mod replay;
mod rollouts;
mod server;
mod uploads;
mod widget;
mod wording;

pub use callback::words::{code_text, notice as callback_text};
pub use calls::CallParts;
pub use config::{
    ChatConfig, Clock, Config, InvalidNetwork, Issues, LoadModel, MailStatus, Network, Parts,
    Rates, RemoteTextStatus, SendTest, TextModels, Texts,
};
pub use core::{
    Core, CoreStats, CustomerView, Explained, Hint, MATCHES_LOOKED_AT_MAX, Matched, Readiness,
    Unavailable, WorldChange,
};
pub use keys::{Continuation, Keys, pseudonym_key};
pub use password::hash_password;
pub use replay::{
    COST_PER_MINUTE, HANDLE_MINUTES, ReplayAs, ReplayAsked, ReplayCost, ReplayCustomer,
    ReplayDecided, ReplayDifference, ReplayDifferences, ReplayHour, ReplayNamed, ReplayProgress,
    ReplayReport, ReplayRule, ReplaySide, RunReplay,
};
pub use server::router;
