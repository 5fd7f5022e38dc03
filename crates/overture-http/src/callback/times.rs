//! The times that a customer may choose, by the clock of their own zone.

use jiff::tz::TimeZone;
use overture_engine::{
    model::{CELL, CallbackSettings, OpenInterval, Slot, Timestamp, WeeklyHours},
    route::slots::CallbackOutlook,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The most slots of one day that are offered: all quarters of the longest day, on which a
/// zone ends its summer time.
const SLOTS_PER_DAY_MAX: usize = 25 * 4;

/// One day of the customer's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SlotDay {
    /// In the customer's zone, `2026-03-29`.
    pub(crate) date: String,
    pub(crate) slots: Vec<SlotBody>,
}

/// One time that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SlotBody {
    /// In UTC; sent back to choose it.
    pub(crate) from: String,
    /// In UTC.
    pub(crate) to: String,
    /// On the wall in the customer's zone, `14:30`.
    pub(crate) local: String,
    /// How far the customer's clock then is from UTC, `+02:00`: where a night has an hour
    /// twice, it tells them apart.
    pub(crate) offset: String,
}

/// A brand's own limits.
pub(crate) struct Limits<'a> {
    pub(crate) hours: &'a WeeklyHours,
    pub(crate) time_zone: &'a TimeZone,
    /// How long a slot is; a multiple of the cell.
    pub(crate) slot_min: u32,
}

/// The slots with room from `now` on, in the brand's hours.
pub(crate) fn free(
    outlook: &CallbackOutlook,
    settings: &CallbackSettings,
    limits: &Limits<'_>,
    now: Timestamp,
) -> Vec<Slot> {
    let length = slot_length(limits.slot_min);
    let first = up(now + settings.lead, length);
    let last = now + settings.horizon;
    let cells = outlook
        .book
        .free_cells(&outlook.needs, first, last, settings);
    let open = limits.hours.open(limits.time_zone, first, last);
    let mut slots: Vec<Slot> = Vec::new();
    for cell in cells {
        let from = Timestamp(cell.0.div_euclid(length) * length);
        let slot = Slot {
            from,
            to: Timestamp(from.0 + length),
        };
        let is_known = slots.last() == Some(&slot);
        if !is_known && slot.from >= first && slot.to <= last && is_within(&open, slot) {
            slots.push(slot);
        }
    }
    slots
}

/// Whether a slot is one that a brand with these limits offers.
pub(crate) fn is_offered(slot: Slot, limits: &Limits<'_>) -> bool {
    let length = slot_length(limits.slot_min);
    let open = limits.hours.open(limits.time_zone, slot.from, slot.to);
    slot.to.0 - slot.from.0 == length
        && slot.from.0.rem_euclid(length) == 0
        && is_within(&open, slot)
}

/// The slots by day of the customer's calendar.
pub(crate) fn by_day(slots: &[Slot], zone: &TimeZone) -> Vec<SlotDay> {
    let mut days: Vec<SlotDay> = Vec::new();
    for slot in slots {
        let Ok(from) = jiff::Timestamp::from_millisecond(slot.from.0) else {
            continue;
        };
        let local = from.to_zoned(zone.clone());
        let date = local.date().to_string();
        if days.last().is_none_or(|day| day.date != date) {
            days.push(SlotDay {
                date,
                slots: Vec::new(),
            });
        }
        let Some(day) = days.last_mut() else { continue };
        if day.slots.len() < SLOTS_PER_DAY_MAX {
            day.slots.push(SlotBody {
                from: slot.from.to_string(),
                to: slot.to.to_string(),
                local: local.strftime("%H:%M").to_string(),
                offset: local.strftime("%:z").to_string(),
            });
        }
    }
    days
}

fn slot_length(slot_min: u32) -> i64 {
    let cell_min = (CELL.0 / 60_000) as u32;
    i64::from(slot_min.max(cell_min) / cell_min) * CELL.0 as i64
}

fn up(at: Timestamp, length: i64) -> Timestamp {
    Timestamp((at.0 + length - 1).div_euclid(length) * length)
}

fn is_within(open: &[OpenInterval], slot: Slot) -> bool {
    open.iter()
        .any(|part| part.from <= slot.from && slot.to <= part.to)
}
