//! Quiet hours in the customer's own zone.
//!
//! Times of day are read off the zone's own clock, so a change to or from summer time
//! moves the instant and never the hour on the wall.

use jiff::tz::TimeZone;

use super::QuietHours;
use crate::model::Timestamp;

/// Whether `now` is in the quiet hours of a customer in `zone`.
///
/// An unknown or unreadable zone counts as every zone of the policy's list at once: it is
/// quiet when it is quiet in any of them, so contact is left to the hours that all share.
/// With an empty list UTC stands in.
pub fn is_quiet(hours: &QuietHours, zone: Option<&str>, now: Timestamp) -> bool {
    if let Some(zone) = zone.and_then(|name| TimeZone::get(name).ok()) {
        return is_quiet_in(hours, &zone, now);
    }
    if hours.fallback.is_empty() {
        return is_quiet_in(hours, &TimeZone::UTC, now);
    }
    hours
        .fallback
        .iter()
        .any(|zone| is_quiet_in(hours, zone, now))
}

/// Minutes that are looked ahead for the end of quiet hours: a day, and an hour for a change of clocks.
const MINUTES_AHEAD_MAX: i64 = 25 * 60;

/// The next whole minute after `now` at which it is not quiet; `None` if there is none within a day.
pub fn quiet_until(hours: &QuietHours, zone: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    const MINUTE_MS: i64 = 60_000;
    let next = now.0.div_euclid(MINUTE_MS) + 1;
    (next..=next + MINUTES_AHEAD_MAX)
        .map(|minute| Timestamp(minute * MINUTE_MS))
        .find(|at| !is_quiet(hours, zone, *at))
}

/// Whether the wall clock of `zone` is in `from..to`; `from > to` crosses midnight, and
/// equal ends mean never.
fn is_quiet_in(hours: &QuietHours, zone: &TimeZone, now: Timestamp) -> bool {
    let Ok(instant) = jiff::Timestamp::from_millisecond(now.0) else {
        return true;
    };
    let clock = zone.to_datetime(instant).time();
    if hours.from <= hours.to {
        (hours.from..hours.to).contains(&clock)
    } else {
        clock >= hours.from || clock < hours.to
    }
}
