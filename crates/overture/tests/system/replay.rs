//! A recorded log, replayed under the same policy, makes every decision again.

use std::sync::Arc;

use overture::{cli, client::Target, people::Visitor};
use overture_engine::{
    World,
    decide::{Guides, Policy},
    flow,
    memory::MemoryStates,
    model::{DecisionRecord, Effect, InputBody, Seq, WorldFacts},
};
use overture_store::{DecisionQuery, Store};
use serde_json::json;

use crate::support::{Backend, WRITE_KEY, admin, agent, serve};

#[tokio::test(flavor = "multi_thread")]
async fn replaying_a_recorded_log_reproduces_every_decision_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &Backend::Sqlite, "", None).await;
    let target = Target::parse(&server.url).await.unwrap();
    let _agent = agent(&target, "maya").await;
    struggle_in_both_modes(&target).await;
    let store = Arc::clone(&server.store);
    server.stop().await;
    tokio::task::spawn_blocking(move || {
        let mut recorded = store
            .decisions(&DecisionQuery {
                limit: 1_000,
                ..DecisionQuery::default()
            })
            .unwrap();
        recorded.reverse();
        let replayed = replay(&*store);
        assert!(
            recorded.len() >= 12,
            "{} decisions say little",
            recorded.len()
        );
        assert!(recorded.iter().any(|one| one.outcome.name() == "withhold"));
        assert!(recorded.iter().any(|one| one.outcome.name() == "offer"));
        let by_id = |mut all: Vec<DecisionRecord>| {
            all.sort_by_key(|one| one.decision);
            all
        };
        assert_eq!(by_id(replayed), by_id(recorded));
    })
    .await
    .unwrap();
}

async fn struggle_in_both_modes(target: &Target) {
    let mut admin = admin(target).await;
    for mode in ["shadow", "live"] {
        let change = json!({"mode": mode, "confirm": true});
        admin.call("POST", "/v1/admin/mode", &change).await.unwrap();
        for number in 0..4 {
            let mut visitor = Visitor::arrive(target, WRITE_KEY, "/checkout", number)
                .await
                .unwrap();
            let error = json!({"form": "f", "field": "card", "code": "valueMissing"});
            let failed = json!({"form": "f", "outcome": "failed"});
            for _ in 0..4 {
                let events = [
                    ("overture:form_error", error.clone()),
                    ("overture:form_submit", failed.clone()),
                    ("overture:dead_click", json!({})),
                ];
                visitor.capture("/checkout", &events).await.unwrap();
            }
            let items = visitor.feed().await.unwrap();
            if let Some(offer) = items.iter().rev().find(|item| item["kind"] == "offer") {
                let path = format!(
                    "/v1/widget/offers/{}/dismiss",
                    offer["offer"].as_str().unwrap()
                );
                visitor
                    .call(&path, &json!({"how": "not_now"}))
                    .await
                    .unwrap();
            }
        }
    }
}

/// Steps the whole log from nothing and collects what was decided.
fn replay(store: &dyn Store) -> Vec<DecisionRecord> {
    let mut world = World {
        facts: WorldFacts::default(),
        policy: Arc::new(Policy::from_shipped(0)),
        engagement: cli::engagement(),
        text: cli::text(),
        issues: None,
        lexicon: Default::default(),
        rollouts: Default::default(),
        key: Default::default(),
    };
    let mut states = MemoryStates::default();
    let mut decisions = Vec::new();
    let mut from = Seq(1);
    loop {
        let inputs = store.read_log(from, 1_000).unwrap();
        let Some(last) = inputs.last() else {
            return decisions;
        };
        from = Seq(last.seq.0 + 1);
        for input in &inputs {
            if let InputBody::World(facts) = &input.body {
                if facts.policy_revision != world.facts.policy_revision {
                    let row = store.policy(facts.policy_revision).unwrap().unwrap();
                    let parsed = Policy::parse(&row.toml, row.revision).unwrap();
                    let guides = world.policy.guides().clone();
                    world.policy = Arc::new(parsed.policy.with_guides(guides));
                }
                if facts.guides_revision != world.facts.guides_revision {
                    let set = store.guide_set(facts.guides_revision).unwrap().unwrap();
                    let guides = Guides::compile(&set.targets).unwrap();
                    world.policy = Arc::new(Policy::clone(&world.policy).with_guides(guides));
                }
                world.facts = facts.clone();
            }
            let effects = flow::replay(&mut states, &world, input).unwrap();
            decisions.extend(effects.into_iter().filter_map(|effect| match effect {
                Effect::Decision(decision) => Some(*decision),
                _ => None,
            }));
        }
    }
}
