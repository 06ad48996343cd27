//! The reports of all properties, one after the other, into one output; and what is to be said about them.

use std::sync::Arc;

use ga_core::property::{Property, PropertyNumber};
use ga_core::quality::{Consumption, Quality};
use gauth_cli::{Failure, Kind, Terminal};
use gauth_core::endpoint::Endpoint;

use crate::arguments::Arguments;
use crate::client::Client;
use crate::display_names::DisplayNames;
use crate::exchange::Exchange;
use crate::first_property;
use crate::output::{Output, Source};
use crate::pages::{Report, first_pages};
use crate::progress::Progress;
use crate::resume::{self, Rest};
use crate::task::Task;
use crate::waiting::Budget;

/// What waiting pages may take of the memory.
const WAITING: usize = 8 << 20;

/// Everything that is fetched in one run.
pub(crate) struct Download<'q> {
    pub(crate) arguments: &'q Arguments,
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
}

impl<'q> Download<'q> {
    /// Writes every row to `output`, to the end of the document.
    pub(crate) async fn run(&self, output: &mut Output<'q>) -> anyhow::Result<Findings> {
        let budget = Budget::new(WAITING);
        let mut findings = Findings::default();
        for (place, property) in self.task.properties.iter().enumerate() {
            let number = match property {
                Property::Number(number) => number.clone(),
                Property::First => {
                    let base = self.admin_api.as_str();
                    first_property::find(&self.client, base, &self.terminal).await?
                }
            };
            let exchange = Arc::new(Exchange {
                client: Arc::clone(&self.client),
                base: self.data_api.as_str().to_owned(),
                property: number,
                raw: output.is_raw(),
                budget: Arc::clone(&budget),
                progress: Arc::clone(&self.progress),
            });
            let is_last = place + 1 == self.task.properties.len();
            self.property(exchange, is_last, output, &mut findings).await?;
        }
        output.finish()?;
        findings.notes.extend(output.loss().map(|text| (text, true)));
        Ok(findings)
    }

    /// Writes the reports of one property, the first pages of which come in one answer.
    async fn property(
        &self,
        exchange: Arc<Exchange>,
        is_last: bool,
        output: &mut Output<'q>,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let several = self.task.properties.len() > 1;
        let is_named = several || output.names_property();
        let mut quality = Quality::default();
        if output.wants_display_names() {
            let (base, property) = (self.data_api.as_str(), &exchange.property);
            let names = DisplayNames::fetch(&self.client, base, property).await?;
            output.set_display_names(names);
        }
        let firsts = first_pages(&exchange, self.task).await?;
        let mut left = firsts.len();
        for (first, question) in firsts.into_iter().zip(&self.task.questions) {
            let source = Source { question, property: exchange.property.as_str(), is_named };
            let mut done = 0;
            let report = Report {
                exchange: Arc::clone(&exchange),
                method: self.task.method,
                question,
                parallel: self.parallel,
                reserve: self.arguments.reserve,
            };
            let pages = report.fetch(first, |fetched| {
                quality.add(&question.request, &fetched.page.head);
                if let Some(quota) = &fetched.page.head.property_quota {
                    findings.consumption.add(quota);
                }
                if output.is_terminal() {
                    self.progress.end();
                }
                let came = fetched.page.combinations;
                output.page(source, fetched)?;
                done += came;
                Ok(())
            });
            if let Err(error) = pages.await {
                return Err(self.stop(error, source, &exchange.property, done, output));
            }
            output.end_property(source)?;
            left -= 1;
            if is_last {
                output.end_report(left == 0)?;
            }
        }
        for note in quality.notes() {
            let text = match several {
                true => format!("property {}: {}", exchange.property, note.text),
                false => note.text.clone(),
            };
            findings.notes.push((text, note.lossy));
        }
        Ok(())
    }
}

impl<'q> Download<'q> {
    /// What is said when a report ends before its last page, with the command that goes on from there if the rows
    /// that have come can be kept.
    fn stop(
        &self,
        error: anyhow::Error,
        source: Source<'_, 'q>,
        property: &PropertyNumber,
        done: u64,
        output: &mut Output<'q>,
    ) -> anyhow::Error {
        let failure = Failure::of(&error);
        let may_go_on = matches!(failure.kind(), Kind::Temporary | Kind::Login);
        if done == 0 || !may_go_on {
            return error;
        }
        let has_header = match output.leave_open() {
            Ok(Some(has_header)) => has_header,
            Ok(None) => return error,
            Err(unwritten) => return unwritten,
        };
        let offset = source.question.offset + done;
        let failure = Failure::of(&error.context(format!("stop after {done} rows of property {property}")));
        let known = |one: &&Property| !matches!(one, Property::Number(number) if number == property);
        let mut following = self.task.properties.iter().skip_while(known).skip(1).peekable();
        let failure = match following.peek() {
            None => failure,
            Some(_) => {
                let names: Vec<_> = following.map(Property::to_string).collect();
                failure.hint(format!("nothing has come yet of -p {}", names.join(",")))
            }
        };
        let hint = match self.arguments.request {
            Some(_) => format!("go on with the same request and \"offset\": \"{offset}\" in it"),
            None => {
                let rest =
                    Rest { property, offset, limit: source.question.limit.map(|limit| limit - done), has_header };
                let typed = std::env::args().skip(1);
                format!("go on with: {}", resume::command(typed, self.arguments, &rest))
            }
        };
        failure.hint(hint).into()
    }
}

impl Findings {
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
        let unwritten = match arguments.output {
            Some(_) => "; the file of -o was not written",
            None => "",
        };
        Err(Failure::new(Kind::Incomplete, format!("--strict: {}{unwritten}", losses.join("; "))))
    }
}
