//! Both parties of a call, as the engine's traits want them.

use std::{
    io::{Read, Seek, SeekFrom},
    sync::Arc,
};

use overture_engine::{
    model::{CallDynamics, VoiceScore},
    understand::voice::{
        AudioDecoder, AudioEncoding, CallAnalyzer, CallListener, Party, ReadSeek, RecordingReader,
        Sounded, Turn,
    },
};
use symphonia::core::io::MediaSource;

use super::{Emotion, Heard, Listener, VoiceModel, VoiceReading, dynamics};
use crate::audio::{Recording, ToRate, g711};

/// Listens to calls with a model.
#[derive(Debug, Clone)]
pub struct Analyzer {
    model: Arc<VoiceModel>,
}

impl Analyzer {
    /// Listens with this model.
    pub fn new(model: VoiceModel) -> Self {
        Self {
            model: Arc::new(model),
        }
    }
}

impl CallAnalyzer for Analyzer {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn listen(&self) -> Box<dyn CallListener> {
        Box::new(Call {
            model: Arc::clone(&self.model),
            customer: Listener::default(),
            agent: Listener::default(),
        })
    }

    fn decoder(&self, encoding: AudioEncoding, rate: u32) -> Result<Box<dyn AudioDecoder>, String> {
        let to_rate = ToRate::from_rate(rate).map_err(|error| error.to_string())?;
        Ok(Box::new(Decoder {
            encoding,
            to_rate,
            half: None,
            samples: Vec::new(),
        }))
    }

    fn mu_law(&self, samples: &[f32]) -> Vec<u8> {
        samples
            .iter()
            .map(|sample| g711::to_mu_law(*sample))
            .collect()
    }

    fn recording(
        &self,
        file: Box<dyn ReadSeek>,
        extension: Option<&str>,
    ) -> Result<Box<dyn RecordingReader>, String> {
        let source = Source::new(file).map_err(|error| error.to_string())?;
        let recording = Recording::open(Box::new(source), extension);
        Ok(Box::new(recording.map_err(|error| error.to_string())?))
    }
}

struct Call {
    model: Arc<VoiceModel>,
    customer: Listener,
    agent: Listener,
}

impl CallListener for Call {
    fn hear(&mut self, party: Party, samples: &[f32], sounded: &mut dyn FnMut(Sounded)) {
        match party {
            Party::Customer => {
                let mut heard = |heard: Heard| sounded(told(&heard));
                self.customer.push(&self.model, samples, &mut heard);
            }
            Party::Agent => self.agent.hear_turns(samples),
        }
    }

    fn end(&mut self, sounded: &mut dyn FnMut(Sounded)) {
        let mut heard = |heard: Heard| sounded(told(&heard));
        self.customer.end(&self.model, &mut heard);
    }

    fn turns(&self, party: Party, from: usize) -> Vec<Turn> {
        let listener = match party {
            Party::Customer => &self.customer,
            Party::Agent => &self.agent,
        };
        listener.turns().all().skip(from).collect()
    }

    fn dynamics(&self) -> CallDynamics {
        dynamics::of(self.customer.turns(), self.agent.turns())
    }
}

fn told(heard: &Heard) -> Sounded {
    Sounded {
        score: VoiceScore {
            pitch: heard.change.map(|change| four_decimals(change.pitch)),
            loudness_db: heard.change.map(|change| four_decimals(change.loudness_db)),
            pace: heard.change.map(|change| four_decimals(change.rate)),
            ..heard.reading.score()
        },
        at_ms: (heard.at_seconds * 1_000.0) as u32,
        spoken_ms: (heard.spoken_seconds * 1_000.0) as u32,
    }
}

impl VoiceReading {
    /// What the engine is told of it; how the voice changed is not known from one stretch alone.
    pub fn score(&self) -> VoiceScore {
        let of = |emotion| four_decimals(self.of(emotion));
        VoiceScore {
            anger: of(Emotion::Anger),
            sadness: of(Emotion::Sadness),
            joy: of(Emotion::Joy),
            neutral: of(Emotion::Neutral),
            arousal: four_decimals(self.arousal()),
            quality: four_decimals(self.quality),
            ..VoiceScore::default()
        }
    }
}

/// Scores have four decimals, so that they are the same wherever they are kept.
fn four_decimals(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}

struct Decoder {
    encoding: AudioEncoding,
    to_rate: ToRate,
    /// The first byte of a sample whose second is still to come.
    half: Option<u8>,
    samples: Vec<f32>,
}

impl AudioDecoder for Decoder {
    fn decode(&mut self, bytes: &[u8], out: &mut Vec<f32>) {
        self.samples.clear();
        match self.encoding {
            AudioEncoding::MuLaw => {
                let samples = bytes.iter().map(|byte| g711::from_mu_law(*byte));
                self.samples.extend(samples);
            }
            AudioEncoding::ALaw => {
                let samples = bytes.iter().map(|byte| g711::from_a_law(*byte));
                self.samples.extend(samples);
            }
            AudioEncoding::Pcm16 => {
                for byte in bytes {
                    match self.half.take() {
                        None => self.half = Some(*byte),
                        Some(low) => {
                            let sample = i16::from_le_bytes([low, *byte]);
                            self.samples.push(f32::from(sample) / 32_768.0);
                        }
                    }
                }
            }
        }
        self.to_rate.push(&self.samples, out);
    }
}

impl RecordingReader for Recording {
    fn channels(&self) -> usize {
        Self::channels(self)
    }

    fn read(&mut self) -> Result<Option<&[Vec<f32>]>, String> {
        Self::read(self).map_err(|error| error.to_string())
    }
}

/// A file, as the decoders want it.
struct Source {
    file: Box<dyn ReadSeek>,
    bytes: u64,
}

impl Source {
    fn new(mut file: Box<dyn ReadSeek>) -> std::io::Result<Self> {
        let bytes = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self { file, bytes })
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

impl MediaSource for Source {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes)
    }
}
