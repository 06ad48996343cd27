//! The Google Analytics Data and Admin APIs as pure functions: values become requests, bytes become rows.
//!
//! No socket, file, clock, environment or randomness: what a function needs of those it is given.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1> is the standard, and its words
//! are the names used here.
#![warn(missing_docs)]

pub mod catalogue;
pub mod error;
pub mod filter;
pub mod refusal;
pub mod report;

pub use error::{Error, Kind};
pub use refusal::Refusal;
