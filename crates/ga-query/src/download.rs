//! The reports of all properties, one property after the other, into one document.
//!
//! Pages are written as they arrive, or with `--keep-going` when all pages of a property have arrived.

use ga_client::analytics::Analytics;
use ga_client::download::{Download, Piece};
use ga_client::properties::explained;
use ga_core::quality::Quality;
use gauth_cli::{Given, Kind};

use crate::arguments::Arguments;
use crate::document::{Document, Source};
use crate::findings::Findings;
use crate::property::Property;
use crate::query::Query;
use crate::resume::{Rest, with_hint};
use crate::rows::Rows;

/// What is fetched in one run.
pub(crate) struct Run<'q> {
    pub(crate) query: &'q Query,
    pub(crate) properties: &'q [Property],
    pub(crate) arguments: &'q Arguments,
    pub(crate) given: &'q Given,
    pub(crate) analytics: &'q Analytics,
    pub(crate) download: &'q Download,
    /// Whether rows appear on a terminal, where a progress bar is in the way.
    pub(crate) is_terminal: bool,
}

/// One property on its way to the document.
struct Writing<'q> {
    property: &'q Property,
    /// Those that follow.
    following: &'q [Property],
    /// The report that is being written.
    place: usize,
    /// Its rows, once its first page has arrived.
    rows: Option<Rows<'q>>,
    /// How many of its rows have arrived.
    done: u64,
    quality: Quality,
}

impl<'q> Run<'q> {
    /// Writes the document to its end.
    pub(crate) fn run(&self, document: &mut Document<'q>) -> anyhow::Result<Findings> {
        let mut findings = Findings::of(self.properties.len());
        for (place, property) in self.properties.iter().enumerate() {
            let following = &self.properties[place + 1..];
            let writing = Writing { property, following, place: 0, rows: None, done: 0, quality: Quality::default() };
            if self.arguments.keep_going {
                self.whole_property(writing, document, &mut findings)?;
            } else {
                self.property(writing, document, &mut findings)?;
            }
        }
        if let Some((property, error)) = findings.total_failure() {
            return Err(explained(error, &property, self.analytics));
        }
        if findings.has_failed_last(self.properties) {
            document.end_report(true)?;
        }
        document.target.flush()?;
        findings.add_loss(document.loss());
        Ok(findings)
    }

    fn source(&self, property: &'q Property, place: usize, document: &Document<'q>) -> Source<'q> {
        let is_named = self.query.properties.is_list() || document.format.has_property_column;
        Source { report: &self.query.reports[place], property, is_named }
    }

    /// Writes the reports of one property as they arrive.
    fn property(
        &self,
        mut writing: Writing<'q>,
        document: &mut Document<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let fetched = self.fetch(writing.property, |piece| {
            findings.add_quota(&piece);
            self.write(&mut writing, piece, document)
        });
        if let Err(error) = fetched {
            let property = &writing.property.number;
            let error = self.stopped(error, &writing, document)?;
            return Err(explained(error, property, self.analytics));
        }
        findings.add_quality(&writing.quality, self.name_in_notes(writing.property));
        Ok(())
    }

    /// Writes the reports of one property when all of them have arrived, or notes its failure. What is not the property's
    /// own failure is an error.
    fn whole_property(
        &self,
        mut writing: Writing<'q>,
        document: &mut Document<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let mut pieces = Vec::new();
        let fetched = self.fetch(writing.property, |piece| {
            findings.add_quota(&piece);
            pieces.push(piece);
            Ok(())
        });
        if let Err(error) = fetched {
            let failure = ga_client::failure(&error);
            if matches!(failure.kind(), Kind::Login | Kind::Usage) {
                // The next property would be refused for the same reason.
                return Err(error);
            }
            if self.properties.len() > 1 {
                self.analytics.terminal().warn(&failure.to_string());
            }
            findings.add_failure(&writing.property.number, error);
            return Ok(());
        }
        for piece in pieces {
            self.write(&mut writing, piece, document)?;
        }
        findings.add_quality(&writing.quality, self.name_in_notes(writing.property));
        Ok(())
    }

    fn fetch(&self, property: &Property, take: impl FnMut(Piece) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let requests = self.query.requests(property.date_ranges.as_deref());
        self.download.reports(&property.number, self.query.method, &requests, take)
    }

    fn write(&self, writing: &mut Writing<'q>, piece: Piece, document: &mut Document<'q>) -> anyhow::Result<()> {
        match piece {
            Piece::Page(fetched) => {
                let report = &self.query.reports[writing.place];
                writing.quality.add(&report.request, &fetched.page.head);
                if self.is_terminal {
                    self.download.end_progress();
                }
                let arrived = fetched.page.combinations;
                let source = self.source(writing.property, writing.place, document);
                writing.rows.get_or_insert_with(|| Rows::new(source)).page(*fetched, document)?;
                writing.done += arrived;
            }
            Piece::End => {
                if let Some(rows) = writing.rows.take() {
                    rows.end(document)?;
                }
                if writing.following.is_empty() {
                    document.end_report(writing.place + 1 == self.query.reports.len())?;
                }
                writing.place += 1;
                writing.done = 0;
            }
        }
        Ok(())
    }

    /// The property, where notes must say which one they are about.
    fn name_in_notes<'p>(&self, property: &'p Property) -> Option<&'p Property> {
        Some(property).filter(|_| self.query.properties.is_list())
    }

    /// The error that ends a report before its last page, with the command that resumes there if the rows that have arrived
    /// can be kept.
    fn stopped(
        &self,
        error: anyhow::Error,
        writing: &Writing<'q>,
        document: &mut Document<'q>,
    ) -> anyhow::Result<anyhow::Error> {
        let report = &self.query.reports[writing.place];
        let is_passing = matches!(ga_client::failure(&error).kind(), Kind::Temporary | Kind::Login);
        let may_resume = document.format.is_open_ended && self.arguments.file().is_none() && !report.merges();
        if writing.done == 0 || !is_passing || !may_resume {
            return Ok(error);
        }
        document.target.flush()?;
        let rest = Rest {
            property: &writing.property.number,
            following: writing.following,
            is_of_list: self.query.properties.is_list(),
            is_official: self.arguments.request.is_some(),
            offset: report.offset + writing.done,
            limit: report.limit.map(|limit| limit - writing.done),
            has_header: document.format.has_header_line,
        };
        let failure = ga_client::failure(&error.context(format!("stopped after {} rows", writing.done)));
        Ok(with_hint(failure, self.given, &rest).into())
    }
}
