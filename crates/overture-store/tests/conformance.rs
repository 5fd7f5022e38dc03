//! What every store must do, run on both.
//!
//! PostgreSQL is taken from `OVERTURE_TEST_POSTGRES` or, when it answers, from
//! 127.0.0.1:5432 as user `postgres`; without one its half says so and is left out.
//!
//! tidy: long because it is the one list of what every store promises, a function a promise.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use overture_engine::{model::*, understand::lexicon::LexiconEntry};
use overture_store::*;
use support::*;

macro_rules! conformance {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&super::SqlitePlace::new().unwrap());
            })*
        }

        mod postgres {
            $(#[test]
            fn $name() {
                if let Some(place) = super::PostgresPlace::new() {
                    super::$name(&place);
                }
            })*
        }
    };
}

conformance! {
    a_new_store_is_empty
    a_unit_is_all_there_after_opening_again
    the_log_is_read_in_pages_from_any_place
    message_keys_come_back_newest_kept
    a_gap_in_the_log_is_refused_and_changes_nothing
    one_writer_at_a_time_and_the_earlier_one_is_fenced
    without_the_lease_nothing_is_committed
    states_are_loaded_in_the_order_asked_for
    a_timeline_is_read_forward_backward_and_by_audience
    a_merge_moves_everything_and_keeps_texts_readable
    erased_texts_read_as_empty_and_are_counted
    a_customer_who_comes_back_after_erasure_gets_a_new_key
    conversations_are_listed_by_what_is_asked
    a_promised_callback_comes_back_whole
    requests_agents_and_wakes_follow_the_last_word
    decisions_are_filtered_paged_and_counted
    the_ledger_is_chained_and_readable
    grants_are_paged_newest_first
    the_outbox_is_claimed_once_an_epoch
    mail_in_the_outbox_is_sealed_and_opened
    calls_are_listed_and_what_is_kept_of_them_goes_with_their_customer
    files_come_back_whole_within_limits_and_go_with_their_customer
    files_move_with_a_merge_and_unsent_ones_are_forgotten
    alerts_come_once_and_are_put_away
    staff_have_unique_addresses
    sessions_end
    sources_keep_keys_counts_and_secrets
    brands_are_kept_whole_and_a_used_one_stays
    tokens_policies_and_settings
    rollouts_are_kept_revision_by_revision_with_their_alerts
    what_would_have_been_offered_is_compared_with_what_happened
    offers_are_counted_by_how_they_were_taken
    articles_keep_versions_and_refuse_what_is_stale
    articles_are_counted_and_words_that_found_nothing_are_sealed
    labels_are_kept_once_a_message_and_go_with_their_customer
    refused_events_are_bounded
    guides_are_drafted_published_and_counted
    a_guides_file_is_read_in_any_stretch
    a_guides_sight_is_what_was_seen_last
    a_step_that_was_missing_is_found_by_whoever_comes_to_it
    texts_with_a_zero_character_are_taken
    skipped_inputs_and_counts_are_listed
    retention_keeps_what_replay_needs
    a_wiped_store_counts_on
    a_wrong_master_key_is_refused
}

fn a_new_store_is_empty(place: &impl Place) {
    let store = place.open();
    let boot = store.boot().unwrap();
    assert_eq!(boot.last_seq, Seq(0));
    assert_eq!(boot.replay_from, Seq(1));
    assert_eq!((boot.route, boot.world), (None, None));
    assert!(store.read_log(Seq(1), 10).unwrap().is_empty());
    assert_eq!(store.customers(&[customer(1)]).unwrap(), [None]);
    let secret = store.installation_secret().unwrap();
    assert_ne!(secret, [0; 32]);
    drop(store);
    assert_eq!(place.open().installation_secret().unwrap(), secret);
}

/// A unit with one of everything.
fn full_unit() -> CommitUnit {
    let who = customer(1);
    let world = WorldFacts {
        version: 4,
        policy_revision: 2,
        mode: Mode::Live,
        faqs: true,
        model: "engagement-1".to_owned(),
        lexicon_revision: 5,
        rollouts_revision: 3,
        budgets_spent: vec![BudgetSpent {
            rule: RuleKey::of("help"),
            until: NOW + Millis(9),
        }],
        ..WorldFacts::default()
    };
    let mut unit = unit(
        vec![
            page_view(1, who),
            message(2, who, "my card is refused"),
            Input {
                seq: Seq(3),
                received_at: NOW + Millis(3),
                body: InputBody::World(world),
            },
        ],
        vec![
            Effect::Timeline(said(who, 1, "my card is refused")),
            Effect::Decision(Box::new(decision(who, 1, Outcome::Notify))),
            Effect::Ledger(LedgerEntry {
                customer: who,
                grant: grant(1).grant,
                at: NOW,
                change: LedgerChange::Issued { limit: 3 },
            }),
            Effect::Grant {
                customer: who,
                grant: Box::new(grant(1)),
            },
            Effect::Conversation(conversation(who, 1, ConversationStatus::Queued)),
            Effect::Link(email(who, 1, "ann@example.com")),
            Effect::Trait {
                customer: who,
                name: "plan".to_owned(),
                value: Private::new("gold"),
            },
            Effect::Wake {
                customer: who,
                at: Some(NOW + Millis(50)),
            },
        ],
    );
    unit.customers = vec![state(who, 2)];
    unit.route = Some(RouteState {
        applied: Seq(2),
        agents: [(agent(1), AgentState::default())].into(),
        handle_s: [90.0, 0.0],
        ..RouteState::default()
    });
    unit.replay_from = Seq(2);
    unit
}

fn a_unit_is_all_there_after_opening_again(place: &impl Place) {
    let unit = full_unit();
    let who = customer(1);
    let store = place.writer();
    let committed = store.commit(&unit).unwrap();
    assert_eq!(committed.last_seq, Seq(3));
    assert!(committed.log_bytes > 0);
    drop(store);

    let store = place.open();
    let boot = store.boot().unwrap();
    assert_eq!(boot.last_seq, Seq(3));
    assert_eq!(boot.last_received_at, NOW + Millis(3));
    assert_eq!(boot.replay_from, Seq(2));
    assert_eq!(boot.route, unit.route);
    assert_eq!(boot.world.unwrap().version, 4);
    assert_eq!(boot.wakes, [(NOW + Millis(50), who)]);
    assert_eq!(store.read_log(Seq(1), 10).unwrap(), unit.inputs);
    assert_eq!(
        store.customers(&[who]).unwrap(),
        [Some(unit.customers[0].clone())]
    );
    assert_eq!(store.resolve(&[key(1), key(2)]).unwrap(), [Some(who), None]);
    assert_eq!(
        store.links_of(who).unwrap(),
        [email(who, 1, "ann@example.com")]
    );
    assert_eq!(
        store.traits_of(who).unwrap(),
        [("plan".to_owned(), Private::new("gold"))]
    );
    assert_eq!(
        store.labels(&[customer(2), who]).unwrap(),
        [None, Some(Private::new("ann@example.com"))]
    );
    assert_eq!(
        staff_page(&*store, who, TimelineWindow::Newest, 10).items,
        [said(who, 1, "my card is refused")]
    );
    assert_eq!(
        store.grant(grant(1).grant).unwrap(),
        Some(GrantRow {
            customer: who,
            grant: grant(1)
        })
    );
    let row = conversation(who, 1, ConversationStatus::Queued);
    assert_eq!(store.conversation(row.conversation).unwrap(), Some(row));
    let summary = store.customer_list(CustomersBy::Recent, 10).unwrap();
    assert_eq!(
        summary,
        [CustomerSummary {
            customer: who,
            last_seen_at: NOW + Millis(2_000),
            score: 0.25,
            level: NeedLevel::Medium
        }]
    );
    assert_eq!(
        store.customer_list(CustomersBy::Link(key(1)), 10).unwrap(),
        summary
    );
    assert!(
        store
            .customer_list(CustomersBy::Link(key(9)), 10)
            .unwrap()
            .is_empty()
    );
    let totals = store.totals().unwrap();
    assert_eq!((totals.inputs, totals.customers), (3, 1));
    assert_eq!(totals.erased_reads, 0);
}

fn staff_page(
    store: &dyn Store,
    customer: CustomerId,
    window: TimelineWindow,
    limit: u32,
) -> TimelinePage {
    store
        .timeline(&TimelineQuery {
            customer,
            window,
            reader: TimelineReader::Staff,
            limit,
        })
        .unwrap()
}

fn the_log_is_read_in_pages_from_any_place(place: &impl Place) {
    let store = place.writer();
    let inputs: Vec<Input> = (1..=100)
        .map(|seq| page_view(seq, customer(seq % 9)))
        .collect();
    for chunk in inputs.chunks(3) {
        store.commit(&unit(chunk.to_vec(), vec![])).unwrap();
    }
    assert_eq!(store.read_log(Seq(1), usize::MAX).unwrap(), inputs);
    let page = store.read_log(Seq(50), 5).unwrap();
    assert!(page.len() >= 5 && page.len() < 50, "{}", page.len());
    assert_eq!(page[..], inputs[49..49 + page.len()]);
    assert_eq!(store.read_log(Seq(100), 5).unwrap(), inputs[99..]);
    assert!(store.read_log(Seq(101), 5).unwrap().is_empty());
}

fn message_keys_come_back_newest_kept(place: &impl Place) {
    let store = place.writer();
    for seq in 1..=40 {
        store
            .commit(&unit(vec![page_view(seq, customer(1))], vec![]))
            .unwrap();
    }
    let expected = |seqs: std::ops::RangeInclusive<u64>| -> Vec<(Timestamp, u64)> {
        seqs.map(|seq| (NOW + Millis(seq), seq.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect()
    };
    let since = |at, max| store.message_keys_since(NOW + Millis(at), max).unwrap();
    assert_eq!(since(0, 1_000), expected(1..=40));
    assert_eq!(since(31, 1_000), expected(31..=40));
    assert_eq!(since(0, 3), expected(38..=40));
    assert!(since(41, 10).is_empty());
}

fn a_gap_in_the_log_is_refused_and_changes_nothing(place: &impl Place) {
    let store = place.writer();
    store
        .commit(&unit(vec![page_view(1, customer(1))], vec![]))
        .unwrap();
    for bad in [1, 3] {
        let mut late = unit(vec![page_view(bad, customer(2))], vec![]);
        late.customers = vec![state(customer(2), bad)];
        let error = store.commit(&late).unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }), "{error:?}");
    }
    assert_eq!(store.boot().unwrap().last_seq, Seq(1));
    assert_eq!(store.customers(&[customer(2)]).unwrap(), [None]);
    store
        .commit(&unit(vec![page_view(2, customer(1))], vec![]))
        .unwrap();
}

fn one_writer_at_a_time_and_the_earlier_one_is_fenced(place: &impl Place) {
    let first = place.open();
    let one = first.acquire_lease(NOW).unwrap();
    let second = place.open();
    assert!(matches!(
        second.acquire_lease(NOW),
        Err(StoreError::LeaseHeld)
    ));
    first
        .commit(&unit(vec![page_view(1, customer(1))], vec![]))
        .unwrap();

    let two = second.seize_lease(NOW).unwrap();
    assert!(two > one);
    let next = unit(vec![page_view(2, customer(1))], vec![]);
    assert!(matches!(first.commit(&next), Err(StoreError::Fenced)));
    assert!(matches!(
        first.claim_outbox(one, 1, NOW),
        Err(StoreError::Fenced)
    ));
    second.commit(&next).unwrap();

    drop((first, second));
    let third = place.open();
    assert!(third.acquire_lease(NOW).unwrap() > two);
}

fn without_the_lease_nothing_is_committed(place: &impl Place) {
    let store = place.open();
    let unit = unit(vec![page_view(1, customer(1))], vec![]);
    assert!(matches!(store.commit(&unit), Err(StoreError::Fenced)));
}

