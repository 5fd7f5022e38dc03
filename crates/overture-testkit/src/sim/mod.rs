//! A whole installation in one thread: people, a network that repeats, loses and reorders,
//! a clock that jumps, a node that crashes, and a disk that does not.
//!
//! Everything follows from a seed. [`run`] panics with the seed in the message when a
//! promise is broken: nothing acknowledged is lost or doubled, no seat is leaked, nobody is
//! contacted who must not be, own requests are never suppressed, and replaying the log
//! gives the same states, rows and decisions.

pub mod checks;
pub mod disk;
pub mod node;
pub mod people;

use overture_engine::{World, flow, memory::MemoryStates, model::*};

use self::{
    checks::{Contacts, check_states},
    disk::{Disk, Rows},
    node::Node,
    people::{People, Sent, Wants, sent},
};
use crate::{
    build::{self, START},
    clock::FakeClock,
    random::Random,
};

/// What a run came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Summary {
    /// Inputs in the log.
    pub inputs: u64,
    /// Transactions.
    pub commits: u64,
    /// Crashes survived.
    pub crashes: u64,
    /// Contacts made unasked.
    pub contacts: u64,
    /// Recorded decisions not to.
    pub withheld: u64,
    /// Messages in conversations.
    pub messages: u64,
    /// Reservations accepted.
    pub assignments: u64,
    /// Customers folded into others.
    pub merges: u64,
}

impl Summary {
    /// Adds another run.
    pub fn add(&mut self, other: Self) {
        self.inputs += other.inputs;
        self.commits += other.commits;
        self.crashes += other.crashes;
        self.contacts += other.contacts;
        self.withheld += other.withheld;
        self.messages += other.messages;
        self.assignments += other.assignments;
        self.merges += other.merges;
    }
}

/// Prints the seed when a run does not come to its end.
struct SeedOnPanic(u64);

impl Drop for SeedOnPanic {
    #[expect(clippy::print_stderr, reason = "the seed is what a failure is about")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the simulation failed with seed {}; run it again with \
                 OVERTURE_SIM_SEED={} cargo test -p overture-testkit --test simulation one_seed",
                self.0, self.0
            );
        }
    }
}

/// Simulates `rounds` rounds of a new installation on an empty disk.
///
/// # Panics
/// When a promise is broken.
pub fn run(seed: u64, rounds: u32, disk: &mut dyn Disk) -> Summary {
    let _seed = SeedOnPanic(seed);
    let mut sim = Sim::new(seed, disk);
    for _ in 0..rounds {
        sim.round();
    }
    sim.end()
}

/// How often something unanswered is sent again.
const TRIES_MAX: u32 = 12;

struct Sim<'a> {
    random: Random,
    people: People,
    disk: &'a mut dyn Disk,
    world: World,
    node: Node,
    /// What is durable, as it looked in memory; what people can see.
    durable: MemoryStates,
    rows: Rows,
    contacts: Contacts,
    durable_contacts: Contacts,
    clock: FakeClock,
    sent: Vec<Sent>,
    /// Places in `sent` that are on their way.
    flying: Vec<usize>,
    /// Answers that wait for the commit.
    answers: Vec<(usize, Reply)>,
    summary: Summary,
}

impl<'a> Sim<'a> {
    fn new(seed: u64, disk: &'a mut dyn Disk) -> Self {
        let mut random = Random::new(seed);
        let world = build::world_with(policy_of(&mut random));
        let node = Node::start(disk, &world);
        let mut sim = Self {
            people: People::new(seed),
            random,
            disk,
            durable: MemoryStates::default(),
            node,
            rows: Rows::default(),
            contacts: Contacts::default(),
            durable_contacts: Contacts::default(),
            clock: FakeClock::at(START),
            sent: Vec::new(),
            flying: Vec::new(),
            answers: Vec::new(),
            summary: Summary::default(),
            world,
        };
        let opening = sim.people.opening(&sim.world.facts);
        for one in opening {
            let place = sim.send(one);
            sim.deliver(place);
        }
        sim.flying.clear();
        sim.commit();
        sim.answer();
        sim
    }

