//! One table from what clients call things to what the engine calls them.

use overture_engine::model::{
    Behaviour, ClickTarget, ConsentSource, CustomerBody, Identifier, IdentifierKind, IdentityLevel,
    Ingress, Navigation, Private, Purpose, SourceId, Subject, SubmitOutcome, Timestamp,
};
use overture_store::SourceCapture;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{
    consent,
    reject::{Rejected, cut, excerpt, explain, members},
    time,
    wire::{Event, Properties, Text},
};
use crate::{identifiers, keys::Keys};

/// The longest name of an event, bytes; longer ones are cut.
const NAME_BYTES_MAX: usize = 200;
/// The longest field name or error code, bytes; longer ones are cut.
const DETAIL_BYTES_MAX: usize = 64;
/// Traits taken from one event.
const TRAITS_MAX: usize = 64;
/// The longest trait, bytes of its JSON; longer ones are left out.
const TRAIT_BYTES_MAX: usize = 2_048;

/// What is the same for all events of one request.
pub(crate) struct Mapper<'a> {
    pub(crate) keys: &'a Keys,
    pub(crate) source: SourceId,
    /// Seed of the source's message keys; see [`seed_of`].
    pub(crate) seed: u64,
    pub(crate) received: Timestamp,
    pub(crate) sent: Option<Timestamp>,
    /// What the source lets pass.
    pub(crate) rules: &'a SourceCapture,
}

/// The seed that keeps equal message ids of different sources apart.
pub(crate) fn seed_of(source: SourceId) -> u64 {
    xxh3_64(source.uuid().as_bytes())
}

/// A field that made an event unusable, before its excerpt is cut.
pub(crate) struct Wrong {
    pub(crate) reason: &'static str,
    pub(crate) field: Option<String>,
}

pub(crate) fn wrong(reason: &'static str, field: &str) -> Wrong {
    Wrong {
        reason,
        field: Some(field.to_owned()),
    }
}

fn text<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_ref()
        .map(|text| text.as_str())
        .filter(|text| !text.is_empty())
}

