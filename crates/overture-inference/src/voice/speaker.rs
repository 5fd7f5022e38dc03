//! What is known of one speaker's usual voice, from what was heard so far: a prior over all speakers, and what the stretches
//! before say beyond the emotion they were heard in.
//!
//! A plain running mean would take a caller who is angry from the first word for somebody whose voice is like that. So each
//! stretch first gives up what its emotion explains: the offset is the posterior mean of a speaker's own effect in a model
//! with a random effect a speaker (`z = mean of the emotion + speaker + noise`), with the emotions weighed by their probability.

use super::{EMOTIONS, functionals::MEASURES};

/// What is farther from the mean than this many deviations counts as that far.
const DEVIATIONS_MAX: f32 = 5.0;
/// Seconds of speech that count as a whole stretch.
const WHOLE_SECONDS: f32 = 2.0;

/// What holds for all speakers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Population {
    /// The mean of each measure.
    pub(super) means: Vec<f32>,
    /// Its deviation.
    pub(super) deviations: Vec<f32>,
    /// How each emotion stands apart from the mean, in deviations: `EMOTIONS` rows.
    pub(super) emotions: Vec<f32>,
    /// How many stretches the prior counts for: variance within a speaker over variance between speakers, scaled.
    pub(super) prior: Vec<f32>,
}

impl Population {
    /// The measures in deviations from the mean; 0 for what was not heard.
    pub(super) fn standard(&self, measures: &[f32]) -> Vec<f32> {
        let scales = self.means.iter().zip(&self.deviations);
        let apart = measures.iter().zip(scales);
        apart
            .map(|(value, (mean, deviation))| {
                if value.is_nan() {
                    return 0.0;
                }
                ((value - mean) / deviation).clamp(-DEVIATIONS_MAX, DEVIATIONS_MAX)
            })
            .collect()
    }
}

/// One speaker's usual voice. A new one knows nothing: the model's prior over all speakers stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Speaker {
    /// How many stretches were heard.
    heard: f32,
    /// Sums of what the emotions leave unexplained, in deviations.
    left: Vec<f32>,
}

impl Default for Speaker {
    fn default() -> Self {
        Self {
            heard: 0.0,
            left: vec![0.0; MEASURES],
        }
    }
}

impl Speaker {
    /// `standard` followed by the same as it stands against this speaker's usual voice.
    pub(super) fn both(&self, population: &Population, standard: &[f32]) -> Vec<f32> {
        let mut both = Vec::with_capacity(2 * standard.len());
        both.extend_from_slice(standard);
        let usual = self.left.iter().zip(&population.prior);
        let apart = standard.iter().zip(usual);
        both.extend(apart.map(|(value, (left, prior))| value - left / (self.heard + prior)));
        both
    }

    /// Learns from a stretch that was heard in these emotions, as probabilities; `seconds` of it are new.
    pub(super) fn hear(
        &mut self,
        population: &Population,
        standard: &[f32],
        emotions: &[f32; EMOTIONS],
        seconds: f32,
    ) {
        let weight = (seconds / WHOLE_SECONDS).min(1.0);
        self.heard += weight;
        for (place, (left, value)) in self.left.iter_mut().zip(standard).enumerate() {
            let means = population.emotions[place..].iter().step_by(MEASURES);
            let explained: f32 = emotions
                .iter()
                .zip(means)
                .map(|(share, mean)| share * mean)
                .sum();
            *left += weight * (value - explained);
        }
    }
}
