//! The built user interfaces, embedded: the desk, the widget, the sample shop, the API page.

use std::{borrow::Cow, collections::HashMap, io::Write, sync::OnceLock};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;

use crate::{
    app::Shared,
    client::PublicUrl,
    error::ApiError,
    installation::{self, Scripts},
};

#[derive(RustEmbed)]
#[folder = "../../ui/desk/dist"]
#[allow_missing = true]
struct Desk;

#[derive(RustEmbed)]
#[folder = "../../ui/widget/dist"]
#[allow_missing = true]
struct Widget;

#[derive(RustEmbed)]
#[folder = "../../ui/shop"]
#[allow_missing = true]
struct Shop;

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct ApiReference;

const SCALAR: &str = "scalar.js";

/// Whether the page that shows the API was built.
pub(crate) fn has_api_reference() -> bool {
    ApiReference::get(SCALAR).is_some()
}

/// One file with what is said about it.
pub(crate) struct Asset {
    bytes: Bytes,
    content_type: HeaderValue,
    etag: String,
    cache: &'static str,
    gzip: OnceLock<Bytes>,
}

/// Bytes from which compressing pays.
const GZIP_BYTES_MIN: usize = 1_024;

impl Asset {
    fn new(path: &str, bytes: Cow<'static, [u8]>, hash: [u8; 32], cache: &'static str) -> Self {
        // By its ending a file of types would be a video.
        let mime = match path.ends_with(".d.ts") {
            true => mime_guess::mime::TEXT_PLAIN,
            false => mime_guess::from_path(path).first_or_octet_stream(),
        };
        let text = mime.type_() == "text" || mime.subtype() == "javascript";
        let content_type = if text {
            format!("{mime}; charset=utf-8")
        } else {
            mime.to_string()
        };
        Self {
            bytes: match bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            },
            content_type: HeaderValue::from_str(&content_type)
                .expect("a media type is a header value"),
            etag: hex::encode(&hash[..12]),
            cache,
            gzip: OnceLock::new(),
        }
    }

    pub(crate) fn serve(&self, headers: &HeaderMap) -> Response {
        let accepts = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains("gzip"));
        let zipped = accepts && self.bytes.len() >= GZIP_BYTES_MIN && self.compresses();
        let etag = if zipped {
            format!("\"{}-gz\"", self.etag)
        } else {
            format!("\"{}\"", self.etag)
        };
        let known = headers
            .get(header::IF_NONE_MATCH)
            .is_some_and(|value| value.as_bytes() == etag.as_bytes());
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else if zipped {
            let body = self.gzip.get_or_init(|| gzip(&self.bytes)).clone();
            ([(header::CONTENT_ENCODING, "gzip")], body).into_response()
        } else {
            self.bytes.clone().into_response()
        };
        let set = response.headers_mut();
        set.insert(header::CONTENT_TYPE, self.content_type.clone());
        set.insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            set.insert(header::ETAG, etag);
        }
        response
    }

    fn compresses(&self) -> bool {
        let kind = self.content_type.as_bytes();
        kind.starts_with(b"text/")
            || kind.starts_with(b"application/j")
            || kind.starts_with(b"image/svg")
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail")
        .into()
}

type Assets = HashMap<String, Asset>;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
pub(crate) const SHORT: &str = "public, max-age=300";
const ASK: &str = "no-cache";

pub(crate) fn collect<E: RustEmbed>(cache: impl Fn(&str) -> &'static str) -> Assets {
    E::iter()
        .filter_map(|path| {
            let file = E::get(&path)?;
            let asset = Asset::new(&path, file.data, file.metadata.sha256_hash(), cache(&path));
            Some((path.into_owned(), asset))
        })
        .collect()
}

/// The desk's files in memory; those under `assets/` carry a hash in their names.
static DESK: OnceLock<Assets> = OnceLock::new();
static WIDGET: OnceLock<Assets> = OnceLock::new();
static API_REFERENCE: OnceLock<Assets> = OnceLock::new();

fn desk_assets() -> &'static Assets {
    DESK.get_or_init(|| {
        collect::<Desk>(|path| {
            if path.starts_with("assets/") {
                IMMUTABLE
            } else {
                ASK
            }
        })
    })
}

fn widget_assets() -> &'static Assets {
    WIDGET.get_or_init(|| collect::<Widget>(|_| SHORT))
}

