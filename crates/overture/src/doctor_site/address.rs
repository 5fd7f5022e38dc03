//! Addresses as browsers read them.

use overture_http::installation::origin_of;
use ureq::http::Uri;

/// The folder of an address, without a slash at the end.
pub(super) fn base_of(address: &str) -> String {
    let plain = address.split(['?', '#']).next().unwrap_or(address);
    plain
        .rsplit_once('/')
        .map_or(plain, |(folder, _)| folder)
        .to_owned()
}

/// An address on a page as browsers read it.
pub(super) fn join(page: &str, address: &str) -> String {
    let scheme = page.split_once("://").map_or("https", |(scheme, _)| scheme);
    if address.contains("://") {
        address.to_owned()
    } else if let Some(host) = address.strip_prefix("//") {
        format!("{scheme}://{host}")
    } else if address.starts_with('/') {
        format!("{}{address}", origin_of(page))
    } else {
        let folder = base_of(page);
        let folder = if folder.len() < origin_of(page).len() {
            origin_of(page)
        } else {
            &folder
        };
        let mut parts: Vec<&str> = folder.split('/').collect();
        for part in address.split('/') {
            match part {
                "." => {}
                ".." if parts.len() > 3 => {
                    parts.pop();
                }
                ".." => {}
                other => parts.push(other),
            }
        }
        parts.join("/")
    }
}

/// The port of an address, also where it does not say it.
pub(super) fn port_of(uri: &Uri) -> u16 {
    let secure = matches!(uri.scheme_str(), Some("https" | "wss"));
    uri.port_u16().unwrap_or(if secure { 443 } else { 80 })
}

/// Whether an address leads to this machine.
pub(super) fn is_loopback(uri: &Uri) -> bool {
    uri.host()
        .is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_joined_as_browsers_do() {
        for (page, address, expected) in [
            ("https://a.b/c/d", "w.js", "https://a.b/c/w.js"),
            ("https://a.b/c/d?x=/y", "../w.js", "https://a.b/w.js"),
            ("https://a.b", "./w.js", "https://a.b/w.js"),
            ("https://a.b/", "../../w.js", "https://a.b/w.js"),
            ("https://a.b/c", "/x/w.js?v", "https://a.b/x/w.js?v"),
            ("http://a.b/c", "//h.i/w.js", "http://h.i/w.js"),
            ("https://a.b/c", "https://h.i/w.js", "https://h.i/w.js"),
        ] {
            assert_eq!(join(page, address), expected, "{page} {address}");
        }
        assert_eq!(base_of("https://a.b/assist/w.js?v=1"), "https://a.b/assist");
    }
}
