//! Decisions with their reasons and traces.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::{CustomerId, DecisionId, DecisionRecord};
use overture_store::{DecisionFilter, DecisionQuery};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{labels, timeline};
use crate::{
    app::Shared,
    auth::{Auth, Reads},
    error::{ApiError, ApiResult, ErrorBody, Params},
    fields,
    wording::factor_label,
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(decisions))
        .routes(routes!(decision))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// A rule's id.
    #[serde(default)]
    rule: String,
    /// A reason's name, anywhere among the recorded ones.
    #[serde(default)]
    reason: String,
    /// `prompt`, `offer`, `notify`, `escalate` or `withhold`.
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    customer: String,
    /// The last page's `cursor`.
    #[serde(default)]
    cursor: String,
    /// `1..=200`.
    limit: Option<u32>,
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn row(record: &DecisionRecord, label: &str) -> Value {
    let mut value = json!({
        "decision": record.decision.to_string(), "at": record.at.to_string(),
        "customer": record.customer.to_string(), "customer_label": label,
        "rule": record.rule, "outcome": record.outcome.name(),
        "reasons": timeline::reasons(&record.outcome),
        "policy_revision": record.trace.policy_revision,
    });
    if let Some(session) = record.session {
        value["session"] = session.to_string().into();
    }
    value
}

/// Lists decisions, newest first, with counts over everything that the filter lets through.
#[utoipa::path(get, path = "/v1/decisions", tag = "decisions", params(Filter),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, description = "{decisions, cursor?, counts}", body = Object), (status = 400, body = ErrorBody)))]
async fn decisions(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Params(asked): Params<Filter>,
) -> ApiResult<Json<Value>> {
    let customer: Option<CustomerId> = given(asked.customer)
        .map(|text| fields::id("customer", &text))
        .transpose()?;
    let cursor: Option<DecisionId> = given(asked.cursor)
        .map(|text| fields::id("cursor", &text))
        .transpose()?;
    let limit = asked.limit.unwrap_or(50).clamp(1, 200);
    let filter = DecisionFilter {
        rule: given(asked.rule),
        outcome: given(asked.outcome),
        reason: given(asked.reason),
        customer,
    };
    let value = app
        .store(move |store| {
            let counts = store.decision_counts(&filter)?;
            let found = store.decisions(&DecisionQuery {
                filter,
                cursor,
                limit,
            })?;
            let customers: Vec<CustomerId> = found.iter().map(|record| record.customer).collect();
            let labels = labels(store, &customers)?;
            let rows: Vec<Value> = found
                .iter()
                .map(|record| row(record, labels.get(&record.customer).map_or("", |l| l)))
                .collect();
            let mut value = json!({
                "decisions": rows,
                "counts": {
                    "by_outcome": counts.by_outcome, "by_reason": counts.by_reason,
                    "by_rule": counts.by_rule,
                },
            });
            if let Some(last) = found.last().filter(|_| found.len() == limit as usize) {
                value["cursor"] = last.decision.to_string().into();
            }
            Ok(value)
        })
        .await?;
    Ok(Json(value))
}

/// Shows one decision with all that it was made on.
#[utoipa::path(get, path = "/v1/decisions/{decision}", tag = "decisions",
    params(("decision" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, description = "the decision with its trace", body = Object), (status = 404, body = ErrorBody)))]
async fn decision(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(decision): Path<String>,
) -> ApiResult<Json<Value>> {
    let decision: DecisionId = fields::id("decision", &decision)?;
    let found = app
        .store(move |store| {
            let Some(record) = store.decision(decision)? else {
                return Ok(None);
            };
            let label = labels(store, &[record.customer])?.remove(&record.customer);
            Ok(Some((record, label.unwrap_or_default())))
        })
        .await?;
    let (record, label) = found.ok_or_else(|| ApiError::not_found("decision"))?;
    let trace = &record.trace;
    let signals: Map<String, Value> = trace
        .signals
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let parts: Vec<Value> = trace
        .parts
        .iter()
        .map(|(text, value)| json!({"text": text, "value": value}))
        .collect();
    let contributions: Vec<Value> = trace
        .contributions
        .iter()
        .map(|one| {
            json!({
                "factor": one.factor, "label": factor_label(one.factor), "value": one.value,
                "weight": one.weight, "contribution": one.contribution,
            })
        })
        .collect();
    let mut value = row(&record, &label);
    value["trace"] = json!({
        "signals": signals,
        "condition": {"text": trace.condition, "parts": parts},
        "score": trace.score,
        "contributions": contributions,
        "policy_revision": trace.policy_revision,
        "model": trace.model,
        "engine": trace.engine,
    });
    Ok(Json(value))
}
