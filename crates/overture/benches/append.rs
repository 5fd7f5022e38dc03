//! The bare SQLite append: the same bytes, one row a transaction, nothing else. What the
//! durable ingest is compared with. `cargo bench -p overture --bench append -- FOLDER`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measuring program"
)]

use std::time::{Duration, Instant};

const EVENTS: usize = 1_000;
const EVENT_BYTES: usize = 700;
const RUN: Duration = Duration::from_secs(10);

fn main() {
    let folder = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with('-'))
        .unwrap_or_else(|| ".".to_owned());
    let folder = tempfile::tempdir_in(folder).unwrap();
    let database = rusqlite::Connection::open(folder.path().join("append.db")).unwrap();
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    database.pragma_update(None, "synchronous", "full").unwrap();
    database
        .execute_batch("create table log (seq integer primary key, body blob not null)")
        .unwrap();
    let row = vec![7u8; EVENTS * EVENT_BYTES];
    let mut insert = database
        .prepare("insert into log (body) values (?1)")
        .unwrap();
    let mut commits = Vec::new();
    let started = Instant::now();
    while started.elapsed() < RUN {
        let commit = Instant::now();
        insert.execute([&row]).unwrap();
        commits.push(commit.elapsed());
    }
    let seconds = started.elapsed().as_secs_f64();
    let events = (commits.len() * EVENTS) as f64;
    commits.sort();
    println!(
        "{}",
        serde_json::json!({
            "mode": "append",
            "batch": EVENTS,
            "event_bytes": EVENT_BYTES,
            "events_per_s": (events / seconds).round(),
            "megabytes_per_s": (events * EVENT_BYTES as f64 / seconds / 1e6).round(),
            "commit_ms": {
                "p50": commits[commits.len() / 2].as_secs_f64() * 1e3,
                "p99": commits[commits.len() * 99 / 100].as_secs_f64() * 1e3,
            },
        })
    );
}
