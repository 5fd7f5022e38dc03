//! Grants: pre-authorizations to contact an agent, and their uses.

use smallvec::SmallVec;

use super::{ChannelKind, GrantId, Millis, RedemptionId, Timestamp};

/// What a grant allows, when it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantTerms {
    /// How many contacts.
    pub limit: u32,
    /// For how long.
    pub ttl: Millis,
    /// On which channels; empty means every one.
    pub channels: SmallVec<[ChannelKind; 2]>,
}

/// A grant `active -> exhausted | expired | revoked`.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantState {
    /// Its id.
    pub grant: GrantId,
    /// Contacts allowed when it was issued. `0 <= used + held <= base_limit + boost`.
    pub base_limit: u32,
    /// Contacts added since by rules, as of `boosted_at`. It halves every `boost_half_life`, but
    /// never below what is in use.
    pub boost: u32,
    /// When it was last raised or halved.
    pub boosted_at: Timestamp,
    /// How long half of it lasts.
    pub boost_half_life: Millis,
    /// Contacts made.
    pub used: u32,
    /// Contacts under way: received and not yet connected.
    pub held: u32,
    /// On which channels; empty means every one.
    pub channels: SmallVec<[ChannelKind; 2]>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether staff ended it.
    pub revoked: bool,
    /// Which generation of its token is valid.
    pub generation: u32,
    /// The idempotency key it was issued with, hashed, when staff or a program issued it.
    pub issue_key: Option<u64>,
    /// Its uses, newest last; finished ones beyond 16 are dropped from memory.
    pub redemptions: SmallVec<[Redemption; 1]>,
}

/// How a grant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GrantStanding {
    /// Usable.
    Active,
    /// All contacts made or under way.
    Exhausted,
    /// Too old.
    Expired,
    /// Ended by staff.
    Revoked,
}

impl GrantStanding {
    /// `active`, `exhausted`, `expired` or `revoked`.
    pub const fn name(self) -> &'static str {
        match self {
            GrantStanding::Active => "active",
            GrantStanding::Exhausted => "exhausted",
            GrantStanding::Expired => "expired",
            GrantStanding::Revoked => "revoked",
        }
    }
}

impl GrantState {
    /// How the grant stands at `now`.
    pub fn standing(&self, now: Timestamp) -> GrantStanding {
        if self.revoked {
            GrantStanding::Revoked
        } else if now >= self.expires_at {
            GrantStanding::Expired
        } else if self.used + self.held >= self.base_limit + self.boost {
            GrantStanding::Exhausted
        } else {
            GrantStanding::Active
        }
    }

    /// What of its boost is in use, and stays.
    pub fn boost_in_use(&self) -> u32 {
        (self.used + self.held).saturating_sub(self.base_limit)
    }

    /// When half of its boost goes; `None` while none of it may.
    pub fn boost_due(&self) -> Option<Timestamp> {
        (self.boost > self.boost_in_use()).then(|| self.boosted_at + self.boost_half_life)
    }

    /// Whether it covers `channel`.
    pub fn covers(&self, channel: ChannelKind) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

/// One use of a grant: `received -> held -> connected | released | denied`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redemption {
    /// Its id.
    pub redemption: RedemptionId,
    /// The idempotency key it came with, hashed: the same key consumes nothing.
    pub key: u64,
    /// How it stands.
    pub standing: RedemptionStanding,
    /// When it was received.
    pub received_at: Timestamp,
}

/// How a redemption stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RedemptionStanding {
    /// Counted, an agent is being found.
    Held,
    /// An agent took it: consumed.
    Connected,
    /// Given back, because we failed or the customer left first.
    Released,
    /// Refused.
    Denied,
}

impl RedemptionStanding {
    /// `held`, `connected`, `released` or `denied`.
    pub const fn name(self) -> &'static str {
        match self {
            RedemptionStanding::Held => "held",
            RedemptionStanding::Connected => "connected",
            RedemptionStanding::Released => "released",
            RedemptionStanding::Denied => "denied",
        }
    }
}
