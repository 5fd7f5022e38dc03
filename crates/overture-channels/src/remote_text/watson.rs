//! IBM Watson Natural Language Understanding: `POST {url}/v1/analyze`.
//!
//! As <https://cloud.ibm.com/apidocs/natural-language-understanding> describes it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use overture_engine::model::{Emotion, SentimentLabel};
use serde::Deserialize;
use serde_json::{Value, json};

use super::blend::Said;

/// The method, with the version whose answers are read below.
pub(super) const PATH: &str = "/v1/analyze?version=2022-04-07";

/// The header that says who asks.
pub(super) fn authorization(key: &str) -> (&'static str, String) {
    let encoded = STANDARD.encode(format!("apikey:{key}"));
    ("authorization", format!("Basic {encoded}"))
}

/// Named, the language need not be guessed, which the service does not dare with a short text.
pub(super) fn question(text: &str, language: Option<&str>) -> Value {
    let mut question = json!({"text": text, "features": {"sentiment": {}, "emotion": {}}});
    if let Some(tag) = language {
        let primary = tag.split('-').next().unwrap_or(tag);
        question["language"] = primary.into();
    }
    question
}

#[derive(Deserialize)]
struct Answer {
    sentiment: Part<SentimentScore>,
    /// Missing in languages for which the service has none.
    emotion: Option<Part<Emotions>>,
    #[serde(default)]
    language: String,
}

#[derive(Deserialize)]
struct Part<T> {
    document: T,
}

#[derive(Deserialize)]
struct SentimentScore {
    score: f32,
    label: Label,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Label {
    Negative,
    Neutral,
    Positive,
}

#[derive(Deserialize)]
struct Emotions {
    emotion: Five,
}

#[derive(Deserialize)]
struct Five {
    anger: f32,
    disgust: f32,
    fear: f32,
    joy: f32,
    sadness: f32,
}

/// What an answer says; `None` for one that is no reading.
///
/// Four of its emotions are ours by name. Disgust, which our own labels do not have, is the least that
/// frustration can be. Of gratitude and surprise it says nothing.
pub(super) fn answer(body: &[u8]) -> Option<Said> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let sentiment = answer.sentiment.document;
    let label = match sentiment.label {
        Label::Negative => SentimentLabel::Negative,
        Label::Neutral => SentimentLabel::Neutral,
        Label::Positive => SentimentLabel::Positive,
    };
    let mut said = Said::new(sentiment.score, Some(label), &answer.language)?;
    if let Some(emotions) = answer.emotion {
        let five = emotions.document.emotion;
        said.emotions = vec![
            (Emotion::Anger, five.anger),
            (Emotion::Frustration, five.disgust),
            (Emotion::Fear, five.fear),
            (Emotion::Joy, five.joy),
            (Emotion::Sadness, five.sadness),
        ];
        let in_range = |(_, probability): &(Emotion, f32)| (0.0..=1.0).contains(probability);
        if !said.emotions.iter().all(in_range) {
            return None;
        }
    }
    Some(said)
}
