//! The shared statements on a SQLite connection.

use rusqlite::{
    Connection, ErrorCode, Statement, ToSql,
    types::{ToSqlOutput, ValueRef},
};

use crate::{
    StoreError,
    sql::{Db, Row, Table, Value},
};

/// Statements inside one transaction.
pub(crate) struct SqliteDb<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) attempt: &'static str,
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

impl SqliteDb<'_> {
    fn failed(&self, error: rusqlite::Error) -> StoreError {
        failed(self.attempt, error)
    }

    fn statement(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .map_err(|error| self.failed(error))
    }
}

fn bind(statement: &mut Statement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    for (place, value) in params.iter().enumerate() {
        statement.raw_bind_parameter(place + 1, value)?;
    }
    Ok(())
}

fn collect(statement: &mut Statement<'_>, found: &mut Vec<Row>) -> rusqlite::Result<()> {
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let values = (0..columns)
            .map(|column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(value) => Value::Int(value),
                    ValueRef::Real(value) => Value::Real(value),
                    ValueRef::Text(value) => {
                        Value::Text(String::from_utf8_lossy(value).into_owned())
                    }
                    ValueRef::Blob(value) => Value::Blob(value.to_vec()),
                })
            })
            .collect::<rusqlite::Result<_>>()?;
        found.push(Row(values));
    }
    Ok(())
}

impl Db for SqliteDb<'_> {
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.statement(sql)?;
        let mut found = Vec::new();
        bind(&mut statement, params)
            .and_then(|()| collect(&mut statement, &mut found))
            .map_err(|error| self.failed(error))?;
        Ok(found)
    }

    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.statement(sql)?;
        bind(&mut statement, params)
            .and_then(|()| statement.raw_execute())
            .map(|changed| changed as u64)
            .map_err(|error| self.failed(error))
    }

    fn query_in(&mut self, select: &str, ids: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.statement(&format!("{select} = ?1"))?;
        let mut found = Vec::new();
        for id in &ids {
            bind(&mut statement, std::slice::from_ref(id))
                .and_then(|()| collect(&mut statement, &mut found))
                .map_err(|error| self.failed(error))?;
        }
        Ok(found)
    }

    fn execute_in(&mut self, change: &str, ids: Vec<Value>) -> Result<u64, StoreError> {
        let mut statement = self.statement(&format!("{change} = ?1"))?;
        let mut changed = 0;
        for id in &ids {
            changed += bind(&mut statement, std::slice::from_ref(id))
                .and_then(|()| statement.raw_execute())
                .map_err(|error| self.failed(error))? as u64;
        }
        Ok(changed)
    }

    fn insert(&mut self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        let mut update = match table.update_first {
            Some(sql) => Some(self.statement(sql)?),
            None => None,
        };
        let mut statement = self.statement(&insert_sql(table))?;
        for row in &rows {
            if let Some(update) = &mut update {
                let changed = bind(update, row)
                    .and_then(|()| update.raw_execute())
                    .map_err(|error| self.failed(error))?;
                if changed == 1 {
                    continue;
                }
            }
            bind(&mut statement, row)
                .and_then(|()| statement.raw_execute())
                .map_err(|error| self.failed(error))?;
        }
        Ok(())
    }
}

fn insert_sql(table: &Table) -> String {
    let mut names = String::new();
    let mut places = String::new();
    for (place, (name, _)) in table.columns.iter().enumerate() {
        if place > 0 {
            names.push_str(", ");
            places.push_str(", ");
        }
        names.push_str(name);
        places.push_str(&format!("?{}", place + 1));
    }
    format!(
        "INSERT INTO {} ({names}) VALUES ({places}) {}",
        table.name, table.on_conflict
    )
}

/// What a failure means to the caller.
pub(crate) fn failed(attempt: &'static str, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { attempt },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt {
            what: format!("the database file: {error}"),
        },
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict { what: "a row" },
        _ => StoreError::Unavailable {
            attempt,
            cause: Box::new(error),
        },
    }
}
