//! How often each rule acted today, so that none acts more often than its daily budget.

use std::collections::BTreeMap;

use overture_engine::{
    decide::Rollouts,
    model::{BudgetSpent, Effect, Millis, Outcome, RuleKey, Timestamp},
};
use overture_store::{Store, StoreError};

/// Counts since the day began.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    /// When it began, in UTC.
    day: Timestamp,
    acts: BTreeMap<RuleKey, u64>,
    /// Whether something was counted that nobody has weighed.
    is_new: bool,
}

impl Budgets {
    /// What was counted today so far, from the store.
    pub(super) fn recover(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let day = now.start_of_day();
        let mut acts = BTreeMap::new();
        for row in store.minute_counts(day, day + Millis::DAY)? {
            if Outcome::ACTS.contains(&row.what.as_str()) {
                *acts.entry(RuleKey::of(&row.rule)).or_insert(0) += row.count;
            }
        }
        Ok(Self {
            day,
            acts,
            is_new: true,
        })
    }

    /// Counts what a step did at `now`.
    pub(super) fn count(&mut self, effects: &[Effect], now: Timestamp) {
        for effect in effects {
            if let Effect::Count { rule, what } = effect
                && Outcome::ACTS.contains(what)
            {
                if self.day != now.start_of_day() {
                    self.day = now.start_of_day();
                    self.acts.clear();
                }
                *self.acts.entry(RuleKey::of(rule)).or_insert(0) += 1;
                self.is_new = true;
            }
        }
    }

    /// Whether something was counted since this was last asked.
    pub(super) fn take_new(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// The rules that have acted as often as they may on the day of `now`.
    pub(super) fn spent(&self, rollouts: &Rollouts, now: Timestamp) -> Vec<BudgetSpent> {
        if self.day != now.start_of_day() {
            return Vec::new();
        }
        let until = self.day + Millis::DAY;
        self.acts
            .iter()
            .filter(|(rule, acts)| {
                rollouts
                    .daily_budget(**rule)
                    .is_some_and(|budget| **acts >= u64::from(budget))
            })
            .map(|(rule, _)| BudgetSpent { rule: *rule, until })
            .collect()
    }
}
