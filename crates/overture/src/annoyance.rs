//! A rule whose offers annoy pauses itself and tells whoever took it live.
//!
//! Annoyance is (dismissed + opted out) / offered, over the offers that customers saw in the last seven days, and since somebody
//! last set the rule's stage. So that one of three pauses nothing, a rule pauses only when at least [`SHOWN_MIN`] were seen and
//! the true share is almost certainly too large: when the lower end of its 95 % Wilson interval is above [`ANNOYANCE_MAX`].
//! Guides are left out: closing a hint that was read is what it is for.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use overture_engine::{
    decide::Policy,
    model::{
        DeliveryId, GuideId, Millis, Mode, Outbound, OutboxItem, Paused, RolloutPlan, RuleRollout,
        Seq, Stage, Timestamp, Unlisted,
    },
};
use overture_http::{Core, Readiness, WorldChange};
use overture_store::{OfferOutcomes, RolloutRevision, RolloutSaved, Store, StoreError};

use crate::{clock, core::Handle};

/// How often offers are counted.
const EVERY: Duration = Duration::from_secs(10);

/// Over how long.
const WINDOW: Millis = Millis::from_secs(7 * 86_400);

/// A rule of which fewer offers were seen is let be.
const SHOWN_MIN: u64 = 40;

/// The share of its offers that a rule may annoy with.
const ANNOYANCE_MAX: f64 = 0.05;

/// Who pauses rules, in the plan's history.
const BY: &str = "Overture";

/// Starts to watch. It ends when the core is gone.
pub(crate) fn start(store: &Arc<dyn Store>, core: &Arc<Handle>) {
    tokio::spawn(watch(Arc::downgrade(store), Arc::downgrade(core)));
}

async fn watch(store: Weak<dyn Store>, core: Weak<Handle>) {
    let mut rules = Rules::default();
    loop {
        tokio::time::sleep(EVERY).await;
        let (Some(store), Some(core)) = (store.upgrade(), core.upgrade()) else {
            return;
        };
        if core.ready() != Readiness::Ready {
            continue;
        }
        if let Err(error) = look(&store, &core, &mut rules).await {
            tracing::warn!(error = %format!("{error:#}"), "how offers are taken could not be looked at");
        }
    }
}

/// The ids of the active policy's rules, read once a revision.
#[derive(Default)]
struct Rules {
    revision: u32,
    ids: Vec<String>,
}

async fn look(store: &Arc<dyn Store>, core: &Arc<Handle>, rules: &mut Rules) -> anyhow::Result<()> {
    let world = core.world();
    let reader = Arc::clone(store);
    let found = tokio::task::spawn_blocking(move || reader.newest_rollouts());
    let Some(stored) = found.await?? else {
        // Nobody has set stages: every rule follows the mode, as before there were any.
        return Ok(());
    };
    if world.rollouts_revision < stored.saved.revision {
        // It was stored, and the engine could not be told then.
        tell(core, &stored).await?;
    }
    if world.mode == Mode::Shadow {
        return Ok(());
    }
    if rules.revision != world.policy_revision {
        let (reader, revision) = (Arc::clone(store), world.policy_revision);
        let policy = tokio::task::spawn_blocking(move || reader.policy(revision)).await??;
        let parsed = policy.and_then(|policy| Policy::parse(&policy.toml, revision).ok());
        let all = parsed.iter().flat_map(|parsed| parsed.policy.rules());
        rules.ids = all.map(|rule| rule.id.clone()).collect();
        rules.revision = revision;
    }
    let now = clock::now();
    let watched = watched(&stored.plan, &rules.ids, now);
    let writer = Arc::clone(store);
    let paused = tokio::task::spawn_blocking(move || pause(&*writer, &stored, &watched, now));
    let Some(made) = paused.await?? else {
        return Ok(());
    };
    tell(core, &made).await
}

async fn tell(core: &Arc<Handle>, stored: &RolloutRevision) -> anyhow::Result<()> {
    let change = WorldChange::Rollouts {
        revision: stored.saved.revision,
        plan: stored.plan.clone(),
    };
    core.change_world(change).await?;
    core.desk_changed();
    Ok(())
}

/// The rules that can reach customers, each with since when its offers count.
fn watched(plan: &RolloutPlan, policy: &[String], now: Timestamp) -> Vec<(String, Timestamp)> {
    let from = now - WINDOW;
    let unlisted = policy.iter().filter(|rule| {
        let own = plan.rules.iter().any(|own| own.rule == **rule);
        !own && plan.unlisted == Unlisted::Live
    });
    let listed = plan.rules.iter().filter(|own| {
        own.paused.is_none() && own.stage != Stage::Shadow && GuideId::of_rule(&own.rule).is_none()
    });
    listed
        .map(|own| (own.rule.clone(), own.changed_at.max(from)))
        .chain(unlisted.map(|rule| (rule.clone(), from)))
        .collect()
}

