//! Keys derived from the installation's secret, and the tokens signed with them.

mod continuation;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use overture_engine::{
    model::{
        Asker, CustomerId, GrantId, IdentifierKind, IdentityLevel, InteractionId, LinkKey,
        SourceId, Timestamp,
    },
    understand::redact::PseudonymKey,
};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::wording::Language;

pub use continuation::Continuation;

type HmacSha256 = Hmac<Sha256>;

/// Bytes of a session's or device's signature: 128 bits.
const TOKEN_MAC_BYTES: usize = 16;
/// Bytes of what a session token says.
const SESSION_BYTES: usize = 94;
/// Bytes of a grant token's signature: 160 bits.
const GRANT_MAC_BYTES: usize = 20;
/// The version of the grant key, carried by each token so that the key can be rotated.
const GRANT_KEY_VERSION: u8 = 1;

/// Everything that HTTP signs or hashes with. Cloning the prepared states is cheap.
#[derive(Clone)]
pub struct Keys {
    identifier: HmacSha256,
    device: HmacSha256,
    session: HmacSha256,
    grant: HmacSha256,
    continuation: HmacSha256,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

/// What a device token says: a browser, and the anonymous id we gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Device {
    pub(crate) device: Uuid,
    pub(crate) anonymous: Uuid,
}

/// What a widget session token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WidgetSession {
    pub(crate) customer: CustomerId,
    pub(crate) session: InteractionId,
    pub(crate) source: SourceId,
    pub(crate) device: LinkKey,
    pub(crate) level: IdentityLevel,
    pub(crate) language: Language,
    pub(crate) expires_at: Timestamp,
    /// The one conversation it was opened for by a link; `None` in a browser's own session.
    pub(crate) linked: Option<Linked>,
}

/// The conversation that a link goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Linked {
    pub(crate) conversation: InteractionId,
    /// Of the address that the link was mailed to: a changed address ends what came before.
    pub(crate) generation: u32,
}

impl WidgetSession {
    /// As the engine knows who asks.
    pub(crate) fn asker(&self) -> Asker {
        Asker {
            device: self.device,
            level: self.level,
            only: self.linked.map(|linked| linked.conversation),
        }
    }
}

/// What a genuine grant token says. Whether the grant still stands, the engine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GrantToken {
    pub(crate) grant: GrantId,
    pub(crate) generation: u32,
}

fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn mac(key: &HmacSha256, message: &[u8]) -> [u8; 32] {
    let mut state = key.clone();
    state.update(message);
    state.finalize().into_bytes().into()
}

/// What pseudonyms in texts are made with, derived from the installation's secret.
pub fn pseudonym_key(secret: &[u8; 32]) -> PseudonymKey {
    PseudonymKey::new(&mac(&keyed(secret), b"overture pseudonym 1"))
}

impl Keys {
    /// Derives every key from the installation's secret, each for one use.
    pub fn derive(secret: &[u8; 32]) -> Self {
        let root = keyed(secret);
        let key = |purpose: &str| keyed(&mac(&root, purpose.as_bytes()));
        Self {
            identifier: key("overture identifier 1"),
            device: key("overture device 1"),
            session: key("overture widget session 1"),
            grant: key("overture grant 1"),
            continuation: key("overture continuation 1"),
        }
    }

    /// The keyed hash under which an identifier is recognised: HMAC-SHA256 of its kind and
    /// normalised value, the first 128 bits.
    pub fn link(&self, kind: IdentifierKind, value: &str) -> LinkKey {
        let mut state = self.identifier.clone();
        state.update(&[match kind {
            IdentifierKind::Anonymous => 1,
            IdentifierKind::Device => 2,
            IdentifierKind::UserId => 3,
            IdentifierKind::Email => 4,
            IdentifierKind::Phone => 5,
        }]);
        state.update(value.as_bytes());
        let hash: [u8; 32] = state.finalize().into_bytes().into();
        LinkKey(u128::from_be_bytes(
            hash[..16].try_into().expect("a hash has 32 bytes"),
        ))
    }

    pub(crate) fn device_token(&self, device: Device) -> String {
        let mut bytes = Vec::with_capacity(32 + TOKEN_MAC_BYTES);
        bytes.extend(device.device.as_bytes());
        bytes.extend(device.anonymous.as_bytes());
        seal("dvt_", &self.device, bytes, TOKEN_MAC_BYTES)
    }

