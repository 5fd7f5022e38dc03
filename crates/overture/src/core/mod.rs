//! The core: one thread that owns all customers and routing, and the handle to it.
//!
//! Inputs queue up, are stepped in memory, and become one commit unit after another; a
//! reply goes out after the commit that made its input durable. While one unit commits the
//! next is stepped. Entry points: [`start`], [`Handle`]; the loop is in `engine.rs`.

mod budgets;
mod cache;
mod commit;
mod dedupe;
mod engine;
mod housekeeping;
mod memory;
mod open;
mod recover;
mod second;
mod shared;
mod sweep;
mod wakes;
mod world;
mod writer;

use std::{
    sync::{Arc, atomic::Ordering},
    thread::JoinHandle,
};

use crossbeam_channel::{Sender, TrySendError, bounded};
use futures_util::future::BoxFuture;
use overture_engine::{
    decide::{Matches, Policy},
    model::{CustomerId, Ingress, Millis, PacingOutlook, Reply, Timestamp, WorldFacts},
    route::slots::CallbackOutlook,
    understand::{EngagementModel, IssueClassifier, TextModel, redact::PseudonymKey},
};
use overture_http::{
    Core, CoreStats, CustomerView, Explained, Hint, Matched, Readiness, Unavailable, WorldChange,
};
use overture_store::Store;
use tokio::sync::{broadcast, oneshot, watch};

pub(crate) use recover::adopt;
pub use second::LoadText;
use second::SecondReader;
use shared::Shared;
use writer::ReplySender;

/// Inputs that may wait; more are refused as overloaded.
pub const INPUTS_QUEUED_MAX: usize = 20_000;

/// Calls that may wait, whatever they carry.
const CALLS_QUEUED_MAX: usize = 16_384;

/// What the core needs.
pub struct Options {
    /// Where everything is kept. This process holds its lease.
    pub store: Arc<dyn Store>,
    /// What scores customers.
    pub engagement: Arc<dyn EngagementModel>,
    /// What reads texts.
    pub text: Arc<dyn TextModel>,
    /// What says what they are about, if anything does.
    pub issues: Option<Arc<dyn IssueClassifier>>,
    /// What reads them anew behind it, if anything does.
    pub text_again: Option<LoadText>,
    /// What pseudonyms in texts are made with.
    pub key: PseudonymKey,
    /// Wall-clock time.
    pub clock: fn() -> Timestamp,
}

/// One call to the core thread.
enum Call {
    Submit {
        inputs: Vec<Ingress>,
        reply: ReplySender,
    },
    Peek {
        customer: CustomerId,
        reply: oneshot::Sender<Option<CustomerView>>,
    },
    Explain {
        customer: CustomerId,
        reply: oneshot::Sender<Option<Explained>>,
    },
    Census {
        within: Millis,
        reply: oneshot::Sender<Census>,
    },
    Count {
        customers: Vec<CustomerId>,
        policy: Arc<Policy>,
        matches: Matches,
        reply: oneshot::Sender<(Timestamp, Matches)>,
    },
    Outlook {
        customer: CustomerId,
        reply: oneshot::Sender<Option<CallbackOutlook>>,
    },
    Pacing {
        reply: oneshot::Sender<PacingOutlook>,
    },
    World {
        change: WorldChange,
        reply: oneshot::Sender<Result<WorldFacts, Unavailable>>,
    },
    Wipe {
        reply: oneshot::Sender<Result<(), Unavailable>>,
    },
    Stop,
}

/// Who of the customers in memory was active lately.
struct Census {
    customers: Vec<CustomerId>,
    is_sample: bool,
    at: Timestamp,
}

/// Rules times customers that are looked at before other calls have their turn: about 2 ms.
const PAIRS_COUNTED_AT_ONCE: usize = 4_000;

/// The way to the core thread.
pub struct Handle {
    calls: Sender<Call>,
    shared: Arc<Shared>,
}

/// The core thread, to be stopped and waited for.
#[derive(Debug)]
pub struct Running {
    thread: JoinHandle<()>,
}

