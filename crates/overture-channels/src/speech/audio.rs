//! Speech in samples: positions, what is kept of a stream, where it is cut, and how it is written.

use std::collections::VecDeque;

/// Samples a second.
pub(super) const RATE: u32 = 8_000;

/// Samples a millisecond.
const PER_MS: u64 = RATE as u64 / 1_000;

/// Where samples at `ms` begin.
pub(super) fn at_ms(ms: u32) -> u64 {
    u64::from(ms) * PER_MS
}

/// When a sample is spoken, ms.
pub(super) fn ms_of(sample: u64) -> u32 {
    u32::try_from(sample / PER_MS).unwrap_or(u32::MAX)
}

/// The newest samples of a stream that may go on for ever.
#[derive(Debug)]
pub(super) struct Tape {
    kept: VecDeque<i16>,
    samples_max: usize,
    end: u64,
}

impl Tape {
    /// An empty one that keeps so many samples.
    pub(super) fn new(samples_max: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            samples_max,
            end: 0,
        }
    }

    /// The first sample that is kept.
    pub(super) fn start(&self) -> u64 {
        self.end - self.kept.len() as u64
    }

    /// The sample that comes next.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Adds what comes next; the oldest gives way.
    pub(super) fn add(&mut self, samples: &[i16]) {
        self.end += samples.len() as u64;
        let fitting = samples.len().saturating_sub(self.samples_max);
        let too_many = (self.kept.len() + samples.len() - fitting).saturating_sub(self.samples_max);
        self.kept.drain(..too_many);
        self.kept.extend(&samples[fitting..]);
    }

    /// Forgets everything before `sample`.
    pub(super) fn forget_until(&mut self, sample: u64) {
        let gone = sample.min(self.end).saturating_sub(self.start());
        self.kept.drain(..gone as usize);
    }

    /// What is kept of `from..until`.
    pub(super) fn between(&self, from: u64, until: u64) -> Vec<i16> {
        let start = self.start();
        let place = |sample: u64| (sample.clamp(start, self.end) - start) as usize;
        let (from, until) = (place(from), place(until));
        self.kept.range(from..until.max(from)).copied().collect()
    }
}

/// Where a piece that is too long is cut, within its last this many samples.
const CUT_WITHIN: usize = 5 * RATE as usize;

/// How long the quiet is that is looked for: 100 ms.
const QUIET: usize = RATE as usize / 10;

/// Cuts speech into pieces of at most `samples_max`, where it is quietest near the end of each, so that no word is halved if
/// that can be helped.
pub(super) fn pieces(samples: &[i16], samples_max: usize) -> Vec<&[i16]> {
    let mut pieces = Vec::new();
    let mut rest = samples;
    while rest.len() > samples_max {
        let (piece, later) = rest.split_at(quietest(&rest[..samples_max]));
        pieces.push(piece);
        rest = later;
    }
    pieces.push(rest);
    pieces
}

/// The middle of the quietest tenth of a second in the last five seconds; the end of what is too short to have one.
fn quietest(samples: &[i16]) -> usize {
    let from = samples.len() - CUT_WITHIN.min(samples.len() / 2);
    let loudness = |window: &[i16]| -> u64 {
        let loud = window.iter().map(|sample| u64::from(sample.unsigned_abs()));
        loud.sum()
    };
    let windows = samples[from..].chunks_exact(QUIET).enumerate();
    let quiet = windows.min_by_key(|(_, window)| loudness(window));
    quiet.map_or(samples.len(), |(at, _)| from + at * QUIET + QUIET / 2)
}

/// A WAV file of 8,000 samples a second, 16 bits, mono.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    const HEADER_BYTES: usize = 44;
    let data_bytes = u32::try_from(samples.len() * 2).expect("a recording is no longer than days");
    let mut file = Vec::with_capacity(HEADER_BYTES + samples.len() * 2);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data_bytes).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes()); // PCM
    file.extend_from_slice(&1_u16.to_le_bytes()); // mono
    file.extend_from_slice(&RATE.to_le_bytes());
    file.extend_from_slice(&(RATE * 2).to_le_bytes()); // bytes a second
    file.extend_from_slice(&2_u16.to_le_bytes()); // bytes a sample
    file.extend_from_slice(&16_u16.to_le_bytes()); // bits a sample
    file.extend_from_slice(b"data");
    file.extend_from_slice(&data_bytes.to_le_bytes());
    for sample in samples {
        file.extend_from_slice(&sample.to_le_bytes());
    }
    file
}

/// The mu-law byte nearest to a sample: ITU-T Recommendation G.711 (1988).
pub(super) fn mu_law(sample: i16) -> u8 {
    const CLIP: u16 = 32_635;
    let magnitude = sample.unsigned_abs().min(CLIP) + 0x84;
    let exponent = (magnitude.ilog2() - 7) as u8;
    let mantissa = (magnitude >> (exponent + 3)) as u8 & 15;
    let sign = if sample < 0 { 0x80 } else { 0 };
    !(sign | exponent << 4 | mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_keeps_the_newest_and_knows_where_it_is() {
        let mut tape = Tape::new(4);
        tape.add(&[1, 2, 3]);
        assert_eq!((tape.start(), tape.end()), (0, 3));
        tape.add(&[4, 5]);
        assert_eq!((tape.start(), tape.end()), (1, 5));
        assert_eq!(tape.between(0, 9), [2, 3, 4, 5]);
        assert_eq!(tape.between(2, 4), [3, 4]);
        assert_eq!(tape.between(4, 2), [] as [i16; 0]);
        tape.forget_until(3);
        assert_eq!((tape.start(), tape.between(0, 9)), (3, vec![4, 5]));
        tape.forget_until(99);
        assert_eq!((tape.start(), tape.end()), (5, 5));
        tape.add(&[6, 7, 8, 9, 10, 11]);
        assert_eq!((tape.start(), tape.between(0, 99)), (7, vec![8, 9, 10, 11]));
    }

    #[test]
    fn what_is_too_long_is_cut_where_it_is_quiet_and_nothing_is_lost() {
        let second = RATE as usize;
        let mut samples = vec![3_000_i16; 70 * second];
        samples[28 * second..28 * second + 2_000].fill(2);
        let cut = pieces(&samples, 30 * second);
        let lengths: Vec<usize> = cut.iter().map(|piece| piece.len()).collect();
        assert_eq!(lengths.len(), 3);
        assert!((28 * second..28 * second + 2_000).contains(&lengths[0]));
        assert!(lengths.iter().all(|&length| length <= 30 * second));
        assert_eq!(cut.concat(), samples);
        assert_eq!(pieces(&samples[..100], 100).len(), 1);
    }

    #[test]
    fn mu_law_is_that_of_the_recommendation() {
        for (sample, byte) in [
            (0, 0xff),
            (-1, 0x7f),
            (8, 0xfe),
            (-8, 0x7e),
            (1_000, 0xce),
            (-1_000, 0x4e),
            (32_767, 0x80),
            (i16::MIN, 0x00),
        ] {
            assert_eq!(mu_law(sample), byte, "{sample}");
        }
    }
}
