//! On what terms a widget begins, what customers allow, and what of an address is kept.

use axum::http::Method;
use overture_engine::model::*;
use overture_store::PolicyRevision;
use serde_json::{Value, json};

use crate::support::*;

async fn change(server: &Server, change: Value) {
    let sources = server
        .admin(Method::GET, "/v1/admin/sources", Value::Null)
        .await
        .expect(200)
        .json();
    let path = format!(
        "/v1/admin/sources/{}",
        sources[0]["source"].as_str().unwrap()
    );
    let changed = server
        .admin(Method::PATCH, &path, change.clone())
        .await
        .expect(200)
        .json();
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{name}");
    }
}

async fn terms(server: &Server) -> Value {
    server
        .get(format!("/v1/widget/terms?write_key={KEY}"))
        .send()
        .await
        .expect(200)
        .json()
}

/// Consents among what the core took, as `purpose granted by`.
fn consents(server: &Server) -> Vec<String> {
    let mut found = Vec::new();
    for one in server.core.all() {
        let body = match &one.subject {
            Subject::Identified(_, body)
            | Subject::Customer(_, body)
            | Subject::Visitor(_, _, body) => body,
            _ => continue,
        };
        if let CustomerBody::Consent {
            purpose,
            granted,
            by,
        } = body
        {
            found.push(format!("{} {granted} {}", purpose.name(), by.name()));
        }
    }
    found
}

async fn event(server: &Server, event: Value) {
    server
        .post("/v1/batch")
        .json(&json!({"writeKey": KEY, "batch": [event]}))
        .send()
        .await
        .expect(200);
}

#[tokio::test]
async fn a_page_is_told_on_what_terms_it_may_begin() {
    let server = Server::start().await;
    let first = terms(&server).await;
    assert_eq!(
        first,
        json!({"consent": "platform", "unsaid": {"analyse": true, "contact": true},
            "url_allow": [], "consent_categories": {},
            "thresholds": {"slow_click_ms": 3000, "dead_click_ms": 7000, "hesitation_ms": 30000,
                "thrash_reversals": 4, "thrash_window_ms": 2000, "idle_ms": 30000}})
    );
    for (mode, allowed) in [("required", false), ("not_required", true)] {
        change(&server, json!({"consent": mode})).await;
        let told = terms(&server).await;
        assert_eq!(told["unsaid"]["analyse"], allowed, "{mode}");
        assert_eq!(told["unsaid"]["contact"], allowed, "{mode}");
    }
    server
        .get("/v1/widget/terms?write_key=wk_nobody")
        .send()
        .await
        .expect(401);
    change(
        &server,
        json!({"allowed_origins": ["https://shop.example"]}),
    )
    .await;
    server
        .get(format!("/v1/widget/terms?write_key={KEY}"))
        .header("origin", "https://other.example")
        .send()
        .await
        .expect(403);
}

#[tokio::test]
async fn the_terms_tell_the_thresholds_of_the_policy() {
    let server = Server::start().await;
    let toml = "[frustration]\nslow_click_s = 1.5\ndead_click_s = 4\nhesitation_s = 12\n\
        thrash_reversals = 6\nthrash_window_ms = 1500\nidle_s = 45";
    server
        .store
        .add_policy(&PolicyRevision {
            revision: 1,
            toml: toml.to_owned(),
            by: "Overture".to_owned(),
            at: NOW,
        })
        .unwrap();
    assert_eq!(
        terms(&server).await["thresholds"],
        json!({"slow_click_ms": 1500, "dead_click_ms": 4000, "hesitation_ms": 12000,
            "thrash_reversals": 6, "thrash_window_ms": 1500, "idle_ms": 45000})
    );
}

#[tokio::test]
async fn what_a_source_may_keep_is_checked() {
    let server = Server::start().await;
    let long = vec!["k"; 51]
        .iter()
        .enumerate()
        .map(|(at, key)| format!("{key}{at}"))
        .collect::<Vec<_>>();
    for (body, field) in [
        (json!({"consent": "sometimes"}), "consent"),
        (json!({"url_allow": ["a b"]}), "url_allow"),
        (json!({"url_allow": ["a=1"]}), "url_allow"),
        (json!({"url_allow": [""]}), "url_allow"),
        (json!({"url_allow": long}), "url_allow"),
        (
            json!({"consent_categories": {"Ads": "sell"}}),
            "consent_categories",
        ),
        (
            json!({"consent_categories": {"": "contact"}}),
            "consent_categories",
        ),
    ] {
        let mut asked = body.clone();
        asked["name"] = "x".into();
        let answer = server
            .admin(Method::POST, "/v1/admin/sources", asked)
            .await
            .expect(400)
            .json();
        assert_eq!(answer["field"], field, "{body}");
    }
}

