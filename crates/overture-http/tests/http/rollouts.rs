//! Going live rule by rule: saved whole, never over somebody else's, stopped by whoever supervises.

use axum::http::Method;
use overture_engine::model::{IdentifierKind, Mode, Stage, Unlisted};
use overture_http::{Keys, WorldChange};
use overture_store::Role;
use serde_json::{Value, json};

use crate::support::*;

const PATH: &str = "/v1/admin/rollouts";

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers write the rules in place"
)]
fn plan(base: u32, rules: Value) -> Value {
    json!({
        "base_revision": base, "unlisted": "shadow", "note": " first the two of us ",
        "testers": [{"kind": "email", "value": " Ada@Example.com "}], "rules": rules,
    })
}

async fn put(server: &Server, body: &Value) -> Answer {
    let call = server.call(Method::PUT, PATH).role(Role::Admin);
    call.json(body).send().await
}

fn rule<'a>(body: &'a Value, id: &str) -> &'a Value {
    let rules = body["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["rule"] == id).unwrap()
}

#[tokio::test]
async fn a_plan_is_shown_with_every_rule_saved_and_told_to_the_engine() {
    let server = Server::start().await;
    let shown = async || {
        server
            .get(PATH)
            .role(Role::Supervisor)
            .send()
            .await
            .expect(200)
            .json()
    };
    let before = shown().await;
    assert_eq!(
        (&before["revision"], &before["unlisted"]),
        (&json!(0), &json!("live"))
    );
    let follows = rule(&before, "struggle-offer");
    assert_eq!(
        (
            &follows["stage"],
            &follows["kind"],
            &follows["action"],
            &follows["policy_shadow"]
        ),
        (
            &json!("follow"),
            &json!("rule"),
            &json!("offer"),
            &json!(false)
        )
    );
    let rules = json!([
        {"rule": "struggle-offer", "stage": "percent", "percent": 10, "daily_budget": 20},
        {"rule": "struggle-prompt", "stage": "test", "audience": "session.path == \"/cart\""},
        {"rule": "gone", "stage": "shadow"},
    ]);
    let saved = put(&server, &plan(0, rules.clone()))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            &saved["revision"],
            &saved["saved_by"],
            &saved["note"],
            &saved["testers"]
        ),
        (
            &json!(1),
            &json!("The admin"),
            &json!("first the two of us"),
            &json!([{"kind": "email", "value": "ada@example.com"}])
        )
    );
    let own = rule(&saved, "struggle-offer");
    assert_eq!(
        (
            &own["percent"],
            &own["daily_budget"],
            &own["acted_today"],
            &own["changed_by"]
        ),
        (&json!(10), &json!(20), &json!(0), &json!("The admin"))
    );
    assert_eq!(rule(&saved, "gone")["kind"], "gone");
    assert_eq!(shown().await, saved);
    let told = server.core.changes.lock().unwrap().pop();
    let Some(WorldChange::Rollouts {
        revision: 1,
        plan: told,
    }) = told
    else {
        panic!("the engine is told: {told:?}");
    };
    assert_eq!(told.unlisted, Unlisted::Shadow);
    assert_eq!(told.rules[0].stage, Stage::Percent(10));
    let secret = server.store.installation_secret().unwrap();
    let key = Keys::derive(&secret).link(IdentifierKind::Email, "ada@example.com");
    assert_eq!(told.testers[0].key, key, "as customers are recognised");

    // The same once more, as after an answer that was lost, is the same revision.
    assert_eq!(
        put(&server, &plan(0, rules)).await.expect(200).json()["revision"],
        1
    );
    let all = server
        .get("/v1/admin/rollouts/revisions")
        .role(Role::Supervisor)
        .send()
        .await;
    let all = all.expect(200).json();
    assert_eq!(all["revisions"].as_array().unwrap().len(), 1);
    let changed = all["revisions"][0]["changed"].as_array().unwrap();
    let offer = changed
        .iter()
        .find(|one| one["what"] == "struggle-offer")
        .unwrap();
    assert_eq!(
        (&offer["was"], &offer["is"]),
        (&Value::Null, &json!("10 %, 20 a day"))
    );
}

