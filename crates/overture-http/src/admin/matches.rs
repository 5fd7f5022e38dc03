//! How many customers a draft's rules would match now.

use std::{collections::HashSet, sync::Arc};

use axum::{Json, extract::State};
use overture_engine::{
    decide::Policy,
    model::{CustomerId, Millis},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::policy::positions;
use crate::{
    app::Shared,
    auth::{Auth, ReadsAdmin},
    core::Unavailable,
    desk::labels,
    error::{ApiResult, Body, ErrorBody},
};

/// How long ago a customer may have been active to be looked at.
const WITHIN: Millis = Millis(30 * 60 * 1_000);

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(policy_matches))
}

#[derive(Deserialize, ToSchema)]
struct Draft {
    toml: String,
}

/// Counts the customers lately active who meet each rule of a draft now; changes nothing.
#[utoipa::path(post, path = "/v1/admin/policy/matches", tag = "administration", request_body = Draft,
    security(("session_cookie" = [])),
    responses((status = 200, description = "{errors} or {at, looked_at, is_sample, within_s, rules:[{id, holding, contacted, everyone, reasons, examples}]}", body = Object),
        (status = 503, body = ErrorBody)))]
async fn policy_matches(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Body(asked): Body<Draft>,
) -> ApiResult<Json<Value>> {
    let policy = match Policy::parse(&asked.toml, 0) {
        Ok(parsed) => Arc::new(parsed.policy),
        Err(errors) => return Ok(Json(json!({"errors": positions(&errors)}))),
    };
    let counted = app.core.matches(Arc::clone(&policy), WITHIN).await;
    let counted = counted.ok_or(Unavailable {
        retry_after_s: 1,
        reason: "overloaded",
    })?;
    let examples: HashSet<CustomerId> = counted
        .matches
        .rules
        .iter()
        .flat_map(|rule| rule.examples.iter().copied())
        .collect();
    let examples: Vec<CustomerId> = examples.into_iter().collect();
    let labels = app.store(move |store| labels(store, &examples)).await?;
    let looked_at = counted.matches.looked_at;
    let rules: Vec<Value> = policy
        .rules()
        .iter()
        .enumerate()
        .map(|(place, rule)| {
            let found = counted
                .matches
                .rules
                .get(place)
                .cloned()
                .unwrap_or_default();
            let examples: Vec<Value> = found
                .examples
                .iter()
                .map(|one| json!({"customer": one.to_string(), "label": labels.get(one)}))
                .collect();
            json!({
                "id": rule.id, "holding": found.holding, "contacted": found.contacted,
                "everyone": looked_at > 1 && found.holding == looked_at,
                "reasons": found.reasons, "examples": examples,
            })
        })
        .collect();
    Ok(Json(json!({
        "errors": [], "at": counted.at.to_string(), "looked_at": looked_at,
        "is_sample": counted.is_sample, "within_s": WITHIN.as_secs_f64(), "rules": rules,
    })))
}
