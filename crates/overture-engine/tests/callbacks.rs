//! Callbacks through both machines: promised, reminded, called, tried again, called off.
//!
//! tidy: long because the stories share one set of helpers and are read one after another.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/calm.rs"]
mod calm;

use std::sync::Arc;

use calm::Calm;
use overture_engine::{
    World,
    decide::Policy,
    flow::{self, Batch},
    memory::MemoryStates,
    model::*,
    route::{self, RouteOutput, Routing},
};
use proptest::prelude::*;

/// A Monday, 06:00 UTC.
const MONDAY: &str = "2026-03-02T06:00:00Z";

fn at(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap();
    Timestamp(time.as_millisecond())
}

fn slot(from: &str) -> Slot {
    let from = at(from);
    Slot {
        from,
        to: from + Millis::from_secs(900),
    }
}

struct Line {
    states: MemoryStates,
    world: World,
    now: Timestamp,
    next_seq: Seq,
    inputs: Vec<Input>,
    effects: Vec<Effect>,
    /// The opening hours of the brand that callbacks are asked of.
    hours: Option<AgentHours>,
}

impl Line {
    /// An office where agents work weekdays from nine to five, UTC.
    fn open(policy: &str) -> Self {
        let policy = Policy::parse(policy, 1).unwrap().policy;
        Self {
            states: MemoryStates::default(),
            world: World {
                facts: WorldFacts {
                    version: 1,
                    policy_revision: 1,
                    mode: Mode::Live,
                    model: "calm-1".into(),
                    ..WorldFacts::default()
                },
                policy: Arc::new(policy),
                engagement: Arc::new(Calm),
                text: Arc::new(overture_engine::understand::text::NoTextModel),
                issues: None,
                lexicon: Default::default(),
                rollouts: Default::default(),
                key: Default::default(),
            },
            now: at(MONDAY),
            next_seq: Seq(1),
            inputs: Vec::new(),
            effects: Vec::new(),
            hours: None,
        }
    }

    fn submit(&mut self, subject: Subject) -> Reply {
        let mut batch = Batch::default();
        let ingress = Ingress {
            source: None,
            occurred_at: None,
            message_key: None,
            unsaid: Unsaid::default(),
            subject,
        };
        let (states, world) = (&mut self.states, &self.world);
        let reply = flow::advance(
            states,
            world,
            ingress,
            self.now,
            &mut self.next_seq,
            &mut batch,
        )
        .unwrap();
        assert_eq!(batch.dropped, 0, "the machines came to rest");
        self.inputs.append(&mut batch.inputs);
        self.effects.append(&mut batch.effects);
        let settings = &self.world.policy.routing.machine.callbacks;
        self.states.routing.check_slots(settings).unwrap();
        self.states.routing.check_index().unwrap();
        reply
    }

    fn agent(&mut self, number: u32, change: impl Fn(&mut AgentProfile)) -> AgentId {
        let agent = AgentId::derive(Timestamp(1), Seq(1), number);
        let mut profile = AgentProfile {
            capacity: PerChannel {
                chat: 1,
                callback: 1,
            },
            active: true,
            ..AgentProfile::default()
        };
        change(&mut profile);
        self.submit(Subject::Route(RouteEvent::AgentChanged { agent, profile }));
        agent
    }

    fn presence(&mut self, agent: AgentId, presence: Presence) {
        self.submit(Subject::Route(RouteEvent::PresenceSet { agent, presence }));
    }

    fn customer(&mut self, number: u128) -> CustomerId {
        let device = Identifier {
            kind: IdentifierKind::Device,
            key: LinkKey(number),
            value: Private::new(format!("device {number}")),
            level: IdentityLevel::Anonymous,
        };
        let started = SessionStarted {
            device: device.key,
            anonymous: None,
            level: IdentityLevel::Anonymous,
            path: "/checkout".into(),
            time_zone: Some("Europe/Berlin".into()),
            language: None,
        };
        let body = CustomerBody::SessionStarted(started);
        match self.submit(Subject::Identified(vec![device], body)) {
            Reply::Session { customer, .. } => customer,
            other => panic!("expected a session, got {other:?}"),
        }
    }

    fn ask(&mut self, customer: CustomerId, key: u64, slot: Option<Slot>) -> InteractionId {
        self.ask_for(
            customer,
            key,
            slot,
            u128::from(customer.uuid().as_u128() as u64),
        )
    }

