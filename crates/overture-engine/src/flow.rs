//! The whole pipeline on one screen: an input from outside becomes logged inputs, steps of
//! the two state machines, and effects.
//!
//! ```text
//! Ingress -> attribute (whose is it?) -> permission -> fold, link, overdue tick
//!         -> customer::step
//!         -> messages to route::step and back, first in first out -> Batch
//! ```
//!
//! Every message between the machines is an input of its own with its own `seq`: a state
//! that is restored from a newer row skips it, and the other machine still gets it.

use std::collections::VecDeque;

use crate::{
    World,
    contact::offers,
    customer,
    customer::StepOutput,
    ingest::attribute::{Attribution, attribute},
    model::*,
    route::{self, RouteOutput, Routing},
    understand,
};

/// How often messages may go back and forth between the machines for one outside input.
/// The protocols need four; more is a defect, and what is left then is dropped and counted.
pub const ROUNDS_MAX: u32 = 6;

/// A state or a link could not be read.
#[derive(Debug, thiserror::Error)]
#[error("could not load {what}")]
pub struct LoadError {
    /// What was being read.
    pub what: &'static str,
    /// Why it failed.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The memory the machines work on, loaded as it is needed.
pub trait States {
    /// Whose an identifier is.
    ///
    /// # Errors
    /// [`LoadError`] when it could not be read.
    fn resolve(&mut self, key: LinkKey) -> Result<Option<CustomerId>, LoadError>;

    /// An identifier points to a customer from now on.
    fn link(&mut self, key: LinkKey, customer: CustomerId);

    /// Every identifier of `from` points to `into` from now on.
    fn merged(&mut self, from: CustomerId, into: CustomerId);

    /// A customer's state, to change; `None` when there is none yet.
    ///
    /// # Errors
    /// [`LoadError`] when it could not be read.
    fn customer(&mut self, id: CustomerId) -> Result<Option<&mut CustomerState>, LoadError>;

    /// Adds a customer who was not there.
    fn insert(&mut self, state: CustomerState);

    /// The routing machine, to change.
    fn routing(&mut self) -> &mut Routing;
}

/// What a batch of inputs came to: to be written in one transaction.
#[derive(Debug, Default)]
pub struct Batch {
    /// Log entries, in order.
    pub inputs: Vec<Input>,
    /// Rows to write, in order.
    pub effects: Vec<Effect>,
    /// Messages that were dropped because the machines did not come to rest.
    pub dropped: u32,
    /// Inputs that the customer's permission did not let in: nothing is kept of them.
    pub unpermitted: u32,
}

/// Takes one input from outside through the whole pipeline at server time `now`.
///
/// `next_seq` is the number the next log entry gets; it counts up by one an entry.
///
/// # Errors
/// [`LoadError`] when a state could not be read; the batch then holds a part of this
/// input's work and must not be written.
pub fn advance(
    states: &mut dyn States,
    world: &World,
    ingress: Ingress,
    now: Timestamp,
    next_seq: &mut Seq,
    batch: &mut Batch,
) -> Result<Reply, LoadError> {
    let mut flow = Flow {
        states,
        world,
        now,
        next_seq,
        batch,
        queue: VecDeque::new(),
    };
    let mut origin = Origin {
        occurred_at: ingress.occurred_at,
        source: ingress.source,
        link: None,
        asker: None,
        message_key: ingress.message_key,
        unsaid: ingress.unsaid,
    };
    let reply = match ingress.subject {
        Subject::Identified(identifiers, body) => {
            origin.link = identifiers.first().map(|first| first.key);
            let found = attribute(flow.states, &identifiers)?;
            if flow.may_keep(found.customer, &body, ingress.unsaid)? {
                let customer = flow.settle_identity(&found, &identifiers, &body)?;
                flow.outside(customer, body, origin)?
            } else {
                Reply::Done
            }
        }
        Subject::Customer(customer, body) => match flow.current(customer)? {
            None => Reply::Gone,
            Some(customer) if flow.may_keep(Some(customer), &body, ingress.unsaid)? => {
                flow.outside(customer, body, origin)?
            }
            Some(_) => Reply::Done,
        },
        Subject::Visitor(customer, asker, body) => match flow.current(customer)? {
            Some(customer) => {
                origin.asker = Some(asker);
                flow.outside(customer, body, origin)?
            }
            None => Reply::Gone,
        },
        Subject::Route(event) => flow.route(event, 0),
        Subject::World(facts) => {
            flow.log(InputBody::World(facts));
            Reply::Done
        }
    };
    flow.settle()?;
    Ok(reply)
}

/// Applies one logged input again. Recovery throws the returned effects away; a replay
/// compares them with what was recorded. Inputs that the state has already seen do nothing.
///
/// # Errors
/// [`LoadError`] when a state could not be read.
pub fn replay(
    states: &mut dyn States,
    world: &World,
    input: &Input,
) -> Result<Vec<Effect>, LoadError> {
    match &input.body {
        InputBody::Customer(event) => {
            let state = customer_or_new(states, event.customer, input.received_at)?;
            if input.seq <= state.applied {
                return Ok(Vec::new());
            }
            let mut out = StepOutput::default();
            customer::step(state, input, event, world, &mut out);
            apply_links(states, &out.effects);
            Ok(out.effects)
        }
        InputBody::Route(event) => {
            let routing = states.routing();
            if input.seq <= routing.state().applied {
                return Ok(Vec::new());
            }
            let mut out = RouteOutput::default();
            let settings = &world.policy.routing.machine;
            route::step(
                routing,
                input.received_at,
                input.seq,
                event,
                settings,
                &mut out,
            );
            Ok(out.effects)
        }
        InputBody::World(_) | InputBody::Skipped { .. } => Ok(Vec::new()),
    }
}

/// Where a customer event came from.
#[derive(Clone, Copy, Default)]
struct Origin {
    occurred_at: Option<Timestamp>,
    source: Option<SourceId>,
    link: Option<LinkKey>,
    asker: Option<Asker>,
    message_key: Option<u64>,
    unsaid: Unsaid,
}

enum Message {
    ToRoute(CustomerId, CustomerToRoute),
    ToCustomer(CustomerId, CustomerBody),
}

struct Flow<'a> {
    states: &'a mut dyn States,
    world: &'a World,
    now: Timestamp,
    next_seq: &'a mut Seq,
    batch: &'a mut Batch,
    queue: VecDeque<(u32, Message)>,
}

