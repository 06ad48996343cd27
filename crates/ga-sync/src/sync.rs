//! The run itself: properties side by side, the days of each from the oldest to the newest, each day fetched and then stored.
//!
//! What one property answers is its own matter. What the target or the token's issuer refuses ends the run: what is left is
//! found again by the next one.

use std::sync::Mutex;
use std::time::Instant;

use ga_client::analytics::Analytics;
use ga_client::download::Download;
use ga_client::zone;
use ga_core::property::PropertyNumber;
use gauth_cli::{Kind, Terminal};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::days::Period;
use crate::outcome::Outcome;
use crate::query::Query;
use crate::report::Report;
use crate::table::Table;
use crate::target::{Claim, Failed, Target};

/// What is kept up to date, and by what.
pub(crate) struct Sync<'a> {
    pub(crate) query: &'a Query,
    pub(crate) table: &'a Table,
    pub(crate) period: &'a Period,
    pub(crate) target: &'a Target,
    pub(crate) analytics: &'a Analytics,
    pub(crate) download: &'a Download,
    /// When the run must have ended.
    pub(crate) deadline: Option<Instant>,
}

/// How far a property came.
enum Progress {
    /// Everything that was due is stored, or another run sees to it.
    Done,
    /// This day failed, and with it perhaps more of them.
    Failed { day: Date, failed: usize, error: anyhow::Error },
    /// From this day on nothing was tried any more.
    Stopped { day: Date, error: anyhow::Error },
}

impl Sync<'_> {
    /// Brings all properties up to date, `parallel` at a time.
    ///
    /// # Errors
    /// What ended the run, or how properties failed.
    pub(crate) fn run(&self, properties: &[PropertyNumber], parallel: usize, terminal: Terminal) -> anyhow::Result<()> {
        let outcome = Outcome::of(properties.len(), terminal);
        let queue = Mutex::new(properties.iter());
        std::thread::scope(|scope| {
            for _ in 0..parallel.min(properties.len()) {
                let work = || {
                    let next = || queue.lock().ok()?.next();
                    while let Some(property) = next()
                        && !outcome.has_ended()
                    {
                        self.property(property, &outcome);
                    }
                };
                if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, work) {
                    outcome.end(gauth_cli::exit::no_thread(error).into());
                }
            }
        });
        self.download.end_progress();
        outcome.result()
    }

    fn property(&self, property: &PropertyNumber, outcome: &Outcome) {
        let (error, suffix) = match self.days(property, outcome) {
            Ok(Progress::Done) => return,
            Ok(Progress::Failed { error, day, failed: 1 }) => (error, format!(" ({day})")),
            Ok(Progress::Failed { error, day, failed }) => (error, format!(" ({day} and {} more days)", failed - 1)),
            Ok(Progress::Stopped { error, day }) => (error, format!(" (stopped at {day})")),
            Err(error) => (error, String::new()),
        };
        match error.downcast::<Failed>() {
            Ok(Failed(failure)) => outcome.end(failure.into()),
            Err(error) => {
                let failure = ga_client::failure(&error);
                if self.ends_the_run(failure.kind()) {
                    outcome.end(error);
                } else {
                    outcome.fail(failure.kind(), format!("{failure}{suffix}"));
                }
            }
        }
    }

    fn days(&self, property: &PropertyNumber, outcome: &Outcome) -> anyhow::Result<Progress> {
        let Some(mut claim) = self.target.claim(property)? else {
            return Ok(Progress::Done);
        };
        let asked_at = Timestamp::now();
        let zone = self.download.call(property, || zone::of_property(property, self.analytics));
        let known = zone.as_ref().ok().cloned().flatten().unwrap_or_else(TimeZone::system);
        let due = self.period.due(Timestamp::now(), &known, &claim.days()?)?;
        if let (Err(error), Some(day)) = (zone, due.first()) {
            return self.stopped(error, *day, asked_at, &mut claim);
        }
        let mut failed: Option<Progress> = None;
        for day in due {
            if outcome.has_ended() {
                break;
            }
            let tried_at = Timestamp::now();
            let Err(error) = self.day(property, day, &mut claim) else {
                continue;
            };
            if !matches!(ga_client::failure(&error).kind(), Kind::Failed | Kind::Incomplete) || error.is::<Failed>() {
                // The next day would get the same answer, and errors use up the quota.
                return self.stopped(error, day, tried_at, &mut claim);
            }
            claim.fail(day, &ga_client::failure(&error).to_string(), tried_at)?;
            failed = Some(match failed {
                Some(Progress::Failed { day, failed, error }) => Progress::Failed { day, failed: failed + 1, error },
                _ => Progress::Failed { day, failed: 1, error },
            });
        }
        Ok(failed.unwrap_or(Progress::Done))
    }

    /// Notes what stopped a property, unless that is no matter of the property.
    fn stopped(
        &self,
        error: anyhow::Error,
        day: Date,
        tried_at: Timestamp,
        claim: &mut Claim<'_>,
    ) -> anyhow::Result<Progress> {
        let failure = ga_client::failure(&error);
        if error.is::<Failed>() || self.ends_the_run(failure.kind()) {
            return Err(error);
        }
        claim.fail(day, &failure.to_string(), tried_at)?;
        Ok(Progress::Stopped { day, error })
    }

    fn day(&self, property: &PropertyNumber, day: Date, claim: &mut Claim<'_>) -> anyhow::Result<()> {
        let request = self.query.on(day);
        let report = Report::fetch(self.download, property, day, &request, &self.table.columns)?;
        claim.store(report)
    }

    /// Whether no other property would do better: the token is at fault, or the command line, or the time is over.
    fn ends_the_run(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Login | Kind::Usage) || self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }
}
