//! Connecting: settings, migrations, the lock of the one writer.

use std::sync::{Arc, Mutex};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Timeouts};
use tokio_postgres::{Client, Config, NoTls};

use super::{Postgres, db::failed, wait::wait};
use crate::{
    Store, StoreError, StoreOptions,
    migrations::{self, READ_VERSION, SCHEMA_VERSION},
    shared::SqlStore,
};

/// How many connections there are, the writer's included and the lock's not.
const CONNECTIONS_MAX: usize = 9;

/// How long to wait for a connection.
const CONNECT_S: u64 = 10;

/// Opens a PostgreSQL database and makes its tables where they are missing.
///
/// `url` is as libpq takes it, for example `postgres://overture@db/overture`. With
/// `?schema=name` everything lives in that schema, which is made where it is missing.
/// Connections are not encrypted: use a socket or a private network.
///
/// # Errors
/// [`StoreError::Unavailable`] when it cannot be reached or the URL is wrong,
/// [`StoreError::Newer`] and [`StoreError::WrongMasterKey`] as for SQLite.
pub fn open_postgres(url: &str, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    let attempt = "connect to PostgreSQL";
    let unavailable = |cause: crate::Cause| StoreError::Unavailable { attempt, cause };
    let (url, schema) = split_schema(url);
    if let Some(schema) = &schema {
        let fine = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if schema.is_empty() || !schema.chars().all(fine) {
            return Err(unavailable(
                "a schema's name has letters, digits and _".into(),
            ));
        }
    }
    let mut config: Config = url.parse().map_err(|error| failed(attempt, error))?;
    let mut settings = String::from("-c synchronous_commit=on");
    if let Some(schema) = &schema {
        settings.push_str(&format!(" -c search_path={schema}"));
    }
    if let Some(own) = config.get_options() {
        settings = format!("{settings} {own}");
    }
    config.options(&settings);
    if config.get_application_name().is_none() {
        config.application_name("overture");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(std::time::Duration::from_secs(CONNECT_S));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("overture-postgres")
        .enable_all()
        .build()
        .map_err(|error| unavailable(Box::new(error)))?;
    let pool = {
        let _entered = runtime.enter();
        wait(migrate(&config, schema.as_deref()))?;
        let manager = Manager::from_config(
            config.clone(),
            NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .timeouts(Timeouts::wait_millis(CONNECT_S * 1_000))
            .build()
            .map_err(|error| unavailable(Box::new(error)))?
    };
    let postgres = Postgres {
        config,
        limits: options.limits,
        pool,
        writer: Mutex::new(None),
        lease: Mutex::new(None),
        runtime: Some(runtime),
    };
    Ok(Arc::new(SqlStore::new(postgres, &options.master_key)?))
}

/// Takes `schema=..` out of the URL, which PostgreSQL does not know.
fn split_schema(url: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut schema = None;
    let mut rest = Vec::new();
    for part in query.split('&') {
        match part.strip_prefix("schema=") {
            Some(name) => schema = Some(name.to_owned()),
            None => rest.push(part),
        }
    }
    match rest.is_empty() {
        true => (base.to_owned(), schema),
        false => (format!("{base}?{}", rest.join("&")), schema),
    }
}

async fn connect(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(error = %error, "a PostgreSQL connection ended");
        }
    });
    Ok(client)
}

