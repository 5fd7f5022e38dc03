//! The knowledge base as one JSON file, out and in.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
    http::header,
    response::{IntoResponse, Response},
};
use overture_engine::model::{BrandId, FaqId, Timestamp};
use overture_store::{Article, ArticleChange, ArticleLocale, ArticleStatus, ArticleText, Store};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ARTICLES_MAX, brand_exists, check, new_id, stale};
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    knowledge::live::main_locale,
};

/// The largest file that is read, bytes.
const FILE_BYTES_MAX: usize = 32 << 20;

pub(super) fn router() -> OpenApiRouter<Shared> {
    let import = OpenApiRouter::new()
        .routes(routes!(import))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX));
    OpenApiRouter::new().routes(routes!(export)).merge(import)
}

/// All articles, as a file holds them.
#[derive(Serialize, Deserialize, ToSchema)]
struct ArticleFile {
    articles: Vec<FileArticle>,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct FileArticle {
    /// Names the article: one with the same slug is changed, else one is added.
    slug: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// `draft`, `published` or `archived`; published where there is none.
    #[serde(default = "published")]
    status: String,
    #[serde(default)]
    place: u32,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    codes: Vec<String>,
    #[serde(default)]
    keywords: Vec<String>,
    /// By language.
    texts: BTreeMap<String, FileText>,
}

fn published() -> String {
    ArticleStatus::Published.name().to_owned()
}

#[derive(Serialize, Deserialize, ToSchema)]
struct FileText {
    title: String,
    #[serde(default)]
    summary: String,
    body_markdown: String,
}

/// Gives all articles with their newest texts as one file.
#[utoipa::path(get, path = "/v1/admin/articles/export", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = ArticleFile), (status = 403, body = ErrorBody)))]
async fn export(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Response> {
    let file = app
        .store(|store| {
            let mut texts: BTreeMap<FaqId, BTreeMap<String, FileText>> = BTreeMap::new();
            for text in store.newest_article_texts()? {
                let file = FileText {
                    title: text.title,
                    summary: text.summary,
                    body_markdown: text.body_markdown,
                };
                texts.entry(text.faq).or_default().insert(text.locale, file);
            }
            let articles = store.articles()?.into_iter().map(|article| FileArticle {
                texts: texts.remove(&article.faq).unwrap_or_default(),
                slug: article.slug,
                brand: article.brand.map(|brand| brand.to_string()),
                status: article.status.name().to_owned(),
                place: article.place,
                paths: article.paths,
                codes: article.codes,
                keywords: article.keywords,
            });
            Ok(ArticleFile {
                articles: articles.collect(),
            })
        })
        .await?;
    let name = "attachment; filename=\"articles.json\"";
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(file)).into_response())
}

#[derive(Serialize, ToSchema, Default)]
struct Imported {
    added: u32,
    changed: u32,
    unchanged: u32,
}

