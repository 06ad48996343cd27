//! The Google Analytics Data and Admin APIs as pure functions: values become requests, bytes become rows.
//!
//! No function uses a socket, file, clock, environment or randomness: the caller passes in what is needed. Names are those
//! of <https://developers.google.com/analytics/devguides/reporting/data/v1>.
//!
//! ```
//! use ga_core::block::Rows;
//! use ga_core::check::Method;
//! use ga_core::page::{PageDecoder, RowKey};
//! use ga_core::property::PropertyNumber;
//! use ga_core::report::{Dimension, Metric, RunReportRequest};
//! use ga_core::request::{self, DATA_API};
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
//! // The bytes of the response, in pieces of any size, become blocks of rows.
//! let response = br#"{"dimensionHeaders": [{"name": "country"}], "metricHeaders": [{"name": "sessions"}], "rowCount": 1,
//!     "rows": [{"dimensionValues": [{"value": "France"}], "metricValues": [{"value": "7"}]}]}"#;
//! let (mut decoder, mut blocks) = (PageDecoder::new(RowKey::Dimensions), Vec::new());
//! decoder.feed(response, &mut blocks)?;
//! let page = decoder.finish(&mut blocks)?;
//! assert_eq!(page.head.row_count, Some(1));
//! let bytes = blocks.remove(0).into_bytes();
//! let (mut rows, mut cells) = (Rows::new(&bytes, 2), Vec::new());
//! assert!(rows.next_into(&mut cells));
//! assert_eq!(cells, [b"France".as_slice(), b"7"]);
//! # Ok::<(), ga_core::Error>(())
//! ```
#![warn(missing_docs)]

pub mod account;
pub mod audience;
pub mod block;
pub mod catalogue;
pub mod check;
pub mod compare;
pub mod compatibility;
pub mod dates;
pub mod error;
pub mod filter;
pub mod metadata;
pub mod moment;
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
