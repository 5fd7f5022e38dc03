//! The SQLite store against power cuts and a full disk.
//!
//! `kill -9` proves little: the system's page cache survives it. Here a disk model keeps
//! what was synchronised and any part, sector by sector, of what was not. Every
//! acknowledged commit must be there afterwards, none by half.

#![allow(clippy::unwrap_used, reason = "tests")]

mod disk;
#[path = "../support/mod.rs"]
mod support;
mod vfs;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use disk::{Chance, Cut, Disk};
use overture_engine::model::*;
use overture_store::*;
use support::*;

const UNITS: u64 = 30;
const CUTS_PER_RUN: u64 = 12;

/// How many seeded runs: a few in a test, many when soaking.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's own setting is read where the test runs"
)]
fn runs() -> u64 {
    match std::env::var_os("OVERTURE_SOAK") {
        Some(_) => 400,
        None => 10,
    }
}

/// The `n`-th unit of a run: some inputs, rows of several tables, states written behind.
fn unit_of(n: u64, first: u64, chance: &mut Chance) -> CommitUnit {
    let who = customer(n % 5);
    let count = 1 + chance.below(20);
    let mut inputs: Vec<Input> = (first..first + count)
        .map(|seq| page_view(seq, customer(seq % 5)))
        .collect();
    if n.is_multiple_of(3) {
        inputs.push(message(first + count, who, &format!("words of unit {n}")));
    }
    let last = inputs.last().unwrap().seq.0;
    let mut unit = unit(
        inputs,
        vec![
            Effect::Timeline(said(who, n, &format!("row of unit {n}"))),
            Effect::Ledger(LedgerEntry {
                customer: who,
                grant: grant(n).grant,
                at: NOW,
                change: LedgerChange::Issued { limit: 1 },
            }),
            Effect::Decision(Box::new(decision(who, n, Outcome::Notify))),
            Effect::Wake {
                customer: who,
                at: Some(NOW + Millis(n)),
            },
        ],
    );
    unit.customers = (0..chance.below(40))
        .map(|m| state(customer(m), last))
        .collect();
    unit.customers.push(state(customer(999), n));
    unit.replay_from = Seq(1);
    unit
}

/// Works, with odd seeds beside a thread that folds the write-ahead log back all the time,
/// as the store's own thread does under load. Even seeds repeat exactly.
fn work(folder: &Path, disk: &Disk, seed: u64) -> Vec<CommitUnit> {
    if seed.is_multiple_of(2) {
        return commit_units(folder, disk, seed);
    }
    let done = AtomicBool::new(false);
    let file = folder.join("overture.db");
    drop(open_sqlite(&file, &options()).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let connection = rusqlite::Connection::open(&file).unwrap();
            connection.busy_timeout(Duration::from_secs(5)).unwrap();
            while !done.load(Ordering::Relaxed) {
                connection
                    .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                    .unwrap();
            }
        });
        let units = commit_units(folder, disk, seed);
        done.store(true, Ordering::Relaxed);
        units
    })
}

/// Commits units and, now and then, closes and opens again or folds the write-ahead log
/// back. Returns the units.
fn commit_units(folder: &Path, disk: &Disk, seed: u64) -> Vec<CommitUnit> {
    let mut chance = Chance(seed);
    let open = || {
        let store = open_sqlite(&folder.join("overture.db"), &options()).unwrap();
        store.acquire_lease(NOW).unwrap();
        store
    };
    let mut store = open();
    let mut units: Vec<CommitUnit> = Vec::new();
    let mut next = 1;
    for n in 1..=UNITS {
        let unit = unit_of(n, next, &mut chance);
        store.commit(&unit).unwrap();
        disk.acknowledged.store(n, Ordering::SeqCst);
        next = unit.inputs.last().unwrap().seq.0 + 1;
        units.push(unit);
        match chance.below(8) {
            0 => {
                drop(store);
                store = open();
            }
            1 => {
                let checkpoint = rusqlite::Connection::open(folder.join("overture.db")).unwrap();
                checkpoint
                    .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                    .unwrap();
            }
            _ => {}
        }
    }
    units
}

/// Opens what a cut left and compares it with what was acknowledged.
fn check(cut: &Cut, units: &[CommitUnit], seed: u64) {
    let place = SqlitePlace::new().unwrap();
    for (path, image) in &cut.files {
        let name = path.file_name().unwrap();
        fs::write(place.path().with_file_name(name), image).unwrap();
    }
    let context = format!("seed {seed}, change {}", cut.change);
    let store: Arc<dyn Store> = match place.open_with(&options()) {
        Ok(store) => store,
        Err(error) => panic!("{context}: it does not open: {error:?}"),
    };
    let boot = store.boot().unwrap();
    let kept = units
        .iter()
        .take_while(|unit| unit.inputs.last().unwrap().seq <= boot.last_seq)
        .count() as u64;
    assert!(
        kept >= cut.acknowledged,
        "{context}: {} units were acknowledged, {kept} are there",
        cut.acknowledged
    );
    let expected: Vec<Input> = units[..kept as usize]
        .iter()
        .flat_map(|unit| unit.inputs.clone())
        .collect();
    assert_eq!(
        boot.last_seq,
        expected.last().map_or(Seq(0), |last| last.seq),
        "{context}: a unit is there by half"
    );
    assert!(
        store.read_log(Seq(1), usize::MAX).unwrap() == expected,
        "{context}: the log differs"
    );
    // Every table ends with the same unit.
    let rows: u64 = (0..5)
        .map(|n| {
            let query = TimelineQuery {
                customer: customer(n),
                window: TimelineWindow::After(0),
                reader: TimelineReader::Staff,
                limit: 1_000,
            };
            store.timeline(&query).unwrap().items.len() as u64
        })
        .sum();
    assert_eq!(rows, kept, "{context}: timeline");
    let ledger = store.verify_ledger().unwrap();
    assert_eq!((ledger.rows, ledger.first_bad), (kept, None), "{context}");
    let marker = store.customers(&[customer(999)]).unwrap().remove(0);
    assert_eq!(
        marker.map(|state| state.applied.0),
        (kept > 0).then_some(kept),
        "{context}: states"
    );
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let integrity: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok", "{context}");
    // And it goes on from there.
    store.acquire_lease(NOW).unwrap();
    let more = unit(vec![page_view(boot.last_seq.0 + 1, customer(1))], vec![]);
    store.commit(&more).unwrap();
}

