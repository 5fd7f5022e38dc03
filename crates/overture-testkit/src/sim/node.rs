//! One node: memory that a crash takes away, and how it comes back.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::{
    World,
    flow::{self, Batch, LoadError, States},
    memory::MemoryStates,
    model::*,
    route::{self, Routing},
};
use overture_store::CommitUnit;

use super::disk::Disk;
use crate::random::Random;

/// What a node has in memory.
#[derive(Debug)]
pub struct Node {
    /// States and links that were loaded or made.
    pub memory: MemoryStates,
    /// The world as of the last input.
    pub world: World,
    /// The number of the next log entry.
    pub next_seq: Seq,
    /// Server time; never decreasing.
    pub now: Timestamp,
    /// What the next commit makes durable.
    pub batch: Batch,
    /// The first input that each customer's row has not seen.
    unflushed: BTreeMap<CustomerId, Seq>,
    route_unflushed: Option<Seq>,
    merged: BTreeMap<CustomerId, CustomerId>,
    wakes: BTreeMap<CustomerId, Timestamp>,
    seen_keys: BTreeSet<u64>,
}

/// Memory over a disk: what is not in memory is loaded.
struct View<'a> {
    memory: &'a mut MemoryStates,
    merged: &'a mut BTreeMap<CustomerId, CustomerId>,
    disk: &'a dyn Disk,
}

impl States for View<'_> {
    fn resolve(&mut self, key: LinkKey) -> Result<Option<CustomerId>, LoadError> {
        let found = match self.memory.links.get(&key) {
            Some(customer) => Some(*customer),
            None => self.disk.resolve(key),
        };
        let Some(mut customer) = found else {
            return Ok(None);
        };
        while let Some(into) = self.merged.get(&customer) {
            customer = *into;
        }
        Ok(Some(customer))
    }

    fn link(&mut self, key: LinkKey, customer: CustomerId) {
        self.memory.link(key, customer);
    }

    fn merged(&mut self, from: CustomerId, into: CustomerId) {
        self.memory.merged(from, into);
        self.merged.insert(from, into);
    }

    fn customer(&mut self, id: CustomerId) -> Result<Option<&mut CustomerState>, LoadError> {
        if !self.memory.customers.contains_key(&id)
            && let Some(state) = self.disk.customer(id)
        {
            self.memory.customers.insert(id, state);
        }
        self.memory.customer(id)
    }

    fn insert(&mut self, state: CustomerState) {
        self.memory.insert(state);
    }

    fn routing(&mut self) -> &mut Routing {
        self.memory.routing()
    }
}

impl Node {
    /// Starts on what the disk has: states as written behind, then the log after them.
    /// `world` gives policy and model; its facts hold until the log says otherwise.
    ///
    /// # Panics
    /// When a state cannot be loaded.
    pub fn start(disk: &dyn Disk, world: &World) -> Self {
        let boot = disk.boot();
        let mut world = world.clone();
        let mut memory = MemoryStates {
            routing: Routing::from_state(boot.route.clone().unwrap_or_default()),
            ..MemoryStates::default()
        };
        let mut merged = BTreeMap::new();
        let mut unflushed = BTreeMap::new();
        let mut route_unflushed = None;
        let all = disk.log(Seq(0));
        for input in &all {
            if let InputBody::World(facts) = &input.body {
                world.facts = facts.clone();
            }
            if input.seq < boot.replay_from {
                continue;
            }
            note_unflushed(input, &mut unflushed, &mut route_unflushed);
            let mut view = View {
                memory: &mut memory,
                merged: &mut merged,
                disk,
            };
            flow::replay(&mut view, &world, input).expect("the disk can be read");
        }
        // What was linked is on the disk, and in its final order.
        memory.links.clear();
        merged.clear();
        Self {
            memory,
            world,
            next_seq: Seq(boot.last_seq.0 + 1),
            now: boot.last_received_at,
            batch: Batch::default(),
            unflushed,
            route_unflushed,
            merged,
            wakes: boot.wakes.iter().map(|(at, who)| (*who, *at)).collect(),
            seen_keys: all.iter().filter_map(message_key).collect(),
        }
    }

