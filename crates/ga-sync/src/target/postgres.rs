//! PostgreSQL, where any number of runs on any number of machines divide the properties among them.
//!
//! A claim is a row of `ga_sync_claims`, locked by a connection that waits for nobody: if its machine dies, the server frees
//! it. Rows are written on a second connection, so that no transaction of theirs is open while Google is asked. The notes
//! are in the first schema of the search path, whatever the schema of the table.

mod failure;
mod settings;
mod tls;

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use ga_core::property::PropertyNumber;
use gauth_cli::Failure;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::{Client, GenericClient, Transaction};

use super::{Failed, Notes, declared, identifier};
use crate::columns::{Column, DAY, PROPERTY, Value};
use crate::days::StoredDay;
use crate::report::Report;
use crate::table::{Change, Name, Table};

use failure::Failing;
pub(crate) use settings::{Settings, hide_password};

/// What PostgreSQL keeps of a longer name is its beginning.
const LONGEST_NAME: usize = 63;
/// Rows on their way to the server.
const BLOCK: usize = 64 << 10;
/// The advisory lock under which tables are made.
const MAKING: i64 = 0x67615f73796e63;

const TABLES: &str = "\
    CREATE TABLE ga_sync_tables (table_name TEXT NOT NULL PRIMARY KEY, query TEXT NOT NULL);
    CREATE TABLE ga_sync (
        table_name TEXT NOT NULL, property BIGINT NOT NULL, day DATE NOT NULL, rows BIGINT, synced_at TIMESTAMPTZ,
        quality TEXT, error TEXT, tried_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (table_name, property, day));
    CREATE TABLE ga_sync_claims (
        table_name TEXT NOT NULL, property BIGINT NOT NULL, PRIMARY KEY (table_name, property));";
const STORED: &str = "\
    INSERT INTO ga_sync (table_name, property, day, rows, synced_at, quality, error, tried_at)
    VALUES ($1, $2, $3::text::date, $4, $5::text::timestamptz, $6, NULL, $5::text::timestamptz)
    ON CONFLICT (table_name, property, day) DO UPDATE SET rows = excluded.rows, synced_at = excluded.synced_at,
        quality = excluded.quality, error = NULL, tried_at = excluded.tried_at";
const FAILED: &str = "\
    INSERT INTO ga_sync (table_name, property, day, error, tried_at)
    VALUES ($1, $2, $3::text::date, $4, $5::text::timestamptz)
    ON CONFLICT (table_name, property, day) DO UPDATE SET error = excluded.error, tried_at = excluded.tried_at";
/// What the server does about a client that has died, and must not do about one that waits for Google. Not every version
/// has all of them.
const PATIENCE: &str = "\
    SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES
        ('tcp_keepalives_idle', '60'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'),
        ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'), ('transaction_timeout', '0')
    ) AS wanted (name, wanted) USING (name)";

/// An open table.
pub(crate) struct Postgres {
    pub(crate) is_new: bool,
    settings: Settings,
    /// The table's name in the notes.
    table: String,
    delete: String,
    copy: String,
    /// Connections that no claim needs any more.
    idle: Mutex<Vec<Connections>>,
}

/// What a claim needs.
struct Connections {
    /// Its transaction holds the claim.
    claim: Client,
    rows: Client,
}

/// A property that this run has to itself.
pub(crate) struct Claim<'t> {
    postgres: &'t Postgres,
    property: i64,
    /// Taken when the claim ends.
    connections: Option<Connections>,
}

impl Postgres {
    pub(crate) fn look(settings: &Settings, name: &Name, table: Option<&Table>) -> anyhow::Result<Option<Notes>> {
        let failing = Failing { settings, verb: "read" };
        let mut client = settings.connect()?;
        if !has_table(&mut client, "ga_sync_tables").map_err(|error| failing.because(error))? {
            return Ok(None);
        }
        let noted = noted_name(&mut client, name).map_err(|error| failing.because(error))?;
        let Some(kept) = kept_query(&mut client, &noted).map_err(|error| failing.because(error))? else {
            return Ok(None);
        };
        if let Some(table) = table {
            table.change(&kept)?;
        }
        Ok(Some(notes(&mut client, &noted, None).map_err(|error| failing.because(error))?))
    }