fn states_are_loaded_in_the_order_asked_for(place: &impl Place) {
    let store = place.writer();
    let mut unit = unit(vec![page_view(1, customer(1))], vec![]);
    unit.customers = (0..50).map(|n| state(customer(n), n)).collect();
    store.commit(&unit).unwrap();
    let asked = [customer(7), customer(99), customer(3), customer(7)];
    assert_eq!(
        store.customers(&asked).unwrap(),
        [
            Some(state(customer(7), 7)),
            None,
            Some(state(customer(3), 3)),
            Some(state(customer(7), 7))
        ]
    );
    assert!(store.customers(&[]).unwrap().is_empty());
    // Written behind again: the newer state is the one that is there, also of two in one unit.
    let mut later = support::unit(vec![], vec![]);
    later.customers = vec![
        state(customer(7), 69),
        state(customer(7), 70),
        state(customer(7), 68),
    ];
    store.commit(&later).unwrap();
    assert_eq!(
        store.customers(&asked[..1]).unwrap(),
        [Some(state(customer(7), 70))]
    );
}

fn a_timeline_is_read_forward_backward_and_by_audience(place: &impl Place) {
    let store = place.writer();
    let who = customer(1);
    let mut rows: Vec<TimelineItem> = (1..=9).map(|seq| said(who, seq, "hello")).collect();
    rows[3].audience = Audience::Staff;
    rows[4].device = Some(key(2));
    rows[5].device = None;
    store
        .commit(&unit(
            vec![page_view(1, who)],
            rows.iter().cloned().map(Effect::Timeline).collect(),
        ))
        .unwrap();
    let read = |reader, window, limit| {
        let page = store
            .timeline(&TimelineQuery {
                customer: who,
                window,
                reader,
                limit,
            })
            .unwrap();
        let seqs: Vec<u64> = page.items.iter().map(|item| item.seq).collect();
        (seqs, page.more)
    };
    let session = |device, level| TimelineReader::Session { device, level };
    let table = [
        (
            TimelineReader::Staff,
            TimelineWindow::Newest,
            3,
            vec![7, 8, 9],
            true,
        ),
        (
            TimelineReader::Staff,
            TimelineWindow::Before(7),
            3,
            vec![4, 5, 6],
            true,
        ),
        (
            TimelineReader::Staff,
            TimelineWindow::Before(4),
            3,
            vec![1, 2, 3],
            false,
        ),
        (
            TimelineReader::Staff,
            TimelineWindow::After(0),
            4,
            vec![1, 2, 3, 4],
            true,
        ),
        (
            TimelineReader::Staff,
            TimelineWindow::After(9),
            4,
            vec![],
            false,
        ),
        (
            session(key(1), IdentityLevel::Anonymous),
            TimelineWindow::After(2),
            9,
            vec![3, 7, 8, 9],
            false,
        ),
        (
            session(key(2), IdentityLevel::Claimed),
            TimelineWindow::After(0),
            9,
            vec![5],
            false,
        ),
        (
            session(key(2), IdentityLevel::Verified),
            TimelineWindow::After(2),
            9,
            vec![3, 5, 6, 7, 8, 9],
            false,
        ),
    ];
    for (reader, window, limit, seqs, more) in table {
        assert_eq!(
            read(reader, window, limit),
            (seqs, more),
            "{reader:?} {window:?} {limit}"
        );
    }
    assert_eq!(
        staff_page(&*store, who, TimelineWindow::After(0), 100).items,
        rows
    );
}

