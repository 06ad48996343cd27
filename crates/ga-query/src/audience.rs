//! The users of an audience: an export is found or created, and waited for until its rows can be downloaded like those of a
//! report. What to send is left to [`ga_core::audience`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ga_client::analytics::Analytics;
use ga_client::download::Waiting;
use ga_client::properties::explained;
use ga_client::report::names;
use ga_core::audience::{self, Audience, DEFAULT_DIMENSIONS, Export, Preparation, Step, Wanted};
use ga_core::property::PropertyNumber;
use gauth_cli::{Failure, Given, Kind, Terminal, random};
use gauth_text::Typed;
use jiff::Timestamp;

use crate::arguments::Arguments;

/// The options that have a meaning for an export.
const ALLOWED: [&str; 22] = [
    "--audience",
    "--property",
    "--dimensions",
    "--limit",
    "--offset",
    "--format",
    "--table",
    "--header",
    "--excel",
    "--output",
    "--parallel",
    "--quota",
    "--strict",
    "--no-check",
    "--dry-run",
    "--curl",
    "--token",
    "--token-command",
    "--quota-project",
    "--timeout",
    "--quiet",
    "--verbose",
];
const GOES_ON: &str = "the export goes on at Google: run the same command again to read it";

/// What is exported of a property.
#[derive(Debug)]
pub(crate) struct Users {
    audience: Audience,
    pub(crate) dimensions: Vec<String>,
}

impl Users {
    /// Reads `--audience`, if it was given, and refuses what exports do not have.
    pub(crate) fn read(arguments: &Arguments, given: &Given) -> anyhow::Result<Option<Self>> {
        let Some(text) = &arguments.audience else {
            return Ok(None);
        };
        let foreign = given.options.iter().map(|(name, _)| *name).find(|name| !ALLOWED.contains(name));
        let word = (arguments.words.len() > 1).then_some("START");
        if let Some(name) = foreign.or(word) {
            let why = match name {
                "--reserve" => "the server does not report what is left of the quota",
                "--keep-going" => "an audience belongs to one property",
                _ => "an export lists the users at the time of its creation, with dimensions only",
            };
            return Err(Failure::usage(format!("--audience excludes {name}: {why}")).into());
        }
        let mut dimensions = names("--dimensions", &arguments.dimensions)?;
        if dimensions.is_empty() {
            dimensions = DEFAULT_DIMENSIONS.map(str::to_owned).to_vec();
        }
        if !arguments.no_check {
            audience::check_dimensions(&dimensions)?;
        }
        Ok(Some(Self { audience: Audience::parse(text)?, dimensions }))
    }

    /// What the export must be of.
    pub(crate) fn at(&self, property: &PropertyNumber) -> Result<Wanted, ga_core::Error> {
        self.audience.name_at(property)?;
        Ok(Wanted { property: property.clone(), audience: self.audience.clone(), dimensions: self.dimensions.clone() })
    }
}

/// Says at a signal that an export goes on, while one is waited for.
#[derive(Clone, Default)]
pub(crate) struct Parting(Arc<AtomicBool>);

impl Parting {
    /// What to do at a signal, after `clean_up`.
    pub(crate) fn after(self, clean_up: impl Fn() + Send + Sync, terminal: Terminal) -> impl Fn() + Send + Sync {
        let Self(goes_on) = self;
        move || {
            clean_up();
            if goes_on.load(Ordering::Relaxed) {
                terminal.note(GOES_ON);
            }
        }
    }
}

/// What waiting needs.
pub(crate) struct Wait<'a> {
    pub(crate) analytics: &'a Analytics,
    pub(crate) parting: &'a Parting,
    pub(crate) deadline: Option<Instant>,
    /// Whether to report what the export cost.
    pub(crate) shows_quota: bool,
}

