//! Tokens for programs.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::TokenId;
use overture_store::ApiToken;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::new_id;
use crate::{
    app::Shared,
    auth::{self, Administers, Auth, ReadsAdmin, TOKEN_PREFIX},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
};

/// What a token can be allowed.
const SCOPES: [&str; 4] = ["grants", "read", "capture", "calls"];

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(remove))
}

#[derive(Serialize, ToSchema)]
struct TokenBody {
    token: String,
    name: String,
    /// Of `grants`, `read`, `capture`.
    scopes: Vec<String>,
    created_at: String,
    /// Shown once, in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl TokenBody {
    fn of(token: &ApiToken, secret: Option<String>) -> Self {
        Self {
            token: token.token.to_string(),
            name: token.name.clone(),
            scopes: token.scopes.clone(),
            created_at: token.created_at.to_string(),
            secret,
        }
    }
}

/// Lists tokens.
#[utoipa::path(get, path = "/v1/admin/tokens", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = Vec<TokenBody>), (status = 403, body = ErrorBody)))]
async fn list(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
) -> ApiResult<Json<Vec<TokenBody>>> {
    let tokens = app.store(|store| store.tokens()).await?;
    Ok(Json(
        tokens
            .iter()
            .map(|token| TokenBody::of(token, None))
            .collect(),
    ))
}

#[derive(Deserialize, ToSchema)]
struct NewToken {
    name: String,
    /// Of `grants`, `read`, `capture`, `calls`; at least one.
    scopes: Vec<String>,
}

/// Makes a token; its secret is shown only now.
#[utoipa::path(post, path = "/v1/admin/tokens", tag = "administration", request_body = NewToken,
    security(("session_cookie" = [])),
    responses((status = 200, body = TokenBody), (status = 400, body = ErrorBody)))]
async fn add(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Body(asked): Body<NewToken>,
) -> ApiResult<Json<TokenBody>> {
    let known = |scope: &String| SCOPES.contains(&scope.as_str());
    if asked.scopes.is_empty() || !asked.scopes.iter().all(known) {
        return Err(ApiError::bad_input(
            "scopes",
            "expected at least one of grants, read, capture, calls",
        ));
    }
    let mut scopes = asked.scopes;
    scopes.sort();
    scopes.dedup();
    let secret = format!("{TOKEN_PREFIX}{}", auth::secret());
    let now = app.now();
    let token = ApiToken {
        token: new_id!(TokenId, now),
        name: fields::text("name", &asked.name, 120)?,
        scopes,
        secret_hash: auth::hash(&secret),
        created_at: now,
    };
    let body = TokenBody::of(&token, Some(secret));
    app.store(move |store| store.add_token(&token)).await?;
    app.reload_tokens().await?;
    Ok(Json(body))
}

/// Removes a token: it stops working at once.
#[utoipa::path(delete, path = "/v1/admin/tokens/{token}", tag = "administration",
    params(("token" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn remove(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(token): Path<String>,
) -> ApiResult<StatusCode> {
    let token: TokenId = fields::id("token", &token)?;
    let removed = app.store(move |store| store.remove_token(token)).await?;
    app.reload_tokens().await?;
    if !removed {
        return Err(ApiError::not_found("token"));
    }
    Ok(StatusCode::NO_CONTENT)
}
