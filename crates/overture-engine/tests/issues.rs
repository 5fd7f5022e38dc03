//! What texts are about: read before they are logged, it becomes what the conversation or the visit is about, rules speak, and staff
//! has the last word.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/calm.rs"]
mod calm;

use std::sync::Arc;

use calm::Calm;
use overture_engine::{
    World,
    decide::{Policy, SignalId, SignalSource, SignalValue, Signals},
    flow::{self, Batch},
    memory::MemoryStates,
    model::*,
    understand::{DomainLexicon, IssueClassifier, lexicon::LexiconEntry, text::NoTextModel},
};

/// Reads `refund 0.9` as what it says; any other text is out of scope.
struct Literal(Vec<String>);

impl Literal {
    fn new() -> Self {
        Self(["delivery", "refund"].map(str::to_owned).to_vec())
    }
}

impl IssueClassifier for Literal {
    fn name(&self) -> &'static str {
        "literal-1"
    }

    fn issues(&self) -> &[String] {
        &self.0
    }

    fn read(&self, text: &str) -> TextIssue {
        let said = text.split_once(' ');
        let known = said.filter(|(label, _)| self.0.iter().any(|issue| issue == label));
        TextIssue {
            model: self.name().to_owned(),
            named: known.map(|(label, _)| label.to_owned()),
            p: known.map_or(0.7, |(_, p)| p.parse().unwrap()),
        }
    }
}

/// A replay that asks it is a defect.
struct NeverAsked;

impl IssueClassifier for NeverAsked {
    fn name(&self) -> &'static str {
        "never-1"
    }

    fn issues(&self) -> &[String] {
        &[]
    }

    fn read(&self, _: &str) -> TextIssue {
        panic!("what was logged is read anew");
    }
}

const START: Timestamp = Timestamp(1_750_000_000_000);

const RULE: &str = r#"
[[rules]]
id = "refund-notify"
when = 'issue.label == "refund" && issue.p > 0.6'
action = "notify"
"#;

fn world(issues: Option<Arc<dyn IssueClassifier>>) -> World {
    let policy = format!("{}{RULE}", Policy::shipped());
    World {
        facts: WorldFacts {
            version: 1,
            policy_revision: 1,
            mode: Mode::Live,
            ..WorldFacts::default()
        },
        policy: Arc::new(Policy::parse(&policy, 1).unwrap().policy),
        engagement: Arc::new(Calm),
        text: Arc::new(NoTextModel),
        issues,
        lexicon: Arc::default(),
        rollouts: Default::default(),
        key: Default::default(),
    }
}

/// One customer in one browser, with a chat.
struct Chat {
    states: MemoryStates,
    world: World,
    now: Timestamp,
    next_seq: Seq,
    inputs: Vec<Input>,
    effects: Vec<Effect>,
    customer: CustomerId,
    conversation: InteractionId,
    keys: u64,
}

fn who(kind: IdentifierKind, key: u128, level: IdentityLevel) -> Identifier {
    Identifier {
        kind,
        key: LinkKey(key),
        value: Private::new(format!("{key}")),
        level,
    }
}

fn browser(key: u128) -> Vec<Identifier> {
    vec![who(IdentifierKind::Device, key, IdentityLevel::Anonymous)]
}

fn chat_wanted() -> CustomerBody {
    CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key: 1,
        text: None,
        phone: None,
    }
}

impl Chat {
    fn open() -> Self {
        Self::open_with(Some(Arc::new(Literal::new())))
    }

    fn open_with(issues: Option<Arc<dyn IssueClassifier>>) -> Self {
        let mut chat = Self {
            states: MemoryStates::default(),
            world: world(issues),
            now: START,
            next_seq: Seq(1),
            inputs: Vec::new(),
            effects: Vec::new(),
            customer: CustomerId::derive(START, Seq(1), 0),
            conversation: InteractionId::derive(START, Seq(1), 0),
            keys: 0,
        };
        (chat.customer, chat.conversation) = chat.another(1);
        chat
    }

