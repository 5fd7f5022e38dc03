//! Text analyzers of others, asked over HTTPS, behind the engine's own trait.
//!
//! What customers write then leaves the server. It arrives here redacted: what identifies somebody has given way to markers
//! such as `[email:k3v7x2aq]`. Our own model reads first; where the service fails, its reading stands.

mod blend;
mod google;
mod watson;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use overture_engine::{
    model::{Abstained, TextReading},
    understand::TextModel,
};
use ureq::{Agent, http::Uri};

use self::blend::Said;
use crate::{
    breaker::Breaker,
    guard::{self, PrivateAddresses},
};
pub use crate::{
    breaker::{FAILURES_MAX, REST},
    failure::Failure,
};

/// The time one question may take, from resolving the name to the answer's end.
pub const QUESTION_TIME_MAX: Duration = Duration::from_secs(3);

/// A longer text is not sent, bytes. Watson takes 50,000 characters.
pub const TEXT_BYTES_MAX: usize = 32 << 10;

/// The largest answer that is read, bytes.
const ANSWER_BYTES_MAX: u64 = 256 << 10;

/// The longest key, bytes.
const KEY_BYTES_MAX: usize = 512;

/// Whose analyzer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// IBM Watson Natural Language Understanding.
    Watson,
    /// Google Cloud Natural Language.
    Google,
}

impl Service {
    /// The name that its readings carry.
    pub const fn model(self) -> &'static str {
        match self {
            Service::Watson => "watson-nlu",
            Service::Google => "google-language",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Service::Watson => "IBM Watson Natural Language Understanding",
            Service::Google => "Google Cloud Natural Language",
        }
    }

    /// Where it is asked unless the settings say otherwise. Watson has an address for each customer of its own.
    pub const fn default_url(self) -> Option<&'static str> {
        match self {
            Service::Watson => None,
            Service::Google => Some("https://language.googleapis.com"),
        }
    }
}

/// What is wrong with an analyzer's settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableAnalyzer {
    /// The address.
    #[error(
        "url: expected an https url without user name, password and query; http only with allow_private_addresses"
    )]
    Url,
    /// The secret.
    #[error("key: expected the service's api key")]
    Key,
}

/// What came of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The service read it.
    Read,
    /// It was asked in vain.
    Failed(Failure),
    /// It was not asked: it failed too often of late.
    Resting,
    /// It was not asked: the text is longer than [`TEXT_BYTES_MAX`].
    TooLong,
}

impl Outcome {
    /// Its name as a metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Read => "read",
            Outcome::Failed(Failure::Status(400..=499)) => "refused",
            Outcome::Failed(Failure::Status(_)) => "status",
            Outcome::Failed(Failure::TimedOut) => "timed_out",
            Outcome::Failed(Failure::TooLarge) => "too_large",
            Outcome::Failed(Failure::Garbage) => "garbage",
            Outcome::Failed(Failure::Refused | Failure::Unreachable) => "unreachable",
            Outcome::Resting => "resting",
            Outcome::TooLong => "too_long",
        }
    }
}

/// A service that can be asked. `Debug` hides the key.
pub struct Analyzer {
    service: Service,
    url: Uri,
    authorization: (&'static str, String),
    agent: Agent,
}

impl fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analyzer")
            .field("service", &self.service)
            .field("host", &self.host())
            .finish_non_exhaustive()
    }
}

