//! A full disk: refused with 503, nothing lost, and back to work by itself.

use overture::client::{Connection, Target};
use overture_engine::model::{Millis, Timestamp};
use overture_store::Retention;
use serde_json::{Value, json};

use crate::support::{Backend, capture, eventually, serve, wait_until_ready};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_answers_503_and_room_brings_the_server_back() {
    let folder = tempfile::tempdir().unwrap();
    let limit = "[disk]\nmax_bytes = 1_500_000\nreserve_bytes = 0\n";
    let server = serve(folder.path(), &Backend::Sqlite, limit, None).await;
    let target = Target::parse(&server.url).await.unwrap();
    let mut connection = Connection::new(target.clone());
    let mut number = 0;
    let refused = loop {
        number += 1;
        assert!(number < 2_000, "the disk never filled");
        let answer = capture(&mut connection, &batch(number)).await.unwrap();
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(refused.status, 503);
    let said = refused.json().unwrap()["message"].to_string();
    assert!(said.contains("disk"), "{said}");
    let ready = connection
        .call("GET", "/readyz", &[], &Value::Null)
        .await
        .unwrap();
    assert_eq!(ready.status, 503);

    let store = std::sync::Arc::clone(&server.store);
    let database = folder.path().join("data/overture.db");
    tokio::task::spawn_blocking(move || {
        store.wipe().unwrap();
        let nothing = Retention {
            max_age: Millis(0),
            max_log_bytes: 0,
        };
        store.prune(Timestamp(i64::MAX / 2), nothing).unwrap();
        // The write-ahead log counts as well, and keeps its size until it is folded back.
        rusqlite::Connection::open(database)
            .unwrap()
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
    })
    .await
    .unwrap();
    wait_until_ready(&target).await;
    eventually("the refused batch is taken", async || {
        let answer = capture(&mut connection, &batch(number)).await.unwrap();
        (answer.status == 200).then_some(())
    })
    .await;
    server.stop().await;
}

fn batch(number: u32) -> Vec<Value> {
    (0..50)
        .map(|event| {
            json!({
                "type": "track", "event": "Report", "messageId": format!("{number}-{event}"),
                "anonymousId": format!("v{event}"),
                "properties": {"noise": overture::first_start::random_text(400)},
            })
        })
        .collect()
}
