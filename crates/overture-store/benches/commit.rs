//! What a commit costs: a unit of 1,000 page views and clicks with 300 customers written
//! behind out of 100,000, beside the bare append of the same bytes.
//!
//! The same unit on PostgreSQL, where one answers at 127.0.0.1:5432 as user `postgres`.
//!
//! "memory" is a folder on a memory file system: the cost without waiting for a disk.
//! "disk" is the system's folder for temporary files: what a synchronised commit costs.

#![allow(clippy::unwrap_used, reason = "a bench stops at the first failure")]
#![allow(missing_docs, reason = "made by the harness")]

use std::{
    cell::RefCell,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use divan::{Bencher, counter::ItemsCount};
use overture_engine::model::*;
use overture_store::{CommitUnit, MasterKey, Store, StoreOptions, open_postgres, open_sqlite};

const CUSTOMERS: u64 = 100_000;
const INPUTS: u64 = 1_000;
const WRITTEN_BEHIND: u64 = 300;
const NOW: Timestamp = Timestamp(1_767_225_600_000);

fn main() {
    divan::main();
}

/// Ids sort by when customers were made.
fn customer(n: u64) -> CustomerId {
    CustomerId::derive(NOW + Millis(n), Seq(n), 0)
}

/// Spread over all customers, the same on every run.
fn mixed(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31) % CUSTOMERS
}

fn input(seq: u64, sealed: bool) -> Input {
    let behaviour = if sealed {
        Behaviour::Custom {
            name: "checkout_step".to_owned(),
            properties: Private::new("x".repeat(400)),
        }
    } else if seq.is_multiple_of(3) {
        Behaviour::Click {
            x_px: 412.0,
            y_px: (seq % 900) as f32,
            target: mixed(seq),
            on: ClickTarget::Interactive,
        }
    } else {
        Behaviour::PageView {
            path: format!("/shop/products/{}", mixed(seq) % 500),
            navigation: Navigation::Navigate,
        }
    };
    Input {
        seq: Seq(seq),
        received_at: NOW + Millis(seq / 50),
        body: InputBody::Customer(CustomerEvent {
            customer: customer(if sealed { seq % CUSTOMERS } else { mixed(seq) }),
            occurred_at: NOW + Millis(seq / 50),
            source: Some(SourceId::derive(NOW, Seq(1), 0)),
            link: Some(LinkKey(u128::from(mixed(seq)) << 70 | 5)),
            asker: None,
            message_key: Some(seq.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            reading: None,
            issue: None,
            original: None,
            body: CustomerBody::Behaviour(behaviour),
        }),
    }
}

fn state(n: u64, applied: u64) -> CustomerState {
    let at = NOW + Millis(applied / 50);
    let mut state = CustomerState::new(customer(n), NOW);
    state.applied = Seq(applied);
    state.last_seen_at = at;
    state.links.push(KnownLink {
        kind: IdentifierKind::Anonymous,
        key: LinkKey(u128::from(n) << 70 | 5),
        level: IdentityLevel::Anonymous,
    });
    for signal in [Signal::PageView, Signal::Click, Signal::FormError] {
        state.features.counters[signal as usize] = Decayed {
            values: [0.5, 1.5, 2.5, 3.5],
            at,
        };
    }
    state.session = Some(Session {
        issue: None,
        session: InteractionId::derive(NOW, Seq(n), 0),
        started_at: NOW,
        last_at: at,
        level: IdentityLevel::Anonymous,
        device: Some(LinkKey(u128::from(n) << 70 | 5)),
        path: "/shop/products/17".to_owned(),
        path_since: at,
        source: None,
    });
    for path in ["/shop", "/shop/cart", "/shop/checkout"] {
        state.trail.push(TrailItem {
            at,
            what: Trail::Page {
                path: path.to_owned(),
            },
        });
    }
    state.need.score = 0.3;
    state
}

/// Which customers a unit writes behind.
#[derive(Clone, Copy, PartialEq)]
enum Behind {
    /// Anywhere: each on a page of its own.
    Scattered,
    /// A sweep in key order, as the core does it.
    Neighbours,
    Nobody,
}

fn unit(first: u64, sealed: bool, behind: Behind) -> CommitUnit {
    let last = first + INPUTS - 1;
    let start = first / INPUTS * WRITTEN_BEHIND;
    let customers: Vec<u64> = match behind {
        Behind::Scattered => (0..WRITTEN_BEHIND).map(|n| mixed(first + n * 3)).collect(),
        Behind::Neighbours => (start..start + WRITTEN_BEHIND)
            .map(|n| n % CUSTOMERS)
            .collect(),
        Behind::Nobody => Vec::new(),
    };
    CommitUnit {
        inputs: (first..=last).map(|seq| input(seq, sealed)).collect(),
        customers: customers.into_iter().map(|n| state(n, last)).collect(),
        replay_from: Seq(first.saturating_sub(200_000).max(1)),
        at: NOW + Millis(last / 50),
        ..CommitUnit::default()
    }
}

struct Bench {
    store: Arc<dyn Store>,
    next: AtomicU64,
    _home: Home,
}

/// What goes when the bench ends.
enum Home {
    Folder { _folder: tempfile::TempDir },
    Schema,
}

const POSTGRES: &str = "postgres://postgres@127.0.0.1:5432/postgres";
const SCHEMA: &str = "overture_bench";

impl Drop for Home {
    fn drop(&mut self) {
        if matches!(self, Home::Schema) {
            drop_schema();
        }
    }
}

/// Whether a PostgreSQL answered.
fn drop_schema() -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let Ok((client, connection)) =
            tokio_postgres::connect(POSTGRES, tokio_postgres::NoTls).await
        else {
            return false;
        };
        tokio::spawn(connection);
        client
            .batch_execute(&format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
            .await
            .is_ok()
    })
}

