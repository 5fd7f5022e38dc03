//! What must hold after every input, and at the end.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::{World, decide::Policy, memory::MemoryStates, model::*};

/// Watches the contacts that were made.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    /// When each customer was contacted unasked.
    made: BTreeMap<CustomerId, Vec<Timestamp>>,
    /// Who was folded: two caps became one, so the sum of both counts no longer.
    folded: BTreeSet<CustomerId>,
    /// How many contacts.
    pub count: u64,
    /// How many recorded decisions not to make one.
    pub withheld: u64,
}

impl Contacts {
    /// Looks at the effects of one input.
    ///
    /// # Panics
    /// When somebody was contacted who must not be.
    pub fn check(&mut self, effects: &[Effect], states: &MemoryStates, world: &World) {
        for effect in effects {
            match effect {
                Effect::Merged { from, into, .. } => {
                    self.folded.insert(*into);
                    let moved = self.made.remove(from).unwrap_or_default();
                    self.made.entry(*into).or_default().extend(moved);
                }
                Effect::Decision(record) => match &record.outcome {
                    Outcome::Prompt(_) | Outcome::Offer(_) => {
                        self.count += 1;
                        let state = states
                            .customers
                            .get(&record.customer)
                            .expect("somebody who was contacted is in memory");
                        check_contact(record, state, world);
                        self.check_cap(record, &world.policy);
                    }
                    Outcome::Withhold(reasons) => {
                        assert!(!reasons.is_empty(), "a decision has a reason");
                        self.withheld += 1;
                    }
                    Outcome::Notify | Outcome::Escalate | Outcome::Grant(_) | Outcome::Boost(_) => {
                    }
                },
                _ => {}
            }
        }
    }

    /// A bucket of `contacts` that refills over `window`: in any stretch of time at most
    /// the whole bucket and what refilled meanwhile.
    fn check_cap(&mut self, record: &DecisionRecord, policy: &Policy) {
        let made = self.made.entry(record.customer).or_default();
        made.push(record.at);
        if self.folded.contains(&record.customer) {
            return;
        }
        let full = f64::from(policy.caps.contacts);
        for (place, first) in made.iter().enumerate() {
            let count = (made.len() - place) as f64;
            let stretch = record.at.since(*first).as_secs_f64();
            let allowed = full + full * stretch / policy.caps.window.as_secs_f64();
            assert!(
                count <= allowed + 1e-3,
                "{} was contacted {count} times in {stretch} s",
                record.customer
            );
        }
    }
}

/// What must be true of somebody who was just contacted unasked.
///
/// # Panics
/// When it is not.
pub fn check_contact(record: &DecisionRecord, state: &CustomerState, world: &World) {
    let who = record.customer;
    assert_eq!(
        world.facts.mode,
        Mode::Live,
        "{who} was contacted in shadow"
    );
    let rule = RuleKey::of(&record.rule);
    assert!(
        !world.rollouts.reaches_nobody(rule),
        "{who} was contacted by {}, which reaches nobody",
        record.rule
    );
    let mut spent = world.facts.budgets_spent.iter();
    assert!(
        !spent.any(|spent| spent.rule == rule && record.at < spent.until),
        "{who} was contacted by {} over its budget",
        record.rule
    );
    let said = state.permission.contact;
    let by_default =
        world.policy.permission.contact == overture_engine::decide::LawfulBasis::LegitimateInterest;
    assert!(
        said == Consent::Granted || said == Consent::Unset && by_default,
        "{who} was contacted without permission"
    );
    assert!(!state.permission.opted_out, "{who} opted out");
    assert!(state.conversation.is_none(), "{who} was in a conversation");
    assert!(state.calls.is_empty(), "{who} was on the phone");
    if let Some(hours) = &world.policy.quiet_hours {
        let zone = state.permission.time_zone.as_deref().unwrap_or("UTC");
        let clock = jiff::Timestamp::from_millisecond(record.at.0)
            .expect("a simulated time is a time")
            .in_tz(zone)
            .expect("generated zones exist")
            .time();
        let crosses = hours.from > hours.to;
        let quiet = if crosses {
            clock >= hours.from || clock < hours.to
        } else {
            clock >= hours.from && clock < hours.to
        };
        assert!(!quiet, "{who} was contacted at {clock} in {zone}");
    }
}

/// Seats, requests, offers and conversations agree across both machines at `now`.
///
/// An offer whose time is over waits for its customer's tick and promises nothing.
///
/// # Panics
/// When they do not.
pub fn check_states(states: &MemoryStates, now: Timestamp) {
    let routing = states.routing.state();
    let mut waited_on = BTreeSet::new();
    for state in states.customers.values() {
        if state.merged_into.is_some() {
            assert!(state.offer.is_none() && state.conversation.is_none());
            continue;
        }
        check_grants(state);
        if let Some(offer) = state.offer.as_ref().filter(|one| one.expires_at > now) {
            let chat = offer.options.contains(&OfferOptionKind::Chat);
            let pushed = matches!(offer.stage, OfferStage::Reserved | OfferStage::Shown);
            let held = routing.holds.contains_key(&offer.offer);
            assert!(
                pushed,
                "{} rests at {:?} although routing has answered",
                offer.offer, offer.stage
            );
            assert!(
                !chat || held && offer.seat,
                "{} offers a chat without a seat",
                offer.offer
            );
        }
        assert!(state.conversation.is_some() || state.beside.is_empty());
        for open in state.open() {
            let request = routing.requests.get(&open.request);
            let request = request.unwrap_or_else(|| panic!("{} is lost", open.request));
            waited_on.insert(open.request);
            let assigned = match request.stage {
                RequestStage::Assigned { agent, .. } => Some(agent),
                _ => None,
            };
            assert_eq!(
                open.agent, assigned,
                "both machines know who has {}",
                open.conversation
            );
        }
    }
    for request in routing.requests.keys() {
        assert!(waited_on.contains(request), "nobody waits for {request}");
    }
    let live: BTreeSet<OfferId> = states
        .customers
        .values()
        .filter_map(|state| state.offer.as_ref())
        .map(|offer| offer.offer)
        .collect();
    for offer in routing.holds.keys() {
        assert!(live.contains(offer), "the seat of {offer} is leaked");
    }
    for (id, agent) in &routing.agents {
        for channel in ChannelKind::ALL {
            assert!(
                agent.load.get(channel) <= agent.profile.capacity.get(channel),
                "{id} has too much to do"
            );
        }
    }
}

fn check_grants(state: &CustomerState) {
    for grant in &state.grants {
        assert!(
            grant.used + grant.held <= grant.base_limit + grant.boost,
            "{} was used too often",
            grant.grant
        );
        let held = grant
            .redemptions
            .iter()
            .filter(|one| one.standing == RedemptionStanding::Held)
            .count();
        assert_eq!(held, grant.held as usize, "{} counts its uses", grant.grant);
    }
}
