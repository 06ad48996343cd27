//! A table in a folder of Parquet files, one for each property and day: `NAME/property=N/date=YYYY-MM-DD/part.parquet`, as
//! Hive partitions them and DuckDB, Polars, Spark, Trino and BigQuery read them.
//!
//! The note of a stored day is the key-value metadata of its part, so that one rename is both. `NAME/_state/` keeps a copy of
//! the notes, so that no part has to be opened to know them, and the errors of days. One run at a time fills a table.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ga_client::parquet::{self, CellType, Writer};
use ga_core::property::PropertyNumber;
use gauth_cli::exit::reason;
use gauth_cli::files::{shown, sync_directory};
use gauth_cli::lock::Lock;
use gauth_cli::{Failure, Kind, Terminal};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Failed, Notes, moment};
use crate::columns::{Column, DataType};
use crate::days::StoredDay;
use crate::report::Report;
use crate::table::{Name, Table};

const PART: &str = "part.parquet";
/// A part that is being written. Readers of Hive's folders leave out what begins with `_`.
const UNFINISHED: &str = "_part.tmp";
const STATE: &str = "_state";
const QUERY: &str = "query.json";

/// A table that can be written to.
pub(crate) struct Folder {
    pub(crate) is_new: bool,
    name: String,
    columns: Vec<Column>,
    query: String,
    path: PathBuf,
    /// Held until the run ends.
    _lock: Option<Lock>,
}

/// A property of the only run that fills the table.
pub(crate) struct Claim<'t> {
    folder: &'t Folder,
    property: PropertyNumber,
    notes: BTreeMap<Date, Note>,
}

/// What is noted of a day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Note {
    rows: Option<u64>,
    synced_at: Option<Timestamp>,
    quality: Option<String>,
    error: Option<String>,
    tried_at: Option<Timestamp>,
    /// The part that this is the note of.
    part: Option<Identity>,
}

/// What tells a part from the one that replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    bytes: u64,
    modified: Timestamp,
}

impl Folder {
    pub(crate) fn look(path: &Path, name: &Name, table: Option<&Table>) -> anyhow::Result<Option<Notes>> {
        let path = path.join(name.without_schema()?);
        let failed = |error| failed("read", &path, &error);
        let Some(kept) = kept_query(&path).map_err(failed)? else {
            return Ok(None);
        };
        if let Some(table) = table {
            check(table, &kept)?;
        }
        let mut notes = Notes::new();
        for property in partitions(&path, "property=").map_err(failed)? {
            let Ok(property) = PropertyNumber::parse(&property) else {
                continue;
            };
            let days = notes_of(&path, &property).map_err(failed)?;
            notes.push((property, days.into_iter().map(StoredDay::from).collect()));
        }
        notes.sort_by_key(|(property, _)| property.as_str().parse().unwrap_or(u64::MAX));
        Ok(Some(notes))
    }

    pub(crate) fn open(path: &Path, table: &Table, terminal: &Terminal) -> anyhow::Result<Self> {
        let name = table.name.without_schema()?.to_owned();
        if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            let text = format!("--into: cannot make {}: its folder does not exist", shown(path));
            return Err(Failure::usage(text).into());
        }
        make(path).map_err(|error| failed("make", path, &error))?;
        let path = path.join(&name);
        let lock = Lock::of_file(&path, Instant::now(), terminal)?;
        let kept = kept_query(&path).map_err(|error| failed("read", &path, &error))?;
        match &kept {
            Some(kept) => check(table, kept)?,
            None => refuse_foreign(&path)?,
        }
        let query = kept.clone().map_or_else(|| table.query(), Ok)?;
        keep_query(&path, &query).map_err(|error| failed("write", &path, &error))?;
        Ok(Self { is_new: kept.is_none(), name, columns: table.columns.clone(), query, path, _lock: lock })
    }

    pub(crate) fn claim(&self, property: &PropertyNumber) -> Claim<'_> {
        Claim { folder: self, property: property.clone(), notes: BTreeMap::new() }
    }
}

