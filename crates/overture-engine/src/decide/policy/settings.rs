//! The policy's numbers and limits. [`Default`] is what the shipped file says.

use jiff::{civil::Time, tz::TimeZone};

use crate::model::{Millis, RouteSettings};

const MINUTE: Millis = Millis::from_secs(60);
const HOUR: Millis = Millis::from_secs(3_600);
const DAY: Millis = Millis::from_secs(86_400);

/// Where a level begins and where it ends; `leave <= enter`, both `0.0..=1.0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// A score strictly above it enters the level.
    pub enter: f64,
    /// A score not above it leaves the level.
    pub leave: f64,
}

/// How a score becomes a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NeedSettings {
    /// From low to medium and back.
    pub medium: Threshold,
    /// To high and back.
    pub high: Threshold,
    /// How long a higher level must be asked for.
    pub dwell_up: Millis,
    /// How long a lower level must be asked for.
    pub dwell_down: Millis,
}

impl Default for NeedSettings {
    fn default() -> Self {
        Self {
            medium: Threshold {
                enter: 0.5,
                leave: 0.4,
            },
            high: Threshold {
                enter: 0.8,
                leave: 0.65,
            },
            dwell_up: Millis(0),
            dwell_down: Millis::from_secs(10),
        }
    }
}

/// What counts as a struggle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrustrationSettings {
    /// Clicks of a rage click, `2..=6`.
    pub rage_clicks: u8,
    /// Greatest distance between any two of them, CSS pixels.
    pub rage_radius_px: f32,
    /// Greatest time from the first to the last.
    pub rage_window: Millis,
    /// Refused submits, or errors on one field, of a form struggle, `2..=4`.
    pub form_faults: u8,
    /// Greatest time from each of them to the last.
    pub form_window: Millis,
    /// Greatest time on a page that counts as left at once.
    pub quick_back: Millis,
}

impl Default for FrustrationSettings {
    fn default() -> Self {
        Self {
            rage_clicks: 3,
            rage_radius_px: 30.0,
            rage_window: Millis(1_000),
            form_faults: 2,
            form_window: MINUTE,
            quick_back: Millis::from_secs(7),
        }
    }
}

/// On what ground a purpose is lawful while the customer has said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LawfulBasis {
    /// Allowed until refused.
    LegitimateInterest,
    /// Refused until allowed.
    Consent,
}

/// The lawful basis of each purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermissionSettings {
    /// Of watching and scoring behaviour.
    pub analyse_behaviour: LawfulBasis,
    /// Of unasked contact.
    pub contact: LawfulBasis,
}

impl Default for PermissionSettings {
    fn default() -> Self {
        Self {
            analyse_behaviour: LawfulBasis::LegitimateInterest,
            contact: LawfulBasis::LegitimateInterest,
        }
    }
}

/// The frequency cap: a token bucket a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapSettings {
    /// Size of the bucket, at least 1.
    pub contacts: u32,
    /// Time in which an empty bucket fills up.
    pub window: Millis,
}

impl Default for CapSettings {
    fn default() -> Self {
        Self {
            contacts: 4,
            window: DAY,
        }
    }
}

/// How long contact rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CooldownSettings {
    /// After any contact.
    pub contact: Millis,
    /// After "Not now".
    pub not_now: Millis,
    /// After an offer that was seen and ran out.
    pub ignored: Millis,
}

impl Default for CooldownSettings {
    fn default() -> Self {
        Self {
            contact: Millis(30 * MINUTE.0),
            not_now: Millis(7 * DAY.0),
            ignored: DAY,
        }
    }
}

/// The hours without unasked contact; see [`super::super::quiet_hours`].
#[derive(Debug, Clone, PartialEq)]
pub struct QuietHours {
    /// Wall clock time from which it is quiet.
    pub from: Time,
    /// Wall clock time from which it is not; earlier than `from` crosses midnight.
    pub to: Time,
    /// The zones that stand in for an unknown one.
    pub fallback: Vec<TimeZone>,
}

/// How long offers stay unanswered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferSettings {
    /// A prompt.
    pub prompt_expires: Millis,
    /// A banner.
    pub banner_expires: Millis,
}

impl Default for OfferSettings {
    fn default() -> Self {
        Self {
            prompt_expires: Millis::from_secs(300),
            banner_expires: Millis::from_secs(300),
        }
    }
}

/// What the grants of offers allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantSettings {
    /// How many contacts.
    pub limit: u32,
    /// For how long.
    pub ttl: Millis,
}

impl Default for GrantSettings {
    fn default() -> Self {
        Self { limit: 1, ttl: DAY }
    }
}

/// How requests find agents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoutingSettings {
    /// The times and limits of the routing machine.
    pub machine: RouteSettings,
    /// Skills by path prefix, longest prefix first.
    pub skills: Vec<PathSkill>,
}

/// The skill that requests from some pages need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSkill {
    /// What the page's path begins with.
    pub path: String,
    /// The skill.
    pub skill: String,
}

impl RoutingSettings {
    /// The skill that a request from `path` needs: the longest prefix that fits.
    pub fn skill_for(&self, path: &str) -> Option<&str> {
        self.skills
            .iter()
            .find(|one| path.starts_with(&one.path))
            .map(|one| one.skill.as_str())
    }
}

/// Parts of [`Millis`] spans that file keys end in.
pub(super) const UNITS: [(&str, u64); 5] = [
    ("_ms", 1),
    ("_s", 1_000),
    ("_min", MINUTE.0),
    ("_h", HOUR.0),
    ("_d", DAY.0),
];
