//! Replay under another world: what a policy that was not in force would have decided.
//!
//! While nothing differs, [`crate::flow::replay`] is exact: every decision again, ids included.
//! From the first input at which the policy or the mode is another one, [`OpenLoop`] takes over,
//! and what it says is an estimate. Its rules:
//!
//! - What customers did on their own goes on as logged: visits, words, requests for help. What
//!   they answered to an offer counts for an offer that is made at the same input; answers to
//!   offers that are not made are dropped, and so is the conversation that came of them.
//! - An offer that was not made then is taken as shown at once and never answered: it is ignored
//!   when it expires.
//! - A seat is there when an agent was free in routing as it was logged. The offers of a replay
//!   hold none, so they take no seat from each other or from anybody.
//! - Ticks are made where this history needs them; a logged one counts where it is due here too.
//! - Texts are not read anew, and what permission kept out of the log then stays out.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque},
    sync::Arc,
};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::{
    World,
    contact::offers,
    customer::{self, StepOutput},
    flow::{self, LoadError, ROUNDS_MAX, States},
    model::*,
    route,
};

/// How much later than due a logged tick may come and still be the one that was due.
const TICK_GRACE: Millis = Millis::from_secs(2);

/// The bit that no number of the log has: inputs that a replay makes up are numbered above it.
const MADE_UP: u64 = 1 << 63;

/// The worlds of one input.
#[derive(Debug, Clone, Copy)]
pub struct Worlds<'a> {
    /// As it was then: routing goes by it.
    pub then: &'a World,
    /// As it would be: customers go by it.
    pub draft: &'a World,
}

/// A frozen customer on the way to whom it is folded into.
pub type Folded = (MergeId, Box<CustomerState>);

/// What an input came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stepped {
    /// What would have been written, in order.
    pub effects: Vec<Effect>,
    /// The state that the input froze, for the [`CustomerBody::MergeIn`] of the same merge.
    pub folded: Option<Folded>,
}

/// A seat that an offer asked for and the log has not answered yet.
#[derive(Debug, Clone)]
struct Asked {
    offer: OfferId,
    needs: Needs,
    at: Timestamp,
}

/// Customers under a world that they did not live in. One for each share of the customers; every
/// one of them is handed every input of the log, so that it knows routing and time.
#[derive(Debug, Clone, Default)]
pub struct OpenLoop {
    /// Offers that were really made: their answers are in the log.
    made: Arc<BTreeSet<OfferId>>,
    /// The same, where they were open when this began.
    open: BTreeSet<OfferId>,
    /// When customers want a tick, the soonest first; what their state no longer wants is void.
    wakes: BinaryHeap<Reverse<(Timestamp, CustomerId)>>,
    /// Seats asked for by the last input from outside.
    asked: BTreeMap<CustomerId, Asked>,
}

impl OpenLoop {
    /// Nobody yet. `made` names the offers that were really made.
    pub fn new(made: Arc<BTreeSet<OfferId>>) -> Self {
        Self {
            made,
            ..Self::default()
        }
    }

    /// Goes on with a customer as the log left them.
    pub fn take_up(&mut self, state: &CustomerState) {
        if let Some(at) = state.wake_at {
            self.wakes.push(Reverse((at, state.customer)));
        }
        if let Some(live) = &state.offer {
            self.open.insert(live.offer);
        }
    }

    /// Makes up for time alone: what is due long before an input of `at`, and what the log left
    /// unanswered. Call it before each input of the log, whomever that concerns.
    ///
    /// # Errors
    /// [`LoadError`] when a state could not be read.
    pub fn before(
        &mut self,
        states: &mut dyn States,
        worlds: Worlds<'_>,
        input: &Input,
        effects: &mut Vec<Effect>,
    ) -> Result<(), LoadError> {
        if !self.asked.is_empty() && !is_answer(&input.body) {
            self.answer_seats(states, worlds, effects)?;
        }
        let due = self.wakes.peek().map(|Reverse((at, _))| *at);
        if due.is_some_and(|due| due + TICK_GRACE < input.received_at) {
            self.tick_until(states, worlds, input.received_at - TICK_GRACE, effects)?;
        }
        Ok(())
    }

