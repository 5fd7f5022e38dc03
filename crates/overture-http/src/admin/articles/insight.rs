//! What customers look for and do not find, and what they would be shown.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use overture_engine::model::{BrandId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::check;
use crate::{
    app::Shared,
    auth::{Administers, Auth, ReadsAdmin},
    error::{ApiResult, Body, ErrorBody},
    fields, identifiers,
    knowledge::{self, Question, fold},
};

/// Searches that are looked through.
const MISSES_LOOKED_AT: u32 = 2_000;
/// Rows shown.
const ROWS_MAX: usize = 100;
/// Answers shown.
const TRIED_MAX: usize = 20;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(missed))
        .routes(routes!(try_out))
        .routes(routes!(set_main_locale))
}

#[derive(Serialize, ToSchema)]
struct MissedSearches {
    /// The commonest first.
    searches: Vec<MissedWords>,
}

#[derive(Serialize, ToSchema)]
struct MissedWords {
    words: String,
    locale: String,
    /// Visits in which it was looked for.
    count: u64,
    last_at: String,
}

/// Lists what customers searched for without a result; words of erased customers are gone.
#[utoipa::path(get, path = "/v1/admin/articles/missed", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = MissedSearches), (status = 403, body = ErrorBody)))]
async fn missed(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
) -> ApiResult<Json<MissedSearches>> {
    let found = app
        .store(|store| store.missed_searches(MISSES_LOOKED_AT))
        .await?;
    let mut by_words: BTreeMap<(String, String), (u64, Timestamp, String)> = BTreeMap::new();
    for one in found.iter().filter(|one| !one.words.is_empty()) {
        let words = one.words.reveal();
        let key = (one.locale.clone(), fold(words.trim()));
        let (count, last_at, _) = by_words
            .entry(key)
            .or_insert_with(|| (0, one.at, words.to_owned()));
        *count += 1;
        *last_at = (*last_at).max(one.at);
    }
    let mut rows: Vec<_> = by_words.into_iter().collect();
    rows.sort_by_key(|(_, (count, last_at, _))| std::cmp::Reverse((*count, *last_at)));
    let searches = rows.into_iter().take(ROWS_MAX);
    let searches = searches.map(|((locale, _), (count, last_at, words))| MissedWords {
        words,
        locale,
        count,
        last_at: last_at.to_string(),
    });
    Ok(Json(MissedSearches {
        searches: searches.collect(),
    }))
}

/// A customer as one may be.
#[derive(Deserialize, ToSchema, Default)]
#[serde(default)]
struct TryArticles {
    q: String,
    path: String,
    /// `field:code` or a code.
    error: String,
    locale: String,
    brand: String,
}

#[derive(Serialize, ToSchema)]
struct TriedArticles {
    answers: Vec<TriedArticle>,
}

/// An answer with what its place comes from.
#[derive(Serialize, ToSchema)]
struct TriedArticle {
    id: String,
    title: String,
    locale: String,
    fallback: bool,
    why: &'static str,
    score: f64,
    words: f64,
    page: f64,
    error: f64,
    outcome: f64,
}

/// Shows what a customer would be shown, and why in this order. Nothing is recorded.
#[utoipa::path(post, path = "/v1/admin/articles/try", tag = "administration", request_body = TryArticles,
    security(("session_cookie" = [])),
    responses((status = 200, body = TriedArticles), (status = 400, body = ErrorBody)))]
async fn try_out(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Body(asked): Body<TryArticles>,
) -> ApiResult<Json<TriedArticles>> {
    let brand = match asked.brand.as_str() {
        "" => None,
        id => Some(fields::id::<BrandId>("brand", id)?),
    };
    let (field, code) = asked.error.split_once(':').unwrap_or(("", &asked.error));
    let path = identifiers::page_path(&asked.path);
    let question = Question {
        words: &asked.q,
        path: &path,
        field,
        code,
        locale: &asked.locale,
        brand,
    };
    let outcomes = app.article_outcomes().await?;
    let knowledge = app.knowledge.load();
    let answers = knowledge.find(question, &outcomes.1, TRIED_MAX);
    let answers = answers.iter().map(|one| TriedArticle {
        id: one.article.article.faq.to_string(),
        title: one.text.title.clone(),
        locale: one.text.locale.clone(),
        fallback: one.is_fallback,
        why: one.why.name(),
        score: one.score,
        words: one.words_score,
        page: one.path_fit,
        error: one.code_fit,
        outcome: one.outcome,
    });
    Ok(Json(TriedArticles {
        answers: answers.collect(),
    }))
}

#[derive(Serialize, Deserialize, ToSchema)]
struct MainLocale {
    /// BCP 47.
    locale: String,
}

/// Sets the language that stands in where an article is not in the customer's.
#[utoipa::path(put, path = "/v1/admin/articles/main_locale", tag = "administration", request_body = MainLocale,
    security(("session_cookie" = [])),
    responses((status = 200, body = MainLocale), (status = 400, body = ErrorBody)))]
async fn set_main_locale(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Body(asked): Body<MainLocale>,
) -> ApiResult<Json<MainLocale>> {
    let locale = check::locale("locale", &asked.locale)?;
    let set = locale.clone();
    app.store(move |store| knowledge::live::set_main_locale(store, &set))
        .await?;
    app.reload_knowledge().await?;
    Ok(Json(MainLocale { locale }))
}
