//! Routing: which agent serves which request, and for whom a seat is held.
//!
//! One state machine owns every agent, queue, reservation and seat. Hard constraints come
//! first (active account, presence `Available`, a free seat on the channel, the skill, the
//! language); among the agents who remain, those with nothing in hand go first, then the
//! longest idle. Requests go by priority, then by age. After the bounded wait the oldest
//! request goes before all others and to any agent of its channel: the language is relaxed
//! first, then the skill.
//!
//! It knows no clock, no customers beyond their id, no policy beyond [`RouteSettings`].
//! Start at [`step`]; `place.rs` decides, `seats.rs` and `agents.rs` handle what happens,
//! `pacing/` says how many offers may be open, `tell.rs` tells customers where they stand,
//! `index.rs` keeps what is derived.

mod agents;
mod check;
mod index;
mod lane;
mod pacing;
mod place;
pub mod queueing;
mod ranked;
mod requests;
mod seats;
pub mod slots;
mod tell;

use std::collections::BTreeSet;

use self::{index::Index, tell::Touched};
use crate::model::{
    AgentId, CustomerId, CustomerToRoute, Effect, Millis, Reply, RequestId, RouteEvent,
    RouteSettings, RouteState, RouteToCustomer, Seq, Timestamp,
};

/// The routing state with what is derived from it.
#[derive(Debug, Clone)]
pub struct Routing {
    state: RouteState,
    index: Index,
    /// Waiting requests queued up to here were already tried with relaxed needs.
    relaxed_up_to: Timestamp,
    /// As the last step saw it.
    bounded_wait: Millis,
    /// When to see again whether who waits can have a seat that is held for offers.
    spare_at: Option<Timestamp>,
}

impl Default for Routing {
    fn default() -> Self {
        Self::from_state(RouteState::default())
    }
}

impl Routing {
    /// Derives the indexes from a state, for example after recovery.
    pub fn from_state(state: RouteState) -> Self {
        Self {
            index: Index::build(&state),
            state,
            relaxed_up_to: Timestamp(i64::MIN),
            bounded_wait: RouteSettings::default().bounded_wait,
            spare_at: None,
        }
    }

    /// The state, to store or to look at.
    pub const fn state(&self) -> &RouteState {
        &self.state
    }
}

/// What one step wants done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RouteOutput {
    /// Rows to write: one for each request and agent that changed, as they stand now. That a
    /// customer was told a new place in the line is not such a change.
    pub effects: Vec<Effect>,
    /// What customers are told, in order.
    pub to_customers: Vec<(CustomerId, RouteToCustomer)>,
    /// How many pairs of a request and an agent were weighed: the work of the step.
    pub pairs_weighed: u32,
}

/// Applies one event as of `at`, which never decreases, with `seq` as its place in the log.
///
/// Whatever is due at `at` (reservations, held seats, bounded waits) is handled first, so a
/// reservation that runs out at `at` can no longer be accepted by an event of `at`. After
/// every step no request waits that a free agent may serve.
///
/// Infallible. Answers: [`Reply::Assigned`] to an accepted reservation, also the second time;
/// [`Reply::Gone`] where the reservation or the agent is not there (any more);
/// [`Reply::NotYours`] to the wrong agent; otherwise [`Reply::Done`]. `Gone` and `NotYours`
/// change nothing beyond what was due.
pub fn step(
    routing: &mut Routing,
    at: Timestamp,
    seq: Seq,
    event: &RouteEvent,
    settings: &RouteSettings,
    out: &mut RouteOutput,
) -> Reply {
    routing.bounded_wait = settings.bounded_wait;
    let mut run = Run::new(routing, at, seq, settings, out);
    run.handle_due();
    let reply = match event {
        RouteEvent::AgentChanged { agent, profile } => run.agent_changed(*agent, profile),
        RouteEvent::PresenceSet { agent, presence } => run.presence_set(*agent, *presence),
        RouteEvent::ReservationAccepted { agent, reservation } => run.accept(*agent, *reservation),
        RouteEvent::ReservationRejected { agent, reservation } => run.reject(*agent, *reservation),
        RouteEvent::FromCustomer { customer, message } => {
            match message {
                CustomerToRoute::HoldSeat {
                    offer,
                    style,
                    needs,
                    until,
                } => run.hold_seat(*customer, *offer, *style, needs, *until),
                CustomerToRoute::ReleaseSeat { offer } => run.decline_seat(*offer),
                CustomerToRoute::Enqueue(new) => run.enqueue(*customer, new),
                CustomerToRoute::Close { request, how } => run.close(*request, *how),
                CustomerToRoute::BookSlot {
                    conversation,
                    number,
                    wish,
                    needs,
                    within,
                } => run.book_slot(*customer, *conversation, *number, *wish, needs, within),
                CustomerToRoute::CancelSlot { conversation } => run.cancel_slot(*conversation),
                CustomerToRoute::BlockNumber { number } => run.block_number(*number),
            }
            Reply::Done
        }
        RouteEvent::Tick => Reply::Done,
    };
    run.spare_seats();
    run.finish();
    let waits = routing.index.has_spare_seats_to_come();
    routing.spare_at = waits.then_some(at + SPARE_AGAIN);
    routing.state.applied = seq;
    reply
}