    /// Somebody in a browser asks for a chat.
    fn another(&mut self, key: u128) -> (CustomerId, InteractionId) {
        match self.submit(Subject::Identified(browser(key), chat_wanted())) {
            Reply::Conversation {
                customer,
                conversation,
            } => (customer, conversation),
            other => panic!("help opens a conversation: {other:?}"),
        }
    }

    fn submit(&mut self, subject: Subject) -> Reply {
        self.submit_unsaid(subject, Unsaid::default())
    }

    fn submit_unsaid(&mut self, subject: Subject, unsaid: Unsaid) -> Reply {
        let mut batch = Batch::default();
        let ingress = Ingress {
            source: None,
            occurred_at: None,
            message_key: None,
            unsaid,
            subject,
        };
        self.now = self.now + Millis::from_secs(1);
        let reply = flow::advance(
            &mut self.states,
            &self.world,
            ingress,
            self.now,
            &mut self.next_seq,
            &mut batch,
        )
        .unwrap();
        self.inputs.append(&mut batch.inputs);
        self.effects.append(&mut batch.effects);
        reply
    }

    fn customer(&mut self, body: CustomerBody) -> Reply {
        self.submit(Subject::Customer(self.customer, body))
    }

    fn message(&mut self, text: &str) -> CustomerBody {
        self.keys += 1;
        CustomerBody::CustomerMessage {
            conversation: self.conversation,
            key: self.keys,
            client_key: String::new(),
            text: Private::new(text),
            attachments: Vec::new(),
        }
    }

    /// Says something and returns its place in the timeline.
    fn says(&mut self, text: &str) -> u64 {
        let body = self.message(text);
        match self.customer(body) {
            Reply::Message { timeline_seq, .. } => timeline_seq,
            other => panic!("a message was answered with {other:?}"),
        }
    }

    /// Says something as the text of an event.
    fn tells(&mut self, text: &str) {
        self.customer(CustomerBody::Behaviour(Behaviour::Custom {
            name: "Feedback Submitted".to_owned(),
            properties: Private::new(format!("{{\"text\":\"{text}\"}}")),
        }));
    }

    /// Staff says what the message at `row` is about.
    fn is_about(&mut self, conversation: InteractionId, row: u64, named: Option<&str>) {
        let reply = self.customer(CustomerBody::Labelled(LabelledText {
            agent: AgentId::derive(START, Seq(1), 0),
            conversation: Some(conversation),
            row,
            label: TextLabel::Issue(named.map(str::to_owned)),
            text: Private::new("as models see it"),
        }));
        assert_eq!(reply, Reply::Done);
    }

    fn corrects(&mut self, row: u64, named: Option<&str>) {
        self.is_about(self.conversation, row, named);
    }

    fn says_no(&mut self) {
        self.customer(CustomerBody::Consent {
            purpose: Purpose::AnalyseBehaviour,
            granted: false,
            by: ConsentSource::Api,
        });
    }

    fn state(&self) -> &CustomerState {
        &self.states.customers[&self.customer]
    }

    /// What conditions see now.
    fn issue(&self) -> (String, f64) {
        let signals = Signals::of(self.state(), &self.world.policy, self.now, None);
        let value = |name| signals.value(SignalId::named(name).unwrap());
        match (value("issue.label"), value("issue.p")) {
            (SignalValue::Text(label), SignalValue::Number(p)) => (label.to_owned(), p),
            other => panic!("both are always there: {other:?}"),
        }
    }

    /// What lists show of the conversation.
    fn shown(&self) -> Option<(String, f32)> {
        let rows = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Conversation(row) if row.conversation == self.conversation => Some(row),
            _ => None,
        });
        let issue = rows.unwrap().issue.as_ref()?;
        Some((issue.label.clone(), issue.p))
    }

    /// What staff sees of the readings.
    fn readings(&self) -> Vec<(ReadingOf, TextIssue)> {
        let readings = self.effects.iter().filter_map(|effect| match effect {
            Effect::Timeline(TimelineItem {
                body: TimelineBody::Issue { of, issue },
                audience: Audience::Staff,
                ..
            }) => Some((of.clone(), issue.clone())),
            _ => None,
        });
        readings.collect()
    }

    fn decisions(&self) -> Vec<&DecisionRecord> {
        let decisions = self.effects.iter().filter_map(|effect| match effect {
            Effect::Decision(record) if record.rule == "refund-notify" => Some(&**record),
            _ => None,
        });
        decisions.collect()
    }
}

