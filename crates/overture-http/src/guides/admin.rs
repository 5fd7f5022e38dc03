//! Guides as administrators write, publish and take them back.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{GuideId, GuideKind, Millis, Timestamp};
use overture_store::{Guide, GuideHealth, GuideRevision};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{alerts, content::Content, live};
use crate::{
    admin::new_id,
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
};

/// How many guides there may be, drafts and archived ones together.
const GUIDES_MAX: usize = 500;
/// Revisions shown.
const REVISIONS_MAX: u32 = 50;
/// Over how long views and the like are counted.
const COUNTED: Millis = Millis::from_secs(30 * 86_400);

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, save))
        .routes(routes!(publish))
        .routes(routes!(archive))
        .routes(routes!(roll_back))
}

#[derive(Serialize, ToSchema)]
struct GuideRow {
    id: String,
    name: String,
    /// `tooltip`, `steps` or `video`.
    kind: String,
    /// `draft`, `live` or `archived`.
    status: &'static str,
    pages: String,
    brand: Option<String>,
    locales: Vec<String>,
    live_revision: Option<u32>,
    /// Whether the draft differs from what is live.
    draft_changed: bool,
    changed_at: String,
    changed_by: String,
    /// In the last 30 days.
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
}

#[derive(Serialize, ToSchema, Default, Clone)]
struct Counts {
    shown: u64,
    completed: u64,
    closed: u64,
    anchor_missing: u64,
    /// How often each step was reached.
    steps: Vec<u64>,
}

/// An element that visitors do not find.
#[derive(Serialize, ToSchema)]
struct Broken {
    /// From 1.
    step: u32,
    missing: u32,
    visitors: u32,
}

#[derive(Serialize, ToSchema)]
struct Guides {
    guides: Vec<GuideRow>,
}

#[derive(Serialize, ToSchema)]
struct FullGuide {
    #[serde(flatten)]
    row: GuideRow,
    draft: Content,
    draft_version: u32,
    revisions: Vec<RevisionRow>,
}

#[derive(Serialize, ToSchema)]
struct RevisionRow {
    revision: u32,
    by: String,
    at: String,
}

fn counts_of(found: Vec<overture_store::MinuteCount>) -> BTreeMap<String, Counts> {
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    for one in found {
        let counts = all.entry(one.rule).or_default();
        match one.what.as_str() {
            "shown" => counts.shown = one.count,
            "completed" => counts.completed = one.count,
            "closed" => counts.closed = one.count,
            "anchor_missing" => counts.anchor_missing = one.count,
            what => {
                let step = what
                    .strip_prefix("step_")
                    .and_then(|text| text.parse::<usize>().ok());
                if let Some(step) = step.filter(|step| (1..=12).contains(step)) {
                    if counts.steps.len() < step {
                        counts.steps.resize(step, 0);
                    }
                    counts.steps[step - 1] = one.count;
                }
            }
        }
    }
    all
}

fn row(
    guide: &Guide,
    live: Option<&str>,
    counts: Counts,
    health: &GuideHealth,
) -> ApiResult<GuideRow> {
    let content = Content::stored(&guide.draft)?;
    let status = match (guide.archived, guide.live_revision) {
        (true, _) => "archived",
        (_, Some(_)) => "live",
        _ => "draft",
    };
    Ok(GuideRow {
        id: guide.guide.to_string(),
        name: guide.name.clone(),
        locales: content.locales(),
        draft_changed: live != Some(guide.draft.as_str()),
        kind: content.kind,
        status,
        pages: content.pages,
        brand: content.brand,
        live_revision: guide.live_revision,
        changed_at: guide.changed_at.to_string(),
        changed_by: guide.changed_by.clone(),
        counts,
        broken: alerts::is_broken(health).then(|| Broken {
            step: u32::from(health.step.unwrap_or_default()) + 1,
            missing: health.missing,
            visitors: health.missing + health.found,
        }),
    })
}

/// What the list and the editor show of a guide, read together.
fn facts_of(
    store: &dyn overture_store::Store,
    guide: &Guide,
    now: Timestamp,
) -> Result<(Option<String>, GuideHealth), overture_store::StoreError> {
    let Some(live) = guide.live_revision else {
        return Ok((None, GuideHealth::default()));
    };
    let revision = store.guide_revision(guide.guide, live)?;
    let health = alerts::health(store, guide.guide, live, now)?;
    Ok((revision.map(|one| one.content), health))
}