/// Starts the core thread. It recovers first: see [`Handle::ready`].
pub fn start(mut options: Options) -> (Arc<Handle>, Running) {
    let (calls, inbox) = bounded(CALLS_QUEUED_MAX);
    let shared = Arc::new(Shared::new());
    housekeeping::start(&options.store, &shared, options.clock);
    let handle = Arc::new(Handle {
        calls,
        shared: Arc::clone(&shared),
    });
    let thread = std::thread::Builder::new()
        .name("overture-core".to_owned())
        .spawn({
            let second = SecondReader::start(options.text_again.take(), Arc::downgrade(&handle));
            move || engine::run(options, inbox, second, &shared)
        })
        .expect("a thread can be started while the process starts");
    (handle, Running { thread })
}

impl Handle {
    /// Follows [`Core::ready`].
    pub fn readiness(&self) -> watch::Receiver<Readiness> {
        self.shared.readiness()
    }

    /// Becomes `Some(why)` when the core cannot go on and the process has to end.
    pub fn fatal(&self) -> watch::Receiver<Option<String>> {
        self.shared.fatal()
    }

    /// Tells those who watch that the alert lane changed.
    pub fn desk_changed(&self) {
        let hint = Hint::Desk(self.shared.desk_changed());
        let _ = self.shared.hints.send(hint);
    }

    /// Finishes what is queued, writes every state behind, and ends the thread.
    pub fn stop(&self, running: Running) {
        let _ = self.calls.send(Call::Stop);
        let _ = running.thread.join();
    }

    fn refusal(&self) -> Option<Unavailable> {
        match self.shared.ready() {
            Readiness::Ready => None,
            Readiness::Starting { .. } => Some(unavailable("starting", 1)),
            Readiness::Refusing(reason) => Some(unavailable(reason, 5)),
        }
    }

    fn try_call(&self, call: Call) -> Result<(), Unavailable> {
        self.calls.try_send(call).map_err(|error| match error {
            TrySendError::Full(_) => unavailable("overloaded", 1),
            TrySendError::Disconnected(_) => unavailable("stopping", 5),
        })
    }
}

/// Says what each number of the core means, for `/metrics`.
pub fn describe_metrics() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!("overture_inputs_total", "Log inputs made durable");
    describe_counter!(
        "overture_duplicate_inputs_total",
        "Inputs that were seen before"
    );
    describe_counter!(
        "overture_refused_inputs_total",
        "Inputs refused before they were queued"
    );
    describe_counter!(
        "overture_skipped_inputs_total",
        "Inputs left out because they made a step panic"
    );
    describe_counter!(
        "overture_unpermitted_inputs_total",
        "Inputs of which nothing is kept, for want of the customer's permission"
    );
    describe_counter!(
        "overture_dropped_messages_total",
        "Messages between the machines that were dropped"
    );
    describe_counter!(
        "overture_deliveries_given_up_total",
        "Deliveries given up after the last attempt"
    );
    describe_counter!(
        "overture_texts_total",
        "Text messages, by what came of them"
    );
    describe_counter!(
        "overture_second_readings_total",
        "Texts for the slower model, by what came of them"
    );
    describe_counter!(
        "overture_remote_readings_total",
        "Texts for a service of somebody else's, by what came of them"
    );
    describe_histogram!("overture_commit_seconds", "Time of one commit");
    describe_gauge!("overture_queue_depth", "Inputs that wait for the core");
    describe_gauge!(
        "overture_replay_tail_inputs",
        "Inputs a start would have to replay (partition lag)"
    );
    describe_gauge!(
        "overture_clock_skew_ms",
        "How far the log's time is ahead of the clock"
    );
    describe_gauge!(
        "overture_outbox_oldest_seconds",
        "Age of the oldest delivery that is due"
    );
    describe_gauge!(
        "overture_disk_used_bytes",
        "Bytes of the database with its log"
    );
    describe_gauge!("overture_disk_free_bytes", "Bytes free on its disk");
    describe_gauge!("overture_cached_customers", "Customers in memory");
}

const fn unavailable(reason: &'static str, retry_after_s: u32) -> Unavailable {
    Unavailable {
        retry_after_s,
        reason,
    }
}

