//! Opening hours: when, in a week of some zone, somebody is there.
//!
//! Times are read off the wall clock of the zone, so an instant is open exactly when the
//! clock on the wall is in one of the day's intervals: an hour that a change to summer time
//! skips is not there at all, and one that a change back repeats is open twice.

use jiff::{Zoned, civil::DateTime, tz::TimeZone};

use super::{Millis, Timestamp};

/// Minutes in a day on the wall clock; a day may be shorter or longer in real time.
pub const DAY_MIN: u16 = 1_440;

/// How many intervals one day may have.
pub const HOURS_PER_DAY_MAX: usize = 8;

/// The names of the days, Monday first, as settings and the wire write them.
pub const DAY_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Open intervals by day of the week, Monday first: `[from_min, to_min)`, minutes of the
/// local day `0..=1440`, sorted, without overlaps. The default is never open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct WeeklyHours {
    days: [Vec<(u16, u16)>; 7],
}

/// What is wrong with opening hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHours {
    /// Other than seven days.
    #[error("expected 7 days, Monday first, not {0}")]
    Days(usize),
    /// More intervals than a day may have.
    #[error("{}: at most {HOURS_PER_DAY_MAX} intervals a day", DAY_NAMES[*day])]
    TooMany {
        /// The day, 0 is Monday.
        day: usize,
    },
    /// An interval that is empty, backwards or outside the day.
    #[error("{}: an interval must satisfy 0 <= from < to <= 1440 minutes, not {from_min} to {to_min}", DAY_NAMES[*day])]
    Interval {
        /// The day, 0 is Monday.
        day: usize,
        /// Where it begins.
        from_min: u16,
        /// Where it ends.
        to_min: u16,
    },
    /// Two intervals of a day overlap or are not in order.
    #[error("{}: intervals must be in order and must not overlap", DAY_NAMES[*day])]
    Overlap {
        /// The day, 0 is Monday.
        day: usize,
    },
}

impl InvalidHours {
    /// The day it is about, 0 is Monday.
    pub const fn day(&self) -> Option<usize> {
        match self {
            InvalidHours::Days(_) => None,
            InvalidHours::TooMany { day }
            | InvalidHours::Interval { day, .. }
            | InvalidHours::Overlap { day } => Some(*day),
        }
    }
}

impl WeeklyHours {
    /// Checks the intervals of seven days, Monday first. Intervals that touch become one.
    ///
    /// # Errors
    /// [`InvalidHours`] names the first day that is wrong.
    pub fn new(days: Vec<Vec<(u16, u16)>>) -> Result<Self, InvalidHours> {
        let days: [Vec<(u16, u16)>; 7] = days
            .try_into()
            .map_err(|days: Vec<_>| InvalidHours::Days(days.len()))?;
        for (day, intervals) in days.iter().enumerate() {
            if intervals.len() > HOURS_PER_DAY_MAX {
                return Err(InvalidHours::TooMany { day });
            }
            for &(from_min, to_min) in intervals {
                if from_min >= to_min || to_min > DAY_MIN {
                    return Err(InvalidHours::Interval {
                        day,
                        from_min,
                        to_min,
                    });
                }
            }
            if intervals.windows(2).any(|pair| pair[0].1 > pair[1].0) {
                return Err(InvalidHours::Overlap { day });
            }
        }
        Ok(Self {
            days: days.map(joined),
        })
    }

    /// Open around the clock.
    pub fn always() -> Self {
        Self {
            days: std::array::from_fn(|_| vec![(0, DAY_MIN)]),
        }
    }

    /// Open from Monday to Friday.
    ///
    /// # Errors
    /// [`InvalidHours::Interval`] when it is not an interval of a day.
    pub fn weekdays(from_min: u16, to_min: u16) -> Result<Self, InvalidHours> {
        let days = (0..7)
            .map(|day| match day {
                0..5 => vec![(from_min, to_min)],
                _ => Vec::new(),
            })
            .collect();
        Self::new(days)
    }

    /// Open on every day of the week.
    ///
    /// # Errors
    /// [`InvalidHours::Interval`] when it is not an interval of a day.
    pub fn every_day(from_min: u16, to_min: u16) -> Result<Self, InvalidHours> {
        Self::new(vec![vec![(from_min, to_min)]; 7])
    }

