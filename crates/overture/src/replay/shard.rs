//! Steps one share of the customers through the log, and routing as it was.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasherDefault, Hasher},
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use anyhow::{bail, ensure};
use crossbeam_channel::Receiver;
use overture_engine::{
    decide::Policy,
    flow::{self, LoadError, States},
    model::{
        CustomerBody, CustomerId, CustomerState, Effect, Input, InputBody, LinkKey, OfferId,
        Timestamp,
    },
    replay::{OpenLoop, Worlds},
    route::Routing,
};
use overture_http::ReplayProgress;

use super::{
    Stepped,
    decided::Decided,
    exchange::Exchange,
    reader::{Chunk, Turn},
};

/// The last eight bytes of an id are a hash already.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let tail = bytes.last_chunk().copied().unwrap_or_default();
        self.0 ^= u64::from_le_bytes(tail).rotate_left(17);
    }

    fn write_usize(&mut self, _: usize) {}
}

/// Customers and routing, in memory only. Inputs of the log name their customers, so whom an
/// identifier points to is never asked.
#[derive(Debug, Default)]
struct Memory {
    customers: HashMap<CustomerId, Box<CustomerState>, BuildHasherDefault<IdHasher>>,
    routing: Routing,
}

impl States for Memory {
    fn resolve(&mut self, _: LinkKey) -> Result<Option<CustomerId>, LoadError> {
        Ok(None)
    }

    fn link(&mut self, _: LinkKey, _: CustomerId) {}

    fn merged(&mut self, _: CustomerId, _: CustomerId) {}

    fn customer(&mut self, id: CustomerId) -> Result<Option<&mut CustomerState>, LoadError> {
        Ok(self.customers.get_mut(&id).map(|state| &mut **state))
    }

    fn insert(&mut self, state: CustomerState) {
        self.customers.insert(state.customer, Box::new(state));
    }

    fn routing(&mut self) -> &mut Routing {
        &mut self.routing
    }
}

/// One share of the customers.
pub(super) struct Shard<'a> {
    number: usize,
    shards: u64,
    memory: Memory,
    open: Option<OpenLoop>,
    made: Arc<BTreeSet<OfferId>>,
    window: Range<Timestamp>,
    customers_max: usize,
    exchange: &'a Exchange,
    effects: Vec<Effect>,
    last: Option<Arc<Turn>>,
    decisions: Vec<Decided>,
    left_out: u64,
}

impl<'a> Shard<'a> {
    pub(super) fn new(
        number: usize,
        made: Arc<BTreeSet<OfferId>>,
        window: Range<Timestamp>,
        customers_max: usize,
        exchange: &'a Exchange,
    ) -> Self {
        Self {
            number,
            shards: exchange.shards() as u64,
            memory: Memory::default(),
            open: None,
            made,
            window,
            customers_max,
            exchange,
            effects: Vec::new(),
            last: None,
            decisions: Vec::new(),
            left_out: 0,
        }
    }

