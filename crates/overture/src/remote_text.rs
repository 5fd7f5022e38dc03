//! The service that texts are also sent to: said at the start, counted, and complained of seldom.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use overture_channels::remote_text::{Analyzer, Failure, Outcome, RemoteText};
use overture_engine::understand::TextModel;

/// The log names a failure at most once in this time.
const COMPLAINT_EVERY: Duration = Duration::from_secs(60);

/// Says in the log that what customers write leaves the server.
pub(crate) fn warn(analyzer: &Analyzer) {
    tracing::warn!(
        service = analyzer.service().title(),
        host = analyzer.host(),
        "what customers write is also sent to a service outside this server"
    );
}

/// Has the service read what `own` has read.
pub(crate) fn over(own: Arc<dyn TextModel>, analyzer: Analyzer) -> Arc<dyn TextModel> {
    let started = Instant::now();
    let service = analyzer.service().title();
    let complaints = Complaints::default();
    Arc::new(RemoteText::new(
        analyzer,
        own,
        Box::new(move || started.elapsed()),
        Box::new(move |outcome| {
            metrics::counter!("overture_remote_readings_total", "outcome" => outcome.name())
                .increment(1);
            if let Outcome::Failed(reason) = outcome
                && complaints.is_due(started.elapsed())
            {
                complain(service, reason);
            }
        }),
    ))
}

fn complain(service: &str, reason: Failure) {
    tracing::warn!(service, %reason, "a text was not read by the service, our own reading stands");
}

/// When the log last named a failure.
#[derive(Debug, Default)]
struct Complaints(Mutex<Option<Duration>>);

impl Complaints {
    /// Whether the log names this one.
    fn is_due(&self, now: Duration) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| now.saturating_sub(last) >= COMPLAINT_EVERY);
        if due {
            *last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_a_failure_at_most_once_a_minute() {
        let complaints = Complaints::default();
        let due: Vec<bool> = [0, 1, 59, 60, 61, 119, 120]
            .map(|at_s| complaints.is_due(Duration::from_secs(at_s)))
            .to_vec();
        assert_eq!(due, [true, false, false, true, false, false, true]);
    }
}