#[tokio::test]
async fn a_session_tells_what_the_visitor_said_and_a_refusal_needs_none() {
    let server = Server::start().await;
    let started = server
        .post("/v1/widget/session")
        .json(&json!({"write_key": KEY, "consent": {"analyse": true, "by": "tcf"}}))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(consents(&server), ["analyse_behaviour true tcf"]);

    let refusal = json!({"write_key": KEY, "device_token": started["device_token"],
        "consent": {"analyse": false, "contact": false, "by": "gpc"}});
    server
        .post("/v1/widget/consent")
        .json(&refusal)
        .send()
        .await
        .expect(204);
    assert_eq!(
        consents(&server)[1..],
        ["analyse_behaviour false gpc", "contact false gpc"]
    );
    for (field, value, named) in [
        ("device_token", json!("dvt_forged"), "device_token"),
        ("consent", json!({}), "consent"),
        (
            "consent",
            json!({"analyse": true, "by": "rumour"}),
            "consent.by",
        ),
    ] {
        let mut wrong = refusal.clone();
        wrong[field] = value;
        let answer = server
            .post("/v1/widget/consent")
            .json(&wrong)
            .send()
            .await
            .expect(400)
            .json();
        assert_eq!(answer["field"], named);
    }
}

#[tokio::test]
async fn segments_categories_are_told_once_and_what_they_forbid_is_not_taken() {
    let server = Server::start().await;
    change(
        &server,
        json!({"consent_categories": {"Analytics": "analyse_behaviour", "Support": "contact"}}),
    )
    .await;
    let track = |name: &str, preferences: Value| {
        json!({"type": "track", "event": name, "anonymousId": "a",
            "context": {"consent": {"categoryPreferences": preferences}}})
    };
    let names = || {
        server
            .core
            .all()
            .iter()
            .filter_map(|one| match &one.subject {
                Subject::Identified(_, CustomerBody::Behaviour(Behaviour::Custom { name, .. })) => {
                    Some(name.clone())
                }
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let yes = json!({"Analytics": true, "Ads": false});
    event(&server, track("one", yes.clone())).await;
    event(&server, track("two", yes)).await;
    assert_eq!(consents(&server), ["analyse_behaviour true segment"]);
    let no = json!({"Analytics": false, "Support": false});
    event(&server, track("three", no.clone())).await;
    event(&server, track("four", no)).await;
    assert_eq!(
        consents(&server)[1..],
        ["analyse_behaviour false segment", "contact false segment"]
    );
    assert_eq!(names(), ["one", "two"]);
    // Something that is no answer says nothing.
    event(&server, track("five", json!({"Analytics": "maybe"}))).await;
    event(
        &server,
        json!({"type": "track", "event": "six", "anonymousId": "a", "context": {"consent": 7}}),
    )
    .await;
    assert_eq!(names(), ["one", "two", "five", "six"]);
    assert_eq!(consents(&server).len(), 3);
}

#[tokio::test]
async fn what_a_required_source_brings_waits_for_the_customers_word() {
    let server = Server::start().await;
    let send = async || {
        let track = json!({"type": "track", "event": "x", "anonymousId": "a"});
        event(&server, track).await;
        let segment = server.core.last().unsaid;
        let posthog = json!({"api_key": KEY, "batch": [{"event": "x", "distinct_id": "a"}]});
        server
            .post("/batch/")
            .json(&posthog)
            .send()
            .await
            .expect(200);
        (segment, server.core.last().unsaid)
    };
    for (mode, unsaid) in [
        ("required", Unsaid::Nothing),
        ("platform", Unsaid::ByPolicy),
        ("not_required", Unsaid::ByPolicy),
    ] {
        change(&server, json!({"consent": mode})).await;
        assert_eq!(send().await, (unsaid, unsaid), "{mode}");
    }
}

#[tokio::test]
async fn queries_and_fragments_pass_only_where_the_source_allows_them() {
    let server = Server::start().await;
    let url = "https://shop.example/pay?step=2&card=4111#/form";
    let sent = [
        json!({"type": "page", "anonymousId": "a", "context": {"page": {"path": "/pay", "url": url}}}),
        json!({"type": "page", "anonymousId": "a", "context": {"page": {"path": "/pay?step=2&card=4111#/form"}}}),
        json!({"type": "track", "event": "x", "anonymousId": "a", "properties": {"at": url}}),
    ];
    let seen = || match &server.core.last().subject {
        Subject::Identified(_, CustomerBody::Behaviour(Behaviour::PageView { path, .. })) => {
            path.clone()
        }
        Subject::Identified(_, CustomerBody::Behaviour(Behaviour::Custom { properties, .. })) => {
            properties.reveal().to_owned()
        }
        other => panic!("{other:?}"),
    };
    for (allow, page, address) in [
        (json!([]), "/pay", "https://shop.example/pay"),
        (
            json!(["step", "#"]),
            "/pay?step=2#/form",
            "https://shop.example/pay?step=2#/form",
        ),
    ] {
        change(&server, json!({"url_allow": allow})).await;
        for (one, expected) in sent.iter().zip([
            page.to_owned(),
            page.to_owned(),
            format!("{{\"at\":\"{address}\"}}"),
        ]) {
            event(&server, one.clone()).await;
            assert_eq!(seen(), expected, "{one}");
        }
        let posthog = json!({"api_key": KEY, "batch": [{"event": "$pageview", "distinct_id": "a",
            "properties": {"$current_url": url, "$pathname": "/pay"}}]});
        server
            .post("/batch/")
            .json(&posthog)
            .send()
            .await
            .expect(200);
        assert_eq!(seen(), page);
    }
}
