use axum::http::Method;
use overture_engine::model::*;
use overture_http::{Config, Rates, Unavailable};
use serde_json::{Value, json};

use crate::support::*;

/// Identifiers as `kind=value`, in order.
fn who(ingress: &Ingress) -> Vec<String> {
    match &ingress.subject {
        Subject::Identified(identifiers, _) => identifiers
            .iter()
            .map(|one| format!("{}={}", one.kind.name(), one.value.reveal()))
            .collect(),
        _ => panic!("{ingress:?}"),
    }
}

fn body(ingress: &Ingress) -> &CustomerBody {
    match &ingress.subject {
        Subject::Identified(_, body) => body,
        _ => panic!("{ingress:?}"),
    }
}

fn page(path: &str, navigation: Navigation) -> CustomerBody {
    CustomerBody::Behaviour(Behaviour::PageView {
        path: path.to_owned(),
        navigation,
    })
}

fn custom(name: &str, properties: &str) -> CustomerBody {
    CustomerBody::Behaviour(Behaviour::Custom {
        name: name.to_owned(),
        properties: Private::new(properties),
    })
}

fn hashed(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

struct Case {
    name: &'static str,
    path: &'static str,
    basic: bool,
    zipped: bool,
    headers: &'static [(&'static str, &'static str)],
    sent: Value,
    who: &'static [&'static str],
    expected: CustomerBody,
}

fn case(name: &'static str, path: &'static str, sent: Value) -> Case {
    Case {
        name,
        path,
        basic: false,
        zipped: false,
        headers: &[],
        sent,
        who: &[],
        expected: custom("", ""),
    }
}