    /// The intervals of each day, Monday first.
    pub const fn days(&self) -> &[Vec<(u16, u16)>; 7] {
        &self.days
    }

    /// Whether there is no open minute at all.
    pub fn is_never(&self) -> bool {
        self.days.iter().all(Vec::is_empty)
    }

    /// Whether the wall clock time `local` is open.
    pub fn covers(&self, local: DateTime) -> bool {
        let day = local.date().weekday().to_monday_zero_offset() as usize;
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        self.days[day]
            .iter()
            .any(|(from_min, to_min)| (*from_min..*to_min).contains(&minute))
    }

    /// Whether it is open in `zone` at `at`; never at an instant that no calendar has.
    pub fn is_open(&self, zone: &TimeZone, at: Timestamp) -> bool {
        local(zone, at).is_some_and(|local| self.covers(local.datetime()))
    }

    /// The open intervals in `[from, to)`, in order, apart from each other, cut at both ends.
    ///
    /// Exactly the instants for which [`WeeklyHours::is_open`] holds, whatever the zone does
    /// to its clock in between.
    pub fn open(&self, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<OpenInterval> {
        let mut open: Vec<OpenInterval> = Vec::new();
        let mut at = from;
        while at < to {
            let Some(here) = local(zone, at) else { break };
            let shift_ms = i64::from(here.offset().seconds()) * 1_000;
            let changes_at = zone
                .following(here.timestamp())
                .next()
                .map_or(to, |next| Timestamp(next.timestamp().as_millisecond()));
            let until = changes_at.min(to);
            self.open_by(shift_ms, at, until, &mut open);
            at = until;
        }
        open
    }

    /// Appends what is open in `[from, to)` while the wall clock is `shift_ms` ahead of UTC.
    fn open_by(&self, shift_ms: i64, from: Timestamp, to: Timestamp, open: &mut Vec<OpenInterval>) {
        const DAY_MS: i64 = 86_400_000;
        // The first of January 1970 was a Thursday, three days after a Monday.
        let first_day = (from.0 + shift_ms).div_euclid(DAY_MS);
        let last_day = (to.0 + shift_ms - 1).div_euclid(DAY_MS);
        for day in first_day..=last_day {
            for (from_min, to_min) in &self.days[(day + 3).rem_euclid(7) as usize] {
                let at =
                    |minute: u16| Timestamp(day * DAY_MS + i64::from(minute) * 60_000 - shift_ms);
                let part = OpenInterval {
                    from: at(*from_min).max(from),
                    to: at(*to_min).min(to),
                };
                if part.from >= part.to {
                    continue;
                }
                match open.last_mut() {
                    Some(last) if last.to == part.from => last.to = part.to,
                    _ => open.push(part),
                }
            }
        }
    }
}

/// An interval of real time in which it is open: `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenInterval {
    /// When it opens.
    pub from: Timestamp,
    /// When it is no longer open.
    pub to: Timestamp,
}

impl OpenInterval {
    /// How much of it lies in `[from, to)`.
    pub fn overlap(self, from: Timestamp, to: Timestamp) -> Millis {
        self.to.min(to).since(self.from.max(from))
    }
}

/// The zone with this IANA name, for example `Europe/Berlin`; `None` when there is none.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

fn local(zone: &TimeZone, at: Timestamp) -> Option<Zoned> {
    let instant = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(instant.to_zoned(zone.clone()))
}

