//! Grants: issued and revoked by staff or programs, redeemed by programs. A GET never
//! redeems: mail scanners follow links.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    CustomerBody, CustomerId, GrantId, GrantTerms, IdentifierKind, IdentityLevel, Millis, Reply,
    Subject, Timestamp,
};
use overture_store::GrantRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::{App, Shared},
    auth::{Auth, Grants, Redeems},
    desk::submit,
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    fields, identifiers,
    widget::key,
};

/// Contacts of one grant.
const LIMIT_MAX: u32 = 100;
/// The longest life: 90 days.
const TTL_S_MAX: u64 = 90 * 86_400;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, issue))
        .routes(routes!(revoke))
        .routes(routes!(redeem))
}

#[derive(Deserialize, ToSchema)]
struct Issue {
    /// Who, by id; or by `identifier`.
    customer: Option<String>,
    identifier: Option<IdentifierBody>,
    /// Contacts allowed, `1..=100`.
    limit: u32,
    /// `60..=7776000`.
    ttl_s: u64,
    /// Of `chat` and `callback`; empty means both.
    #[serde(default)]
    channels: Vec<String>,
    /// The same key again gives the same grant.
    idempotency_key: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct IdentifierBody {
    /// `user_id`, `email`, `phone` or `anonymous`.
    kind: String,
    value: String,
}

#[derive(Serialize, ToSchema)]
struct Issued {
    grant: String,
    customer: String,
    /// What the customer presents. Not stored anywhere.
    token: String,
    expires_at: String,
}

fn subject(app: &App, asked: &Issue, body: CustomerBody) -> ApiResult<Subject> {
    match (&asked.customer, &asked.identifier) {
        (Some(customer), None) => Ok(Subject::Customer(fields::id("customer", customer)?, body)),
        (None, Some(given)) => {
            let (kind, value) = match given.kind.as_str() {
                "user_id" => (IdentifierKind::UserId, Some(given.value.clone())),
                "anonymous" => (IdentifierKind::Anonymous, Some(given.value.clone())),
                "email" => (
                    IdentifierKind::Email,
                    identifiers::email(&given.value).map(|email| email.into_owned()),
                ),
                "phone" => (IdentifierKind::Phone, identifiers::phone(&given.value)),
                _ => {
                    return Err(ApiError::bad_input(
                        "identifier.kind",
                        "expected user_id, email, phone or anonymous",
                    ));
                }
            };
            // Staff and programs with a secret vouch for what they name.
            let level = if kind.names_a_browser() {
                IdentityLevel::Anonymous
            } else {
                IdentityLevel::Verified
            };
            let identifier = value
                .and_then(|value| identifiers::identifier(&app.keys, kind, &value, level))
                .ok_or_else(|| {
                    ApiError::bad_input("identifier.value", "expected a value of that kind")
                })?;
            Ok(Subject::Identified(vec![identifier], body))
        }
        _ => Err(ApiError::bad_input(
            "customer",
            "expected either customer or identifier",
        )),
    }
}

/// Issues a grant.
#[utoipa::path(post, path = "/v1/grants", tag = "grants", request_body = Issue,
    security(("session_cookie" = []), ("api_token" = ["grants"])),
    responses((status = 200, body = Issued), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn issue(
    State(app): State<Shared>,
    _auth: Auth<Grants>,
    Body(asked): Body<Issue>,
) -> ApiResult<Json<Issued>> {
    if !(1..=LIMIT_MAX).contains(&asked.limit) {
        return Err(ApiError::bad_input("limit", "expected 1 to 100"));
    }
    if !(60..=TTL_S_MAX).contains(&asked.ttl_s) {
        return Err(ApiError::bad_input(
            "ttl_s",
            "expected 60 to 7776000 seconds",
        ));
    }
    let channels = asked
        .channels
        .iter()
        .map(|channel| fields::channel("channels", channel))
        .collect::<ApiResult<_>>()?;
    let key = match &asked.idempotency_key {
        Some(text) => key("idempotency_key", text)?,
        None => rand::random(),
    };
    let body = CustomerBody::GrantIssued {
        terms: GrantTerms {
            limit: asked.limit,
            ttl: Millis::from_secs(asked.ttl_s),
            channels,
        },
        key,
    };
    match submit(&app, subject(&app, &asked, body)?).await? {
        Reply::Granted {
            customer,
            grant,
            generation,
            expires_at,
        } => Ok(Json(Issued {
            grant: grant.to_string(),
            customer: customer.to_string(),
            token: app.keys.grant_token(grant, generation),
            expires_at: expires_at.to_string(),
        })),
        Reply::Gone => Err(ApiError::not_found("customer")),
        Reply::NotAvailable => Err(ApiError::conflict(
            "too_many_grants",
            "the customer has too many grants already",
        )),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GrantsOf {
    /// Whose.
    customer: String,
}

#[derive(Serialize, ToSchema)]
struct GrantList {
    grants: Vec<GrantBody>,
}

#[derive(Serialize, ToSchema)]
struct GrantBody {
    grant: String,
    customer: String,
    /// `active`, `exhausted`, `expired` or `revoked`.
    state: &'static str,
    used: u32,
    held: u32,
    limit: u32,
    channels: Vec<&'static str>,
    issued_at: String,
    expires_at: String,
}

impl GrantBody {
    fn of(row: &GrantRow, now: Timestamp) -> Self {
        let grant = &row.grant;
        Self {
            grant: grant.grant.to_string(),
            customer: row.customer.to_string(),
            state: grant.standing(now).name(),
            used: grant.used,
            held: grant.held,
            limit: grant.base_limit + grant.boost,
            channels: grant
                .channels
                .iter()
                .map(|channel| channel.name())
                .collect(),
            issued_at: grant.issued_at.to_string(),
            expires_at: grant.expires_at.to_string(),
        }
    }
}

/// Lists a customer's grants, newest first.
#[utoipa::path(get, path = "/v1/grants", tag = "grants", params(GrantsOf),
    security(("session_cookie" = []), ("api_token" = ["grants"])),
    responses((status = 200, body = GrantList), (status = 400, body = ErrorBody)))]
async fn list(
    State(app): State<Shared>,
    _auth: Auth<Grants>,
    Params(asked): Params<GrantsOf>,
) -> ApiResult<Json<GrantList>> {
    let customer: CustomerId = fields::id("customer", &asked.customer)?;
    let rows = app
        .store(move |store| store.grants_of(store.survivor(customer)?))
        .await?;
    let now = app.now();
    Ok(Json(GrantList {
        grants: rows.iter().map(|row| GrantBody::of(row, now)).collect(),
    }))
}

async fn find(app: &App, grant: GrantId) -> ApiResult<Option<CustomerId>> {
    app.store(move |store| {
        let row = store.grant(grant)?;
        row.map(|row| store.survivor(row.customer)).transpose()
    })
    .await
}

/// Ends a grant.
#[utoipa::path(post, path = "/v1/grants/{grant}/revoke", tag = "grants",
    params(("grant" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["grants"])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn revoke(
    State(app): State<Shared>,
    _auth: Auth<Grants>,
    Path(grant): Path<String>,
) -> ApiResult<StatusCode> {
    let grant: GrantId = fields::id("grant", &grant)?;
    let customer = find(&app, grant)
        .await?
        .ok_or_else(|| ApiError::not_found("grant"))?;
    let body = CustomerBody::GrantRevoked { grant };
    match submit(&app, Subject::Customer(customer, body)).await? {
        Reply::Done | Reply::Duplicate => Ok(StatusCode::NO_CONTENT),
        Reply::Gone | Reply::NotAvailable => Err(ApiError::not_found("grant")),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

#[derive(Deserialize, ToSchema)]
struct Redeem {
    token: String,
    /// `chat` or `callback`.
    channel: String,
    /// The same key again uses nothing up.
    idempotency_key: String,
}

#[derive(Serialize, ToSchema)]
struct Redeemed {
    redemption: String,
    grant: String,
    conversation: String,
}

/// Redeems a grant by its token. Every denial looks the same.
#[utoipa::path(post, path = "/v1/grants/redeem", tag = "grants", request_body = Redeem,
    security(("api_token" = ["grants"])),
    responses((status = 200, body = Redeemed), (status = 403, body = ErrorBody)))]
async fn redeem(
    State(app): State<Shared>,
    _auth: Auth<Redeems>,
    Body(asked): Body<Redeem>,
) -> ApiResult<Json<Redeemed>> {
    let channel = fields::channel("channel", &asked.channel)?;
    let key = key("idempotency_key", &asked.idempotency_key)?;
    let token = app
        .keys
        .open_grant(&asked.token)
        .ok_or_else(ApiError::not_available)?;
    let customer = find(&app, token.grant)
        .await?
        .ok_or_else(ApiError::not_available)?;
    let body = CustomerBody::GrantRedeemed {
        grant: token.grant,
        generation: token.generation,
        channel,
        key,
    };
    match submit(&app, Subject::Customer(customer, body)).await? {
        Reply::Redeemed {
            redemption,
            conversation,
        } => Ok(Json(Redeemed {
            redemption: redemption.to_string(),
            grant: token.grant.to_string(),
            conversation: conversation.to_string(),
        })),
        _ => Err(ApiError::not_available()),
    }
}
