//! What is measured and tidied beside the core: disk, outbox, retention.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use overture_engine::model::{Millis, Timestamp};
use overture_store::{Retention, Store};

use super::shared::Shared;

/// How often numbers are taken.
const EVERY: Duration = Duration::from_secs(5);

/// Numbers taken between two prunings: 10 minutes.
const ROUNDS_PER_PRUNE: u32 = 120;

/// How long log and timelines are kept, and how large the log may get.
const RETENTION: Retention = Retention {
    max_age: Millis::from_secs(30 * 86_400),
    max_log_bytes: 50_000_000_000,
};

/// For how long an uploaded file waits for its message.
const UNSENT_KEPT: Millis = Millis::from_secs(86_400);

/// Starts the thread. It ends when the core is gone.
pub(super) fn start(store: &Arc<dyn Store>, shared: &Arc<Shared>, clock: fn() -> Timestamp) {
    let (store, shared) = (Arc::downgrade(store), Arc::downgrade(shared));
    let spawned = std::thread::Builder::new()
        .name("overture-housekeeper".to_owned())
        .spawn(move || work(&store, &shared, clock));
    if let Err(error) = spawned {
        tracing::error!(%error, "the housekeeper could not start");
    }
}

fn work(store: &Weak<dyn Store>, shared: &Weak<Shared>, clock: fn() -> Timestamp) {
    let mut round: u32 = 0;
    loop {
        let (Some(store), Some(shared)) = (store.upgrade(), shared.upgrade()) else {
            return;
        };
        if let Ok(pressure) = store.pressure() {
            metrics::gauge!("overture_disk_used_bytes").set(pressure.used_bytes as f64);
            metrics::gauge!("overture_disk_free_bytes").set(pressure.free_bytes as f64);
            shared.set_pressure(pressure);
        }
        drop(shared);
        round += 1;
        if round.is_multiple_of(ROUNDS_PER_PRUNE) {
            match store.prune(clock(), RETENTION) {
                Ok(pruned) => tracing::info!(
                    log.rows = pruned.log_rows,
                    timeline.rows = pruned.timeline_rows,
                    "retention was applied"
                ),
                Err(error) => tracing::warn!(%error, "retention could not be applied"),
            }
        }
        if round.is_multiple_of(ROUNDS_PER_PRUNE) {
            match store.forget_unsent_attachments(clock() - UNSENT_KEPT) {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "files that no message carries were forgotten"),
                Err(error) => tracing::warn!(%error, "unsent files could not be forgotten"),
            }
        }
        drop(store);
        // Nothing ever comes through: this is a wait that needs no sleep.
        let _ = crossbeam_channel::never::<()>().recv_timeout(EVERY);
    }
}
