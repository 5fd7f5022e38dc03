//! What the core thread and everybody else see together: readiness, the world, numbers.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use hdrhistogram::Histogram;
use overture_engine::model::WorldFacts;
use overture_http::{CoreStats, Hint, Readiness};
use overture_store::DiskPressure;
use tokio::sync::{broadcast, watch};

/// Hints a slow receiver may lag behind before it has to read everything anew.
const HINTS_WAITING_MAX: usize = 4_096;

/// Over how many seconds the rate of inputs is taken.
const RATE_SECONDS: usize = 10;

/// Over how long the commit times are taken: between one and two of these.
const COMMIT_WINDOW: Duration = Duration::from_secs(60);

/// Shared by the core thread, its handle and the housekeeper.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) world: ArcSwap<WorldFacts>,
    pub(super) hints: broadcast::Sender<Hint>,
    pub(super) queued_inputs: AtomicUsize,
    pub(super) customers: AtomicU64,
    pub(super) skipped: AtomicU64,
    desk_changes: AtomicU64,
    inputs_total: AtomicU64,
    readiness: watch::Sender<Readiness>,
    /// Set when nothing can go on; carries why.
    fatal: watch::Sender<Option<String>>,
    numbers: Mutex<Numbers>,
    started: Instant,
}

#[derive(Debug)]
struct Numbers {
    rate: VecDeque<(u64, u64)>,
    commits: [Histogram<u64>; 2],
    commits_since: Instant,
    pressure: DiskPressure,
}

impl Shared {
    pub(super) fn new() -> Self {
        let commits = || Histogram::new_with_max(60_000_000, 2).expect("the bounds are valid");
        Self {
            world: ArcSwap::from_pointee(WorldFacts::default()),
            hints: broadcast::Sender::new(HINTS_WAITING_MAX),
            queued_inputs: AtomicUsize::new(0),
            customers: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            desk_changes: AtomicU64::new(0),
            inputs_total: AtomicU64::new(0),
            readiness: watch::Sender::new(Readiness::Starting {
                replayed: 0,
                total: 0,
            }),
            fatal: watch::Sender::new(None),
            numbers: Mutex::new(Numbers {
                rate: VecDeque::new(),
                commits: [commits(), commits()],
                commits_since: Instant::now(),
                pressure: DiskPressure::default(),
            }),
            started: Instant::now(),
        }
    }

    pub(super) fn ready(&self) -> Readiness {
        *self.readiness.borrow()
    }

    pub(super) fn set_ready(&self, readiness: Readiness) {
        self.readiness.send_replace(readiness);
    }

    pub(super) fn readiness(&self) -> watch::Receiver<Readiness> {
        self.readiness.subscribe()
    }

    pub(super) fn fatal(&self) -> watch::Receiver<Option<String>> {
        self.fatal.subscribe()
    }

    pub(super) fn set_fatal(&self, why: String) {
        self.set_ready(Readiness::Refusing("stopping"));
        self.fatal.send_replace(Some(why));
    }

    /// The next number for a change of the desk.
    pub(super) fn desk_changed(&self) -> u64 {
        self.desk_changes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sets how many inputs the log has, and counts the new ones for the rate.
    pub(super) fn logged(&self, total: u64) {
        let before = self.inputs_total.swap(total, Ordering::Relaxed);
        let new = total.saturating_sub(before);
        metrics::counter!("overture_inputs_total").increment(new);
        let second = self.started.elapsed().as_secs();
        let mut numbers = self.numbers();
        match numbers.rate.back_mut() {
            Some((last, count)) if *last == second => *count += new,
            _ => numbers.rate.push_back((second, new)),
        }
        while numbers.rate.len() > RATE_SECONDS + 1 {
            numbers.rate.pop_front();
        }
    }

    /// Sets how many inputs the log has, after recovery.
    pub(super) fn recovered(&self, total: u64) {
        self.inputs_total.store(total, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, took: Duration) {
        metrics::histogram!("overture_commit_seconds").record(took.as_secs_f64());
        let mut numbers = self.numbers();
        if numbers.commits_since.elapsed() >= COMMIT_WINDOW {
            numbers.commits.swap(0, 1);
            numbers.commits[0].reset();
            numbers.commits_since = Instant::now();
        }
        numbers.commits[0].saturating_record(took.as_micros() as u64);
    }

    pub(super) fn set_pressure(&self, pressure: DiskPressure) {
        self.numbers().pressure = pressure;
    }

    pub(super) fn stats(&self) -> CoreStats {
        let uptime_s = self.started.elapsed().as_secs();
        let numbers = self.numbers();
        let recent: u64 = numbers
            .rate
            .iter()
            .filter(|(second, _)| *second < uptime_s && second + RATE_SECONDS as u64 >= uptime_s)
            .map(|(_, count)| count)
            .sum();
        let mut commits = numbers.commits[0].clone();
        let _ = commits.add(&numbers.commits[1]);
        CoreStats {
            uptime_s,
            events_total: self.inputs_total.load(Ordering::Relaxed),
            events_per_s: recent as f64 / (RATE_SECONDS as u64).min(uptime_s.max(1)) as f64,
            commit_p99_ms: commits.value_at_quantile(0.99) as f64 / 1_000.0,
            customers: self.customers.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            disk_used_bytes: numbers.pressure.used_bytes,
            disk_free_bytes: numbers.pressure.free_bytes,
        }
    }

    fn numbers(&self) -> std::sync::MutexGuard<'_, Numbers> {
        self.numbers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
