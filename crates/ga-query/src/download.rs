//! The reports of all properties, one after the other, into one output; and what is to be said about them.
//!
//! Pages are written as they come, or with `--keep-going` when all of a property have come.

use std::sync::Arc;

use ga_core::property::PropertyNumber;
use ga_core::quality::{Consumption, Quality};
use gauth_cli::{Failure, Given, Kind, Terminal};
use gauth_core::endpoint::Endpoint;

use crate::arguments::Arguments;
use crate::client::Client;
use crate::days::{self, Servers};
use crate::display_names::DisplayNames;
use crate::exchange::{Exchange, Fetched};
use crate::output::{Output, Source};
use crate::pages::{Report, first_pages};
use crate::progress::Progress;
use crate::properties;
use crate::resume::{self, Rest};
use crate::task::Task;
use crate::waiting::Budget;

/// What waiting pages may take of the memory.
const WAITING: usize = 8 << 20;

/// Everything that is fetched in one run.
pub(crate) struct Download<'q> {
    pub(crate) arguments: &'q Arguments,
    pub(crate) given: &'q Given,
    pub(crate) task: &'q Task,
    pub(crate) client: Arc<Client>,
    pub(crate) data_api: Endpoint,
    pub(crate) admin_api: Endpoint,
    pub(crate) parallel: usize,
    pub(crate) progress: Arc<Progress>,
    pub(crate) terminal: Terminal,
}

/// What the answers said beside their rows.
#[derive(Default)]
pub(crate) struct Findings {
    consumption: Consumption,
    /// A line for each thing to know, and whether data was lost.
    notes: Vec<(String, bool)>,
    /// How many properties were asked.
    properties: usize,
    /// Those that failed, with `--keep-going`.
    failed: Vec<PropertyNumber>,
}

/// What is fetched of one property: pages, and the end of each report, in order.
enum Piece {
    Page(Box<Fetched>),
    End,
}

/// One property on its way to the output.
struct Writing<'a, 'q> {
    exchange: &'a Exchange,
    /// Whether its rows say so.
    is_named: bool,
    is_last: bool,
    /// The report that is being written, and how much of it is.
    report: usize,
    done: u64,
    quality: Quality,
    output: &'a mut Output<'q>,
}

impl<'q> Download<'q> {
    /// Writes every row to `output`, to the end of the document.
    pub(crate) async fn run(&self, output: &mut Output<'q>) -> anyhow::Result<Findings> {
        let budget = Budget::new(WAITING);
        let admin_api = self.admin_api.as_str();
        let selection = &self.task.properties;
        let numbers = properties::chosen(selection, &self.client, admin_api, &self.terminal).await?;
        self.progress.expect(numbers.len() * self.task.questions.len());
        let mut findings = Findings { properties: numbers.len(), ..Findings::default() };
        let mut first_failure = None;
        for (place, number) in numbers.iter().enumerate() {
            let servers = Servers { admin_api, data_api: self.data_api.as_str() };
            let exchange = Arc::new(Exchange {
                date_ranges: days::of(self.task, number, &self.client, &servers, &self.terminal).await?,
                client: Arc::clone(&self.client),
                base: self.data_api.as_str().to_owned(),
                property: number.clone(),
                raw: output.is_raw(),
                budget: Arc::clone(&budget),
                progress: Arc::clone(&self.progress),
            });
            let following = &numbers[place + 1..];
            let failure = match self.arguments.keep_going {
                true => self.whole_property(&exchange, following, output, &mut findings).await?,
                false => {
                    self.property(&exchange, following, output, &mut findings).await?;
                    None
                }
            };
            if let Some(error) = failure {
                let text = ga_client::failure(&error).to_string();
                if numbers.len() > 1 {
                    self.terminal.warn(&text);
                }
                findings.failed.push(number.clone());
                first_failure.get_or_insert((number, error));
            }
        }
        if let Some((number, error)) = first_failure {
            if findings.failed.len() == numbers.len() {
                return Err(self.explained(error, number).await);
            }
            if findings.failed.last() == numbers.last() {
                output.end_report(true)?;
            }
        }
        output.finish()?;
        findings.notes.extend(output.loss().map(|text| (text, true)));
        Ok(findings)
    }

