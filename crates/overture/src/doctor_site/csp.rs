//! Content security policies, judged by what the widget needs (CSP level 3).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use overture_http::installation::{self, CALLS, MEDIA, SOCKET, STUB, TRUSTED_TYPES_POLICY};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// One policy: directives with their values, the first of each name counts.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    directives: Vec<(String, Vec<String>)>,
    /// The page's own origin, for `'self'`.
    page: String,
}

/// What the widget does on the page.
#[derive(Debug, Clone)]
pub(super) struct Needs<'a> {
    /// The full address of our script.
    pub(super) script: &'a str,
    /// The nonce on its tag.
    pub(super) nonce: Option<&'a str>,
    /// Whether it stands in the markup; if not, a script of the page adds it, without a nonce.
    pub(super) in_markup: bool,
    /// The text and the nonce of the inline stub, where the page has one.
    pub(super) stub: Option<(&'a str, Option<&'a str>)>,
    /// Where the server is, with a path where there is one.
    pub(super) base: &'a str,
}

/// One thing that a policy forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Forbidden {
    pub(super) what: &'static str,
    pub(super) change: String,
    /// The widget cannot do without it.
    pub(super) fatal: bool,
}

impl Policy {
    /// Reads every policy of a header's value: they are separated by commas.
    pub(super) fn read_all(value: &str, page: &str) -> Vec<Self> {
        value
            .split(',')
            .map(|text| Self::read(text, page))
            .filter(|policy| !policy.directives.is_empty())
            .collect()
    }

    fn read(text: &str, page: &str) -> Self {
        let mut directives: Vec<(String, Vec<String>)> = Vec::new();
        for directive in text.split(';') {
            let mut words = directive.split_ascii_whitespace().map(str::to_owned);
            let Some(name) = words.next().map(|name| name.to_ascii_lowercase()) else {
                continue;
            };
            if directives.iter().all(|(known, _)| *known != name) {
                directives.push((name, words.collect()));
            }
        }
        Self {
            directives,
            page: page.to_owned(),
        }
    }

