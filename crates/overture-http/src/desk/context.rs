//! The context panel: what an agent needs to know before the first word.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::{
    contact::{place, troubles},
    decide,
    model::{
        Consent, CustomerId, CustomerState, GrantStanding, IdentifierKind, IdentityLevel, Purpose,
        Reading, TimelineBody, Timestamp, Trail, TrailItem,
    },
};
use overture_store::{TimelineQuery, TimelineReader, TimelineWindow};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::labels;
use crate::{
    app::Shared,
    auth::{Auth, Reads},
    core::CustomerView,
    error::{ApiError, ApiResult, ErrorBody},
    fields,
    wording::factor_label,
};

/// Rows that are looked through for offers.
const ROWS_LOOKED_AT: u32 = 500;
/// Offers shown.
const OFFERS_MAX: usize = 20;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(context))
}

/// Shows page, history, engagement with its contributions, grant, permission and offers, and
/// one plain line that says why.
#[utoipa::path(get, path = "/v1/customers/{customer}/context", tag = "customers",
    params(("customer" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, description = "the context", body = Object), (status = 404, body = ErrorBody)))]
async fn context(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(customer): Path<String>,
) -> ApiResult<Json<Value>> {
    let customer: CustomerId = fields::id("customer", &customer)?;
    let view = app
        .core
        .peek(customer)
        .await
        .ok_or_else(|| ApiError::not_found("customer"))?;
    let customer = view.state.customer;
    let (label, links, traits, rows) = app
        .store(move |store| {
            let rows = store.timeline(&TimelineQuery {
                customer,
                window: TimelineWindow::Newest,
                reader: TimelineReader::Staff,
                limit: ROWS_LOOKED_AT,
            })?;
            Ok((
                labels(store, &[customer])?.remove(&customer),
                store.links_of(customer)?,
                store.traits_of(customer)?,
                rows.items,
            ))
        })
        .await?;
    let policy = app.policy().await?;
    let now = app.now();
    let state = &view.state;

    let mut offers: Vec<Value> = Vec::new();
    for row in rows.iter().rev() {
        if let TimelineBody::Offer(offer) = &row.body {
            let id = offer.offer.to_string();
            if offers.len() < OFFERS_MAX && !offers.iter().any(|known| known["offer"] == id) {
                offers.push(json!({
                    "offer": id, "style": offer.style.name(), "state": offer.stage.name(),
                    "at": row.at.to_string(),
                }));
            }
        }
    }
    let identifiers: Vec<Value> = links
        .iter()
        .filter(|link| link.identifier.kind != IdentifierKind::Device)
        .map(|link| {
            json!({
                "kind": link.identifier.kind.name(), "value": link.identifier.value.reveal(),
                "verified": link.identifier.level == IdentityLevel::Verified,
            })
        })
        .collect();
    let traits: serde_json::Map<String, Value> = traits
        .into_iter()
        .map(|(name, value)| (name, value.reveal().into()))
        .collect();
    let permits = |purpose| decide::permits(state, &policy, purpose);
    let mut value = json!({
        "customer": customer.to_string(),
        "label": label,
        "identifiers": identifiers,
        "traits": traits,
        "visits": state.visits,
        "past_requests": state.past_requests,
        "engagement": engagement(&view),
        "permission": {
            "analyse_behaviour": permits(Purpose::AnalyseBehaviour),
            "analyse_voice": permits(Purpose::AnalyseVoice),
            "contact": permits(Purpose::Contact)
                && state.permission.contact != Consent::Denied,
            "opted_out": state.permission.opted_out,
        },
        "why": why(state, now),
        "offers": offers,
        "recent": recent(state),
    });
    if let Some(session) = &state.session {
        value["page"] = json!({
            "path": session.path, "since": session.path_since.to_string(),
        });
    }
    if let Some(reading) = &state.reading {
        value["reading"] = read_lately(reading);
    }
    let grants = state.grants.iter();
    let newest = grants
        .clone()
        .filter(|grant| grant.standing(now) == GrantStanding::Active)
        .chain(grants)
        .max_by_key(|grant| {
            (
                grant.standing(now) == GrantStanding::Active,
                grant.issued_at,
            )
        });
    if let Some(grant) = newest {
        value["grant"] = json!({
            "grant": grant.grant.to_string(), "used": grant.used, "held": grant.held,
            "limit": grant.base_limit + grant.boost,
            "expires_at": grant.expires_at.to_string(),
            "standing": grant.standing(now).name(),
        });
    }
    Ok(Json(value))
}

/// What the customer did lately that is not in the timeline, because nothing came of it yet;
/// oldest first, in the shape of timeline items.
fn recent(state: &CustomerState) -> Vec<Value> {
    let told = |(place, item): (usize, &TrailItem)| {
        let mut value = match &item.what {
            Trail::Page { path } => json!({"kind": "page", "path": path}),
            Trail::Struggle { signal, detail } => {
                json!({"kind": "behaviour", "name": signal.name(), "detail": detail})
            }
            Trail::Custom { name } => json!({"kind": "custom", "name": name}),
        };
        value["seq"] = (state.timeline_seq + 1 + place as u64).into();
        value["at"] = item.at.to_string().into();
        value
    };
    state.trail.iter().enumerate().map(told).collect()
}

/// What the customer read and looked for in the knowledge base in this visit.
fn read_lately(reading: &Reading) -> Value {
    let articles: Vec<Value> = reading
        .articles
        .iter()
        .map(|used| {
            let mut value = json!({
                "faq": used.article.faq.to_string(), "title": used.article.title,
                "locale": used.article.locale, "at": used.opened_at.to_string(),
                "read_s": used.read_s, "still_needed": used.still_needed,
            });
            if let Some(helpful) = used.helpful {
                value["helpful"] = helpful.into();
            }
            value
        })
        .collect();
    let searches: Vec<Value> = reading
        .searches
        .iter()
        .map(|search| {
            json!({
                "words": search.words.reveal(), "found": search.found,
                "at": search.at.to_string(),
            })
        })
        .collect();
    json!({
        "articles": articles, "searches": searches, "still_needed": reading.still_needed,
    })
}

fn engagement(view: &CustomerView) -> Value {
    let contributions: Vec<Value> = view
        .score
        .contributions
        .iter()
        .map(|one| {
            json!({
                "factor": one.factor, "label": factor_label(one.factor), "value": one.value,
                "weight": one.weight, "contribution": one.contribution,
            })
        })
        .collect();
    let (medium, high) = view.thresholds;
    json!({
        "score": view.score.score.get(),
        "level": view.state.need.level.name(),
        "contributions": contributions,
        "model": view.score.model,
        "thresholds": {"medium": medium, "high": high},
    })
}

/// One plain line: what happened lately and where.
fn why(state: &CustomerState, now: Timestamp) -> String {
    troubles(state, now).unwrap_or_else(|| format!("No sign of trouble lately{}", place(state)))
}