    pub(crate) fn open(settings: &Settings, table: &Table) -> anyhow::Result<Self> {
        refuse_long_names(table)?;
        let failing = Failing { settings, verb: "prepare" };
        let mut connections = Connections::open(settings)?;
        let mut transaction = connections.rows.transaction().map_err(|error| failing.because(error))?;
        let noted = noted_name(&mut transaction, &table.name).map_err(|error| failing.because(error))?;
        let is_new = prepare(&mut transaction, table, &noted, &failing)?;
        transaction.commit().map_err(|error| failing.because(error))?;
        let columns = [PROPERTY, DAY].into_iter().chain(table.columns.iter().map(|column| &*column.name));
        let columns: Vec<String> = columns.map(identifier).collect();
        let quoted = quoted(&table.name);
        Ok(Self {
            is_new,
            settings: settings.clone(),
            table: noted,
            delete: format!("DELETE FROM {quoted} WHERE property = $1 AND day = $2::text::date"),
            copy: format!("COPY {quoted} ({}) FROM STDIN", columns.join(", ")),
            idle: Mutex::new(vec![connections]),
        })
    }

    /// Takes a property unless another run fills the same table with it. One that fills another table is waited for, so that
    /// a property is never asked by two.
    pub(crate) fn claim(&self, property: &PropertyNumber) -> anyhow::Result<Option<Claim<'_>>> {
        // Eighteen digits at most.
        let property = property.as_str().parse().unwrap_or(i64::MAX);
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connections = match idle {
            Some(connections) => connections,
            None => Connections::open(&self.settings).map_err(Failed)?,
        };
        let mut claim = Claim { postgres: self, property, connections: Some(connections) };
        let is_ours = claim.make().map_err(|error| self.failed(error))?;
        Ok(is_ours.then_some(claim))
    }

    fn failed(&self, error: postgres::Error) -> Failed {
        Failed(Failing { settings: &self.settings, verb: "write to" }.because(error))
    }
}

impl Connections {
    fn open(settings: &Settings) -> Result<Self, Failure> {
        let failing = Failing { settings, verb: "connect to" };
        let connect = || {
            let mut client = settings.connect()?;
            client.batch_execute(PATIENCE).map_err(|error| failing.because(error))?;
            Ok(client)
        };
        Ok(Self { claim: connect()?, rows: connect()? })
    }
}

impl Claim<'_> {
    /// Whether the property is ours now.
    fn make(&mut self) -> Result<bool, postgres::Error> {
        let Self { postgres, property, connections } = self;
        let Some(Connections { claim, .. }) = connections else {
            return Ok(false);
        };
        let row = "INSERT INTO ga_sync_claims (table_name, property) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        claim.execute(row, &[&postgres.table, &*property])?;
        claim.batch_execute("BEGIN")?;
        let lock = "SELECT FROM ga_sync_claims WHERE table_name = $1 AND property = $2 FOR UPDATE SKIP LOCKED";
        if claim.query_opt(lock, &[&postgres.table, &*property])?.is_none() {
            return Ok(false);
        }
        // Below zero, where no one else's locks are likely.
        claim.execute("SELECT pg_advisory_xact_lock($1)", &[&-*property])?;
        Ok(true)
    }

    /// The connection for rows, while the claim is still held.
    fn rows(&mut self) -> Result<&mut Client, Failed> {
        let postgres = self.postgres;
        let lost = || Failed(Failure::new(gauth_cli::Kind::Temporary, "the claim of a property was lost"));
        let connections = self.connections.as_mut().ok_or_else(lost)?;
        connections.claim.batch_execute("").map_err(|error| postgres.failed(error))?;
        Ok(&mut connections.rows)
    }

    pub(crate) fn days(&mut self) -> anyhow::Result<Vec<StoredDay>> {
        let (postgres, property) = (self.postgres, self.property);
        let notes = notes(self.rows()?, &postgres.table, Some(property)).map_err(|error| postgres.failed(error))?;
        Ok(notes.into_iter().next().map_or_else(Vec::new, |(_, days)| days))
    }

    pub(crate) fn store(&mut self, report: Report<'_>) -> anyhow::Result<()> {
        let (postgres, property) = (self.postgres, self.property);
        let failed = |error| postgres.failed(error);
        let (day, requested_at) = (report.day.to_string(), report.requested_at.to_string());
        let rows = i64::try_from(report.rows).unwrap_or(i64::MAX);
        let mut transaction = self.rows()?.transaction().map_err(failed)?;
        // The note comes first: if ever two write one day, the second waits here, and then removes the rows of the first.
        transaction
            .execute(STORED, &[&postgres.table, &property, &day, &rows, &requested_at, &report.quality])
            .map_err(failed)?;
        transaction.execute(&*postgres.delete, &[&property, &day]).map_err(failed)?;
        let mut copy = transaction.copy_in(&*postgres.copy).map_err(failed)?;
        let (head, mut block) = (format!("{property}\t{day}"), String::new());
        let mut write = |block: &mut String| {
            copy.write_all(block.as_bytes()).map_err(|error| postgres.failed_to_copy(error))?;
            block.clear();
            Ok::<(), Failed>(())
        };
        report.for_each(|values| {
            append_row(&mut block, &head, values);
            if block.len() >= BLOCK {
                write(&mut block)?;
            }
            Ok(())
        })?;
        write(&mut block)?;
        copy.finish().map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(())
    }

    pub(crate) fn fail(&mut self, day: Date, error: &str, tried_at: Timestamp) -> anyhow::Result<()> {
        let (postgres, property) = (self.postgres, self.property);
        let (day, error, tried_at) = (day.to_string(), without_nul(error), tried_at.to_string());
        let note: [&(dyn postgres::types::ToSql + Sync); 5] = [&postgres.table, &property, &day, &error, &tried_at];
        self.rows()?.execute(FAILED, &note).map_err(|error| postgres.failed(error))?;
        Ok(())
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // Connections that are of no use any more are closed, which frees the claim as well.
        if let Some(mut connections) = self.connections.take()
            && connections.claim.batch_execute("ROLLBACK").is_ok()
            && !connections.rows.is_closed()
        {
            self.postgres.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connections);
        }
    }
}

