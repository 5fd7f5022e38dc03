//! Who somebody is, and how sure we are.

use super::{CustomerId, InteractionId, Private, Timestamp};

/// A keyed hash of an identifier's kind and normalised value: enough to recognise it,
/// useless to read it. Made at ingress with the installation's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkKey(pub u128);

/// What kind of identifier it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// A client's own anonymous id, such as Segment's `anonymousId`.
    Anonymous,
    /// A browser that holds a device token we signed.
    Device,
    /// The organisation's own user id.
    UserId,
    /// An e-mail address, lower-cased.
    Email,
    /// A phone number in E.164 form.
    Phone,
}

impl IdentifierKind {
    /// Whether it names a browser rather than a person: such a link may move to another
    /// customer when somebody else signs in there.
    pub const fn names_a_browser(self) -> bool {
        matches!(self, IdentifierKind::Anonymous | IdentifierKind::Device)
    }

    /// `anonymous`, `device`, `user_id`, `email` or `phone`.
    pub const fn name(self) -> &'static str {
        match self {
            IdentifierKind::Anonymous => "anonymous",
            IdentifierKind::Device => "device",
            IdentifierKind::UserId => "user_id",
            IdentifierKind::Email => "email",
            IdentifierKind::Phone => "phone",
        }
    }
}

/// How far an identity is proven. A contact uses only signals at or below the level of
/// the session it is made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum IdentityLevel {
    /// Only a browser is known.
    #[default]
    Anonymous,
    /// The page said who it is, with the public write key alone.
    Claimed,
    /// Proven by HMAC, by a secret source, or by an agent.
    Verified,
}

impl IdentityLevel {
    /// `anonymous`, `claimed` or `verified`.
    pub const fn name(self) -> &'static str {
        match self {
            IdentityLevel::Anonymous => "anonymous",
            IdentityLevel::Claimed => "claimed",
            IdentityLevel::Verified => "verified",
        }
    }
}

/// The widget session in which a customer did something. What it may see and touch is bound to
/// it: a name that a page merely claims opens nothing that belongs to another browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// The browser it is in.
    pub device: LinkKey,
    /// How far the person is proven.
    pub level: IdentityLevel,
    /// The one conversation that it was opened for, by a link in an e-mail.
    pub only: Option<InteractionId>,
}

impl Asker {
    /// Whether it may see and touch a conversation, which belongs to the browser `device`.
    pub fn may_use(&self, conversation: InteractionId, device: Option<LinkKey>) -> bool {
        match self.only {
            Some(only) => only == conversation,
            None => self.may_use_of(device),
        }
    }

    /// Whether it may see and touch what belongs to a browser and to no conversation.
    pub fn may_use_of(&self, device: Option<LinkKey>) -> bool {
        let is_own = self.level == IdentityLevel::Verified || device == Some(self.device);
        self.only.is_none() && is_own
    }
}

/// An identifier as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its keyed hash.
    pub key: LinkKey,
    /// Its readable value.
    pub value: Private,
    /// How far it is proven.
    pub level: IdentityLevel,
}

/// A link from an identifier to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityLink {
    /// The identifier.
    pub identifier: Identifier,
    /// Whose it is.
    pub customer: CustomerId,
    /// When the link was made.
    pub linked_at: Timestamp,
}