fn joined(intervals: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    let mut whole: Vec<(u16, u16)> = Vec::with_capacity(intervals.len());
    for (from_min, to_min) in intervals {
        match whole.last_mut() {
            Some(last) if last.1 == from_min => last.1 = to_min,
            _ => whole.push((from_min, to_min)),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let time: jiff::Timestamp = text.parse().unwrap();
        Timestamp(time.as_millisecond())
    }

    fn daily(from_min: u16, to_min: u16) -> WeeklyHours {
        WeeklyHours::new(vec![vec![(from_min, to_min)]; 7]).unwrap()
    }

    #[test]
    fn hours_that_make_no_sense_are_refused_by_day() {
        let with = |day: usize, intervals: &[(u16, u16)]| {
            let mut days = vec![Vec::new(); 7];
            days[day] = intervals.to_vec();
            WeeklyHours::new(days).map_err(|error| error.to_string())
        };
        for (day, intervals, part) in [
            (0, vec![(60, 60)], "mon: an interval must satisfy"),
            (1, vec![(90, 60)], "tue: an interval must satisfy"),
            (6, vec![(0, 1_441)], "sun: an interval must satisfy"),
            (
                2,
                vec![(0, 90), (60, 120)],
                "wed: intervals must be in order",
            ),
            (
                3,
                vec![(90, 120), (0, 60)],
                "thu: intervals must be in order",
            ),
            (
                4,
                (0..9).map(|n| (n * 10, n * 10 + 5)).collect(),
                "fri: at most 8",
            ),
        ] {
            let error = with(day, &intervals).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(
            WeeklyHours::new(vec![Vec::new(); 6]),
            Err(InvalidHours::Days(6))
        );
        let joined = with(5, &[(0, 60), (60, 120), (180, 240)]).unwrap();
        assert_eq!(joined.days()[5], [(0, 120), (180, 240)]);
    }

    /// Nights on which clocks change, and zones that are never simple: what is open by the
    /// intervals is what is open by the wall clock, minute for minute.
    #[test]
    fn the_intervals_are_what_the_wall_clock_says() {
        let nights = [
            ("Europe/Berlin", "2026-03-28T12:00:00Z"),
            ("Europe/Berlin", "2026-10-24T12:00:00Z"),
            ("America/New_York", "2026-03-07T12:00:00Z"),
            ("America/New_York", "2026-10-31T12:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T00:00:00Z"),
            ("Asia/Kolkata", "2026-03-28T12:00:00Z"),
            ("Pacific/Apia", "2011-12-29T00:00:00Z"),
            ("Pacific/Kiritimati", "2026-06-01T00:00:00Z"),
            ("Africa/Casablanca", "2026-02-14T12:00:00Z"),
            ("America/Sao_Paulo", "2018-11-03T12:00:00Z"),
        ];
        let weeks = [
            daily(0, 150),
            daily(120, 180),
            daily(135, DAY_MIN),
            WeeklyHours::always(),
            WeeklyHours::weekdays(540, 1_020).unwrap(),
        ];
        for (name, from) in nights {
            let zone = zone(name).unwrap();
            let (from, to) = (at(from), at(from) + Millis::from_secs(3 * 86_400));
            for hours in &weeks {
                let open = hours.open(&zone, from, to);
                assert!(open.windows(2).all(|pair| pair[0].to < pair[1].from));
                let mut minute = from;
                while minute < to {
                    let listed = open
                        .iter()
                        .any(|part| (part.from..part.to).contains(&minute));
                    assert_eq!(listed, hours.is_open(&zone, minute), "{name} {minute}");
                    minute = minute + Millis::from_secs(60);
                }
            }
        }
    }

    #[test]
    fn a_skipped_hour_is_not_there_and_a_doubled_one_is_there_twice() {
        let length_s = |name: &str, hours: &WeeklyHours, from: &str| -> Vec<f64> {
            let zone = zone(name).unwrap();
            let (from, to) = (at(from), at(from) + Millis::from_secs(86_400));
            let open = hours.open(&zone, from, to);
            open.iter()
                .map(|part| part.to.since(part.from).as_secs_f64())
                .collect()
        };
        let two_to_three = daily(120, 180);
        let half_past_one_to_half_past_two = daily(90, 150);
        for (name, from, hours, expected) in [
            (
                "Europe/Berlin",
                "2026-03-28T22:00:00Z",
                &two_to_three,
                vec![],
            ),
            (
                "Europe/Berlin",
                "2026-10-24T20:00:00Z",
                &two_to_three,
                vec![7_200.0],
            ),
            (
                "America/New_York",
                "2026-03-08T04:00:00Z",
                &two_to_three,
                vec![],
            ),
            (
                "America/New_York",
                "2026-11-01T03:00:00Z",
                &half_past_one_to_half_past_two,
                vec![1_800.0, 3_600.0],
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-03T12:00:00Z",
                &two_to_three,
                vec![1_800.0],
            ),
            (
                "Australia/Lord_Howe",
                "2026-04-04T12:00:00Z",
                &half_past_one_to_half_past_two,
                vec![5_400.0],
            ),
        ] {
            assert_eq!(length_s(name, hours, from), expected, "{name} {from}");
        }
    }
}
