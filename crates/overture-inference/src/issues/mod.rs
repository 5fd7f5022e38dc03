//! What a message is about: classifiers that an organisation trains on labels of its own, with a way to say "none of these".
//!
//! A message becomes hashed words, pairs and character n-grams ([`features`]), those that training knew get weights
//! ([`vocabulary`]), and a linear table gives each label a margin ([`model`]). [`learn`] makes the table, [`calibrate`] turns
//! margins into probabilities, [`make`] does both, [`file`] keeps them.

pub mod calibrate;
pub mod features;
pub mod file;
pub mod learn;
pub mod make;
pub mod model;
pub mod vocabulary;

pub use make::{Labelled, Made, MakeError, make};
pub use model::{IssueModel, IssueReading, Scratch};

/// The label of messages that belong to no issue; the only label with a meaning of its own.
pub const OUT_OF_SCOPE: &str = "oos";
