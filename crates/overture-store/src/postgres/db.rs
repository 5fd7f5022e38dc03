//! The shared statements on a PostgreSQL connection.
//!
//! Many rows go in one statement, as one array a column. Inserts are sent together, without
//! waiting for each answer, before the next statement that reads or at the end.

use std::error::Error;

use deadpool_postgres::Object;
use futures_util::future::join_all;
use tokio_postgres::{
    Statement,
    error::SqlState,
    types::{IsNull, ToSql, Type, private::BytesMut},
};

use super::Postgres;
use crate::{
    StoreError,
    sql::{Db, Kind, Row, Table, Value},
};

/// Statements inside one transaction.
pub(crate) struct PostgresDb<'a> {
    postgres: &'a Postgres,
    client: &'a Object,
    attempt: &'static str,
    unsent: Vec<(Statement, Vec<Column>)>,
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Value::Int(value) => value.to_sql(ty, out),
            Value::Real(value) => value.to_sql(ty, out),
            Value::Text(value) => value.to_sql(ty, out),
            Value::Blob(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [
            Type::INT4,
            Type::INT8,
            Type::FLOAT8,
            Type::TEXT,
            Type::VARCHAR,
            Type::NAME,
            Type::BYTEA,
        ]
        .contains(ty)
    }

    tokio_postgres::types::to_sql_checked!();
}

/// The values of one column of many rows.
#[derive(Debug)]
enum Column {
    Int(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Int => Column::Int(Vec::with_capacity(rows)),
            Kind::Real => Column::Real(Vec::with_capacity(rows)),
            Kind::Text => Column::Text(Vec::with_capacity(rows)),
            Kind::Blob => Column::Blob(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, value: Value) {
        match (self, value) {
            (Column::Int(column), Value::Int(value)) => column.push(Some(value)),
            (Column::Real(column), Value::Real(value)) => column.push(Some(value)),
            (Column::Text(column), Value::Text(value)) => column.push(Some(value)),
            (Column::Blob(column), Value::Blob(value)) => column.push(Some(value)),
            (Column::Int(column), _) => column.push(None),
            (Column::Real(column), _) => column.push(None),
            (Column::Text(column), _) => column.push(None),
            (Column::Blob(column), _) => column.push(None),
        }
    }

    fn param(&self) -> &(dyn ToSql + Sync) {
        match self {
            Column::Int(column) => column,
            Column::Real(column) => column,
            Column::Text(column) => column,
            Column::Blob(column) => column,
        }
    }

    /// The ids of a list, which are all of one kind.
    fn of(ids: Vec<Value>) -> Self {
        let kind = match ids.first() {
            Some(Value::Int(_)) => Kind::Int,
            Some(Value::Text(_)) => Kind::Text,
            _ => Kind::Blob,
        };
        let mut column = Column::new(kind, ids.len());
        for id in ids {
            column.push(id);
        }
        column
    }
}

impl<'a> PostgresDb<'a> {
    pub(super) fn new(postgres: &'a Postgres, client: &'a Object, attempt: &'static str) -> Self {
        Self {
            postgres,
            client,
            attempt,
            unsent: Vec::new(),
        }
    }

    fn failed(&self, error: tokio_postgres::Error) -> StoreError {
        failed(self.attempt, error)
    }

    fn statement(&self, sql: &str) -> Result<Statement, StoreError> {
        self.postgres
            .wait(self.client.prepare_cached(sql))
            .map_err(|error| self.failed(error))
    }

    /// Sends what waits to be inserted, and hears about all of it.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        let unsent = std::mem::take(&mut self.unsent);
        if unsent.is_empty() {
            return Ok(());
        }
        let client = self.client;
        let sent = unsent.iter().map(|(statement, columns)| async move {
            let params: Vec<_> = columns.iter().map(Column::param).collect();
            client.execute(statement, &params).await
        });
        // After the first failure the server refuses the rest: the first one says why.
        for answer in self.postgres.wait(join_all(sent)) {
            answer.map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    fn rows(&self, rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, StoreError> {
        rows.iter()
            .map(|row| {
                (0..row.len())
                    .map(|column| value(row, column))
                    .collect::<Result<_, _>>()
                    .map(Row)
            })
            .collect::<Result<_, tokio_postgres::Error>>()
            .map_err(|error| self.failed(error))
    }
}

fn value(row: &tokio_postgres::Row, column: usize) -> Result<Value, tokio_postgres::Error> {
    let ty = row.columns()[column].type_();
    Ok(if *ty == Type::INT8 {
        row.try_get::<_, Option<i64>>(column)?.into()
    } else if *ty == Type::INT4 {
        row.try_get::<_, Option<i32>>(column)?.map(i64::from).into()
    } else if *ty == Type::FLOAT8 {
        row.try_get::<_, Option<f64>>(column)?.into()
    } else if *ty == Type::BYTEA {
        row.try_get::<_, Option<Vec<u8>>>(column)?.into()
    } else {
        row.try_get::<_, Option<String>>(column)?.into()
    })
}

fn dollars(sql: &str) -> String {
    sql.replace('?', "$")
}

fn refs(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

impl Db for PostgresDb<'_> {
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.flush()?;
        let statement = self.statement(&dollars(sql))?;
        let rows = self
            .postgres
            .wait(self.client.query(&statement, &refs(params)))
            .map_err(|error| self.failed(error))?;
        self.rows(&rows)
    }

    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.flush()?;
        let statement = self.statement(&dollars(sql))?;
        self.postgres
            .wait(self.client.execute(&statement, &refs(params)))
            .map_err(|error| self.failed(error))
    }

    fn query_in(&mut self, select: &str, ids: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.flush()?;
        let statement = self.statement(&format!("{select} = ANY($1)"))?;
        let ids = Column::of(ids);
        let rows = self
            .postgres
            .wait(self.client.query(&statement, &[ids.param()]))
            .map_err(|error| self.failed(error))?;
        self.rows(&rows)
    }

    fn execute_in(&mut self, change: &str, ids: Vec<Value>) -> Result<u64, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        self.flush()?;
        let statement = self.statement(&format!("{change} = ANY($1)"))?;
        let ids = Column::of(ids);
        self.postgres
            .wait(self.client.execute(&statement, &[ids.param()]))
            .map_err(|error| self.failed(error))
    }

    fn insert(&mut self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        let statement = self.statement(&insert_sql(table))?;
        let mut columns: Vec<Column> = table
            .columns
            .iter()
            .map(|(_, kind)| Column::new(*kind, rows.len()))
            .collect();
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        self.unsent.push((statement, columns));
        Ok(())
    }
}

fn insert_sql(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> = (1..)
        .zip(table.columns)
        .map(|(place, (_, kind))| {
            let ty = match kind {
                Kind::Int => "bigint",
                Kind::Real => "double precision",
                Kind::Text => "text",
                Kind::Blob => "bytea",
            };
            format!("${place}::{ty}[]")
        })
        .collect();
    format!(
        "INSERT INTO {} ({}) SELECT * FROM unnest({}) {}",
        table.name,
        names.join(", "),
        arrays.join(", "),
        table.on_conflict
    )
}

/// What a failure means to the caller.
pub(super) fn failed(attempt: &'static str, error: tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => StoreError::Full { attempt },
        Some(code) if *code == SqlState::UNIQUE_VIOLATION => StoreError::Conflict { what: "a row" },
        Some(code) if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED => {
            StoreError::Corrupt {
                what: format!("the database: {error}"),
            }
        }
        _ => StoreError::Unavailable {
            attempt,
            cause: Box::new(error),
        },
    }
}
