//! Sends what was committed to be sent: alerts to the desk and, where one is set, to a
//! webhook. A row is claimed with the writer's epoch and keeps its id on every attempt.

use std::{sync::Arc, thread::JoinHandle, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender as Channel, bounded};
use overture_channels::{
    email,
    sms::Account,
    webhook::{self, Outcome, Sender},
};
use overture_engine::model::{
    CustomerBody, Ingress, MailFailed, MailFailure, Millis, Outbound, OutboxItem, Subject, Unsaid,
};
use overture_http::Core;
use overture_store::{Alert, Epoch, OutboxClaim, Store, StoreError};
use serde_json::json;
use xxhash_rust::xxh3::xxh3_64;

pub use crate::sms::Codes;
use crate::{clock, core::Handle, mail::Post, sms};

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
    /// The account for text messages.
    pub sms: Option<Arc<Account>>,
    /// Sends mail, where a mail server is set.
    pub post: Option<Post>,
    /// Where the core's answers are waited for.
    pub runtime: tokio::runtime::Handle,
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
    } = what
    else {
        return Ok(());
    };
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
    let delivery = claim.item.delivery;
    match &claim.item.what {
        Outbound::Alert { .. } => alert(parts, claim),
        Outbound::Sms(text) => {
            let account = parts.sms.as_deref();
            let tried = account.map(|account| sms::attempt(account, claim, text));
            match tried {
                None | Some(sms::Tried::Settled) => {
                    parts.store.complete_outbox(parts.epoch, delivery)
                }
                Some(sms::Tried::Again(wait)) => {
                    let next = clock::now() + Millis(wait.as_millis() as u64);
                    parts.store.fail_outbox(parts.epoch, delivery, next)
                }
            }
        }
        Outbound::ChatMail { .. } => mail(parts, claim),
    }
}

fn alert(parts: &Parts, claim: &OutboxClaim) -> Result<(), StoreError> {
    let OutboxItem { delivery, at, what } = &claim.item;
    let Outbound::Alert {
        customer,
        decision,
        rule,
        text,
    } = what
    else {
        return Ok(());
    };
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
        Outcome::Failed(reason) => put_off(parts, claim, &reason),
    }
}

/// One attempt at a mail; without a mail server it waits for one.
fn mail(parts: &Parts, claim: &OutboxClaim) -> Result<(), StoreError> {
    let OutboxItem { delivery, at, what } = &claim.item;
    let outcome = match &parts.post {
        Some(post) => post.deliver(*delivery, *at, what)?,
        None => email::Outcome::Failed("no mail server is set".to_owned()),
    };
    match outcome {
        email::Outcome::Sent => {
            metrics::counter!("overture_mails_sent_total").increment(1);
            parts.store.complete_outbox(parts.epoch, *delivery)
        }
        email::Outcome::Refused(reason) => {
            tracing::error!(delivery.id = %delivery, %reason, "a mail was refused and is given up");
            metrics::counter!("overture_deliveries_given_up_total").increment(1);
            never_arrives(parts, claim, MailFailure::Refused, reason)
        }
        email::Outcome::Failed(reason) if webhook::wait_after(claim.attempt).is_none() => {
            tracing::error!(delivery.id = %delivery, %reason, "a mail was given up after its last attempt");
            metrics::counter!("overture_deliveries_given_up_total").increment(1);
            never_arrives(parts, claim, MailFailure::GivenUp, reason)
        }
        email::Outcome::Failed(reason) => put_off(parts, claim, &reason),
    }
}

/// A mail that never arrives is a fact of its conversation first, and only then done with: a
/// crash in between tries the same mail again, and the fact is taken once.
fn never_arrives(
    parts: &Parts,
    claim: &OutboxClaim,
    failure: MailFailure,
    detail: String,
) -> Result<(), StoreError> {
    let delivery = claim.item.delivery;
    let Outbound::ChatMail {
        customer,
        conversation,
        generation,
        ..
    } = &claim.item.what
    else {
        return parts.store.complete_outbox(parts.epoch, delivery);
    };
    let failed = MailFailed {
        conversation: *conversation,
        generation: *generation,
        failure,
        detail,
    };
    let told = parts.core.submit(vec![Ingress {
        source: None,
        occurred_at: None,
        message_key: Some(xxh3_64(delivery.to_string().as_bytes())),
        unsaid: Unsaid::default(),
        subject: Subject::Customer(*customer, CustomerBody::MailFailed(failed)),
    }]);
    match parts.runtime.block_on(told) {
        Ok(_) => parts.store.complete_outbox(parts.epoch, delivery),
        Err(refusal) => {
            tracing::warn!(delivery.id = %delivery, %refusal, "that a mail failed could not be noted, it is tried again");
            let next = clock::now() + Millis::from_secs(refusal.retry_after_s.into());
            parts.store.fail_outbox(parts.epoch, delivery, next)
        }
    }
}

/// A delivery failed or nobody knows: it is tried again later with the same id, or given up.
fn put_off(parts: &Parts, claim: &OutboxClaim, reason: &str) -> Result<(), StoreError> {
    let delivery = claim.item.delivery;
    match webhook::wait_after(claim.attempt) {
        Some(wait) => {
            tracing::warn!(delivery.id = %delivery, attempt = claim.attempt, %reason, "a delivery failed, it is tried again");
            let next = clock::now() + Millis(wait.as_millis() as u64);
            parts.store.fail_outbox(parts.epoch, delivery, next)
        }
        None => {
            tracing::error!(delivery.id = %delivery, %reason, "a delivery was given up after its last attempt");
            metrics::counter!("overture_deliveries_given_up_total").increment(1);
            parts.store.complete_outbox(parts.epoch, delivery)
        }
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
