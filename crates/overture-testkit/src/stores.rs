//! Databases of their own for tests, gone when the test is.

use std::{path::PathBuf, sync::Arc};

use overture_store::{DiskLimits, MasterKey, Store, StoreOptions, open_sqlite};

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