impl Analyzer {
    /// The analyzer of `service` at `url`; an empty one is the service's own, where it has one.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn new(
        service: Service,
        url: &str,
        key: &str,
        private: PrivateAddresses,
    ) -> Result<Self, UnusableAnalyzer> {
        let base = match url {
            "" => service.default_url().ok_or(UnusableAnalyzer::Url)?,
            url => url.trim_end_matches('/'),
        };
        let base = usable(base, private).ok_or(UnusableAnalyzer::Url)?;
        let plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > KEY_BYTES_MAX || !plain {
            return Err(UnusableAnalyzer::Key);
        }
        let (path, authorization) = match service {
            Service::Watson => (watson::PATH, watson::authorization(key)),
            Service::Google => (google::PATH, google::authorization(key)),
        };
        let url = format!("{base}{path}");
        Ok(Self {
            service,
            url: url.parse().map_err(|_| UnusableAnalyzer::Url)?,
            authorization,
            agent: guard::agent(QUESTION_TIME_MAX, private),
        })
    }

    /// Whose it is.
    pub fn service(&self) -> Service {
        self.service
    }

    /// Where texts go: the host, and the port where it is not the usual one.
    pub fn host(&self) -> &str {
        self.url
            .authority()
            .expect("a usable url has a host")
            .as_str()
    }

    /// Asks once. `language` is what our own model takes it for. Blocks up to [`QUESTION_TIME_MAX`].
    fn ask(&self, text: &str, language: Option<&str>) -> Result<Said, Failure> {
        let body = match self.service {
            Service::Watson => watson::question(text, language),
            Service::Google => google::question(text),
        };
        let (name, value) = &self.authorization;
        let mut answer = self
            .agent
            .post(&self.url)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header(*name, value)
            .send(body.to_string())
            .map_err(|error| Failure::of(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Failure::Status(status.as_u16()));
        }
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let body = body.read_to_vec().map_err(|error| Failure::of(&error))?;
        let said = match self.service {
            Service::Watson => watson::answer(&body),
            Service::Google => google::answer(&body),
        };
        said.ok_or(Failure::Garbage)
    }
}

/// Whether it is about this text, and says nothing of the next one: too long, or in a language that the service does not read.
const fn is_of_the_text(failure: Failure) -> bool {
    matches!(failure, Failure::Status(413 | 422))
}

/// The url, if texts may go to it.
fn usable(base: &str, private: PrivateAddresses) -> Option<&str> {
    let parsed = guard::bare_url(base)?;
    let is_sealed = parsed.scheme_str() == Some("https") || private == PrivateAddresses::Allow;
    (is_sealed && parsed.query().is_none()).then_some(base)
}

/// The time since some fixed moment; never goes back.
pub type Elapsed = Box<dyn Fn() -> Duration + Send + Sync>;

/// Is told what came of each text that a service was wanted for.
pub type Report = Box<dyn Fn(Outcome) + Send + Sync>;

/// A text model that asks a service after it has read a text itself. On any failure its own reading stands.
///
/// Not pure, unlike other models: it may only read texts whose first reading was logged already, and its own reading
/// must be logged too.
pub struct RemoteText {
    own: Arc<dyn TextModel>,
    analyzer: Analyzer,
    breaker: Mutex<Breaker>,
    elapsed: Elapsed,
    report: Report,
}

impl fmt::Debug for RemoteText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteText")
            .field("analyzer", &self.analyzer)
            .field("own", &self.own.name())
            .finish_non_exhaustive()
    }
}

impl RemoteText {
    /// Has `analyzer` read what `own` has read.
    pub fn new(
        analyzer: Analyzer,
        own: Arc<dyn TextModel>,
        elapsed: Elapsed,
        report: Report,
    ) -> Self {
        Self {
            own,
            analyzer,
            breaker: Mutex::default(),
            elapsed,
            report,
        }
    }

    fn try_read(&self, text: &str, language: Option<&str>) -> Result<Said, Outcome> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Outcome::TooLong);
        }
        if self.breaker().rests((self.elapsed)()) {
            return Err(Outcome::Resting);
        }
        let said = self.analyzer.ask(text, language);
        match &said {
            Ok(_) => self.breaker().worked(),
            Err(failure) if is_of_the_text(*failure) => {}
            Err(_) => self.breaker().failed((self.elapsed)()),
        }
        said.map_err(Outcome::Failed)
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TextModel for RemoteText {
    fn name(&self) -> &str {
        self.analyzer.service.model()
    }

    /// Blocks up to [`QUESTION_TIME_MAX`].
    fn read(&self, text: &str) -> TextReading {
        let own = self.own.read(text);
        let language = match &own {
            TextReading::Abstained {
                why: Abstained::Empty,
                ..
            } => return own,
            TextReading::Abstained { language, .. } => language.as_deref(),
            TextReading::Scored(score) => score.language.as_deref(),
        };
        match self.try_read(text, language) {
            Ok(said) => {
                (self.report)(Outcome::Read);
                TextReading::Scored(Box::new(said.blended(own, self.name())))
            }
            Err(outcome) => {
                (self.report)(outcome);
                own
            }
        }
    }
}
