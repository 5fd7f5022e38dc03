//! The model: a stretch's measures, as they are and against the speaker's usual voice, read by a linear and by a kernel regression.

use crate::ModelFileError;

use super::{
    EMOTIONS, Emotion,
    calibrate::Sharpness,
    file,
    kernel::Waves,
    regression::Linear,
    speaker::{Population, Speaker},
    stretch::Stretch,
};

/// How much the linear reading counts beside that with the kernel, of 1.
const LINEAR_SHARE: f32 = 0.35;

/// Tells how a voice sounds.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceModel {
    pub(super) name: String,
    pub(super) population: Population,
    pub(super) linear: Linear,
    pub(super) waves: Waves,
    pub(super) curved: Linear,
    pub(super) sharpness: Sharpness,
}

/// How a stretch of speech sounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceReading {
    /// The probability of each emotion, in the order of [`Emotion::ALL`]; they sum to 1.
    pub emotions: [f32; EMOTIONS],
    /// Seconds of speech it was read from.
    pub seconds: f32,
    /// How much can be told from that, `0.0..=1.0`: little speech, noise and clipping lower it.
    pub quality: f32,
}

impl VoiceReading {
    /// The probability of one emotion.
    pub fn of(&self, emotion: Emotion) -> f32 {
        self.emotions[emotion.place()]
    }

    /// The likeliest emotion.
    pub fn likeliest(&self) -> Emotion {
        let by_share = |one: &Emotion, other: &Emotion| self.of(*one).total_cmp(&self.of(*other));
        Emotion::ALL
            .into_iter()
            .max_by(by_share)
            .unwrap_or(Emotion::Neutral)
    }

    /// How roused the voice sounds, `0.0..=1.0`: derived from the emotions (anger counts 1, joy 0.8, neutral 0.3, sadness 0.1), and
    /// uncalibrated. An aid to look at, not to decide by.
    pub fn arousal(&self) -> f32 {
        const SHARES: [f32; EMOTIONS] = [1.0, 0.1, 0.8, 0.3];
        self.emotions
            .iter()
            .zip(SHARES)
            .map(|(one, share)| one * share)
            .sum()
    }
}

impl VoiceModel {
    /// Reads a model's file.
    ///
    /// # Errors
    /// [`ModelFileError`] for a file that is no model, cut off, changed, or with content that cannot be used.
    pub fn from_file(file: &[u8]) -> Result<Self, ModelFileError> {
        file::read(file)
    }

    /// The model's file.
    pub fn to_file(&self) -> Vec<u8> {
        file::write(self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads a stretch of what `speaker` says, and learns from it how they usually sound.
    pub fn read(&self, stretch: &Stretch, speaker: &mut Speaker) -> VoiceReading {
        self.read_again(stretch, speaker, stretch.seconds)
    }

    /// The same for a stretch that overlaps the one before: only `seconds` of it are new.
    pub fn read_again(
        &self,
        stretch: &Stretch,
        speaker: &mut Speaker,
        seconds: f32,
    ) -> VoiceReading {
        let standard = self.population.standard(&stretch.measures);
        let sums = self.sums(&speaker.both(&self.population, &standard));
        let emotions = softmax(self.sharpness.apply(sums, stretch.seconds));
        speaker.hear(&self.population, &standard, &emotions, seconds);
        VoiceReading {
            emotions,
            seconds: stretch.seconds,
            quality: stretch.quality,
        }
    }

    /// What both regressions say of measures and measures against the usual voice, not yet calibrated.
    pub(super) fn sums(&self, both: &[f32]) -> [f32; EMOTIONS] {
        let linear = self.linear.sums(both);
        let curved = self.curved.sums(&self.waves.of(both));
        std::array::from_fn(|emotion| {
            LINEAR_SHARE * linear[emotion] + (1.0 - LINEAR_SHARE) * curved[emotion]
        })
    }
}

/// Probabilities from sums.
pub(super) fn softmax(sums: [f32; EMOTIONS]) -> [f32; EMOTIONS] {
    let most = sums.iter().copied().fold(f32::MIN, f32::max);
    let raised = sums.map(|sum| (sum - most).exp());
    let whole: f32 = raised.iter().sum();
    raised.map(|one| one / whole)
}