    fn values(&self, names: &[&str]) -> Option<&[String]> {
        names.iter().find_map(|name| {
            self.directives
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, values)| values.as_slice())
        })
    }

    /// What it forbids of what the widget needs.
    pub(super) fn forbidden(&self, needs: &Needs<'_>) -> Vec<Forbidden> {
        let mut found = Vec::new();
        self.judge_sandbox(&mut found);
        self.judge_scripts(needs, &mut found);
        self.judge_connections(needs, &mut found);
        self.judge_pictures(needs, &mut found);
        self.judge_trusted_types(needs, &mut found);
        found
    }

    fn judge_sandbox(&self, found: &mut Vec<Forbidden>) {
        let Some(flags) = self.values(&["sandbox"]) else {
            return;
        };
        for (flag, what, fatal) in [
            ("allow-scripts", "scripts, by its sandbox", true),
            ("allow-same-origin", "an origin, by its sandbox", true),
            ("allow-forms", "what customers send, by its sandbox", true),
            ("allow-downloads", "saving files, by its sandbox", false),
        ] {
            if flags.iter().all(|one| one != flag) {
                found.push(Forbidden {
                    what,
                    change: format!("add {flag} to sandbox, or take sandbox out"),
                    fatal,
                });
            }
        }
    }

    fn judge_scripts(&self, needs: &Needs<'_>, found: &mut Vec<Forbidden>) {
        let Some(values) = self.values(&["script-src-elem", "script-src", "default-src"]) else {
            return;
        };
        let origin = installation::origin_of(needs.script);
        let strict = values.iter().any(|one| one == "'strict-dynamic'");
        // What a trusted script adds is trusted under strict-dynamic, whatever else is said.
        let trusted = if needs.in_markup {
            needs.nonce.is_some_and(|nonce| has_nonce(values, nonce))
        } else {
            strict
        };
        let lets_in = |address: &str| trusted || (!strict && self.allows(values, address));
        if !lets_in(needs.script) {
            let by_nonce = strict || values.iter().any(|one| one.starts_with("'nonce-"));
            let change = if by_nonce && needs.in_markup {
                "put the response's nonce on our script tag: nonce=\"…\"".to_owned()
            } else if by_nonce {
                format!("add 'strict-dynamic' to script-src, or {origin}")
            } else {
                format!(
                    "add {origin} to script-src, or a nonce to script-src and to our script tag"
                )
            };
            found.push(Forbidden {
                what: "our script",
                change,
                fatal: true,
            });
        } else if let Some(shut_out) = installation::further_scripts(needs.script)
            .iter()
            .find(|address| !lets_in(address))
        {
            found.push(Forbidden {
                what: "the scripts that ours adds: what notices trouble, the panel, guides",
                change: format!(
                    "add {origin} to script-src, not single files: {shut_out} is shut out"
                ),
                fatal: true,
            });
        }
        if let Some((text, nonce)) = needs.stub {
            let inline = values.iter().any(|one| one == "'unsafe-inline'")
                && values
                    .iter()
                    .all(|one| !one.starts_with("'nonce-") && !one.starts_with("'sha"))
                && !strict;
            let allowed = inline
                || nonce.is_some_and(|nonce| has_nonce(values, nonce))
                || hashes(text).iter().any(|hash| values.contains(hash));
            if !allowed {
                found.push(Forbidden {
                    what: "the inline stub",
                    change: format!(
                        "put the response's nonce on it too, or add '{}' to script-src and use the stub exactly as printed",
                        hashes(STUB)[0].trim_matches('\'')
                    ),
                    fatal: false,
                });
            }
        }
    }

    fn judge_connections(&self, needs: &Needs<'_>, found: &mut Vec<Forbidden>) {
        let Some(values) = self.values(&["connect-src", "default-src"]) else {
            return;
        };
        let origin = installation::origin_of(needs.base);
        let sockets = installation::socket_origin(needs.base);
        let called = |path: &str| format!("{}{}", needs.base, one_below(path));
        if let Some(path) = CALLS
            .iter()
            .find(|path| !self.allows(values, &called(path)))
        {
            found.push(Forbidden {
                what: "calls to the server",
                change: format!(
                    "add {origin} to connect-src, without a path: {} is shut out",
                    called(path)
                ),
                fatal: true,
            });
        }
        let path = &needs.base[origin.len()..];
        if !self.allows(values, &format!("{sockets}{path}{SOCKET}")) {
            found.push(Forbidden {
                what: "the socket to the server (it falls back to asking every five seconds)",
                change: format!("add {sockets} to connect-src"),
                fatal: false,
            });
        }
    }

    fn judge_pictures(&self, needs: &Needs<'_>, found: &mut Vec<Forbidden>) {
        let origin = installation::origin_of(needs.base);
        for (directive, what) in [
            ("img-src", "pictures before films in guides"),
            ("media-src", "short films in guides"),
        ] {
            let Some(values) = self.values(&[directive, "default-src"]) else {
                continue;
            };
            if !self.allows(values, &format!("{}{}", needs.base, one_below(MEDIA))) {
                found.push(Forbidden {
                    what,
                    change: format!("add {origin} to {directive}"),
                    fatal: false,
                });
            }
        }
    }

    fn judge_trusted_types(&self, needs: &Needs<'_>, found: &mut Vec<Forbidden>) {
        let Some(names) = self.values(&["trusted-types"]) else {
            return;
        };
        if self.values(&["require-trusted-types-for"]).is_none() {
            return;
        }
        let knows = |wanted: &str| names.iter().any(|one| one == wanted || one == "*");
        // The page's own default policy may let in what is written as plain text.
        if !needs.in_markup && !knows("default") {
            found.push(Forbidden {
                what: "scripts that are added as plain text, as ours is, by Trusted Types",
                change: "put our script tag into the markup, or take require-trusted-types-for out"
                    .to_owned(),
                fatal: true,
            });
        }
        if !knows(TRUSTED_TYPES_POLICY) {
            found.push(Forbidden {
                what: "the scripts that ours adds, by Trusted Types",
                change: format!("add {TRUSTED_TYPES_POLICY} to trusted-types"),
                fatal: true,
            });
        }
    }

    /// Whether a list of sources lets an address in (CSP3, 6.7.2.5 and following).
    fn allows(&self, values: &[String], address: &str) -> bool {
        values.iter().any(|source| match source.as_str() {
            "*" => ["http", "https", "ws", "wss"]
                .iter()
                .any(|scheme| address.starts_with(&format!("{scheme}://"))),
            "'self'" => {
                let own = &self.page;
                let sockets = installation::socket_origin(own);
                let origin = installation::origin_of(address);
                origin.eq_ignore_ascii_case(own) || origin.eq_ignore_ascii_case(&sockets)
            }
            other if other.starts_with('\'') => false,
            other => matches(other, address, &self.page),
        })
    }
}

/// An address below one that ends with a slash; another as it is.
fn one_below(path: &str) -> String {
    let name = if path.ends_with('/') { "x" } else { "" };
    format!("{path}{name}")
}

fn has_nonce(values: &[String], nonce: &str) -> bool {
    !nonce.is_empty() && values.iter().any(|one| *one == format!("'nonce-{nonce}'"))
}