impl Bench {
    fn new(folder: &str) -> Self {
        let folder = folder_in(folder);
        let options = StoreOptions::new(MasterKey::new([7; 32]));
        let store = open_sqlite(&folder.path().join("overture.db"), &options).unwrap();
        Self::filled(store, Home::Folder { _folder: folder })
    }

    fn postgres() -> Option<Self> {
        if !drop_schema() {
            return None;
        }
        let options = StoreOptions::new(MasterKey::new([7; 32]));
        let store = open_postgres(&format!("{POSTGRES}?schema={SCHEMA}"), &options).unwrap();
        Some(Self::filled(store, Home::Schema))
    }

    fn filled(store: Arc<dyn Store>, home: Home) -> Self {
        store.acquire_lease(NOW).unwrap();
        for part in 0..CUSTOMERS / 10_000 {
            let customers = (0..10_000).map(|n| state(part * 10_000 + n, 0)).collect();
            store
                .commit(&CommitUnit {
                    customers,
                    replay_from: Seq(1),
                    at: NOW,
                    ..CommitUnit::default()
                })
                .unwrap();
        }
        Self {
            store,
            next: AtomicU64::new(1),
            _home: home,
        }
    }

    fn unit(&self, sealed: bool, behind: Behind) -> CommitUnit {
        let first = self.next.fetch_add(INPUTS, Ordering::Relaxed);
        unit(first, sealed, behind)
    }
}

fn folder_in(name: &str) -> tempfile::TempDir {
    match name {
        "memory" if Path::new("/dev/shm").is_dir() => tempfile::tempdir_in("/dev/shm").unwrap(),
        _ => tempfile::tempdir().unwrap(),
    }
}

#[divan::bench(args = ["memory", "disk"], sample_count = 200, sample_size = 1)]
fn unit_of_1000_inputs_and_300_customers(bencher: Bencher<'_, '_>, folder: &str) {
    let bench = Bench::new(folder);
    bencher
        .counter(ItemsCount::new(INPUTS))
        .with_inputs(|| bench.unit(false, Behind::Neighbours))
        .bench_local_values(|unit| bench.store.commit(&unit).unwrap());
}

