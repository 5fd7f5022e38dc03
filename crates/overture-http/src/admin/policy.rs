//! The policy's text and its revisions.

use axum::{Json, extract::State, http::StatusCode};
use overture_engine::decide::{Policy, PolicyError};
use overture_store::{PolicyRevision, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::REVIEWED;
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin, ReadsPolicy},
    core::WorldChange,
    error::{ApiError, ApiResult, Body, ErrorBody},
};

/// Revisions shown.
const REVISIONS_MAX: u32 = 100;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show, activate))
        .routes(routes!(validate))
        .routes(routes!(revisions))
}

#[derive(Serialize, ToSchema)]
struct PolicyBody {
    revision: u32,
    toml: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activated_by: Option<String>,
    /// `shadow` or `live`.
    mode: &'static str,
}

async fn current(app: &App) -> ApiResult<PolicyBody> {
    let world = app.core.world();
    let stored = app
        .store(move |store| store.policy(world.policy_revision))
        .await?;
    let world = app.core.world();
    Ok(match stored {
        Some(stored) => PolicyBody {
            revision: stored.revision,
            toml: stored.toml,
            activated_at: Some(stored.at.to_string()),
            activated_by: Some(stored.by),
            mode: world.mode.name(),
        },
        None => PolicyBody {
            revision: world.policy_revision,
            toml: Policy::shipped().to_owned(),
            activated_at: None,
            activated_by: None,
            mode: world.mode.name(),
        },
    })
}

/// Shows the active policy.
#[utoipa::path(get, path = "/v1/admin/policy", tag = "administration",
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = PolicyBody), (status = 403, body = ErrorBody)))]
async fn show(State(app): State<Shared>, _auth: Auth<ReadsPolicy>) -> ApiResult<Json<PolicyBody>> {
    Ok(Json(current(&app).await?))
}

#[derive(Deserialize, ToSchema)]
struct NewPolicy {
    toml: String,
    /// The revision that the text was made from.
    base_revision: u32,
}

pub(super) fn positions(errors: &[PolicyError]) -> Vec<Value> {
    errors
        .iter()
        .map(|error| json!({"line": error.line, "column": error.column, "message": error.message}))
        .collect()
}

/// A text that is no policy, with the places of its mistakes.
pub(crate) fn invalid_policy(errors: &[PolicyError]) -> ApiError {
    let mut error = ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "policy_invalid",
        "the policy has errors; nothing was changed",
    );
    error.more.insert("errors".into(), positions(errors).into());
    error
}

/// Activates a new revision.
#[utoipa::path(put, path = "/v1/admin/policy", tag = "administration", request_body = NewPolicy,
    security(("session_cookie" = [])),
    responses((status = 200, body = PolicyBody), (status = 409, body = ErrorBody),
        (status = 422, description = "{code, message, errors:[{line,column,message}]}", body = ErrorBody)))]
async fn activate(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<NewPolicy>,
) -> ApiResult<Json<PolicyBody>> {
    let active = app.core.world().policy_revision;
    let newest = app.store(|store| store.newest_policy()).await?;
    let revision = newest.map_or(active, |newest| newest.revision.max(active)) + 1;
    if let Err(errors) = Policy::parse(&asked.toml, revision) {
        return Err(invalid_policy(&errors));
    }
    let stale = move || {
        let mut error = ApiError::conflict(
            "stale_revision",
            "somebody changed the policy meanwhile; look at theirs first",
        );
        error.more.insert("current".into(), active.into());
        error
    };
    if asked.base_revision != active {
        return Err(stale());
    }
    let row = PolicyRevision {
        revision,
        toml: asked.toml.clone(),
        by: auth.caller.name(),
        at: app.now(),
    };
    app.store(move |store| {
        store.add_policy(&row)?;
        store.set_setting(REVIEWED, "yes")
    })
    .await
    .map_err(|error| {
        if error.code == "conflict" {
            stale()
        } else {
            error
        }
    })?;
    app.core
        .change_world(WorldChange::Policy {
            revision,
            toml: asked.toml,
        })
        .await?;
    Ok(Json(current(&app).await?))
}

#[derive(Deserialize, ToSchema)]
struct PolicyText {
    toml: String,
}

#[derive(Serialize, ToSchema)]
struct Validated {
    #[schema(value_type = Vec<Object>)]
    errors: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    warnings: Vec<Value>,
    /// `{id, action, condition}`.
    #[schema(value_type = Vec<Object>)]
    rules: Vec<Value>,
}

/// Checks a policy's text; changes nothing.
#[utoipa::path(post, path = "/v1/admin/policy/validate", tag = "administration", request_body = PolicyText,
    security(("session_cookie" = [])),
    responses((status = 200, body = Validated), (status = 403, body = ErrorBody)))]
async fn validate(
    State(app): State<Shared>,
    auth: Auth<ReadsAdmin>,
    Body(asked): Body<PolicyText>,
) -> ApiResult<Json<Validated>> {
    let (errors, warnings, rules) = match Policy::parse(&asked.toml, 0) {
        Err(errors) => (positions(&errors), Vec::new(), Vec::new()),
        Ok(parsed) => {
            let warnings = parsed
                .warnings
                .iter()
                .map(|one| json!({"line": one.line, "column": one.column, "message": one.message}))
                .collect();
            let rules = parsed
                .policy
                .rules()
                .iter()
                .map(|rule| {
                    json!({
                        "id": rule.id, "action": rule.action.name(), "condition": rule.when.text(),
                    })
                })
                .collect();
            (Vec::new(), warnings, rules)
        }
    };
    if errors.is_empty() && auth.staff()?.role == Role::Admin {
        // Somebody who may change the policy has looked at it.
        app.store(|store| store.set_setting(REVIEWED, "yes"))
            .await?;
    }
    Ok(Json(Validated {
        errors,
        warnings,
        rules,
    }))
}

/// Lists revisions, newest first.
#[utoipa::path(get, path = "/v1/admin/policy/revisions", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, description = "{revisions:[{revision, toml, activated_at, activated_by}]}", body = Object)))]
async fn revisions(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<Value>> {
    let found = app.store(|store| store.policies(REVISIONS_MAX)).await?;
    let rows: Vec<Value> = found
        .into_iter()
        .map(|one| {
            json!({
                "revision": one.revision, "toml": one.toml, "activated_at": one.at.to_string(),
                "activated_by": one.by,
            })
        })
        .collect();
    Ok(Json(json!({"revisions": rows})))
}
