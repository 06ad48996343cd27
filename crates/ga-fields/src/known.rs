//! The fields to choose from: the built-in list, or the server's if a property or a token is given.

use std::time::Instant;

use ga_client::properties;
use ga_client::token_argument::TokenSource;
use ga_core::catalogue::FieldKind;
use ga_core::metadata::{self, Definition};
use ga_core::property::Selection;
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
        let options = arguments.options();
        let is_named = options.token.is_some() || options.token_command.is_some();
        let must_ask = arguments.property.is_some() || !report.is_empty() || is_named;
        let source = match TokenSource::choose(&options.token(None), false, context.timeout) {
            Err(failure) if failure.kind() == Kind::Login && !must_ask => {
                return Ok(Self::all(metadata::standard(), arguments));
            }
            source => source?,
        };
        let texts: Vec<_> = arguments.property.as_deref().into_iter().collect();
        let property = properties::read("--property", &texts, deadline)?;
        if property.is_none() && !report.is_empty() {
            return Err(properties::missing("--compatible-with needs a property").into());
        }
        if property.as_ref().is_some_and(Selection::is_list) {
            return Err(Failure::usage("--property: the fields are those of one property").into());
        }
        let analytics = options.analytics(source, deadline, context)?;
        let numbers = property.map(|property| properties::numbers(&property, &analytics)).transpose()?;
        let Some(number) = numbers.and_then(|numbers| numbers.into_iter().next()) else {
            return Ok(Self::all(server::common_fields(&analytics)?, arguments));
        };
        if report.is_empty() {
            return Ok(Self::all(server::fields(&analytics, &number)?, arguments));
        }
        let judged = server::compatibility(&analytics, &number, &report)?;
        Ok(Self { incompatible: judged.incompatible, report, ..Self::all(judged.compatible, arguments) })
    }

    /// All fields but those that a switch excludes.
    fn all(mut fields: Vec<Definition>, arguments: &Arguments) -> Self {
        fields.retain(|field| {
            (!arguments.realtime || field.realtime)
                && (!arguments.dimensions || field.kind == FieldKind::Dimension)
                && (!arguments.metrics || field.kind == FieldKind::Metric)
                && (!arguments.custom || field.custom)
        });
        Self { fields, incompatible: Vec::new(), report: Vec::new() }
    }
}
