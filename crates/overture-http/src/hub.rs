//! Hands the core's hints to the sockets that want them, one customer at a time, so that a
//! thousand open sockets do not each look at every hint.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use overture_engine::model::CustomerId;
use tokio::sync::{broadcast, watch};

use crate::core::Hint;

type Watched = HashMap<CustomerId, (watch::Sender<u64>, usize)>;

/// Who watches what.
#[derive(Debug)]
pub(crate) struct Hub {
    customers: Mutex<Watched>,
    desk: watch::Sender<u64>,
}

/// A watched customer; dropping it stops the watching.
#[derive(Debug)]
pub(crate) struct Watch {
    hub: Arc<Hub>,
    pub(crate) customer: CustomerId,
    /// Changes whenever there may be something new to read.
    pub(crate) changed: watch::Receiver<u64>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut customers = self.hub.lock();
        if let Some((_, watchers)) = customers.get_mut(&self.customer) {
            *watchers -= 1;
            if *watchers == 0 {
                customers.remove(&self.customer);
            }
        }
    }
}

impl Hub {
    /// Starts the task that listens to the core.
    pub(crate) fn start(hints: broadcast::Receiver<Hint>) -> Arc<Self> {
        let hub = Arc::new(Self {
            customers: Mutex::new(HashMap::new()),
            desk: watch::Sender::new(0),
        });
        tokio::spawn(listen(Arc::clone(&hub), hints));
        hub
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.customers
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    /// Watches one customer.
    pub(crate) fn watch(self: &Arc<Self>, customer: CustomerId) -> Watch {
        let mut customers = self.lock();
        let (sender, watchers) = customers
            .entry(customer)
            .or_insert_with(|| (watch::Sender::new(0), 0));
        *watchers += 1;
        Watch {
            hub: Arc::clone(self),
            customer,
            changed: sender.subscribe(),
        }
    }

    /// Changes whenever the desk may look different.
    pub(crate) fn desk(&self) -> watch::Receiver<u64> {
        self.desk.subscribe()
    }

    /// Tells desks that something they show was changed outside the core.
    pub(crate) fn touch_desk(&self) {
        self.desk.send_modify(|number| *number += 1);
    }

    fn touch(&self, customer: CustomerId) {
        if let Some((sender, _)) = self.lock().get(&customer) {
            sender.send_modify(|number| *number += 1);
        }
    }

    fn touch_all(&self) {
        for (sender, _) in self.lock().values() {
            sender.send_modify(|number| *number += 1);
        }
        self.touch_desk();
    }
}

async fn listen(hub: Arc<Hub>, mut hints: broadcast::Receiver<Hint>) {
    loop {
        match hints.recv().await {
            Ok(Hint::Customer(customer, _)) => hub.touch(customer),
            Ok(Hint::Desk(_) | Hint::World(_)) => hub.touch_desk(),
            Err(broadcast::error::RecvError::Lagged(_)) => hub.touch_all(),
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use overture_engine::model::{Seq, Timestamp};

    use super::*;

    #[tokio::test]
    async fn a_hint_reaches_the_watchers_of_its_customer_only() {
        let (sender, receiver) = broadcast::channel(16);
        let hub = Hub::start(receiver);
        let [ann, bob] = [1, 2].map(|seq| CustomerId::derive(Timestamp(1), Seq(seq), 0));
        let mut ann_watch = hub.watch(ann);
        let bob_watch = hub.watch(bob);
        sender.send(Hint::Customer(ann, 1)).unwrap();
        ann_watch.changed.changed().await.unwrap();
        assert!(!bob_watch.changed.has_changed().unwrap());
        drop((ann_watch, bob_watch));
        assert!(hub.lock().is_empty());
    }
}
