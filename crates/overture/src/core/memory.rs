//! What the machines work on: cached customers and links, routing, and an undo journal.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use overture_engine::{
    flow::{LoadError, States},
    model::{CustomerId, CustomerState, LinkKey, RouteState, Seq, Timestamp},
    route::Routing,
};
use overture_store::{Store, StoreError};

use super::cache::Cache;

/// Bytes that the cached customers may take, about.
const CUSTOMER_CACHE_BYTES_MAX: usize = 256 << 20;

/// Allocator and map overhead of one cached customer, bytes, about.
const CUSTOMER_OVERHEAD_BYTES: usize = 256;

/// How many identifiers are cached.
const LINKS_CACHED_MAX: usize = 500_000;

/// Folded customers that are remembered before cached links are rewritten.
const REDIRECTS_MAX: usize = 10_000;

/// One cached customer.
#[derive(Debug)]
struct Slot {
    state: Box<CustomerState>,
    /// Whether the state is newer than its row.
    dirty: bool,
    /// The unit that writes the row last handed over.
    row_unit: u64,
    /// The step that last put it into the journal.
    journaled: u64,
}

impl Slot {
    fn clean(state: CustomerState) -> Self {
        Self {
            state: Box::new(state),
            dirty: false,
            row_unit: 0,
            journaled: 0,
        }
    }
}

/// A cached identifier, with the unit that made or moved it.
#[derive(Debug, Clone, Copy)]
struct Link {
    customer: CustomerId,
    unit: u64,
}

/// What one step touched, as it was before.
#[derive(Debug, Default)]
struct Journal {
    step: u64,
    customers: Vec<(CustomerId, Option<CustomerState>)>,
    links: Vec<(LinkKey, Option<Link>)>,
    redirects: Vec<CustomerId>,
    routing: bool,
}

/// What became of the state machines when a step is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undone {
    /// Everything is as before the step.
    Whole,
    /// Routing had been touched and cannot be restored from here.
    RoutingLost,
}

/// The memory of both machines.
pub(super) struct Memory {
    store: Arc<dyn Store>,
    customers: Cache<CustomerId, Slot>,
    links: Cache<LinkKey, Link>,
    redirects: HashMap<CustomerId, CustomerId>,
    /// Identifiers and customers known to be new, for one group of inputs.
    unknown_links: HashSet<LinkKey>,
    unknown_customers: HashSet<CustomerId>,
    routing: Routing,
    journal: Journal,
    newly_dirty: Vec<CustomerId>,
    /// The id that a new customer of this step gets: not worth a query.
    fresh: Option<CustomerId>,
    unit: u64,
    created: u64,
}

