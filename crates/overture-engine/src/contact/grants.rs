//! Grants: issued, held, connected, released, denied, expired, revoked.
//!
//! Invariant: `0 <= used + held <= base_limit + boost`, after every step.

use smallvec::SmallVec;

use crate::{contact::conversation, customer::Step, decide::Rule, model::*};

/// How many finished uses a grant remembers, so that a replayed key consumes nothing.
const REDEMPTIONS_MAX: usize = 16;

/// How many live grants one customer may have; issuing more gives the newest one again.
const GRANTS_MAX: usize = 16;

/// Issues a grant and returns its id.
pub(crate) fn issue(step: &mut Step<'_>, terms: &GrantTerms) -> GrantId {
    let ordinal = step.ordinal();
    let grant = GrantState {
        grant: GrantId::derive(step.at, step.seq, ordinal),
        base_limit: terms.limit,
        boost: 0,
        boosted_at: step.at,
        boost_half_life: Millis(0),
        used: 0,
        held: 0,
        channels: terms.channels.clone(),
        issued_at: step.at,
        expires_at: step.at + terms.ttl,
        revoked: false,
        generation: 1,
        issue_key: None,
        redemptions: SmallVec::new(),
    };
    let id = grant.grant;
    step.state.grants.push(grant);
    record(step, id, LedgerChange::Issued { limit: terms.limit });
    id
}

/// Staff or a program issues a grant; the same key gives the same grant.
pub(crate) fn issued(step: &mut Step<'_>, terms: &GrantTerms, key: u64) -> Reply {
    if !has_room(step.state) {
        return Reply::NotAvailable;
    }
    let known = step
        .state
        .grants
        .iter()
        .find(|grant| grant.issue_key == Some(key));
    let id = match known {
        Some(grant) => grant.grant,
        None => {
            let id = issue(step, terms);
            find(step.state, id).expect("issued just above").issue_key = Some(key);
            id
        }
    };
    let customer = step.state.customer;
    let grant = find(step.state, id).expect("found or issued just above");
    Reply::Granted {
        customer,
        grant: id,
        generation: grant.generation,
        expires_at: grant.expires_at,
    }
}

/// Whether the customer may have one more.
pub(crate) fn has_room(state: &CustomerState) -> bool {
    state.grants.len() < GRANTS_MAX
}

/// The grant that a boost goes to: the one that lasts longest, used up or not.
pub(crate) fn raisable(state: &CustomerState, at: Timestamp) -> Option<GrantId> {
    let in_force = |grant: &&GrantState| {
        matches!(
            grant.standing(at),
            GrantStanding::Active | GrantStanding::Exhausted
        )
    };
    let grants = state.grants.iter().filter(in_force);
    let longest = grants.max_by_key(|grant| grant.expires_at)?;
    Some(longest.grant)
}

/// A grant that still allows a contact, whatever the channel.
pub(crate) fn reusable(state: &CustomerState, at: Timestamp) -> Option<GrantId> {
    let mut grants = state.grants.iter();
    let usable = grants.find(|grant| grant.standing(at) == GrantStanding::Active)?;
    Some(usable.grant)
}

/// Dynamic authorization: the grant allows more contacts, up to the policy's cap, until that wears off.
pub(crate) fn boost(step: &mut Step<'_>, id: GrantId, rule: &Rule) {
    let settings = step.world.policy.grants;
    let at = step.at;
    let Some(grant) = find(step.state, id) else {
        return;
    };
    let raised = (grant.boost + rule.boost).min(settings.boost_max);
    if raised <= grant.boost {
        return;
    }
    grant.boost = raised;
    grant.boosted_at = at;
    grant.boost_half_life = settings.boost_half_life;
    let change = LedgerChange::Boosted {
        rule: rule.key,
        boost: raised,
    };
    record(step, id, change);
}

