//! Self-service: finding articles, reading them, and what came of it.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
};
use overture_engine::model::{
    ArticleFact, ArticleRef, BrandId, CustomerBody, FaqId, Private, READ_S_MAX,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Visitor, admit, expired, submit};
use crate::{
    app::{App, Shared},
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    fields, identifiers,
    keys::WidgetSession,
    knowledge::{Found, Question},
};

/// Articles in one answer, at most.
const FOUND_MAX: usize = 20;
/// Articles in one answer when it is not said how many.
const FOUND: usize = 8;
/// The longest question, letters; the rest is left out.
const WORDS_LETTERS_MAX: usize = 200;
/// The longest name of a field or a code, bytes.
const NAME_BYTES_MAX: usize = 100;
/// The longest reason, letters.
const REASON_LETTERS_MAX: usize = 1_000;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(find))
        .routes(routes!(search))
        .routes(routes!(searched))
        .routes(routes!(still_needed))
        .routes(routes!(show))
        .routes(routes!(opened))
        .routes(routes!(read))
        .routes(routes!(rating))
}

/// What is asked; every part may be absent.
#[derive(Deserialize, IntoParams, ToSchema, Default)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct FaqQuestion {
    /// The customer's words. A query string is written into logs by many a proxy: where that
    /// matters, ask with `POST`.
    q: String,
    /// The page, without query and fragment.
    path: String,
    /// The field of the last error.
    field: String,
    /// Its code.
    code: String,
    /// BCP 47; the knowledge base's main language without it.
    locale: String,
    /// At most so many, `1..=20`.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct FaqAnswers {
    /// The best first.
    faqs: Vec<FaqAnswer>,
    /// The language that stands in where an article is not in the customer's.
    main_locale: String,
}

#[derive(Serialize, ToSchema)]
struct FaqAnswer {
    id: String,
    title: String,
    /// One or two sentences; may be empty.
    summary: String,
    locale: String,
    version: u32,
    /// Whether it is in another language than asked for.
    fallback: bool,
    /// Why it is here: `error`, `page`, `words`, `general`.
    why: &'static str,
}

impl FaqAnswer {
    fn of(found: &Found<'_>) -> Self {
        Self {
            id: found.article.article.faq.to_string(),
            title: found.text.title.clone(),
            summary: found.text.summary.clone(),
            locale: found.text.locale.clone(),
            version: found.text.version,
            fallback: found.is_fallback,
            why: found.why.name(),
        }
    }
}

async fn answer(
    app: &App,
    session: &WidgetSession,
    asked: &FaqQuestion,
) -> ApiResult<Json<FaqAnswers>> {
    let words: String = asked.q.chars().take(WORDS_LETTERS_MAX).collect();
    let path = identifiers::page_path(&asked.path);
    let question = Question {
        words: &words,
        path: &path,
        field: short(&asked.field),
        code: short(&asked.code),
        locale: short(&asked.locale),
        brand: brand_of(app, session),
    };
    let outcomes = app.article_outcomes().await?;
    let knowledge = app.knowledge.load();
    let max = asked.limit.unwrap_or(FOUND).clamp(1, FOUND_MAX);
    let found = knowledge.find(question, &outcomes.1, max);
    Ok(Json(FaqAnswers {
        faqs: found.iter().map(FaqAnswer::of).collect(),
        main_locale: knowledge.main_locale().to_owned(),
    }))
}

/// A name that is too long is none: it is only a hint.
fn short(text: &str) -> &str {
    match text.len() {
        ..=NAME_BYTES_MAX => text,
        _ => "",
    }
}

/// The brand that a session's articles are of.
fn brand_of(app: &App, session: &WidgetSession) -> Option<BrandId> {
    Some(app.brands.load().of(session.source).brand)
}

/// Finds articles for the page, the error and the words.
#[utoipa::path(get, path = "/v1/widget/faqs", tag = "widget", params(FaqQuestion),
    security(("widget_session" = [])), responses((status = 200, body = FaqAnswers)))]
