//! Calls: they begin and end once, are heard only where they may be, and what is heard of them lets rules speak.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/calm.rs"]
mod calm;

use std::sync::Arc;

use calm::Calm;
use overture_engine::{
    World,
    decide::{Policy, SignalId, SignalSource, SignalValue, Signals, VoiceSettings},
    flow::{self, Batch},
    memory::MemoryStates,
    model::*,
    understand::{TextModel, fusion},
};
use proptest::prelude::*;

const START: Timestamp = Timestamp(1_750_000_000_000);

/// Reads `anger 0.8` as words so angry; the polarity is as far from 0.
struct Literal;

impl TextModel for Literal {
    fn name(&self) -> &'static str {
        "literal-1"
    }

    fn read(&self, text: &str) -> TextReading {
        let (what, p) = text.split_once(' ').unwrap_or((text, "0"));
        let p: f32 = p.parse().unwrap_or_default();
        TextReading::Scored(Box::new(words(what, p)))
    }
}

fn words(what: &str, p: f32) -> TextScore {
    let mut emotions = [0.0; 8];
    let score = match what {
        "anger" => {
            emotions[Emotion::Anger as usize] = p;
            -p
        }
        "joy" => {
            emotions[Emotion::Joy as usize] = p;
            p
        }
        _ => 0.0,
    };
    TextScore {
        model: "literal-1".to_owned(),
        tier: 0,
        language: Some("en".to_owned()),
        sentiment: Sentiment {
            score,
            intensity: p,
            confidence: 0.9,
            label: SentimentLabel::Neutral,
        },
        emotions,
        sarcasm: 0.0,
        urgency: 0.0,
        evidence: Vec::new(),
    }
}

fn voice(anger: f32, quality: f32) -> VoiceScore {
    VoiceScore {
        anger,
        neutral: 1.0 - anger,
        arousal: anger,
        quality,
        ..VoiceScore::default()
    }
}

const RULES: &str = r#"
[[rules]]
id = "tone-offer"
when = "voice.anger > 0.8"
action = "offer"

[[rules]]
id = "tone-notify"
when = "voice.anger > 0.8"
action = "notify"
"#;

struct Line {
    states: MemoryStates,
    world: World,
    now: Timestamp,
    next_seq: Seq,
    inputs: Vec<Input>,
    effects: Vec<Effect>,
    customer: CustomerId,
    call: InteractionId,
    at_ms: u32,
}

impl Line {
    /// A caller who was told, where calls are analysed.
    fn open() -> Self {
        let mut line = Self::dial("enabled = true");
        line.begins(1, true);
        line
    }