    fn ask_for(
        &mut self,
        customer: CustomerId,
        key: u64,
        slot: Option<Slot>,
        number: u128,
    ) -> InteractionId {
        let body = CustomerBody::CallbackAsked {
            ask: Box::new(CallbackAsk {
                number: LinkKey(number),
                slot,
                texts: true,
                our_number: Some("+442079460018".into()),
                time_zone: Some("Europe/Berlin".into()),
                language: Some("de".into()),
                hours: self.hours.clone(),
            }),
            phone: Private::new("+4930123456"),
            key,
            offer: None,
        };
        match self.submit(Subject::Customer(customer, body)) {
            Reply::Conversation { conversation, .. } => conversation,
            other => panic!("expected a conversation, got {other:?}"),
        }
    }

    /// Goes to a time, feeding every tick on the way when it is due.
    fn go_to(&mut self, time: Timestamp) {
        loop {
            let customers = self.states.customers.values();
            let wake = customers.filter_map(|state| state.wake_at).min();
            let routing = route::next_due(&self.states.routing);
            let Some(next) = wake
                .into_iter()
                .chain(routing)
                .min()
                .filter(|next| *next <= time)
            else {
                break;
            };
            self.now = self.now.max(next);
            let due: Vec<CustomerId> = self
                .states
                .customers
                .values()
                .filter(|state| state.wake_at.is_some_and(|at| at <= self.now))
                .map(|state| state.customer)
                .collect();
            for customer in due {
                self.submit(Subject::Customer(customer, CustomerBody::Tick));
            }
            self.submit(Subject::Route(RouteEvent::Tick));
        }
        self.now = time;
    }

    /// Whatever is offered to the agent is taken.
    fn take(&mut self, agent: AgentId) -> InteractionId {
        let requests = &self.states.routing.state().requests;
        let reservation = requests
            .values()
            .find_map(|request| match request.stage {
                RequestStage::Offered {
                    agent: asked,
                    reservation,
                    ..
                } if asked == agent => Some(reservation),
                _ => None,
            })
            .expect("a reservation is offered to the agent");
        let event = RouteEvent::ReservationAccepted { agent, reservation };
        match self.submit(Subject::Route(event)) {
            Reply::Assigned { conversation, .. } => conversation,
            other => panic!("expected work, got {other:?}"),
        }
    }

    fn called(&mut self, customer: CustomerId, agent: AgentId, outcome: CallOutcome) -> Reply {
        let conversation = self.states.customers[&customer]
            .conversation
            .as_ref()
            .unwrap()
            .conversation;
        let body = CustomerBody::CallbackCalled {
            conversation,
            agent,
            outcome,
            notes: Private::new("as it was"),
        };
        self.submit(Subject::Customer(customer, body))
    }

    /// When the callback that stands aside is due.
    fn due(&self, customer: CustomerId) -> Timestamp {
        let scheduled = self.state(customer).scheduled.as_deref();
        scheduled.unwrap().callback.as_deref().unwrap().due_at
    }

    /// The customer asks for a chat, and the agent takes it.
    fn chat(&mut self, customer: CustomerId, agent: AgentId) -> InteractionId {
        let asked = CustomerBody::HelpRequested {
            channel: ChannelKind::Chat,
            key: 9,
            text: None,
            phone: None,
        };
        self.submit(Subject::Customer(customer, asked));
        self.take(agent)
    }

    fn open_now(&self, customer: CustomerId) -> Option<InteractionId> {
        let open = self.state(customer).conversation.as_ref();
        open.map(|open| open.conversation)
    }

    fn state(&self, customer: CustomerId) -> &CustomerState {
        &self.states.customers[&customer]
    }

    /// What the customers were told in their pages, with when.
    fn told(&self) -> Vec<String> {
        let told = self.effects.iter().filter_map(|effect| match effect {
            Effect::Timeline(TimelineItem {
                at,
                body: TimelineBody::Callback(view),
                audience: Audience::Everyone,
                ..
            }) => Some(format!("{} {}", &at.to_string()[..16], view.notice.name())),
            _ => None,
        });
        told.collect()
    }

    fn texts(&self) -> usize {
        let items = self.effects.iter();
        items
            .filter(|effect| matches!(effect, Effect::Outbox(item) if matches!(item.what, Outbound::Sms(_))))
            .count()
    }

    /// The same log in a second memory comes to the same states.
    fn replays(&self) {
        let mut again = MemoryStates::default();
        let mut effects = Vec::new();
        for input in &self.inputs {
            effects.extend(flow::replay(&mut again, &self.world, input).unwrap());
        }
        assert_eq!(again.customers, self.states.customers);
        assert_eq!(again.routing.state(), self.states.routing.state());
        assert_eq!(effects, self.effects);
    }
}

