//! Codes that prove a number: six digits, sent to it by text message.
//!
//! Kept in memory only, as keyed hashes: after a restart another code is asked for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use overture_engine::model::{LinkKey, Millis, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a code is good.
const LIFE: Millis = Millis::from_secs(600);

/// How often a code may be entered wrongly.
const TRIES_MAX: u8 = 5;

/// How long after a code the next may be sent to the same number.
const RESEND_AFTER: Millis = Millis::from_secs(60);

/// How many codes one number is sent within the life of the first.
const SENT_MAX: u8 = 3;

/// How many codes wait at once; more are refused until some are over.
const CODES_MAX: usize = 10_000;

/// The codes that wait to be entered, by number.
#[derive(Default)]
pub(crate) struct Codes {
    waiting: Mutex<HashMap<LinkKey, Waiting>>,
}

struct Waiting {
    /// `None` once it did its work; what was sent still counts.
    hash: Option<[u8; 32]>,
    first_at: Timestamp,
    sent_at: Timestamp,
    sent: u8,
    tries: u8,
}

/// Why no code is sent, or one does not prove the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeProblem {
    /// So many seconds must pass first.
    TooSoon(u32),
    /// Not the code.
    Wrong,
    /// Too old, tried too often, or never sent.
    Over,
}

impl Codes {
    /// Takes a new code for a number, in place of an earlier one.
    pub(crate) fn put(
        &self,
        number: LinkKey,
        code: &str,
        now: Timestamp,
    ) -> Result<(), CodeProblem> {
        let mut waiting = self.lock();
        if waiting.len() >= CODES_MAX {
            waiting.retain(|_, one| one.first_at + LIFE > now);
        }
        let before = waiting.get(&number).filter(|one| one.first_at + LIFE > now);
        let wait = |until: Timestamp| {
            let seconds = until.since(now).0.div_ceil(1_000);
            CodeProblem::TooSoon(u32::try_from(seconds).unwrap_or(u32::MAX))
        };
        if let Some(before) = before {
            if before.sent >= SENT_MAX {
                return Err(wait(before.first_at + LIFE));
            }
            if before.sent_at + RESEND_AFTER > now {
                return Err(wait(before.sent_at + RESEND_AFTER));
            }
        } else if waiting.len() >= CODES_MAX {
            return Err(CodeProblem::TooSoon(60));
        }
        let one = Waiting {
            hash: Some(hash(number, code)),
            first_at: before.map_or(now, |before| before.first_at),
            sent_at: now,
            sent: before.map_or(0, |before| before.sent) + 1,
            // Trying again with a new code does not begin anew.
            tries: before.map_or(0, |before| before.tries),
        };
        waiting.insert(number, one);
        Ok(())
    }

    /// Whether this is the number's code; a right one is used up by [`Codes::used`].
    pub(crate) fn check(
        &self,
        number: LinkKey,
        code: &str,
        now: Timestamp,
    ) -> Result<(), CodeProblem> {
        let mut waiting = self.lock();
        let one = waiting
            .get_mut(&number)
            .filter(|one| one.sent_at + LIFE > now && one.tries < TRIES_MAX)
            .ok_or(CodeProblem::Over)?;
        let right = one.hash.ok_or(CodeProblem::Over)?;
        if bool::from(right.ct_eq(&hash(number, code.trim()))) {
            return Ok(());
        }
        one.tries += 1;
        if one.tries == TRIES_MAX {
            Err(CodeProblem::Over)
        } else {
            Err(CodeProblem::Wrong)
        }
    }

    /// The number's code did its work. How many were sent is remembered.
    pub(crate) fn used(&self, number: LinkKey) {
        if let Some(one) = self.lock().get_mut(&number) {
            one.hash = None;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<LinkKey, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number's own key is a keyed hash already, so the code is bound to this installation.
fn hash(number: LinkKey, code: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(number.0.to_be_bytes());
    hash.update(code.as_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_for_ten_minutes_and_five_tries() {
        let codes = Codes::default();
        let (number, start) = (LinkKey(1), Timestamp(1_000_000));
        let later = |seconds: u64| start + Millis::from_secs(seconds);
        assert_eq!(codes.check(number, "123456", start), Err(CodeProblem::Over));
        codes.put(number, "123456", start).unwrap();
        assert_eq!(
            codes.put(number, "1", later(1)),
            Err(CodeProblem::TooSoon(59))
        );
        assert_eq!(
            codes.check(LinkKey(2), "123456", start),
            Err(CodeProblem::Over)
        );
        assert_eq!(codes.check(number, " 123456 ", later(599)), Ok(()));
        assert_eq!(
            codes.check(number, "123456", later(600)),
            Err(CodeProblem::Over)
        );
        codes.used(number);
        assert_eq!(
            codes.check(number, "123456", later(1)),
            Err(CodeProblem::Over)
        );
        assert_eq!(
            codes.put(number, "1", later(1)),
            Err(CodeProblem::TooSoon(59)),
            "a code that was used counts as sent"
        );

        let number = LinkKey(3);
        codes.put(number, "123456", start).unwrap();
        for _ in 0..4 {
            assert_eq!(
                codes.check(number, "000000", start),
                Err(CodeProblem::Wrong)
            );
        }
        assert_eq!(codes.check(number, "000000", start), Err(CodeProblem::Over));
        assert_eq!(codes.check(number, "123456", start), Err(CodeProblem::Over));
        codes.put(number, "654321", later(61)).unwrap();
        assert_eq!(
            codes.check(number, "654321", later(61)),
            Err(CodeProblem::Over),
            "no new tries"
        );
        codes.put(number, "654321", later(122)).unwrap();
        assert_eq!(
            codes.put(number, "1", later(200)),
            Err(CodeProblem::TooSoon(400))
        );
    }
}
