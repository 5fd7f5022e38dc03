//! Whether a page reaches the server: the script, the origin, the socket, events.

use anyhow::Context;
use overture_http::installation::{self, origin_of};
use tokio_tungstenite::tungstenite::{self, client::IntoClientRequest};
use ureq::http::Uri;

use super::{
    Findings, Means,
    address::{join, port_of},
    checks::{BODY_BYTES_MAX, Page, check_tls},
    page::Snippet,
    tls,
};

/// Whether our script arrives as browsers need it.
pub(super) fn check_script(means: &Means, page: &Page, snippet: &Snippet, findings: &mut Findings) {
    let address = join(&page.url, &snippet.src);
    let Ok(uri) = address.parse::<Uri>() else {
        findings.fail(
            "script",
            format!("{address:?} is no address"),
            "correct src",
        );
        return;
    };
    if origin_of(&address) != page.origin() && !check_tls(means, "server tls", &uri, findings) {
        return;
    }
    let answered = means.agent.get(&address).call();
    let mut response = match answered {
        Ok(response) => response,
        Err(error) => {
            findings.fail(
                "script",
                format!("{address} could not be read: {error}"),
                "check that the server runs and is reached from outside",
            );
            return;
        }
    };
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let (kind, cors, corp) = (
        header("content-type"),
        header("access-control-allow-origin"),
        header("cross-origin-resource-policy"),
    );
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(BODY_BYTES_MAX)
        .read_to_string()
        .unwrap_or_default();
    let elsewhere = origin_of(&address) != page.origin();
    let embedder = page.header("cross-origin-embedder-policy").unwrap_or("");
    if status != 200 {
        findings.fail(
            "script",
            format!("{address} answered {status}"),
            "correct src, or hand this path on to the server",
        );
    } else if !kind.contains("javascript") {
        findings.fail(
            "script",
            format!("{address} is {kind:?}, which browsers do not run"),
            "let the proxy leave Content-Type as the server sends it",
        );
    } else if !body.contains("overture-widget") {
        findings.fail(
            "script",
            format!("{address} is another script than ours"),
            "correct src, or hand this path on to the server",
        );
    } else if elsewhere && embedder.starts_with("require-corp") && corp != "cross-origin" {
        findings.fail(
            "script",
            "the page asks for Cross-Origin-Resource-Policy, and the script does not carry it",
            "let the proxy leave cross-origin-resource-policy as the server sends it",
        );
    } else if elsewhere && cors != "*" && cors != page.origin() {
        findings.warn(
            "script",
            "the script cannot be read from other origins: its errors stay unnamed",
            "let the proxy leave access-control-allow-origin as the server sends it",
        );
    } else {
        findings.ok(
            "script",
            format!("{address} is ours, {} kB", body.len() / 1_000),
        );
    }
}

