//! The knowledge base, as administrators write it.

mod check;
mod exchange;
mod insight;
mod texts;

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{BrandId, FaqId};
use overture_store::{
    Article, ArticleChange, ArticleCounts, ArticleLocale, ArticleStatus, ArticleText, Store,
    StoreError,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::new_id;
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    knowledge::live::main_locale,
};

/// How many articles there may be.
const ARTICLES_MAX: usize = 2_000;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, edit, remove))
        .merge(texts::router())
        .merge(insight::router())
        .merge(exchange::router())
}

/// What came of articles: visits in which it happened.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(super) struct ArticleOutcome {
    opened: u64,
    helpful: u64,
    not_helpful: u64,
    still_needed: u64,
    /// Seconds all of them together were open.
    read_s: u64,
}

impl ArticleOutcome {
    fn add(&mut self, counts: &ArticleCounts) {
        self.opened += counts.opened;
        self.helpful += counts.helpful;
        self.not_helpful += counts.not_helpful;
        self.still_needed += counts.still_needed;
        self.read_s += counts.read_s;
    }
}

/// How an article stands in one language.
#[derive(Serialize, ToSchema)]
pub(super) struct ArticleLocaleBody {
    locale: String,
    /// The newest version.
    newest: u32,
    /// The version customers see.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<u32>,
    title: String,
    /// Whether the main language's text was changed since this was translated from it.
    outdated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_at: Option<String>,
    written_by: String,
}

/// An article without its texts.
#[derive(Serialize, ToSchema)]
pub(super) struct ArticleRowBody {
    id: String,
    slug: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// `draft`, `published` or `archived`.
    status: &'static str,
    place: u32,
    paths: Vec<String>,
    codes: Vec<String>,
    keywords: Vec<String>,
    /// Send it back with a change.
    revision: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
    changed_by: String,
    /// Of the main language, or of the first there is.
    title: String,
    locales: Vec<ArticleLocaleBody>,
    outcome: ArticleOutcome,
}

fn time(at: overture_engine::model::Timestamp) -> Option<String> {
    (at.0 > 0).then(|| at.to_string())
}

fn row(
    article: Article,
    locales: &[ArticleLocale],
    outcome: ArticleOutcome,
    main: &str,
) -> ArticleRowBody {
    let of_main = locales.iter().find(|one| one.locale == main);
    let title = of_main
        .or(locales.first())
        .map_or_else(String::new, |one| one.title.clone());
    let locales = locales.iter().map(|one| ArticleLocaleBody {
        locale: one.locale.clone(),
        newest: one.newest,
        published: one.published,
        title: one.title.clone(),
        outdated: one.locale != main && of_main.is_some_and(|main| one.based_on < main.newest),
        written_at: time(one.written_at),
        written_by: one.written_by.clone(),
    });
    ArticleRowBody {
        id: article.faq.to_string(),
        slug: article.slug,
        brand: article.brand.map(|brand| brand.to_string()),
        status: article.status.name(),
        place: article.place,
        paths: article.paths,
        codes: article.codes,
        keywords: article.keywords,
        revision: article.revision,
        changed_at: time(article.changed_at),
        changed_by: article.changed_by,
        title,
        locales: locales.collect(),
        outcome,
    }
}

#[derive(Serialize, ToSchema)]
struct ArticleList {
    articles: Vec<ArticleRowBody>,
    /// The language that stands in where an article is not in the customer's.
    main_locale: String,
    /// How many there may be.
    articles_max: usize,
}