#[test]
fn a_promised_call_is_confirmed_reminded_made_and_over() {
    let mut line = Line::open(Policy::shipped());
    let agent = line.agent(1, |_| {});
    let customer = line.customer(1);
    let conversation = line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
    let again = line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
    assert_eq!(conversation, again, "asking twice books once");
    assert_eq!(line.states.routing.state().bookings.len(), 1);
    assert!(
        line.state(customer).conversation.is_none(),
        "a chat is possible meanwhile"
    );

    line.presence(agent, Presence::Available);
    line.go_to(at("2026-03-02T10:00:00Z"));
    assert_eq!(line.take(agent), conversation);
    assert_eq!(
        line.called(customer, agent, CallOutcome::Reached),
        Reply::Done
    );
    assert_eq!(
        line.told(),
        [
            "2026-03-02T06:00 confirmed",
            "2026-03-02T09:50 reminder",
            "2026-03-02T10:00 done",
        ]
    );
    assert_eq!(line.texts(), 2, "that it is over is not worth a message");
    let state = line.state(customer);
    assert!(state.conversation.is_none() && state.scheduled.is_none());
    assert!(line.states.routing.state().requests.is_empty());
    line.replays();
}

#[test]
fn calls_that_reach_nobody_are_made_twice_more_and_then_given_up() {
    let mut line = Line::open(Policy::shipped());
    let agent = line.agent(1, |_| {});
    line.presence(agent, Presence::Available);
    let customer = line.customer(1);
    line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
    line.go_to(at("2026-03-02T10:00:00Z"));
    line.take(agent);
    line.called(customer, agent, CallOutcome::NoAnswer);
    assert_eq!(line.due(customer), at("2026-03-02T10:30:00Z"));
    line.go_to(at("2026-03-02T10:30:00Z"));
    line.take(agent);
    line.called(customer, agent, CallOutcome::Voicemail);
    assert_eq!(line.due(customer), at("2026-03-02T14:30:00Z"));
    line.go_to(at("2026-03-02T14:30:00Z"));
    line.take(agent);
    line.called(customer, agent, CallOutcome::NoAnswer);
    assert_eq!(
        line.told(),
        [
            "2026-03-02T06:00 confirmed",
            "2026-03-02T09:50 reminder",
            "2026-03-02T10:00 retry",
            "2026-03-02T10:20 reminder",
            "2026-03-02T10:30 retry",
            "2026-03-02T14:20 reminder",
            "2026-03-02T14:30 gave_up",
        ]
    );
    assert!(line.state(customer).scheduled.is_none());
    line.replays();
}

fn around_the_clock() -> AgentHours {
    AgentHours {
        hours: WeeklyHours::always(),
        time_zone: "UTC".into(),
    }
}

/// Calls at `first`, and once more whenever that reached nobody; returns when it is due then.
fn due_after(line: &mut Line, first: &str, tries: usize) -> Timestamp {
    line.go_to(at(first) - Millis::from_secs(3_600));
    let agent = line.agent(1, |profile| profile.hours = Some(around_the_clock()));
    line.presence(agent, Presence::Available);
    let customer = line.customer(1);
    line.ask(customer, 1, Some(slot(first)));
    let mut due = at(first);
    for _ in 0..tries {
        line.go_to(due);
        line.take(agent);
        line.called(customer, agent, CallOutcome::NoAnswer);
        due = line.due(customer);
    }
    line.replays();
    due
}

/// The customer is in Berlin. Their morning comes an hour of real time sooner or later on
/// the nights on which clocks change.
#[test]
fn nobody_is_called_again_at_night() {
    for (first, tries, expected) in [
        // 20:00, 20:30, and then not at half past midnight.
        ("2026-03-02T19:00:00Z", 1, "2026-03-02T19:30:00Z"),
        ("2026-03-02T19:00:00Z", 2, "2026-03-03T07:00:00Z"),
        // 20:45 and not at 21:15.
        ("2026-03-02T19:45:00Z", 1, "2026-03-03T07:00:00Z"),
        ("2026-03-28T19:00:00Z", 2, "2026-03-29T06:00:00Z"),
        ("2026-10-24T18:00:00Z", 2, "2026-10-25T07:00:00Z"),
    ] {
        let mut line = Line::open(Policy::shipped());
        let due = due_after(&mut line, first, tries);
        assert_eq!(due, at(expected), "after {tries} from {first}");
    }
}

