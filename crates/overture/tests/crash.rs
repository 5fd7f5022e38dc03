//! The real core on a real store whose commits break and whose power fails, under the
//! simulated people of the testkit: nothing acknowledged is lost, nothing is doubled.
//!
//! Threads race, so a seed does not fix everything; what must hold, holds for every race.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may, and a soak test says its seed"
)]

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use overture::core::{self, Handle, Options, Running};
use overture_engine::{World, flow, memory::MemoryStates, model::*};
use overture_http::{Core, Readiness, WorldChange};
use overture_store::Store;
use overture_testkit::{
    build::{self, PlainModel, START, about},
    faults::{BrokenCommit, Faults, FaultyStore},
    random::Random,
    sim::{
        disk::{Rows, check_store},
        people::{BROWSERS, People, Sent, Wants, sent},
    },
    stores::{TempPostgres, TempSqlite, TempStore},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the core's clock shows. One test at a time moves it.
static CLOCK_MS: AtomicI64 = AtomicI64::new(START.0);

fn clock() -> Timestamp {
    Timestamp(CLOCK_MS.load(Ordering::SeqCst))
}

struct Site<'a> {
    place: &'a dyn TempStore,
    runtime: tokio::runtime::Runtime,
    store: Arc<dyn Store>,
    faults: Arc<Faults>,
    core: Arc<Handle>,
    running: Option<Running>,
    people: People,
    random: Random,
    sent: Vec<Sent>,
    flying: Vec<usize>,
    crashes: u32,
    broken: u64,
}

fn open(place: &dyn TempStore) -> (Arc<dyn Store>, Arc<Faults>, Arc<Handle>, Running) {
    let store = place.open();
    store
        .acquire_lease(clock())
        .or_else(|_| store.seize_lease(clock()))
        .unwrap();
    let faults = Arc::new(Faults::default());
    let faulty = FaultyStore::new(Arc::clone(&store), Arc::clone(&faults));
    let (core, running) = core::start(Options {
        issues: None,
        store: Arc::new(faulty),
        engagement: Arc::new(PlainModel),
        text: Arc::new(overture_engine::understand::text::NoTextModel),
        text_again: None,
        key: Default::default(),
        clock,
    });
    (store, faults, core, running)
}

impl<'a> Site<'a> {
    fn new(place: &'a dyn TempStore, seed: u64) -> Self {
        let (store, faults, core, running) = open(place);
        let mut site = Self {
            place,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            store,
            faults,
            core,
            running: Some(running),
            people: People::new(seed),
            random: Random::new(seed),
            sent: Vec::new(),
            flying: Vec::new(),
            crashes: 0,
            broken: 0,
        };
        site.wait_until_ready();
        for change in [WorldChange::Faqs(true), WorldChange::Mode(Mode::Live)] {
            site.runtime
                .block_on(site.core.change_world(change))
                .unwrap();
        }
        let facts = site.core.world();
        for one in site.people.opening(&facts).into_iter().skip(1) {
            let reply = site.core.submit(vec![one.ingress]);
            site.runtime.block_on(reply).unwrap();
        }
        site
    }

    fn wait_until_ready(&self) {
        let mut readiness = self.core.readiness();
        self.runtime.block_on(async {
            let ready = readiness.wait_for(|now| *now == Readiness::Ready);
            tokio::time::timeout(PATIENCE, ready)
                .await
                .expect("the core gets ready")
                .unwrap();
        });
    }

    /// What people can see, read like the desk and the widget read it.
    fn seen(&self) -> MemoryStates {
        let mut seen = MemoryStates::default();
        for browser in 0..BROWSERS {
            let key = build::identifier(
                IdentifierKind::Device,
                &format!("browser-{browser}"),
                IdentityLevel::Anonymous,
            )
            .key;
            let Some(customer) = self.store.resolve(&[key]).unwrap()[0] else {
                continue;
            };
            if let Some(view) = self.runtime.block_on(self.core.peek(customer)) {
                seen.links.insert(key, view.state.customer);
                seen.customers.insert(view.state.customer, view.state);
            }
        }
        let state = RouteState {
            agents: self.store.agents().unwrap().into_iter().collect(),
            requests: self.store.requests().unwrap().into_iter().collect(),
            ..RouteState::default()
        };
        seen.routing = overture_engine::route::Routing::from_state(state);
        seen
    }

