//! When customers want a tick: one due time each, soonest first.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use overture_engine::model::{CustomerId, Timestamp};

/// The wishes. The heap may hold outdated entries; the map has the truth.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    wishes: HashMap<CustomerId, Timestamp>,
    heap: BinaryHeap<Reverse<(Timestamp, CustomerId)>>,
}

impl Wakes {
    /// Replaces the customer's earlier wish.
    pub(crate) fn set(&mut self, customer: CustomerId, at: Option<Timestamp>) {
        match at {
            Some(at) => {
                if self.wishes.insert(customer, at) != Some(at) {
                    self.heap.push(Reverse((at, customer)));
                }
            }
            None => {
                self.wishes.remove(&customer);
            }
        }
        if self.heap.len() > 2 * self.wishes.len() + 4_096 {
            self.heap = self
                .wishes
                .iter()
                .map(|(customer, at)| Reverse((*at, *customer)))
                .collect();
        }
    }

    /// Everybody who has a wish.
    pub(crate) fn everyone(&self) -> impl Iterator<Item = CustomerId> + '_ {
        self.wishes.keys().copied()
    }

    /// The soonest due time.
    pub(crate) fn next(&mut self) -> Option<Timestamp> {
        while let Some(Reverse((at, customer))) = self.heap.peek() {
            if self.wishes.get(customer) == Some(at) {
                return Some(*at);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes up to `limit` customers that are due at `now`, in due order. The wish goes; the
    /// step that follows makes a new one.
    pub(crate) fn take_due(&mut self, now: Timestamp, limit: usize) -> Vec<CustomerId> {
        let mut due = Vec::new();
        while due.len() < limit && self.next().is_some_and(|at| at <= now) {
            let Some(Reverse((_, customer))) = self.heap.pop() else {
                break;
            };
            self.wishes.remove(&customer);
            due.push(customer);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use overture_engine::model::Seq;

    use super::*;

    #[test]
    fn the_last_wish_counts_and_due_ones_come_in_order() {
        let who = |n| CustomerId::derive(Timestamp(0), Seq(n), 0);
        let mut wakes = Wakes::default();
        wakes.set(who(1), Some(Timestamp(30)));
        wakes.set(who(2), Some(Timestamp(10)));
        wakes.set(who(3), Some(Timestamp(20)));
        wakes.set(who(1), Some(Timestamp(5)));
        wakes.set(who(3), None);
        assert_eq!(wakes.next(), Some(Timestamp(5)));
        assert_eq!(wakes.take_due(Timestamp(4), 9), []);
        assert_eq!(wakes.take_due(Timestamp(10), 9), [who(1), who(2)]);
        assert_eq!(wakes.next(), None);
        for n in 0..20_000 {
            wakes.set(who(1), Some(Timestamp(n)));
        }
        assert!(wakes.heap.len() < 6_000, "outdated entries are swept");
    }
}
