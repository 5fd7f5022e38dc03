//! When somebody speaks: `earshot`'s detector, which listens at 16 kHz.

use earshot::Detector;

use super::frames::{HOP, WINDOW};

/// Samples at 8 kHz of one of the detector's steps: 16 ms.
const STEP: usize = 128;
/// From which answer on a step counts as speech.
const SPEECH: f32 = 0.5;
/// Taps between two samples of the interpolation.
const TAPS: usize = 16;
/// Steps before and after speech that belong to it.
const MARGIN: usize = 2;

/// Says of each frame of a stream whether somebody speaks.
pub(super) struct Speech {
    detector: Box<Detector>,
    taps: [f32; TAPS],
    /// The last samples that were interpolated, then those not yet.
    waiting: Vec<f32>,
    step: [f32; 2 * STEP],
    /// The answers of the last steps, the newest last.
    answers: Vec<bool>,
    /// How many steps were forgotten.
    forgotten: usize,
}

impl Speech {
    pub(super) fn new() -> Self {
        Self {
            detector: Box::default(),
            taps: taps(),
            waiting: vec![0.0; TAPS],
            step: [0.0; 2 * STEP],
            answers: Vec::new(),
            forgotten: 0,
        }
    }

    /// Adds samples at 8 kHz.
    pub(super) fn push(&mut self, samples: &[f32]) {
        self.waiting.extend_from_slice(samples);
        let mut start = 0;
        while start + TAPS + STEP <= self.waiting.len() {
            for at in 0..STEP {
                let near = &self.waiting[start + at..start + at + TAPS];
                let between: f32 = near
                    .iter()
                    .zip(&self.taps)
                    .map(|(one, tap)| one * tap)
                    .sum();
                self.step[2 * at] = near[TAPS / 2 - 1].clamp(-1.0, 1.0);
                self.step[2 * at + 1] = between.clamp(-1.0, 1.0);
            }
            self.answers
                .push(self.detector.predict_f32(&self.step) >= SPEECH);
            start += STEP;
        }
        self.waiting.drain(..start);
    }

    /// Whether somebody speaks in the `frame`th frame of the stream; `None` as long as what follows it is not known.
    pub(super) fn of(&self, frame: usize) -> Option<bool> {
        let middle = (frame * HOP + WINDOW / 2) / STEP;
        if middle + MARGIN >= self.forgotten + self.answers.len() {
            return None;
        }
        let at = |step: usize| self.answers.get(step.checked_sub(self.forgotten)?);
        let mut near = middle.saturating_sub(MARGIN)..=middle + MARGIN;
        Some(near.any(|step| at(step) == Some(&true)))
    }

    /// The same at the end of the stream, where nothing follows.
    pub(super) fn at_end(&self, frame: usize) -> bool {
        let middle = (frame * HOP + WINDOW / 2) / STEP;
        let from = middle.saturating_sub(MARGIN).saturating_sub(self.forgotten);
        let to = (middle + MARGIN + 1).saturating_sub(self.forgotten);
        let to = to.min(self.answers.len());
        self.answers[from.min(to)..to].contains(&true)
    }

    /// Forgets what is not needed for the `frame`th frame and later ones.
    pub(super) fn forget_before(&mut self, frame: usize) {
        let middle = (frame * HOP + WINDOW / 2) / STEP;
        let gone = middle.saturating_sub(MARGIN).saturating_sub(self.forgotten);
        let gone = gone.min(self.answers.len());
        self.answers.drain(..gone);
        self.forgotten += gone;
    }
}

/// A windowed sinc, half a sample off.
fn taps() -> [f32; TAPS] {
    std::array::from_fn(|at| {
        let apart = at as f32 - TAPS as f32 / 2.0 + 0.5;
        let turn = std::f32::consts::PI * apart;
        let window = (turn / TAPS as f32).cos().powi(2);
        turn.sin() / turn * window
    })
}
