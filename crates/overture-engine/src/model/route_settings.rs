//! The limits and times that the policy sets for routing.

use super::{CallbackSettings, ChannelKind, Millis, PacingSettings};

/// What routing waits for, and how much it takes on.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteSettings {
    /// How long an agent may take to answer an offered chat.
    pub chat_reservation: Millis,
    /// How long an agent may take to answer an offered callback.
    pub callback_reservation: Millis,
    /// After this the oldest request goes first, to any agent of its channel.
    pub bounded_wait: Millis,
    /// How many requests may wait at once; more are answered with "no agent".
    pub queued_max: usize,
    /// How many seats may be held at once; more are denied.
    pub holds_max: usize,
    /// How offers are paced.
    pub pacing: PacingSettings,
    /// How callbacks are promised and made.
    pub callbacks: CallbackSettings,
}

impl Default for RouteSettings {
    /// Reservations 30 s (chat) and 120 s (callback), bounded wait 120 s, 10,000 waiting
    /// requests, 10,000 held seats.
    fn default() -> Self {
        Self {
            chat_reservation: Millis::from_secs(30),
            callback_reservation: Millis::from_secs(120),
            bounded_wait: Millis::from_secs(120),
            queued_max: 10_000,
            holds_max: 10_000,
            pacing: PacingSettings::default(),
            callbacks: CallbackSettings::default(),
        }
    }
}

impl RouteSettings {
    /// How long an agent may take to answer on `channel`; at least a second.
    pub fn reservation(&self, channel: ChannelKind) -> Millis {
        let set = match channel {
            ChannelKind::Chat => self.chat_reservation,
            ChannelKind::Callback => self.callback_reservation,
        };
        set.max(Millis::from_secs(1))
    }
}
