//! The Google Analytics Data and Admin APIs as pure functions: values become requests, bytes become rows.
//!
//! No socket, file, clock, environment or randomness: what a function needs of those it is given.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1> is the standard, and its words
//! are the names used here.
#![warn(missing_docs)]

pub mod account;
pub mod answer;
pub mod block;
pub mod catalogue;
pub mod check;
pub mod compatibility;
pub mod dates;
pub mod error;
pub mod filter;
pub mod metadata;
pub mod order;
pub mod page;
pub mod paging;
pub mod property;
pub mod quality;
pub mod refusal;
pub mod report;
pub mod request;
pub mod retry;
pub mod time_zone;

pub mod v3;

pub use error::{Error, Kind};
pub use refusal::Refusal;