/// Lists guides, with what became of them in the last 30 days.
#[utoipa::path(get, path = "/v1/admin/guides", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = Guides), (status = 403, body = ErrorBody)))]
async fn list(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<Guides>> {
    let now = app.now();
    let (found, counted) = app
        .store(move |store| {
            let mut found = Vec::new();
            for guide in store.guides()? {
                let facts = facts_of(store, &guide, now)?;
                found.push((guide, facts));
            }
            let until = now + Millis::from_secs(60);
            Ok((found, store.guide_counts(now - COUNTED, until)?))
        })
        .await?;
    let mut counts = counts_of(counted);
    let guides = found
        .iter()
        .map(|(guide, (live, health))| {
            let counts = counts.remove(&guide.guide.rule()).unwrap_or_default();
            row(guide, live.as_deref(), counts, health)
        })
        .collect::<ApiResult<_>>()?;
    Ok(Json(Guides { guides }))
}

#[derive(Deserialize, ToSchema)]
struct NewGuide {
    name: String,
    /// `tooltip`, `steps` or `video`.
    kind: String,
}

/// Adds an empty guide.
#[utoipa::path(post, path = "/v1/admin/guides", tag = "administration", request_body = NewGuide,
    security(("session_cookie" = [])),
    responses((status = 200, body = FullGuide), (status = 400, body = ErrorBody)))]
async fn add(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<NewGuide>,
) -> ApiResult<Json<FullGuide>> {
    let kind = GuideKind::from_name(&asked.kind)
        .ok_or_else(|| ApiError::bad_input("kind", "expected tooltip, steps or video"))?;
    let now = app.now();
    let guide = Guide {
        guide: new_id!(GuideId, now),
        name: fields::text("name", &asked.name, 120)?,
        draft: Content::empty(kind).json(),
        draft_version: 1,
        live_revision: None,
        archived: false,
        created_at: now,
        changed_at: now,
        changed_by: auth.caller.name(),
    };
    let id = guide.guide;
    let room = app.store(move |store| {
        if store.guides()?.len() >= GUIDES_MAX {
            return Ok(false);
        }
        store.put_guide(&guide).map(|()| true)
    });
    if !room.await? {
        return Err(ApiError::conflict(
            "too_many_guides",
            "expected at most 500 guides",
        ));
    }
    Ok(Json(full(&app, id).await?))
}

async fn full(app: &App, id: GuideId) -> ApiResult<FullGuide> {
    let now = app.now();
    let found = app
        .store(move |store| {
            let Some(guide) = store.guide(id)? else {
                return Ok(None);
            };
            let facts = facts_of(store, &guide, now)?;
            let revisions = store.guide_revisions(id, REVISIONS_MAX)?;
            let counts = store.guide_counts(now - COUNTED, now + Millis::from_secs(60))?;
            Ok(Some((guide, facts, revisions, counts)))
        })
        .await?;
    let (guide, (live, health), revisions, counted) =
        found.ok_or_else(|| ApiError::not_found("guide"))?;
    let counts = counts_of(counted).remove(&id.rule()).unwrap_or_default();
    Ok(FullGuide {
        row: row(&guide, live.as_deref(), counts, &health)?,
        draft: Content::stored(&guide.draft)?,
        draft_version: guide.draft_version,
        revisions: revisions
            .into_iter()
            .map(|one| RevisionRow {
                revision: one.revision,
                by: one.by,
                at: one.at.to_string(),
            })
            .collect(),
    })
}

async fn find(app: &App, guide: &str) -> ApiResult<Guide> {
    let id: GuideId = fields::id("guide", guide)?;
    let found = app.store(move |store| store.guide(id)).await?;
    found.ok_or_else(|| ApiError::not_found("guide"))
}

/// Shows a guide with its draft.
#[utoipa::path(get, path = "/v1/admin/guides/{guide}", tag = "administration",
    params(("guide" = String, Path)), security(("session_cookie" = [])),
    responses((status = 200, body = FullGuide), (status = 404, body = ErrorBody)))]
async fn show(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Path(guide): Path<String>,
) -> ApiResult<Json<FullGuide>> {
    let id: GuideId = fields::id("guide", &guide)?;
    Ok(Json(full(&app, id).await?))
}

#[derive(Deserialize, ToSchema)]
struct SaveGuide {
    name: String,
    draft: Content,
    /// The version that the draft was made from.
    draft_version: u32,
}

/// Saves a draft. What is live stays as it is.
#[utoipa::path(put, path = "/v1/admin/guides/{guide}", tag = "administration",
    params(("guide" = String, Path)), request_body = SaveGuide, security(("session_cookie" = [])),
    responses((status = 200, body = FullGuide), (status = 409, body = ErrorBody),
        (status = 422, description = "{code, message, errors:[{line,column,message}]}", body = ErrorBody)))]
