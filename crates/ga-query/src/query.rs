//! What one run of the program has to do: which reports of which properties, by which method.
//!
//! Positionals and options may say the same thing; this decides which exclude each other.

use std::time::Instant;

use ga_client::report::names;
use ga_client::{download, properties, report, zone};
use ga_core::check::{self, Method};
use ga_core::compare::OtherPeriod;
use ga_core::dates::{self, TypedRange};
use ga_core::property::{PropertyNumber, Selection};
use ga_core::report::{MinuteRange, RunReportRequest};
use ga_core::v3::{self, FieldMap};
use gauth_cli::{Failure, Given, Terminal};
use gauth_text::Typed;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::arguments::Arguments;
use crate::audience::Users;
use crate::report::{Report, Span, one_of};
use crate::request_file;

/// What is requested.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) properties: Selection,
    pub(crate) method: Method,
    /// One, but for a batch.
    pub(crate) reports: Vec<Report>,
    days: Days,
    /// The users whose export is read, if it is not a report.
    pub(crate) users: Option<Users>,
}

/// The days of the report as typed.
#[derive(Debug, Default)]
struct Days {
    ranges: Vec<TypedRange>,
    /// Those that the only range is compared with.
    other: Option<OtherPeriod>,
}

/// The positionals, each either typed as one or as an option.
struct Words<'a> {
    property: Option<&'a str>,
    start: Option<&'a str>,
    end: Option<&'a str>,
    metrics: Option<&'a str>,
}

impl Query {
    /// Reads the arguments; notes go to the terminal.
    pub(crate) fn read(
        arguments: &Arguments,
        given: &Given,
        deadline: Option<Instant>,
        terminal: &Terminal,
    ) -> anyhow::Result<Self> {
        let users = Users::read(arguments, given)?;
        refuse_beside_compare(arguments)?;
        let words = Words::read(arguments)?;
        let map = report::field_map(arguments.map.as_deref(), deadline)?;
        let properties = selection(arguments, &words, &map, deadline, terminal)?;
        if let Some(users) = users {
            return Self::of_users(users, arguments, properties);
        }
        let ignored = arguments.ignored_parameters()?;
        if let Some(path) = &arguments.request {
            return Self::official(path, arguments, properties, deadline, terminal);
        }
        if arguments.method.is_some() {
            return Err(Failure::usage("--method goes with --request").into());
        }
        if let Some(segment) = &arguments.segment {
            return Err(v3::refuse_segment(segment).into());
        }
        note_ignored(arguments, &ignored, terminal);
        let metrics = match words.metrics {
            Some(text) => names("METRICS", &[text])?,
            None => names("--metrics", &arguments.metrics)?,
        };
        let (days, span) = if arguments.realtime {
            (Days::default(), Span::Minutes(minutes(arguments, &words)?))
        } else {
            let days = Days::typed(arguments, &words)?;
            let span = days.on(days.machine_today())?;
            (days, span)
        };
        let (method, report) = Report::in_words(arguments, metrics, span, &map, terminal)?;
        Ok(Self { properties, method, reports: vec![report], days, users: None })
    }

    fn of_users(users: Users, arguments: &Arguments, properties: Selection) -> anyhow::Result<Self> {
        match &properties {
            Selection::All | Selection::List(_) => {
                let text = "--audience: an audience belongs to one property";
                return Err(Failure::usage(text).hint("name it with -p NUMBER").into());
            }
            Selection::One(number) => drop(users.at(number)?),
            Selection::First => {}
        }
        let reports = vec![Report::of_users(arguments, &users.dimensions)];
        Ok(Self { properties, method: Method::QueryAudienceExport, reports, days: Days::default(), users: Some(users) })
    }

