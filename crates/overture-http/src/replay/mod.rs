//! A draft policy on the recorded history: one job at a time, with progress, cancel and the last
//! result. How a replay is done is the binary's: it hands in a [`RunReplay`].

mod report;
mod routes;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use overture_engine::model::Timestamp;

use crate::app::Shared;

pub use report::{
    ReplayCost, ReplayCustomer, ReplayDecided, ReplayDifference, ReplayDifferences, ReplayHour,
    ReplayNamed, ReplayReport, ReplayRule, ReplaySide,
};
pub(crate) use routes::router;

/// Minutes that one contact is taken to keep an agent busy, where nobody says otherwise.
pub const HANDLE_MINUTES: f64 = 6.0;

/// What a minute of an agent is taken to cost, in whatever currency, where nobody says otherwise.
pub const COST_PER_MINUTE: f64 = 1.0;

/// How rules count in a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplayAs {
    /// As if Overture had been live all the time.
    #[default]
    Live,
    /// As if it had been in shadow mode.
    Shadow,
    /// As it was at each time.
    Recorded,
}

impl ReplayAs {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Live, Self::Shadow, Self::Recorded];

    /// Its name on the wire and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
            Self::Recorded => "recorded",
        }
    }
}

/// What to replay.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayAsked {
    /// A policy's text; `None` for the policies that were in force.
    pub draft: Option<String>,
    /// The first instant that is compared.
    pub from: Timestamp,
    /// The first instant that is not any more.
    pub to: Timestamp,
    /// How rules count.
    pub acts: ReplayAs,
    /// The IANA zone whose hours of the day are shown.
    pub time_zone: String,
    /// What one contact is taken to need, minutes.
    pub handle_minutes: f64,
    /// What an agent's minute is taken to cost.
    pub cost_per_minute: f64,
}

/// How far a replay is, and whether it is wanted any more.
#[derive(Debug, Default)]
pub struct ReplayProgress {
    events: AtomicU64,
    permille: AtomicU32,
    is_cancelled: AtomicBool,
}

impl ReplayProgress {
    /// Notes that so many more inputs were taken, and the share of the history that is done,
    /// `0.0..=1.0`.
    pub fn add(&self, events: u64, share: f64) {
        self.events.fetch_add(events, Ordering::Relaxed);
        let permille = (share.clamp(0.0, 1.0) * 1_000.0) as u32;
        self.permille.fetch_max(permille, Ordering::Relaxed);
    }

    /// Inputs of the log that were taken.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// The share of the history that is done, `0.0..=1.0`.
    pub fn share(&self) -> f64 {
        f64::from(self.permille.load(Ordering::Relaxed)) / 1_000.0
    }

    /// Asks for the end of it.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

/// Does one replay. Blocks; looks at the progress' cancel often. `Err` says why there is no
/// result, in words for people.
pub type RunReplay =
    Arc<dyn Fn(&ReplayAsked, &ReplayProgress) -> Result<ReplayReport, String> + Send + Sync>;

/// What became of the last replay.
#[derive(Debug, Clone, Default)]
enum Stage {
    #[default]
    Idle,
    Running,
    Done(Arc<ReplayReport>),
    Failed(String),
    Cancelled,
}

impl Stage {
    const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Running => "running",
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One replay, and how it stands.
#[derive(Clone)]
struct Job {
    number: u64,
    asked: ReplayAsked,
    by: String,
    at: Timestamp,
    progress: Arc<ReplayProgress>,
    stage: Stage,
}

/// The replay of this server: the one that runs, or the last one.
pub(crate) struct Replays {
    run: Option<RunReplay>,
    job: Mutex<Option<Job>>,
}

impl fmt::Debug for Replays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replays").finish_non_exhaustive()
    }
}

/// Another one runs.
#[derive(Debug, PartialEq, Eq)]
struct Busy;

impl Replays {
    pub(crate) fn new(run: Option<RunReplay>) -> Self {
        Self {
            run,
            job: Mutex::default(),
        }
    }

    fn job(&self) -> std::sync::MutexGuard<'_, Option<Job>> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> Option<Job> {
        self.job().clone()
    }

    /// Begins a replay on a thread of its own. It ends early when the server stops.
    fn start(app: &Shared, run: RunReplay, asked: ReplayAsked, by: String) -> Result<Job, Busy> {
        let mut place = app.replays.job();
        let last = place.as_ref();
        if last.is_some_and(|job| matches!(job.stage, Stage::Running)) {
            return Err(Busy);
        }
        let job = Job {
            number: last.map_or(1, |job| job.number + 1),
            asked: asked.clone(),
            by,
            at: app.now(),
            progress: Arc::default(),
            stage: Stage::Running,
        };
        let (owner, progress) = (Arc::clone(app), Arc::clone(&job.progress));
        let work = move || {
            // Whatever goes wrong in it, the next one can be started.
            let result =
                catch_unwind(AssertUnwindSafe(|| run(&asked, &progress))).unwrap_or_else(|_| {
                    Err("the replay panicked; the server's log says where".to_owned())
                });
            let stage = match result {
                _ if progress.is_cancelled() => Stage::Cancelled,
                Ok(report) => Stage::Done(Arc::new(report)),
                Err(why) => Stage::Failed(why),
            };
            if let Some(job) = owner.replays.job().as_mut() {
                job.stage = stage;
            }
        };
        std::thread::Builder::new()
            .name("overture-replay".to_owned())
            .spawn(work)
            .expect("a thread can be started");
        let (mut stopping, progress) = (app.stopping.clone(), Arc::downgrade(&job.progress));
        tokio::spawn(async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
            if let Some(progress) = progress.upgrade() {
                progress.cancel();
            }
        });
        *place = Some(job.clone());
        Ok(job)
    }

    /// Asks the running replay to end; `false` where none runs.
    fn cancel(&self) -> bool {
        let place = self.job();
        let running = place
            .as_ref()
            .filter(|job| matches!(job.stage, Stage::Running));
        if let Some(job) = running {
            job.progress.cancel();
        }
        running.is_some()
    }
}
