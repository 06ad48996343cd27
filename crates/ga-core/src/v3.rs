//! Universal Analytics in, GA4 out: the names of Core Reporting v3
//! (<https://developers.google.com/analytics/devguides/reporting/core/v3/reference>) answered by the Data API.
//!
//! The table `data/v3.tsv` has for each v3 name the GA4 fields that replace it; `data/v3-notes.tsv` says how their
//! meaning differs. Both are read at the first look-up. A [`Translation`] turns a v3 query into a GA4 request, and the
//! rows of its response into v3 rows; a field without an equivalent is refused.

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
pub use translation::{Question, Translation, sort_keys};

#[cfg(test)]
mod tests;
