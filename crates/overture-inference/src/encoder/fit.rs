//! How much tables and encoder count: fitted on messages that neither has learned from.

use overture_engine::understand::TextModel;

use super::{Blend, TextEncoder, level::Level};
use crate::text::{
    Scratch, TextTables,
    calibrate::{Known, Shared, are_enough, logistic, shares, softmax},
    heads::{COLUMNS, HEADS, Head, Link},
    learn::Example,
    make::{scale, thresholds},
    model::Tier,
    table::{Columns, probabilities},
    targets,
};

/// Steps of gradient descent for the sentiment's shares.
const STEPS: usize = 1_500;

/// What both said of a message, and what is known of it.
struct Both {
    tables: Columns,
    encoder: Columns,
    known: Known,
}

/// Fits the blend of `encoder` with `tables`, its thresholds and the scale of its polarity to `apart`, of which neither has learned:
/// for each head a logistic regression over both calibrated sums. What too little is known of stays as it was. The encoder is named
/// after the tables. `progress` hears the share done, `0.0..=1.0`.
pub fn fit(
    encoder: &mut TextEncoder,
    tables: &TextTables,
    apart: &[Example],
    progress: &mut dyn FnMut(f32),
) {
    let (mut scratch, level) = (Scratch::default(), Level::best());
    let mut all = Vec::with_capacity(apart.len());
    for (place, example) in apart.iter().enumerate() {
        tables.look(&example.text, &mut scratch);
        all.push(Both {
            tables: tables.calibrated(&scratch),
            encoder: encoder.totals(level, &example.text, &mut scratch),
            known: Known {
                totals: [0.0; COLUMNS],
                targets: example.targets.clone(),
                weight: example.weight,
            },
        });
        progress((place + 1) as f32 / apart.len() as f32);
    }
    let mut blend = Blend {
        tables: tables.name().to_owned(),
        ..encoder.blend.clone()
    };
    for head in HEADS {
        match head.link {
            Link::Logistic => head
                .columns()
                .for_each(|column| blend.fit_logistic(&all, column)),
            Link::Softmax => blend.fit_softmax(&all, head),
        }
    }
    let said: Vec<Columns> = all
        .iter()
        .map(|both| probabilities(&blend.apply(&both.tables, &both.encoder)))
        .collect();
    let known: Vec<Known> = all.into_iter().map(|both| both.known).collect();
    blend.thresholds = thresholds(&known, &said);
    blend.polarity = scale(&known, &said);
    encoder.name = format!("{}-encoder", tables.name());
    encoder.blend = blend;
}

impl Blend {
    fn fit_logistic(&mut self, all: &[Both], column: usize) {
        let rows: Vec<_> = all
            .iter()
            .filter_map(|both| {
                let target = targets::known(&both.known.targets, column)?;
                let inputs = [
                    f64::from(both.tables[column]),
                    f64::from(both.encoder[column]),
                    1.0,
                ];
                Some((inputs, f64::from(target), f64::from(both.known.weight)))
            })
            .collect();
        if are_enough(&rows) {
            let [of_tables, of_encoder, offset] = logistic(&rows, [0.5, 0.5, 0.0]);
            self.of_tables[column] = of_tables as f32;
            self.of_encoder[column] = of_encoder as f32;
            self.offsets[column] = offset as f32;
        }
    }

    fn fit_softmax(&mut self, all: &[Both], head: Head) {
        let of = |columns: &Columns| {
            head.columns()
                .map(|column| f64::from(columns[column]))
                .collect()
        };
        let rows: Vec<_> = all
            .iter()
            .filter_map(|both| {
                Some(Shared {
                    opinions: [of(&both.tables), of(&both.encoder)],
                    shares: shares(&both.known, head)?,
                    weight: f64::from(both.known.weight),
                })
            })
            .collect();
        if rows.len() < 10 * head.len {
            return;
        }
        let ([of_tables, of_encoder], offsets) = softmax(&rows, [0.5, 0.5], STEPS);
        for (column, offset) in head.columns().zip(offsets) {
            self.of_tables[column] = of_tables as f32;
            self.of_encoder[column] = of_encoder as f32;
            self.offsets[column] = offset as f32;
        }
    }
}
