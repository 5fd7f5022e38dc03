//! Leaves a service alone that fails again and again.

use std::time::Duration;

/// Failures in a row after which a service is left alone.
pub const FAILURES_MAX: u32 = 5;

/// How long it is left alone; then one question tries it again.
pub const REST: Duration = Duration::from_secs(60);

/// Counts failures in a row. After a rest one try decides whether there is another.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: u32,
    rests_until: Duration,
}

impl Breaker {
    /// Whether it is not to be asked now.
    pub(crate) fn rests(&self, now: Duration) -> bool {
        self.failures >= FAILURES_MAX && now < self.rests_until
    }

    /// It answered.
    pub(crate) fn worked(&mut self) {
        self.failures = 0;
    }

    /// It did not.
    pub(crate) fn failed(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX {
            self.rests_until = now + REST;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_after_failures_in_a_row_and_one_try_ends_it() {
        let mut breaker = Breaker::default();
        let now = Duration::from_secs(100);
        for _ in 1..FAILURES_MAX {
            breaker.failed(now);
        }
        breaker.worked();
        for _ in 1..FAILURES_MAX {
            breaker.failed(now);
            assert!(!breaker.rests(now));
        }
        breaker.failed(now);
        assert!(breaker.rests(now));
        let again = now + REST;
        assert!(!breaker.rests(again));
        breaker.failed(again);
        assert!(breaker.rests(again), "the try failed");
        breaker.worked();
        assert!(!breaker.rests(again));
    }
}