#[test]
fn nobody_is_called_again_in_quiet_hours_or_while_the_brand_is_closed() {
    let quiet = "[quiet_hours]\nenabled = true\nfrom = \"18:00\"\nto = \"10:00\"";
    let late = "[callbacks]\nretry_hours = [\"mon-sun 00:00-24:00\"]";
    // A Friday, 16:45 in Dubai.
    let first = "2026-03-06T12:45:00Z";
    let in_dubai = |days: Vec<Vec<(u16, u16)>>| AgentHours {
        hours: WeeklyHours::new(days).unwrap(),
        time_zone: "Asia/Dubai".into(),
    };
    let weekdays = in_dubai(WeeklyHours::weekdays(540, 1_020).unwrap().days().to_vec());
    for (policy, hours, first, tries, expected) in [
        // Half past five and half past nine in the evening of Berlin.
        (
            quiet,
            None,
            "2026-03-02T16:30:00Z",
            1,
            "2026-03-03T09:00:00Z",
        ),
        (
            late,
            None,
            "2026-03-02T19:00:00Z",
            2,
            "2026-03-02T23:30:00Z",
        ),
        ("", Some(weekdays.clone()), first, 1, "2026-03-09T07:00:00Z"),
        // Nine in Dubai is six in Berlin.
        (
            "",
            Some(in_dubai(vec![vec![(540, 1_020)]; 7])),
            first,
            1,
            "2026-03-07T07:00:00Z",
        ),
    ] {
        let mut line = Line::open(policy);
        line.hours = hours;
        assert_eq!(due_after(&mut line, first, tries), at(expected));
    }
    // A brand that is open only in the customer's night is given up rather than called then.
    let mut line = Line::open("");
    line.go_to(at("2026-03-02T09:00:00Z"));
    line.hours = Some(in_dubai(vec![vec![(120, 180)]; 7]));
    let agent = line.agent(1, |_| {});
    line.presence(agent, Presence::Available);
    let customer = line.customer(1);
    line.ask(customer, 1, None);
    line.take(agent);
    line.called(customer, agent, CallOutcome::NoAnswer);
    assert!(line.state(customer).scheduled.is_none());
    assert!(line.told().last().unwrap().ends_with("gave_up"));
}

#[test]
fn a_further_call_without_a_place_of_its_own_keeps_to_the_day() {
    let mut line = Line::open("[callbacks]\nhorizon_d = 1");
    let mut days = vec![Vec::new(); 7];
    days[0] = vec![(1_095, 1_110)];
    let agent = line.agent(1, |profile| {
        let hours = WeeklyHours::new(days.clone()).unwrap();
        profile.hours = Some(AgentHours {
            hours,
            time_zone: "UTC".into(),
        });
    });
    line.presence(agent, Presence::Available);
    let customer = line.customer(1);
    line.ask(customer, 1, Some(slot("2026-03-02T18:15:00Z")));
    for (time, due) in [
        ("2026-03-02T18:15:00Z", "2026-03-02T18:45:00Z"),
        ("2026-03-02T18:45:00Z", "2026-03-03T07:00:00Z"),
    ] {
        line.go_to(at(time));
        line.take(agent);
        line.called(customer, agent, CallOutcome::NoAnswer);
        let mut booked = line.states.routing.state().bookings.values();
        assert!(booked.all(|booking| booking.cell <= line.now));
        assert_eq!(line.due(customer), at(due));
    }
}

#[test]
fn who_chats_past_the_promise_is_told_that_the_call_is_late() {
    let mut line = Line::open(Policy::shipped());
    let agent = line.agent(1, |_| {});
    line.presence(agent, Presence::Available);
    let customer = line.customer(1);
    let callback = line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
    line.go_to(at("2026-03-02T09:55:00Z"));
    let chat = line.chat(customer, agent);
    line.go_to(at("2026-03-02T10:30:00Z"));
    assert_eq!(line.open_now(customer), Some(chat), "they are in it");
    let resolved = CustomerBody::AgentResolved {
        conversation: chat,
        agent,
        code: ResolutionCode::Solved,
        notes: Private::default(),
    };
    line.submit(Subject::Customer(customer, resolved));
    assert_eq!(line.take(agent), callback);
    line.called(customer, agent, CallOutcome::Reached);
    assert_eq!(
        line.told(),
        [
            "2026-03-02T06:00 confirmed",
            "2026-03-02T09:50 reminder",
            "2026-03-02T10:10 late",
            "2026-03-02T10:25 late",
            "2026-03-02T10:30 done",
        ]
    );
    line.replays();
}

