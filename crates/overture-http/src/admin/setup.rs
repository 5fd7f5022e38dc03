//! Going live, the first-run checklist, the status page and the demo's wipe.

use axum::{Json, extract::State, http::StatusCode};
use overture_engine::model::{Mode, Presence};
use overture_store::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    auth::{Administers, Auth, ReadsAdmin},
    config::Issues,
    core::WorldChange,
    error::{ApiError, ApiResult, Body, ErrorBody},
    identifiers,
};

/// The setting that says that a widget was seen.
pub(crate) const WIDGET_SEEN: &str = "widget_seen";
/// The setting that says that an administrator looked at the policy.
pub(crate) const REVIEWED: &str = "policy_reviewed";

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(mode))
        .routes(routes!(checklist))
        .routes(routes!(status))
        .routes(routes!(mail_test))
        .routes(routes!(wipe))
}

#[derive(Deserialize, ToSchema)]
struct SetMode {
    /// `shadow` or `live`.
    mode: String,
    /// Must be true to go live.
    #[serde(default)]
    confirm: bool,
}

/// Goes live, or stops: to shadow withdraws open offers at once.
#[utoipa::path(post, path = "/v1/admin/mode", tag = "administration", request_body = SetMode,
    security(("session_cookie" = [])), responses((status = 204), (status = 400, body = ErrorBody)))]
async fn mode(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<SetMode>,
) -> ApiResult<StatusCode> {
    let mode = match asked.mode.as_str() {
        "shadow" => Mode::Shadow,
        "live" if asked.confirm => Mode::Live,
        "live" => {
            return Err(ApiError::bad_input(
                "confirm",
                "expected true: live decisions reach customers",
            ));
        }
        _ => return Err(ApiError::bad_input("mode", "expected shadow or live")),
    };
    app.core.change_world(WorldChange::Mode(mode)).await?;
    tracing::info!(
        mode = mode.name(),
        by = auth.caller.name(),
        "the mode was changed"
    );
    app.hub.touch_desk();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct Checklist {
    steps: Vec<Step>,
}

#[derive(Serialize, ToSchema)]
struct Step {
    id: &'static str,
    title: &'static str,
    done: bool,
    detail: String,
    href: &'static str,
}

/// Shows the steps of the first run, each verified against what really is.
#[utoipa::path(get, path = "/v1/admin/checklist", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = Checklist), (status = 403, body = ErrorBody)))]
async fn checklist(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
) -> ApiResult<Json<Checklist>> {
    let (sources, staff, agents, widget_seen, reviewed) = app
        .store(|store| {
            Ok((
                store.sources()?,
                store.staff_list()?,
                store.agents()?,
                store.setting(WIDGET_SEEN)?,
                store.setting(REVIEWED)?,
            ))
        })
        .await?;
    let world = app.core.world();
    let events: u64 = sources.iter().map(|source| source.events_total).sum();
    let last = sources
        .iter()
        .filter_map(|source| source.last_event_at)
        .max();
    let serving = staff
        .iter()
        .filter(|one| one.active && one.role != Role::Analyst)
        .filter(|one| one.capacity.chat + one.capacity.callback > 0)
        .count();
    let available = agents
        .iter()
        .filter(|(_, state)| state.presence == Presence::Available && state.profile.active)
        .count();
    let live = world.mode == Mode::Live;
    let reviewed = reviewed.is_some() || live || world.policy_revision > 1;
    let step = |id, title, done, detail, href| Step {
        id,
        title,
        done,
        detail,
        href,
    };
    Ok(Json(Checklist {
        steps: vec![
            step(
                "source",
                "Add a source",
                !sources.is_empty(),
                format!("{} so far", sources.len()),
                "#/admin/sources",
            ),
            step(
                "first_event",
                "Receive the first event",
                events > 0,
                last.map_or_else(
                    || "none yet".to_owned(),
                    |at| format!("{events} so far, the last one at {at}"),
                ),
                "#/admin/sources",
            ),
            step(
                "widget_seen",
                "Put the widget on a page",
                widget_seen.is_some(),
                widget_seen.map_or_else(
                    || "not seen yet".to_owned(),
                    |at| format!("first seen at {at}"),
                ),
                "#/admin/sources",
            ),
            step(
                "agent",
                "Add an agent",
                serving > 0,
                format!("{serving} can serve customers"),
                "#/admin/agents",
            ),
            step(
                "agent_available",
                "Have an agent available",
                available > 0,
                format!("{available} available now"),
                "#/inbox",
            ),
            step(
                "policy_reviewed",
                "Look at the policy",
                reviewed,
                format!("revision {} is active", world.policy_revision),
                "#/admin/policy",
            ),
            step(
                "live",
                "Go live",
                live,
                if live {
                    "decisions reach customers".to_owned()
                } else {
                    "shadow mode: decisions are recorded, nothing reaches a customer".to_owned()
                },
                "#/admin/policy",
            ),
        ],
    }))
}

/// Shows how the server does.
#[utoipa::path(get, path = "/v1/admin/status", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, description = "numbers", body = Object), (status = 403, body = ErrorBody)))]
async fn status(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<Value>> {
    let (kind, totals, pressure) = app
        .store(|store| Ok((store.kind(), store.totals()?, store.pressure()?)))
        .await?;
    let stats = app.core.stats();
    Ok(Json(json!({
        "version": app.config.version,
        "store": kind,
        "uptime_s": stats.uptime_s,
        "events_total": stats.events_total.max(totals.inputs),
        "events_per_s": stats.events_per_s,
        "commit_p99_ms": stats.commit_p99_ms,
        "customers": stats.customers.max(totals.customers),
        "disk": {
            "used_bytes": pressure.used_bytes, "free_bytes": pressure.free_bytes,
            "refusing": pressure.refusing,
        },
        "skipped": stats.skipped.max(totals.skipped),
        "rejected": totals.rejected,
        "outbox": totals.outbox,
        "demo": app.config.demo,
        "mail": app.mail.as_ref().map(|mail| json!({"host": mail.host, "from": mail.from})),
        "text_model": {"name": app.text_models.first.name(), "problem": app.text_models.problem},
        "issue_classifier": issue_classifier(&app.issues),
        "speech": app.call_parts.transcriber.as_ref().map(|words| json!({"name": words.name(), "host": words.host()})),
        "remote_text": app.remote_text.as_ref().map(|remote| json!({"service": remote.service, "host": remote.host})),
    })))
}

/// The classifier in use, or why the chosen one is not; null where none was chosen.
fn issue_classifier(issues: &Issues) -> Value {
    if issues.classifier.is_none() && issues.problem.is_none() {
        return Value::Null;
    }
    let classifier = issues.classifier.as_deref();
    json!({
        "name": classifier.map(|it| it.name()), "issues": classifier.map(|it| it.issues().len()),
        "problem": issues.problem,
    })
}

#[derive(Deserialize, ToSchema)]
struct MailTest {
    /// To which address.
    to: String,
}

/// Sends a test through the mail server.
#[utoipa::path(post, path = "/v1/admin/mail/test", tag = "administration", request_body = MailTest,
    security(("session_cookie" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 502, body = ErrorBody)))]
