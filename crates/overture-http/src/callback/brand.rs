//! What a brand says about its callbacks.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use overture_engine::model::{AgentHours, SourceId, WeeklyHours, zone};

use super::times::Limits;
use crate::app::App;

/// A brand's callbacks.
pub(crate) struct CallbackBrand {
    pub(crate) hours: WeeklyHours,
    pub(crate) time_zone: TimeZone,
    /// The number that we call from, E.164.
    pub(crate) phone: Option<String>,
    /// The countries that are called; empty means that none is.
    pub(crate) countries: BTreeSet<String>,
    /// How long a slot is.
    pub(crate) slot_min: u32,
    /// Whether a number must be proven.
    pub(crate) verify_sms: bool,
}

impl CallbackBrand {
    /// When it is open.
    pub(crate) fn open_hours(&self) -> AgentHours {
        let name = self.time_zone.iana_name().unwrap_or("UTC");
        AgentHours {
            hours: self.hours.clone(),
            time_zone: name.to_owned(),
        }
    }

    /// What it offers.
    pub(crate) fn limits(&self) -> Limits<'_> {
        Limits {
            hours: &self.hours,
            time_zone: &self.time_zone,
            slot_min: self.slot_min,
        }
    }
}

impl App {
    /// The callbacks of the brand that customers of this source meet.
    pub(crate) fn callback_brand(&self, source: SourceId) -> CallbackBrand {
        let brand = self.brands.load().of(source);
        CallbackBrand {
            hours: brand.hours.clone(),
            time_zone: zone(&brand.time_zone).unwrap_or(TimeZone::UTC),
            phone: brand.phone.clone(),
            countries: brand.callback.countries.clone(),
            slot_min: brand.callback.slot_min.into(),
            verify_sms: brand.callback.verify_sms,
        }
    }
}

impl CallbackBrand {
    /// The limits that staff keep to: any hour with room, in the shortest slots.
    pub(crate) fn of_staff() -> Self {
        Self {
            hours: WeeklyHours::always(),
            time_zone: TimeZone::UTC,
            phone: None,
            countries: BTreeSet::new(),
            slot_min: 15,
            verify_sms: false,
        }
    }
}
