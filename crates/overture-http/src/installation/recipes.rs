//! The ways in which a site can carry the widget, each with what to paste where.

use super::{NONCE_PLACE, SITE_PLACE, STUB, Scripts, headers, is_plain, origin_of};

/// One way to carry the widget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// `direct`, `files`, `subdomain`, `first_party` or `tag_manager`.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// When it fits.
    pub about: &'static str,
    /// Where the widget is loaded from.
    pub base_url: String,
    /// What goes on each page; empty when the write key cannot be put into markup as it is.
    pub snippet: String,
    /// The response headers of each page.
    pub headers: Vec<(&'static str, String)>,
    /// What a proxy is told.
    pub recipes: Vec<Recipe>,
}

/// A text for one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The program.
    pub title: &'static str,
    /// What to give it.
    pub text: String,
}

/// Every way, for a server at `server` (scheme, host and port) and a site at `site` (the
/// same, or `None` while it is not known). `prefix` is the first-party prefix; without one
/// that way is left out.
pub fn variants(server: &str, prefix: &str, site: Option<&str>, write_key: &str) -> Vec<Variant> {
    let site = origin_of(site.unwrap_or(SITE_PLACE));
    let own = subdomain_of(site);
    let mut ways = vec![
        Variant {
            id: "direct",
            title: "From this server",
            about: "The simplest way. The page gives each response a new nonce.",
            base_url: server.to_owned(),
            snippet: by_nonce(server, "widget.js", write_key),
            headers: headers(server, Scripts::Nonce(NONCE_PLACE)),
            recipes: Vec::new(),
        },
        Variant {
            id: "files",
            title: "Pages without a nonce",
            about: "For pages that are only files: scripts are let in by where they come from, and the stub by its hash.",
            base_url: server.to_owned(),
            snippet: plain(server, "widget.js", write_key),
            headers: headers(server, Scripts::List),
            recipes: Vec::new(),
        },
        Variant {
            id: "subdomain",
            title: "A subdomain of your own",
            about: "Content blockers rarely know your own domain. Point the name at your proxy, then set public_url to it.",
            snippet: by_nonce(&own, "w.js", write_key),
            headers: headers(&own, Scripts::Nonce(NONCE_PLACE)),
            recipes: subdomain_recipes(&own, server),
            base_url: own,
        },
    ];
    if !prefix.is_empty() {
        let base = format!("{site}{prefix}");
        ways.push(Variant {
            id: "first_party",
            title: "A path of your own site",
            about: "One path of the site is handed on to this server: no other origin, nothing for a content blocker to know.",
            snippet: by_nonce(prefix, "w.js", write_key),
            headers: headers(&base, Scripts::Nonce(NONCE_PLACE)),
            recipes: path_recipes(site, prefix, server),
            base_url: base,
        });
    }
    ways.push(Variant {
        id: "tag_manager",
        title: "By a tag manager",
        about: "As a custom HTML tag on all pages. The tag manager's own script carries the nonce.",
        base_url: server.to_owned(),
        snippet: by_tag_manager(server, write_key),
        headers: headers(server, Scripts::TagManager(NONCE_PLACE)),
        recipes: Vec::new(),
    });
    ways
}

/// `help.` beside the site's own name.
fn subdomain_of(site: &str) -> String {
    let (scheme, host) = site.split_once("://").unwrap_or(("https", site));
    format!(
        "{scheme}://help.{}",
        host.strip_prefix("www.").unwrap_or(host)
    )
}

fn by_nonce(base: &str, script: &str, write_key: &str) -> String {
    if !is_plain(base) || !is_plain(write_key) {
        return String::new();
    }
    format!(
        "<script nonce=\"{NONCE_PLACE}\">{STUB}</script>\n\
         <script nonce=\"{NONCE_PLACE}\" async src=\"{base}/{script}\" data-write-key=\"{write_key}\"></script>\n\
         {}",
        link(base, write_key)
    )
}

fn plain(base: &str, script: &str, write_key: &str) -> String {
    by_nonce(base, script, write_key).replace(&format!(" nonce=\"{NONCE_PLACE}\""), "")
}

/// Where the widget cannot run, this opens the help page; where it runs, the panel.
fn link(base: &str, write_key: &str) -> String {
    format!("<a data-overture-help href=\"{base}/help/{write_key}\">Help</a>")
}

fn by_tag_manager(base: &str, write_key: &str) -> String {
    if !is_plain(base) || !is_plain(write_key) {
        return String::new();
    }
    format!(
        "<script>{STUB};\n\
         (function(d){{var s=d.createElement('script');s.async=true;s.src='{base}/widget.js';\
         s.dataset.writeKey='{write_key}';d.head.appendChild(s)}})(document)</script>"
    )
}

fn subdomain_recipes(own: &str, server: &str) -> Vec<Recipe> {
    let host = own.split_once("://").map_or(own, |(_, host)| host);
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    vec![
        Recipe {
            title: "nginx",
            text: format!(
                "server {{\n  listen {port} ssl;\n  server_name {name};\n  ssl_certificate /etc/ssl/{name}.pem;\n  \
                 ssl_certificate_key /etc/ssl/{name}.key;\n  location / {{\n{}  }}\n}}",
                nginx_hands_on(server)
            ),
        },
        Recipe {
            title: "Caddy",
            text: format!("{host} {{\n{}\n}}", caddy_hands_on("", server)),
        },
        Recipe {
            title: "Cloudflare Worker",
            text: worker("url", server),
        },
    ]
}

