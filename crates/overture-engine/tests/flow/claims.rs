//! Browsers that only claim to be the same person, and links that prove a mailbox: what each
//! of them may see and touch.

use super::*;

/// As the widget asks: in a session of a browser.
fn asks(device: u128, level: IdentityLevel) -> Asker {
    Asker {
        device: LinkKey(device),
        level,
        only: None,
    }
}

fn help(key: u64, text: &str) -> CustomerBody {
    CustomerBody::HelpRequested {
        channel: ChannelKind::Chat,
        key,
        text: Some(Private::new(text)),
        phone: None,
    }
}

/// A customer signed in unsigned, and a stranger who claims the same id later.
fn a_claimed_customer() -> (Shop, CustomerId) {
    let mut shop = Shop::open(Mode::Live);
    let claim = user(ANNA, IdentityLevel::Claimed);
    let anna = shop.session(&[browser(1), claim.clone()]);
    assert_eq!(shop.session(&[browser(66), claim]), anna, "one customer");
    (shop, anna)
}

const OWN: u128 = 1;
const STRANGER: u128 = 66;

#[test]
fn a_chat_belongs_to_the_browser_that_asked_and_not_to_the_one_that_came_last() {
    let (mut shop, anna) = a_claimed_customer();
    let own = asks(OWN, IdentityLevel::Claimed);
    let opened = shop.submit(Subject::Visitor(anna, own, help(1, "my card number is")));
    let conversation = conversation_of(&opened);
    let open = shop.state(anna).open_one(conversation).unwrap();
    assert_eq!(open.device, Some(LinkKey(OWN)));
    for row in shop.effects.iter().filter_map(|effect| match effect {
        Effect::Timeline(row) if row.audience == Audience::Everyone => Some(row),
        _ => None,
    }) {
        assert_eq!(row.device, Some(LinkKey(OWN)), "{row:?}");
    }
}

#[test]
fn a_claim_neither_reads_nor_writes_nor_ends_nor_joins_anothers_chat() {
    let (mut shop, anna) = a_claimed_customer();
    let own = asks(OWN, IdentityLevel::Claimed);
    let stranger = asks(STRANGER, IdentityLevel::Claimed);
    let conversation = conversation_of(&shop.submit(Subject::Visitor(anna, own, help(1, "mine"))));
    let before = shop.state(anna).clone();
    for body in [
        write(conversation, 2, "send it to me"),
        CustomerBody::CustomerEnded { conversation },
        CustomerBody::ChatRead(ChatRead {
            conversation,
            agent: None,
            timeline_seq: 99,
        }),
        CustomerBody::ChatDetails(ChatDetails {
            terms: None,
            email: Some(Private::new("thief@example.com")),
        }),
    ] {
        let reply = shop.submit(Subject::Visitor(anna, stranger, body));
        assert_eq!(reply, Reply::Gone, "as of one that is over");
        let mut after = shop.state(anna).clone();
        after.applied = before.applied;
        assert_eq!(after, before);
    }

    // Who asks for help gets a conversation of their own, and an agent sees two.
    let opened = shop.submit(Subject::Visitor(anna, stranger, help(3, "theirs")));
    let theirs = conversation_of(&opened);
    assert_ne!(theirs, conversation);
    assert_eq!(
        shop.submit(Subject::Visitor(anna, stranger, help(3, "theirs"))),
        opened,
        "asking again gives the same one"
    );
    let devices: Vec<_> = shop.state(anna).open().map(|open| open.device).collect();
    assert_eq!(devices, [Some(LinkKey(OWN)), Some(LinkKey(STRANGER))]);
    let agent = shop.agent(1, 2);
    for _ in 0..2 {
        shop.accept_reservation(agent);
    }
    for (in_which, key) in [(conversation, 10), (theirs, 11)] {
        let answer = CustomerBody::AgentMessage {
            conversation: in_which,
            agent,
            key,
            client_key: String::new(),
            text: Private::new("hello"),
            attachments: Vec::new(),
        };
        let reply = shop.submit(Subject::Customer(anna, answer));
        assert!(matches!(reply, Reply::Message { .. }), "{reply:?}");
        let Some(Effect::Timeline(row)) = shop.effects.iter().rev().find(|effect| {
            matches!(effect, Effect::Timeline(row) if matches!(row.body, TimelineBody::Message { .. }))
        }) else {
            panic!("the answer is in the timeline");
        };
        let device = shop.state(anna).open_one(in_which).unwrap().device;
        assert_eq!(row.device, device);
    }

    // Each ends by itself, and the other goes on.
    let end = CustomerBody::AgentResolved {
        conversation,
        agent,
        code: ResolutionCode::Solved,
        notes: Private::default(),
    };
    assert_eq!(shop.submit(Subject::Customer(anna, end)), Reply::Done);
    let left = shop.state(anna);
    assert!(left.beside.is_empty());
    assert_eq!(left.conversation.as_ref().unwrap().conversation, theirs);
    let more = shop.submit(Subject::Visitor(anna, stranger, write(theirs, 4, "thanks")));
    assert!(matches!(more, Reply::Message { .. }), "{more:?}");
}