impl Wait<'_> {
    /// The name of an export that can be read.
    pub(crate) fn for_export(&self, users: &Users, property: &PropertyNumber) -> anyhow::Result<String> {
        let mut preparation = Preparation::new(self.analytics.data_api(), users.at(property)?);
        let what = format!("export of audience {}", users.audience.number());
        let result = self.until_ready(&mut preparation, &what, property);
        self.parting.0.store(false, Ordering::Relaxed);
        let error = match result {
            Ok(name) => return Ok(name),
            Err(error) => error,
        };
        let failure = ga_client::failure(&error);
        let is_passing = matches!(failure.kind(), Kind::Temporary | Kind::Login);
        if preparation.is_waiting() && is_passing {
            return Err(failure.hint(GOES_ON).into());
        }
        Err(explained(error, property, self.analytics))
    }

    fn until_ready(
        &self,
        preparation: &mut Preparation,
        what: &str,
        property: &PropertyNumber,
    ) -> anyhow::Result<String> {
        let terminal = self.analytics.terminal();
        let waiting = Waiting::new(terminal);
        let about = |error: anyhow::Error| error.context(format!("property {property}"));
        loop {
            let request = match preparation.next()? {
                Step::Send(request) => request,
                Step::Create(request) => {
                    terminal.note(&format!("creating an {what}; this takes about 15 minutes"));
                    let answer = self.analytics.call(request).map_err(|error| about(with_list(error, property)))?;
                    preparation.answer(&answer, Timestamp::now()).map_err(|error| about(error.into()))?;
                    self.parting.0.store(true, Ordering::Relaxed);
                    continue;
                }
                Step::Look { request, export, looks, is_new } => {
                    if looks == 0 && !is_new {
                        self.parting.0.store(true, Ordering::Relaxed);
                        terminal.note(&format!("waiting for an {what} that was requested {}", ago(export)));
                    }
                    let pause = audience::pause(looks, random::fraction());
                    if self.deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
                        let text = format!("the {what} was not ready before --timeout");
                        return Err(Failure::new(Kind::Temporary, text).into());
                    }
                    waiting.pause(&progress(what, export), pause);
                    request
                }
                Step::Ready { export, is_new } => {
                    if !is_new && preparation.looks() == 0 {
                        terminal.note(&format!("reading an {what} that was requested {}", ago(export)));
                    }
                    if self.shows_quota {
                        note_cost(terminal, export, is_new);
                    }
                    return Ok(export.name.clone());
                }
            };
            let answer = self.analytics.call(request).map_err(about)?;
            preparation.answer(&answer, Timestamp::now()).map_err(|error| about(error.into()))?;
        }
    }
}

/// Says where the numbers of audiences are, if the server refused the request because of what it named.
fn with_list(error: anyhow::Error, property: &PropertyNumber) -> anyhow::Error {
    if !error.downcast_ref::<ga_core::Error>().is_some_and(audience::is_about_audience) {
        return error;
    }
    let failure = ga_client::failure(&error);
    let command = format!("ga-query -p {property} -d audienceId,audienceName -m totalUsers");
    Failure::new(failure.kind(), failure.to_string()).hint(format!("list the audiences with {command}")).into()
}

fn progress(what: &str, export: &Export) -> String {
    let name = match &*export.audience_display_name {
        "" => String::new(),
        name => format!(" ({})", Typed(name)),
    };
    let percentage = export.percentage_completed.map_or_else(String::new, |percent| format!(": {percent:.0} %"));
    format!("{what}{name}{percentage}")
}

/// How long ago an export was requested: `3 hours ago`.
fn ago(export: &Export) -> String {
    let minutes = export.age(Timestamp::now()).unwrap_or_default().as_secs() / 60;
    let (count, unit) = if minutes < 60 { (minutes, "minute") } else { (minutes / 60, "hour") };
    match count {
        0 => "just now".to_owned(),
        1 => format!("1 {unit} ago"),
        count => format!("{count} {unit}s ago"),
    }
}

fn note_cost(terminal: &Terminal, export: &Export, is_new: bool) {
    let text = match export.creation_quota_tokens_charged {
        _ if !is_new => "no quota tokens used: an export was reused".to_owned(),
        Some(tokens) => format!("creating the export used {tokens} quota tokens"),
        None => return,
    };
    terminal.note(&text);
}
