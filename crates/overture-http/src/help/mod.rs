//! The hosted help page: the widget's panel as a page of its own, for sites where the widget
//! cannot run, for links in e-mails, and for web views of apps.

mod grant;
mod texts;

use std::{collections::HashMap, sync::OnceLock};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use overture_engine::model::SourceId;
use rust_embed::RustEmbed;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::{App, Shared},
    assets::{self, Asset},
    client::{Client, PublicUrl},
    error::{ApiError, ApiResult, Body, ErrorBody, JSON_BODY_BYTES_MAX, Params},
    installation::{escape, is_plain, origin_of, socket_origin},
    keys::Continuation,
    widget::{self, StartedSession},
    wording::Language,
};
use texts::Texts;

#[derive(RustEmbed)]
#[folder = "../../ui/help"]
#[allow_missing = true]
struct Files;

static FILES: OnceLock<HashMap<String, Asset>> = OnceLock::new();

/// The pages; their addresses are relative, so that they stand under any prefix.
pub(crate) fn pages() -> Router<Shared> {
    Router::new()
        .route("/help/{write_key}", get(page))
        .route("/help/c/{token}", get(link_page))
        .route("/help/g/{token}", get(grant::page))
        .route("/help/assets/{name}", get(file))
}

/// The call that the pages' script makes.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(redeem))
        .routes(routes!(grant::redeem))
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
}

#[derive(Deserialize, Default)]
struct Asked {
    /// Where the panel opens: `chat`, `callback` or `faq`.
    #[serde(default)]
    view: String,
    /// BCP 47; else what the browser prefers.
    #[serde(default)]
    locale: String,
    /// `webview`: nothing but the panel, and messages to the app around it.
    #[serde(default)]
    mode: String,
}

async fn page(
    State(app): State<Shared>,
    client: Client,
    url: PublicUrl,
    Path(write_key): Path<String>,
    Params(asked): Params<Asked>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let words = texts::of(&asked.locale, &headers);
    app.limits.help.check(&client.0.to_string())?;
    let Some(source) = app.sources.load().by_key.get(&write_key).cloned() else {
        return Ok(notice(words, words.unknown, "../", &url));
    };
    let place = Place {
        up: "../",
        write_key: &write_key,
        link: None,
        pictures: pictures(&app, source.source),
    };
    Ok(draw(words, &asked, &place, &url))
}

/// Shows a button and changes nothing: programs that look through mail open every link.
async fn link_page(
    State(app): State<Shared>,
    client: Client,
    url: PublicUrl,
    Path(token): Path<String>,
    Params(asked): Params<Asked>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let words = texts::of(&asked.locale, &headers);
    app.limits.help.check(&client.0.to_string())?;
    let Ok(link) = genuine(&app, &token).await else {
        return Ok(notice(words, words.link_expired, "../../", &url));
    };
    let sources = app.sources.load();
    let key = sources
        .by_key
        .iter()
        .filter(|(_, source)| source.source == link.source)
        .map(|(key, _)| key)
        .min();
    let Some(write_key) = key else {
        return Ok(notice(words, words.link_expired, "../../", &url));
    };
    let place = Place {
        up: "../../",
        write_key,
        link: Some(Link::Conversation(&token)),
        pictures: pictures(&app, link.source),
    };
    Ok(draw(words, &asked, &place, &url))
}

/// What a link says that is ours, has not run out, and was not ended by another address.
async fn genuine(app: &Shared, token: &str) -> ApiResult<Continuation> {
    let expired = || {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "link_expired",
            "the link has run out or is not one of ours: ask for help on the site",
        )
    };
    let link = app.keys.open_continuation(token).ok_or_else(expired)?;
    if app.now() >= link.expires_at {
        return Err(expired());
    }
    if !app.sources.load().by_id.contains_key(&link.source) {
        return Err(expired());
    }
    let row = app
        .store(move |store| store.conversation(link.conversation))
        .await?;
    let is_current = row.is_some_and(|row| row.chat.mail_generation == link.generation);
    if is_current { Ok(link) } else { Err(expired()) }
}

#[derive(Deserialize, ToSchema)]
struct Redeem {
    /// BCP 47, for the words of offers.
    locale: Option<String>,
}

/// Goes on with a conversation from a link in an e-mail. The session it gives reads and writes
/// that conversation, and nothing else of its browser.
#[utoipa::path(post, path = "/help/c/{token}", tag = "widget",
    params(("token" = String, Path, description = "from the link, cnt_..")), request_body = Redeem,
    responses((status = 200, body = StartedSession), (status = 404, body = ErrorBody),
        (status = 429, body = ErrorBody)))]
