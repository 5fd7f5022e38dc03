//! SQLite: one file, one writer connection, a few readers.

mod checkpoint;
mod db;
mod disk;
mod open;

use std::{
    fs::File,
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard},
};

use rusqlite::Connection;

pub use open::open_sqlite;

use crate::{
    DiskLimits, DiskPressure, StoreError,
    sql::{Backend, Claim, Db},
};
use checkpoint::Checkpointer;
use db::{SqliteDb, failed};

/// How many connections read at the same time; more readers wait.
const READERS_MAX: usize = 8;

/// How many free pages are given back while commits wait ...
const VACUUM_STEP_PAGES: u32 = 256;

/// ... and how often in one clean-up.
const VACUUM_STEPS_MAX: u32 = 400;

/// An open SQLite database.
pub(crate) struct Sqlite {
    /// First, so that it ends before the connections close.
    checkpointer: Checkpointer,
    path: PathBuf,
    limits: DiskLimits,
    writer: Mutex<Connection>,
    readers: Mutex<Readers>,
    reader_back: Condvar,
    /// Held while this process is the writer; the system lets go of it when it dies.
    lease: Mutex<Option<File>>,
}

#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    open: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Sqlite {
    fn reader(&self, attempt: &'static str) -> Result<Connection, StoreError> {
        let mut readers = locked(&self.readers);
        loop {
            if let Some(reader) = readers.idle.pop() {
                return Ok(reader);
            }
            if readers.open < READERS_MAX {
                readers.open += 1;
                drop(readers);
                return open::reader(&self.path).map_err(|error| {
                    locked(&self.readers).open -= 1;
                    failed(attempt, error)
                });
            }
            readers = self
                .reader_back
                .wait(readers)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }
}

/// Brings a reader back to the pool, also after a panic.
struct Borrowed<'a> {
    sqlite: &'a Sqlite,
    connection: Option<Connection>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let mut readers = locked(&self.sqlite.readers);
        match self.connection.take() {
            Some(connection) if connection.is_autocommit() => readers.idle.push(connection),
            _ => readers.open -= 1,
        }
        drop(readers);
        self.sqlite.reader_back.notify_one();
    }
}

impl Backend for Sqlite {
    const KIND: &'static str = "sqlite";

    fn read<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let borrowed = Borrowed {
            sqlite: self,
            connection: Some(self.reader(attempt)?),
        };
        let connection = borrowed
            .connection
            .as_ref()
            .expect("taken only when it is dropped");
        run(connection, "BEGIN DEFERRED", attempt, work)
    }

    fn write<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let result = run(&locked(&self.writer), "BEGIN IMMEDIATE", attempt, work);
        match &result {
            Err(StoreError::Full { .. }) => disk::spend_reserve(&self.path),
            _ => self.checkpointer.committed(),
        }
        result
    }

    fn lease(&self, claim: Claim) -> Result<(), StoreError> {
        let mut lease = locked(&self.lease);
        if lease.is_some() {
            return Ok(());
        }
        match open::lock(&self.path)? {
            Some(file) => *lease = Some(file),
            None if claim == Claim::Always => {}
            None => return Err(StoreError::LeaseHeld),
        }
        Ok(())
    }

    fn pressure(&self) -> Result<DiskPressure, StoreError> {
        disk::pressure(&self.path, &self.limits)
    }

    fn give_back_space(&self) -> Result<(), StoreError> {
        // In small steps, so that commits get their turn in between.
        for _ in 0..VACUUM_STEPS_MAX {
            let connection = locked(&self.writer);
            let free = |connection: &rusqlite::Connection| {
                connection
                    .query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0))
                    .map_err(|error| failed("give space back", error))
            };
            if free(&connection)? == 0 {
                break;
            }
            // Each row of the answer is a page that was moved.
            let mut pages = connection
                .prepare_cached(&format!("PRAGMA incremental_vacuum({VACUUM_STEP_PAGES})"))
                .map_err(|error| failed("give space back", error))?;
            let mut moved = pages.raw_query();
            while moved
                .next()
                .map_err(|error| failed("give space back", error))?
                .is_some()
            {}
            drop(moved);
            drop(pages);
            drop(connection);
            self.checkpointer.committed();
        }
        if self.pressure()?.refusing {
            // The log file counts as well and never shrinks by itself. While writes are refused
            // no commit waits for this; what a reader holds up is done by a later clean-up.
            locked(&self.writer)
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .map_err(|error| failed("give space back", error))?;
        }
        disk::keep_reserve(&self.path, &self.limits);
        Ok(())
    }
}

/// Runs `work` between `begin` and a commit or, when it fails, a rollback.
fn run<T>(
    connection: &Connection,
    begin: &str,
    attempt: &'static str,
    work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let statement = |sql: &str| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]).map(|_| ()))
            .map_err(|error| failed(attempt, error))
    };
    statement(begin)?;
    let rollback = RollBack(connection);
    let mut db = SqliteDb {
        connection,
        attempt,
    };
    let value = work(&mut db)?;
    statement("COMMIT")?;
    std::mem::forget(rollback);
    Ok(value)
}

/// Ends an unfinished transaction, also after a panic in the work.
struct RollBack<'a>(&'a Connection);

impl Drop for RollBack<'_> {
    fn drop(&mut self) {
        // SQLite has rolled back by itself after some errors.
        if !self.0.is_autocommit() && self.0.execute_batch("ROLLBACK").is_err() {
            tracing::error!("a failed transaction could not be rolled back");
        }
    }
}
