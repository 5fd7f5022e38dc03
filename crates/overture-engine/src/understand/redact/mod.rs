//! Redaction: what identifies a person is replaced before models, logs, the timeline,
//! training or search see a text.
//!
//! [`Redactor::redact`] is the whole of it. A text is folded (`fold.rs`), walked once
//! (`scan.rs`), and what lies between the finds is walked again until nothing more is
//! found, so that redacting twice changes nothing. Time grows with the length of the text
//! alone: every scanner looks a bounded number of bytes around, or goes on after what it
//! took.

mod address;
mod card;
mod class;
mod cues;
mod email;
mod fold;
mod iban;
mod kind;
mod marker;
mod number;
mod pattern;
mod phone;
mod scan;
mod secret;
mod span;
mod token;
mod url;
mod value;
mod words;

use std::{fmt, ops::Range, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use span::{Span, What};

pub(in crate::understand) use fold::{EURO, Folded, POUND, RUPEE, YEN, is_currency};
pub use kind::{Keeping, Kind, Pseudonym};
pub(in crate::understand) use marker::marker_len;
pub use pattern::{PATTERNS_MAX, PatternError, PatternProblem, ReferencePattern};
pub(in crate::understand) use pattern::{References, is_border};

/// How often what lies between finds is walked again. What then still shows something new
/// is hidden whole; only a text made for it comes that far.
const ROUNDS_MAX: usize = 8;

/// Makes pseudonyms: the same value has the same one under one key.
#[derive(Clone)]
pub struct PseudonymKey(Hmac<Sha256>);

impl PseudonymKey {
    /// A key of 32 random bytes that never leave the installation.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes a key of any length"))
    }
}

/// A key that everybody knows: for what has no secrets, such as tests and the check of a policy.
impl Default for PseudonymKey {
    fn default() -> Self {
        Self::new(&[0; 32])
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PseudonymKey").finish_non_exhaustive()
    }
}

/// Replaces identifiers by markers, the same value by the same one under one key.
#[derive(Clone)]
pub struct Redactor {
    key: PseudonymKey,
    references: Arc<References>,
}

/// A text without its identifiers, and what they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The text with a marker for every find: `[card]`, `[email:k3v7x2aq]`.
    pub text: String,
    /// What was found, in the order of the text.
    pub found: Vec<Found>,
}

/// One identifier that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its bytes in the original text.
    pub original: Range<usize>,
    /// Its marker's bytes in the redacted text.
    pub redacted: Range<usize>,
    /// What its marker carries; `None` for cards and secrets.
    pub pseudonym: Option<Pseudonym>,
}

impl Redacted {
    /// What was written, as far as it may be kept: without cards and secrets. `None` where all that was
    /// replaced is kept nowhere, so that nothing could be shown again.
    pub fn keepable(&self, written: &str) -> Option<String> {
        let keeps = |found: &Found| found.kind.keeping() == Keeping::Vault;
        let any = self.found.iter().any(keeps);
        any.then(|| self.without(written, |found| !keeps(found)))
    }

    /// What was written, with the markers of those finds alone that `goes` names.
    pub fn without(&self, written: &str, goes: impl Fn(&Found) -> bool) -> String {
        let mut text = String::with_capacity(written.len());
        let mut from = 0;
        for found in self.found.iter().filter(|found| goes(found)) {
            text.push_str(&written[from..found.original.start]);
            text.push_str(&self.text[found.redacted.clone()]);
            from = found.original.end;
        }
        text.push_str(&written[from..]);
        text
    }
}

