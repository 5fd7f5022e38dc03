//! Broken guides: an element that visitors do not find is an alert, and stops being one
//! when it is found again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use overture_engine::model::{
    AgentId, CustomerId, DecisionId, DeliveryId, GuideId, Millis, Seq, Timestamp,
};
use overture_store::{Alert, GuideHealth, Store, StoreError};
use uuid::Uuid;

use crate::{app::App, error::ApiResult};

const DAY: Millis = Millis::from_secs(86_400);
/// So many visitors without the element of a step ...
const MISSING_MIN: u32 = 3;
/// ... and at least one in so many of those who came to the step.
const ONE_IN: u32 = 20;
/// So many visitors in a row for whom it is there again.
const FOUND_AGAIN_MIN: u32 = 3;
/// Open alerts that are looked through at the start.
const ALERTS_MAX: u32 = 500;

/// Whether staff should look at the guide: a few may be missing on odd pages, in odd browsers.
pub(super) fn is_broken(health: &GuideHealth) -> bool {
    let shown = health.missing + health.found;
    health.missing >= MISSING_MIN && health.missing * ONE_IN >= shown && !works_again(health)
}

/// Whether it was found by enough visitors since it was missing last. Where it is missing
/// only now and then, more of them have to say so.
fn works_again(health: &GuideHealth) -> bool {
    let wanted = if health.missing * 4 > health.found {
        FOUND_AGAIN_MIN
    } else {
        ONE_IN
    };
    health.found_since >= wanted
}

/// The open alerts of guides.
#[derive(Debug, Default)]
pub(crate) struct Alerts(Mutex<HashMap<GuideId, DeliveryId>>);

impl Alerts {
    /// Those that were open when the server stopped.
    pub(crate) fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let open = store.open_alerts(ALERTS_MAX)?.into_iter();
        let of_guides =
            open.filter_map(|alert| Some((GuideId::of_rule(&alert.rule)?, alert.alert)));
        Ok(Self(Mutex::new(of_guides.collect())))
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<GuideId, DeliveryId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, guide: GuideId) -> Option<DeliveryId> {
        self.open().get(&guide).copied()
    }
}

/// The health of a live revision over the last day.
pub(super) fn health(
    store: &dyn Store,
    guide: GuideId,
    revision: u32,
    now: Timestamp,
) -> Result<GuideHealth, StoreError> {
    store.guide_health(guide, revision, now - DAY)
}

/// What a visitor saw of a guide, for the alert.
pub(super) struct Seen {
    pub(super) guide: GuideId,
    pub(super) revision: u32,
    pub(super) name: String,
    pub(super) customer: CustomerId,
    pub(super) decision: Option<DecisionId>,
    pub(super) found: bool,
}

/// Raises or clears the guide's alert after a visitor found its elements, or did not.
pub(super) async fn weigh(app: &App, seen: Seen) -> ApiResult<()> {
    let open = app.guide_alerts.of(seen.guide);
    // Most visitors find everything of a guide about which nothing was ever said.
    if seen.found && open.is_none() {
        return Ok(());
    }
    let now = app.now();
    let (guide, revision) = (seen.guide, seen.revision);
    let health = app
        .store(move |store| health(store, guide, revision, now))
        .await?;
    match (is_broken(&health), open) {
        (true, None) => raise(app, seen, &health, now).await,
        (false, Some(alert)) if works_again(&health) => clear(app, guide, alert).await,
        _ => Ok(()),
    }
}

async fn raise(app: &App, seen: Seen, health: &GuideHealth, now: Timestamp) -> ApiResult<()> {
    let guide = seen.guide;
    // One a day for a revision: put away, it does not come back before tomorrow.
    let day = Timestamp(now.0 - now.0.rem_euclid(DAY.0 as i64));
    let place = seen.guide.uuid().as_u64_pair().1 ^ u64::from(seen.revision);
    let alert = Alert {
        alert: DeliveryId::derive(day, Seq(place), 0),
        at: now,
        customer: seen.customer,
        decision: seen
            .decision
            .unwrap_or_else(|| DecisionId::from_uuid(Uuid::nil())),
        rule: seen.guide.rule(),
        text: format!(
            "The guide \"{}\" is broken: the element of step {} was not found for {} of {} visitors today",
            seen.name,
            health.step.unwrap_or_default() + 1,
            health.missing,
            health.missing + health.found,
        ),
        done: None,
    };
    let id = alert.alert;
    app.store(move |store| store.add_alert(&alert)).await?;
    app.guide_alerts.open().insert(guide, id);
    app.core.desk_changed();
    Ok(())
}

/// Puts a guide's alert away, in the name of nobody.
async fn clear(app: &App, guide: GuideId, alert: DeliveryId) -> ApiResult<()> {
    let now = app.now();
    let nobody = AgentId::from_uuid(Uuid::nil());
    app.store(move |store| store.finish_alert(alert, nobody, now))
        .await?;
    app.guide_alerts.open().remove(&guide);
    app.core.desk_changed();
    Ok(())
}

/// A new revision, or none: what was said about the one before is over.
pub(super) async fn forget(app: &App, guide: GuideId) -> ApiResult<()> {
    match app.guide_alerts.of(guide) {
        Some(alert) => clear(app, guide, alert).await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guide_is_broken_when_enough_visitors_miss_its_element() {
        for (missing, found, found_since, expected) in [
            (0, 100, 100, false),
            (2, 0, 0, false),
            (3, 0, 0, true),
            (3, 57, 0, true),
            (3, 58, 0, false),
            (3, 1_000, 0, false),
            (1, 19, 0, false),
            (2, 38, 0, false),
            (60, 1_000, 0, true),
            (3, 2, 2, true),
            (3, 3, 3, false),
            (5, 95, 10, true),
            (5, 95, 20, false),
        ] {
            let health = GuideHealth {
                missing,
                found,
                found_since,
                step: Some(0),
            };
            assert_eq!(is_broken(&health), expected, "{health:?}");
        }
    }
}
