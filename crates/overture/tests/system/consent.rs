//! A source that requires consent: whoever sends its events, nothing of them is kept before.

use overture::client::{Connection, Target};
use serde_json::{Value, json};

use crate::support::{Backend, admin, capture, events_total, eventually, serve};

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_required_source_are_kept_only_after_a_positive_word() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &Backend::Sqlite, "", None).await;
    let target = Target::parse(&server.url).await.unwrap();
    let mut admin = admin(&target).await;
    let sources = admin
        .call("GET", "/v1/admin/sources", &Value::Null)
        .await
        .unwrap();
    let source = sources[0]["source"].as_str().unwrap();
    let required =
        json!({"consent": "required", "consent_categories": {"Analytics": "analyse_behaviour"}});
    admin
        .call("PATCH", &format!("/v1/admin/sources/{source}"), &required)
        .await
        .unwrap();

    let mut connection = Connection::new(target.clone());
    let mut number = 0;
    let mut send = async |kind: &str, who: &str, more: Value| {
        number += 1;
        let mut event = json!({"type": kind, "event": "Viewed", "userId": who,
            "anonymousId": format!("browser of {who}"), "messageId": number.to_string()});
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = capture(&mut connection, &[event]).await.unwrap();
        assert_eq!(answer.status, 200, "what is not kept is no error");
    };
    let preferences =
        |on: bool| json!({"context": {"consent": {"categoryPreferences": {"Analytics": on}}}});
    let email = json!({"traits": {"email": "ann@example.com"}});

    send("page", "ann", json!({})).await;
    send("track", "ann", json!({})).await;
    send("identify", "ann", email.clone()).await;
    send("track", "ben", preferences(false)).await;
    let known = admin
        .call("GET", "/v1/customers?query=ann@example.com", &Value::Null)
        .await
        .unwrap();
    assert_eq!(known["customers"], json!([]));
    let refused = events_total(&target).await;

    // The word itself and the event that carries it.
    send("track", "ann", preferences(true)).await;
    send("identify", "ann", email).await;
    eventually("ann is known", async || {
        let known = admin
            .call("GET", "/v1/customers?query=ann@example.com", &Value::Null)
            .await
            .unwrap();
        (known["customers"].as_array()?.len() == 1).then_some(())
    })
    .await;
    assert!(events_total(&target).await > refused);
    let answer = Connection::new(target.clone())
        .call("GET", "/metrics", &[], &Value::Null)
        .await
        .unwrap();
    let metrics = String::from_utf8(answer.body).unwrap();
    let dropped = metrics
        .lines()
        .find_map(|line| line.strip_prefix("overture_unpermitted_inputs_total "))
        .unwrap();
    assert_eq!(dropped, "3");
    server.stop().await;
}
