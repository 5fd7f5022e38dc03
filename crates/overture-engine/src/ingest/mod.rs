//! Ingest: whose an event is, which visit it belongs to, and how two customers become one.

pub mod attribute;
pub(crate) mod merge;
pub(crate) mod session;
