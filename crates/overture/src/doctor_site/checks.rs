//! The checks, in the order in which a browser would meet their faults.

use std::fmt::Write as _;

use anyhow::Context;
use jiff::Timestamp;
use overture_http::installation::{self, NONCE_PLACE, STUB, Scripts, origin_of};
use ureq::{
    ResponseExt,
    http::{HeaderMap, Uri},
};

use crate::clock;

use super::{
    Findings, Means,
    address::{base_of, is_loopback, join, port_of},
    csp::{Needs, Policy},
    page::{self, Snippet, Tag},
    reach::{check_capture, check_origin, check_script, check_socket},
    tls,
};

/// What is read of a page or a script, bytes.
pub(super) const BODY_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// A certificate that ends sooner is a fault, and one that ends soon a warning.
const DAYS_LEFT_MIN: i64 = 3;
const DAYS_LEFT_WARN: i64 = 21;

/// A page as it was answered.
pub(super) struct Page {
    /// After redirects.
    pub(super) url: String,
    headers: HeaderMap,
    tags: Vec<Tag>,
}

impl Page {
    /// Scheme, host and port.
    pub(super) fn origin(&self) -> &str {
        origin_of(&self.url)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The policies of the headers, and of the markup.
    fn policies(&self) -> Vec<Policy> {
        let headers = self.headers.get_all("content-security-policy");
        let sent = headers.iter().filter_map(|value| value.to_str().ok());
        let written = self
            .tags
            .iter()
            .filter(|tag| {
                tag.name == "meta"
                    && tag
                        .get("http-equiv")
                        .is_some_and(|name| name.eq_ignore_ascii_case("content-security-policy"))
            })
            .filter_map(|tag| tag.get("content"));
        sent.chain(written)
            .flat_map(|text| Policy::read_all(text, self.origin()))
            .collect()
    }
}

/// Runs every check that the ones before it leave possible.
///
/// # Errors
/// `site` is no address.
pub(super) fn all(
    means: &Means,
    site: &str,
    server: Option<&str>,
    write_key: Option<&str>,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let site = if site.contains("://") {
        site.to_owned()
    } else {
        format!("https://{site}")
    };
    let uri: Uri = site
        .parse()
        .ok()
        .filter(|uri: &Uri| uri.host().is_some())
        .with_context(|| format!("--site: expected an address, got {site:?}"))?;
    anyhow::ensure!(
        matches!(uri.scheme_str(), Some("http" | "https")),
        "--site: expected an address that begins with https://"
    );
    if !check_tls(means, "tls", &uri, findings) {
        return Ok(());
    }
    let Some(page) = fetch(means, &site, findings) else {
        return Ok(());
    };
    let server = server.map(|server| server.trim_end_matches('/'));
    let snippet = check_snippet(&page, server, write_key, findings);
    check_mixed(&page, findings);
    let base = match (&snippet, server) {
        (Some(snippet), _) => base_of(&join(&page.url, &snippet.src)),
        (None, Some(server)) => server.to_owned(),
        (None, None) => return Ok(()),
    };
    check_policies(means, &page, snippet.as_ref(), &base, findings);
    if let Some(snippet) = &snippet {
        check_script(means, &page, snippet, findings);
    }
    check_isolation(&page, findings);
    let key = write_key
        .or(snippet.as_ref().and_then(|it| it.write_key.as_deref()))
        .map(str::to_owned);
    let Some(key) = key else {
        findings.warn(
            "origin",
            "not checked: the page does not say which write key it uses",
            "give it with --write-key",
        );
        return Ok(());
    };
    if let Some(token) = check_origin(means, &page, &base, &key, findings) {
        check_socket(means, &page, &base, &token, findings);
        check_capture(means, &page, &base, &key, findings);
    }
    Ok(())
}

/// Whether there is anything to talk to.
pub(super) fn check_tls(
    means: &Means,
    check: &'static str,
    uri: &Uri,
    findings: &mut Findings,
) -> bool {
    let host = uri.host().unwrap_or_default();
    if uri.scheme_str() == Some("http") {
        let change = "serve the site with https, and answer http with a redirect there";
        if is_loopback(uri) {
            findings.warn(
                check,
                "http on this machine: fine for a trial, not for customers",
                change,
            );
        } else {
            findings.fail(check, format!("{host} is looked at without https"), change);
        }
        return true;
    }
    let now = Timestamp::from_millisecond(clock::now().0).unwrap_or(Timestamp::MAX);
    let shown = match tls::look(host, port_of(uri), &means.roots) {
        Ok(shown) => shown,
        Err(error) => {
            findings.fail(
                check,
                format!("{error:#}"),
                "check the address, the name service, the firewall and that https is served there",
            );
            return false;
        }
    };
    judge_certificate(check, host, &shown, now, findings)
}

/// Whether browsers believe a certificate as of `now`.
fn judge_certificate(
    check: &'static str,
    host: &str,
    shown: &tls::Shown,
    now: Timestamp,
    findings: &mut Findings,
) -> bool {
    let days = shown
        .not_after
        .map(|end| (end.as_second() - now.as_second()).div_euclid(86_400));
    let until = days.map_or_else(String::new, |days| format!(", {days} days left"));
    if let Some(why) = &shown.refused {
        findings.fail(
            check,
            format!("browsers do not believe the certificate of {host}: {why}{until}"),
            "install a certificate for exactly this name, with every intermediate one of its chain",
        );
        return false;
    }
    match days {
        Some(days) if days < DAYS_LEFT_MIN => findings.fail(
            check,
            format!("the certificate of {host} ends in {days} days"),
            "renew it now, and see why it was not renewed by itself",
        ),
        Some(days) if days < DAYS_LEFT_WARN => findings.warn(
            check,
            format!("the certificate of {host} ends in {days} days"),
            "see that it is renewed by itself in time",
        ),
        _ => findings.ok(
            check,
            format!("the certificate of {host} is believed{until}"),
        ),
    }
    true
}

fn fetch(means: &Means, site: &str, findings: &mut Findings) -> Option<Page> {
    let page = match ask(means, site) {
        Ok(page) => page,
        Err(error) => {
            findings.fail(
                "page",
                format!("{site} could not be read: {error:#}"),
                "check the address, and that the site answers programs that are not browsers",
            );
            return None;
        }
    };
    let (status, page) = page;
    let kind = page.header("content-type").unwrap_or("").to_owned();
    if status != 200 {
        findings.fail(
            "page",
            format!("{} answered {status}", page.url),
            "give the address of a page that everybody may read",
        );
        return None;
    }
    if !kind.starts_with("text/html") && !kind.starts_with("application/xhtml") {
        findings.fail(
            "page",
            format!("{} is {kind:?}, not a page", page.url),
            "give the address of a page",
        );
        return None;
    }
    if site.starts_with("https:") && page.url.starts_with("http:") {
        findings.fail(
            "page",
            format!("{site} leads to {}, without https", page.url),
            "let redirects lead to https only",
        );
    } else {
        findings.ok("page", format!("{} answers", page.url));
    }
    Some(page)
}

fn ask(means: &Means, url: &str) -> anyhow::Result<(u16, Page)> {
    let mut response = means.agent.get(url).header("accept", "text/html").call()?;
    let status = response.status().as_u16();
    let url = response.get_uri().to_string();
    let headers = response.headers().clone();
    let bytes = response
        .body_mut()
        .with_config()
        .limit(BODY_BYTES_MAX)
        .read_to_vec()?;
    let text = String::from_utf8_lossy(&bytes);
    let tags = page::tags(&text);
    Ok((status, Page { url, headers, tags }))
}

/// What to paste, as the admin page prints it.
fn to_paste(page: &Page, server: Option<&str>, write_key: Option<&str>) -> String {
    let server = server.unwrap_or("https://YOUR-OVERTURE-SERVER");
    let ways = installation::variants(
        server,
        "",
        Some(page.origin()),
        write_key.unwrap_or("YOUR-WRITE-KEY"),
    );
    let snippet = ways.first().map(|way| way.snippet.clone());
    format!(
        "paste the scripts before </head> on every page, and the link where help is looked for ({NONCE_PLACE} is the \
         response's nonce, where there is one):\n{}",
        snippet.unwrap_or_default()
    )
}

fn check_snippet(
    page: &Page,
    server: Option<&str>,
    write_key: Option<&str>,
    findings: &mut Findings,
) -> Option<Snippet> {
    let mut found = page::snippets(&page.tags);
    if found.is_empty() {
        let managed = page.tags.iter().any(|tag| {
            tag.get("src")
                .is_some_and(|src| src.contains("googletagmanager.com"))
                || tag.text.contains("googletagmanager.com")
        });
        if managed {
            findings.warn(
                "snippet",
                "not in the markup; a tag manager may add it, which cannot be seen from outside",
                "open the page in a browser and look for the Help button, or put the snippet into the markup",
            );
        } else {
            findings.fail(
                "snippet",
                "the page does not carry it",
                to_paste(page, server, write_key),
            );
        }
        return None;
    }
    let several = found.len();
    let snippet = found.swap_remove(0);
    let faults = findings.0.len();
    if several > 1 {
        findings.warn(
            "snippet",
            format!("the page carries it {several} times; the first one counts"),
            "leave one",
        );
    }
    let base = base_of(&join(&page.url, &snippet.src));
    let own = origin_of(&base) == page.origin();
    if let Some(server) = server
        && !own
        && origin_of(&base) != origin_of(server)
    {
        findings.fail(
            "snippet",
            format!("it loads from {base}, and the server is {server}"),
            format!("change the script's address to {server}/widget.js"),
        );
    }
    match (snippet.write_key.as_deref(), write_key) {
        (Some(""), _) => findings.fail(
            "snippet",
            "its write key is empty",
            "put the source's write key into data-write-key",
        ),
        (Some(there), Some(wanted)) if there != wanted => findings.fail(
            "snippet",
            format!("it carries the write key {there}, not {wanted}"),
            format!("change data-write-key to {wanted}"),
        ),
        (None, _) => findings.warn(
            "snippet",
            "its tag carries no write key: the page must call overture('boot', {writeKey: ..})",
            "put the source's write key into data-write-key",
        ),
        _ => {}
    }
    if !snippet.waits_for_nobody {
        findings.warn(
            "snippet",
            "the page waits for our script before it goes on",
            "add async to the script tag",
        );
    }
    if snippet.in_markup && stub(&page.tags).is_none() {
        findings.warn(
            "snippet",
            "the inline stub is missing: calls of overture(..) before our script arrives are errors",
            format!("put this before it:\n<script>{STUB}</script>"),
        );
    }
    if findings.0.len() == faults {
        findings.ok(
            "snippet",
            format!("{} is loaded, waited for by nobody", snippet.src),
        );
    }
    Some(snippet)
}

/// The inline script that queues calls.
fn stub(tags: &[Tag]) -> Option<&Tag> {
    tags.iter().find(|tag| {
        tag.name == "script"
            && tag.get("src").is_none()
            && tag.text.contains("overture")
            && tag.text.contains("arguments")
    })
}

fn check_mixed(page: &Page, findings: &mut Findings) {
    if !page.url.starts_with("https:") {
        return;
    }
    let upgraded = page
        .header("content-security-policy")
        .is_some_and(|policy| policy.contains("upgrade-insecure-requests"));
    let plain = page::plain_http(&page.tags);
    let blocked: Vec<_> = plain
        .iter()
        .filter(|(tag, _)| !matches!(*tag, "img" | "audio" | "video" | "source"))
        .collect();
    if plain.is_empty() || upgraded {
        findings.ok("mixed", "everything on the page is loaded by https");
    } else if let Some((tag, address)) = blocked.first() {
        findings.fail(
            "mixed",
            format!(
                "browsers block {} of the page: <{tag}> {address}",
                blocked.len()
            ),
            "load it by https",
        );
    } else {
        findings.warn(
            "mixed",
            format!(
                "{} pictures or films are loaded without https: {}",
                plain.len(),
                plain[0].1
            ),
            "load them by https",
        );
    }
}

fn check_policies(
    means: &Means,
    page: &Page,
    snippet: Option<&Snippet>,
    base: &str,
    findings: &mut Findings,
) {
    let policies = page.policies();
    if policies.is_empty() {
        findings.ok("csp", "the page has no policy: nothing is blocked");
        return;
    }
    let stub = stub(&page.tags);
    let script = snippet.map_or_else(
        || format!("{base}/widget.js"),
        |snippet| join(&page.url, &snippet.src),
    );
    let needs = Needs {
        script: &script,
        nonce: snippet.and_then(|snippet| snippet.nonce.as_deref()),
        in_markup: snippet.is_some_and(|snippet| snippet.in_markup),
        stub: stub.map(|tag| (tag.text.as_str(), tag.get("nonce"))),
        base,
    };
    let mut any = false;
    for forbidden in policies.iter().flat_map(|policy| policy.forbidden(&needs)) {
        any = true;
        let text = format!("the page's policy forbids {}", forbidden.what);
        if forbidden.fatal {
            findings.fail("csp", text, forbidden.change);
        } else {
            findings.warn("csp", text, forbidden.change);
        }
    }
    if any {
        let mut whole = String::from("a page that has nothing else would be served with:");
        for (name, value) in installation::headers(base, Scripts::Nonce(NONCE_PLACE)) {
            let _ = write!(whole, "\n{name}: {value}");
        }
        findings.warn("csp", "what the widget needs, as a whole", whole);
    } else {
        findings.ok(
            "csp",
            "the page's policy lets the widget do everything it needs",
        );
    }
    check_nonce(means, page, snippet, findings);
}

/// A nonce that is the same twice protects from nothing.
fn check_nonce(means: &Means, page: &Page, snippet: Option<&Snippet>, findings: &mut Findings) {
    let Some(nonce) = snippet.and_then(|snippet| snippet.nonce.as_deref()) else {
        return;
    };
    let Ok((200, again)) = ask(means, &page.url) else {
        return;
    };
    let second = page::snippets(&again.tags);
    if second.first().and_then(|it| it.nonce.as_deref()) == Some(nonce) {
        findings.warn(
            "csp",
            "the nonce was the same for two requests",
            "make a new one for each response, and let no cache keep pages that carry one",
        );
    }
}

fn check_isolation(page: &Page, findings: &mut Findings) {
    let opener = page.header("cross-origin-opener-policy").unwrap_or("");
    if opener.starts_with("same-origin") && !opener.contains("allow-popups") {
        findings.warn(
            "isolation",
            "Cross-Origin-Opener-Policy cuts the page off from the desk: picking elements for guides does not work on it",
            "send same-origin-allow-popups on the pages that guides are written for",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_judged_by_who_vouches_and_how_long() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for (left, refused, expected) in [
            (Some(90), None, super::super::Verdict::Ok),
            (None, None, super::super::Verdict::Ok),
            (Some(10), None, super::super::Verdict::Warn),
            (Some(1), None, super::super::Verdict::Fail),
            (
                Some(90),
                Some("unknown issuer"),
                super::super::Verdict::Fail,
            ),
            (Some(-2), Some("expired"), super::super::Verdict::Fail),
        ] {
            let mut findings = Findings::default();
            let shown = tls::Shown {
                not_after: left.map(|days| now + jiff::SignedDuration::from_hours(days * 24)),
                refused: refused.map(str::to_owned),
            };
            judge_certificate("tls", "a.b", &shown, now, &mut findings);
            assert_eq!(findings.0[0].verdict, expected, "{left:?} {refused:?}");
        }
    }
}