impl Mapper<'_> {
    /// One Segment event as the engine takes it. `implied` is the type that the route names.
    ///
    /// What its consent categories say comes before it; what they forbid is left out.
    pub(crate) fn segment(
        &self,
        raw: &str,
        implied: Option<&str>,
    ) -> Result<Vec<Ingress>, Rejected> {
        let event: Event<'_> = serde_json::from_str(raw).map_err(|_| {
            let (reason, field) = explain(raw, false);
            Rejected {
                reason,
                field,
                excerpt: excerpt(raw),
            }
        })?;
        self.event(&event, implied).map_err(|wrong| Rejected {
            reason: wrong.reason,
            field: wrong.field,
            excerpt: excerpt(raw),
        })
    }

    fn event(&self, event: &Event<'_>, implied: Option<&str>) -> Result<Vec<Ingress>, Wrong> {
        let kind = implied
            .or_else(|| text(&event.kind))
            .ok_or_else(|| wrong("missing_field", "type"))?;
        let mut who = self.who(event, kind)?;
        let body = match kind {
            "track" => self.track(event)?,
            "page" => self.page(event)?,
            "screen" => screen(event),
            "identify" => {
                let traits = event
                    .traits
                    .or(event.context.as_ref().and_then(|context| context.traits));
                self.identified(&mut who, traits)
            }
            "alias" => CustomerBody::Identified {
                identifiers: who.clone(),
                traits: Vec::new(),
            },
            "group" => {
                let group =
                    text(&event.group_id).ok_or_else(|| wrong("missing_field", "groupId"))?;
                CustomerBody::Identified {
                    identifiers: who.clone(),
                    traits: vec![("group".to_owned(), Private::new(cut(group, 256)))],
                }
            }
            _ => return Err(wrong("unknown_type", "type")),
        };
        let at = text(&event.timestamp).or_else(|| text(&event.original_timestamp));
        let consent = event.context.as_ref().and_then(|context| context.consent);
        let said = consent::said(consent, self.rules);
        let refused = said.contains(&(Purpose::AnalyseBehaviour, false));
        let mut found: Vec<Ingress> = said
            .into_iter()
            .map(|(purpose, granted)| {
                let body = CustomerBody::Consent {
                    purpose,
                    granted,
                    by: ConsentSource::Segment,
                };
                self.ingress(None, None, who.clone(), body)
            })
            .collect();
        if !(refused && matches!(body, CustomerBody::Behaviour(_))) {
            let at = at.and_then(time::parse);
            found.push(self.ingress(text(&event.message_id), at, who, body));
        }
        Ok(found)
    }

    pub(crate) fn ingress(
        &self,
        message_id: Option<&str>,
        at: Option<Timestamp>,
        who: Vec<Identifier>,
        body: CustomerBody,
    ) -> Ingress {
        Ingress {
            source: Some(self.source),
            occurred_at: Some(time::occurred_at(at, self.sent, self.received)),
            message_key: message_id.map(|id| xxh3_64_with_seed(id.as_bytes(), self.seed)),
            unsaid: consent::unsaid(self.rules),
            subject: Subject::Identified(who, body),
        }
    }

    /// The identifiers of an event; the browser's comes first, as the surest.
    fn who(&self, event: &Event<'_>, kind: &str) -> Result<Vec<Identifier>, Wrong> {
        let mut who = Vec::with_capacity(2);
        self.add(
            &mut who,
            IdentifierKind::Anonymous,
            text(&event.anonymous_id),
            "anonymousId",
        )?;
        if kind == "alias" {
            let previous = text(&event.previous_id);
            if previous.is_none() {
                return Err(wrong("missing_field", "previousId"));
            }
            self.add(&mut who, IdentifierKind::Anonymous, previous, "previousId")?;
        }
        self.add(
            &mut who,
            IdentifierKind::UserId,
            text(&event.user_id),
            "userId",
        )?;
        if who.is_empty() {
            return Err(wrong("missing_field", "userId"));
        }
        Ok(who)
    }

    pub(crate) fn add(
        &self,
        who: &mut Vec<Identifier>,
        kind: IdentifierKind,
        value: Option<&str>,
        field: &str,
    ) -> Result<(), Wrong> {
        let Some(value) = value else { return Ok(()) };
        let level = if kind.names_a_browser() {
            IdentityLevel::Anonymous
        } else {
            IdentityLevel::Claimed
        };
        let identifier = identifiers::identifier(self.keys, kind, value, level)
            .ok_or_else(|| wrong("bad_value", field))?;
        if !who.iter().any(|known| known.key == identifier.key) {
            who.push(identifier);
        }
        Ok(())
    }

    /// Traits, and the identifiers among them.
    pub(crate) fn identified(
        &self,
        who: &mut Vec<Identifier>,
        traits: Option<&RawValue>,
    ) -> CustomerBody {
        let mut kept = Vec::new();
        for (name, value) in traits.map(members).unwrap_or_default() {
            let value = plain(&value);
            if value.is_empty() || value.len() > TRAIT_BYTES_MAX || kept.len() == TRAITS_MAX {
                continue;
            }
            let found = match name.as_str() {
                "email" => identifiers::email(&value)
                    .map(|email| (IdentifierKind::Email, email.into_owned())),
                "phone" => identifiers::phone(&value).map(|phone| (IdentifierKind::Phone, phone)),
                _ => None,
            };
            if let Some((kind, normal)) = found {
                // Cannot fail: the normal forms are short and not empty.
                let _ = self.add(who, kind, Some(&normal), "traits");
            }
            kept.push((cut(&name, NAME_BYTES_MAX).to_owned(), Private::new(value)));
        }
        CustomerBody::Identified {
            identifiers: who.clone(),
            traits: kept,
        }
    }

    fn track(&self, event: &Event<'_>) -> Result<CustomerBody, Wrong> {
        let name = text(&event.event)
            .or_else(|| text(&event.name))
            .ok_or_else(|| wrong("missing_field", "event"))?;
        if let Some(own) = name.strip_prefix("overture:")
            && let Some(body) = overture(own, event)?
        {
            return Ok(body);
        }
        let properties = event.properties.map_or_else(String::new, |raw| {
            allowed_addresses(raw.get(), &self.rules.url_allow)
        });
        Ok(custom_with(name, properties))
    }

    fn page(&self, event: &Event<'_>) -> Result<CustomerBody, Wrong> {
        let found = properties(event.properties)?;
        let page = event
            .context
            .as_ref()
            .and_then(|context| context.page.as_ref());
        let path = page
            .and_then(|page| text(&page.path).or_else(|| text(&page.url)))
            .or_else(|| text(&found.path).or_else(|| text(&found.url)))
            .or_else(|| text(&event.name))
            .unwrap_or("/");
        // Clients tell the query in the address alone.
        let url = page
            .and_then(|page| text(&page.url))
            .or_else(|| text(&found.url))
            .filter(|_| !path.contains(['?', '#']));
        Ok(CustomerBody::Behaviour(Behaviour::PageView {
            path: self.address(path, url),
            navigation: match text(&found.navigation) {
                Some("reload") => Navigation::Reload,
                Some("back_forward") => Navigation::BackForward,
                _ => Navigation::Navigate,
            },
        }))
    }

    /// `path` with what the source allows of the query and fragment of `url`, or of its own.
    pub(crate) fn address(&self, path: &str, url: Option<&str>) -> String {
        let allow = &self.rules.url_allow;
        let rest = url.and_then(|url| Some(&url[url.find(['?', '#'])?..]));
        match rest.filter(|_| !allow.is_empty()) {
            Some(rest) => identifiers::page_address(&format!("{path}{rest}"), allow),
            None => identifiers::page_address(path, allow),
        }
    }
}

/// A custom event of another client.
pub(crate) fn custom_with(name: &str, properties: String) -> CustomerBody {
    CustomerBody::Behaviour(Behaviour::Custom {
        name: cut(name, NAME_BYTES_MAX).to_owned(),
        properties: Private::new(properties),
    })
}