/// Half of each boost goes a half-life; what is in use stays.
fn wear_off(step: &mut Step<'_>) {
    let at = step.at;
    let mut changed: SmallVec<[(GrantId, u32); 1]> = SmallVec::new();
    for grant in &mut step.state.grants {
        if grant.boost_due().is_none_or(|due| at < due) {
            continue;
        }
        let half_life = grant.boost_half_life.0.max(1);
        let halvings = at.since(grant.boosted_at).0 / half_life;
        let left = grant.boost.checked_shr(halvings.min(32) as u32);
        grant.boost = left.unwrap_or(0).max(grant.boost_in_use());
        grant.boosted_at = grant.boosted_at + Millis(half_life * halvings);
        changed.push((grant.grant, grant.boost));
    }
    for (id, boost) in changed {
        record(step, id, LedgerChange::Decayed { boost });
    }
}

/// Staff ends a grant. Uses under way keep their place.
pub(crate) fn revoked(step: &mut Step<'_>, id: GrantId) -> Reply {
    let Some(grant) = find(step.state, id) else {
        return Reply::Gone;
    };
    if !grant.revoked {
        grant.revoked = true;
        grant.generation += 1;
        record(step, id, LedgerChange::Revoked);
    }
    Reply::Done
}

/// A program presents a token: count one use and open (or join) the conversation.
pub(crate) fn redeemed(
    step: &mut Step<'_>,
    id: GrantId,
    generation: u32,
    channel: ChannelKind,
    key: u64,
) -> Reply {
    if let Some(earlier) = earlier_use(step.state, id, key) {
        let redemption = earlier.redemption;
        return match &step.state.conversation {
            Some(open) => Reply::Redeemed {
                redemption,
                conversation: open.conversation,
            },
            None => Reply::Gone,
        };
    }
    match hold(step, id, Some(generation), channel, key) {
        Ok(redemption) => {
            let conversation = conversation::open_for_grant(step, channel, key, (id, redemption));
            Reply::Redeemed {
                redemption,
                conversation,
            }
        }
        Err(_) => Reply::NotAvailable,
    }
}

/// Counts one use of a grant, or says why not. Both are in the ledger.
pub(crate) fn hold(
    step: &mut Step<'_>,
    id: GrantId,
    generation: Option<u32>,
    channel: ChannelKind,
    key: u64,
) -> Result<RedemptionId, AuthorizationDenial> {
    let at = step.at;
    let denial = match find(step.state, id) {
        None => Some(AuthorizationDenial::NoGrant),
        Some(grant) => denial(grant, generation, channel, at),
    };
    if let Some(denial) = denial {
        let known = find(step.state, id).is_some();
        if known {
            record(step, id, LedgerChange::Denied(denial));
        }
        return Err(denial);
    }
    let ordinal = step.ordinal();
    let redemption = RedemptionId::derive(at, step.seq, ordinal);
    let grant = find(step.state, id).expect("checked above");
    grant.held += 1;
    grant.redemptions.push(Redemption {
        redemption,
        key,
        standing: RedemptionStanding::Held,
        received_at: at,
    });
    forget_old_uses(grant);
    record(step, id, LedgerChange::Held(redemption));
    Ok(redemption)
}

fn denial(
    grant: &GrantState,
    generation: Option<u32>,
    channel: ChannelKind,
    at: Timestamp,
) -> Option<AuthorizationDenial> {
    if let Some(denial) = Option::from(grant.standing(at)) {
        return Some(denial);
    }
    if generation.is_some_and(|presented| presented != grant.generation) {
        return Some(AuthorizationDenial::OldToken);
    }
    (!grant.covers(channel)).then_some(AuthorizationDenial::WrongChannel)
}

/// Every use under way reached an agent: they are consumed now. Those by which another
/// browser's conversation came wait for that one.
pub(crate) fn connect_held(step: &mut Step<'_>) {
    settle_held(step, RedemptionStanding::Connected, LedgerChange::Connected);
}