#[divan::bench(sample_count = 200, sample_size = 1)]
fn unit_of_1000_inputs_and_300_customers_on_postgresql(bencher: Bencher<'_, '_>) {
    let Some(bench) = Bench::postgres() else {
        return;
    };
    bencher
        .counter(ItemsCount::new(INPUTS))
        .with_inputs(|| bench.unit(false, Behind::Neighbours))
        .bench_local_values(|unit| bench.store.commit(&unit).unwrap());
}

#[divan::bench(args = ["memory"], sample_count = 200, sample_size = 1)]
fn unit_of_1000_inputs_and_300_scattered_customers(bencher: Bencher<'_, '_>, folder: &str) {
    let bench = Bench::new(folder);
    bencher
        .counter(ItemsCount::new(INPUTS))
        .with_inputs(|| bench.unit(false, Behind::Scattered))
        .bench_local_values(|unit| bench.store.commit(&unit).unwrap());
}

#[divan::bench(args = ["memory"], sample_count = 200, sample_size = 1)]
fn unit_of_1000_sealed_inputs_of_400_bytes(bencher: Bencher<'_, '_>, folder: &str) {
    let bench = Bench::new(folder);
    // Every customer has a key before it begins.
    for _ in 0..CUSTOMERS / INPUTS {
        bench
            .store
            .commit(&bench.unit(true, Behind::Nobody))
            .unwrap();
    }
    bencher
        .counter(ItemsCount::new(INPUTS))
        .with_inputs(|| bench.unit(true, Behind::Nobody))
        .bench_local_values(|unit| bench.store.commit(&unit).unwrap());
}

#[divan::bench(args = ["memory"], sample_count = 200, sample_size = 1)]
fn unit_of_1000_inputs_alone(bencher: Bencher<'_, '_>, folder: &str) {
    let bench = Bench::new(folder);
    bencher
        .counter(ItemsCount::new(INPUTS))
        .with_inputs(|| bench.unit(false, Behind::Nobody))
        .bench_local_values(|unit| bench.store.commit(&unit).unwrap());
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn customers_of_a_batch_of_300(bencher: Bencher<'_, '_>) {
    let bench = Bench::new("memory");
    let next = RefCell::new(0);
    bencher
        .counter(ItemsCount::new(300u64))
        .with_inputs(|| {
            *next.borrow_mut() += 300;
            (0..300)
                .map(|n| customer(mixed(*next.borrow() + n)))
                .collect::<Vec<_>>()
        })
        .bench_local_values(|customers| bench.store.customers(&customers).unwrap());
}

/// The ceiling: as many bytes as the packed log row has, one blob row a commit, with the
/// same settings.
#[divan::bench(args = ["memory", "disk"], sample_count = 200, sample_size = 1)]
fn bare_append_of_the_same_bytes(bencher: Bencher<'_, '_>, folder: &str) {
    let bytes = {
        let bench = Bench::new("memory");
        let unit = bench.unit(false, Behind::Nobody);
        bench.store.commit(&unit).unwrap().log_bytes
    };
    let folder = folder_in(folder);
    let connection = rusqlite::Connection::open(folder.path().join("bare.db")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -16384;
             CREATE TABLE log (id INTEGER PRIMARY KEY, packed BLOB);",
        )
        .unwrap();
    bencher
        .counter(ItemsCount::new(INPUTS))
        .with_inputs(|| (0..bytes).map(|_| rand::random()).collect::<Vec<u8>>())
        .bench_local_values(|packed| {
            connection
                .prepare_cached("INSERT INTO log (packed) VALUES (?1)")
                .unwrap()
                .execute([packed])
                .unwrap()
        });
}
