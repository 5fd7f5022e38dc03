//! The core's loop: take calls, step them, hand units to the writer, keep time.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, select};
use overture_engine::{
    World,
    contact::offers,
    decide::{self, Matches, Policy},
    flow::{self, LoadError},
    model::{
        ChannelKind, CustomerBody, CustomerId, Effect, Ingress, Input, InputBody, Millis, Reply,
        RouteEvent, Seq, Subject, Timestamp, Unsaid, WorldFacts,
    },
    route::{self, slots::CallbackOutlook},
    understand::{EngagementInputs, level_of},
};
use overture_http::{CustomerView, Explained, MATCHES_LOOKED_AT_MAX, Readiness, Unavailable};
use overture_store::{DiskPressure, Store, StoreError};

use super::{
    Call, Census, Options,
    budgets::Budgets,
    dedupe::Dedupe,
    memory::{Memory, Undone},
    open::Open,
    second::{self, SecondReader},
    shared::Shared,
    sweep::{SWEEP_MAX, Sweep},
    unavailable,
    wakes::Wakes,
    writer::{Finished, ReplySender, Writer},
};

/// Inputs from outside that are stepped into one unit at most.
pub(super) const UNIT_INPUTS_MAX: usize = 4_000;

/// Inputs whose states are read together.
const GROUP_INPUTS_MAX: usize = 1_000;

/// Customers that are woken at once.
const WAKES_PER_ROUND: usize = 1_000;

/// Letters of a panic's message that are kept.
const PANIC_LETTERS_MAX: usize = 300;

/// How long routing's own ticks rest after a panic.
const ROUTING_REST: Millis = Millis(10_000);

/// How soon a due step that could not be done is tried again.
const TRY_AGAIN: Millis = Millis(1_000);

/// After a full disk: so much more room, or so long a wait, before the next try.
const ROOM_BYTES_MIN: u64 = 64 << 20;
const TRY_FULL_AGAIN: Duration = Duration::from_secs(10);

/// How often a store that refuses is asked again.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Why memory has to be dropped and read again.
pub(super) enum Lost {
    /// A commit failed.
    Commit(StoreError),
    /// Routing panicked; this entry has to be logged after recovery.
    Routing {
        reason: String,
        reply: Option<ReplySender>,
    },
    /// Another process writes now.
    Fatal(String),
}

/// The thread's own things.
pub(super) struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) shared: Arc<Shared>,
    pub(super) world: World,
    pub(super) memory: Memory,
    pub(super) dedupe: Dedupe,
    pub(super) wakes: Wakes,
    pub(super) sweep: Sweep,
    pub(super) next_seq: Seq,
    pub(super) now: Timestamp,
    clock: fn() -> Timestamp,
    calls: Receiver<Call>,
    pub(super) writer: Writer,
    pub(super) open: Open,
    /// Message keys of the unit that is being committed.
    pub(super) in_flight: Option<Vec<u64>>,
    pub(super) second: SecondReader,
    pub(super) budgets: Budgets,
    /// Texts of the unit that is being committed.
    pub(super) to_read_again: Vec<second::Text>,
    pub(super) committed: u64,
    /// Customers whose open offers the red Stop has yet to withdraw.
    pub(super) stopping_offers: VecDeque<CustomerId>,
    routing_rests_until: Timestamp,
    /// How full the disk was when it refused a commit, and when that was.
    full: Option<(DiskPressure, Instant)>,
    /// Told to stop while other calls were taken.
    told_to_stop: bool,
}

/// Runs until the core is told to stop.
pub(super) fn run(
    options: Options,
    calls: Receiver<Call>,
    second: SecondReader,
    shared: &Arc<Shared>,
) {
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut engine = Engine::new(options, calls, second, Arc::clone(shared));
        if let Err(why) = engine.live() {
            tracing::error!(reason = %why, "the core cannot go on");
            engine.shared.set_fatal(why);
        }
    }));
    if let Err(panic) = outcome {
        shared.set_fatal(format!("the core panicked: {}", panic_text(&*panic)));
    }
}

