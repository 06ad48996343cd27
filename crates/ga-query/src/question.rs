//! From what was typed to what is asked: properties and one report request.
//!
//! Names and dates are read by ga-core; here is only which word means what, and which words exclude each
//! other.

use ga_core::check;
use ga_core::dates;
use ga_core::filter;
use ga_core::paging;
use ga_core::property::Property;
use ga_core::report::{DateRange, Dimension, Metric, OrderBy, OrderKey, RunReportRequest};
use ga_core::v3;
use gauth_cli::{Failure, Terminal, environment};

use crate::arguments::Arguments;

/// Which report is wanted, of which properties.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) properties: Vec<Property>,
    pub(crate) request: RunReportRequest,
}

/// The positionals, each either typed as one or as an option.
struct Words<'a> {
    property: Option<&'a str>,
    start: Option<&'a str>,
    end: Option<&'a str>,
    metrics: Option<&'a str>,
}

impl Question {
    /// Reads the arguments; what changes its meaning from Universal Analytics to GA4 is said on the terminal.
    pub(crate) fn read(arguments: &Arguments, terminal: &Terminal) -> anyhow::Result<Self> {
        let words = Words::read(arguments)?;
        let properties = properties(arguments, &words)?;
        let mut renamer = Renamer {
            terminal,
            said: Vec::new(),
        };
        let metrics = match words.metrics {
            Some(text) => list("METRICS", &[text])?,
            None => list("--metrics", &arguments.metrics)?,
        };
        let dimensions = list("--dimensions", &arguments.dimensions)?;
        let metrics = renamer.names(metrics)?;
        let dimensions = renamer.names(dimensions)?;
        if metrics.is_empty() && dimensions.is_empty() {
            return Err(Failure::usage("no metric was named")
                .hint("ga-query -p PROPERTY -m sessions -d date")
                .into());
        }
        let date_ranges = date_ranges(arguments, &words)?;
        let order_bys = order(arguments, &mut renamer, &dimensions, &metrics)?;
        let mut expressions = Vec::new();
        for text in &arguments.filter {
            let mut expression = filter::parse(text).map_err(|error| {
                let failure = Failure::usage(error.to_string());
                let failure = error
                    .caret()
                    .lines()
                    .fold(failure, |failure, line| failure.hint(line));
                match error.hint {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            })?;
            for condition in expression.conditions_mut() {
                condition.field = renamer.name(&condition.field);
            }
            expressions.push(expression);
        }
        let sides = filter::sides(expressions, &metrics)?;
        if arguments.limit == Some(0) {
            return Err(Failure::usage("--limit: 0 rows cannot be asked for").into());
        }
        let mut request = RunReportRequest {
            date_ranges,
            dimensions: dimensions.into_iter().map(Dimension::named).collect(),
            metrics: metrics.into_iter().map(Metric::named).collect(),
            dimension_filter: sides.dimension,
            metric_filter: sides.metric,
            order_bys,
            limit: arguments.limit,
            offset: arguments.offset,
            return_property_quota: arguments.quota.then_some(true),
            ..RunReportRequest::default()
        };
        if !arguments.no_check {
            for note in check::run_report(&mut request)? {
                terminal.note(&note);
            }
        }
        paging::total_order(&mut request);
        Ok(Self {
            properties,
            request,
        })
    }
}

impl<'a> Words<'a> {
    fn read(arguments: &'a Arguments) -> Result<Self, Failure> {
        let mut words = arguments.words.iter().map(String::as_str);
        let read = Self {
            property: words.next(),
            start: words.next(),
            end: words.next(),
            metrics: words.next(),
        };
        if words.next().is_some() {
            return Err(Failure::usage(
                "more than four words: PROPERTY START END METRICS were expected",
            ));
        }
        let is_dated = !arguments.dates.is_empty();
        for (word, option, is_given) in [
            (read.property, "--property", !arguments.property.is_empty()),
            (read.start, "--start", arguments.start.is_some()),
            (read.end, "--end", arguments.end.is_some()),
            (read.start, "--dates", is_dated),
            (read.metrics, "--metrics", !arguments.metrics.is_empty()),
        ] {
            if word.is_some() && is_given {
                return Err(Failure::usage(format!(
                    "{option} is given by a word already"
                )));
            }
        }
        if is_dated && (arguments.start.is_some() || arguments.end.is_some()) {
            return Err(Failure::usage("--dates excludes --start and --end"));
        }
        Ok(read)
    }
}

fn properties(arguments: &Arguments, words: &Words<'_>) -> anyhow::Result<Vec<Property>> {
    let names = match words.property {
        Some(word) => list("PROPERTY", &[word])?,
        None if !arguments.property.is_empty() => list("--property", &arguments.property)?,
        None => match environment::text("GA_PROPERTY")? {
            Some(text) => list("GA_PROPERTY", &[text])?,
            None => {
                return Err(Failure::usage("no property was named")
                    .hint("name one with -p, or the first one you can see with -p 0; ga-properties lists them")
                    .into());
            }
        },
    };
    let mut properties = Vec::new();
    for name in &names {
        properties.push(Property::parse(name)?);
    }
    Ok(properties)
}

fn date_ranges(arguments: &Arguments, words: &Words<'_>) -> anyhow::Result<Vec<DateRange>> {
    if arguments.dates.is_empty() {
        let start = words.start.or(arguments.start.as_deref());
        let end = words.end.or(arguments.end.as_deref());
        return Ok(vec![dates::range(start, end)?]);
    }
    let mut ranges = Vec::new();
    for text in &arguments.dates {
        ranges.push(dates::named_range(text)?);
    }
    dates::check_ranges(&ranges)?;
    Ok(ranges)
}

fn order(
    arguments: &Arguments,
    renamer: &mut Renamer<'_>,
    dimensions: &[String],
    metrics: &[String],
) -> Result<Vec<OrderBy>, Failure> {
    let mut order = Vec::new();
    for text in list("--sort", &arguments.sort)? {
        let (desc, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, &*text),
        };
        let name = renamer.name(name);
        let key = if name == paging::DATE_RANGE {
            return Err(Failure::usage(
                "--sort: the API cannot sort by dateRange; sort the output instead",
            ));
        } else if metrics.contains(&name) {
            OrderKey::Metric { metric_name: name }
        } else if dimensions.contains(&name) {
            OrderKey::Dimension {
                dimension_name: name,
                order_type: None,
            }
        } else {
            return Err(
                Failure::usage(format!("--sort: {name} is not in the report"))
                    .hint(format!("add it with -m {name} or -d {name}")),
            );
        };
        order.push(OrderBy { desc, key });
    }
    Ok(order)
}