    /// Ticks everybody who is due before `until`, in due order.
    ///
    /// # Errors
    /// [`LoadError`] when a state could not be read.
    pub fn tick_until(
        &mut self,
        states: &mut dyn States,
        worlds: Worlds<'_>,
        until: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<(), LoadError> {
        self.answer_seats(states, worlds, effects)?;
        while let Some(Reverse((at, customer))) = self.wakes.peek().copied() {
            if at >= until {
                break;
            }
            self.wakes.pop();
            let wanted = states.customer(customer)?.and_then(|state| state.wake_at);
            if wanted == Some(at) {
                self.made_up(states, worlds, customer, at, CustomerBody::Tick, effects)?;
            }
        }
        Ok(())
    }

    /// Takes one logged input. `folded` is what [`Stepped::folded`] gave for the merge of a
    /// [`CustomerBody::MergeIn`]; without it the logged state is folded in.
    ///
    /// # Errors
    /// [`LoadError`] when a state could not be read.
    pub fn step(
        &mut self,
        states: &mut dyn States,
        worlds: Worlds<'_>,
        input: &Input,
        folded: Option<Box<CustomerState>>,
    ) -> Result<Stepped, LoadError> {
        let mut stepped = Stepped::default();
        let event = match &input.body {
            InputBody::Customer(event) => event,
            InputBody::Route(_) => {
                stepped.effects = flow::replay(states, worlds.then, input)?;
                return Ok(stepped);
            }
            InputBody::World(_) | InputBody::Skipped { .. } => return Ok(stepped),
        };
        let customer = event.customer;
        let known = states.customer(customer)?;
        let is_due = known.as_ref().is_some_and(|state| {
            state.wake_at.is_some_and(|at| at <= input.received_at)
                || (event.body == CustomerBody::Tick && offers::is_stopped(state, worlds.draft))
        });
        match &event.body {
            CustomerBody::Tick if !is_due => return Ok(stepped),
            CustomerBody::Tick | CustomerBody::FromRoute(_) => {}
            CustomerBody::MergeOut { .. } | CustomerBody::MergeIn { .. } => {}
            body => {
                let may =
                    customer::may_keep(known.as_deref(), body, Unsaid::ByPolicy, worlds.draft);
                if !may {
                    return Ok(stepped);
                }
                if is_due {
                    let at = input.received_at;
                    let tick = CustomerBody::Tick;
                    self.made_up(states, worlds, customer, at, tick, &mut stepped.effects)?;
                }
            }
        }
        let replaced;
        let event = match (&event.body, folded) {
            (CustomerBody::MergeIn { merge, .. }, Some(from)) => {
                let body = CustomerBody::MergeIn {
                    merge: *merge,
                    from,
                };
                replaced = CustomerEvent {
                    body,
                    ..event.clone()
                };
                &replaced
            }
            _ if (event.reading.is_some() || event.issue.is_some())
                && !matches!(event.body, CustomerBody::Call(_))
                && !customer::may_analyse(
                    states.customer(customer)?.as_deref(),
                    Unsaid::ByPolicy,
                    worlds.draft,
                ) =>
            {
                replaced = CustomerEvent {
                    reading: None,
                    issue: None,
                    ..event.clone()
                };
                &replaced
            }
            _ => event,
        };
        if let CustomerBody::FromRoute(
            RouteToCustomer::SeatHeld { offer } | RouteToCustomer::SeatDenied { offer, .. },
        ) = &event.body
            && self
                .asked
                .get(&customer)
                .is_some_and(|asked| asked.offer == *offer)
        {
            self.asked.remove(&customer);
        }
        let mut out = StepOutput::default();
        let state = flow::customer_or_new(states, customer, input.received_at)?;
        customer::step(state, input, event, worlds.draft, &mut out);
        stepped.folded = out
            .to_customers
            .into_iter()
            .find_map(|(_, body)| match body {
                CustomerBody::MergeIn { merge, from } => Some((merge, from)),
                _ => None,
            });
        self.note_wakes(&out.effects);
        stepped.effects.append(&mut out.effects);
        for message in out.to_route {
            if let CustomerToRoute::HoldSeat { offer, needs, .. } = message {
                let at = input.received_at;
                self.asked.insert(customer, Asked { offer, needs, at });
            }
        }
        self.show(
            states,
            worlds,
            customer,
            input.received_at,
            &mut stepped.effects,
        )?;
        Ok(stepped)
    }

    /// Answers what the log did not: for each, whether an agent was free.
    fn answer_seats(
        &mut self,
        states: &mut dyn States,
        worlds: Worlds<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), LoadError> {
        while let Some((customer, asked)) = self.asked.pop_first() {
            let answer = route::seat_answer(states.routing(), asked.offer, &asked.needs);
            let body = CustomerBody::FromRoute(answer);
            self.made_up(states, worlds, customer, asked.at, body, effects)?;
        }
        Ok(())
    }

    /// An offer that nobody was really made is taken as shown at once.
    fn show(
        &mut self,
        states: &mut dyn States,
        worlds: Worlds<'_>,
        customer: CustomerId,
        at: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Result<(), LoadError> {
        let state = states.customer(customer)?;
        match state.and_then(|state| self.unseen(state)) {
            Some(offer) => {
                let body = CustomerBody::OfferShown { offer };
                self.made_up(states, worlds, customer, at, body, effects)
            }
            None => Ok(()),
        }
    }

    /// The offer that waits to be shown and that nobody was really made.
    fn unseen(&self, state: &CustomerState) -> Option<OfferId> {
        let live = state.offer.as_ref()?;
        let is_made = self.made.contains(&live.offer) || self.open.contains(&live.offer);
        (live.stage == OfferStage::Reserved && !is_made).then_some(live.offer)
    }

    /// Steps what no log holds, and what it asks of routing, until nothing is left. The number of
    /// such an input depends on whom it concerns, when, and what it is, so that the same replay
    /// gives the same ids however the customers are shared out.
    fn made_up(
        &mut self,
        states: &mut dyn States,
        worlds: Worlds<'_>,
        customer: CustomerId,
        at: Timestamp,
        body: CustomerBody,
        effects: &mut Vec<Effect>,
    ) -> Result<(), LoadError> {
        let mut queue = VecDeque::from([body]);
        let mut rounds = 0;
        while let Some(body) = queue.pop_front() {
            rounds += 1;
            if rounds > u64::from(ROUNDS_MAX) {
                break;
            }
            let Some(state) = states.customer(customer)? else {
                break;
            };
            let applied = state.applied;
            let hash = xxh3_64_with_seed(customer.uuid().as_bytes(), at.0 as u64 ^ rounds);
            let event = CustomerEvent {
                customer,
                occurred_at: at,
                source: None,
                link: None,
                asker: None,
                message_key: None,
                reading: None,
                issue: None,
                original: None,
                body,
            };
            let input = Input {
                seq: Seq(hash | MADE_UP),
                received_at: at,
                body: InputBody::Customer(event),
            };
            let InputBody::Customer(event) = &input.body else {
                unreachable!("made just above as a customer's")
            };
            let mut out = StepOutput::default();
            customer::step(state, &input, event, worlds.draft, &mut out);
            state.applied = applied;
            let shown = self.unseen(state);
            self.note_wakes(&out.effects);
            effects.append(&mut out.effects);
            for message in out.to_route {
                if let CustomerToRoute::HoldSeat { offer, needs, .. } = message {
                    let answer = route::seat_answer(states.routing(), offer, &needs);
                    queue.push_back(CustomerBody::FromRoute(answer));
                }
            }
            if let Some(offer) = shown {
                queue.push_back(CustomerBody::OfferShown { offer });
            }
        }
        Ok(())
    }

    fn note_wakes(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Wake {
                customer,
                at: Some(at),
            } = effect
            {
                self.wakes.push(Reverse((*at, *customer)));
            }
        }
    }
}

/// Whether an input belongs to the messages between the machines that follow an outside one.
const fn is_answer(body: &InputBody) -> bool {
    match body {
        InputBody::Route(RouteEvent::FromCustomer { .. }) => true,
        InputBody::Customer(event) => matches!(
            event.body,
            CustomerBody::FromRoute(_) | CustomerBody::MergeIn { .. }
        ),
        _ => false,
    }
}
