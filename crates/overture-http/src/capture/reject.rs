//! Events that could not be taken, told without telling what they contained.

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::wire::{Event, PosthogEvent};

/// Why an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// For programs and filters: `not_an_object`, `event_too_large`, `missing_field`,
    /// `wrong_type`, `bad_value` or `unknown_type`.
    pub reason: &'static str,
    /// The field that is wrong, where it is one.
    pub field: Option<String>,
    /// The event's kind, name and field names; never a value from the page or about a person.
    pub excerpt: String,
}

/// Names the first field of a wrong type. Slow, and only called once parsing has failed.
pub(crate) fn explain(raw: &str, posthog: bool) -> (&'static str, Option<String>) {
    let mut reader = serde_json::Deserializer::from_str(raw);
    let path = if posthog {
        serde_path_to_error::deserialize::<_, PosthogEvent<'_>>(&mut reader).err()
    } else {
        serde_path_to_error::deserialize::<_, Event<'_>>(&mut reader).err()
    };
    match path {
        Some(error) => {
            let path = error.path().to_string();
            if path == "." {
                ("not_an_object", None)
            } else {
                ("wrong_type", Some(path))
            }
        }
        None => ("wrong_type", None),
    }
}

/// What can be shown of a rejected event: its kind, name, message id and field names.
pub(crate) fn excerpt(raw: &str) -> String {
    const NAMES_MAX: usize = 24;
    const TEXT_BYTES_MAX: usize = 80;
    if raw.len() > 4 * super::EVENT_BYTES_MAX {
        return format!("an event of {} bytes", raw.len());
    }
    let Ok(Value::Object(event)) = serde_json::from_str::<Value>(raw) else {
        return format!("something of {} bytes that is no object", raw.len());
    };
    let mut shown = Map::new();
    for name in ["type", "event", "messageId", "uuid"] {
        if let Some(Value::String(text)) = event.get(name) {
            shown.insert(name.to_owned(), cut(text, TEXT_BYTES_MAX).into());
        }
    }
    let names: Vec<Value> = event
        .keys()
        .take(NAMES_MAX)
        .map(|name| cut(name, TEXT_BYTES_MAX).into())
        .collect();
    shown.insert("fields".to_owned(), names.into());
    shown.insert("bytes".to_owned(), raw.len().into());
    Value::Object(shown).to_string()
}

/// The first `bytes_max` bytes of a text, whole letters only.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The members of a raw object, in order; nothing when it is no object.
pub(crate) fn members(raw: &RawValue) -> Vec<(String, Box<RawValue>)> {
    struct Members(Vec<(String, Box<RawValue>)>);

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct MembersVisitor;

            impl<'de> serde::de::Visitor<'de> for MembersVisitor {
                type Value = Members;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut map: A,
                ) -> Result<Members, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }

            deserializer.deserialize_map(MembersVisitor)
        }
    }

    serde_json::from_str::<Members>(raw.get()).map_or_else(|_| Vec::new(), |members| members.0)
}
