//! Guides through the whole pipeline: shown like every unasked contact, or not at all.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/calm.rs"]
mod calm;

use std::sync::Arc;

use calm::Calm;
use overture_engine::{
    World,
    decide::{GuideError, Guides, PagePattern, Policy},
    flow::{self, Batch},
    memory::MemoryStates,
    model::*,
};
use proptest::prelude::*;
use smallvec::smallvec;

fn guide_id(number: u64) -> GuideId {
    GuideId::derive(Timestamp(1), Seq(number), 0)
}

fn target(number: u64, pages: &str, frequency: GuideFrequency) -> GuideTarget {
    GuideTarget {
        guide: guide_id(number),
        revision: 1,
        name: format!("Guide {number}"),
        kind: GuideKind::Tooltip,
        pages: pages.to_owned(),
        audience: String::new(),
        priority: 0,
        frequency,
        sources: smallvec![],
    }
}

fn source(number: u64) -> SourceId {
    SourceId::derive(Timestamp(1), Seq(number), 0)
}

struct Site {
    states: MemoryStates,
    world: World,
    now: Timestamp,
    next_seq: Seq,
    inputs: Vec<Input>,
    effects: Vec<Effect>,
    source: Option<SourceId>,
}

impl Site {
    fn open(mode: Mode, policy: &str, targets: &[GuideTarget]) -> Self {
        let policy = Policy::parse(policy, 1).unwrap().policy;
        let guides = Guides::compile(targets).unwrap();
        Self {
            states: MemoryStates::default(),
            world: World {
                facts: WorldFacts {
                    version: 1,
                    mode,
                    guides_revision: 1,
                    ..WorldFacts::default()
                },
                policy: Arc::new(policy.with_guides(guides)),
                engagement: Arc::new(Calm),
                text: Arc::new(overture_engine::understand::text::NoTextModel),
                issues: None,
                lexicon: Default::default(),
                rollouts: Default::default(),
                key: Default::default(),
            },
            now: Timestamp(1_750_000_000_000),
            next_seq: Seq(1),
            inputs: Vec::new(),
            effects: Vec::new(),
            source: Some(source(1)),
        }
    }

    fn live(targets: &[GuideTarget]) -> Self {
        Self::open(Mode::Live, "format = 1", targets)
    }

    fn submit(&mut self, subject: Subject) -> Reply {
        let mut batch = Batch::default();
        let ingress = Ingress {
            source: self.source,
            occurred_at: None,
            message_key: None,
            unsaid: Unsaid::default(),
            subject,
        };
        let (now, seq) = (self.now, &mut self.next_seq);
        let reply = flow::advance(&mut self.states, &self.world, ingress, now, seq, &mut batch);
        self.inputs.append(&mut batch.inputs);
        self.effects.append(&mut batch.effects);
        reply.unwrap()
    }

    fn browser() -> Vec<Identifier> {
        vec![Identifier {
            kind: IdentifierKind::Device,
            key: LinkKey(1),
            value: Private::new("browser"),
            level: IdentityLevel::Anonymous,
        }]
    }

    fn arrive(&mut self) -> CustomerId {
        let started = CustomerBody::SessionStarted(SessionStarted {
            device: LinkKey(1),
            anonymous: None,
            level: IdentityLevel::Anonymous,
            path: "/".into(),
            time_zone: None,
            language: None,
        });
        match self.submit(Subject::Identified(Self::browser(), started)) {
            Reply::Session { customer, .. } => customer,
            other => panic!("expected a session, got {other:?}"),
        }
    }

    fn page(&mut self, path: &str) {
        let body = CustomerBody::Behaviour(Behaviour::PageView {
            path: path.to_owned(),
            navigation: Navigation::Navigate,
        });
        self.submit(Subject::Identified(Self::browser(), body));
    }

    fn wait_s(&mut self, seconds: u64) {
        self.now = self.now + Millis::from_secs(seconds);
    }

    fn say(&mut self, customer: CustomerId, body: CustomerBody) -> Reply {
        self.submit(Subject::Customer(customer, body))
    }

    fn offer(&self, customer: CustomerId) -> Option<&OfferState> {
        self.states.customers[&customer].offer.as_ref()
    }

    /// The guide that is open, really seen.
    fn see(&mut self, customer: CustomerId) -> OfferId {
        let offer = self.offer(customer).expect("a guide is open").offer;
        self.say(customer, CustomerBody::OfferShown { offer });
        offer
    }

    fn fact(
        &mut self,
        customer: CustomerId,
        guide: u64,
        offer: OfferId,
        fact: GuideFactKind,
    ) -> Reply {
        self.fact_at(0, customer, guide, offer, fact)
    }