    /// Takes one input at `clock`, or at the latest time ever seen.
    ///
    /// # Panics
    /// When a state cannot be loaded.
    pub fn take(&mut self, disk: &dyn Disk, clock: Timestamp, ingress: Ingress) -> Reply {
        self.now = self.now.max(clock);
        if let Some(key) = ingress.message_key
            && !self.seen_keys.insert(key)
        {
            return Reply::Duplicate;
        }
        if let Subject::World(facts) = &ingress.subject {
            self.world.facts = facts.clone();
        }
        let first = self.batch.inputs.len();
        let effects = self.batch.effects.len();
        let mut view = View {
            memory: &mut self.memory,
            merged: &mut self.merged,
            disk,
        };
        let reply = flow::advance(
            &mut view,
            &self.world,
            ingress,
            self.now,
            &mut self.next_seq,
            &mut self.batch,
        )
        .expect("the disk can be read");
        assert_eq!(self.batch.dropped, 0, "the machines came to rest");
        for input in &self.batch.inputs[first..] {
            note_unflushed(input, &mut self.unflushed, &mut self.route_unflushed);
        }
        for effect in &self.batch.effects[effects..] {
            if let Effect::Wake { customer, at } = effect {
                match at {
                    Some(at) => self.wakes.insert(*customer, *at),
                    None => self.wakes.remove(customer),
                };
            }
        }
        reply
    }

    /// What is due at `clock`: the input that handles it.
    pub fn due(&self, clock: Timestamp) -> Option<Ingress> {
        let now = self.now.max(clock);
        let customer = self
            .wakes
            .iter()
            .map(|(customer, at)| (*at, *customer))
            .min()
            .filter(|(at, _)| *at <= now);
        let route = route::next_due(&self.memory.routing).filter(|at| *at <= now);
        match (customer, route) {
            (Some((at, _)), Some(route_at)) if route_at <= at => {
                Some(crate::build::routing(RouteEvent::Tick))
            }
            (Some((_, who)), _) => Some(crate::build::about(who, CustomerBody::Tick)),
            (None, Some(_)) => Some(crate::build::routing(RouteEvent::Tick)),
            (None, None) => None,
        }
    }

    /// The soonest time that something is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        let customers = self.wakes.values().copied().min();
        let route = route::next_due(&self.memory.routing);
        customers.into_iter().chain(route).min()
    }

    /// What the next transaction writes: everything in the batch, and some of the states.
    pub fn unit(&mut self, random: &mut Random) -> CommitUnit {
        let batch = std::mem::take(&mut self.batch);
        let flushed: Vec<CustomerId> = self
            .unflushed
            .keys()
            .copied()
            .filter(|_| random.percent(20))
            .collect();
        let customers = flushed
            .iter()
            .filter_map(|id| self.memory.customers.get(id).cloned())
            .collect();
        for id in &flushed {
            self.unflushed.remove(id);
        }
        let route = random.percent(20).then(|| {
            self.route_unflushed = None;
            self.memory.routing.state().clone()
        });
        let replay_from = self
            .unflushed
            .values()
            .copied()
            .chain(self.route_unflushed)
            .min()
            .unwrap_or(self.next_seq);
        CommitUnit {
            inputs: batch.inputs,
            effects: batch.effects,
            customers,
            route,
            replay_from,
            at: self.now,
        }
    }
}

fn note_unflushed(
    input: &Input,
    customers: &mut BTreeMap<CustomerId, Seq>,
    route: &mut Option<Seq>,
) {
    match &input.body {
        InputBody::Customer(event) => {
            customers.entry(event.customer).or_insert(input.seq);
        }
        InputBody::Route(_) => {
            route.get_or_insert(input.seq);
        }
        InputBody::World(_) | InputBody::Skipped { .. } => {}
    }
}

fn message_key(input: &Input) -> Option<u64> {
    match &input.body {
        InputBody::Customer(event) => event.message_key,
        _ => None,
    }
}
