//! What survives a crash.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::model::*;
use overture_store::{Boot, CommitUnit, Store};

/// The part of a store that the simulation lives on.
pub trait Disk {
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

/// A real store as a disk. It has the lease and is expected to work.
pub struct StoreDisk<'a>(pub &'a dyn Store);

impl Disk for StoreDisk<'_> {
    fn commit(&mut self, unit: &CommitUnit) {
        self.0.commit(unit).expect("a temporary store takes a unit");
    }

    fn boot(&self) -> Boot {
        self.0.boot().expect("a temporary store can be read")
    }

    fn log(&self, from: Seq) -> Vec<Input> {
        let mut log: Vec<Input> = Vec::new();
        let mut next = from;
        loop {
            let part = self
                .0
                .read_log(next, 1_000)
                .expect("a temporary store can be read");
            let Some(last) = part.last() else {
                return log;
            };
            next = Seq(last.seq.0 + 1);
            log.extend(part.into_iter().filter(|input| input.seq >= from));
        }
    }

    fn customer(&self, id: CustomerId) -> Option<CustomerState> {
        let mut found = self
            .0
            .customers(&[id])
            .expect("a temporary store can be read");
        found.pop().flatten()
    }

    fn resolve(&self, key: LinkKey) -> Option<CustomerId> {
        let mut found = self
            .0
            .resolve(&[key])
            .expect("a temporary store can be read");
        found.pop().flatten()
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