    fn fact_at(
        &mut self,
        step: u8,
        customer: CustomerId,
        guide: u64,
        offer: OfferId,
        fact: GuideFactKind,
    ) -> Reply {
        let body = CustomerBody::GuideFact {
            guide: guide_id(guide),
            offer: Some(offer),
            step,
            fact,
        };
        self.say(customer, body)
    }

    fn shows(&self, customer: CustomerId) -> bool {
        self.offer(customer).is_some()
    }

    fn outcomes(&self) -> Vec<String> {
        let decisions = self.effects.iter().filter_map(|effect| match effect {
            Effect::Decision(decision) => Some(decision),
            _ => None,
        });
        decisions
            .map(|decision| match &decision.outcome {
                Outcome::Withhold(reasons) => format!("withhold:{}", reasons[0].name()),
                other => other.name().to_owned(),
            })
            .collect()
    }

    fn counted(&self, wanted: &str) -> usize {
        let counts = self.effects.iter();
        counts
            .filter(|effect| matches!(effect, Effect::Count { what, .. } if *what == wanted))
            .count()
    }
}

#[test]
fn a_guide_is_shown_on_its_pages_with_its_trace() {
    let mut site = Site::live(&[target(1, "/checkout/**", GuideFrequency::Ever)]);
    let customer = site.arrive();
    site.page("/shop");
    assert!(!site.shows(customer));
    site.page("/checkout/pay");
    let offer = site.offer(customer).unwrap();
    assert_eq!(offer.style, OfferStyle::Guide);
    assert!(offer.options.is_empty() && !offer.seat && offer.grant.is_none());
    assert_eq!(site.outcomes(), ["prompt"]);
    let decision = site.effects.iter().find_map(|effect| match effect {
        Effect::Decision(decision) => Some(decision),
        _ => None,
    });
    let decision = decision.unwrap();
    assert_eq!(GuideId::of_rule(&decision.rule), Some(guide_id(1)));
    let page = ("page /checkout/**".to_owned(), true);
    assert!(
        decision.trace.parts.contains(&page),
        "{:?}",
        decision.trace.parts
    );
    let path = ("session.path".to_owned(), "/checkout/pay".to_owned());
    assert!(
        decision.trace.signals.contains(&path),
        "{:?}",
        decision.trace.signals
    );
}

#[test]
fn the_page_takes_its_guide_along_when_it_is_left() {
    let mut site = Site::live(&[target(1, "/a/**", GuideFrequency::Ever)]);
    let customer = site.arrive();
    site.page("/a/one");
    site.see(customer);
    site.page("/a/two");
    assert!(
        site.shows(customer),
        "the next page is one of the guide's too"
    );
    site.page("/b");
    assert!(!site.shows(customer));
}

#[test]
fn a_guide_is_shown_as_often_as_it_says() {
    use GuideFrequency::{Always, Ever, Visit};
    /// Which of three things end it, and where it is shown again: on the same page later in
    /// the visit, and in the next visit.
    const CASES: [(GuideFrequency, GuideFactKind, [bool; 2]); 6] = [
        (Ever, GuideFactKind::Completed, [false, false]),
        (Ever, GuideFactKind::Closed, [false, false]),
        (Visit, GuideFactKind::Completed, [false, true]),
        (Visit, GuideFactKind::Closed, [false, true]),
        (Always, GuideFactKind::Completed, [true, true]),
        (Always, GuideFactKind::Closed, [false, true]),
    ];
    for (frequency, end, again) in CASES {
        let mut site = Site::live(&[target(1, "/a", frequency)]);
        let customer = site.arrive();
        site.page("/a");
        let offer = site.see(customer);
        assert_eq!(site.fact(customer, 1, offer, end), Reply::Done);
        assert!(!site.shows(customer), "{frequency:?} {end:?}");
        site.page("/b");
        site.wait_s(60);
        site.page("/a");
        assert_eq!(
            site.shows(customer),
            again[0],
            "{frequency:?} {end:?} later"
        );
        site.page("/b");
        site.wait_s(3_600);
        site.arrive();
        site.page("/a");
        assert_eq!(
            site.shows(customer),
            again[1],
            "{frequency:?} {end:?} next visit"
        );
    }
}

#[test]
fn a_guide_that_was_never_seen_is_shown_another_time() {
    let mut site = Site::live(&[target(1, "/a", GuideFrequency::Ever)]);
    let customer = site.arrive();
    site.page("/a");
    site.page("/b");
    site.page("/a");
    assert!(
        site.shows(customer),
        "the page was left before it could be drawn"
    );
}

