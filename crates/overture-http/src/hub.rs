//! Hands the core's hints to the sockets that want them, one customer at a time, so that a
//! thousand open sockets do not each look at every hint.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use overture_engine::model::{AgentId, CustomerId, InteractionId, LinkKey};
use tokio::sync::{broadcast, watch};

use crate::core::Hint;

/// Frames that may wait for a slow socket; more are lost, as any of them may be.
const FRAMES_WAITING_MAX: usize = 16;
const DESK_FRAMES_WAITING_MAX: usize = 256;

#[derive(Debug)]
struct Watched {
    changed: watch::Sender<u64>,
    frames: broadcast::Sender<CustomerFrame>,
    watchers: usize,
}

/// Something that is told once and never stored: somebody types, somebody read.
#[derive(Debug, Clone)]
pub(crate) struct CustomerFrame {
    pub(crate) text: Arc<str>,
    /// What it is about.
    pub(crate) conversation: InteractionId,
    /// The browser that may see it, when it is not for every verified session.
    pub(crate) device: Option<LinkKey>,
}

/// The same for desks: for the conversation's agent, and for those who stand in.
#[derive(Debug, Clone)]
pub(crate) struct DeskFrame {
    pub(crate) text: Arc<str>,
    pub(crate) agent: Option<AgentId>,
}

/// Who watches what.
#[derive(Debug)]
pub(crate) struct Hub {
    customers: Mutex<HashMap<CustomerId, Watched>>,
    desk: watch::Sender<u64>,
    desk_frames: broadcast::Sender<DeskFrame>,
}

/// A watched customer; dropping it stops the watching.
#[derive(Debug)]
pub(crate) struct Watch {
    hub: Arc<Hub>,
    pub(crate) customer: CustomerId,
    /// Changes whenever there may be something new to read.
    pub(crate) changed: watch::Receiver<u64>,
    pub(crate) frames: broadcast::Receiver<CustomerFrame>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut customers = self.hub.lock();
        if let Some(watched) = customers.get_mut(&self.customer) {
            watched.watchers -= 1;
            if watched.watchers == 0 {
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
            desk_frames: broadcast::Sender::new(DESK_FRAMES_WAITING_MAX),
        });
        tokio::spawn(listen(Arc::clone(&hub), hints));
        hub
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CustomerId, Watched>> {
        self.customers
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    /// Watches one customer.
    pub(crate) fn watch(self: &Arc<Self>, customer: CustomerId) -> Watch {
        let mut customers = self.lock();
        let watched = customers.entry(customer).or_insert_with(|| Watched {
            changed: watch::Sender::new(0),
            frames: broadcast::Sender::new(FRAMES_WAITING_MAX),
            watchers: 0,
        });
        watched.watchers += 1;
        Watch {
            hub: Arc::clone(self),
            customer,
            changed: watched.changed.subscribe(),
            frames: watched.frames.subscribe(),
        }
    }

    /// Tells a customer's open sockets something that nobody stores.
    pub(crate) fn tell_customer(&self, customer: CustomerId, frame: CustomerFrame) {
        if let Some(watched) = self.lock().get(&customer) {
            // Nobody listening is no news.
            let _ = watched.frames.send(frame);
        }
    }

    /// Tells open desks something that nobody stores.
    pub(crate) fn tell_desks(&self, frame: DeskFrame) {
        let _ = self.desk_frames.send(frame);
    }

    /// What desks are told.
    pub(crate) fn desk_frames(&self) -> broadcast::Receiver<DeskFrame> {
        self.desk_frames.subscribe()
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
        if let Some(watched) = self.lock().get(&customer) {
            watched.changed.send_modify(|number| *number += 1);
        }
    }

    fn touch_all(&self) {
        for watched in self.lock().values() {
            watched.changed.send_modify(|number| *number += 1);
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