/// Lists all articles with their languages and what came of them.
#[utoipa::path(get, path = "/v1/admin/articles", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = ArticleList), (status = 403, body = ErrorBody)))]
async fn list(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<ArticleList>> {
    let answer = app
        .store(|store| {
            let main_locale = main_locale(store)?;
            let mut locales: BTreeMap<FaqId, Vec<ArticleLocale>> = BTreeMap::new();
            for one in store.article_locales(None)? {
                locales.entry(one.faq).or_default().push(one);
            }
            let mut outcomes: BTreeMap<FaqId, ArticleOutcome> = BTreeMap::new();
            for counts in store.article_counts()? {
                outcomes.entry(counts.faq).or_default().add(&counts);
            }
            let articles = store.articles()?.into_iter().map(|article| {
                let locales = locales.remove(&article.faq).unwrap_or_default();
                let outcome = outcomes.remove(&article.faq).unwrap_or_default();
                row(article, &locales, outcome, &main_locale)
            });
            Ok(ArticleList {
                articles: articles.collect(),
                main_locale: main_locale.clone(),
                articles_max: ARTICLES_MAX,
            })
        })
        .await?;
    Ok(Json(answer))
}

/// One text of an article.
#[derive(Serialize, ToSchema)]
pub(super) struct ArticleTextBody {
    version: u32,
    title: String,
    summary: String,
    body_markdown: String,
    /// The version of the main language it was translated from; 0 for none.
    based_on: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_at: Option<String>,
    written_by: String,
    outcome: ArticleOutcome,
}

fn text_body(text: ArticleText, counts: &[ArticleCounts]) -> ArticleTextBody {
    let mut outcome = ArticleOutcome::default();
    counts
        .iter()
        .filter(|one| one.locale == text.locale && one.version == text.version)
        .for_each(|one| outcome.add(one));
    ArticleTextBody {
        version: text.version,
        title: text.title,
        summary: text.summary,
        body_markdown: text.body_markdown,
        based_on: text.based_on,
        written_at: time(text.written_at),
        written_by: text.written_by,
        outcome,
    }
}

#[derive(Serialize, ToSchema)]
pub(super) struct ArticleDetail {
    article: ArticleRowBody,
    /// The newest text by language.
    texts: BTreeMap<String, ArticleTextBody>,
    main_locale: String,
}

/// Everything about one article but its earlier versions.
fn detail(store: &dyn Store, faq: FaqId) -> Result<ArticleDetail, StoreError> {
    let main_locale = main_locale(store)?;
    let article = store
        .article(faq)?
        .ok_or(StoreError::Missing { what: "article" })?;
    let locales = store.article_locales(Some(faq))?;
    let mut counts = store.article_counts()?;
    counts.retain(|one| one.faq == faq);
    let mut outcome = ArticleOutcome::default();
    counts.iter().for_each(|one| outcome.add(one));
    let mut texts = BTreeMap::new();
    for one in &locales {
        let newest = store.article_texts(faq, &one.locale)?.into_iter().next();
        if let Some(text) = newest {
            texts.insert(one.locale.clone(), text_body(text, &counts));
        }
    }
    Ok(ArticleDetail {
        article: row(article, &locales, outcome, &main_locale),
        texts,
        main_locale,
    })
}

/// Makes changes, then answers with the article as it stands.
async fn change(
    app: &App,
    faq: FaqId,
    changes: Vec<ArticleChange>,
) -> ApiResult<Json<ArticleDetail>> {
    app.store(move |store| store.change_articles(&changes))
        .await
        .map_err(|error| match error.code {
            "conflict" => stale(),
            _ => error,
        })?;
    app.reload_knowledge().await?;
    Ok(Json(app.store(move |store| detail(store, faq)).await?))
}

/// Somebody else was faster.
fn stale() -> ApiError {
    ApiError::conflict(
        "changed_meanwhile",
        "somebody changed this meanwhile; look at theirs first",
    )
}

/// An article's own fields; absent ones stay as they are.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
struct ArticleFields {
    /// 1 to 80 small letters, digits and hyphens; made from the title where there is none.
    slug: Option<String>,
    /// The brand it is for; empty for all.
    brand: Option<String>,
    /// `draft`, `published` or `archived`.
    status: Option<String>,
    /// Order among equals, small first.
    place: Option<u32>,
    /// Pages it helps on, like `/checkout/**`.
    paths: Option<Vec<String>>,
    /// Errors it helps with: `field:code`, `field:*` or `code`.
    codes: Option<Vec<String>>,
    /// Words it is found by.
    keywords: Option<Vec<String>>,
}

impl ArticleFields {
    fn apply(self, article: &mut Article) -> ApiResult<()> {
        if let Some(slug) = self.slug {
            article.slug = check::slug(&slug)?;
        }
        if let Some(brand) = self.brand {
            article.brand = match brand.as_str() {
                "" => None,
                id => Some(fields::id::<BrandId>("brand", id)?),
            };
        }
        if let Some(status) = self.status {
            article.status = check::status(&status)?;
        }
        if let Some(place) = self.place {
            article.place = check::place(place)?;
        }
        if let Some(paths) = self.paths {
            article.paths = check::paths(paths)?;
        }
        if let Some(codes) = self.codes {
            article.codes = check::codes(codes)?;
        }
        if let Some(keywords) = self.keywords {
            article.keywords = check::keywords(keywords)?;
        }
        Ok(())
    }
}

/// A new article with its first text.
#[derive(Deserialize, ToSchema)]
struct NewArticle {
    #[serde(flatten)]
    fields: ArticleFields,
    /// BCP 47; the main language without it.
    locale: Option<String>,
    title: String,
    #[serde(default)]
    summary: String,
    body_markdown: String,
}

/// Adds an article with its first text.
#[utoipa::path(post, path = "/v1/admin/articles", tag = "administration", request_body = NewArticle,
    security(("session_cookie" = [])),
    responses((status = 200, body = ArticleDetail), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn add(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<NewArticle>,
) -> ApiResult<Json<ArticleDetail>> {
    let now = app.now();
    let by = auth.caller.name();
    let (known, main) = app
        .store(|store| Ok((store.articles()?, main_locale(store)?)))
        .await?;
    if known.len() >= ARTICLES_MAX {
        return Err(ApiError::conflict(
            "too_many_articles",
            "there may be 2000 articles: remove archived ones first",
        ));
    }
    let mut article = Article {
        faq: new_id!(FaqId, now),
        slug: String::new(),
        brand: None,
        status: ArticleStatus::Draft,
        place: 100,
        paths: Vec::new(),
        codes: Vec::new(),
        keywords: Vec::new(),
        revision: 1,
        created_at: now,
        changed_at: now,
        changed_by: by.clone(),
    };
    let locale = match asked.locale.as_deref() {
        None | Some("") => main,
        Some(locale) => check::locale("locale", locale)?,
    };
    let text = ArticleText {
        faq: article.faq,
        locale,
        version: 1,
        title: check::title(&asked.title)?,
        summary: check::summary(&asked.summary)?,
        body_markdown: check::body(&asked.body_markdown)?,
        based_on: 0,
        written_at: now,
        written_by: by,
    };
    asked.fields.apply(&mut article)?;
    brand_exists(&app, &article)?;
    if article.slug.is_empty() {
        article.slug = check::slug_of(&text.title, |slug| known.iter().any(|one| one.slug == slug));
    }
    if known.iter().any(|one| one.slug == article.slug) {
        return Err(slug_taken());
    }
    let mut changes = Vec::with_capacity(3);
    let (faq, locale) = (article.faq, text.locale.clone());
    let is_published = article.status == ArticleStatus::Published;
    changes.push(ArticleChange::Put {
        article,
        base: None,
    });
    changes.push(ArticleChange::Text(text));
    if is_published {
        changes.push(ArticleChange::Publish {
            faq,
            locale,
            version: Some(1),
        });
    }
    change(&app, faq, changes).await
}

fn brand_exists(app: &App, article: &Article) -> ApiResult<()> {
    match article.brand {
        Some(brand) if app.brands.load().get(brand).is_none() => {
            Err(ApiError::bad_input("brand", "there is no such brand"))
        }
        _ => Ok(()),
    }
}

fn slug_taken() -> ApiError {
    ApiError {
        field: Some("slug".to_owned()),
        ..ApiError::conflict("slug_taken", "another article has this slug")
    }
}

/// Shows an article with its newest texts.
#[utoipa::path(get, path = "/v1/admin/articles/{id}", tag = "administration",
    params(("id" = String, Path)), security(("session_cookie" = [])),
    responses((status = 200, body = ArticleDetail), (status = 404, body = ErrorBody)))]