    fn send(&mut self, one: Sent) -> usize {
        self.sent.push(one);
        self.flying.push(self.sent.len() - 1);
        self.sent.len() - 1
    }

    fn round(&mut self) {
        self.move_clock();
        for _ in 0..1 + self.random.below(4) {
            for one in self.people.act(&self.durable, &self.node.world.facts) {
                self.send(one);
            }
        }
        for _ in 0..self.random.below(10) {
            if self.flying.is_empty() {
                break;
            }
            // Out of order, and now and then once more.
            let which = self.random.below(self.flying.len() as u64) as usize;
            let place = self.flying.swap_remove(which);
            if self.random.percent(10) {
                self.flying.push(place);
            }
            self.deliver(place);
        }
        self.tick();
        match self.random.below(100) {
            0..=4 => self.crash(),
            5..=9 => {
                self.commit();
                self.crash();
            }
            _ => {
                self.commit();
                self.answer();
            }
        }
    }

    fn move_clock(&mut self) {
        let by = match self.random.below(60) {
            0 => Millis::from_secs(3_600),
            1 => Millis::from_secs(86_400),
            2 => {
                self.clock.jump(self.clock.now() - Millis::from_secs(300));
                Millis(0)
            }
            3..=8 => Millis::from_secs(30 + self.random.below(120)),
            _ => Millis(self.random.below(4_000)),
        };
        self.clock.advance(by);
    }

    /// Hands something to the node. An answer comes only after the commit.
    fn deliver(&mut self, place: usize) {
        self.sent[place].tries += 1;
        let ingress = self.sent[place].ingress.clone();
        let stops = matches!(
            &ingress.subject,
            Subject::World(facts) if facts.mode == Mode::Shadow
        );
        let reply = self.take(ingress);
        self.answers.push((place, reply));
        if stops {
            self.withdraw_offers();
        }
    }

    fn take(&mut self, ingress: Ingress) -> Reply {
        let effects = self.node.batch.effects.len();
        let reply = self.node.take(&*self.disk, self.clock.now(), ingress);
        let made = &self.node.batch.effects[effects..];
        self.contacts
            .check(made, &self.node.memory, &self.node.world);
        check_states(&self.node.memory, self.node.now);
        reply
    }

    /// The red Stop: whoever sees an offer is ticked at once.
    fn withdraw_offers(&mut self) {
        let offered: Vec<CustomerId> = self
            .node
            .memory
            .customers
            .values()
            .filter(|state| state.offer.is_some())
            .map(|state| state.customer)
            .collect();
        for customer in offered {
            self.take(build::about(customer, CustomerBody::Tick));
        }
        let left = self
            .node
            .memory
            .customers
            .values()
            .find(|state| state.offer.is_some());
        assert!(left.is_none(), "an offer survived the Stop");
    }

    fn tick(&mut self) {
        for turn in 0.. {
            assert!(turn < 10_000, "ticks do not come to an end");
            let Some(due) = self.node.due(self.clock.now()) else {
                return;
            };
            self.take(due);
        }
    }

