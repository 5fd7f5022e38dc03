//! A session of the widget.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use overture_engine::model::{
    CustomerBody, Identifier, IdentifierKind, IdentityLevel, Ingress, Millis, Private, Reply,
    SessionStarted, Subject,
};
use overture_store::{TimelineQuery, TimelineWindow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{feed, origin_not_allowed, render, render::FeedItem};
use crate::{
    app::{App, Shared, SourceEntry},
    client::Client,
    cors,
    error::{ApiError, ApiResult, Body, ErrorBody},
    identifiers,
    keys::{self, Device, WidgetSession},
    wording::Language,
};

/// How long a session token is good.
const SESSION_LIFE: Millis = Millis::from_secs(86_400);
/// The newest rows that are looked through for what is live.
const ROWS_LOOKED_AT: u32 = 500;
/// Traits taken from the page.
const TRAITS_MAX: usize = 64;
/// The longest trait, bytes.
const TRAIT_BYTES_MAX: usize = 2_048;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(start))
}

#[derive(Deserialize, ToSchema)]
struct StartSession {
    /// The source's write key.
    write_key: String,
    /// What the last session of this browser gave.
    device_token: Option<String>,
    /// Believed only together with its own device token.
    anonymous_id: Option<String>,
    user: Option<User>,
    #[serde(default)]
    page: Page,
    /// BCP 47.
    locale: Option<String>,
    /// IANA zone.
    time_zone: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct User {
    /// The organisation's own id of the person.
    id: String,
    /// hex(HMAC-SHA256(identity secret, id)).
    #[serde(default)]
    signature: String,
    #[serde(default)]
    #[schema(value_type = Object)]
    traits: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize, ToSchema, Default)]
struct Page {
    #[serde(default)]
    path: String,
}

#[derive(Serialize, ToSchema)]
struct StartedSession {
    /// The visit.
    session: String,
    /// For every other call, 24 h.
    session_token: String,
    /// Keep it: it makes the next session this browser's.
    device_token: String,
    anonymous_id: String,
    /// How far the person is proven: `anonymous`, `claimed` or `verified`.
    identity: &'static str,
    /// The feed is known up to here.
    seq: u64,
    help_button: bool,
    faqs: bool,
    /// Whether help is never offered unasked, by the customer's own word: it can be undone.
    never: bool,
    feed: Vec<FeedItem>,
    /// Texts that replace the widget's own.
    #[schema(value_type = Object)]
    texts: serde_json::Map<String, serde_json::Value>,
}

/// Starts a session, or goes on with this browser's.
#[utoipa::path(post, path = "/v1/widget/session", tag = "widget", request_body = StartSession,
    responses((status = 200, body = StartedSession), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn start(
    State(app): State<Shared>,
    client: Client,
    headers: HeaderMap,
    Body(asked): Body<StartSession>,
) -> ApiResult<Json<StartedSession>> {
    let source = app.sources.load().by_key.get(&asked.write_key).cloned();
    let source = source.ok_or_else(|| {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unknown_write_key",
            "expected write_key to be a source's write key",
        )
    })?;
    if !cors::origin_allowed(&source.allowed_origins, &headers) {
        return Err(origin_not_allowed());
    }
    app.limits.sessions.check(&client.0.to_string())?;

    let device = device(&app, &asked);
    let who = who(&app, &source, &device, asked.user.as_ref())?;
    let language = Language::of(asked.locale.as_deref().unwrap_or_default());
    let (customer, session, timeline_seq) = submit(&app, &source, &who, &asked).await?;
    let session = WidgetSession {
        customer,
        session,
        source: source.source,
        device: who.device.key,
        level: who.level,
        language,
        expires_at: app.now() + SESSION_LIFE,
    };
    app.saw_widget().await?;
    let reader = feed::reader(&session);
    let page = app
        .store(move |store| {
            store.timeline(&TimelineQuery {
                customer: store.survivor(customer)?,
                window: TimelineWindow::Newest,
                reader,
                limit: ROWS_LOOKED_AT,
            })
        })
        .await?;
    let known = app.core.peek(customer).await;
    let last = page.items.last().map_or(0, |row| row.seq);
    Ok(Json(StartedSession {
        session: session.session.to_string(),
        session_token: app.keys.session_token(&session),
        device_token: app.keys.device_token(device),
        anonymous_id: device.anonymous.to_string(),
        identity: session.level.name(),
        seq: last.max(timeline_seq),
        help_button: true,
        faqs: app.core.world().faqs,
        never: known.is_some_and(|view| view.state.permission.opted_out),
        feed: render::live(&app, language, &page.items, app.now()),
        texts: serde_json::Map::new(),
    }))
}