#[test]
fn a_chat_that_the_customer_left_does_not_hold_up_the_call() {
    for (left, begins) in [
        ("2026-03-02T09:58:00Z", "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:05:00Z", "2026-03-02T10:05:00Z"),
    ] {
        let mut line = Line::open(Policy::shipped());
        let agent = line.agent(1, |_| {});
        line.presence(agent, Presence::Available);
        let customer = line.customer(1);
        let callback = line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
        line.go_to(at("2026-03-02T09:55:00Z"));
        let chat = line.chat(customer, agent);
        for body in [
            CustomerBody::ChatDetails(ChatDetails {
                email: Some(Private::new("ann@example.com")),
                terms: None,
            }),
            CustomerBody::AgentMessage {
                conversation: chat,
                agent,
                key: 1,
                client_key: "1".into(),
                text: Private::new("We will look into it."),
                attachments: Vec::new(),
            },
        ] {
            line.submit(Subject::Customer(customer, body));
        }
        line.go_to(at(left));
        let away = CustomerBody::ChatPresence {
            left_at: Some(line.now),
        };
        line.submit(Subject::Customer(customer, away));
        line.go_to(at(begins));
        assert_eq!(line.open_now(customer), Some(callback), "left at {left}");
        assert_eq!(line.take(agent), callback);
        let mailed = line.effects.iter().any(|effect| {
            matches!(effect, Effect::Outbox(item) if matches!(item.what, Outbound::ChatMail { .. }))
        });
        assert!(mailed, "what the agent wrote is not lost");
        assert!(!line.told().iter().any(|told| told.ends_with("late")));
        line.replays();
    }
}

#[test]
fn a_block_stops_what_was_promised_to_the_number() {
    let mut line = Line::open("[callbacks]\nnumber_per_day = 9");
    let agent = line.agent(1, |profile| profile.capacity.callback = 4);
    line.presence(agent, Presence::Available);
    let number = 77;
    let ask = |line: &mut Line, who: u128, time: &str| {
        line.go_to(line.now + Millis::from_secs(130));
        let customer = line.customer(who);
        line.ask_for(customer, who as u64, Some(slot(time)), number);
        customer
    };
    let wrong = ask(&mut line, 1, "2026-03-02T10:00:00Z");
    let booked = ask(&mut line, 2, "2026-03-02T11:00:00Z");
    let retried = ask(&mut line, 3, "2026-03-02T09:00:00Z");
    let unknown = ask(&mut line, 4, "2026-03-02T12:00:00Z");
    let other = line.customer(5);
    line.ask(other, 5, Some(slot("2026-03-02T11:00:00Z")));
    line.go_to(at("2026-03-02T09:00:00Z"));
    line.take(agent);
    line.called(retried, agent, CallOutcome::NoAnswer);
    line.go_to(at("2026-03-02T09:30:00Z"));
    line.take(agent);
    line.called(retried, agent, CallOutcome::NoAnswer);

    // What an earlier release booked does not say for which number.
    let mut state = line.states.routing.state().clone();
    for booking in state.bookings.values_mut() {
        if booking.customer == unknown {
            booking.number = None;
        }
    }
    line.states.routing = Routing::from_state(state);

    line.go_to(at("2026-03-02T10:00:00Z"));
    line.take(agent);
    let texts = line.texts();
    line.called(wrong, agent, CallOutcome::WrongPerson);
    for stopped in [booked, retried] {
        assert!(line.state(stopped).scheduled.is_none());
    }
    let cancelled = |line: &Line| {
        let told = line.told();
        told.iter()
            .filter(|told| told.ends_with("cancelled"))
            .count()
    };
    assert_eq!(cancelled(&line), 2);
    assert!(line.state(unknown).scheduled.is_some());
    line.go_to(at("2026-03-02T15:00:00Z"));
    assert_eq!(cancelled(&line), 3, "one is found out when it is due");
    assert!(line.state(unknown).scheduled.is_none() && line.open_now(unknown).is_none());
    assert!(line.open_now(other).is_some(), "another number is called");
    let to_others = line.effects.iter().filter(|effect| {
        matches!(effect, Effect::Outbox(item)
            if matches!(&item.what, Outbound::Sms(text) if text.customer == other))
    });
    let reminders_of_the_unknown = 1;
    assert_eq!(
        line.texts() - texts,
        to_others.count() - 1 + reminders_of_the_unknown,
        "nothing more is sent to the number but what could not be known"
    );
}