impl Memory {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let bytes = size_of::<CustomerState>() + CUSTOMER_OVERHEAD_BYTES;
        Self {
            store,
            customers: Cache::new(CUSTOMER_CACHE_BYTES_MAX / bytes),
            links: Cache::new(LINKS_CACHED_MAX),
            redirects: HashMap::new(),
            unknown_links: HashSet::new(),
            unknown_customers: HashSet::new(),
            routing: Routing::from_state(RouteState::default()),
            journal: Journal::default(),
            newly_dirty: Vec::new(),
            fresh: None,
            unit: 1,
            created: 0,
        }
    }

    /// Forgets everything; the next states come from the store.
    pub(super) fn reset(&mut self, route: RouteState) {
        self.customers.clear();
        self.links.clear();
        self.redirects = HashMap::new();
        self.unknown_links.clear();
        self.unknown_customers.clear();
        self.routing = Routing::from_state(route);
        self.journal = Journal {
            step: self.journal.step,
            ..Journal::default()
        };
        self.newly_dirty = Vec::new();
        self.fresh = None;
        self.created = 0;
    }

    /// Forgets whose each identifier is, to be read from the store again. After a replay:
    /// it links anew what was linked before the newest rows, and only the store knows
    /// what came of it since.
    pub(super) fn forget_links(&mut self) {
        self.links.clear();
        self.redirects.clear();
        self.unknown_links.clear();
    }

    /// Begins a step at `seq`: what it touches can be undone.
    pub(super) fn begin(&mut self, at: Timestamp, seq: Seq) {
        self.journal.step += 1;
        self.journal.customers.clear();
        self.journal.links.clear();
        self.journal.redirects.clear();
        self.journal.routing = false;
        self.fresh = Some(CustomerId::derive(at, seq, 0));
    }

    /// The step stands: what it changed is newer than its row now.
    pub(super) fn keep(&mut self) {
        for (customer, before) in self.journal.customers.drain(..) {
            let Some(slot) = self.customers.peek_mut(customer) else {
                continue;
            };
            let is_changed = before.is_none_or(|before| before.applied != slot.state.applied);
            if is_changed && !slot.dirty {
                slot.dirty = true;
                self.newly_dirty.push(customer);
            }
        }
    }

    /// The step never was.
    pub(super) fn undo(&mut self) -> Undone {
        for (customer, before) in self.journal.customers.drain(..) {
            match before {
                Some(before) => {
                    if let Some(slot) = self.customers.peek_mut(customer) {
                        *slot.state = before;
                    }
                }
                None => {
                    self.customers.remove(customer);
                    self.created = self.created.saturating_sub(1);
                }
            }
        }
        for (key, before) in self.journal.links.drain(..).rev() {
            match before {
                Some(before) => self.links.insert(key, before),
                None => {
                    self.links.remove(key);
                }
            }
        }
        for customer in self.journal.redirects.drain(..) {
            self.redirects.remove(&customer);
        }
        if self.journal.routing {
            Undone::RoutingLost
        } else {
            Undone::Whole
        }
    }

    /// Reads what a group of inputs will need, in one query for links and one for customers.
    pub(super) fn prefetch(
        &mut self,
        links: impl Iterator<Item = LinkKey>,
        customers: impl Iterator<Item = CustomerId>,
    ) -> Result<(), StoreError> {
        self.unknown_links.clear();
        self.unknown_customers.clear();
        let mut wanted: HashSet<CustomerId> = customers.collect();
        let mut misses: Vec<LinkKey> = Vec::new();
        for key in links {
            match self.links.get_mut(key) {
                Some(link) => {
                    wanted.insert(link.customer);
                }
                None => misses.push(key),
            }
        }
        if !misses.is_empty() {
            misses.sort_unstable();
            misses.dedup();
            let found = self.store.resolve(&misses)?;
            for (key, customer) in misses.into_iter().zip(found) {
                match customer {
                    Some(customer) => {
                        self.links.insert(key, Link { customer, unit: 0 });
                        wanted.insert(customer);
                    }
                    None => {
                        self.unknown_links.insert(key);
                    }
                }
            }
        }
        self.load(wanted)
    }

    /// Reads customers that are not cached, in key order.
    pub(super) fn load(
        &mut self,
        customers: impl IntoIterator<Item = CustomerId>,
    ) -> Result<(), StoreError> {
        let mut misses: Vec<CustomerId> = customers
            .into_iter()
            .map(|customer| self.redirects.get(&customer).copied().unwrap_or(customer))
            .filter(|customer| self.customers.get_mut(*customer).is_none())
            .collect();
        if misses.is_empty() {
            return Ok(());
        }
        misses.sort_unstable();
        misses.dedup();
        let found = self.store.customers(&misses)?;
        for (customer, state) in misses.into_iter().zip(found) {
            match state {
                Some(state) => self.customers.insert(customer, Slot::clean(state)),
                None => {
                    self.unknown_customers.insert(customer);
                }
            }
        }
        Ok(())
    }

    /// A customer as they stand, after folds; from memory or from their row.
    pub(super) fn look(
        &mut self,
        mut customer: CustomerId,
    ) -> Result<Option<&CustomerState>, StoreError> {
        loop {
            self.load([customer])?;
            self.unknown_customers.remove(&customer);
            match self.customers.peek(customer) {
                Some(slot) => match slot.state.merged_into {
                    Some(into) => customer = into,
                    None => break,
                },
                None => return Ok(None),
            }
        }
        Ok(self.customers.peek(customer).map(|slot| &*slot.state))
    }

    /// Customers that became newer than their rows since this was last asked.
    pub(super) fn take_newly_dirty(&mut self) -> Vec<CustomerId> {
        std::mem::take(&mut self.newly_dirty)
    }

    pub(super) fn has_newly_dirty(&self) -> bool {
        !self.newly_dirty.is_empty()
    }

    /// The state to write behind with the open unit; `None` when the row is as new.
    pub(super) fn write_behind(&mut self, customer: CustomerId) -> Option<CustomerState> {
        let unit = self.unit;
        let slot = self.customers.peek_mut(customer)?;
        if !slot.dirty {
            return None;
        }
        slot.dirty = false;
        slot.row_unit = unit;
        Some((*slot.state).clone())
    }

    /// The open unit is handed over; `committed` is the last one that is durable. Makes
    /// room, and never drops what only memory knows.
    pub(super) fn next_unit(&mut self, committed: u64) {
        self.unit += 1;
        self.customers
            .age(|slot| slot.dirty || slot.row_unit > committed);
        self.links.age(|link| link.unit > committed);
        if self.redirects.len() > REDIRECTS_MAX && committed + 1 == self.unit {
            // The store has the folds now; cached links are read again when needed.
            self.links.clear();
            self.redirects.clear();
        }
    }

    /// The number of the open unit.
    pub(super) fn unit(&self) -> u64 {
        self.unit
    }

    /// How many customers were made since this was last asked.
    pub(super) fn take_created(&mut self) -> u64 {
        std::mem::take(&mut self.created)
    }

    pub(super) fn cached(&self) -> usize {
        self.customers.len()
    }

    /// Whoever of `looked_at_max` customers in memory was heard of since `since`.
    pub(super) fn seen_since(&self, since: Timestamp, looked_at_max: usize) -> Vec<CustomerId> {
        self.customers
            .iter()
            .take(looked_at_max)
            .filter(|(_, slot)| {
                slot.state.last_seen_at >= since && slot.state.merged_into.is_none()
            })
            .map(|(customer, _)| *customer)
            .collect()
    }

    /// A customer as they stand, if they are in memory.
    pub(super) fn cached_state(&self, customer: CustomerId) -> Option<&CustomerState> {
        self.customers.peek(customer).map(|slot| &*slot.state)
    }

    pub(super) fn routing_ref(&self) -> &Routing {
        &self.routing
    }
}

