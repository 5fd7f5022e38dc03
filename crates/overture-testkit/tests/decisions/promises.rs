//! What must be true of a customer who is contacted unasked.

use overture_engine::{
    World,
    decide::{Action, LawfulBasis, Policy, Rule},
    model::*,
};

/// The promises, over what was true before.
pub(crate) fn may_contact(
    before: &CustomerState,
    body: &CustomerBody,
    world: &World,
    rule: &Rule,
    now: Timestamp,
) -> Result<(), &'static str> {
    let policy = &*world.policy;
    let holds = |true_of: bool, broken: &'static str| true_of.then_some(()).ok_or(broken);
    holds(world.facts.mode == Mode::Live, "in shadow mode")?;
    holds(!rule.shadow, "by a rule that is only watched")?;
    let said = match body {
        CustomerBody::Consent {
            purpose: Purpose::Contact,
            granted,
            ..
        } => {
            if *granted {
                Consent::Granted
            } else {
                Consent::Denied
            }
        }
        _ => before.permission.contact,
    };
    let by_default = policy.permission.contact == LawfulBasis::LegitimateInterest;
    holds(
        said == Consent::Granted || said == Consent::Unset && by_default,
        "without permission",
    )?;
    let wants = matches!(body, CustomerBody::OffersWanted);
    holds(wants || !before.permission.opted_out, "after an opt-out")?;
    let level = match body {
        CustomerBody::SessionStarted(started) => started.level,
        _ => before
            .session
            .as_ref()
            .map_or(IdentityLevel::Anonymous, |session| session.level),
    };
    holds(level >= rule.min_identity, "with too weak an identity")?;
    if rule.require_grant {
        let usable = before.grants.iter().any(|grant| {
            !grant.revoked
                && now < grant.expires_at
                && grant.used + grant.held < grant.base_limit + grant.boost
                && rule.channels().any(|channel| grant.covers(channel))
        });
        holds(usable, "without a usable grant")?;
    }
    if let Some(hours) = &policy.quiet_hours {
        let zone = before.permission.time_zone.as_deref().unwrap_or("UTC");
        let clock = jiff::Timestamp::from_millisecond(now.0)
            .unwrap()
            .in_tz(zone)
            .unwrap()
            .time();
        let inside = if hours.from <= hours.to {
            hours.from <= clock && clock < hours.to
        } else {
            hours.from <= clock || clock < hours.to
        };
        holds(!inside, "in quiet hours")?;
    }
    let held_back = &before.suppression;
    holds(tokens(held_back, policy, now) >= 0.99, "over the cap")?;
    holds(
        held_back.cooling_until <= now || held_back.waived,
        "in the cool-down",
    )?;
    holds(wants || held_back.declined_until <= now, "after a decline")?;
    let gives_way = before.offer.as_ref().is_none_or(|offer| {
        let gives_way = matches!(offer.style, OfferStyle::Prompt | OfferStyle::Guide);
        // One whose rule was stopped meanwhile is taken back first.
        offer.expires_at <= now
            || gives_way && rule.action == Action::Offer
            || world.rollouts.reaches_nobody(offer.rule)
    });
    holds(gives_way, "beside another offer")?;
    holds(before.conversation.is_none(), "in a conversation")
}

/// What is left of the cap, from its definition.
fn tokens(suppression: &Suppression, policy: &Policy, now: Timestamp) -> f64 {
    let full = f64::from(policy.caps.contacts);
    if suppression.tokens < 0.0 || suppression.tokens_at == Timestamp(0) {
        return full;
    }
    let share = now.since(suppression.tokens_at).as_secs_f64() / policy.caps.window.as_secs_f64();
    (f64::from(suppression.tokens) + share * full).min(full)
}

/// Whether the plan for going live lets the rule reach this customer.
pub(crate) fn may_reach(
    before: &CustomerState,
    plan: &RolloutPlan,
    facts: &WorldFacts,
    rule: &Rule,
    now: Timestamp,
) -> Result<(), &'static str> {
    let spent = facts
        .budgets_spent
        .iter()
        .any(|spent| spent.rule == rule.key && spent.until > now);
    if spent {
        return Err("over the budget of the day");
    }
    let Some(own) = plan.rules.iter().find(|own| own.rule == rule.id) else {
        return match plan.unlisted {
            Unlisted::Live => Ok(()),
            Unlisted::Shadow => Err("by a rule that has no stage"),
        };
    };
    if own.paused.is_some() {
        return Err("by a rule that has paused");
    }
    if !own.audience.is_empty() {
        // The one audience that is generated means a page that nobody is on.
        return Err("outside the audience");
    }
    let tries = before.links.iter().any(|link| link.key == LinkKey(77));
    match own.stage {
        Stage::Shadow => Err("by a rule in shadow"),
        Stage::Test if tries => Ok(()),
        Stage::Test => Err("before the test identities were done"),
        Stage::Percent(100) => Ok(()),
        Stage::Percent(percent) => {
            let first = overture_engine::decide::in_share(before.customer, rule.key, percent);
            match first || tries {
                true => Ok(()),
                false => Err("outside the share"),
            }
        }
    }
}