impl Engine {
    fn new(
        options: Options,
        calls: Receiver<Call>,
        second: SecondReader,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            memory: Memory::new(Arc::clone(&options.store)),
            writer: Writer::start(Arc::clone(&options.store), shared.hints.clone()),
            world: World {
                facts: WorldFacts::default(),
                policy: Arc::new(Policy::from_shipped(0)),
                engagement: options.engagement,
                text: options.text,
                issues: options.issues,
                lexicon: Arc::default(),
                rollouts: Default::default(),
                key: options.key,
            },
            store: options.store,
            shared,
            dedupe: Dedupe::default(),
            wakes: Wakes::default(),
            sweep: Sweep::default(),
            next_seq: Seq(1),
            now: Timestamp(0),
            clock: options.clock,
            calls,
            open: Open::default(),
            in_flight: None,
            second,
            budgets: Budgets::default(),
            to_read_again: Vec::new(),
            committed: 0,
            stopping_offers: VecDeque::new(),
            routing_rests_until: Timestamp(0),
            full: None,
            told_to_stop: false,
        }
    }

    /// Recovers and works; after a loss recovers again. `Err` says why nothing can go on.
    fn live(&mut self) -> Result<(), String> {
        let mut skipped = None;
        loop {
            self.recover_until_it_works()?;
            self.shared.set_ready(Readiness::Ready);
            if let Some((reason, reply)) = skipped.take() {
                self.log_skipped(None, reason);
                self.routing_rests_until = self.now + ROUTING_REST;
                if let Some(reply) = reply {
                    self.open
                        .waiting
                        .replies
                        .push((reply, vec![Reply::Skipped]));
                }
            }
            match self.work() {
                Ok(()) => return Ok(()),
                Err(Lost::Fatal(why)) => return Err(why),
                Err(_) if self.told_to_stop => {
                    // What was acknowledged is in the log; the next start replays it.
                    tracing::error!("the last states could not be written behind");
                    self.drop_open(unavailable("stopping", 5));
                    return Ok(());
                }
                Err(Lost::Routing { reason, reply }) => {
                    self.drop_open(unavailable("recovering", 1));
                    skipped = Some((reason, reply));
                }
                Err(Lost::Commit(error)) => {
                    self.full = match &error {
                        StoreError::Full { .. } => {
                            Some((self.store.pressure().unwrap_or_default(), Instant::now()))
                        }
                        _ => None,
                    };
                    let reason = refusal_reason(&error);
                    tracing::error!(%error, "a commit failed, states are read again");
                    self.shared.set_ready(Readiness::Refusing(reason));
                    self.drop_open(unavailable(reason, 2));
                }
            }
        }
    }

    /// The loop proper.
    fn work(&mut self) -> Result<(), Lost> {
        self.mind_budgets()?;
        loop {
            if self.told_to_stop {
                return self.finish();
            }
            self.tick()?;
            let room = self.open.batch.inputs.len() < UNIT_INPUTS_MAX;
            let idle = self.in_flight.is_none();
            if idle && self.wants_commit() {
                self.hand_over(false);
                continue;
            }
            let never = crossbeam_channel::never();
            let calls = if room { self.calls.clone() } else { never };
            let patience = self.patience();
            select! {
                recv(calls) -> call => match call {
                    Ok(call) => self.take(call)?,
                    Err(_) => return self.finish(),
                },
                recv(self.writer.finished) -> finished => self.finished(finished.ok())?,
                default(patience) => {}
            }
        }
    }

    /// How long nothing needs to be done.
    fn patience(&mut self) -> Duration {
        let wake = self.wakes.next();
        let routing = route::next_due(self.memory.routing_ref());
        let sweep = (!self.sweep.is_done() || self.memory.has_newly_dirty())
            .then(|| self.now + Millis(SWEEP_MAX.0 / 4));
        let soonest = [wake, routing, sweep].into_iter().flatten().min();
        match soonest {
            Some(at) => Duration::from_millis(at.since((self.clock)()).0.clamp(1, 1_000)),
            None => Duration::from_secs(1),
        }
    }

    fn advance_clock(&mut self) {
        let clock = (self.clock)();
        let skew_ms = self.now.since(clock).0;
        metrics::gauge!("overture_clock_skew_ms").set(skew_ms as f64);
        self.now = self.now.max(clock);
    }

    /// Feeds what is due to customers and routing.
    fn tick(&mut self) -> Result<(), Lost> {
        self.advance_clock();
        if self.open.batch.inputs.len() >= UNIT_INPUTS_MAX {
            return Ok(());
        }
        let routing_due = route::next_due(self.memory.routing_ref());
        if routing_due.is_some_and(|due| due.max(self.routing_rests_until) <= self.now) {
            self.internal(Subject::Route(RouteEvent::Tick))?;
        }
        let mut due = self.wakes.take_due(self.now, WAKES_PER_ROUND);
        let stopped = self.stopping_offers.len().min(WAKES_PER_ROUND);
        due.extend(self.stopping_offers.drain(..stopped));
        if due.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.memory.load(due.iter().copied()) {
            tracing::warn!(%error, "due customers could not be read, they are asked again");
            for customer in due {
                self.wakes.set(customer, Some(self.now + TRY_AGAIN));
            }
            return Ok(());
        }
        for customer in due {
            self.internal(Subject::Customer(customer, CustomerBody::Tick))?;
        }
        Ok(())
    }

    /// Steps something of our own.
    pub(super) fn internal(&mut self, subject: Subject) -> Result<(), Lost> {
        let customer = match &subject {
            Subject::Customer(customer, _) | Subject::Visitor(customer, ..) => Some(*customer),
            _ => None,
        };
        let ingress = Ingress {
            source: None,
            occurred_at: None,
            message_key: None,
            unsaid: Unsaid::default(),
            subject,
        };
        match self.step(ingress) {
            Ok(_) => self.mind_budgets()?,
            Err(Broken::Load(error)) => {
                tracing::warn!(%error, "a due step could not be done, it is tried again");
                if let Some(customer) = customer {
                    self.wakes.set(customer, Some(self.now + TRY_AGAIN));
                }
            }
            Err(Broken::Panic(reason)) => self.log_skipped(customer, reason),
            Err(Broken::RoutingPanic(reason)) => {
                self.commit_everything()?;
                return Err(Lost::Routing {
                    reason,
                    reply: None,
                });
            }
        }
        Ok(())
    }

    fn take(&mut self, call: Call) -> Result<(), Lost> {
        match call {
            Call::Submit { inputs, reply } => self.submit(inputs, reply),
            Call::Peek { customer, reply } => {
                let _ = reply.send(self.view(customer));
                Ok(())
            }
            Call::Explain { customer, reply } => {
                let _ = reply.send(self.explain(customer));
                Ok(())
            }
            Call::Census { within, reply } => {
                let _ = reply.send(self.census(within));
                Ok(())
            }
            Call::Count {
                customers,
                policy,
                matches,
                reply,
            } => {
                let _ = reply.send(self.count(&customers, policy, matches));
                Ok(())
            }
            Call::Outlook { customer, reply } => {
                let _ = reply.send(self.outlook(customer));
                Ok(())
            }
            Call::Pacing { reply } => {
                self.advance_clock();
                let settings = &self.world.policy.routing.machine;
                let routing = self.memory.routing_ref();
                let _ = reply.send(routing.outlook(ChannelKind::Chat, settings, self.now));
                Ok(())
            }
            Call::World { change, reply } => match self.change_world(change) {
                Ok(facts) => {
                    let _ = reply.send(Ok(facts));
                    Ok(())
                }
                Err(lost) => {
                    let _ = reply.send(Err(unavailable("commit_failed", 2)));
                    Err(lost)
                }
            },
            Call::Wipe { reply } => match self.wipe() {
                Ok(()) => {
                    let _ = reply.send(Ok(()));
                    Ok(())
                }
                Err(lost) => {
                    let _ = reply.send(Err(unavailable("commit_failed", 2)));
                    Err(lost)
                }
            },
            Call::Stop => {
                self.told_to_stop = true;
                Ok(())
            }
        }
    }

    /// Steps one call's inputs, and more calls that wait, after reading their states together.
    fn submit(&mut self, inputs: Vec<Ingress>, reply: ReplySender) -> Result<(), Lost> {
        let mut group = vec![(inputs, reply)];
        let mut count = group[0].0.len();
        let mut other = None;
        while count < GROUP_INPUTS_MAX {
            match self.calls.try_recv() {
                Ok(Call::Submit { inputs, reply }) => {
                    count += inputs.len();
                    group.push((inputs, reply));
                }
                Ok(call) => {
                    other = Some(call);
                    break;
                }
                Err(_) => break,
            }
        }
        self.shared
            .queued_inputs
            .fetch_sub(count, Ordering::Relaxed);
        metrics::gauge!("overture_queue_depth")
            .set(self.shared.queued_inputs.load(Ordering::Relaxed) as f64);
        self.advance_clock();
        let fresh = || group.iter().flat_map(|(inputs, _)| inputs);
        let links = fresh().filter_map(|input| match &input.subject {
            Subject::Identified(identifiers, _) => Some(identifiers),
            _ => None,
        });
        let customers = fresh().filter_map(|input| match &input.subject {
            Subject::Customer(customer, _) | Subject::Visitor(customer, ..) => Some(*customer),
            _ => None,
        });
        let links = links.flatten().map(|identifier| identifier.key);
        if let Err(error) = self.memory.prefetch(links, customers) {
            tracing::warn!(%error, "states could not be read");
            for (_, reply) in group {
                let _ = reply.send(Err(unavailable("store_unavailable", 1)));
            }
        } else {
            for (inputs, reply) in group {
                self.step_call(inputs, reply)?;
            }
        }
        match other {
            Some(call) => self.take(call),
            None => Ok(()),
        }
    }

    fn step_call(&mut self, inputs: Vec<Ingress>, reply: ReplySender) -> Result<(), Lost> {
        let mut replies = Vec::with_capacity(inputs.len());
        for ingress in inputs {
            let key = ingress.message_key;
            if key.is_some_and(|key| self.dedupe.contains(key)) {
                metrics::counter!("overture_duplicate_inputs_total").increment(1);
                replies.push(Reply::Duplicate);
                continue;
            }
            let customer = match &ingress.subject {
                Subject::Customer(customer, _) | Subject::Visitor(customer, ..) => Some(*customer),
                _ => None,
            };
            match self.step(ingress) {
                Ok(done) => {
                    if let Some(key) = key {
                        self.dedupe.insert(key, self.now);
                        self.open.keys.push(key);
                    }
                    replies.push(done);
                    if let Err(lost) = self.mind_budgets() {
                        let _ = reply.send(Err(unavailable("commit_failed", 2)));
                        return Err(lost);
                    }
                }
                Err(Broken::Load(error)) => {
                    // What was stepped stays; sent again, it counts as a duplicate.
                    tracing::warn!(%error, "a state could not be read");
                    let _ = reply.send(Err(unavailable("store_unavailable", 1)));
                    return Ok(());
                }
                Err(Broken::Panic(reason)) => {
                    self.log_skipped(customer, reason);
                    replies.push(Reply::Skipped);
                }
                Err(Broken::RoutingPanic(reason)) => {
                    self.commit_everything()?;
                    return Err(Lost::Routing {
                        reason,
                        reply: Some(reply),
                    });
                }
            }
        }
        self.open.waiting.replies.push((reply, replies));
        Ok(())
    }

    /// Takes one input through the pipeline; after an error everything is as it was.
    fn step(&mut self, ingress: Ingress) -> Result<Reply, Broken> {
        let mark = self.open.mark();
        let seq = self.next_seq;
        self.memory.begin(self.now, seq);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            flow::advance(
                &mut self.memory,
                &self.world,
                ingress,
                self.now,
                &mut self.next_seq,
                &mut self.open.batch,
            )
        }));
        let broken = match outcome {
            Ok(Ok(reply)) => {
                self.memory.keep();
                self.budgets
                    .count(&self.open.batch.effects[mark.effects..], self.now);
                for effect in &self.open.batch.effects[mark.effects..] {
                    if let Effect::Wake { customer, at } = effect {
                        self.wakes.set(*customer, *at);
                    }
                }
                return Ok(reply);
            }
            Ok(Err(error)) => Broken::Load(error),
            Err(panic) => Broken::Panic(panic_text(&*panic)),
        };
        self.open.back_to(mark);
        self.next_seq = seq;
        match (self.memory.undo(), broken) {
            (Undone::RoutingLost, Broken::Panic(reason)) => Err(Broken::RoutingPanic(reason)),
            (Undone::RoutingLost, Broken::Load(error)) => {
                Err(Broken::RoutingPanic(error.to_string()))
            }
            (_, broken) => Err(broken),
        }
    }

    /// An entry that says which place in the log made a step panic.
    fn log_skipped(&mut self, customer: Option<CustomerId>, reason: String) {
        tracing::error!(log.seq = self.next_seq.0, %reason, "an input made a step panic and was left out");
        metrics::counter!("overture_skipped_inputs_total").increment(1);
        self.shared.skipped.fetch_add(1, Ordering::Relaxed);
        self.open.batch.inputs.push(Input {
            seq: self.next_seq,
            received_at: self.now,
            body: InputBody::Skipped { customer, reason },
        });
        self.next_seq.0 += 1;
    }

    fn view(&mut self, customer: CustomerId) -> Option<CustomerView> {
        self.advance_clock();
        let now = self.now;
        let found = self.memory.look(customer);
        let state = found
            .map_err(|error| tracing::warn!(%error, "a customer could not be read"))
            .ok()
            .flatten()?
            .clone();
        let inputs = EngagementInputs::of(&state, now, level_of(&state));
        let need = &self.world.policy.need;
        Some(CustomerView {
            score: self.world.engagement.score(&inputs),
            thresholds: (need.medium.enter, need.high.enter),
            state,
        })
    }

    fn explain(&mut self, customer: CustomerId) -> Option<Explained> {
        self.advance_clock();
        let found = self.memory.look(customer);
        let state = found
            .map_err(|error| tracing::warn!(%error, "a customer could not be read"))
            .ok()
            .flatten()?;
        let rules = self.world.policy.rules().iter();
        Some(Explained {
            customer: state.customer,
            at: self.now,
            policy_revision: self.world.policy.revision,
            rules: rules
                .map(|rule| decide::explain(state, &self.world, rule, self.now))
                .collect(),
        })
    }

    fn census(&mut self, within: Millis) -> Census {
        self.advance_clock();
        let since = self.now - within;
        Census {
            customers: self.memory.seen_since(since, MATCHES_LOOKED_AT_MAX),
            is_sample: self.memory.cached() > MATCHES_LOOKED_AT_MAX,
            at: self.now,
        }
    }

    /// Counts on for these customers as though `policy` were in force; who left memory meanwhile is left out.
    fn count(
        &mut self,
        customers: &[CustomerId],
        policy: Arc<Policy>,
        mut matches: Matches,
    ) -> (Timestamp, Matches) {
        self.advance_clock();
        let world = World {
            policy,
            ..self.world.clone()
        };
        for state in customers
            .iter()
            .filter_map(|one| self.memory.cached_state(*one))
        {
            matches.count(state, &world, self.now);
        }
        (self.now, matches)
    }

    fn outlook(&mut self, customer: CustomerId) -> Option<CallbackOutlook> {
        let found = self.memory.look(customer);
        let state = found
            .map_err(|error| tracing::warn!(%error, "a customer could not be read"))
            .ok()
            .flatten()?;
        let needs = offers::needs_of(state, &self.world.policy, ChannelKind::Callback);
        Some(self.memory.routing_ref().callback_outlook(&needs))
    }

    /// Steps what is queued, writes every state behind, and leaves.
    fn finish(&mut self) -> Result<(), Lost> {
        self.shared.set_ready(Readiness::Refusing("stopping"));
        while let Ok(call) = self.calls.try_recv() {
            if !matches!(call, Call::Stop) {
                self.take(call)?;
            }
            if self.open.batch.inputs.len() >= UNIT_INPUTS_MAX {
                self.commit_everything()?;
            }
        }
        self.wait_for_writer()?;
        self.hand_over(true);
        self.wait_for_writer()
    }

    /// Whoever waits for the open unit hears that it did not happen.
    fn drop_open(&mut self, why: Unavailable) {
        let open = std::mem::take(&mut self.open);
        self.dedupe.forget(&open.keys);
        open.waiting.fail(why);
        if let Some(keys) = self.in_flight.take() {
            self.dedupe.forget(&keys);
            if let Ok(Finished {
                result: Err((_, waiting)),
                ..
            }) = self.writer.finished.recv()
            {
                waiting.fail(why);
            }
        }
    }

    /// Whether a write may work: after a full disk only when something was given back, when
    /// the disk has clearly more room, or after a while, as the store can be full before the
    /// disk looks so.
    fn has_room(&self) -> bool {
        let Ok(now) = self.store.pressure() else {
            return true;
        };
        let is_more = self.full.as_ref().is_none_or(|(then, at)| {
            now.used_bytes < then.used_bytes
                || now.free_bytes > then.free_bytes + ROOM_BYTES_MIN
                || at.elapsed() >= TRY_FULL_AGAIN
        });
        !now.refusing && is_more
    }

    /// Recovers, asking again each second, and refuses calls meanwhile.
    fn recover_until_it_works(&mut self) -> Result<(), String> {
        loop {
            let outcome = if !self.has_room() {
                Err(StoreError::Full { attempt: "write" })
            } else {
                self.recover()
            };
            let error = match outcome {
                Ok(()) => return Ok(()),
                Err(error @ (StoreError::Fenced | StoreError::Newer { .. })) => {
                    return Err(error.to_string());
                }
                Err(error) => error,
            };
            tracing::warn!(%error, "not ready, asking again in a second");
            let reason = refusal_reason(&error);
            self.shared.set_ready(Readiness::Refusing(reason));
            let deadline = Instant::now() + PROBE_EVERY;
            while let Ok(call) = self.calls.recv_deadline(deadline) {
                if matches!(call, Call::Stop) {
                    return Err(String::new());
                }
                self.refuse(call, unavailable(reason, 2));
            }
        }
    }

    fn refuse(&mut self, call: Call, why: Unavailable) {
        match call {
            Call::Submit { inputs, reply } => {
                self.shared
                    .queued_inputs
                    .fetch_sub(inputs.len(), Ordering::Relaxed);
                let _ = reply.send(Err(why));
            }
            Call::Peek { reply, .. } => {
                let _ = reply.send(None);
            }
            Call::Explain { reply, .. } => {
                let _ = reply.send(None);
            }
            // Whoever counts hears that the answer was let go.
            Call::Census { .. } | Call::Count { .. } => {}
            Call::Outlook { reply, .. } => {
                let _ = reply.send(None);
            }
            // The asker sees that nobody answers.
            Call::Pacing { .. } => {}
            Call::World { reply, .. } => {
                let _ = reply.send(Err(why));
            }
            Call::Wipe { reply } => {
                let _ = reply.send(Err(why));
            }
            Call::Stop => {}
        }
    }
}

/// Why a step could not be done.
enum Broken {
    Load(LoadError),
    Panic(String),
    RoutingPanic(String),
}

pub(super) fn refusal_reason(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full { .. } => "disk_full",
        _ => "commit_failed",
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    text.chars().take(PANIC_LETTERS_MAX).collect()
}
