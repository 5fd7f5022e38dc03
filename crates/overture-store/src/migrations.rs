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
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        oldest_known: 1,
        sql: include_str!("../migrations/0001_spine.sql"),
    },
    Migration {
        version: 2,
        oldest_known: 1,
        sql: include_str!("../migrations/0002_knowledge.sql"),
    },
    Migration {
        version: 4,
        oldest_known: 1,
        sql: include_str!("../migrations/0004_chat.sql"),
    },
    Migration {
        version: 5,
        oldest_known: 1,
        sql: include_str!("../migrations/0005_guides.sql"),
    },
    Migration {
        version: 7,
        oldest_known: 1,
        sql: include_str!("../migrations/0007_consent.sql"),
    },
    Migration {
        version: 8,
        oldest_known: 1,
        sql: include_str!("../migrations/0008_brands.sql"),
    },
    Migration {
        version: 9,
        oldest_known: 1,
        sql: include_str!("../migrations/0009_labels.sql"),
    },
    Migration {
        version: 10,
        oldest_known: 1,
        sql: include_str!("../migrations/0010_lexicon.sql"),
    },
    Migration {
        version: 11,
        oldest_known: 1,
        sql: include_str!("../migrations/0011_issue_labels.sql"),
    },
    Migration {
        version: 12,
        oldest_known: 1,
        sql: include_str!("../migrations/0012_calls.sql"),
    },
    Migration {
        version: 13,
        oldest_known: 1,
        sql: include_str!("../migrations/0013_rollouts.sql"),
    },
];

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

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let versions: Vec<_> = MIGRATIONS.iter().map(|one| one.version).collect();
        assert!(versions.is_sorted(), "{versions:?}");
    }

    #[test]
    fn articles_of_the_first_release_become_published_english_ones() {
        let database = Connection::open_in_memory().unwrap();
        database.execute_batch(MIGRATIONS[0].sql).unwrap();
        database
            .execute_batch(
                "INSERT INTO faq (faq, place, title, body_markdown) VALUES \
                 (x'01', 0, 'Where is my order?', 'On its *way*.'), (x'02', 1, 'Refunds', 'Yes')",
            )
            .unwrap();
        database.execute_batch(MIGRATIONS[1].sql).unwrap();
        let found: Vec<String> = database
            .prepare(
                "SELECT slug || ' ' || status || ' ' || text.locale || ' ' || text.version || ' ' \
                 || title || ' ' || body_markdown FROM article \
                 JOIN article_published AS shown ON shown.article = article.article \
                 JOIN article_text AS text ON text.article = shown.article \
                 AND text.locale = shown.locale AND text.version = shown.version ORDER BY place",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(
            found,
            [
                "faq-1 1 en 1 Where is my order? On its *way*.",
                "faq-2 1 en 1 Refunds Yes"
            ]
        );
        let kept: i64 = database
            .query_row("SELECT COUNT(*) FROM faq", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 2, "the release before reads its own table");
    }
}