#[tokio::test]
async fn nobody_saves_over_somebody_elses_plan() {
    let server = Server::start().await;
    let one = json!([{"rule": "struggle-offer", "stage": "test"}]);
    let two = json!([{"rule": "struggle-offer", "stage": "percent", "percent": 50}]);
    put(&server, &plan(0, one)).await.expect(200);
    put(&server, &plan(1, two)).await.expect(200);
    let changes = server.core.changes.lock().unwrap().len();
    for base in [0, 1, 3] {
        let refused = put(&server, &plan(base, json!([]))).await.expect(409);
        assert_eq!(refused.code(), "stale_revision");
        let body = refused.json();
        assert_eq!(
            (&body["current"], &body["by"]),
            (&json!(2), &json!("The admin"))
        );
        if base == 1 {
            let differs =
                json!([{"what": "struggle-offer", "was": "test identities", "is": "50 %"}]);
            assert_eq!(body["differs"], differs);
        }
    }
    assert_eq!(
        server.core.changes.lock().unwrap().len(),
        changes,
        "nothing was changed"
    );
}

#[tokio::test]
async fn what_makes_no_sense_names_its_field() {
    let server = Server::start().await;
    let of = |rule: Value| plan(0, json!([{"rule": "a", "stage": "test"}, rule]));
    let mut unlisted = plan(0, json!([]));
    unlisted["unlisted"] = json!("maybe");
    let mut tester = plan(0, json!([]));
    tester["testers"] = json!([{"kind": "email", "value": "nobody"}]);
    let mut kind = plan(0, json!([]));
    kind["testers"] = json!([{"kind": "phone", "value": "1"}]);
    let mut crowd = plan(0, json!([]));
    crowd["testers"] = (0..51)
        .map(|number| json!({"kind": "user_id", "value": number.to_string()}))
        .collect();
    let mut note = plan(0, json!([]));
    note["note"] = json!("x".repeat(201));
    let percent = |percent: Value| of(json!({"rule": "b", "stage": "percent", "percent": percent}));
    for (body, field) in [
        (unlisted, "unlisted"),
        (tester, "testers[0].value"),
        (kind, "testers[0].kind"),
        (crowd, "testers"),
        (note, "note"),
        (of(json!({"rule": "b", "stage": "half"})), "rules[1].stage"),
        (percent(json!(0)), "rules[1].percent"),
        (percent(json!(101)), "rules[1].percent"),
        (percent(Value::Null), "rules[1].percent"),
        (
            of(json!({"rule": "b", "stage": "test", "percent": 5})),
            "rules[1].percent",
        ),
        (
            of(json!({"rule": "b", "stage": "test", "daily_budget": 0})),
            "rules[1].daily_budget",
        ),
        (
            of(json!({"rule": "b", "stage": "test", "paused": true})),
            "rules[1].paused",
        ),
        (of(json!({"rule": "", "stage": "test"})), "rules[1].rule"),
        (of(json!({"rule": "a", "stage": "test"})), "rules[1].rule"),
    ] {
        let refused = put(&server, &body).await.expect(400).json();
        assert_eq!(refused["field"], field, "{body}");
    }
    let broken = of(json!({"rule": "b", "stage": "test", "audience": "nonsense =="}));
    let refused = put(&server, &broken).await.expect(422).json();
    assert_eq!(refused["field"], "rules[1].audience");
    assert_eq!(refused["errors"][0]["line"], 1);
    assert!(server.core.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn whoever_supervises_stops_everything_and_only_administrators_go_live() {
    for (role, stops, plans) in [
        (Role::Admin, 204, 200),
        (Role::Supervisor, 204, 403),
        (Role::Agent, 403, 403),
        (Role::Analyst, 403, 403),
    ] {
        let server = Server::start().await;
        server.core.facts.lock().unwrap().mode = Mode::Live;
        let stop = server.post("/v1/admin/stop").role(role).send().await;
        stop.expect(stops);
        let told = server.core.changes.lock().unwrap().clone();
        let stopped = told == [WorldChange::Mode(Mode::Shadow)];
        assert_eq!(stopped, stops == 204, "{role:?}");
        let call = server.call(Method::PUT, PATH).role(role);
        call.json(&plan(0, json!([]))).send().await.expect(plans);
        if role != Role::Admin {
            let live = json!({"mode": "live", "confirm": true});
            server
                .post("/v1/admin/mode")
                .role(role)
                .json(&live)
                .send()
                .await
                .expect(403);
        }
    }
}

#[tokio::test]
async fn a_comparison_is_over_a_time_that_has_a_limit() {
    let server = Server::start().await;
    let of = async |query: &str| {
        let path = format!("/v1/admin/comparison{query}");
        server.get(&path).role(Role::Supervisor).send().await
    };
    let found = of("").await.expect(200).json();
    assert_eq!(
        (&found["asked_within_min"], &found["left_within_min"]),
        (&json!(30), &json!(2))
    );
    of("?hours=720").await.expect(200);
    for hours in ["0", "721", "-1", "x"] {
        assert_eq!(
            of(&format!("?hours={hours}")).await.expect(400).json()["field"],
            "hours"
        );
    }
}
