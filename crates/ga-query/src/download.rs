//! The reports of all properties, one after the other, into one output; and what is to be said about them.

use std::sync::Arc;

use ga_core::property::{Property, PropertyNumber};
use ga_core::quality::{Consumption, Quality};
use gauth_cli::{Failure, Kind, Terminal};
use gauth_core::endpoint::Endpoint;

use crate::client::Client;
use crate::first_property;
use crate::output::Output;
use crate::pages::Report;
use crate::progress::Progress;
use crate::question::Question;
use crate::waiting::Budget;

/// What waiting pages may take of the memory.
const WAITING: usize = 8 << 20;

/// Everything that is fetched in one run.
pub(crate) struct Download<'a> {
    pub(crate) question: &'a Question,
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

impl Download<'_> {
    /// Writes every row to `output`, to the end of the document.
    pub(crate) async fn run(&self, output: &mut Output) -> anyhow::Result<Findings> {
        let budget = Budget::new(WAITING);
        let mut findings = Findings::default();
        for property in &self.question.properties {
            let number = match property {
                Property::Number(number) => number.clone(),
                Property::First => {
                    let base = self.admin_api.as_str();
                    first_property::find(&self.client, base, &self.terminal).await?
                }
            };
            let report = Report {
                client: Arc::clone(&self.client),
                base: self.data_api.as_str().to_owned(),
                property: number.clone(),
                request: self.question.request.clone(),
                raw: output.is_raw(),
                parallel: self.parallel,
                budget: Arc::clone(&budget),
                progress: Arc::clone(&self.progress),
            };
            self.write(report, &number, output, &mut findings).await?;
        }
        output.finish()?;
        Ok(findings)
    }

    async fn write(
        &self,
        report: Report,
        number: &PropertyNumber,
        output: &mut Output,
        findings: &mut Findings,
    ) -> anyhow::Result<()> {
        let several = self.question.properties.len() > 1;
        let mut quality = Quality::default();
        let pages = report.fetch(|fetched| {
            quality.add(&fetched.page.head);
            if let Some(quota) = &fetched.page.head.property_quota {
                findings.consumption.add(quota);
            }
            if output.is_terminal() {
                self.progress.end();
            }
            let name = (several || output.names_property()).then_some(number.as_str());
            output.page(&self.question.request, name, fetched)
        });
        pages.await?;
        for note in quality.notes() {
            let text = match several {
                true => format!("property {number}: {}", note.text),
                false => note.text.clone(),
            };
            findings.notes.push((text, note.lossy));
        }
        Ok(())
    }
}

impl Findings {
    /// Says what there is to say; with `strict`, lost data is an error.
    pub(crate) fn tell(
        &self,
        terminal: &Terminal,
        quota: bool,
        strict: bool,
    ) -> Result<(), Failure> {
        if quota {
            for line in self.consumption.lines() {
                terminal.note(&line);
            }
        }
        let mut losses = Vec::new();
        for (text, is_lossy) in &self.notes {
            if strict && *is_lossy {
                losses.push(text.as_str());
            } else {
                terminal.note(text);
            }
        }
        match losses[..] {
            [] => Ok(()),
            _ => Err(Failure::new(Kind::Incomplete, losses.join("; "))),
        }
    }
}
