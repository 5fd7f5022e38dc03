//! What rules would have done, what they did, and what happened.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use overture_engine::model::{CustomerId, Millis};
use overture_store::{ASKED_WITHIN, COMPARED_MAX, LEFT_WITHIN};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    auth::{Auth, ReadsAdmin},
    desk::labels,
    error::{ApiError, ApiResult, ErrorBody, Params},
};

/// The longest time that is compared.
const HOURS_MAX: u32 = 30 * 24;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(compare))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Over {
    /// How far back, hours: 1 to 720.
    hours: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct ComparisonBody {
    from: String,
    to: String,
    /// Set when there were too many decisions to read: only those since then are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_at: Option<String>,
    /// Asking for help so soon after counts as asked themselves, minutes.
    asked_within_min: u64,
    /// Who is not heard of later than this has left, minutes.
    left_within_min: u64,
    rules: Vec<ComparedRule>,
}

#[derive(Serialize, ToSchema)]
struct ComparedRule {
    rule: String,
    /// Customers, once a visit, whom shadow alone kept from being contacted.
    would: u64,
    /// Of these, who asked for help themselves.
    asked: u64,
    /// Of these, who left.
    left: u64,
    /// Of these, about whom it is too early to tell.
    too_early: u64,
    /// Of these, who went on without help.
    went_on: u64,
    /// Decisions to act.
    acted: u64,
    /// Offers that customers saw.
    shown: u64,
    accepted: u64,
    dismissed: u64,
    opted_out: u64,
    ignored: u64,
    /// (dismissed + opted out) / shown, 0 to 1; missing where nothing was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    annoyance: Option<f64>,
    /// Reasons against contact, by name.
    reasons: BTreeMap<&'static str, u64>,
    /// The newest customers whom it would have contacted.
    examples: Vec<Example>,
}

#[derive(Serialize, ToSchema)]
struct Example {
    decision: String,
    customer: String,
    customer_label: String,
    at: String,
    /// `asked`, `left`, `went_on` or `too_early`.
    then: &'static str,
}

/// Compares what each rule would have offered with what happened, over the last hours.
#[utoipa::path(get, path = "/v1/admin/comparison", tag = "administration", params(Over),
    security(("session_cookie" = [])),
    responses((status = 200, body = ComparisonBody), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn compare(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Params(over): Params<Over>,
) -> ApiResult<Json<ComparisonBody>> {
    let hours = over.hours.unwrap_or(24);
    if !(1..=HOURS_MAX).contains(&hours) {
        return Err(ApiError::bad_input(
            "hours",
            format!("expected 1 to {HOURS_MAX}"),
        ));
    }
    let to = app.now();
    let from = to - Millis::from_secs(u64::from(hours) * 3_600);
    // What is made in this moment counts too.
    let end = to + Millis(1);
    let (found, labels) = app
        .store(move |store| {
            let found = store.comparison(from, end, to, COMPARED_MAX)?;
            let examples = found.rules.values().flat_map(|rule| &rule.examples);
            let mut customers: Vec<CustomerId> = examples.map(|one| one.customer).collect();
            customers.sort_unstable();
            customers.dedup();
            let labels = labels(store, &customers)?;
            Ok((found, labels))
        })
        .await?;
    let minutes = |time: Millis| time.0 / 60_000;
    let rules = found.rules.into_iter().map(|(rule, one)| ComparedRule {
        rule,
        would: one.would,
        asked: one.asked,
        left: one.left,
        too_early: one.open,
        went_on: one.would - one.asked - one.left - one.open,
        acted: one.acted,
        shown: one.shown,
        accepted: one.accepted,
        dismissed: one.dismissed,
        opted_out: one.opted_out,
        ignored: one.ignored,
        annoyance: (one.shown > 0)
            .then(|| (one.dismissed + one.opted_out) as f64 / one.shown as f64),
        reasons: one.reasons,
        examples: one
            .examples
            .iter()
            .map(|example| Example {
                decision: example.decision.to_string(),
                customer: example.customer.to_string(),
                customer_label: labels.get(&example.customer).cloned().unwrap_or_default(),
                at: example.at.to_string(),
                then: example.then.name(),
            })
            .collect(),
    });
    Ok(Json(ComparisonBody {
        from: from.to_string(),
        to: to.to_string(),
        cut_at: found.cut_at.map(|at| at.to_string()),
        asked_within_min: minutes(ASKED_WITHIN),
        left_within_min: minutes(LEFT_WITHIN),
        rules: rules.collect(),
    }))
}
