//! Everything the `overture` binary is made of: wiring, configuration, and the only clock.
//!
//! Start at [`serve`]: it wires the store, the core and HTTP together. [`core`] is the one
//! thread that owns all customers and routing.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod annoyance;
mod audit;
mod chart;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod core;
mod demo;
mod doctor;
mod doctor_site;
mod export;
mod figures;
pub mod first_start;
mod fusion;
mod issues;
mod lines;
pub mod loadgen;
pub mod mail;
mod models;
pub mod outbox;
pub mod people;
mod phone;
mod policy;
mod progress;
mod remote_text;
pub mod replay;
pub mod serve;
mod sms;
pub mod storage;
mod table;
mod text;
mod voice;
