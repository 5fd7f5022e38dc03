//! Calls as lists and pages read them.

use overture_engine::model::{CallRow, CustomerId};

/// Which calls to list, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallsOf {
    /// Those that go on.
    Live,
    /// Those that are over.
    Ended,
    /// All of one customer.
    Customer(CustomerId),
    /// All.
    Anyone,
}

/// A call as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEntry {
    /// Whose; who goes on for them after a merge.
    pub customer: CustomerId,
    /// What is known of it.
    pub row: CallRow,
    /// Bytes of its audio that are kept (mu-law, 8 kHz: 8,000 a second); `None` where none are.
    pub audio_bytes: Option<u64>,
}

/// What a part of a call holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallPartKind {
    /// The customer's side, mu-law, 8 kHz.
    Audio,
    /// What was heard second by second, in a form of the writer's own.
    Trace,
}

impl CallPartKind {
    /// The number that stands for it in the database. It never changes.
    pub(crate) const fn number(self) -> u32 {
        match self {
            Self::Audio => 1,
            Self::Trace => 2,
        }
    }
}
