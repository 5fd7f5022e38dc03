//! What goes on around a chat's messages, through `flow`: read marks, presence, mail.

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
};

/// One customer who chats with one agent.
struct Chat {
    states: MemoryStates,
    world: World,
    now: Timestamp,
    next_seq: Seq,
    effects: Vec<Effect>,
    customer: CustomerId,
    conversation: InteractionId,
    agent: AgentId,
    keys: u64,
}

const START: Timestamp = Timestamp(1_750_000_000_000);
const EMAIL: &str = "ann@example.com";

fn device(key: u128) -> Vec<Identifier> {
    vec![Identifier {
        kind: IdentifierKind::Device,
        key: LinkKey(key),
        value: Private::new(format!("browser {key}")),
        level: IdentityLevel::Anonymous,
    }]
}

impl Chat {
    fn open() -> Self {
        let mut chat = Self {
            states: MemoryStates::default(),
            world: World {
                facts: WorldFacts {
                    version: 1,
                    policy_revision: 1,
                    mode: Mode::Live,
                    faqs: false,
                    model: "calm-1".into(),
                    ..WorldFacts::default()
                },
                policy: Arc::new(Policy::from_shipped(1)),
                engagement: Arc::new(Calm),
                text: Arc::new(overture_engine::understand::text::NoTextModel),
                issues: None,
                lexicon: Default::default(),
                rollouts: Default::default(),
                key: Default::default(),
            },
            now: START,
            next_seq: Seq(1),
            effects: Vec::new(),
            customer: CustomerId::derive(START, Seq(1), 0),
            conversation: InteractionId::derive(START, Seq(1), 0),
            agent: AgentId::derive(START, Seq(1), 0),
            keys: 0,
        };
        let agent = chat.agent;
        chat.submit(Subject::Route(RouteEvent::AgentChanged {
            agent,
            profile: AgentProfile {
                capacity: PerChannel {
                    chat: 2,
                    callback: 0,
                },
                active: true,
                ..AgentProfile::default()
            },
        }));
        chat.submit(Subject::Route(RouteEvent::PresenceSet {
            agent,
            presence: Presence::Available,
        }));
        let ask = CustomerBody::HelpRequested {
            channel: ChannelKind::Chat,
            key: 1,
            text: None,
            phone: None,
        };
        let Reply::Conversation {
            customer,
            conversation,
        } = chat.submit(Subject::Identified(device(1), ask))
        else {
            panic!("help opens a conversation");
        };
        (chat.customer, chat.conversation) = (customer, conversation);
        let reservation = chat
            .states
            .routing
            .state()
            .requests
            .values()
            .find_map(|one| match one.stage {
                RequestStage::Offered { reservation, .. } => Some(reservation),
                _ => None,
            });
        chat.submit(Subject::Route(RouteEvent::ReservationAccepted {
            agent,
            reservation: reservation.unwrap(),
        }));
        chat
    }

    fn submit(&mut self, subject: Subject) -> Reply {
        let mut batch = Batch::default();
        let ingress = Ingress {
            source: Some(SourceId::derive(START, Seq(1), 0)),
            occurred_at: None,
            message_key: None,
            unsaid: Unsaid::default(),
            subject,
        };
        let reply = flow::advance(
            &mut self.states,
            &self.world,
            ingress,
            self.now,
            &mut self.next_seq,
            &mut batch,
        )
        .unwrap();
        self.effects.append(&mut batch.effects);
        reply
    }

    fn customer(&mut self, body: CustomerBody) -> Reply {
        self.submit(Subject::Customer(self.customer, body))
    }