    pub(crate) fn open_device(&self, token: &str) -> Option<Device> {
        let bytes: [u8; 32] = open("dvt_", &self.device, token, TOKEN_MAC_BYTES)?;
        let (device, anonymous) = bytes.split_at(16);
        Some(Device {
            device: Uuid::from_slice(device).ok()?,
            anonymous: Uuid::from_slice(anonymous).ok()?,
        })
    }

    pub(crate) fn session_token(&self, session: &WidgetSession) -> String {
        let mut bytes = Vec::with_capacity(SESSION_BYTES + TOKEN_MAC_BYTES);
        bytes.extend(session.customer.uuid().as_bytes());
        bytes.extend(session.session.uuid().as_bytes());
        bytes.extend(session.source.uuid().as_bytes());
        bytes.extend(session.device.0.to_be_bytes());
        bytes.push(match session.level {
            IdentityLevel::Anonymous => 0,
            IdentityLevel::Claimed => 1,
            IdentityLevel::Verified => 2,
        });
        bytes.push(match session.language {
            Language::English => 0,
            Language::German => 1,
            Language::Spanish => 2,
            Language::Arabic => 3,
        });
        bytes.extend(session.expires_at.0.to_be_bytes());
        let linked = session.linked;
        let conversation = linked.map_or_else(Uuid::nil, |linked| linked.conversation.uuid());
        bytes.extend(conversation.as_bytes());
        bytes.extend(linked.map_or(0, |linked| linked.generation).to_be_bytes());
        seal("wst_", &self.session, bytes, TOKEN_MAC_BYTES)
    }

    /// The session of a genuine token; the caller checks whether it is over.
    pub(crate) fn open_session(&self, token: &str) -> Option<WidgetSession> {
        let bytes: [u8; SESSION_BYTES] = open("wst_", &self.session, token, TOKEN_MAC_BYTES)?;
        let uuid = |at: usize| Uuid::from_slice(&bytes[at..at + 16]).ok();
        Some(WidgetSession {
            customer: CustomerId::from_uuid(uuid(0)?),
            session: InteractionId::from_uuid(uuid(16)?),
            source: SourceId::from_uuid(uuid(32)?),
            device: LinkKey(u128::from_be_bytes(bytes[48..64].try_into().ok()?)),
            level: match bytes[64] {
                0 => IdentityLevel::Anonymous,
                1 => IdentityLevel::Claimed,
                2 => IdentityLevel::Verified,
                _ => return None,
            },
            language: match bytes[65] {
                1 => Language::German,
                2 => Language::Spanish,
                3 => Language::Arabic,
                _ => Language::English,
            },
            expires_at: Timestamp(i64::from_be_bytes(bytes[66..74].try_into().ok()?)),
            linked: match uuid(74)? {
                conversation if conversation.is_nil() => None,
                conversation => Some(Linked {
                    conversation: InteractionId::from_uuid(conversation),
                    generation: u32::from_be_bytes(bytes[90..94].try_into().ok()?),
                }),
            },
        })
    }

    pub(crate) fn grant_token(&self, grant: GrantId, generation: u32) -> String {
        let mut bytes = Vec::with_capacity(21 + GRANT_MAC_BYTES);
        bytes.push(GRANT_KEY_VERSION);
        bytes.extend(grant.uuid().as_bytes());
        bytes.extend(generation.to_be_bytes());
        seal("grtk_", &self.grant, bytes, GRANT_MAC_BYTES)
    }

    pub(crate) fn open_grant(&self, token: &str) -> Option<GrantToken> {
        let bytes: [u8; 21] = open("grtk_", &self.grant, token, GRANT_MAC_BYTES)?;
        if bytes[0] != GRANT_KEY_VERSION {
            return None;
        }
        Some(GrantToken {
            grant: GrantId::from_uuid(Uuid::from_slice(&bytes[1..17]).ok()?),
            generation: u32::from_be_bytes(bytes[17..21].try_into().ok()?),
        })
    }
}

/// Whether `signature` is `hex(HMAC-SHA256(secret, user))`, compared in constant time.
pub(crate) fn proves_user(secret: &str, user: &str, signature: &str) -> bool {
    let Ok(signature) = hex::decode(signature) else {
        return false;
    };
    mac(&keyed(secret.as_bytes()), user.as_bytes())
        .as_slice()
        .ct_eq(&signature)
        .into()
}

