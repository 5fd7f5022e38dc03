//! An article's texts: a new version with each save, one of them published.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::FaqId;
use overture_store::{Article, ArticleChange, ArticleStatus, ArticleText};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ArticleDetail, ArticleTextBody, change, check, stale, text_body};
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    knowledge::live::main_locale,
};

/// Languages of one article.
const LOCALES_MAX: usize = 20;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(versions, save))
        .routes(routes!(publish))
}

#[derive(Serialize, ToSchema)]
struct ArticleVersions {
    /// Newest first.
    versions: Vec<ArticleTextBody>,
    /// The version customers see.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<u32>,
}

/// Lists the kept versions of one language's text.
#[utoipa::path(get, path = "/v1/admin/articles/{id}/texts/{locale}", tag = "administration",
    params(("id" = String, Path), ("locale" = String, Path)), security(("session_cookie" = [])),
    responses((status = 200, body = ArticleVersions), (status = 400, body = ErrorBody)))]
async fn versions(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Path((id, locale)): Path<(String, String)>,
) -> ApiResult<Json<ArticleVersions>> {
    let faq: FaqId = fields::id("id", &id)?;
    let locale = check::locale("locale", &locale)?;
    let answer = app
        .store(move |store| {
            let mut counts = store.article_counts()?;
            counts.retain(|one| one.faq == faq);
            let stands = store.article_locales(Some(faq))?;
            let versions = store.article_texts(faq, &locale)?.into_iter();
            Ok(ArticleVersions {
                versions: versions.map(|text| text_body(text, &counts)).collect(),
                published: stands
                    .iter()
                    .find(|one| one.locale == locale)
                    .and_then(|one| one.published),
            })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Deserialize, ToSchema)]
struct SaveText {
    /// The newest version when the writing began; 0 where there was none.
    base_version: u32,
    title: String,
    #[serde(default)]
    summary: String,
    body_markdown: String,
    /// Whether customers see it at once.
    #[serde(default)]
    publish: bool,
    /// The main language's version it was translated from; its newest without it.
    based_on: Option<u32>,
}

/// Saves a text as a new version; 409 when somebody else saved one meanwhile.
#[utoipa::path(put, path = "/v1/admin/articles/{id}/texts/{locale}", tag = "administration",
    params(("id" = String, Path), ("locale" = String, Path)), request_body = SaveText,
    security(("session_cookie" = [])),
    responses((status = 200, body = ArticleDetail), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn save(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Path((id, locale)): Path<(String, String)>,
    Body(asked): Body<SaveText>,
) -> ApiResult<Json<ArticleDetail>> {
    let faq: FaqId = fields::id("id", &id)?;
    let locale = check::locale("locale", &locale)?;
    let title = check::title(&asked.title)?;
    let summary = check::summary(&asked.summary)?;
    let body_markdown = check::body(&asked.body_markdown)?;
    let article = article(&app, faq).await?;
    let (stands, main) = app
        .store(move |store| Ok((store.article_locales(Some(faq))?, main_locale(store)?)))
        .await?;
    let newest = |wanted: &str| {
        let mut known = stands.iter();
        known
            .find(|one| one.locale == wanted)
            .map_or(0, |one| one.newest)
    };
    let known = newest(&locale);
    if known == 0 && stands.len() >= LOCALES_MAX {
        return Err(ApiError::bad_input(
            "locale",
            "expected at most 20 languages an article",
        ));
    }
    if asked.base_version != known {
        return Err(stale());
    }
    let based_on = match locale == main {
        true => 0,
        false => asked.based_on.unwrap_or_else(|| newest(&main)),
    };
    let version = known + 1;
    let mut changes = vec![ArticleChange::Text(ArticleText {
        faq,
        locale: locale.clone(),
        version,
        title,
        summary,
        body_markdown,
        based_on,
        written_at: app.now(),
        written_by: auth.caller.name(),
    })];
    if asked.publish {
        changes.extend(shown(&app, article, locale, version, auth.caller.name()));
    }
    change(&app, faq, changes).await
}

async fn article(app: &App, faq: FaqId) -> ApiResult<Article> {
    app.store(move |store| store.article(faq))
        .await?
        .ok_or_else(|| ApiError::not_found("article"))
}

/// The changes that make customers see a version, also of an article they did not see.
fn shown(
    app: &App,
    mut article: Article,
    locale: String,
    version: u32,
    by: String,
) -> Vec<ArticleChange> {
    let mut changes = vec![ArticleChange::Publish {
        faq: article.faq,
        locale,
        version: Some(version),
    }];
    if article.status != ArticleStatus::Published {
        let base = Some(article.revision);
        article.status = ArticleStatus::Published;
        article.changed_at = app.now();
        article.changed_by = by;
        changes.push(ArticleChange::Put { article, base });
    }
    changes
}

#[derive(Deserialize, ToSchema)]
struct PublishText {
    /// Which version customers see; absent for none in this language.
    version: Option<u32>,
}

/// Picks the version that customers see; an earlier one goes back to it.
#[utoipa::path(post, path = "/v1/admin/articles/{id}/texts/{locale}/publish", tag = "administration",
    params(("id" = String, Path), ("locale" = String, Path)), request_body = PublishText,
    security(("session_cookie" = [])),
    responses((status = 200, body = ArticleDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn publish(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Path((id, locale)): Path<(String, String)>,
    Body(asked): Body<PublishText>,
) -> ApiResult<Json<ArticleDetail>> {
    let faq: FaqId = fields::id("id", &id)?;
    let locale = check::locale("locale", &locale)?;
    let article = article(&app, faq).await?;
    let changes = match asked.version {
        Some(version) => shown(&app, article, locale, version, auth.caller.name()),
        None => vec![ArticleChange::Publish {
            faq,
            locale,
            version: None,
        }],
    };
    change(&app, faq, changes).await
}
