//! Why a service of somebody else's has no answer.

use crate::guard::RefusedAddress;

/// Why a question has no answer. Carries neither what was asked nor the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It answered with another status than 2xx; a redirect is one of them.
    #[error("answered {0}")]
    Status(u16),
    /// There was no whole answer in the time that one question may take.
    #[error("did not answer in time")]
    TimedOut,
    /// The answer is larger than any that we know.
    #[error("answered more than is read")]
    TooLarge,
    /// The answer says nothing that we understand.
    #[error("answered something that is no reading")]
    Garbage,
    /// The address may not be called.
    #[error("its address is private or reserved")]
    Refused,
    /// There was no connection, or it broke.
    #[error("could not be reached, or the connection broke")]
    Unreachable,
}

impl Failure {
    /// Never the error's own words: who knows what they quote.
    pub(crate) fn of(error: &ureq::Error) -> Self {
        use ureq::Error;
        match error {
            Error::Timeout(_) => Failure::TimedOut,
            Error::BodyExceedsLimit(_) => Failure::TooLarge,
            Error::Protocol(_) | Error::Http(_) => Failure::Garbage,
            Error::Other(cause) if cause.is::<RefusedAddress>() => Failure::Refused,
            Error::Io(cause) if cause.kind() == std::io::ErrorKind::TimedOut => Failure::TimedOut,
            _ => Failure::Unreachable,
        }
    }
}
