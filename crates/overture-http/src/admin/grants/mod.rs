//! Grants: issued and revoked by staff or programs, redeemed by programs. A GET never
//! redeems: mail scanners follow links. Whoever holds its link redeems it on the hosted help page.

mod story;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    CustomerBody, CustomerId, GrantId, GrantStanding, GrantTerms, IdentifierKind, IdentityLevel,
    Millis, Reply, Subject, Timestamp,
};
use overture_store::{GrantRow, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::{App, Shared},
    auth::{Auth, Grants, Redeems},
    client::PublicUrl,
    desk::{find_customers, labels, submit},
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    fields, identifiers,
    keys::Keys,
    widget::key,
};

/// Contacts of one grant.
const LIMIT_MAX: u32 = 100;
/// The longest life: 90 days.
const TTL_S_MAX: u64 = 90 * 86_400;
/// Grants in a page where nobody says how many.
const PAGE: u32 = 50;
/// Grants read at once, and how often, for a page of those in one state.
const GRANTS_A_READ: u32 = 500;
const READS_MAX: usize = 20;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, issue))
        .routes(routes!(show))
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
    /// Where the customer redeems it themselves: for an e-mail or a text message.
    link: String,
    expires_at: String,
}

/// Where a grant is redeemed by whoever holds its token.
fn link(PublicUrl(url): &PublicUrl, token: &str) -> String {
    format!("{url}/help/g/{token}")
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
    url: PublicUrl,
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
        } => {
            let token = app.keys.grant_token(grant, generation);
            Ok(Json(Issued {
                grant: grant.to_string(),
                customer: customer.to_string(),
                link: link(&url, &token),
                token,
                expires_at: expires_at.to_string(),
            }))
        }
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
    /// Whose; without it and without `query` everybody's.
    #[serde(default)]
    customer: String,
    /// An e-mail address, phone number, user id, anonymous id, customer id or grant id.
    #[serde(default)]
    query: String,
    /// `active`, `exhausted`, `expired` or `revoked`.
    #[serde(default)]
    state: String,
    /// The last page's `cursor`.
    #[serde(default)]
    cursor: String,
    /// `1..=200`.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct GrantList {
    grants: Vec<GrantBody>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct GrantBody {
    grant: String,
    customer: String,
    customer_label: String,
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
    fn of(row: &GrantRow, label: &str, now: Timestamp) -> Self {
        let grant = &row.grant;
        Self {
            grant: grant.grant.to_string(),
            customer: row.customer.to_string(),
            customer_label: label.to_owned(),
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

    fn of_all(
        store: &dyn Store,
        rows: &[GrantRow],
        now: Timestamp,
    ) -> Result<Vec<Self>, StoreError> {
        let customers: Vec<CustomerId> = rows.iter().map(|row| row.customer).collect();
        let labels = labels(store, &customers)?;
        let label = |row: &GrantRow| labels.get(&row.customer).map_or("", String::as_str);
        Ok(rows
            .iter()
            .map(|row| Self::of(row, label(row), now))
            .collect())
    }
}

/// Which grants to list.
enum Wanted {
    Everybodys,
    Of(CustomerId),
    Found(String),
}

/// Lists grants, newest first.
#[utoipa::path(get, path = "/v1/grants", tag = "grants", params(GrantsOf),
    security(("session_cookie" = []), ("api_token" = ["grants"])),
    responses((status = 200, body = GrantList), (status = 400, body = ErrorBody)))]
async fn list(
    State(app): State<Shared>,
    _auth: Auth<Grants>,
    Params(asked): Params<GrantsOf>,
) -> ApiResult<Json<GrantList>> {
    let state = standing(&asked.state)?;
    let cursor: Option<GrantId> = match asked.cursor.as_str() {
        "" => None,
        text => Some(fields::id("cursor", text)?),
    };
    let wanted = match (asked.customer.as_str(), asked.query.trim()) {
        ("", "") => Wanted::Everybodys,
        ("", query) => Wanted::Found(query.to_owned()),
        (customer, _) => Wanted::Of(fields::id("customer", customer)?),
    };
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, 200) as usize;
    let now = app.now();
    let keys = app.keys.clone();
    let list = app
        .store(move |store| {
            let fits = |row: &GrantRow| state.is_none_or(|state| row.grant.standing(now) == state);
            let (rows, cursor) = match wanted {
                Wanted::Everybodys => page(store, cursor, limit, fits)?,
                Wanted::Of(customer) => {
                    let rows = store.grants_of(store.survivor(customer)?)?;
                    stretch(rows, cursor, limit, fits)
                }
                Wanted::Found(query) => {
                    let rows = search(store, &keys, &query)?;
                    stretch(rows, cursor, limit, fits)
                }
            };
            Ok(GrantList {
                grants: GrantBody::of_all(store, &rows, now)?,
                cursor: cursor.map(|grant| grant.to_string()),
            })
        })
        .await?;
    Ok(Json(list))
}

