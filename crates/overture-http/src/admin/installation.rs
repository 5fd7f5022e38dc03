//! How a source is installed on a site: snippets, headers and proxies to copy.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::SourceId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::sources::find;
use crate::{
    app::Shared,
    auth::{Auth, ReadsAdmin},
    client::PublicUrl,
    error::{ApiError, ApiResult, ErrorBody, Params},
    fields,
    installation::{NONCE_PLACE, SITE_PLACE, is_plain, origin_of, variants},
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(installation))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The site's address, for example `https://www.example.com`; else the source's first
    /// allowed origin.
    #[serde(default)]
    site: String,
}

/// How a source is installed.
#[derive(Serialize, ToSchema)]
struct Installation {
    source: String,
    /// The newest write key that was not revoked; none when all were.
    #[serde(skip_serializing_if = "Option::is_none")]
    write_key: Option<String>,
    /// The site for which the texts are written.
    site: String,
    /// What stands where each response has a nonce of its own.
    nonce_place: &'static str,
    /// The hosted help page.
    #[serde(skip_serializing_if = "Option::is_none")]
    help_url: Option<String>,
    /// The command that checks the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<String>,
    ways: Vec<Way>,
}

/// One way to carry the widget.
#[derive(Serialize, ToSchema)]
struct Way {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    base_url: String,
    snippet: String,
    headers: Vec<Header>,
    recipes: Vec<Text>,
}

#[derive(Serialize, ToSchema)]
struct Header {
    name: &'static str,
    value: String,
}

#[derive(Serialize, ToSchema)]
struct Text {
    title: &'static str,
    text: String,
}

/// Shows how a source is installed on a site.
#[utoipa::path(get, path = "/v1/admin/sources/{source}/installation", tag = "administration",
    params(("source" = String, Path), Asked), security(("session_cookie" = [])),
    responses((status = 200, body = Installation), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
async fn installation(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    PublicUrl(server): PublicUrl,
    Path(source): Path<String>,
    Params(asked): Params<Asked>,
) -> ApiResult<Json<Installation>> {
    let id: SourceId = fields::id("source", &source)?;
    let source = find(&app, id).await?;
    let site = match asked.site.trim() {
        "" => source
            .allowed_origins
            .first()
            .map_or(SITE_PLACE, String::as_str)
            .to_owned(),
        given => site_of(given)?,
    };
    let key = source
        .write_keys
        .iter()
        .filter(|key| key.revoked_at.is_none())
        .max_by_key(|key| key.created_at)
        .map(|key| key.key.clone());
    let ways = match &key {
        None => Vec::new(),
        Some(key) => variants(&server, &app.config.first_party_prefix, Some(&site), key)
            .into_iter()
            .map(|way| Way {
                id: way.id,
                title: way.title,
                about: way.about,
                base_url: way.base_url,
                snippet: way.snippet,
                headers: way
                    .headers
                    .into_iter()
                    .map(|(name, value)| Header { name, value })
                    .collect(),
                recipes: way
                    .recipes
                    .into_iter()
                    .map(|recipe| Text {
                        title: recipe.title,
                        text: recipe.text,
                    })
                    .collect(),
            })
            .collect(),
    };
    let plain = key.as_deref().filter(|key| is_plain(key));
    Ok(Json(Installation {
        source: id.to_string(),
        nonce_place: NONCE_PLACE,
        help_url: plain.map(|key| format!("{server}/help/{key}")),
        check: plain.map(|key| {
            format!("overture doctor --site {site} --write-key {key} --server {server}")
        }),
        write_key: key,
        site,
        ways,
    }))
}

/// Scheme, host and port of what was typed; without a scheme it is https.
fn site_of(typed: &str) -> ApiResult<String> {
    let wrong = || {
        ApiError::bad_input(
            "site",
            "expected the site's address, like https://www.example.com",
        )
    };
    let address = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let origin = origin_of(&address).to_ascii_lowercase();
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"))
        .ok_or_else(wrong)?;
    if host.len() > 255 || !is_plain(host) || host.contains('/') || host.contains('_') {
        return Err(wrong());
    }
    Ok(origin)
}
