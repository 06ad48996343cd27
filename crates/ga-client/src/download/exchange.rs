//! One request and its answer, which is taken apart while it arrives: rows go into a [`Spool`], what is said about them is
//! kept. Whether they are the requested rows is left to [`super::pages`].

use std::sync::Arc;

use anyhow::Context as _;
use ga_core::audience;
use ga_core::check::Method;
use ga_core::page::{BatchDecoder, Page, PageDecoder, Piece, RowKey, funnel_table};
use ga_core::paging;
use ga_core::property::PropertyNumber;
use ga_core::report::RunReportRequest;
use ga_core::request;
use ga_core::response::PropertyQuota;
use serde_json::{Value, json};

use super::admission::{Room, Turn};
use super::client::{Client, Error};
use super::progress::Progress;
use super::spool::{Budget, Spool};

/// A page of 250,000 rows with the longest texts is shorter.
const ANSWER_LIMIT: u64 = 4 << 30;
/// A funnel has few steps.
const FUNNEL_LIMIT: usize = 64 << 20;

/// A page that has arrived.
pub struct Fetched {
    /// What it says beside its rows.
    pub page: Page,
    /// Blocks of rows, or the answer as it was sent.
    pub spool: Spool,
    /// What it counts for until it is passed on.
    pub(super) room: Option<Room>,
}

/// What all requests to one property share.
pub(super) struct Exchange {
    /// Sends them.
    pub(super) client: Arc<Client>,
    /// The property.
    pub(super) property: PropertyNumber,
    /// The audience export whose rows are fetched, if it is one.
    pub(super) export: Option<String>,
    /// Whether answers are kept as they were sent, instead of their rows.
    pub(super) raw: bool,
    /// Memory for what has arrived.
    pub(super) budget: Arc<Budget>,
    /// Counts the rows that arrive.
    pub(super) progress: Arc<Progress>,
}

/// A request, and the most rows that may come.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) request: &'a RunReportRequest,
    pub(super) most: u64,
}

/// The JSON of these requests: one, but for a batch.
pub fn body<'a>(method: Method, requests: impl IntoIterator<Item = &'a RunReportRequest>) -> anyhow::Result<Value> {
    let mut bodies = requests.into_iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    Ok(if method.is_batch() { json!({ "requests": bodies }) } else { bodies.pop().unwrap_or_default() })
}

impl Exchange {
    /// The error with the property it is about.
    pub(super) fn about(&self, error: impl Into<anyhow::Error>) -> anyhow::Error {
        error.into().context(format!("property {}", self.property))
    }

    /// Sends the requests until the reports arrive, one for each.
    pub(super) async fn reports(
        &self,
        turn: &mut Turn,
        method: Method,
        expected: &[Expected<'_>],
    ) -> anyhow::Result<Vec<Fetched>> {
        let body = body(method, expected.iter().map(|one| one.request))?;
        let request = match &self.export {
            Some(name) => audience::rows(self.client.base(), name, &body)?,
            None => request::report(self.client.base(), &self.property, method, &body)?,
        };
        let fetched = self.client.retrying(turn, || self.attempt(&request, Decoder::new(method, expected))).await?;
        turn.answered(fetched.iter().map(|one| one.page.head.property_quota.as_ref()));
        Ok(fetched)
    }

    async fn attempt(&self, request: &http::Request<Vec<u8>>, mut decoder: Decoder) -> Result<Vec<Fetched>, Error> {
        let mut response = self.client.send(request).await?;
        let mut sent = Spool::new(&self.budget);
        let mut rows = Spool::new(&self.budget);
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
                        return Err(ga_core::Error::Response(error.to_owned()).into());
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
                    Piece::Report(page) => {
                        let spool = std::mem::replace(&mut rows, Spool::new(&self.budget));
                        reports.push(Fetched { page: *page, spool, room: None });
                    }
                }
            }
            if is_last {
                break;
            }
        }
        if self.raw
            && let Some(first) = reports.first_mut()
        {
            first.spool = sent;
        }
        counted.keep();
        Ok(reports)
    }
}

fn keep(spool: &mut Spool, mut bytes: Vec<u8>) -> Result<(), Error> {
    // A small report leaves most of its block unused.
    if bytes.len() < bytes.capacity() / 2 {
        bytes.shrink_to_fit();
    }
    spool.push(bytes).context("cannot keep a page in a temporary file").map_err(Error::Other)
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
            PageDecoder::new(if method.has_distinct_rows() {
                paging::row_key(expected.request)
            } else {
                RowKey::Unknown
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

    fn feed(&mut self, chunk: &[u8], pieces: &mut Vec<Piece>) -> Result<(), ga_core::Error> {
        match self {
            Self::Report { decoder: Some(decoder), most, rows } => {
                let mut blocks = Vec::new();
                decoder.feed(chunk, &mut blocks)?;
                *rows = decoder.rows();
                if *rows > *most {
                    return Err(ga_core::Error::Incomplete(format!(
                        "the server sent more rows than the {most} requested"
                    )));
                }
                pieces.extend(blocks.into_iter().map(Piece::Rows));
            }
            Self::Batch(Some(decoder)) => decoder.feed(chunk, pieces)?,
            Self::Funnel(answer) if answer.len() + chunk.len() > FUNNEL_LIMIT => {
                let error = "the response is longer than 64 MiB";
                return Err(ga_core::Error::Response(error.to_owned()));
            }
            Self::Funnel(answer) => answer.extend_from_slice(chunk),
            Self::Report { decoder: None, .. } | Self::Batch(None) => {}
        }
        Ok(())
    }

    fn finish(&mut self, pieces: &mut Vec<Piece>) -> Result<(), ga_core::Error> {
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

fn finish(decoder: PageDecoder, quota: Option<PropertyQuota>, pieces: &mut Vec<Piece>) -> Result<(), ga_core::Error> {
    let mut blocks = Vec::new();
    let mut page = decoder.finish(&mut blocks)?;
    if quota.is_some() {
        page.head.property_quota = quota;
    }
    pieces.extend(blocks.into_iter().map(Piece::Rows));
    pieces.push(Piece::Report(Box::new(page)));
    Ok(())
}
