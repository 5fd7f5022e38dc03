//! What a telephone call does to a voice: a narrow band, companding, other loudness, other people talking, lost packets.

use crate::audio::{RATE, g711};

/// Samples of one packet: 20 ms.
const PACKET: usize = 160;

/// A line that a recording is sent over, for training and measuring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Whether the band is cut to 300 to 3,400 Hz.
    pub is_narrow: bool,
    /// Whether samples become mu-law bytes and back.
    pub is_companded: bool,
    /// How much louder it comes out, dB.
    pub gain_db: f32,
    /// How far the voice stands above people talking around it, dB of power; `None` where nobody else talks.
    pub babble_db: Option<f32>,
    /// The share of packets of 20 ms that are lost (silent), `0.0..=1.0`.
    pub lost: f32,
}

impl Line {
    /// A telephone line in a quiet room.
    pub const TELEPHONE: Self = Self {
        is_narrow: true,
        is_companded: true,
        gain_db: 0.0,
        babble_db: None,
        lost: 0.0,
    };
    /// Nothing is done to the recording.
    pub const CLEAR: Self = Self {
        is_narrow: false,
        is_companded: false,
        gain_db: 0.0,
        babble_db: None,
        lost: 0.0,
    };

    /// Sends `samples` (8 kHz) over the line; `babble` is what the others say, of any length.
    pub fn send(&self, samples: &[f32], babble: &[f32], seed: u64) -> Vec<f32> {
        let mut out = samples.to_vec();
        if let Some(above_db) = self.babble_db.filter(|_| !babble.is_empty()) {
            let scale =
                (power(&out) / power(babble).max(1e-12) * 10f32.powf(-above_db / 10.0)).sqrt();
            out.iter_mut()
                .zip(babble.iter().cycle())
                .for_each(|(out, babble)| *out += scale * babble);
        }
        if self.is_narrow {
            narrow(&mut out);
        }
        let gain = 10f32.powf(self.gain_db / 20.0);
        out.iter_mut()
            .for_each(|sample| *sample = (*sample * gain).clamp(-1.0, 1.0));
        if self.is_companded {
            out.iter_mut()
                .for_each(|sample| *sample = g711::from_mu_law(g711::to_mu_law(*sample)));
        }
        let mut random = Random(seed);
        for packet in out.chunks_mut(PACKET) {
            if random.share() < self.lost {
                packet.fill(0.0);
            }
        }
        out
    }
}

/// Mean power of the louder half of the packets: of the voice, not of its pauses.
fn power(samples: &[f32]) -> f32 {
    let mut packets: Vec<f32> = samples
        .chunks(PACKET)
        .map(|packet| {
            packet.iter().map(|sample| sample * sample).sum::<f32>() / packet.len() as f32
        })
        .collect();
    packets.sort_by(|one, other| other.total_cmp(one));
    let half = packets.len().div_ceil(2).max(1);
    packets.iter().take(half).sum::<f32>() / half as f32
}

/// Several voices at once, as long as the longest: babble.
pub fn babble(voices: &[&[f32]]) -> Vec<f32> {
    let length = voices.iter().map(|voice| voice.len()).max().unwrap_or(0);
    let mut out = vec![0.0; length];
    for voice in voices {
        let scale = 1.0 / power(voice).max(1e-9).sqrt();
        out.iter_mut()
            .zip(voice.iter().cycle())
            .for_each(|(out, sample)| *out += scale * sample * 0.05);
    }
    out
}

/// Butterworth filters of the fourth order, at 300 and at 3,400 Hz.
fn narrow(samples: &mut [f32]) {
    for quality in [0.541_196, 1.306_563] {
        Section::high_pass(300.0, quality).run(samples);
        Section::low_pass(3_400.0, quality).run(samples);
    }
}

/// A filter of the second order (Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients").
struct Section {
    forward: [f32; 3],
    back: [f32; 2],
}

impl Section {
    fn high_pass(hz: f32, quality: f32) -> Self {
        Self::new(hz, quality, |cosine| {
            [0.5 + 0.5 * cosine, -1.0 - cosine, 0.5 + 0.5 * cosine]
        })
    }

    fn low_pass(hz: f32, quality: f32) -> Self {
        Self::new(hz, quality, |cosine| {
            [0.5 - 0.5 * cosine, 1.0 - cosine, 0.5 - 0.5 * cosine]
        })
    }

    fn new(hz: f32, quality: f32, forward: impl Fn(f32) -> [f32; 3]) -> Self {
        let turn = 2.0 * std::f32::consts::PI * hz / RATE as f32;
        let alpha = turn.sin() / (2.0 * quality);
        let whole = 1.0 + alpha;
        Self {
            forward: forward(turn.cos()).map(|one| one / whole),
            back: [-2.0 * turn.cos() / whole, (1.0 - alpha) / whole],
        }
    }

    fn run(&self, samples: &mut [f32]) {
        let (mut one, mut two) = (0.0, 0.0);
        for sample in samples {
            let input = *sample;
            let output = self.forward[0] * input + one;
            one = self.forward[1] * input - self.back[0] * output + two;
            two = self.forward[2] * input - self.back[1] * output;
            *sample = output;
        }
    }
}

/// Marsaglia's xorshift: the same numbers for the same seed, everywhere.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn number(&mut self) -> u64 {
        if self.0 == 0 {
            self.0 = 0x9e37_79b9_7f4a_7c15;
        }
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to below 1.
    pub fn share(&mut self) -> f32 {
        (self.number() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A place in a list of `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.number() >> 33) as usize % count.max(1)
    }

    /// Puts a list into another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}
