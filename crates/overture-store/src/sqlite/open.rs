//! Opening a database file: settings, migrations, the lock of the one writer.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
};

use rusqlite::{Connection, OpenFlags};

use super::{
    Readers, Sqlite,
    checkpoint::{Checkpointer, PAGES_WRITER},
    db::failed,
    disk,
};
use crate::{
    Store, StoreError, StoreOptions,
    migrations::{self, READ_VERSION, SCHEMA_VERSION},
    shared::SqlStore,
};

/// Statements that each connection keeps prepared.
const STATEMENTS_KEPT: usize = 128;

/// How long a statement waits for a lock of another process, milliseconds.
const BUSY_MS: u64 = 5_000;

/// Opens or makes a SQLite database in one file. A missing folder is an error.
///
/// # Errors
/// [`StoreError::Newer`] for a database of a later release that this one would harm,
/// [`StoreError::WrongMasterKey`], [`StoreError::Corrupt`] for a file that is something
/// else, [`StoreError::Unavailable`] when it cannot be opened.
pub fn open_sqlite(path: &Path, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    let attempt = "open the database file";
    let connection = writer(path, options).map_err(|error| failed(attempt, error))?;
    migrate(&connection)?;
    disk::keep_reserve(path, &options.limits);
    let checkpointer = Checkpointer::start(path).map_err(|error| failed(attempt, error))?;
    let sqlite = Sqlite {
        checkpointer,
        path: path.to_owned(),
        limits: options.limits,
        writer: Mutex::new(connection),
        readers: Mutex::new(Readers::default()),
        reader_back: Condvar::new(),
        lease: Mutex::new(None),
    };
    Ok(Arc::new(SqlStore::new(sqlite, &options.master_key)?))
}

/// Full synchronisation: a commit is on the disk when it returns.
fn writer(path: &Path, options: &StoreOptions) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    settle(&connection, 16_384)?;
    connection.execute_batch(&format!(
        "PRAGMA auto_vacuum = INCREMENTAL;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = {PAGES_WRITER};
         PRAGMA journal_size_limit = 67108864;"
    ))?;
    let page_bytes: u64 = connection.query_row("PRAGMA page_size", [], |row| {
        row.get::<_, i64>(0).map(|bytes| bytes.max(512) as u64)
    })?;
    let pages = (options.limits.max_bytes / page_bytes).clamp(1, 4_294_967_294);
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    settle(&connection, 1_024)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    Ok(connection)
}

/// A connection that only folds the write-ahead log back.
pub(super) fn folder(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    settle(&connection, 256)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}

fn settle(connection: &Connection, cache_kib: u32) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))?;
    connection.execute_batch(&format!(
        "PRAGMA cache_size = -{cache_kib}; PRAGMA temp_store = MEMORY;"
    ))
}

fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let attempt = "bring the schema up to date";
    let unavailable = |error| failed(attempt, error);
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(unavailable)?;
    let result = (|| {
        connection
            .execute_batch(SCHEMA_VERSION)
            .map_err(unavailable)?;
        let (version, oldest_known): (u32, u32) = connection
            .query_row(READ_VERSION, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(unavailable)?;
        for migration in migrations::pending(version, oldest_known)? {
            connection
                .execute_batch(migration.sql)
                .and_then(|()| {
                    connection.execute(
                        "INSERT INTO schema_version (version, oldest_known) VALUES (?1, ?2)",
                        (migration.version, migration.oldest_known),
                    )
                })
                .map_err(unavailable)?;
        }
        Ok(())
    })();
    let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.execute_batch(end).map_err(unavailable)?;
    result
}

/// A path beside the database file.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The lock of the one writer; `None` while another process has it.
pub(super) fn lock(path: &Path) -> Result<Option<File>, StoreError> {
    let unavailable = |error: std::io::Error| StoreError::Unavailable {
        attempt: "lock the database file",
        cause: Box::new(error),
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}
