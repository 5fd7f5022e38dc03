//! Outbound webhooks as Standard Webhooks describes them.
//!
//! One delivery keeps its id and its payload on every attempt; only the timestamp and so
//! the signature change.

mod secret;
mod send;

pub use secret::{InvalidSecret, Secret};
pub use send::{Outcome, Sender, UnusableUrl};

use std::time::Duration;

use overture_engine::model::Timestamp;

/// The time one attempt may take, from resolving the name to the answer's head.
pub const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(15);

/// How long to wait before each attempt, counted from the one before it: at once, 5 s,
/// 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
pub const WAIT_BEFORE_ATTEMPT: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(24 * 3600),
];

/// How long to wait after `attempts` failed ones; `None` when all are used up.
pub fn wait_after(attempts: u32) -> Option<Duration> {
    WAIT_BEFORE_ATTEMPT.get(attempts as usize).copied()
}

/// The body of a message: `{"type","timestamp","data"}`. The timestamp is when it
/// happened, not when it is sent, so that every attempt carries the same bytes.
pub fn body(kind: &str, happened_at: Timestamp, data: &serde_json::Value) -> String {
    #[derive(serde::Serialize)]
    struct Body<'a> {
        r#type: &'a str,
        timestamp: String,
        data: &'a serde_json::Value,
    }
    serde_json::to_string(&Body {
        r#type: kind,
        timestamp: happened_at.to_string(),
        data,
    })
    .expect("a JSON value always serialises")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_ends_after_ten_attempts() {
        assert_eq!(wait_after(0), Some(Duration::ZERO));
        assert_eq!(wait_after(1), Some(Duration::from_secs(5)));
        assert_eq!(wait_after(9), Some(Duration::from_secs(86_400)));
        assert_eq!(wait_after(10), None);
    }

    #[test]
    fn the_body_names_type_time_and_data() {
        let body = body("alert", Timestamp(0), &serde_json::json!({"rule": "r"}));
        assert_eq!(
            body,
            r#"{"type":"alert","timestamp":"1970-01-01T00:00:00.000Z","data":{"rule":"r"}}"#
        );
    }
}
