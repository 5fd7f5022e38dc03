//! Files of a chat: received, checked, stored; and given only to those who are in it.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use overture_engine::model::{
    ATTACHMENTS_A_MESSAGE_MAX, AgentId, Attachment, AttachmentId, CustomerId, InteractionId,
    LinkKey, Private,
};
use overture_store::{Upload, UploadLimits, Uploaded};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Visitor, chat};
use crate::{
    app::{App, Shared},
    client::Client,
    error::{ApiError, ApiResult, ErrorBody, Params},
    fields, files,
    files::{Checked, Refused},
    keys::WidgetSession,
    uploads::{Uploader, receive, too_large},
};

/// The longest description, letters.
const ALT_LETTERS_MAX: usize = 500;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(download))
}

/// What is said of a file beside its bytes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Described {
    /// Its name.
    #[serde(default)]
    pub(crate) name: String,
    /// What an image shows, for those who do not see it.
    #[serde(default)]
    pub(crate) alt: String,
}

/// A file that was stored, to be named when the message is sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StoredFile {
    id: String,
    name: String,
    content_type: &'static str,
    bytes: u64,
    /// Of an image, else 0.
    width_px: u32,
    /// Of an image, else 0.
    height_px: u32,
}

/// Where a file goes.
pub(crate) struct Destination {
    pub(crate) customer: CustomerId,
    pub(crate) conversation: InteractionId,
    pub(crate) device: Option<LinkKey>,
    pub(crate) agent: Option<AgentId>,
    pub(crate) uploader: Uploader,
}

/// Uploads a file for a message in the open conversation: the bytes are the body. Files that
/// no message names are forgotten after a day.
#[utoipa::path(post, path = "/v1/widget/conversations/{conversation}/attachments", tag = "widget",
    params(("conversation" = String, Path), Described),
    request_body(content = String, content_type = "application/octet-stream", description = "the file"),
    security(("widget_session" = [])),
    responses((status = 200, body = StoredFile), (status = 400, body = ErrorBody),
        (status = 408, body = ErrorBody), (status = 409, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn upload(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    client: Client,
    Path(conversation): Path<String>,
    Params(described): Params<Described>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<StoredFile>> {
    let conversation: InteractionId = fields::id("conversation", &conversation)?;
    if !app.brands.load().of(session.source).chat.attachments {
        return Err(attachments_off());
    }
    let to = match chat::open_one(&app, &session, conversation).await {
        Some((customer, open)) => Destination {
            customer,
            conversation,
            device: open.device,
            agent: None,
            uploader: Uploader::Visitor(session.device, client.0),
        },
        None => {
            return Err(ApiError::conflict(
                "conversation_gone",
                "the conversation is over",
            ));
        }
    };
    store(&app, to, &described, &headers, body).await.map(Json)
}

/// Gives a file to the customer whose conversation it is in.
#[utoipa::path(get, path = "/v1/widget/attachments/{attachment}", tag = "widget",
    params(("attachment" = String, Path)), security(("widget_session" = [])),
    responses((status = 200, description = "the file", content_type = "application/octet-stream", body = String),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn download(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(attachment): Path<String>,
) -> ApiResult<Response> {
    let attachment: AttachmentId = fields::id("attachment", &attachment)?;
    let customer = session.customer;
    let (found, customer) = app
        .store(move |store| {
            Ok((
                store.attachments(&[attachment])?.pop(),
                store.survivor(customer)?,
            ))
        })
        .await?;
    let asker = session.asker();
    let found = found
        .filter(|file| file.customer == customer && asker.may_use(file.conversation, file.device))
        .ok_or_else(|| ApiError::not_found("attachment"))?;
    serve(&app, &found).await
}

/// Receives, checks and stores a file.
pub(crate) async fn store(
    app: &App,
    to: Destination,
    described: &Described,
    headers: &HeaderMap,
    body: Body,
) -> ApiResult<StoredFile> {
    let bytes_max = app.config.chat.file_bytes_max;
    if bytes_max == 0 {
        return Err(attachments_off());
    }
    let alt = clean_alt(&described.alt);
    // Refused before a byte is read, where the sender says how much it is.
    let said = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|said| said > bytes_max) {
        return Err(too_large(bytes_max));
    }
    let _room = app.uploads.begin(to.uploader)?;
    let bytes = receive(body.into_data_stream(), bytes_max).await?;
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let checked = tokio::task::spawn_blocking(move || files::check(&declared, bytes))
        .await
        .map_err(|cause| ApiError::internal(&cause))?
        .map_err(refused)?;
    let Checked {
        file_type,
        bytes,
        pixels,
    } = checked;
    let name = files::clean_name(&described.name, file_type);
    let file = Attachment {
        attachment: AttachmentId::from_uuid(Uuid::new_v4()),
        name: Private::new(name.clone()),
        content_type: file_type.media_type().to_owned(),
        bytes: bytes.len() as u64,
        width_px: pixels.map_or(0, |pixels| pixels.width),
        height_px: pixels.map_or(0, |pixels| pixels.height),
        alt: Private::new(alt),
    };
    let answer = StoredFile {
        id: file.attachment.to_string(),
        name,
        content_type: file_type.media_type(),
        bytes: file.bytes,
        width_px: file.width_px,
        height_px: file.height_px,
    };
    let limits = UploadLimits {
        conversation_bytes_max: app.config.chat.conversation_bytes_max,
        total_bytes_max: app.config.chat.total_bytes_max,
    };
    let upload = Upload {
        file,
        customer: to.customer,
        conversation: to.conversation,
        device: to.device,
        agent: to.agent,
        uploaded_at: app.now(),
    };
    let stored = app
        .store(move |store| store.add_attachment(&upload, &bytes, limits))
        .await?;
    match stored {
        Uploaded::Stored => Ok(answer),
        Uploaded::ConversationFull => Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "conversation_full",
            format!(
                "the attachments of one conversation may have at most {} bytes together",
                limits.conversation_bytes_max
            ),
        )),
        Uploaded::Full => {
            tracing::warn!("attachments take all the room that chat.total_bytes_max gives them");
            Err(ApiError::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "attachments_full",
                "there is no room for more attachments now",
            ))
        }
    }
}