#[test]
fn who_waits_past_the_promise_is_told_before_the_slot_is_over() {
    let mut line = Line::open(Policy::shipped());
    let agent = line.agent(1, |_| {});
    let busy = line.customer(2);
    let customer = line.customer(1);
    line.presence(agent, Presence::Available);
    line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
    line.go_to(at("2026-03-02T09:55:00Z"));
    // A call that came in meanwhile takes longer than anybody thought.
    line.ask(busy, 2, None);
    line.take(agent);
    line.go_to(at("2026-03-02T10:30:00Z"));
    line.called(busy, agent, CallOutcome::Reached);
    line.take(agent);
    line.called(customer, agent, CallOutcome::Reached);
    let told = line.told();
    assert_eq!(
        told[told.len() - 5..],
        [
            "2026-03-02T09:50 reminder",
            "2026-03-02T10:10 late",
            "2026-03-02T10:25 late",
            "2026-03-02T10:30 done",
            "2026-03-02T10:30 done",
        ]
    );
    line.replays();
}

#[test]
fn a_customer_moves_it_calls_it_off_and_chats_meanwhile() {
    let mut line = Line::open(Policy::shipped());
    let agent = line.agent(1, |_| {});
    line.presence(agent, Presence::Available);
    let customer = line.customer(1);
    let other = line.customer(2);
    let conversation = line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
    line.ask(other, 2, Some(slot("2026-03-02T10:15:00Z")));
    let move_to = |line: &mut Line, to: &str, key: u64| {
        let body = CustomerBody::CallbackMoved {
            conversation,
            slot: slot(to),
            key,
        };
        line.submit(Subject::Customer(customer, body));
        let state = line.state(customer);
        let callback = state.scheduled.as_deref().unwrap().callback.as_deref();
        (callback.unwrap().due_at, state.callback_refusal)
    };
    let (due, refused) = move_to(&mut line, "2026-03-02T10:15:00Z", 3);
    assert_eq!(due, at("2026-03-02T10:00:00Z"), "what was promised stays");
    assert_eq!(refused.map(|refused| refused.why), Some(SlotRefusal::Full));
    let (due, refused) = move_to(&mut line, "2026-03-02T11:00:00Z", 4);
    assert_eq!((due, refused), (at("2026-03-02T11:00:00Z"), None));

    let chat = CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 9,
        text: None,
        phone: None,
    };
    line.go_to(at("2026-03-02T10:59:00Z"));
    // The other one's call is under way; its agent has room for a chat.
    line.take(agent);
    line.submit(Subject::Customer(customer, chat));
    let chat = line.take(agent);
    line.go_to(at("2026-03-02T11:05:00Z"));
    assert_eq!(
        line.state(customer)
            .conversation
            .as_ref()
            .unwrap()
            .conversation,
        chat,
        "the call waits while they chat"
    );
    let resolved = CustomerBody::AgentResolved {
        conversation: chat,
        agent,
        code: ResolutionCode::Solved,
        notes: Private::default(),
    };
    line.submit(Subject::Customer(customer, resolved));
    let open = line.state(customer).conversation.as_ref().unwrap();
    assert_eq!(open.conversation, conversation, "and begins after it");
    let body = CustomerBody::CallbackCancelled {
        conversation,
        by: None,
    };
    assert_eq!(line.submit(Subject::Customer(customer, body)), Reply::Done);
    assert!(line.state(customer).conversation.is_none());
    line.replays();
}

#[test]
fn numbers_are_protected_whoever_asks() {
    let mut line = Line::open(Policy::shipped());
    let agent = line.agent(1, |_| {});
    line.presence(agent, Presence::Available);
    let refused = |line: &Line, customer: CustomerId| {
        let refused = line.state(customer).callback_refusal;
        refused.map(|refused| refused.why)
    };
    let number = 77;
    let one = line.customer(1);
    line.ask_for(one, 1, Some(slot("2026-03-03T10:00:00Z")), number);
    let two = line.customer(2);
    line.ask_for(two, 2, Some(slot("2026-03-03T11:00:00Z")), number);
    assert_eq!(refused(&line, two), Some(SlotRefusal::NumberCoolDown));
    assert!(line.state(two).scheduled.is_none());
    for (key, who, hour) in [(3, 3, "11"), (4, 4, "12")] {
        line.go_to(line.now + Millis::from_secs(130));
        let customer = line.customer(who);
        line.ask_for(
            customer,
            key,
            Some(slot(&format!("2026-03-03T{hour}:00:00Z"))),
            number,
        );
        assert_eq!(refused(&line, customer), None);
    }
    line.go_to(line.now + Millis::from_secs(130));
    let five = line.customer(5);
    line.ask_for(five, 5, None, number);
    assert_eq!(refused(&line, five), Some(SlotRefusal::NumberLimit));

    let six = line.customer(6);
    line.ask_for(six, 6, None, 88);
    line.take(agent);
    line.called(six, agent, CallOutcome::WrongPerson);
    line.go_to(line.now + Millis::from_secs(30 * 86_400));
    let seven = line.customer(7);
    line.ask_for(seven, 7, None, 88);
    assert_eq!(refused(&line, seven), Some(SlotRefusal::NumberBlocked));
    line.replays();
}

