//! When an event really happened, told by clocks that may be wrong.

use overture_engine::model::Timestamp;

/// The oldest an event may be before its receipt: 24 h, milliseconds.
pub(crate) const AGE_MS_MAX: i64 = 86_400_000;

/// The time in a text: RFC 3339, the same without an offset (UTC is meant), or a Unix time
/// in seconds or milliseconds.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(time.as_millisecond()));
    }
    if let Ok(number) = text.parse::<f64>() {
        // Seconds stay below this until the year 5138.
        let ms = if number.abs() < 1e11 {
            number * 1_000.0
        } else {
            number
        };
        return (ms.abs() < 2.5e14).then_some(Timestamp(ms as i64));
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

/// Corrects the client's time of an event by the client's time of sending, so that a wrong
/// clock there does no harm, and clamps it to the 24 h before receipt.
pub(crate) fn occurred_at(
    event: Option<Timestamp>,
    sent: Option<Timestamp>,
    received: Timestamp,
) -> Timestamp {
    let Some(event) = event else { return received };
    let corrected = match sent {
        Some(sent) => received.0.saturating_sub(sent.0.saturating_sub(event.0)),
        None => event.0,
    };
    Timestamp(corrected.clamp(received.0 - AGE_MS_MAX, received.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: i64 = 1_750_000_000_000;
    const YEAR_MS: i64 = 365 * 86_400_000;

    #[test]
    fn a_wrong_clock_is_corrected_and_the_rest_clamped() {
        let at = |ms: i64| Some(Timestamp(ms));
        for (name, event, sent, expected) in [
            ("no time", None, at(5), RECEIVED),
            (
                "right clock",
                at(RECEIVED - 500),
                at(RECEIVED - 100),
                RECEIVED - 400,
            ),
            (
                "a year ahead",
                at(RECEIVED + YEAR_MS - 2_000),
                at(RECEIVED + YEAR_MS),
                RECEIVED - 2_000,
            ),
            (
                "a year behind",
                at(RECEIVED - YEAR_MS - 2_000),
                at(RECEIVED - YEAR_MS),
                RECEIVED - 2_000,
            ),
            (
                "no sentAt, a year ahead",
                at(RECEIVED + YEAR_MS),
                None,
                RECEIVED,
            ),
            (
                "no sentAt, a year behind",
                at(RECEIVED - YEAR_MS),
                None,
                RECEIVED - AGE_MS_MAX,
            ),
            (
                "two days offline",
                at(RECEIVED - 2 * AGE_MS_MAX),
                at(RECEIVED),
                RECEIVED - AGE_MS_MAX,
            ),
            (
                "sent before it happened",
                at(RECEIVED),
                at(RECEIVED - 9_000),
                RECEIVED,
            ),
            ("absurd", at(i64::MIN), at(i64::MAX), RECEIVED - AGE_MS_MAX),
        ] {
            assert_eq!(
                occurred_at(event, sent, Timestamp(RECEIVED)),
                Timestamp(expected),
                "{name}"
            );
        }
    }

    #[test]
    fn every_form_of_time_that_clients_send_is_read() {
        for text in [
            "2025-06-15T15:06:40.000Z",
            "2025-06-15T15:06:40+00:00",
            "2025-06-15T17:06:40.000000+02:00",
            "2025-06-15T15:06:40",
            "2025-06-15 15:06:40",
            "1750000000",
            "1750000000000",
        ] {
            assert_eq!(parse(text), Some(Timestamp(RECEIVED)), "{text}");
        }
        for text in ["", "yesterday", "NaN", "1e300", "2025-13-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
