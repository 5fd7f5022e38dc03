//! What a visitor does: answers an offer, asks for help, writes.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    CallbackOffer, ChannelKind, CustomerBody, DismissedHow, InteractionId, OfferId,
    OfferOptionKind, Private, Reply,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Visitor,
    attachments::{self, NamedFile, Sender},
    callback, chat, submit,
};
use crate::{
    app::Shared,
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(shown))
        .routes(routes!(accept))
        .routes(routes!(dismiss))
        .routes(routes!(undo_never))
        .routes(routes!(help))
        .routes(routes!(message))
        .routes(routes!(end))
}

fn offer_gone() -> ApiError {
    ApiError::conflict(
        "offer_gone",
        "the offer was withdrawn, has run out, or was answered already",
    )
}

fn conversation_gone() -> ApiError {
    ApiError::conflict("conversation_gone", "the conversation is over")
}

/// Reports that an offer was really seen.
#[utoipa::path(post, path = "/v1/widget/offers/{offer}/shown", tag = "widget",
    params(("offer" = String, Path)), security(("widget_session" = [])),
    responses((status = 204), (status = 401, body = ErrorBody)))]
async fn shown(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(offer): Path<String>,
) -> ApiResult<StatusCode> {
    let offer: OfferId = fields::id("offer", &offer)?;
    // An offer that is gone meanwhile needs no answer: its withdrawal is in the feed.
    submit(&app, &session, CustomerBody::OfferShown { offer }).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
struct AcceptOffer {
    /// `chat`, `callback`, `faq` or `smart_pause`.
    option: String,
    /// As it came with the offer.
    grant_token: Option<String>,
    /// The same key again has no second effect.
    idempotency_key: String,
    /// Where to call, with country code; for `callback`.
    phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Accepted {
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
}

/// Takes one option of an offer.
#[utoipa::path(post, path = "/v1/widget/offers/{offer}/accept", tag = "widget",
    params(("offer" = String, Path)), request_body = AcceptOffer, security(("widget_session" = [])),
    responses((status = 200, body = Accepted), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn accept(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(offer): Path<String>,
    Body(asked): Body<AcceptOffer>,
) -> ApiResult<Json<Accepted>> {
    let offer: OfferId = fields::id("offer", &offer)?;
    let option = match asked.option.as_str() {
        "chat" => OfferOptionKind::Chat,
        "callback" => OfferOptionKind::Callback,
        "faq" => OfferOptionKind::Faq,
        "smart_pause" => OfferOptionKind::SmartPause,
        _ => {
            return Err(ApiError::bad_input(
                "option",
                "expected chat, callback, faq or smart_pause",
            ));
        }
    };
    let key = key("idempotency_key", &asked.idempotency_key)?;
    let grant = match asked.grant_token.as_deref() {
        None | Some("") => None,
        Some(token) => Some(
            app.keys
                .open_grant(token)
                .ok_or_else(ApiError::not_available)?
                .grant,
        ),
    };
    if option == OfferOptionKind::Callback {
        let offer = CallbackOffer { offer, grant };
        let phone = asked.phone.as_deref();
        let conversation = callback::ask_now(&app, &session, phone, key, Some(offer)).await?;
        return Ok(Json(Accepted {
            conversation: Some(conversation.to_string()),
        }));
    }
    let body = CustomerBody::OfferAccepted {
        offer,
        option,
        grant,
        key,
        phone: None,
    };
    let conversation = match submit(&app, &session, body).await? {
        Reply::Conversation { conversation, .. } => Some(conversation.to_string()),
        Reply::Done | Reply::Duplicate => None,
        Reply::NotAvailable | Reply::NotYours => return Err(ApiError::not_available()),
        Reply::Gone => return Err(offer_gone()),
        other => return Err(unexpected(&other)),
    };
    Ok(Json(Accepted { conversation }))
}

#[derive(Deserialize, ToSchema)]
struct DismissOffer {
    /// `not_now`, `never` or `ignored`.
    how: String,
}

/// Puts an offer away.
#[utoipa::path(post, path = "/v1/widget/offers/{offer}/dismiss", tag = "widget",
    params(("offer" = String, Path)), request_body = DismissOffer, security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn dismiss(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(offer): Path<String>,
    Body(asked): Body<DismissOffer>,
) -> ApiResult<StatusCode> {
    let offer: OfferId = fields::id("offer", &offer)?;
    let how = match asked.how.as_str() {
        "not_now" => DismissedHow::NotNow,
        "never" => DismissedHow::Never,
        "ignored" => DismissedHow::Ignored,
        _ => {
            return Err(ApiError::bad_input(
                "how",
                "expected not_now, never or ignored",
            ));
        }
    };
    submit(&app, &session, CustomerBody::OfferDismissed { offer, how }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back "Don't offer again".
#[utoipa::path(post, path = "/v1/widget/offers/undo_never", tag = "widget",
    security(("widget_session" = [])), responses((status = 204)))]
async fn undo_never(State(app): State<Shared>, Visitor(session): Visitor) -> ApiResult<StatusCode> {
    submit(&app, &session, CustomerBody::OffersWanted).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
struct AskHelp {
    /// `chat` or `callback`.
    channel: String,
    /// The same key again has no second effect.
    idempotency_key: String,
    /// First words, at most 4,000 letters.
    text: Option<String>,
    /// Where to call, with country code; for `callback`.
    phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Helped {
    conversation: String,
}

/// Asks for help. Never refused by policy. An open conversation is returned if there is one that
/// this session may see; else it has one of its own.
#[utoipa::path(post, path = "/v1/widget/help", tag = "widget", request_body = AskHelp,
    security(("widget_session" = [])),
    responses((status = 200, body = Helped), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 413, body = ErrorBody)))]
async fn help(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(asked): Body<AskHelp>,
) -> ApiResult<Json<Helped>> {
    let channel = fields::channel("channel", &asked.channel)?;
    let text = match asked.text.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(Private::new(fields::message("text", text)?)),
    };
    let key = key("idempotency_key", &asked.idempotency_key)?;
    if channel == ChannelKind::Callback {
        let phone = asked.phone.as_deref();
        let conversation = callback::ask_now(&app, &session, phone, key, None).await?;
        if let Some(text) = text {
            let body = CustomerBody::CustomerMessage {
                conversation,
                key,
                client_key: String::new(),
                text,
                attachments: Vec::new(),
            };
            submit(&app, &session, body).await?;
        }
        return Ok(Json(Helped {
            conversation: conversation.to_string(),
        }));
    }
    let body = CustomerBody::HelpRequested {
        channel,
        key,
        text,
        phone: None,
    };
    match submit(&app, &session, body).await? {
        Reply::Conversation { conversation, .. } => Ok(Json(Helped {
            conversation: conversation.to_string(),
        })),
        // A link goes on with its conversation, and opens no other.
        Reply::Gone => Err(conversation_gone()),
        Reply::NotAvailable => Err(ApiError::conflict(
            "too_many_conversations",
            "too many conversations are open at once: try again when one is over",
        )),
        other => Err(unexpected(&other)),
    }
}

#[derive(Deserialize, ToSchema)]
struct SendMessage {
    conversation: String,
    /// The same key again gives the same answer.
    client_key: String,
    /// 1 to 4,000 letters; may be empty with attachments.
    #[serde(default)]
    text: String,
    /// Files that were uploaded for it, at most 5.
    #[serde(default)]
    attachments: Vec<NamedFile>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SentMessage {
    /// Its place in the feed.
    pub(crate) seq: u64,
    pub(crate) message: String,
}

/// Writes in a conversation.
#[utoipa::path(post, path = "/v1/widget/messages", tag = "widget", request_body = SendMessage,
    security(("widget_session" = [])),
    responses((status = 200, body = SentMessage), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody)))]