/// JSON whose addresses have lost query and fragment, but for what `allow` names.
pub(crate) fn allowed_addresses(json: &str, allow: &[String]) -> String {
    if !json.contains("://") {
        return json.to_owned();
    }
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(mut value) => {
            strip(&mut value, allow);
            value.to_string()
        }
        Err(_) => String::new(),
    }
}

fn strip(value: &mut serde_json::Value, allow: &[String]) {
    match value {
        serde_json::Value::String(text) if text.contains("://") => {
            if let Some(end) = text.find(['?', '#']) {
                let kept = identifiers::page_address(&format!("/{}", &text[end..]), allow);
                text.truncate(end);
                text.push_str(&kept[1..]);
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|one| strip(one, allow)),
        serde_json::Value::Object(members) => {
            members.values_mut().for_each(|one| strip(one, allow));
        }
        _ => {}
    }
}

/// A trait as text: a string without its quotes, anything else as JSON.
fn plain(raw: &RawValue) -> String {
    match serde_json::from_str::<Text<'_>>(raw.get()) {
        Ok(text) => text.0.into_owned(),
        Err(_) if raw.get() == "null" => String::new(),
        Err(_) => raw.get().to_owned(),
    }
}

fn properties<'a>(raw: Option<&'a RawValue>) -> Result<Properties<'a>, Wrong> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        return Ok(Properties::default());
    };
    serde_json::from_str(raw.get()).map_err(|_| {
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        let path = serde_path_to_error::deserialize::<_, Properties<'_>>(&mut reader)
            .err()
            .map(|error| error.path().to_string())
            .filter(|path| path != ".");
        Wrong {
            reason: "wrong_type",
            field: Some(match path {
                Some(path) => format!("properties.{path}"),
                None => "properties".to_owned(),
            }),
        }
    })
}

fn hash(of: &Option<Text<'_>>) -> u64 {
    text(of).map_or(0, |text| xxh3_64(text.as_bytes()))
}

/// Overture's own events; `None` for a name it does not know.
fn overture(name: &str, event: &Event<'_>) -> Result<Option<CustomerBody>, Wrong> {
    let known = matches!(
        name,
        "page_leave"
            | "click"
            | "scroll"
            | "active"
            | "form_submit"
            | "form_error"
            | "dead_click"
            | "slow_click"
            | "thrash"
            | "hesitation"
            | "consent"
    );
    if !known {
        return Ok(None);
    }
    let found = properties(event.properties)?;
    let behaviour = match name {
        "page_leave" => Behaviour::PageLeave,
        "click" => Behaviour::Click {
            x_px: found.x,
            y_px: found.y,
            target: hash(&found.target),
            on: match (found.stepper, found.text_field, found.interactive) {
                (true, ..) => ClickTarget::Stepper,
                (false, true, _) => ClickTarget::TextField,
                (false, false, true) => ClickTarget::Interactive,
                (false, false, false) => ClickTarget::Other,
            },
        },
        "scroll" => Behaviour::Scroll {
            depth_percent: found.depth_percent.clamp(0.0, 100.0) as u8,
        },
        "active" => Behaviour::Active {
            ms: found.ms.clamp(0.0, 60_000.0) as u32,
        },
        "form_submit" => Behaviour::FormSubmit {
            form: hash(&found.form),
            outcome: match text(&found.outcome) {
                Some("failed") => SubmitOutcome::Failed,
                Some("succeeded") => SubmitOutcome::Succeeded,
                None | Some("unknown") => SubmitOutcome::Unknown,
                Some(_) => return Err(wrong("bad_value", "properties.outcome")),
            },
        },
        "form_error" => Behaviour::FormError {
            form: hash(&found.form),
            field: hash(&found.field),
            field_name: cut(text(&found.field).unwrap_or_default(), DETAIL_BYTES_MAX).to_owned(),
            code: cut(text(&found.code).unwrap_or_default(), DETAIL_BYTES_MAX).to_owned(),
        },
        "dead_click" => Behaviour::DeadClick,
        "slow_click" => Behaviour::SlowClick,
        "thrash" => Behaviour::Thrash,
        "hesitation" => Behaviour::Hesitation {
            field: hash(&found.field),
        },
        _ => {
            return Ok(Some(CustomerBody::Consent {
                purpose: text(&found.purpose)
                    .and_then(Purpose::named)
                    .ok_or_else(|| wrong("bad_value", "properties.purpose"))?,
                granted: found
                    .granted
                    .ok_or_else(|| wrong("missing_field", "properties.granted"))?,
                by: ConsentSource::Api,
            }));
        }
    };
    Ok(Some(CustomerBody::Behaviour(behaviour)))
}

/// An app's screen counts as a page of its name.
fn screen(event: &Event<'_>) -> CustomerBody {
    let name = text(&event.name)
        .or_else(|| text(&event.event))
        .unwrap_or("/");
    CustomerBody::Behaviour(Behaviour::PageView {
        path: identifiers::page_path(name),
        navigation: Navigation::Navigate,
    })
}
