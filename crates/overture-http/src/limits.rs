//! How often one key may ask.

use std::{
    hash::Hash,
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use overture_engine::model::{InteractionId, SourceId, TokenId};

use crate::{
    config::Rates,
    error::{ApiError, ApiResult},
};

/// Keys that were idle are forgotten after so many checks.
const CHECKS_A_SWEEP: u64 = 4_096;

/// How often one session may ask for a callback or move one, a minute.
const CALLBACKS_PER_MIN: u32 = 10;

/// A limit for each key of one kind.
pub(crate) struct Limit<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    checks: AtomicU64,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(quota: Quota) -> Self {
        Self {
            limiter: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            checks: AtomicU64::new(0),
        }
    }

    /// Counts one more for `key`.
    ///
    /// # Errors
    /// 429 with the seconds to wait.
    pub(crate) fn check(&self, key: &K) -> ApiResult<()> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_A_SWEEP == CHECKS_A_SWEEP - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            ApiError::too_many(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX))
        })
    }
}

/// Every limit.
pub(crate) struct Limits {
    pub(crate) capture: Limit<SourceId>,
    /// By client address.
    pub(crate) sessions: Limit<String>,
    pub(crate) widget: Limit<InteractionId>,
    /// Searches as a visitor types, three times as many.
    pub(crate) searches: Limit<InteractionId>,
    /// Hosted help pages and continuation links, by client address.
    pub(crate) help: Limit<String>,
    /// Callbacks asked for or moved.
    pub(crate) callbacks: Limit<InteractionId>,
    /// By client address, and by account.
    pub(crate) logins: Limit<String>,
    pub(crate) tokens: Limit<TokenId>,
}

impl Limits {
    pub(crate) fn new(rates: Rates) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let per_second = |number| Quota::per_second(at_least_one(number));
        let per_minute = |number| Quota::per_minute(at_least_one(number));
        Self {
            capture: Limit::new(per_second(rates.capture_per_s)),
            sessions: Limit::new(per_minute(rates.sessions_per_min)),
            widget: Limit::new(per_minute(rates.widget_per_min)),
            searches: Limit::new(per_minute(rates.widget_per_min.saturating_mul(3))),
            help: Limit::new(per_minute(rates.sessions_per_min)),
            callbacks: Limit::new(per_minute(CALLBACKS_PER_MIN)),
            logins: Limit::new(per_minute(rates.logins_per_min)),
            tokens: Limit::new(per_second(rates.tokens_per_s)),
        }
    }
}
