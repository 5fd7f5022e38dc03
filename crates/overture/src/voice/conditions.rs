//! What recordings are sent through before they are measured on.

use overture_inference::{
    audio::RATE,
    voice::{
        Clip, Emotion,
        telephone::{Line, Random, babble},
    },
};

/// Voices that talk around.
const BABBLE_VOICES: usize = 6;
/// How far the voice stands above them, dB.
const BABBLE_DB: f32 = 10.0;
/// The seed of who they are.
const SEED: u64 = 41;

/// A way in which voices are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Over a telephone, in a quiet room.
    Telephone,
    /// Over a telephone, with people talking around.
    Babble,
    /// Over a telephone, the first second only.
    FirstSecond,
    /// Over a telephone, where each speaker says only what they say in anger.
    AngryThroughout,
    /// As it was recorded.
    AsRecorded,
}

impl Condition {
    pub(super) const ALL: [Self; 5] = [
        Self::Telephone,
        Self::Babble,
        Self::FirstSecond,
        Self::AngryThroughout,
        Self::AsRecorded,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Telephone => "telephone",
            Self::Babble => "telephone_babble_10_db",
            Self::FirstSecond => "telephone_first_second",
            Self::AngryThroughout => "telephone_angry_throughout",
            Self::AsRecorded => "as_recorded",
        }
    }

    /// Whether the recording is among those that are measured on.
    pub(super) fn holds(self, clip: &Clip) -> bool {
        self != Self::AngryThroughout || clip.emotion == Emotion::Anger
    }

    /// What arrives of the `place`th of all recordings.
    pub(super) fn apply(self, clips: &[Clip], place: usize) -> Vec<f32> {
        let clip = &clips[place];
        match self {
            Self::AsRecorded => clip.samples.clone(),
            Self::Telephone | Self::AngryThroughout => Line::TELEPHONE.send(&clip.samples, &[], 1),
            Self::FirstSecond => {
                let first = &clip.samples[..clip.samples.len().min(RATE)];
                Line::TELEPHONE.send(first, &[], 1)
            }
            Self::Babble => {
                let line = Line {
                    babble_db: Some(BABBLE_DB),
                    ..Line::TELEPHONE
                };
                line.send(&clip.samples, &others(clips, place), 1)
            }
        }
    }
}

/// Other speakers, all at once.
fn others(clips: &[Clip], place: usize) -> Vec<f32> {
    let others: Vec<&Clip> = clips
        .iter()
        .filter(|clip| clip.speaker != clips[place].speaker)
        .collect();
    let mut random = Random(SEED + place as u64);
    let voices: Vec<&[f32]> = (0..BABBLE_VOICES.min(others.len()))
        .map(|_| &*others[random.below(others.len())].samples)
        .collect();
    babble(&voices)
}
