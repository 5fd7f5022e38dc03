//! Entities in a form that programs read.

use super::{Date, EntityValue, Extractor, Unit, Which};

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

impl EntityValue {
    /// `amount`, `date`, `time`, `duration`, `reference` or `product`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Amount { .. } => "amount",
            Self::Date(_) => "date",
            Self::Time { .. } => "time",
            Self::Duration { .. } => "duration",
            Self::Reference(_) => "reference",
            Self::Product(_) => "product",
        }
    }
}

impl Extractor {
    /// What an entity is: `49.90 EUR`; ISO 8601 for days (`2026-03-12`, without a year `--03-12`), times
    /// (`14:30`) and lengths of time (`PT1.5H`); `next monday`, `-1 day`; the name of the pattern or the
    /// product. `None` for a day that can be read in two ways.
    pub fn say(&self, value: &EntityValue) -> Option<String> {
        Some(match value {
            EntityValue::Amount { decimal, currency } => match currency {
                Some(currency) => format!("{decimal} {currency}"),
                None => decimal.clone(),
            },
            EntityValue::Date(date) => say_date(*date)?,
            EntityValue::Time { hour, minute } => format!("{hour:02}:{minute:02}"),
            EntityValue::Duration { halves, unit } => {
                let (before, after) = match unit {
                    Unit::Minute => ("PT", "M"),
                    Unit::Hour => ("PT", "H"),
                    Unit::Day => ("P", "D"),
                    Unit::Week => ("P", "W"),
                    Unit::Month => ("P", "M"),
                    Unit::Year => ("P", "Y"),
                };
                let half = if halves % 2 == 0 { "" } else { ".5" };
                format!("{before}{}{half}{after}", halves / 2)
            }
            EntityValue::Reference(name) => name.to_string(),
            EntityValue::Product(place) => self.names.get(*place)?.clone(),
        })
    }
}

fn say_date(date: Date) -> Option<String> {
    Some(match date {
        Date::Day { year, month, day } => match year {
            Some(year) => format!("{year:04}-{month:02}-{day:02}"),
            None => format!("--{month:02}-{day:02}"),
        },
        Date::Ambiguous => return None,
        Date::Weekday { weekday, which } => {
            let day = WEEKDAYS.get(usize::from(weekday))?;
            let which = match which {
                Which::Unsaid => return Some((*day).to_owned()),
                Which::Last => "last",
                Which::This => "this",
                Which::Next => "next",
            };
            format!("{which} {day}")
        }
        Date::DaysFromNow(0) => "today".to_owned(),
        Date::DaysFromNow(days) => {
            let unit = if days.abs() == 1 { "day" } else { "days" };
            format!("{days:+} {unit}")
        }
    })
}