impl Claim<'_> {
    pub(crate) fn days(&mut self) -> anyhow::Result<Vec<StoredDay>> {
        let path = &self.folder.path;
        self.notes = notes_of(path, &self.property).map_err(|error| Failed(failed("read", path, &error)))?;
        Ok(self.notes.iter().map(|(day, note)| StoredDay::from((*day, note.clone()))).collect())
    }

    pub(crate) fn store(&mut self, report: Report<'_>) -> anyhow::Result<()> {
        let day = report.day;
        let partition = self.folder.path.join(format!("property={}", self.property)).join(format!("date={day}"));
        let path = partition.join(PART);
        let failed = |error: io::Error| Failed(failed("write", &path, &error));
        make(&partition).map_err(failed)?;
        let unfinished = partition.join(UNFINISHED);
        let mut note = Note {
            rows: Some(report.rows),
            synced_at: Some(report.requested_at),
            quality: report.quality.clone(),
            error: None,
            tried_at: Some(report.requested_at),
            part: None,
        };
        let file = File::create(&unfinished).map_err(failed)?;
        let written = self.write(&file, report, &note).and_then(|()| Ok(file.sync_all()?));
        if let Err(error) = written {
            let _ = fs::remove_file(&unfinished);
            return Err(match error.downcast::<io::Error>() {
                Ok(error) => failed(error).into(),
                Err(error) => error,
            });
        }
        fs::rename(&unfinished, &path).and_then(|()| sync_directory(&partition)).map_err(failed)?;
        note.part = identity(&path).map_err(failed)?;
        self.notes.insert(day, note);
        Ok(())
    }

    pub(crate) fn fail(&mut self, day: Date, error: &str, tried_at: Timestamp) -> anyhow::Result<()> {
        let note = self.notes.entry(day).or_default();
        (note.error, note.tried_at) = (Some(error.to_owned()), Some(tried_at));
        self.keep_notes().map_err(|error| Failed(failed("write", &self.folder.path, &error)).into())
    }

    fn write(&self, file: &File, report: Report<'_>, note: &Note) -> anyhow::Result<()> {
        let columns = self.folder.columns.iter().map(|column| {
            let cell_type = match column.data_type {
                DataType::Text => CellType::Text,
                DataType::Integer => CellType::Integer,
                DataType::Double => CellType::Number,
            };
            (&*column.name, cell_type)
        });
        let mut writer = Writer::new(file, &columns.collect::<Vec<_>>())?;
        let day = report.day;
        report.for_each_row(|cells| writer.row(cells))?;
        let metadata = [
            ("table_name", Some(self.folder.name.clone())),
            ("property", Some(self.property.to_string())),
            ("day", Some(day.to_string())),
            ("rows", note.rows.map(|rows| rows.to_string())),
            ("synced_at", note.synced_at.map(moment)),
            ("quality", note.quality.clone()),
            ("tried_at", note.tried_at.map(moment)),
            ("query", Some(self.folder.query.clone())),
        ];
        Ok(writer.finish(metadata.into_iter().filter_map(|(key, value)| Some((key, value?))))?)
    }

    /// Replaces the copy of the notes. It may be lost: what is not in it is read from the parts.
    fn keep_notes(&self) -> io::Result<()> {
        replace(&self.folder.path.join(STATE), &copy_of_notes(&self.property), &serde_json::to_vec(&self.notes)?)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let _ = self.keep_notes();
    }
}

impl From<(Date, Note)> for StoredDay {
    fn from((day, note): (Date, Note)) -> Self {
        Self { day, synced_at: note.synced_at, error: note.error }
    }
}

/// That nothing else is in the folder of a new table.
fn refuse_foreign(path: &Path) -> anyhow::Result<()> {
    let entries = absent_or(fs::read_dir(path)).map_err(|error| failed("read", path, &error))?;
    let is_foreign = |entry: io::Result<fs::DirEntry>| entry.map_or(true, |entry| entry.file_name() != STATE);
    if entries.into_iter().flatten().any(is_foreign) {
        let text = format!("{} was not made by ga-sync", shown(path));
        return Err(Failure::usage(text).hint("use another --table").into());
    }
    Ok(())
}

fn keep_query(path: &Path, query: &str) -> io::Result<()> {
    let state = path.join(STATE);
    make(&state)?;
    replace(&state, QUERY, query.as_bytes())
}

/// Replaces a file that may be lost, but never be half of one.
fn replace(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("_{name}.tmp"));
    fs::write(&unfinished, content)?;
    fs::rename(&unfinished, folder.join(name))
}

