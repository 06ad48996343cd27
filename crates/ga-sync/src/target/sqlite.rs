//! A table in an SQLite database, with the notes in the same file, so that one commit is both.
//!
//! One run at a time fills a file: a lock beside it says so. Others may read it, and write to it between our transactions; the
//! journal mode stays as it is found.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ga_core::property::PropertyNumber;
use gauth_cli::files::shown;
use gauth_cli::lock::Lock;
use gauth_cli::{Failure, Kind, Terminal};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::ToSqlOutput;
use rusqlite::types::ValueRef;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, ToSql, Transaction, TransactionBehavior, params,
};

use super::{Failed, Notes, declared, identifier, moment};
use crate::columns::{Column, DAY, PROPERTY, Value};
use crate::days::StoredDay;
use crate::report::Report;
use crate::table::{Change, Name, Table};

/// How long another program may keep the database busy.
const PATIENCE: Duration = Duration::from_secs(60);

const NOTES: &str = "\
    CREATE TABLE IF NOT EXISTS ga_sync_tables (table_name TEXT NOT NULL PRIMARY KEY, query TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS ga_sync (
        table_name TEXT NOT NULL, property BIGINT NOT NULL, day TEXT NOT NULL, rows BIGINT, synced_at TEXT, quality TEXT,
        error TEXT, tried_at TEXT NOT NULL, PRIMARY KEY (table_name, property, day));";
const STORED: &str = "\
    INSERT INTO ga_sync (table_name, property, day, rows, synced_at, quality, error, tried_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?5)
    ON CONFLICT DO UPDATE SET rows = excluded.rows, synced_at = excluded.synced_at, quality = excluded.quality,
        error = NULL, tried_at = excluded.tried_at";
const FAILED: &str = "\
    INSERT INTO ga_sync (table_name, property, day, error, tried_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET error = excluded.error, tried_at = excluded.tried_at";

/// An open database.
pub(crate) struct Sqlite {
    pub(crate) is_new: bool,
    connection: Mutex<Connection>,
    /// The path as messages show it.
    path: String,
    table: String,
    delete: String,
    insert: String,
    /// Held until the run ends.
    _lock: Option<Lock>,
}

/// A property of the only run that fills the file.
pub(crate) struct Claim<'t> {
    sqlite: &'t Sqlite,
    property: i64,
}

impl Sqlite {
    pub(crate) fn look(path: &Path, name: &Name, table: Option<&Table>) -> anyhow::Result<Option<Notes>> {
        let failed = |error| failed("read", &shown(path), error);
        let name = name.without_schema()?;
        if !path.exists() {
            return Ok(None);
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
        if !has_table(&connection, "ga_sync_tables").map_err(failed)? {
            return Ok(None);
        }
        let Some(kept) = kept_query(&connection, name).map_err(failed)? else {
            return Ok(None);
        };
        if let Some(table) = table {
            table.change(&kept)?;
        }
        Ok(Some(notes(&connection, name, None).map_err(failed)?))
    }

    pub(crate) fn open(path: &Path, table: &Table, terminal: &Terminal) -> anyhow::Result<Self> {
        let name = table.name.without_schema()?.to_owned();
        if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            let text = format!("--into: cannot open {}: its folder does not exist", shown(path));
            return Err(Failure::usage(text).into());
        }
        let lock = Lock::of_file(path, Instant::now(), terminal)?;
        let failed = |error| failed("open", &shown(path), error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(path, flags).map_err(failed)?;
        let transaction = begin(&mut connection).map_err(failed)?;
        let is_new = prepare(&transaction, table, &name, path)?;
        transaction.commit().map_err(failed)?;
        let columns = [PROPERTY, DAY].into_iter().chain(table.columns.iter().map(|column| &*column.name));
        let columns: Vec<String> = columns.map(identifier).collect();
        let values = vec!["?"; columns.len()].join(", ");
        let quoted = identifier(&name);
        Ok(Self {
            is_new,
            connection: Mutex::new(connection),
            path: shown(path),
            delete: format!("DELETE FROM {quoted} WHERE property = ?1 AND day = ?2"),
            insert: format!("INSERT INTO {quoted} ({}) VALUES ({values})", columns.join(", ")),
            table: name,
            _lock: lock,
        })
    }

    pub(crate) fn claim(&self, property: &PropertyNumber) -> Claim<'_> {
        // Eighteen digits at most.
        Claim { sqlite: self, property: property.as_str().parse().unwrap_or(i64::MAX) }
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: rusqlite::Error) -> Failed {
        Failed(failed("write", &self.path, error))
    }
}