/// What a caller hears when the core went away before it answered.
const STOPPED: Unavailable = unavailable("stopping", 5);

impl Core for Handle {
    fn submit(&self, inputs: Vec<Ingress>) -> BoxFuture<'static, Result<Vec<Reply>, Unavailable>> {
        if let Some(refusal) = self.refusal() {
            return Box::pin(std::future::ready(Err(refusal)));
        }
        let count = inputs.len();
        let queued = self
            .shared
            .queued_inputs
            .fetch_add(count, Ordering::Relaxed);
        let (reply, answer) = oneshot::channel();
        let sent = if queued + count > INPUTS_QUEUED_MAX && queued > 0 {
            Err(unavailable("overloaded", 1))
        } else {
            self.try_call(Call::Submit { inputs, reply })
        };
        if let Err(refusal) = sent {
            self.shared
                .queued_inputs
                .fetch_sub(count, Ordering::Relaxed);
            metrics::counter!("overture_refused_inputs_total", "reason" => refusal.reason)
                .increment(count as u64);
            return Box::pin(std::future::ready(Err(refusal)));
        }
        Box::pin(async move { answer.await.unwrap_or(Err(STOPPED)) })
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.shared.hints.subscribe()
    }

    fn desk_changed(&self) {
        Handle::desk_changed(self);
    }

    fn peek(&self, customer: CustomerId) -> BoxFuture<'static, Option<CustomerView>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.try_call(Call::Peek { customer, reply });
        Box::pin(async move {
            sent.ok()?;
            answer.await.ok().flatten()
        })
    }

    fn explain(&self, customer: CustomerId) -> BoxFuture<'static, Option<Explained>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.try_call(Call::Explain { customer, reply });
        Box::pin(async move {
            sent.ok()?;
            answer.await.ok().flatten()
        })
    }

    fn matches(&self, policy: Arc<Policy>, within: Millis) -> BoxFuture<'static, Option<Matched>> {
        let calls = self.calls.clone();
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            calls.try_send(Call::Census { within, reply }).ok()?;
            let census = answer.await.ok()?;
            let mut at = census.at;
            let mut matches = Matches::default();
            let at_once = (PAIRS_COUNTED_AT_ONCE / policy.rules().len().max(1)).max(1);
            for customers in census.customers.chunks(at_once) {
                let (reply, answer) = oneshot::channel();
                let count = Call::Count {
                    customers: customers.to_vec(),
                    policy: Arc::clone(&policy),
                    matches,
                    reply,
                };
                calls.try_send(count).ok()?;
                (at, matches) = answer.await.ok()?;
            }
            Some(Matched {
                at,
                matches,
                is_sample: census.is_sample,
            })
        })
    }

    fn callback_outlook(
        &self,
        customer: CustomerId,
    ) -> BoxFuture<'static, Option<CallbackOutlook>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.try_call(Call::Outlook { customer, reply });
        Box::pin(async move {
            sent.ok()?;
            answer.await.ok().flatten()
        })
    }

    fn pacing_outlook(&self) -> BoxFuture<'static, Option<PacingOutlook>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.try_call(Call::Pacing { reply });
        Box::pin(async move {
            sent.ok()?;
            answer.await.ok()
        })
    }

    fn world(&self) -> WorldFacts {
        WorldFacts::clone(&self.shared.world.load())
    }

    fn change_world(
        &self,
        change: WorldChange,
    ) -> BoxFuture<'static, Result<WorldFacts, Unavailable>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.try_call(Call::World { change, reply });
        Box::pin(async move {
            sent?;
            answer.await.unwrap_or(Err(STOPPED))
        })
    }

    fn ready(&self) -> Readiness {
        self.shared.ready()
    }

    fn stats(&self) -> CoreStats {
        self.shared.stats()
    }

    fn wipe_demo(&self) -> BoxFuture<'static, Result<(), Unavailable>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.try_call(Call::Wipe { reply });
        Box::pin(async move {
            sent?;
            answer.await.unwrap_or(Err(STOPPED))
        })
    }
}
