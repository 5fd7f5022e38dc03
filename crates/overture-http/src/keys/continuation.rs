//! The signed link by which somebody goes on with a conversation from an e-mail.

use overture_engine::model::{CustomerId, InteractionId, LinkKey, SourceId, Timestamp};
use uuid::Uuid;

use super::{Keys, TOKEN_MAC_BYTES, open, seal};

/// Bytes of what a link says.
const LINK_BYTES: usize = 76;

/// What a continuation link says: whose conversation may be gone on with, and until when.
///
/// Whoever holds the link reads and writes this conversation, and nothing else of its browser
/// or of the customer: it proves a mailbox, not a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continuation {
    /// Where the conversation came from.
    pub source: SourceId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The conversation.
    pub conversation: InteractionId,
    /// The browser in which it was opened.
    pub device: LinkKey,
    /// Which of the conversation's addresses it was mailed to: another address ends it.
    pub generation: u32,
    /// From when on the link is refused.
    pub expires_at: Timestamp,
}

impl Keys {
    /// The token of a link `{public_url}/help/c/{token}`.
    pub fn continuation_token(&self, link: &Continuation) -> String {
        let mut bytes = Vec::with_capacity(LINK_BYTES + TOKEN_MAC_BYTES);
        bytes.extend(link.source.uuid().as_bytes());
        bytes.extend(link.customer.uuid().as_bytes());
        bytes.extend(link.conversation.uuid().as_bytes());
        bytes.extend(link.device.0.to_be_bytes());
        bytes.extend(link.expires_at.0.to_be_bytes());
        bytes.extend(link.generation.to_be_bytes());
        seal("cnt_", &self.continuation, bytes, TOKEN_MAC_BYTES)
    }

    /// What a genuine token says; the caller checks whether it has run out.
    pub(crate) fn open_continuation(&self, token: &str) -> Option<Continuation> {
        let bytes: [u8; LINK_BYTES] = open("cnt_", &self.continuation, token, TOKEN_MAC_BYTES)?;
        let uuid = |at: usize| Uuid::from_slice(&bytes[at..at + 16]).ok();
        Some(Continuation {
            source: SourceId::from_uuid(uuid(0)?),
            customer: CustomerId::from_uuid(uuid(16)?),
            conversation: InteractionId::from_uuid(uuid(32)?),
            device: LinkKey(u128::from_be_bytes(bytes[48..64].try_into().ok()?)),
            expires_at: Timestamp(i64::from_be_bytes(bytes[64..72].try_into().ok()?)),
            generation: u32::from_be_bytes(bytes[72..76].try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use overture_engine::model::Seq;

    use super::*;

    #[test]
    fn a_link_survives_its_text_and_no_letter_of_it_can_be_changed() {
        let keys = Keys::derive(&[7; 32]);
        let at = Timestamp(1_700_000_000_000);
        let link = Continuation {
            source: SourceId::derive(at, Seq(0), 0),
            customer: CustomerId::derive(at, Seq(1), 0),
            conversation: InteractionId::derive(at, Seq(2), 0),
            device: LinkKey(42),
            generation: 3,
            expires_at: at,
        };
        let token = keys.continuation_token(&link);
        assert_eq!(keys.open_continuation(&token), Some(link));
        assert_eq!(keys.open_session(&token.replacen("cnt_", "wst_", 1)), None);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(keys.open_continuation(&forged), None, "letter {at}");
        }
    }
}