fn path_recipes(site: &str, prefix: &str, server: &str) -> Vec<Recipe> {
    let host = site.split_once("://").map_or(site, |(_, host)| host);
    vec![
        Recipe {
            title: "nginx",
            text: format!("location {prefix}/ {{\n{}}}", nginx_hands_on(server)),
        },
        Recipe {
            title: "Caddy",
            text: format!(
                "{host} {{\n{}\n}}",
                caddy_hands_on(&format!("{prefix}/* "), server)
            ),
        },
        Recipe {
            title: "Cloudflare Worker",
            text: format!("// Route: {host}{prefix}/*\n{}", worker("url", server)),
        },
    ]
}

/// What is asked of nginx. It names no host in TLS by itself, and takes 1 MB: less than an
/// attachment has. The largest body that we take is 50 MB, what `chat.file_max_bytes` may be at most.
fn nginx_hands_on(server: &str) -> String {
    [
        format!("proxy_pass {server};"),
        "proxy_ssl_server_name on;".to_owned(),
        "proxy_http_version 1.1;".to_owned(),
        "proxy_set_header Host $proxy_host;".to_owned(),
        "proxy_set_header Upgrade $http_upgrade;".to_owned(),
        "proxy_set_header Connection $http_connection;".to_owned(),
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;".to_owned(),
        "proxy_set_header X-Forwarded-Proto $scheme;".to_owned(),
        "proxy_read_timeout 60s;".to_owned(),
        "client_max_body_size 50m;".to_owned(),
    ]
    .map(|line| format!("    {line}\n"))
    .concat()
}

/// What is asked of Caddy, for the paths of `matcher`. It leaves the Host of the site's own
/// request by itself, which a server behind a name of its own does not know.
fn caddy_hands_on(matcher: &str, server: &str) -> String {
    format!("  reverse_proxy {matcher}{server} {{\n    header_up Host {{upstream_hostport}}\n  }}")
}

/// A Worker that hands requests on, sockets too.
fn worker(name: &str, server: &str) -> String {
    let (scheme, host) = server.split_once("://").unwrap_or(("https", server));
    format!(
        "export default {{\n  fetch(request) {{\n    const {name} = new URL(request.url);\n    \
         {name}.protocol = '{scheme}:';\n    {name}.host = '{host}';\n    const copy = new Request({name}, request);\n    \
         copy.headers.set('X-Forwarded-For', request.headers.get('CF-Connecting-IP') ?? '');\n    \
         return fetch(copy);\n  }},\n}};"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_names_its_own_address_and_the_key() {
        let ways = variants(
            "https://help.acme.test",
            "/assist",
            Some("https://www.acme.test/shop"),
            "wk_1",
        );
        let addresses: Vec<_> = ways
            .iter()
            .map(|way| (way.id, way.base_url.as_str()))
            .collect();
        assert_eq!(
            addresses,
            [
                ("direct", "https://help.acme.test"),
                ("files", "https://help.acme.test"),
                ("subdomain", "https://help.acme.test"),
                ("first_party", "https://www.acme.test/assist"),
                ("tag_manager", "https://help.acme.test"),
            ]
        );
        for way in &ways {
            assert!(way.snippet.contains("wk_1"), "{}", way.id);
            let policy = &way.headers[0].1;
            assert!(policy.contains(origin_of(&way.base_url)), "{policy}");
        }
        let without = variants("https://help.acme.test", "", None, "wk_1");
        assert!(without.iter().all(|way| way.id != "first_party"));
    }

    #[test]
    fn proxies_name_the_server_and_take_what_it_takes() {
        let ways = variants(
            "https://overture.internal",
            "/assist",
            Some("https://www.acme.test:8443"),
            "wk_1",
        );
        let text = |id: &str, title: &str| {
            let way = ways.iter().find(|way| way.id == id).expect("the way");
            let recipe = way.recipes.iter().find(|recipe| recipe.title == title);
            recipe.expect("the recipe").text.clone()
        };
        for id in ["subdomain", "first_party"] {
            let nginx = text(id, "nginx");
            assert!(nginx.contains("proxy_ssl_server_name on;"), "{nginx}");
            assert!(nginx.contains("client_max_body_size 50m;"), "{nginx}");
            let caddy = text(id, "Caddy");
            assert!(
                caddy.contains("header_up Host {upstream_hostport}"),
                "{caddy}"
            );
        }
        let own = text("subdomain", "nginx");
        assert!(
            own.contains("listen 8443 ssl;\n  server_name help.acme.test;"),
            "{own}"
        );
    }

    #[test]
    fn a_key_that_could_leave_its_attribute_is_not_put_into_markup() {
        for way in variants("https://help.acme.test", "/assist", None, "wk\" onload=\"x") {
            assert_eq!(way.snippet, "", "{}", way.id);
        }
    }
}
