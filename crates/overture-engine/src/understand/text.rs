//! What reads text, and what becomes of it: the last score, its average and trend, and repeated negatives.

use std::borrow::Cow;

use crate::{
    decide::{SentimentSettings, SignalGroups},
    model::{
        Abstained, Behaviour, CustomerBody, MOOD_SCORES_MAX, Mood, TextReading, TextScore,
        Timestamp,
    },
};

/// Says what a text says about its writer.
///
/// Pure: the same text always gives the same answer.
pub trait TextModel: Send + Sync {
    /// The model's name and version, for example `text-1`.
    fn name(&self) -> &str;

    /// Reads one text, of any length and content.
    fn read(&self, text: &str) -> TextReading;
}

/// Reads nothing: every text is in a language it was not made for.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTextModel;

impl TextModel for NoTextModel {
    fn name(&self) -> &'static str {
        "none"
    }

    fn read(&self, _text: &str) -> TextReading {
        TextReading::Abstained {
            why: Abstained::Language,
            language: None,
        }
    }
}

/// What the customer said in an event, if they said anything: a message, the first words of a request, or the text that an
/// event of the organisation's own carries under one of `properties`.
pub fn said<'a>(body: &'a CustomerBody, properties: &[String]) -> Option<Cow<'a, str>> {
    let text: Cow<str> = match body {
        CustomerBody::CustomerMessage { text, .. } => text.reveal().into(),
        CustomerBody::HelpRequested { text, .. } => text.as_ref()?.reveal().into(),
        CustomerBody::Behaviour(Behaviour::Custom {
            properties: carried,
            ..
        }) => {
            let carried = carried.reveal();
            // Most events carry no such name, plain or escaped: they are not worth parsing.
            let may_carry = |name: &String| carried.contains(name) || carried.contains('\\');
            if !properties.iter().any(may_carry) {
                return None;
            }
            let carried: serde_json::Value = serde_json::from_str(carried).ok()?;
            let text = properties
                .iter()
                .find_map(|name| carried.get(name)?.as_str())?;
            text.to_owned().into()
        }
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Takes a scored text into the mood, as of `at` (server time). Says which signals changed.
///
/// Repeated negatives are a one-sided CUSUM (Page, "Continuous Inspection Schemes", 1954) of
/// `z = (usual - score) / spread`: `S <- max(0, S + z - reference)`. It is entered above `limit` and left at half of it,
/// not before `dwell`; `S` never rises past twice the limit, so that it can be left again.
pub fn heard(
    mood: &mut Option<Box<Mood>>,
    score: &TextScore,
    at: Timestamp,
    settings: &SentimentSettings,
) -> SignalGroups {
    let is_first = mood.is_none();
    let mood = mood.get_or_insert_default();
    let value = score.sentiment.score;
    let last = mood.at;
    mood.at = at;
    mood.sentiment = score.sentiment;
    mood.emotions = score.emotions;
    mood.sarcasm = score.sarcasm;
    mood.urgency = score.urgency;
    mood.texts = mood.texts.saturating_add(1);
    if !is_first && at.since(last) > settings.fresh {
        // Another day is another conversation.
        mood.scores.clear();
        mood.negatives = 0.0;
        mood.repeated_since = None;
    }
    mood.average = if mood.scores.is_empty() {
        value
    } else {
        mood.average + settings.smoothing * (value - mood.average)
    };
    if mood.scores.len() == MOOD_SCORES_MAX {
        mood.scores.remove(0);
    }
    mood.scores.push(value);
    let residual = (settings.usual - value) / settings.spread;
    let limit = settings.limit;
    mood.negatives = (mood.negatives + residual - settings.reference).clamp(0.0, 2.0 * limit);
    mood.repeated_since = match mood.repeated_since {
        None if mood.negatives > limit => Some(at),
        Some(since) if mood.negatives <= limit / 2.0 && at.since(since) >= settings.dwell => None,
        standing => standing,
    };
    SignalGroups::SENTIMENT
}

/// The mood, while it is about now.
pub fn fresh<'a>(
    mood: &'a Option<Box<Mood>>,
    now: Timestamp,
    settings: &SentimentSettings,
) -> Option<&'a Mood> {
    mood.as_deref()
        .filter(|mood| now.since(mood.at) <= settings.fresh)
}
