use std::collections::BTreeSet;

use overture_http::{Config, Readiness, installation::CALLS};
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn readiness_says_why_not() {
    let server = Server::start().await;
    server.get("/readyz").send().await.expect(200);
    for (ready, reason) in [
        (
            Readiness::Starting {
                replayed: 5,
                total: 10,
            },
            "starting",
        ),
        (Readiness::Refusing("disk_full"), "disk_full"),
    ] {
        *server.core.ready.lock().unwrap() = ready;
        let answer = server.get("/readyz").send().await.expect(503);
        assert_eq!(answer.json()["reason"], reason);
        assert_eq!(answer.header("retry-after"), "1");
        server.get("/healthz").send().await.expect(200);
    }
}

#[tokio::test]
async fn metrics_are_text() {
    let server = Server::start().await;
    let answer = server.get("/metrics").send().await.expect(200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    assert_eq!(answer.bytes, b"overture_up 1\n");
}

#[tokio::test]
async fn the_description_is_openapi_3_1_and_names_every_group() {
    let server = Server::start().await;
    let document = server.get("/openapi.json").send().await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/v1/batch",
        "/e/",
        "/v1/widget/session",
        "/v1/widget/socket",
        "/v1/auth/login",
        "/v1/desk/state",
        "/v1/desk/socket",
        "/v1/customers/{customer}/timeline",
        "/v1/conversations/{conversation}/resolve",
        "/v1/decisions/{decision}",
        "/v1/admin/policy",
        "/v1/admin/demo/wipe",
        "/v1/grants/redeem",
        "/healthz",
        "/openapi.json",
        "/docs",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let mut names = BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "{method} {path} has another's name");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path} has no summary");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let said = response["description"].as_str().unwrap_or_default();
                assert!(!said.is_empty(), "{method} {path} {status} says nothing");
            }
        }
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_how_to_behave() {
    let server = Server::start().await;
    for path in ["/healthz", "/desk/", "/nowhere", "/docs", "/v1/desk/state"] {
        let answer = server.get(path).send().await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        let scripts = policy.split(';').find(|part| part.contains("script-src"));
        assert!(
            !scripts.unwrap_or_default().contains("unsafe-inline"),
            "{path}"
        );
    }
    let answer = server
        .get("/v1/desk/state")
        .role(overture_store::Role::Agent)
        .send()
        .await
        .expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn what_does_not_exist_is_a_structured_error() {
    let server = Server::start().await;
    let answer = server.get("/nowhere").send().await.expect(404);
    assert_eq!(answer.code(), "not_found");
    let answer = server.get("/v1/batch").send().await.expect(405);
    assert_eq!(answer.code(), "method_not_allowed");
    let answer = server
        .post("/v1/nowhere")
        .body("{}")
        .send()
        .await
        .expect(404);
    assert_eq!(answer.code(), "not_found");
}

#[tokio::test]
async fn the_root_leads_to_the_desk_and_the_shop_is_for_the_demo() {
    let server = Server::start().await;
    let answer = server.get("/").send().await.expect(307);
    assert_eq!(answer.header("location"), "/desk/");
    server.get("/shop/").send().await.expect(404);

    let demo = Server::start_with(Config {
        demo: true,
        shop_write_key: "wk_shop".to_owned(),
        ..Config::default()
    })
    .await;
    let page = demo.get("/shop/").send().await.expect(200);
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(text.contains("wk_shop") && !text.contains("__WRITE_KEY__"));
    demo.get("/shop/no-such-page").send().await.expect(404);
    demo.get("/shop/../Cargo.toml").send().await.expect(404);
}

#[tokio::test]
async fn a_built_file_is_asked_for_once() {
    let server = Server::start().await;
    let first = server.get("/desk/").send().await;
    if first.status.as_u16() == 404 {
        // A clone without the built desk still serves a page that says how to build it.
        assert!(
            String::from_utf8(first.bytes)
                .unwrap()
                .contains("cargo xtask ui")
        );
        return;
    }
    let etag = first.header("etag").to_owned();
    let again = server
        .get("/desk/")
        .header("if-none-match", &etag)
        .send()
        .await
        .expect(304);
    assert!(again.bytes.is_empty());
}

#[tokio::test]
async fn errors_name_the_query_parameter() {
    let server = Server::start().await;
    let answer = server
        .get("/v1/customers?limit=many")
        .role(overture_store::Role::Admin)
        .send()
        .await
        .expect(400);
    assert_eq!(answer.json()["field"], json!("limit"));
}

#[tokio::test]
async fn a_sites_policy_is_judged_by_every_route_of_the_widget() {
    let server = Server::start().await;
    let document = server.get("/openapi.json").send().await.expect(200).json();
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.keys().filter(|path| path.starts_with("/v1/widget/"));
    // The one is a socket, and the other no page ever calls.
    for route in routes.filter(|path| !path.ends_with("/socket") && !path.ends_with("/check")) {
        let judged = CALLS
            .iter()
            .any(|call| call == route || call.ends_with('/') && route.starts_with(*call));
        assert!(judged, "{route} is missing from installation::CALLS");
    }
}
