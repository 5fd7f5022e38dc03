//! How fast and how evenly somebody speaks.

use super::{
    frames::Frame,
    functionals::{FRAMES_PER_SECOND, moments},
};

/// Hands 14 measures of how fast and evenly is spoken to `add`.
pub(super) fn measures(frames: &[Frame], speech: &[Frame], add: &mut dyn FnMut(f32)) {
    let seconds = frames.len() as f32 / FRAMES_PER_SECOND;
    let spoken = speech.len() as f32 / FRAMES_PER_SECOND;
    let runs = |is: &dyn Fn(&Frame) -> bool| {
        let mut lengths = Vec::new();
        let mut length = 0;
        for frame in frames {
            if is(frame) {
                length += 1;
            } else if length > 0 {
                lengths.push(length as f32);
                length = 0;
            }
        }
        if length > 0 {
            lengths.push(length as f32);
        }
        lengths
    };
    for (lengths, total) in [
        (
            runs(&|frame| frame.is_speech && frame.pitch.is_some()),
            spoken,
        ),
        (
            runs(&|frame| frame.is_speech && frame.pitch.is_none()),
            spoken,
        ),
        (runs(&|frame| !frame.is_speech), seconds),
    ] {
        let (mean, deviation) = moments(&lengths);
        add(lengths.len() as f32 / total.max(0.1));
        add(mean);
        add(deviation);
    }
    add(spoken / seconds.max(0.1));
    let envelope: Vec<f32> = speech.iter().map(|frame| frame.energy_db).collect();
    add(peaks(&envelope) as f32 / spoken);
    for hz in [3.0, 6.0, 12.0] {
        add(modulation(&envelope, hz));
    }
}

/// How often the energy peaks, at least 3 dB above the dips around: about once a syllable.
fn peaks(envelope: &[f32]) -> usize {
    let smooth: Vec<f32> = (0..envelope.len())
        .map(|at| {
            let near = &envelope[at.saturating_sub(3)..(at + 4).min(envelope.len())];
            near.iter().sum::<f32>() / near.len() as f32
        })
        .collect();
    let (mut low, mut high, mut count, mut is_rising) = (f32::MAX, f32::MIN, 0, true);
    for value in smooth {
        if is_rising {
            high = high.max(value);
            if value < high - 3.0 {
                count += 1;
                is_rising = false;
                low = value;
            }
        } else {
            low = low.min(value);
            if value > low + 3.0 {
                is_rising = true;
                high = value;
            }
        }
    }
    count
}

/// How strongly the energy swings at about `hz`, dB.
fn modulation(envelope: &[f32], hz: f32) -> f32 {
    let (mean, _) = moments(envelope);
    let turn = 2.0 * std::f32::consts::PI * hz / FRAMES_PER_SECOND;
    let (cosine, sine) = envelope
        .iter()
        .enumerate()
        .fold((0.0, 0.0), |(c, s), (at, value)| {
            let phase = turn * at as f32;
            (
                c + (value - mean) * phase.cos(),
                s + (value - mean) * phase.sin(),
            )
        });
    2.0 * f32::hypot(cosine, sine) / envelope.len().max(1) as f32
}
