//! The policy's numbers and limits. [`Default`] is what the shipped file says.

use jiff::{civil::Time, tz::TimeZone};

use crate::model::{DAY_MIN, Millis, RouteSettings, WeeklyHours};

const MINUTE: Millis = Millis::from_secs(60);
const HOUR: Millis = Millis::from_secs(3_600);
const DAY: Millis = Millis::DAY;

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
    /// Greatest time to an answer that is not slow, at most `dead_click`.
    pub slow_click: Millis,
    /// Time without an answer after which a click is dead.
    pub dead_click: Millis,
    /// Time in a field without input that is hesitation.
    pub hesitation: Millis,
    /// Turns of the pointer or of scrolling that are thrashing, `2..=20`.
    pub thrash_reversals: u8,
    /// Greatest time from the first of them to the last.
    pub thrash_window: Millis,
    /// Greatest time since the last input that counts as active.
    pub idle: Millis,
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
            slow_click: Millis::from_secs(3),
            dead_click: Millis::from_secs(7),
            hesitation: Millis::from_secs(30),
            thrash_reversals: 4,
            thrash_window: Millis::from_secs(2),
            idle: Millis::from_secs(30),
        }
    }
}

/// How texts become a mood. Scores are -1 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct SentimentSettings {
    /// How long words say something about now.
    pub fresh: Millis,
    /// The weight of the newest score in the average, `0.0..=1.0`.
    pub smoothing: f32,
    /// The score of usual messages.
    pub usual: f32,
    /// The standard deviation of usual messages' scores.
    pub spread: f32,
    /// CUSUM's reference value, in standard deviations.
    pub reference: f32,
    /// CUSUM's decision interval, in standard deviations.
    pub limit: f32,
    /// The shortest time as negative again and again.
    pub dwell: Millis,
    /// Properties of custom events that hold what the customer wrote; the first that is there is read.
    pub properties: Vec<String>,
}

impl Default for SentimentSettings {
    fn default() -> Self {
        Self {
            fresh: Millis::from_secs(30 * 60),
            smoothing: 0.3,
            usual: -0.1,
            spread: 0.4,
            reference: 0.5,
            limit: 4.0,
            dwell: MINUTE,
            properties: ["text", "message", "comment", "feedback", "review"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

/// What is done with calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceSettings {
    /// Whether calls are listened to at all.
    pub enabled: bool,
    /// A score of an utterance strictly above it counts for an alert, `0.0..=1.0`.
    pub alert_on: f32,
    /// One strictly below it counts for its end; at most `alert_on`.
    pub alert_off: f32,
    /// The time constant of a call's score, in speech of the customer.
    pub memory: Millis,
    /// How long what was heard says something about now.
    pub fresh: Millis,
    /// How many days the customer's side of a call is kept as a recording; 0 for not at all.
    pub recording_days: u32,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            alert_on: 0.7,
            alert_off: 0.5,
            memory: Millis::from_secs(45),
            fresh: Millis::from_secs(30 * 60),
            recording_days: 0,
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
    /// Of listening to calls, where they are listened to at all.
    pub analyse_voice: LawfulBasis,
}

impl Default for PermissionSettings {
    fn default() -> Self {
        Self {
            analyse_behaviour: LawfulBasis::LegitimateInterest,
            contact: LawfulBasis::LegitimateInterest,
            analyse_voice: LawfulBasis::LegitimateInterest,
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

impl QuietHours {
    /// The hours in which it is not quiet.
    pub fn waking(&self) -> WeeklyHours {
        let minute = |time: Time| time.hour() as u16 * 60 + time.minute() as u16;
        let (from, to) = (minute(self.from), minute(self.to));
        let day = match from <= to {
            true => vec![(0, from), (to, DAY_MIN)],
            false => vec![(to, from)],
        };
        let day: Vec<_> = day.into_iter().filter(|(from, to)| from < to).collect();
        WeeklyHours::new(vec![day; 7]).expect("what is left of a day is in order")
    }
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

/// What grants that rules issue allow, and how far rules may raise them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrantSettings {
    /// How many contacts.
    pub limit: u32,
    /// For how long.
    pub ttl: Millis,
    /// Contacts that boosts may add to one grant at most.
    pub boost_max: u32,
    /// How long half of a boost lasts.
    pub boost_half_life: Millis,
}

impl Default for GrantSettings {
    fn default() -> Self {
        Self {
            limit: 1,
            ttl: DAY,
            boost_max: 3,
            boost_half_life: DAY,
        }
    }
}

/// When an agent's answers are mailed to a customer who left an address and then the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatSettings {
    /// How long the customer must be away.
    pub mail_after: Millis,
    /// How long messages are collected into one e-mail, from the first on.
    pub mail_collect: Millis,
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            mail_after: Millis(2 * MINUTE.0),
            mail_collect: MINUTE,
        }
    }
}

/// How requests find agents.
#[derive(Debug, Clone, PartialEq, Default)]
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