async fn redeem(
    State(app): State<Shared>,
    client: Client,
    Path(token): Path<String>,
    Body(asked): Body<Redeem>,
) -> ApiResult<Json<StartedSession>> {
    app.limits.help.check(&client.0.to_string())?;
    let link = genuine(&app, &token).await?;
    let language = Language::of(asked.locale.as_deref().unwrap_or_default());
    widget::resume(&app, &link, language).await
}

/// What a page is for, and how far below the root it stands.
struct Place<'a> {
    up: &'static str,
    write_key: &'a str,
    link: Option<Link<'a>>,
    /// Where pictures may come from, beside our own.
    pictures: String,
}

/// What a page does once its button is pressed, by the token of its link.
enum Link<'a> {
    /// Goes on with a conversation.
    Conversation(&'a str),
    /// Redeems a grant.
    Grant(&'a str),
}

/// Where the logo of the source's brand is.
fn pictures(app: &App, source: SourceId) -> String {
    let brand = app.brands.load().of(source);
    let logo = brand.look.logo_url.as_deref().map(origin_of);
    logo.filter(|it| is_plain(it))
        .unwrap_or_default()
        .to_owned()
}

fn draw(words: &Texts, asked: &Asked, place: &Place<'_>, url: &PublicUrl) -> Response {
    let Place {
        up,
        write_key,
        link,
        pictures,
    } = place;
    let view = match asked.view.as_str() {
        view @ ("chat" | "callback" | "faq") => view,
        _ => "",
    };
    let mode = if asked.mode == "webview" {
        "webview"
    } else {
        "page"
    };
    let button = |title, text, press| {
        format!(
            "<h1>{title}</h1><p>{text}</p><button type=\"button\" id=\"continue\">{press}</button>"
        )
    };
    let (resume, grant, start) = match link {
        Some(Link::Conversation(token)) => (
            *token,
            "",
            button(
                words.continue_title,
                words.continue_text,
                words.continue_button,
            ),
        ),
        Some(Link::Grant(token)) => (
            "",
            *token,
            button(words.grant_title, words.grant_text, words.grant_button),
        ),
        None => ("", "", format!("<h1>{}</h1>", words.title)),
    };
    let body = format!(
        "<main id=\"start\">{start}<p role=\"status\" id=\"state\" data-loading=\"{}\" data-failed=\"{}\" \
         data-denied=\"{}\" data-other=\"{}\"></p>\
         <noscript><p>{}</p></noscript></main>\
         <script defer src=\"{up}help/assets/help.js\" data-write-key=\"{}\" data-resume=\"{}\" data-grant=\"{}\" \
         data-view=\"{view}\" data-locale=\"{}\" data-mode=\"{mode}\" data-up=\"{up}\"></script>",
        words.loading,
        words.failed,
        words.grant_denied,
        words.grant_other,
        words.no_script,
        escape(write_key),
        escape(resume),
        escape(grant),
        words.tag,
    );
    html(words, up, mode, &body, StatusCode::OK, pictures, url)
}

fn notice(words: &Texts, text: &str, up: &str, url: &PublicUrl) -> Response {
    let body = format!(
        "<main id=\"start\"><h1>{}</h1><p>{text}</p></main>",
        words.title
    );
    html(words, up, "page", &body, StatusCode::NOT_FOUND, "", url)
}

fn html(
    words: &Texts,
    up: &str,
    mode: &str,
    body: &str,
    status: StatusCode,
    pictures: &str,
    PublicUrl(url): &PublicUrl,
) -> Response {
    let page = format!(
        "<!doctype html>\n<html lang=\"{}\" dir=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, viewport-fit=cover\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"{up}help/assets/help.css\"></head>\
         <body data-mode=\"{mode}\" data-overture-ignore>{body}</body></html>",
        words.tag, words.direction, words.title
    );
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: {pictures}; \
         media-src 'self' blob:; connect-src 'self' {}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types overture overture-help",
        socket_origin(url)
    );
    let mut response = (status, Html(page)).into_response();
    let set = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=()",
        ),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            set.insert(name, value);
        }
    }
    response
}

async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let files = FILES.get_or_init(|| assets::collect::<Files>(|_| assets::SHORT));
    match files.get(&name) {
        Some(file) => file.serve(&headers),
        None => ApiError::not_found("file").into_response(),
    }
}
