//! How sure a reading may be, by how much was heard: temperature scaling (Guo and others, "On Calibration of Modern Neural
//! Networks", 2017) with a temperature that falls with the seconds of speech.

use super::{EMOTIONS, model::softmax};

/// Seconds of speech after which more of it makes no reading surer.
const SECONDS_MAX: f32 = 3.0;

/// What sums are multiplied by: `(at_once + (whole - at_once) * seconds / 3)`, from 3 seconds on `whole`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sharpness {
    pub(super) at_once: f32,
    pub(super) whole: f32,
}

/// What was said of a stretch that nothing was learned from, and what it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldOut {
    pub(super) sums: [f32; EMOTIONS],
    pub(super) seconds: f32,
    pub(super) emotion: usize,
    pub(super) weight: f32,
}

impl Sharpness {
    /// Nothing is changed.
    pub(super) const NONE: Self = Self {
        at_once: 1.0,
        whole: 1.0,
    };

    pub(super) fn apply(self, sums: [f32; EMOTIONS], seconds: f32) -> [f32; EMOTIONS] {
        let share = (seconds / SECONDS_MAX).min(1.0);
        let by = self.at_once + (self.whole - self.at_once) * share;
        sums.map(|sum| sum * by)
    }

    /// The best of a grid: the least loss on `held_out`.
    pub(super) fn fit(held_out: &[HeldOut]) -> Self {
        let grid = || (2..=40).map(|step| step as f32 * 0.05);
        let all = grid().flat_map(|at_once| grid().map(move |whole| Self { at_once, whole }));
        let loss = |one: &Self| -> f64 {
            let losses = held_out.iter().map(|said| {
                let share = softmax(one.apply(said.sums, said.seconds))[said.emotion];
                f64::from(said.weight) * -f64::from(share.max(1e-9).ln())
            });
            losses.sum()
        };
        all.map(|one| (loss(&one), one))
            .min_by(|one, other| one.0.total_cmp(&other.0))
            .map_or(Self::NONE, |(_, best)| best)
    }
}