async fn mail_test(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<MailTest>,
) -> ApiResult<StatusCode> {
    let to = identifiers::email(&asked.to)
        .ok_or_else(|| {
            ApiError::bad_input("to", "expected an e-mail address like ann@example.com")
        })?
        .into_owned();
    let mail = app.mail.clone().ok_or_else(|| {
        ApiError::conflict(
            "mail_not_set_up",
            "no mail server is set: set smtp.host and smtp.from in the settings and restart",
        )
    })?;
    app.limits
        .logins
        .check(&format!("mail {}", auth.caller.name()))?;
    let sent = tokio::task::spawn_blocking(move || (mail.send_test)(&to))
        .await
        .map_err(|cause| ApiError::internal(&cause))?;
    sent.map(|()| StatusCode::NO_CONTENT).map_err(|why| {
        ApiError::new(
            StatusCode::BAD_GATEWAY,
            "mail_not_sent",
            format!("the mail server did not take the test: {why}"),
        )
    })
}

/// Removes everything that the demo made. Only in the demo.
#[utoipa::path(post, path = "/v1/admin/demo/wipe", tag = "administration",
    security(("session_cookie" = [])), responses((status = 204), (status = 403, body = ErrorBody)))]
async fn wipe(State(app): State<Shared>, _auth: Auth<Administers>) -> ApiResult<StatusCode> {
    if !app.config.demo {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "not_the_demo",
            "only the demo can be wiped",
        ));
    }
    app.core.wipe_demo().await?;
    app.hub.touch_desk();
    Ok(StatusCode::NO_CONTENT)
}
