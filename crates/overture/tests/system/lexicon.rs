//! A phrase that reads as other words is read so from the next message on, by both tiers, and again after a restart.

use std::{path::Path, process::Command};

use overture::{
    client::{Connection, Target},
    people::StaffMember,
};
use overture_http::Core;
use serde_json::{Value, json};

use crate::support::{Backend, admin, eventually, moods, say, serve};

const TEXT: &str = "This new release is sick 😀, absolutely sick";

fn score(mood: &Value) -> f64 {
    mood["sentiment"]["score"].as_f64().unwrap()
}

/// Says the text as the customer's `number`th, and gives both its readings, the first one first.
async fn both(target: &Target, admin: &mut StaffMember, number: usize) -> [Value; 2] {
    say(&mut Connection::new(target.clone()), number, TEXT).await;
    let moods = eventually("the text was read twice", async || {
        let moods = moods(admin).await?;
        (moods.len() == 2 * number).then_some(moods)
    })
    .await;
    let [first, again] = &moods[moods.len() - 2..] else {
        panic!("two readings: {moods:?}");
    };
    assert_eq!((&first["tier"], &again["tier"]), (&json!(0), &json!(1)));
    [first.clone(), again.clone()]
}

/// The words that are evidence.
fn words(mood: &Value) -> Vec<&'static str> {
    let evidence = mood["evidence"].as_array().unwrap().iter();
    let at = |one: &Value, field: &str| one[field].as_u64().unwrap() as usize;
    evidence
        .map(|one| &TEXT[at(one, "start")..at(one, "end")])
        .collect()
}

/// The list as the command line writes it.
fn exported(data: &Path) -> Value {
    let out = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(["export", "lexicon", "--data-dir"])
        .arg(data)
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    serde_json::from_slice(&out.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_list_is_what_the_next_text_is_read_by_in_both_readings() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path(), &backend, "second_reading = true", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut staff = admin(&target).await;
        let before = both(&target, &mut staff, 1).await;
        let models = |both: &[Value; 2]| both.clone().map(|mood| mood["model"].clone());
        assert_eq!(models(&before), ["text-1", "text-1-encoder"]);

        let entries = json!([{"phrase": "Sick", "reads_as": "great"}]);
        let list = json!({"entries": entries, "base_revision": 0});
        let saved = staff.call("PUT", "/v1/admin/lexicon", &list).await.unwrap();
        assert_eq!(saved["revision"], 1);
        let after = both(&target, &mut staff, 2).await;
        assert_eq!(models(&after), ["text-1+words-1", "text-1-encoder+words-1"]);
        for (without, with) in before.iter().zip(&after) {
            assert!(score(with) > score(without) + 0.5, "{without} {with}");
            assert_eq!(with["sentiment"]["label"], "positive");
            assert_eq!(
                words(with).iter().filter(|word| **word == "sick").count(),
                2
            );
        }
        // A trial says the same of the same list before it is saved.
        let trial = json!({"text": TEXT, "entries": entries});
        let tried = staff
            .call("POST", "/v1/admin/lexicon/trial", &trial)
            .await
            .unwrap();
        for (place, (without, with)) in before.iter().zip(&after).enumerate() {
            let reading = &tried["readings"][place];
            assert_eq!(reading["without"]["sentiment"], without["sentiment"]);
            assert_eq!(reading["with"]["sentiment"], with["sentiment"]);
            assert_eq!(reading["with"]["evidence"], with["evidence"]);
        }
        // As a crash leaves it between the two: stored, and not yet told.
        let mut next = server.store.newest_lexicon().unwrap().unwrap();
        next.saved.revision = 2;
        server.store.add_lexicon(&next).unwrap();
        server.stop().await;

        let server = serve(folder.path(), &backend, "second_reading = true", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut staff = admin(&target).await;
        eventually("the newest list is in force", async || {
            (server.core.world().lexicon_revision == 2).then_some(())
        })
        .await;
        let restarted = both(&target, &mut staff, 3).await;
        assert_eq!(
            models(&restarted),
            ["text-1+words-2", "text-1-encoder+words-2"]
        );
        assert_eq!(restarted[1]["sentiment"], after[1]["sentiment"]);
        if matches!(backend, Backend::Sqlite) {
            assert_eq!(
                exported(&folder.path().join("data")),
                json!({"revision": 2, "entries": entries})
            );
        }
        let back = json!({"entries": [], "base_revision": 2});
        staff.call("PUT", "/v1/admin/lexicon", &back).await.unwrap();
        let without = both(&target, &mut staff, 4).await;
        assert_eq!(models(&without), models(&before));
        assert_eq!(without[1]["sentiment"], before[1]["sentiment"]);
        server.stop().await;
    }
}
