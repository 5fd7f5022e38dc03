//! What of an event is redacted before anything reads, logs or shows it.
//!
//! | text | what is replaced | what may be shown again |
//! |---|---|---|
//! | the customer's messages and first words | every identifier | all but cards and secrets |
//! | properties of the organisation's own events | every identifier | nothing |
//! | what customers say in calls | every identifier | nothing |
//! | words looked for, reasons for a rating | every identifier | nothing |
//! | agents' messages and notes | card numbers | nothing |

use serde_json::Value;

use super::redact::{Found, Kind, Redacted, Redactor};
use crate::model::{ArticleFact, Behaviour, CallFact, CustomerBody, Private};

/// Replaces identifiers in what the event says. Returns what the customer wrote, where that may be kept:
/// without cards and secrets. Most events say nothing, and then `redactor` is not asked for.
pub fn redact(body: &mut CustomerBody, redactor: impl FnOnce() -> Redactor) -> Option<Private> {
    match body {
        CustomerBody::CustomerMessage { text, .. }
        | CustomerBody::HelpRequested {
            text: Some(text), ..
        } => replace(text, &redactor()),
        CustomerBody::Behaviour(Behaviour::Custom { properties, .. }) => {
            if let Some(clean) = redact_properties(properties.reveal(), &redactor()) {
                *properties = Private::new(clean);
            }
            None
        }
        CustomerBody::Call(fact) => {
            if let CallFact::Heard(utterance) = &mut **fact
                && !utterance.text.is_empty()
            {
                replace(&mut utterance.text, &redactor());
            }
            None
        }
        CustomerBody::Article(
            ArticleFact::Searched { words: text, .. }
            | ArticleFact::Rated {
                reason: Some(text), ..
            },
        ) => {
            replace(text, &redactor());
            None
        }
        CustomerBody::AgentMessage { text, .. }
        | CustomerBody::AgentResolved { notes: text, .. }
        | CustomerBody::CallbackCalled { notes: text, .. } => {
            if let Some(clean) = without_cards(text.reveal(), &redactor()) {
                *text = Private::new(clean);
            }
            None
        }
        _ => None,
    }
}

/// Redacts a text in place; returns what may be kept of what it was.
fn replace(text: &mut Private, redactor: &Redactor) -> Option<Private> {
    let redacted = redactor.redact(text.reveal());
    if redacted.found.is_empty() {
        return None;
    }
    let original = redacted.keepable(text.reveal()).map(Private::new);
    *text = Private::new(redacted.text);
    original
}

/// The text without its card numbers; `None` where it holds none. What an organisation's people write is
/// theirs to send, but for what may be kept by nobody.
fn without_cards(text: &str, redactor: &Redactor) -> Option<String> {
    const CARD_DIGITS_MIN: usize = 13;
    if text.chars().filter(|char| char.is_numeric()).count() < CARD_DIGITS_MIN {
        return None;
    }
    let redacted = redactor.redact(text);
    let is_card = |found: &Found| found.kind == Kind::Card;
    let any = redacted.found.iter().any(is_card);
    any.then(|| redacted.without(text, is_card))
}

/// Properties without identifiers, as JSON; `None` where they hold none.
fn redact_properties(json: &str, redactor: &Redactor) -> Option<String> {
    // Most events hold nothing: they are not worth parsing. An escape may hide anything.
    if !json.contains('\\') && redactor.redact(json).found.is_empty() {
        return None;
    }
    let Ok(mut properties) = serde_json::from_str(json) else {
        return Some(redactor.redact(json).text);
    };
    redact_value("", &mut properties, redactor).then(|| properties.to_string())
}

/// Redacts a value and all that is in it; says whether anything was replaced.
fn redact_value(name: &str, value: &mut Value, redactor: &Redactor) -> bool {
    match value {
        Value::String(text) => match redact_under(name, text, redactor) {
            Some(clean) => {
                *text = clean;
                true
            }
            None => false,
        },
        // A bare number is a price or a time far more often than a phone number.
        Value::Number(number) => {
            let text = number.to_string();
            let redacted = redactor.redact(&text);
            let [found] = &redacted.found[..] else {
                return false;
            };
            let is_meant = matches!(found.kind, Kind::Card | Kind::Reference(_));
            let whole = found.original == (0..text.len());
            if is_meant && whole {
                *value = Value::String(redacted.text);
            }
            is_meant && whole
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| {
            redact_value(name, item, redactor) | changed
        }),
        Value::Object(fields) => fields.iter_mut().fold(false, |changed, (name, value)| {
            redact_value(name, value, redactor) | changed
        }),
        Value::Null | Value::Bool(_) => false,
    }
}

