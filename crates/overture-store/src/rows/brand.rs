//! How an organisation looks and speaks to its customers.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::model::{BrandId, Timestamp, WeeklyHours};
use uuid::Uuid;

/// One name that customers know: its look, its words, when it is open, what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Which; [`Brand::DEFAULT`] is the one for sources that name none.
    pub brand: BrandId,
    /// As staff call it.
    pub name: String,
    /// Colours and place on the page.
    pub look: Look,
    /// When agents of it are there, in `time_zone`.
    pub hours: WeeklyHours,
    /// IANA name.
    pub time_zone: String,
    /// Words in place of ours: by language (`en`, `de`, `es`, `ar`), then by key.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
    /// The number that we call from, E.164.
    pub phone: Option<String>,
    /// Where customers read how their data is used.
    pub privacy_url: Option<String>,
    /// What its chats allow.
    pub chat: ChatSettings,
    /// How its callbacks are made.
    pub callback: CallbackSettings,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Colours and place of the widget; colours are `#rrggbb` in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Buttons in the light theme.
    pub accent: String,
    /// Text on them.
    pub on_accent: String,
    /// Buttons in the dark theme.
    pub accent_dark: String,
    /// Text on them.
    pub on_accent_dark: String,
    /// Where the Help button is.
    pub position: Position,
    /// A picture for the head of the panel.
    pub logo_url: Option<String>,
}

/// A bottom corner of the page, by the direction of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Where lines end: right in English, left in Arabic.
    End,
    /// Where lines start.
    Start,
}

impl Position {
    /// `end` or `start`.
    pub const fn name(self) -> &'static str {
        match self {
            Position::End => "end",
            Position::Start => "start",
        }
    }

    /// The position with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Position::End, Position::Start]
            .into_iter()
            .find(|position| position.name() == name)
    }
}

/// What chats of a brand allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatSettings {
    /// Whether customers and agents may send files.
    pub attachments: bool,
    /// Whether a chat asks at its start for an address to go on by e-mail.
    pub ask_email: bool,
}

/// How callbacks of a brand are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackSettings {
    /// ISO 3166-1 alpha-2 codes of the countries that are called; empty is none.
    pub countries: BTreeSet<String>,
    /// Length of a slot in minutes.
    pub slot_min: u16,
    /// Whether a code sent by text message proves the number first.
    pub verify_sms: bool,
}

impl Brand {
    /// The brand of sources that name none; it is always there.
    pub const DEFAULT: BrandId = BrandId::from_uuid(Uuid::from_u128(1));

    /// The default brand as it is before anybody changed it.
    pub fn shipped() -> Self {
        Self {
            brand: Self::DEFAULT,
            name: "Default".to_owned(),
            look: Look {
                accent: "#1b4fd1".to_owned(),
                on_accent: "#ffffff".to_owned(),
                accent_dark: "#8fb3ff".to_owned(),
                on_accent_dark: "#0c1a36".to_owned(),
                position: Position::End,
                logo_url: None,
            },
            hours: WeeklyHours::always(),
            time_zone: "UTC".to_owned(),
            texts: BTreeMap::new(),
            phone: None,
            privacy_url: None,
            chat: ChatSettings {
                attachments: true,
                ask_email: true,
            },
            callback: CallbackSettings {
                countries: ["AT", "CH", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "US"]
                    .map(str::to_owned)
                    .into(),
                slot_min: 15,
                verify_sms: false,
            },
            created_at: Timestamp(0),
        }
    }

    /// Whether it is the one for sources that name none.
    pub fn is_default(&self) -> bool {
        self.brand == Self::DEFAULT
    }

    /// Its own words for `key` in `language`.
    pub fn text(&self, language: &str, key: &str) -> Option<&str> {
        self.texts.get(language)?.get(key).map(String::as_str)
    }
}
