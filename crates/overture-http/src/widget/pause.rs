//! Smart Pause as the widget reports it. The page's draft is never sent.

use std::cmp::Reverse;

use axum::{Json, extract::State, http::StatusCode};
use overture_engine::{
    decide::PagePattern,
    model::{CustomerBody, GuideKind, PauseChange, PauseEnd, PauseFailure},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Visitor, key, submit};
use crate::{
    app::Shared,
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    identifiers,
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(pausable))
        .routes(routes!(pause))
        .routes(routes!(guides))
}

#[derive(Deserialize, ToSchema)]
struct SayPausable {
    /// The page, without query and fragment.
    path: String,
    /// Whether it declared `canPause`, `pause` and `resume`.
    pausable: bool,
}

/// Says whether the page now open can be paused: only then Smart Pause is offered on it.
#[utoipa::path(post, path = "/v1/widget/pausable", tag = "widget", request_body = SayPausable,
    security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn pausable(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(said): Body<SayPausable>,
) -> ApiResult<StatusCode> {
    let body = CustomerBody::Pausable {
        path: identifiers::page_path(&said.path),
        pausable: said.pausable,
    };
    submit(&app, &session, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Guides answered at most.
const GUIDES_MAX: usize = 5;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OnPage {
    /// The page, without query and fragment.
    path: String,
}

#[derive(Serialize, ToSchema)]
struct PageGuides {
    /// At most 5 live guides of several steps, the highest priority first.
    guides: Vec<String>,
}

/// Lists the guides that can show how on a page.
#[utoipa::path(get, path = "/v1/widget/pause/guides", tag = "widget", params(OnPage),
    security(("widget_session" = [])),
    responses((status = 200, body = PageGuides), (status = 401, body = ErrorBody)))]
async fn guides(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Params(on): Params<OnPage>,
) -> ApiResult<Json<PageGuides>> {
    let revision = app.core.world().guides_revision;
    let path = identifiers::page_path(&on.path);
    let set = app.store(move |store| store.guide_set(revision)).await?;
    let mut targets = set.map_or_else(Vec::new, |set| set.targets);
    targets.retain(|target| {
        let is_of_source = target.sources.is_empty() || target.sources.contains(&session.source);
        let pages = PagePattern::parse(&target.pages);
        target.kind == GuideKind::Steps && is_of_source && pages.is_ok_and(|it| it.fits(&path))
    });
    targets.sort_by_key(|target| (Reverse(target.priority), target.guide));
    let guides = targets.iter().take(GUIDES_MAX);
    Ok(Json(PageGuides {
        guides: guides.map(|target| target.guide.to_string()).collect(),
    }))
}

#[derive(Deserialize, ToSchema)]
struct ReportPause {
    /// The widget's own key of this pause; each change of it is taken once.
    pause: String,
    /// The page, without query and fragment.
    path: String,
    /// `started`, `resumed` or `failed`.
    change: String,
    /// For `resumed`: whether scroll position, focus, caret and values are what they were.
    #[serde(default)]
    exact: bool,
    /// For `resumed`: `button`, `escape`, `finished` or `reloaded`.
    how: Option<String>,
    /// For `failed`: `refused`, `no_answer`, `not_storable`, `too_large`, `pause_failed` or
    /// `resume_failed`.
    why: Option<String>,
}

/// Reports that a Smart Pause began, ended or failed.
#[utoipa::path(post, path = "/v1/widget/pause", tag = "widget", request_body = ReportPause,
    security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn pause(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(report): Body<ReportPause>,
) -> ApiResult<StatusCode> {
    let change = match report.change.as_str() {
        "started" => PauseChange::Started,
        "resumed" => PauseChange::Resumed {
            exact: report.exact,
            how: named("how", &PauseEnd::ALL, report.how.as_deref())?,
        },
        "failed" => PauseChange::Failed(named("why", &PauseFailure::ALL, report.why.as_deref())?),
        _ => {
            return Err(ApiError::bad_input(
                "change",
                "expected started, resumed or failed",
            ));
        }
    };
    let body = CustomerBody::Pause {
        key: key("pause", &report.pause)?,
        path: identifiers::page_path(&report.path),
        change,
    };
    submit(&app, &session, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The value of a wire name, or an error that lists the names.
fn named<T: Copy>(
    field: &'static str,
    all: &[(T, &'static str)],
    name: Option<&str>,
) -> ApiResult<T> {
    all.iter()
        .find(|(_, known)| Some(*known) == name)
        .map(|(value, _)| *value)
        .ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|(_, known)| *known).collect();
            ApiError::bad_input(field, format!("expected one of {}", names.join(", ")))
        })
}
