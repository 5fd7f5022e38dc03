//! Who is there: customers whose widget holds a socket or polls.
//!
//! Going from page to page closes a socket and opens another, so somebody counts as gone only
//! when nothing was heard for a while. The engine is told, once, for customers with an open
//! conversation; when they left is a fact of the conversation from then on. It is also told that
//! somebody left whose offer has a seat, which is then free. After a restart everybody with an
//! open conversation has that while to come back; seats of offers end with their offers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, Weak},
    time::Duration,
};

use overture_engine::model::{CustomerBody, CustomerId, Ingress, Subject, Timestamp, Unsaid};
use overture_store::ConversationsOf;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::{App, Shared};

/// How often those who may have left are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Open conversations that are looked at after a start.
const OPEN_AT_START_MAX: u32 = 10_000;

#[derive(Debug)]
struct Person {
    sockets: u32,
    /// When last heard of; `None` when that was before this process.
    seen_at: Option<Timestamp>,
    /// When they count as gone if nothing is heard before.
    gone_at: Timestamp,
}

/// Who is there.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    people: Mutex<HashMap<CustomerId, Person>>,
}

/// Somebody's open socket.
pub(crate) struct Arrival {
    app: Weak<App>,
    customer: CustomerId,
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let Some(app) = self.app.upgrade() else {
            return;
        };
        let now = app.now();
        let gone_at = now + app.config.chat.away_after;
        if let Some(person) = app.presence.lock().get_mut(&self.customer) {
            person.sockets = person.sockets.saturating_sub(1);
            person.seen_at = Some(now);
            person.gone_at = gone_at;
        }
    }
}

impl Presence {
    fn lock(&self) -> MutexGuard<'_, HashMap<CustomerId, Person>> {
        self.people
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether the customer is there.
    pub(crate) fn is_here(&self, customer: CustomerId) -> bool {
        self.lock()
            .get(&customer)
            .is_some_and(|person| person.seen_at.is_some())
    }
}

/// A socket was opened: the customer is there as long as the answer lives.
pub(crate) fn arrived(app: &Shared, customer: CustomerId) -> Arrival {
    note(app, customer, 1);
    Arrival {
        app: Arc::downgrade(app),
        customer,
    }
}

/// A request came: the customer is there.
pub(crate) fn heard(app: &Shared, customer: CustomerId) {
    note(app, customer, 0);
}

fn note(app: &Shared, customer: CustomerId, sockets: u32) {
    let now = app.now();
    let gone_at = now + app.config.chat.away_after;
    let is_news = {
        let mut people = app.presence.lock();
        let person = people.entry(customer).or_insert(Person {
            sockets: 0,
            seen_at: None,
            gone_at,
        });
        let is_news = person.seen_at.is_none();
        person.sockets += sockets;
        person.seen_at = Some(now);
        person.gone_at = gone_at;
        is_news
    };
    if is_news {
        tokio::spawn(came(Arc::clone(app), customer));
    }
}

/// Tells the engine, where it believes otherwise.
async fn came(app: Shared, customer: CustomerId) {
    let Some(view) = app.core.peek(customer).await else {
        return;
    };
    if view.state.conversation.is_none() {
        return;
    }
    if view.state.open().any(|open| open.chat.left_at.is_some()) {
        tell(&app, view.state.customer, None).await;
    }
    app.hub.touch_desk();
}

async fn tell(app: &App, customer: CustomerId, left_at: Option<Timestamp>) -> bool {
    let ingress = Ingress {
        source: None,
        occurred_at: None,
        message_key: None,
        unsaid: Unsaid::default(),
        subject: Subject::Customer(customer, CustomerBody::ChatPresence { left_at }),
    };
    app.core.submit(vec![ingress]).await.is_ok()
}

/// Notices who left. Ends with the app.
pub(crate) async fn watch(app: Weak<App>) {
    if let Some(app) = app.upgrade() {
        expect_everybody(&app).await;
    }
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let Some(app) = app.upgrade() else {
            return;
        };
        let now = app.now();
        let quiet: Vec<(CustomerId, Option<Timestamp>)> = app
            .presence
            .lock()
            .iter()
            .filter(|(_, person)| person.sockets == 0 && person.gone_at <= now)
            .map(|(customer, person)| (*customer, person.seen_at))
            .collect();
        for (customer, seen_at) in quiet {
            if !left(&app, customer, seen_at).await {
                continue;
            }
            let mut people = app.presence.lock();
            if people
                .get(&customer)
                .is_some_and(|person| person.sockets == 0 && person.seen_at == seen_at)
            {
                people.remove(&customer);
            }
        }
    }
}

/// After a start: whoever has an open conversation may come back.
async fn expect_everybody(app: &Shared) {
    let open = app
        .store(|store| store.conversations(ConversationsOf::Open, OPEN_AT_START_MAX))
        .await;
    let gone_at = app.now() + app.config.chat.away_after;
    for row in open.unwrap_or_default() {
        if row.chat.left_at.is_none() {
            app.presence.lock().entry(row.customer).or_insert(Person {
                sockets: 0,
                seen_at: None,
                gone_at,
            });
        }
    }
}

/// Tells the engine that somebody left; `false` when it has to be told again.
async fn left(app: &App, customer: CustomerId, seen_at: Option<Timestamp>) -> bool {
    if app.core.ready() != crate::core::Readiness::Ready {
        return false;
    }
    let Some(view) = app.core.peek(customer).await else {
        return true;
    };
    let offer = view.state.offer.as_ref();
    let has_seat = offer.is_some_and(|offer| offer.seat);
    if !has_seat && view.state.open().all(|open| open.chat.left_at.is_some()) {
        return true;
    }
    // Of somebody who was there before this process, the last thing they did is known.
    let left_at = seen_at.unwrap_or(view.state.last_seen_at);
    tell(app, view.state.customer, Some(left_at)).await
}