/// The browser of a genuine device token, or a new one.
fn device(app: &App, asked: &StartSession) -> Device {
    let known = asked
        .device_token
        .as_deref()
        .and_then(|token| app.keys.open_device(token));
    known
        .filter(|device| {
            // A device token that came with another browser's anonymous id is not believed.
            asked
                .anonymous_id
                .as_deref()
                .is_none_or(|id| id == device.anonymous.to_string())
        })
        .unwrap_or_else(|| Device {
            device: Uuid::new_v4(),
            anonymous: Uuid::new_v4(),
        })
}

/// Who a session is for.
struct Who {
    device: Identifier,
    identifiers: Vec<Identifier>,
    level: IdentityLevel,
}

fn who(app: &App, source: &SourceEntry, device: &Device, user: Option<&User>) -> ApiResult<Who> {
    let browser = |kind, value: &str| {
        identifiers::identifier(&app.keys, kind, value, IdentityLevel::Anonymous)
            .expect("a uuid is a short text")
    };
    let device_link = browser(IdentifierKind::Device, &device.device.to_string());
    let mut identifiers = vec![
        device_link.clone(),
        browser(IdentifierKind::Anonymous, &device.anonymous.to_string()),
    ];
    let mut level = IdentityLevel::Anonymous;
    if let Some(user) = user {
        let proven = !source.identity_secret.is_empty()
            && keys::proves_user(&source.identity_secret, &user.id, &user.signature);
        level = if proven {
            IdentityLevel::Verified
        } else {
            IdentityLevel::Claimed
        };
        let id = identifiers::identifier(&app.keys, IdentifierKind::UserId, &user.id, level);
        identifiers.push(
            id.ok_or_else(|| ApiError::bad_input("user.id", "expected a text of 1 to 256 bytes"))?,
        );
        let text = |name: &str| user.traits.get(name).and_then(serde_json::Value::as_str);
        if let Some(email) = text("email").and_then(identifiers::email) {
            identifiers.extend(identifiers::identifier(
                &app.keys,
                IdentifierKind::Email,
                &email,
                // The signature covers the id alone.
                IdentityLevel::Claimed,
            ));
        }
        if let Some(phone) = text("phone").and_then(identifiers::phone) {
            identifiers.extend(identifiers::identifier(
                &app.keys,
                IdentifierKind::Phone,
                &phone,
                IdentityLevel::Claimed,
            ));
        }
    }
    Ok(Who {
        device: device_link,
        identifiers,
        level,
    })
}

async fn submit(
    app: &App,
    source: &SourceEntry,
    who: &Who,
    asked: &StartSession,
) -> ApiResult<(
    overture_engine::model::CustomerId,
    overture_engine::model::InteractionId,
    u64,
)> {
    let ingress = |body| Ingress {
        source: Some(source.source),
        occurred_at: None,
        message_key: None,
        subject: Subject::Identified(who.identifiers.clone(), body),
    };
    let mut inputs = Vec::with_capacity(2);
    if let Some(user) = &asked.user {
        let traits = user
            .traits
            .iter()
            .filter_map(|(name, value)| {
                let text = match value {
                    serde_json::Value::Null => return None,
                    serde_json::Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                (text.len() <= TRAIT_BYTES_MAX && name.len() <= 200)
                    .then(|| (name.clone(), Private::new(text)))
            })
            .take(TRAITS_MAX)
            .collect();
        inputs.push(ingress(CustomerBody::Identified {
            identifiers: who.identifiers.clone(),
            traits,
        }));
    }
    inputs.push(ingress(CustomerBody::SessionStarted(SessionStarted {
        device: who.device.key,
        level: who.level,
        path: identifiers::page_path(&asked.page.path),
        time_zone: short(&asked.time_zone),
        language: short(&asked.locale),
    })));
    match app.core.submit(inputs).await?.last() {
        Some(Reply::Session {
            customer,
            session,
            timeline_seq,
        }) => Ok((*customer, *session, *timeline_seq)),
        other => Err(ApiError::internal(&format!(
            "a session was answered with {other:?}"
        ))),
    }
}

/// A tag of a language or zone, when it has a plausible length.
fn short(text: &Option<String>) -> Option<String> {
    text.clone()
        .filter(|text| !text.is_empty() && text.len() <= 64)
}
