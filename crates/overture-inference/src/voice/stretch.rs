//! A stretch of speech, measured.

use super::{
    ear::{Ear, Sound},
    frames::Frame,
    functionals::{FRAMES_PER_SECOND, MEASURES, Room, functionals},
    turns::Turns,
};

/// How far the voice must stand above the noise to be understood fully, and not at all, dB.
const CLEAR_DB: f32 = 20.0;
const DROWNED_DB: f32 = 3.0;
/// Seconds of speech after which two thirds of what can be known is known: anger is told apart with an area under the curve of
/// .92 after one second, .97 after three (`models/README.md`).
const KNOWN_SECONDS: f32 = 0.9;
/// The share of samples at the limit at which nothing can be told any more.
const CLIPPED_MAX: f32 = 0.1;

/// A stretch of speech, measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// NaN where something was not heard, such as the pitch of a whisper.
    pub(super) measures: Vec<f32>,
    /// Seconds of speech.
    pub(super) seconds: f32,
    /// How much can be told from it, `0.0..=1.0`.
    pub(super) quality: f32,
}

impl Stretch {
    /// Sums up frames, which may hold pauses; `None` where less than a third of a second is spoken.
    pub(super) fn of(frames: &[Frame], sound: Sound, room: &mut Room) -> Option<Self> {
        let measures: [f32; MEASURES] = functionals(frames, room)?;
        let spoken = frames.iter().filter(|frame| frame.is_speech).count();
        let seconds = spoken as f32 / FRAMES_PER_SECOND;
        Some(Self {
            measures: measures.to_vec(),
            seconds,
            quality: quality(seconds, above_noise_db(frames), sound.clipped_share()),
        })
    }

    /// Seconds of speech.
    pub fn seconds(&self) -> f32 {
        self.seconds
    }

    /// How much can be told from it, `0.0..=1.0`: little speech, noise and clipping lower it.
    pub fn quality(&self) -> f32 {
        self.quality
    }
}

fn quality(seconds: f32, above_noise_db: f32, clipped: f32) -> f32 {
    let length = 1.0 - (-seconds / KNOWN_SECONDS).exp();
    let clear = ((above_noise_db - DROWNED_DB) / (CLEAR_DB - DROWNED_DB)).clamp(0.0, 1.0);
    let whole = (1.0 - clipped / CLIPPED_MAX).clamp(0.0, 1.0);
    length * clear * whole
}

/// The energy of the loud speech over that of the quietest frames, dB.
fn above_noise_db(frames: &[Frame]) -> f32 {
    let mut energies: Vec<f32> = frames.iter().map(|frame| frame.energy_db).collect();
    let mut at = |share: f32| {
        let place = (share * (energies.len() - 1) as f32) as usize;
        *energies.select_nth_unstable_by(place, f32::total_cmp).1
    };
    at(0.8) - at(0.05)
}

/// Frames of speech after which a long recording is cut, and of the piece that is cut off: eight and four seconds.
const WHOLE: usize = 800;
const PIECE: usize = 400;
/// Frames of a pause that are kept where a recording is cut into pieces; longer ones say no more.
const PAUSE: usize = 50;

/// Cuts a recording of any length into stretches: one where up to eight seconds are spoken, otherwise pieces of four seconds and a last
/// one of four to eight. Holds no more than one of them.
pub struct Pieces {
    ear: Ear,
    arrived: Vec<Frame>,
    kept: Vec<Frame>,
    speech: usize,
    pauses: Pauses,
    turns: Turns,
    room: Room,
}

/// Passes over what is too long of a pause.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pauses {
    length: usize,
}

impl Pauses {
    /// Whether the next frame is kept.
    pub(super) fn keeps(&mut self, frame: &Frame) -> bool {
        self.length = if frame.is_speech { 0 } else { self.length + 1 };
        self.length <= PAUSE
    }
}

impl Default for Pieces {
    fn default() -> Self {
        Self {
            ear: Ear::new(),
            arrived: Vec::new(),
            kept: Vec::new(),
            speech: 0,
            pauses: Pauses::default(),
            turns: Turns::default(),
            room: Room::default(),
        }
    }
}

impl Pieces {
    /// Adds samples (8 kHz); hands each piece that is complete to `take`.
    pub fn push(&mut self, samples: &[f32], take: &mut dyn FnMut(&Stretch)) {
        let mut arrived = std::mem::take(&mut self.arrived);
        self.ear.push(samples, &mut arrived);
        self.keep(&arrived, take);
        arrived.clear();
        self.arrived = arrived;
    }

    /// Ends the recording: hands out the last piece, unless less than a third of a second is spoken in it.
    pub fn end(&mut self, take: &mut dyn FnMut(&Stretch)) {
        let mut arrived = std::mem::take(&mut self.arrived);
        self.ear.end(&mut arrived);
        self.keep(&arrived, take);
        let last = Stretch::of(&self.kept, self.ear.sound(), &mut self.room);
        if let Some(stretch) = last {
            take(&stretch);
        }
        self.kept.clear();
        self.speech = 0;
    }

    /// When somebody spoke.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    fn keep(&mut self, arrived: &[Frame], take: &mut dyn FnMut(&Stretch)) {
        for frame in arrived {
            self.speech += usize::from(frame.is_speech);
            self.turns.push(frame);
            if self.pauses.keeps(frame) {
                self.kept.push(*frame);
            }
            if self.speech >= WHOLE {
                self.cut(take);
            }
        }
    }

    fn cut(&mut self, take: &mut dyn FnMut(&Stretch)) {
        let mut speech = 0;
        let is_enough = |frame: &Frame| {
            speech += usize::from(frame.is_speech);
            speech >= PIECE
        };
        let end = self.kept.iter().position(is_enough).map_or(0, |at| at + 1);
        let piece = Stretch::of(&self.kept[..end], self.ear.sound(), &mut self.room);
        if let Some(stretch) = piece {
            take(&stretch);
        }
        self.kept.drain(..end);
        self.speech -= PIECE;
    }
}

/// Measures recordings one after another, with the same room.
#[derive(Default)]
pub struct Measurer {
    frames: Vec<Frame>,
    room: Room,
}

impl Measurer {
    /// Measures all of `samples` (8 kHz) as one stretch; `None` where less than a third of a second is spoken.
    pub fn measure(&mut self, samples: &[f32]) -> Option<Stretch> {
        let mut ear = Ear::new();
        self.frames.clear();
        ear.push(samples, &mut self.frames);
        ear.end(&mut self.frames);
        let mut pauses = Pauses::default();
        self.frames.retain(|frame| pauses.keeps(frame));
        Stretch::of(&self.frames, ear.sound(), &mut self.room)
    }
}