impl Postgres {
    /// What a writer of COPY reports is the server's error in one of the system's.
    fn failed_to_copy(&self, error: std::io::Error) -> Failed {
        match error.downcast::<postgres::Error>() {
            Ok(error) => self.failed(error),
            Err(error) => Failed(Failure::of_system("cannot write to PostgreSQL", &error, gauth_cli::Kind::Temporary)),
        }
    }
}

/// Makes the table, or has it hold the query if it may; whether it is new.
fn prepare(
    transaction: &mut Transaction<'_>,
    table: &Table,
    noted: &str,
    failing: &Failing<'_>,
) -> anyhow::Result<bool> {
    let failed = |error| failing.because(error);
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MAKING]).map_err(failed)?;
    if !has_table(transaction, "ga_sync_tables").map_err(failed)? {
        transaction.batch_execute(TABLES).map_err(failed)?;
    }
    let quoted = quoted(&table.name);
    let is_there = has_table(transaction, &quoted).map_err(failed)?;
    match (kept_query(transaction, noted).map_err(failed)?, is_there) {
        (None, true) => {
            let text = format!("PostgreSQL: the table {noted} was not made by ga-sync");
            Err(Failure::usage(text).hint("use another --table").into())
        }
        (None, false) => {
            transaction.batch_execute(&definition(&quoted, &table.columns)).map_err(failed)?;
            let keep = "INSERT INTO ga_sync_tables (table_name, query) VALUES ($1, $2)";
            transaction.execute(keep, &[&noted, &table.query()?]).map_err(failed)?;
            Ok(true)
        }
        (Some(_), false) => {
            let text = format!("PostgreSQL: the table {noted} is gone, but ga_sync has notes of its days");
            let forget =
                ["ga_sync", "ga_sync_tables"].map(|of| format!("DELETE FROM {of} WHERE table_name = '{noted}'"));
            Err(Failure::usage(text).hint(format!("to begin it again: {}", forget.join("; "))).into())
        }
        (Some(kept), true) => {
            if let Some(Change { columns, query }) = table.change(&kept)? {
                for column in columns {
                    let add = format!("ALTER TABLE {quoted} ADD COLUMN {}", declared(column));
                    transaction.batch_execute(&add).map_err(failed)?;
                }
                let keep = "UPDATE ga_sync_tables SET query = $2 WHERE table_name = $1";
                transaction.execute(keep, &[&noted, &query]).map_err(failed)?;
            }
            Ok(false)
        }
    }
}

fn refuse_long_names(table: &Table) -> Result<(), Failure> {
    let names = [&table.name.table].into_iter().chain(&table.name.schema);
    for name in names.chain(table.columns.iter().map(|column| &column.name)) {
        if name.len() > LONGEST_NAME {
            let name = gauth_text::Typed(name);
            return Err(Failure::usage(format!("PostgreSQL's names have at most {LONGEST_NAME} bytes, not as {name}")));
        }
    }
    Ok(())
}