impl Claim<'_> {
    pub(crate) fn days(&mut self) -> anyhow::Result<Vec<StoredDay>> {
        let notes = notes(&self.sqlite.connection(), &self.sqlite.table, Some(self.property));
        let notes = notes.map_err(|error| self.sqlite.failed(error))?;
        Ok(notes.into_iter().next().map_or_else(Vec::new, |(_, days)| days))
    }

    pub(crate) fn store(&mut self, report: Report<'_>) -> anyhow::Result<()> {
        let Self { sqlite, property } = *self;
        let failed = |error| sqlite.failed(error);
        let mut connection = sqlite.connection();
        let transaction = begin(&mut connection).map_err(failed)?;
        let day = report.day.to_string();
        let rows = i64::try_from(report.rows).unwrap_or(i64::MAX);
        let (requested_at, quality) = (moment(report.requested_at), report.quality.clone());
        transaction.execute(&sqlite.delete, params![property, day]).map_err(failed)?;
        let mut insert = transaction.prepare(&sqlite.insert).map_err(failed)?;
        insert.raw_bind_parameter(1, property).map_err(failed)?;
        insert.raw_bind_parameter(2, &day).map_err(failed)?;
        report.for_each(|values| {
            for (place, value) in values.iter().enumerate() {
                insert.raw_bind_parameter(place + 3, value).map_err(failed)?;
            }
            insert.raw_execute().map_err(failed)?;
            Ok(())
        })?;
        drop(insert);
        let note = params![sqlite.table, property, day, rows, requested_at, quality];
        transaction.execute(STORED, note).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(())
    }

    pub(crate) fn fail(&mut self, day: Date, error: &str, tried_at: Timestamp) -> anyhow::Result<()> {
        let note = params![self.sqlite.table, self.property, day.to_string(), error, moment(tried_at)];
        self.sqlite.connection().execute(FAILED, note).map_err(|error| self.sqlite.failed(error))?;
        Ok(())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Double(number) => ValueRef::Real(number),
        }))
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// A transaction that may write, so that it never has to give way to another one in its middle.
fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

/// Makes the table, or has it hold the query if it may; whether it is new.
fn prepare(transaction: &Transaction<'_>, table: &Table, name: &str, path: &Path) -> anyhow::Result<bool> {
    let failed = |error| failed("prepare", &shown(path), error);
    let is_there = has_table(transaction, name).map_err(failed)?;
    transaction.execute_batch(NOTES).map_err(failed)?;
    match (kept_query(transaction, name).map_err(failed)?, is_there) {
        (None, true) => {
            let text = format!("{}: the table {name} was not made by ga-sync", shown(path));
            Err(Failure::usage(text).hint("use another --table").into())
        }
        (None, false) => {
            transaction.execute_batch(&definition(name, &table.columns)).map_err(failed)?;
            let keep = "INSERT INTO ga_sync_tables (table_name, query) VALUES (?1, ?2)";
            transaction.execute(keep, params![name, table.query()?]).map_err(failed)?;
            Ok(true)
        }
        (Some(_), false) => {
            let text = format!("{}: the table {name} is gone, but ga_sync has notes of its days", shown(path));
            let forget =
                ["ga_sync", "ga_sync_tables"].map(|of| format!("DELETE FROM {of} WHERE table_name = '{name}'"));
            Err(Failure::usage(text).hint(format!("to begin it again: {}", forget.join("; "))).into())
        }
        (Some(kept), true) => {
            if let Some(Change { columns, query }) = table.change(&kept)? {
                for column in columns {
                    let add = format!("ALTER TABLE {} ADD COLUMN {}", identifier(name), declared(column));
                    transaction.execute_batch(&add).map_err(failed)?;
                }
                let keep = "UPDATE ga_sync_tables SET query = ?2 WHERE table_name = ?1";
                transaction.execute(keep, params![name, query]).map_err(failed)?;
            }
            Ok(false)
        }
    }
}

fn definition(name: &str, columns: &[Column]) -> String {
    let columns: Vec<String> = columns.iter().map(declared).collect();
    let (table, index) = (identifier(name), identifier(&format!("{name}_property_day")));
    format!(
        "CREATE TABLE {table} (property BIGINT NOT NULL, day TEXT NOT NULL, {});\n\
         CREATE INDEX {index} ON {table} (property, day);",
        columns.join(", ")
    )
}

/// Whether there is a table or a view of this name, which SQLite takes in any case of letters.
fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let ask = "SELECT 1 FROM sqlite_master WHERE name = ?1 COLLATE NOCASE";
    Ok(connection.query_row(ask, [name], |_| Ok(())).optional()?.is_some())
}

fn kept_query(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let ask = "SELECT query FROM ga_sync_tables WHERE table_name = ?1";
    connection.query_row(ask, [name], |row| row.get(0)).optional()
}

/// The notes of one property or of all, in order.
fn notes(connection: &Connection, name: &str, property: Option<i64>) -> rusqlite::Result<Notes> {
    let mut ask = connection.prepare(
        "SELECT property, day, synced_at, error FROM ga_sync WHERE table_name = ?1 AND (?2 IS NULL OR property = ?2)
         ORDER BY property, day",
    )?;
    let mut rows = ask.query(params![name, property])?;
    let mut notes = Notes::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let Ok(number) = PropertyNumber::parse(&number.to_string()) else {
            continue;
        };
        let Ok(day) = row.get_ref(1)?.as_str()?.parse() else {
            continue;
        };
        let synced_at: Option<String> = row.get(2)?;
        let stored = StoredDay { day, synced_at: synced_at.and_then(|time| time.parse().ok()), error: row.get(3)? };
        match notes.last_mut().filter(|(last, _)| *last == number) {
            Some((_, days)) => days.push(stored),
            None => notes.push((number, vec![stored])),
        }
    }
    Ok(notes)
}

fn failed(verb: &str, path: &str, error: rusqlite::Error) -> Failure {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Temporary,
        Some(ErrorCode::NotADatabase | ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            Kind::Usage
        }
        _ => Kind::Failed,
    };
    Failure::new(kind, format!("cannot {verb} {path}: {error}"))
}
