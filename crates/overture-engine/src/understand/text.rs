//! What reads text, and what becomes of it: the last score, its average and trend, and repeated negatives.

use std::borrow::Cow;

use crate::{
    decide::{SentimentSettings, SignalGroups},
    model::{
        Abstained, Behaviour, CallFact, CustomerBody, HEARD_MAX, Heard, MOOD_SCORES_MAX, Mood, Seq,
        TextReading, TextScore, Timestamp,
    },
};

/// Says what a text says about its writer.
///
/// Pure where texts are read before they are logged: the same text always gives the same answer. What reads them once more behind
/// that may ask a service.
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
        CustomerBody::Call(fact) => match &**fact {
            CallFact::Heard(utterance) => utterance.text.reveal().into(),
            _ => return None,
        },
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

/// Takes a scored text into the mood. `heard` says what it is and when it came (server time); the rest of it is filled in. Says
/// which signals changed.
pub fn heard(
    mood: &mut Option<Box<Mood>>,
    score: &TextScore,
    mut heard: Heard,
    settings: &SentimentSettings,
) -> SignalGroups {
    let is_first = mood.is_none();
    let mood = mood.get_or_insert_default();
    heard.begins = is_first || heard.at.since(mood.at) > settings.fresh;
    heard.score = score.sentiment.score;
    mood.at = heard.at;
    mood.texts = mood.texts.saturating_add(1);
    feel(mood, score);
    count(mood, heard, settings);
    SignalGroups::SENTIMENT
}

/// Replaces the score of a text that was taken into the mood with `input`, as if it had been read so at once. Gives what was read;
/// `None` when it was too long ago and the mood stays as it is.
pub fn heard_again(
    mood: &mut Mood,
    input: Seq,
    score: &TextScore,
    settings: &SentimentSettings,
) -> Option<Heard> {
    let place = mood.heard.iter().position(|heard| heard.input == input)?;
    let mut later: Vec<Heard> = mood.heard.drain(place..).collect();
    let first = later.first_mut()?;
    first.score = score.sentiment.score;
    let again = first.clone();
    mood.average = again.average;
    mood.negatives = again.negatives;
    mood.repeated_since = again.repeated_since;
    let kept = mood.scores.len().saturating_sub(later.len());
    mood.scores.truncate(kept);
    if later.len() == 1 {
        feel(mood, score);
    }
    for heard in later {
        count(mood, heard, settings);
    }
    Some(again)
}

/// How the customer feels is how they felt in their last text.
fn feel(mood: &mut Mood, score: &TextScore) {
    mood.sentiment = score.sentiment;
    mood.emotions = score.emotions;
    mood.sarcasm = score.sarcasm;
    mood.urgency = score.urgency;
}

/// Counts a text's score into average, trend and repeated negatives.
///
/// Repeated negatives are a one-sided CUSUM (Page, "Continuous Inspection Schemes", 1954) of
/// `z = (usual - score) / spread`: `S <- max(0, S + z - reference)`. It is entered above `limit` and left at half of it,
/// not before `dwell`; `S` never rises past twice the limit, so that it can be left again.
fn count(mood: &mut Mood, mut heard: Heard, settings: &SentimentSettings) {
    heard.average = mood.average;
    heard.negatives = mood.negatives;
    heard.repeated_since = mood.repeated_since;
    if heard.begins {
        mood.scores.clear();
        mood.negatives = 0.0;
        mood.repeated_since = None;
    }
    let value = heard.score;
    mood.average = if heard.begins {
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
    let at = heard.at;
    mood.repeated_since = match mood.repeated_since {
        None if mood.negatives > limit => Some(at),
        Some(since) if mood.negatives <= limit / 2.0 && at.since(since) >= settings.dwell => None,
        standing => standing,
    };
    if mood.heard.len() == HEARD_MAX {
        mood.heard.remove(0);
    }
    mood.heard.push(heard);
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
