//! The domain lexicon: saved whole, revision by revision, and never over somebody else's.

use axum::http::Method;
use overture_http::WorldChange;
use overture_store::Role;
use serde_json::{Value, json};

use crate::support::*;

const LIST: &str = "/v1/admin/lexicon";

fn entries(list: &[(&str, &str)]) -> Value {
    list.iter()
        .map(|(phrase, reads_as)| json!({"phrase": phrase, "reads_as": reads_as}))
        .collect()
}

async fn put(server: &Server, base: u32, list: &[(&str, &str)]) -> Answer {
    let body = json!({"entries": entries(list), "base_revision": base, "note": " for a test "});
    server
        .call(Method::PUT, LIST)
        .role(Role::Admin)
        .json(&body)
        .send()
        .await
}

#[tokio::test]
async fn a_list_is_saved_told_to_the_engine_and_brought_back() {
    let server = Server::start().await;
    let shown = async |path: &str| {
        let call = server.get(path).role(Role::Supervisor);
        call.send().await.expect(200).json()
    };
    assert_eq!(
        shown(LIST).await,
        json!({"revision": 0, "entries": [], "note": ""})
    );
    let saved = put(&server, 0, &[("  sick ", "very  great"), ("OOS", "")]).await;
    let first = saved.expect(200).json();
    assert_eq!(
        first,
        json!({
            "revision": 1, "entries": entries(&[("sick", "very great"), ("OOS", "")]),
            "saved_at": NOW.to_string(), "saved_by": "The admin", "note": "for a test",
        })
    );
    assert_eq!(shown(LIST).await, first);
    let told = server.core.changes.lock().unwrap().pop();
    let Some(WorldChange::Lexicon(lexicon)) = told else {
        panic!("the engine is told: {told:?}");
    };
    assert_eq!(lexicon.revision(), 1);
    assert_eq!(lexicon.rewrite("so sick").text(), "so very great");

    // The same list once more, as after an answer that was lost, is the same revision.
    let again = put(&server, 0, &[("sick", "very great"), ("OOS", "")]).await;
    assert_eq!(again.expect(200).json(), first);
    put(&server, 1, &[]).await.expect(200);
    let back = json!({"revision": 1, "base_revision": 2});
    let call = server.post("/v1/admin/lexicon/rollback").role(Role::Admin);
    let third = call.json(&back).send().await.expect(200).json();
    assert_eq!(
        (&third["revision"], &third["entries"], &third["note"]),
        (&json!(3), &first["entries"], &json!("as revision 1"))
    );
    assert_eq!(shown("/v1/admin/lexicon/revisions/1").await, first);
    let all = shown("/v1/admin/lexicon/revisions").await;
    let row = |revision: u32, phrases: u32, note: &str| {
        json!({"revision": revision, "phrases": phrases, "saved_at": NOW.to_string(),
            "saved_by": "The admin", "note": note})
    };
    assert_eq!(
        all["revisions"],
        json!([
            row(3, 2, "as revision 1"),
            row(2, 0, "for a test"),
            row(1, 2, "for a test")
        ])
    );
}