#[test]
fn an_anchor_that_is_missing_costs_the_customer_nothing() {
    let policy = "format = 1\n[caps]\ncontacts = 1\n";
    let guides = [
        target(1, "/a", GuideFrequency::Always),
        target(2, "/b", GuideFrequency::Always),
    ];
    let mut site = Site::open(Mode::Live, policy, &guides);
    let customer = site.arrive();
    site.page("/a");
    let offer = site.offer(customer).unwrap().offer;
    site.fact(customer, 1, offer, GuideFactKind::AnchorMissing);
    assert!(!site.shows(customer));
    assert_eq!(site.counted("anchor_missing"), 1);
    site.page("/b");
    assert!(
        site.shows(customer),
        "the one contact of the cap was not used up"
    );
    site.page("/a");
    assert!(
        !site.shows(customer),
        "it is not tried again in the same visit"
    );
}

#[test]
fn a_later_step_without_its_element_does_not_end_the_guide() {
    let mut site = Site::live(&[target(1, "/a", GuideFrequency::Always)]);
    let customer = site.arrive();
    site.page("/a");
    let offer = site.see(customer);
    for step in [1, 2] {
        let reply = site.fact_at(step, customer, 1, offer, GuideFactKind::AnchorMissing);
        assert_eq!(reply, Reply::Done);
    }
    assert_eq!(site.counted("anchor_missing"), 2);
    assert_eq!(
        site.offer(customer).unwrap().stage,
        OfferStage::Shown,
        "its words help without their place"
    );
    site.fact_at(2, customer, 1, offer, GuideFactKind::Completed);
    assert!(!site.shows(customer));
    assert_eq!(site.counted("completed"), 1);
}

#[test]
fn what_comes_for_a_guide_that_is_over_changes_nothing() {
    let mut site = Site::live(&[target(1, "/a", GuideFrequency::Ever)]);
    let customer = site.arrive();
    site.page("/a");
    let offer = site.see(customer);
    assert_eq!(
        site.fact(customer, 2, offer, GuideFactKind::Completed),
        Reply::Gone
    );
    assert!(
        site.shows(customer),
        "another guide's fact is not this one's"
    );
    site.fact(customer, 1, offer, GuideFactKind::Completed);
    let before = site.effects.len();
    assert_eq!(
        site.fact(customer, 1, offer, GuideFactKind::Completed),
        Reply::Gone
    );
    assert_eq!(site.effects.len(), before);
}

#[test]
fn closing_a_guide_says_nothing_about_other_help() {
    let mut site = Site::live(&[
        target(1, "/a", GuideFrequency::Ever),
        target(2, "/b", GuideFrequency::Ever),
    ]);
    let customer = site.arrive();
    site.page("/a");
    let offer = site.see(customer);
    site.fact(customer, 1, offer, GuideFactKind::Closed);
    let state = &site.states.customers[&customer];
    assert_eq!(state.suppression.declined_until, Timestamp::default());
    site.page("/b");
    assert!(site.shows(customer));
}

#[test]
fn a_guide_belongs_to_the_pages_of_its_sources() {
    let mut here = target(1, "/a", GuideFrequency::Ever);
    here.sources = smallvec![source(2)];
    for (from, expected) in [(source(1), false), (source(2), true)] {
        let mut site = Site::live(&[here.clone()]);
        site.source = Some(from);
        let customer = site.arrive();
        site.page("/a");
        assert_eq!(site.shows(customer), expected);
    }
}

#[test]
fn of_two_guides_the_more_important_is_shown() {
    let mut second = target(2, "/**", GuideFrequency::Ever);
    second.priority = 5;
    let guides = [target(1, "/a", GuideFrequency::Ever), second];
    let mut site = Site::live(&guides);
    let customer = site.arrive();
    site.page("/a");
    assert_eq!(site.offer(customer).unwrap().rule, guide_id(2).rule_key());
    let found: Vec<GuideId> = site
        .world
        .guides()
        .for_path("/a")
        .map(|one| one.guide)
        .collect();
    assert_eq!(found, [guide_id(2), guide_id(1)]);
}

#[test]
fn what_cannot_be_live_is_refused_with_its_place() {
    let mut wrong = target(1, "/a", GuideFrequency::Ever);
    wrong.audience = "session.pth == \"x\"".to_owned();
    match Guides::compile(&[wrong]) {
        Err(GuideError::Audience(guide, errors)) => {
            assert_eq!(guide, guide_id(1));
            assert_eq!(errors[0].offset, 0);
            assert!(
                errors[0].message.contains("session.path"),
                "{}",
                errors[0].message
            );
        }
        other => panic!("{other:?}"),
    }
    let page = target(2, "a", GuideFrequency::Ever);
    assert!(matches!(
        Guides::compile(&[page]),
        Err(GuideError::Pages(..))
    ));
    let many: Vec<GuideTarget> = (0..51)
        .map(|at| target(at, "/a", GuideFrequency::Ever))
        .collect();
    assert!(matches!(Guides::compile(&many), Err(GuideError::TooMany)));
}

