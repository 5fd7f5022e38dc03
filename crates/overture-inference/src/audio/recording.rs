//! Recordings: WAV (PCM, mu-law, A-law), FLAC, MP3, OGG Vorbis, AAC; read piece by piece, so that an hour takes no more memory
//! than a second.

use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::{
    codecs::audio::{AudioDecoder, AudioDecoderOptions},
    errors::Error,
    formats::{FormatOptions, FormatReader, TrackType, probe::Hint},
    io::{MediaSource, MediaSourceStream},
    meta::MetadataOptions,
};

use super::{RATE, rate::ToRate, wav};

/// Channels at most: one party each.
const CHANNELS_MAX: usize = 2;
/// Damaged packets in a row after which a recording is given up.
const DAMAGED_MAX: u32 = 1_000;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AudioError {
    /// It is in no format that is known.
    #[error("not a recording: expected WAV, FLAC, MP3, OGG or AAC")]
    Format(#[source] Error),
    /// There is no sound in it.
    #[error("the file holds no sound")]
    Silent,
    /// It is coded in a way that is not known.
    #[error(
        "the recording's codec is not supported: expected PCM, mu-law, A-law, FLAC, MP3, Vorbis or AAC-LC"
    )]
    Codec(#[source] Error),
    /// It has too many channels.
    #[error("expected one channel, or two with a party each, got {0}")]
    Channels(usize),
    /// Its samples come too seldom or too often.
    #[error("expected 4000 to 384000 samples a second, got {0}")]
    Rate(u32),
    /// It is damaged in a way that the decoder did not foresee.
    #[error("the recording is damaged")]
    Damaged,
    /// Reading failed.
    #[error("could not read the recording")]
    Read(#[source] Error),
}

/// A recording that is being read.
pub struct Recording {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    channels: Vec<ToRate>,
    interleaved: Vec<f32>,
    single: Vec<f32>,
    out: Vec<Vec<f32>>,
    samples: u64,
    damaged: u32,
    is_cut: bool,
    is_done: bool,
}

impl Recording {
    /// Begins to read; `extension` (such as `mp3`) helps where the content leaves doubt.
    ///
    /// # Errors
    /// [`AudioError`]: it is no recording, or one that cannot be read.
    pub fn open(source: Box<dyn MediaSource>, extension: Option<&str>) -> Result<Self, AudioError> {
        guarded(|| Self::open_unguarded(source, extension))
    }

    fn open_unguarded(
        source: Box<dyn MediaSource>,
        extension: Option<&str>,
    ) -> Result<Self, AudioError> {
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let source = wav::mended(source).map_err(|error| AudioError::Read(error.into()))?;
        let stream = MediaSourceStream::new(source, Default::default());
        let options = FormatOptions::default();
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, options, MetadataOptions::default())
            .map_err(AudioError::Format)?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or(AudioError::Silent)?;
        let parameters = track
            .codec_params
            .as_ref()
            .and_then(|codec| codec.audio())
            .ok_or(AudioError::Silent)?;
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(parameters, &AudioDecoderOptions::default())
            .map_err(AudioError::Codec)?;
        let track = track.id;
        let mut recording = Self {
            format,
            decoder,
            track,
            channels: Vec::new(),
            interleaved: Vec::new(),
            single: Vec::new(),
            out: Vec::new(),
            samples: 0,
            damaged: 0,
            is_cut: false,
            is_done: false,
        };
        // The first packet tells how many channels there are and how fast; the header may lie.
        recording.fill()?;
        if recording.channels.is_empty() {
            return Err(AudioError::Silent);
        }
        Ok(recording)
    }

    /// How many channels it has: 1 or 2.
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Seconds handed out so far.
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / RATE as f64
    }

    /// Packets that were damaged and passed over so far.
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    /// Whether it ended in the middle of a packet.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The next samples of each channel at 8 kHz, equally many of each; `None` at the end.
    ///
    /// # Errors
    /// [`AudioError`]: reading failed, or the recording changes in its middle to what cannot be read.
    pub fn read(&mut self) -> Result<Option<&[Vec<f32>]>, AudioError> {
        if self.samples > 0 || self.out.iter().all(Vec::is_empty) {
            self.out.iter_mut().for_each(Vec::clear);
            if let Err(error) = guarded(|| self.fill()) {
                self.is_done = true;
                return Err(error);
            }
        }
        let length = self.out.first().map_or(0, Vec::len);
        self.samples += length as u64;
        Ok((length > 0).then_some(&self.out[..]))
    }

    /// Decodes until there is something to hand out, or the end.
    fn fill(&mut self) -> Result<(), AudioError> {
        let mut in_a_row = 0;
        while !self.is_done && self.out.first().is_none_or(Vec::is_empty) {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => {
                    self.end();
                    break;
                }
                Err(Error::IoError(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    self.is_cut = true;
                    self.end();
                    break;
                }
                Err(Error::DecodeError(_)) if in_a_row < DAMAGED_MAX => {
                    self.damaged += 1;
                    in_a_row += 1;
                    continue;
                }
                Err(Error::ResetRequired | Error::DecodeError(_)) => {
                    self.is_cut = true;
                    self.end();
                    break;
                }
                Err(error) => return Err(AudioError::Read(error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            match self.decoder.decode(&packet) {
                Ok(decoded) => {
                    let channels = decoded.spec().channels().count();
                    let rate = decoded.spec().rate();
                    self.interleaved.resize(decoded.samples_interleaved(), 0.0);
                    decoded.copy_to_slice_interleaved(&mut self.interleaved);
                    self.prepare(channels, rate)?;
                    self.share_out();
                    in_a_row = 0;
                }
                Err(Error::IoError(_) | Error::DecodeError(_)) if in_a_row < DAMAGED_MAX => {
                    self.damaged += 1;
                    in_a_row += 1;
                }
                Err(error) => return Err(AudioError::Read(error)),
            }
        }
        Ok(())
    }

    fn prepare(&mut self, channels: usize, rate: u32) -> Result<(), AudioError> {
        if self.channels.len() == channels {
            return Ok(());
        }
        if channels == 0 || channels > CHANNELS_MAX || !self.channels.is_empty() {
            return Err(AudioError::Channels(channels));
        }
        for _ in 0..channels {
            self.channels.push(ToRate::from_rate(rate)?);
            self.out.push(Vec::new());
        }
        Ok(())
    }

    fn share_out(&mut self) {
        let count = self.channels.len();
        for (place, (channel, out)) in self.channels.iter_mut().zip(&mut self.out).enumerate() {
            self.single.clear();
            let samples = self.interleaved.iter().skip(place).step_by(count);
            self.single.extend(samples.map(|sample| {
                if sample.is_finite() {
                    sample.clamp(-1.0, 1.0)
                } else {
                    0.0
                }
            }));
            channel.push(&self.single, out);
        }
    }

    fn end(&mut self) {
        self.is_done = true;
        for (channel, out) in self.channels.iter_mut().zip(&mut self.out) {
            channel.end(out);
        }
    }
}

/// Damaged files make the decoders panic here and there; that harms no more than the recording.
fn guarded<T>(read: impl FnOnce() -> Result<T, AudioError>) -> Result<T, AudioError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(AudioError::Damaged))
}
