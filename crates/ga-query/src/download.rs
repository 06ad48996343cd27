//! The reports of all properties, which are fetched side by side and written one property after the other, into one
//! document.
//!
//! Pages are written as they arrive, or with `--keep-going` when all pages of a property have arrived.

use std::sync::Arc;

use ga_client::analytics::Analytics;
use ga_client::download::{Arriving, Download, Job, Piece};
use ga_client::properties::explained;
use ga_core::quality::Quality;
use gauth_cli::{Given, Kind};
use gauth_text::counted;

use crate::arguments::Arguments;
use crate::display_names::DisplayNames;
use crate::document::{Document, Source};
use crate::findings::Findings;
use crate::format::Names;
use crate::property::Property;
use crate::query::Query;
use crate::resume::{Rest, with_hint};
use crate::rows::Rows;

/// What is fetched in one run.
pub(crate) struct Run<'q> {
    pub(crate) query: &'q Query,
    pub(crate) properties: &'q [Arc<Property>],
    pub(crate) arguments: &'q Arguments,
    pub(crate) given: &'q Given,
    pub(crate) analytics: &'q Analytics,
    pub(crate) download: &'q Download,
    /// Whether rows appear on a terminal, where a line of progress is in the way.
    pub(crate) is_terminal: bool,
    /// Whether columns are called as Analytics shows them.
    pub(crate) names: Names,
}

/// What is to be fetched: of each property its reports, after what must be known for them.
pub(crate) fn jobs(
    query: &Arc<Query>,
    properties: &[Arc<Property>],
    shows_name: bool,
    export: Option<&str>,
    analytics: &Arc<Analytics>,
) -> impl Iterator<Item = Job> {
    let job = move |property: &Arc<Property>| {
        let (query, analytics) = (Arc::clone(query), Arc::clone(analytics));
        let (number, method) = (property.number.clone(), query.method);
        let property = Arc::clone(property);
        let requests = Box::new(move || {
            property.look_up(&query, shows_name, &analytics)?;
            Ok(query.requests(property.span()))
        });
        Job { property: number, method, export: export.map(str::to_owned), requests }
    };
    properties.iter().map(job)
}

/// Whether the next property would be refused for the same reason.
pub(crate) fn ends_all(kind: Kind) -> bool {
    matches!(kind, Kind::Login | Kind::Usage)
}

/// One property on its way to the document.
struct Writing<'q> {
    property: &'q Property,
    /// Its place in the run.
    number: usize,
    /// The report that is being written.
    place: usize,
    /// The period of it that arrives: its own, or the one that it is compared with.
    period: usize,
    /// Its rows, once its first page has arrived.
    rows: Option<Rows<'q>>,
    /// How many of its rows have arrived.
    done: u64,
    /// What is to be known about the data of either period.
    quality: [Quality; 2],
}

