//! Universal Analytics in, GA4 out: the names of Core Reporting v3
//! (<https://developers.google.com/analytics/devguides/reporting/core/v3/reference>) answered by the Data API.
//!
//! The table `data/v3.tsv` says for each v3 name which GA4 fields answer it and how; `data/v3-notes.tsv`
//! says in which way the meaning differs. Both are read at the first look-up. A [`Translation`] turns a question
//! in v3's words into a request and its rows back; a field without an equivalent is refused.

mod column;
mod conditions;
mod decimal;
mod equivalent;
mod field_list;
mod ga_data;
mod map;
mod merge;
mod names;
mod resolve;
mod segment;
mod translation;

pub use column::{Column, DataType};
pub use equivalent::{Equivalent, equivalent};
pub use ga_data::{Query, data_table_columns, ga_data, window};
pub use map::{FieldMap, property};
pub use merge::Merge;
pub(crate) use names::is_field;
pub use names::{Rename, rename};
pub use segment::refuse_segment;
pub use translation::{Question, Translation};

#[cfg(test)]
mod tests;