/// What may be done to a site before a page with a guide is opened.
#[derive(Debug, Clone, Copy)]
enum Before {
    Nothing,
    Refuse,
    OptOut,
    OpenChat,
    NoWidget,
    UseUpCap,
}

proptest! {
    /// A guide never shows to somebody whom a prompt may not reach, and each time it is
    /// held back the reason is recorded.
    #[test]
    fn a_guide_reaches_only_whom_a_prompt_may_reach(
        mode in prop_oneof![Just(Mode::Shadow), Just(Mode::Live)],
        holdout in prop_oneof![Just(0.0), Just(100.0)],
        quiet: bool,
        before in prop_oneof![
            Just(Before::Nothing), Just(Before::Refuse), Just(Before::OptOut),
            Just(Before::OpenChat), Just(Before::NoWidget), Just(Before::UseUpCap),
        ],
        frequency in prop_oneof![
            Just(GuideFrequency::Ever), Just(GuideFrequency::Visit), Just(GuideFrequency::Always),
        ],
    ) {
        let policy = format!(
            "format = 1\n[caps]\ncontacts = 1\n[holdout]\npercent = {holdout:?}\n\
             [quiet_hours]\nenabled = {quiet}\nfrom = \"00:00\"\nto = \"23:59\"\n",
        );
        let guides = [target(1, "/a", frequency), target(2, "/first", frequency)];
        let mut site = Site::open(mode, &policy, &guides);
        let customer = match before {
            Before::NoWidget => {
                site.page("/");
                *site.states.customers.keys().next().unwrap()
            }
            _ => site.arrive(),
        };
        match before {
            Before::Nothing | Before::NoWidget => {}
            Before::Refuse => {
                let body = CustomerBody::Consent {
                    purpose: Purpose::Contact,
                    granted: false,
                    by: ConsentSource::Api,
                };
                site.say(customer, body);
            }
            Before::OptOut => {
                let (offer, how) = (OfferId::derive(site.now, Seq(1), 9), DismissedHow::Never);
                site.say(customer, CustomerBody::OfferDismissed { offer, how });
            }
            Before::OpenChat => {
                let body = CustomerBody::HelpRequested {
                    channel: ChannelKind::Chat,
                    key: 1,
                    text: None,
                    phone: None,
                };
                site.say(customer, body);
            }
            Before::UseUpCap => {
                site.page("/first");
                if site.shows(customer) {
                    let offer = site.see(customer);
                    site.fact(customer, 2, offer, GuideFactKind::Completed);
                }
            }
        }
        site.page("/a");
        let allowed = mode == Mode::Live
            && holdout == 0.0
            && !quiet
            && matches!(before, Before::Nothing);
        prop_assert_eq!(site.shows(customer), allowed, "{:?}", site.outcomes());
        if !allowed {
            let last = site.outcomes().pop().unwrap();
            prop_assert!(last.starts_with("withhold:"), "{}", last);
        }
    }

    /// A log of guides, replayed under the same live guides, makes every decision again.
    #[test]
    fn a_replay_shows_the_same_guides(pages in proptest::collection::vec(0..4usize, 1..20)) {
        let guides = [
            target(1, "/a", GuideFrequency::Visit),
            target(2, "/b/**", GuideFrequency::Always),
        ];
        let mut site = Site::live(&guides);
        let customer = site.arrive();
        for place in pages {
            site.page(["/a", "/b", "/b/c", "/d"][place]);
            site.wait_s(40);
            if site.shows(customer) && place % 2 == 0 {
                let offer = site.see(customer);
                site.fact(customer, 1 + place as u64 % 2, offer, GuideFactKind::Closed);
            }
        }
        let mut states = MemoryStates::default();
        let mut effects = Vec::new();
        for input in &site.inputs {
            effects.extend(flow::replay(&mut states, &site.world, input).unwrap());
        }
        prop_assert_eq!(states.customers, site.states.customers);
        prop_assert_eq!(effects, site.effects);
    }

    /// No pattern and no path brings the matcher down, and a pattern without stars means
    /// exactly its own page.
    #[test]
    fn any_pattern_meets_any_path(pattern in "[/*a-c.ü]{0,24}", path in "[/a-c.ü?]{0,24}") {
        if let Ok(parsed) = PagePattern::parse(&pattern) {
            let fits = parsed.fits(&path);
            if !pattern.contains('*') {
                let plain = |text: &str| match text.strip_suffix('/') {
                    Some("") | None => text.to_owned(),
                    Some(shorter) => shorter.to_owned(),
                };
                prop_assert_eq!(fits, plain(&pattern) == plain(&path));
            }
        }
    }
}