async fn migrate(config: &Config, schema: Option<&str>) -> Result<(), StoreError> {
    let attempt = "bring the schema up to date";
    let unavailable = |error| failed(attempt, error);
    let mut client = connect(config)
        .await
        .map_err(|error| failed("connect to PostgreSQL", error))?;
    let work = client.transaction().await.map_err(unavailable)?;
    // Two processes that start at once take turns.
    work.execute("SELECT pg_advisory_xact_lock(7021951)", &[])
        .await
        .map_err(unavailable)?;
    if let Some(schema) = schema {
        work.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
            .await
            .map_err(unavailable)?;
    }
    work.batch_execute(SCHEMA_VERSION)
        .await
        .map_err(unavailable)?;
    let row = work
        .query_one(READ_VERSION, &[])
        .await
        .map_err(unavailable)?;
    let number = |column| u32::try_from(row.get::<_, i64>(column)).unwrap_or(u32::MAX);
    for migration in migrations::pending(number(0), number(1))? {
        work.batch_execute(&translated(migration.sql))
            .await
            .map_err(unavailable)?;
        work.execute(
            "INSERT INTO schema_version (version, oldest_known) VALUES ($1, $2)",
            &[
                &i64::from(migration.version),
                &i64::from(migration.oldest_known),
            ],
        )
        .await
        .map_err(unavailable)?;
    }
    work.commit().await.map_err(unavailable)
}

/// The lock of the one writer, with the connection that holds it; `None` while another
/// process has it.
pub(super) async fn lock(config: &Config) -> Result<Option<Client>, StoreError> {
    let unavailable = |error| failed("lock the database", error);
    let client = connect(config).await.map_err(unavailable)?;
    let row = client
        .query_one(
            "SELECT pg_try_advisory_lock(hashtextextended('overture ' || current_schema(), 0))",
            &[],
        )
        .await
        .map_err(unavailable)?;
    Ok(row.get::<_, bool>(0).then_some(client))
}

/// A migration in PostgreSQL's words, with its comments attached to the columns.
fn translated(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() * 2);
    let mut comments = String::new();
    let mut table = "";
    for line in sql.lines() {
        let (code, comment) = line.split_once("--").unwrap_or((line, ""));
        if let Some(rest) = code.strip_prefix("CREATE TABLE ") {
            table = rest.trim_end_matches([' ', '(']);
        }
        let column = code.split_whitespace().next().unwrap_or("");
        let is_column =
            code.starts_with("  ") && column.chars().all(|c| c.is_lowercase() || c == '_');
        if is_column && !comment.is_empty() {
            comments.push_str(&format!(
                "COMMENT ON COLUMN {table}.{column} IS '{}';\n",
                comment.trim().replace('\'', "''")
            ));
        }
        out.push_str(
            &code
                .replace(" BLOB", " BYTEA")
                .replace(" INTEGER", " BIGINT")
                .replace(" REAL", " DOUBLE PRECISION")
                .replace(" WITHOUT ROWID", ""),
        );
        out.push('\n');
    }
    out.push_str(&comments);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_taken_out_of_the_url() {
        for (url, base, schema) in [
            ("postgres://a@b/c", "postgres://a@b/c", None),
            ("postgres://a@b/c?schema=x", "postgres://a@b/c", Some("x")),
            (
                "postgres://a@b/c?sslmode=disable&schema=x&connect_timeout=2",
                "postgres://a@b/c?sslmode=disable&connect_timeout=2",
                Some("x"),
            ),
        ] {
            assert_eq!(
                split_schema(url),
                (base.to_owned(), schema.map(str::to_owned))
            );
        }
    }

    #[test]
    fn a_migration_is_translated_and_its_columns_get_their_comments() {
        let text = translated(
            "-- A note about BLOB.\nCREATE TABLE thing (\n  id BLOB NOT NULL, -- it's an id\n  \
             n INTEGER NOT NULL, -- a count\n  PRIMARY KEY (id)\n) WITHOUT ROWID;\n",
        );
        assert_eq!(
            text.lines().map(str::trim_end).collect::<Vec<_>>(),
            [
                "",
                "CREATE TABLE thing (",
                "  id BYTEA NOT NULL,",
                "  n BIGINT NOT NULL,",
                "  PRIMARY KEY (id)",
                ");",
                "COMMENT ON COLUMN thing.id IS 'it''s an id';",
                "COMMENT ON COLUMN thing.n IS 'a count';",
            ]
        );
    }
}