    fn official(
        path: &str,
        arguments: &Arguments,
        properties: Selection,
        deadline: Option<Instant>,
        terminal: &Terminal,
    ) -> anyhow::Result<Self> {
        refuse_words_beside_request(arguments)?;
        let (method, mut body) = request_file::read(path, arguments.method.as_deref(), deadline)?;
        if arguments.no_check {
            body = check::spelled(method, body);
        } else {
            for note in check::body(method, &mut body)? {
                terminal.note(&note);
            }
        }
        let requests = match body.get_mut("requests") {
            Some(Value::Array(requests)) if method.is_batch() => std::mem::take(requests),
            _ => vec![body],
        };
        if method.is_batch() && properties.is_list() {
            return Err(Failure::usage("--request: a batch is for one property").into());
        }
        let reports = requests
            .into_iter()
            .map(|request| Report::official(method, request, arguments.shows_quota()))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { properties, method, reports, days: Days::default(), users: None })
    }

    /// Whether the days depend on today's date at the property.
    pub(crate) fn needs_today(&self) -> bool {
        self.days.needs_today()
    }

    /// The days of the report where it is `today`.
    pub(crate) fn span_on(&self, today: Date) -> anyhow::Result<Span> {
        self.days.on(today)
    }

    /// The requests for one property with these days, if they are its own.
    pub(crate) fn requests(&self, span: Option<&Span>) -> Vec<RunReportRequest> {
        let mut requests: Vec<_> = self.reports.iter().flat_map(|report| report.requests_on(span)).collect();
        // The columns of an export are named when it is created.
        requests.iter_mut().filter(|_| self.users.is_some()).for_each(|request| request.dimensions.clear());
        requests
    }

    /// The JSON of the requests that are sent first: one, unless two periods are compared by a method without a batch.
    pub(crate) fn first_bodies(&self) -> anyhow::Result<Vec<Value>> {
        let requests = self.requests(None);
        let firsts: Vec<_> = requests.iter().map(|request| download::first_page(self.method, request)).collect();
        let at_once = if self.method.is_batch() { firsts.len() } else { 1 };
        firsts.chunks(at_once.max(1)).map(|firsts| download::body(self.method, firsts)).collect()
    }

    /// The JSON that requests the whole report, regardless of its pages, and shows its method.
    pub(crate) fn whole_body(&self) -> anyhow::Result<Value> {
        let mut requests = self.requests(None);
        if requests.len() > 1 && !self.method.is_batch() {
            let why = "--dry-run: two periods of conversions are two requests, since the API has no batch of them";
            return Err(Failure::usage(why).hint("use --curl, which prints both").into());
        }
        for request in requests.iter_mut().filter(|_| self.method == Method::RunRealtimeReport) {
            if request.minute_ranges.is_empty() {
                let (start, end) = (Some(29), Some(0));
                request.minute_ranges =
                    vec![MinuteRange { start_minutes_ago: start, end_minutes_ago: end, name: None }];
            }
        }
        download::body(self.method, &requests)
    }
}

/// Reports v3's parameters that have no effect.
fn note_ignored(arguments: &Arguments, ignored: &[&str], terminal: &Terminal) {
    if arguments.sampling_level.as_deref().is_some_and(|level| level != "DEFAULT") {
        terminal.note("--sampling-level: GA4 leaves no choice of sampling; --strict refuses sampled data");
    }
    if !ignored.is_empty() {
        terminal.note(&format!("ignored: {}", ignored.join(", ")));
    }
    if let (Some(format), Some(output)) = (&arguments.format, arguments.v3_output())
        && format != "v3"
    {
        terminal.note(&format!("ignored: --output {output}, because of -f {}", Typed(format)));
    }
}

