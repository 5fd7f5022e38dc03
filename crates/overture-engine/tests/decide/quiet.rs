use jiff::{civil::Time, tz::TimeZone};
use overture_engine::{
    decide::{QuietHours, quiet_hours::is_quiet},
    model::Timestamp,
};

fn hours(from: i8, to: i8, fallback: &[&str]) -> QuietHours {
    QuietHours {
        from: Time::constant(from, 0, 0, 0),
        to: Time::constant(to, 0, 0, 0),
        fallback: fallback
            .iter()
            .map(|name| TimeZone::get(name).unwrap())
            .collect(),
    }
}

fn instant(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn quiet_hours_follow_the_wall_clock_of_the_zone() {
    let night = || hours(21, 8, &["UTC"]);
    let berlin = Some("Europe/Berlin");
    let cases = [
        (
            "before the night",
            night(),
            Some("UTC"),
            "2026-06-01T20:59:59.999Z",
            false,
        ),
        (
            "the night begins",
            night(),
            Some("UTC"),
            "2026-06-01T21:00:00Z",
            true,
        ),
        (
            "midnight",
            night(),
            Some("UTC"),
            "2026-06-02T00:00:00Z",
            true,
        ),
        (
            "just before the end",
            night(),
            Some("UTC"),
            "2026-06-02T07:59:59.999Z",
            true,
        ),
        (
            "the night ends",
            night(),
            Some("UTC"),
            "2026-06-02T08:00:00Z",
            false,
        ),
        (
            "a window within a day, inside",
            hours(12, 14, &[]),
            Some("UTC"),
            "2026-06-01T13:00:00Z",
            true,
        ),
        (
            "a window within a day, at its end",
            hours(12, 14, &[]),
            Some("UTC"),
            "2026-06-01T14:00:00Z",
            false,
        ),
        // Berlin is UTC+1 in winter and UTC+2 in summer; it changes on 2026-03-29 at 01:00Z
        // and on 2026-10-25 at 01:00Z.
        (
            "winter, 07:59 in Berlin",
            night(),
            berlin,
            "2026-03-28T06:59:00Z",
            true,
        ),
        (
            "winter, 08:00 in Berlin",
            night(),
            berlin,
            "2026-03-28T07:00:00Z",
            false,
        ),
        (
            "the day of the change, 07:59 in Berlin",
            night(),
            berlin,
            "2026-03-29T05:59:00Z",
            true,
        ),
        (
            "the day of the change, 08:00 in Berlin",
            night(),
            berlin,
            "2026-03-29T06:00:00Z",
            false,
        ),
        (
            "the evening of the change back, 20:59",
            night(),
            berlin,
            "2026-10-25T19:59:00Z",
            false,
        ),
        (
            "the evening of the change back, 21:00",
            night(),
            berlin,
            "2026-10-25T20:00:00Z",
            true,
        ),
        (
            "the skipped hour: 01:59:59 then 03:00",
            hours(2, 3, &[]),
            berlin,
            "2026-03-29T01:00:00Z",
            false,
        ),
        (
            "the doubled hour, first time",
            hours(2, 3, &[]),
            berlin,
            "2026-10-25T00:30:00Z",
            true,
        ),
        (
            "the doubled hour, second time",
            hours(2, 3, &[]),
            berlin,
            "2026-10-25T01:30:00Z",
            true,
        ),
        (
            "unknown zone: quiet in one of two",
            hours(21, 8, &["America/New_York", "Europe/Berlin"]),
            None,
            "2026-06-01T20:00:00Z",
            true,
        ),
        (
            "unknown zone: quiet in neither",
            hours(21, 8, &["America/New_York", "Europe/Berlin"]),
            None,
            "2026-06-01T15:00:00Z",
            false,
        ),
        (
            "unreadable zone counts as unknown",
            hours(21, 8, &["Asia/Tokyo"]),
            Some("Mars/Olympus"),
            "2026-06-01T13:00:00Z",
            true,
        ),
        (
            "a known zone needs no list",
            hours(21, 8, &["Asia/Tokyo"]),
            berlin,
            "2026-06-01T13:00:00Z",
            false,
        ),
    ];
    for (name, hours, zone, at, expected) in cases {
        assert_eq!(is_quiet(&hours, zone, instant(at)), expected, "{name}");
    }
}
