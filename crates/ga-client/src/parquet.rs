//! Parquet files (<https://parquet.apache.org/docs/file-format/>) of rows that come as text: each column holds dates, texts,
//! integers or numbers, and its name. Rows are kept until a row group is full, so that memory does not grow with the file.
//!
//! Which columns there are, and which metadata, is left to the caller.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use gauth_cli::{Failure, Kind};
use gauth_text::Typed;
use jiff::civil::Date;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};

use crate::rows::{is_number, misfit};

/// A row group is written when it reaches this many rows or bytes of cells.
const GROUP_ROWS: usize = 100_000;
const GROUP_BYTES: usize = 8 << 20;
/// The number of strings passed to the library at a time.
const BATCH: usize = 1024;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The key-value metadata of a file; `None` if it is not a Parquet file.
pub fn metadata(file: &File) -> Option<HashMap<String, String>> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file).ok()?;
    let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    Some(pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect())
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// `20261127` as DATE; what is not a date is NULL.
    Date,
    /// Strings in a dictionary.
    Text,
    /// INT64; an empty cell is NULL.
    Integer,
    /// DOUBLE; an empty cell is NULL.
    Number,
}

/// Writes one file.
pub struct Writer<W: Write + Send> {
    file: SerializedFileWriter<W>,
    columns: Vec<Column>,
    /// In all row groups.
    rows: u64,
    /// In the row group that is being filled.
    group_rows: usize,
    group_bytes: usize,
    /// The first cell of a date that is not one, and its row.
    no_date: Option<(String, u64)>,
}