async fn find(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Params(asked): Params<FaqQuestion>,
) -> ApiResult<Json<FaqAnswers>> {
    answer(&app, &session, &asked).await
}

/// Finds articles as the customer types: the words are in the body, so that no proxy writes
/// them down. Nothing is recorded.
#[utoipa::path(post, path = "/v1/widget/faqs/search", tag = "widget", request_body = FaqQuestion,
    security(("widget_session" = [])),
    responses((status = 200, body = FaqAnswers), (status = 429, body = ErrorBody)))]
async fn search(
    State(app): State<Shared>,
    headers: HeaderMap,
    Body(asked): Body<FaqQuestion>,
) -> ApiResult<Json<FaqAnswers>> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(expired)?;
    let session = admit(&app, token, &headers).await?;
    // Typing must not use up what the chat needs.
    app.limits.searches.check(&session.session)?;
    answer(&app, &session, &asked).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InLocale {
    /// BCP 47; the knowledge base's main language without it.
    #[serde(default)]
    locale: String,
}

#[derive(Serialize, ToSchema)]
struct FaqArticle {
    id: String,
    title: String,
    summary: String,
    body_markdown: String,
    locale: String,
    version: u32,
    /// Whether it is in another language than asked for.
    fallback: bool,
}

/// Shows one article.
#[utoipa::path(get, path = "/v1/widget/faqs/{id}", tag = "widget",
    params(("id" = String, Path), InLocale), security(("widget_session" = [])),
    responses((status = 200, body = FaqArticle), (status = 404, body = ErrorBody)))]
async fn show(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(id): Path<String>,
    Params(asked): Params<InLocale>,
) -> ApiResult<Json<FaqArticle>> {
    let faq: FaqId = fields::id("id", &id)?;
    let knowledge = app.knowledge.load();
    let (_, text, fallback) = knowledge
        .article(faq, short(&asked.locale), brand_of(&app, &session))
        .ok_or_else(|| ApiError::not_found("article"))?;
    Ok(Json(FaqArticle {
        id: faq.to_string(),
        title: text.title.clone(),
        summary: text.summary.clone(),
        body_markdown: text.body_markdown.clone(),
        locale: text.locale.clone(),
        version: text.version,
        fallback,
    }))
}

/// Which text of an article.
#[derive(Deserialize, ToSchema)]
struct FaqText {
    locale: String,
    version: u32,
}

/// The text as the facts name it: the published one, or an earlier one that was open while
/// it was replaced.
async fn text_of(
    app: &App,
    session: &WidgetSession,
    id: &str,
    text: &FaqText,
) -> ApiResult<ArticleRef> {
    let faq: FaqId = fields::id("id", id)?;
    let gone = || ApiError::not_found("article");
    let locale = short(&text.locale).to_lowercase();
    let version = text.version;
    let title = {
        let knowledge = app.knowledge.load();
        let (article, _, _) = knowledge
            .article(faq, &locale, brand_of(app, session))
            .ok_or_else(gone)?;
        let mut texts = article.texts.iter();
        texts
            .find(|text| text.locale == locale && text.version == version)
            .map(|text| text.title.clone())
    };
    let title = match title {
        Some(title) => title,
        None => {
            let wanted = locale.clone();
            let texts = app
                .store(move |store| store.article_texts(faq, &wanted))
                .await?;
            let mut texts = texts.into_iter();
            texts
                .find(|text| text.version == version)
                .ok_or_else(gone)?
                .title
        }
    };
    Ok(ArticleRef {
        faq,
        locale,
        version,
        title,
    })
}

