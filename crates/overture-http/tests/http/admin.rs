use std::sync::atomic::Ordering;

use axum::http::Method;
use overture_engine::{decide::Policy, model::*};
use overture_http::{Config, WorldChange};
use overture_store::{PolicyRevision, Role};
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_new_key_works_at_once_and_a_revoked_one_no_more() {
    let server = Server::start().await;
    let source = server
        .admin(
            Method::POST,
            "/v1/admin/sources",
            json!({"name": "<b>Blog</b>"}),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(source["name"], "<b>Blog</b>");
    assert_eq!(source["identity_secret"].as_str().unwrap().len(), 64);
    let id = source["source"].as_str().unwrap();
    let key = server
        .admin(
            Method::POST,
            &format!("/v1/admin/sources/{id}/keys"),
            json!({}),
        )
        .await
        .expect(200)
        .json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let send = || {
        server
            .post("/v1/batch")
            .json(&json!({"writeKey": key, "batch": []}))
            .send()
    };
    send().await.expect(200);
    let path = format!("/v1/admin/sources/{id}/keys/{key}");
    server
        .admin(Method::DELETE, &path, json!({}))
        .await
        .expect(204);
    send().await.expect(401);
    server
        .admin(Method::DELETE, &path, json!({}))
        .await
        .expect(404);

    let listed = server
        .get("/v1/admin/sources")
        .role(Role::Supervisor)
        .send()
        .await
        .expect(200);
    let listed = listed.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(
        listed[0].get("identity_secret").is_none(),
        "only administrators see it"
    );

    for (body, field) in [
        (json!({"name": " "}), "name"),
        (json!({}), "name"),
        (
            json!({"name": "x", "allowed_origins": ["shop.example"]}),
            "allowed_origins",
        ),
        (
            json!({"name": "x", "allowed_origins": ["https://a/b"]}),
            "allowed_origins",
        ),
    ] {
        let answer = server
            .admin(Method::POST, "/v1/admin/sources", body)
            .await
            .expect(400);
        assert_eq!(answer.json()["field"], field);
    }
}

#[tokio::test]
async fn routing_learns_of_every_change_of_an_account() {
    let server = Server::start().await;
    let body = json!({"name": "Ann", "email": "Ann@Example.com", "role": "agent",
        "skills": [{"skill": "billing", "level": 4}], "languages": ["EN"],
        "capacity": {"chat": 4, "callback": 0}});
    let made = server
        .admin(Method::POST, "/v1/admin/agents", body)
        .await
        .expect(200)
        .json();
    assert_eq!(made["email"], "ann@example.com");
    assert!(
        made["password"].as_str().unwrap().len() >= 10,
        "a one-time password"
    );
    let id: AgentId = made["agent"].as_str().unwrap().parse().unwrap();
    let Subject::Route(RouteEvent::AgentChanged {
        agent: told,
        profile,
    }) = server.core.last().subject
    else {
        panic!("routing is told");
    };
    assert_eq!(told, id);
    assert_eq!(profile.skills["billing"], 4);
    assert_eq!(profile.capacity.chat, 4);
    assert!(profile.languages.contains("en") && profile.active);

    let path = format!("/v1/admin/agents/{id}");
    let changed = server
        .admin(Method::PATCH, &path, json!({"role": "analyst"}))
        .await
        .expect(200)
        .json();
    assert_eq!(changed["skills"][0]["skill"], "billing");
    assert!(changed.get("password").is_none());
    let Subject::Route(RouteEvent::AgentChanged { profile, .. }) = server.core.last().subject
    else {
        panic!("routing is told");
    };
    assert!(!profile.active, "analysts serve nobody");

    for (body, status, field) in [
        (json!({"email": "x"}), 400, "email"),
        (json!({"role": "king"}), 400, "role"),
        (
            json!({"skills": [{"skill": "x", "level": 6}]}),
            400,
            "skills.level",
        ),
        (json!({"languages": ["english"]}), 400, "languages"),
        (json!({"capacity": {"chat": 51}}), 400, "capacity"),
        (json!({"password": "short"}), 400, "password"),
        (json!({"email": "admin@example.com"}), 409, "email"),
    ] {
        let answer = server
            .admin(Method::PATCH, &path, body)
            .await
            .expect(status);
        assert_eq!(answer.json()["field"], field);
    }
    let own = format!("/v1/admin/agents/{}", agent(Role::Admin));
    for body in [json!({"active": false}), json!({"role": "agent"})] {
        let answer = server.admin(Method::PATCH, &own, body).await.expect(409);
        assert_eq!(answer.code(), "last_admin");
    }
}

#[tokio::test]
async fn a_policy_is_checked_before_it_is_active() {
    let server = Server::start().await;
    server
        .store
        .add_policy(&PolicyRevision {
            revision: 1,
            toml: Policy::shipped().to_owned(),
            by: "Overture".to_owned(),
            at: NOW,
        })
        .unwrap();
    let shown = server
        .get("/v1/admin/policy")
        .role(Role::Supervisor)
        .send()
        .await
        .expect(200);
    assert_eq!(shown.json()["revision"], 1);
    assert_eq!(shown.json()["mode"], "shadow");

    let wrong = "[[rule]]\nid = 5\n";
    let put = |toml: &str, base: u32| {
        server.admin(
            Method::PUT,
            "/v1/admin/policy",
            json!({"toml": toml, "base_revision": base}),
        )
    };
    let answer = put(wrong, 1).await.expect(422);
    assert_eq!(answer.code(), "policy_invalid");
    let error = &answer.json()["errors"][0];
    assert!(error["line"].as_u64().unwrap() >= 1 && error["column"].as_u64().unwrap() >= 1);
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert!(server.core.changes.lock().unwrap().is_empty());

    let answer = put(Policy::shipped(), 0).await.expect(409);
    assert_eq!(answer.code(), "stale_revision");
    assert_eq!(answer.json()["current"], 1);

    let activated = put(Policy::shipped(), 1).await.expect(200).json();
    assert_eq!(activated["revision"], 2);
    assert_eq!(activated["activated_by"], "The admin");
    assert!(matches!(
        server.core.changes.lock().unwrap()[0],
        WorldChange::Policy { revision: 2, .. }
    ));
    let revisions = server
        .get("/v1/admin/policy/revisions")
        .role(Role::Admin)
        .send()
        .await;
    assert_eq!(revisions.json()["revisions"].as_array().unwrap().len(), 2);

    let validate = |toml: &str| {
        server.admin(
            Method::POST,
            "/v1/admin/policy/validate",
            json!({"toml": toml}),
        )
    };
    assert!(
        !validate(wrong).await.json()["errors"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let fine = validate(Policy::shipped()).await.expect(200).json();
    assert_eq!(fine["errors"], json!([]));
    assert!(!fine["rules"][0]["condition"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn going_live_needs_a_confirmation_and_stopping_none() {
    let server = Server::start().await;
    let mode = |body: Value| server.admin(Method::POST, "/v1/admin/mode", body);
    assert_eq!(
        mode(json!({"mode": "live"})).await.expect(400).json()["field"],
        "confirm"
    );
    mode(json!({"mode": "live", "confirm": true}))
        .await
        .expect(204);
    mode(json!({"mode": "shadow"})).await.expect(204);
    assert_eq!(
        mode(json!({"mode": "off"})).await.expect(400).json()["field"],
        "mode"
    );
    assert_eq!(
        *server.core.changes.lock().unwrap(),
        [
            WorldChange::Mode(Mode::Live),
            WorldChange::Mode(Mode::Shadow)
        ]
    );
}

#[tokio::test]
async fn the_checklist_looks_at_what_really_is() {
    let server = Server::start().await;
    let done = async || {
        let steps = server
            .get("/v1/admin/checklist")
            .role(Role::Admin)
            .send()
            .await
            .expect(200);
        let steps = steps.json()["steps"].clone();
        steps
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["done"] == true)
            .map(|step| step["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(done().await, ["source", "agent"]);
    server.widget().await;
    server.commit(vec![Effect::Agent {
        agent: agent(Role::Agent),
        state: Box::new(AgentState {
            profile: AgentProfile {
                active: true,
                ..AgentProfile::default()
            },
            presence: Presence::Available,
            ..AgentState::default()
        }),
    }]);
    server
        .admin(
            Method::POST,
            "/v1/admin/policy/validate",
            json!({"toml": Policy::shipped()}),
        )
        .await
        .expect(200);
    server
        .admin(
            Method::POST,
            "/v1/admin/mode",
            json!({"mode": "live", "confirm": true}),
        )
        .await
        .expect(204);
    assert_eq!(
        done().await,
        [
            "source",
            "widget_seen",
            "agent",
            "agent_available",
            "policy_reviewed",
            "live"
        ]
    );
}

#[tokio::test]
async fn a_token_works_until_it_is_removed_and_is_shown_once() {
    let server = Server::start().await;
    let made = server
        .admin(
            Method::POST,
            "/v1/admin/tokens",
            json!({"name": "CRM", "scopes": ["read", "read"]}),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(made["scopes"], json!(["read"]));
    let secret = made["secret"].as_str().unwrap().to_owned();
    server
        .get("/v1/decisions")
        .bearer(&secret)
        .send()
        .await
        .expect(200);
    let listed = server
        .get("/v1/admin/tokens")
        .role(Role::Admin)
        .send()
        .await;
    assert!(!String::from_utf8(listed.bytes).unwrap().contains(&secret));
    let path = format!("/v1/admin/tokens/{}", made["token"].as_str().unwrap());
    server
        .admin(Method::DELETE, &path, json!({}))
        .await
        .expect(204);
    server
        .get("/v1/decisions")
        .bearer(&secret)
        .send()
        .await
        .expect(401);
    let answer = server
        .admin(
            Method::POST,
            "/v1/admin/tokens",
            json!({"name": "x", "scopes": ["root"]}),
        )
        .await
        .expect(400);
    assert_eq!(answer.json()["field"], "scopes");
}

#[tokio::test]
async fn status_lists_and_the_wipe() {
    let server = Server::start().await;
    let status = server
        .get("/v1/admin/status")
        .role(Role::Supervisor)
        .send()
        .await
        .expect(200);
    let status = status.json();
    assert_eq!(status["store"], "sqlite");
    assert_eq!(status["events_per_s"], 12.5);
    assert_eq!(status["demo"], false);
    assert_eq!(status["remote_text"], Value::Null);
    assert_eq!(
        server
            .get("/v1/admin/skipped")
            .role(Role::Admin)
            .send()
            .await
            .expect(200)
            .json(),
        json!({"skipped": []})
    );
    assert_eq!(
        server
            .get("/v1/admin/rejected")
            .role(Role::Admin)
            .send()
            .await
            .expect(200)
            .json(),
        json!({"rejected": []})
    );
    let answer = server
        .admin(Method::POST, "/v1/admin/demo/wipe", json!({}))
        .await
        .expect(403);
    assert_eq!(answer.code(), "not_the_demo");
    let demo = Server::start_with(Config {
        demo: true,
        ..Config::default()
    })
    .await;
    demo.admin(Method::POST, "/v1/admin/demo/wipe", json!({}))
        .await
        .expect(204);
    assert_eq!(demo.core.wiped.load(Ordering::Relaxed), 1);
}