#[tokio::test]
async fn nobody_saves_over_somebody_elses_list() {
    let server = Server::start().await;
    put(&server, 0, &[("sick", "great"), ("OOS", "out of stock")])
        .await
        .expect(200);
    put(&server, 1, &[("sick", "lovely"), ("yolo", "")])
        .await
        .expect(200);
    let changes = server.core.changes.lock().unwrap().len();
    for base in [0, 1, 3] {
        let refused = put(&server, base, &[("mine", "")]).await.expect(409);
        assert_eq!(refused.code(), "stale_revision");
        let body = refused.json();
        assert_eq!(
            (&body["current"], &body["by"]),
            (&json!(2), &json!("The admin"))
        );
        if base == 1 {
            assert_eq!(
                body["differs"],
                json!([
                    {"phrase": "OOS", "was": "out of stock", "is": null},
                    {"phrase": "sick", "was": "great", "is": "lovely"},
                    {"phrase": "yolo", "was": null, "is": ""},
                ])
            );
        }
    }
    let back = json!({"revision": 1, "base_revision": 1});
    let call = server.post("/v1/admin/lexicon/rollback").role(Role::Admin);
    assert_eq!(
        call.json(&back).send().await.expect(409).code(),
        "stale_revision"
    );
    assert_eq!(
        server.core.changes.lock().unwrap().len(),
        changes,
        "nothing was changed"
    );
    let newest = server.store.newest_lexicon().unwrap().unwrap();
    assert_eq!(newest.saved.revision, 2);
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_the_largest_list_is_taken() {
    let server = Server::start().await;
    let put = async |body: Value| {
        let call = server.call(Method::PUT, LIST).role(Role::Admin);
        call.json(&body).send().await
    };
    let with = |entry: Value| json!({"entries": [{"phrase": "ok", "reads_as": ""}, entry], "base_revision": 0});
    for (body, field) in [
        (
            with(json!({"phrase": " ", "reads_as": ""})),
            "entries[1].phrase",
        ),
        (
            with(json!({"phrase": "x".repeat(81), "reads_as": ""})),
            "entries[1].phrase",
        ),
        (
            with(json!({"phrase": "x", "reads_as": "y".repeat(81)})),
            "entries[1].reads_as",
        ),
        (
            with(json!({"phrase": "OK", "reads_as": "y"})),
            "entries[1].phrase",
        ),
        (
            with(json!({"phrase": 7, "reads_as": "y"})),
            "entries[1].phrase",
        ),
        (with(json!({"phrase": "x"})), "reads_as"),
        (json!({"entries": []}), "base_revision"),
        (
            json!({"entries": [], "base_revision": 0, "note": "n".repeat(201)}),
            "note",
        ),
    ] {
        let refused = put(body.clone()).await.expect(400).json();
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("bad_input"), &json!(field))
        );
    }
    let many = |count: usize| -> Value {
        (0..count)
            .map(|place| json!({"phrase": format!("{place:080}"), "reads_as": "😀".repeat(80)}))
            .collect()
    };
    let refused = put(json!({"entries": many(2_001), "base_revision": 0})).await;
    assert_eq!(refused.expect(400).json()["field"], "entries");
    assert_eq!(server.store.newest_lexicon().unwrap(), None);
    put(json!({"entries": many(2_000), "base_revision": 0}))
        .await
        .expect(200);
    for path in ["revisions/2", "revisions/x"] {
        let status = if path.ends_with('x') { 400 } else { 404 };
        let call = server.get(format!("{LIST}/{path}")).role(Role::Admin);
        call.send().await.expect(status);
    }
}

#[tokio::test]
async fn a_list_is_tried_without_being_kept() {
    let server = Server::start().await;
    let tried = async |text: &str, role: Role, status: u16| {
        let body = json!({"text": text, "entries": entries(&[("OOS", "out of stock")])});
        let call = server
            .post("/v1/admin/lexicon/trial")
            .role(role)
            .json(&body);
        call.send().await.expect(status).json()
    };
    let answer = tried("😀 oos", Role::Supervisor, 200).await;
    // This server's only model reads nothing.
    let nothing = json!({"abstained": "language", "language": null});
    assert_eq!(
        answer,
        json!({
            "rewritten": "😀 out of stock", "phrases": [{"start": 5, "end": 8}],
            "readings": [{"tier": 0, "model": "none", "without": nothing, "with": nothing}],
        })
    );
    assert_eq!(tried(" ", Role::Admin, 400).await["field"], "text");
    tried(&"x".repeat(4_001), Role::Admin, 413).await;
    tried("x", Role::Agent, 403).await;
    assert_eq!(server.store.newest_lexicon().unwrap(), None);
    assert!(server.core.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_may_not_change_the_list_does_not() {
    let server = Server::start().await;
    let body = json!({"entries": [], "base_revision": 0});
    for role in [Role::Supervisor, Role::Agent, Role::Analyst] {
        server
            .call(Method::PUT, LIST)
            .role(role)
            .json(&body)
            .send()
            .await
            .expect(403);
        let back = json!({"revision": 1, "base_revision": 0});
        let call = server.post("/v1/admin/lexicon/rollback").role(role);
        call.json(&back).send().await.expect(403);
    }
    server
        .call(Method::PUT, LIST)
        .cookie_of(Role::Admin)
        .json(&body)
        .send()
        .await
        .expect(403);
}
