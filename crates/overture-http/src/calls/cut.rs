//! The utterance under way: where it began, and how it sounds so far.

use overture_engine::model::VoiceScore;

/// Where the utterance under way began, and how it sounds so far.
#[derive(Default)]
pub(super) struct Cut {
    /// Customer's turns up to this many are part of earlier utterances.
    pub(super) turns: usize,
    /// Earlier utterances end here.
    pub(super) from_ms: u32,
    /// Speech before it, ms.
    pub(super) spoken_ms: u32,
    /// Sums of what was heard, weighted by its quality.
    sum: VoiceScore,
    weight: f32,
    quality: f32,
    pub(super) readings: u32,
    last: Option<VoiceScore>,
}

impl Cut {
    pub(super) fn add(&mut self, score: &VoiceScore) {
        let weight = score.quality.max(1e-3);
        let sum = &mut self.sum;
        sum.anger += weight * score.anger;
        sum.sadness += weight * score.sadness;
        sum.joy += weight * score.joy;
        sum.neutral += weight * score.neutral;
        sum.arousal += weight * score.arousal;
        self.weight += weight;
        self.quality += score.quality;
        self.readings += 1;
        self.last = Some(*score);
    }

    /// How the utterance sounds: what was heard, by its quality; and begins anew.
    pub(super) fn voice(&mut self) -> Option<VoiceScore> {
        let last = self.last.take()?;
        let (sum, weight) = (self.sum, self.weight);
        let quality = self.quality / self.readings as f32;
        self.sum = VoiceScore::default();
        (self.weight, self.quality, self.readings) = (0.0, 0.0, 0);
        let mean = |value: f32| (value / weight * 1e4).round() / 1e4;
        Some(VoiceScore {
            anger: mean(sum.anger),
            sadness: mean(sum.sadness),
            joy: mean(sum.joy),
            neutral: mean(sum.neutral),
            arousal: mean(sum.arousal),
            quality: (quality * 1e4).round() / 1e4,
            ..last
        })
    }
}