    fn commit(&mut self) {
        let unit = self.node.unit(&mut self.random);
        self.summary.inputs += unit.inputs.len() as u64;
        self.summary.commits += 1;
        self.disk.commit(&unit);
        self.rows.take(&unit.effects);
        self.durable_contacts = self.contacts.clone();
        self.durable
            .customers
            .clone_from(&self.node.memory.customers);
        self.durable.routing = self.node.memory.routing.clone();
        for effect in &unit.effects {
            match effect {
                Effect::Link(link) => {
                    let key = link.identifier.key;
                    self.durable.links.insert(key, link.customer);
                }
                Effect::Merged { from, into, .. } => {
                    self.summary.merges += 1;
                    for owner in self.durable.links.values_mut() {
                        if owner == from {
                            *owner = *into;
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Memory is gone, and with it everything since the last commit; who has no answer
    /// asks again.
    fn crash(&mut self) {
        self.summary.crashes += 1;
        for (place, _) in std::mem::take(&mut self.answers) {
            self.send_again(place);
        }
        self.contacts = self.durable_contacts.clone();
        self.disk.power_cycle(self.node.now);
        self.node = Node::start(&*self.disk, &self.world);
        let recovered = &self.node.memory;
        for (id, expected) in &self.durable.customers {
            let found = match recovered.customers.get(id) {
                Some(state) => Some(state.clone()),
                None => self.disk.customer(*id),
            };
            assert_eq!(found.as_ref(), Some(expected), "{id} came back the same");
        }
        assert_eq!(
            recovered.routing.state(),
            self.durable.routing.state(),
            "routing came back the same"
        );
        recovered
            .routing
            .check_index()
            .expect("indexes fit the recovered state");
        for (key, customer) in &self.durable.links {
            assert_eq!(
                self.disk.resolve(*key),
                Some(*customer),
                "links came back the same"
            );
        }
        // Everybody whom the node knew before is looked at again by the checks.
        for (id, state) in &self.durable.customers {
            self.node
                .memory
                .customers
                .entry(*id)
                .or_insert_with(|| state.clone());
        }
    }

    fn send_again(&mut self, place: usize) {
        let unanswered = self.sent[place].answered.is_none();
        if unanswered && self.sent[place].tries < TRIES_MAX && !self.flying.contains(&place) {
            self.flying.push(place);
        }
    }

    /// Hands out the answers of a commit; some get lost on the way.
    fn answer(&mut self) {
        for (place, reply) in std::mem::take(&mut self.answers) {
            if self.random.percent(8) {
                self.send_again(place);
                continue;
            }
            self.check_answer(place, &reply);
            self.people.learn(&reply);
            self.sent[place].answered = Some(reply);
        }
    }

    fn check_answer(&self, place: usize, reply: &Reply) {
        let one = &self.sent[place];
        match (&one.wants, reply) {
            (Wants::Help, Reply::Conversation { conversation, .. }) => assert!(
                self.rows.conversations.contains(conversation),
                "{conversation} was promised and is not there"
            ),
            (Wants::Help, other) => panic!("help was refused: {other:?}"),
            (Wants::Message(key), Reply::Message { message, .. }) => {
                let (text, client_key) = self
                    .rows
                    .messages
                    .get(message)
                    .unwrap_or_else(|| panic!("{message} was acknowledged and is lost"));
                assert_eq!(
                    (text.as_str(), client_key),
                    (&*format!("text of {key}"), key)
                );
                if let Some(Reply::Message { message: first, .. }) = &one.answered {
                    assert_eq!(first, message, "a message got a second id");
                }
            }
            (Wants::Message(_), Reply::Gone | Reply::NotYours) => {}
            (Wants::Message(_), other) => panic!("a message was answered with {other:?}"),
            (Wants::Reservation(agent), Reply::Assigned { conversation, .. }) => assert!(
                self.rows.assigned.contains(&(*conversation, *agent)),
                "{agent} was promised {conversation} and does not have it"
            ),
            (Wants::Reservation(_), Reply::Gone | Reply::NotYours) => {}
            (Wants::Reservation(_), other) => panic!("an agent was answered with {other:?}"),
            (Wants::Grant, Reply::Granted { grant, .. }) => assert!(
                self.rows.uses.contains_key(grant),
                "{grant} is not in the ledger"
            ),
            (Wants::Grant | Wants::Nothing, _) => {}
        }
    }

    /// Everybody goes home; then the books are checked.
    fn end(mut self) -> Summary {
        for place in std::mem::take(&mut self.flying) {
            self.deliver(place);
        }
        self.close_everything();
        for turn in 0.. {
            assert!(turn < 1_000, "time does not run out");
            let Some(due) = self.node.next_due() else {
                break;
            };
            self.clock.jump(self.node.now.max(due));
            self.tick();
        }
        self.commit();
        self.answer();
        self.crash();
        let routing = self.node.memory.routing.state();
        assert!(routing.requests.is_empty(), "a request is left");
        assert!(routing.holds.is_empty(), "a seat is left");
        for agent in routing.agents.values() {
            assert_eq!(agent.load, PerChannel::default(), "a seat is leaked");
        }
        self.check_books();
        self.replay_all();
        self.disk.check(&self.rows, &self.node.memory);
        self.summary.contacts = self.contacts.count;
        self.summary.withheld = self.contacts.withheld;
        self.summary.messages = self.rows.messages.len() as u64;
        self.summary.assignments = self.rows.assigned.len() as u64;
        self.summary
    }

    fn close_everything(&mut self) {
        let open: Vec<(CustomerId, InteractionId, Option<AgentId>)> = self
            .node
            .memory
            .customers
            .values()
            .flat_map(|state| {
                state
                    .open()
                    .map(|open| (state.customer, open.conversation, open.agent))
            })
            .collect();
        for (customer, conversation, agent) in open {
            let body = match agent {
                Some(agent) => CustomerBody::AgentResolved {
                    conversation,
                    agent,
                    code: ResolutionCode::Other,
                    notes: Private::default(),
                },
                None => CustomerBody::CustomerEnded { conversation },
            };
            let place = self.send(sent(build::about(customer, body), Wants::Nothing));
            self.deliver(place);
        }
    }

    fn check_books(&self) {
        for (key, times) in &self.rows.client_keys {
            assert_eq!(*times, 1, "the message `{key}` was written {times} times");
        }
        for one in &self.sent {
            if let (Wants::Message(key), Some(Reply::Message { .. })) = (&one.wants, &one.answered)
            {
                assert_eq!(self.rows.client_keys.get(key), Some(&1), "`{key}` is lost");
            }
        }
        for (grant, (counted, connected)) in &self.rows.uses {
            assert_eq!(
                counted, connected,
                "{grant} has uses that neither reached an agent nor came back"
            );
        }
    }

    /// The whole log again, on an empty memory: the same rows, the same decisions.
    fn replay_all(&self) {
        let mut states = MemoryStates::default();
        let mut world = self.world.clone();
        let mut effects = self.rows.effects.iter();
        for input in self.disk.log(Seq(0)) {
            if let InputBody::World(facts) = &input.body {
                world.facts = facts.clone();
            }
            let again = flow::replay(&mut states, &world, &input).expect("memory can be read");
            for effect in &again {
                assert_eq!(
                    effects.next(),
                    Some(effect),
                    "replaying {} gives the same rows",
                    input.seq.0
                );
            }
        }
        assert_eq!(effects.next(), None, "replaying gives every row");
        assert_eq!(states.routing.state(), self.durable.routing.state());
    }
}

/// The shipped policy, or one with stricter permission, quiet hours, or a small cap.
fn policy_of(random: &mut Random) -> overture_engine::decide::Policy {
    let consent = ["contact = \"legitimate_interest\"", "contact = \"consent\""];
    let quiet = [
        "[quiet_hours]\nenabled = false",
        "[quiet_hours]\nenabled = true",
    ];
    let voice = ["[voice]\nenabled = false", "[voice]\nenabled = true"];
    let caps = ["contacts = 4", "contacts = 1"];
    let mut parts = Vec::new();
    for ([from, to], percent) in [(consent, 25), (quiet, 25), (caps, 25), (voice, 60)] {
        if random.percent(percent) {
            parts.push((from, to));
        }
    }
    build::policy_with(&parts)
}
