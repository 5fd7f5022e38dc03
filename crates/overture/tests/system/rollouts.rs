//! Going live rule by rule, on the running binary: stages, budgets and pauses hold, and outlast a crash.

use overture::{
    client::{Connection, Target},
    people::{StaffMember, Visitor},
};
use overture_engine::model::*;
use overture_http::Core;
use serde_json::{Value, json};

use crate::support::{Backend, Process, WRITE_KEY, admin, agent, capture, eventually, serve};

const RULE: &str = "struggle-offer";
const ROLLOUTS: &str = "/v1/admin/rollouts";

async fn rollouts(admin: &mut StaffMember) -> Value {
    admin.call("GET", ROLLOUTS, &Value::Null).await.unwrap()
}

async fn set(admin: &mut StaffMember, rules: Value) -> Value {
    let base = rollouts(admin).await["revision"].clone();
    let plan = json!({
        "base_revision": base, "unlisted": "shadow", "rules": rules,
        "testers": [{"kind": "user_id", "value": "ada"}],
    });
    admin.call("PUT", ROLLOUTS, &plan).await.unwrap()
}

async fn live(admin: &mut StaffMember) {
    let live = json!({"mode": "live", "confirm": true});
    admin.call("POST", "/v1/admin/mode", &live).await.unwrap();
}

fn rule_of(rollouts: &Value) -> Value {
    let rules = rollouts["rules"].as_array().unwrap();
    rules
        .iter()
        .find(|one| one["rule"] == RULE)
        .unwrap()
        .clone()
}

