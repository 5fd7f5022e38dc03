//! A promised callback through `kill -9`: it is still promised, and its time comes once.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use overture::{
    clock,
    core::{self, Options},
    people::Visitor,
};
use overture_engine::model::{
    CallbackNotice, ConversationStatus, InteractionId, TimelineBody, Timestamp,
};
use overture_http::Readiness;
use overture_store::{ConversationsOf, Store, TimelineQuery, TimelineReader, TimelineWindow};
use overture_testkit::{
    build::PlainModel,
    faults::{Faults, FaultyStore},
};
use serde_json::{Value, json};

use crate::support::{Backend, Process, WRITE_KEY, admin, agent, config, eventually};

/// How far the clock of [`later`] is ahead.
static AHEAD_MS: AtomicI64 = AtomicI64::new(0);

fn later() -> Timestamp {
    Timestamp(clock::now().0 + AHEAD_MS.load(Ordering::SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promised_callback_survives_kills_and_its_time_comes_once() {
    for backend in Backend::all().await {
        promised_killed_and_due(&backend).await;
    }
}

async fn promised_killed_and_due(backend: &Backend) {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), backend).await;
    let maya = agent(&process.target, "maya").await;
    drop(maya);
    let mut visitor = Visitor::arrive(&process.target, WRITE_KEY, "/checkout", 1)
        .await
        .unwrap();
    let times = visitor.read("/v1/widget/callback/slots?zone=UTC").await;
    let slot = times.unwrap()["days"][0]["slots"][0].clone();
    let wish = json!({
        "phone": "020 7946 0018", "country": "GB", "idempotency_key": "k",
        "slot": {"from": slot["from"], "to": slot["to"]},
    });
    let asked = visitor.call("/v1/widget/callback", &wish).await.unwrap();
    process.kill();

    // Asked once more after the crash, it is the same promise; and it outlives another one.
    let process = Process::start(folder.path(), backend).await;
    let mut visitor = visitor.moved_to(&process.target);
    let again = visitor.call("/v1/widget/callback", &wish).await.unwrap();
    assert_eq!(again["conversation"], asked["conversation"]);
    process.kill();
    let process = Process::start(folder.path(), backend).await;
    let promised = promises(&process).await;
    assert_eq!(promised.len(), 1, "{backend:?}: {promised:?}");
    assert_eq!(promised[0]["conversation"], asked["conversation"]);
    assert_eq!(promised[0]["due_at"], slot["from"]);
    process.kill();

    // Its time comes while the power fails again and again.
    let conversation: InteractionId = asked["conversation"].as_str().unwrap().parse().unwrap();
    let (place, on) = (folder.path().to_owned(), backend.clone());
    tokio::task::spawn_blocking(move || {
        for _ in 0..3 {
            power_fails_when_due(&place, &on, conversation);
        }
    })
    .await
    .unwrap();

    // Whoever is at the desk then has one call to make.
    let process = Process::start(folder.path(), backend).await;
    assert!(promises(&process).await.is_empty());
    let mut admin = admin(&process.target).await;
    let state = admin.call("GET", "/v1/desk/state", &Value::Null).await;
    let state = state.unwrap();
    let count = |list: &str| {
        let all = state[list].as_array().unwrap().iter();
        all.filter(|one| one["conversation"] == asked["conversation"])
            .count()
    };
    assert_eq!(count("conversations"), 1, "{backend:?}: {state}");
    assert_eq!(process.terminate().await, Some(0));
}

async fn promises(process: &Process) -> Vec<Value> {
    let mut admin = admin(&process.target).await;
    let list = admin.call("GET", "/v1/desk/callbacks", &Value::Null).await;
    list.unwrap().as_array().unwrap().clone()
}

/// The core on what the disk has, at the promised time, until the call is due and a moment
/// longer; then nothing that it did not commit is left.
fn power_fails_when_due(folder: &Path, backend: &Backend, conversation: InteractionId) {
    let store = overture::storage::open(&config(folder, backend)).unwrap();
    let now = later();
    store
        .acquire_lease(now)
        .or_else(|_| store.seize_lease(now))
        .unwrap();
    let row = store.conversation(conversation).unwrap().unwrap();
    let due_at = row.callback.unwrap().due_at;
    let ahead_ms = due_at.0 - clock::now().0 + 1_000;
    AHEAD_MS.fetch_max(ahead_ms, Ordering::SeqCst);
    let faults = Arc::new(Faults::default());
    let (handle, running) = core::start(Options {
        issues: None,
        store: Arc::new(FaultyStore::new(Arc::clone(&store), Arc::clone(&faults))),
        engagement: Arc::new(PlainModel),
        text: Arc::new(overture_engine::understand::text::NoTextModel),
        text_again: None,
        key: Default::default(),
        clock: later,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut readiness = handle.readiness();
        let ready = readiness.wait_for(|now| *now == Readiness::Ready);
        ready.await.unwrap();
        eventually("the call is due", async || {
            let row = store.conversation(conversation).unwrap().unwrap();
            (row.status != ConversationStatus::Scheduled).then_some(())
        })
        .await;
    });
    check_due_once(&*store, conversation);
    faults.cut_power();
    handle.stop(running);
}

/// One request to call, one open conversation, and one line that says so.
fn check_due_once(store: &dyn Store, conversation: InteractionId) {
    let open = store.conversations(ConversationsOf::Open, 10).unwrap();
    let open: Vec<_> = open.iter().map(|row| row.conversation).collect();
    assert_eq!(open, [conversation]);
    let row = store.conversation(conversation).unwrap().unwrap();
    let page = store.timeline(&TimelineQuery {
        customer: row.customer,
        window: TimelineWindow::Newest,
        reader: TimelineReader::Staff,
        limit: 1_000,
    });
    let (mut promised, mut due) = (0, 0);
    for item in page.unwrap().items {
        match item.body {
            TimelineBody::Callback(view) => {
                promised += u32::from(view.notice == CallbackNotice::Confirmed);
            }
            TimelineBody::Conversation { status, .. } => {
                due += u32::from(status == ConversationStatus::Queued);
            }
            _ => {}
        }
    }
    assert_eq!((promised, due), (1, 1), "promised once, due once");
    let requests = store.requests().unwrap();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(requests[0].1.conversation, conversation);
}
