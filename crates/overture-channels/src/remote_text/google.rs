//! Google Cloud Natural Language: `POST {url}/v2/documents:analyzeSentiment`.
//!
//! As <https://cloud.google.com/natural-language/docs/reference/rest/v2/documents/analyzeSentiment> describes it. It tells
//! no emotions; its magnitude has no upper end and is not used.

use serde::Deserialize;
use serde_json::{Value, json};

use super::blend::Said;

/// The method.
pub(super) const PATH: &str = "/v2/documents:analyzeSentiment";

/// The header that says who asks.
pub(super) fn authorization(key: &str) -> (&'static str, String) {
    ("x-goog-api-key", key.to_owned())
}

/// The service finds the language out by itself.
pub(super) fn question(text: &str) -> Value {
    json!({"document": {"type": "PLAIN_TEXT", "content": text}, "encodingType": "UTF8"})
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    document_sentiment: Sentiment,
    #[serde(default)]
    language_code: String,
}

#[derive(Deserialize)]
struct Sentiment {
    /// A score of 0 may be left out, as in all JSON made from protocol buffers.
    #[serde(default)]
    score: f32,
}

/// What an answer says; `None` for one that is no reading.
pub(super) fn answer(body: &[u8]) -> Option<Said> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    Said::new(answer.document_sentiment.score, None, &answer.language_code)
}
