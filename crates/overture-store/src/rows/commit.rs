//! What one transaction writes, and what a start reads back.

use overture_engine::model::{
    CustomerId, CustomerState, Effect, Input, OutboxItem, RouteState, Seq, Timestamp, WorldFacts,
};

/// Everything that one transaction makes durable, together or not at all.
#[derive(Debug, Clone, Default)]
pub struct CommitUnit {
    /// The inputs, in order, with dense sequence numbers.
    pub inputs: Vec<Input>,
    /// What their steps want written, in order.
    pub effects: Vec<Effect>,
    /// Customer states that are written behind; each replaces its earlier row.
    pub customers: Vec<CustomerState>,
    /// Routing's state, when it is written behind.
    pub route: Option<RouteState>,
    /// The lowest input that some state's row has not seen: replay starts here.
    pub replay_from: Seq,
    /// Server time.
    pub at: Timestamp,
}

/// What a commit wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Committed {
    /// The last input that is durable now.
    pub last_seq: Seq,
    /// Bytes of the packed log row, zero without inputs.
    pub log_bytes: u64,
}

/// What a start needs before it can replay.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Boot {
    /// The last durable input; zero in a new store.
    pub last_seq: Seq,
    /// When it was received.
    pub last_received_at: Timestamp,
    /// Where replay starts.
    pub replay_from: Seq,
    /// Routing's state as last written behind.
    pub route: Option<RouteState>,
    /// The world as of the last `World` input.
    pub world: Option<WorldFacts>,
    /// When each customer wants a tick, as of `last_seq`, soonest first.
    pub wakes: Vec<(Timestamp, CustomerId)>,
}

/// Counts up with every new writer; a lower one may no longer write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// Something to send that this writer has claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxClaim {
    /// What, with the id that it keeps across attempts.
    pub item: OutboxItem,
    /// Attempts so far, this one included: 1 is the first.
    pub attempt: u32,
}

/// What an erasure destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Keys: the customer's own and those of customers folded into it.
    pub keys: u64,
    /// Links from identifiers.
    pub links: u64,
    /// Traits.
    pub traits: u64,
}