/// The standing that a filter names; none for every one.
fn standing(text: &str) -> ApiResult<Option<GrantStanding>> {
    let all = [
        GrantStanding::Active,
        GrantStanding::Exhausted,
        GrantStanding::Expired,
        GrantStanding::Revoked,
    ];
    match all.into_iter().find(|one| one.name() == text) {
        None if !text.is_empty() => Err(ApiError::bad_input(
            "state",
            "expected active, exhausted, expired or revoked",
        )),
        found => Ok(found),
    }
}

/// Everybody's grants that fit, and where to go on. Where few fit, a page may hold less than
/// `limit` and still not be the last.
fn page(
    store: &dyn Store,
    mut cursor: Option<GrantId>,
    limit: usize,
    fits: impl Fn(&GrantRow) -> bool,
) -> Result<(Vec<GrantRow>, Option<GrantId>), StoreError> {
    let mut rows = Vec::new();
    for _ in 0..READS_MAX {
        let read = store.grants(cursor, GRANTS_A_READ)?;
        let is_end = read.len() < GRANTS_A_READ as usize;
        for row in read {
            if rows.len() == limit {
                return Ok((rows, cursor));
            }
            cursor = Some(row.grant.grant);
            if fits(&row) {
                rows.push(row);
            }
        }
        if is_end {
            return Ok((rows, None));
        }
    }
    Ok((rows, cursor))
}

/// A page of a few grants that are at hand.
fn stretch(
    mut rows: Vec<GrantRow>,
    cursor: Option<GrantId>,
    limit: usize,
    fits: impl Fn(&GrantRow) -> bool,
) -> (Vec<GrantRow>, Option<GrantId>) {
    rows.retain(|row| fits(row) && cursor.is_none_or(|cursor| row.grant.grant < cursor));
    let more = rows.len() > limit;
    rows.truncate(limit);
    let cursor = rows.last().filter(|_| more).map(|row| row.grant.grant);
    (rows, cursor)
}

/// The grant of an id, or those of whoever a name, address or number belongs to.
fn search(store: &dyn Store, keys: &Keys, query: &str) -> Result<Vec<GrantRow>, StoreError> {
    if let Ok(grant) = query.parse() {
        return Ok(store.grant(grant)?.into_iter().collect());
    }
    let mut rows = Vec::new();
    for one in find_customers(store, keys, query, PAGE)? {
        rows.extend(store.grants_of(one.customer)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.grant.grant));
    Ok(rows)
}

#[derive(Serialize, ToSchema)]
struct GrantStory {
    #[serde(flatten)]
    grant: GrantBody,
    /// Where the customer redeems it themselves, while it is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// What happened, oldest first: `{at, kind, ..}` with kinds `decision` and `offer` (what carried
    /// it), `change` (a row of the ledger, with its place in the chain) and `conversation` (what it was used for).
    #[schema(value_type = Vec<Object>)]
    story: Vec<Value>,
}

/// Shows one grant, from what led to it to what it was used for.
#[utoipa::path(get, path = "/v1/grants/{grant}", tag = "grants",
    params(("grant" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["grants"])),
    responses((status = 200, body = GrantStory), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn show(
    State(app): State<Shared>,
    _auth: Auth<Grants>,
    url: PublicUrl,
    Path(grant): Path<String>,
) -> ApiResult<Json<GrantStory>> {
    let grant: GrantId = fields::id("grant", &grant)?;
    let now = app.now();
    let teller = Shared::clone(&app);
    let told = app
        .store(move |store| {
            let Some(row) = store.grant(grant)? else {
                return Ok(None);
            };
            let story = story::tell(&teller, store, &row)?;
            let body = GrantBody::of_all(store, std::slice::from_ref(&row), now)?;
            Ok(body.into_iter().next().map(|body| (row, body, story)))
        })
        .await?;
    let (row, body, story) = told.ok_or_else(|| ApiError::not_found("grant"))?;
    let is_active = row.grant.standing(now) == GrantStanding::Active;
    let token = app.keys.grant_token(grant, row.grant.generation);
    Ok(Json(GrantStory {
        grant: body,
        link: is_active.then(|| link(&url, &token)),
        story,
    }))
}

/// A grant, with whose it is now.
pub(crate) async fn find(app: &App, grant: GrantId) -> ApiResult<Option<GrantRow>> {
    app.store(move |store| {
        let Some(mut row) = store.grant(grant)? else {
            return Ok(None);
        };
        row.customer = store.survivor(row.customer)?;
        Ok(Some(row))
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
    let row = find(&app, grant)
        .await?
        .ok_or_else(|| ApiError::not_found("grant"))?;
    let body = CustomerBody::GrantRevoked { grant };
    match submit(&app, Subject::Customer(row.customer, body)).await? {
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
    let row = find(&app, token.grant)
        .await?
        .ok_or_else(ApiError::not_available)?;
    let body = CustomerBody::GrantRedeemed {
        grant: token.grant,
        generation: token.generation,
        channel,
        key,
    };
    match submit(&app, Subject::Customer(row.customer, body)).await? {
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