    fn round(&mut self) {
        let by_ms = match self.random.below(30) {
            0 => 3_600_000,
            1 => -300_000,
            2..=4 => 40_000,
            _ => self.random.below(3_000) as i64,
        };
        CLOCK_MS.fetch_add(by_ms, Ordering::SeqCst);
        let (seen, facts) = (self.seen(), self.core.world());
        for _ in 0..1 + self.random.below(6) {
            for one in self.people.act(&seen, &facts) {
                self.sent.push(one);
                self.flying.push(self.sent.len() - 1);
            }
        }
        let trouble = self.random.below(20);
        match trouble {
            0 => self.faults.break_next_commit(BrokenCommit::Before),
            1 => self.faults.break_next_commit(BrokenCommit::After),
            _ => {}
        }
        let mut waiting = Vec::new();
        for _ in 0..1 + self.random.below(10) {
            if self.flying.is_empty() {
                break;
            }
            let which = self.random.below(self.flying.len() as u64) as usize;
            let place = self.flying.swap_remove(which);
            self.sent[place].tries += 1;
            let ingress = self.sent[place].ingress.clone();
            if let Subject::World(facts) = &ingress.subject {
                let change = self.core.change_world(WorldChange::Mode(facts.mode));
                let _ = self.runtime.block_on(change);
            } else {
                waiting.push((place, self.core.submit(vec![ingress])));
            }
        }
        if trouble == 2 {
            self.faults.cut_power();
        }
        for (place, reply) in waiting {
            match self.runtime.block_on(reply) {
                Ok(mut replies) if !self.random.percent(5) => {
                    let reply = replies.pop().unwrap();
                    self.check_answer(place, &reply);
                    self.people.learn(&reply);
                    self.sent[place].answered = Some(reply);
                }
                _ if self.sent[place].tries < 20 => self.flying.push(place),
                _ => {}
            }
        }
        if trouble == 2 {
            self.crash();
        }
        self.wait_until_ready();
    }

    fn check_answer(&self, place: usize, reply: &Reply) {
        match (&self.sent[place].wants, reply) {
            (Wants::Help, Reply::Conversation { conversation, .. }) => assert!(
                self.store.conversation(*conversation).unwrap().is_some(),
                "{conversation} was promised and is not there"
            ),
            (Wants::Help, other) => panic!("help was refused: {other:?}"),
            (Wants::Message(_), Reply::Message { .. } | Reply::Gone | Reply::NotYours) => {}
            (Wants::Message(_), other) => panic!("a message was answered with {other:?}"),
            (Wants::Reservation(_), Reply::Assigned { .. } | Reply::Gone | Reply::NotYours) => {}
            (Wants::Reservation(_), other) => panic!("an agent was answered with {other:?}"),
            (Wants::Grant | Wants::Nothing, _) => {}
        }
    }

    /// The process is gone; another one starts on what the disk has.
    fn crash(&mut self) {
        self.crashes += 1;
        self.broken += self.faults.commits_broken();
        self.core.stop(self.running.take().unwrap());
        let nothing = TempSqlite::new();
        self.store = nothing.open();
        let (store, faults, core, running) = open(self.place);
        self.store = store;
        self.faults = faults;
        self.core = core;
        self.running = Some(running);
    }

    /// Everybody goes home; then the log tells what should be there.
    fn end(mut self) {
        let deadline = Instant::now() + PATIENCE;
        while let Some(place) = self.flying.pop() {
            assert!(Instant::now() < deadline, "answers do not come");
            let ingress = self.sent[place].ingress.clone();
            if !matches!(ingress.subject, Subject::World(_)) {
                let reply = self.runtime.block_on(self.core.submit(vec![ingress]));
                let reply = reply.unwrap().pop().unwrap();
                self.check_answer(place, &reply);
                self.sent[place].answered = Some(reply);
            }
        }
        loop {
            assert!(Instant::now() < deadline, "the day does not end");
            CLOCK_MS.fetch_add(3_600_000, Ordering::SeqCst);
            let mut done = true;
            for state in self.seen().customers.values() {
                done &= state.offer.is_none() && state.conversation.is_none();
                for open in state.open() {
                    let home = sent(about(state.customer, going_home(open)), Wants::Nothing);
                    let reply = self.core.submit(vec![home.ingress]);
                    self.runtime.block_on(reply).unwrap();
                }
            }
            let idle = |agent: &AgentState| agent.load == PerChannel::default();
            let agents = self.store.agents().unwrap();
            if done && agents.iter().all(|(_, agent)| idle(agent)) {
                break;
            }
        }
        self.core.stop(self.running.take().unwrap());
        self.broken += self.faults.commits_broken();
        assert!(self.crashes > 0 && self.broken > 0, "nothing went wrong");
        self.check_everything();
    }

