//! The model of tier 1: tables and encoder together.

use std::sync::Arc;

use overture_engine::{model::TextReading, understand::TextModel};

use super::{TextEncoder, level::Level};
use crate::text::{
    Scratch, TextTables,
    model::{Tier, read},
    say::{self, Speaker},
    table::{Columns, probabilities},
};

/// A text model of tier 1. Cheap to copy.
#[derive(Clone)]
pub struct BlendedText {
    tables: Arc<TextTables>,
    encoder: Arc<TextEncoder>,
    level: Level,
}

/// Tables and encoder were not fitted to each other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the encoder {encoder} was fitted to the tables {fitted:?}, not to {tables}: run `overture train text` with --encoder"
)]
pub struct NotBlended {
    /// The encoder.
    pub encoder: String,
    /// What it was fitted to; empty where it was to nothing.
    pub fitted: String,
    /// What it was given.
    pub tables: String,
}

impl BlendedText {
    /// Puts both together.
    ///
    /// # Errors
    /// The encoder was fitted to other tables.
    pub fn new(tables: Arc<TextTables>, encoder: Arc<TextEncoder>) -> Result<Self, NotBlended> {
        if encoder.blend.tables != tables.name() {
            return Err(NotBlended {
                encoder: encoder.name.clone(),
                fitted: encoder.blend.tables.clone(),
                tables: tables.name().to_owned(),
            });
        }
        Ok(Self {
            tables,
            encoder,
            level: Level::best(),
        })
    }

    /// The same on other instructions, to show that it says the same. A level that the processor lacks becomes the plain one.
    pub fn on(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// The tables.
    pub fn tables(&self) -> &Arc<TextTables> {
        &self.tables
    }
}

impl Tier for BlendedText {
    fn speaker(&self) -> Speaker<'_> {
        let blend = &self.encoder.blend;
        Speaker {
            name: &self.encoder.name,
            tier: 1,
            thresholds: &blend.thresholds,
            polarity: blend.polarity,
        }
    }

    fn look(&self, text: &str, scratch: &mut Scratch) {
        self.tables.look(text, scratch);
    }

    fn columns(&self, text: &str, scratch: &mut Scratch) -> Columns {
        let tables = self.tables.calibrated(scratch);
        let encoder = self.encoder.totals(self.level, text, scratch);
        probabilities(&self.encoder.blend.apply(&tables, &encoder))
    }

    fn by_token(&self, scratch: &Scratch) -> Vec<f32> {
        let blend = &self.encoder.blend;
        let mut by_token = self.tables.worth_by_token(&blend.of_tables, scratch);
        let of_pieces = self
            .encoder
            .network
            .contributions(&say::direction(&blend.of_encoder), &scratch.encoder.work);
        for (token, weight) in scratch.encoder.pieces.tokens().iter().zip(of_pieces) {
            if let Some(token) = token {
                by_token[usize::from(*token)] += weight;
            }
        }
        by_token
    }
}

impl TextModel for BlendedText {
    fn name(&self) -> &str {
        &self.encoder.name
    }

    fn read(&self, text: &str) -> TextReading {
        read(self, text)
    }
}

impl TextEncoder {
    /// The sums of every column for the text whose tokens `scratch` holds.
    pub(super) fn totals(&self, level: Level, text: &str, scratch: &mut Scratch) -> Columns {
        let Scratch {
            tokens, encoder, ..
        } = scratch;
        self.vocabulary.cut(text, tokens, &mut encoder.pieces);
        self.network
            .read(level, encoder.pieces.all(), &mut encoder.work);
        self.network.totals(&encoder.work)
    }
}

impl super::Blend {
    pub(super) fn apply(&self, tables: &Columns, encoder: &Columns) -> Columns {
        std::array::from_fn(|column| {
            self.of_tables[column] * tables[column]
                + self.of_encoder[column] * encoder[column]
                + self.offsets[column]
        })
    }
}
