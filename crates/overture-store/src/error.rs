//! What can go wrong with a store, told apart by what the caller can do about it.

/// The cause of a failure, kept for logs.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the limit set for it, is full: refuse writes until space is back.
    #[error("no space left while trying to {attempt}")]
    Full {
        /// What was tried.
        attempt: &'static str,
    },
    /// The database cannot be reached or is busy: try again.
    #[error("could not {attempt}")]
    Unavailable {
        /// What was tried.
        attempt: &'static str,
        /// Why it failed.
        #[source]
        cause: Cause,
    },
    /// Stored bytes are not what was written; only a person can help.
    #[error("stored data is damaged: {what}")]
    Corrupt {
        /// Which record, and what is wrong with it.
        what: String,
    },
    /// Another writer has taken over since: this one must stop.
    #[error("another writer has taken over this database")]
    Fenced,
    /// Another writer lives: only one at a time.
    #[error("another process writes to this database")]
    LeaseHeld,
    /// Something with the same unique value exists, or changed meanwhile.
    #[error("{what} exists already or has changed")]
    Conflict {
        /// Of what kind.
        what: &'static str,
    },
    /// There is no such thing.
    #[error("there is no such {what}")]
    Missing {
        /// Of what kind.
        what: &'static str,
    },
    /// The database was written by a newer release.
    #[error("the database has schema version {found}, this release knows up to {known}")]
    Newer {
        /// The version in the database.
        found: u32,
        /// The newest version this release knows.
        known: u32,
    },
    /// The master key is not the one the database was made with.
    #[error("the master key does not open this database")]
    WrongMasterKey,
}

impl From<crate::records::RecordError> for StoreError {
    fn from(error: crate::records::RecordError) -> Self {
        StoreError::Corrupt {
            what: error.to_string(),
        }
    }
}

impl From<crate::records::Problem> for StoreError {
    fn from(problem: crate::records::Problem) -> Self {
        StoreError::Corrupt {
            what: problem.to_string(),
        }
    }
}