#[test]
fn times_out_of_reach_are_not_booked() {
    let mut line = Line::open(Policy::shipped());
    line.agent(1, |_| {});
    for (number, from, expected) in [
        (1, "2026-03-02T06:00:00Z", Some(SlotRefusal::OutOfReach)),
        (2, "2026-03-02T10:05:00Z", Some(SlotRefusal::OutOfReach)),
        (3, "2026-03-20T10:00:00Z", Some(SlotRefusal::OutOfReach)),
        (4, "2026-03-02T08:45:00Z", Some(SlotRefusal::Full)),
        (5, "2026-03-07T10:00:00Z", Some(SlotRefusal::Full)),
        (6, "2026-03-02T09:00:00Z", None),
        (7, "2026-03-02T16:45:00Z", None),
        (8, "2026-03-02T17:00:00Z", Some(SlotRefusal::Full)),
    ] {
        let customer = line.customer(number);
        line.ask(customer, number as u64, Some(slot(from)));
        let refused = line.state(customer).callback_refusal.map(|one| one.why);
        assert_eq!(refused, expected, "{from}");
    }
}

#[test]
fn only_who_speaks_the_language_counts_unless_nobody_does() {
    let mut line = Line::open(Policy::shipped());
    line.agent(1, |profile| {
        profile.languages.insert("de".into());
    });
    line.agent(2, |profile| {
        profile.languages.insert("en".into());
    });
    let ask = |line: &mut Line, number: u128, language: &str| {
        let customer = line.customer(number);
        let state = line.states.customers.get_mut(&customer).unwrap();
        state.permission.language = Some(language.to_owned());
        line.ask(customer, number as u64, Some(slot("2026-03-02T10:00:00Z")));
        line.state(customer).callback_refusal.map(|one| one.why)
    };
    assert_eq!(ask(&mut line, 1, "de-AT"), None);
    assert_eq!(
        ask(&mut line, 2, "de"),
        Some(SlotRefusal::Full),
        "the German speaker is taken"
    );
    assert_eq!(
        ask(&mut line, 3, "fr"),
        None,
        "nobody speaks French: anybody will do"
    );
    assert_eq!(ask(&mut line, 4, "en"), Some(SlotRefusal::Full));
}