/// Routes of everything that is embedded.
pub(crate) fn router(demo: bool) -> Router<Shared> {
    let mut router = widget_router()
        .route("/", get(|| async { Redirect::temporary("/desk/") }))
        .route("/desk", get(|| async { Redirect::permanent("/desk/") }))
        .route("/desk/", get(desk_index))
        .route("/desk/{*path}", get(desk_file))
        .route("/docs/scalar.js", get(scalar));
    if demo {
        router = router
            .route("/shop", get(|| async { Redirect::permanent("/shop/") }))
            .route("/shop/", get(shop_index))
            .route("/shop/{*path}", get(shop_file));
    }
    router
}

/// The widget's scripts, each also by a name that says less: `w.js` for `widget.js`.
pub(crate) fn widget_router() -> Router<Shared> {
    let mut router = Router::new()
        .route("/widget.js", get(widget_script))
        .route("/w.js", get(widget_script));
    for name in widget_assets().keys().filter(|name| *name != "widget.js") {
        let neutral = name.strip_prefix("widget").map(|rest| format!("w{rest}"));
        for path in [Some(name.clone()), neutral].into_iter().flatten() {
            let name = name.clone();
            router = router.route(
                &format!("/{path}"),
                get(move |headers: HeaderMap| async move { widget_file(&name, &headers) }),
            );
        }
    }
    router
}

const DESK_NOT_BUILT: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Overture desk</title></head><body>
<p>The desk was not built into this binary. Build it with <code>cargo xtask ui</code> and compile again.</p></body></html>"#;

/// Only our own files run: no inline scripts. Styles may be inline, since components set
/// sizes and colours on elements.
const DESK_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; media-src 'self' data:; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

fn with_policy(mut response: Response, policy: &'static str) -> Response {
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    response
}

async fn desk_index(headers: HeaderMap) -> Response {
    let response = match desk_assets().get("index.html") {
        Some(asset) => asset.serve(&headers),
        None => (StatusCode::NOT_FOUND, Html(DESK_NOT_BUILT)).into_response(),
    };
    with_policy(response, DESK_POLICY)
}

async fn desk_file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match desk_assets().get(&path) {
        Some(asset) => with_policy(asset.serve(&headers), DESK_POLICY),
        None => ApiError::not_found("file").into_response(),
    }
}

async fn scalar(headers: HeaderMap) -> Response {
    let assets = API_REFERENCE.get_or_init(|| collect::<ApiReference>(|_| ASK));
    match assets.get(SCALAR) {
        Some(asset) => asset.serve(&headers),
        None => ApiError::not_found("file").into_response(),
    }
}

async fn widget_script(headers: HeaderMap) -> Response {
    if widget_assets().contains_key("widget.js") {
        return widget_file("widget.js", &headers);
    }
    let script = "console.warn('overture: the widget was not built into this server; build it with cargo xtask ui')";
    (
        StatusCode::NOT_FOUND,
        [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
        script,
    )
        .into_response()
}

/// Pages of every origin load these.
fn widget_file(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = widget_assets().get(name) else {
        return ApiError::not_found("file").into_response();
    };
    let mut response = asset.serve(headers);
    let set = response.headers_mut();
    set.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    set.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    response
}

async fn shop_index(State(app): State<Shared>, url: PublicUrl, headers: HeaderMap) -> Response {
    shop(&app, &url, "index.html", &headers)
}

async fn shop_file(
    State(app): State<Shared>,
    url: PublicUrl,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    shop(&app, &url, &path, &headers)
}

/// The sample shop is served as we tell customers to serve theirs: with a nonce of its own
/// for every response.
fn shop(app: &Shared, PublicUrl(url): &PublicUrl, path: &str, headers: &HeaderMap) -> Response {
    let name = if path.ends_with('/') {
        format!("{path}index.html")
    } else {
        path.to_owned()
    };
    let file = Shop::get(&name).or_else(|| Shop::get(&format!("{name}.html")));
    let Some(file) = file else {
        return ApiError::not_found("page").into_response();
    };
    let hash = file.metadata.sha256_hash();
    let nonce = hex::encode(rand::random::<[u8; 16]>());
    let page = String::from_utf8(file.data.into_owned());
    let bytes = match page {
        Ok(page) => page
            .replace("__WRITE_KEY__", &app.config.shop_write_key)
            .replace("__NONCE__", &nonce)
            .into_bytes(),
        Err(other) => other.into_bytes(),
    };
    let name = if Shop::get(&name).is_some() {
        name
    } else {
        format!("{name}.html")
    };
    let asset = Asset::new(&name, Cow::Owned(bytes), hash, "no-store");
    let mut response = asset.serve(headers);
    for (name, value) in installation::headers(url, Scripts::Nonce(&nonce)) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
