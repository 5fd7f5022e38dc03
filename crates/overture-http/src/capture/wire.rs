//! The shapes in which clients send events, borrowed from the body wherever JSON allows.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::value::RawValue;

/// A text as clients send it: a string, or a number that means one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// What surrounds the events, or stands among the fields of a single one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, rename = "writeKey", alias = "api_key", alias = "token")]
    pub(crate) key: Option<Text<'a>>,
    /// Whatever it is: a wrong one is no reason to lose the events.
    #[serde(borrow, rename = "sentAt", alias = "sent_at")]
    pub(crate) sent_at: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) batch: Option<Vec<&'a RawValue>>,
}

/// One event of the Segment tracking API.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    #[serde(borrow, rename = "userId")]
    pub(crate) user_id: Option<Text<'a>>,
    #[serde(borrow, rename = "anonymousId")]
    pub(crate) anonymous_id: Option<Text<'a>>,
    #[serde(borrow, rename = "previousId")]
    pub(crate) previous_id: Option<Text<'a>>,
    #[serde(borrow, rename = "groupId")]
    pub(crate) group_id: Option<Text<'a>>,
    #[serde(borrow, rename = "messageId")]
    pub(crate) message_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) timestamp: Option<Text<'a>>,
    #[serde(borrow, rename = "originalTimestamp")]
    pub(crate) original_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) properties: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) traits: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) context: Option<Context<'a>>,
}

/// The part of an event's context that is read; the rest is skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Context<'a> {
    #[serde(borrow)]
    pub(crate) page: Option<Page<'a>>,
    #[serde(borrow)]
    pub(crate) traits: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) consent: Option<&'a RawValue>,
}

/// The page of a context.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Page<'a> {
    #[serde(borrow)]
    pub(crate) path: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) url: Option<Text<'a>>,
}

/// The properties of Overture's own events and of pages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Properties<'a> {
    pub(crate) x: f32,
    pub(crate) y: f32,
    #[serde(borrow)]
    pub(crate) target: Option<Text<'a>>,
    pub(crate) interactive: bool,
    pub(crate) text_field: bool,
    pub(crate) stepper: bool,
    pub(crate) depth_percent: f64,
    pub(crate) ms: f64,
    #[serde(borrow)]
    pub(crate) form: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) field: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) code: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) outcome: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) purpose: Option<Text<'a>>,
    pub(crate) granted: Option<bool>,
    #[serde(borrow)]
    pub(crate) navigation: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) path: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) url: Option<Text<'a>>,
}

/// One event of PostHog's API.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PosthogEvent<'a> {
    #[serde(borrow)]
    pub(crate) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) distinct_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) uuid: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) properties: Option<&'a RawValue>,
    #[serde(borrow, rename = "$set")]
    pub(crate) set: Option<&'a RawValue>,
    /// Milliseconds before `sent_at`, in older clients.
    pub(crate) offset: Option<f64>,
}

/// The properties of a PostHog event that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PosthogProperties<'a> {
    #[serde(borrow)]
    pub(crate) token: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) distinct_id: Option<Text<'a>>,
    #[serde(borrow, rename = "$device_id")]
    pub(crate) device_id: Option<Text<'a>>,
    #[serde(rename = "$is_identified")]
    pub(crate) is_identified: Option<bool>,
    #[serde(borrow, rename = "$anon_distinct_id")]
    pub(crate) anon_distinct_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) alias: Option<Text<'a>>,
    #[serde(borrow, rename = "$current_url")]
    pub(crate) current_url: Option<Text<'a>>,
    #[serde(borrow, rename = "$pathname")]
    pub(crate) pathname: Option<Text<'a>>,
    #[serde(borrow, rename = "$set")]
    pub(crate) set: Option<&'a RawValue>,
    #[serde(borrow, rename = "$group_key")]
    pub(crate) group_key: Option<Text<'a>>,
}