    fn check_everything(&self) {
        let boot = self.store.boot().unwrap();
        let route = boot.route.unwrap();
        assert!(route.holds.is_empty() && route.requests.is_empty());
        let (rows, states) = self.replay();
        assert_eq!(*states.routing.state(), route);
        for (id, state) in &states.customers {
            let stored = self.store.customers(&[*id]).unwrap().pop().flatten();
            assert_eq!(stored.as_ref(), Some(state), "{id} is stored as replayed");
        }
        check_store(&*self.store, &rows, &states);
        for one in &self.sent {
            match (&one.wants, &one.answered) {
                (Wants::Message(key), Some(Reply::Message { message, .. })) => {
                    let (text, client_key) = &rows.messages[message];
                    assert_eq!((text, client_key), (&format!("text of {key}"), key));
                    assert_eq!(rows.client_keys[key], 1, "`{key}` was written twice");
                }
                (Wants::Reservation(agent), Some(Reply::Assigned { conversation, .. })) => {
                    let had = rows.assigned.contains(&(*conversation, *agent));
                    assert!(had, "{agent} never had {conversation}");
                }
                (Wants::Grant, Some(Reply::Granted { grant, .. })) => {
                    assert!(rows.uses.contains_key(grant), "{grant} is lost");
                }
                _ => {}
            }
        }
        for times in rows.client_keys.values() {
            assert_eq!(*times, 1, "a message was written twice");
        }
        for (grant, (counted, connected)) in &rows.uses {
            assert_eq!(counted, connected, "a use of {grant} hangs");
        }
        assert!(rows.messages.len() > 10 && rows.assigned.len() > 2);
    }

    /// The whole log once more: the rows it makes, and the states it ends in.
    fn replay(&self) -> (Rows, MemoryStates) {
        let mut world = World {
            facts: WorldFacts::default(),
            policy: build::world().policy,
            engagement: Arc::new(PlainModel),
            text: Arc::new(overture_engine::understand::text::NoTextModel),
            issues: None,
            lexicon: Default::default(),
            rollouts: Default::default(),
            key: Default::default(),
        };
        let (mut rows, mut states) = (Rows::default(), MemoryStates::default());
        let mut next = Seq(1);
        loop {
            let part = self.store.read_log(next, 1_000).unwrap();
            let Some(last) = part.last() else {
                return (rows, states);
            };
            let from = next;
            next = Seq(last.seq.0 + 1);
            for input in part.iter().filter(|input| input.seq >= from) {
                if let InputBody::World(facts) = &input.body {
                    world.facts = facts.clone();
                }
                rows.take(&flow::replay(&mut states, &world, input).unwrap());
            }
        }
    }
}

fn going_home(open: &ConversationState) -> CustomerBody {
    let conversation = open.conversation;
    match open.agent {
        Some(agent) => CustomerBody::AgentResolved {
            conversation,
            agent,
            code: ResolutionCode::Other,
            notes: Private::default(),
        },
        None => CustomerBody::CustomerEnded { conversation },
    }
}

/// The core's clock is one for all tests here.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn days(place: impl Fn() -> Box<dyn TempStore>, seeds: Range<u64>, rounds: u32) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for seed in seeds {
        println!("seed {seed}, {rounds} rounds");
        CLOCK_MS.store(START.0, Ordering::SeqCst);
        let place = place();
        let mut site = Site::new(&*place, seed);
        for _ in 0..rounds {
            site.round();
        }
        site.end();
    }
}

#[test]
fn the_core_on_sqlite_loses_and_doubles_nothing() {
    days(|| Box::new(TempSqlite::new()), 0..2, 120);
}

#[test]
fn the_core_on_postgresql_loses_and_doubles_nothing() {
    if TempPostgres::new().is_none() {
        println!("left out: no PostgreSQL answers");
        return;
    }
    days(|| Box::new(TempPostgres::new().unwrap()), 2..3, 120);
}

/// New seeds for `OVERTURE_SOAK_MINUTES` minutes.
#[test]
#[ignore = "long: runs in `cargo xtask soak`"]
fn the_core_loses_and_doubles_nothing_for_long() {
    let minutes = std::env::var("OVERTURE_SOAK_MINUTES").map_or(1, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    for seed in 1_000.. {
        if Instant::now() > end {
            return;
        }
        let place = || -> Box<dyn TempStore> {
            match TempPostgres::new() {
                Some(place) if seed % 4 == 3 => Box::new(place),
                _ => Box::new(TempSqlite::new()),
            }
        };
        days(place, seed..seed + 1, 300);
    }
}
