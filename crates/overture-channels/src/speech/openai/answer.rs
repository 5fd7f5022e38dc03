//! What an answer (`verbose_json`) says.

use overture_engine::understand::transcribe::SpokenWords;
use serde::Deserialize;

/// Above it a segment may be no speech.
const NO_SPEECH_ABOVE: f64 = 0.6;

/// A segment that may be no speech is left out if its words are less likely than this, too. Both bounds are Whisper's own.
const LOGPROB_BELOW: f64 = -1.0;

/// The longest text of one answer, bytes: half a minute has about 1,000.
const TEXT_BYTES_MAX: usize = 16 << 10;

#[derive(Deserialize)]
struct Answer {
    text: String,
    #[serde(default)]
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize)]
struct Segment {
    start: f64,
    end: f64,
    text: String,
    #[serde(default)]
    avg_logprob: Option<f64>,
    #[serde(default)]
    no_speech_prob: Option<f64>,
}

impl Segment {
    fn is_speech(&self) -> bool {
        let doubted = self.no_speech_prob.is_some_and(|p| p > NO_SPEECH_ABOVE);
        !(doubted
            && self
                .avg_logprob
                .is_none_or(|logprob| logprob < LOGPROB_BELOW))
    }
}

/// Words of one piece; times from its beginning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) start_ms: u32,
    pub(super) end_ms: u32,
    pub(super) text: String,
    pub(super) confidence: f32,
}

impl Heard {
    /// The same words in a stream in which the piece begins at `start_ms`.
    pub(super) fn after(self, start_ms: u32) -> SpokenWords {
        SpokenWords {
            start_ms: start_ms.saturating_add(self.start_ms),
            end_ms: start_ms.saturating_add(self.end_ms),
            text: self.text,
            confidence: self.confidence,
        }
    }
}

/// What was heard in a piece of `length_ms`: `None` where nobody spoke. An error is no transcript.
pub(super) fn answer(body: &[u8], length_ms: u32) -> Result<Option<Heard>, NoTranscript> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| NoTranscript)?;
    let segments = answer.segments.unwrap_or_default();
    let whole = segments.is_empty();
    let spoken: Vec<&Segment> = segments.iter().filter(|it| it.is_speech()).collect();
    let text = if whole {
        answer.text.trim().to_owned()
    } else {
        let texts = spoken.iter().map(|segment| segment.text.trim());
        texts
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(NoTranscript);
    }
    let ms = |seconds: f64| ((seconds * 1_000.0).round() as u32).min(length_ms);
    let start_ms = spoken.iter().map(|it| ms(it.start)).min().unwrap_or(0);
    let end_ms = spoken
        .iter()
        .map(|it| ms(it.end))
        .max()
        .unwrap_or(length_ms);
    Ok((!text.is_empty()).then(|| Heard {
        start_ms,
        end_ms: end_ms.max(start_ms),
        text,
        confidence: confidence(&spoken),
    }))
}

/// The answer is none that we know.
pub(super) struct NoTranscript;

/// The likelihood of a token on average; 1 where the service tells none.
fn confidence(segments: &[&Segment]) -> f32 {
    let told: Vec<f64> = segments.iter().filter_map(|it| it.avg_logprob).collect();
    if told.is_empty() {
        return 1.0;
    }
    let mean = told.iter().sum::<f64>() / told.len() as f64;
    mean.exp().clamp(0.0, 1.0) as f32
}
