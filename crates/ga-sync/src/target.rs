//! Where tables are: SQLite, PostgreSQL, or a folder of Parquet files; each is one file.
//!
//! A target keeps the rows, and beside them a note of each property and day: `ga_sync(table_name, property, day, rows,
//! synced_at, quality, error, tried_at)`. `ga_sync_tables(table_name, query)` says what each table is for.
//!
//! Each of the three provides:
//!
//! - `look(place, table)`: what is noted, for `--status` and `--dry-run`. It changes nothing and makes nothing; `None` if there
//!   is no such table. Another query is an error only if a table is passed.
//! - `open(place, table)`: ready to be written to by this run. It makes the table and the notes, or has [`Table::change`]
//!   decide about those that are there, and refuses (usage) a table that ga-sync did not make. Whether the table is new is
//!   in `is_new`.
//! - `claim(property)`: a property that this run has to itself until the claim is dropped; `None` if another run has it.
//! - of a claim, `days()`: its notes in the order of the days, read after the claim was made; `store(report)`: in one
//!   transaction, all rows of that day go, the report's come, and its note says so, without an error; `fail(day, why, when)`:
//!   the error goes into the note, and rows and `synced_at` stay.
//!
//! Claims are made and used by several threads. Their own errors are [`Failed`], which ends the run, unlike an error of a
//! report: what [`Report::for_each`] returns is passed on unchanged.

mod folder;
mod postgres;
mod sqlite;

use std::fmt;
use std::path::{Path, PathBuf};

use ga_core::property::PropertyNumber;
use gauth_cli::{Failure, Terminal, files};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::columns::{Column, DataType};
use crate::days::StoredDay;
use crate::report::Report;
use crate::table::{Name, Table};

use folder::Folder;
use postgres::{Postgres, Settings};
use sqlite::Sqlite;

pub(crate) use postgres::hide_password;

/// Where `--into` leads. It cannot be printed.
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(Settings),
    Folder(PathBuf),
}

/// What is noted about a table: for each property its days, both in order.
pub(crate) type Notes = Vec<(PropertyNumber, Vec<StoredDay>)>;

/// An open target.
pub(crate) enum Target {
    Sqlite(Sqlite),
    Postgres(Postgres),
    Folder(Folder),
}

/// A property that this run has to itself.
pub(crate) enum Claim<'t> {
    Sqlite(sqlite::Claim<'t>),
    Postgres(Box<postgres::Claim<'t>>),
    Folder(folder::Claim<'t>),
}

/// What a target refused while it was being filled.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) Failure);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failed {}

impl Place {
    /// Reads the argument of `--into`.
    ///
    /// # Errors
    /// What cannot be a target, as a usage error.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        if matches!(scheme.as_deref(), Some("postgres" | "postgresql")) {
            return Ok(Self::Postgres(Settings::read(text)?));
        }
        let path = Path::new(text);
        files::refuse_secret_as_name(path)?;
        if text.is_empty() {
            return Err(Failure::usage("--into: expected a file, a folder or postgres:"));
        }
        if text.ends_with('/') {
            return Ok(Self::Folder(path.to_owned()));
        }
        if path.is_dir() {
            let text = format!("--into: {} is a folder", files::shown(path));
            return Err(Failure::usage(text).hint("end its name with / for Parquet files"));
        }
        if text.starts_with(":memory:") || text.starts_with("file:") {
            let text = "--into: expected a file; an in-memory database is lost when the run ends";
            return Err(Failure::usage(text));
        }
        Ok(Self::Sqlite(path.to_owned()))
    }

    /// What is noted about the table `name`. With a `table`, its query must be the one that is kept.
    pub(crate) fn look(&self, name: &Name, table: Option<&Table>) -> anyhow::Result<Option<Notes>> {
        match self {
            Self::Sqlite(path) => Sqlite::look(path, name, table),
            Self::Postgres(settings) => Postgres::look(settings, name, table),
            Self::Folder(path) => Folder::look(path, name, table),
        }
    }
}

impl Target {
    pub(crate) fn open(place: &Place, table: &Table, terminal: &Terminal) -> anyhow::Result<Self> {
        Ok(match place {
            Place::Sqlite(path) => Self::Sqlite(Sqlite::open(path, table, terminal)?),
            Place::Postgres(settings) => Self::Postgres(Postgres::open(settings, table)?),
            Place::Folder(path) => Self::Folder(Folder::open(path, table, terminal)?),
        })
    }

    /// Whether this run made the table.
    pub(crate) fn is_new(&self) -> bool {
        match self {
            Self::Sqlite(sqlite) => sqlite.is_new,
            Self::Postgres(postgres) => postgres.is_new,
            Self::Folder(folder) => folder.is_new,
        }
    }

    pub(crate) fn claim(&self, property: &PropertyNumber) -> anyhow::Result<Option<Claim<'_>>> {
        Ok(match self {
            Self::Sqlite(sqlite) => Some(Claim::Sqlite(sqlite.claim(property))),
            Self::Postgres(postgres) => postgres.claim(property)?.map(|claim| Claim::Postgres(Box::new(claim))),
            Self::Folder(folder) => Some(Claim::Folder(folder.claim(property))),
        })
    }
}

impl Claim<'_> {
    pub(crate) fn days(&mut self) -> anyhow::Result<Vec<StoredDay>> {
        match self {
            Self::Sqlite(claim) => claim.days(),
            Self::Postgres(claim) => claim.days(),
            Self::Folder(claim) => claim.days(),
        }
    }

    pub(crate) fn store(&mut self, report: Report<'_>) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(claim) => claim.store(report),
            Self::Postgres(claim) => claim.store(report),
            Self::Folder(claim) => claim.store(report),
        }
    }

    pub(crate) fn fail(&mut self, day: Date, error: &str, tried_at: Timestamp) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(claim) => claim.fail(day, error, tried_at),
            Self::Postgres(claim) => claim.fail(day, error, tried_at),
            Self::Folder(claim) => claim.fail(day, error, tried_at),
        }
    }
}

/// A name as SQL takes it, whatever is in it.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A column as `CREATE TABLE` declares it, in both databases.
fn declared(column: &Column) -> String {
    let data_type = match column.data_type {
        DataType::Text => "TEXT",
        DataType::Integer => "BIGINT",
        DataType::Double => "DOUBLE PRECISION",
    };
    format!("{} {data_type}", identifier(&column.name))
}

/// A time as RFC 3339 has it, in seconds.
fn moment(time: Timestamp) -> String {
    format!("{time:.0}")
}