fn quoted(name: &Name) -> String {
    let parts = name.schema.iter().chain([&name.table]);
    parts.map(|part| identifier(part)).collect::<Vec<_>>().join(".")
}

fn definition(quoted: &str, columns: &[Column]) -> String {
    let columns: Vec<String> = columns.iter().map(declared).collect();
    format!(
        "CREATE TABLE {quoted} (property BIGINT NOT NULL, day DATE NOT NULL, {});\n\
         CREATE INDEX ON {quoted} (property, day);",
        columns.join(", ")
    )
}

/// The name of a table in the notes: without the schema that it would have anyway.
fn noted_name(client: &mut impl GenericClient, name: &Name) -> Result<String, postgres::Error> {
    let Some(schema) = &name.schema else {
        return Ok(name.table.clone());
    };
    let is_first = client.query_one("SELECT coalesce(current_schema() = $1, false)", &[schema])?.get(0);
    Ok(if is_first { name.table.clone() } else { format!("{schema}.{}", name.table) })
}

/// Whether there is a table, a view or the like of this quoted name.
fn has_table(client: &mut impl GenericClient, quoted: &str) -> Result<bool, postgres::Error> {
    Ok(client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&quoted])?.get(0))
}

fn kept_query(client: &mut impl GenericClient, noted: &str) -> Result<Option<String>, postgres::Error> {
    let ask = "SELECT query FROM ga_sync_tables WHERE table_name = $1";
    Ok(client.query_opt(ask, &[&noted])?.map(|row| row.get(0)))
}

/// The notes of one property or of all, in order.
fn notes(client: &mut impl GenericClient, noted: &str, property: Option<i64>) -> Result<Notes, postgres::Error> {
    let ask = "\
        SELECT property, to_char(day, 'YYYY-MM-DD'), floor(extract(epoch FROM synced_at))::bigint, error
        FROM ga_sync WHERE table_name = $1 AND ($2::bigint IS NULL OR property = $2) ORDER BY property, day";
    let mut notes = Notes::new();
    for row in client.query(ask, &[&noted, &property])? {
        let (Ok(number), Ok(day)) =
            (PropertyNumber::parse(&row.get::<_, i64>(0).to_string()), row.get::<_, &str>(1).parse())
        else {
            continue;
        };
        let synced_at = row.get::<_, Option<i64>>(2).and_then(|second| Timestamp::from_second(second).ok());
        let stored = StoredDay { day, synced_at, error: row.get(3) };
        match notes.last_mut().filter(|(last, _)| *last == number) {
            Some((_, days)) => days.push(stored),
            None => notes.push((number, vec![stored])),
        }
    }
    Ok(notes)
}

/// Appends a row as COPY's text format has it.
fn append_row(block: &mut String, head: &str, values: &[Value<'_>]) {
    use std::fmt::Write as _;
    block.push_str(head);
    for value in values {
        block.push('\t');
        match value {
            Value::Null => block.push_str("\\N"),
            Value::Text(text) => append_text(block, text),
            // Writing to a string does not fail.
            Value::Integer(number) => drop(write!(block, "{number}")),
            Value::Double(number) => drop(write!(block, "{number}")),
        }
    }
    block.push('\n');
}

fn append_text(block: &mut String, text: &str) {
    let mut rest = text;
    while let Some(place) = rest.find(['\\', '\n', '\r', '\t', '\0']) {
        block.push_str(&rest[..place]);
        block.push_str(match rest.as_bytes()[place] {
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            _ => NUL,
        });
        rest = &rest[place + 1..];
    }
    block.push_str(rest);
}

/// What stands for NUL, which PostgreSQL's text cannot hold.
const NUL: &str = "\u{fffd}";

fn without_nul(text: &str) -> String {
    text.replace('\0', NUL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_copy() {
        let mut block = String::new();
        let values = [
            Value::Text("a\\b\nc\rd\te\0f"),
            Value::Text(""),
            Value::Text("\\N"),
            Value::Null,
            Value::Integer(-5),
            Value::Double(0.1),
        ];
        append_row(&mut block, "1\t2026-11-01", &values);
        assert_eq!(block, "1\t2026-11-01\ta\\\\b\\nc\\rd\\te\u{fffd}f\t\t\\\\N\t\\N\t-5\t0.1\n");
    }
}
