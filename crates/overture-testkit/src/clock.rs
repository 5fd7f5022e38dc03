//! A clock that shows what it was told.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use overture_engine::model::{Millis, Timestamp};

/// A clock for tests; clones show the same time.
#[derive(Debug, Clone)]
pub struct FakeClock {
    now_ms: Arc<AtomicI64>,
}

impl FakeClock {
    /// A clock that stands at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self {
            now_ms: Arc::new(AtomicI64::new(start.0)),
        }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now_ms.load(Ordering::SeqCst))
    }

    /// Moves it on, and returns the new time.
    pub fn advance(&self, by: Millis) -> Timestamp {
        self.jump(self.now() + by)
    }

    /// Sets it, backwards too, and returns the new time.
    pub fn jump(&self, to: Timestamp) -> Timestamp {
        self.now_ms.store(to.0, Ordering::SeqCst);
        to
    }
}
