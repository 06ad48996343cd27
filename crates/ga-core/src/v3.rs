//! Universal Analytics in, GA4 out: the names of Core Reporting v3
//! (<https://developers.google.com/analytics/devguides/reporting/core/v3/reference>) answered by the Data API.
//!
//! The table `data/v3.tsv` says for each v3 name which GA4 fields answer it and how; `data/v3-notes.tsv`
//! says in which way the meaning differs. It is read at the first look-up.

mod names;

pub use names::{Rename, rename};
