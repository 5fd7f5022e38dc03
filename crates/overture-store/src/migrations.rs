//! Schema changes, numbered, each applied once in its own transaction.
//!
//! A migration must leave the previous release working: it adds tables, columns with
//! defaults and indexes. When one cannot, it names itself the oldest version that a
//! release must know, and older releases refuse the database instead of harming it.

use crate::StoreError;

/// One change of the schema.
pub(crate) struct Migration {
    /// Counts up from 1.
    pub(crate) version: u32,
    /// A release must know at least this version to use the database afterwards.
    pub(crate) oldest_known: u32,
    /// The statements, in SQLite's words.
    pub(crate) sql: &'static str,
}

/// Every change, in order.
pub(crate) const MIGRATIONS: [Migration; 1] = [Migration {
    version: 1,
    oldest_known: 1,
    sql: include_str!("../migrations/0001_spine.sql"),
}];

/// Which schema versions have been applied.
pub(crate) const SCHEMA_VERSION: &str = "CREATE TABLE IF NOT EXISTS schema_version (\
     version BIGINT NOT NULL PRIMARY KEY, oldest_known BIGINT NOT NULL)";

/// The newest applied version and the oldest that a release must know.
pub(crate) const READ_VERSION: &str =
    "SELECT COALESCE(MAX(version), 0), COALESCE(MAX(oldest_known), 0) FROM schema_version";

/// What is still to be applied.
///
/// # Errors
/// [`StoreError::Newer`] when this release is too old for the database.
pub(crate) fn pending(
    version: u32,
    oldest_known: u32,
) -> Result<impl Iterator<Item = &'static Migration>, StoreError> {
    let known = MIGRATIONS.last().map_or(0, |newest| newest.version);
    if oldest_known > known {
        return Err(StoreError::Newer {
            found: version,
            known,
        });
    }
    Ok(MIGRATIONS
        .iter()
        .filter(move |migration| migration.version > version))
}
