//! The list, its revisions, and how a new one is made.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::understand::{DomainLexicon, lexicon::LexiconEntry};
use overture_store::{LexiconRevision, LexiconSaved};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{WireEntry, lexicon_of};
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    core::WorldChange,
    error::{ApiError, ApiResult, Body, ErrorBody},
};

/// Revisions shown.
const REVISIONS_MAX: u32 = 100;

/// The longest note, characters.
const NOTE_CHARS_MAX: usize = 200;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show, save))
        .routes(routes!(revisions))
        .routes(routes!(revision))
        .routes(routes!(roll_back))
}

#[derive(Serialize, ToSchema)]
struct LexiconBody {
    /// 0 before anything was saved.
    revision: u32,
    entries: Vec<WireEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_by: Option<String>,
    /// What it was saved for.
    note: String,
}

impl From<LexiconRevision> for LexiconBody {
    fn from(LexiconRevision { saved, entries }: LexiconRevision) -> Self {
        Self {
            revision: saved.revision,
            entries: entries.iter().map(WireEntry::from).collect(),
            saved_at: Some(saved.at.to_string()),
            saved_by: Some(saved.by),
            note: saved.note,
        }
    }
}

/// Shows the list that is in force.
#[utoipa::path(get, path = "/v1/admin/lexicon", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = LexiconBody), (status = 403, body = ErrorBody)))]
async fn show(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<LexiconBody>> {
    let newest = app.store(|store| store.newest_lexicon()).await?;
    Ok(Json(newest.map_or_else(
        || LexiconBody {
            revision: 0,
            entries: Vec::new(),
            saved_at: None,
            saved_by: None,
            note: String::new(),
        },
        LexiconBody::from,
    )))
}

#[derive(Deserialize, ToSchema)]
struct NewLexicon {
    /// The whole list, at most 2,000 entries.
    entries: Vec<WireEntry>,
    /// The revision that the list was made from.
    base_revision: u32,
    /// What for, at most 200 characters.
    #[serde(default)]
    note: String,
}

/// Saves a list. The next message is read by it.
#[utoipa::path(put, path = "/v1/admin/lexicon", tag = "administration", request_body = NewLexicon,
    security(("session_cookie" = [])),
    responses((status = 200, body = LexiconBody), (status = 400, body = ErrorBody),
        (status = 409, description = "{code, message, current, by, differs:[{phrase,was,is}]}", body = ErrorBody)))]
async fn save(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<NewLexicon>,
) -> ApiResult<Json<LexiconBody>> {
    let checked = lexicon_of(0, asked.entries)?;
    let by = auth.caller.name();
    let saved = put(
        &app,
        by,
        asked.base_revision,
        checked.entries(),
        &asked.note,
    )
    .await?;
    Ok(Json(saved))
}

/// Lists revisions, newest first, without their entries.
#[utoipa::path(get, path = "/v1/admin/lexicon/revisions", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, description = "{revisions:[{revision, phrases, saved_at, saved_by, note}]}", body = Object)))]
async fn revisions(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<Value>> {
    let found = app.store(|store| store.lexicons(REVISIONS_MAX)).await?;
    let rows: Vec<Value> = found
        .into_iter()
        .map(|one| {
            json!({
                "revision": one.revision, "phrases": one.phrases, "saved_at": one.at.to_string(),
                "saved_by": one.by, "note": one.note,
            })
        })
        .collect();
    Ok(Json(json!({"revisions": rows})))
}

async fn find(app: &App, revision: u32) -> ApiResult<LexiconRevision> {
    let found = app.store(move |store| store.lexicon(revision)).await?;
    found.ok_or_else(|| ApiError::not_found("revision of the lexicon"))
}

/// Shows one revision.
#[utoipa::path(get, path = "/v1/admin/lexicon/revisions/{revision}", tag = "administration",
    params(("revision" = u32, Path)), security(("session_cookie" = [])),
    responses((status = 200, body = LexiconBody), (status = 404, body = ErrorBody)))]
async fn revision(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Path(revision): Path<String>,
) -> ApiResult<Json<LexiconBody>> {
    let revision = revision
        .parse()
        .map_err(|_| ApiError::bad_input("revision", "expected a number"))?;
    Ok(Json(find(&app, revision).await?.into()))
}

