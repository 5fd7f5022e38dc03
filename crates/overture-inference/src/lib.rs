//! Models that implement the engine's analyzer traits.
//!
//! This crate turns model files into implementations of what `overture-engine` asks for. It
//! reads no clock and no disk: shipped models are compiled in, others arrive as text.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod audio;
pub mod encoder;
pub mod engagement;
mod frame;
pub mod issues;
pub mod text;
pub mod voice;

pub use engagement::{Logistic, ModelError};
pub use frame::ModelFileError;