fn seal(prefix: &str, key: &HmacSha256, mut bytes: Vec<u8>, mac_bytes: usize) -> String {
    let signature = mac(key, &bytes);
    bytes.extend(&signature[..mac_bytes]);
    let mut text = String::with_capacity(prefix.len() + bytes.len() * 4 / 3 + 2);
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(&bytes, &mut text);
    text
}

fn open<const N: usize>(
    prefix: &str,
    key: &HmacSha256,
    token: &str,
    mac_bytes: usize,
) -> Option<[u8; N]> {
    let text = token.strip_prefix(prefix)?;
    if text.len() > (N + mac_bytes) * 2 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    if bytes.len() != N + mac_bytes {
        return None;
    }
    let (payload, signature) = bytes.split_at(N);
    bool::from(mac(key, payload)[..mac_bytes].ct_eq(signature))
        .then(|| payload.try_into().expect("split at N"))
}

#[cfg(test)]
mod tests {
    use overture_engine::model::Seq;

    use super::*;

    fn keys() -> Keys {
        Keys::derive(&[7; 32])
    }

    fn session() -> WidgetSession {
        let at = Timestamp(1_700_000_000_000);
        WidgetSession {
            customer: CustomerId::derive(at, Seq(1), 0),
            session: InteractionId::derive(at, Seq(1), 1),
            source: SourceId::derive(at, Seq(0), 0),
            device: LinkKey(42),
            level: IdentityLevel::Verified,
            language: Language::German,
            expires_at: Timestamp(at.0 + 86_400_000),
            linked: None,
        }
    }

    #[test]
    fn tokens_survive_their_text() {
        let keys = keys();
        let device = Device {
            device: Uuid::from_u128(1),
            anonymous: Uuid::from_u128(2),
        };
        assert_eq!(keys.open_device(&keys.device_token(device)), Some(device));
        assert_eq!(
            keys.open_session(&keys.session_token(&session())),
            Some(session())
        );
        let linked = WidgetSession {
            linked: Some(Linked {
                conversation: InteractionId::derive(Timestamp(3), Seq(4), 0),
                generation: 5,
            }),
            ..session()
        };
        assert_eq!(
            keys.open_session(&keys.session_token(&linked)),
            Some(linked)
        );
        let grant = GrantId::derive(Timestamp(5), Seq(9), 0);
        assert_eq!(
            keys.open_grant(&keys.grant_token(grant, 3)),
            Some(GrantToken {
                grant,
                generation: 3
            })
        );
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_refused() {
        let keys = keys();
        let token = keys.session_token(&session());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            // The last letter carries two unused bits: some other letters do not decode.
            assert_eq!(keys.open_session(&forged), None, "letter {at}");
        }
        assert_eq!(keys.open_session(&token[..token.len() - 1]), None);
        assert_eq!(keys.open_session(""), None);
        let other = Keys::derive(&[8; 32]);
        assert_eq!(other.open_session(&token), None);
    }

    #[test]
    fn a_token_of_one_use_is_refused_for_another() {
        let keys = keys();
        let token = keys.session_token(&session());
        assert_eq!(keys.open_device(&token), None);
        let swapped = token.replacen("wst_", "dvt_", 1);
        assert_eq!(keys.open_device(&swapped), None);
    }

    #[test]
    fn identifiers_of_different_kinds_never_share_a_key() {
        let keys = keys();
        assert_ne!(
            keys.link(IdentifierKind::UserId, "a"),
            keys.link(IdentifierKind::Anonymous, "a")
        );
        assert_eq!(
            keys.link(IdentifierKind::Email, "a"),
            keys.link(IdentifierKind::Email, "a")
        );
    }

    #[test]
    fn only_the_right_signature_proves_a_user() {
        // RFC 4231, test case 2.
        let right = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert!(proves_user("Jefe", "what do ya want for nothing?", right));
        assert!(!proves_user(
            "Jefe",
            "what do ya want for something?",
            right
        ));
        assert!(!proves_user("Jeff", "what do ya want for nothing?", right));
        assert!(!proves_user(
            "Jefe",
            "what do ya want for nothing?",
            &right[..62]
        ));
        assert!(!proves_user("Jefe", "x", "not hex"));
    }
}
