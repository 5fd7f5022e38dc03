//! Dynamic authorization: what rules add to a grant, how far, and how it wears off.

use super::*;

const HOUR: u64 = 3_600;

/// The shipped policy with a rule that authorizes and one that adds 2 contacts, at most 3, half of which go in a day.
fn shop(mode: Mode) -> (Shop, [Identifier; 1], CustomerId) {
    let rules = r#"
[[rules]]
id = "late-order"
when = 'event.name == "order_late"'
action = "grant"
grant = { limit = 1, ttl_h = 240 }

[[rules]]
id = "failed-order"
when = 'event.name == "order_failed"'
action = "boost"
boost = 2
"#;
    let toml = format!("{}\n{rules}", Policy::shipped());
    let mut shop = Shop::open(mode);
    shop.world.policy = Arc::new(Policy::parse(&toml, 2).unwrap().policy);
    let visitor = [browser(BROWSER)];
    let customer = shop.session(&visitor);
    (shop, visitor, customer)
}

fn happens(shop: &mut Shop, who: &[Identifier], name: &str) {
    shop.wait(1);
    let custom = Behaviour::Custom {
        name: name.to_owned(),
        properties: Private::new("{}"),
    };
    shop.behave(who, custom);
}

fn changes(shop: &Shop) -> Vec<LedgerChange> {
    let ledger = shop.effects.iter().filter_map(|effect| match effect {
        Effect::Ledger(entry) => Some(entry.change),
        _ => None,
    });
    ledger.collect()
}

fn outcomes(shop: &Shop) -> Vec<Outcome> {
    let decisions = shop.effects.iter().filter_map(|effect| match effect {
        Effect::Decision(record) => Some(record.outcome.clone()),
        _ => None,
    });
    decisions.collect()
}

fn boosted(boost: u32) -> LedgerChange {
    let rule = RuleKey::of("failed-order");
    LedgerChange::Boosted { rule, boost }
}

#[test]
fn a_rule_authorizes_once_and_says_nothing_to_the_customer() {
    let (mut shop, visitor, customer) = shop(Mode::Live);
    happens(&mut shop, &visitor, "order_late");
    happens(&mut shop, &visitor, "order_late");
    let state = shop.state(customer);
    assert_eq!(state.grants.len(), 1, "a usable grant is not issued twice");
    let grant = state.grants[0].grant;
    assert!(state.offer.is_none());
    assert_eq!(changes(&shop), [LedgerChange::Issued { limit: 1 }]);
    assert_eq!(
        outcomes(&shop),
        [Outcome::Grant(grant), Outcome::Grant(grant)]
    );
}

#[test]
fn in_shadow_mode_nobody_is_authorized() {
    let (mut shop, visitor, customer) = shop(Mode::Shadow);
    happens(&mut shop, &visitor, "order_late");
    happens(&mut shop, &visitor, "order_failed");
    assert!(shop.state(customer).grants.is_empty());
    let withheld = Outcome::Withhold(vec![WithholdReason::ShadowMode]);
    assert_eq!(outcomes(&shop), [withheld.clone(), withheld]);
}

#[test]
fn a_boost_is_capped_and_every_change_is_in_the_ledger() {
    let (mut shop, visitor, customer) = shop(Mode::Live);
    happens(&mut shop, &visitor, "order_late");
    let issued = LedgerChange::Issued { limit: 1 };
    for (times, expected) in [
        (1, vec![issued, boosted(2)]),
        (2, vec![issued, boosted(2), boosted(3)]),
        // The cap is reached: nothing changes, and the ledger has nothing to say.
        (3, vec![issued, boosted(2), boosted(3)]),
    ] {
        happens(&mut shop, &visitor, "order_failed");
        assert_eq!(changes(&shop), expected, "after {times}");
    }
    let grant = &shop.state(customer).grants[0];
    assert_eq!((grant.base_limit, grant.boost), (1, 3));
    assert_eq!(outcomes(&shop).last(), Some(&Outcome::Boost(grant.grant)));
}

#[test]
fn who_has_no_grant_is_given_one_instead_of_a_boost() {
    let (mut shop, visitor, customer) = shop(Mode::Live);
    happens(&mut shop, &visitor, "order_failed");
    let grant = &shop.state(customer).grants[0];
    assert_eq!((grant.base_limit, grant.boost), (1, 0));
    assert_eq!(outcomes(&shop), [Outcome::Grant(grant.grant)]);
}

#[test]
fn a_boost_wears_off_by_halves_whenever_it_is_looked_at() {
    for steps in [&[24, 24, 24][..], &[12; 6], &[72], &[30, 42]] {
        let (mut shop, visitor, customer) = shop(Mode::Live);
        happens(&mut shop, &visitor, "order_late");
        happens(&mut shop, &visitor, "order_failed");
        happens(&mut shop, &visitor, "order_failed");
        for hours in steps {
            shop.wait(hours * HOUR);
            shop.tick();
        }
        assert_eq!(shop.state(customer).grants[0].boost, 0, "{steps:?}");
        assert_eq!(
            changes(&shop).last(),
            Some(&LedgerChange::Decayed { boost: 0 }),
            "{steps:?}"
        );
    }
    let (mut shop, visitor, customer) = shop(Mode::Live);
    happens(&mut shop, &visitor, "order_late");
    happens(&mut shop, &visitor, "order_failed");
    shop.wait(23 * HOUR);
    shop.tick();
    assert_eq!(shop.state(customer).grants[0].boost, 2);
    shop.wait(HOUR);
    shop.tick();
    assert_eq!(shop.state(customer).grants[0].boost, 1);
}

#[test]
fn what_is_in_use_does_not_wear_off() {
    let (mut shop, visitor, customer) = shop(Mode::Live);
    let agent = shop.agent(1, 1);
    happens(&mut shop, &visitor, "order_late");
    happens(&mut shop, &visitor, "order_failed");
    let grant = shop.state(customer).grants[0].grant;
    for key in 1..=3 {
        let redeem = CustomerBody::GrantRedeemed {
            grant,
            generation: 1,
            channel: ChannelKind::Chat,
            key,
        };
        let reply = shop.submit(Subject::Customer(customer, redeem));
        assert!(matches!(reply, Reply::Redeemed { .. }), "{key}: {reply:?}");
    }
    shop.accept_reservation(agent);
    // `Shop::check` holds the invariant after every step.
    for _ in 0..4 {
        shop.wait(24 * HOUR);
        shop.tick();
    }
    let grant = &shop.state(customer).grants[0];
    assert_eq!((grant.used, grant.boost), (3, 2));
    assert_eq!(grant.boost_due(), None, "nothing is left to wait for");
}