fn attachments_off() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "attachments_off",
        "attachments are not taken here",
    )
}

fn clean_alt(alt: &str) -> String {
    alt.trim()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(ALT_LETTERS_MAX)
        .collect()
}

fn refused(why: Refused) -> ApiError {
    let wrong = |code, message| ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, message);
    match why {
        Refused::Empty => ApiError::bad_input("file", "expected a file that is not empty"),
        Refused::Type => wrong(
            "file_type_not_taken",
            "expected a PNG, JPEG, GIF or WebP image, a PDF or plain text",
        ),
        Refused::NotWhatItSays => wrong(
            "file_is_something_else",
            "what is in the file is not what its type says",
        ),
        Refused::Damaged => ApiError::bad_input("file", "the image is damaged"),
        Refused::TooManyPixels => ApiError::bad_input(
            "file",
            format!(
                "expected an image of at most {} pixels a side and {} in all",
                files::SIDE_PX_MAX,
                files::PIXELS_MAX
            ),
        ),
    }
}

/// A file as a message names it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum NamedFile {
    /// As it was uploaded.
    Id(String),
    /// With a description that was written since.
    Described {
        id: String,
        /// What an image shows.
        #[serde(default)]
        alt: String,
    },
}

/// Who sends a message with files.
#[derive(Clone, Copy)]
pub(crate) enum Sender<'a> {
    Customer(&'a WidgetSession),
    /// Of staff, to this customer.
    Staff(CustomerId),
}

/// The files that a message names, and a promise that they are kept.
pub(crate) async fn of_message(
    app: &App,
    named: &[NamedFile],
    conversation: InteractionId,
    sender: Sender<'_>,
) -> ApiResult<Vec<Attachment>> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    if named.len() > ATTACHMENTS_A_MESSAGE_MAX {
        return Err(ApiError::bad_input(
            "attachments",
            format!("expected at most {ATTACHMENTS_A_MESSAGE_MAX}"),
        ));
    }
    let ids = named
        .iter()
        .map(|file| match file {
            NamedFile::Id(id) | NamedFile::Described { id, .. } => fields::id("attachments", id),
        })
        .collect::<ApiResult<Vec<AttachmentId>>>()?;
    let by_staff = matches!(sender, Sender::Staff(_));
    let of = match sender {
        Sender::Customer(session) => session.customer,
        Sender::Staff(customer) => customer,
    };
    let asked = ids.clone();
    let (found, of) = app
        .store(move |store| Ok((store.attachments(&asked)?, store.survivor(of)?)))
        .await?;
    // What a customer uploaded goes along when the chat ended before it was sent and another
    // was begun.
    let fits = |file: &Upload| {
        file.customer == of
            && file.agent.is_some() == by_staff
            && match sender {
                Sender::Customer(session) => {
                    session.asker().may_use(file.conversation, file.device)
                }
                Sender::Staff(_) => file.conversation == conversation,
            }
    };
    if found.len() != ids.len() || !found.iter().all(fits) {
        return Err(ApiError::bad_input(
            "attachments",
            "expected files that the sender uploaded for this message",
        ));
    }
    app.store(move |store| store.keep_attachments(&ids, conversation))
        .await?;
    let described = found.into_iter().zip(named).map(|(upload, file)| {
        let mut sent = upload.file;
        if let NamedFile::Described { alt, .. } = file
            && !alt.trim().is_empty()
        {
            sent.alt = Private::new(clean_alt(alt));
        }
        sent
    });
    Ok(described.collect())
}

/// Answers with a file: images may be shown in place, everything else is only saved.
pub(crate) async fn serve(app: &App, found: &Upload) -> ApiResult<Response> {
    let attachment = found.file.attachment;
    let bytes = app
        .store(move |store| store.attachment_bytes(attachment))
        .await?
        .ok_or_else(|| ApiError::not_found("attachment"))?;
    let shown = found.file.content_type.starts_with("image/");
    let content_type = match found.file.content_type.as_str() {
        "text/plain" => "text/plain; charset=utf-8",
        other => other,
    };
    let mut response = bytes.into_response();
    let set = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (
            header::CONTENT_DISPOSITION,
            &disposition(shown, found.file.name.reveal()),
        ),
        (header::CACHE_CONTROL, "private, no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            set.insert(name, value);
        }
    }
    Ok(response)
}

/// RFC 6266, with the name as RFC 8187 writes it.
fn disposition(shown: bool, name: &str) -> String {
    let how = if shown { "inline" } else { "attachment" };
    let mut text = format!("{how}; filename*=UTF-8''");
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                text.push(byte as char);
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}
