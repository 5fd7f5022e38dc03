//! A recorded log, replayed under the same policy, makes every decision again.

use std::{path::Path, process::Command, sync::Arc};

use overture::{
    cli,
    client::Target,
    people::Visitor,
    replay::{Source, run},
};
use overture_engine::{
    World,
    decide::{Guides, Policy},
    flow,
    memory::MemoryStates,
    model::{DecisionRecord, Effect, InputBody, Millis, Seq, WorldFacts},
};
use overture_http::{ReplayAs, ReplayAsked, ReplayProgress, ReplayReport, ReplayRule};
use overture_store::{DecisionQuery, Store};
use serde_json::{Value, json};

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

fn source(store: &Arc<dyn Store>, shards: usize) -> Source {
    Source {
        store: Arc::clone(store),
        engagement: cli::engagement(),
        shards,
        customers_max: 1_000,
        rest: 0.0,
    }
}

/// Everything there is, as it was at each time.
fn everything(store: &dyn Store) -> ReplayAsked {
    let first = store.read_log(Seq(1), 1).unwrap()[0].received_at;
    ReplayAsked {
        draft: None,
        from: first,
        to: store.boot().unwrap().last_received_at + Millis(1),
        acts: ReplayAs::Recorded,
        time_zone: "UTC".to_owned(),
        handle_minutes: 6.0,
        cost_per_minute: 2.0,
    }
}

fn rule<'a>(report: &'a ReplayReport, id: &str) -> &'a ReplayRule {
    let found = report.rules.iter().find(|rule| rule.rule == id);
    found.unwrap_or_else(|| panic!("{id} is not among {:?}", report.rules))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_tried_on_the_history_while_the_server_runs() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path(), &backend, "", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let _agent = agent(&target, "maya").await;
        struggle_in_both_modes(&target).await;
        let store = Arc::clone(&server.store);
        tokio::task::spawn_blocking(move || tried(&store))
            .await
            .unwrap();
        server.stop().await;
    }
}

fn tried(store: &Arc<dyn Store>) {
    let asked = everything(&**store);
    let progress = ReplayProgress::default();
    let mut reports = Vec::new();
    for shards in [1, 3] {
        let report = run(&source(store, shards), &asked, &progress).unwrap();
        assert!(report.exact, "{:?}", report.why);
        assert!(report.why[0].contains("ids included"), "{:?}", report.why);
        assert_eq!(report.differences.total, 0);
        assert_eq!(report.happened, report.draft);
        assert!(report.happened.decisions >= 12 && report.log_is_whole);
        assert_eq!(report.happened.customers, 8, "four in each mode");
        assert_eq!(report.cost.happened, report.happened.contacts as f64 * 12.0);
        reports.push(report);
    }
    let happened = &reports[0];
    assert_eq!(happened.rules, reports[1].rules);
    let hours: u64 = happened.hours.iter().map(|hour| hour.happened).sum();
    assert_eq!(hours, happened.happened.contacts);

    // The text in force is no other policy, whoever hands it in.
    let draft = |toml: String| ReplayAsked {
        draft: Some(toml),
        ..asked.clone()
    };
    let in_force = store.newest_policy().unwrap();
    let in_force = in_force.map_or_else(|| Policy::shipped().to_owned(), |row| row.toml);
    let same = run(&source(store, 2), &draft(in_force.clone()), &progress).unwrap();
    assert!(same.exact, "{:?}", same.why);

    // A stricter threshold loses exactly the contacts of its rule.
    let strict = in_force.replace(
        "when = 'engagement.level == \"high\"'",
        "when = 'engagement.level == \"high\" && session.path == \"/never\"'",
    );
    let strict = run(&source(store, 2), &draft(strict), &progress).unwrap();
    assert!(!strict.exact && strict.why[0].contains("another text"));
    let (before, after) = (
        rule(happened, "struggle-offer").happened.contacts,
        rule(&strict, "struggle-offer"),
    );
    assert!(before > 0);
    assert_eq!((after.happened.contacts, after.draft.contacts), (before, 0));
    let prompts = rule(&strict, "struggle-prompt");
    assert_eq!(prompts.draft.contacts, prompts.happened.contacts);
    let lost: Vec<_> = strict
        .differences
        .shown
        .iter()
        .filter(|one| one.rule == "struggle-offer" && one.kind == "only_then")
        .filter(|one| one.happened.as_ref().is_some_and(|it| it.what == "contact"))
        .collect();
    assert_eq!(lost.len() as u64, before);
    assert_eq!(strict.customers_examples.len() as u64, before);
    assert!(lost[0].happened.as_ref().unwrap().decision.is_some());

    // One more rule adds its own, in shadow and live alike.
    let more = format!(
        "{in_force}\n[[rules]]\nid = \"hello\"\nwhen = 'signal.form_error.h24 > 0.5'\n\
         action = \"prompt\"\npriority = 100\noptions = [\"chat\"]\ncooldown_min = 0\n"
    );
    for acts in [ReplayAs::Recorded, ReplayAs::Live] {
        let asked = ReplayAsked {
            acts,
            ..draft(more.clone())
        };
        let more = run(&source(store, 2), &asked, &progress).unwrap();
        let hello = rule(&more, "hello");
        assert_eq!((hello.happened.contacts, hello.draft.contacts), (0, 8));
        assert!(more.differences.only_draft >= 8);
        assert!(!more.exact);
    }

    // Only what is inside the window counts.
    let late = ReplayAsked {
        from: asked.to - Millis(1),
        ..asked.clone()
    };
    let late = run(&source(store, 1), &late, &progress).unwrap();
    assert!(late.happened.decisions < happened.happened.decisions);
    assert_eq!(late.events, happened.events, "what came before warms up");

    let small = Source {
        customers_max: 2,
        ..source(store, 1)
    };
    let refused = run(&small, &asked, &progress).unwrap_err().to_string();
    assert!(refused.contains("more customers"), "{refused}");
    progress.cancel();
    let cancelled = run(&source(store, 2), &asked, &progress).unwrap_err();
    assert_eq!(cancelled.to_string(), "cancelled");
}

