//! What goes on around a chat's messages: what the page may ask for, who reads, who types,
//! and the customer's own copy.

use std::{fmt::Write, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::tz::TimeZone;
use overture_engine::model::{
    Attachment, Author, ChatDetails, ChatRead, ChatSide, ConversationState, CustomerBody,
    CustomerId, InteractionId, Millis, Private, Reply, TimelineBody, TimelineItem, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Visitor, feed, submit};
use crate::{
    app::{App, Shared},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    files::FileType,
    hub::DeskFrame,
    identifiers,
    keys::WidgetSession,
    wording,
};

/// How often one socket may say that somebody types.
pub(crate) const TYPING_EVERY: Millis = Millis(2_500);
/// The longest consent line that is recorded, letters.
const TERMS_LETTERS_MAX: usize = 1_000;
/// Rows of a transcript that are read at once.
const ROWS_A_READ: u32 = 500;
/// Rows of a transcript at most.
const TRANSCRIPT_ROWS_MAX: usize = 20_000;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(chat))
        .routes(routes!(details))
        .routes(routes!(read))
        .routes(routes!(transcript))
}

/// The open conversation that this session goes on with, of those that it may see.
async fn open(app: &App, session: &WidgetSession) -> Option<ConversationState> {
    let view = app.core.peek(session.customer).await?;
    view.state.own(&session.asker()).cloned()
}

/// This open conversation and whose it is, where this session may see it.
pub(super) async fn open_one(
    app: &App,
    session: &WidgetSession,
    conversation: InteractionId,
) -> Option<(CustomerId, ConversationState)> {
    let view = app.core.peek(session.customer).await?;
    let open = view.state.open_one(conversation)?;
    let may_use = session.asker().may_use(conversation, open.device);
    may_use.then(|| (view.state.customer, open.clone()))
}

fn gone() -> ApiError {
    ApiError::conflict("conversation_gone", "the conversation is over")
}

/// `{"typing":{..}}`: somebody writes just now.
pub(crate) fn typing_frame(conversation: InteractionId, by: ChatSide) -> Arc<str> {
    json!({"typing": {"conversation": conversation.to_string(), "author": by.name()}})
        .to_string()
        .into()
}

/// `{"read":{..}}`: how far somebody read.
pub(crate) fn read_frame(conversation: InteractionId, by: ChatSide, seq: u64) -> Arc<str> {
    json!({"read": {"conversation": conversation.to_string(), "by": by.name(), "seq": seq}})
        .to_string()
        .into()
}

/// How far staff read the open conversation.
pub(super) async fn read_marks(app: &App, session: &WidgetSession) -> Option<String> {
    let open = open(app, session).await?;
    let seq = open.chat.staff_read;
    (seq > 0).then(|| read_frame(open.conversation, ChatSide::Staff, seq).to_string())
}

#[derive(Deserialize)]
struct Said {
    /// The conversation in which the customer types.
    typing: Option<String>,
}

/// The widget said something on its socket: that the customer types.
pub(super) async fn heard(
    app: &App,
    session: &WidgetSession,
    text: &str,
    typed_at: &mut Timestamp,
) {
    let said = serde_json::from_str::<Said>(text).ok();
    let Some(conversation) = said.and_then(|said| said.typing?.parse::<InteractionId>().ok())
    else {
        return;
    };
    let now = app.now();
    if now.since(*typed_at) < TYPING_EVERY {
        return;
    }
    *typed_at = now;
    if let Some((_, open)) = open_one(app, session, conversation).await {
        app.hub.tell_desks(DeskFrame {
            text: typing_frame(conversation, ChatSide::Customer),
            agent: open.agent,
        });
    }
}

#[derive(Serialize, ToSchema)]
struct Chat {
    /// What may be attached; absent when nothing may.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<Attachable>,
    /// Whether to ask for an e-mail address for answers while the customer is away.
    ask_email: bool,
    /// The address that was left for the open conversation, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_hint: Option<String>,
    /// Where the organisation says how it handles what customers write.
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_url: Option<String>,
    /// Whether it is within the hours in which agents are there.
    is_open: bool,
    /// Whether the consent line was recorded for the open conversation.
    terms_recorded: bool,
    /// Staff read the open conversation up to this number of the feed.
    staff_read: u64,
}

#[derive(Serialize, ToSchema)]
struct Attachable {
    /// Bytes of one file.
    bytes_max: u64,
    /// Files of one message.
    files_max: usize,
    /// Media types.
    types: Vec<&'static str>,
}

/// What the chat page may offer, and how the open conversation stands.
#[utoipa::path(get, path = "/v1/widget/chat", tag = "widget", security(("widget_session" = [])),
    responses((status = 200, body = Chat), (status = 401, body = ErrorBody)))]
async fn chat(State(app): State<Shared>, Visitor(session): Visitor) -> ApiResult<Json<Chat>> {
    let config = &app.config.chat;
    let brand = app.brands.load().of(session.source);
    let is_open =
        TimeZone::get(&brand.time_zone).map_or(true, |zone| brand.hours.is_open(&zone, app.now()));
    let known = open(&app, &session).await.map(|open| open.chat);
    let known = known.unwrap_or_default();
    Ok(Json(Chat {
        attachments: (config.file_bytes_max > 0 && brand.chat.attachments).then(|| Attachable {
            bytes_max: config.file_bytes_max,
            files_max: overture_engine::model::ATTACHMENTS_A_MESSAGE_MAX,
            types: FileType::ALL.map(FileType::media_type).to_vec(),
        }),
        // A link was mailed to the address that there is: it cannot put another in its place.
        ask_email: config.email && brand.chat.ask_email && session.linked.is_none(),
        email_hint: known
            .email
            .as_ref()
            .filter(|_| !known.undeliverable)
            .map(|email| identifiers::email_hint(email.reveal())),
        privacy_url: brand.privacy_url.clone(),
        is_open,
        terms_recorded: !known.terms.is_empty(),
        staff_read: known.staff_read,
    }))
}

