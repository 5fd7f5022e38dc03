//! The pure engine: vocabulary and the stages from ingest to learn.
//!
//! This crate knows no clock, no randomness, no I/O, no SQL and no HTTP. Everything it
//! needs is an argument; everything it wants done is a returned [`model::Effect`].
//! Start at `flow.rs`: it shows the whole pipeline on one screen.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod contact;
pub mod customer;
pub mod decide;
pub mod flow;
pub mod ingest;
pub mod memory;
pub mod model;
pub mod replay;
pub mod route;
pub mod understand;
pub mod world;

pub use world::World;
