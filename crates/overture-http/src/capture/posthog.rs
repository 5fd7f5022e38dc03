//! PostHog's events, mapped onto the same things.

use overture_engine::model::{
    Behaviour, CustomerBody, Identifier, IdentifierKind, Ingress, Millis, Navigation, Private,
};
use serde_json::value::RawValue;

use super::{
    map::{Mapper, Wrong, allowed_addresses, custom_with, wrong},
    reject::{Rejected, cut, excerpt, explain, members},
    time,
    wire::{PosthogEvent, PosthogProperties, Text},
};

fn text<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref()
        .map(|text| text.as_str())
        .filter(|text| !text.is_empty())
}

/// The project key inside an event, where older clients put it.
pub(crate) fn key_in(raw: &str) -> Option<String> {
    let event: PosthogEvent<'_> = serde_json::from_str(raw).ok()?;
    let found = properties(event.properties).ok()?;
    text(&found.token).map(str::to_owned)
}

fn properties<'a>(raw: Option<&'a RawValue>) -> Result<PosthogProperties<'a>, Wrong> {
    match raw.filter(|raw| raw.get() != "null") {
        None => Ok(PosthogProperties::default()),
        Some(raw) => serde_json::from_str(raw.get()).map_err(|_| wrong("wrong_type", "properties")),
    }
}

impl Mapper<'_> {
    /// One PostHog event as the engine takes it.
    pub(crate) fn posthog(&self, raw: &str) -> Result<Ingress, Rejected> {
        let event: PosthogEvent<'_> = serde_json::from_str(raw).map_err(|_| {
            let (reason, field) = explain(raw, true);
            Rejected {
                reason,
                field,
                excerpt: excerpt(raw),
            }
        })?;
        self.posthog_event(&event).map_err(|wrong| Rejected {
            reason: wrong.reason,
            field: wrong.field,
            excerpt: excerpt(raw),
        })
    }

    fn posthog_event(&self, event: &PosthogEvent<'_>) -> Result<Ingress, Wrong> {
        let name = text(&event.event).ok_or_else(|| wrong("missing_field", "event"))?;
        let found = properties(event.properties)?;
        let mut who = self.posthog_who(event, &found)?;
        let body = match name {
            "$pageview" | "$screen" => CustomerBody::Behaviour(Behaviour::PageView {
                path: self.address(
                    text(&found.pathname)
                        .or_else(|| text(&found.current_url))
                        .unwrap_or("/"),
                    text(&found.current_url).filter(|_| found.pathname.is_some()),
                ),
                navigation: Navigation::Navigate,
            }),
            "$pageleave" => CustomerBody::Behaviour(Behaviour::PageLeave),
            "$dead_click" => CustomerBody::Behaviour(Behaviour::DeadClick),
            "$identify" | "$set" => {
                self.add(
                    &mut who,
                    IdentifierKind::Anonymous,
                    text(&found.anon_distinct_id),
                    "properties.$anon_distinct_id",
                )?;
                self.identified(&mut who, event.set.or(found.set))
            }
            "$create_alias" => {
                self.add(
                    &mut who,
                    IdentifierKind::Anonymous,
                    text(&found.alias),
                    "properties.alias",
                )?;
                CustomerBody::Identified {
                    identifiers: who.clone(),
                    traits: Vec::new(),
                }
            }
            "$groupidentify" => CustomerBody::Identified {
                identifiers: who.clone(),
                traits: text(&found.group_key)
                    .map(|group| ("group".to_owned(), Private::new(cut(group, 256))))
                    .into_iter()
                    .collect(),
            },
            _ => custom_with(
                name,
                own_properties(event.properties, &self.rules.url_allow),
            ),
        };
        let at = match (text(&event.timestamp).and_then(time::parse), event.offset) {
            (Some(at), _) => Some(at),
            (None, Some(offset)) => {
                let sent = self.sent.unwrap_or(self.received);
                Some(sent - Millis(offset.clamp(0.0, 1e9) as u64))
            }
            (None, None) => None,
        };
        Ok(self.ingress(text(&event.uuid), at, who, body))
    }

    /// A `distinct_id` names a browser while the client says so, and a person otherwise.
    fn posthog_who(
        &self,
        event: &PosthogEvent<'_>,
        found: &PosthogProperties<'_>,
    ) -> Result<Vec<Identifier>, Wrong> {
        let distinct = text(&event.distinct_id)
            .or_else(|| text(&found.distinct_id))
            .ok_or_else(|| wrong("missing_field", "distinct_id"))?;
        let device = text(&found.device_id);
        let browser = found.is_identified == Some(false)
            || (found.is_identified.is_none() && device == Some(distinct));
        let mut who = Vec::with_capacity(2);
        self.add(
            &mut who,
            IdentifierKind::Anonymous,
            device,
            "properties.$device_id",
        )?;
        let kind = if browser {
            IdentifierKind::Anonymous
        } else {
            IdentifierKind::UserId
        };
        self.add(&mut who, kind, Some(distinct), "distinct_id")?;
        Ok(who)
    }
}

/// The properties that the site set itself: the client's own start with a dollar sign and
/// contain addresses and texts of elements.
fn own_properties(raw: Option<&RawValue>, allow: &[String]) -> String {
    let own: serde_json::Map<String, serde_json::Value> = raw
        .map(members)
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, _)| {
            !name.starts_with('$') && !matches!(name.as_str(), "token" | "distinct_id")
        })
        .filter_map(|(name, value)| Some((name, serde_json::from_str(value.get()).ok()?)))
        .collect();
    if own.is_empty() {
        return String::new();
    }
    allowed_addresses(&serde_json::Value::Object(own).to_string(), allow)
}
