//! Events in: the Segment tracking API, as Segment's, RudderStack's and PostHog's clients
//! speak it. `Content-Type` is ignored, the key comes from Basic auth or from the body, and
//! one bad event never loses the others of its batch.

mod body;
mod consent;
mod map;
mod posthog;
mod reject;
mod routes;
mod settings;
mod time;
mod wire;

use overture_engine::model::{Ingress, SourceId, Timestamp};
use overture_store::SourceCapture;

use crate::keys::Keys;

pub use reject::Rejected;

pub(crate) use consent::{Told, unsaid};
pub(crate) use map::seed_of;
pub(crate) use routes::{batch_router, router};

/// The largest event, bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 32 * 1024;
/// The largest batch, bytes of JSON after decompression.
pub const BATCH_BYTES_MAX: usize = 500 * 1024;

/// What a body became.
#[derive(Debug, Default)]
pub struct Captured {
    /// What the engine takes, in order.
    pub ingress: Vec<Ingress>,
    /// What it does not take.
    pub rejected: Vec<Rejected>,
}

/// Turns the JSON of a Segment batch into what the engine takes. `received` is server time.
/// `None` when the text is not a batch at all.
pub fn parse_batch(
    keys: &Keys,
    source: SourceId,
    received: Timestamp,
    json: &str,
) -> Option<Captured> {
    let parsed = body::Parsed::read(json, body::Dialect::Segment)?;
    Some(body::map_all(
        &parsed,
        keys,
        source,
        seed_of(source),
        received,
        body::Dialect::Segment,
        &SourceCapture::default(),
    ))
}
