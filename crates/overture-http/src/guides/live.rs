//! From stored guides to the list of live ones that the engine works by.

use overture_engine::{
    decide::{GUIDES_LIVE_MAX, GuideError, Guides},
    model::{GuideTarget, SourceId},
};
use overture_store::{Brand, Guide, GuideRevision, GuideSet, Store, StoreError};
use serde_json::{Value, json};

use super::content::Content;
use crate::{
    app::App,
    core::WorldChange,
    error::{ApiError, ApiResult},
};

/// The sources whose pages are of a brand; empty means all, for a guide without one.
fn sources_of(store: &dyn Store, content: &Content) -> Result<Vec<SourceId>, StoreError> {
    let Some(brand) = &content.brand else {
        return Ok(Vec::new());
    };
    let sources = store
        .sources()?
        .into_iter()
        .filter(|source| source.brand.unwrap_or(Brand::DEFAULT).to_string() == *brand);
    Ok(sources.map(|source| source.source).collect())
}

/// Who sees a guide of this content. A brand that no source has would otherwise mean all.
fn target(
    guide: &Guide,
    revision: u32,
    content: &Content,
    sources: Vec<SourceId>,
) -> ApiResult<Option<GuideTarget>> {
    if content.brand.is_some() && sources.is_empty() {
        return Ok(None);
    }
    Ok(Some(GuideTarget {
        guide: guide.guide,
        revision,
        name: guide.name.clone(),
        kind: content.kind()?,
        pages: content.pages.clone(),
        audience: content.audience.clone(),
        priority: content.priority,
        frequency: content.frequency()?,
        sources: sources.into_iter().collect(),
    }))
}

/// Every mistake of a condition with its line and column, both from 1.
pub(crate) fn mistakes(
    text: &str,
    errors: &[overture_engine::decide::condition::ConditionError],
) -> Vec<Value> {
    errors
        .iter()
        .map(|error| {
            let before: String = text.chars().take(error.offset).collect();
            let line = before.matches('\n').count() + 1;
            let column = before
                .chars()
                .rev()
                .take_while(|letter| *letter != '\n')
                .count()
                + 1;
            json!({"line": line, "column": column, "message": error.message})
        })
        .collect()
}

/// Checks an audience.
///
/// # Errors
/// 422 with every mistake and its place.
pub(super) fn check_audience(text: &str) -> ApiResult<()> {
    let Err(errors) = overture_engine::decide::audience(text) else {
        return Ok(());
    };
    let mut refusal = ApiError::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        "audience_invalid",
        "the audience has errors; nothing was changed",
    );
    refusal.field = Some("audience".to_owned());
    refusal
        .more
        .insert("errors".into(), mistakes(text, &errors).into());
    Err(refusal)
}

/// Makes a guide what `guide` says it is (live, archived), with a new revision if there is
/// one, and tells the engine.
pub(super) async fn publish(
    app: &App,
    guide: Guide,
    revision: Option<GuideRevision>,
    by: String,
) -> ApiResult<()> {
    let now = app.now();
    let set = app
        .store(move |store| {
            let newest = store.newest_guide_set()?;
            let mut targets = newest
                .as_ref()
                .map_or(Vec::new(), |set| set.targets.clone());
            targets.retain(|target| target.guide != guide.guide);
            if let Some(live) = guide.live_revision {
                let stored = match &revision {
                    Some(new) if new.revision == live => Some(new.clone()),
                    _ => store.guide_revision(guide.guide, live)?,
                };
                let stored = stored.ok_or(StoreError::Missing {
                    what: "revision of the guide",
                })?;
                let content = match Content::stored(&stored.content) {
                    Ok(content) => content,
                    Err(error) => return Ok(Err(error)),
                };
                let sources = sources_of(store, &content)?;
                match target(&guide, live, &content, sources) {
                    Ok(target) => targets.extend(target),
                    Err(error) => return Ok(Err(error)),
                }
            }
            if let Err(error) = Guides::compile(&targets) {
                return Ok(Err(refusal(&error)));
            }
            let set = GuideSet {
                revision: newest.map_or(0, |set| set.revision) + 1,
                targets,
                by,
                at: now,
            };
            store.publish_guide(&guide, revision.as_ref(), &set)?;
            Ok(Ok(set))
        })
        .await??;
    tell(app, set).await
}

async fn tell(app: &App, set: GuideSet) -> ApiResult<()> {
    app.core
        .change_world(WorldChange::Guides {
            revision: set.revision,
            targets: set.targets,
        })
        .await?;
    Ok(())
}

fn refusal(error: &GuideError) -> ApiError {
    match error {
        GuideError::TooMany => ApiError::conflict(
            "too_many_live_guides",
            "expected at most 50 live guides: archive one first",
        ),
        GuideError::Pages(_, error) => ApiError::bad_input("pages", error.to_string()),
        GuideError::Audience(..) => {
            ApiError::bad_input("audience", "expected a condition without errors")
        }
    }
}

/// After sources or brands changed: guides of a brand follow its sources.
pub(crate) async fn follow_sources(app: &App) -> ApiResult<()> {
    let now = app.now();
    let changed = app
        .store(move |store| {
            let Some(newest) = store.newest_guide_set()? else {
                return Ok(None);
            };
            let mut targets = Vec::new();
            for guide in store.guides()? {
                let Some(live) = guide.live_revision else {
                    continue;
                };
                let Some(revision) = store.guide_revision(guide.guide, live)? else {
                    continue;
                };
                let Ok(content) = Content::stored(&revision.content) else {
                    continue;
                };
                let sources = sources_of(store, &content)?;
                if let Ok(found) = target(&guide, live, &content, sources) {
                    targets.extend(found);
                }
            }
            targets.sort_by_key(|target| target.guide);
            let mut before = newest.targets;
            before.sort_by_key(|target| target.guide);
            if targets == before || targets.len() > GUIDES_LIVE_MAX {
                return Ok(None);
            }
            let set = GuideSet {
                revision: newest.revision + 1,
                targets,
                by: "the sources' brands".to_owned(),
                at: now,
            };
            store.add_guide_set(&set)?;
            Ok(Some(set))
        })
        .await?;
    match changed {
        Some(set) => tell(app, set).await,
        None => Ok(()),
    }
}