#[derive(Deserialize, ToSchema)]
struct RollBack {
    /// The revision whose list is wanted again.
    revision: u32,
    /// The revision that is in force.
    base_revision: u32,
}

/// Saves an earlier revision's list once more, as the newest.
#[utoipa::path(post, path = "/v1/admin/lexicon/rollback", tag = "administration", request_body = RollBack,
    security(("session_cookie" = [])),
    responses((status = 200, body = LexiconBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn roll_back(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<RollBack>,
) -> ApiResult<Json<LexiconBody>> {
    let wanted = find(&app, asked.revision).await?;
    let note = format!("as revision {}", asked.revision);
    let by = auth.caller.name();
    let saved = put(&app, by, asked.base_revision, &wanted.entries, &note).await?;
    Ok(Json(saved))
}

/// Makes the list the newest revision and has texts read by it. A list that is the newest already stays that revision, so that
/// asking again after an answer was lost makes no second one.
async fn put(
    app: &App,
    by: String,
    base: u32,
    entries: &[LexiconEntry],
    note: &str,
) -> ApiResult<LexiconBody> {
    let note = note.trim();
    if note.chars().nth(NOTE_CHARS_MAX).is_some() || note.contains('\0') {
        return Err(ApiError::bad_input(
            "note",
            format!("expected at most {NOTE_CHARS_MAX} characters"),
        ));
    }
    let newest = app.store(|store| store.newest_lexicon()).await?;
    if let Some(newest) = &newest
        && newest.entries == entries
    {
        tell(app, newest).await?;
        return Ok(newest.clone().into());
    }
    let current = newest.as_ref().map_or(0, |newest| newest.saved.revision);
    if base != current {
        return Err(stale(app, base).await?);
    }
    let made = LexiconRevision {
        saved: LexiconSaved {
            revision: current + 1,
            phrases: u32::try_from(entries.len()).expect("a list has few entries"),
            by,
            at: app.now(),
            note: note.to_owned(),
        },
        entries: entries.to_vec(),
    };
    let row = made.clone();
    if let Err(error) = app.store(move |store| store.add_lexicon(&row)).await {
        // Somebody was quicker between the two questions.
        return Err(match error.code {
            "conflict" => stale(app, base).await?,
            _ => error,
        });
    }
    tell(app, &made).await?;
    Ok(made.into())
}

/// Has texts read by a stored list, unless they are already.
async fn tell(app: &App, stored: &LexiconRevision) -> ApiResult<()> {
    let revision = stored.saved.revision;
    if app.core.world().lexicon_revision >= revision {
        return Ok(());
    }
    let lexicon = DomainLexicon::new(revision, &stored.entries)
        .map_err(|error| ApiError::internal(&format!("lexicon: {}: {error}", error.path())))?;
    app.core
        .change_world(WorldChange::Lexicon(Arc::new(lexicon)))
        .await?;
    Ok(())
}

/// The refusal that says what became of the list since `base`.
async fn stale(app: &App, base: u32) -> ApiResult<ApiError> {
    let (before, now) = app
        .store(move |store| Ok((store.lexicon(base)?, store.newest_lexicon()?)))
        .await?;
    let saved = now.as_ref().map(|now| &now.saved);
    Ok(ApiError::stale_revision(
        "somebody changed the list meanwhile; look at theirs first",
        saved.map_or(0, |saved| saved.revision),
        saved.map(|saved| saved.by.as_str()),
        differences(before.as_ref(), now.as_ref()),
    ))
}

/// What each phrase read as and reads as, where that is not the same; `null` where it is not in a list.
fn differences(before: Option<&LexiconRevision>, now: Option<&LexiconRevision>) -> Vec<Value> {
    let by_phrase = |list: Option<&LexiconRevision>| -> BTreeMap<String, String> {
        list.into_iter()
            .flat_map(|list| list.entries.clone())
            .map(|entry| (entry.phrase, entry.reads_as))
            .collect()
    };
    let (before, now) = (by_phrase(before), by_phrase(now));
    let gone = before.keys().filter(|phrase| !now.contains_key(*phrase));
    let others = now
        .iter()
        .filter(|(phrase, reads_as)| before.get(*phrase) != Some(*reads_as))
        .map(|(phrase, _)| phrase);
    gone.chain(others)
        .map(|phrase| json!({"phrase": phrase, "was": before.get(phrase), "is": now.get(phrase)}))
        .collect()
}
