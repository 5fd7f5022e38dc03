//! Self-service: what counts, what is told, and what an agent sees of it.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/calm.rs"]
mod calm;

use std::sync::Arc;

use calm::Calm;
use overture_engine::{
    World, contact,
    customer::{self, StepOutput},
    decide::Policy,
    model::*,
};

struct Visitor {
    state: CustomerState,
    world: World,
    now: Timestamp,
    seq: u64,
    effects: Vec<Effect>,
}

impl Visitor {
    fn new() -> Self {
        let now = Timestamp(1_750_000_000_000);
        let world = World {
            facts: WorldFacts::default(),
            policy: Arc::new(Policy::parse(Policy::shipped(), 1).unwrap().policy),
            engagement: Arc::new(Calm),
            text: Arc::new(overture_engine::understand::text::NoTextModel),
            issues: None,
            lexicon: Default::default(),
            rollouts: Default::default(),
            key: Default::default(),
        };
        let mut visitor = Self {
            state: CustomerState::new(CustomerId::derive(now, Seq(1), 0), now),
            world,
            now,
            seq: 0,
            effects: Vec::new(),
        };
        visitor.arrive();
        visitor
    }

    fn arrive(&mut self) {
        self.take(CustomerBody::SessionStarted(SessionStarted {
            device: LinkKey(1),
            anonymous: None,
            level: IdentityLevel::Anonymous,
            path: "/checkout".to_owned(),
            time_zone: None,
            language: None,
        }));
    }

    fn take(&mut self, body: CustomerBody) -> Reply {
        self.seq += 1;
        let event = CustomerEvent {
            customer: self.state.customer,
            occurred_at: self.now,
            source: None,
            link: None,
            asker: None,
            message_key: None,
            reading: None,
            issue: None,
            original: None,
            body,
        };
        let input = Input {
            seq: Seq(self.seq),
            received_at: self.now,
            body: InputBody::Customer(event.clone()),
        };
        let mut out = StepOutput::default();
        let reply = customer::step(&mut self.state, &input, &event, &self.world, &mut out);
        self.effects = out.effects;
        reply
    }

    fn fact(&mut self, fact: ArticleFact) -> Reply {
        self.take(CustomerBody::Article(fact))
    }

    /// What the last fact added: opened, helpful, not helpful, still needed, seconds.
    fn counted(&self) -> [i64; 5] {
        let mut sum = [0; 5];
        for effect in &self.effects {
            if let Effect::Article(tally) = effect {
                let added = [
                    tally.opened,
                    tally.helpful,
                    tally.not_helpful,
                    tally.still_needed,
                    tally.read_s,
                ];
                for (sum, added) in sum.iter_mut().zip(added) {
                    *sum += added;
                }
            }
        }
        sum
    }

    fn told(&self) -> usize {
        let is_row = |effect: &&Effect| {
            matches!(effect, Effect::Timeline(item)
                if matches!(item.body, TimelineBody::Article(_)) && item.audience == Audience::Staff)
        };
        self.effects.iter().filter(is_row).count()
    }
}

fn article(number: u64) -> ArticleRef {
    ArticleRef {
        faq: FaqId::derive(Timestamp(1), Seq(number), 0),
        locale: "en".to_owned(),
        version: 1,
        title: format!("Question {number}"),
    }
}

fn rated(helpful: bool, reason: Option<&str>) -> ArticleFact {
    ArticleFact::Rated {
        article: article(1),
        helpful,
        reason: reason.map(Private::new),
    }
}

