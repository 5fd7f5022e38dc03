//! Words that were written beforehand, for tests and the demo.

use std::sync::Arc;

use overture_engine::understand::transcribe::{SpokenWords, Told, Transcriber, Transcription};

use super::audio;

/// Something that a speaker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Where in the stream it begins, ms.
    pub start_ms: u32,
    /// Where it ends.
    pub end_ms: u32,
    /// What is said.
    pub text: String,
}

/// Hears nothing, and tells each line once the stream reaches its end. Every speaker says the same.
#[derive(Debug)]
pub struct Scripted {
    lines: Arc<[Line]>,
}

impl Scripted {
    /// Tells these lines, in the order in which they end.
    pub fn new(mut lines: Vec<Line>) -> Self {
        lines.sort_by_key(|line| (line.end_ms, line.start_ms));
        Self {
            lines: lines.into(),
        }
    }
}

impl Transcriber for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn listen(&self, _call: &str, _language: Option<&str>) -> Box<dyn Transcription> {
        Box::new(Reading {
            lines: Arc::clone(&self.lines),
            told: 0,
            heard: 0,
            closed: false,
        })
    }
}

/// How far one speaker is.
struct Reading {
    lines: Arc<[Line]>,
    told: usize,
    heard: u64,
    closed: bool,
}

impl Reading {
    /// The lines that end within what was heard and are not told yet.
    fn due(&self) -> &[Line] {
        let untold = &self.lines[self.told..];
        let is_over = |line: &&Line| audio::at_ms(line.end_ms) <= self.heard;
        &untold[..untold.iter().take_while(is_over).count()]
    }
}

impl Transcription for Reading {
    fn hear(&mut self, samples: &[i16]) {
        if !self.closed {
            self.heard += samples.len() as u64;
        }
    }

    fn stopped(&mut self, _start_ms: u32, _end_ms: u32) {}

    fn told(&mut self) -> Vec<Told> {
        let words = |line: &Line| {
            Told::Words(SpokenWords {
                start_ms: line.start_ms,
                end_ms: line.end_ms,
                text: line.text.clone(),
                confidence: 1.0,
            })
        };
        let told: Vec<Told> = self.due().iter().map(words).collect();
        self.told += told.len();
        told
    }

    fn close(&mut self) {
        self.closed = true;
    }

    fn is_done(&self) -> bool {
        self.closed && self.due().is_empty()
    }
}