#[test]
fn acknowledged_commits_survive_power_cuts() {
    vfs::install();
    let mut checked = 0;
    for seed in 0..runs() {
        // The first pass counts the changes, the second is cut at some of them.
        let count = {
            let folder = tempfile::tempdir().unwrap();
            let disk = Disk::watch(folder.path(), BTreeSet::new(), Chance(seed));
            work(folder.path(), &disk, seed);
            Disk::forget(folder.path());
            disk.changes()
        };
        let folder = tempfile::tempdir().unwrap();
        let mut chance = Chance(seed ^ 0xc0ffee);
        let cut_after = (0..CUTS_PER_RUN).map(|_| 1 + chance.below(count)).collect();
        let disk = Disk::watch(folder.path(), cut_after, chance);
        let units = work(folder.path(), &disk, seed);
        Disk::forget(folder.path());
        for cut in disk.cuts() {
            check(&cut, &units, seed);
            checked += 1;
        }
    }
    assert!(checked >= runs() * CUTS_PER_RUN / 2, "only {checked} cuts");
    eprintln!("{checked} power cuts, {} seeds", runs());
}

#[test]
fn a_full_disk_refuses_a_unit_whole_and_takes_it_when_there_is_room() {
    vfs::install();
    for seed in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::watch(folder.path(), BTreeSet::new(), Chance(seed));
        let store = open_sqlite(&folder.path().join("overture.db"), &options()).unwrap();
        store.acquire_lease(NOW).unwrap();
        let mut chance = Chance(seed);
        let one = unit_of(1, 1, &mut chance);
        let two = unit_of(2, one.inputs.last().unwrap().seq.0 + 1, &mut chance);
        store.commit(&one).unwrap();

        disk.set_room(Some(chance.below(20_000)));
        let error = store.commit(&two).unwrap_err();
        assert!(
            matches!(error, StoreError::Full { .. }),
            "{seed}: {error:?}"
        );
        let last = one.inputs.last().unwrap().seq;
        assert_eq!(store.boot().unwrap().last_seq, last, "{seed}");
        let marker = store.customers(&[customer(999)]).unwrap().remove(0);
        assert_eq!(marker.unwrap().applied, Seq(1), "{seed}");
        assert_eq!(store.verify_ledger().unwrap().rows, 1, "{seed}");

        disk.set_room(None);
        store.commit(&two).unwrap();
        drop(store);
        Disk::forget(folder.path());
        let store = open_sqlite(&folder.path().join("overture.db"), &options()).unwrap();
        let all: Vec<Input> = [one.inputs, two.inputs].concat();
        assert_eq!(store.read_log(Seq(1), usize::MAX).unwrap(), all, "{seed}");
        assert_eq!(store.verify_ledger().unwrap().first_bad, None, "{seed}");
    }
}

#[test]
fn a_database_at_its_own_limit_says_that_it_is_full() {
    let place = SqlitePlace::new().unwrap();
    let mut small = options();
    small.limits.max_bytes = 1_000_000;
    small.limits.reserve_bytes = 300_000;
    let store = place.open_with(&small).unwrap();
    let reserve = || {
        let file = fs::metadata(place.path().with_file_name("overture.db.reserve"));
        file.map(|file| file.len()).ok()
    };
    assert_eq!(reserve(), Some(300_000));
    store.acquire_lease(NOW).unwrap();
    let mut next = 1;
    let mut refused = None;
    while next < 1_000_000 {
        let mut unit = unit(
            (next..next + 50)
                .map(|seq| page_view(seq, customer(seq)))
                .collect(),
            vec![],
        );
        unit.customers = (next..next + 50)
            .map(|n| state(customer(n), next))
            .collect();
        match store.commit(&unit) {
            Ok(_) => next += 50,
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    assert!(
        matches!(refused, Some(StoreError::Full { .. })),
        "{refused:?} after {next}"
    );
    assert_eq!(store.boot().unwrap().last_seq, Seq(next - 1));
    assert!(store.pressure().unwrap().refusing);
    assert_eq!(reserve(), None, "given up for a clean-up");
    // What retention frees can be used again.
    let mut done = unit(vec![], vec![]);
    done.replay_from = Seq(next);
    let everything = Retention {
        max_age: Millis(0),
        max_log_bytes: 0,
    };
    store.commit(&done).unwrap();
    assert!(store.prune(NOW, everything).unwrap().log_rows > 0);
    store
        .commit(&unit(vec![page_view(next, customer(1))], vec![]))
        .unwrap();
    drop(store);
    // With room again the reserve is back at the latest when it is opened.
    small.limits.max_bytes = 100_000_000;
    let store = place.open_with(&small).unwrap();
    assert_eq!(reserve(), Some(300_000));
    assert!(!store.pressure().unwrap().refusing);
    drop(store);
    small.limits.min_free_percent = 100;
    let store = place.open_with(&small).unwrap();
    assert!(
        store.pressure().unwrap().refusing,
        "the disk is never all free"
    );
}
