//! What a voice model is worth: each figure with its 95 % interval.

use overture_inference::voice::{Emotion, VoiceReading};
use serde_json::{Map, Value};

use crate::figures::{area, brier, calibration, insert};

/// A recording's reading and what it is.
pub(super) struct Scored {
    /// How it sounds; `None` where no speech was heard.
    pub(super) reading: Option<VoiceReading>,
    /// The emotion it was spoken in.
    pub(super) emotion: Emotion,
}

impl Scored {
    fn anger(&self) -> f64 {
        self.reading
            .map_or(0.25, |reading| f64::from(reading.of(Emotion::Anger)))
    }

    fn is_angry(&self) -> bool {
        self.emotion == Emotion::Anger
    }

    fn is_right(&self) -> bool {
        self.reading
            .is_some_and(|reading| reading.likeliest() == self.emotion)
    }
}

/// Every figure that the recordings allow.
///
/// `unweighted_average_recall`: the mean over emotions of the share that was told. `anger_auc`: how well the probability of anger ranks
/// (area under the ROC curve). `anger_brier`: its mean squared error. A recording without speech in it counts as told wrongly, and as
/// anger with a probability of 0.25.
pub(super) fn figures(scored: &[Scored], rounds: usize) -> Value {
    let mut all = Map::new();
    let silent = scored.iter().filter(|one| one.reading.is_none()).count();
    all.insert("recordings".to_owned(), scored.len().into());
    all.insert("recordings_without_speech".to_owned(), silent.into());
    for emotion in Emotion::ALL {
        let own: Vec<&Scored> = scored.iter().filter(|one| one.emotion == emotion).collect();
        if !own.is_empty() {
            let name = format!("recall_{}", emotion.name());
            insert(&mut all, &name, &own, rounds, |sample| {
                share(sample.iter().map(|one| one.is_right()))
            });
        }
    }
    if scored.iter().any(|one| !one.is_angry()) {
        insert(
            &mut all,
            "unweighted_average_recall",
            scored,
            rounds,
            average_recall,
        );
        let said: Vec<(f64, bool)> = scored
            .iter()
            .map(|one| (one.anger(), one.is_angry()))
            .collect();
        insert(&mut all, "anger_auc", &said, rounds, |sample| {
            area(&sample.iter().map(|one| **one).collect::<Vec<_>>())
        });
        insert(&mut all, "anger_brier", &said, rounds, |sample| {
            brier(&sample.iter().map(|one| **one).collect::<Vec<_>>())
        });
        calibration(&mut all, "anger", &said);
    }
    Value::Object(all)
}

fn share(answers: impl Iterator<Item = bool>) -> f64 {
    let (yes, count) = answers.fold((0usize, 0usize), |(yes, count), is| {
        (yes + usize::from(is), count + 1)
    });
    yes as f64 / count.max(1) as f64
}

fn average_recall(sample: &[&Scored]) -> f64 {
    let recalls: Vec<f64> = Emotion::ALL
        .into_iter()
        .filter(|emotion| sample.iter().any(|one| one.emotion == *emotion))
        .map(|emotion| {
            let own = sample.iter().filter(|one| one.emotion == emotion);
            share(own.map(|one| one.is_right()))
        })
        .collect();
    recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
}
