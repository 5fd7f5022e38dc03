//! Tells what workers read at different speeds in the order in which it was spoken.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use overture_engine::understand::transcribe::Told;

/// What one speaker said, as far as it is not told yet.
#[derive(Debug, Default)]
pub(super) struct Order(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// By when it was spoken, ms, and how many were asked for before; `None` while it is being read.
    places: BTreeMap<(u32, u64), Option<Vec<Told>>>,
    asked: u64,
}

impl Order {
    /// Keeps a place for what was spoken at `start_ms`: until it is filled, nothing that was spoken later is told.
    pub(super) fn place(self: &Arc<Self>, start_ms: u32) -> Place {
        let mut waiting = self.lock();
        waiting.asked += 1;
        let key = (start_ms, waiting.asked);
        waiting.places.insert(key, None);
        Place {
            order: Arc::downgrade(self),
            key,
        }
    }

    /// What may be told now.
    pub(super) fn told(&self) -> Vec<Told> {
        let mut waiting = self.lock();
        let mut told = Vec::new();
        while let Some(first) = waiting.places.first_entry()
            && first.get().is_some()
        {
            told.extend(first.remove().into_iter().flatten());
        }
        told
    }

    /// Whether there is nothing more to tell.
    pub(super) fn is_empty(&self) -> bool {
        let waiting = self.lock();
        let mut places = waiting.places.values();
        places.all(|place| place.as_ref().is_some_and(Vec::is_empty))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one answer belongs. Dropped without one, it says so, so that what was spoken later does not wait for ever.
pub(super) struct Place {
    order: Weak<Order>,
    key: (u32, u64),
}

impl Place {
    /// Whether anybody still wants to know.
    pub(super) fn is_wanted(&self) -> bool {
        self.order.strong_count() > 0
    }

    /// Tells it: nothing, one thing, or several.
    pub(super) fn fill(self, told: Vec<Told>) {
        self.put(told);
    }

    fn put(&self, told: Vec<Told>) {
        if let Some(order) = self.order.upgrade()
            && let Some(place @ None) = order.lock().places.get_mut(&self.key)
        {
            *place = Some(told);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.put(vec![Told::Trouble(
            "something that was said could not be read: the work on it stopped".to_owned(),
        )]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<Told> {
        vec![Told::Partial(text.to_owned())]
    }

    #[test]
    fn what_was_spoken_later_waits_for_what_was_spoken_before() {
        let order = Arc::new(Order::default());
        let later = order.place(9_000);
        let first = order.place(1_000);
        let second = order.place(1_000);
        later.fill(said("c"));
        second.fill(said("b"));
        assert_eq!(order.told(), []);
        assert!(!order.is_empty());
        first.fill(said("a"));
        assert_eq!(order.told(), [said("a"), said("b"), said("c")].concat());
        assert!(order.is_empty());
    }

    #[test]
    fn a_place_that_is_given_up_does_not_hold_back_the_rest() {
        let order = Arc::new(Order::default());
        let lost = order.place(1);
        order.place(2).fill(Vec::new());
        assert_eq!(order.told(), []);
        drop(lost);
        assert!(matches!(order.told()[..], [Told::Trouble(_)]));
        assert!(order.is_empty());
        let unwanted = order.place(3);
        drop(order);
        assert!(!unwanted.is_wanted());
    }
}