impl<'a> Words<'a> {
    fn read(arguments: &'a Arguments) -> Result<Self, Failure> {
        let mut words = arguments.words.iter().map(String::as_str);
        let read = Self { property: words.next(), start: words.next(), end: words.next(), metrics: words.next() };
        if let Some(word) = read.property.filter(|_| !arguments.property.is_empty()) {
            return Err(two_properties("-p ", arguments.property.iter().map(String::as_str).chain([word])));
        }
        // No date is a number, but for one of eight digits that lacks its dashes.
        let is_number = |text: &&str| text.len() != 8 && PropertyNumber::parse(text).is_ok();
        if let (Some(one), Some(other)) = (read.property.filter(is_number), read.start.filter(is_number)) {
            return Err(two_properties("", [one, other]));
        }
        if words.next().is_some() {
            return Err(Failure::usage("too many arguments: expected PROPERTY START END METRICS"));
        }
        let is_dated = !arguments.dates.is_empty();
        for (word, option, is_given) in [
            (read.property, "--ids", arguments.ids.is_some()),
            (read.start, "--start", arguments.start.is_some()),
            (read.start, "--start-date", arguments.start_date.is_some()),
            (read.end, "--end", arguments.end.is_some()),
            (read.end, "--end-date", arguments.end_date.is_some()),
            (read.start, "--dates", is_dated),
            (read.metrics, "--metrics", !arguments.metrics.is_empty()),
        ] {
            if word.is_some() && is_given {
                return Err(Failure::usage(format!("{option} was given twice: as an option and as a word")));
            }
        }
        Ok(read)
    }
}

/// Most often `-p $(…)` without quotes, where the command printed more than one line.
fn two_properties<'a>(option: &str, texts: impl IntoIterator<Item = &'a str>) -> Failure {
    let numbers: Option<Vec<_>> = texts.into_iter().map(|text| PropertyNumber::parse(text).ok()).collect();
    let names = match numbers.as_deref() {
        Some([one, other]) => format!(": {option}{one} and {other}"),
        _ => String::new(),
    };
    Failure::usage(format!("the property was given twice{names}")).hint("quote a list of properties: -p \"$(…)\"")
}

