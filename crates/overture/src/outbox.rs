//! Sends what was committed to be sent: alerts to the desk and, where one is set, to a
//! webhook. A row is claimed with the writer's epoch and keeps its id on every attempt.

use std::{sync::Arc, thread::JoinHandle, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender as Channel, bounded};
use overture_channels::webhook::{self, Outcome, Sender};
use overture_engine::model::{Millis, Outbound, OutboxItem};
use overture_store::{Alert, Epoch, OutboxClaim, Store, StoreError};
use serde_json::json;

use crate::{clock, core::Handle};

/// Rows that are claimed at once.
const CLAIMS_MAX: u32 = 32;

/// How often the outbox is looked at when it was empty.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The setting that remembers a webhook that answered 410.
const DISABLED: &str = "webhook.disabled_url";

/// The sender's thread.
#[derive(Debug)]
pub struct Outbox {
    stop: Channel<()>,
    thread: JoinHandle<()>,
}

/// What the sender works with.
pub struct Parts {
    /// Where the rows are.
    pub store: Arc<dyn Store>,
    /// Proof of being the one writer.
    pub epoch: Epoch,
    /// Whom to tell about new alerts.
    pub core: Arc<Handle>,
    /// The endpoint, with its url.
    pub webhook: Option<(String, Sender)>,
}

impl Outbox {
    /// Starts the thread.
    pub fn start(parts: Parts) -> Self {
        let (stop, stopped) = bounded(0);
        let thread = std::thread::Builder::new()
            .name("overture-outbox".to_owned())
            .spawn(move || work(&parts, &stopped))
            .expect("a thread can be started while the process starts");
        Self { stop, thread }
    }

    /// Ends the thread after the delivery under way.
    pub fn stop(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

fn work(parts: &Parts, stopped: &Receiver<()>) {
    loop {
        let sent = match round(parts, stopped) {
            Ok(sent) => sent,
            Err(StoreError::Fenced) => return,
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be worked on");
                0
            }
        };
        let wait = if sent == CLAIMS_MAX as usize {
            Duration::ZERO
        } else {
            LOOK_EVERY
        };
        if stopped.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Claims what is due and sends it; returns how many were claimed.
fn round(parts: &Parts, stopped: &Receiver<()>) -> Result<usize, StoreError> {
    let now = clock::now();
    let claims = parts.store.claim_outbox(parts.epoch, CLAIMS_MAX, now)?;
    let oldest = claims.iter().map(|claim| now.since(claim.item.at)).max();
    metrics::gauge!("overture_outbox_oldest_seconds").set(oldest.unwrap_or_default().as_secs_f64());
    // The desk first: a slow endpoint must not keep an alert from staff.
    for claim in &claims {
        show(parts, claim)?;
    }
    if !claims.is_empty() {
        parts.core.desk_changed();
    }
    for claim in &claims {
        let is_stopping = stopped.try_recv() == Err(crossbeam_channel::TryRecvError::Disconnected);
        if is_stopping {
            parts
                .store
                .fail_outbox(parts.epoch, claim.item.delivery, now)?;
        } else {
            deliver(parts, claim)?;
        }
    }
    Ok(claims.len())
}

fn show(parts: &Parts, claim: &OutboxClaim) -> Result<(), StoreError> {
    let OutboxItem { delivery, at, what } = &claim.item;
    let Outbound::Alert {
        customer,
        decision,
        rule,
        text,
    } = what;
    parts.store.add_alert(&Alert {
        alert: *delivery,
        at: *at,
        customer: *customer,
        decision: *decision,
        rule: rule.clone(),
        text: text.clone(),
        done: None,
    })
}

fn deliver(parts: &Parts, claim: &OutboxClaim) -> Result<(), StoreError> {
    let OutboxItem { delivery, at, what } = &claim.item;
    let Outbound::Alert {
        customer,
        decision,
        rule,
        text,
    } = what;
    let body = webhook::body(
        "alert",
        *at,
        &json!({
            "alert": delivery.to_string(), "customer": customer.to_string(),
            "decision": decision.to_string(), "rule": rule, "text": text,
        }),
    );
    let outcome = send(parts, &delivery.to_string(), &body)?;
    match outcome {
        Outcome::Delivered | Outcome::Disabled => {
            parts.store.complete_outbox(parts.epoch, *delivery)
        }
        Outcome::Failed(reason) => match webhook::wait_after(claim.attempt) {
            Some(wait) => {
                tracing::warn!(delivery.id = %delivery, attempt = claim.attempt, %reason, "a webhook was not delivered, it is tried again");
                let next = clock::now() + Millis(wait.as_millis() as u64);
                parts.store.fail_outbox(parts.epoch, *delivery, next)
            }
            None => {
                tracing::error!(delivery.id = %delivery, %reason, "a webhook was given up after its last attempt");
                metrics::counter!("overture_deliveries_given_up_total").increment(1);
                parts.store.complete_outbox(parts.epoch, *delivery)
            }
        },
    }
}

/// One attempt; without an endpoint there is nothing left to do.
fn send(parts: &Parts, delivery: &str, body: &str) -> Result<Outcome, StoreError> {
    let Some((url, sender)) = &parts.webhook else {
        return Ok(Outcome::Delivered);
    };
    if parts.store.setting(DISABLED)?.as_deref() == Some(url) {
        return Ok(Outcome::Disabled);
    }
    let outcome = sender.attempt(delivery, clock::now().0 / 1_000, body);
    if outcome == Outcome::Disabled {
        tracing::error!("the webhook answered 410 and is disabled until its url changes");
        parts.store.set_setting(DISABLED, url)?;
    }
    Ok(outcome)
}
