//! When one party of a call speaks.

use overture_engine::understand::voice::Turn;

use super::frames::Frame;

/// A gap shorter than this does not end a turn, ms: breath, plosives, the moments between words.
const GAP_MS: u32 = 250;
/// What is shorter than this is no turn, ms: clicks, coughs, "mm".
const TURN_MS_MIN: u32 = 150;
/// How far below the voice's loudest a frame may lie and still be talk, dB; what a detector adds around speech is below.
const BELOW_DB: f32 = 30.0;
/// How fast the loudest is forgotten, dB a frame.
const FORGOTTEN_DB: f32 = 0.05;
/// One frame, ms.
const FRAME_MS: u32 = 10;

/// The turns of one party, as they come.
#[derive(Debug, Clone, PartialEq)]
pub struct Turns {
    list: Vec<Turn>,
    now_ms: u32,
    loudest_db: f32,
}

impl Default for Turns {
    fn default() -> Self {
        Self::known(Vec::new(), 0)
    }
}

impl Turns {
    /// Turns that are known already: in order, apart from each other.
    pub fn known(list: Vec<Turn>, now_ms: u32) -> Self {
        Self {
            list,
            now_ms,
            loudest_db: f32::MIN,
        }
    }

    /// The next hundredth of a second.
    pub(super) fn push(&mut self, frame: &Frame) {
        let start_ms = self.now_ms;
        self.now_ms += FRAME_MS;
        if !frame.is_speech {
            return;
        }
        self.loudest_db = (self.loudest_db - FORGOTTEN_DB).max(frame.energy_db);
        if frame.energy_db < self.loudest_db - BELOW_DB {
            return;
        }
        match self.list.last_mut() {
            Some(turn) if start_ms < turn.end_ms + GAP_MS => turn.end_ms = self.now_ms,
            _ => {
                if self.list.last().is_some_and(|turn| !is_long_enough(turn)) {
                    self.list.pop();
                }
                self.list.push(Turn {
                    start_ms,
                    end_ms: self.now_ms,
                });
            }
        }
    }

    /// All turns so far, the one that goes on included.
    pub fn all(&self) -> impl Iterator<Item = Turn> + '_ {
        self.list.iter().copied().filter(is_long_enough)
    }

    /// How far was listened, ms.
    pub fn now_ms(&self) -> u32 {
        self.now_ms
    }

    /// Seconds spoken.
    pub fn spoken_seconds(&self) -> f64 {
        let sum: u64 = self
            .all()
            .map(|turn| u64::from(turn.end_ms - turn.start_ms))
            .sum();
        sum as f64 / 1_000.0
    }
}

fn is_long_enough(turn: &Turn) -> bool {
    turn.end_ms - turn.start_ms >= TURN_MS_MIN
}
