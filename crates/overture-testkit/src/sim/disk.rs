//! What survives a crash.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use overture_engine::{memory::MemoryStates, model::*};
use overture_store::{
    Boot, CommitUnit, DecisionFilter, Store, TimelineQuery, TimelineReader, TimelineWindow,
};

use crate::stores::TempStore;

/// The part of a store that the simulation lives on.
pub trait Disk {
    /// The power goes and comes back.
    fn power_cycle(&mut self, _now: Timestamp) {}
    /// Makes a unit durable.
    fn commit(&mut self, unit: &CommitUnit);
    /// What a start needs.
    fn boot(&self) -> Boot;
    /// The log from `from` on.
    fn log(&self, from: Seq) -> Vec<Input>;
    /// A written-behind state.
    fn customer(&self, id: CustomerId) -> Option<CustomerState>;
    /// Whose an identifier is.
    fn resolve(&self, key: LinkKey) -> Option<CustomerId>;
    /// Compares everything readable with what was made durable, when all are gone home.
    fn check(&self, _rows: &Rows, _states: &MemoryStates) {}
}

/// A disk in memory, which also watches that nothing is written twice.
#[derive(Debug, Default)]
pub struct MemoryDisk {
    log: Vec<Input>,
    customers: BTreeMap<CustomerId, CustomerState>,
    route: Option<RouteState>,
    links: BTreeMap<LinkKey, CustomerId>,
    wakes: BTreeMap<CustomerId, Timestamp>,
    replay_from: Seq,
}

impl Disk for MemoryDisk {
    fn commit(&mut self, unit: &CommitUnit) {
        for input in &unit.inputs {
            assert_eq!(
                input.seq.0,
                self.log.len() as u64 + 1,
                "the log has no gaps and no doubles"
            );
            self.log.push(input.clone());
        }
        for effect in &unit.effects {
            match effect {
                Effect::Link(link) => {
                    self.links.insert(link.identifier.key, link.customer);
                }
                Effect::Merged { from, into, .. } => {
                    for customer in self.links.values_mut().filter(|owner| *owner == from) {
                        *customer = *into;
                    }
                }
                Effect::Wake { customer, at } => {
                    match at {
                        Some(at) => self.wakes.insert(*customer, *at),
                        None => self.wakes.remove(customer),
                    };
                }
                _ => {}
            }
        }
        for state in &unit.customers {
            self.customers.insert(state.customer, state.clone());
        }
        if let Some(route) = &unit.route {
            self.route = Some(route.clone());
        }
        assert!(unit.replay_from >= self.replay_from);
        self.replay_from = unit.replay_from;
    }

    fn boot(&self) -> Boot {
        let last = self.log.last();
        let mut wakes: Vec<(Timestamp, CustomerId)> = self
            .wakes
            .iter()
            .map(|(customer, at)| (*at, *customer))
            .collect();
        wakes.sort_unstable();
        Boot {
            last_seq: last.map_or(Seq(0), |input| input.seq),
            last_received_at: last.map_or(Timestamp(0), |input| input.received_at),
            replay_from: self.replay_from,
            route: self.route.clone(),
            world: self.log.iter().rev().find_map(|input| match &input.body {
                InputBody::World(facts) => Some(facts.clone()),
                _ => None,
            }),
            wakes,
        }
    }

    fn log(&self, from: Seq) -> Vec<Input> {
        self.log
            .iter()
            .filter(|input| input.seq >= from)
            .cloned()
            .collect()
    }

    fn customer(&self, id: CustomerId) -> Option<CustomerState> {
        self.customers.get(&id).cloned()
    }

    fn resolve(&self, key: LinkKey) -> Option<CustomerId> {
        self.links.get(&key).copied()
    }
}

/// A real store as a disk: opened anew after every crash.
pub struct StoreDisk<'a> {
    place: &'a dyn TempStore,
    store: Option<Arc<dyn Store>>,
}

impl<'a> StoreDisk<'a> {
    /// Opens the store and becomes its writer.
    ///
    /// # Panics
    /// When that is not possible.
    pub fn new(place: &'a dyn TempStore) -> Self {
        let mut disk = Self { place, store: None };
        disk.power_cycle(Timestamp(0));
        disk
    }

    fn store(&self) -> &dyn Store {
        &**self.store.as_ref().expect("it is open between crashes")
    }
}

impl Disk for StoreDisk<'_> {
    fn power_cycle(&mut self, now: Timestamp) {
        self.store = None;
        let store = self.place.open();
        // The writer before is gone; whether its lease is too depends on the database.
        store
            .acquire_lease(now)
            .or_else(|_| store.seize_lease(now))
            .expect("the only writer gets the lease");
        self.store = Some(store);
    }

    fn commit(&mut self, unit: &CommitUnit) {
        let committed = self.store().commit(unit);
        let committed = committed.expect("a temporary store takes a unit");
        if let Some(last) = unit.inputs.last() {
            assert_eq!(committed.last_seq, last.seq);
        }
    }

    fn boot(&self) -> Boot {
        self.store().boot().expect(READS)
    }

    fn log(&self, from: Seq) -> Vec<Input> {
        let mut log: Vec<Input> = Vec::new();
        let mut next = from.max(Seq(1));
        loop {
            let part = self.store().read_log(next, 1_000).expect(READS);
            let Some(last) = part.last() else {
                return log;
            };
            next = Seq(last.seq.0 + 1);
            log.extend(part.into_iter().filter(|input| input.seq >= from));
        }
    }

    fn customer(&self, id: CustomerId) -> Option<CustomerState> {
        self.store().customers(&[id]).expect(READS).pop().flatten()
    }

    fn resolve(&self, key: LinkKey) -> Option<CustomerId> {
        self.store().resolve(&[key]).expect(READS).pop().flatten()
    }

    fn check(&self, rows: &Rows, states: &MemoryStates) {
        check_store(self.store(), rows, states);
    }
}