/// Takes a file: adds what is new, changes what has the same slug, removes nothing. All of it
/// or, when something in it is wrong, nothing.
#[utoipa::path(post, path = "/v1/admin/articles/import", tag = "administration", request_body = ArticleFile,
    security(("session_cookie" = [])),
    responses((status = 200, body = Imported), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn import(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(file): Body<ArticleFile>,
) -> ApiResult<Json<Imported>> {
    let (now, by) = (app.now(), auth.caller.name());
    let known = app.store(Known::read).await?;
    let mut plan = Plan {
        known,
        now,
        by,
        changes: Vec::new(),
        done: Imported::default(),
        slugs: Vec::new(),
    };
    for (number, article) in file.articles.into_iter().enumerate() {
        plan.take(&app, article).map_err(|error| ApiError {
            field: error
                .field
                .map(|field| format!("articles.{number}.{field}")),
            ..error
        })?;
    }
    let Plan { changes, done, .. } = plan;
    app.store(move |store| store.change_articles(&changes))
        .await
        .map_err(|error| match error.code {
            "conflict" => stale(),
            _ => error,
        })?;
    app.reload_knowledge().await?;
    Ok(Json(done))
}

/// What there is before the file.
struct Known {
    main_locale: String,
    articles: BTreeMap<String, Article>,
    stands: BTreeMap<(FaqId, String), ArticleLocale>,
    texts: BTreeMap<(FaqId, String), ArticleText>,
}

impl Known {
    fn read(store: &dyn Store) -> Result<Self, overture_store::StoreError> {
        let articles = store.articles()?.into_iter();
        let stands = store.article_locales(None)?.into_iter();
        let texts = store.newest_article_texts()?.into_iter();
        Ok(Self {
            main_locale: main_locale(store)?,
            articles: articles.map(|one| (one.slug.clone(), one)).collect(),
            stands: stands
                .map(|one| ((one.faq, one.locale.clone()), one))
                .collect(),
            texts: texts
                .map(|one| ((one.faq, one.locale.clone()), one))
                .collect(),
        })
    }
}

/// The changes that a file asks for.
struct Plan {
    known: Known,
    now: Timestamp,
    by: String,
    changes: Vec<ArticleChange>,
    done: Imported,
    slugs: Vec<String>,
}

impl Plan {
    fn take(&mut self, app: &App, file: FileArticle) -> ApiResult<()> {
        let slug = check::slug(&file.slug)?;
        if self.slugs.contains(&slug) {
            return Err(ApiError::bad_input("slug", "the same slug occurs twice"));
        }
        self.slugs.push(slug.clone());
        if file.texts.is_empty() {
            return Err(ApiError::bad_input("texts", "expected at least one"));
        }
        let before = self.known.articles.get(&slug).cloned();
        if before.is_none() && self.known.articles.len() + self.done.added as usize >= ARTICLES_MAX
        {
            return Err(ApiError::bad_input(
                "slug",
                "expected at most 2000 articles together with those there are",
            ));
        }
        let now = self.now;
        let mut article = before.clone().unwrap_or_else(|| Article {
            faq: new_id!(FaqId, now),
            slug,
            brand: None,
            status: ArticleStatus::Draft,
            place: 0,
            paths: Vec::new(),
            codes: Vec::new(),
            keywords: Vec::new(),
            revision: 1,
            created_at: now,
            changed_at: now,
            changed_by: self.by.clone(),
        });
        article.brand = match file.brand.as_deref() {
            None | Some("") => None,
            Some(id) => Some(fields::id::<BrandId>("brand", id)?),
        };
        brand_exists(app, &article)?;
        article.status = check::status(&file.status)?;
        article.place = check::place(file.place)?;
        article.paths = check::paths(file.paths)?;
        article.codes = check::codes(file.codes)?;
        article.keywords = check::keywords(file.keywords)?;
        let texts = self.texts(&article, file.texts)?;
        let is_same = before.as_ref() == Some(&article);
        match &before {
            Some(_) if is_same && texts.is_empty() => self.done.unchanged += 1,
            Some(_) => self.done.changed += 1,
            None => self.done.added += 1,
        }
        if !is_same {
            article.changed_at = now;
            article.changed_by.clone_from(&self.by);
            let base = before.map(|before| before.revision);
            self.changes.push(ArticleChange::Put { article, base });
        }
        self.changes.extend(texts);
        Ok(())
    }

    /// A version for each text that is new, published where the article is.
    fn texts(
        &self,
        article: &Article,
        texts: BTreeMap<String, FileText>,
    ) -> ApiResult<Vec<ArticleChange>> {
        let faq = article.faq;
        let newest = |locale: &str| {
            let stands = self.known.stands.get(&(faq, locale.to_owned()));
            stands.map_or(0, |one| one.newest)
        };
        let main = &self.known.main_locale;
        let mut main_version = newest(main);
        let mut changes = Vec::new();
        // The main language first: the others are translations of it.
        let mut texts: Vec<(String, FileText)> = texts.into_iter().collect();
        texts.sort_by_key(|(locale, _)| locale != main);
        for (locale, text) in texts {
            let locale = check::locale("texts", &locale)?;
            let title = check::title(&text.title)?;
            let summary = check::summary(&text.summary)?;
            let body_markdown = check::body(&text.body_markdown)?;
            let key = (faq, locale.clone());
            let is_same = self.known.texts.get(&key).is_some_and(|known| {
                known.title == title
                    && known.summary == summary
                    && known.body_markdown == body_markdown
            });
            let version = newest(&locale) + u32::from(!is_same);
            if locale == *main {
                main_version = version;
            }
            if !is_same {
                changes.push(ArticleChange::Text(ArticleText {
                    faq,
                    locale: locale.clone(),
                    version,
                    title,
                    summary,
                    body_markdown,
                    based_on: if locale == *main { 0 } else { main_version },
                    written_at: self.now,
                    written_by: self.by.clone(),
                }));
            }
            let shown = self.known.stands.get(&key).and_then(|one| one.published);
            if article.status == ArticleStatus::Published && (!is_same || shown.is_none()) {
                changes.push(ArticleChange::Publish {
                    faq,
                    locale,
                    version: Some(version),
                });
            }
        }
        Ok(changes)
    }
}
