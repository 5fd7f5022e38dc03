//! Ingest: whose an event is.

pub mod attribute;