fn hashes(text: &str) -> [String; 3] {
    [
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text))),
        format!("'sha384-{}'", STANDARD.encode(Sha384::digest(text))),
        format!("'sha512-{}'", STANDARD.encode(Sha512::digest(text))),
    ]
}

/// Whether one scheme or host source lets an address in.
fn matches(source: &str, address: &str, page: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else {
        return false;
    };
    if let Some(only) = source.strip_suffix(':') {
        return scheme_fits(only, scheme);
    }
    let Some(rest) = rest.strip_prefix("//") else {
        return false;
    };
    let (host_port, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (wanted_scheme, wanted) = source
        .split_once("://")
        .map_or((None, source), |(scheme, rest)| (Some(scheme), rest));
    let page_scheme = page.split_once("://").map_or("https", |(scheme, _)| scheme);
    if !scheme_fits(wanted_scheme.unwrap_or(page_scheme), scheme) {
        return false;
    }
    let (wanted_host, wanted_path) = wanted
        .find('/')
        .map_or((wanted, ""), |at| wanted.split_at(at));
    host_fits(wanted_host, host_port, scheme) && path_fits(wanted_path, path)
}

/// A source's scheme lets the secure kind of itself in, and sockets to the same place.
fn scheme_fits(wanted: &str, scheme: &str) -> bool {
    wanted.eq_ignore_ascii_case(scheme)
        || matches!(
            (wanted.to_ascii_lowercase().as_str(), scheme),
            ("http", "https" | "ws" | "wss") | ("https", "wss") | ("ws", "wss" | "http" | "https")
        )
}

fn host_fits(wanted: &str, host_port: &str, scheme: &str) -> bool {
    let usual = if matches!(scheme, "https" | "wss") {
        "443"
    } else {
        "80"
    };
    let split = |text: &'_ str| -> (String, Option<String>) {
        match text.rsplit_once(':') {
            Some((host, port)) if port == "*" || port.bytes().all(|one| one.is_ascii_digit()) => {
                (host.to_ascii_lowercase(), Some(port.to_owned()))
            }
            _ => (text.to_ascii_lowercase(), None),
        }
    };
    let (wanted, wanted_port) = split(wanted);
    let (host, port) = split(host_port);
    let port = port.unwrap_or_else(|| usual.to_owned());
    let host_ok = match wanted.strip_prefix("*.") {
        Some(domain) => host.ends_with(&format!(".{domain}")),
        None => wanted == host,
    };
    let port_ok = wanted_port.map_or(port == usual, |wanted| wanted == "*" || wanted == port);
    host_ok && port_ok
}