    /// Writes the reports of one property as they come.
    async fn property(
        &self,
        exchange: &Arc<Exchange>,
        following: &[PropertyNumber],
        output: &mut Output<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let mut writing = self.writing(exchange, following, output);
        self.set_names(exchange, writing.output).await?;
        let fetched = self.fetch(exchange, &mut findings.consumption, |piece| self.write(&mut writing, piece));
        if let Err(error) = fetched.await {
            let error = self.stop(error, writing, following);
            return Err(self.explained(error, &exchange.property).await);
        }
        self.note(&writing, findings);
        Ok(())
    }

    /// Writes the reports of one property when all of them have come; else gives the failure back. What is not the
    /// property's own failure is an error.
    async fn whole_property(
        &self,
        exchange: &Arc<Exchange>,
        following: &[PropertyNumber],
        output: &mut Output<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<Option<anyhow::Error>> {
        let mut pieces = Vec::new();
        let take = |piece| {
            pieces.push(piece);
            Ok(())
        };
        let mut fetched = self.set_names(exchange, output).await;
        if fetched.is_ok() {
            fetched = self.fetch(exchange, &mut findings.consumption, take).await;
        }
        if let Err(error) = fetched {
            // The next property would be refused for the same reason.
            return match ga_client::failure(&error).kind() {
                Kind::Login | Kind::Usage => Err(error),
                _ => Ok(Some(error)),
            };
        }
        let mut writing = self.writing(exchange, following, output);
        for piece in pieces {
            self.write(&mut writing, piece)?;
        }
        self.note(&writing, findings);
        Ok(None)
    }

    fn writing<'a>(
        &self,
        exchange: &'a Exchange,
        following: &[PropertyNumber],
        output: &'a mut Output<'q>,
    ) -> Writing<'a, 'q> {
        Writing {
            exchange,
            is_named: self.task.properties.is_list() || output.names_property(),
            is_last: following.is_empty(),
            report: 0,
            done: 0,
            quality: Quality::default(),
            output,
        }
    }

    async fn set_names(&self, exchange: &Exchange, output: &mut Output<'q>) -> anyhow::Result<()> {
        if output.wants_display_names() {
            let (base, property) = (self.data_api.as_str(), &exchange.property);
            let names =
                DisplayNames::fetch(&self.client, base, property).await.map_err(|error| exchange.about(error))?;
            output.set_display_names(names);
        }
        if output.wants_property_name() && !self.task.properties.is_list() {
            let name = properties::name(&self.client, self.admin_api.as_str(), &exchange.property).await;
            output.set_property_name(name);
        }
        Ok(())
    }

    /// Fetches the reports of one property, the first pages of which come in one answer.
    async fn fetch(
        &self,
        exchange: &Arc<Exchange>,
        consumption: &mut Consumption,
        mut take: impl FnMut(Piece) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let firsts = first_pages(exchange, self.task).await?;
        for (first, question) in firsts.into_iter().zip(&self.task.questions) {
            let report = Report {
                exchange: Arc::clone(exchange),
                method: self.task.method,
                question,
                parallel: self.parallel,
                reserve: self.arguments.reserve,
            };
            let pages = report.fetch(first, |fetched| {
                if let Some(quota) = &fetched.page.head.property_quota {
                    consumption.add(quota);
                }
                take(Piece::Page(Box::new(fetched)))
            });
            pages.await?;
            take(Piece::End)?;
        }
        Ok(())
    }

    fn write(&self, writing: &mut Writing<'_, 'q>, piece: Piece) -> anyhow::Result<()> {
        let source = self.source(writing);
        match piece {
            Piece::Page(fetched) => {
                writing.quality.add(&source.question.request, &fetched.page.head);
                if writing.output.is_terminal() {
                    self.progress.end();
                }
                let came = fetched.page.combinations;
                writing.output.page(source, *fetched)?;
                writing.done += came;
            }
            Piece::End => {
                writing.output.end_property(source)?;
                writing.report += 1;
                writing.done = 0;
                if writing.is_last {
                    writing.output.end_report(writing.report == self.task.questions.len())?;
                }
            }
        }
        Ok(())
    }