/// Knows no pattern of an organisation's own, and a key that everybody knows.
impl Default for Redactor {
    fn default() -> Self {
        Self::new(PseudonymKey::default(), &[]).expect("no pattern can be wrong")
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// A redactor whose pseudonyms only this key gives, and which also knows `patterns`;
    /// of two equally long matches the earlier pattern's counts.
    ///
    /// # Errors
    /// [`PatternError`] names the first pattern that cannot be used, and the place in it.
    pub fn new(key: PseudonymKey, patterns: &[ReferencePattern]) -> Result<Self, PatternError> {
        let references = Arc::new(References::new(patterns)?);
        Ok(Self { key, references })
    }

    /// The same patterns under another key.
    pub fn under(&self, key: &PseudonymKey) -> Self {
        Self {
            key: key.clone(),
            references: Arc::clone(&self.references),
        }
    }

    /// Replaces every identifier in `text`.
    ///
    /// Markers that are there already stay as they are. Time is linear in the length of
    /// `text`; ranges lie on borders of characters; finds never overlap.
    pub fn redact(&self, text: &str) -> Redacted {
        let folded = Folded::new(text);
        let spans = self.find(folded.bytes());
        let mut redacted = String::with_capacity(text.len());
        let mut found = Vec::with_capacity(spans.len());
        let mut from = 0;
        for span in spans {
            let original = folded.original(span.start..span.end);
            redacted.push_str(&text[from..original.start]);
            from = original.end;
            let kind = self.kind(span.what);
            let pseudonym = self.pseudonym(&kind, &text[original.clone()]);
            let start = redacted.len();
            match pseudonym {
                Some(pseudonym) => {
                    redacted.extend(["[", kind.as_str(), ":", pseudonym.as_str(), "]"])
                }
                None => redacted.extend(["[", kind.as_str(), "]"]),
            }
            found.push(Found {
                kind,
                original,
                redacted: start..redacted.len(),
                pseudonym,
            });
        }
        redacted.push_str(&text[from..]);
        Redacted {
            text: redacted,
            found,
        }
    }

    /// What a value of a kind goes by, to look for it in redacted texts; `None` for cards
    /// and secrets.
    pub fn pseudonym(&self, kind: &Kind, value: &str) -> Option<Pseudonym> {
        if kind.keeping() == Keeping::Never {
            return None;
        }
        let mut mac = self.key.0.clone();
        mac.update(kind.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(value::of(kind, value).as_bytes());
        Some(Pseudonym::of(&mac.finalize().into_bytes().into()))
    }

    /// Everything to replace, in folded bytes and in order.
    fn find(&self, bytes: &[u8]) -> Vec<Span> {
        let mut spans = Vec::new();
        let mut pieces: Vec<(usize, Range<usize>)> =
            between(0..bytes.len(), marker::markers(bytes))
                .map(|piece| (0, piece))
                .collect();
        while let Some((round, piece)) = pieces.pop() {
            let (mut found, _) = scan::scan(&bytes[piece.clone()], &self.references);
            if found.is_empty() {
                continue;
            }
            if round == ROUNDS_MAX {
                let (start, end) = (piece.start, piece.end);
                spans.push(Span {
                    start,
                    end,
                    what: What::Secret,
                });
                continue;
            }
            for span in &mut found {
                span.start += piece.start;
                span.end += piece.start;
            }
            let rest = between(piece, found.iter().map(|span| span.start..span.end));
            pieces.extend(rest.map(|piece| (round + 1, piece)));
            spans.append(&mut found);
        }
        spans.sort_unstable_by_key(|span| span.start);
        spans
    }

    fn kind(&self, what: What) -> Kind {
        match what {
            What::Ip => Kind::Ip,
            What::Phone => Kind::Phone,
            What::Reference(place) => Kind::Reference(self.references.name(place).clone()),
            What::Email => Kind::Email,
            What::Ssn => Kind::Ssn,
            What::Iban => Kind::Iban,
            What::Card => Kind::Card,
            What::Secret => Kind::Secret,
        }
    }
}

/// What of `whole` lies between `taken`, which are in order.
fn between(
    whole: Range<usize>,
    taken: impl Iterator<Item = Range<usize>>,
) -> impl Iterator<Item = Range<usize>> {
    let mut from = whole.start;
    taken
        .chain(std::iter::once(whole.end..whole.end))
        .map(move |range| {
            let piece = from..range.start;
            from = range.end;
            piece
        })
        .filter(|piece| !piece.is_empty())
}
