//! An alert reaches the desk and, signed, the webhook; once each.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc,
};

use overture::{client::Target, people::Visitor};
use overture_channels::webhook::Secret;
use overture_engine::decide::Policy;
use serde_json::{Value, json};

use crate::support::{Backend, WRITE_KEY, admin, eventually, serve};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// One request as the endpoint saw it: its head in lower case, and its body.
type Seen = (String, String);

/// Answers every request with 204 and passes it on.
fn endpoint() -> (String, mpsc::Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut head).unwrap() > 0);
            }
            let head = head.to_lowercase();
            let length = header(&head, "content-length").parse().unwrap();
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            if tell.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (url, told)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim_start_matches(':').trim()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_reaches_the_desk_and_the_webhook_signed() {
    let (url, told) = endpoint();
    let settings = format!(
        "[webhook]\nurl = \"{url}\"\nsecrets = [\"{SECRET}\"]\nallow_private_addresses = true\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &Backend::Sqlite, &settings, None).await;
    let target = Target::parse(&server.url).await.unwrap();
    let mut admin = admin(&target).await;
    let notify = "\n[[rules]]\nid = \"tell-staff\"\nabout = \"Somebody struggles\"\nwhen = 'engagement.level == \"high\"'\naction = \"notify\"\n";
    let policy = json!({"toml": format!("{}{notify}", Policy::shipped()), "base_revision": 1});
    admin
        .call("PUT", "/v1/admin/policy", &policy)
        .await
        .unwrap();
    let live = json!({"mode": "live", "confirm": true});
    admin.call("POST", "/v1/admin/mode", &live).await.unwrap();

    let mut visitor = Visitor::arrive(&target, WRITE_KEY, "/checkout", 1)
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
    let (head, body) = eventually("the webhook is called", async || told.try_recv().ok()).await;
    let sent: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(sent["type"], "alert");
    assert_eq!(sent["data"]["rule"], "tell-staff");
    let id = header(&head, "webhook-id");
    let at = header(&head, "webhook-timestamp").parse().unwrap();
    let signed = Secret::parse(SECRET).unwrap().sign(id, at, &body);
    assert_eq!(header(&head, "webhook-signature"), signed.to_lowercase());

    let alerts = eventually("the alert is at the desk", async || {
        let state = admin
            .call("GET", "/v1/desk/state", &Value::Null)
            .await
            .unwrap();
        let alerts = state["alerts"].as_array()?.clone();
        (!alerts.is_empty()).then_some(alerts)
    })
    .await;
    assert_eq!(alerts.len(), 1);
    eventually("the outbox is empty", async || {
        let store = std::sync::Arc::clone(&server.store);
        let totals = tokio::task::spawn_blocking(move || store.totals().unwrap());
        (totals.await.unwrap().outbox == 0).then_some(())
    })
    .await;
    assert!(told.try_recv().is_err(), "it is sent once");
    server.stop().await;
}
