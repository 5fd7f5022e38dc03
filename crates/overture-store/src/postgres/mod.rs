//! PostgreSQL: a small pool and a small runtime of its own, used from threads that block.

mod db;
mod open;
mod wait;

use std::sync::{Mutex, MutexGuard};

use deadpool_postgres::{Object, Pool};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config};

pub use open::open_postgres;

use crate::{
    DiskLimits, DiskPressure, StoreError,
    sql::{Backend, Claim, Db, Value},
};
use db::{PostgresDb, failed};
use wait::wait;

/// An open PostgreSQL database.
pub(crate) struct Postgres {
    config: Config,
    limits: DiskLimits,
    pool: Pool,
    /// The writer's connection, with its prepared statements; none after a failure.
    writer: Mutex<Option<Object>>,
    /// Holds the advisory lock; the server lets go of it when the connection ends.
    lease: Mutex<Option<Client>>,
    /// Drives the connections. Only taken out to be shut down.
    runtime: Option<Runtime>,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Waiting here would panic in whoever drops the store from a runtime of their own.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Postgres {
    /// Waits for something that the runtime drives.
    fn wait<F: Future>(&self, future: F) -> F::Output {
        let runtime = self.runtime.as_ref().expect("taken only when dropped");
        let _entered = runtime.enter();
        wait(future)
    }

    fn connection(&self, attempt: &'static str) -> Result<Object, StoreError> {
        self.wait(self.pool.get())
            .map_err(|error| StoreError::Unavailable {
                attempt,
                cause: Box::new(error),
            })
    }

    /// Runs `work` between `begin` and a commit; gives the connection back only when its
    /// transaction has surely ended.
    fn run<T>(
        &self,
        connection: Object,
        begin: &str,
        attempt: &'static str,
        work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
    ) -> (Option<Object>, Result<T, StoreError>) {
        let connection = Discard(Some(connection));
        let client = connection.0.as_ref().expect("taken only at the end");
        if let Err(error) = self.wait(client.batch_execute(begin)) {
            return (None, Err(failed(attempt, error)));
        }
        let mut db = PostgresDb::new(self, client, attempt);
        let result = work(&mut db).and_then(|value| db.flush().map(|()| value));
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.wait(client.batch_execute(end));
        match ended {
            Ok(()) => (connection.keep(), result),
            Err(error) => (None, result.and(Err(failed(attempt, error)))),
        }
    }
}

/// A connection that is closed rather than used again, unless it is kept.
struct Discard(Option<Object>);

impl Discard {
    fn keep(mut self) -> Option<Object> {
        self.0.take()
    }
}

impl Drop for Discard {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

impl Backend for Postgres {
    const KIND: &'static str = "postgresql";

    fn read<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = self.connection(attempt)?;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.run(connection, begin, attempt, work).1
    }

    fn write<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = locked(&self.writer);
        let connection = match writer.take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => self.connection(attempt)?,
        };
        let (connection, result) = self.run(connection, "BEGIN", attempt, work);
        *writer = connection;
        result
    }

    fn lease(&self, claim: Claim) -> Result<(), StoreError> {
        let mut lease = locked(&self.lease);
        if lease.as_ref().is_some_and(|client| !client.is_closed()) {
            return Ok(());
        }
        match self.wait(open::lock(&self.config))? {
            Some(client) => *lease = Some(client),
            None if claim == Claim::Always => {}
            None => return Err(StoreError::LeaseHeld),
        }
        Ok(())
    }

    fn pressure(&self) -> Result<DiskPressure, StoreError> {
        let used_bytes = self.read("measure the database", |db| {
            let found = crate::sql::first(
                db,
                "SELECT CAST(COALESCE(SUM(pg_total_relation_size(oid)), 0) AS BIGINT) \
                 FROM pg_class WHERE relkind = 'r' \
                 AND relnamespace = CAST(current_schema() AS regnamespace)",
                &[] as &[Value],
            )?;
            found.map_or(Ok(0), |row| row.count(0))
        })?;
        Ok(DiskPressure {
            used_bytes,
            free_bytes: self.limits.max_bytes.saturating_sub(used_bytes),
            refusing: used_bytes >= self.limits.max_bytes,
        })
    }

    /// The server's own autovacuum does it.
    fn give_back_space(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
