//! Starting, watching and ending a replay.

use axum::{Json, extract::State, http::StatusCode};
use jiff::tz::TimeZone;
use overture_engine::{decide::Policy, model::Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    COST_PER_MINUTE, HANDLE_MINUTES, Job, ReplayAs, ReplayAsked, ReplayReport, Replays, Stage,
};
use crate::{
    admin::invalid_policy,
    app::Shared,
    auth::{Administers, Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
};

/// The longest stretch that is compared, days.
const WINDOW_DAYS_MAX: i64 = 92;
/// The longest handle time, minutes.
const HANDLE_MINUTES_MAX: f64 = 1_440.0;
/// The highest cost of a minute.
const COST_MAX: f64 = 1_000_000.0;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(start, show, cancel))
}

#[derive(Deserialize, ToSchema)]
struct AskedBody {
    /// The draft's text; without it, the policies that were in force.
    #[serde(default)]
    toml: Option<String>,
    /// The first instant to compare, RFC 3339.
    from: String,
    /// The first instant not to compare any more, RFC 3339; at most 92 days later.
    to: String,
    /// `live` (default), `shadow` or `recorded`: how rules count.
    #[serde(default, rename = "as")]
    acts: Option<String>,
    /// The IANA zone whose hours of the day are shown; UTC by default.
    #[serde(default)]
    time_zone: Option<String>,
    /// Minutes that one contact needs; 6 by default.
    #[serde(default)]
    handle_minutes: Option<f64>,
    /// What an agent's minute costs; 1 by default.
    #[serde(default)]
    cost_per_minute: Option<f64>,
}

impl AskedBody {
    fn checked(self) -> ApiResult<ReplayAsked> {
        let (from, to) = (time("from", &self.from)?, time("to", &self.to)?);
        if from >= to {
            return Err(ApiError::bad_input("from", "expected a time before `to`"));
        }
        if to.0 - from.0 > WINDOW_DAYS_MAX * 86_400_000 {
            return Err(ApiError::bad_input(
                "to",
                format!("expected at most {WINDOW_DAYS_MAX} days after `from`"),
            ));
        }
        let acts = match self.acts {
            None => ReplayAs::default(),
            Some(name) => ReplayAs::ALL
                .into_iter()
                .find(|one| one.name() == name)
                .ok_or_else(|| ApiError::bad_input("as", "expected live, shadow or recorded"))?,
        };
        let time_zone = self.time_zone.unwrap_or_else(|| "UTC".to_owned());
        if TimeZone::get(&time_zone).is_err() {
            return Err(ApiError::bad_input("time_zone", "expected an IANA zone"));
        }
        let handle_minutes = self.handle_minutes.unwrap_or(HANDLE_MINUTES);
        if !(0.0..=HANDLE_MINUTES_MAX).contains(&handle_minutes) {
            return Err(ApiError::bad_input("handle_minutes", "expected 0 to 1440"));
        }
        let cost_per_minute = self.cost_per_minute.unwrap_or(COST_PER_MINUTE);
        if !(0.0..=COST_MAX).contains(&cost_per_minute) {
            return Err(ApiError::bad_input(
                "cost_per_minute",
                "expected 0 to 1000000",
            ));
        }
        if let Some(toml) = &self.toml {
            Policy::parse(toml, 0).map_err(|errors| invalid_policy(&errors))?;
        }
        Ok(ReplayAsked {
            draft: self.toml,
            from,
            to,
            acts,
            time_zone,
            handle_minutes,
            cost_per_minute,
        })
    }
}

fn time(field: &'static str, text: &str) -> ApiResult<Timestamp> {
    let time = text.parse::<jiff::Timestamp>().map_err(|_| {
        ApiError::bad_input(
            field,
            "expected a time like 2026-11-30T08:00:00Z (RFC 3339)",
        )
    })?;
    Ok(Timestamp(time.as_millisecond()))
}

#[derive(Serialize, ToSchema)]
pub(super) struct ReplayBody {
    /// `idle`, `running`, `done`, `failed` or `cancelled`.
    state: &'static str,
    /// Counts up with every replay since the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    acts: Option<&'static str>,
    /// Whether a draft was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    has_draft: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_by: Option<String>,
    /// Inputs of the log taken so far.
    events: u64,
    /// The share of the history that is done, `0..=1`.
    share: f64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ReplayReport>,
}

impl From<Option<Job>> for ReplayBody {
    fn from(job: Option<Job>) -> Self {
        let Some(job) = job else {
            return Self {
                state: Stage::Idle.name(),
                number: None,
                from: None,
                to: None,
                acts: None,
                has_draft: None,
                started_at: None,
                started_by: None,
                events: 0,
                share: 0.0,
                problem: None,
                result: None,
            };
        };
        let (problem, result) = match &job.stage {
            Stage::Failed(why) => (Some(why.clone()), None),
            Stage::Done(report) => (None, Some(ReplayReport::clone(report))),
            _ => (None, None),
        };
        Self {
            state: job.stage.name(),
            number: Some(job.number),
            from: Some(job.asked.from.to_string()),
            to: Some(job.asked.to.to_string()),
            acts: Some(job.asked.acts.name()),
            has_draft: Some(job.asked.draft.is_some()),
            started_at: Some(job.at.to_string()),
            started_by: Some(job.by),
            events: job.progress.events(),
            share: job.progress.share(),
            problem,
            result,
        }
    }
}

/// Begins to decide the recorded history anew under a draft; changes nothing.
#[utoipa::path(post, path = "/v1/admin/policy/replay", tag = "administration", request_body = AskedBody,
    security(("session_cookie" = [])),
    responses((status = 202, body = ReplayBody), (status = 400, body = ErrorBody),
        (status = 409, description = "`replay_running`: one at a time", body = ErrorBody),
        (status = 422, description = "{code, message, errors:[{line,column,message}]}", body = ErrorBody)))]
async fn start(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<AskedBody>,
) -> ApiResult<(StatusCode, Json<ReplayBody>)> {
    let run = app
        .replays
        .run
        .clone()
        .ok_or_else(ApiError::not_available)?;
    let asked = asked.checked()?;
    let job = Replays::start(&app, run, asked, auth.caller.name()).map_err(|_| {
        ApiError::conflict(
            "replay_running",
            "another replay runs; wait for it or cancel it",
        )
    })?;
    Ok((StatusCode::ACCEPTED, Json(Some(job).into())))
}

/// Shows the running or the last replay, with its result.
#[utoipa::path(get, path = "/v1/admin/policy/replay", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = ReplayBody), (status = 403, body = ErrorBody)))]
async fn show(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> Json<ReplayBody> {
    Json(app.replays.last().into())
}

/// Ends the running replay. It may take a moment until `state` says so.
#[utoipa::path(delete, path = "/v1/admin/policy/replay", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 202, body = ReplayBody), (status = 404, description = "none runs", body = ErrorBody)))]
async fn cancel(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
) -> ApiResult<(StatusCode, Json<ReplayBody>)> {
    if !app.replays.cancel() {
        return Err(ApiError::not_found("running replay"));
    }
    Ok((StatusCode::ACCEPTED, Json(app.replays.last().into())))
}
