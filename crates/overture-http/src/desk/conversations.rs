//! Conversations: reading one, replying, ending it.

use std::ops::RangeInclusive;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    AgentId, Author, ChatRead, ChatSide, ConversationRow, CustomerBody, InteractionId, NamedIssue,
    Private, Reply, ResolutionCode, Subject, TimelineBody,
};
use overture_store::{Role, Staff, TimelineQuery, TimelineReader, TimelineWindow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{callbacks::Callback, labels, submit};
use crate::{
    app::{App, Shared},
    auth::{AtDesk, Auth, Reads},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    hub::CustomerFrame,
    identifiers,
    reading::decimal,
    widget::{
        SentMessage,
        attachments::{self, NamedFile, Sender},
        chat, key, message_text,
    },
};

/// The longest notes, bytes.
const NOTES_BYTES_MAX: usize = 8_000;

/// How long the reason for a look at what was replaced may be, letters.
const REASON_CHARS: RangeInclusive<usize> = 3..=300;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(conversation))
        .routes(routes!(message))
        .routes(routes!(reveal))
        .routes(routes!(resolve))
        .routes(routes!(read))
}

/// A conversation as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conversation {
    pub(crate) conversation: String,
    pub(crate) customer: String,
    pub(crate) customer_label: String,
    pub(crate) channel: &'static str,
    /// `queued`, `assigned`, `ended`, `no_agent` or `scheduled`.
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent_name: Option<String>,
    pub(crate) started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_message: Option<String>,
    pub(crate) last_at: String,
    /// How many of the customer's messages nobody read.
    pub(crate) unread: u32,
    /// The customer read up to this number of the timeline.
    pub(crate) customer_read: u64,
    /// Staff read up to this number of the timeline.
    pub(crate) staff_read: u64,
    /// Whether the customer has a page open now.
    pub(crate) here: bool,
    /// When the customer was last there, while they are away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) left_at: Option<String>,
    /// The page the customer had open last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<String>,
    /// The address that answers are mailed to while the customer is away, shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_hint: Option<String>,
    /// Mail to that address does not arrive, and none is sent any more.
    pub(crate) undeliverable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<String>,
    /// Of a callback: when, and how often it was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) callback: Option<Callback>,
    /// What it is about now, as the issue classifier or staff say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issue: Option<Issue>,
}

/// An issue that somebody or something named.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Issue {
    label: String,
    /// Its probability; 1 where staff said so.
    #[schema(value_type = f64)]
    p: Value,
}

impl Issue {
    pub(crate) fn of(named: &NamedIssue) -> Self {
        Self {
            label: named.label.clone(),
            p: decimal(named.p),
        }
    }
}

impl Conversation {
    pub(crate) fn of(app: &App, row: &ConversationRow, label: String) -> Self {
        let text = |text: &Option<Private>| text.as_ref().map(|text| text.reveal().to_owned());
        Self {
            conversation: row.conversation.to_string(),
            customer: row.customer.to_string(),
            customer_label: label,
            channel: row.channel.name(),
            status: row.status.name(),
            agent: row.agent.map(|agent| agent.to_string()),
            agent_name: row
                .agent
                .and_then(|agent| app.names.load().get(&agent).cloned()),
            started_at: row.started_at.to_string(),
            last_message: text(&row.last_text),
            last_at: row.last_at.to_string(),
            unread: row.chat.unread,
            customer_read: row.chat.customer_read,
            staff_read: row.chat.staff_read,
            here: app.presence.is_here(row.customer),
            left_at: row.chat.left_at.map(|at| at.to_string()),
            page: Some(row.chat.page.clone()).filter(|page| !page.is_empty()),
            email_hint: row
                .chat
                .email
                .as_ref()
                .filter(|_| app.config.chat.email)
                .map(|email| identifiers::email_hint(email.reveal())),
            undeliverable: row.chat.undeliverable,
            phone: text(&row.phone),
            callback: Callback::of(row),
            issue: row.issue.as_ref().map(Issue::of),
        }
    }
}

pub(super) async fn find(app: &App, text: &str) -> ApiResult<(ConversationRow, String)> {
    let conversation: InteractionId = fields::id("conversation", text)?;
    app.store(move |store| {
        let Some(mut row) = store.conversation(conversation)? else {
            return Ok(None);
        };
        row.customer = store.survivor(row.customer)?;
        let label = labels(store, &[row.customer])?.remove(&row.customer);
        Ok(Some((row, label.unwrap_or_default())))
    })
    .await?
    .ok_or_else(|| ApiError::not_found("conversation"))
}