#[derive(Deserialize, ToSchema)]
struct Details {
    /// The consent line that the customer was shown, as it was shown.
    terms: Option<String>,
    /// Where to write when the customer is away; empty takes it back.
    email: Option<String>,
}

/// Records what the customer was shown when the open chat began, and where to write when
/// they are away. The address serves this conversation alone.
#[utoipa::path(post, path = "/v1/widget/chat/details", tag = "widget", request_body = Details,
    security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn details(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(asked): Body<Details>,
) -> ApiResult<StatusCode> {
    let terms = match asked.terms.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(terms) if terms.chars().count() > TERMS_LETTERS_MAX => {
            return Err(ApiError::bad_input(
                "terms",
                "expected at most 1000 letters",
            ));
        }
        Some(terms) => Some(terms.replace('\0', "")),
    };
    let email = match asked.email.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(Private::default()),
        Some(_) if !app.config.chat.email => {
            return Err(ApiError::conflict(
                "email_not_sent",
                "this server sends no e-mail: no address is kept",
            ));
        }
        Some(text) => Some(Private::new(identifiers::email(text).ok_or_else(|| {
            ApiError::bad_input("email", "expected an e-mail address like ann@example.com")
        })?)),
    };
    if email.is_some() && session.linked.is_some() {
        return Err(ApiError::conflict(
            "email_not_here",
            "the address is changed where the conversation was begun",
        ));
    }
    let body = CustomerBody::ChatDetails(ChatDetails { terms, email });
    match submit(&app, &session, body).await? {
        Reply::Conversation { .. } | Reply::Duplicate => Ok(StatusCode::NO_CONTENT),
        Reply::Gone => Err(gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

#[derive(Deserialize, ToSchema)]
struct Read {
    /// Up to this number of the feed.
    seq: u64,
}

/// Says how far the customer read.
#[utoipa::path(post, path = "/v1/widget/conversations/{conversation}/read", tag = "widget",
    params(("conversation" = String, Path)), request_body = Read, security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn read(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(conversation): Path<String>,
    Body(asked): Body<Read>,
) -> ApiResult<StatusCode> {
    let conversation: InteractionId = fields::id("conversation", &conversation)?;
    let body = CustomerBody::ChatRead(ChatRead {
        conversation,
        agent: None,
        timeline_seq: asked.seq,
    });
    match submit(&app, &session, body).await? {
        Reply::Done | Reply::Duplicate => Ok(StatusCode::NO_CONTENT),
        Reply::Gone | Reply::NotYours => Err(gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

/// The customer's own copy of a conversation, as plain text.
#[utoipa::path(get, path = "/v1/widget/conversations/{conversation}/transcript", tag = "widget",
    params(("conversation" = String, Path)), security(("widget_session" = [])),
    responses((status = 200, description = "plain text", body = String, content_type = "text/plain"),
        (status = 404, body = ErrorBody)))]
async fn transcript(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(conversation): Path<String>,
) -> ApiResult<Response> {
    let conversation: InteractionId = fields::id("conversation", &conversation)?;
    let reader = feed::reader(&session);
    let asked = session.customer;
    let rows = app
        .store(move |store| {
            let customer = store.survivor(asked)?;
            let mut rows: Vec<TimelineItem> = Vec::new();
            feed::each_page(store, customer, reader, 0, ROWS_A_READ, |page| {
                rows.extend(page.into_iter().filter(|row| {
                    let is_message = matches!(row.body, TimelineBody::Message { .. });
                    is_message
                        && row.body.conversation() == Some(conversation)
                        && feed::is_for(&session, row)
                }));
                rows.len() <= TRANSCRIPT_ROWS_MAX
            })?;
            Ok(rows)
        })
        .await?;
    if rows.is_empty() {
        return Err(ApiError::not_found("conversation"));
    }
    let mut text = String::new();
    for row in &rows {
        write_row(&app, &session, row, &mut text);
    }
    Ok((
        [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"chat.txt\"",
            ),
            (header::CACHE_CONTROL, "no-store"),
        ],
        text,
    )
        .into_response())
}

fn write_row(app: &App, session: &WidgetSession, row: &TimelineItem, out: &mut String) {
    let TimelineBody::Message {
        author,
        text,
        original,
        attachments,
        ..
    } = &row.body
    else {
        return;
    };
    // What they wrote is theirs to keep.
    let text = original.as_ref().unwrap_or(text);
    let who = match author {
        Author::Customer => wording::transcript_you(session.language).to_owned(),
        Author::Agent(agent) => app
            .names
            .load()
            .get(agent)
            .cloned()
            .unwrap_or_else(|| wording::transcript_agent(session.language).to_owned()),
        Author::System => "–".to_owned(),
    };
    // A text has no place where writing could fail.
    let _ = write!(out, "[{}] {who}:", row.at);
    for line in text.reveal().lines() {
        let _ = write!(out, " {line}\r\n");
    }
    if text.is_empty() {
        out.push_str("\r\n");
    }
    for Attachment { name, bytes, .. } in attachments {
        let _ = write!(out, "  + {} ({bytes} B)\r\n", name.reveal());
    }
}