impl<W: Write + Send> Writer<W> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// Two columns of one name, or a sink that takes nothing.
    pub fn new(sink: W, columns: &[(&str, CellType)]) -> anyhow::Result<Self> {
        for (place, (name, _)) in columns.iter().enumerate() {
            if columns[..place].iter().any(|(other, _)| other == name) {
                let why = format!("cannot write Parquet: two columns are named {}", Typed(name));
                return Err(Failure::new(Kind::Failed, why).into());
            }
        }
        let fields = columns.iter().map(|(name, kind)| Ok(Arc::new(field(name, *kind)?)));
        let fields = fields.collect::<Result<_, ParquetError>>().map_err(cause)?;
        let schema = Type::group_type_builder("schema").with_fields(fields).build().map_err(cause)?;
        let file = SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties(columns))).map_err(cause)?;
        let columns = columns.iter().map(|(name, kind)| Column::new(name, *kind)).collect();
        Ok(Self { file, columns, rows: 0, group_rows: 0, group_bytes: 0, no_date: None })
    }

    /// Adds a row, a cell for each column; cells are UTF-8.
    ///
    /// # Errors
    /// A cell that the type of its column cannot hold, or a sink that takes no more.
    pub fn row(&mut self, cells: &[&[u8]]) -> anyhow::Result<()> {
        self.rows += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match column.add(cell) {
                Ok(()) => {}
                Err(NotOfType::Date) => {
                    let row = self.rows;
                    self.no_date.get_or_insert_with(|| (String::from_utf8_lossy(cell).into_owned(), row));
                }
                Err(NotOfType::Number(expected)) => {
                    return Err(misfit("Parquet", self.rows, &column.name, expected, cell).into());
                }
            }
            self.group_bytes += cell.len().max(size_of::<i64>());
        }
        self.group_rows += 1;
        if self.group_rows == GROUP_ROWS || self.group_bytes >= GROUP_BYTES {
            self.write_group().map_err(cause)?;
        }
        Ok(())
    }

    /// Writes what is left, and the end of the file with its key-value metadata. No row may follow.
    ///
    /// # Errors
    /// A sink that takes no more.
    pub fn finish(&mut self, metadata: impl IntoIterator<Item = (&'static str, String)>) -> io::Result<()> {
        if self.group_rows > 0 {
            self.write_group().map_err(cause)?;
        }
        for (key, value) in metadata {
            self.file.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        self.file.finish().map(drop).map_err(cause)
    }

    /// Where the file goes. It holds whole row groups, or the whole file.
    pub fn sink(&mut self) -> &mut W {
        self.file.inner_mut()
    }

    /// The note about cells that are NULL because they are not dates, if there are any.
    pub fn null_dates(&self) -> Option<String> {
        let (cell, row) = self.no_date.as_ref()?;
        Some(format!("values of date that are not dates became NULL; the first is {:?}, in row {row}", Typed(cell)))
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut writer) = group.next_column()? {
                column.write(&mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        (self.group_rows, self.group_bytes) = (0, 0);
        Ok(self.file.flush()?)
    }
}

/// The cells of a column in the row group that is being filled.
struct Column {
    name: String,
    values: Values,
    /// For each cell 1, or 0 if it is NULL and not among the values.
    levels: Vec<i16>,
}

enum Values {
    /// Since 1970-01-01.
    Days(Vec<i32>),
    /// One after the other, and where each ends.
    Texts(Vec<u8>, Vec<usize>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
}

/// What is wrong with a cell.
enum NotOfType {
    /// It is kept as NULL.
    Date,
    Number(&'static str),
}

impl Column {
    fn new(name: &str, kind: CellType) -> Self {
        let values = match kind {
            CellType::Date => Values::Days(Vec::new()),
            CellType::Text => Values::Texts(Vec::new(), Vec::new()),
            CellType::Integer => Values::Integers(Vec::new()),
            CellType::Number => Values::Numbers(Vec::new()),
        };
        Self { name: name.to_owned(), values, levels: Vec::new() }
    }

    fn add(&mut self, cell: &[u8]) -> Result<(), NotOfType> {
        let is_null = match &mut self.values {
            Values::Days(days) => match day(cell) {
                Some(day) => {
                    days.push(day);
                    false
                }
                None => {
                    self.levels.push(0);
                    return Err(NotOfType::Date);
                }
            },
            Values::Texts(texts, ends) => {
                texts.extend_from_slice(cell);
                ends.push(texts.len());
                false
            }
            Values::Integers(_) | Values::Numbers(_) if cell.is_empty() => true,
            Values::Integers(integers) => {
                integers.push(integer(cell).ok_or(NotOfType::Number("a 64-bit integer"))?);
                false
            }
            Values::Numbers(numbers) => {
                numbers.push(number(cell).ok_or(NotOfType::Number("a number that a double can hold"))?);
                false
            }
        };
        self.levels.push(i16::from(!is_null));
        Ok(())
    }

    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(&self.levels[..]);
        match &mut self.values {
            Values::Days(days) => {
                writer.typed::<Int32Type>().write_batch(days, levels, None)?;
                days.clear();
            }
            Values::Integers(integers) => {
                writer.typed::<Int64Type>().write_batch(integers, levels, None)?;
                integers.clear();
            }
            Values::Numbers(numbers) => {
                writer.typed::<DoubleType>().write_batch(numbers, levels, None)?;
                numbers.clear();
            }
            Values::Texts(texts, ends) => {
                write_texts(std::mem::take(texts), ends, &self.levels, writer.typed())?;
                ends.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

fn write_texts(
    texts: Vec<u8>,
    ends: &[usize],
    levels: &[i16],
    writer: &mut ColumnWriterImpl<'_, ByteArrayType>,
) -> Result<(), ParquetError> {
    let texts = Bytes::from(texts);
    let mut start = 0;
    for (ends, levels) in ends.chunks(BATCH).zip(levels.chunks(BATCH)) {
        let batch = ends.iter().map(|&end| ByteArray::from(texts.slice(std::mem::replace(&mut start, end)..end)));
        writer.write_batch(&batch.collect::<Vec<_>>(), Some(levels), None)?;
    }
    Ok(())
}

/// Every column may be NULL, as in the files of other writers, so that files of several can be read as one table.
fn field(name: &str, kind: CellType) -> Result<Type, ParquetError> {
    let (physical, logical) = match kind {
        CellType::Date => (Physical::INT32, Some(LogicalType::Date)),
        CellType::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        CellType::Integer => (Physical::INT64, None),
        CellType::Number => (Physical::DOUBLE, None),
    };
    let field = Type::primitive_type_builder(name, physical).with_logical_type(logical);
    field.with_repetition(Repetition::OPTIONAL).build()
}

fn properties(columns: &[(&str, CellType)]) -> WriterProperties {
    let general = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // Statistics of each page would stay in memory until the end.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    let texts = columns.iter().filter(|(_, kind)| *kind == CellType::Text);
    // Whatever a row group holds fits into a dictionary.
    let with_texts = texts.fold(general, |properties, (name, _)| {
        properties.set_column_dictionary_page_size_limit(ColumnPath::from(*name), usize::MAX)
    });
    with_texts.build()
}

/// The days since 1970-01-01 of `20261127`.
fn day(cell: &[u8]) -> Option<i32> {
    if cell.len() != 8 {
        return None;
    }
    let digits = |part: &[u8]| {
        let is_digit = part.iter().all(u8::is_ascii_digit);
        is_digit.then(|| part.iter().fold(0, |number, digit| number * 10 + i16::from(digit - b'0')))
    };
    let [year, month, day] = [digits(&cell[..4])?, digits(&cell[4..6])?, digits(&cell[6..])?];
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    i32::try_from(date.duration_since(EPOCH).as_hours() / 24).ok()
}

fn integer(cell: &[u8]) -> Option<i64> {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// The double nearest to a number as JSON spells it, or one of those that JSON has no number for but proto3 a text.
fn number(cell: &[u8]) -> Option<f64> {
    match cell {
        b"NaN" => Some(f64::NAN),
        b"Infinity" => Some(f64::INFINITY),
        b"-Infinity" => Some(f64::NEG_INFINITY),
        _ if is_number(cell) => std::str::from_utf8(cell).ok()?.parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// The sink's own error, if it is one.
fn cause(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_day_of_the_calendar_is_a_date() {
        for (text, days) in [
            ("19700101", Some(0)),
            ("19691231", Some(-1)),
            ("20261127", Some(20784)),
            ("20240229", Some(19782)),
            ("20230229", None),
            ("20269999", None),
            ("20260000", None),
            ("(other)", None),
            ("(other!)", None),
            ("2026-11-27", None),
            ("+2026112", None),
            ("２０", None),
            ("", None),
        ] {
            assert_eq!(day(text.as_bytes()), days, "{text}");
        }
    }

    #[test]
    fn a_number_is_kept_only_if_its_type_can_hold_it() {
        for (text, whole, double) in [
            ("0", Some(0), Some(0.0)),
            ("-0", Some(0), Some(-0.0)),
            ("9007199254740993", Some(9_007_199_254_740_993), Some(9_007_199_254_740_992.0)),
            ("9223372036854775807", Some(i64::MAX), Some(9_223_372_036_854_775_807.0)),
            ("12345678901234567890", None, Some(12_345_678_901_234_567_890.0)),
            ("12.5", None, Some(12.5)),
            ("0.30000000000000004", None, Some(0.300_000_000_000_000_04)),
            ("1e3", None, Some(1000.0)),
            ("1e400", None, None),
            ("-1e400", None, None),
            ("1e-400", None, Some(0.0)),
            ("Infinity", None, Some(f64::INFINITY)),
            ("-Infinity", None, Some(f64::NEG_INFINITY)),
            ("inf", None, None),
            ("nan", None, None),
            ("1,000", None, None),
            (" 1", None, None),
            ("0x10", None, None),
            ("(other)", None, None),
        ] {
            assert_eq!(integer(text.as_bytes()), whole, "{text}");
            assert_eq!(number(text.as_bytes()), double, "{text}");
        }
        assert!(number(b"NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let columns = [("a", CellType::Text), ("A", CellType::Text), ("a", CellType::Number)];
        let error = Writer::new(Vec::new(), &columns).err().unwrap();
        assert_eq!(error.to_string(), "cannot write Parquet: two columns are named a");
    }

    #[test]
    fn an_error_of_the_sink_keeps_its_code() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from_raw_os_error(28))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut writer = Writer::new(Full, &[("a", CellType::Text)]).unwrap();
        writer.row(&[b"x"]).unwrap();
        assert_eq!(writer.finish([]).unwrap_err().raw_os_error(), Some(28));
    }
}
