//! Sound: reading recordings, the telephone's codes, one sample rate for everything that listens.

pub mod g711;
mod rate;
mod recording;
pub mod synthetic;
mod wav;

pub use rate::{RATE, ToRate};
pub use recording::{AudioError, Recording};