/// What a temporary store is expected to do.
const READS: &str = "a temporary store can be read";

/// Compares everything readable in a store with the rows that were made durable, and with
/// the states they came from.
///
/// # Panics
/// When something is lost, doubled or unreadable.
pub fn check_store(store: &dyn Store, rows: &Rows, states: &MemoryStates) {
    let mut found = BTreeMap::new();
    for customer in states.customers.keys() {
        for item in timeline(store, *customer) {
            if let TimelineBody::Message {
                message,
                client_key,
                text,
                ..
            } = item.body
            {
                found.insert(message, (text.reveal().to_owned(), client_key));
            }
        }
    }
    assert_eq!(found, rows.messages, "every message is readable, once");
    let waiting = store.requests().expect(READS);
    let waiting: BTreeSet<RequestId> = waiting.iter().map(|(request, _)| *request).collect();
    let expected = states.routing.state().requests.keys().copied().collect();
    assert_eq!(waiting, expected, "every open request has a row");
    let agents = store.agents().expect(READS);
    let routing = states.routing.state();
    assert!(
        agents
            .iter()
            .map(|(id, agent)| (id, agent))
            .eq(&routing.agents)
    );
    for grant in rows.uses.keys() {
        assert!(store.grant(*grant).expect(READS).is_some());
    }
    let ledger = store.verify_ledger().expect(READS);
    assert_eq!(ledger.first_bad, None, "the ledger fits its hashes");
    let decisions = store
        .decision_counts(&DecisionFilter::default())
        .expect(READS);
    let counted: u64 = decisions.by_outcome.values().sum();
    assert_eq!(counted, rows.decisions.len() as u64);
}

/// A whole timeline, page by page.
fn timeline(store: &dyn Store, customer: CustomerId) -> Vec<TimelineItem> {
    let mut items: Vec<TimelineItem> = Vec::new();
    loop {
        let query = TimelineQuery {
            customer,
            window: TimelineWindow::After(items.last().map_or(0, |item| item.seq)),
            reader: TimelineReader::Staff,
            limit: 500,
        };
        let page = store.timeline(&query).expect(READS);
        items.extend(page.items);
        if !page.more {
            return items;
        }
    }
}

/// Everything that was made durable as rows, watched for doubles and kept for the end.
#[derive(Debug, Default)]
pub struct Rows {
    /// Every effect, in order.
    pub effects: Vec<Effect>,
    /// Messages with their text and client key.
    pub messages: BTreeMap<MessageId, (String, String)>,
    /// Client keys that became a message, with how often.
    pub client_keys: BTreeMap<String, u32>,
    /// Decisions.
    pub decisions: BTreeSet<DecisionId>,
    /// Conversations with an agent who had them.
    pub assigned: BTreeSet<(InteractionId, AgentId)>,
    /// Conversations with a row.
    pub conversations: BTreeSet<InteractionId>,
    /// Ledger changes by grant: held minus released, and connected.
    pub uses: BTreeMap<GrantId, (i64, i64)>,
    timeline: BTreeSet<(CustomerId, u64)>,
}

impl Rows {
    /// Takes the effects of a durable unit.
    ///
    /// # Panics
    /// When a row that must be unique comes twice.
    pub fn take(&mut self, effects: &[Effect]) {
        for effect in effects {
            self.take_one(effect);
        }
        self.effects.extend_from_slice(effects);
    }

    fn take_one(&mut self, effect: &Effect) {
        match effect {
            Effect::Timeline(item) => {
                assert!(
                    self.timeline.insert((item.customer, item.seq)),
                    "two timeline rows have number {} of {}",
                    item.seq,
                    item.customer
                );
                self.take_timeline(&item.body);
            }
            Effect::Decision(record) => assert!(
                self.decisions.insert(record.decision),
                "{} was recorded twice",
                record.decision
            ),
            Effect::Request {
                state: Some(state), ..
            } => {
                if let RequestStage::Assigned { agent, .. } = state.stage {
                    self.assigned.insert((state.conversation, agent));
                }
            }
            Effect::Conversation(row) => {
                self.conversations.insert(row.conversation);
            }
            Effect::Ledger(entry) => {
                let (open, connected) = self.uses.entry(entry.grant).or_default();
                match entry.change {
                    LedgerChange::Held(_) => *open += 1,
                    LedgerChange::Released(_) => *open -= 1,
                    LedgerChange::Connected(_) => *connected += 1,
                    _ => {}
                }
            }
            Effect::Merged {
                from,
                into,
                timeline_offset,
            } => {
                let moved: Vec<u64> = self
                    .timeline
                    .range((*from, 0)..=(*from, u64::MAX))
                    .map(|(_, seq)| *seq)
                    .collect();
                for seq in moved {
                    self.timeline.remove(&(*from, seq));
                    assert!(
                        self.timeline.insert((*into, seq + timeline_offset)),
                        "a folded timeline row took a number that was in use"
                    );
                }
            }
            _ => {}
        }
    }

    fn take_timeline(&mut self, body: &TimelineBody) {
        if let TimelineBody::Message {
            message,
            client_key,
            text,
            ..
        } = body
        {
            let row = (text.reveal().to_owned(), client_key.clone());
            assert!(
                self.messages.insert(*message, row).is_none(),
                "{message} was written twice"
            );
            if !client_key.is_empty() {
                *self.client_keys.entry(client_key.clone()).or_default() += 1;
            }
        }
    }
}
