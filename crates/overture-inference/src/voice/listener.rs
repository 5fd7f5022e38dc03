//! A live voice, read again after every second of speech.

use super::{
    ear::{Ear, Sound},
    frames::Frame,
    functionals::{FRAMES_PER_SECOND, Room},
    model::{VoiceModel, VoiceReading},
    speaker::Speaker,
    stretch::{Pauses, Stretch},
    turns::Turns,
};

/// Frames of speech after which a voice is read again: a second.
const STEP: usize = 100;
/// Frames of speech that are read together: the last four seconds.
const WINDOW: usize = 400;
/// Frames of speech that say how somebody spoke at first: eight seconds.
const FIRST: u32 = 800;
/// Frames of speech without which nothing is said of changes.
const FIRST_MIN: u32 = 300;

/// How a voice has changed since the call's first seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Change {
    /// How much higher it is, semitones.
    pub pitch: f32,
    /// How much louder, dB.
    pub loudness_db: f32,
    /// How many times as fast, by peaks of energy; 1 for as fast.
    pub rate: f32,
}

/// What was heard of a voice after another second of speech.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// How it sounds.
    pub reading: VoiceReading,
    /// Where in the stream that second ended, seconds.
    pub at_seconds: f64,
    /// Seconds of speech heard so far in all.
    pub spoken_seconds: f64,
    /// How it has changed; `None` until three seconds have shown how it was at first.
    pub change: Option<Change>,
}

/// Listens to one voice: 8 kHz samples in, a reading after every second of speech out. About 100 kB.
pub struct Listener {
    ear: Ear,
    room: Room,
    arrived: Vec<Frame>,
    kept: Vec<Frame>,
    /// Frames of speech among those kept, since the last reading, and in all.
    kept_speech: usize,
    fresh: usize,
    spoken: u64,
    pauses: Pauses,
    frames: u64,
    speaker: Speaker,
    turns: Turns,
    first: Usual,
}

/// Pitch, energy and pace of some speech, summed up.
#[derive(Debug, Clone, Copy, Default)]
struct Usual {
    speech: u32,
    voiced: u32,
    pitch: f32,
    energy_db: f32,
    peaks: f32,
    /// Of the running search for peaks: the energy before, and whether it rose.
    before_db: f32,
    is_rising: bool,
}

impl Default for Listener {
    fn default() -> Self {
        Self::new(Speaker::default())
    }
}

impl Listener {
    /// Listens to somebody of whom `speaker` is known.
    pub fn new(speaker: Speaker) -> Self {
        Self {
            ear: Ear::new(),
            room: Room::default(),
            arrived: Vec::new(),
            kept: Vec::new(),
            kept_speech: 0,
            fresh: 0,
            spoken: 0,
            pauses: Pauses::default(),
            frames: 0,
            speaker,
            turns: Turns::default(),
            first: Usual::default(),
        }
    }

    /// Adds samples; hands a reading to `heard` for every second of speech that is complete.
    pub fn push(&mut self, model: &VoiceModel, samples: &[f32], heard: &mut dyn FnMut(Heard)) {
        let mut arrived = std::mem::take(&mut self.arrived);
        self.ear.push(samples, &mut arrived);
        self.take(model, &arrived, heard);
        arrived.clear();
        self.arrived = arrived;
    }

    /// Ends the stream: what was spoken since the last reading is read, where it is a third of a second or more.
    pub fn end(&mut self, model: &VoiceModel, heard: &mut dyn FnMut(Heard)) {
        let mut arrived = std::mem::take(&mut self.arrived);
        self.ear.end(&mut arrived);
        self.take(model, &arrived, heard);
        if self.fresh >= super::functionals::FRAMES_MIN {
            self.read(model, heard);
        }
    }

    /// Adds samples of which only the turns matter: an agent's, whose voice is not read.
    pub fn hear_turns(&mut self, samples: &[f32]) {
        self.ear.push(samples, &mut self.arrived);
        for frame in self.arrived.drain(..) {
            self.turns.push(&frame);
        }
    }

    /// What is known of the speaker by now.
    pub fn into_speaker(self) -> Speaker {
        self.speaker
    }

    /// When they speak.
    pub fn turns(&self) -> &Turns {
        &self.turns
    }

    fn take(&mut self, model: &VoiceModel, arrived: &[Frame], heard: &mut dyn FnMut(Heard)) {
        for frame in arrived {
            self.frames += 1;
            self.turns.push(frame);
            if frame.is_speech {
                self.kept_speech += 1;
                self.fresh += 1;
                self.spoken += 1;
                if self.first.speech < FIRST {
                    self.first.add(frame);
                }
            }
            if self.pauses.keeps(frame) && self.spoken > 0 {
                self.kept.push(*frame);
            }
            if self.fresh >= STEP {
                self.read(model, heard);
            }
        }
    }

    fn read(&mut self, model: &VoiceModel, heard: &mut dyn FnMut(Heard)) {
        self.forget();
        let fresh = self.fresh as f32 / FRAMES_PER_SECOND;
        self.fresh = 0;
        let sound: Sound = self.ear.sound();
        let Some(stretch) = Stretch::of(&self.kept, sound, &mut self.room) else {
            return;
        };
        heard(Heard {
            reading: model.read_again(&stretch, &mut self.speaker, fresh),
            at_seconds: self.frames as f64 / f64::from(FRAMES_PER_SECOND),
            spoken_seconds: self.spoken as f64 / f64::from(FRAMES_PER_SECOND),
            change: self.change(),
        });
    }

    /// Forgets what is more than the window ago.
    fn forget(&mut self) {
        let mut gone = 0;
        while self.kept_speech > WINDOW {
            self.kept_speech -= usize::from(self.kept[gone].is_speech);
            gone += 1;
        }
        self.kept.drain(..gone);
    }

    fn change(&self) -> Option<Change> {
        if self.first.speech < FIRST_MIN {
            return None;
        }
        let mut now = Usual::default();
        let speech = self.kept.iter().filter(|frame| frame.is_speech);
        speech.for_each(|frame| now.add(frame));
        let first = self.first;
        let pitch = match (now.voiced, first.voiced) {
            (1.., 1..) => now.pitch / now.voiced as f32 - first.pitch / first.voiced as f32,
            _ => 0.0,
        };
        let pace = |usual: Usual| usual.peaks / usual.speech.max(1) as f32;
        let pace_at_first = pace(first);
        Some(Change {
            pitch,
            loudness_db: now.energy_db / now.speech.max(1) as f32
                - first.energy_db / first.speech as f32,
            rate: if pace_at_first > 0.0 {
                pace(now) / pace_at_first
            } else {
                1.0
            },
        })
    }
}

impl Usual {
    fn add(&mut self, frame: &Frame) {
        /// How much the energy must turn to count as a peak, dB.
        const TURN_DB: f32 = 3.0;
        self.speech += 1;
        self.energy_db += frame.energy_db;
        if let Some(pitch) = frame.pitch {
            self.voiced += 1;
            self.pitch += pitch;
        }
        let energy = frame.energy_db;
        if self.is_rising {
            if energy > self.before_db {
                self.before_db = energy;
            } else if energy < self.before_db - TURN_DB {
                self.is_rising = false;
                self.peaks += 1.0;
                self.before_db = energy;
            }
        } else if energy < self.before_db {
            self.before_db = energy;
        } else if energy > self.before_db + TURN_DB {
            self.is_rising = true;
            self.before_db = energy;
        }
    }
}
