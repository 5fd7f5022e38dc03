//! One voice being listened to: samples in, measured frames out.

use std::collections::VecDeque;

use super::{
    frames::{Frame, Frames},
    speech::Speech,
};

/// Samples that are looked at together, so that frames and speech keep pace.
const BLOCK: usize = 4_000;
/// From which size on a sample counts as clipped.
const CLIPPED: f32 = 0.985;

/// How the sound came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sound {
    samples: u64,
    clipped: u64,
}

impl Sound {
    /// The share of samples at the limit, `0.0..=1.0`.
    pub(super) fn clipped_share(self) -> f32 {
        self.clipped as f32 / self.samples.max(1) as f32
    }
}

/// Turns a stream of samples at 8 kHz into frames that say whether somebody speaks.
pub(super) struct Ear {
    frames: Frames,
    speech: Speech,
    waiting: VecDeque<Frame>,
    /// The number of the first frame that waits.
    first: usize,
    sound: Sound,
}

impl Ear {
    pub(super) fn new() -> Self {
        Self {
            frames: Frames::new(),
            speech: Speech::new(),
            waiting: VecDeque::new(),
            first: 0,
            sound: Sound::default(),
        }
    }

    /// How the sound came in so far.
    pub(super) fn sound(&self) -> Sound {
        self.sound
    }

    /// Adds samples; appends the frames that are complete to `out`, a little later than the samples.
    pub(super) fn push(&mut self, samples: &[f32], out: &mut Vec<Frame>) {
        let clipped = samples.iter().filter(|sample| sample.abs() >= CLIPPED);
        self.sound.clipped += clipped.count() as u64;
        self.sound.samples += samples.len() as u64;
        for block in samples.chunks(BLOCK) {
            self.frames
                .push(block, |frame| self.waiting.push_back(frame));
            self.speech.push(block);
            while let Some(is_speech) = self.speech.of(self.first) {
                let Some(frame) = self.waiting.pop_front() else {
                    break;
                };
                out.push(Frame { is_speech, ..frame });
                self.first += 1;
            }
            self.speech.forget_before(self.first);
        }
    }

    /// Ends the stream: appends the frames that waited for what follows.
    pub(super) fn end(&mut self, out: &mut Vec<Frame>) {
        while let Some(frame) = self.waiting.pop_front() {
            let is_speech = self.speech.at_end(self.first);
            out.push(Frame { is_speech, ..frame });
            self.first += 1;
        }
    }
}