fn none() -> (String, f64) {
    (String::new(), 0.0)
}

fn is(label: &str, p: f64) -> (String, f64) {
    (label.to_owned(), p)
}

#[test]
fn the_last_named_issue_is_what_the_conversation_is_about() {
    for (said, expected) in [
        (&[][..], none()),
        (&["hello"], none()),
        (&["refund 0.91"], is("refund", 0.91)),
        (&["refund 0.91", "thanks"], is("refund", 0.91)),
        (&["refund 0.91", "delivery 0.4"], is("delivery", 0.4)),
        (
            &["delivery 0.4", "refund 0.91", "refund 0.5"],
            is("refund", 0.5),
        ),
    ] {
        let mut chat = Chat::open();
        for text in said {
            chat.says(text);
        }
        assert_eq!(chat.issue(), expected, "{said:?}");
        let shown = chat.shown().map(|(label, p)| (label, f64::from(p)));
        let (label, p) = shown.unwrap_or_default();
        assert_eq!((label, (p * 1e4).round() / 1e4), expected, "{said:?}");
        let readings = chat.readings();
        assert_eq!(readings.len(), said.len(), "each text has its reading");
        for ((_, issue), text) in readings.iter().zip(said) {
            assert_eq!(*issue, Literal::new().read(text));
        }
    }
}

#[test]
fn only_what_may_be_understood_is_read() {
    let literal = || Some(Arc::new(Literal::new()) as Arc<dyn IssueClassifier>);
    type Before = fn(&mut Chat);
    let nothing: Before = |_| {};
    for (issues, before, unsaid, expected) in [
        (literal(), nothing, Unsaid::ByPolicy, is("refund", 0.9)),
        (None, nothing, Unsaid::ByPolicy, none()),
        (literal(), nothing, Unsaid::Nothing, none()),
        (literal(), Chat::says_no, Unsaid::ByPolicy, none()),
    ] {
        let mut chat = Chat::open_with(issues);
        before(&mut chat);
        let body = chat.message("refund 0.9");
        chat.submit_unsaid(Subject::Customer(chat.customer, body), unsaid);
        assert_eq!(chat.issue(), expected);
        let logged = chat.inputs.iter().filter_map(|input| match &input.body {
            InputBody::Customer(event) => event.issue.as_ref(),
            _ => None,
        });
        let is_read = !expected.0.is_empty();
        assert_eq!(logged.count(), usize::from(is_read));
        assert_eq!(chat.readings().len(), usize::from(is_read));
    }
}

#[test]
fn a_refusal_forgets_what_everything_is_about() {
    let mut chat = Chat::open();
    chat.says("refund 0.9");
    chat.tells("delivery 0.8");
    chat.says_no();
    assert_eq!(chat.issue(), none());
    assert_eq!(chat.shown(), None);
}

#[test]
fn phrases_read_as_other_words_here_too() {
    let mut chat = Chat::open();
    let entry = LexiconEntry {
        phrase: "money back".to_owned(),
        reads_as: "refund".to_owned(),
    };
    chat.world.lexicon = Arc::new(DomainLexicon::new(3, &[entry]).unwrap());
    chat.says("Money back 0.8");
    let (_, issue) = chat.readings().pop().unwrap();
    assert_eq!(issue.named.as_deref(), Some("refund"));
    assert_eq!(issue.model, "literal-1+words-3");
}

