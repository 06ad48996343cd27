//! One request and its answer, which is taken apart while it arrives: rows wait in [`crate::waiting`], what is said
//! about them is kept. Whether they are the rows that were asked for is left to [`crate::pages`].

use std::sync::Arc;

use anyhow::Context as _;
use ga_core::Error;
use ga_core::check::Method;
use ga_core::page::{BatchDecoder, Page, PageDecoder, Piece, RowKey, funnel_table};
use ga_core::paging;
use ga_core::property::PropertyNumber;
use ga_core::report::{DateRange, RunReportRequest};
use ga_core::request;
use ga_core::response::PropertyQuota;
use serde_json::Value;

use crate::client::{Client, Trouble};
use crate::progress::Progress;
use crate::waiting::{Budget, Waiting};

/// A page of 250,000 rows with the longest of texts stays below this.
const ANSWER_LIMIT: u64 = 4 << 30;
/// A funnel has a few steps.
const FUNNEL_LIMIT: usize = 64 << 20;

/// A page that has come.
pub(crate) struct Fetched {
    pub(crate) page: Page,
    /// Blocks of rows, or the answer as it was sent.
    pub(crate) waiting: Waiting,
}

/// What it takes to ask one property.
pub(crate) struct Exchange {
    pub(crate) client: Arc<Client>,
    /// Where the Data API is.
    pub(crate) base: String,
    pub(crate) property: PropertyNumber,
    /// Its own date ranges, where those of the question depend on the property's today.
    pub(crate) date_ranges: Option<Vec<DateRange>>,
    /// Keep answers as they were sent, not their rows.
    pub(crate) raw: bool,
    pub(crate) budget: Arc<Budget>,
    pub(crate) progress: Arc<Progress>,
}

/// A report that is asked for, and the most rows that may come.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) request: &'a RunReportRequest,
    pub(crate) most: u64,
}

impl Exchange {
    /// The error with the property it is about.
    pub(crate) fn about(&self, error: impl Into<anyhow::Error>) -> anyhow::Error {
        error.into().context(format!("property {}", self.property))
    }

    /// Sends `body` until the reports come, one for each that is expected.
    pub(crate) async fn reports(
        &self,
        method: Method,
        mut body: Value,
        expected: &[Expected<'_>],
    ) -> anyhow::Result<Vec<Fetched>> {
        if let Some(ranges) = &self.date_ranges {
            body["dateRanges"] = serde_json::to_value(ranges)?;
        }
        let request = request::report(&self.base, &self.property, method, &body)?;
        self.client.retrying(|| self.attempt(&request, Decoder::new(method, expected))).await
    }

    async fn attempt(&self, request: &http::Request<Vec<u8>>, mut decoder: Decoder) -> Result<Vec<Fetched>, Trouble> {
        let mut response = self.client.send(request).await?;
        let mut sent = Waiting::new(&self.budget);
        let mut rows = Waiting::new(&self.budget);
        let mut pieces = Vec::new();
        let mut reports = Vec::new();
        let mut bytes = 0;
        let mut counted = self.progress.count();
        loop {
            let chunk = response.chunk().await.map_err(|error| self.client.broken(&error))?;
            let is_last = chunk.is_none();
            match chunk {
                Some(chunk) => {
                    bytes += chunk.len() as u64;
                    if bytes > ANSWER_LIMIT {
                        let error = "the response is longer than 4 GiB";
                        return Err(Error::Response(error.to_owned()).into());
                    }
                    decoder.feed(&chunk, &mut pieces)?;
                    counted.set(decoder.rows());
                    if self.raw {
                        keep(&mut sent, chunk.to_vec())?;
                    }
                }
                None => decoder.finish(&mut pieces)?,
            }
            for piece in pieces.drain(..) {
                match piece {
                    Piece::Rows(_) if self.raw => {}
                    Piece::Rows(block) => keep(&mut rows, block.into_bytes())?,
                    Piece::Report(page) => reports.push(Fetched {
                        page: *page,
                        waiting: std::mem::replace(&mut rows, Waiting::new(&self.budget)),
                    }),
                }
            }
            if is_last {
                break;
            }
        }
        if self.raw
            && let Some(first) = reports.first_mut()
        {
            first.waiting = sent;
        }
        counted.keep();
        Ok(reports)
    }
}

fn keep(waiting: &mut Waiting, bytes: Vec<u8>) -> Result<(), Trouble> {
    waiting.push(bytes).context("keep a page in a temporary file").map_err(Trouble::Other)
}

/// Takes the answer of any method apart.
enum Decoder {
    Report { decoder: Option<Box<PageDecoder>>, most: u64, rows: u64 },
    Batch(Option<BatchDecoder>),
    Funnel(Vec<u8>),
}

impl Decoder {
    fn new(method: Method, expected: &[Expected<'_>]) -> Self {
        let decoder = |expected: &Expected<'_>| {
            PageDecoder::new(match method.counts_rows() {
                true => paging::row_key(expected.request),
                false => RowKey::Unknown,
            })
        };
        match method {
            Method::RunFunnelReport => Self::Funnel(Vec::new()),
            method if method.is_batch() => Self::Batch(Some(BatchDecoder::new(expected.iter().map(decoder)))),
            _ => Self::Report {
                decoder: expected.first().map(decoder).map(Box::new),
                most: expected.first().map_or(0, |expected| expected.most),
                rows: 0,
            },
        }
    }