async fn save(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Path(guide): Path<String>,
    Body(asked): Body<SaveGuide>,
) -> ApiResult<Json<FullGuide>> {
    let mut guide = find(&app, &guide).await?;
    asked.draft.check()?;
    live::check_audience(&asked.draft.audience)?;
    if asked.draft_version != guide.draft_version {
        return Err(stale());
    }
    guide.name = fields::text("name", &asked.name, 120)?;
    guide.draft = asked.draft.json();
    guide.draft_version += 1;
    guide.changed_at = app.now();
    guide.changed_by = auth.caller.name();
    let id = guide.guide;
    app.store(move |store| store.put_guide(&guide)).await?;
    Ok(Json(full(&app, id).await?))
}

fn stale() -> ApiError {
    ApiError::conflict(
        "stale_draft",
        "somebody changed this guide meanwhile; look at theirs first",
    )
}

#[derive(Deserialize, ToSchema)]
struct Publish {
    /// The version of the draft that is meant.
    draft_version: u32,
}

/// Makes the draft live, as a revision of its own.
#[utoipa::path(post, path = "/v1/admin/guides/{guide}/publish", tag = "administration",
    params(("guide" = String, Path)), request_body = Publish, security(("session_cookie" = [])),
    responses((status = 200, body = FullGuide), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn publish(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Path(guide): Path<String>,
    Body(asked): Body<Publish>,
) -> ApiResult<Json<FullGuide>> {
    let mut guide = find(&app, &guide).await?;
    if asked.draft_version != guide.draft_version {
        return Err(stale());
    }
    let id = guide.guide;
    let content = Content::stored(&guide.draft)?;
    content.check()?;
    content.check_complete()?;
    live::check_audience(&content.audience)?;
    let newest = app.store(move |store| store.guide_revisions(id, 1)).await?;
    let revision = GuideRevision {
        guide: id,
        revision: newest.first().map_or(0, |newest| newest.revision) + 1,
        content: guide.draft.clone(),
        by: auth.caller.name(),
        at: app.now(),
    };
    guide.live_revision = Some(revision.revision);
    guide.archived = false;
    live::publish(&app, guide, Some(revision), auth.caller.name()).await?;
    alerts::forget(&app, id).await?;
    Ok(Json(full(&app, id).await?))
}

/// Takes a guide off every page and puts it away.
#[utoipa::path(post, path = "/v1/admin/guides/{guide}/archive", tag = "administration",
    params(("guide" = String, Path)), security(("session_cookie" = [])),
    responses((status = 200, body = FullGuide), (status = 404, body = ErrorBody)))]
async fn archive(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Path(guide): Path<String>,
) -> ApiResult<Json<FullGuide>> {
    let mut guide = find(&app, &guide).await?;
    let id = guide.guide;
    guide.live_revision = None;
    guide.archived = true;
    live::publish(&app, guide, None, auth.caller.name()).await?;
    alerts::forget(&app, id).await?;
    Ok(Json(full(&app, id).await?))
}

#[derive(Deserialize, ToSchema)]
struct RollBack {
    revision: u32,
}

/// Makes an earlier revision live again, and the draft what it said.
#[utoipa::path(post, path = "/v1/admin/guides/{guide}/rollback", tag = "administration",
    params(("guide" = String, Path)), request_body = RollBack, security(("session_cookie" = [])),
    responses((status = 200, body = FullGuide), (status = 404, body = ErrorBody)))]
async fn roll_back(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Path(guide): Path<String>,
    Body(asked): Body<RollBack>,
) -> ApiResult<Json<FullGuide>> {
    let mut guide = find(&app, &guide).await?;
    let (id, number) = (guide.guide, asked.revision);
    let revision = app
        .store(move |store| store.guide_revision(id, number))
        .await?;
    let revision = revision.ok_or_else(|| ApiError::not_found("revision of the guide"))?;
    guide.live_revision = Some(number);
    guide.archived = false;
    guide.draft = revision.content;
    guide.draft_version += 1;
    guide.changed_at = app.now();
    guide.changed_by = auth.caller.name();
    live::publish(&app, guide, None, auth.caller.name()).await?;
    alerts::forget(&app, id).await?;
    Ok(Json(full(&app, id).await?))
}

/// What a route without a body answers when all is done.
pub(super) const DONE: StatusCode = StatusCode::NO_CONTENT;
