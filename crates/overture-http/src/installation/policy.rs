//! The headers under which the widget runs with nothing loosened.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::STUB;

/// What stands in a printed header or snippet where the site puts a nonce, new for every
/// response.
pub const NONCE_PLACE: &str = "{NONCE}";

/// The name of the Trusted Types policy by which the widget loads its own further scripts.
pub const TRUSTED_TYPES_POLICY: &str = "overture";

/// How a page lets scripts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts<'a> {
    /// By a nonce that each script tag carries.
    Nonce(&'a str),
    /// By where they come from, and the stub by its hash: for pages that are only files.
    List,
    /// By a nonce that a tag manager carries, and hands on to what it adds.
    TagManager(&'a str),
}

/// Scheme, host and port of an address, without its path.
pub fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| host + at);
    &url[..end]
}

/// The origin of sockets to the same place: `wss` for `https`, `ws` for `http`.
pub fn socket_origin(url: &str) -> String {
    origin_of(url).replacen("http", "ws", 1)
}

/// The headers with which a page that loads the widget from `base` (scheme, host, and a path
/// where there is one) is served. Nothing is inline, nothing is evaluated, and no style is
/// loosened: the widget's own is a constructed sheet.
///
/// Trusted Types are asked for except with a tag manager: it writes the scripts that it adds
/// as plain text, which a page that asks for them refuses.
pub fn headers(base: &str, scripts: Scripts<'_>) -> Vec<(&'static str, String)> {
    let origin = origin_of(base);
    let sockets = socket_origin(base);
    let allowed = match scripts {
        Scripts::Nonce(nonce) => format!("'nonce-{nonce}'"),
        Scripts::TagManager(nonce) => format!("'nonce-{nonce}' 'strict-dynamic'"),
        Scripts::List => format!("'self' {origin} '{}'", stub_hash()),
    };
    let mut policy = vec![
        "default-src 'none'".to_owned(),
        format!("script-src {allowed}"),
        "style-src 'self'".to_owned(),
        format!("img-src 'self' {origin}"),
        format!("media-src 'self' {origin}"),
        "font-src 'self'".to_owned(),
        format!("connect-src 'self' {origin} {sockets}"),
        "form-action 'self'".to_owned(),
        "base-uri 'none'".to_owned(),
        "frame-ancestors 'self'".to_owned(),
    ];
    if !matches!(scripts, Scripts::TagManager(_)) {
        policy.push("require-trusted-types-for 'script'".to_owned());
        policy.push(format!("trusted-types {TRUSTED_TYPES_POLICY}"));
    }
    vec![
        ("Content-Security-Policy", policy.join("; ")),
        (
            "Permissions-Policy",
            "camera=(), microphone=(), geolocation=()".to_owned(),
        ),
    ]
}

/// The stub's hash, by which a policy without nonces lets it in.
fn stub_hash() -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(STUB)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_ends_before_the_path() {
        for (url, origin, sockets) in [
            (
                "https://help.example.com",
                "https://help.example.com",
                "wss://help.example.com",
            ),
            (
                "https://shop.example:8443/assist?x",
                "https://shop.example:8443",
                "wss://shop.example:8443",
            ),
            (
                "http://127.0.0.1:80/a/b",
                "http://127.0.0.1:80",
                "ws://127.0.0.1:80",
            ),
        ] {
            assert_eq!(origin_of(url), origin);
            assert_eq!(socket_origin(url), sockets);
        }
    }

    #[test]
    fn nothing_is_inline_and_nothing_is_evaluated() {
        for scripts in [Scripts::Nonce("n"), Scripts::List, Scripts::TagManager("n")] {
            for (name, value) in headers("https://help.example.com/assist", scripts) {
                assert!(!value.contains("unsafe"), "{name}: {value}");
                assert!(!value.contains("/assist"), "{name}: {value}");
            }
        }
    }

    #[test]
    fn a_tag_manager_writes_scripts_as_text() {
        let asks_for_types = |scripts| {
            headers("https://help.example.com", scripts)[0]
                .1
                .contains("trusted-types")
        };
        assert!(asks_for_types(Scripts::Nonce("n")));
        assert!(asks_for_types(Scripts::List));
        assert!(!asks_for_types(Scripts::TagManager("n")));
    }
}