/// Every use under way comes back: we failed, or the customer left before an agent came.
pub(crate) fn release_held(step: &mut Step<'_>) {
    settle_held(step, RedemptionStanding::Released, LedgerChange::Released);
}

fn settle_held(
    step: &mut Step<'_>,
    standing: RedemptionStanding,
    change: impl Fn(RedemptionId) -> LedgerChange,
) {
    let mut settled: SmallVec<[(GrantId, RedemptionId); 2]> = SmallVec::new();
    let beside = &step.state.beside;
    for grant in &mut step.state.grants {
        let id = grant.grant;
        for use_ in &mut grant.redemptions {
            let used = Some((id, use_.redemption));
            let is_of_another = beside.iter().any(|open| open.redemption == used);
            if use_.standing == RedemptionStanding::Held && !is_of_another {
                use_.standing = standing;
                grant.held -= 1;
                grant.used += u32::from(standing == RedemptionStanding::Connected);
                settled.push((grant.grant, use_.redemption));
            }
        }
    }
    for (grant, redemption) in settled {
        record(step, grant, change(redemption));
    }
}

/// Lets boosts wear off, and drops grants whose time ran out and of which no use is under way.
pub(crate) fn run_out(step: &mut Step<'_>) {
    wear_off(step);
    let at = step.at;
    let over: SmallVec<[GrantId; 1]> = step
        .state
        .grants
        .iter()
        .filter(|grant| at >= grant.expires_at && grant.held == 0)
        .map(|grant| grant.grant)
        .collect();
    for id in over {
        record(step, id, LedgerChange::Expired);
        step.state.grants.retain(|grant| grant.grant != id);
    }
}

/// When the next grant runs out or loses a part of its boost. One with a use under way waits for it.
pub(crate) fn due(state: &CustomerState) -> Option<Timestamp> {
    let ends = state
        .grants
        .iter()
        .filter(|grant| grant.held == 0)
        .map(|grant| grant.expires_at);
    let halves = state.grants.iter().filter_map(GrantState::boost_due);
    ends.chain(halves).min()
}

/// A usable grant for `channel`, the one that ends first.
pub(crate) fn usable(
    state: &CustomerState,
    channel: ChannelKind,
    at: Timestamp,
) -> Option<&GrantState> {
    state
        .grants
        .iter()
        .filter(|grant| grant.standing(at) == GrantStanding::Active && grant.covers(channel))
        .min_by_key(|grant| grant.expires_at)
}

fn earlier_use(state: &CustomerState, id: GrantId, key: u64) -> Option<&Redemption> {
    let grant = state.grants.iter().find(|grant| grant.grant == id)?;
    grant.redemptions.iter().find(|use_| use_.key == key)
}

fn find(state: &mut CustomerState, id: GrantId) -> Option<&mut GrantState> {
    state.grants.iter_mut().find(|grant| grant.grant == id)
}

fn forget_old_uses(grant: &mut GrantState) {
    while grant.redemptions.len() > REDEMPTIONS_MAX {
        let oldest = grant
            .redemptions
            .iter()
            .position(|use_| use_.standing != RedemptionStanding::Held);
        match oldest {
            Some(place) => grant.redemptions.remove(place),
            None => return,
        };
    }
}

/// Writes the change into the ledger, the grant's row and the timeline.
fn record(step: &mut Step<'_>, id: GrantId, change: LedgerChange) {
    let (customer, at) = (step.state.customer, step.at);
    step.effect(Effect::Ledger(LedgerEntry {
        customer,
        grant: id,
        at,
        change,
    }));
    if let Some(grant) = step.state.grants.iter().find(|grant| grant.grant == id) {
        let grant = Box::new(grant.clone());
        step.effect(Effect::Grant { customer, grant });
    }
    step.timeline(Audience::Staff, TimelineBody::Grant { grant: id, change });
}