/// The answer's token for a socket, where the origin may use the source.
pub(super) fn check_origin(
    means: &Means,
    page: &Page,
    base: &str,
    key: &str,
    findings: &mut Findings,
) -> Option<String> {
    let origin = page.origin();
    let asked = means
        .agent
        .get(format!("{base}/v1/widget/check"))
        .query("write_key", key)
        .header("origin", origin)
        .call();
    let mut response = match asked {
        Ok(response) => response,
        Err(error) => {
            findings.fail(
                "origin",
                format!("{base} could not be asked: {error}"),
                "check that the server runs and is reached from outside",
            );
            return None;
        }
    };
    let status = response.status().as_u16();
    let readable = response
        .headers()
        .get("access-control-allow-origin")
        .is_some_and(|value| value == "*" || value == origin);
    let body = response
        .body_mut()
        .with_config()
        .limit(64 * 1024)
        .read_to_string()
        .unwrap_or_default();
    let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or_default();
    match (status, code) {
        (200, _) if body["socket_token"].is_string() => {}
        (401, "unknown_write_key") => {
            findings.fail(
                "origin",
                format!("the server knows no write key {key}"),
                "copy it again from Admin, Sources; a revoked key is unknown",
            );
            return None;
        }
        (403, "origin_not_allowed") => {
            findings.fail(
                "origin",
                format!("{origin} is not among the source's allowed origins"),
                format!("add {origin} at Admin, Sources"),
            );
            return None;
        }
        (429, _) => {
            findings.warn("origin", "asked too often just now", "wait a minute");
            return None;
        }
        _ => {
            findings.fail(
                "origin",
                format!("{base}/v1/widget/check answered {status}: there is no Overture of this release"),
                "correct --server or the script's address, or hand everything below it on to the server",
            );
            return None;
        }
    }
    if readable || origin_of(base) == origin {
        findings.ok("origin", format!("{origin} may use the source"));
    } else {
        findings.fail(
            "origin",
            "browsers do not let the page read the server's answers",
            "let the proxy leave access-control-allow-origin as the server sends it, and set none itself",
        );
    }
    // Events do not say from which site they come.
    match body["last_event_at"].as_str() {
        Some(at) => findings.ok(
            "last event",
            format!("the source's last one, from any of its pages and programs, came at {at}"),
        ),
        None => findings.warn(
            "last event",
            "none has come from this source yet, from whatever page or program",
            "open the page in a browser, move around, and check again",
        ),
    }
    body["socket_token"].as_str().map(str::to_owned)
}

/// Whether a socket opens, with the origin of the page.
pub(super) fn check_socket(
    means: &Means,
    page: &Page,
    base: &str,
    token: &str,
    findings: &mut Findings,
) {
    let path = base.strip_prefix(origin_of(base)).unwrap_or_default();
    let address = format!(
        "{}{path}/v1/widget/socket?token={token}&after=0",
        installation::socket_origin(base)
    );
    match open_socket(means, &address, page.origin()) {
        Ok(()) => findings.ok("socket", "it opens, and the feed answers"),
        Err(error) => findings.fail(
            "socket",
            format!("it does not open ({error:#}): what is new comes up to five seconds late"),
            "let the proxy hand on WebSockets: HTTP/1.1 with the headers Upgrade and Connection, and the Origin untouched",
        ),
    }
}

fn open_socket(means: &Means, address: &str, origin: &str) -> anyhow::Result<()> {
    let uri: Uri = address.parse().context("no address")?;
    let secure = uri.scheme_str() == Some("wss");
    let host = uri.host().context("no host")?;
    let wire = tls::connect(host, port_of(&uri), secure, &means.roots)?;
    let mut request = address.into_client_request()?;
    request.headers_mut().insert("origin", origin.parse()?);
    let (mut socket, _) = tungstenite::client(request, wire).map_err(|error| match error {
        tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer)) => {
            anyhow::anyhow!("answered {}", answer.status().as_u16())
        }
        other => anyhow::anyhow!("{other}"),
    })?;
    let first = socket.read().context("nothing came")?;
    anyhow::ensure!(first.is_text(), "something else than the feed came");
    // The answer is read; whether the farewell arrives does not matter any more.
    let _ = socket.close(None);
    Ok(())
}

/// Whether events are taken.
pub(super) fn check_capture(
    means: &Means,
    page: &Page,
    base: &str,
    key: &str,
    findings: &mut Findings,
) {
    // A batch without events: it takes the whole way, and leaves nothing behind.
    let body = serde_json::json!({"writeKey": key, "batch": []}).to_string();
    let sent = means
        .agent
        .post(format!("{base}/v1/batch"))
        .header("origin", page.origin())
        .header("content-type", "text/plain")
        .send(&body);
    match sent {
        Ok(response) if response.status().as_u16() == 200 => {
            findings.ok("capture", "events are taken");
        }
        Ok(response) => findings.fail(
            "capture",
            format!("events are answered {}", response.status().as_u16()),
            "let the proxy hand POST requests below the script's address on to the server",
        ),
        Err(error) => findings.fail(
            "capture",
            format!("events cannot be sent: {error}"),
            "let the proxy hand POST requests below the script's address on to the server",
        ),
    }
}
