//! What kind of identifier was found, and what stands in for it.

use std::{fmt, sync::Arc};

/// What an identifier is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A payment card's number.
    Card,
    /// An international bank account number.
    Iban,
    /// An e-mail address, spelled out or not.
    Email,
    /// A telephone number.
    Phone,
    /// A password, a PIN, a key, a token, or a card's check digits.
    Secret,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A social security number of the United States.
    Ssn,
    /// A number of the organisation's own, by the name of its pattern: `order`, `account`.
    Reference(Arc<str>),
}

/// Whether the original of what was redacted may be kept, sealed, for those who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It may be kept in the vault.
    Vault,
    /// It is gone for good.
    Never,
}

impl Kind {
    /// The word that its marker carries.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Secret => "secret",
            Self::Ip => "ip",
            Self::Ssn => "ssn",
            Self::Reference(name) => name,
        }
    }

    /// Cards and secrets are never kept, nor told apart by a pseudonym.
    pub fn keeping(&self) -> Keeping {
        match self {
            Self::Card | Self::Secret => Keeping::Never,
            Self::Iban | Self::Email | Self::Phone | Self::Ip | Self::Ssn | Self::Reference(_) => {
                Keeping::Vault
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many characters a pseudonym has: 40 bits, so that among a million values of one
/// kind there is rarely a pair that looks the same.
pub(super) const PSEUDONYM_CHARS: usize = 8;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Stands for one value of one kind under one key; says nothing about the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; PSEUDONYM_CHARS]);

impl Pseudonym {
    /// The first 40 bits of a keyed hash, five bits a character.
    pub(super) fn of(mac: &[u8; 32]) -> Self {
        let bits = mac[..5]
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        Self(std::array::from_fn(|place| {
            let shift = 5 * (PSEUDONYM_CHARS - 1 - place);
            ALPHABET[(bits >> shift & 31) as usize]
        }))
    }

    /// Its characters: `a` to `z`, `2` to `7`.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("the alphabet is ASCII")
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