#[test]
fn a_rule_speaks_once_above_its_threshold_and_tells_what_it_saw() {
    for (p, speaks) in [("0.59", 0), ("0.6", 0), ("0.6001", 1), ("0.91", 1)] {
        let mut chat = Chat::open();
        chat.says(&format!("refund {p}"));
        chat.says("hello");
        let decisions = chat.decisions();
        assert_eq!(decisions.len(), speaks, "{p}");
        for decision in decisions {
            assert!(matches!(decision.outcome, Outcome::Notify));
            let signal = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let seen = [signal("issue.label", "refund"), signal("issue.p", p)];
            assert_eq!(decision.trace.signals, seen);
        }
    }
}

#[test]
fn a_rule_may_speak_again_in_another_conversation() {
    let mut chat = Chat::open();
    chat.says("refund 0.9");
    chat.says("refund 0.8");
    assert_eq!(chat.decisions().len(), 1);
    let conversation = chat.conversation;
    chat.customer(CustomerBody::CustomerEnded { conversation });
    (_, chat.conversation) = chat.another(1);
    assert_ne!(chat.conversation, conversation);
    chat.says("refund 0.9");
    assert_eq!(chat.decisions().len(), 2);
}

#[test]
fn staff_has_the_last_word_on_each_message() {
    // What is said, which of it is corrected to what, and what the conversation is about then.
    for (said, corrected, expected) in [
        (
            &["delivery 0.9"][..],
            (0, Some("refund")),
            is("refund", 1.0),
        ),
        (&["delivery 0.9"], (0, None), none()),
        (&["hello"], (0, Some("refund")), is("refund", 1.0)),
        (
            &["refund 0.3", "delivery 0.9"],
            (1, None),
            is("refund", 0.3),
        ),
        (
            &["hello", "delivery 0.9"],
            (0, Some("refund")),
            is("delivery", 0.9),
        ),
        (
            &["delivery 0.9", "refund 0.4"],
            (0, None),
            is("refund", 0.4),
        ),
    ] {
        let mut chat = Chat::open();
        let rows: Vec<u64> = said.iter().map(|text| chat.says(text)).collect();
        chat.corrects(rows[corrected.0], corrected.1);
        assert_eq!(chat.issue(), expected, "{said:?} {corrected:?}");
        assert_eq!(chat.shown().unwrap_or_default().0, expected.0);
        let speaks = expected == is("refund", 1.0);
        assert_eq!(chat.decisions().len(), usize::from(speaks), "{said:?}");
        let label = chat.effects.iter().rev().find_map(|effect| match effect {
            Effect::Labelled { label, .. } => Some(label),
            _ => None,
        });
        let expected = TextLabel::Issue(corrected.1.map(str::to_owned));
        assert_eq!(label.unwrap().label, expected);
    }
}

#[test]
fn a_correction_counts_for_its_own_open_conversation_only() {
    let mut chat = Chat::open();
    let row = chat.says("delivery 0.9");
    let elsewhere = InteractionId::derive(START, Seq(99), 9);
    chat.is_about(elsewhere, row, Some("refund"));
    assert_eq!(chat.issue(), is("delivery", 0.9));

    let conversation = chat.conversation;
    chat.customer(CustomerBody::CustomerEnded { conversation });
    assert_eq!(chat.issue(), none(), "it ends with the conversation");
    chat.corrects(row, Some("refund"));
    assert_eq!(chat.issue(), none());
    assert!(chat.decisions().is_empty());
}

#[test]
fn the_issues_of_the_last_messages_are_kept() {
    let mut chat = Chat::open();
    let rows: Vec<u64> = (0..=ISSUES_KEPT_MAX)
        .map(|number| chat.says(&format!("refund 0.{}", number + 1)))
        .collect();
    let kept = |chat: &Chat| -> Vec<u64> {
        let open = chat.state().conversation.as_ref().unwrap();
        open.issues.iter().map(|issue| issue.row).collect()
    };
    assert_eq!(kept(&chat), rows[1..]);
    // What was forgotten comes back only where there is room for it, and never as the newest.
    chat.corrects(rows[0], Some("delivery"));
    assert_eq!(kept(&chat), rows[1..]);
    chat.corrects(rows[3], None);
    chat.corrects(rows[0], Some("delivery"));
    assert_eq!(kept(&chat)[0], rows[0]);
    assert_eq!(chat.issue().0, "refund");
}