/// One event in the shape of each client, and what becomes of it.
fn cases() -> Vec<Case> {
    vec![
        Case {
            basic: true,
            who: &["user_id=u-7"],
            expected: custom("Order Paid", r#"{"total":12}"#),
            ..case(
                "segment python: basic auth and key in the body",
                "/v1/batch",
                json!({"writeKey": KEY, "sentAt": "2025-06-15T15:06:40+00:00", "batch": [{
                    "type": "track", "event": "Order Paid", "userId": "u-7", "messageId": "a",
                    "timestamp": "2025-06-15T15:06:39+00:00", "properties": {"total": 12},
                    "context": {"library": {"name": "analytics-python", "version": "2.4"}},
                    "integrations": {}, "anonymousId": null,
                }]}),
            )
        },
        Case {
            headers: &[("content-type", "text/plain")],
            who: &["anonymous=an-1"],
            expected: page("/checkout", Navigation::Reload),
            ..case(
                "segment browser: one event, text/plain",
                "/v1/p",
                json!({"writeKey": KEY, "type": "page", "anonymousId": "an-1", "messageId": "b",
                    "sentAt": "2025-06-15T15:06:40.000Z", "timestamp": "2025-06-15T15:06:40.000Z",
                    "properties": {"navigation": "reload", "url": "https://x.example/elsewhere"},
                    "context": {"page": {"path": "/checkout", "search": "?card=1"}}, "_metadata": {}}),
            )
        },
        Case {
            who: &["anonymous=an-1", "user_id=9"],
            expected: custom("Clicked", ""),
            ..case(
                "segment browser: batching mode, a number as user id",
                "/v1/b",
                json!({"writeKey": KEY, "batch": [{"type": "track", "event": "Clicked",
                    "anonymousId": "an-1", "userId": 9, "messageId": "c"}]}),
            )
        },
        Case {
            basic: true,
            zipped: true,
            headers: &[
                ("content-type", "application/x-www-form-urlencoded"),
                ("content-encoding", "gzip"),
            ],
            who: &["anonymous=an-2", "user_id=u-8", "email=ann@example.com"],
            expected: CustomerBody::Identified {
                identifiers: Vec::new(),
                traits: vec![
                    ("email".to_owned(), Private::new(" Ann@Example.com")),
                    ("plan".to_owned(), Private::new(r#"{"tier":2}"#)),
                ],
            },
            ..case(
                "rudderstack node: gzip, basic only, traits in the context",
                "/v1/batch",
                json!({"batch": [{"type": "identify", "userId": "u-8", "anonymousId": "an-2",
                    "messageId": "d", "originalTimestamp": "2025-06-15T15:06:40Z",
                    "context": {"traits": {"email": " Ann@Example.com", "plan": {"tier": 2}}}}],
                    "sentAt": "2025-06-15T15:06:40Z"}),
            )
        },
        Case {
            basic: true,
            headers: &[
                ("anonymousid", "YW4tMw=="),
                ("sentat", "2025-06-15T15:06:40Z"),
            ],
            who: &["anonymous=an-3"],
            expected: page("/a", Navigation::Navigate),
            ..case(
                "rudderstack browser: one route an event type",
                "/v1/page",
                json!({"type": "page", "anonymousId": "an-3", "messageId": "e", "name": "A",
                    "properties": {"url": "https://x.example/a?q=1#f"}}),
            )
        },
        Case {
            who: &["user_id=u-9"],
            expected: custom(
                "signed up",
                r#"{"from":"https://x.example/p","plan":"pro"}"#,
            ),
            ..case(
                "posthog python",
                "/batch/",
                json!({"api_key": KEY, "sent_at": "2025-06-15T15:06:40Z", "batch": [{
                    "event": "signed up", "distinct_id": "u-9", "uuid": "f",
                    "timestamp": "2025-06-15T15:06:40Z",
                    "properties": {"plan": "pro", "$lib": "posthog-python",
                        "from": "https://x.example/p?token=1"}}]}),
            )
        },
        Case {
            zipped: true,
            headers: &[("content-type", "text/plain")],
            who: &["anonymous=0197-dev"],
            expected: page("/pricing", Navigation::Navigate),
            ..case(
                "posthog browser: an array, gzip told by its bytes alone, key in the event",
                "/e/?compression=gzip-js",
                json!([{"event": "$pageview", "uuid": "g", "properties": {"token": KEY,
                    "distinct_id": "0197-dev", "$device_id": "0197-dev", "$is_identified": false,
                    "$current_url": "https://x.example/pricing?a=1"}}]),
            )
        },
        Case {
            who: &["anonymous=0197-dev", "user_id=u-9", "phone=+442079460018"],
            expected: CustomerBody::Identified {
                identifiers: Vec::new(),
                traits: vec![("phone".to_owned(), Private::new("+44 20 7946 0018"))],
            },
            ..case(
                "posthog browser: identify",
                "/e/",
                json!({"api_key": KEY, "event": "$identify", "uuid": "h", "properties": {
                    "distinct_id": "u-9", "$device_id": "0197-dev", "$is_identified": true,
                    "$anon_distinct_id": "0197-dev"}, "$set": {"phone": "+44 20 7946 0018"}}),
            )
        },
        Case {
            who: &["anonymous=old", "user_id=u-1"],
            expected: CustomerBody::Identified {
                identifiers: Vec::new(),
                traits: Vec::new(),
            },
            ..case(
                "alias",
                "/v1/alias",
                json!({"writeKey": KEY, "previousId": "old", "userId": "u-1"}),
            )
        },
        Case {
            who: &["user_id=u-1"],
            expected: CustomerBody::Identified {
                identifiers: Vec::new(),
                traits: vec![("group".to_owned(), Private::new("acme"))],
            },
            ..case(
                "group",
                "/v1/g",
                json!({"writeKey": KEY, "userId": "u-1", "groupId": "acme", "traits": {"a": 1}}),
            )
        },
    ]
}

#[tokio::test]
async fn every_client_is_understood_as_it_is() {
    for case in cases() {
        let server = Server::start().await;
        let bytes = case.sent.to_string().into_bytes();
        let bytes = if case.zipped { gzip(&bytes) } else { bytes };
        let mut call = server.post(case.path).body(bytes);
        if case.basic {
            call = call.header(AUTHORIZATION, &basic(KEY));
        }
        for (name, value) in case.headers {
            call = call.header(name, value);
        }
        let answer = call.send().await.expect(200);
        assert_eq!(answer.json(), json!({"success": true}), "{}", case.name);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            "*",
            "{}",
            case.name
        );

        let ingress = server.core.last();
        assert_eq!(who(&ingress), case.who, "{}", case.name);
        assert_eq!(ingress.source, Some(server.source), "{}", case.name);
        match (body(&ingress), &case.expected) {
            (
                CustomerBody::Identified { traits, .. },
                CustomerBody::Identified { traits: wanted, .. },
            ) => {
                assert_eq!(reveal(traits), reveal(wanted), "{}", case.name);
            }
            (
                CustomerBody::Behaviour(Behaviour::Custom { name, properties }),
                CustomerBody::Behaviour(Behaviour::Custom {
                    name: wanted,
                    properties: wanted_properties,
                }),
            ) => {
                assert_eq!(name, wanted, "{}", case.name);
                assert_eq!(
                    properties.reveal(),
                    wanted_properties.reveal(),
                    "{}",
                    case.name
                );
            }
            (found, wanted) => assert_eq!(found, wanted, "{}", case.name),
        }
    }
}

fn reveal(traits: &[(String, Private)]) -> Vec<(&str, &str)> {
    traits
        .iter()
        .map(|(name, value)| (name.as_str(), value.reveal()))
        .collect()
}

#[tokio::test]
async fn overtures_own_events_become_behaviour() {
    let server = Server::start().await;
    let events = [
        ("page_leave", json!({}), Behaviour::PageLeave),
        (
            "click",
            json!({"x": 10.5, "y": 20, "target": "#pay", "interactive": true, "text_field": false}),
            Behaviour::Click {
                x_px: 10.5,
                y_px: 20.0,
                target: hashed("#pay"),
                on: ClickTarget::Interactive,
            },
        ),
        (
            "click",
            json!({"x": 1, "y": 2, "text_field": true, "interactive": true}),
            Behaviour::Click {
                x_px: 1.0,
                y_px: 2.0,
                target: 0,
                on: ClickTarget::TextField,
            },
        ),
        (
            "scroll",
            json!({"depth_percent": 250}),
            Behaviour::Scroll { depth_percent: 100 },
        ),
        (
            "active",
            json!({"ms": 999_999}),
            Behaviour::Active { ms: 60_000 },
        ),
        (
            "form_submit",
            json!({"form": "pay", "outcome": "failed"}),
            Behaviour::FormSubmit {
                form: hashed("pay"),
                outcome: SubmitOutcome::Failed,
            },
        ),
        (
            "form_error",
            json!({"form": "pay", "field": "card", "code": "valueMissing"}),
            Behaviour::FormError {
                form: hashed("pay"),
                field: hashed("card"),
                field_name: "card".to_owned(),
                code: "valueMissing".to_owned(),
            },
        ),
        ("dead_click", json!({"target": "x"}), Behaviour::DeadClick),
        ("slow_click", json!({"target": "x"}), Behaviour::SlowClick),
        ("thrash", json!({}), Behaviour::Thrash),
        (
            "hesitation",
            json!({"form": "pay", "field": "iban"}),
            Behaviour::Hesitation {
                field: hashed("iban"),
            },
        ),
    ];
    for (name, properties, expected) in events {
        let sent = json!({"writeKey": KEY, "type": "track", "event": format!("overture:{name}"),
            "anonymousId": "a", "properties": properties,
            "context": {"overture": {"session": "int_x"}}});
        server
            .post("/v1/track")
            .json(&sent)
            .send()
            .await
            .expect(200);
        assert_eq!(
            body(&server.core.last()),
            &CustomerBody::Behaviour(expected),
            "{name}"
        );
    }
    let sent = json!({"writeKey": KEY, "event": "overture:consent", "anonymousId": "a",
        "properties": {"purpose": "contact", "granted": false}});
    server
        .post("/v1/track")
        .json(&sent)
        .send()
        .await
        .expect(200);
    assert_eq!(
        body(&server.core.last()),
        &CustomerBody::Consent {
            purpose: Purpose::Contact,
            granted: false,
            by: ConsentSource::Api,
        }
    );
}

/// Waits until the rejected list has `count` rows.
async fn rejected(server: &Server, count: usize) -> Vec<overture_store::RejectedEvent> {
    loop {
        let found = server.store.rejected(None, 100).unwrap();
        if found.len() >= count {
            return found.into_iter().map(|(_, event)| event).collect();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_bad_event_never_loses_the_others() {
    let server = Server::start().await;
    let good = |id: &str| json!({"type": "track", "event": "Fine", "userId": "u", "messageId": id});
    let secret = "4111 1111 1111 1111";
    let batch = json!([
        good("1"),
        {"type": "track", "event": "No one", "messageId": "2", "properties": {"card": secret}},
        "not an event",
        ["track", "Positional", null, "u"],
        {"type": "track", "userId": {"id": secret}, "event": "Odd"},
        {"type": "levitate", "userId": "u"},
        {"type": "track", "userId": "u", "event": "overture:click", "properties": {"x": secret}},
        {"type": "track", "userId": "u", "event": "Big", "properties": {"p": "x".repeat(33_000)}},
        good("3"),
    ]);
    let answer = server
        .post("/v1/batch")
        .json(&json!({"writeKey": KEY, "batch": batch}))
        .send()
        .await
        .expect(200);
    assert_eq!(answer.json(), json!({"success": true}));
    assert_eq!(server.core.taken.lock().unwrap().len(), 2);

    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for event in rejected(&server, 7).await {
        assert!(!event.excerpt.contains("4111"), "{}", event.excerpt);
        assert!(event.excerpt.len() < 1_000);
        assert_eq!(event.source, Some(server.source));
        found.push((event.reason, event.field));
    }
    found.sort();
    let wanted = [
        ("event_too_large", None),
        ("missing_field", Some("userId")),
        ("not_an_object", None),
        ("not_an_object", None),
        ("unknown_type", Some("type")),
        ("wrong_type", Some("properties.x")),
        ("wrong_type", Some("userId")),
    ]
    .map(|(reason, field)| (reason.to_owned(), field.map(str::to_owned)));
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn what_is_no_batch_at_all_is_refused_with_a_reason() {
    let server = Server::start().await;
    let big = json!({"writeKey": KEY, "batch": ["x".repeat(520_000)]}).to_string();
    let bomb = gzip(&vec![b' '; 80 << 20]);
    let event = json!({"writeKey": KEY, "userId": "u", "event": "x",
        "properties": "x".repeat(33_000)})
    .to_string();
    for (name, path, bytes, encoding, code) in [
        (
            "broken json",
            "/v1/batch",
            b"{\"batch\":[".to_vec(),
            "",
            "bad_json",
        ),
        ("no json", "/v1/track", b"hello".to_vec(), "", "bad_json"),
        ("empty", "/v1/batch", Vec::new(), "", "bad_json"),
        (
            "not utf-8",
            "/v1/batch",
            vec![b'{', 0xff, b'}'],
            "",
            "bad_json",
        ),
        ("too large", "/v1/batch", big.into_bytes(), "", "too_large"),
        ("gzip bomb", "/v1/batch", bomb, "gzip", "too_large"),
        ("no gzip", "/v1/batch", b"{}".to_vec(), "gzip", "bad_gzip"),
        (
            "large event",
            "/v1/track",
            event.into_bytes(),
            "",
            "too_large",
        ),
        (
            "event without a name",
            "/v1/track",
            json!({"writeKey": KEY, "userId": "u"})
                .to_string()
                .into_bytes(),
            "",
            "missing_field",
        ),
    ] {
        let mut call = server.post(path).body(bytes);
        if !encoding.is_empty() {
            call = call.header("content-encoding", encoding);
        }
        let answer = call.send().await.expect(400);
        assert_eq!(answer.code(), code, "{name}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{name}");
    }
    // Beyond what is read at all, the answer is the same.
    let huge = server
        .post("/v1/batch")
        .body(vec![b' '; 2 << 20])
        .send()
        .await;
    assert_eq!(huge.expect(400).code(), "too_large");
    assert!(server.core.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_a_known_key_gets_in() {
    let server = Server::start().await;
    let event = json!({"type": "track", "event": "x", "userId": "u"});
    let with = |key: &str| json!({"writeKey": key, "batch": [event]});
    for (name, path, call_body) in [
        ("unknown", "/v1/batch", with("wk_other")),
        ("missing", "/v1/batch", json!({"batch": [event]})),
        (
            "posthog",
            "/batch/",
            json!({"api_key": "no", "batch": [{"event": "x", "distinct_id": "u"}]}),
        ),
    ] {
        let answer = server.post(path).json(&call_body).send().await.expect(401);
        assert_eq!(answer.code(), "unknown_write_key", "{name}");
    }
    let answer = server
        .post("/v1/batch")
        .header(AUTHORIZATION, &basic("wk_other"))
        .json(&json!({"batch": [event]}))
        .send()
        .await;
    assert_eq!(answer.status.as_u16(), 401);
    assert!(server.core.taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn when_the_core_takes_nothing_clients_are_told_when_to_retry() {
    let server = Server::start().await;
    *server.core.down.lock().unwrap() = Some(Unavailable {
        retry_after_s: 7,
        reason: "disk_full",
    });
    let answer = server
        .post("/v1/batch")
        .json(&json!({"writeKey": KEY, "batch": [{"type": "page", "anonymousId": "a"}]}))
        .send()
        .await
        .expect(503);
    assert_eq!(answer.header("retry-after"), "7");
    assert_eq!(answer.code(), "unavailable");
}

#[tokio::test]
async fn a_source_over_its_rate_is_told_to_wait() {
    let server = Server::start_with(Config {
        rates: Rates {
            capture_per_s: 1,
            ..Rates::default()
        },
        ..Config::default()
    })
    .await;
    let send = || {
        server
            .post("/v1/batch")
            .json(&json!({"writeKey": KEY, "batch": []}))
            .send()
    };
    send().await.expect(200);
    let answer = send().await.expect(429);
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_clock_that_is_a_year_wrong_does_no_harm() {
    let server = Server::start().await;
    for (sent_at, timestamp) in [
        ("2026-06-15T15:06:40Z", "2026-06-15T15:06:38Z"),
        ("2024-06-15T15:06:40Z", "2024-06-15T15:06:38Z"),
    ] {
        server
            .post("/v1/batch")
            .json(&json!({"writeKey": KEY, "sentAt": sent_at, "batch": [
                {"type": "page", "anonymousId": "a", "timestamp": timestamp}]}))
            .send()
            .await
            .expect(200);
        assert_eq!(
            server.core.last().occurred_at,
            Some(Timestamp(NOW.0 - 2_000))
        );
    }
}

#[tokio::test]
async fn the_same_message_of_one_source_has_one_key() {
    let server = Server::start().await;
    let send = async |key: &str, id: &str| {
        server
            .post("/v1/track")
            .json(&json!({"writeKey": key, "event": "x", "userId": "u", "messageId": id}))
            .send()
            .await
            .expect(200);
        server.core.last().message_key.unwrap()
    };
    let other = server
        .post("/v1/admin/sources")
        .role(overture_store::Role::Admin)
        .json(&json!({"name": "Other"}))
        .send()
        .await
        .expect(200)
        .json();
    let other = other["write_keys"][0]["key"].as_str().unwrap().to_owned();
    let first = send(KEY, "m-1").await;
    assert_eq!(first, send(KEY, "m-1").await);
    assert_ne!(first, send(KEY, "m-2").await);
    assert_ne!(first, send(&other, "m-1").await);
}

#[tokio::test]
async fn script_stays_text() {
    let server = Server::start().await;
    let script = "<script>alert(1)</script>";
    server
        .post("/v1/identify")
        .json(
            &json!({"writeKey": KEY, "userId": script, "traits": {"name": script, script: script}}),
        )
        .send()
        .await
        .expect(200);
    let ingress = server.core.last();
    assert_eq!(who(&ingress), [format!("user_id={script}")]);
    let CustomerBody::Identified { traits, .. } = body(&ingress) else {
        panic!("{ingress:?}");
    };
    let mut traits = reveal(traits);
    traits.sort_unstable();
    assert_eq!(traits, [(script, script), ("name", script)]);
}

#[tokio::test]
async fn preflights_allow_what_browser_clients_send() {
    let server = Server::start().await;
    for path in [
        "/v1/batch",
        "/v1/t",
        "/batch/",
        "/e/",
        "/flags/",
        "/v1/projects/wk/settings",
        "/v1/widget/session",
        "/v1/widget/messages",
    ] {
        let answer = server
            .call(Method::OPTIONS, path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .send()
            .await
            .expect(204);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        let allowed = answer.header("access-control-allow-headers");
        // The star: RudderStack's client adds headers of its own when it tries again.
        for name in [
            "authorization",
            "content-type",
            "anonymousid",
            "sentat",
            "*",
        ] {
            assert!(allowed.contains(name), "{path}: {allowed}");
        }
        assert!(
            answer
                .header("access-control-allow-methods")
                .contains("POST")
        );
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn a_beacon_carries_its_key_in_the_address() {
    let server = Server::start().await;
    let batch =
        json!({"batch": [{"type": "track", "event": "Last", "userId": "u", "messageId": "m"}]});
    for (key, status) in [(KEY, 200), ("wk_unknown", 401), ("", 401)] {
        let beacon = server.post(format!("/beacon/v1/batch?writeKey={key}"));
        let answer = beacon.json(&batch).send().await;
        assert_eq!(answer.status.as_u16(), status, "{key}");
    }
    let coded = "data=eyJhcGlfa2V5Ijoid2tfdGVzdCIsImJhdGNoIjpbeyJ1dWlkIjoiYSIsImV2ZW50IjoiTGFzdCIsImRpc3RpbmN0X2lkIjoidSJ9XX0%3D";
    for path in ["/e/?compression=base64", "/i/v0/e/?compression=base64"] {
        server.post(path).body(coded).send().await.expect(200);
        assert!(matches!(
            body(&server.core.last()),
            CustomerBody::Behaviour(_)
        ));
    }
}

#[tokio::test]
async fn browser_clients_get_the_settings_they_ask_for() {
    let server = Server::start_with(Config {
        public_url: Some("https://help.example.com".to_owned()),
        ..Config::default()
    })
    .await;
    let settings = server
        .get(format!("/v1/projects/{KEY}/settings"))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        settings,
        json!({"integrations": {"Segment.io": {"apiKey": KEY,
            "apiHost": "help.example.com/v1", "protocol": "https"}},
            "plan": {}, "edgeFunction": {}, "middlewareSettings": {}, "remotePlugins": []})
    );
    let config = server
        .get(format!("/sourceConfig/?p=npm&v=3&writeKey={KEY}"))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(config["source"]["writeKey"], KEY);
    assert_eq!(config["source"]["enabled"], true);
    let config = server
        .get(format!("/array/{KEY}/config"))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(config["hasFeatureFlags"], false);
    let script = server
        .get(format!("/array/{KEY}/config.js"))
        .send()
        .await
        .expect(200);
    assert!(script.header("content-type").starts_with("text/javascript"));
    let flags = server
        .post("/flags/?v=2")
        .body("{}")
        .send()
        .await
        .expect(200);
    assert_eq!(flags.json()["flags"], json!({}));
    server
        .get("/v1/projects/none/settings")
        .send()
        .await
        .expect(404);
    server
        .get("/sourceConfig/?writeKey=none")
        .send()
        .await
        .expect(404);
}
