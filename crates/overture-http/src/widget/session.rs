//! A session of the widget.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use overture_engine::model::{
    CustomerBody, Identifier, IdentifierKind, IdentityLevel, Ingress, LinkKey, Millis, Private,
    Reply, SessionStarted, Subject, Unsaid,
};
use overture_store::{TimelineQuery, TimelineWindow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    brand::SessionBrand, consent::Said, feed, origin_not_allowed, render, render::FeedItem,
};
use crate::{
    app::{App, Shared, SourceEntry},
    client::Client,
    cors,
    error::{ApiError, ApiResult, Body, ErrorBody},
    identifiers,
    keys::{self, Continuation, Device, Linked, WidgetSession},
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
    /// What the visitor allows, where anything was said.
    #[serde(default)]
    consent: Said,
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
pub(crate) struct StartedSession {
    /// The visit.
    session: String,
    /// For every other call, 24 h.
    session_token: String,
    /// Keep it: it makes the next session this browser's. Not there when a conversation was
    /// gone on with from a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymous_id: Option<String>,
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
    brand: SessionBrand,
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
    let source = source(&app, &asked.write_key)?;
    if !cors::origin_allowed(&app.config, &source.allowed_origins, &headers) {
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
        linked: None,
    };
    app.saw_widget().await?;
    answer(&app, &session, Some(device), timeline_seq).await
}

/// Goes on with a conversation from a link in an e-mail: reads and writes that one, and nothing
/// else of its browser. Nothing is stored in the browser by it, and nothing is
/// told to the engine: opening a link is no visit.
pub(crate) async fn resume(
    app: &Shared,
    link: &Continuation,
    language: Language,
) -> ApiResult<Json<StartedSession>> {
    let session = WidgetSession {
        customer: link.customer,
        session: link.conversation,
        source: link.source,
        device: link.device,
        level: IdentityLevel::Anonymous,
        language,
        expires_at: link.expires_at.min(app.now() + SESSION_LIFE),
        linked: Some(Linked {
            conversation: link.conversation,
            generation: link.generation,
        }),
    };
    answer(app, &session, None, 0).await
}

async fn answer(
    app: &Shared,
    session: &WidgetSession,
    device: Option<Device>,
    timeline_seq: u64,
) -> ApiResult<Json<StartedSession>> {
    let customer = session.customer;
    let reader = feed::reader(session);
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
    let words = app.words(session);
    let known = app.core.peek(customer).await;
    let last = page.items.last().map_or(0, |row| row.seq);
    let mut rows = page.items;
    rows.retain(|row| feed::is_for(session, row));
    Ok(Json(StartedSession {
        session: session.session.to_string(),
        session_token: app.keys.session_token(session),
        device_token: device.map(|device| app.keys.device_token(device)),
        anonymous_id: device.map(|device| device.anonymous.to_string()),
        identity: session.level.name(),
        seq: last.max(timeline_seq),
        help_button: true,
        faqs: app.core.world().faqs,
        never: known.is_some_and(|view| view.state.permission.opted_out),
        feed: render::live(app, &words, &rows, app.now()),
        texts: words.widget_texts(),
        brand: SessionBrand::of(&words.brand),
    }))
}

/// The source of a write key.
pub(super) fn source(app: &App, write_key: &str) -> ApiResult<Arc<SourceEntry>> {
    let source = app.sources.load().by_key.get(write_key).cloned();
    source.ok_or_else(|| {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unknown_write_key",
            "expected write_key to be a source's write key",
        )
    })
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
    /// By which the browser's events come.
    anonymous: LinkKey,
    identifiers: Vec<Identifier>,
    level: IdentityLevel,
}

/// What names a browser: its device, and its anonymous id.
pub(super) fn browser_of(app: &App, device: &Device) -> [Identifier; 2] {
    let browser = |kind, value: &str| {
        identifiers::identifier(&app.keys, kind, value, IdentityLevel::Anonymous)
            .expect("a uuid is a short text")
    };
    [
        browser(IdentifierKind::Device, &device.device.to_string()),
        browser(IdentifierKind::Anonymous, &device.anonymous.to_string()),
    ]
}

fn who(app: &App, source: &SourceEntry, device: &Device, user: Option<&User>) -> ApiResult<Who> {
    let browser = browser_of(app, device);
    let device_link = browser[0].clone();
    let anonymous = browser[1].key;
    let mut identifiers = browser.to_vec();
    let mut level = IdentityLevel::Anonymous;
    // A signature that proves nothing says that somebody is pretending, or that the page is
    // set up wrongly: either way the visit is anonymous. Without one the page only claims.
    let forged = |user: &&User| {
        !user.signature.is_empty()
            && !keys::proves_user(&source.identity_secret, &user.id, &user.signature)
    };
    if let Some(user) = user.filter(|user| !forged(user)) {
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
        anonymous,
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
        unsaid: Unsaid::default(),
        subject: Subject::Identified(who.identifiers.clone(), body),
    };
    let mut inputs = Vec::with_capacity(4);
    if let Some(user) = &asked.user
        && who.level != IdentityLevel::Anonymous
    {
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
    inputs.extend(asked.consent.inputs(source.source, &who.identifiers)?);
    inputs.push(ingress(CustomerBody::SessionStarted(SessionStarted {
        device: who.device.key,
        anonymous: Some(who.anonymous),
        level: who.level,
        path: identifiers::page_address(&asked.page.path, &source.capture.url_allow),
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