/// That a table may be filled with the query that was kept.
fn check(table: &Table, kept: &str) -> anyhow::Result<()> {
    if table.adds_columns() {
        return Err(Failure::usage("--add-columns: the files of a folder cannot get further columns")
            .hint("use another --table")
            .into());
    }
    table.change(kept)?;
    Ok(())
}

/// The query that the table at `path` is for; `None` if there is no such table.
fn kept_query(path: &Path) -> io::Result<Option<String>> {
    if let Some(query) = absent_or(fs::read_to_string(path.join(STATE).join(QUERY)))? {
        return Ok(Some(query));
    }
    for property in partitions(path, "property=")? {
        let property = path.join(format!("property={property}"));
        for day in partitions(&property, "date=")? {
            let Some(part) = absent_or(File::open(property.join(format!("date={day}")).join(PART)))? else {
                continue;
            };
            if let Some(mut metadata) = parquet::metadata(&part) {
                return Ok(metadata.remove("query"));
            }
        }
    }
    Ok(None)
}

/// The notes of the days of a property, those of its parts and those that failed.
fn notes_of(path: &Path, property: &PropertyNumber) -> io::Result<BTreeMap<Date, Note>> {
    let copy = absent_or(fs::read(path.join(STATE).join(copy_of_notes(property))))?;
    let mut copy: BTreeMap<Date, Note> = copy.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let mut notes = BTreeMap::new();
    let folder = path.join(format!("property={property}"));
    for day in partitions(&folder, "date=")? {
        let part = folder.join(format!("date={day}")).join(PART);
        let (Ok(day), Some(identity)) = (day.parse(), identity(&part)?) else {
            continue;
        };
        let known = copy.remove(&day).filter(|note| note.part == Some(identity));
        // What is not a part of ours is replaced.
        if let Some(note) = known.or_else(|| note_of(&File::open(&part).ok()?, identity)) {
            notes.insert(day, note);
        }
    }
    notes.extend(copy.into_iter().filter(|(_, note)| note.error.is_some()).map(|(day, note)| {
        // Its part is gone.
        (day, Note { error: note.error, tried_at: note.tried_at, ..Note::default() })
    }));
    Ok(notes)
}

fn note_of(part: &File, identity: Identity) -> Option<Note> {
    let mut metadata = parquet::metadata(part)?;
    let synced_at = metadata.get("synced_at")?.parse().ok()?;
    let rows = metadata.get("rows")?.parse().ok()?;
    Some(Note {
        rows: Some(rows),
        synced_at: Some(synced_at),
        quality: metadata.remove("quality"),
        error: None,
        tried_at: Some(synced_at),
        part: Some(identity),
    })
}

fn copy_of_notes(property: &PropertyNumber) -> String {
    format!("property={property}.json")
}

/// What follows `key` in the names of the folders in `path`.
fn partitions(path: &Path, key: &str) -> io::Result<Vec<String>> {
    let Some(entries) = absent_or(fs::read_dir(path))? else {
        return Ok(Vec::new());
    };
    let mut values = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        values.extend(name.to_str().and_then(|name| name.strip_prefix(key)).map(str::to_owned));
    }
    values.sort_unstable();
    Ok(values)
}

fn identity(path: &Path) -> io::Result<Option<Identity>> {
    let Some(metadata) = absent_or(fs::metadata(path))? else {
        return Ok(None);
    };
    let modified = Timestamp::try_from(metadata.modified()?).map_err(io::Error::other)?;
    Ok(Some(Identity { bytes: metadata.len(), modified }))
}

/// Makes a folder, and those above it but for the first, which outlast a loss of power.
fn make(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        Err(error) => match (error.kind(), path.parent()) {
            (io::ErrorKind::NotFound, Some(parent)) if parent.file_name().is_some() => {
                make(parent)?;
                fs::create_dir(path)?;
            }
            _ => return Err(error),
        },
        Ok(()) => {}
    }
    path.parent().map_or(Ok(()), sync_directory)
}

/// `None` for what is not there.
fn absent_or<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        result => result.map(Some),
    }
}

fn failed(verb: &str, path: &Path, error: &io::Error) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotADirectory => {
            Kind::Usage
        }
        _ => Kind::Failed,
    };
    Failure::new(kind, format!("cannot {verb} {}: {}", shown(path), reason(error)))
}
