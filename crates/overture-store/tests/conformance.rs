//! What every store must do, run on both.
//!
//! PostgreSQL is taken from `OVERTURE_TEST_POSTGRES` or, when it answers, from
//! 127.0.0.1:5432 as user `postgres`; without one its half says so and is left out.
//!
//! tidy: long because it is the one list of what every store promises, a function a promise.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use overture_engine::model::*;
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
    requests_agents_and_wakes_follow_the_last_word
    decisions_are_filtered_paged_and_counted
    the_ledger_is_chained_and_readable
    the_outbox_is_claimed_once_an_epoch
    alerts_come_once_and_are_put_away
    staff_have_unique_addresses
    sessions_end
    sources_keep_keys_counts_and_secrets
    tokens_policies_articles_and_settings
    refused_events_are_bounded
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

fn tokens_policies_articles_and_settings(place: &impl Place) {
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

    let faq = |n: u64| Faq {
        faq: FaqId::derive(NOW, Seq(n), 0),
        title: format!("Question {n}"),
        body_markdown: "*Answer*".to_owned(),
    };
    store.set_faqs(&[faq(2), faq(1)]).unwrap();
    assert_eq!(store.faqs().unwrap(), [faq(2), faq(1)]);
    store.set_faqs(&[faq(1)]).unwrap();
    assert_eq!(store.faqs().unwrap(), [faq(1)]);

    assert_eq!(store.setting("mode").unwrap(), None);
    store.set_setting("mode", "shadow").unwrap();
    store.set_setting("mode", "live").unwrap();
    assert_eq!(store.setting("mode").unwrap().as_deref(), Some("live"));
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