async fn record(app: &App, session: &WidgetSession, fact: ArticleFact) -> ApiResult<StatusCode> {
    submit(app, session, CustomerBody::Article(fact)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reports that an article was opened.
#[utoipa::path(post, path = "/v1/widget/faqs/{id}/opened", tag = "widget",
    params(("id" = String, Path)), request_body = FaqText, security(("widget_session" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn opened(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(id): Path<String>,
    Body(text): Body<FaqText>,
) -> ApiResult<StatusCode> {
    let article = text_of(&app, &session, &id, &text).await?;
    record(&app, &session, ArticleFact::Opened(article)).await
}

#[derive(Deserialize, ToSchema)]
struct FaqRead {
    #[serde(flatten)]
    text: FaqText,
    /// Since the last report, `1..=3600`.
    seconds: u32,
}

/// Reports for how long an article was open.
#[utoipa::path(post, path = "/v1/widget/faqs/{id}/read", tag = "widget",
    params(("id" = String, Path)), request_body = FaqRead, security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn read(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(id): Path<String>,
    Body(asked): Body<FaqRead>,
) -> ApiResult<StatusCode> {
    let seconds = asked.seconds;
    if !(1..=READ_S_MAX).contains(&seconds) {
        return Err(ApiError::bad_input("seconds", "expected 1 to 3600"));
    }
    let article = text_of(&app, &session, &id, &asked.text).await?;
    record(&app, &session, ArticleFact::Read { article, seconds }).await
}

#[derive(Deserialize, ToSchema)]
struct FaqRating {
    #[serde(flatten)]
    text: FaqText,
    helpful: bool,
    /// Why not, at most 1,000 letters.
    reason: Option<String>,
}

/// Says whether an article helped; a later word replaces an earlier one.
#[utoipa::path(post, path = "/v1/widget/faqs/{id}/rating", tag = "widget",
    params(("id" = String, Path)), request_body = FaqRating, security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn rating(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(id): Path<String>,
    Body(asked): Body<FaqRating>,
) -> ApiResult<StatusCode> {
    let reason = asked.reason.as_deref().map(str::trim).unwrap_or_default();
    if reason.chars().nth(REASON_LETTERS_MAX).is_some() {
        return Err(ApiError::bad_input(
            "reason",
            "expected at most 1000 letters",
        ));
    }
    let reason = (!reason.is_empty()).then(|| Private::new(reason.replace('\0', "")));
    let article = text_of(&app, &session, &id, &asked.text).await?;
    let helpful = asked.helpful;
    let fact = ArticleFact::Rated {
        article,
        helpful,
        reason,
    };
    record(&app, &session, fact).await
}

#[derive(Deserialize, ToSchema)]
struct FaqStillNeeded {
    /// The article that was open, if one was; with its `locale` and `version`.
    id: Option<String>,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    version: u32,
}

/// Reports that the customer goes on to a person; what was read goes along.
#[utoipa::path(post, path = "/v1/widget/faqs/still_needed", tag = "widget",
    request_body = FaqStillNeeded, security(("widget_session" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn still_needed(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(asked): Body<FaqStillNeeded>,
) -> ApiResult<StatusCode> {
    let article = match &asked.id {
        None => None,
        Some(id) => {
            let text = FaqText {
                locale: asked.locale,
                version: asked.version,
            };
            Some(text_of(&app, &session, id, &text).await?)
        }
    };
    record(&app, &session, ArticleFact::StillNeeded { article }).await
}

#[derive(Deserialize, ToSchema)]
struct FaqSearched {
    /// The words as they stood when the customer stopped typing.
    q: String,
    #[serde(default)]
    locale: String,
    /// How many articles were found.
    found: u32,
}

/// Reports a finished search. The words are kept sealed with the customer's key.
#[utoipa::path(post, path = "/v1/widget/faqs/searched", tag = "widget",
    request_body = FaqSearched, security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn searched(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(asked): Body<FaqSearched>,
) -> ApiResult<StatusCode> {
    let words: String = asked.q.trim().chars().take(WORDS_LETTERS_MAX).collect();
    if words.is_empty() {
        return Err(ApiError::bad_input("q", "expected the words, got none"));
    }
    let locale = match short(&asked.locale) {
        "" => app.knowledge.load().main_locale().to_owned(),
        locale => locale.to_lowercase(),
    };
    let fact = ArticleFact::Searched {
        words: Private::new(words.replace('\0', "")),
        locale,
        found: asked.found.min(FOUND_MAX as u32),
    };
    record(&app, &session, fact).await
}
