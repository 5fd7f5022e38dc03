//! Voices that nobody has: pulses through resonances, with syllables and breath. Good enough to be heard as speech by a detector, and to
//! differ in what emotions differ in. For tests, measurements and the demo, which says so.

use std::f32::consts::PI;

use super::RATE;

/// Somebody who speaks in one way.
#[derive(Debug, Clone, Copy)]
pub struct Talker {
    /// The voice's fundamental frequency, Hz.
    pub pitch_hz: f32,
    /// How far it rises and falls, semitones.
    pub range: f32,
    /// How dark it is, `0.0..1.0`: little for a pressed voice, much for a soft one.
    pub darkness: f32,
    /// Syllables a second.
    pub rate: f32,
    /// How loud it is at most, `0.0..=1.0`.
    pub loudness: f32,
}

impl Talker {
    /// Calm, at this pitch.
    pub fn calm(pitch_hz: f32) -> Self {
        Self {
            pitch_hz,
            range: 2.0,
            darkness: 0.75,
            rate: 4.0,
            loudness: 0.4,
        }
    }

    /// The same person, angry: higher, pressed, fast.
    #[must_use]
    pub fn angry(self) -> Self {
        Self {
            pitch_hz: self.pitch_hz * 1.5,
            range: 5.0,
            darkness: 0.3,
            rate: 5.5,
            loudness: 0.9,
        }
    }

    /// The same person, sad: low, soft, slow, flat.
    #[must_use]
    pub fn sad(self) -> Self {
        Self {
            pitch_hz: self.pitch_hz * 0.9,
            range: 0.7,
            darkness: 0.93,
            rate: 2.5,
            loudness: 0.2,
        }
    }

    /// The same person, joyful: high and lively, not pressed.
    #[must_use]
    pub fn joyful(self) -> Self {
        Self {
            pitch_hz: self.pitch_hz * 1.5,
            range: 9.0,
            darkness: 0.6,
            rate: 5.0,
            loudness: 0.6,
        }
    }

    /// Speaks for `seconds`, at 8 kHz; another `seed` gives other syllables.
    pub fn say(&self, seconds: f32, seed: u64) -> Vec<f32> {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut share = move || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 40) as f32 / (1u64 << 24) as f32
        };
        let length = (seconds * RATE as f32) as usize;
        let syllable = (RATE as f32 / self.rate) as usize;
        let mut out = Vec::with_capacity(length);
        let (mut phase, mut pulse) = (0.0f32, 0.0f32);
        let mut mouth = [[0.0f32; 2]; 3];
        let (mut formants, mut lift, mut level) = ([500.0, 1_500.0, 2_500.0], 0.0, 1.0);
        for at in 0..length {
            if at % syllable == 0 {
                formants = [
                    350.0 + 450.0 * share(),
                    1_000.0 + 1_100.0 * share(),
                    2_400.0 + 500.0 * share(),
                ];
                lift = self.range * (share() - 0.5);
                level = 0.6 + 0.4 * share();
            }
            let place = (at % syllable) as f32 / syllable as f32;
            let hz =
                self.pitch_hz * 2f32.powf((lift + self.range * 0.3 * (PI * place).sin()) / 12.0);
            phase += hz / RATE as f32;
            let mut source = 0.02 * (share() - 0.5);
            if phase >= 1.0 {
                phase -= 1.0;
                source += 1.0;
            }
            pulse = self.darkness * pulse + (1.0 - self.darkness) * source;
            let mut sample = pulse;
            for (state, (formant, width)) in mouth
                .iter_mut()
                .zip(formants.into_iter().zip([80.0, 110.0, 160.0]))
            {
                sample = resonate(state, formant, width, sample);
            }
            out.push(sample * level * (PI * place).sin().max(0.0).sqrt());
        }
        let most = out
            .iter()
            .fold(1e-6f32, |most, sample| most.max(sample.abs()));
        out.iter()
            .map(|sample| sample / most * self.loudness)
            .collect()
    }
}

/// One resonance of the mouth.
fn resonate(state: &mut [f32; 2], hz: f32, width_hz: f32, input: f32) -> f32 {
    let radius = (-PI * width_hz / RATE as f32).exp();
    let turn = 2.0 * PI * hz / RATE as f32;
    let output =
        (1.0 - radius) * input + 2.0 * radius * turn.cos() * state[0] - radius * radius * state[1];
    *state = [output, state[0]];
    output
}

/// A WAV file of channels of 16-bit samples, all of one length.
pub fn wav(channels: &[&[f32]], rate: u32) -> Vec<u8> {
    let sample = |value: f32| ((value.clamp(-1.0, 1.0) * 32_767.0) as i16).to_le_bytes();
    let length = channels.first().map_or(0, |channel| channel.len());
    let data: Vec<u8> = (0..length)
        .flat_map(|at| channels.iter().flat_map(move |channel| sample(channel[at])))
        .collect();
    wav_of(1, 16, channels.len() as u16, rate, &data)
}

/// A WAV file of data in any code: 1 is PCM, 6 A-law, 7 mu-law.
pub fn wav_of(code: u16, bits: u16, channels: u16, rate: u32, data: &[u8]) -> Vec<u8> {
    let frame = channels * bits / 8;
    // Codes other than PCM say how long their extension is: nothing.
    let extension: &[u8] = if code == 1 { &[] } else { &[0, 0] };
    let format = 16 + extension.len() as u32;
    let mut file = b"RIFF".to_vec();
    file.extend((20 + format + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(format.to_le_bytes());
    file.extend(code.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(frame)).to_le_bytes());
    file.extend(frame.to_le_bytes());
    file.extend(bits.to_le_bytes());
    file.extend(extension);
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}