/// Stores the plan with every rule paused that annoys, and the alerts with it in one transaction; `None` when none does, or when
/// somebody changed the plan meanwhile: then the next look tells.
fn pause(
    store: &dyn Store,
    stored: &RolloutRevision,
    watched: &[(String, Timestamp)],
    now: Timestamp,
) -> Result<Option<RolloutRevision>, StoreError> {
    let outcomes = store.offer_outcomes(watched)?;
    let annoying: Vec<&OfferOutcomes> = outcomes
        .iter()
        .filter(|one| annoys(one.annoyed, one.shown))
        .collect();
    if annoying.is_empty() {
        return Ok(None);
    }
    let mut plan = stored.plan.clone();
    let mut alerts = Vec::new();
    for (place, one) in (0u32..).zip(&annoying) {
        let why = why(one);
        let owner = set_paused(&mut plan, &one.rule, &why, now);
        tracing::warn!(
            rule = one.rule,
            shown = one.shown,
            annoyed = one.annoyed,
            "a rule paused itself"
        );
        if let Some((customer, decision)) = one.last {
            let owner = owner.map_or_else(String::new, |owner| format!(" {owner} set its stage."));
            alerts.push(OutboxItem {
                delivery: DeliveryId::derive(now, Seq(rand::random()), place),
                at: now,
                what: Outbound::Alert {
                    customer,
                    decision,
                    rule: one.rule.clone(),
                    text: format!("Rule {} paused itself: {why}.{owner}", one.rule),
                },
            });
        }
    }
    let names: Vec<&str> = annoying.iter().map(|one| one.rule.as_str()).collect();
    let made = RolloutRevision {
        saved: RolloutSaved {
            revision: stored.saved.revision + 1,
            by: BY.to_owned(),
            at: now,
            note: format!("paused: {}", names.join(", ")),
        },
        plan,
    };
    match store.add_rollouts(&made, &alerts) {
        Ok(()) => Ok(Some(made)),
        Err(StoreError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Pauses a rule in the plan; returns who had set its stage.
fn set_paused(plan: &mut RolloutPlan, rule: &str, why: &str, now: Timestamp) -> Option<String> {
    let paused = Some(Paused {
        at: now,
        why: why.to_owned(),
    });
    if let Some(own) = plan.rules.iter_mut().find(|own| own.rule == rule) {
        own.paused = paused;
        return Some(own.changed_by.clone());
    }
    plan.rules.push(RuleRollout {
        rule: rule.to_owned(),
        stage: Stage::Percent(100),
        paused,
        audience: String::new(),
        daily_budget: None,
        changed_by: BY.to_owned(),
        changed_at: now,
    });
    None
}

fn why(one: &OfferOutcomes) -> String {
    let share = 100.0 * one.annoyed as f64 / one.shown as f64;
    format!(
        "{} of {} offers that customers saw were put away ({share:.0} %, more than {:.0} % is too many)",
        one.annoyed,
        one.shown,
        100.0 * ANNOYANCE_MAX
    )
}

/// Whether so many of so many seen offers are too many.
fn annoys(annoyed: u64, shown: u64) -> bool {
    shown >= SHOWN_MIN && wilson_low(annoyed, shown) > ANNOYANCE_MAX
}

/// The lower end of the 95 % Wilson score interval of a share (Wilson 1927).
fn wilson_low(hits: u64, of: u64) -> f64 {
    const Z: f64 = 1.96;
    let (n, p) = (of as f64, hits as f64 / of as f64);
    let middle = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    (middle - spread) / (1.0 + Z * Z / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_pauses_only_when_it_almost_certainly_annoys() {
        for (annoyed, shown, pauses) in [
            (1, 3, false),
            (39, 39, false),
            (0, 1_000, false),
            (3, 40, false),
            (6, 40, true),
            (5, 100, false),
            (30, 300, true),
            (500, 10_000, false),
            (600, 10_000, true),
        ] {
            assert_eq!(annoys(annoyed, shown), pauses, "{annoyed} of {shown}");
        }
    }

    #[test]
    fn what_cannot_reach_anybody_is_not_watched_and_a_changed_stage_counts_anew() {
        let now = Timestamp(1_800_000_000_000);
        let own = |rule: &str, stage, paused: bool, changed_at| RuleRollout {
            rule: rule.to_owned(),
            stage,
            paused: paused.then(|| Paused {
                at: now,
                why: String::new(),
            }),
            audience: String::new(),
            daily_budget: None,
            changed_by: "Ada".to_owned(),
            changed_at,
        };
        let recent = now - Millis(1_000);
        let mut plan = RolloutPlan {
            rules: vec![
                own("old", Stage::Percent(10), false, Timestamp(0)),
                own("new", Stage::Test, false, recent),
                own("paused", Stage::Percent(10), true, recent),
                own("shadow", Stage::Shadow, false, recent),
            ],
            ..RolloutPlan::default()
        };
        let policy = ["old", "unlisted"].map(str::to_owned);
        let pair = |rule: &str, since| (rule.to_owned(), since);
        let listed = [pair("old", now - WINDOW), pair("new", recent)];
        let mut all = listed.to_vec();
        all.push(pair("unlisted", now - WINDOW));
        assert_eq!(watched(&plan, &policy, now), all);
        plan.unlisted = Unlisted::Shadow;
        assert_eq!(watched(&plan, &policy, now), listed);
    }
}
