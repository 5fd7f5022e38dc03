//! The page behind a grant's link: whoever holds it may contact an agent.
//!
//! Opening it changes nothing, since programs that look through mail open every link; only the press of its
//! button redeems. A denial looks the same whatever its reason, and still leads to help that needs no grant.

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use overture_engine::model::{
    Asker, ChannelKind, CustomerBody, CustomerId, IdentifierKind, IdentityLevel, InteractionId,
    LinkKey, Millis, Reply, SourceId, Subject,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Asked, Link, Place, draw, notice, pictures, texts};
use crate::{
    admin::find_grant,
    app::{App, Shared},
    client::{Client, PublicUrl},
    desk::submit,
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    keys::{Continuation, GrantToken},
    widget::key,
};

/// How long the conversation that a grant opened can be gone on with.
const CONVERSATION_LIFE: Millis = Millis::from_secs(7 * 86_400);

/// Shows a button and changes nothing.
pub(super) async fn page(
    State(app): State<Shared>,
    client: Client,
    url: PublicUrl,
    Path(token): Path<String>,
    Params(asked): Params<Asked>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let words = texts::of(&asked.locale, &headers);
    app.limits.help.check(&client.0.to_string())?;
    let found = app.keys.open_grant(&token).and(first_source(&app));
    let Some((source, write_key)) = found else {
        return Ok(notice(words, words.link_expired, "../../", &url));
    };
    let place = Place {
        up: "../../",
        write_key: &write_key,
        link: Some(Link::Grant(&token)),
        pictures: pictures(&app, source),
    };
    Ok(draw(words, &asked, &place, &url))
}

/// A grant is of no source: its page looks like the oldest.
fn first_source(app: &App) -> Option<(SourceId, String)> {
    let sources = app.sources.load();
    let keys = sources.by_key.iter();
    let (key, source) = keys.min_by_key(|(key, source)| (source.source, *key))?;
    Some((source.source, key.clone()))
}

#[derive(Deserialize, ToSchema)]
pub(super) struct Redeem {
    /// The same key again uses nothing up.
    idempotency_key: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Redeemed {
    /// What the widget goes on with, as behind `/help/c/`: `cnt_..`.
    resume: String,
}

/// Redeems a grant by its link, for a chat. Who opens the link again while that chat goes on,
/// goes on with it, and uses nothing up.
#[utoipa::path(post, path = "/help/g/{token}", tag = "widget",
    params(("token" = String, Path, description = "from the link, grtk_..")), request_body = Redeem,
    responses((status = 200, body = Redeemed), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn redeem(
    State(app): State<Shared>,
    client: Client,
    Path(token): Path<String>,
    Body(asked): Body<Redeem>,
) -> ApiResult<Json<Redeemed>> {
    app.limits.help.check(&client.0.to_string())?;
    let key = key("idempotency_key", &asked.idempotency_key)?;
    let GrantToken { grant, generation } = app
        .keys
        .open_grant(&token)
        .ok_or_else(ApiError::not_available)?;
    let (source, _) = first_source(&app).ok_or_else(ApiError::not_available)?;
    let row = find_grant(&app, grant)
        .await?
        .ok_or_else(ApiError::not_available)?;
    let customer = row.customer;
    // The link stands for a browser of its own: it proves a mailbox, and opens no chat of others.
    let device = app.keys.link(IdentifierKind::Device, &token);
    // Revoking the grant ends its link for a chat under way, too. The engine records each denial.
    let open = match row.grant.generation == generation {
        true => under_way(&app, customer, device).await,
        false => None,
    };
    let conversation = match open {
        Some(open) => open,
        None => {
            let asker = Asker {
                device,
                level: IdentityLevel::Anonymous,
                only: None,
            };
            let body = CustomerBody::GrantRedeemed {
                grant,
                generation,
                channel: ChannelKind::Chat,
                key,
            };
            match submit(&app, Subject::Visitor(customer, asker, body)).await? {
                Reply::Redeemed { conversation, .. } => conversation,
                _ => return Err(ApiError::not_available()),
            }
        }
    };
    let link = Continuation {
        source,
        customer,
        conversation,
        device,
        generation: mail_generation(&app, conversation).await?,
        expires_at: app.now() + CONVERSATION_LIFE,
    };
    Ok(Json(Redeemed {
        resume: app.keys.continuation_token(&link),
    }))
}

/// The chat that this link opened before and that still goes on.
async fn under_way(app: &App, customer: CustomerId, device: LinkKey) -> Option<InteractionId> {
    let view = app.core.peek(customer).await?;
    let mut open = view.state.open();
    let own = open.find(|open| open.device == Some(device))?;
    Some(own.conversation)
}

/// Which of the conversation's addresses is the present one.
async fn mail_generation(app: &App, conversation: InteractionId) -> ApiResult<u32> {
    let row = app
        .store(move |store| store.conversation(conversation))
        .await?;
    Ok(row.map_or(0, |row| row.chat.mail_generation))
}