#[test]
fn a_proven_customer_has_one_conversation_in_every_browser() {
    let mut shop = Shop::open(Mode::Live);
    let proof = user(ANNA, IdentityLevel::Verified);
    let anna = shop.session(&[browser(1), proof.clone()]);
    shop.session(&[browser(2), proof]);
    let [laptop, phone] = [1, 2].map(|device| asks(device, IdentityLevel::Verified));
    let opened = shop.submit(Subject::Visitor(anna, laptop, help(1, "on the laptop")));
    let joined = shop.submit(Subject::Visitor(anna, phone, help(2, "on the phone")));
    assert_eq!(opened, joined);
    assert!(shop.state(anna).beside.is_empty());
}

#[test]
fn conversations_beside_are_bounded_and_a_full_house_says_so() {
    let (mut shop, anna) = a_claimed_customer();
    for device in 0..=BESIDE_MAX as u128 {
        let asker = asks(100 + device, IdentityLevel::Claimed);
        conversation_of(&shop.submit(Subject::Visitor(anna, asker, help(device as u64, "hello"))));
    }
    let asker = asks(99, IdentityLevel::Claimed);
    let reply = shop.submit(Subject::Visitor(anna, asker, help(99, "hello")));
    assert_eq!(reply, Reply::NotAvailable);
    assert_eq!(shop.state(anna).open().count(), BESIDE_MAX + 1);
}

#[test]
fn an_offer_belongs_to_the_browser_that_struggled() {
    let (mut shop, anna) = a_claimed_customer();
    shop.agent(1, 2);
    // The stranger's page was loaded last; the customer's own struggles.
    shop.struggle(&[browser(OWN)], 3);
    let offer = shop.offer(anna).clone();
    assert_eq!(offer.device, Some(LinkKey(OWN)));
    let accept = || CustomerBody::OfferAccepted {
        offer: offer.offer,
        option: OfferOptionKind::Chat,
        grant: offer.grant,
        key: 5,
        phone: None,
    };
    let how = DismissedHow::NotNow;
    let stranger = asks(STRANGER, IdentityLevel::Claimed);
    for body in [
        CustomerBody::OfferShown { offer: offer.offer },
        accept(),
        CustomerBody::OfferDismissed {
            offer: offer.offer,
            how,
        },
    ] {
        let reply = shop.submit(Subject::Visitor(anna, stranger, body));
        assert_eq!(reply, Reply::Gone);
    }
    assert_eq!(*shop.offer(anna), offer);
    let own = asks(OWN, IdentityLevel::Claimed);
    conversation_of(&shop.submit(Subject::Visitor(anna, own, accept())));
}

#[test]
fn a_claim_that_folds_two_customers_ends_nobodys_chat() {
    let mut shop = Shop::open(Mode::Live);
    let stranger = shop.session(&[browser(STRANGER)]);
    let theirs = shop.submit(Subject::Visitor(
        stranger,
        asks(STRANGER, IdentityLevel::Anonymous),
        help(1, "theirs, and older"),
    ));
    let claim = user(ANNA, IdentityLevel::Claimed);
    let anna = shop.session(&[browser(OWN), claim.clone()]);
    let own = asks(OWN, IdentityLevel::Claimed);
    let opened = shop.submit(Subject::Visitor(anna, own, help(2, "mine")));
    assert_eq!(shop.session(&[browser(STRANGER), claim]), anna);
    for still in [&theirs, &opened] {
        assert!(shop.state(anna).open_one(conversation_of(still)).is_some());
    }
    let said = write(conversation_of(&opened), 3, "still here");
    let reply = shop.submit(Subject::Visitor(anna, own, said));
    assert!(matches!(reply, Reply::Message { .. }), "{reply:?}");
}

#[test]
fn a_link_goes_on_with_one_conversation_and_opens_no_other() {
    let mut shop = Shop::open(Mode::Live);
    let anna = shop.session(&[browser(OWN)]);
    let own = asks(OWN, IdentityLevel::Anonymous);
    let first = conversation_of(&shop.submit(Subject::Visitor(anna, own, help(1, "one"))));
    let linked = Asker {
        only: Some(first),
        ..own
    };
    let said = shop.submit(Subject::Visitor(
        anna,
        linked,
        write(first, 2, "by the link"),
    ));
    assert!(matches!(said, Reply::Message { .. }), "{said:?}");
    assert_eq!(
        conversation_of(&shop.submit(Subject::Visitor(anna, linked, help(3, "more")))),
        first
    );
    let over = CustomerBody::CustomerEnded {
        conversation: first,
    };
    assert_eq!(
        shop.submit(Subject::Visitor(anna, linked, over)),
        Reply::Done
    );
    assert_eq!(
        shop.submit(Subject::Visitor(anna, linked, help(4, "again"))),
        Reply::Gone
    );
    let second = conversation_of(&shop.submit(Subject::Visitor(anna, own, help(5, "two"))));
    for body in [
        write(second, 6, "by the old link"),
        help(7, "let me in"),
        CustomerBody::CustomerEnded {
            conversation: second,
        },
        CustomerBody::OffersWanted,
    ] {
        let reply = shop.submit(Subject::Visitor(anna, linked, body));
        assert_eq!(reply, Reply::Gone);
    }
}
