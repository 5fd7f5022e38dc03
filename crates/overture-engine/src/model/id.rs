//! Typed ids, shown as TypeIDs: a prefix that names the kind and 26 base32 letters.

use std::{fmt, str::FromStr};

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::{Seq, Timestamp};

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id like {prefix}_ followed by 26 letters and digits")]
pub struct InvalidId {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn encode(uuid: Uuid) -> [u8; 26] {
    let mut value = uuid.as_u128();
    let mut text = [b'0'; 26];
    for slot in text.iter_mut().rev() {
        *slot = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    text
}

fn decode(text: &str) -> Option<Uuid> {
    let bytes = text.as_bytes();
    if bytes.len() != 26 || bytes[0] > b'7' {
        return None;
    }
    let mut value: u128 = 0;
    for byte in bytes {
        let digit = ALPHABET.iter().position(|letter| letter == byte)?;
        value = value << 5 | digit as u128;
    }
    Some(Uuid::from_u128(value))
}

/// Builds an id that depends only on its arguments: the same event and ordinal give the
/// same id on every run. Sorted by `at`, like a version 7 UUID; marked as version 8.
fn derive(at: Timestamp, seq: Seq, ordinal: u32, kind: &str) -> Uuid {
    let mut input = [0u8; 32];
    input[..8].copy_from_slice(&seq.0.to_le_bytes());
    input[8..12].copy_from_slice(&ordinal.to_le_bytes());
    let kind = kind.as_bytes();
    input[12..12 + kind.len()].copy_from_slice(kind);
    let hash = xxh3_128_with_seed(&input, at.0 as u64);
    let time = first_of(at);
    let low = hash & ((1u128 << 80) - 1);
    let mut bytes = (time | low).to_be_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes)
}

/// Below every id that is derived at `at`, and above all earlier ones.
fn first_of(at: Timestamp) -> u128 {
    (at.0.max(0) as u128 & 0xffff_ffff_ffff) << 80
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The visible prefix, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that was made or stored elsewhere.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID inside.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// The id of the `ordinal`-th thing of this kind that the event at `seq`
            /// made: the same arguments always give the same id.
            pub fn derive(at: Timestamp, seq: Seq, ordinal: u32) -> Self {
                Self(derive(at, seq, ordinal, $prefix))
            }

            /// Below every id that is derived at `at`, and above all earlier ones: where a
            /// stretch of time begins or ends among ids.
            pub fn first_of(at: Timestamp) -> Self {
                Self(Uuid::from_u128(first_of(at)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(std::str::from_utf8(&encode(self.0)).expect("the alphabet is ASCII"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }
    )*};
}

ids! {
    /// A customer: a person, known or anonymous.
    CustomerId = "cus";
    /// A source of events, with its write keys.
    SourceId = "src";
    /// One episode on one channel: a visit, a chat, a call.
    InteractionId = "int";
    /// One turn of text in a conversation.
    MessageId = "msg";
    /// One offer of help to one customer.
    OfferId = "off";
    /// A pre-authorization to contact an agent.
    GrantId = "grt";
    /// One use of a grant.
    RedemptionId = "red";
    /// A recorded decision with its trace.
    DecisionId = "dec";
    /// Work that needs an agent.
    RequestId = "req";
    /// An agent asked to take a request.
    ReservationId = "rsv";
    /// A member of staff: admin, supervisor, agent or analyst.
    AgentId = "agt";
    /// The folding of one customer into another.
    MergeId = "mrg";
    /// One thing to be sent to the outside world, the same across all attempts.
    DeliveryId = "dlv";
    /// A scoped token for programs.
    TokenId = "tok";
    /// A file that came with a message.
    AttachmentId = "att";
    /// How one organisation, or one of its names, looks and speaks to customers.
    BrandId = "brd";
    /// A knowledge base article.
    FaqId = "faq";
    /// A guide on the organisation's own pages.
    GuideId = "gde";
    /// A file that a guide shows.
    MediaId = "med";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_and_refuses_other_kinds() {
        let id = CustomerId::derive(Timestamp(1_700_000_000_000), Seq(7), 1);
        let text = id.to_string();
        assert_eq!(text.parse::<CustomerId>(), Ok(id));
        assert_eq!(text.parse::<OfferId>(), Err(InvalidId { prefix: "off" }));
        for bad in [
            "",
            "cus_",
            "cus_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "cus_il000000000000000000000000",
        ] {
            assert!(bad.parse::<CustomerId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn derived_ids_depend_on_every_argument() {
        let at = Timestamp(5);
        let base = OfferId::derive(at, Seq(1), 0);
        assert_eq!(base, OfferId::derive(at, Seq(1), 0));
        assert_ne!(base, OfferId::derive(at, Seq(2), 0));
        assert_ne!(base, OfferId::derive(at, Seq(1), 1));
        assert_ne!(base, OfferId::derive(Timestamp(6), Seq(1), 0));
        assert_ne!(base.uuid(), GrantId::derive(at, Seq(1), 0).uuid());
    }
}