    fn dial(voice: &str) -> Self {
        let policy =
            Policy::shipped().replace("[voice]\nenabled = false", &format!("[voice]\n{voice}"));
        let policy = Policy::parse(&format!("{policy}{RULES}"), 1)
            .unwrap()
            .policy;
        Self {
            states: MemoryStates::default(),
            world: World {
                facts: WorldFacts {
                    version: 1,
                    policy_revision: 1,
                    mode: Mode::Live,
                    ..WorldFacts::default()
                },
                policy: Arc::new(policy),
                engagement: Arc::new(Calm),
                text: Arc::new(Literal),
                issues: None,
                lexicon: Arc::default(),
                rollouts: Default::default(),
                key: Default::default(),
            },
            now: START,
            next_seq: Seq(1),
            inputs: Vec::new(),
            effects: Vec::new(),
            customer: CustomerId::derive(START, Seq(1), 0),
            call: InteractionId::derive(START, Seq(1), 0),
            at_ms: 0,
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
        self.now = self.now + Millis::from_secs(1);
        let (now, next) = (self.now, &mut self.next_seq);
        let reply = flow::advance(
            &mut self.states,
            &self.world,
            ingress,
            now,
            next,
            &mut batch,
        );
        self.inputs.append(&mut batch.inputs);
        self.effects.append(&mut batch.effects);
        reply.unwrap()
    }

    fn begins(&mut self, key: u64, disclosed: bool) -> Option<NotAnalysed> {
        let number = Identifier {
            kind: IdentifierKind::Phone,
            key: LinkKey(7),
            value: Private::new("+442079460018"),
            level: IdentityLevel::Verified,
        };
        let began = CallBegan {
            key,
            via: CallVia::Stream,
            external: format!("pbx-{key}"),
            direction: CallDirection::Inbound,
            disclosed,
            agent: None,
            synthetic: false,
        };
        let body = CustomerBody::Call(Box::new(CallFact::Began(began)));
        match self.submit(Subject::Identified(vec![number], body)) {
            Reply::Call {
                customer,
                call,
                not_analysed,
            } => {
                (self.customer, self.call) = (customer, call);
                not_analysed
            }
            other => panic!("a call that begins was answered with {other:?}"),
        }
    }

    fn fact(&mut self, fact: CallFact) -> Reply {
        let body = CustomerBody::Call(Box::new(fact));
        self.submit(Subject::Customer(self.customer, body))
    }

    /// Four seconds of speech.
    fn says(&mut self, voice: Option<VoiceScore>, text: &str) -> Reply {
        let start_ms = self.at_ms;
        self.at_ms += 4_000;
        self.fact(CallFact::Heard(Utterance {
            call: self.call,
            start_ms,
            end_ms: self.at_ms,
            spoken_ms: 4_000,
            voice,
            text: Private::new(text),
            words_confidence: if text.is_empty() { 0.0 } else { 1.0 },
            words_from: (!text.is_empty()).then(|| "scripted".to_owned()),
        }))
    }

    fn ends(&mut self) -> Reply {
        self.fact(CallFact::Ended {
            call: self.call,
            why: CallEnd::HungUp,
            lasted: Some(Millis(u64::from(self.at_ms))),
            dynamics: None,
        })
    }

    fn allows(&mut self, granted: bool) {
        self.submit(Subject::Customer(
            self.customer,
            CustomerBody::Consent {
                purpose: Purpose::AnalyseVoice,
                granted,
                by: ConsentSource::Api,
            },
        ));
    }

    fn state(&self) -> &CustomerState {
        &self.states.customers[&self.customer]
    }

    fn signal(&self, name: &str) -> Option<f64> {
        let signals = Signals::of(self.state(), &self.world.policy, self.now, None);
        match signals.value(SignalId::named(name).unwrap()) {
            SignalValue::Number(number) => Some(number),
            SignalValue::Flag(flag) => Some(f64::from(u8::from(flag))),
            SignalValue::Text(_) | SignalValue::Absent => None,
        }
    }

    /// What became of calls, as staff reads it.
    fn story(&self) -> Vec<CallChange> {
        let changes = self.effects.iter().filter_map(|effect| match effect {
            Effect::Timeline(TimelineItem {
                body: TimelineBody::Call(view),
                ..
            }) => Some(view.change),
            _ => None,
        });
        changes.collect()
    }

    /// The rules that acted, and what they did.
    fn acted(&self) -> Vec<(String, &'static str)> {
        let decisions = self.effects.iter().filter_map(|effect| match effect {
            Effect::Decision(decision) => Some(decision),
            _ => None,
        });
        decisions
            .filter(|decision| !matches!(decision.outcome, Outcome::Withhold(_)))
            .map(|decision| (decision.rule.clone(), decision.outcome.name()))
            .collect()
    }
}

#[test]
fn a_call_begins_and_ends_once() {
    let mut line = Line::open();
    let call = line.call;
    assert_eq!(line.begins(1, true), None);
    assert_eq!(line.call, call, "the same call again is the same call");
    assert_eq!(line.ends(), Reply::Done);
    assert_eq!(line.ends(), Reply::Gone);
    assert_eq!(
        line.says(Some(voice(0.9, 1.0)), ""),
        Reply::Done,
        "nobody listens any more"
    );
    let story = [CallChange::Began(None), CallChange::Ended(Some(Millis(0)))];
    assert_eq!(line.story(), story);
    line.begins(2, true);
    assert_ne!(line.call, call);
}

#[test]
fn nothing_is_heard_unless_an_admin_the_disclosure_and_the_customer_allow_it() {
    let cases = [
        ("enabled = false", true, None, Some(NotAnalysed::NotEnabled)),
        (
            "enabled = true",
            false,
            None,
            Some(NotAnalysed::NotDisclosed),
        ),
        (
            "enabled = true",
            true,
            Some(false),
            Some(NotAnalysed::OptedOut),
        ),
        ("enabled = true", true, Some(true), None),
        ("enabled = true", true, None, None),
    ];
    for (policy, disclosed, said, expected) in cases {
        let mut line = Line::dial(policy);
        line.begins(1, disclosed);
        if let Some(granted) = said {
            line.allows(granted);
        }
        assert_eq!(
            line.begins(1, disclosed),
            expected,
            "{policy} {disclosed} {said:?}"
        );
        let before = line.inputs.len();
        line.says(Some(voice(0.9, 1.0)), "anger 0.9");
        let kept = line.inputs.len() > before;
        assert_eq!(kept, expected.is_none(), "{policy} {disclosed} {said:?}");
        assert_eq!(line.state().tone.is_some(), expected.is_none());
        assert_eq!(line.state().mood.is_some(), expected.is_none());
    }
}

#[test]
fn what_was_told_later_counts_from_then_on_and_a_refusal_forgets() {
    let mut line = Line::dial("enabled = true");
    line.begins(1, false);
    line.fact(CallFact::Disclosed { call: line.call });
    line.says(Some(voice(0.9, 1.0)), "");
    assert!(line.signal("voice.anger").is_some());
    line.allows(false);
    assert_eq!(line.signal("voice.anger"), None);
    line.says(Some(voice(0.9, 1.0)), "");
    assert_eq!(line.signal("voice.anger"), None);
    assert!(line.story().contains(&CallChange::Analysed));
}

#[test]
fn an_alert_needs_two_utterances_in_a_row_and_ends_below_another_threshold() {
    let loud = Some(voice(0.98, 1.0));
    let middling = Some(voice(0.62, 1.0));
    let calm = Some(voice(0.02, 1.0));
    let mut line = Line::open();
    let mut heard = Vec::new();
    for (voice, text) in [
        (loud, "anger 0.9"),
        (calm, ""),
        (loud, "anger 0.9"),
        (loud, "anger 0.9"),
        (middling, "anger 0.3"),
        (calm, "joy 0.5"),
        (loud, "anger 0.9"),
        (calm, "joy 0.5"),
        (calm, "joy 0.5"),
    ] {
        line.says(voice, text);
        heard.push(line.signal("fused.alert") == Some(1.0));
    }
    let expected = [false, false, false, true, true, true, true, true, false];
    assert_eq!(heard, expected);
    let alerts = line.story();
    assert_eq!(
        alerts[1..],
        [CallChange::Alert, CallChange::Calmed],
        "{alerts:?}"
    );
    let told = ("upset-caller-notify".to_owned(), "notify");
    assert!(line.acted().contains(&told), "{:?}", line.acted());
}

#[test]
fn noise_neither_begins_nor_ends_an_alert() {
    let mut line = Line::open();
    for _ in 0..4 {
        line.says(Some(voice(0.99, 0.1)), "");
    }
    assert_eq!(line.signal("fused.alert"), Some(0.0));
}

#[test]
fn tone_alone_reaches_staff_and_no_customer() {
    let mut line = Line::open();
    let widget = SessionStarted {
        device: LinkKey(9),
        anonymous: None,
        level: IdentityLevel::Verified,
        path: "/".to_owned(),
        time_zone: None,
        language: None,
    };
    line.submit(Subject::Customer(
        line.customer,
        CustomerBody::SessionStarted(widget),
    ));
    line.says(Some(voice(0.95, 1.0)), "");
    line.ends();
    let told = ("tone-notify".to_owned(), "notify");
    assert_eq!(line.acted(), [told]);

    // With words of the same call behind it, the customer is offered help: after the call, not in it.
    line.begins(2, true);
    line.says(Some(voice(0.95, 1.0)), "anger 0.6");
    let during = line.acted();
    assert!(
        !during.iter().any(|(rule, _)| rule == "tone-offer"),
        "{during:?}"
    );
    line.ends();
    let after = line.acted();
    assert!(
        after.contains(&("tone-offer".to_owned(), "offer")),
        "{after:?}"
    );
}

#[test]
fn what_is_said_in_a_call_is_part_of_the_mood_and_holds_no_identifiers() {
    let mut line = Line::open();
    line.says(None, "anger 0.8");
    assert_eq!(line.signal("emotion.anger"), Some(0.8));
    assert_eq!(line.signal("sentiment.score"), Some(-0.8));
    line.says(None, "my card is 4111 1111 1111 1111");
    let said = line.effects.iter().rev().find_map(|effect| match effect {
        Effect::Timeline(TimelineItem {
            body: TimelineBody::Utterance(view),
            ..
        }) => Some(view.utterance.text.reveal().to_owned()),
        _ => None,
    });
    let said = said.unwrap();
    assert!(!said.contains("4111") && said.contains("[card"), "{said}");
}

#[test]
fn a_call_of_which_nothing_is_heard_is_over_by_itself() {
    let mut line = Line::open();
    line.now = line.now + CALL_SILENT_MAX;
    line.submit(Subject::Customer(line.customer, CustomerBody::Tick));
    assert!(line.state().calls.is_empty());
    assert_eq!(line.story()[1..], [CallChange::Ended(None)]);
}

#[test]
fn only_so_many_calls_of_one_customer_go_on() {
    let mut line = Line::dial("enabled = true");
    for key in 0..10 {
        line.begins(key, true);
    }
    assert_eq!(line.state().calls.len(), CALLS_MAX);
}

#[test]
fn a_replay_comes_to_the_same() {
    let mut line = Line::open();
    for (voice, text) in [
        (Some(voice(0.9, 0.8)), "anger 0.7"),
        (None, "joy 0.4"),
        (Some(voice(0.2, 0.5)), ""),
    ] {
        line.says(voice, text);
    }
    line.allows(false);
    line.ends();
    let mut again = MemoryStates::default();
    let mut effects = Vec::new();
    for input in &line.inputs {
        effects.extend(flow::replay(&mut again, &line.world, input).unwrap());
    }
    assert_eq!(again.customers, line.states.customers);
    assert_eq!(effects, line.effects);
}

#[test]
fn voice_and_words_contradict_each_other_only_where_both_are_sure() {
    let cases = [
        (0.9, 1.0, "joy", 0.8, 1.0, true),
        (0.05, 1.0, "anger", 0.9, 1.0, true),
        (0.9, 1.0, "anger", 0.43, 1.0, false),
        (0.9, 1.0, "anger", 0.9, 1.0, false),
        (0.1, 1.0, "joy", 0.8, 1.0, false),
        (0.9, 0.2, "joy", 0.8, 1.0, false),
        (0.9, 1.0, "joy", 0.8, 0.2, false),
    ];
    for (p_v, q_v, what, p_t, q_t, expected) in cases {
        let said = words(what, p_t);
        let fused = fusion::fuse(Some(&voice(p_v, q_v)), Some((&said, q_t))).unwrap();
        assert_eq!(fused.disagree, expected, "{p_v} {q_v} {what} {p_t} {q_t}");
        let alone = fusion::fuse(Some(&voice(p_v, q_v)), None).unwrap();
        assert!(!alone.disagree);
    }
}

fn probability() -> impl Strategy<Value = f32> {
    0.0f32..=1.0
}

proptest! {
    #[test]
    fn a_fused_score_is_a_probability_that_follows_what_it_is_made_of(
        p_v in probability(), q_v in probability(), p_t in probability(), q_t in probability(), more in probability(),
    ) {
        let fuse = |p_v: f32, q_v: f32, p_t: f32, q_t: f32| {
            fusion::fuse(Some(&voice(p_v, q_v)), Some((&words("anger", p_t), q_t)))
        };
        let Some(fused) = fuse(p_v, q_v, p_t, q_t) else {
            prop_assert!(q_v <= 0.0 && q_t <= 0.0);
            return Ok(());
        };
        for value in [fused.score, fused.confidence, fused.sarcasm] {
            prop_assert!((0.0..=1.0).contains(&value), "{fused:?}");
        }
        // Angrier words never make it calmer, whatever the voice.
        let angrier = fuse(p_v, q_v, p_t + more * (1.0 - p_t), q_t).unwrap();
        prop_assert!(angrier.score + 1e-4 >= fused.score, "{fused:?} {angrier:?}");
        // What is missing counts for nothing: the score is that of what is there.
        let alone = fusion::fuse(Some(&voice(p_v, q_v)), None);
        let deaf = fuse(p_v, q_v, p_t, 0.0);
        prop_assert_eq!(alone, deaf);
    }

    #[test]
    fn a_calls_score_lies_between_where_it_was_and_what_was_heard(
        heard in prop::collection::vec((probability(), probability(), 0u32..20_000), 1..40),
    ) {
        let call = InteractionId::derive(START, Seq(1), 0);
        let settings = VoiceSettings::default();
        let mut tone = fusion::begin(call, START);
        for (p, quality, spoken_ms) in heard {
            let utterance = Utterance {
                call,
                start_ms: 0,
                end_ms: spoken_ms,
                spoken_ms,
                voice: Some(voice(p, quality)),
                text: Private::default(),
                words_confidence: 0.0,
                words_from: None,
            };
            let Some(fused) = fusion::fuse(utterance.voice.as_ref(), None) else { continue };
            let before = tone.score;
            fusion::take(&mut tone, &utterance, &fused, START, &settings);
            let (low, high) = (before.min(fused.score), before.max(fused.score));
            prop_assert!(tone.score >= low - 1e-4 && tone.score <= high + 1e-4);
            prop_assert!(tone.highest >= tone.score);
        }
    }
}