    /// Says something and returns its place in the timeline.
    fn says(&mut self, side: ChatSide, text: &str) -> u64 {
        self.keys += 1;
        let (conversation, agent, key) = (self.conversation, self.agent, self.keys);
        let (client_key, text) = (key.to_string(), Private::new(text));
        let attachments = Vec::new();
        let body = match side {
            ChatSide::Customer => CustomerBody::CustomerMessage {
                conversation,
                key,
                client_key,
                text,
                attachments,
            },
            ChatSide::Staff => CustomerBody::AgentMessage {
                conversation,
                agent,
                key,
                client_key,
                text,
                attachments,
            },
        };
        match self.customer(body) {
            Reply::Message { timeline_seq, .. } => timeline_seq,
            other => panic!("a message was answered with {other:?}"),
        }
    }

    fn reads(&mut self, side: ChatSide, timeline_seq: u64) -> Reply {
        let agent = (side == ChatSide::Staff).then_some(self.agent);
        self.customer(CustomerBody::ChatRead(ChatRead {
            conversation: self.conversation,
            agent,
            timeline_seq,
        }))
    }

    fn leaves_an_address(&mut self, email: &str) -> Reply {
        self.customer(CustomerBody::ChatDetails(ChatDetails {
            terms: Some("3".to_owned()),
            email: Some(Private::new(email)),
        }))
    }

    fn leaves(&mut self) -> Reply {
        let left_at = Some(self.now);
        self.customer(CustomerBody::ChatPresence { left_at })
    }

    fn comes_back(&mut self) -> Reply {
        self.customer(CustomerBody::ChatPresence { left_at: None })
    }

    fn passes(&mut self, seconds: u64) {
        self.now = self.now + Millis::from_secs(seconds);
        let due = self.states.customers[&self.customer].wake_at;
        if due.is_some_and(|due| due <= self.now) {
            self.customer(CustomerBody::Tick);
        }
    }

    fn standing(&self) -> ChatStanding {
        let row = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Conversation(row) => Some((*row.chat).clone()),
            _ => None,
        });
        row.expect("a conversation has a row")
    }

    /// How many messages each e-mail carried.
    fn mails(&self) -> Vec<usize> {
        self.effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Outbox(OutboxItem {
                    what: Outbound::ChatMail { to, messages, .. },
                    ..
                }) => {
                    assert_eq!(to.reveal(), EMAIL);
                    Some(messages.len())
                }
                _ => None,
            })
            .collect()
    }
}

use ChatSide::{Customer, Staff};

#[test]
fn unread_messages_are_counted_exactly_until_staff_reads_or_answers() {
    let mut chat = Chat::open();
    let first = chat.says(Customer, "one");
    chat.says(Customer, "two");
    let third = chat.says(Customer, "three");
    assert_eq!(chat.standing().unread, 3);
    assert_eq!(chat.reads(Staff, first), Reply::Done);
    assert_eq!(chat.standing().unread, 2);
    assert_eq!(chat.reads(Staff, first), Reply::Duplicate);
    assert_eq!(chat.reads(Staff, third + 1_000), Reply::Done);
    assert_eq!(chat.standing().unread, 0);
    assert!(chat.standing().staff_read >= third);
    chat.says(Customer, "four");
    assert_eq!(chat.standing().unread, 1);
    chat.says(Staff, "an answer");
    assert_eq!(chat.standing().unread, 0);
    for n in 0..UNREAD_REMEMBERED_MAX + 44 {
        chat.says(Customer, &format!("{n}"));
    }
    assert_eq!(chat.standing().unread, 300);
}

#[test]
fn only_the_conversations_agent_reads_for_staff() {
    let mut chat = Chat::open();
    let seq = chat.says(Customer, "hello");
    let other = AgentId::derive(START, Seq(9), 9);
    let read = |agent, conversation| {
        CustomerBody::ChatRead(ChatRead {
            conversation,
            agent,
            timeline_seq: seq,
        })
    };
    let conversation = chat.conversation;
    assert_eq!(
        chat.customer(read(Some(other), conversation)),
        Reply::NotYours
    );
    let elsewhere = InteractionId::derive(START, Seq(8), 8);
    assert_eq!(chat.customer(read(None, elsewhere)), Reply::Gone);
    assert_eq!(chat.standing().unread, 1);
    assert_eq!(chat.standing().customer_read, 0);
    chat.reads(Customer, seq);
    assert_eq!(chat.standing().customer_read, seq);
}