impl<'q> Run<'q> {
    /// Writes the document to its end.
    pub(crate) fn run(&self, arriving: Vec<Arriving>, document: &mut Document<'q>) -> anyhow::Result<Findings> {
        let mut findings = Findings::of(self.properties.len());
        for (number, (property, arriving)) in self.properties.iter().zip(arriving).enumerate() {
            let quality = Default::default();
            let writing = Writing { property, number, place: 0, period: 0, rows: None, done: 0, quality };
            if self.arguments.keep_going {
                self.whole_property(writing, arriving, document, &mut findings)?;
            } else {
                self.property(writing, arriving, document, &mut findings)?;
            }
        }
        if let Some((property, error)) = findings.total_failure() {
            return Err(explained(error, &property, self.analytics));
        }
        if findings.has_failed_last(self.properties) {
            document.end_report(true, &findings.about_rows())?;
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
        mut arriving: Arriving,
        document: &mut Document<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let written = arriving.try_for_each(|piece| {
            let piece = piece?;
            findings.add_quota(&piece);
            self.write(&mut writing, piece, document, findings)
        });
        if let Err(error) = written {
            let property = &writing.property.number;
            let error = self.stopped(error, &writing, document)?;
            return Err(explained(error, property, self.analytics));
        }
        Ok(())
    }

    /// Writes the reports of one property when all of them have arrived, or notes its failure. What is not the property's
    /// own failure is an error.
    fn whole_property(
        &self,
        mut writing: Writing<'q>,
        arriving: Arriving,
        document: &mut Document<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let fetched = arriving.inspect(|piece| {
            if let Ok(piece) = piece {
                findings.add_quota(piece);
            }
        });
        let pieces = match fetched.collect::<anyhow::Result<Vec<_>>>() {
            Ok(pieces) => pieces,
            Err(error) => {
                let failure = ga_client::failure(&error);
                if ends_all(failure.kind()) {
                    return Err(error);
                }
                if self.properties.len() > 1 {
                    self.download.print(|| self.analytics.terminal().warn(&failure.to_string()));
                }
                findings.add_failure(&writing.property.number, error);
                return Ok(());
            }
        };
        for piece in pieces {
            self.write(&mut writing, piece, document, findings)?;
        }
        Ok(())
    }

    fn write(
        &self,
        writing: &mut Writing<'q>,
        piece: Piece,
        document: &mut Document<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        match piece {
            Piece::Page(fetched) => {
                let report = &self.query.reports[writing.place];
                writing.quality[writing.period].add(&report.request, &fetched.page.head);
                if self.is_terminal {
                    self.download.end_progress();
                }
                let arrived = fetched.page.combinations;
                if self.names != Names::Api && document.display_names.is_none() {
                    document.display_names = Some(self.display_names(writing.number)?);
                }
                let source = self.source(writing.property, writing.place, document);
                writing.rows.get_or_insert_with(|| Rows::new(source)).page(*fetched, document)?;
                writing.done += arrived;
            }
            Piece::End => self.end(writing, document, findings)?,
        }
        Ok(())
    }

    /// Ends a report, or the first of the two periods that it compares.
    fn end(
        &self,
        writing: &mut Writing<'q>,
        document: &mut Document<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let report = &self.query.reports[writing.place];
        if report.comparison.is_some() && writing.period == 0 {
            writing.rows.iter_mut().for_each(Rows::end_period);
            writing.period = 1;
            return Ok(());
        }
        if let Some(rows) = writing.rows.take() {
            rows.end(document)?;
        }
        let is_last = writing.place + 1 == self.query.reports.len();
        if is_last {
            let periods = report.periods(writing.property.span());
            findings.add_quality(&writing.quality, periods, writing.property, self.query.properties.is_list());
        }
        if writing.number + 1 == self.properties.len() {
            document.end_report(is_last, &findings.about_rows())?;
        }
        writing.place += 1;
        writing.done = 0;
        Ok(())
    }

    /// The names of the columns, from the first property with rows, or else from one behind it.
    fn display_names(&self, number: usize) -> anyhow::Result<DisplayNames> {
        let properties = &self.properties[number..];
        let fetch = || DisplayNames::fetch(self.analytics, properties, self.query.method);
        let names = self.download.call(&properties[0].number, fetch);
        let is_in_words = self.names == Names::InWords;
        let mut names = match names {
            Err(error) if is_in_words && !ends_all(ga_client::failure(&error).kind()) => DisplayNames::default(),
            names => names?,
        };
        names.is_in_words = is_in_words;
        Ok(names)
    }

    /// The error that ends the run, with the command that continues there if the rows that have arrived can be kept.
    fn stopped(
        &self,
        error: anyhow::Error,
        writing: &Writing<'q>,
        document: &mut Document<'q>,
    ) -> anyhow::Result<anyhow::Error> {
        let report = &self.query.reports[writing.place];
        let is_passing = matches!(ga_client::failure(&error).kind(), Kind::Temporary | Kind::Login);
        let may_resume = document.format.is_open_ended && self.arguments.file().is_none() && !report.needs_all_rows();
        let has_rows = writing.done > 0 || writing.number > 0;
        if !has_rows || !is_passing || !may_resume {
            return Ok(error);
        }
        document.target.flush()?;
        let (properties, following) = match writing.done {
            0 => (&self.properties[writing.number..], &self.properties[..0]),
            _ => self.properties[writing.number..].split_at(1),
        };
        let rest = Rest {
            properties,
            following,
            is_of_list: self.query.properties.is_list(),
            is_official: self.arguments.request.is_some(),
            offset: report.offset + writing.done,
            limit: report.limit.map(|limit| limit - writing.done),
            has_header: document.format.has_header_line,
        };
        let error = match writing.done {
            0 => error,
            done => error.context(format!("stopped after {} rows", counted(done))),
        };
        Ok(with_hint(ga_client::failure(&error), self.given, &rest).into())
    }
}