impl Flow<'_> {
    /// Whether the permission of whose event it is lets it in; counts it where it does not.
    fn may_keep(
        &mut self,
        customer: Option<CustomerId>,
        body: &CustomerBody,
        unsaid: Unsaid,
    ) -> Result<bool, LoadError> {
        let world = self.world;
        let state = match customer {
            Some(customer) => self.states.customer(customer)?,
            None => None,
        };
        let may = customer::may_keep(state.as_deref(), body, unsaid, world);
        if !may {
            self.batch.unpermitted += 1;
        }
        Ok(may)
    }

    /// Whose the event is; folds and links what ingress has to before the event itself.
    fn settle_identity(
        &mut self,
        found: &Attribution,
        identifiers: &[Identifier],
        body: &CustomerBody,
    ) -> Result<CustomerId, LoadError> {
        let customer = match found.customer {
            Some(customer) => customer,
            None => CustomerId::derive(self.now, *self.next_seq, 0),
        };
        if let Some(loser) = found.folded {
            let merge = MergeId::derive(self.now, *self.next_seq, 0);
            self.customer(
                loser,
                CustomerBody::MergeOut {
                    merge,
                    into: customer,
                },
                Origin::default(),
                0,
            )?;
            self.settle()?;
        }
        let whole = matches!(body, CustomerBody::Identified { .. });
        if !found.unlinked.is_empty() && !whole {
            let identifiers = found
                .unlinked
                .iter()
                .map(|place| identifiers[*place].clone())
                .collect();
            let linked = CustomerBody::Identified {
                identifiers,
                traits: Vec::new(),
            };
            self.customer(customer, linked, Origin::default(), 0)?;
        }
        Ok(customer)
    }

    /// Where a customer's events go now, after merges.
    fn current(&mut self, mut customer: CustomerId) -> Result<Option<CustomerId>, LoadError> {
        loop {
            match self.states.customer(customer)? {
                None => return Ok(None),
                Some(state) => match state.merged_into {
                    Some(into) => customer = into,
                    None => return Ok(Some(customer)),
                },
            }
        }
    }

    /// Takes an event from outside, after the customer's overdue tick.
    fn outside(
        &mut self,
        customer: CustomerId,
        body: CustomerBody,
        origin: Origin,
    ) -> Result<Reply, LoadError> {
        let (now, world) = (self.now, self.world);
        if let Some(state) = self.states.customer(customer)? {
            let is_due = state.wake_at.is_some_and(|at| at <= now);
            if body == CustomerBody::Tick {
                let stopped = offers::is_stopped(state, world);
                if !is_due && !stopped {
                    return Ok(Reply::Done);
                }
            } else if is_due {
                self.customer(customer, CustomerBody::Tick, Origin::default(), 0)?;
                self.settle()?;
            }
        }
        self.customer(customer, body, origin, 0)
    }

    /// Reads what the customer said in the event, where they let us: what it says about them, and what it is about.
    fn reading(
        &mut self,
        customer: CustomerId,
        body: &CustomerBody,
        unsaid: Unsaid,
    ) -> Result<(Option<TextReading>, Option<TextIssue>), LoadError> {
        let world = self.world;
        let Some(text) = understand::text::said(body, &world.policy.sentiment.properties) else {
            return Ok((None, None));
        };
        // A call has a permission of its own: without it the words would not be here.
        let is_call = matches!(body, CustomerBody::Call(_));
        let state = self.states.customer(customer)?;
        if !is_call && !customer::may_analyse(state.as_deref(), unsaid, world) {
            return Ok((None, None));
        }
        let rewritten = world.lexicon.rewrite(&text);
        let reading = world.lexicon.read_rewritten(&*world.text, &rewritten);
        let issue = world
            .issues
            .as_deref()
            .filter(|_| !is_call)
            .map(|classifier| understand::issue::read(classifier, &world.lexicon, &rewritten));
        Ok((Some(reading), issue))
    }

    /// Logs and steps one customer event.
    fn customer(
        &mut self,
        customer: CustomerId,
        mut body: CustomerBody,
        origin: Origin,
        round: u32,
    ) -> Result<Reply, LoadError> {
        let original = understand::redaction::redact(&mut body, || self.world.redactor());
        let (reading, issue) = self.reading(customer, &body, origin.unsaid)?;
        let event = CustomerEvent {
            customer,
            occurred_at: origin.occurred_at.unwrap_or(self.now),
            source: origin.source,
            link: origin.link,
            asker: origin.asker,
            message_key: origin.message_key,
            reading,
            issue,
            original,
            body,
        };
        let index = self.log(InputBody::Customer(event));
        let mut out = StepOutput::default();
        let state = customer_or_new(self.states, customer, self.now)?;
        let input = &self.batch.inputs[index];
        let InputBody::Customer(event) = &input.body else {
            unreachable!("logged just above as a customer's")
        };
        let reply = customer::step(state, input, event, self.world, &mut out);
        apply_links(self.states, &out.effects);
        self.batch.effects.append(&mut out.effects);
        let to_route = out
            .to_route
            .into_iter()
            .map(|message| Message::ToRoute(customer, message));
        self.queue
            .extend(to_route.map(|message| (round + 1, message)));
        let to_customers = out
            .to_customers
            .into_iter()
            .map(|(other, body)| Message::ToCustomer(other, body));
        self.queue
            .extend(to_customers.map(|message| (round + 1, message)));
        Ok(reply)
    }

    /// Logs and steps one routing event.
    fn route(&mut self, event: RouteEvent, round: u32) -> Reply {
        let seq = *self.next_seq;
        let mut out = RouteOutput::default();
        let settings = &self.world.policy.routing.machine;
        let reply = route::step(
            self.states.routing(),
            self.now,
            seq,
            &event,
            settings,
            &mut out,
        );
        self.log(InputBody::Route(event));
        self.batch.effects.append(&mut out.effects);
        let messages = out
            .to_customers
            .into_iter()
            .map(|(customer, message)| (customer, CustomerBody::FromRoute(message)));
        self.queue.extend(
            messages.map(|(customer, body)| (round + 1, Message::ToCustomer(customer, body))),
        );
        reply
    }

    /// Delivers messages until the machines rest.
    fn settle(&mut self) -> Result<(), LoadError> {
        while let Some((round, message)) = self.queue.pop_front() {
            if round > ROUNDS_MAX {
                self.batch.dropped += 1;
                continue;
            }
            match message {
                Message::ToRoute(customer, message) => {
                    self.route(RouteEvent::FromCustomer { customer, message }, round);
                }
                Message::ToCustomer(customer, body) => {
                    if let Some(customer) = self.current(customer)? {
                        self.customer(customer, body, Origin::default(), round)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn log(&mut self, body: InputBody) -> usize {
        let input = Input {
            seq: *self.next_seq,
            received_at: self.now,
            body,
        };
        self.next_seq.0 += 1;
        self.batch.inputs.push(input);
        self.batch.inputs.len() - 1
    }
}

pub(crate) fn customer_or_new(
    states: &mut dyn States,
    customer: CustomerId,
    at: Timestamp,
) -> Result<&mut CustomerState, LoadError> {
    if states.customer(customer)?.is_none() {
        states.insert(CustomerState::new(customer, at));
    }
    let state = states.customer(customer)?;
    Ok(state.expect("inserted just above when it was not there"))
}

/// Links and merges take effect for the next input of the same batch.
fn apply_links(states: &mut dyn States, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Link(link) => states.link(link.identifier.key, link.customer),
            Effect::Merged { from, into, .. } => states.merged(*from, *into),
            _ => {}
        }
    }
}
