//! Databases of their own for tests, gone when the test is.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use overture_store::{DiskLimits, MasterKey, Store, StoreOptions, open_postgres, open_sqlite};

/// A database that can be opened again and again.
pub trait TempStore {
    /// Opens it. The store opened before is expected to be dropped.
    fn open(&self) -> Arc<dyn Store>;
}

/// The master key that all tests use, and limits that look at no real disk.
pub fn options() -> StoreOptions {
    StoreOptions {
        master_key: MasterKey::new([7; 32]),
        limits: DiskLimits {
            min_free_percent: 0,
            reserve_bytes: 0,
            ..DiskLimits::default()
        },
    }
}

/// A SQLite file in a folder of its own.
#[derive(Debug)]
pub struct TempSqlite {
    folder: tempfile::TempDir,
}

impl TempSqlite {
    /// An empty folder.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("overture.db")
    }
}

impl Default for TempSqlite {
    fn default() -> Self {
        Self::new()
    }
}

impl TempStore for TempSqlite {
    fn open(&self) -> Arc<dyn Store> {
        open_sqlite(&self.path(), &options()).expect("a temporary database opens")
    }
}

/// A schema of its own in a PostgreSQL database, dropped at the end.
#[derive(Debug)]
pub struct TempPostgres {
    server: String,
    schema: String,
}

/// Where PostgreSQL is looked for when nobody says.
const POSTGRES_USUAL: &str = "postgres://postgres@127.0.0.1:5432/postgres";

impl TempPostgres {
    /// An empty schema on the server that `OVERTURE_TEST_POSTGRES` names, else on the usual
    /// one; `None` where the usual one does not answer.
    ///
    /// # Panics
    /// When a server that was named does not answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment says which server tests may use"
    )]
    pub fn new() -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let named = std::env::var("OVERTURE_TEST_POSTGRES").ok();
        let server = named.as_deref().unwrap_or(POSTGRES_USUAL);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("overture_testkit_{}_{number}", std::process::id());
        match execute(server, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE")) {
            Ok(()) => Some(Self {
                server: server.to_owned(),
                schema,
            }),
            Err(error) => {
                assert!(named.is_none(), "{server} does not answer: {error}");
                None
            }
        }
    }

    /// The URL that opens it.
    pub fn url(&self) -> String {
        let joint = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{joint}schema={}", self.server, self.schema)
    }
}

impl TempStore for TempPostgres {
    fn open(&self) -> Arc<dyn Store> {
        open_postgres(&self.url(), &options()).expect("a temporary database opens")
    }
}

impl Drop for TempPostgres {
    fn drop(&mut self) {
        // A schema that cannot be dropped is only untidy; the next one has another name.
        let _ = execute(
            &self.server,
            &format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema),
        );
    }
}

/// Runs one statement on a connection of its own.
fn execute(server: &str, statement: &str) -> Result<(), tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a thread can wait");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await?;
        let connection = tokio::spawn(connection);
        let outcome = client.batch_execute(statement).await;
        drop(client);
        let _ = connection.await;
        outcome
    })
}