fn path_fits(wanted: &str, path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    if wanted.is_empty() {
        true
    } else if wanted.ends_with('/') {
        path.starts_with(wanted)
    } else {
        path == wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://help.example.com";

    fn judged(policy: &str, nonce: Option<&str>, stub_nonce: Option<&str>) -> Vec<&'static str> {
        let script = format!("{BASE}/widget.js");
        judged_for(
            policy,
            &Needs {
                script: &script,
                nonce,
                in_markup: true,
                stub: Some((STUB, stub_nonce)),
                base: BASE,
            },
        )
    }

    /// Our script added by another one, as a tag manager does.
    fn judged_added(policy: &str, nonce: Option<&str>) -> Vec<&'static str> {
        let script = format!("{BASE}/widget.js");
        judged_for(
            policy,
            &Needs {
                script: &script,
                nonce,
                in_markup: false,
                stub: Some((STUB, nonce)),
                base: BASE,
            },
        )
    }

    fn judged_for(policy: &str, needs: &Needs<'_>) -> Vec<&'static str> {
        Policy::read_all(policy, "https://www.shop.example")
            .iter()
            .flat_map(|policy| policy.forbidden(needs))
            .map(|found| found.what)
            .collect()
    }

    #[test]
    fn what_we_print_is_what_we_accept() {
        use overture_http::installation::{Scripts, headers};
        let by_nonce = &headers(BASE, Scripts::Nonce("n1"))[0].1;
        assert_eq!(judged(by_nonce, Some("n1"), Some("n1")), [""; 0]);
        let by_list = &headers(BASE, Scripts::List)[0].1;
        assert_eq!(judged(by_list, None, None), [""; 0]);
        let managed = &headers(BASE, Scripts::TagManager("n1"))[0].1;
        assert_eq!(judged_added(managed, Some("n1")), [""; 0]);
    }

    #[test]
    fn what_a_script_adds_has_no_nonce() {
        let added = |policy| judged_added(policy, Some("n1"));
        assert_eq!(added("script-src 'nonce-n1'"), ["our script"]);
        assert_eq!(
            added("script-src 'nonce-n1' https://help.example.com"),
            [""; 0]
        );
        let by_types = "require-trusted-types-for 'script'; trusted-types overture";
        assert_eq!(
            added(by_types),
            ["scripts that are added as plain text, as ours is, by Trusted Types"]
        );
        assert_eq!(added(&format!("{by_types} default")), [""; 0]);
    }

    #[test]
    fn each_fault_is_found_and_nothing_else() {
        const SCRIPT: &str = "our script";
        const STUB_INLINE: &str = "the inline stub";
        const CALLS: &str = "calls to the server";
        const SOCKET: &str =
            "the socket to the server (it falls back to asking every five seconds)";
        const FURTHER: &str = "the scripts that ours adds: what notices trouble, the panel, guides";
        const PICTURES: &str = "pictures before films in guides";
        const FILMS: &str = "short films in guides";
        const TYPES: &str = "the scripts that ours adds, by Trusted Types";
        for (policy, nonce, expected) in [
            ("frame-ancestors 'none'", None, vec![]),
            ("script-src 'nonce-a'", Some("a"), vec![]),
            ("script-src 'nonce-a'", Some("b"), vec![SCRIPT, STUB_INLINE]),
            ("script-src 'nonce-a'", None, vec![SCRIPT, STUB_INLINE]),
            ("script-src 'self' 'unsafe-inline'", None, vec![SCRIPT]),
            ("script-src https: 'unsafe-inline'", None, vec![]),
            (
                "script-src https: 'unsafe-inline' 'strict-dynamic'",
                None,
                vec![SCRIPT, STUB_INLINE],
            ),
            ("script-src help.example.com 'unsafe-inline'", None, vec![]),
            ("script-src *.example.com 'unsafe-inline'", None, vec![]),
            (
                "script-src *.help.example.com 'unsafe-inline'",
                None,
                vec![SCRIPT],
            ),
            (
                "script-src https://help.example.com/widget.js 'unsafe-inline'",
                None,
                vec![FURTHER],
            ),
            (
                "script-src https://help.example.com/widget.js https://help.example.com/widget-watch.js \
                 https://help.example.com/widget-panel.en.js https://help.example.com/widget-guide.en.js 'unsafe-inline'",
                None,
                vec![FURTHER],
            ),
            (
                "script-src https://help.example.com/ 'unsafe-inline'",
                None,
                vec![],
            ),
            (
                "script-src https://help.example.com/other/ 'unsafe-inline'",
                None,
                vec![SCRIPT],
            ),
            (
                "script-src https://help.example.com:8443 'unsafe-inline'",
                None,
                vec![SCRIPT],
            ),
            (
                "script-src-elem 'none'; script-src *",
                Some("a"),
                vec![SCRIPT, STUB_INLINE],
            ),
            ("connect-src 'self'", None, vec![CALLS, SOCKET]),
            ("connect-src https://help.example.com", None, vec![]),
            ("connect-src wss://help.example.com", None, vec![CALLS]),
            ("connect-src https:", None, vec![]),
            ("connect-src https://help.example.com/v1/", None, vec![]),
            (
                "connect-src https://help.example.com/v1/widget/session",
                None,
                vec![CALLS, SOCKET],
            ),
            (
                "connect-src https://help.example.com/v1/widget/",
                None,
                vec![CALLS],
            ),
            (
                "connect-src https://help.example.com/v1/batch https://help.example.com/v1/widget/callback \
                 https://help.example.com/v1/widget/callback/",
                None,
                vec![CALLS, SOCKET],
            ),
            ("img-src 'self' data:", None, vec![PICTURES]),
            ("img-src https://help.example.com", None, vec![]),
            ("media-src blob:", None, vec![FILMS]),
            (
                "require-trusted-types-for 'script'; trusted-types shop",
                None,
                vec![TYPES],
            ),
            (
                "require-trusted-types-for 'script'; trusted-types *",
                None,
                vec![],
            ),
            ("require-trusted-types-for 'script'", None, vec![]),
            (
                "sandbox allow-scripts",
                None,
                vec![
                    "an origin, by its sandbox",
                    "what customers send, by its sandbox",
                    "saving files, by its sandbox",
                ],
            ),
            (
                "script-src 'nonce-a', script-src https:",
                Some("a"),
                vec![STUB_INLINE],
            ),
        ] {
            assert_eq!(judged(policy, nonce, nonce), expected, "{policy} {nonce:?}");
        }
    }

    #[test]
    fn a_first_party_base_is_the_page_itself() {
        let base = "https://www.shop.example/assist";
        let script = format!("{base}/w.js");
        let needs = Needs {
            script: &script,
            nonce: None,
            in_markup: true,
            stub: None,
            base,
        };
        let policies = Policy::read_all("default-src 'self'", "https://www.shop.example");
        assert_eq!(policies[0].forbidden(&needs), []);
    }
}