/// What a form that fails says of itself.
fn failures() -> [(&'static str, Value); 3] {
    [
        (
            "overture:form_error",
            json!({"form": "f", "field": "card", "code": "valueMissing"}),
        ),
        (
            "overture:form_submit",
            json!({"form": "f", "outcome": "failed"}),
        ),
        ("overture:dead_click", json!({})),
    ]
}

/// A new visitor who struggles; the banner that came of it, if one came.
async fn struggle(target: &Target, number: u64) -> (Visitor, Option<Value>) {
    let mut visitor = Visitor::arrive(target, WRITE_KEY, "/checkout", number)
        .await
        .unwrap();
    for _ in 0..4 {
        visitor.capture("/checkout", &failures()).await.unwrap();
    }
    let feed = visitor.feed().await.unwrap();
    let mut offers = feed.iter().filter(|item| item["kind"] == "offer");
    let banner = offers.find(|offer| offer["style"] == "banner").cloned();
    (visitor, banner)
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_and_budgets_hold_and_outlast_kill_9() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(folder.path(), &backend).await;
        let mut staff = admin(&process.target).await;
        agent(&process.target, "maya").await;
        live(&mut staff).await;
        set(
            &mut staff,
            json!([{"rule": RULE, "stage": "percent", "percent": 100, "daily_budget": 2}]),
        )
        .await;
        assert!(
            struggle(&process.target, 1).await.1.is_some(),
            "{backend:?}"
        );
        process.kill();

        let process = Process::start(folder.path(), &backend).await;
        let mut staff = admin(&process.target).await;
        let shown = rule_of(&rollouts(&mut staff).await);
        assert_eq!(
            (
                &shown["stage"],
                &shown["acted_today"],
                &shown["budget_spent"]
            ),
            (&json!("percent"), &json!(1), &json!(false))
        );
        assert!(struggle(&process.target, 2).await.1.is_some());
        // The third of the day is only watched, and so it stays after another crash.
        assert!(struggle(&process.target, 3).await.1.is_none());
        process.kill();
        let process = Process::start(folder.path(), &backend).await;
        let mut staff = admin(&process.target).await;
        assert!(struggle(&process.target, 4).await.1.is_none());
        let shown = rule_of(&rollouts(&mut staff).await);
        assert_eq!(
            (&shown["acted_today"], &shown["budget_spent"]),
            (&json!(2), &json!(true))
        );
        // A larger budget is one at once.
        set(
            &mut staff,
            json!([{"rule": RULE, "stage": "percent", "percent": 100, "daily_budget": 3}]),
        )
        .await;
        assert!(struggle(&process.target, 5).await.1.is_some());
        assert!(struggle(&process.target, 6).await.1.is_none());
        let compared = staff
            .call("GET", "/v1/admin/comparison?hours=24", &Value::Null)
            .await
            .unwrap();
        let compared = compared["rules"].as_array().unwrap().clone();
        let of_rule = compared.iter().find(|one| one["rule"] == RULE).unwrap();
        assert_eq!(
            (&of_rule["would"], &of_rule["acted"]),
            (&json!(3), &json!(3)),
            "{of_rule}"
        );
        process.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_never_takes_a_rule_over_its_budget() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path(), &backend, "", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut staff = admin(&target).await;
        agent(&target, "maya").await;
        live(&mut staff).await;
        set(
            &mut staff,
            json!([{"rule": RULE, "stage": "percent", "percent": 100, "daily_budget": 5}]),
        )
        .await;
        let visitors = (0..30).map(|number| {
            let target = target.clone();
            tokio::spawn(async move { struggle(&target, 100 + number).await.1.is_some() })
        });
        let mut offered = 0;
        for visitor in visitors.collect::<Vec<_>>() {
            offered += u32::from(visitor.await.unwrap());
        }
        assert_eq!(offered, 5, "{backend:?}");
        let spent = server.core.world().budgets_spent;
        assert_eq!(spent.len(), 1);
        assert_eq!(spent[0].rule, RuleKey::of(RULE));
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_annoys_pauses_itself_and_staff_is_told() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path(), &backend, "", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut staff = admin(&target).await;
        agent(&target, "maya").await;
        live(&mut staff).await;
        let all = json!([{"rule": RULE, "stage": "percent", "percent": 100}]);
        set(&mut staff, all.clone()).await;
        for number in 0..40 {
            let (mut visitor, offer) = struggle(&target, 1_000 + number).await;
            let offer = offer.expect("an offer while the rule is live");
            let id = offer["offer"].as_str().unwrap();
            visitor
                .call(&format!("/v1/widget/offers/{id}/shown"), &json!({}))
                .await
                .unwrap();
            let how = if number % 2 == 0 { "not_now" } else { "never" };
            visitor
                .call(
                    &format!("/v1/widget/offers/{id}/dismiss"),
                    &json!({"how": how}),
                )
                .await
                .unwrap();
        }
        let paused = eventually("the rule paused itself", async || {
            let shown = rollouts(&mut staff).await;
            rule_of(&shown)
                .get("paused")
                .cloned()
                .map(|paused| (shown, paused))
        })
        .await;
        let why = paused.1["why"].as_str().unwrap();
        assert!(why.starts_with("40 of 40 offers"), "{why}");
        assert_eq!(paused.0["saved_by"], "Overture");
        assert!(struggle(&target, 2_000).await.1.is_none());
        let alert = eventually("staff is told", async || {
            let desk = staff
                .call("GET", "/v1/desk/state", &Value::Null)
                .await
                .unwrap();
            desk["alerts"].as_array()?.first().cloned()
        })
        .await;
        let text = alert["text"].as_str().unwrap();
        let told = format!("Rule {RULE} paused itself: 40 of 40 offers");
        assert!(text.starts_with(&told), "{text}");
        assert!(text.ends_with("Admin set its stage."), "{text}");
        let compared = staff
            .call("GET", "/v1/admin/comparison?hours=1", &Value::Null)
            .await
            .unwrap();
        let compared = compared["rules"].as_array().unwrap().clone();
        let of_rule = compared.iter().find(|one| one["rule"] == RULE).unwrap();
        assert_eq!(
            (
                &of_rule["shown"],
                &of_rule["dismissed"],
                &of_rule["opted_out"],
                &of_rule["annoyance"]
            ),
            (&json!(40), &json!(20), &json!(20), &json!(1.0)),
            "{of_rule}"
        );
        // An administrator lets it go on, and what annoyed before counts no longer.
        set(&mut staff, all).await;
        assert!(struggle(&target, 2_001).await.1.is_some());
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_stage_is_for_test_identities_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &Backend::Sqlite, "", None).await;
    let target = Target::parse(&server.url).await.unwrap();
    let mut staff = admin(&target).await;
    live(&mut staff).await;
    set(&mut staff, json!([{"rule": RULE, "stage": "test"}])).await;
    assert!(struggle(&target, 1).await.1.is_none());
    let mut connection = Connection::new(target.clone());
    for user in ["bob", "ada"] {
        let events: Vec<Value> = (0..12)
            .map(|number| {
                let (event, properties) = failures()[number % 3].clone();
                json!({"type": "track", "event": event, "properties": properties, "userId": user,
                    "anonymousId": user, "messageId": format!("{user}-{number}"),
                    "context": {"page": {"path": "/checkout"}}})
            })
            .collect();
        assert_eq!(capture(&mut connection, &events).await.unwrap().status, 200);
    }
    let path = format!("/v1/decisions?rule={RULE}&limit=50");
    let found = staff.call("GET", &path, &Value::Null).await.unwrap();
    let reasons = |decision: &Value| -> Vec<String> {
        let reasons = decision["reasons"].as_array().unwrap().iter();
        reasons
            .map(|reason| reason["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let decisions = found["decisions"].as_array().unwrap().iter();
    // Newest first: ada, whom nothing but the want of a widget keeps from it, then bob, and the visitor before.
    let all: Vec<Vec<String>> = decisions.map(reasons).collect();
    assert_eq!(
        all,
        [
            vec!["paced"],
            vec!["paced", "shadow_mode"],
            vec!["shadow_mode"]
        ],
        "{found}"
    );
    server.stop().await;
}
