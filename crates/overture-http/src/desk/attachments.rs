//! Files of conversations, as staff sends and opens them.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use overture_engine::model::AttachmentId;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::conversations::find;
use crate::{
    app::Shared,
    auth::{AtDesk, Auth, Reads},
    error::{ApiError, ApiResult, ErrorBody, Params},
    fields,
    uploads::Uploader,
    widget::attachments::{Described, Destination, StoredFile, serve, store},
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(download))
}

/// Uploads a file for a reply: the bytes are the body. Only the conversation's agent may.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/attachments", tag = "conversations",
    params(("conversation" = String, Path), Described),
    request_body(content = String, content_type = "application/octet-stream", description = "the file"),
    security(("session_cookie" = [])),
    responses((status = 200, body = StoredFile), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody)))]
async fn upload(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(conversation): Path<String>,
    Params(described): Params<Described>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<StoredFile>> {
    let agent = auth.agent()?;
    let (row, _) = find(&app, &conversation).await?;
    if row.agent != Some(agent) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "not_yours",
            "only the conversation's own agent may do that",
        ));
    }
    let open = app
        .core
        .peek(row.customer)
        .await
        .and_then(|view| view.state.open_one(row.conversation).cloned())
        .ok_or_else(|| ApiError::conflict("conversation_gone", "the conversation is over"))?;
    let to = Destination {
        customer: row.customer,
        conversation: row.conversation,
        device: open.device,
        agent: Some(agent),
        uploader: Uploader::Staff,
    };
    store(&app, to, &described, &headers, body).await.map(Json)
}

/// Gives a file of a conversation to staff.
#[utoipa::path(get, path = "/v1/attachments/{attachment}", tag = "conversations",
    params(("attachment" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, description = "the file", content_type = "application/octet-stream", body = String),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn download(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(attachment): Path<String>,
) -> ApiResult<Response> {
    let attachment: AttachmentId = fields::id("attachment", &attachment)?;
    let found = app
        .store(move |store| Ok(store.attachments(&[attachment])?.pop()))
        .await?
        .ok_or_else(|| ApiError::not_found("attachment"))?;
    serve(&app, &found).await
}
