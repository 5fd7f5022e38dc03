//! The section `[callbacks]`.

use super::reader::Section;
use crate::model::{AgentHours, CallbackSettings, DAY_MIN, DAY_NAMES, Millis, WeeklyHours, zone};

const KNOWN: [&str; 13] = [
    "hours",
    "time_zone",
    "lead_min",
    "horizon_d",
    "handle_min",
    "keep_live_percent",
    "reminder_min",
    "late_notice_min",
    "retry_min",
    "retry_hours",
    "number_per_day",
    "number_cooldown_s",
    "wrong_person_block_d",
];

/// The most calls after the first that reached nobody.
const RETRIES_MAX: usize = 5;

pub(super) fn callbacks(root: &mut Section<'_, '_>) -> CallbackSettings {
    let default = CallbackSettings::default();
    let mut section = root.section("callbacks", &KNOWN);
    let percent = section.whole("keep_live_percent", default.keep_live_percent, 0..=95);
    CallbackSettings {
        hours: AgentHours {
            hours: hours(&mut section, "hours").unwrap_or(default.hours.hours),
            time_zone: time_zone(&mut section).unwrap_or(default.hours.time_zone),
        },
        lead: section.span("lead_min", default.lead, 10_080.0),
        horizon: section.span_in("horizon_d", default.horizon, 1.0..=28.0),
        handle: section.span_in("handle_min", default.handle, 1.0..=240.0),
        keep_live_percent: percent,
        reminder: section.span_in("reminder_min", default.reminder, 1.0..=1_440.0),
        late_notice: section.span("late_notice_min", default.late_notice, 60.0),
        retries: retries(&mut section).unwrap_or(default.retries),
        retry_hours: hours(&mut section, "retry_hours").unwrap_or(default.retry_hours),
        number_per_day: section.whole("number_per_day", default.number_per_day, 1..=100),
        number_cooldown: section.span("number_cooldown_s", default.number_cooldown, 86_400.0),
        wrong_person_block: section.span(
            "wrong_person_block_d",
            default.wrong_person_block,
            3_650.0,
        ),
    }
}

fn time_zone(section: &mut Section<'_, '_>) -> Option<String> {
    let name = section.text("time_zone", 64)?;
    if zone(name).is_none() {
        section.refuse(
            "time_zone",
            "expected the name of a time zone, such as \"Europe/Berlin\"",
        );
    }
    Some(name.to_owned())
}

fn retries(section: &mut Section<'_, '_>) -> Option<Vec<Millis>> {
    section.item("retry_min")?;
    let mut retries = Vec::new();
    for (at, value) in section.array("retry_min", RETRIES_MAX) {
        let minutes = value.as_integer();
        match minutes.filter(|minutes| (1..=20_160).contains(minutes)) {
            Some(minutes) => retries.push(Millis::from_secs(minutes as u64 * 60)),
            None => section
                .reader
                .refuse(at, "expected minutes, a whole number from 1 to 20160"),
        }
    }
    Some(retries)
}

/// Lines such as `"mon-fri 09:00-17:00"`; a day that no line names is closed.
fn hours(section: &mut Section<'_, '_>, key: &'static str) -> Option<WeeklyHours> {
    section.item(key)?;
    let mut days: Vec<Vec<(u16, u16)>> = vec![Vec::new(); 7];
    for (at, value) in section.array(key, 56) {
        match value.as_str().and_then(line) {
            Some((from_day, to_day, interval)) => {
                for day in &mut days[from_day..=to_day] {
                    day.push(interval);
                }
            }
            None => section.reader.refuse(
                at,
                "expected days and times like \"mon-fri 09:00-17:00\" or \"sat 10:00-14:00\"",
            ),
        }
    }
    for day in &mut days {
        day.sort_unstable();
    }
    match WeeklyHours::new(days) {
        Ok(hours) => Some(hours),
        Err(error) => {
            section.refuse(key, error.to_string());
            None
        }
    }
}

fn line(text: &str) -> Option<(usize, usize, (u16, u16))> {
    let (days, times) = text.trim().split_once(' ')?;
    let day = |name: &str| DAY_NAMES.iter().position(|known| *known == name);
    let (from_day, to_day) = days.split_once('-').unwrap_or((days, days));
    let (from_day, to_day) = (day(from_day)?, day(to_day)?);
    let (from, to) = times.trim().split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    (from_day <= to_day && from < to).then_some((from_day, to_day, (from, to)))
}

/// Minutes of `09:30`; `24:00` is the end of the day.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= DAY_MIN).then_some(all)
}
