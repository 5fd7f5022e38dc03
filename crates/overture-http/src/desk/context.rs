//! The context panel: what an agent needs to know before the first word.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::{
    decide,
    model::{
        Consent, CustomerId, CustomerState, GrantStanding, HALF_LIVES_MS, IdentifierKind,
        IdentityLevel, Purpose, Signal, TimelineBody, Timestamp,
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
            "contact": permits(Purpose::Contact)
                && state.permission.contact != Consent::Denied,
            "opted_out": state.permission.opted_out,
        },
        "why": why(state, now),
        "offers": offers,
    });
    if let Some(session) = &state.session {
        value["page"] = json!({
            "path": session.path, "since": session.path_since.to_string(),
        });
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

/// What is counted in the plain line, the most telling first: signal, one, many.
const CAUSES: [(Signal, &str, &str); 8] = [
    (Signal::FailedSubmit, "refused submit", "refused submits"),
    (Signal::FormError, "form error", "form errors"),
    (Signal::RageClick, "rage click", "rage clicks"),
    (
        Signal::DeadClick,
        "click without effect",
        "clicks without effect",
    ),
    (Signal::QuickBack, "quick return", "quick returns"),
    (
        Signal::Hesitation,
        "long pause in a field",
        "long pauses in a field",
    ),
    (Signal::SlowClick, "slow answer", "slow answers"),
    (Signal::Thrash, "restless movement", "restless movements"),
];

/// One plain line: what happened lately and where, from the counters with a half-life of
/// ten minutes.
fn why(state: &CustomerState, now: Timestamp) -> String {
    const TEN_MINUTES: usize = 2;
    let count = |signal: Signal| {
        let counter = &state.features.counters[signal as usize];
        let age_ms = now.since(counter.at).0 as f64;
        let decay = (-age_ms / HALF_LIVES_MS[TEN_MINUTES] as f64).exp2();
        (f64::from(counter.values[TEN_MINUTES]) * decay).round() as u32
    };
    let causes: Vec<String> = CAUSES
        .iter()
        .filter_map(|(signal, one, many)| match count(*signal) {
            0 => None,
            1 => Some(format!("{} {one}", article(one))),
            number => Some(format!("{} {many}", in_words(number))),
        })
        .take(3)
        .collect();
    let place = state
        .session
        .as_ref()
        .map(|session| format!(" on {}", session.path))
        .unwrap_or_default();
    let line = match causes.split_last() {
        None => return format!("No sign of trouble lately{place}"),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    };
    let mut letters = line.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}{place}", first.unwrap_or_default(), letters.as_str())
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

fn in_words(number: u32) -> String {
    const WORDS: [&str; 8] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine",
    ];
    WORDS
        .get(number as usize - 2)
        .map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use overture_engine::model::{Decayed, InteractionId, Seq, Session};

    use super::*;

    fn customer(counts: &[(Signal, f32)]) -> CustomerState {
        let at = Timestamp(1_000);
        let mut state = CustomerState::new(CustomerId::derive(at, Seq(1), 0), at);
        for (signal, count) in counts {
            state.features.counters[*signal as usize] = Decayed {
                values: [*count; 4],
                at,
            };
        }
        state.session = Some(Session {
            session: InteractionId::derive(at, Seq(1), 1),
            started_at: at,
            last_at: at,
            level: IdentityLevel::Anonymous,
            device: None,
            path: "/checkout".to_owned(),
            path_since: at,
        });
        state
    }

    #[test]
    fn the_line_says_what_happened_and_where() {
        for (counts, after_ms, expected) in [
            (
                &[(Signal::FormError, 2.0), (Signal::RageClick, 1.0)][..],
                0,
                "Two form errors and a rage click on /checkout",
            ),
            (&[(Signal::SlowClick, 1.0)], 0, "A slow answer on /checkout"),
            (
                &[(Signal::FormError, 12.0)],
                0,
                "12 form errors on /checkout",
            ),
            (
                &[(Signal::FormError, 2.0)],
                600_000,
                "A form error on /checkout",
            ),
            (
                &[(Signal::FormError, 2.0)],
                7_200_000,
                "No sign of trouble lately on /checkout",
            ),
            (
                &[
                    (Signal::Thrash, 1.0),
                    (Signal::FailedSubmit, 3.0),
                    (Signal::FormError, 4.0),
                    (Signal::DeadClick, 1.0),
                ],
                0,
                "Three refused submits, four form errors and a click without effect on /checkout",
            ),
        ] {
            let state = customer(counts);
            assert_eq!(why(&state, Timestamp(1_000 + after_ms)), expected);
        }
    }
}
