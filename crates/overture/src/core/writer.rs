//! The writer thread: makes one unit durable after another, then answers.

use std::{
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded};
use overture_engine::model::Reply;
use overture_http::{Hint, Unavailable};
use overture_store::{CommitUnit, Store, StoreError};
use tokio::sync::{broadcast, oneshot};

/// Where the replies of one call go.
pub(super) type ReplySender = oneshot::Sender<Result<Vec<Reply>, Unavailable>>;

/// What waits for a commit: who is answered and who is told.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) replies: Vec<(ReplySender, Vec<Reply>)>,
    pub(super) hints: Vec<Hint>,
}

impl Waiting {
    fn tell(self, hints: &broadcast::Sender<Hint>) {
        for (sender, replies) in self.replies {
            // A caller that went away no longer wants to know.
            let _ = sender.send(Ok(replies));
        }
        for hint in self.hints {
            let _ = hints.send(hint);
        }
    }

    /// Tells everyone that it did not happen.
    pub(super) fn fail(self, why: Unavailable) {
        for (sender, _) in self.replies {
            let _ = sender.send(Err(why));
        }
    }
}

/// One unit to make durable.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) unit: CommitUnit,
    pub(super) waiting: Waiting,
}

/// How a commit ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) number: u64,
    pub(super) took: Duration,
    pub(super) result: Result<(), (StoreError, Waiting)>,
}

/// The thread and the ways to it. At most one job is under way.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    pub(super) finished: Receiver<Finished>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(store: Arc<dyn Store>, hints: broadcast::Sender<Hint>) -> Self {
        let (jobs, inbox) = bounded::<Job>(1);
        let (outbox, finished) = bounded(1);
        let thread = std::thread::Builder::new()
            .name("overture-writer".to_owned())
            .spawn(move || {
                for job in inbox {
                    work(&*store, &hints, &outbox, job);
                }
            })
            .expect("a thread can be started while the process starts");
        Self {
            jobs: Some(jobs),
            finished,
            thread: Some(thread),
        }
    }

    pub(super) fn hand_over(&self, job: Job) {
        self.jobs
            .as_ref()
            .expect("jobs end only when the writer is dropped")
            .send(job)
            .expect("the writer lives as long as its owner");
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(store: &dyn Store, hints: &broadcast::Sender<Hint>, outbox: &Sender<Finished>, job: Job) {
    let started = Instant::now();
    let committed = store.commit(&job.unit);
    let took = started.elapsed();
    let number = job.number;
    let finished = |result| Finished {
        number,
        took,
        result,
    };
    match committed {
        Ok(_) => {
            // The next unit need not wait for the answers to this one.
            let _ = outbox.send(finished(Ok(())));
            job.waiting.tell(hints);
        }
        Err(error) => {
            let _ = outbox.send(finished(Err((error, job.waiting))));
        }
    }
}
