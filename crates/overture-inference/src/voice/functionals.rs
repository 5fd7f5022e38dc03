//! What a stretch of speech comes to: statistics over its frames.

use super::{
    frames::{BANDS, CEPSTRA, Frame},
    rhythm,
};

/// Measures of one stretch of speech.
pub const MEASURES: usize = 168;
/// Frames of speech that a stretch needs: a third of a second.
pub(super) const FRAMES_MIN: usize = 33;
/// Voiced frames that a pitch is told from.
const VOICED_MIN: usize = 6;
/// Frames a second.
pub(super) const FRAMES_PER_SECOND: f32 = 100.0;

/// Room that is used again for each stretch.
#[derive(Debug, Default, Clone)]
pub(super) struct Room {
    speech: Vec<Frame>,
    values: Vec<f32>,
    sorted: Vec<f32>,
}

/// The measures of `frames`, which may hold pauses; `None` where there is too little speech.
pub(super) fn functionals(frames: &[Frame], room: &mut Room) -> Option<[f32; MEASURES]> {
    room.speech.clear();
    room.speech
        .extend(frames.iter().filter(|frame| frame.is_speech));
    if room.speech.len() < FRAMES_MIN {
        return None;
    }
    let speech = std::mem::take(&mut room.speech);
    let mut list = List {
        at: 0,
        all: [0.0; MEASURES],
        room,
    };
    list.spectrum(&speech);
    list.energy(&speech);
    list.pitch(&speech);
    list.steadiness(&speech);
    list.loud_and_voiced(&speech);
    rhythm::measures(frames, &speech, &mut |value| list.add(value));
    debug_assert_eq!(list.at, MEASURES);
    let all = list.all;
    room.speech = speech;
    Some(all)
}

struct List<'a> {
    at: usize,
    all: [f32; MEASURES],
    room: &'a mut Room,
}

impl List<'_> {
    fn add(&mut self, value: f32) {
        self.all[self.at] = value;
        self.at += 1;
    }

    /// Fills the room with one value a frame.
    fn take(&mut self, frames: &[Frame], of: impl Fn(&Frame) -> f32) {
        self.room.values.clear();
        self.room.values.extend(frames.iter().map(of));
    }

    fn mean_and_deviation(&self) -> (f32, f32) {
        moments(&self.room.values)
    }

    /// The mean of the steps from one value to the next, taken absolutely.
    fn unrest(&self) -> f32 {
        let values = &self.room.values;
        let steps = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        steps.sum::<f32>() / values.len().max(2) as f32
    }

    fn percentiles<const N: usize>(&mut self, shares: [f32; N]) -> [f32; N] {
        let Room { sorted, values, .. } = &mut *self.room;
        sorted.clear();
        sorted.extend_from_slice(values);
        shares.map(|share| {
            if sorted.is_empty() {
                return 0.0;
            }
            let place = (share * (sorted.len() - 1) as f32).round() as usize;
            *sorted.select_nth_unstable_by(place, f32::total_cmp).1
        })
    }

    /// 2 x 20 + 3 x 12 + 7 x 3 measures.
    fn spectrum(&mut self, speech: &[Frame]) {
        for band in 0..BANDS {
            self.take(speech, |frame| frame.bands[band]);
            let (mean, deviation) = self.mean_and_deviation();
            self.add(mean);
            self.add(deviation);
        }
        for coefficient in 0..CEPSTRA {
            self.take(speech, |frame| frame.cepstra[coefficient]);
            let (mean, deviation) = self.mean_and_deviation();
            self.add(mean);
            self.add(deviation);
            let unrest = self.unrest();
            self.add(unrest);
        }
        let measures: [fn(&Frame) -> f32; 7] = [
            |frame| frame.centroid,
            |frame| frame.spread,
            |frame| frame.slope,
            |frame| frame.alpha_db,
            |frame| frame.hammarberg_db,
            |frame| frame.flatness_db,
            |frame| frame.flux,
        ];
        for measure in measures {
            self.take(speech, measure);
            let (mean, deviation) = self.mean_and_deviation();
            let [low, high] = self.percentiles([0.1, 0.9]);
            self.add(mean);
            self.add(deviation);
            self.add(high - low);
        }
    }

    /// 6 measures, none of which is a level.
    fn energy(&mut self, speech: &[Frame]) {
        self.take(speech, |frame| frame.energy_db);
        let (mean, deviation) = self.mean_and_deviation();
        let unrest = self.unrest();
        let [low, middle, high] = self.percentiles([0.1, 0.5, 0.95]);
        let (rising, falling) = slopes(&self.room.values);
        self.add(deviation);
        self.add(high - low);
        self.add(high - middle);
        self.add(mean - middle);
        self.add(unrest);
        self.add(rising - falling);
    }

    /// 12 measures of the pitch, and 4 of how periodic the voice is.
    fn pitch(&mut self, speech: &[Frame]) {
        self.room.values.clear();
        self.room.values.extend(smoothed(speech));
        let (mean, deviation) = self.mean_and_deviation();
        let [lowest, low, middle, high, highest] = self.percentiles([0.05, 0.2, 0.5, 0.8, 0.95]);
        let unrest = self.unrest();
        let (rising, falling) = slopes(&self.room.values);
        let is_heard = self.room.values.len() >= VOICED_MIN;
        for value in [
            mean,
            deviation,
            lowest,
            low,
            middle,
            high,
            highest,
            high - low,
            highest - lowest,
            unrest,
            rising,
            falling,
        ] {
            self.add(if is_heard { value } else { f32::NAN });
        }
        self.take(speech, |frame| frame.periodicity);
        let (mean, deviation) = self.mean_and_deviation();
        self.add(mean);
        self.add(deviation);
        let voiced = |frame: &&Frame| frame.pitch.is_some();
        self.room.values.clear();
        self.room
            .values
            .extend(speech.iter().filter(voiced).map(harmonics_db));
        let (mean, deviation) = self.mean_and_deviation();
        self.add(mean);
        self.add(deviation);
    }

    /// 4 measures: how pitch and energy tremble from one frame to the next and bend, and where the pitch goes.
    fn steadiness(&mut self, speech: &[Frame]) {
        let (mut jitter, mut shimmer, mut bend, mut pairs) = (0.0, 0.0, 0.0, 0.0f32);
        for three in speech.windows(3) {
            if let [Some(one), Some(two), Some(last)] =
                [three[0].pitch, three[1].pitch, three[2].pitch]
                && (two - one).abs() < 3.0
                && (last - two).abs() < 3.0
            {
                jitter += (two - 0.5 * (one + last)).abs();
                bend += (last - one).abs();
                let [one, two, last] = [0, 1, 2].map(|at| three[at].energy_db);
                shimmer += (two - 0.5 * (one + last)).abs();
                pairs += 1.0;
            }
        }
        let voiced = speech.iter().filter(|frame| frame.pitch.is_some());
        let is_heard = voiced.count() >= VOICED_MIN;
        let pairs = if is_heard { pairs.max(1.0) } else { f32::NAN };
        self.add(jitter / pairs);
        self.add(shimmer / pairs);
        self.add(bend / pairs);
        let half = speech.len() / 2;
        self.add(mean_pitch(&speech[half..]) - mean_pitch(&speech[..half]));
    }

    /// 2 x 12 + 7 measures of the frames that are voiced, and of the loudest third.
    fn loud_and_voiced(&mut self, speech: &[Frame]) {
        self.take(speech, |frame| frame.energy_db);
        let [loud_db] = self.percentiles([0.66]);
        let loud: Vec<Frame> = speech
            .iter()
            .filter(|frame| frame.energy_db >= loud_db)
            .copied()
            .collect();
        let voiced: Vec<Frame> = speech
            .iter()
            .filter(|frame| frame.pitch.is_some())
            .copied()
            .collect();
        for part in [&voiced, &loud] {
            let part = if part.is_empty() { speech } else { part };
            let mean =
                |of: &dyn Fn(&Frame) -> f32| part.iter().map(of).sum::<f32>() / part.len() as f32;
            for coefficient in 0..6 {
                self.add(mean(&|frame| frame.cepstra[coefficient]));
            }
            self.add(mean(&|frame| frame.slope));
            self.add(mean(&|frame| frame.alpha_db));
            self.add(mean(&|frame| frame.hammarberg_db));
            self.add(mean(&|frame| frame.centroid));
            self.add(mean(&|frame| frame.flatness_db));
            self.add(mean(&|frame| frame.periodicity));
        }
        self.add(mean_pitch(&loud) - mean_pitch(speech));
        let level = |from: usize, to: usize| {
            loud.iter()
                .map(|frame| frame.bands[from..to].iter().sum::<f32>())
                .sum::<f32>()
                / loud.len().max(1) as f32
        };
        let quarters = [level(0, 5), level(5, 10), level(10, 15), level(15, 20)];
        self.add(quarters[1] - quarters[0]);
        self.add(quarters[2] - quarters[0]);
        self.add(quarters[3] - quarters[0]);
        self.add(quarters[3] - quarters[1]);
        self.add(quarters[2] - quarters[1]);
        self.add(quarters[3] - quarters[2]);
    }
}