async fn message(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(asked): Body<SendMessage>,
) -> ApiResult<Json<SentMessage>> {
    let conversation: InteractionId = fields::id("conversation", &asked.conversation)?;
    let key = key("client_key", &asked.client_key)?;
    // Files are bound to a conversation before the message is taken: only to one of theirs.
    if !asked.attachments.is_empty() && chat::open_one(&app, &session, conversation).await.is_none()
    {
        return Err(conversation_gone());
    }
    let who = Sender::Customer(&session);
    let files = attachments::of_message(&app, &asked.attachments, conversation, who).await?;
    let body = CustomerBody::CustomerMessage {
        conversation,
        key,
        text: Private::new(message_text(&asked.text, !files.is_empty())?),
        client_key: asked.client_key,
        attachments: files,
    };
    match submit(&app, &session, body).await? {
        Reply::Message {
            message,
            timeline_seq,
        } => Ok(Json(SentMessage {
            seq: timeline_seq,
            message: message.to_string(),
        })),
        Reply::Gone | Reply::NotYours => Err(conversation_gone()),
        other => Err(unexpected(&other)),
    }
}

/// Leaves a conversation.
#[utoipa::path(post, path = "/v1/widget/conversations/{conversation}/end", tag = "widget",
    params(("conversation" = String, Path)), security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn end(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(conversation): Path<String>,
) -> ApiResult<StatusCode> {
    let conversation: InteractionId = fields::id("conversation", &conversation)?;
    submit(&app, &session, CustomerBody::CustomerEnded { conversation }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A message's text; with attachments it may be empty.
pub(crate) fn message_text(text: &str, has_files: bool) -> ApiResult<String> {
    if has_files && text.trim().is_empty() {
        return Ok(String::new());
    }
    fields::message("text", text)
}

/// A client's own key, hashed.
pub(crate) fn key(field: &'static str, text: &str) -> ApiResult<u64> {
    if text.is_empty() || text.len() > 128 {
        return Err(ApiError::bad_input(
            field,
            "expected a text of 1 to 128 bytes",
        ));
    }
    Ok(xxh3_64(text.as_bytes()))
}

fn unexpected(reply: &Reply) -> ApiError {
    match reply {
        Reply::Skipped => ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "skipped",
            "this could not be processed and was left out; it is listed for the administrators",
        ),
        Reply::Gone => ApiError::conflict("gone", "it is no longer there"),
        Reply::NotYours | Reply::NotAvailable => ApiError::not_allowed(),
        other => ApiError::internal(&format!("unexpected reply {other:?}")),
    }
}
