//! The Google Analytics Data and Admin APIs as pure functions: values become requests, bytes become rows.
//!
//! No socket, file, clock, environment or randomness: what a function needs of those it is given.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1> is the standard, and its words
//! are the names used here.
//!
//! ```
//! use ga_core::check::Method;
//! use ga_core::property::PropertyNumber;
//! use ga_core::report::{Dimension, Metric, RunReportRequest};
//! use ga_core::request::{self, DATA_API};
//! use ga_core::{Kind, Refusal};
//!
//! let report = RunReportRequest {
//!     dimensions: vec![Dimension::named("country")],
//!     metrics: vec![Metric::named("sessions")],
//!     ..RunReportRequest::default()
//! };
//! let request = request::report(DATA_API, &PropertyNumber::parse("123456")?, Method::RunReport, &report)?;
//! assert_eq!(request.uri().path(), "/v1beta/properties/123456:runReport");
//! assert_eq!(request.body(), br#"{"dimensions":[{"name":"country"}],"metrics":[{"name":"sessions"}]}"#);
//!
//! // What comes back when it is refused says what a script should do.
//! let refusal = Refusal::parse(429, br#"{"error": {"message": "Exhausted property tokens per day."}}"#);
//! assert_eq!(refusal.kind(), Kind::Temporary);
//! # Ok::<(), ga_core::Error>(())
//! ```
#![warn(missing_docs)]

pub mod account;
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
pub mod response;
pub mod retry;
pub mod time_zone;
pub mod v3;

pub use error::{Error, Kind};
pub use refusal::Refusal;
