//! Brings a stream of samples to 8 kHz, the rate of telephones, at which everything is analysed.

use rubato::{Fft, FixedSync, Indexing, Resampler, audioadapter_buffers::direct::InterleavedSlice};

use super::AudioError;

/// Samples a second of everything that is analysed.
pub const RATE: usize = 8_000;
/// The rates that can be read, samples a second.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;
/// About how many samples are taken at a time.
const CHUNK: usize = 1_024;

/// One channel on its way to 8 kHz.
pub struct ToRate {
    resampler: Option<Fft<f32>>,
    waiting: Vec<f32>,
    /// Samples that come first and stand for nothing: the filter's own delay.
    skip: usize,
    room: Vec<f32>,
}

impl ToRate {
    /// From `rate` samples a second.
    ///
    /// # Errors
    /// [`AudioError::Rate`]: it is below 4,000 or above 384,000.
    pub fn from_rate(rate: u32) -> Result<Self, AudioError> {
        if !RATES.contains(&rate) {
            return Err(AudioError::Rate(rate));
        }
        let resampler = if rate as usize == RATE {
            None
        } else {
            let made = Fft::new(rate as usize, RATE, CHUNK, 1, FixedSync::Input);
            Some(made.map_err(|_| AudioError::Rate(rate))?)
        };
        Ok(Self {
            skip: resampler.as_ref().map_or(0, Resampler::output_delay),
            resampler,
            waiting: Vec::new(),
            room: Vec::new(),
        })
    }

    /// Adds samples; appends what is ready at 8 kHz to `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let Some(resampler) = &mut self.resampler else {
            out.extend_from_slice(samples);
            return;
        };
        self.waiting.extend_from_slice(samples);
        let mut start = 0;
        loop {
            let needed = resampler.input_frames_next();
            if start + needed > self.waiting.len() {
                break;
            }
            let input = &self.waiting[start..start + needed];
            self.room.resize(resampler.output_frames_max(), 0.0);
            let written = run(resampler, input, &mut self.room);
            let made = &self.room[..written];
            let skipped = self.skip.min(written);
            self.skip -= skipped;
            // The filter swings past the limits where the recording is at them.
            out.extend(made[skipped..].iter().map(|sample| sample.clamp(-1.0, 1.0)));
            start += needed;
        }
        self.waiting.drain(..start);
    }

    /// Ends the stream: appends what was still on its way.
    pub fn end(&mut self, out: &mut Vec<f32>) {
        let Some(resampler) = &self.resampler else {
            return;
        };
        let ratio = resampler.resample_ratio();
        let left = self.waiting.len() as f64 * ratio;
        let due = out.len() + (left + resampler.output_delay() as f64).round() as usize;
        let quiet = vec![0.0; resampler.input_frames_max()];
        while out.len() < due {
            self.push(&quiet, out);
        }
        out.truncate(due);
    }
}

fn run(resampler: &mut Fft<f32>, input: &[f32], output: &mut [f32]) -> usize {
    let frames = output.len();
    let input = InterleavedSlice::new(input, 1, input.len()).expect("one channel of that length");
    let mut output =
        InterleavedSlice::new_mut(output, 1, frames).expect("one channel of that length");
    resampler
        .process_into_buffer(&input, &mut output, Some(&Indexing::new()))
        .expect("the buffers have the lengths that were asked for")
        .1
}
