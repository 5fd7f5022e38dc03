//! `kill -9` at random points: what was acknowledged is there, and there once.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use overture::{client::Connection, loadgen::random::Random, people::Visitor};
use overture_engine::model::{Behaviour, CustomerBody, InputBody, Seq};
use serde_json::{Value, json};

use crate::support::{
    Backend, Process, WRITE_KEY, agent, capture, config, events_total, eventually,
};

/// Crashes of one run.
const CRASHES: u64 = 3;

/// Senders at once, and events of each of their batches.
const SENDERS: u64 = 4;
const BATCH: u64 = 20;

/// What senders know: every event they sent, and those that were acknowledged.
#[derive(Default)]
struct Ledger {
    sent: Vec<Value>,
    acknowledged: Vec<Value>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled_when_the_process_is_killed() {
    let seed = std::env::var("OVERTURE_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(u64::from(std::process::id()));
    println!("seed {seed}; OVERTURE_TEST_SEED={seed} repeats it");
    for backend in Backend::all().await {
        crash_again_and_again(&backend, seed).await;
    }
}

async fn crash_again_and_again(backend: &Backend, seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(seed);
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut chats: Vec<(Visitor, String, Vec<String>)> = Vec::new();
    for round in 0..CRASHES {
        let process = Process::start(folder.path(), backend).await;
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let connection = Connection::new(process.target.clone());
                let name = format!("{round}-{sender}");
                tokio::spawn(send(
                    connection,
                    name,
                    Arc::clone(&ledger),
                    Arc::clone(&stop),
                ))
            })
            .collect();
        let target = process.target.clone();
        let chat = tokio::spawn(async move {
            let mut visitor = Visitor::arrive(&target, WRITE_KEY, "/help", round)
                .await
                .ok()?;
            let help = json!({"channel": "chat", "idempotency_key": "k"});
            let asked = visitor.call("/v1/widget/help", &help).await.ok()?;
            let conversation = asked["conversation"].as_str()?.to_owned();
            let mut said = Vec::new();
            loop {
                let text = format!("message {}", said.len());
                let sent = write(&mut visitor, &conversation, &text).await;
                match sent {
                    Some(_) => said.push(text),
                    None => return Some((visitor, conversation, said)),
                }
            }
        });
        eventually("something was acknowledged", async || {
            (ledger.lock().unwrap().acknowledged.len() as u64 > round * BATCH).then_some(())
        })
        .await;
        // The random point.
        tokio::time::sleep(Duration::from_millis(random.below(400))).await;
        process.kill();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.await.unwrap();
        }
        chats.extend(chat.await.unwrap());
    }
    let process = Process::start(folder.path(), backend).await;
    let ledger = std::mem::take(&mut *ledger.lock().unwrap());
    let mut connection = Connection::new(process.target.clone());
    let before = events_total(&process.target).await;
    resend(&mut connection, &ledger.acknowledged).await;
    let after = events_total(&process.target).await;
    assert_eq!(after, before, "{backend:?}: an acknowledged event was new");
    resend(&mut connection, &ledger.sent).await;
    for (visitor, conversation, said) in chats {
        check_chat(&process, visitor, &conversation, &said).await;
    }
    // The machines still work: the conversations that were opened find an agent.
    let mut agent = agent(&process.target, "maya").await;
    eventually("a reservation", async || {
        let state = agent
            .call("GET", "/v1/desk/state", &Value::Null)
            .await
            .unwrap();
        (!state["reservations"].as_array()?.is_empty()).then_some(())
    })
    .await;
    assert_eq!(process.terminate().await, Some(0));
    let folder = folder.path().to_owned();
    let backend = backend.clone();
    let (events, keys) = tokio::task::spawn_blocking(move || logged_events(&folder, &backend))
        .await
        .unwrap();
    assert_eq!(events, ledger.sent.len(), "each event once");
    assert_eq!(keys, events, "no event twice");
}

/// How many captured events the log has, and how many different message keys.
fn logged_events(folder: &Path, backend: &Backend) -> (usize, usize) {
    let store = overture::storage::open(&config(folder, backend)).unwrap();
    let mut keys = HashSet::new();
    let mut events = 0;
    let mut from = Seq(1);
    loop {
        let inputs = store.read_log(from, 1_000).unwrap();
        let Some(last) = inputs.last() else {
            return (events, keys.len());
        };
        from = Seq(last.seq.0 + 1);
        for input in inputs {
            let InputBody::Customer(event) = input.body else {
                continue;
            };
            if let CustomerBody::Behaviour(Behaviour::FormError { .. }) = event.body {
                events += 1;
                keys.extend(event.message_key);
            }
        }
    }
}

async fn send(
    mut connection: Connection,
    name: String,
    ledger: Arc<Mutex<Ledger>>,
    stop: Arc<AtomicBool>,
) {
    for batch in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let events: Vec<Value> = (0..BATCH)
            .map(|event| {
                json!({
                    "type": "track", "event": "overture:form_error",
                    "messageId": format!("{name}-{batch}-{event}"),
                    "anonymousId": format!("visitor-{}", event % 7),
                    "properties": {"form": "f", "field": "card", "code": "valueMissing"},
                })
            })
            .collect();
        ledger.lock().unwrap().sent.extend_from_slice(&events);
        match capture(&mut connection, &events).await {
            Ok(answer) if answer.status == 200 => {
                ledger
                    .lock()
                    .unwrap()
                    .acknowledged
                    .extend_from_slice(&events);
            }
            _ => return,
        }
    }
}

async fn resend(connection: &mut Connection, events: &[Value]) {
    for batch in events.chunks(200) {
        assert_eq!(capture(connection, batch).await.unwrap().status, 200);
    }
}

/// Sends a message whose key is its text; `None` when the server is gone.
async fn write(visitor: &mut Visitor, conversation: &str, text: &str) -> Option<Value> {
    let body = json!({"conversation": conversation, "client_key": text, "text": text});
    visitor.call("/v1/widget/messages", &body).await.ok()
}

/// Every acknowledged message is there once, also after it was sent again.
async fn check_chat(process: &Process, visitor: Visitor, conversation: &str, said: &[String]) {
    let mut visitor = visitor.moved_to(&process.target);
    for text in said {
        write(&mut visitor, conversation, text)
            .await
            .expect("the same answer again");
    }
    let items = visitor.feed().await.unwrap();
    let mut texts: Vec<&str> = items
        .iter()
        .filter(|item| item["kind"] == "message" && item["author"] == "customer")
        .filter_map(|item| item["text"].as_str())
        .collect();
    // The message under way at the kill may be there, too.
    texts.truncate(said.len());
    assert_eq!(texts, said, "messages in their order, each once");
}