fn load_error(what: &'static str) -> impl FnOnce(StoreError) -> LoadError {
    move |error| LoadError {
        what,
        source: Box::new(error),
    }
}

impl States for Memory {
    fn resolve(&mut self, key: LinkKey) -> Result<Option<CustomerId>, LoadError> {
        let found = match self.links.get_mut(key) {
            Some(link) => Some(link.customer),
            None if self.unknown_links.contains(&key) => None,
            None => {
                let found = self
                    .store
                    .resolve(&[key])
                    .map_err(load_error("an identifier's customer"))?;
                let customer = found.into_iter().next().flatten();
                if let Some(customer) = customer {
                    self.links.insert(key, Link { customer, unit: 0 });
                }
                customer
            }
        };
        Ok(found.map(|customer| follow(&self.redirects, customer)))
    }

    fn link(&mut self, key: LinkKey, customer: CustomerId) {
        let before = self.links.peek(key).copied();
        self.journal.links.push((key, before));
        let unit = self.unit;
        self.links.insert(key, Link { customer, unit });
    }

    fn merged(&mut self, from: CustomerId, into: CustomerId) {
        self.journal.redirects.push(from);
        self.redirects.insert(from, into);
    }

    fn customer(&mut self, id: CustomerId) -> Result<Option<&mut CustomerState>, LoadError> {
        let is_cached = self.customers.get_mut(id).is_some();
        if !is_cached {
            if self.fresh == Some(id) || self.unknown_customers.contains(&id) {
                return Ok(None);
            }
            let found = self
                .store
                .customers(&[id])
                .map_err(load_error("a customer"))?;
            match found.into_iter().next().flatten() {
                Some(state) => self.customers.insert(id, Slot::clean(state)),
                None => return Ok(None),
            }
        }
        let step = self.journal.step;
        let slot = self
            .customers
            .get_mut(id)
            .expect("cached, or inserted just above");
        if slot.journaled != step {
            slot.journaled = step;
            self.journal
                .customers
                .push((id, Some((*slot.state).clone())));
        }
        Ok(Some(&mut slot.state))
    }

    fn insert(&mut self, state: CustomerState) {
        let customer = state.customer;
        self.journal.customers.push((customer, None));
        self.created += 1;
        let mut slot = Slot::clean(state);
        slot.journaled = self.journal.step;
        self.customers.insert(customer, slot);
    }

    fn routing(&mut self) -> &mut Routing {
        self.journal.routing = true;
        &mut self.routing
    }
}

/// Where events of `customer` go after folds of this run.
fn follow(redirects: &HashMap<CustomerId, CustomerId>, mut customer: CustomerId) -> CustomerId {
    while let Some(into) = redirects.get(&customer) {
        customer = *into;
    }
    customer
}
