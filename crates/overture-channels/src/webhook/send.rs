//! One attempt at one delivery.

use ureq::{Agent, http::Uri};

use super::{ATTEMPT_TIME_MAX, Secret};
use crate::guard::{self, PrivateAddresses};

/// A URL that no webhook can go to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an http or https url without user name and password")]
pub struct UnusableUrl;

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint took it (any 2xx).
    Delivered,
    /// The endpoint is gone (410): nothing more may be sent to it.
    Disabled,
    /// Refused or unknown; the same delivery id may be tried again. Carries a short line
    /// for people, without the URL.
    Failed(String),
}

/// Sends deliveries to one endpoint: 15 s an attempt, no redirects, no proxy, private
/// addresses refused unless allowed.
#[derive(Debug)]
pub struct Sender {
    url: Uri,
    secrets: Vec<Secret>,
    agent: Agent,
}

impl Sender {
    /// A sender for `url`. With several secrets (while a key is being changed) each signs.
    ///
    /// # Errors
    /// [`UnusableUrl`] for another scheme, no host, or credentials inside.
    pub fn new(
        url: &str,
        secrets: Vec<Secret>,
        private: PrivateAddresses,
    ) -> Result<Self, UnusableUrl> {
        Ok(Self {
            url: guard::bare_url(url).ok_or(UnusableUrl)?,
            secrets,
            agent: guard::agent(ATTEMPT_TIME_MAX, private),
        })
    }

    /// Tries delivery `id` once, as of `sent_at_s` (Unix seconds). Blocks up to 15 s.
    pub fn attempt(&self, id: &str, sent_at_s: i64, body: &str) -> Outcome {
        let signatures: Vec<String> = self
            .secrets
            .iter()
            .map(|secret| secret.sign(id, sent_at_s, body))
            .collect();
        let answer = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", sent_at_s.to_string())
            .header("webhook-signature", signatures.join(" "))
            .send(body);
        match answer {
            Ok(answer) if answer.status().is_success() => Outcome::Delivered,
            Ok(answer) if answer.status() == 410 => Outcome::Disabled,
            Ok(answer) => Outcome::Failed(format!("answered {}", answer.status().as_u16())),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}