/// Runs `overture replay` on `folder`; gives whether it worked, its output and its errors.
fn command(folder: &Path, args: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(["replay", "--data-dir"])
        .arg(folder)
        .args(args)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_compares_beside_a_running_server_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (worked, _, errors) = command(&data, &["--from", "1h"]);
    assert!(
        !worked && errors.contains("there is no database"),
        "{errors}"
    );
    let server = serve(folder.path(), &Backend::Sqlite, "", None).await;
    let target = Target::parse(&server.url).await.unwrap();
    let _agent = agent(&target, "maya").await;
    struggle_in_both_modes(&target).await;

    let (worked, output, errors) = command(&data, &["--from", "24h", "--as", "recorded", "--json"]);
    assert!(worked, "{errors}");
    let result: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(result["exact"], true, "{}", result["why"]);
    assert_eq!(result["as"], "recorded");
    let (worked, output, errors) = command(&data, &["--from", "24h"]);
    assert!(worked, "{errors}");
    assert!(
        output.starts_with("ESTIMATE: rules ran in shadow mode then"),
        "{output}"
    );
    assert!(output.contains("contacts by rule") && output.contains("struggle-offer"));

    let draft = folder.path().join("draft.toml");
    std::fs::write(&draft, "[need]\nmedium = 3\n").unwrap();
    let draft = draft.to_str().unwrap();
    for (args, expected) in [
        (vec!["--from", "soon"], "--from: expected a time"),
        (
            vec![
                "--from",
                "2020-02-01T00:00:00Z",
                "--to",
                "2020-01-01T00:00:00Z",
            ],
            "is not before",
        ),
        (vec!["--from", "1h", "--time-zone", "Mars"], "--time-zone"),
        (
            vec!["--from", "1h", "--handle-minutes=-1"],
            "--handle-minutes",
        ),
        (vec!["--from", "1h", "--policy", draft], "draft.toml:2:"),
        (
            vec!["--from", "1h", "--policy", "/nowhere"],
            "could not read /nowhere",
        ),
        (
            vec![
                "--from",
                "2020-01-01T00:00:00Z",
                "--to",
                "2020-02-01T00:00:00Z",
            ],
            "the log begins at",
        ),
    ] {
        let (worked, _, errors) = command(&data, &args);
        assert!(!worked && errors.contains(expected), "{args:?}: {errors}");
    }
    server.stop().await;

    let empty = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(["migrate", "--data-dir"])
        .arg(empty.path())
        .output()
        .unwrap();
    assert!(made.status.success());
    let (worked, _, errors) = command(empty.path(), &["--from", "1h"]);
    assert!(!worked && errors.contains("the log is empty"), "{errors}");
}
