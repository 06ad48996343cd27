//! The columns of the table behind `property` and `day`, and cells as the values that they hold.
//!
//! A column has the name that GA4 has for its field. Its type does not depend on an answer, so that all days and all
//! properties agree: whole numbers are those of the field catalogue.

use ga_core::catalogue::{self, FieldKind};
use ga_core::report::RunReportRequest;
use gauth_cli::{Failure, Kind};
use gauth_text::Typed;

/// The columns that every table begins with.
pub(crate) const PROPERTY: &str = "property";
pub(crate) const DAY: &str = "day";
/// The dimension `day`, whose name the day of the report has.
const DAY_OF_MONTH: &str = "day_of_month";

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataType {
    /// A dimension.
    Text,
    /// A metric of whole numbers.
    Integer,
    /// Any other metric.
    Double,
}

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Text(&'a str),
    Integer(i64),
    Double(f64),
}

/// The columns of a request, in the order of the cells of its rows.
///
/// # Errors
/// Two names that a database cannot tell from each other, as a usage error.
pub(crate) fn of(request: &RunReportRequest) -> Result<Vec<Column>, Failure> {
    let dimensions = request.dimensions.iter().map(|dimension| Column {
        name: if dimension.name == DAY { DAY_OF_MONTH } else { &dimension.name }.to_owned(),
        data_type: DataType::Text,
    });
    let metrics = request.metrics.iter().filter(|metric| metric.invisible != Some(true));
    let metrics = metrics.map(|metric| {
        let is_whole = catalogue::find(&metric.name, FieldKind::Metric).is_some_and(|field| field.format == "integer");
        let data_type = if is_whole { DataType::Integer } else { DataType::Double };
        Column { name: metric.name.clone(), data_type }
    });
    let columns: Vec<Column> = dimensions.chain(metrics).collect();
    for (place, column) in columns.iter().enumerate() {
        let others = columns[..place].iter().map(|column| &*column.name).chain([PROPERTY, DAY]);
        for other in others {
            if column.name.eq_ignore_ascii_case(other) {
                let (name, other) = (Typed(&column.name), Typed(other));
                return Err(Failure::usage(format!("a database cannot tell the column {name} from {other}")));
            }
        }
    }
    Ok(columns)
}

impl Column {
    /// The value of a cell.
    ///
    /// # Errors
    /// One that the column cannot hold.
    pub(crate) fn value<'a>(&self, cell: &'a [u8]) -> Result<Value<'a>, Failure> {
        let text = str::from_utf8(cell).map_err(|_| self.refused("is not UTF-8"))?;
        match self.data_type {
            DataType::Text => Ok(Value::Text(text)),
            _ if text.is_empty() => Ok(Value::Null),
            DataType::Integer => {
                let number = text.parse().ok().filter(|_| !text.starts_with('+'));
                number.map(Value::Integer).ok_or_else(|| self.refused("is not a whole number of 64 bits"))
            }
            DataType::Double => text.parse().map(Value::Double).map_err(|_| self.refused("is not a number")),
        }
    }

    fn refused(&self, why: &str) -> Failure {
        Failure::new(Kind::Failed, format!("a cell of {} {why}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ga_core::report::{Dimension, Metric};

    fn request(dimensions: &[&str], metrics: &[&str]) -> RunReportRequest {
        RunReportRequest {
            dimensions: dimensions.iter().map(|name| Dimension::named(*name)).collect(),
            metrics: metrics.iter().map(|name| Metric::named(*name)).collect(),
            ..RunReportRequest::default()
        }
    }

    #[test]
    fn names_are_ga4s_and_types_the_catalogues() {
        let mut request = request(&["country", "day"], &["sessions", "bounceRate", "keyEvents:buy", "customEvent:x"]);
        request.metrics.push(Metric::invisible("eventCount"));
        let columns = of(&request).unwrap();
        let columns: Vec<_> = columns.iter().map(|column| (&*column.name, column.data_type)).collect();
        assert_eq!(
            columns,
            [
                ("country", DataType::Text),
                ("day_of_month", DataType::Text),
                ("sessions", DataType::Integer),
                ("bounceRate", DataType::Double),
                ("keyEvents:buy", DataType::Double),
                ("customEvent:x", DataType::Double),
            ]
        );
    }

    #[test]
    fn columns_that_differ_by_case_only_are_refused() {
        for dimensions in [["customEvent:x", "customEvent:X"], ["country", "Property"]] {
            assert!(of(&request(&dimensions, &[])).is_err(), "{dimensions:?}");
        }
    }

    #[test]
    fn cells_become_values_or_are_refused() {
        let column = |data_type| Column { name: "x".to_owned(), data_type };
        let (text, integer, double) = (column(DataType::Text), column(DataType::Integer), column(DataType::Double));
        for (column, cell, value) in [
            (&text, "", Some(Value::Text(""))),
            (&text, "a\0b", Some(Value::Text("a\0b"))),
            (&integer, "-9223372036854775808", Some(Value::Integer(i64::MIN))),
            (&integer, "", Some(Value::Null)),
            (&integer, "1.0", None),
            (&integer, "9223372036854775808", None),
            (&integer, "+1", None),
            (&double, "0.1", Some(Value::Double(0.1))),
            (&double, "", Some(Value::Null)),
            (&double, "(not set)", None),
        ] {
            assert_eq!(column.value(cell.as_bytes()).ok(), value, "{cell}");
        }
    }
}