/// When routing wants its next [`RouteEvent::Tick`]: the first reservation, held seat or told
/// wait that runs out; while an agent is free, the first waiting request whose needs relax; and
/// soon, while somebody waits and offers hold seats that they need less with every second.
pub fn next_due(routing: &Routing) -> Option<Timestamp> {
    let ends = routing.index.dues.first().map(|(at, _)| *at);
    let relaxes = routing
        .index
        .lanes
        .iter()
        .take(2)
        .zip(&routing.index.by_age)
        .filter(|(anybody, _)| !anybody.free.is_empty())
        .filter_map(|(_, by_age)| {
            let first = Timestamp(routing.relaxed_up_to.0.saturating_add(1));
            by_age
                .range((first, RequestId::from_uuid(uuid::Uuid::nil()))..)
                .next()
        })
        .map(|(queued_at, _)| *queued_at + routing.bounded_wait)
        .min();
    ends.into_iter()
        .chain(relaxes)
        .chain(routing.spare_at)
        .min()
}

/// How often it is seen whether who waits can have a seat that is held for offers.
const SPARE_AGAIN: Millis = Millis::from_secs(5);

/// One step under way.
struct Run<'a> {
    state: &'a mut RouteState,
    index: &'a mut Index,
    relaxed_up_to: &'a mut Timestamp,
    at: Timestamp,
    seq: Seq,
    settings: &'a RouteSettings,
    out: &'a mut RouteOutput,
    /// Reservations made so far in this step.
    made: u32,
    changed_requests: BTreeSet<RequestId>,
    changed_agents: BTreeSet<AgentId>,
    touched: Touched,
}

impl<'a> Run<'a> {
    fn new(
        routing: &'a mut Routing,
        at: Timestamp,
        seq: Seq,
        settings: &'a RouteSettings,
        out: &'a mut RouteOutput,
    ) -> Self {
        if routing.index.has_too_many_lanes() {
            routing.index = Index::build(&routing.state);
        }
        let staff = routing.index.staff;
        Self {
            state: &mut routing.state,
            index: &mut routing.index,
            relaxed_up_to: &mut routing.relaxed_up_to,
            at,
            seq,
            settings,
            out,
            made: 0,
            changed_requests: BTreeSet::new(),
            changed_agents: BTreeSet::new(),
            touched: Touched::new(staff),
        }
    }

    fn tell(&mut self, customer: CustomerId, message: RouteToCustomer) {
        self.out.to_customers.push((customer, message));
    }

    /// Tells customers what changed for them and writes down the changed rows.
    fn finish(&mut self) {
        self.tell_places();
        for request in std::mem::take(&mut self.changed_requests) {
            let state = self.state.requests.get(&request).cloned().map(Box::new);
            self.out.effects.push(Effect::Request { request, state });
        }
        for agent in std::mem::take(&mut self.changed_agents) {
            if let Some(state) = self.state.agents.get(&agent) {
                let state = Box::new(state.clone());
                self.out.effects.push(Effect::Agent { agent, state });
            }
        }
    }
}