#[test]
fn each_visit_counts_once_however_often_it_is_reported() {
    let mut visitor = Visitor::new();
    let opened = || ArticleFact::Opened(article(1));
    let read = |seconds| ArticleFact::Read {
        article: article(1),
        seconds,
    };
    let still = || ArticleFact::StillNeeded {
        article: Some(article(1)),
    };
    assert_eq!(visitor.fact(read(5)), Reply::Gone, "not opened yet");
    // Fact, seconds waited before it, what it adds, rows it tells.
    let story: [(ArticleFact, u64, [i64; 5], usize); 11] = [
        (opened(), 0, [1, 0, 0, 0, 0], 1),
        (opened(), 1, [0; 5], 0),
        (read(20), 29, [0, 0, 0, 0, 20], 1),
        // Longer than it has been open: only what can be true is taken.
        (read(3_000), 0, [0, 0, 0, 0, 10], 1),
        (read(5), 0, [0; 5], 0),
        (rated(true, None), 0, [0, 1, 0, 0, 0], 1),
        (rated(true, None), 0, [0; 5], 0),
        (rated(false, None), 0, [0, -1, 1, 0, 0], 1),
        (rated(false, Some("too long")), 0, [0; 5], 1),
        (still(), 0, [0, 0, 0, 1, 0], 1),
        (still(), 0, [0; 5], 0),
    ];
    for (fact, after_s, expected, told) in story {
        visitor.now = visitor.now + Millis::from_secs(after_s);
        visitor.fact(fact.clone());
        assert_eq!(visitor.counted(), expected, "{fact:?}");
        assert_eq!(visitor.told(), told, "{fact:?}");
    }
    let reading = visitor.state.reading.clone().unwrap();
    assert_eq!(reading.articles.len(), 1);
    assert_eq!(reading.articles[0].read_s, 30);
    assert_eq!(reading.articles[0].helpful, Some(false));

    // Another visit counts anew, and what the last one read is not its own.
    visitor.now = visitor.now + Millis::from_secs(3_600);
    visitor.arrive();
    visitor.fact(opened());
    assert_eq!(visitor.counted(), [1, 0, 0, 0, 0]);
    let reading = visitor.state.reading.as_ref().unwrap();
    assert!(!reading.still_needed);
}

#[test]
fn a_search_is_remembered_and_a_miss_is_counted_once() {
    let mut visitor = Visitor::new();
    let search = |words: &str, found| ArticleFact::Searched {
        words: Private::new(words),
        locale: "en".to_owned(),
        found,
    };
    let missed = |visitor: &Visitor| {
        let is_miss = |effect: &&Effect| matches!(effect, Effect::SearchMissed(_));
        visitor.effects.iter().filter(is_miss).count()
    };
    visitor.fact(search("refund", 3));
    assert_eq!((visitor.told(), missed(&visitor)), (1, 0));
    visitor.fact(search("money back", 0));
    assert_eq!((visitor.told(), missed(&visitor)), (1, 1));
    visitor.fact(search("money back", 0));
    assert_eq!((visitor.told(), missed(&visitor)), (0, 0));
    for number in 0..20 {
        visitor.fact(search(&format!("words {number}"), 1));
        visitor.fact(ArticleFact::Opened(article(number)));
    }
    let reading = visitor.state.reading.as_ref().unwrap();
    assert_eq!(reading.searches.len(), SEARCHES_REMEMBERED_MAX);
    assert_eq!(reading.articles.len(), ARTICLES_REMEMBERED_MAX);
}

#[test]
fn the_agent_is_told_that_answers_were_not_enough() {
    let mut visitor = Visitor::new();
    let why = |visitor: &Visitor| contact::why(&visitor.state, visitor.now);
    visitor.fact(ArticleFact::Opened(article(1)));
    assert_eq!(why(&visitor), "Asked for help");
    visitor.fact(ArticleFact::StillNeeded {
        article: Some(article(1)),
    });
    assert_eq!(why(&visitor), "Still needs help after reading an answer");
    visitor.fact(ArticleFact::Opened(article(2)));
    assert_eq!(why(&visitor), "Still needs help after reading two answers");
}

#[test]
fn without_permission_only_the_customers_own_word_is_kept() {
    let mut visitor = Visitor::new();
    visitor.take(CustomerBody::Consent {
        purpose: Purpose::AnalyseBehaviour,
        granted: false,
        by: ConsentSource::Api,
    });
    for (fact, kept) in [
        (ArticleFact::Opened(article(1)), false),
        (
            ArticleFact::Searched {
                words: Private::new("x"),
                locale: "en".to_owned(),
                found: 0,
            },
            false,
        ),
        (rated(true, None), true),
        (ArticleFact::StillNeeded { article: None }, true),
    ] {
        let body = CustomerBody::Article(fact);
        let may = customer::may_keep(
            Some(&visitor.state),
            &body,
            Unsaid::ByPolicy,
            &visitor.world,
        );
        assert_eq!(may, kept, "{body:?}");
    }
}
