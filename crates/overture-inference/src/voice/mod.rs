//! How somebody sounds: anger, sadness, joy or none of them, from the voice alone, whatever the words.
//!
//! In reading order: `telephone` makes recordings sound as they do on a call, for training; `frames` measures hundredths of a second and
//! `speech` says when somebody speaks, `ear` runs both over a stream; `functionals` and `rhythm` sum a stretch up; `speaker` knows how
//! somebody usually sounds; `model` reads a stretch against that, `learn` makes the model, `file` keeps it; `listener` reads a live voice
//! second by second; `turns` and `dynamics` say how two people talk with each other; `call` is both parties as the engine wants them.

mod calibrate;
mod call;
pub mod dynamics;
mod ear;
mod file;
mod frames;
mod functionals;
mod kernel;
mod learn;
mod listener;
mod model;
mod regression;
mod rhythm;
mod speaker;
mod speech;
mod stretch;
pub mod telephone;
mod turns;

pub use call::Analyzer;
pub use functionals::MEASURES;
pub use learn::{Clip, MakeError, Recipe, make, make_without_each};
pub use listener::{Change, Heard, Listener};
pub use model::{VoiceModel, VoiceReading};
pub use speaker::Speaker;
pub use stretch::{Measurer, Pieces, Stretch};
pub use turns::Turns;

/// How many emotions are told apart.
pub const EMOTIONS: usize = 4;

/// An emotion that a voice can carry. "Neutral" is none of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Emotion {
    /// Anger.
    Anger,
    /// Sadness.
    Sadness,
    /// Joy.
    Joy,
    /// None of them.
    Neutral,
}

impl Emotion {
    /// All of them, in the order of every list.
    pub const ALL: [Self; EMOTIONS] = [Self::Anger, Self::Sadness, Self::Joy, Self::Neutral];

    /// Its name in files and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anger => "anger",
            Self::Sadness => "sadness",
            Self::Joy => "joy",
            Self::Neutral => "neutral",
        }
    }

    /// The emotion of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|emotion| emotion.name() == name)
    }

    /// Its place in every list.
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}