/// Redacts a text that stands under a name: `password` says what the next word is. `None` where nothing was
/// found.
fn redact_under(name: &str, text: &str, redactor: &Redactor) -> Option<String> {
    let head = format!("{name}: ");
    let Redacted {
        text: redacted,
        found,
    } = redactor.redact(&[&head, text].concat());
    if found.first()?.original.start >= head.len() {
        return Some(redacted[head.len()..].to_owned());
    }
    // The name itself looked like something: it says nothing about the text.
    let redacted = redactor.redact(text);
    (!redacted.found.is_empty()).then_some(redacted.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{AgentId, InteractionId, Seq, Timestamp},
        understand::redact::{PseudonymKey, ReferencePattern},
    };

    fn redactor() -> Redactor {
        let order = ReferencePattern {
            kind: "order".to_owned(),
            pattern: "SO-######".to_owned(),
        };
        let account = ReferencePattern {
            kind: "account".to_owned(),
            pattern: "77########".to_owned(),
        };
        Redactor::new(PseudonymKey::default(), &[order, account]).unwrap()
    }

    /// Markers with their pseudonyms cut off.
    fn plain(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(':') {
            let named = before.rsplit_once('[').is_some_and(|(_, name)| {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())
            });
            out.push_str(before);
            rest = match after.as_bytes().get(8) {
                Some(b']') if named => &after[8..],
                _ => {
                    out.push(':');
                    after
                }
            };
        }
        out + rest
    }

    fn message(text: &str) -> CustomerBody {
        CustomerBody::CustomerMessage {
            conversation: InteractionId::derive(Timestamp(0), Seq(1), 0),
            key: 1,
            client_key: String::new(),
            text: Private::new(text),
            attachments: Vec::new(),
        }
    }

    #[test]
    fn a_message_keeps_what_may_be_shown_again() {
        for (written, kept, original) in [
            ("Where is my parcel?", "Where is my parcel?", None),
            (
                "It is SO-123456, mail ada@example.org",
                "It is [order], mail [email]",
                Some("It is SO-123456, mail ada@example.org"),
            ),
            ("My card is 4111 1111 1111 1111", "My card is [card]", None),
            (
                "4111 1111 1111 1111 for SO-123456",
                "[card] for [order]",
                Some("[card] for SO-123456"),
            ),
            ("", "", None),
        ] {
            let mut body = message(written);
            let found = redact(&mut body, redactor);
            let CustomerBody::CustomerMessage { text, .. } = &body else {
                unreachable!()
            };
            assert_eq!(plain(text.reveal()), kept);
            assert_eq!(found.as_ref().map(Private::reveal), original, "{written}");
        }
    }

    #[test]
    fn an_agent_may_write_an_address_but_no_card() {
        let mut body = CustomerBody::AgentMessage {
            conversation: InteractionId::derive(Timestamp(0), Seq(1), 0),
            agent: AgentId::derive(Timestamp(0), Seq(2), 0),
            key: 1,
            client_key: String::new(),
            text: Private::new("Write to help@example.org, not 4111-1111-1111-1111!"),
            attachments: Vec::new(),
        };
        assert_eq!(redact(&mut body, redactor), None);
        let CustomerBody::AgentMessage { text, .. } = &body else {
            unreachable!()
        };
        assert_eq!(text.reveal(), "Write to help@example.org, not [card]!");
    }

    #[test]
    fn properties_stay_json() {
        for (given, kept) in [
            (r#"{"plan":"pro","total":1299.5}"#, None),
            (
                r#"{"order":"SO-123456","note":"plain"}"#,
                Some(r#"{"order":"[order]","note":"plain"}"#),
            ),
            (
                r#"{"mail":"ada\u0040example.org"}"#,
                Some(r#"{"mail":"[email]"}"#),
            ),
            (
                r#"{"deep":[{"who":"ada@example.org"},"x"],"account":7712345678}"#,
                Some(r#"{"deep":[{"who":"[email]"},"x"],"account":"[account]"}"#),
            ),
            (r#"{"card":4111111111111111}"#, Some(r#"{"card":"[card]"}"#)),
            (r#"{"at_ms":1796025600000,"quote":"\"so\""}"#, None),
            (
                r#"{"password":"tulip-7-garden"}"#,
                Some(r#"{"password":"[secret]"}"#),
            ),
        ] {
            let found = redact_properties(given, &redactor());
            let as_json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(
                found.map(|text| as_json(&plain(&text))),
                kept.map(as_json),
                "{given}"
            );
        }
    }

    #[test]
    fn redacting_again_changes_nothing() {
        let mut body = message("SO-123456 and ada@example.org, password: tulip-7-garden");
        redact(&mut body, redactor);
        let once = body.clone();
        assert_eq!(redact(&mut body, redactor), None);
        assert_eq!(body, once);
    }
}
