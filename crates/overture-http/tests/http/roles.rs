use axum::http::Method;
use overture_http::Config;
use overture_store::Role;
use serde_json::Value;

use crate::support::*;

/// Routes that need no credentials. Everything else must refuse whoever shows none.
const PUBLIC: &[(&str, &str)] = &[
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
    ("get", "/openapi.json"),
    ("get", "/docs"),
    ("post", "/v1/auth/login"),
    // These answer 404 unless the path names a write key, which is public by nature.
    ("get", "/v1/projects/{write_key}/settings"),
    ("get", "/sourceConfig/"),
    ("get", "/array/{write_key}/config"),
    ("get", "/array/{write_key}/config.js"),
    ("post", "/flags/"),
    ("post", "/decide/"),
    // A guide's file: its id is not to be guessed, and a `<video>` shows no token.
    ("get", "/v1/widget/media/{media}"),
    // The path is the credential: anything but a signed token that has not run out answers 404.
    ("post", "/help/c/{token}"),
    ("post", "/help/g/{token}"),
    // Twilio signs; without its secret it is told that nothing is set up.
    ("get", "/twilio/media"),
    ("post", "/twilio/voice"),
];

/// Routes that read the write key from the body or the query: a call without a readable one is
/// a bad request.
const KEYED: &[&str] = &[
    "/v1/widget/session",
    "/v1/widget/consent",
    "/v1/widget/terms",
];

/// Every described route with something in place of its parameters.
async fn routes(server: &Server) -> Vec<(Method, String, String)> {
    let document = server.get("/openapi.json").send().await.expect(200).json();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let concrete = path
                .split('/')
                .map(|part| match part {
                    "{kind}" => "track",
                    part if part.starts_with('{') => "x",
                    part => part,
                })
                .collect::<Vec<_>>()
                .join("/");
            let method: Method = method.to_uppercase().parse().unwrap();
            routes.push((method, path.clone(), concrete));
        }
    }
    routes
}

fn is_public(method: &Method, path: &str) -> bool {
    PUBLIC.iter().any(|(public, public_path)| {
        method.as_str().eq_ignore_ascii_case(public) && path == *public_path
    })
}

