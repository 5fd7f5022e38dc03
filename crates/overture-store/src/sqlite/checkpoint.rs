//! Folds the write-ahead log back into the database file, beside the writer.
//!
//! SQLite would do it inside some commits, which then take many times longer than the
//! rest. The writer still does it when the log has grown far beyond what this thread
//! should have left of it.

use std::{path::Path, thread::JoinHandle};

use crossbeam_channel::{Sender, TrySendError, bounded};
use rusqlite::Connection;

use super::open;

/// How many pages may wait in the log before they are folded back.
const PAGES_WAITING_MAX: i64 = 2_048;

/// From how many pages on the writer does it itself.
pub(super) const PAGES_WRITER: u32 = 8_192;

/// The thread that folds; it ends when this is dropped.
pub(super) struct Checkpointer {
    hint: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(path: &Path) -> rusqlite::Result<Self> {
        let connection = open::folder(path)?;
        let (hint, hints) = bounded::<()>(1);
        let thread = std::thread::Builder::new()
            .name("overture-checkpoint".to_owned())
            .spawn(move || {
                while hints.recv().is_ok() {
                    if let Err(error) = fold(&connection) {
                        tracing::warn!(error = %error, "the write-ahead log was not folded back");
                    }
                }
            });
        Ok(Self {
            hint: Some(hint),
            // Without the thread the writer does it.
            thread: thread.ok(),
        })
    }

    /// Something was committed.
    pub(super) fn committed(&self) {
        if let Some(hint) = &self.hint {
            match hint.try_send(()) {
                Ok(()) | Err(TrySendError::Full(())) | Err(TrySendError::Disconnected(())) => {}
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.hint = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}

/// Folds when enough is waiting. Readers and the writer are not waited for.
fn fold(connection: &Connection) -> rusqlite::Result<()> {
    let (pages, folded) = connection
        .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
        .query_row([], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
    if pages - folded >= PAGES_WAITING_MAX {
        connection
            .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
            .query_row([], |_| Ok(()))?;
    }
    Ok(())
}
