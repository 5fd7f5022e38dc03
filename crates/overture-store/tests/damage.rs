//! SQLite's own: what a database says that was tampered with, damaged or written by a newer
//! release, and how its files grow and shrink.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use overture_engine::model::*;
use overture_store::*;
use support::*;

/// A database with some of everything.
fn written() -> SqlitePlace {
    let place = SqlitePlace::new().unwrap();
    let store = place.writer();
    for seq in 1..=10 {
        let change = LedgerChange::Issued { limit: 1 };
        store
            .commit(&unit(
                vec![message(seq, customer(1), "words")],
                vec![
                    Effect::Ledger(LedgerEntry {
                        customer: customer(1),
                        grant: grant(seq).grant,
                        at: NOW,
                        change,
                    }),
                    Effect::Timeline(said(customer(1), seq, "words")),
                ],
            ))
            .unwrap();
    }
    place
}

fn tamper(place: &SqlitePlace, sql: &str) {
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn every_change_of_the_ledger_is_found() {
    let table = [
        (
            "UPDATE ledger SET happened_at = happened_at + 1 WHERE place = 4",
            Some(4),
        ),
        (
            "UPDATE ledger SET customer = zeroblob(16) WHERE place = 1",
            Some(1),
        ),
        (
            "UPDATE ledger SET change = x'010801' WHERE place = 10",
            Some(10),
        ),
        ("DELETE FROM ledger WHERE place = 5", Some(6)),
        ("DELETE FROM ledger WHERE place = 10", Some(10)),
        ("DELETE FROM ledger WHERE place > 3", Some(4)),
        ("DELETE FROM ledger; DELETE FROM ledger_end", None),
        ("DELETE FROM ledger_end", Some(1)),
        ("UPDATE ledger_end SET signature = zeroblob(32)", Some(10)),
        (
            "DELETE FROM ledger WHERE place = 10; UPDATE ledger_end SET place = 9, \
             hash = (SELECT hash FROM ledger WHERE place = 9)",
            Some(9),
        ),
    ];
    for (sql, first_bad) in table {
        let place = written();
        let store = place.open();
        assert_eq!(store.verify_ledger().unwrap().first_bad, None);
        tamper(&place, sql);
        let found = store.verify_ledger().unwrap().first_bad;
        assert_eq!(found.map(|(_, row)| row), first_bad, "{sql}");
    }
}

#[test]
fn damaged_rows_are_named_and_never_panic() {
    let place = written();
    let store = place.open();
    tamper(
        &place,
        "UPDATE log SET packed = x'01FFFFFFFF00' WHERE first_seq = 3; \
         UPDATE timeline SET record = x'010863' WHERE seq = 2",
    );
    let log = store.read_log(Seq(1), 100).unwrap_err();
    assert_eq!(
        log.to_string(),
        "stored data is damaged: log row.size: wrong length 4294967295"
    );
    let row = store
        .timeline(&TimelineQuery {
            customer: customer(1),
            window: TimelineWindow::Newest,
            reader: TimelineReader::Staff,
            limit: 10,
        })
        .unwrap_err();
    assert_eq!(
        row.to_string(),
        "stored data is damaged: TimelineRecord.kind: unknown number 99"
    );
    // A sealed text that was changed does not pass for an erased one.
    tamper(&place, "UPDATE customer_key SET wrapped = zeroblob(72)");
    assert!(matches!(
        place.open().read_log(Seq(1), 1),
        Err(StoreError::Corrupt { .. })
    ));
}

#[test]
fn another_file_and_a_newer_release_are_refused() {
    let place = SqlitePlace::new().unwrap();
    std::fs::write(
        place.path(),
        "not a database, but long enough to be read as one ".repeat(99),
    )
    .unwrap();
    assert!(matches!(
        place.open_with(&options()),
        Err(StoreError::Corrupt { .. })
    ));

    let place = written();
    // A newer release that left this one able to work ...
    tamper(&place, "INSERT INTO schema_version VALUES (900, 1)");
    assert_eq!(place.open().boot().unwrap().last_seq, Seq(10));
    // ... and one that did not.
    tamper(&place, "INSERT INTO schema_version VALUES (901, 900)");
    assert!(matches!(
        place.open_with(&options()),
        Err(StoreError::Newer { found: 901, .. })
    ));
}

/// Writes 300 large states behind with each unit: about 1.2 MB.
fn much(store: &dyn Store, units: u64) {
    for n in 1..=units {
        let mut unit = unit(vec![page_view(n, customer(1))], vec![]);
        unit.customers = (0..300).map(|m| state(customer(n * 300 + m), n)).collect();
        for state in &mut unit.customers {
            state.trail.push(TrailItem {
                at: NOW,
                what: Trail::Page {
                    path: "/x".repeat(1_500),
                },
            });
        }
        store.commit(&unit).unwrap();
    }
}

#[test]
fn the_write_ahead_log_is_folded_back_beside_the_commits() {
    let place = SqlitePlace::new().unwrap();
    let store = place.writer();
    // More pages than the thread lets wait, fewer than the writer does.
    much(&*store, 14);
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let log = || -> (i64, i64) {
        connection
            .query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
                Ok((row.get(1)?, row.get(2)?))
            })
            .unwrap()
    };
    assert!((2_048..8_192).contains(&log().0), "{:?}", log());
    let folded = (0..1_000_000).any(|_| {
        std::thread::yield_now();
        log().1 > 0
    });
    assert!(folded, "{:?}", log());
    drop(connection);
    drop(store);
    assert!(!place.path().with_file_name("overture.db-wal").exists());
}

#[test]
fn the_file_shrinks_when_much_is_forgotten() {
    let place = SqlitePlace::new().unwrap();
    let store = place.writer();
    much(&*store, 30);
    drop(store);
    let before = std::fs::metadata(place.path()).unwrap().len();
    let store = place.open();
    store.wipe().unwrap();
    drop(store);
    let after = std::fs::metadata(place.path()).unwrap().len();
    assert!(after < before / 4, "{before} {after}");
}
