//! Understanding text, tier 1: an encoder of 8-bit weights that reads a message's words in their context, blended with the tables of
//! tier 0, in milliseconds.
//!
//! A message's tokens become pieces ([`pieces`]), pieces become vectors that look at each other layer by layer ([`network`], whole
//! numbers in [`linear`] and [`level`], the rest in [`reckon`]), and their mean gives every column a sum, which [`blend`] weighs against the
//! tables'. The same message gives the same answer on every processor. `models/training` makes the weights, [`fit`] the
//! blend, [`file`] keeps both.

mod blend;
mod file;
mod fit;
mod level;
mod linear;
mod network;
pub mod pieces;
mod reckon;

pub use blend::{BlendedText, NotBlended};
pub use fit::fit;
pub use level::Level;

use crate::{ModelFileError, text::table::Columns};
use network::{Network, Work};
use pieces::{Pieces, Vocabulary};

/// An encoder, and how much it counts beside the tables that it was fitted to.
#[derive(Debug, Clone)]
pub struct TextEncoder {
    name: String,
    vocabulary: Vocabulary,
    network: Network,
    blend: Blend,
}

/// By column: calibrated sum = `of_tables * tables + of_encoder * encoder + offset`.
#[derive(Debug, Clone, PartialEq)]
struct Blend {
    /// The name of the tables that it was fitted to; empty before it was.
    tables: String,
    of_tables: Columns,
    of_encoder: Columns,
    offsets: Columns,
    thresholds: Columns,
    polarity: f32,
}

/// What the encoder reads one message into.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pieces: Pieces,
    work: Work,
}

impl TextEncoder {
    /// Reads an encoder's file.
    ///
    /// # Errors
    /// [`ModelFileError`] for a file that is no encoder, cut off, changed, or made for other heads.
    pub fn from_file(bytes: &[u8]) -> Result<Self, ModelFileError> {
        file::read(bytes)
    }

    /// The encoder's file.
    pub fn to_file(&self) -> Vec<u8> {
        file::write(self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the tables that it was fitted to; empty before it was.
    pub fn tables(&self) -> &str {
        &self.blend.tables
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Level, TextEncoder, network::Work};

    #[derive(Deserialize)]
    struct Reference {
        pieces: Vec<u16>,
        sums: Vec<f32>,
    }

    /// The encoder that ships, and what PyTorch said of a few messages in 32-bit floating point.
    #[test]
    fn eight_bits_say_nearly_what_32_say_and_every_level_the_same() {
        let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
        let file = std::fs::read(format!("{models}/text-1.encoder")).unwrap();
        let encoder = TextEncoder::from_file(&file).unwrap();
        let reference = std::fs::read(format!("{models}/training/reference.json")).unwrap();
        let reference: Vec<Reference> = serde_json::from_slice(&reference).unwrap();
        let mut work = Work::default();
        let (mut square, mut of_reference, mut worst) = (0.0, 0.0, 0.0f32);
        for Reference { pieces, sums } in &reference {
            let said: Vec<_> = Level::there()
                .iter()
                .map(|level| {
                    encoder.network.read(*level, pieces, &mut work);
                    encoder.network.totals(&work)
                })
                .collect();
            for other in &said {
                assert_eq!(other.map(f32::to_bits), said[0].map(f32::to_bits));
            }
            for (said, sum) in said[0].iter().zip(sums) {
                square += f64::from((said - sum).powi(2));
                of_reference += f64::from(sum.powi(2));
                worst = worst.max((said - sum).abs());
            }
        }
        let error = (square / of_reference).sqrt();
        assert!(
            error < 0.03 && worst < 1.0,
            "error {error}, at worst {worst}"
        );
    }
}