#[derive(Debug, Clone)]
enum Step {
    Ask {
        who: u8,
        cell: u8,
        cells: u8,
        language: u8,
        number: u8,
    },
    Cancel {
        who: u8,
    },
    Wait {
        minutes: u16,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        6 => (0u8..40, 0u8..12, 1u8..4, 0u8..4, 0u8..40).prop_map(|(who, cell, cells, language, number)| {
            Step::Ask { who, cell, cells, language, number }
        }),
        2 => (0u8..40).prop_map(|who| Step::Cancel { who }),
        1 => (0u16..40).prop_map(|minutes| Step::Wait { minutes }),
    ];
    prop::collection::vec(one, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whatever is asked, moved and called off in whatever order: no cell is promised more
    /// often than those who work then can serve it, and every answer is the truth.
    #[test]
    fn no_time_is_promised_twice(
        steps in steps(),
        seats in prop::collection::vec((0u32..3, 0usize..4), 1..5),
        keep_live in 0u32..60,
    ) {
        let languages = ["", "en", "de", "fr"];
        let settings = RouteSettings {
            callbacks: CallbackSettings {
                keep_live_percent: keep_live,
                number_per_day: 100,
                number_cooldown: Millis(0),
                ..CallbackSettings::default()
            },
            ..RouteSettings::default()
        };
        let mut routing = Routing::default();
        let (mut now, mut seq) = (at("2026-03-02T08:00:00Z"), 0);
        let mut run = |routing: &mut Routing, now: Timestamp, event: RouteEvent| {
            seq += 1;
            let mut out = RouteOutput::default();
            route::step(routing, now, Seq(seq), &event, &settings, &mut out);
            out.to_customers
        };
        for (number, (callback, language)) in seats.iter().enumerate() {
            let profile = AgentProfile {
                capacity: PerChannel { chat: 1, callback: *callback },
                languages: Some(languages[*language]).filter(|one| !one.is_empty()).map(str::to_owned).into_iter().collect(),
                active: true,
                ..AgentProfile::default()
            };
            let agent = AgentId::derive(Timestamp(1), Seq(1), number as u32);
            run(&mut routing, now, RouteEvent::AgentChanged { agent, profile });
        }
        for step in steps {
            let callback = |who: u8| InteractionId::derive(Timestamp(2), Seq(who.into()), 0);
            let customer = |who: u8| CustomerId::derive(Timestamp(3), Seq(who.into()), 0);
            let (who, message) = match step {
                Step::Wait { minutes } => {
                    now = now + Millis::from_secs(u64::from(minutes) * 60);
                    continue;
                }
                Step::Cancel { who } => (who, CustomerToRoute::CancelSlot { conversation: callback(who) }),
                Step::Ask { who, cell, cells, language, number } => {
                    let from = at("2026-03-02T10:00:00Z") + Millis(CELL.0 * u64::from(cell));
                    let to = from + Millis(CELL.0 * u64::from(cells));
                    let needs = Needs {
                        channel: ChannelKind::Callback,
                        skill: None,
                        language: Some(languages[language as usize]).filter(|one| !one.is_empty()).map(str::to_owned),
                        priority: 0,
                    };
                    (who, CustomerToRoute::BookSlot {
                        conversation: callback(who),
                        number: LinkKey(number.into()),
                        wish: SlotWish::At(Slot { from, to }),
                        needs,
                        within: Vec::new(),
                    })
                }
            };
            let before = routing.state().bookings.get(&callback(who)).cloned();
            let asked = message.clone();
            let told = run(&mut routing, now, RouteEvent::FromCustomer { customer: customer(who), message });
            prop_assert!(routing.check_slots(&settings.callbacks).is_ok());
            let after = routing.state().bookings.get(&callback(who));
            match (&asked, told.first().map(|(_, told)| told)) {
                (CustomerToRoute::BookSlot { wish: SlotWish::At(slot), .. }, Some(RouteToCustomer::SlotBooked { due_at, .. })) => {
                    let after = after.expect("what was answered is booked");
                    prop_assert_eq!(after.cell, *due_at);
                    prop_assert!(slot.cells().any(|cell| cell == after.cell));
                }
                (CustomerToRoute::BookSlot { .. }, Some(RouteToCustomer::SlotRefused { .. })) => {
                    let still = before.filter(|before| before.cell + CELL > now);
                    prop_assert_eq!(after, still.as_ref(), "a refusal changes nothing");
                }
                (CustomerToRoute::CancelSlot { .. }, None) => prop_assert!(after.is_none()),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        let again = Routing::from_state(routing.state().clone());
        prop_assert_eq!(again.state(), routing.state());
    }
}

#[test]
fn a_claim_neither_moves_nor_calls_off_anothers_callback_nor_has_one_beside_it() {
    let mut line = Line::open(Policy::shipped());
    line.agent(1, |_| {});
    let customer = line.customer(7);
    let conversation = line.ask(customer, 1, Some(slot("2026-03-02T10:00:00Z")));
    let asker = |device| Asker {
        device: LinkKey(device),
        level: IdentityLevel::Claimed,
        only: None,
    };
    let move_to = |key| CustomerBody::CallbackMoved {
        conversation,
        slot: slot("2026-03-02T11:00:00Z"),
        key,
    };
    let call_off = || CustomerBody::CallbackCancelled {
        conversation,
        by: None,
    };
    let promised = line.state(customer).scheduled.as_deref().unwrap();
    let ask = CustomerBody::CallbackAsked {
        ask: Box::new(promised.callback.as_deref().unwrap().ask.clone()),
        phone: Private::new("+4930999999"),
        key: 9,
        offer: None,
    };
    let before = line.state(customer).scheduled.clone();
    for body in [move_to(2), call_off(), ask] {
        let reply = line.submit(Subject::Visitor(customer, asker(66), body));
        assert_eq!(reply, Reply::Gone);
        assert_eq!(line.state(customer).scheduled, before);
    }
    let reply = line.submit(Subject::Visitor(customer, asker(7), move_to(3)));
    assert!(matches!(reply, Reply::Conversation { .. }), "{reply:?}");
    let reply = line.submit(Subject::Visitor(customer, asker(7), call_off()));
    assert_eq!(reply, Reply::Done);
    assert_eq!(line.state(customer).scheduled, None);
}
