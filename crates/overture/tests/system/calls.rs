//! A live call through `kill -9`: what was heard of it is there, once, and the call is over.

use futures_util::{SinkExt, StreamExt};
use overture_inference::audio::{RATE, g711, synthetic::Talker};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use overture::people::StaffMember;

use crate::support::{Backend, Process, admin, eventually};

#[tokio::test]
async fn a_call_that_a_kill_cut_off_is_over_and_what_was_heard_is_there_once() {
    for backend in Backend::all().await {
        cut_off(&backend).await;
    }
}

async fn cut_off(backend: &Backend) {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), backend).await;
    let target = process.target.clone();
    let mut staff = admin(&target).await;
    listen_to_calls(&mut staff).await;
    let asked = json!({"external_id": "pbx-7", "phone": "+442079460018", "disclosed": true, "synthetic": true});
    let begun = staff.call("POST", "/v1/calls", &asked).await.unwrap();
    let (call, customer) = (text(&begun["call"]), text(&begun["customer"]));
    let path = format!("/v1/calls/{call}/audio?encoding=mulaw");
    let socket = staff.socket_at(&path).await.unwrap();
    let (mut sink, mut stream) = socket.split();
    let mut voice = Talker::calm(120.0).say(6.0, 1);
    voice.resize(voice.len() + 2 * RATE, 0.0);
    voice.extend(Talker::calm(120.0).say(4.0, 2));
    let samples: Vec<u8> = voice.iter().map(|one| g711::to_mu_law(*one)).collect();
    for packet in samples.chunks(RATE / 50) {
        sink.send(Message::binary(packet.to_vec())).await.unwrap();
    }
    let first = stream.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(first.contains("heard"), "{first}");
    let before = eventually("an utterance is in the timeline", async || {
        let said = utterances(&mut staff, &customer).await;
        (!said.is_empty()).then_some(said)
    })
    .await;
    process.kill();

    let process = Process::start(folder.path(), backend).await;
    let mut staff = admin(&process.target).await;
    let ended = eventually("the call is over", async || {
        let page = staff
            .call("GET", &format!("/v1/calls/{call}"), &Value::Null)
            .await
            .ok()?;
        (page["call"]["status"] == "ended").then_some(page)
    })
    .await;
    assert_eq!(ended["call"]["external_id"], "pbx-7");
    assert_eq!(utterances(&mut staff, &customer).await, before);
    let again = staff.call("POST", "/v1/calls", &asked).await.unwrap();
    assert_ne!(
        text(&again["call"]),
        call,
        "a call that is over is not taken up again"
    );
    assert_eq!(text(&again["customer"]), customer);
    process.kill();
}

async fn listen_to_calls(staff: &mut StaffMember) {
    let policy = staff
        .call("GET", "/v1/admin/policy", &Value::Null)
        .await
        .unwrap();
    let toml =
        text(&policy["toml"]).replacen("[voice]\nenabled = false", "[voice]\nenabled = true", 1);
    let body = json!({"toml": toml, "base_revision": policy["revision"]});
    staff.call("PUT", "/v1/admin/policy", &body).await.unwrap();
}

/// What was said, with the numbers of its rows.
async fn utterances(staff: &mut StaffMember, customer: &str) -> Vec<Value> {
    let path = format!("/v1/customers/{customer}/timeline?limit=200");
    let timeline = staff.call("GET", &path, &Value::Null).await.unwrap();
    let items = timeline["items"].as_array().cloned().unwrap_or_default();
    let said = items.into_iter().filter(|item| item["kind"] == "utterance");
    said.collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