#[tokio::test]
async fn every_route_refuses_whoever_shows_no_credentials() {
    let server = Server::start().await;
    let routes = routes(&server).await;
    assert!(routes.len() > 60, "{}", routes.len());
    for (method, path, concrete) in routes {
        if is_public(&method, &path) {
            continue;
        }
        for body in ["{}", "", "not json"] {
            let answer = server
                .call(method.clone(), &concrete)
                .body(body)
                .send()
                .await;
            let status = answer.status.as_u16();
            // Capture reads the key from the body: what cannot be read is refused as such.
            let capture = answer.header("access-control-allow-origin") == "*";
            let refused = matches!(status, 401 | 403)
                || (capture && status == 400 && answer.code() == "bad_json")
                || (KEYED.contains(&path.as_str()) && status == 400);
            assert!(refused, "{method} {path} with {body:?}: {status}");
        }
    }
    assert!(server.core.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_forged_or_foreign_credential_opens_nothing() {
    let server = Server::start().await;
    for (method, path, concrete) in routes(&server).await {
        if is_public(&method, &path) || !path.starts_with("/v1/") {
            continue;
        }
        for (name, value) in [
            ("cookie", "overture_session=nobody"),
            ("authorization", "Bearer ovt_nobody"),
            ("authorization", "Bearer wst_nobody"),
        ] {
            let answer = server
                .call(method.clone(), &concrete)
                .header(name, value)
                .body("{}")
                .send()
                .await;
            let status = answer.status.as_u16();
            let refused =
                matches!(status, 401 | 403) || (KEYED.contains(&path.as_str()) && status == 400);
            assert!(refused, "{method} {path} with {value}: {status}");
        }
    }
}

/// Which roles (admin, supervisor, agent, analyst) and token scopes a route lets in.
fn allowed(method: &Method, path: &str) -> Option<(&'static [Role], Option<&'static str>)> {
    use Role::{Admin, Agent, Analyst, Supervisor};
    const ALL: &[Role] = &[Admin, Supervisor, Agent, Analyst];
    let get = *method == Method::GET;
    Some(match path {
        _ if path.starts_with("/v1/auth/") => (ALL, None),
        _ if path.starts_with("/v1/desk/") => (&[Admin, Supervisor, Agent], None),
        "/v1/customers/{customer}/consents" => (&[Admin, Supervisor, Agent], Some("calls")),
        "/v1/calls/{call}/recording" if *method == Method::DELETE => (&[Admin, Supervisor], None),
        "/v1/calls/{call}/recording" if get => (&[Admin, Supervisor, Agent], None),
        "/v1/calls/{call}/audio" => (&[Admin, Supervisor, Agent], Some("calls")),
        _ if path.starts_with("/v1/calls") && get => (ALL, Some("read")),
        _ if path.starts_with("/v1/calls") => (&[Admin, Supervisor, Agent], Some("calls")),
        _ if path.starts_with("/v1/customers") || path.starts_with("/v1/decisions") => {
            (ALL, Some("read"))
        }
        _ if path.starts_with("/v1/conversations") && get => (ALL, Some("read")),
        _ if path.starts_with("/v1/conversations") => (&[Admin, Supervisor, Agent], None),
        "/v1/admin/policy" if get => (&[Admin, Supervisor, Analyst], Some("read")),
        "/v1/admin/previews/{preview}" => (&[Admin], None),
        "/v1/admin/policy/validate"
        | "/v1/admin/policy/matches"
        | "/v1/admin/articles/try"
        | "/v1/admin/guides/audience"
        | "/v1/admin/lexicon/trial"
        | "/v1/admin/stop" => (&[Admin, Supervisor], None),
        _ if path.starts_with("/v1/admin/") && get => (&[Admin, Supervisor], None),
        _ if path.starts_with("/v1/admin/") => (&[Admin], None),
        "/v1/grants/redeem" => (&[], Some("grants")),
        _ if path.starts_with("/v1/grants") => (&[Admin, Supervisor], Some("grants")),
        _ => return None,
    })
}

#[tokio::test]
async fn each_role_and_scope_gets_exactly_its_routes() {
    // Every token asks for every route at once.
    let mut config = Config::default();
    config.rates.tokens_per_s = 10_000;
    let server = Server::start_with(config).await;
    for (method, path, concrete) in routes(&server).await {
        // Signing out would end the sessions of the other checks.
        if is_public(&method, &path) || path == "/v1/auth/logout" {
            continue;
        }
        let Some((roles, scope)) = allowed(&method, &path) else {
            continue;
        };
        for role in Role::ALL {
            // Broken on purpose: whoever is let in is told about the body, not more.
            let answer = server
                .call(method.clone(), &concrete)
                .role(role)
                .body("not json")
                .send()
                .await;
            let refused = answer.status.as_u16() == 403 && answer.code() == "not_allowed";
            assert_eq!(
                !refused,
                roles.contains(&role),
                "{method} {path} as {}: {}",
                role.name(),
                answer.status
            );
        }
        for token in ["grants", "read", "capture", "calls"] {
            let answer = server
                .call(method.clone(), &concrete)
                .bearer(&format!("ovt_{token}"))
                .body("not json")
                .send()
                .await;
            let refused = answer.status.as_u16() == 403 && answer.code() == "not_allowed";
            assert_eq!(
                !refused,
                scope == Some(token),
                "{method} {path} with scope {token}: {}",
                answer.status
            );
        }
    }
}

#[tokio::test]
async fn every_change_by_cookie_needs_the_csrf_header() {
    let server = Server::start().await;
    for (method, path, concrete) in routes(&server).await {
        if is_public(&method, &path) || method.is_safe() {
            continue;
        }
        let Some((roles, _)) = allowed(&method, &path) else {
            continue;
        };
        if !roles.contains(&Role::Admin) {
            continue;
        }
        for wrong in ["", "csrf-agent"] {
            let call = server
                .call(method.clone(), &concrete)
                .cookie_of(Role::Admin);
            let call = if wrong.is_empty() {
                call
            } else {
                call.header("x-csrf-token", wrong)
            };
            let answer = call.body("{}").send().await.expect(403);
            assert_eq!(answer.code(), "csrf_missing", "{method} {path}");
        }
    }
    let document: Value = server.get("/openapi.json").send().await.json();
    assert!(document["paths"].is_object());
}
