//! The fields to choose from: the built-in list, or the server's if a property or a token is given.

use std::time::Instant;

use ga_client::analytics::Analytics;
use ga_client::properties;
use ga_client::token_argument::TokenSource;
use ga_core::catalogue::FieldKind;
use ga_core::check::Method;
use ga_core::metadata::{self, ConversionAction, Definition};
use ga_core::property::{PropertyNumber, Selection};
use gauth_cli::{Context, Failure, Kind};

use crate::arguments::Arguments;
use crate::server;
use crate::translation::Translator;

/// The fields to choose from.
pub(crate) struct Known {
    /// Those that the switches leave.
    pub(crate) fields: Vec<Definition>,
    /// Fields that exist but cannot be added to the report.
    pub(crate) incompatible: Vec<Definition>,
    /// The fields of `--compatible-with`.
    pub(crate) report: Vec<String>,
}

impl Known {
    /// Gets the requested fields.
    pub(crate) fn get(
        arguments: &Arguments,
        translator: &mut Translator,
        deadline: Option<Instant>,
        context: &Context,
    ) -> anyhow::Result<Self> {
        let report = translator.names(&arguments.compatible_with)?;
        let Some((analytics, number)) = reach(arguments, deadline, context)? else {
            return Ok(Self::all(metadata::standard(), arguments));
        };
        let method = if arguments.conversions { Method::RunReportAlpha } else { Method::RunReport };
        let Some(number) = number else {
            return Ok(Self::all(server::common_fields(&analytics, method)?, arguments));
        };
        if report.is_empty() {
            return Ok(Self::all(server::fields(&analytics, &number, method)?, arguments));
        }
        let judged = server::compatibility(&analytics, &number, &report)?;
        Ok(Self { incompatible: judged.incompatible, report, ..Self::all(judged.compatible, arguments) })
    }

    /// All fields but those that a switch excludes.
    fn all(mut fields: Vec<Definition>, arguments: &Arguments) -> Self {
        fields.retain(|field| {
            (!arguments.realtime || field.realtime)
                && (!arguments.conversions || field.conversions)
                && (!arguments.dimensions || field.kind == FieldKind::Dimension)
                && (!arguments.metrics || field.kind == FieldKind::Metric)
                && (!arguments.custom || field.custom)
        });
        Self { fields, incompatible: Vec::new(), report: Vec::new() }
    }
}

/// The conversions of the property.
pub(crate) fn conversion_actions(
    arguments: &Arguments,
    deadline: Option<Instant>,
    context: &Context,
) -> anyhow::Result<Vec<ConversionAction>> {
    let Some((analytics, Some(number))) = reach(arguments, deadline, context)? else {
        return Ok(Vec::new());
    };
    let actions = server::conversion_actions(&analytics, &number)?;
    if actions.is_empty() {
        context.terminal.note(&format!("property {number} has no conversions, or no conversion reports"));
    }
    Ok(actions)
}

/// Analytics, and the property if one is named; `None` if nothing calls for the network.
fn reach(
    arguments: &Arguments,
    deadline: Option<Instant>,
    context: &Context,
) -> anyhow::Result<Option<(Analytics, Option<PropertyNumber>)>> {
    let options = arguments.options();
    let needs_property = [
        ("--compatible-with", !arguments.compatible_with.is_empty()),
        ("--conversion-actions", arguments.conversion_actions),
    ];
    let needs_property = needs_property.into_iter().find(|(_, is_given)| *is_given);
    let is_named = options.token.is_some() || options.token_command.is_some();
    let must_ask = arguments.property.is_some() || needs_property.is_some() || is_named;
    let source = match TokenSource::choose(&options.token(None), false, context.timeout) {
        Err(failure) if failure.kind() == Kind::Login && !must_ask => return Ok(None),
        source => source?,
    };
    let texts: Vec<_> = arguments.property.as_deref().into_iter().collect();
    let property = properties::read("--property", &texts, deadline)?;
    if let (None, Some((option, _))) = (&property, needs_property) {
        return Err(properties::missing(&format!("{option} needs a property")).into());
    }
    if property.as_ref().is_some_and(Selection::is_list) {
        return Err(Failure::usage("--property: the fields are those of one property").into());
    }
    let analytics = options.analytics(source, deadline, context)?;
    let numbers = property.map(|property| properties::numbers(&property, &analytics)).transpose()?;
    Ok(Some((analytics, numbers.and_then(|numbers| numbers.into_iter().next()))))
}