/// Shows one conversation.
#[utoipa::path(get, path = "/v1/conversations/{conversation}", tag = "conversations",
    params(("conversation" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = Conversation), (status = 404, body = ErrorBody)))]
async fn conversation(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(conversation): Path<String>,
) -> ApiResult<Json<Conversation>> {
    let (row, label) = find(&app, &conversation).await?;
    Ok(Json(Conversation::of(&app, &row, label)))
}

#[derive(Deserialize, ToSchema)]
struct Write {
    /// The same key again gives the same answer.
    client_key: String,
    /// 1 to 4,000 letters; may be empty with attachments.
    #[serde(default)]
    text: String,
    /// Files that were uploaded for it, at most 5.
    #[serde(default)]
    attachments: Vec<NamedFile>,
}

pub(super) fn not_yours() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "not_yours",
        "only the conversation's own agent may do that",
    )
}

pub(super) fn gone() -> ApiError {
    ApiError::conflict("conversation_gone", "the conversation is over")
}

/// Replies to the customer.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/messages", tag = "conversations",
    params(("conversation" = String, Path)), request_body = Write, security(("session_cookie" = [])),
    responses((status = 200, body = SentMessage), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 413, body = ErrorBody)))]
async fn message(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(conversation): Path<String>,
    Body(asked): Body<Write>,
) -> ApiResult<Json<SentMessage>> {
    let body_text = message_text(&asked.text, !asked.attachments.is_empty())?;
    let key = key("client_key", &asked.client_key)?;
    let (row, _) = find(&app, &conversation).await?;
    let who = Sender::Staff(row.customer);
    let files = attachments::of_message(&app, &asked.attachments, row.conversation, who).await?;
    let body = CustomerBody::AgentMessage {
        conversation: row.conversation,
        agent: auth.agent()?,
        key,
        client_key: asked.client_key,
        text: Private::new(body_text),
        attachments: files,
    };
    match submit(&app, Subject::Customer(row.customer, body)).await? {
        Reply::Message {
            message,
            timeline_seq,
        } => Ok(Json(SentMessage {
            seq: timeline_seq,
            message: message.to_string(),
        })),
        Reply::NotYours => Err(not_yours()),
        Reply::Gone => Err(gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

#[derive(Deserialize, ToSchema)]
struct Reveal {
    /// Why it is needed, 3 to 300 letters. It stands in the timeline beside who asked.
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct Revealed {
    /// What the customer wrote. Cards and secrets are kept nowhere: their markers stay.
    text: String,
}

/// Shows what was replaced in a message, and says so in the timeline first. Admins and supervisors may, and
/// the agent who has the conversation.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/messages/{seq}/reveal",
    tag = "conversations", params(("conversation" = String, Path), ("seq" = u64, Path)),
    request_body = Reveal, security(("session_cookie" = [])),
    responses((status = 200, body = Revealed), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn reveal(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path((conversation, seq)): Path<(String, u64)>,
    Body(asked): Body<Reveal>,
) -> ApiResult<Json<Revealed>> {
    let reason = asked.reason.replace('\0', "").trim().to_owned();
    if !REASON_CHARS.contains(&reason.chars().count()) {
        return Err(ApiError::bad_input("reason", "expected 3 to 300 letters"));
    }
    let (row, _) = find(&app, &conversation).await?;
    let staff = auth.staff()?;
    if staff.role == Role::Agent && row.agent != Some(staff.agent) {
        return Err(not_yours());
    }
    let customer = row.customer;
    let original = find_message(&app, &row, seq)
        .await?
        .and_then(|message| message.original)
        .ok_or_else(|| ApiError::not_found("message with something replaced in it"))?;
    let body = CustomerBody::Revealed {
        agent: staff.agent,
        row: seq,
        reason: Private::new(reason),
    };
    match submit(&app, Subject::Customer(customer, body)).await? {
        Reply::Done => Ok(Json(Revealed {
            text: original.reveal().to_owned(),
        })),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

/// A message of a conversation.
pub(super) struct Found {
    pub(super) author: Author,
    pub(super) text: Private,
    original: Option<Private>,
}

/// The message with this number in the timeline, if the conversation has one.
pub(super) async fn find_message(
    app: &Shared,
    row: &ConversationRow,
    seq: u64,
) -> ApiResult<Option<Found>> {
    let (customer, conversation) = (row.customer, row.conversation);
    app.store(move |store| {
        let page = store.timeline(&TimelineQuery {
            customer,
            window: TimelineWindow::After(seq.saturating_sub(1)),
            reader: TimelineReader::Staff,
            limit: 1,
        })?;
        let found = page.items.into_iter().find(|row| row.seq == seq);
        Ok(found.and_then(|row| match row.body {
            TimelineBody::Message {
                conversation: its,
                author,
                text,
                original,
                ..
            } if its == conversation => Some(Found {
                author,
                text,
                original,
            }),
            _ => None,
        }))
    })
    .await
}

#[derive(Deserialize, ToSchema)]
struct Read {
    /// Up to this number of the timeline.
    seq: u64,
}

/// Says how far the conversation's agent read. The customer is told.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/read", tag = "conversations",
    params(("conversation" = String, Path)), request_body = Read, security(("session_cookie" = [])),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn read(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(conversation): Path<String>,
    Body(asked): Body<Read>,
) -> ApiResult<StatusCode> {
    let (row, _) = find(&app, &conversation).await?;
    let read = ChatRead {
        conversation: row.conversation,
        agent: Some(auth.agent()?),
        timeline_seq: asked.seq,
    };
    match submit(
        &app,
        Subject::Customer(row.customer, CustomerBody::ChatRead(read)),
    )
    .await?
    {
        Reply::Done => {}
        Reply::Duplicate => return Ok(StatusCode::NO_CONTENT),
        Reply::NotYours => return Err(not_yours()),
        Reply::Gone => return Err(gone()),
        other => return Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
    let open = app.core.peek(row.customer).await;
    let frame = CustomerFrame {
        text: chat::read_frame(row.conversation, ChatSide::Staff, asked.seq),
        conversation: row.conversation,
        device: open.and_then(|view| view.state.open_one(row.conversation)?.device),
    };
    app.hub.tell_customer(row.customer, frame);
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses notes that are too long.
pub(super) fn check_notes(notes: &str) -> ApiResult<()> {
    if notes.len() > NOTES_BYTES_MAX {
        return Err(ApiError::bad_input("notes", "expected at most 8000 bytes"));
    }
    Ok(())
}

/// Who is said to have done it: the agent who has the conversation where a senior acts in
/// their place, and the notes then begin with the senior's name; otherwise who asks.
pub(super) fn in_whose_name(
    staff: &Staff,
    row: &ConversationRow,
    notes: &str,
) -> (AgentId, Private) {
    let notes = notes.replace('\0', "");
    let senior = matches!(staff.role, Role::Admin | Role::Supervisor);
    match row.agent.filter(|owner| *owner != staff.agent && senior) {
        Some(owner) => (owner, Private::new(format!("[{}] {notes}", staff.name))),
        None => (staff.agent, Private::new(notes)),
    }
}

#[derive(Deserialize, ToSchema)]
struct Resolve {
    /// `solved`, `workaround`, `no_fix`, `spam`, `callback_no_answer` or `other`.
    code: String,
    /// For the next agent.
    #[serde(default)]
    notes: String,
}

/// Ends a conversation. Its agent may, and a supervisor in the agent's place.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/resolve", tag = "conversations",
    params(("conversation" = String, Path)), request_body = Resolve, security(("session_cookie" = [])),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn resolve(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(conversation): Path<String>,
    Body(asked): Body<Resolve>,
) -> ApiResult<StatusCode> {
    let code = ResolutionCode::from_name(&asked.code).ok_or_else(|| {
        ApiError::bad_input(
            "code",
            "expected solved, workaround, no_fix, spam, callback_no_answer or other",
        )
    })?;
    check_notes(&asked.notes)?;
    let (row, _) = find(&app, &conversation).await?;
    let staff = auth.staff()?;
    let (agent, notes) = in_whose_name(staff, &row, &asked.notes);
    let body = CustomerBody::AgentResolved {
        conversation: row.conversation,
        agent,
        code,
        notes,
    };
    match submit(&app, Subject::Customer(row.customer, body)).await? {
        Reply::Done | Reply::Duplicate => Ok(StatusCode::NO_CONTENT),
        Reply::NotYours => Err(not_yours()),
        Reply::Gone => Err(gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}
