//! Conversations: reading one, replying, ending it.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    ConversationRow, CustomerBody, InteractionId, Private, Reply, ResolutionCode, Subject,
};
use overture_store::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{labels, submit};
use crate::{
    app::{App, Shared},
    auth::{AtDesk, Auth, Reads},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    widget::{SentMessage, key},
};

/// The longest notes, bytes.
const NOTES_BYTES_MAX: usize = 8_000;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(conversation))
        .routes(routes!(message))
        .routes(routes!(resolve))
}

/// A conversation as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conversation {
    pub(crate) conversation: String,
    pub(crate) customer: String,
    pub(crate) customer_label: String,
    pub(crate) channel: &'static str,
    /// `queued`, `assigned`, `ended` or `no_agent`.
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent_name: Option<String>,
    pub(crate) started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_message: Option<String>,
    pub(crate) last_at: String,
    /// 1 while the customer wrote last, else 0.
    pub(crate) unread: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<String>,
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
            unread: u32::from(matches!(
                row.last_author,
                Some(overture_engine::model::Author::Customer)
            )),
            phone: text(&row.phone),
        }
    }
}

async fn find(app: &App, text: &str) -> ApiResult<(ConversationRow, String)> {
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
    /// 1 to 4,000 letters.
    text: String,
}

fn not_yours() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "not_yours",
        "only the conversation's own agent may do that",
    )
}

fn gone() -> ApiError {
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
    let body_text = fields::message("text", &asked.text)?;
    let key = key("client_key", &asked.client_key)?;
    let (row, _) = find(&app, &conversation).await?;
    let body = CustomerBody::AgentMessage {
        conversation: row.conversation,
        agent: auth.agent()?,
        key,
        client_key: asked.client_key,
        text: Private::new(body_text),
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
    if asked.notes.len() > NOTES_BYTES_MAX {
        return Err(ApiError::bad_input("notes", "expected at most 8000 bytes"));
    }
    let (row, _) = find(&app, &conversation).await?;
    let staff = auth.staff()?;
    let mut notes = asked.notes.replace('\0', "");
    let mut agent = staff.agent;
    let senior = matches!(staff.role, Role::Admin | Role::Supervisor);
    if let Some(owner) = row.agent.filter(|owner| *owner != staff.agent && senior) {
        agent = owner;
        notes = format!("[{}] {notes}", staff.name);
    }
    let body = CustomerBody::AgentResolved {
        conversation: row.conversation,
        agent,
        code,
        notes: Private::new(notes),
    };
    match submit(&app, Subject::Customer(row.customer, body)).await? {
        Reply::Done | Reply::Duplicate => Ok(StatusCode::NO_CONTENT),
        Reply::NotYours => Err(not_yours()),
        Reply::Gone => Err(gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}
