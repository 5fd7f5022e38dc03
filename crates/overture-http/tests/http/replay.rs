//! A draft on the history: who may, one at a time, progress, cancel, and what is refused.

use axum::http::Method;
use overture_engine::decide::Policy;
use overture_store::Role;
use serde_json::{Value, json};

use crate::support::*;

const PATH: &str = "/v1/admin/policy/replay";

/// From noon on, for so many hours.
fn hours(hours: u32) -> Value {
    json!({"from": "2026-11-30T00:00:00Z", "to": format!("2026-11-30T{hours:02}:00:00Z")})
}

async fn post(server: &Server, body: &Value) -> Answer {
    server
        .call(Method::POST, PATH)
        .role(Role::Admin)
        .json(body)
        .send()
        .await
}

/// Asks until the replay is in `state`.
async fn until(server: &Server, state: &str) -> Value {
    loop {
        let answer = server.get(PATH).role(Role::Supervisor).send().await;
        let body = answer.expect(200).json();
        if body["state"] == state {
            return body;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_replay_runs_alone_shows_its_progress_and_can_be_cancelled() {
    let server = Server::start().await;
    assert_eq!(until(&server, "idle").await["share"], 0.0);
    let begun = post(&server, &hours(1)).await.expect(202).json();
    assert_eq!(begun["number"], 1);
    while until(&server, "running").await["share"] != 0.25 {}
    let running = until(&server, "running").await;
    assert_eq!(running["events"], 1_000);
    assert_eq!(running["from"], "2026-11-30T00:00:00.000Z");
    assert_eq!(running["started_by"], "The admin");

    let second = post(&server, &hours(5)).await;
    assert_eq!(
        (second.status.as_u16(), second.code()),
        (409, "replay_running".into())
    );

    let cancel = || server.call(Method::DELETE, PATH).role(Role::Admin).send();
    cancel().await.expect(202);
    until(&server, "cancelled").await;
    assert_eq!(cancel().await.status, 404, "none runs any more");
    post(&server, &hours(5)).await.expect(202);
    assert_eq!(until(&server, "done").await["number"], 2);
}

#[tokio::test]
async fn a_result_stays_until_the_next_and_a_failure_says_why() {
    let server = Server::start().await;
    let mut asked = hours(5);
    asked["toml"] = Policy::shipped().into();
    asked["as"] = "shadow".into();
    asked["time_zone"] = "Europe/Vienna".into();
    asked["handle_minutes"] = 4.5.into();
    post(&server, &asked).await.expect(202);
    let result = &until(&server, "done").await["result"];
    assert_eq!(result["why"][0], Policy::shipped());
    assert_eq!(result["as"], "shadow");
    assert_eq!(result["time_zone"], "Europe/Vienna");
    assert_eq!(result["cost"]["handle_minutes"], 4.5);
    assert_eq!(result["cost"]["per_minute"], 1.0);

    post(&server, &hours(2)).await.expect(202);
    assert_eq!(
        until(&server, "failed").await["problem"],
        "the log is empty"
    );
    post(&server, &hours(3)).await.expect(202);
    let panicked = until(&server, "failed").await;
    assert!(panicked["problem"].as_str().unwrap().contains("panicked"));
    post(&server, &hours(5)).await.expect(202);
    until(&server, "done").await;
}

#[tokio::test]
async fn what_cannot_be_replayed_is_refused_with_its_field() {
    let server = Server::start().await;
    let with = |field: &str, value: Value| {
        let mut body = hours(5);
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("from", "yesterday".into()), "from"),
        (with("to", "2026-11-30".into()), "to"),
        (with("from", "2026-12-01T00:00:00Z".into()), "from"),
        (with("to", "2027-11-30T00:00:00Z".into()), "to"),
        (with("as", "loud".into()), "as"),
        (with("time_zone", "Vienna".into()), "time_zone"),
        (with("handle_minutes", (-1).into()), "handle_minutes"),
        (with("cost_per_minute", 2e6.into()), "cost_per_minute"),
        (json!({"from": "2026-11-30T00:00:00Z"}), "to"),
    ] {
        let answer = post(&server, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["field"], field, "{body}");
    }
    let answer = post(&server, &with("toml", "rules = 3\n".into())).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code()),
        (422, "policy_invalid".into())
    );
    assert!(answer.json()["errors"][0]["line"].is_u64());
    until(&server, "idle").await;
}
