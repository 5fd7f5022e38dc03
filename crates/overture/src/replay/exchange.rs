//! Folded customers on the way from one share of the customers to another.

use std::{
    collections::HashMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use overture_engine::{
    model::{CustomerState, MergeId, Seq},
    replay::Folded,
};
use overture_http::ReplayProgress;

/// How often whoever waits looks whether the replay was cancelled.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

#[derive(Debug, Default)]
struct Places {
    folded: HashMap<MergeId, Box<CustomerState>>,
    /// Up to where each shard has stepped the log.
    stepped: Vec<Seq>,
}

/// Whoever freezes a customer leaves it here; whoever folds it in waits for it. A shard only
/// waits for what comes earlier in the log than where it stands, so one of them can always go on.
#[derive(Debug)]
pub(super) struct Exchange {
    places: Mutex<Places>,
    changed: Condvar,
}

impl Exchange {
    pub(super) fn new(shards: usize) -> Self {
        Self {
            places: Mutex::new(Places {
                folded: HashMap::new(),
                stepped: vec![Seq(0); shards],
            }),
            changed: Condvar::new(),
        }
    }

    /// How many shards there are.
    pub(super) fn shards(&self) -> usize {
        self.lock().stepped.len()
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, (merge, state): Folded) {
        self.lock().folded.insert(merge, state);
        self.changed.notify_all();
    }

    /// Shard `number` has stepped the log up to `seq`.
    pub(super) fn stepped(&self, number: usize, seq: Seq) {
        self.lock().stepped[number] = seq;
        self.changed.notify_all();
    }

    /// Shard `number` steps nothing any more.
    pub(super) fn leave(&self, number: usize) {
        self.stepped(number, Seq(u64::MAX));
    }

    /// What was frozen for `merge`, once it is here, or `None` when every other shard is past
    /// `seq` and it is not.
    pub(super) fn take(
        &self,
        number: usize,
        seq: Seq,
        merge: MergeId,
        progress: &ReplayProgress,
    ) -> Option<Box<CustomerState>> {
        let mut places = self.lock();
        places.stepped[number] = seq;
        self.changed.notify_all();
        loop {
            if let Some(state) = places.folded.remove(&merge) {
                return Some(state);
            }
            let mut others = places.stepped.iter().enumerate();
            let is_past = others.all(|(other, at)| other == number || *at >= seq);
            if is_past || progress.is_cancelled() {
                return None;
            }
            places = self
                .changed
                .wait_timeout(places, LOOK_AGAIN)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