async fn show(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Path(id): Path<String>,
) -> ApiResult<Json<ArticleDetail>> {
    let faq: FaqId = fields::id("id", &id)?;
    Ok(Json(app.store(move |store| detail(store, faq)).await?))
}

#[derive(Deserialize, ToSchema)]
struct EditArticle {
    /// The revision the change was made from.
    revision: u32,
    #[serde(flatten)]
    fields: ArticleFields,
}

/// Changes an article's own fields; 409 when somebody else did meanwhile.
#[utoipa::path(patch, path = "/v1/admin/articles/{id}", tag = "administration",
    params(("id" = String, Path)), request_body = EditArticle, security(("session_cookie" = [])),
    responses((status = 200, body = ArticleDetail), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn edit(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Path(id): Path<String>,
    Body(asked): Body<EditArticle>,
) -> ApiResult<Json<ArticleDetail>> {
    let faq: FaqId = fields::id("id", &id)?;
    let known = app.store(|store| store.articles()).await?;
    let mut article = known
        .iter()
        .find(|one| one.faq == faq)
        .cloned()
        .ok_or_else(|| ApiError::not_found("article"))?;
    if article.revision != asked.revision {
        return Err(stale());
    }
    asked.fields.apply(&mut article)?;
    brand_exists(&app, &article)?;
    if known
        .iter()
        .any(|one| one.slug == article.slug && one.faq != faq)
    {
        return Err(slug_taken());
    }
    article.changed_at = app.now();
    article.changed_by = auth.caller.name();
    let base = Some(asked.revision);
    change(&app, faq, vec![ArticleChange::Put { article, base }]).await
}

/// Removes an article with its texts and numbers. What customers did with it stays told.
#[utoipa::path(delete, path = "/v1/admin/articles/{id}", tag = "administration",
    params(("id" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn remove(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let faq: FaqId = fields::id("id", &id)?;
    app.store(move |store| store.change_articles(&[ArticleChange::Remove(faq)]))
        .await?;
    app.reload_knowledge().await?;
    Ok(StatusCode::NO_CONTENT)
}