/// A comparison is of two periods of days, in columns that v3 does not have.
fn refuse_beside_compare(arguments: &Arguments) -> Result<(), Failure> {
    let given = [
        ("--dates", !arguments.dates.is_empty()),
        ("--realtime", arguments.realtime),
        ("--minutes", !arguments.minutes.is_empty()),
        ("--request", arguments.request.is_some()),
        ("--ids, --start-date, -f v3 and ga: metrics", arguments.is_v3()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given && arguments.compare.is_some()) {
        Some((name, _)) => Err(Failure::usage(format!("--compare excludes {name}"))),
        None => Ok(()),
    }
}

/// An official request says everything about the report itself.
fn refuse_words_beside_request(arguments: &Arguments) -> Result<(), Failure> {
    let given = [
        ("START", arguments.words.len() > 1),
        ("--metrics", !arguments.metrics.is_empty()),
        ("--dimensions", !arguments.dimensions.is_empty()),
        ("--start", arguments.start.is_some()),
        ("--end", arguments.end.is_some()),
        ("--start-date", arguments.start_date.is_some()),
        ("--end-date", arguments.end_date.is_some()),
        ("--dates", !arguments.dates.is_empty()),
        ("--minutes", !arguments.minutes.is_empty()),
        ("--realtime", arguments.realtime),
        ("--filter", !arguments.filter.is_empty()),
        ("--filters", arguments.filters.is_some()),
        ("--segment", arguments.segment.is_some()),
        ("--sort", !arguments.sort.is_empty()),
        ("--limit", arguments.limit.is_some()),
        ("--max-results", arguments.max_results.is_some()),
        ("--offset", arguments.offset.is_some()),
        ("--start-index", arguments.start_index.is_some()),
        ("--totals", arguments.totals),
        ("--min", arguments.min),
        ("--max", arguments.max),
        ("--keep-empty", arguments.keeps_empty_rows()),
        ("--currency", arguments.currency.is_some()),
        ("--conversions", !arguments.conversions.is_empty()),
        ("--attribution", arguments.attribution.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => {
            Err(Failure::usage(format!("--request contains the whole report: put {name} into its body")))
        }
        None => Ok(()),
    }
}

fn selection(
    arguments: &Arguments,
    words: &Words<'_>,
    map: &FieldMap,
    deadline: Option<Instant>,
    terminal: &Terminal,
) -> anyhow::Result<Selection> {
    if let Some(ids) = &arguments.ids {
        if !arguments.property.is_empty() {
            return Err(Failure::usage("--ids and --property exclude each other").into());
        }
        let (property, note) = v3::property(ids, map)?;
        terminal.note(&note);
        return Ok(Selection::One(PropertyNumber::parse(&property)?));
    }
    let selection = match words.property {
        Some(word) => properties::read("PROPERTY", &[word], deadline)?,
        None => {
            let texts: Vec<_> = arguments.property.iter().map(String::as_str).collect();
            properties::read("--property", &texts, deadline)?
        }
    };
    Ok(selection.ok_or_else(|| properties::missing("no property was named"))?)
}

impl Days {
    fn typed(arguments: &Arguments, words: &Words<'_>) -> anyhow::Result<Self> {
        let other = arguments.compare.as_deref().map(OtherPeriod::parse).transpose()?;
        Ok(Self { ranges: typed_ranges(arguments, words)?, other })
    }

    fn needs_today(&self) -> bool {
        match (&self.other, &self.ranges[..]) {
            (Some(other), [own]) => other.needs_today(own),
            _ => self.ranges.iter().any(TypedRange::needs_today),
        }
    }

    /// Today on this machine, which is looked up only where it makes a difference.
    fn machine_today(&self) -> Date {
        let zone = if self.needs_today() { TimeZone::system() } else { TimeZone::UTC };
        zone::today(&zone)
    }

    fn on(&self, today: Date) -> anyhow::Result<Span> {
        Ok(match (&self.other, &self.ranges[..]) {
            (Some(other), [own]) => Span::Compared(other.periods(own, today)?),
            (_, ranges) => Span::Days(ranges.iter().map(|range| range.on(today)).collect::<Result<_, _>>()?),
        })
    }
}

fn typed_ranges(arguments: &Arguments, words: &Words<'_>) -> anyhow::Result<Vec<TypedRange>> {
    if !arguments.minutes.is_empty() {
        return Err(Failure::usage("--minutes goes with --realtime").into());
    }
    let start = one_of("--start", arguments.start.as_deref(), "--start-date", arguments.start_date.as_deref())?;
    let end = one_of("--end", arguments.end.as_deref(), "--end-date", arguments.end_date.as_deref())?;
    if arguments.dates.is_empty() {
        return Ok(vec![dates::range(words.start.or(start), words.end.or(end))?]);
    }
    if start.is_some() || end.is_some() {
        return Err(Failure::usage("--dates excludes --start and --end").into());
    }
    let mut ranges = Vec::new();
    for text in &arguments.dates {
        ranges.push(dates::named_range(text)?);
    }
    dates::check_ranges(&ranges)?;
    Ok(ranges)
}

/// The minutes of a realtime report, which has no days, no currency and no second page.
fn minutes(arguments: &Arguments, words: &Words<'_>) -> anyhow::Result<Vec<MinuteRange>> {
    let days = [
        ("START", words.start.is_some()),
        ("--start", arguments.start.is_some()),
        ("--start-date", arguments.start_date.is_some()),
        ("--end", arguments.end.is_some()),
        ("--end-date", arguments.end_date.is_some()),
        ("--dates", !arguments.dates.is_empty()),
    ];
    let others = [
        ("--offset", arguments.offset.is_some()),
        ("--start-index", arguments.start_index.is_some()),
        ("--keep-empty", arguments.keeps_empty_rows()),
        ("--currency", arguments.currency.is_some()),
        ("--conversions", !arguments.conversions.is_empty()),
    ];
    let refused = |name: &str| Failure::usage(format!("--realtime: the API has no {name} there"));
    let is_given = |(_, is_given): &&(&str, bool)| *is_given;
    if let Some((name, _)) = days.iter().find(is_given) {
        return Err(refused(name).hint("use --minutes for minutes, such as --minutes 4..0").into());
    }
    if let Some((name, _)) = others.iter().find(is_given) {
        return Err(refused(name).into());
    }
    let mut ranges = Vec::new();
    for text in &arguments.minutes {
        ranges.push(dates::minute_range(text)?);
    }
    Ok(ranges)
}
