//! What a model says of a text, as JSON: the same on every route.

use overture_engine::model::{Emotion, TextScore};
use serde_json::{Map, Value, json};

/// The members of a score. Evidence is in bytes of the text.
pub(crate) fn members(score: &TextScore) -> Map<String, Value> {
    let sentiment = &score.sentiment;
    let emotions: Map<String, Value> = Emotion::ALL
        .iter()
        .map(|emotion| (emotion.name().to_owned(), decimal(score.emotion(*emotion))))
        .collect();
    let evidence: Vec<Value> = score
        .evidence
        .iter()
        .map(|one| json!({"start": one.start, "end": one.end, "weight": decimal(one.weight)}))
        .collect();
    let fields = [
        ("language", json!(score.language)),
        (
            "sentiment",
            json!({
                "score": decimal(sentiment.score), "intensity": decimal(sentiment.intensity),
                "confidence": decimal(sentiment.confidence), "label": sentiment.label.name(),
            }),
        ),
        ("emotions", emotions.into()),
        ("sarcasm", decimal(score.sarcasm)),
        ("urgency", decimal(score.urgency)),
        ("evidence", evidence.into()),
        ("tier", score.tier.into()),
        ("model", json!(score.model)),
    ];
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

/// Four decimals, without the noise of a 32-bit number written as a 64-bit one.
pub(crate) fn decimal(value: f32) -> Value {
    json!(rounded(f64::from(value)))
}

/// Four decimals, as scores have wherever they are shown.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
