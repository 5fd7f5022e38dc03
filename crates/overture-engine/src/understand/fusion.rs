//! What a voice and its words say together: per utterance, and over a call.
//!
//! Late fusion of calibrated probabilities: `z = b + w_v q_v (z_v - b) + w_t q_t (z_t - b) + w_d |z_v - z_t|` on log-odds, `q` the
//! quality of each. What is missing has `q = 0` and counts for nothing; it is never taken as calm. Over a call,
//! `s <- s + (1 - exp(-dt/tau)) q (x - s)` with `dt` in seconds of the customer's speech.
//!
//! No data that may be used holds voices with their own words, so the weights are chosen, not learned: each alone with full quality
//! says nearly what it says by itself, both together say more than either, and where they disagree the score goes down a little.
//! `overture evaluate fusion` measures what comes of them; the figures are in `models/README.md`.

use crate::{
    decide::VoiceSettings,
    model::{Emotion, Fused, TextScore, Timestamp, Tone, Utterance, VoiceScore},
};

/// How likely an utterance is upset before anything is known of it.
pub const USUAL: f32 = 0.1;
/// The weight of the voice, and of the words.
const VOICE: f32 = 0.8;
const WORDS: f32 = 1.0;
/// What disagreement costs, for each unit of log-odds.
const DISAGREEMENT: f32 = -0.1;
/// What is left of the confidence where one is sure of what the other is sure is not: a cold voice may say hot words.
const DOUBT: f32 = 0.5;
/// Voice and words say different things where one is this sure that somebody is upset, and the other this sure that nobody is. Upset
/// words are often said without a word of anger, so a middling probability contradicts nothing.
const UPSET: f32 = 0.6;
const CALM: f32 = 0.2;
/// Quality that both need for that.
const HEARD: f32 = 0.3;
/// Words after which two thirds of what words can say is said.
const WORDS_KNOWN: f32 = 3.0;
/// Probabilities are kept this far from 0 and 1, so that one modality cannot outweigh everything.
const EDGE: f32 = 0.02;
/// Quality below which an utterance neither begins nor ends an alert.
const QUALITY_MIN: f32 = 0.2;
/// Speech without which there is no alert, ms: the voice is not known well enough before.
const ALERT_AFTER_MS: u32 = 2_000;
/// Utterances in a row that begin or end an alert.
const IN_A_ROW: u8 = 2;
/// How many earlier scores are kept for the trend.
const RECENT_MAX: usize = 24;

/// What one utterance says; `None` where nothing of it could be understood.
pub fn fuse(voice: Option<&VoiceScore>, words: Option<(&TextScore, f32)>) -> Option<Fused> {
    let (p_v, q_v) = voice.map_or((USUAL, 0.0), |voice| (voice.anger, voice.quality));
    let (p_t, q_t) = words.map_or((USUAL, 0.0), |(score, quality)| (upset(score), quality));
    if q_v <= 0.0 && q_t <= 0.0 {
        return None;
    }
    let usual = logit(USUAL);
    let (z_v, z_t) = (logit(p_v), logit(p_t));
    let both = q_v.min(q_t);
    let apart = if both > 0.0 {
        (z_v - z_t).abs() * both
    } else {
        0.0
    };
    let z =
        usual + VOICE * q_v * (z_v - usual) + WORDS * q_t * (z_t - usual) + DISAGREEMENT * apart;
    let disagreement = (p_v - p_t).abs() * both;
    let known = 1.0 - (1.0 - q_v) * (1.0 - q_t);
    Some(Fused {
        score: rounded(logistic(z)),
        confidence: rounded(known * (1.0 - DOUBT * disagreement)),
        disagree: both >= HEARD && contradict(p_v, p_t),
        sarcasm: rounded(words.map_or(0.0, |(score, _)| sarcasm(score, p_v * q_v))),
    })
}

/// How much words can say: by how many there are, and how sure they are. `confidence` is `0.0..=1.0`.
pub fn quality_of_words(text: &str, confidence: f32) -> f32 {
    let words = text.split_whitespace().count() as f32;
    confidence.clamp(0.0, 1.0) * (1.0 - libm::expf(-words / WORDS_KNOWN))
}

/// Takes an utterance into the call's score. Says whether an alert began (`Some(true)`) or ended (`Some(false)`).
pub fn take(
    tone: &mut Tone,
    utterance: &Utterance,
    fused: &Fused,
    at: Timestamp,
    settings: &VoiceSettings,
) -> Option<bool> {
    tone.recent.push((tone.spoken_ms, tone.score));
    if tone.recent.len() > RECENT_MAX {
        tone.recent.remove(0);
    }
    tone.spoken_ms = tone.spoken_ms.saturating_add(utterance.spoken_ms);
    let seconds = utterance.spoken_ms as f32 / 1_000.0;
    let step = 1.0 - libm::expf(-seconds / settings.memory.as_secs_f64() as f32);
    tone.score = rounded(tone.score + step * fused.confidence * (fused.score - tone.score));
    tone.highest = tone.highest.max(tone.score);
    tone.at = at;
    if fused.confidence < QUALITY_MIN {
        return None;
    }
    let crosses = match tone.alert_since {
        None => fused.score > settings.alert_on && tone.spoken_ms >= ALERT_AFTER_MS,
        Some(_) => fused.score < settings.alert_off,
    };
    tone.crossing = if crosses { tone.crossing + 1 } else { 0 };
    if tone.crossing < IN_A_ROW {
        return None;
    }
    tone.crossing = 0;
    let begins = tone.alert_since.is_none();
    tone.alert_since = begins.then_some(at);
    Some(begins)
}

/// How a call begins: as usual.
pub fn begin(call: crate::model::InteractionId, at: Timestamp) -> Tone {
    Tone {
        call,
        at,
        voice: None,
        has_words: false,
        score: USUAL,
        highest: USUAL,
        spoken_ms: 0,
        recent: smallvec::SmallVec::new(),
        crossing: 0,
        alert_since: None,
    }
}

fn contradict(one: f32, other: f32) -> bool {
    one.max(other) > UPSET && one.min(other) < CALM
}

/// How likely words are those of somebody upset: anger, and half of annoyance.
fn upset(score: &TextScore) -> f32 {
    (score.emotion(Emotion::Anger) + 0.5 * score.emotion(Emotion::Frustration)).min(1.0)
}

/// Positive words in an angry voice are likely not meant.
fn sarcasm(score: &TextScore, angry: f32) -> f32 {
    let positive = score.sentiment.score.max(0.0);
    score.sarcasm.max(positive * angry)
}

fn logit(p: f32) -> f32 {
    let p = p.clamp(EDGE, 1.0 - EDGE);
    libm::logf(p / (1.0 - p))
}

fn logistic(z: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-z))
}

/// Scores have four decimals wherever they are kept.
fn rounded(value: f32) -> f32 {
    libm::roundf(value * 1e4) / 1e4
}
