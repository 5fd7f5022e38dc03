//! Understanding text, tier 0: what a message says about its writer, from hashed words and characters, word lists and
//! 8-bit linear tables, in microseconds.
//!
//! A message becomes tokens ([`tokens`]), tokens become rows of a table ([`rows`]) and sums over word lists
//! ([`lexicon`]), rows add up to one sum a column ([`table`]), and columns belong to heads ([`heads`]). [`model`] puts it
//! together; [`learn`] and [`calibrate`] make the numbers, [`file`] keeps them, [`metrics`] says how good they are.

pub mod authored;
pub mod calibrate;
pub mod file;
pub mod heads;
pub mod language;
pub mod learn;
pub mod lexicon;
pub mod make;
pub mod metrics;
pub mod model;
pub mod rows;
pub(crate) mod say;
pub mod table;
pub mod targets;
pub mod tokens;

pub use model::{Scratch, TextHeads, TextTables};
pub use say::{FullReading, View};