pub(super) fn moments(values: &[f32]) -> (f32, f32) {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let square = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f32>()
        / count;
    (mean, square.sqrt())
}

fn mean_pitch(frames: &[Frame]) -> f32 {
    let (sum, count) = frames
        .iter()
        .filter_map(|frame| frame.pitch)
        .fold((0.0, 0.0f32), |(sum, count), pitch| {
            (sum + pitch, count + 1.0)
        });
    if count == 0.0 { f32::NAN } else { sum / count }
}

/// The pitch of the voiced frames; one that stands apart from both its neighbours gives way to them.
fn smoothed(speech: &[Frame]) -> Vec<f32> {
    let raw: Vec<f32> = speech.iter().filter_map(|frame| frame.pitch).collect();
    let middle = |at: usize| {
        let near = &raw[at.saturating_sub(2)..(at + 3).min(raw.len())];
        let mut five = [0.0; 5];
        let five = &mut five[..near.len()];
        five.copy_from_slice(near);
        *five
            .select_nth_unstable_by(near.len() / 2, f32::total_cmp)
            .1
    };
    (0..raw.len()).map(middle).collect()
}

/// Harmonics over noise, dB.
fn harmonics_db(frame: &Frame) -> f32 {
    let share = frame.periodicity.clamp(0.01, 0.99);
    10.0 * (share / (1.0 - share)).log10()
}

/// The mean step upwards and the mean step downwards, the latter below zero.
fn slopes(values: &[f32]) -> (f32, f32) {
    let (mut up, mut ups, mut down, mut downs) = (0.0, 0.0f32, 0.0, 0.0f32);
    for pair in values.windows(2) {
        let step = pair[1] - pair[0];
        if step > 0.0 {
            up += step;
            ups += 1.0;
        } else {
            down += step;
            downs += 1.0;
        }
    }
    (up / ups.max(1.0), down / downs.max(1.0))
}
