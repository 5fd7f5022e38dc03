//! What the editor asks while a guide is written: signals, and who would see it now.

use axum::{Json, extract::State};
use overture_engine::decide::{PagePattern, Policy, SIGNAL_SCHEMA, Signals, audience};
use overture_store::CustomersBy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::live::mistakes;
use crate::{
    app::Shared,
    auth::{Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
};

/// The customers last heard of that are looked at.
const LOOKED_AT_MAX: u32 = 500;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(signals))
        .routes(routes!(try_audience))
}

#[derive(Serialize, ToSchema)]
struct SignalBody {
    name: &'static str,
    /// `number`, `text` or `true/false`.
    kind: &'static str,
    about: &'static str,
    values: &'static [&'static str],
    /// Whether anything computes it yet.
    computed: bool,
}

/// Lists the signals that conditions may name.
#[utoipa::path(get, path = "/v1/admin/signals", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = Vec<SignalBody>), (status = 403, body = ErrorBody)))]
async fn signals(_auth: Auth<ReadsAdmin>) -> Json<Vec<SignalBody>> {
    let all = SIGNAL_SCHEMA.iter().map(|spec| SignalBody {
        name: spec.name,
        kind: spec.kind.name(),
        about: spec.about,
        values: spec.values,
        computed: !spec.is_not_computed(),
    });
    Json(all.collect())
}

#[derive(Deserialize, ToSchema)]
struct TryAudience {
    audience: String,
    #[serde(default)]
    pages: String,
}

#[derive(Serialize, ToSchema)]
struct Tried {
    #[schema(value_type = Vec<Object>)]
    errors: Vec<Value>,
    /// Of the customers last heard of, how many match now, wherever they are ...
    matching: u32,
    /// ... and how many of those are on such a page.
    on_page: u32,
    /// How many were looked at.
    of: u32,
}

/// Checks an audience and counts whom it would mean now; changes nothing.
#[utoipa::path(post, path = "/v1/admin/guides/audience", tag = "administration", request_body = TryAudience,
    security(("session_cookie" = [])),
    responses((status = 200, body = Tried), (status = 400, body = ErrorBody)))]
async fn try_audience(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Body(asked): Body<TryAudience>,
) -> ApiResult<Json<Tried>> {
    let mut tried = Tried {
        errors: Vec::new(),
        matching: 0,
        on_page: 0,
        of: 0,
    };
    let pages = match asked.pages.as_str() {
        "" => None,
        text => Some(
            PagePattern::parse(text)
                .map_err(|error| ApiError::bad_input("pages", error.to_string()))?,
        ),
    };
    let condition = match audience(&asked.audience) {
        Ok(condition) => condition,
        Err(errors) => {
            tried.errors = mistakes(&asked.audience, &errors);
            return Ok(Json(tried));
        }
    };
    let found = app
        .store(|store| store.customer_list(CustomersBy::Recent, LOOKED_AT_MAX))
        .await?;
    let policy: std::sync::Arc<Policy> = app.policy().await?;
    let now = app.now();
    for one in found {
        let Some(view) = app.core.peek(one.customer).await else {
            continue;
        };
        tried.of += 1;
        if !condition.holds(&Signals::of(&view.state, &policy, now, None)) {
            continue;
        }
        tried.matching += 1;
        let path = view
            .state
            .session
            .as_ref()
            .map(|session| session.path.as_str());
        let is_there = path.is_some_and(|path| pages.as_ref().is_none_or(|pages| pages.fits(path)));
        tried.on_page += u32::from(is_there);
    }
    Ok(Json(tried))
}