    fn source<'a>(&self, writing: &Writing<'a, 'q>) -> Source<'a, 'q> {
        Source {
            question: &self.task.questions[writing.report],
            property: writing.exchange.property.as_str(),
            is_named: writing.is_named,
            date_ranges: writing.exchange.date_ranges.as_deref(),
        }
    }

    fn note(&self, writing: &Writing<'_, 'q>, findings: &mut Findings) {
        let property = &writing.exchange.property;
        for note in writing.quality.notes() {
            let text = match self.task.properties.is_list() {
                true => format!("property {property}: {}", note.text),
                false => note.text.clone(),
            };
            findings.notes.push((text, note.lossy));
        }
    }

    /// The same error, with what the list of properties says about a property that refuses its data.
    async fn explained(&self, error: anyhow::Error, property: &PropertyNumber) -> anyhow::Error {
        let is_about_property = error.downcast_ref::<ga_core::Error>().is_some_and(ga_core::Error::is_about_property);
        if !is_about_property {
            return error;
        }
        match properties::remedy(&self.client, self.admin_api.as_str(), property).await {
            Some(remedy) => {
                let failure = ga_client::failure(&error);
                Failure::new(failure.kind(), failure.to_string()).hint(remedy).into()
            }
            None => error,
        }
    }
}

impl<'q> Download<'q> {
    /// What is said when a report ends before its last page, with the command that goes on from there if the rows
    /// that have come can be kept.
    fn stop(&self, error: anyhow::Error, writing: Writing<'_, 'q>, following: &[PropertyNumber]) -> anyhow::Error {
        let Writing { report, done, output, exchange, .. } = writing;
        let property = &exchange.property;
        let failure = ga_client::failure(&error);
        let may_go_on = matches!(failure.kind(), Kind::Temporary | Kind::Login);
        if done == 0 || !may_go_on {
            return error;
        }
        let has_header = match output.leave_open() {
            Ok(Some(has_header)) => has_header,
            Ok(None) => return error,
            Err(unwritten) => return unwritten,
        };
        let question = &self.task.questions[report];
        let offset = question.offset + done;
        let failure = ga_client::failure(&error.context(format!("stopped after {done} rows")));
        let failure = match following {
            [] => failure,
            _ => {
                let names: Vec<_> = following.iter().map(PropertyNumber::as_str).collect();
                failure.hint(format!("nothing has come yet of -p {}", names.join(",")))
            }
        };
        let hint = match self.arguments.request {
            Some(_) => format!("go on with the same request and \"offset\": \"{offset}\" in it"),
            None => {
                let limit = question.limit.map(|limit| limit - done);
                let is_of_list = self.task.properties.is_list();
                resume::hint(self.given, &Rest { property, is_of_list, offset, limit, has_header })
            }
        };
        failure.hint(hint).into()
    }
}

impl Findings {
    /// Whether every property has its rows in the output.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let failed: Vec<_> = self.failed.iter().map(PropertyNumber::as_str).collect();
        match failed.len() {
            0 => Ok(()),
            count => {
                let text = format!("{count} of {} properties failed and are not in the output", self.properties);
                Err(Failure::new(Kind::Incomplete, text)
                    .hint(format!("ask for them again with -p {}", failed.join(","))))
            }
        }
    }

    /// Says what there is to say; with `--strict`, lost data is an error.
    pub(crate) fn tell(&self, terminal: &Terminal, arguments: &Arguments) -> Result<(), Failure> {
        if arguments.quota {
            for line in self.consumption.lines() {
                terminal.note(&line);
            }
        }
        let mut losses = Vec::new();
        for (text, is_lossy) in &self.notes {
            if arguments.strict && *is_lossy {
                losses.push(text.as_str());
            } else {
                terminal.note(text);
            }
        }
        if losses.is_empty() {
            return Ok(());
        }
        let unwritten = match arguments.file() {
            Some(_) => "; the file of -o was not written",
            None => "",
        };
        Err(Failure::new(Kind::Incomplete, format!("--strict: {}{unwritten}", losses.join("; "))))
    }
}
