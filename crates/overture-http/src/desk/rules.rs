//! Why a rule asks or does not, for one customer now.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::{
    decide::{Because, Crossing, Explanation, Note, Part, Reading},
    model::{CustomerId, WithholdReason},
};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    auth::{Auth, Reads},
    core::Explained,
    error::{ApiError, ApiResult, ErrorBody},
    fields,
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(customer_rules))
        .routes(routes!(customer_rule))
}

/// Lists every rule in force with how it stands with one customer now.
#[utoipa::path(get, path = "/v1/customers/{customer}/rules", tag = "customers",
    params(("customer" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, description = "{customer, at, policy_revision, rules:[{rule, about, action, holds, stage, would_act, deciding?}]}", body = Object),
        (status = 404, body = ErrorBody)))]
async fn customer_rules(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(customer): Path<String>,
) -> ApiResult<Json<Value>> {
    let found = read(&app, &customer).await?;
    let rules: Vec<Value> = found.rules.iter().map(line).collect();
    Ok(Json(json!({
        "customer": found.customer.to_string(), "at": found.at.to_string(),
        "policy_revision": found.policy_revision, "rules": rules,
    })))
}

/// Explains one rule for one customer as they stand now: its condition part by part, the
/// signals it reads, and every reason against it. Decides nothing.
#[utoipa::path(get, path = "/v1/customers/{customer}/rules/{rule}", tag = "customers",
    params(("customer" = String, Path), ("rule" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, description = "the rule's line, and {condition, signals, reasons, dwell_left_s}", body = Object),
        (status = 404, body = ErrorBody)))]
async fn customer_rule(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path((customer, rule)): Path<(String, String)>,
) -> ApiResult<Json<Value>> {
    let found = read(&app, &customer).await?;
    let explained = found.rules.iter().find(|one| one.rule == rule);
    let one = explained.ok_or_else(|| ApiError::not_found("rule"))?;
    let mut value = line(one);
    value["customer"] = found.customer.to_string().into();
    value["at"] = found.at.to_string().into();
    value["policy_revision"] = found.policy_revision.into();
    value["dwell_left_s"] = match one.stage {
        Crossing::Dwelling | Crossing::NotMet => one.dwell_left.as_secs_f64().into(),
        _ => 0.into(),
    };
    value["condition"] = part(&one.condition);
    value["signals"] = one.readings.iter().map(reading).collect();
    value["reasons"] = one.reasons.iter().map(because).collect();
    Ok(Json(value))
}

async fn read(app: &Shared, customer: &str) -> ApiResult<Explained> {
    let customer: CustomerId = fields::id("customer", customer)?;
    app.core
        .explain(customer)
        .await
        .ok_or_else(|| ApiError::not_found("customer"))
}

fn line(one: &Explanation) -> Value {
    let mut value = json!({
        "rule": one.rule, "about": one.about, "action": one.action.name(), "holds": one.holds,
        "stage": one.stage.name(), "would_act": one.would_act(),
    });
    if let Some(deciding) = one.reasons.first() {
        value["deciding"] = because(deciding);
    }
    value
}

fn part(one: &Part) -> Value {
    let mut value = json!({"join": one.join.name(), "text": one.text, "holds": one.holds});
    if one.parts.is_empty() {
        let signals: Vec<&str> = one.reads.iter().map(|signal| signal.spec().name).collect();
        value["signals"] = signals.into();
    } else {
        value["parts"] = one.parts.iter().map(part).collect();
    }
    value
}

fn reading(one: &Reading) -> Value {
    let mut value = json!({"signal": one.signal, "about": one.about});
    if !one.value.is_empty() {
        value["value"] = one.value.as_str().into();
    }
    if let Some(note) = one.note {
        value["note"] = note.name().into();
        if let Note::TooOld(since) = note {
            value["since"] = since.to_string().into();
        }
    }
    value
}

fn because(one: &Because) -> Value {
    let mut value = json!({"code": one.reason.name()});
    if let WithholdReason::AuthorizationDenied(denial) = one.reason {
        value["detail"] = denial.name().into();
    }
    if let Some(until) = one.until {
        value["until"] = until.to_string().into();
    }
    if let Some((needed, had)) = one.identity {
        value["needed"] = needed.name().into();
        value["had"] = had.name().into();
    }
    value
}
