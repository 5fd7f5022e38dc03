//! Text messages: those of the outbox, which are never sent twice, and codes, which are sent
//! at once or not at all.

use std::{sync::Arc, time::Duration};

use overture_channels::sms::{self, Account, Found, Outcome, Standing};
use overture_engine::model::{CallbackNotice, CallbackText, Millis};
use overture_http::{Texts, callback_text};
use overture_store::OutboxClaim;

use crate::clock;

/// After this a message about a callback says nothing any more.
const STALE_AFTER: Millis = Millis(15 * 60_000);

/// What is to be done with a delivery after an attempt.
pub(crate) enum Tried {
    /// Nothing more.
    Settled,
    /// Look again after this time.
    Again(Duration),
}

/// Tries one delivery once. An attempt after the first asks the account whether it has the
/// message before it is sent again.
pub(crate) fn attempt(account: &Account, claim: &OutboxClaim, text: &CallbackText) -> Tried {
    let to = text.view.phone.reveal();
    // An erased customer's number cannot be read any more.
    if to.is_empty() {
        return settled("erased");
    }
    let at = claim.item.at;
    let words = callback_text(&text.view, text.language.as_deref().unwrap_or_default());
    if claim.attempt > 1 {
        match account.find(to, &words, at) {
            Found::Taken(Standing::Delivered) => return settled("delivered"),
            Found::Taken(Standing::Sent) => return settled("sent"),
            Found::Taken(Standing::Failed) => return settled("failed"),
            Found::Nothing => {}
            Found::Unknown(reason) => return again(claim, &reason),
        }
    }
    let is_stale = clock::now().since(at) > STALE_AFTER;
    let passes = matches!(
        text.view.notice,
        CallbackNotice::Reminder | CallbackNotice::Late
    );
    if is_stale && passes {
        return settled("stale");
    }
    match account.send(to, &words) {
        Outcome::Taken(_) => settled("sent"),
        Outcome::Refused(reason) => {
            tracing::error!(delivery.id = %claim.item.delivery, %reason, "a text message was refused");
            settled("refused")
        }
        Outcome::NotTaken(reason) | Outcome::Unknown(reason) => again(claim, &reason),
    }
}

fn settled(outcome: &'static str) -> Tried {
    metrics::counter!("overture_texts_total", "outcome" => outcome).increment(1);
    Tried::Settled
}

fn again(claim: &OutboxClaim, reason: &str) -> Tried {
    let delivery = claim.item.delivery;
    match sms::wait_after(claim.attempt) {
        Some(wait) => {
            tracing::warn!(delivery.id = %delivery, attempt = claim.attempt, %reason, "a text message is not settled, it is looked at again");
            Tried::Again(wait)
        }
        None => {
            tracing::error!(delivery.id = %delivery, %reason, "a text message was given up");
            metrics::counter!("overture_deliveries_given_up_total").increment(1);
            settled("given_up")
        }
    }
}

/// Sends codes.
#[derive(Debug)]
pub struct Codes(pub Arc<Account>);

impl Texts for Codes {
    fn send(&self, to: &str, text: &str) -> Result<(), String> {
        match self.0.send(to, text) {
            Outcome::Taken(_) => Ok(()),
            // It may arrive; if it does not, the customer asks for another one.
            Outcome::Unknown(_) => Ok(()),
            Outcome::Refused(reason) | Outcome::NotTaken(reason) => Err(reason),
        }
    }
}
