//! Text messages through a Twilio-compatible API.
//!
//! A message that may have been taken is never sent again blindly: after a time-out, or when
//! an earlier attempt's fate is not known, the account's own list is asked for it first.

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use overture_engine::model::Timestamp;
use serde::Deserialize;
use ureq::{Agent, http::Uri};

use crate::guard::{self, PrivateAddresses};

/// The time one request may take, from resolving the name to the answer's end.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(15);

/// The largest answer that is read, bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// How many of the account's messages to one number are looked through.
const LISTED_MAX: u32 = 50;

/// How far the account's clock may be behind ours.
const CLOCK_SKEW_MS: i64 = 120_000;

/// How long to wait before each further attempt: the first is long enough for a message that
/// was taken to be on the account's list.
pub const WAIT_BEFORE_ATTEMPT: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(300),
];

/// How long to wait after `attempts` that did not settle it; `None` when all are used up.
pub fn wait_after(attempts: u32) -> Option<Duration> {
    WAIT_BEFORE_ATTEMPT.get(attempts as usize).copied()
}

/// What is wrong with the account's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableAccount {
    /// The address.
    #[error("url: expected an http or https url without user name and password")]
    Url,
    /// The account's id.
    #[error("account: expected letters and digits, like AC followed by 32 of them")]
    Account,
    /// The secret.
    #[error("token: expected the account's secret")]
    Token,
    /// The sender.
    #[error(
        "from: expected a number like +442079460018, or a name of at most 11 letters and digits"
    )]
    From,
}

/// An account to send from. `Debug` hides the secret.
pub struct Account {
    messages: Uri,
    authorization: String,
    from: String,
    agent: Agent,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The account took it, under this id of its own.
    Taken(String),
    /// The account refuses it for good. Carries a short line for people.
    Refused(String),
    /// It was certainly not taken; it may be sent again.
    NotTaken(String),
    /// Nobody knows: ask [`Account::find`] before it is sent again.
    Unknown(String),
}

/// Where a message is, as the account says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// On its way.
    Sent,
    /// The carrier confirmed it.
    Delivered,
    /// The carrier or the account gave it up.
    Failed,
}

/// What the account knows of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was taken.
    Taken(Standing),
    /// It was not.
    Nothing,
    /// The account could not be asked.
    Unknown(String),
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    sid: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    date_created: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    messages: Vec<Message>,
}

impl Account {
    /// An account at `url`, for example `https://api.twilio.com`.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn new(
        url: &str,
        account: &str,
        token: &str,
        from: &str,
        private: PrivateAddresses,
    ) -> Result<Self, UnusableAccount> {
        guard::bare_url(url)
            .filter(|base| base.query().is_none())
            .ok_or(UnusableAccount::Url)?;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if account.is_empty() || account.len() > 64 || !plain(account) {
            return Err(UnusableAccount::Account);
        }
        if token.is_empty() || token.contains(char::is_whitespace) {
            return Err(UnusableAccount::Token);
        }
        let digits = from.strip_prefix('+').unwrap_or_default();
        let is_number =
            (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let is_name = (1..=11).contains(&from.len()) && plain(from);
        if !is_number && !is_name {
            return Err(UnusableAccount::From);
        }
        let base = url.trim_end_matches('/');
        let messages = format!("{base}/2010-04-01/Accounts/{account}/Messages.json")
            .parse()
            .map_err(|_| UnusableAccount::Url)?;
        Ok(Self {
            messages,
            authorization: format!("Basic {}", STANDARD.encode(format!("{account}:{token}"))),
            from: from.to_owned(),
            agent: guard::agent(REQUEST_TIME_MAX, private),
        })
    }

    /// Sends one text once. Blocks up to 15 s.
    pub fn send(&self, to: &str, text: &str) -> Outcome {
        let answer = self
            .agent
            .post(&self.messages)
            .header("authorization", &self.authorization)
            .send_form([("To", to), ("From", self.from.as_str()), ("Body", text)]);
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) if never_left(&error) => return Outcome::NotTaken(error.to_string()),
            Err(error) => return Outcome::Unknown(error.to_string()),
        };
        let status = answer.status();
        if status.is_success() {
            let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
            let sid = body.read_to_string().ok();
            let message = sid.and_then(|text| serde_json::from_str::<Message>(&text).ok());
            return Outcome::Taken(message.map(|message| message.sid).unwrap_or_default());
        }
        let line = format!("answered {}", status.as_u16());
        match status.as_u16() {
            429 => Outcome::NotTaken(line),
            400..=499 => Outcome::Refused(line),
            _ => Outcome::Unknown(line),
        }
    }

    /// Whether the account took this very text to this number at or after `since`.
    pub fn find(&self, to: &str, text: &str, since: Timestamp) -> Found {
        let day = since.to_string();
        let answer = self
            .agent
            .get(&self.messages)
            .header("authorization", &self.authorization)
            .query("To", to)
            .query("DateSent>", &day[..10])
            .query("PageSize", LISTED_MAX.to_string())
            .call();
        let mut answer = match answer {
            Ok(answer) if answer.status().is_success() => answer,
            Ok(answer) => return Found::Unknown(format!("answered {}", answer.status().as_u16())),
            Err(error) => return Found::Unknown(error.to_string()),
        };
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let listed = body
            .read_to_string()
            .ok()
            .and_then(|text| serde_json::from_str::<Listed>(&text).ok());
        let Some(listed) = listed else {
            return Found::Unknown("answered something that is no list of messages".to_owned());
        };
        let ours = listed.messages.iter().find(|message| {
            message.body == text
                && message
                    .date_created
                    .as_deref()
                    .and_then(written_at)
                    .is_none_or(|created_ms| created_ms + CLOCK_SKEW_MS >= since.0)
        });
        match ours.map(|message| message.status.as_str()) {
            None => Found::Nothing,
            Some("delivered" | "read") => Found::Taken(Standing::Delivered),
            Some("failed" | "undelivered" | "canceled") => Found::Taken(Standing::Failed),
            Some(_) => Found::Taken(Standing::Sent),
        }
    }
}

/// Milliseconds of `Thu, 24 Aug 2023 05:01:45 +0000`.
fn written_at(text: &str) -> Option<i64> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(time.timestamp().as_millisecond())
}

/// Whether the request certainly did not reach the other end.
fn never_left(error: &ureq::Error) -> bool {
    use ureq::{Error, Timeout};
    matches!(
        error,
        Error::HostNotFound
            | Error::ConnectionFailed
            | Error::Other(_)
            | Error::BadUri(_)
            | Error::Timeout(Timeout::Resolve | Timeout::Connect)
    ) || matches!(error, Error::Io(cause) if cause.kind() == std::io::ErrorKind::ConnectionRefused)
}
