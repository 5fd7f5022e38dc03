//! What holds contact back after contact: the cap's token bucket and the cool-downs.
//!
//! Live and shadow each have their own [`Suppression`]: a shadow decision uses up virtual
//! contacts, so that what shadow mode shows is what live mode would have done.

use super::{CapSettings, Policy, Rule};
use crate::model::{DismissedHow, Millis, Suppression, Timestamp};

/// Contacts that the cap still allows at `now`, `0.0..=contacts`.
///
/// A bucket of `contacts` that refills evenly over `window`; one never used is full.
pub fn tokens(suppression: &Suppression, caps: &CapSettings, now: Timestamp) -> f32 {
    let full = caps.contacts as f32;
    if suppression.tokens_at == Timestamp(0) || suppression.tokens < 0.0 {
        return full;
    }
    let refilled =
        now.since(suppression.tokens_at).0 as f64 / caps.window.0 as f64 * f64::from(caps.contacts);
    (f64::from(suppression.tokens) + refilled).min(f64::from(full)) as f32
}

/// Whether the cap allows one more contact at `now`.
pub fn cap_allows(suppression: &Suppression, caps: &CapSettings, now: Timestamp) -> bool {
    // A bucket that refills to a whole contact may miss it by a rounding error.
    tokens(suppression, caps, now) >= 1.0 - 1e-5
}

/// From when on the cap allows one more contact, were none made before.
pub fn cap_allows_from(suppression: &Suppression, caps: &CapSettings) -> Timestamp {
    if suppression.tokens_at == Timestamp(0) || suppression.tokens < 0.0 {
        return Timestamp(0);
    }
    let missing = (1.0 - f64::from(suppression.tokens)).max(0.0);
    let wait = missing * caps.window.0 as f64 / f64::from(caps.contacts.max(1));
    suppression.tokens_at + Millis(libm::ceil(wait) as u64)
}

/// Books one contact by `rule`: takes a token, begins the cool-down, and uses up a waiver.
pub fn contacted(suppression: &mut Suppression, policy: &Policy, rule: &Rule, now: Timestamp) {
    suppression.tokens = (tokens(suppression, &policy.caps, now) - 1.0).max(0.0);
    suppression.tokens_at = now.max(Timestamp(1));
    let cooling_until = now + rule.cooldown.unwrap_or(policy.cooldowns.contact);
    suppression.cooling_until = suppression.cooling_until.max(cooling_until);
    suppression.waived = false;
}

/// Books how an offer was put away: holds offers back for as long as the policy says.
/// "Don't offer again" is an opt-out and belongs to the permission.
pub fn dismissed(
    suppression: &mut Suppression,
    policy: &Policy,
    how: DismissedHow,
    now: Timestamp,
) {
    let hold = match how {
        DismissedHow::NotNow => policy.cooldowns.not_now,
        DismissedHow::Ignored => policy.cooldowns.ignored,
        DismissedHow::Never => Millis(0),
    };
    suppression.declined_until = suppression.declined_until.max(now + hold);
}

/// Takes back a contact that was booked and never reached the customer: its token returns,
/// and its cool-down is waived.
pub fn not_reached(suppression: &mut Suppression, caps: &CapSettings, now: Timestamp) {
    unseen(suppression, caps, now);
    suppression.waived = true;
}

/// Takes back a contact that could not be shown where it belongs: its token returns.
pub fn unseen(suppression: &mut Suppression, caps: &CapSettings, now: Timestamp) {
    let full = caps.contacts as f32;
    suppression.tokens = (tokens(suppression, caps, now) + 1.0).min(full);
    suppression.tokens_at = now.max(Timestamp(1));
}

/// Books a failure of ours: the cool-down it left behind is waived once.
pub fn failed_by_us(suppression: &mut Suppression) {
    suppression.waived = true;
}

/// Unites what two customers who turn out to be one have used up: contacts add, declines
/// and cool-downs hold for both.
pub fn merge(
    one: &Suppression,
    other: &Suppression,
    caps: &CapSettings,
    now: Timestamp,
) -> Suppression {
    let full = caps.contacts as f32;
    let used = (full - tokens(one, caps, now)) + (full - tokens(other, caps, now));
    let unused = one.tokens_at == Timestamp(0) && other.tokens_at == Timestamp(0);
    Suppression {
        tokens: (full - used).max(0.0),
        tokens_at: if unused {
            Timestamp(0)
        } else {
            now.max(Timestamp(1))
        },
        cooling_until: one.cooling_until.max(other.cooling_until),
        declined_until: one.declined_until.max(other.declined_until),
        waived: one.waived && other.waived,
    }
}