/// The parts of comma lists; an empty part is a slip, and so is one that comes twice.
fn list(option: &str, texts: &[impl AsRef<str>]) -> Result<Vec<String>, Failure> {
    let mut parts: Vec<String> = Vec::new();
    for text in texts {
        for part in text.as_ref().split(',').map(str::trim) {
            if part.is_empty() {
                return Err(Failure::usage(format!("{option}: an empty name")));
            }
            if parts.iter().any(|known| known == part) {
                return Err(Failure::usage(format!("{option}: {part} is named twice")));
            }
            parts.push(part.to_owned());
        }
    }
    Ok(parts)
}

/// Translates names of Universal Analytics, and says once what has changed its meaning.
struct Renamer<'a> {
    terminal: &'a Terminal,
    said: Vec<String>,
}

impl Renamer<'_> {
    fn name(&mut self, name: &str) -> String {
        let Some(rename) = v3::rename(name) else {
            return name.to_owned();
        };
        if let Some(note) = rename.note
            && !self.said.iter().any(|said| said == name)
        {
            self.terminal
                .note(&format!("{name} is answered by {}: {note}", rename.name));
            self.said.push(name.to_owned());
        }
        rename.name.to_owned()
    }

    /// Two names of the old kind may have become one; a report has each column once.
    fn names(&mut self, names: Vec<String>) -> Result<Vec<String>, Failure> {
        let mut renamed: Vec<String> = Vec::new();
        for name in names {
            let new = self.name(&name);
            if renamed.contains(&new) {
                return Err(Failure::usage(format!(
                    "{name} is {new}, which is in the report already"
                )));
            }
            renamed.push(new);
        }
        Ok(renamed)
    }
}