#[test]
fn somebody_who_leaves_is_away_since_then_and_writing_shows_that_they_are_there() {
    let mut chat = Chat::open();
    assert_eq!(chat.standing().left_at, None);
    chat.passes(600);
    let left = chat.now;
    assert_eq!(chat.leaves(), Reply::Done);
    assert_eq!(chat.leaves(), Reply::Duplicate);
    assert_eq!(chat.standing().left_at, Some(left));
    chat.says(Customer, "I am still here");
    assert_eq!(chat.standing().left_at, None);
    // A time before the conversation or after now is not believed.
    let left_at = Some(Timestamp(1));
    chat.customer(CustomerBody::ChatPresence { left_at });
    assert_eq!(chat.standing().left_at, Some(START));
    let left_at = Some(chat.now + Millis::from_secs(9_999));
    chat.customer(CustomerBody::ChatPresence { left_at });
    assert_eq!(chat.standing().left_at, Some(chat.now));
}

#[test]
fn answers_to_somebody_away_are_collected_into_one_mail_and_never_sent_twice() {
    let mut chat = Chat::open();
    chat.leaves_an_address(EMAIL);
    chat.leaves();
    chat.says(Staff, "one");
    chat.passes(30);
    chat.says(Staff, "two");
    chat.passes(89);
    assert_eq!(chat.mails(), Vec::<usize>::new(), "away for 119 s only");
    chat.passes(1);
    assert_eq!(chat.mails(), [2]);
    chat.passes(3_600);
    assert_eq!(chat.mails(), [2]);
    chat.says(Staff, "three");
    chat.passes(59);
    assert_eq!(chat.mails(), [2]);
    chat.passes(1);
    assert_eq!(chat.mails(), [2, 1]);
}

#[test]
fn what_was_read_or_is_read_in_time_is_not_mailed() {
    for (what, expected) in [
        ("nothing", vec![1]),
        ("comes back", vec![]),
        ("reads", vec![]),
        ("takes the address back", vec![]),
        ("gives no address", vec![]),
    ] {
        let mut chat = Chat::open();
        if what != "gives no address" {
            chat.leaves_an_address(EMAIL);
        }
        chat.leaves();
        let seq = chat.says(Staff, "an answer");
        chat.passes(60);
        match what {
            "comes back" => assert_eq!(chat.comes_back(), Reply::Done),
            "reads" => assert_eq!(chat.reads(Customer, seq), Reply::Done),
            "takes the address back" => drop(chat.leaves_an_address("")),
            _ => {}
        }
        chat.passes(600);
        assert_eq!(chat.mails(), expected, "{what}");
    }
}

#[test]
fn what_was_written_before_somebody_left_unread_is_mailed_too() {
    let mut chat = Chat::open();
    chat.leaves_an_address(EMAIL);
    chat.says(Staff, "did you see this?");
    chat.passes(300);
    chat.leaves();
    chat.passes(119);
    assert_eq!(chat.mails(), Vec::<usize>::new());
    chat.passes(1);
    assert_eq!(chat.mails(), [1]);
}

#[test]
fn a_last_answer_is_mailed_when_the_conversation_is_resolved() {
    let mut chat = Chat::open();
    chat.leaves_an_address(EMAIL);
    chat.leaves();
    chat.says(Staff, "solved, good-bye");
    let (conversation, agent) = (chat.conversation, chat.agent);
    chat.customer(CustomerBody::AgentResolved {
        conversation,
        agent,
        code: ResolutionCode::Solved,
        notes: Private::new(""),
    });
    assert_eq!(chat.mails(), [1]);
}

