//! One column of a v3 report: its header, and how its cells are made of GA4's.

use std::borrow::Cow;

use super::decimal;
use crate::catalogue::FieldKind;

/// A requested column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name as typed, with or without `ga:`.
    pub name: String,
    /// Dimension or metric.
    pub kind: FieldKind,
    /// v3's type of its cells.
    pub data_type: DataType,
    pub(super) cells: Cells,
}

/// v3's `dataType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// Every dimension.
    String,
    /// A count.
    Integer,
    /// From 0 to 100, without a sign.
    Percent,
    /// Seconds.
    Time,
    /// An amount in the currency of the property.
    Currency,
    /// Any other number.
    Float,
}

impl DataType {
    /// As it is written in `columnHeaders`.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Integer => "INTEGER",
            Self::Percent => "PERCENT",
            Self::Time => "TIME",
            Self::Currency => "CURRENCY",
            Self::Float => "FLOAT",
        }
    }

    /// The type behind a letter of the table.
    pub(super) fn of_letter(letter: &str) -> Self {
        match letter {
            "I" => Self::Integer,
            "P" => Self::Percent,
            "T" => Self::Time,
            "C" => Self::Currency,
            "F" => Self::Float,
            _ => Self::String,
        }
    }

    /// The type that v3 would have given a GA4 field of this format.
    pub(super) fn of_format(kind: FieldKind, format: &str) -> Self {
        match (kind, format) {
            (FieldKind::Dimension, _) => Self::String,
            (FieldKind::Metric, "integer") => Self::Integer,
            (FieldKind::Metric, "currency") => Self::Currency,
            (FieldKind::Metric, "seconds") => Self::Time,
            (FieldKind::Metric, _) => Self::Float,
        }
    }
}

/// How a cell is made; the numbers are places in GA4's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    Same(usize),
    /// Values that have other names in v3: `new>New Visitor|*>Other`.
    Labelled(usize, &'static str),
    /// One level of a path, counted from 1.
    Level(usize, usize),
    /// The path of a URL.
    Path(usize),
    /// Several dimensions as one path.
    Joined(Vec<usize>),
    /// Times a power of ten.
    Shifted(usize, i32),
    /// One by the other, times a power of ten.
    Quotient(usize, usize, i32),
    Difference(usize, usize),
}

impl Column {
    /// The cell of this column in a row of GA4's; empty where the row is too short.
    pub fn cell<'a>(&self, row: &[&'a [u8]]) -> Cow<'a, [u8]> {
        let bytes = |place: usize| row.get(place).copied().unwrap_or_default();
        let text = |place: usize| str::from_utf8(bytes(place)).unwrap_or_default();
        let number = |text: String| {
            Cow::Owned(match self.data_type {
                DataType::Integer => text.into_bytes(),
                _ => decimal::with_point(text).into_bytes(),
            })
        };
        match &self.cells {
            Cells::Same(place) => Cow::Borrowed(bytes(*place)),
            Cells::Labelled(place, labels) => match label(labels, text(*place)) {
                Some(label) => Cow::Borrowed(label.as_bytes()),
                None => Cow::Borrowed(bytes(*place)),
            },
            Cells::Level(place, level) => Cow::Owned(path_level(text(*place), *level).into_bytes()),
            Cells::Path(place) => Cow::Borrowed(url_path(text(*place)).as_bytes()),
            Cells::Joined(places) => {
                let parts: Vec<&str> = places
                    .iter()
                    .map(|place| text(*place))
                    .filter(|part| !part.is_empty() && *part != "(not set)")
                    .collect();
                if parts.is_empty() { Cow::Borrowed(b"(not set)") } else { Cow::Owned(parts.join("/").into_bytes()) }
            }
            Cells::Shifted(place, power) => number(decimal::shift(text(*place), *power)),
            Cells::Quotient(a, b, power) => number(decimal::quotient(text(*a), text(*b), *power)),
            Cells::Difference(a, b) => number(decimal::difference(text(*a), text(*b))),
        }
    }

    /// The place in GA4's row of a cell that this column shows unchanged.
    pub fn unchanged(&self) -> Option<usize> {
        match self.cells {
            Cells::Same(place) => Some(place),
            _ => None,
        }
    }

    /// Whether different rows of GA4 can become the same row.
    pub(super) fn merges(&self) -> bool {
        match &self.cells {
            Cells::Level(..) | Cells::Path(_) => true,
            Cells::Labelled(_, labels) => labels.contains("*>"),
            _ => false,
        }
    }
}

/// Pairs of GA4's value and v3's.
pub(super) fn labels(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.split('|').filter_map(|pair| pair.split_once('>'))
}

fn label(table: &'static str, value: &str) -> Option<&'static str> {
    labels(table).find(|(from, _)| *from == value || *from == "*").map(|(_, to)| to)
}

/// v3's pagePathLevelN: `/b/` of `/a/b/c` on level 2; the last level has no slash at its end, and a path
/// that does not go so deep has an empty one.
fn path_level(path: &str, level: usize) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.strip_prefix('/').unwrap_or(path).split('/').skip(level - 1);
    let Some(part) = parts.next() else {
        return String::new();
    };
    match parts.next() {
        Some(_) => format!("/{part}/"),
        None => format!("/{part}"),
    }
}

/// The path within `https://host/path?query`; of anything else, all of it.
fn url_path(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else {
        return url;
    };
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(cells: Cells, data_type: DataType, row: &[&str]) -> String {
        let column = Column { name: "ga:x".into(), kind: FieldKind::Metric, data_type, cells };
        let row: Vec<&[u8]> = row.iter().map(|text| text.as_bytes()).collect();
        String::from_utf8(column.cell(&row).into_owned()).unwrap()
    }

    #[test]
    fn values_print_as_v3_printed_them() {
        let visitors = "new>New Visitor|returning>Returning Visitor";
        let mobile = "mobile>Yes|tablet>Yes|*>No";
        let row = ["new", "tablet", "/a/b/c?d=/e", "https://x.org/p/q?r", "0.125", "3", "4", "3.000"];
        for (cells, data_type, expected) in [
            (Cells::Same(7), DataType::Float, "3.000"),
            (Cells::Labelled(0, visitors), DataType::String, "New Visitor"),
            (Cells::Labelled(1, visitors), DataType::String, "tablet"),
            (Cells::Labelled(1, mobile), DataType::String, "Yes"),
            (Cells::Labelled(0, mobile), DataType::String, "No"),
            (Cells::Level(2, 1), DataType::String, "/a/"),
            (Cells::Level(2, 3), DataType::String, "/c"),
            (Cells::Level(2, 4), DataType::String, ""),
            (Cells::Path(3), DataType::String, "/p/q"),
            (Cells::Path(0), DataType::String, "new"),
            (Cells::Joined(vec![0, 1]), DataType::String, "new/tablet"),
            (Cells::Shifted(4, 2), DataType::Percent, "12.5"),
            (Cells::Shifted(5, 2), DataType::Percent, "300.0"),
            (Cells::Quotient(5, 6, 2), DataType::Percent, "75.0"),
            (Cells::Difference(6, 5), DataType::Integer, "1"),
        ] {
            assert_eq!(cell(cells.clone(), data_type, &row), expected, "{cells:?}");
        }
    }

    #[test]
    fn a_path_without_levels_is_one_slash() {
        assert_eq!(path_level("/", 1), "/");
        assert_eq!(path_level("/", 2), "");
        assert_eq!(path_level("/a/", 1), "/a/");
        assert_eq!(path_level("/a/", 2), "/");
        assert_eq!(url_path("https://x.org"), "/");
    }
}