fn a_merge_moves_everything_and_keeps_texts_readable(place: &impl Place) {
    let store = place.writer();
    let (from, into) = (customer(1), customer(2));
    let trait_of = |customer, name: &str, value: &str| Effect::Trait {
        customer,
        name: name.to_owned(),
        value: Private::new(value),
    };
    store
        .commit(&unit(
            vec![page_view(1, from), page_view(2, into)],
            vec![
                Effect::Timeline(said(from, 1, "from the browser")),
                Effect::Timeline(said(into, 1, "from before")),
                Effect::Timeline(said(into, 2, "from before too")),
                Effect::Link(email(from, 5, "ann@example.com")),
                Effect::Conversation(conversation(from, 1, ConversationStatus::Queued)),
                Effect::Decision(Box::new(decision(from, 1, Outcome::Notify))),
                Effect::Grant {
                    customer: from,
                    grant: Box::new(grant(1)),
                },
                trait_of(from, "plan", "trial"),
                trait_of(from, "city", "Graz"),
                trait_of(into, "plan", "gold"),
                Effect::Wake {
                    customer: from,
                    at: Some(NOW),
                },
            ],
        ))
        .unwrap();
    store
        .commit(&unit(
            vec![page_view(3, into)],
            vec![
                Effect::Merged {
                    from,
                    into,
                    timeline_offset: 2,
                },
                Effect::Timeline(said(into, 4, "together")),
            ],
        ))
        .unwrap();

    let texts: Vec<(u64, String)> = staff_page(&*store, into, TimelineWindow::After(0), 10)
        .items
        .into_iter()
        .map(|item| match item.body {
            TimelineBody::Message { text, .. } => (item.seq, text.reveal().to_owned()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        texts,
        [
            (1, "from before".to_owned()),
            (2, "from before too".to_owned()),
            (3, "from the browser".to_owned()),
            (4, "together".to_owned())
        ]
    );
    assert!(
        staff_page(&*store, from, TimelineWindow::After(0), 10)
            .items
            .is_empty()
    );
    assert_eq!(store.survivor(from).unwrap(), into);
    assert_eq!(store.survivor(into).unwrap(), into);
    assert_eq!(store.resolve(&[key(5)]).unwrap(), [Some(into)]);
    assert_eq!(
        store.links_of(into).unwrap()[0].identifier.value.reveal(),
        "ann@example.com"
    );
    assert_eq!(
        store.traits_of(into).unwrap(),
        [
            ("city".to_owned(), Private::new("Graz")),
            ("plan".to_owned(), Private::new("gold"))
        ]
    );
    let moved = store
        .conversations(ConversationsOf::Customer(into), 9)
        .unwrap();
    assert_eq!(moved[0].customer, into);
    assert_eq!(moved[0].last_text, Some(Private::new("words 1")));
    assert_eq!(store.grants_of(into).unwrap().len(), 1);
    assert_eq!(
        store
            .decision(decision(from, 1, Outcome::Notify).decision)
            .unwrap()
            .unwrap()
            .customer,
        into
    );
    assert!(store.boot().unwrap().wakes.is_empty());
    // Erasing the survivor destroys what came from the other too.
    assert_eq!(store.erase(into, NOW).unwrap().keys, 2);
    let page = staff_page(&*store, into, TimelineWindow::After(0), 10);
    assert!(page.items.iter().all(|item| matches!(
        &item.body,
        TimelineBody::Message { text, .. } if text.is_empty()
    )));
}

fn labels_are_kept_once_a_message_and_go_with_their_customer(place: &impl Place) {
    let store = place.writer();
    let (one, other) = (customer(1), customer(2));
    let label = |customer, row, label, text: &str| Effect::Labelled {
        customer,
        at: NOW + Millis(row),
        label: LabelledText {
            agent: agent(1),
            conversation: None,
            row,
            label,
            text: Private::new(text),
        },
    };
    let refund = TextLabel::Issue(Some("refund".to_owned()));
    let none = TextLabel::Issue(None);
    let commit = |seq, effects| {
        store
            .commit(&unit(vec![page_view(seq, one)], effects))
            .unwrap()
    };
    let [negative, neutral, positive] = [
        SentimentLabel::Negative,
        SentimentLabel::Neutral,
        SentimentLabel::Positive,
    ]
    .map(TextLabel::Sentiment);
    commit(
        1,
        vec![
            label(one, 3, positive, "charming"),
            label(one, 5, neutral.clone(), "it is broken [order:x]"),
            label(other, 1, negative.clone(), "still nothing"),
            // What a message is about is said beside how its writer feels.
            label(one, 3, none.clone(), "charming"),
            label(other, 2, none.clone(), "money back"),
        ],
    );
    // The last word counts.
    commit(
        2,
        vec![
            label(one, 3, negative.clone(), "charming"),
            label(other, 2, refund.clone(), "money back"),
        ],
    );
    let seen_of = |kind, after, limit| -> Vec<(CustomerId, u64, TextLabel, String)> {
        let rows = store.labelled_texts(kind, after, limit).unwrap();
        rows.into_iter()
            .map(|row| {
                assert_eq!(row.label.agent, agent(1));
                assert!(row.at > NOW);
                let text = row.label.text.reveal().to_owned();
                (row.customer, row.label.row, row.label.label, text)
            })
            .collect()
    };
    let seen = |after, limit| seen_of(LabelKind::Sentiment, after, limit);
    let issues = || seen_of(LabelKind::Issue, None, 10);
    let mut all = vec![
        (one, 3, negative.clone(), "charming".to_owned()),
        (one, 5, neutral, "it is broken [order:x]".to_owned()),
        (other, 1, negative, "still nothing".to_owned()),
    ];
    let mut about = vec![
        (one, 3, none.clone(), "charming".to_owned()),
        (other, 2, refund.clone(), "money back".to_owned()),
    ];
    about.sort_by_key(|row| *row.0.uuid().as_bytes());
    assert_eq!(issues(), about);
    all.sort_by_key(|row| (*row.0.uuid().as_bytes(), row.1));
    assert_eq!(seen(None, 10), all);
    let mut paged = seen(None, 1);
    while let Some(last) = paged.last() {
        let next = seen(Some((last.0, last.1)), 1);
        if next.is_empty() {
            break;
        }
        paged.extend(next);
    }
    assert_eq!(paged, all);

    commit(
        3,
        vec![Effect::Merged {
            from: other,
            into: one,
            timeline_offset: 7,
        }],
    );
    let merged: Vec<_> = seen(None, 10)
        .into_iter()
        .map(|row| (row.0, row.1))
        .collect();
    assert_eq!(merged, [(one, 3), (one, 5), (one, 8)]);
    assert_eq!(
        issues(),
        [
            (one, 3, none, "charming".to_owned()),
            (one, 9, refund, "money back".to_owned())
        ]
    );
    store.erase(one, NOW).unwrap();
    assert_eq!(seen(None, 10), []);
    assert_eq!(issues(), []);
}

fn erased_texts_read_as_empty_and_are_counted(place: &impl Place) {
    let store = place.writer();
    let who = customer(1);
    store
        .commit(&unit(
            vec![message(1, who, "secret words")],
            vec![
                Effect::Timeline(said(who, 1, "secret words")),
                Effect::Link(email(who, 1, "ann@example.com")),
            ],
        ))
        .unwrap();
    let erased = store.erase(who, NOW).unwrap();
    assert_eq!(
        erased,
        Erased {
            keys: 1,
            links: 1,
            traits: 0
        }
    );
    let check = |store: &dyn Store| {
        let before = store.totals().unwrap().erased_reads;
        let log = store.read_log(Seq(1), 10).unwrap();
        assert_eq!(log, [message(1, who, "")]);
        assert_eq!(
            staff_page(store, who, TimelineWindow::Newest, 10).items,
            [said(who, 1, "")]
        );
        assert!(store.links_of(who).unwrap().is_empty());
        assert_eq!(store.resolve(&[key(1)]).unwrap(), [None]);
        assert_eq!(store.totals().unwrap().erased_reads, before + 2);
    };
    check(&*store);
    drop(store);
    check(&*place.open());
    assert_eq!(place.open().erase(who, NOW).unwrap(), Erased::default());
}

fn a_customer_who_comes_back_after_erasure_gets_a_new_key(place: &impl Place) {
    let store = place.writer();
    let who = customer(1);
    store
        .commit(&unit(vec![message(1, who, "before")], vec![]))
        .unwrap();
    store.erase(who, NOW).unwrap();
    store
        .commit(&unit(vec![message(2, who, "after")], vec![]))
        .unwrap();
    assert_eq!(
        store.read_log(Seq(1), 10).unwrap(),
        [message(1, who, ""), message(2, who, "after")]
    );
    // One key serves all texts from then on, also after a restart.
    drop(store);
    let store = place.writer();
    store
        .commit(&unit(vec![message(3, who, "again")], vec![]))
        .unwrap();
    assert_eq!(store.erase(who, NOW).unwrap().keys, 1);
}

fn conversations_are_listed_by_what_is_asked(place: &impl Place) {
    let store = place.writer();
    let mut rows = [
        conversation(customer(1), 1, ConversationStatus::Ended),
        conversation(customer(1), 2, ConversationStatus::Assigned),
        conversation(customer(2), 3, ConversationStatus::Queued),
    ];
    rows[2].agent = None;
    store
        .commit(&unit(
            vec![page_view(1, customer(1))],
            rows.iter().cloned().map(Effect::Conversation).collect(),
        ))
        .unwrap();
    let list = |of| -> Vec<ConversationRow> { store.conversations(of, 10).unwrap() };
    let [one, two, three] = rows.clone();
    assert_eq!(list(ConversationsOf::Open), [three.clone(), two.clone()]);
    assert_eq!(
        list(ConversationsOf::Agent(agent(1))),
        std::slice::from_ref(&two)
    );
    assert_eq!(
        list(ConversationsOf::Customer(customer(1))),
        [two.clone(), one.clone()]
    );
    assert_eq!(list(ConversationsOf::Anyone), [three, two.clone(), one]);
    // A later row replaces the earlier one, also within one unit.
    let mut ended = two.clone();
    ended.status = ConversationStatus::Ended;
    ended.code = Some(ResolutionCode::Solved);
    ended.last_author = Some(Author::Agent(agent(1)));
    ended.last_text = Some(Private::new("solved"));
    store
        .commit(&unit(
            vec![page_view(2, customer(1))],
            vec![
                Effect::Conversation(two.clone()),
                Effect::Conversation(ended.clone()),
            ],
        ))
        .unwrap();
    assert_eq!(
        store.conversation(two.conversation).unwrap(),
        Some(ended.clone())
    );
    // A row without a last message leaves the one that is known.
    let quiet = ConversationRow {
        last_author: None,
        last_text: None,
        ..ended.clone()
    };
    store
        .commit(&unit(
            vec![page_view(3, customer(1))],
            vec![Effect::Conversation(quiet.clone())],
        ))
        .unwrap();
    let mut both = ended.clone();
    both.last_text = Some(Private::new("once more"));
    assert_eq!(store.conversation(two.conversation).unwrap(), Some(ended));
    store
        .commit(&unit(
            vec![page_view(4, customer(1))],
            vec![
                Effect::Conversation(both.clone()),
                Effect::Conversation(quiet),
            ],
        ))
        .unwrap();
    assert_eq!(store.conversation(two.conversation).unwrap(), Some(both));
}

/// A callback that waits for its time: the customer's state, the booking, the row, what the
/// customer was told, the text message, and the wake.
fn a_promised_callback_comes_back_whole(place: &impl Place) {
    let who = customer(1);
    let slot = Slot {
        from: NOW + CELL,
        to: NOW + CELL + CELL,
    };
    let phone = Private::new("+442079460018");
    let callback = CallbackState {
        ask: CallbackAsk {
            number: key(7),
            slot: Some(slot),
            texts: true,
            our_number: Some("+442079460000".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            language: Some("ar".to_owned()),
            hours: Some(AgentHours {
                hours: WeeklyHours::weekdays(540, 1_020).unwrap(),
                time_zone: "Asia/Dubai".to_owned(),
            }),
        },
        stage: CallbackStage::Booked,
        due_at: slot.from,
        attempts: 1,
        remind_at: Some(slot.from - Millis::from_secs(600)),
        late_at: Some(slot.to),
        late_told: 1,
        expected_at: Some(slot.to + Millis(5)),
        moving: Some(Moving {
            slot: Slot {
                from: slot.to,
                to: slot.to + CELL,
            },
            key: 9,
        }),
    };
    let mut row = conversation(who, 1, ConversationStatus::Scheduled);
    row.channel = ChannelKind::Callback;
    row.agent = None;
    row.phone = Some(phone.clone());
    row.callback = Some(CallbackRow {
        slot: Some(slot),
        due_at: slot.from,
        attempts: 1,
        expected_at: callback.expected_at,
        time_zone: callback.ask.time_zone.clone(),
    });
    let view = CallbackView {
        conversation: row.conversation,
        notice: CallbackNotice::Confirmed,
        slot: Some(slot),
        due_at: slot.from,
        expected_at: None,
        phone: phone.clone(),
        our_number: callback.ask.our_number.clone(),
        time_zone: callback.ask.time_zone.clone(),
        attempts: 0,
        by: None,
    };
    let told = TimelineItem {
        body: TimelineBody::Callback(Box::new(view.clone())),
        ..said(who, 1, "")
    };
    let text = OutboxItem {
        what: Outbound::Sms(Box::new(CallbackText {
            customer: who,
            view,
            language: Some("ar".to_owned()),
        })),
        ..outbox_item(1)
    };
    let mut promised = state(who, 1);
    promised.scheduled = Some(Box::new(ConversationState {
        issues: Vec::new(),
        conversation: row.conversation,
        request: row.request,
        channel: ChannelKind::Callback,
        status: ConversationStatus::Scheduled,
        agent: None,
        started_at: NOW,
        redemption: None,
        offer: None,
        key: 4,
        device: Some(key(1)),
        phone: Some(phone),
        recent: Default::default(),
        chat: Default::default(),
        callback: Some(Box::new(callback)),
    }));
    promised.wake_at = Some(slot.from);
    let needs = Needs {
        channel: ChannelKind::Callback,
        skill: None,
        language: Some("ar".to_owned()),
        priority: 2,
    };
    let mut whole = unit(
        vec![page_view(1, who)],
        vec![
            Effect::Conversation(row.clone()),
            Effect::Timeline(told.clone()),
            Effect::Outbox(text.clone()),
            Effect::Wake {
                customer: who,
                at: Some(slot.from),
            },
        ],
    );
    whole.customers = vec![promised.clone()];
    whole.route = Some(RouteState {
        applied: Seq(1),
        bookings: [(
            row.conversation,
            Booking {
                customer: who,
                needs,
                cell: slot.from,
                number: Some(key(7)),
            },
        )]
        .into(),
        numbers: [(
            key(7),
            NumberUse {
                asked_at: vec![NOW],
                last: Some(who),
                blocked_until: slot.to,
            },
        )]
        .into(),
        ..RouteState::default()
    });
    place.writer().commit(&whole).unwrap();

    let store = place.open();
    let boot = store.boot().unwrap();
    assert_eq!(boot.route, whole.route);
    assert_eq!(boot.wakes, [(slot.from, who)]);
    assert_eq!(store.customers(&[who]).unwrap(), [Some(promised)]);
    let list = |of| store.conversations(of, 10).unwrap();
    assert_eq!(list(ConversationsOf::Scheduled), std::slice::from_ref(&row));
    assert!(
        list(ConversationsOf::Open).is_empty(),
        "its time is to come"
    );
    assert_eq!(
        staff_page(&*store, who, TimelineWindow::Newest, 10).items,
        [told]
    );
    let epoch = store.acquire_lease(NOW).or_else(|_| store.seize_lease(NOW));
    let epoch = epoch.unwrap();
    let claims = store.claim_outbox(epoch, 9, NOW + Millis(10)).unwrap();
    assert_eq!(claims[0].item, text);

    // Its time comes: it leaves the list of promises for that of open work.
    row.status = ConversationStatus::Queued;
    store
        .commit(&unit(
            vec![page_view(2, who)],
            vec![
                Effect::Conversation(row.clone()),
                Effect::Wake {
                    customer: who,
                    at: None,
                },
            ],
        ))
        .unwrap();
    assert!(list(ConversationsOf::Scheduled).is_empty());
    assert_eq!(list(ConversationsOf::Open), [row]);
    assert!(store.boot().unwrap().wakes.is_empty());

    // Erased, nothing tells the number any more.
    store.fail_outbox(epoch, text.delivery, NOW).unwrap();
    store.erase(who, NOW).unwrap();
    let claims = store.claim_outbox(epoch, 9, NOW + Millis(10)).unwrap();
    let Some(Outbound::Sms(text)) = claims.first().map(|claim| &claim.item.what) else {
        panic!("the text message waits: {claims:?}");
    };
    assert!(text.view.phone.is_empty());
}

fn requests_agents_and_wakes_follow_the_last_word(place: &impl Place) {
    let store = place.writer();
    let request = |n: u64| RequestId::derive(NOW, Seq(n), 0);
    let waiting = |n: u64, stage| RequestState {
        customer: customer(n),
        conversation: InteractionId::derive(NOW, Seq(n), 0),
        needs: Needs {
            channel: ChannelKind::Chat,
            skill: Some("billing".to_owned()),
            language: None,
            priority: 3,
        },
        why: "third failed payment".to_owned(),
        queued_at: NOW + Millis(n),
        stage,
        passed: [agent(4)].into(),
        told_position: 1,
        tell_again_at: None,
    };
    let put = |n, state: Option<RequestState>| Effect::Request {
        request: request(n),
        state: state.map(Box::new),
    };
    let offered = RequestStage::Offered {
        agent: agent(1),
        reservation: ReservationId::derive(NOW, Seq(1), 0),
        until: NOW,
    };
    let presence = |presence| Effect::Agent {
        agent: agent(1),
        state: Box::new(AgentState {
            presence,
            ..AgentState::default()
        }),
    };
    let wake = |n, at: Option<u64>| Effect::Wake {
        customer: customer(n),
        at: at.map(|at| NOW + Millis(at)),
    };
    store
        .commit(&unit(
            vec![page_view(1, customer(1))],
            vec![
                put(2, Some(waiting(2, RequestStage::Queued))),
                put(1, Some(waiting(1, RequestStage::Queued))),
                put(1, Some(waiting(1, offered))),
                put(3, Some(waiting(3, RequestStage::Queued))),
                put(3, None),
                presence(Presence::Available),
                presence(Presence::Busy),
                wake(1, Some(9)),
                wake(2, Some(5)),
                wake(3, Some(1)),
                wake(3, None),
            ],
        ))
        .unwrap();
    assert_eq!(
        store.requests().unwrap(),
        [
            (request(1), waiting(1, offered)),
            (request(2), waiting(2, RequestStage::Queued))
        ]
    );
    assert_eq!(store.agents().unwrap()[0].1.presence, Presence::Busy);
    assert_eq!(
        store.boot().unwrap().wakes,
        [
            (NOW + Millis(5), customer(2)),
            (NOW + Millis(9), customer(1))
        ]
    );
    store
        .commit(&unit(
            vec![page_view(2, customer(1))],
            vec![put(1, None), wake(2, None), wake(1, Some(2))],
        ))
        .unwrap();
    assert_eq!(store.requests().unwrap().len(), 1);
    assert_eq!(
        store.boot().unwrap().wakes,
        [(NOW + Millis(2), customer(1))]
    );
}

fn decisions_are_filtered_paged_and_counted(place: &impl Place) {
    let store = place.writer();
    let withheld = |reasons: &[WithholdReason]| Outcome::Withhold(reasons.to_vec());
    let made = [
        decision(
            customer(1),
            1,
            Outcome::Prompt(OfferId::derive(NOW, Seq(1), 0)),
        ),
        decision(
            customer(1),
            2,
            withheld(&[WithholdReason::QuietHours, WithholdReason::ShadowMode]),
        ),
        decision(
            customer(2),
            3,
            withheld(&[WithholdReason::AuthorizationDenied(
                AuthorizationDenial::Exhausted,
            )]),
        ),
        decision(customer(2), 4, withheld(&[WithholdReason::ShadowMode])),
    ];
    store
        .commit(&unit(
            vec![page_view(1, customer(1))],
            made.iter()
                .map(|decision| Effect::Decision(Box::new(decision.clone())))
                .collect(),
        ))
        .unwrap();
    let filter = |rule: Option<&str>, outcome: Option<&str>, reason: Option<&str>, customer| {
        DecisionFilter {
            rule: rule.map(str::to_owned),
            outcome: outcome.map(str::to_owned),
            reason: reason.map(str::to_owned),
            customer,
        }
    };
    let list = |filter: DecisionFilter| -> Vec<usize> {
        let found = store
            .decisions(&DecisionQuery {
                filter,
                cursor: None,
                limit: 10,
            })
            .unwrap();
        found
            .iter()
            .map(|found| made.iter().position(|made| made == found).unwrap() + 1)
            .collect()
    };
    let table = [
        (filter(None, None, None, None), vec![4, 3, 2, 1]),
        (filter(Some("rule-1"), None, None, None), vec![3, 1]),
        (filter(None, Some("withhold"), None, None), vec![4, 3, 2]),
        (filter(None, None, Some("shadow_mode"), None), vec![4, 2]),
        (
            filter(None, None, Some("authorization_denied"), None),
            vec![3],
        ),
        (filter(None, None, Some("no_such_reason"), None), vec![]),
        (filter(None, None, None, Some(customer(1))), vec![2, 1]),
        (
            filter(
                Some("rule-0"),
                Some("withhold"),
                Some("quiet_hours"),
                Some(customer(1)),
            ),
            vec![2],
        ),
    ];
    for (filter, expected) in table {
        assert_eq!(list(filter.clone()), expected, "{filter:?}");
    }
    let next = store
        .decisions(&DecisionQuery {
            filter: DecisionFilter::default(),
            cursor: Some(made[2].decision),
            limit: 1,
        })
        .unwrap();
    assert_eq!(next, [made[1].clone()]);
    assert_eq!(
        store.decision(made[2].decision).unwrap(),
        Some(made[2].clone())
    );

    let counts = store.decision_counts(&DecisionFilter::default()).unwrap();
    let map = |pairs: &[(&str, u64)]| -> std::collections::BTreeMap<String, u64> {
        pairs
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    };
    assert_eq!(counts.by_outcome, map(&[("prompt", 1), ("withhold", 3)]));
    assert_eq!(
        counts.by_reason,
        map(&[
            ("authorization_denied", 1),
            ("quiet_hours", 1),
            ("shadow_mode", 2)
        ])
    );
    assert_eq!(counts.by_rule, map(&[("rule-0", 2), ("rule-1", 2)]));
    let some = store
        .decision_counts(&filter(None, None, Some("quiet_hours"), None))
        .unwrap();
    assert_eq!(some.by_outcome, map(&[("withhold", 1)]));
}

fn grants_are_paged_newest_first(place: &impl Place) {
    let store = place.writer();
    // Ids sort by the time of issue, whoever they are for.
    let issued = |n: u64| {
        let at = NOW + Millis(n);
        GrantState {
            grant: GrantId::derive(at, Seq(n), 0),
            issued_at: at,
            ..grant(n)
        }
    };
    let effects = [4, 1, 3, 5, 2].map(|n| Effect::Grant {
        customer: customer(n % 2),
        grant: Box::new(issued(n)),
    });
    store
        .commit(&unit(vec![page_view(1, customer(1))], effects.into()))
        .unwrap();
    let page = |cursor, limit| {
        let rows = store.grants(cursor, limit).unwrap();
        rows.into_iter()
            .map(|row| (row.customer, row.grant))
            .collect::<Vec<_>>()
    };
    let rows = |ns: &[u64]| {
        ns.iter()
            .map(|n| (customer(n % 2), issued(*n)))
            .collect::<Vec<_>>()
    };
    assert_eq!(page(None, 2), rows(&[5, 4]));
    assert_eq!(page(Some(issued(4).grant), 2), rows(&[3, 2]));
    assert_eq!(page(Some(issued(2).grant), 2), rows(&[1]));
    assert_eq!(page(Some(issued(1).grant), 2), []);
}

fn the_ledger_is_chained_and_readable(place: &impl Place) {
    let store = place.writer();
    let entry = |n: u64, change| LedgerEntry {
        customer: customer(n),
        grant: grant(n).grant,
        at: NOW + Millis(n),
        change,
    };
    let redemption = RedemptionId::derive(NOW, Seq(1), 0);
    let changes = [
        LedgerChange::Issued { limit: 2 },
        LedgerChange::Held(redemption),
        LedgerChange::Connected(redemption),
        LedgerChange::Denied(AuthorizationDenial::Exhausted),
        LedgerChange::Revoked,
    ];
    let mut seq = 0;
    for change in changes {
        let entries = (1..=20).map(|n| Effect::Ledger(entry(n, change))).collect();
        seq += 1;
        store
            .commit(&unit(vec![page_view(seq, customer(1))], entries))
            .unwrap();
    }
    let rows = store.ledger(LedgerOf::Grant(grant(3).grant), 100).unwrap();
    let read: Vec<LedgerChange> = rows.iter().map(|row| row.entry.change).collect();
    assert_eq!(read, changes);
    assert!(rows.is_sorted_by_key(|row| row.row));
    assert_eq!(
        store.ledger(LedgerOf::Customer(customer(3)), 100).unwrap(),
        rows
    );
    assert_eq!(
        store.verify_ledger().unwrap(),
        LedgerReport {
            rows: 100,
            first_bad: None
        }
    );
    drop(store);
    let store = place.writer();
    store
        .commit(&unit(
            vec![page_view(seq + 1, customer(1))],
            vec![Effect::Ledger(entry(3, LedgerChange::Expired))],
        ))
        .unwrap();
    assert_eq!(store.verify_ledger().unwrap().first_bad, None);
}

fn outbox_item(n: u64) -> OutboxItem {
    OutboxItem {
        delivery: DeliveryId::derive(NOW + Millis(n), Seq(n), 0),
        at: NOW + Millis(n),
        what: Outbound::Alert {
            customer: customer(n),
            decision: DecisionId::derive(NOW, Seq(n), 0),
            rule: "angry".to_owned(),
            text: "third failed payment".to_owned(),
        },
    }
}

fn mail_in_the_outbox_is_sealed_and_opened(place: &impl Place) {
    let store = place.open();
    let epoch = store.acquire_lease(NOW).unwrap();
    let item = OutboxItem {
        what: Outbound::ChatMail {
            customer: customer(1),
            conversation: InteractionId::derive(NOW, Seq(1), 0),
            to: Private::new("ann@example.com"),
            messages: vec![MessageId::derive(NOW, Seq(2), 0)],
            language: Some("de".to_owned()),
            source: None,
            device: Some(key(1)),
            generation: 2,
        },
        ..outbox_item(1)
    };
    store
        .commit(&unit(
            vec![page_view(1, customer(1))],
            vec![Effect::Outbox(item.clone())],
        ))
        .unwrap();
    drop(store);
    let store = place.open();
    let later = store.acquire_lease(NOW).unwrap();
    let claims = store.claim_outbox(later, 9, NOW + Millis(10)).unwrap();
    assert_eq!(claims[0].item, item);
    store.fail_outbox(later, item.delivery, NOW).unwrap();
    store.erase(customer(1), NOW).unwrap();
    let claims = store.claim_outbox(later, 9, NOW + Millis(10)).unwrap();
    let Outbound::ChatMail { to, .. } = &claims[0].item.what else {
        panic!("the item is mail");
    };
    assert!(to.is_empty(), "an erased address reads as empty");
    assert_ne!(epoch, later);
}

const ROOMY: UploadLimits = UploadLimits {
    conversation_bytes_max: 1 << 30,
    total_bytes_max: 1 << 30,
};

fn upload(n: u64, of: CustomerId, bytes: &[u8]) -> Upload {
    Upload {
        file: Attachment {
            attachment: AttachmentId::derive(NOW, Seq(n), 0),
            name: Private::new(format!("bill {n}.pdf")),
            content_type: "application/pdf".to_owned(),
            bytes: bytes.len() as u64,
            width_px: 0,
            height_px: 0,
            alt: Private::new(""),
        },
        customer: of,
        conversation: InteractionId::derive(NOW, Seq(1), 0),
        device: Some(key(1)),
        agent: None,
        uploaded_at: NOW + Millis(n),
    }
}

fn call_row(n: u64, ended: bool) -> CallRow {
    CallRow {
        call: InteractionId::derive(NOW + Millis(n), Seq(n), 0),
        began: CallBegan {
            key: n,
            via: CallVia::Stream,
            external: format!("pbx-{n}"),
            direction: CallDirection::Inbound,
            disclosed: true,
            agent: None,
            synthetic: false,
        },
        started_at: NOW + Millis(n),
        ended_at: ended.then_some(NOW + Millis(n + 5)),
        end: ended.then_some(CallEnd::HungUp),
        lasted: None,
        not_analysed: None,
        words_from: None,
        voice: None,
        score: None,
        dynamics: None,
    }
}

fn call_effect(of: CustomerId, row: &CallRow) -> Effect {
    Effect::Call {
        customer: of,
        row: Box::new(row.clone()),
    }
}

fn calls_are_listed_and_what_is_kept_of_them_goes_with_their_customer(place: &impl Place) {
    let store = place.writer();
    let (from, into) = (customer(1), customer(2));
    let rows = [call_row(1, true), call_row(2, false), call_row(3, true)];
    let effects = vec![
        call_effect(from, &call_row(1, false)),
        call_effect(from, &rows[0]),
        call_effect(from, &rows[1]),
        call_effect(into, &rows[2]),
    ];
    store
        .commit(&unit(vec![message(1, from, "words")], effects))
        .unwrap();
    let ids = |of, before, limit| -> Vec<InteractionId> {
        let found = store.calls(of, before, limit).unwrap();
        found.iter().map(|entry| entry.row.call).collect()
    };
    let [one, two, three] = [rows[0].call, rows[1].call, rows[2].call];
    assert_eq!(ids(CallsOf::Anyone, None, 9), [three, two, one]);
    assert_eq!(ids(CallsOf::Anyone, Some(three), 1), [two]);
    assert_eq!(ids(CallsOf::Live, None, 9), [two]);
    assert_eq!(ids(CallsOf::Ended, None, 9), [three, one]);
    assert_eq!(ids(CallsOf::Customer(from), None, 9), [two, one]);

    let (first, second) = ([1u8; 3], vec![9u8; 70_000]);
    let put = |call, kind, part, bytes: &[u8]| store.put_call_part(call, kind, part, bytes, NOW);
    put(one, CallPartKind::Audio, 0, &first).unwrap();
    put(one, CallPartKind::Audio, 1, &second).unwrap();
    put(one, CallPartKind::Trace, 0, b"{}").unwrap();
    put(one, CallPartKind::Trace, 0, b"{\"later\":1}").unwrap();
    put(three, CallPartKind::Audio, 0, &first).unwrap();
    let nobodys = InteractionId::derive(NOW, Seq(99), 0);
    assert!(matches!(
        put(nobodys, CallPartKind::Audio, 0, &first),
        Err(StoreError::Missing { what: "call" })
    ));
    drop(store);

    let store = place.writer();
    let parts = |call, kind, places| store.call_parts(call, kind, places).unwrap();
    assert_eq!(parts(one, CallPartKind::Audio, 1..2), Some(second.clone()));
    let whole = [&first[..], &second].concat();
    assert_eq!(parts(one, CallPartKind::Audio, 0..9), Some(whole));
    let trace = parts(one, CallPartKind::Trace, 0..1);
    assert_eq!(trace.as_deref(), Some(&b"{\"later\":1}"[..]));
    assert_eq!(parts(two, CallPartKind::Audio, 0..9), None);
    let entry = store.call(one).unwrap().unwrap();
    assert_eq!(entry.audio_bytes, Some(70_003));
    assert_eq!(entry.row, rows[0]);
    assert_eq!(store.call(nobodys).unwrap(), None);

    // A fold takes calls along; they open with the key that sealed them.
    let merged = Effect::Merged {
        from,
        into,
        timeline_offset: 0,
    };
    store
        .commit(&unit(vec![message(2, into, "more")], vec![merged]))
        .unwrap();
    assert_eq!(store.call(one).unwrap().unwrap().customer, into);
    assert_eq!(parts(one, CallPartKind::Audio, 0..1), Some(first.to_vec()));

    // Audio goes when it is old, when somebody says so, and with its customer.
    assert_eq!(store.forget_old_call_audio(NOW).unwrap(), 0);
    assert_eq!(store.forget_old_call_audio(NOW + Millis(1)).unwrap(), 3);
    assert!(parts(one, CallPartKind::Trace, 0..1).is_some());
    put_again(&*store, three, &first);
    assert!(store.forget_call_audio(three).unwrap());
    assert!(!store.forget_call_audio(three).unwrap());
    put_again(&*store, three, &first);
    store.erase(into, NOW).unwrap();
    assert_eq!(parts(one, CallPartKind::Trace, 0..1), None);
    assert_eq!(parts(three, CallPartKind::Audio, 0..1), None);
}

fn put_again(store: &dyn Store, call: InteractionId, bytes: &[u8]) {
    store
        .put_call_part(call, CallPartKind::Audio, 0, bytes, NOW)
        .unwrap();
}

fn files_come_back_whole_within_limits_and_go_with_their_customer(place: &impl Place) {
    let store = place.writer();
    let who = customer(1);
    let bytes: Vec<u8> = (0..200_001u32).map(|n| (n * 7 % 251) as u8).collect();
    let (one, two) = (upload(1, who, &bytes), upload(2, who, b"short"));
    assert_eq!(
        store.add_attachment(&one, &bytes, ROOMY).unwrap(),
        Uploaded::Stored
    );
    let tight = |conversation_bytes_max, total_bytes_max| UploadLimits {
        conversation_bytes_max,
        total_bytes_max,
    };
    for (limits, expected) in [
        (tight(200_005, 1 << 30), Uploaded::ConversationFull),
        (tight(1 << 30, 200_005), Uploaded::Full),
        (tight(200_006, 200_006), Uploaded::Stored),
    ] {
        let answer = store.add_attachment(&two, b"short", limits).unwrap();
        assert_eq!(answer, expected);
    }
    drop(store);
    let store = place.writer();
    let ids = [two.file.attachment, one.file.attachment];
    assert_eq!(store.attachments(&ids).unwrap(), [two, one.clone()]);
    assert_eq!(store.attachment_bytes(ids[1]).unwrap(), Some(bytes));
    let other = AttachmentId::derive(NOW, Seq(9), 0);
    assert_eq!(store.attachments(&[other]).unwrap(), []);
    assert_eq!(store.attachment_bytes(other).unwrap(), None);
    // One key seals everything of a customer, made by whichever came first.
    store
        .commit(&unit(vec![message(1, who, "words")], vec![]))
        .unwrap();
    assert_eq!(store.erase(who, NOW).unwrap().keys, 1);
    assert_eq!(store.attachments(&ids).unwrap(), []);
    assert_eq!(store.attachment_bytes(ids[1]).unwrap(), None);
}

fn files_move_with_a_merge_and_unsent_ones_are_forgotten(place: &impl Place) {
    let store = place.writer();
    let (from, into) = (customer(1), customer(2));
    let (sent, unsent) = (upload(1, from, b"sent"), upload(2, from, b"unsent"));
    for (file, bytes) in [(&sent, &b"sent"[..]), (&unsent, b"unsent")] {
        store.add_attachment(file, bytes, ROOMY).unwrap();
    }
    let elsewhere = InteractionId::derive(NOW, Seq(77), 0);
    store
        .keep_attachments(&[sent.file.attachment], elsewhere)
        .unwrap();
    store
        .commit(&unit(
            vec![page_view(1, into)],
            vec![Effect::Merged {
                from,
                into,
                timeline_offset: 0,
            }],
        ))
        .unwrap();
    let moved = store.attachments(&[sent.file.attachment]).unwrap();
    assert_eq!(moved[0].customer, into);
    assert_eq!(moved[0].conversation, elsewhere);
    assert_eq!(moved[0].file.name.reveal(), "bill 1.pdf");
    assert_eq!(store.forget_unsent_attachments(NOW + Millis(2)).unwrap(), 0);
    assert_eq!(store.forget_unsent_attachments(NOW + Millis(3)).unwrap(), 1);
    let both = [sent.file.attachment, unsent.file.attachment];
    assert_eq!(store.attachments(&both).unwrap().len(), 1);
    assert_eq!(store.attachment_bytes(both[1]).unwrap(), None);
    store.wipe().unwrap();
    assert_eq!(store.attachment_bytes(both[0]).unwrap(), None);
}

fn the_outbox_is_claimed_once_an_epoch(place: &impl Place) {
    let store = place.open();
    let epoch = store.acquire_lease(NOW).unwrap();
    store
        .commit(&unit(
            vec![page_view(1, customer(1))],
            (1..=4).map(|n| Effect::Outbox(outbox_item(n))).collect(),
        ))
        .unwrap();
    let claim = |store: &dyn Store, epoch, limit, at: u64| -> Vec<(OutboxItem, u32)> {
        store
            .claim_outbox(epoch, limit, NOW + Millis(at))
            .unwrap()
            .into_iter()
            .map(|claim| (claim.item, claim.attempt))
            .collect()
    };
    assert_eq!(claim(&*store, epoch, 10, 0), []);
    assert_eq!(
        claim(&*store, epoch, 2, 10),
        [(outbox_item(1), 1), (outbox_item(2), 1)]
    );
    assert_eq!(claim(&*store, epoch, 2, 3), [(outbox_item(3), 1)]);
    store
        .complete_outbox(epoch, outbox_item(1).delivery)
        .unwrap();
    store
        .fail_outbox(epoch, outbox_item(2).delivery, NOW + Millis(500))
        .unwrap();
    assert_eq!(claim(&*store, epoch, 9, 499), [(outbox_item(4), 1)]);
    assert_eq!(claim(&*store, epoch, 9, 500), [(outbox_item(2), 2)]);
    assert_eq!(store.totals().unwrap().outbox, 3);
    drop(store);
    // The next writer takes over what the earlier one had claimed, with the same ids.
    let store = place.open();
    let later = store.acquire_lease(NOW).unwrap();
    assert!(matches!(
        store.complete_outbox(epoch, outbox_item(3).delivery),
        Err(StoreError::Fenced)
    ));
    assert_eq!(claim(&*store, later, 9, 1_000).len(), 3);
}

fn alerts_come_once_and_are_put_away(place: &impl Place) {
    let store = place.open();
    let alert = |n: u64| Alert {
        alert: DeliveryId::derive(NOW, Seq(n), 0),
        at: NOW + Millis(n),
        customer: customer(n),
        decision: DecisionId::derive(NOW, Seq(n), 0),
        rule: "angry".to_owned(),
        text: "third failed payment".to_owned(),
        done: None,
    };
    for n in [1, 2, 1] {
        store.add_alert(&alert(n)).unwrap();
    }
    assert_eq!(store.open_alerts(10).unwrap(), [alert(2), alert(1)]);
    assert!(store.finish_alert(alert(2).alert, agent(1), NOW).unwrap());
    assert!(!store.finish_alert(alert(2).alert, agent(1), NOW).unwrap());
    store.add_alert(&alert(2)).unwrap();
    assert_eq!(store.open_alerts(10).unwrap(), [alert(1)]);
}

fn member(n: u64, email: &str) -> Staff {
    Staff {
        agent: agent(n),
        email: email.to_owned(),
        name: format!("Person {n}"),
        role: Role::Agent,
        password_hash: Private::new("$argon2id$v=19$..."),
        must_change_password: true,
        skills: [("billing".to_owned(), 4)].into(),
        languages: ["de".to_owned(), "en".to_owned()].into(),
        capacity: PerChannel {
            chat: 3,
            callback: 1,
        },
        hours: Some(overture_engine::model::AgentHours {
            hours: overture_engine::model::WeeklyHours::weekdays(540, 1_020).unwrap(),
            time_zone: "Europe/Berlin".to_owned(),
        }),
        active: true,
        created_at: NOW,
    }
}

fn staff_have_unique_addresses(place: &impl Place) {
    let store = place.open();
    let mut ann = member(1, "ann@example.com");
    let ben = member(2, "ben@example.com");
    store.put_staff(&ann).unwrap();
    store.put_staff(&ben).unwrap();
    assert!(matches!(
        store.put_staff(&member(3, "ann@example.com")),
        Err(StoreError::Conflict { .. })
    ));
    ann.role = Role::Supervisor;
    ann.must_change_password = false;
    ann.active = false;
    store.put_staff(&ann).unwrap();
    assert_eq!(store.staff(agent(1)).unwrap(), Some(ann.clone()));
    assert_eq!(
        store.staff_by_email("ben@example.com").unwrap(),
        Some(ben.clone())
    );
    assert_eq!(store.staff_by_email("nobody@example.com").unwrap(), None);
    assert_eq!(store.staff_list().unwrap(), [ann, ben]);
}

fn sessions_end(place: &impl Place) {
    let store = place.open();
    let session = |n: u8, agent_number| StaffSession {
        token_hash: [n; 32],
        agent: agent(agent_number),
        csrf: Private::new("csrf"),
        created_at: NOW + Millis(n.into()),
        expires_at: NOW + Millis(u64::from(n) + 5),
    };
    store.add_session(&session(1, 1)).unwrap();
    store.add_session(&session(2, 1)).unwrap();
    store.add_session(&session(3, 2)).unwrap();
    assert_eq!(store.session(&[2; 32]).unwrap(), Some(session(2, 1)));
    store.end_session(&[2; 32]).unwrap();
    assert_eq!(store.session(&[2; 32]).unwrap(), None);
    // A new one sweeps out what ended before it began.
    store.add_session(&session(6, 2)).unwrap();
    assert_eq!(store.session(&[1; 32]).unwrap(), None);
    assert!(store.session(&[3; 32]).unwrap().is_some());
    store.end_sessions_of(agent(2)).unwrap();
    assert_eq!(store.session(&[6; 32]).unwrap(), None);
}

fn sources_keep_keys_counts_and_secrets(place: &impl Place) {
    let store = place.writer();
    let mut shop = Source {
        source: source(1),
        name: "Shop".to_owned(),
        allowed_origins: vec!["https://shop.example".to_owned()],
        identity_secret: Private::new("very secret"),
        brand: None,
        capture: SourceCapture::default(),
        created_at: NOW,
        write_keys: vec![],
        events_total: 0,
        last_event_at: None,
    };
    store.put_source(&shop).unwrap();
    let write_key = WriteKey {
        key: "wk_1".to_owned(),
        created_at: NOW,
        revoked_at: None,
    };
    store.add_write_key(source(1), &write_key).unwrap();
    assert!(matches!(
        store.add_write_key(source(2), &write_key),
        Err(StoreError::Conflict { .. })
    ));
    store
        .commit(&unit(
            (1..=5).map(|seq| page_view(seq, customer(1))).collect(),
            vec![],
        ))
        .unwrap();
    shop.name = "The shop".to_owned();
    shop.brand = Some(Brand::DEFAULT);
    shop.capture = SourceCapture {
        consent: ConsentMode::Required,
        url_allow: vec!["step".to_owned(), "#".to_owned()],
        consent_categories: [("Analytics".to_owned(), ConsentPurpose::AnalyseBehaviour)].into(),
    };
    store.put_source(&shop).unwrap();
    assert!(store.revoke_write_key(source(1), "wk_1", NOW).unwrap());
    assert!(!store.revoke_write_key(source(1), "wk_1", NOW).unwrap());
    drop(store);
    shop.write_keys = vec![WriteKey {
        revoked_at: Some(NOW),
        ..write_key
    }];
    shop.events_total = 5;
    shop.last_event_at = Some(NOW + Millis(5));
    assert_eq!(place.open().sources().unwrap(), [shop]);
}

fn brands_are_kept_whole_and_a_used_one_stays(place: &impl Place) {
    let store = place.open();
    assert_eq!(store.brands().unwrap(), [Brand::shipped()]);

    let mut default = Brand::shipped();
    default.name = "Zeta".to_owned();
    default.look.accent = "#005500".to_owned();
    let mut other = Brand::shipped();
    other.brand = BrandId::derive(NOW, Seq(1), 0);
    other.name = "Alpha".to_owned();
    other.look.position = Position::Start;
    other.look.logo_url = Some("https://alpha.example/logo.svg".to_owned());
    other.hours = WeeklyHours::weekdays(9 * 60, 17 * 60).unwrap();
    other.time_zone = "Europe/Berlin".to_owned();
    other.texts = [(
        "ar".to_owned(),
        [("help".to_owned(), "مساعدة".to_owned())].into(),
    )]
    .into();
    other.phone = Some("+4930123456".to_owned());
    other.privacy_url = Some("https://alpha.example/privacy".to_owned());
    other.chat.attachments = false;
    other.callback.countries = ["DE".to_owned()].into();
    other.callback.verify_sms = true;
    other.created_at = NOW;
    store.put_brand(&other).unwrap();
    store.put_brand(&default).unwrap();
    // The default one leads, whatever its name.
    assert_eq!(store.brands().unwrap(), [default.clone(), other.clone()]);

    let mut shop = Source {
        source: source(7),
        name: "Shop".to_owned(),
        allowed_origins: vec![],
        identity_secret: Private::new("secret"),
        capture: SourceCapture::default(),
        brand: Some(other.brand),
        created_at: NOW,
        write_keys: vec![],
        events_total: 0,
        last_event_at: None,
    };
    store.put_source(&shop).unwrap();
    drop(store);

    let store = place.open();
    assert_eq!(store.brands().unwrap(), [default.clone(), other.clone()]);
    assert_eq!(store.sources().unwrap(), std::slice::from_ref(&shop));
    assert!(matches!(
        store.remove_brand(other.brand),
        Err(StoreError::Conflict { .. })
    ));
    shop.brand = None;
    store.put_source(&shop).unwrap();
    assert!(store.remove_brand(other.brand).unwrap());
    assert!(!store.remove_brand(other.brand).unwrap());
    assert_eq!(store.brands().unwrap(), [default]);
}

fn tokens_policies_and_settings(place: &impl Place) {
    let store = place.open();
    let token = ApiToken {
        token: TokenId::derive(NOW, Seq(1), 0),
        name: "grants".to_owned(),
        scopes: vec!["grants".to_owned(), "read".to_owned()],
        secret_hash: [9; 32],
        created_at: NOW,
    };
    store.add_token(&token).unwrap();
    assert_eq!(store.tokens().unwrap(), std::slice::from_ref(&token));
    assert!(store.remove_token(token.token).unwrap());
    assert!(!store.remove_token(token.token).unwrap());

    let policy = |revision| PolicyRevision {
        revision,
        toml: format!("# revision {revision}"),
        by: "Ann".to_owned(),
        at: NOW,
    };
    assert_eq!(store.newest_policy().unwrap(), None);
    store.add_policy(&policy(1)).unwrap();
    store.add_policy(&policy(2)).unwrap();
    for stale in [1, 2, 4] {
        assert!(matches!(
            store.add_policy(&policy(stale)),
            Err(StoreError::Conflict { .. })
        ));
    }
    assert_eq!(store.newest_policy().unwrap(), Some(policy(2)));
    assert_eq!(store.policy(1).unwrap(), Some(policy(1)));
    assert_eq!(store.policies(10).unwrap(), [policy(2), policy(1)]);

    let lexicon = |revision| LexiconRevision {
        saved: LexiconSaved {
            revision,
            phrases: 2,
            by: "Ann".to_owned(),
            at: NOW,
            note: format!("the {revision}. list"),
        },
        entries: [("OOS", "out of \"stock\""), ("Überfliegér 最高 😀", "")]
            .map(|(phrase, reads_as)| LexiconEntry {
                phrase: phrase.to_owned(),
                reads_as: reads_as.to_owned(),
            })
            .to_vec(),
    };
    assert_eq!(store.newest_lexicon().unwrap(), None);
    assert_eq!(store.lexicons(10).unwrap(), []);
    store.add_lexicon(&lexicon(1)).unwrap();
    let empty = LexiconRevision {
        saved: LexiconSaved {
            phrases: 0,
            note: String::new(),
            ..lexicon(2).saved
        },
        entries: Vec::new(),
    };
    store.add_lexicon(&empty).unwrap();
    for stale in [1, 2, 4] {
        assert!(matches!(
            store.add_lexicon(&lexicon(stale)),
            Err(StoreError::Conflict { .. })
        ));
    }
    assert_eq!(store.newest_lexicon().unwrap(), Some(empty.clone()));
    assert_eq!(store.lexicon(1).unwrap(), Some(lexicon(1)));
    assert_eq!(store.lexicon(3).unwrap(), None);
    store.add_lexicon(&lexicon(3)).unwrap();
    let saved = [lexicon(3).saved, empty.saved, lexicon(1).saved];
    assert_eq!(store.lexicons(10).unwrap(), saved);
    assert_eq!(store.lexicons(2).unwrap(), saved[..2]);

    assert_eq!(store.setting("mode").unwrap(), None);
    store.set_setting("mode", "shadow").unwrap();
    store.set_setting("mode", "live").unwrap();
    assert_eq!(store.setting("mode").unwrap().as_deref(), Some("live"));
}

fn guide_id(number: u64) -> GuideId {
    GuideId::derive(NOW, Seq(number), 0)
}

fn guides_are_drafted_published_and_counted(place: &impl Place) {
    let store = place.open();
    let (guide, draft) = (guide_id(1), r#"{"text":"Grüße"}"#);
    let mut row = Guide {
        guide,
        name: "Pay".to_owned(),
        draft: draft.to_owned(),
        draft_version: 1,
        live_revision: None,
        archived: false,
        created_at: NOW,
        changed_at: NOW,
        changed_by: "Ada".to_owned(),
    };
    store.put_guide(&row).unwrap();
    assert_eq!(store.guides().unwrap(), [row.clone()]);
    row.draft = r#"{"text":"Hello"}"#.to_owned();
    let stale = store.put_guide(&row);
    assert!(
        matches!(stale, Err(StoreError::Conflict { .. })),
        "{stale:?}"
    );
    row.draft_version = 2;
    store.put_guide(&row).unwrap();

    let revision = |number: u32| GuideRevision {
        guide,
        revision: number,
        content: format!(r#"{{"number":{number}}}"#),
        by: "Ada".to_owned(),
        at: NOW,
    };
    let set = |number: u32| GuideSet {
        revision: number,
        targets: vec![GuideTarget {
            guide,
            revision: number,
            name: "Pay".to_owned(),
            kind: GuideKind::Steps,
            pages: "/checkout/**".to_owned(),
            audience: "identity.level == \"verified\"".to_owned(),
            priority: 7,
            frequency: GuideFrequency::Visit,
            sources: [SourceId::derive(NOW, Seq(2), 0)].into_iter().collect(),
        }],
        by: "Ada".to_owned(),
        at: NOW,
    };
    row.live_revision = Some(1);
    store
        .publish_guide(&row, Some(&revision(1)), &set(1))
        .unwrap();
    for (again, which) in [(revision(1), set(2)), (revision(2), set(1))] {
        let refused = store.publish_guide(&row, Some(&again), &which);
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }
    row.live_revision = Some(2);
    store
        .publish_guide(&row, Some(&revision(2)), &set(2))
        .unwrap();
    row.live_revision = Some(1);
    store.publish_guide(&row, None, &set(3)).unwrap();
    assert_eq!(store.guide(guide).unwrap(), Some(row));
    assert_eq!(store.guide(guide_id(2)).unwrap(), None);
    assert_eq!(store.guide_revision(guide, 1).unwrap(), Some(revision(1)));
    assert_eq!(store.guide_revision(guide, 3).unwrap(), None);
    assert_eq!(
        store.guide_revisions(guide, 5).unwrap(),
        [revision(2), revision(1)]
    );
    assert_eq!(store.newest_guide_set().unwrap(), Some(set(3)));
    assert_eq!(store.guide_set(2).unwrap(), Some(set(2)));
    store.add_guide_set(&set(4)).unwrap();
    assert!(store.add_guide_set(&set(4)).is_err());
    assert_eq!(store.guide_counts(NOW, NOW + Millis(60_000)).unwrap(), []);
}

fn a_guides_file_is_read_in_any_stretch(place: &impl Place) {
    let store = place.open();
    let data: Vec<u8> = (0..600_000u32).map(|at| (at % 251) as u8).collect();
    let media = GuideMedia {
        media: MediaId::derive(NOW, Seq(1), 0),
        guide: guide_id(1),
        content_type: "video/webm".to_owned(),
        bytes: data.len() as u64,
        duration_ms: 4_000,
        created_at: NOW,
    };
    store.put_guide_media(&media, &data).unwrap();
    let id = media.media;
    for (from, to) in [
        (0, 600_000),
        (0, 1),
        (262_143, 262_145),
        (262_144, 524_288),
        (599_999, 600_000),
        (500_000, 900_000),
    ] {
        let end = to.min(600_000);
        let bytes = store.guide_media_bytes(id, from as u64, to as u64).unwrap();
        assert!(bytes == data[from..end], "{from}..{to}");
    }
    assert_eq!(store.guide_media(id).unwrap(), Some(media.clone()));
    assert_eq!(store.guide_media_of(guide_id(1)).unwrap(), [media]);
    store.remove_guide_media(id).unwrap();
    assert_eq!(store.guide_media(id).unwrap(), None);
    assert!(store.guide_media_bytes(id, 0, 10).unwrap().is_empty());
}

fn a_guides_sight_is_what_was_seen_last(place: &impl Place) {
    let store = place.open();
    let note = |who: u64, found: bool, after_s: u64| {
        store
            .note_guide_sight(&GuideSight {
                guide: guide_id(1),
                revision: 3,
                customer: customer(who),
                found,
                step: 2,
                at: NOW + Millis::from_secs(after_s),
            })
            .unwrap();
    };
    let health = |since| store.guide_health(guide_id(1), 3, since).unwrap();
    assert_eq!(health(NOW), GuideHealth::default());
    note(1, true, 1);
    note(2, false, 2);
    note(3, false, 3);
    note(4, true, 4);
    let mut expected = GuideHealth {
        missing: 2,
        found: 2,
        found_since: 1,
        step: Some(2),
    };
    assert_eq!(health(NOW), expected);
    note(2, true, 5);
    note(3, true, 6);
    expected = GuideHealth {
        found: 4,
        found_since: 4,
        ..GuideHealth::default()
    };
    assert_eq!(health(NOW), expected);
    assert_eq!(health(NOW + Millis::from_secs(5)).found, 2);
    assert_eq!(
        store.guide_health(guide_id(1), 4, NOW).unwrap(),
        GuideHealth::default()
    );
    store.erase(customer(2), NOW).unwrap();
    assert_eq!(health(NOW).found, 3);
    note(5, true, 9 * 86_400);
    assert_eq!(
        health(NOW).found,
        1,
        "what is older than a week is forgotten"
    );
}

fn a_step_that_was_missing_is_found_by_whoever_comes_to_it(place: &impl Place) {
    let store = place.open();
    let note = |who: u64, found: bool, step: u8, after_s: u64| {
        store
            .note_guide_sight(&GuideSight {
                guide: guide_id(1),
                revision: 3,
                customer: customer(who),
                found,
                step,
                at: NOW + Millis::from_secs(after_s),
            })
            .unwrap();
    };
    let health = || store.guide_health(guide_id(1), 3, NOW).unwrap();
    // Two look at the first step alone, one comes to the third, two miss the second.
    note(1, true, 0, 1);
    note(2, true, 0, 2);
    for step in [0, 1, 2, 0] {
        note(3, true, step, 3);
    }
    for who in [4, 5] {
        note(who, true, 0, 4);
        note(who, false, 1, 5);
        note(who, true, 2, 6);
    }
    let expected = GuideHealth {
        missing: 2,
        found: 1,
        found_since: 0,
        step: Some(1),
    };
    assert_eq!(health(), expected);
    // One who misses another step does not speak for the second.
    note(6, false, 2, 7);
    assert_eq!(health(), expected);
    note(7, true, 0, 8);
    assert_eq!(health().found_since, 0, "the first step says nothing of it");
    note(4, true, 1, 9);
    let expected = GuideHealth {
        missing: 1,
        found: 2,
        found_since: 1,
        step: Some(1),
    };
    assert_eq!(health(), expected, "there again, for one who missed it");
}

fn article(n: u64) -> Article {
    Article {
        faq: FaqId::derive(NOW, Seq(n), 0),
        slug: format!("question-{n}"),
        brand: None,
        status: ArticleStatus::Draft,
        place: 5,
        paths: vec!["/checkout/**".to_owned()],
        codes: vec!["card:declined".to_owned()],
        keywords: vec!["visa".to_owned()],
        revision: 1,
        created_at: NOW,
        changed_at: NOW,
        changed_by: "Ada".to_owned(),
    }
}

fn article_text(n: u64, locale: &str, version: u32) -> ArticleText {
    ArticleText {
        faq: article(n).faq,
        locale: locale.to_owned(),
        version,
        title: format!("Question {n}.{version} ({locale})"),
        summary: String::new(),
        body_markdown: "*Answer*".to_owned(),
        based_on: 0,
        written_at: NOW + Millis(version.into()),
        written_by: "Ada".to_owned(),
    }
}

fn rollout(revision: u32, rules: Vec<RuleRollout>) -> RolloutRevision {
    RolloutRevision {
        saved: RolloutSaved {
            revision,
            by: "Ada".to_owned(),
            at: NOW + Millis(u64::from(revision)),
            note: "carefully".to_owned(),
        },
        plan: RolloutPlan {
            unlisted: match revision % 2 {
                0 => Unlisted::Live,
                _ => Unlisted::Shadow,
            },
            testers: vec![
                Tester {
                    kind: IdentifierKind::Email,
                    key: LinkKey(u128::MAX - 1),
                    value: Private::new("ada@example.com"),
                },
                Tester {
                    kind: IdentifierKind::UserId,
                    key: LinkKey(0),
                    value: Private::new("u-1"),
                },
            ],
            rules,
        },
    }
}

fn stage(rule: &str, stage: Stage, paused: bool, daily_budget: Option<u32>) -> RuleRollout {
    RuleRollout {
        rule: rule.to_owned(),
        stage,
        paused: paused.then(|| Paused {
            at: NOW,
            why: "9 of 60 were put away".to_owned(),
        }),
        audience: "session.path == \"/checkout\"".to_owned(),
        daily_budget,
        changed_by: "Ben".to_owned(),
        changed_at: NOW,
    }
}

fn rollouts_are_kept_revision_by_revision_with_their_alerts(place: &impl Place) {
    let store = place.writer();
    assert_eq!(store.newest_rollouts().unwrap(), None);
    assert_eq!(store.rollouts_list(10).unwrap(), []);
    let all = rollout(
        1,
        vec![
            stage("a", Stage::Shadow, false, None),
            stage("b", Stage::Test, false, Some(1)),
            stage("c", Stage::Percent(10), true, Some(4_000_000_000)),
        ],
    );
    store.add_rollouts(&all, &[]).unwrap();
    assert_eq!(store.newest_rollouts().unwrap(), Some(all.clone()));
    let alert = OutboxItem {
        delivery: DeliveryId::derive(NOW, Seq(1), 0),
        at: NOW,
        what: Outbound::Alert {
            customer: customer(1),
            decision: decision(customer(1), 1, Outcome::Notify).decision,
            rule: "c".to_owned(),
            text: "c paused itself".to_owned(),
        },
    };
    let next = rollout(2, Vec::new());
    for stale in [0, 1, 3] {
        let refused = store.add_rollouts(&rollout(stale, Vec::new()), std::slice::from_ref(&alert));
        assert!(
            matches!(refused, Err(StoreError::Conflict { .. })),
            "{refused:?}"
        );
    }
    let claims = |store: &dyn Store| {
        let epoch = store.seize_lease(NOW).unwrap();
        store.claim_outbox(epoch, 10, NOW + Millis(1)).unwrap()
    };
    assert_eq!(claims(&*store).len(), 0, "a refused revision sends nothing");
    store
        .add_rollouts(&next, std::slice::from_ref(&alert))
        .unwrap();
    let claimed: Vec<OutboxItem> = claims(&*store)
        .into_iter()
        .map(|claim| claim.item)
        .collect();
    assert_eq!(claimed, [alert]);
    assert_eq!(store.rollouts(1).unwrap(), Some(all.clone()));
    assert_eq!(store.rollouts(3).unwrap(), None);
    assert_eq!(
        store.rollouts_list(10).unwrap(),
        [next.saved.clone(), all.saved]
    );
    assert_eq!(store.rollouts_list(1).unwrap(), [next.saved]);
}

const MINUTE: Millis = Millis::from_secs(60);

fn at(minutes: u64) -> Timestamp {
    NOW + Millis(minutes * MINUTE.0)
}

/// A decision of `help` about a customer, so many minutes in.
fn decided(who: u64, minutes: u64, reasons: &[WithholdReason]) -> Effect {
    let outcome = match reasons {
        [] => Outcome::Offer(OfferId::derive(at(minutes), Seq(who), 1)),
        reasons => Outcome::Withhold(reasons.to_vec()),
    };
    let mut made = decision(customer(who), who, outcome);
    made.decision = DecisionId::derive(at(minutes), Seq(who), 0);
    made.at = at(minutes);
    made.rule = "help".to_owned();
    Effect::Decision(Box::new(made))
}

fn offer_row(who: u64, minutes: u64, stage: OfferStage, later: u64) -> Effect {
    Effect::Offer(OfferRow {
        offer: OfferId::derive(at(minutes), Seq(who), 1),
        customer: customer(who),
        decision: DecisionId::derive(at(minutes), Seq(who), 0),
        rule: "help".to_owned(),
        made_at: at(minutes),
        stage,
        at: at(later),
    })
}

fn what_would_have_been_offered_is_compared_with_what_happened(place: &impl Place) {
    use WithholdReason::{CoolingDown, QuietHours, ShadowMode};
    let store = place.writer();
    let asked = |who: u64, minutes: u64| {
        let mut row = conversation(customer(who), who, ConversationStatus::Queued);
        row.conversation = InteractionId::derive(at(minutes), Seq(who), 2);
        Effect::Conversation(row)
    };
    let mut unit = unit(
        vec![page_view(1, customer(1))],
        vec![
            // Asked 20 minutes later; asked too late; left; went on; too early to tell.
            decided(1, 10, &[ShadowMode]),
            asked(1, 30),
            decided(2, 10, &[ShadowMode]),
            asked(2, 41),
            decided(3, 11, &[ShadowMode]),
            decided(4, 12, &[ShadowMode]),
            decided(5, 99, &[ShadowMode]),
            // Something else held these back too, or they were contacted.
            decided(6, 13, &[QuietHours, ShadowMode]),
            decided(7, 14, &[CoolingDown]),
            decided(8, 15, &[]),
            offer_row(8, 15, OfferStage::Accepted(OfferOptionKind::Chat), 16),
            asked(8, 16),
            // Whoever took an offer did not ask by themselves.
            decided(8, 14, &[ShadowMode]),
            // Before the time that is looked at.
            decided(9, 1, &[ShadowMode]),
        ],
    );
    for (who, last_seen) in [(1, 60), (2, 60), (3, 12), (4, 60), (5, 99), (8, 60)] {
        let mut state = CustomerState::new(customer(who), NOW);
        state.last_seen_at = at(last_seen);
        unit.customers.push(state);
    }
    store.commit(&unit).unwrap();
    let found = store.comparison(at(5), at(100), at(100), 1_000).unwrap();
    assert_eq!(found.cut_at, None);
    let help = &found.rules["help"];
    assert_eq!(
        (help.would, help.asked, help.left, help.open, help.acted),
        (6, 1, 1, 1, 1)
    );
    let reasons: Vec<(&str, u64)> = help
        .reasons
        .iter()
        .map(|(name, count)| (*name, *count))
        .collect();
    assert_eq!(
        reasons,
        [("cooling_down", 1), ("quiet_hours", 1), ("shadow_mode", 7)]
    );
    let then: Vec<(CustomerId, &str)> = help
        .examples
        .iter()
        .map(|one| (one.customer, one.then.name()))
        .collect();
    let expected = [
        (5, "too_early"),
        (8, "went_on"),
        (4, "went_on"),
        (3, "left"),
    ];
    assert_eq!(then[..4], expected.map(|(who, then)| (customer(who), then)));
    assert_eq!(help.examples[0].at, at(99));
    assert_eq!((help.shown, help.accepted), (1, 1));
    // Only the newest are read where there are too many, and it says since when.
    let few = store.comparison(at(5), at(100), at(100), 2).unwrap();
    assert_eq!(few.cut_at, Some(at(15)));
    assert_eq!((few.rules["help"].would, few.rules["help"].acted), (1, 1));
    assert!(
        store
            .comparison(at(200), at(300), at(300), 10)
            .unwrap()
            .rules
            .is_empty()
    );
}

fn offers_are_counted_by_how_they_were_taken(place: &impl Place) {
    let store = place.writer();
    use OfferStage as S;
    let offer = |who: u64| OfferId::derive(at(who), Seq(who), 1);
    let first = vec![
        offer_row(1, 1, S::Reserved, 1),
        offer_row(1, 1, S::Shown, 2),
        offer_row(2, 2, S::Reserved, 2),
        offer_row(2, 2, S::Shown, 3),
        offer_row(2, 2, S::Dismissed, 4),
        offer_row(3, 3, S::Shown, 3),
        offer_row(4, 4, S::Shown, 4),
        // Never seen.
        offer_row(5, 5, S::Reserved, 5),
        offer_row(6, 6, S::Expired, 7),
        offer_row(7, 7, S::Accepted(OfferOptionKind::Faq), 8),
    ];
    store
        .commit(&unit(vec![page_view(1, customer(1))], first))
        .unwrap();
    let second = vec![
        offer_row(1, 1, S::Withdrawn, 9),
        offer_row(3, 3, S::Dismissed, 9),
        Effect::OptedOut { offer: offer(3) },
        offer_row(4, 4, S::Ignored, 9),
        // Put away for good after it was gone.
        Effect::OptedOut { offer: offer(4) },
        Effect::OptedOut { offer: offer(99) },
        Effect::Merged {
            from: customer(4),
            into: customer(40),
            timeline_offset: 0,
        },
    ];
    store
        .commit(&unit(vec![page_view(2, customer(1))], second))
        .unwrap();
    let since = |at: Timestamp| {
        store
            .offer_outcomes(&[("help".to_owned(), at), ("none".to_owned(), at)])
            .unwrap()
    };
    let all = since(NOW);
    assert_eq!(
        (all[0].rule.as_str(), all[0].shown, all[0].annoyed),
        ("help", 5, 3)
    );
    assert_eq!(
        all[0].last,
        Some((customer(40), DecisionId::derive(at(4), Seq(4), 0)))
    );
    assert_eq!((all[1].shown, all[1].annoyed, all[1].last), (0, 0, None));
    assert_eq!((since(at(3))[0].shown, since(at(3))[0].annoyed), (3, 2));
    let found = store.comparison(NOW, at(50), at(50), 10).unwrap();
    let help = &found.rules["help"];
    assert_eq!(
        (
            help.shown,
            help.accepted,
            help.dismissed,
            help.opted_out,
            help.ignored
        ),
        (5, 1, 1, 2, 0)
    );
    store.wipe().unwrap();
    assert!(
        store
            .comparison(NOW, at(50), at(50), 10)
            .unwrap()
            .rules
            .is_empty()
    );
}

fn articles_keep_versions_and_refuse_what_is_stale(place: &impl Place) {
    let store = place.open();
    let put = |article: Article, base| ArticleChange::Put { article, base };
    let text = |n, locale, version| ArticleChange::Text(article_text(n, locale, version));
    let publish = |n, locale: &str, version| ArticleChange::Publish {
        faq: article(n).faq,
        locale: locale.to_owned(),
        version,
    };
    let conflict = |changes: &[ArticleChange]| {
        let error = store.change_articles(changes).unwrap_err();
        assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    };
    let missing = |changes: &[ArticleChange]| {
        let error = store.change_articles(changes).unwrap_err();
        assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    };

    store
        .change_articles(&[put(article(1), None), text(1, "en", 1), text(1, "de", 1)])
        .unwrap();
    assert_eq!(store.articles().unwrap(), [article(1)]);
    assert_eq!(store.published_articles().unwrap(), []);

    // All or nothing: the second change is wrong, so the first did not happen either.
    conflict(&[put(article(2), None), text(1, "en", 3)]);
    conflict(&[put(article(1), None)]);
    missing(&[text(2, "en", 1)]);
    missing(&[publish(1, "en", Some(9))]);
    missing(&[put(article(2), Some(1))]);
    missing(&[ArticleChange::Remove(article(2).faq)]);
    let taken = Article {
        slug: article(1).slug,
        ..article(2)
    };
    conflict(&[put(taken, None)]);
    assert_eq!(store.articles().unwrap(), [article(1)]);

    let brand = BrandId::derive(NOW, Seq(1), 0);
    let changed = Article {
        status: ArticleStatus::Published,
        brand: Some(brand),
        changed_by: "Grace".to_owned(),
        ..article(1)
    };
    store
        .change_articles(&[put(changed.clone(), Some(1)), publish(1, "en", Some(1))])
        .unwrap();
    conflict(&[put(changed.clone(), Some(1))]);
    let stored = store.article(article(1).faq).unwrap().unwrap();
    assert_eq!(
        stored,
        Article {
            revision: 2,
            ..changed
        }
    );
    store.change_articles(&[text(1, "en", 2)]).unwrap();
    let seen = |store: &dyn Store| -> Vec<(String, u32)> {
        let found = store.published_articles().unwrap();
        let texts = found.iter().flat_map(|article| &article.texts);
        texts
            .map(|text| (text.locale.clone(), text.version))
            .collect()
    };
    assert_eq!(seen(&*store), [("en".to_owned(), 1)]);
    store
        .change_articles(&[publish(1, "en", Some(2)), publish(1, "de", Some(1))])
        .unwrap();
    assert_eq!(
        seen(&*store),
        [("de".to_owned(), 1), ("en".to_owned(), 2)],
        "by language"
    );
    let stands = store.article_locales(None).unwrap();
    assert_eq!(stands, store.article_locales(Some(stored.faq)).unwrap());
    let [german, english] = stands.as_slice() else {
        panic!("two languages, got {stands:?}");
    };
    assert_eq!((german.newest, german.published), (1, Some(1)));
    assert_eq!((english.newest, english.published), (2, Some(2)));
    assert_eq!(english.title, article_text(1, "en", 2).title);
    assert_eq!(
        store.newest_article_texts().unwrap(),
        [article_text(1, "de", 1), article_text(1, "en", 2)]
    );

    // Going back is publishing an earlier version; the newest stay, and the published one.
    store.change_articles(&[publish(1, "en", Some(1))]).unwrap();
    let more: Vec<_> = (3..=ARTICLE_VERSIONS_MAX + 5)
        .map(|version| text(1, "en", version))
        .collect();
    store.change_articles(&more).unwrap();
    let kept = store.article_texts(stored.faq, "en").unwrap();
    let versions: Vec<_> = kept.iter().map(|text| text.version).collect();
    let mut expected: Vec<_> = (6..=ARTICLE_VERSIONS_MAX + 5).rev().collect();
    expected.push(1);
    assert_eq!(versions, expected);
    assert_eq!(kept[0], article_text(1, "en", ARTICLE_VERSIONS_MAX + 5));

    store
        .change_articles(&[publish(1, "en", None), publish(1, "de", None)])
        .unwrap();
    assert_eq!(store.published_articles().unwrap(), []);
    store
        .change_articles(&[ArticleChange::Remove(stored.faq)])
        .unwrap();
    assert_eq!(store.articles().unwrap(), []);
    assert_eq!(store.article_locales(None).unwrap(), []);
}

fn articles_are_counted_and_words_that_found_nothing_are_sealed(place: &impl Place) {
    let store = place.writer();
    let who = customer(1);
    let seen = ArticleRef {
        faq: article(1).faq,
        locale: "en".to_owned(),
        version: 2,
        title: "Question".to_owned(),
    };
    let tally = |opened, helpful, read_s| {
        Effect::Article(ArticleTally {
            opened,
            helpful,
            read_s,
            ..ArticleTally::of(&seen)
        })
    };
    let miss = |n, words: &str| {
        Effect::SearchMissed(SearchMiss {
            customer: who,
            at: NOW + Millis(n),
            locale: "en".to_owned(),
            words: Private::new(words),
        })
    };
    store
        .commit(&unit(
            vec![page_view(1, who)],
            vec![
                tally(1, 0, 0),
                tally(1, 1, 30),
                miss(1, "refnud"),
                miss(1, "money back"),
            ],
        ))
        .unwrap();
    store
        .commit(&unit(
            vec![page_view(2, who)],
            vec![tally(0, -1, 12), miss(2, "voucher")],
        ))
        .unwrap();
    assert_eq!(
        store.article_counts().unwrap(),
        [ArticleCounts {
            faq: seen.faq,
            locale: "en".to_owned(),
            version: 2,
            opened: 2,
            helpful: 0,
            not_helpful: 0,
            still_needed: 0,
            read_s: 42,
        }]
    );
    let words = |limit| -> Vec<String> {
        let found = store.missed_searches(limit).unwrap();
        found
            .iter()
            .map(|miss| miss.words.reveal().to_owned())
            .collect()
    };
    assert_eq!(words(10), ["voucher", "money back", "refnud"]);
    assert_eq!(words(1), ["voucher"]);
    store.erase(who, NOW).unwrap();
    assert_eq!(words(10), ["", "", ""], "erased with their customer");
    let retention = Retention {
        max_age: Millis(0),
        max_log_bytes: u64::MAX,
    };
    store.prune(NOW + Millis(2), retention).unwrap();
    assert_eq!(words(10), [""], "old ones go");
    store.wipe().unwrap();
    assert!(store.missed_searches(10).unwrap().is_empty());
    assert!(store.article_counts().unwrap().is_empty());
}

fn refused_events_are_bounded(place: &impl Place) {
    let store = place.open();
    let refused = |n: u64| RejectedEvent {
        at: NOW + Millis(n),
        source: n.is_multiple_of(2).then(|| source(1)),
        reason: "too_large".to_owned(),
        field: n.is_multiple_of(3).then(|| "properties".to_owned()),
        excerpt: format!("{{\"n\":{n}}}"),
    };
    let many: Vec<_> = (1..=REJECTED_MAX + 5).map(refused).collect();
    store.add_rejected(&many[..20]).unwrap();
    store.add_rejected(&many[20..]).unwrap();
    let newest = store.rejected(None, 2).unwrap();
    assert_eq!(
        newest,
        [
            (REJECTED_MAX + 5, refused(REJECTED_MAX + 5)),
            (REJECTED_MAX + 4, refused(REJECTED_MAX + 4))
        ]
    );
    assert_eq!(
        store.rejected(Some(7), 10).unwrap(),
        [(6, refused(6))],
        "older ones are gone"
    );
    assert_eq!(store.totals().unwrap().rejected, REJECTED_MAX + 5);
}

fn texts_with_a_zero_character_are_taken(place: &impl Place) {
    let store = place.writer();
    let who = customer(1);
    let odd = "a\0b";
    store
        .commit(&unit(
            vec![message(1, who, odd)],
            vec![
                Effect::Timeline(said(who, 1, odd)),
                Effect::Trait {
                    customer: who,
                    name: odd.to_owned(),
                    value: Private::new(odd),
                },
                Effect::Count {
                    rule: odd.to_owned(),
                    what: "withhold",
                },
            ],
        ))
        .unwrap();
    assert_eq!(store.read_log(Seq(1), 1).unwrap(), [message(1, who, odd)]);
    assert_eq!(
        store.traits_of(who).unwrap(),
        [("a\u{fffd}b".to_owned(), Private::new(odd))]
    );
    store
        .add_rejected(&[RejectedEvent {
            at: NOW,
            source: None,
            reason: "broken_json".to_owned(),
            field: None,
            excerpt: odd.to_owned(),
        }])
        .unwrap();
    assert_eq!(store.rejected(None, 1).unwrap()[0].1.excerpt, "a\u{fffd}b");
}

fn skipped_inputs_and_counts_are_listed(place: &impl Place) {
    let store = place.writer();
    let skipped = Input {
        seq: Seq(2),
        received_at: NOW + Millis(2),
        body: InputBody::Skipped {
            customer: Some(customer(1)),
            reason: "index out of bounds".to_owned(),
        },
    };
    let count = |rule: &str, what| Effect::Count {
        rule: rule.to_owned(),
        what,
    };
    store
        .commit(&unit(
            vec![page_view(1, customer(1)), skipped.clone()],
            vec![
                count("a", "withhold"),
                count("a", "withhold"),
                count("b", "prompt"),
            ],
        ))
        .unwrap();
    store
        .commit(&unit(
            vec![page_view(3, customer(1))],
            vec![count("a", "withhold")],
        ))
        .unwrap();
    assert_eq!(
        store.skipped(10).unwrap(),
        [SkippedEvent {
            seq: Seq(2),
            at: NOW + Millis(2),
            customer: Some(customer(1)),
            reason: "index out of bounds".to_owned()
        }]
    );
    assert_eq!(store.read_log(Seq(2), 1).unwrap()[0], skipped);
    let minute = Timestamp(NOW.0 / 60_000 * 60_000);
    let read: Vec<(String, String, u64)> = store
        .minute_counts(minute, minute + Millis(60_000))
        .unwrap()
        .into_iter()
        .map(|count| {
            assert_eq!(count.minute, minute);
            (count.rule, count.what, count.count)
        })
        .collect();
    assert_eq!(
        read,
        [
            ("a".to_owned(), "withhold".to_owned(), 3),
            ("b".to_owned(), "prompt".to_owned(), 1)
        ]
    );
    assert!(
        store
            .minute_counts(minute + Millis(60_000), minute + Millis(120_000))
            .unwrap()
            .is_empty()
    );
}

fn retention_keeps_what_replay_needs(place: &impl Place) {
    let store = place.writer();
    let (quiet, served) = (customer(1), customer(2));
    for seq in 1..=20 {
        let mut unit = unit(
            vec![page_view(seq, quiet)],
            vec![
                Effect::Timeline(said(quiet, seq, "x")),
                Effect::Timeline(said(served, seq, "y")),
            ],
        );
        if seq == 1 {
            unit.customers = vec![state(quiet, 1), state(served, 1)];
            unit.effects.push(Effect::Conversation(conversation(
                served,
                1,
                ConversationStatus::Ended,
            )));
        }
        unit.replay_from = Seq(15);
        store.commit(&unit).unwrap();
    }
    let keep_all = Retention {
        max_age: Millis::from_secs(86_400),
        max_log_bytes: u64::MAX,
    };
    assert_eq!(store.prune(NOW, keep_all).unwrap(), Pruned::default());
    let later = NOW + Millis::from_secs(2 * 86_400);
    let pruned = store.prune(later, keep_all).unwrap();
    assert_eq!(
        pruned,
        Pruned {
            log_rows: 14,
            timeline_rows: 20
        }
    );
    assert_eq!(store.read_log(Seq(1), 100).unwrap()[0].seq, Seq(15));
    assert!(
        staff_page(&*store, quiet, TimelineWindow::Newest, 9)
            .items
            .is_empty()
    );
    assert_eq!(
        staff_page(&*store, served, TimelineWindow::Newest, 99)
            .items
            .len(),
        20
    );
    let smallest = Retention {
        max_log_bytes: 0,
        ..keep_all
    };
    assert_eq!(store.prune(NOW, smallest).unwrap().log_rows, 0);
    store
        .commit(&CommitUnit {
            replay_from: Seq(21),
            ..unit(vec![], vec![])
        })
        .unwrap();
    assert_eq!(store.prune(NOW, smallest).unwrap().log_rows, 6);
    assert!(store.pressure().unwrap().used_bytes > 0);
}

fn a_wiped_store_counts_on(place: &impl Place) {
    let store = place.writer();
    store.put_staff(&member(1, "ann@example.com")).unwrap();
    store.commit(&full_unit()).unwrap();
    store.wipe().unwrap();
    let boot = store.boot().unwrap();
    assert_eq!((boot.last_seq, boot.replay_from), (Seq(3), Seq(4)));
    assert!(boot.wakes.is_empty() && boot.route.is_none());
    assert!(boot.world.is_some(), "mode and policy stay");
    assert_eq!(store.customers(&[customer(1)]).unwrap(), [None]);
    assert_eq!(store.verify_ledger().unwrap().rows, 0);
    assert_eq!(store.staff_list().unwrap().len(), 1);
    store
        .commit(&unit(vec![message(4, customer(1), "hello")], vec![]))
        .unwrap();
    assert_eq!(
        store.read_log(Seq(1), 9).unwrap(),
        [message(4, customer(1), "hello")]
    );
}

fn a_wrong_master_key_is_refused(place: &impl Place) {
    drop(place.open());
    assert!(matches!(
        place.open_with(&StoreOptions {
            master_key: MasterKey::new([8; 32]),
            ..options()
        }),
        Err(StoreError::WrongMasterKey)
    ));
}