#[test]
fn the_consent_line_that_was_shown_is_recorded_once() {
    let mut chat = Chat::open();
    chat.leaves_an_address(EMAIL);
    chat.leaves_an_address(EMAIL);
    let shown = chat.effects.iter().filter(|effect| {
        matches!(effect, Effect::Timeline(TimelineItem {
            body: TimelineBody::ChatTerms { terms, .. },
            audience: Audience::Staff,
            ..
        }) if terms == "3")
    });
    assert_eq!(shown.count(), 1);
    assert_eq!(chat.standing().terms, "3");
}

#[test]
fn read_marks_move_with_the_timeline_when_customers_are_folded() {
    let mut chat = Chat::open();
    chat.leaves_an_address(EMAIL);
    chat.says(Customer, "one");
    let read_to = chat.says(Staff, "two");
    chat.reads(Customer, read_to);
    chat.says(Customer, "three");
    // Somebody older signs in in the same browser: the chat's customer is folded into them.
    let known = Identifier {
        kind: IdentifierKind::UserId,
        key: LinkKey(77),
        value: Private::new("u-77"),
        level: IdentityLevel::Verified,
    };
    let identify = |identifiers: Vec<Identifier>| {
        Subject::Identified(
            identifiers.clone(),
            CustomerBody::Identified {
                identifiers,
                traits: Vec::new(),
            },
        )
    };
    chat.submit(identify(vec![known.clone()]));
    let mut both = device(1);
    both.push(known);
    chat.submit(identify(both));
    let folded = &chat.states.customers[&chat.customer];
    let into = folded.merged_into.expect("the newer one is folded");
    chat.customer = into;
    let standing = chat.standing();
    assert_eq!(standing.unread, 1);
    let state = chat.states.customers[&into].conversation.as_ref().unwrap();
    assert!(state.chat.customer_read > read_to, "moved with the rows");
    assert_eq!(state.chat.email, Some(Private::new(EMAIL)));
    let last = chat.states.customers[&into].timeline_seq;
    assert_eq!(chat.reads(Staff, last), Reply::Done);
    assert_eq!(chat.standing().unread, 0);
}

fn refused(chat: &Chat, generation: u32) -> CustomerBody {
    CustomerBody::MailFailed(MailFailed {
        conversation: chat.conversation,
        generation,
        failure: MailFailure::Refused,
        detail: "answered 550".to_owned(),
    })
}

#[test]
fn a_mail_that_never_arrives_is_told_to_staff_and_ends_mail_until_another_address() {
    let mut chat = Chat::open();
    chat.leaves_an_address(EMAIL);
    assert_eq!(chat.standing().mail_generation, 1);
    chat.leaves();
    chat.says(Staff, "one");
    chat.passes(120);
    assert_eq!(chat.mails(), [1]);
    let failed = refused(&chat, 1);
    assert_eq!(chat.customer(failed.clone()), Reply::Done);
    assert_eq!(chat.customer(failed.clone()), Reply::Duplicate);
    assert!(chat.standing().undeliverable);
    let told: Vec<_> = chat
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Timeline(row) if matches!(row.body, TimelineBody::MailFailed { .. }) => {
                Some(row.audience)
            }
            _ => None,
        })
        .collect();
    assert_eq!(told, [Audience::Staff]);
    chat.says(Staff, "two");
    chat.passes(3_600);
    assert_eq!(
        chat.mails(),
        [1],
        "nothing more goes to an address that refuses"
    );

    chat.leaves_an_address(EMAIL);
    assert!(
        !chat.standing().undeliverable,
        "given again, it is tried again"
    );
    assert_eq!(chat.standing().mail_generation, 1);
    chat.leaves_an_address("other@example.com");
    assert_eq!(chat.standing().mail_generation, 2, "earlier links are over");
    // What comes late says nothing of the address that there is now.
    assert_eq!(chat.customer(failed), Reply::Done);
    assert!(!chat.standing().undeliverable);
    chat.leaves_an_address("");
    assert_eq!(chat.standing().mail_generation, 3);
}