    fn rows(&self) -> u64 {
        match self {
            Self::Report { rows, .. } => *rows,
            Self::Batch(_) | Self::Funnel(_) => 0,
        }
    }

    fn feed(&mut self, chunk: &[u8], pieces: &mut Vec<Piece>) -> Result<(), Error> {
        match self {
            Self::Report { decoder: Some(decoder), most, rows } => {
                let mut blocks = Vec::new();
                decoder.feed(chunk, &mut blocks)?;
                *rows = decoder.rows();
                if *rows > *most {
                    return Err(Error::Incomplete(format!(
                        "the server sent more rows than the {most} that were asked for"
                    )));
                }
                pieces.extend(blocks.into_iter().map(Piece::Rows));
            }
            Self::Batch(Some(decoder)) => decoder.feed(chunk, pieces)?,
            Self::Funnel(answer) if answer.len() + chunk.len() > FUNNEL_LIMIT => {
                let error = "the response is longer than 64 MiB";
                return Err(Error::Response(error.to_owned()));
            }
            Self::Funnel(answer) => answer.extend_from_slice(chunk),
            Self::Report { decoder: None, .. } | Self::Batch(None) => {}
        }
        Ok(())
    }

    fn finish(&mut self, pieces: &mut Vec<Piece>) -> Result<(), Error> {
        match self {
            Self::Report { decoder, .. } => match decoder.take() {
                Some(decoder) => finish(*decoder, None, pieces),
                None => Ok(()),
            },
            Self::Batch(decoder) => match decoder.take() {
                Some(decoder) => decoder.finish(pieces),
                None => Ok(()),
            },
            Self::Funnel(answer) => {
                let (table, quota) = funnel_table(answer)?;
                let mut decoder = PageDecoder::new(RowKey::Unknown);
                let mut blocks = Vec::new();
                decoder.feed(table, &mut blocks)?;
                pieces.extend(blocks.into_iter().map(Piece::Rows));
                finish(decoder, quota, pieces)
            }
        }
    }
}

fn finish(decoder: PageDecoder, quota: Option<PropertyQuota>, pieces: &mut Vec<Piece>) -> Result<(), Error> {
    let mut blocks = Vec::new();
    let mut page = decoder.finish(&mut blocks)?;
    if quota.is_some() {
        page.head.property_quota = quota;
    }
    pieces.extend(blocks.into_iter().map(Piece::Rows));
    pieces.push(Piece::Report(Box::new(page)));
    Ok(())
}