#[test]
fn an_event_says_what_the_visit_is_about_for_as_long_as_it_is_fresh() {
    let mut chat = Chat::open();
    chat.tells("refund 0.9");
    assert_eq!(chat.issue(), is("refund", 0.9));
    assert_eq!(chat.decisions().len(), 1);
    assert_eq!(chat.shown(), None, "the chat said nothing yet");
    chat.says("delivery 0.8");
    assert_eq!(chat.issue(), is("delivery", 0.8));
    chat.tells("refund 0.7");
    assert_eq!(chat.issue(), is("refund", 0.7), "the later one counts");
    let fresh = chat.world.policy.sentiment.fresh;
    chat.now = chat.now + fresh;
    assert_eq!(chat.issue(), is("refund", 0.7));
    chat.now = chat.now + Millis(1);
    assert_eq!(chat.issue(), is("delivery", 0.8));
}

#[test]
fn a_merge_keeps_the_issues_and_where_their_messages_are() {
    let mut chat = Chat::open();
    chat.says("hello");
    // Somebody else in another browser, who turns out to be the same.
    let mut other = Chat {
        states: std::mem::take(&mut chat.states),
        inputs: Vec::new(),
        effects: Vec::new(),
        ..Chat::open()
    };
    other.now = chat.now;
    other.next_seq = chat.next_seq;
    let first = chat.customer;
    (other.customer, other.conversation) = other.another(2);
    assert_ne!(other.customer, first);
    let row = other.says("delivery 0.9");
    let ann = who(IdentifierKind::UserId, 100, IdentityLevel::Verified);
    for key in [1, 2] {
        let identifiers = [browser(key), vec![ann.clone()]].concat();
        let body = CustomerBody::Identified {
            identifiers: identifiers.clone(),
            traits: Vec::new(),
        };
        other.submit(Subject::Identified(identifiers, body));
    }
    let survivor = other.states.links[&LinkKey(100)];
    let loser = if survivor == first {
        other.customer
    } else {
        first
    };
    assert_eq!(
        other.states.customers[&loser].merged_into,
        Some(survivor),
        "both are one"
    );
    let offset = other.effects.iter().find_map(|effect| match effect {
        Effect::Merged {
            from,
            timeline_offset,
            ..
        } if *from == other.customer => Some(*timeline_offset),
        _ => None,
    });
    let row = row + offset.unwrap_or(0);
    other.customer = survivor;
    let kept = |chat: &Chat| -> Vec<(u64, String)> {
        let issues = chat.state().open().flat_map(|open| &open.issues);
        issues
            .map(|issue| (issue.row, issue.label.clone()))
            .collect()
    };
    assert_eq!(kept(&other), [(row, "delivery".to_owned())]);
    let its = |chat: &Chat| {
        let mut open = chat.state().open();
        open.find(|open| !open.issues.is_empty())
            .unwrap()
            .conversation
    };
    let conversation = its(&other);
    other.is_about(conversation, row, Some("refund"));
    assert_eq!(kept(&other), [(row, "refund".to_owned())]);
}

#[test]
fn a_replay_reads_nothing_anew() {
    let mut chat = Chat::open();
    let row = chat.says("refund 0.9");
    chat.says("delivery 0.8");
    chat.tells("refund 0.7");
    chat.corrects(row, Some("delivery"));
    let world = world(Some(Arc::new(NeverAsked)));
    let mut again = MemoryStates::default();
    let mut effects = Vec::new();
    for input in &chat.inputs {
        effects.extend(flow::replay(&mut again, &world, input).unwrap());
    }
    assert_eq!(again.customers, chat.states.customers);
    let timeline = |effects: &[Effect]| -> Vec<TimelineBody> {
        let rows = effects.iter().filter_map(|effect| match effect {
            Effect::Timeline(item) => Some(item.body.clone()),
            _ => None,
        });
        rows.collect()
    };
    assert_eq!(timeline(&effects), timeline(&chat.effects));
}
