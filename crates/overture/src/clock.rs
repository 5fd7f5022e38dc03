//! The only clock: wall time is asked for here and nowhere else.

use overture_engine::model::Timestamp;

/// Wall-clock time now. Nothing may rely on it never going back: the core keeps the largest.
#[expect(clippy::disallowed_methods, reason = "this module is the only clock")]
pub fn now() -> Timestamp {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
