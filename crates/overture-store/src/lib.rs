//! The only SQL of Overture: one [`Store`] trait, written for SQLite and for PostgreSQL.
//!
//! The store is blocking and has no clock: every method that needs the time takes it. What
//! is logged and what states look like on disk is decided here, by versioned records, and
//! never by the engine's own types.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod error;
mod keys;
mod migrations;
mod options;
mod postgres;
mod records;
mod rows;
mod shared;
mod sql;
mod sqlite;
mod store;
mod unit;

pub use error::{Cause, StoreError};
pub use options::{MasterKey, StoreOptions};
pub use postgres::open_postgres;
pub use rows::*;
pub use sqlite::open_sqlite;
pub use store::Store;