    /// Steps chunks until there are no more, then lets the time run to the end.
    pub(super) fn work(
        &mut self,
        chunks: &Receiver<Arc<Chunk>>,
        progress: &ReplayProgress,
    ) -> anyhow::Result<()> {
        while let Ok(chunk) = chunks.recv() {
            if progress.is_cancelled() {
                return Ok(());
            }
            let ends = chunk.turns.iter().skip(1).map(|(place, _)| *place);
            let ends = ends.chain([chunk.inputs.len()]);
            for ((from, turn), to) in chunk.turns.iter().zip(ends) {
                self.turn(turn);
                for input in &chunk.inputs[*from..to] {
                    self.take(turn, input, progress)?;
                }
            }
            if let Some(last) = chunk.inputs.last() {
                self.exchange.stepped(self.number, last.seq);
            }
            ensure!(
                self.memory.customers.len() <= self.customers_max,
                "the log names more customers than may be in memory at once ({} in each of {} shares); raise --customers-max, at about 2 KB each",
                self.customers_max,
                self.shards
            );
        }
        if let (Some(open), Some(turn)) = (&mut self.open, &self.last) {
            let worlds = worlds(turn);
            open.tick_until(&mut self.memory, worlds, self.window.end, &mut self.effects)?;
            collect(
                &mut self.decisions,
                &self.window,
                &turn.draft.policy,
                &mut self.effects,
            );
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Stepped {
        Stepped {
            decisions: self.decisions,
            events: 0,
            customers: self.memory.customers.len() as u64,
            left_out: self.left_out,
        }
    }

    /// Other worlds hold from here on.
    fn turn(&mut self, turn: &Arc<Turn>) {
        if turn.is_open && self.open.is_none() {
            let mut open = OpenLoop::new(Arc::clone(&self.made));
            for state in self.memory.customers.values() {
                open.take_up(state);
            }
            self.open = Some(open);
        }
        self.last = Some(Arc::clone(turn));
    }

    fn is_mine(&self, customer: CustomerId) -> bool {
        self.shards == 1 || customer.uuid().as_u64_pair().1 % self.shards == self.number as u64
    }

    fn take(
        &mut self,
        turn: &Turn,
        input: &Input,
        progress: &ReplayProgress,
    ) -> anyhow::Result<()> {
        let customer = match &input.body {
            InputBody::Customer(event) => Some(event.customer),
            InputBody::Route(_) => None,
            InputBody::World(_) | InputBody::Skipped { .. } => return Ok(()),
        };
        let is_mine = customer.is_none_or(|customer| self.is_mine(customer));
        if self.open.is_none() && !is_mine {
            return Ok(());
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.step(turn, input, is_mine, progress)
        }));
        match outcome {
            Ok(done) => done?,
            Err(_) => {
                // As recovery does: the input is left out, and here its customer begins anew.
                self.left_out += 1;
                let Some(customer) = customer else {
                    bail!(
                        "an input of routing made a step panic at {} of the log",
                        input.seq.0
                    );
                };
                self.memory.customers.remove(&customer);
                self.effects.clear();
            }
        }
        collect(
            &mut self.decisions,
            &self.window,
            &turn.draft.policy,
            &mut self.effects,
        );
        Ok(())
    }

    fn step(
        &mut self,
        turn: &Turn,
        input: &Input,
        is_mine: bool,
        progress: &ReplayProgress,
    ) -> Result<(), LoadError> {
        let Some(open) = &mut self.open else {
            self.effects = flow::replay(&mut self.memory, &turn.then, input)?;
            return Ok(());
        };
        let worlds = worlds(turn);
        open.before(&mut self.memory, worlds, input, &mut self.effects)?;
        if !is_mine {
            return Ok(());
        }
        let folded = match &input.body {
            InputBody::Customer(event) => match &event.body {
                CustomerBody::MergeIn { merge, .. } => {
                    self.exchange.take(self.number, input.seq, *merge, progress)
                }
                _ => None,
            },
            _ => None,
        };
        let mut stepped = open.step(&mut self.memory, worlds, input, folded)?;
        self.effects.append(&mut stepped.effects);
        if let Some(folded) = stepped.folded {
            self.exchange.put(folded);
        }
        Ok(())
    }
}

fn worlds(turn: &Turn) -> Worlds<'_> {
    Worlds {
        then: &turn.then,
        draft: &turn.draft,
    }
}

/// Keeps what was decided in the window, and nothing else.
fn collect(
    decisions: &mut Vec<Decided>,
    window: &Range<Timestamp>,
    policy: &Policy,
    effects: &mut Vec<Effect>,
) {
    for effect in effects.drain(..) {
        if let Effect::Decision(record) = effect
            && window.contains(&record.at)
        {
            decisions.push(Decided::of(&record, policy.rule(&record.rule)));
        }
    }
}
