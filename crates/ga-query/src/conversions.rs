//! `--conversions` and `--attribution`: which conversions a report counts, and for which visits.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/conversions-api-basics>

use ga_client::report::names;
use ga_core::report::{AttributionModel, ConversionSpec};
use gauth_cli::Failure;
use gauth_text::Typed;

use crate::arguments::Arguments;

/// The word for all conversions of a property.
pub(crate) const ALL: &str = "all";
/// The words of `--attribution`.
pub(crate) const MODELS: [(&str, AttributionModel); 2] =
    [("data-driven", AttributionModel::DataDriven), ("last-click", AttributionModel::LastClick)];

/// What the options ask for; `None` without them.
pub(crate) fn spec(arguments: &Arguments) -> Result<Option<ConversionSpec>, Failure> {
    let attribution_model = arguments.attribution.as_deref().map(model).transpose()?;
    let actions = names("--conversions", &arguments.conversions)?;
    if actions.is_empty() {
        return match attribution_model {
            Some(_) => Err(Failure::usage("--attribution goes with --conversions")),
            None => Ok(None),
        };
    }
    if arguments.is_v3() {
        return Err(Failure::usage("--conversions: Core Reporting v3 had no conversion reports")
            .hint("use -p, --start, GA4 metrics and another format"));
    }
    let conversion_actions = match &actions[..] {
        [all] if all == ALL => Vec::new(),
        actions => actions.iter().map(|text| action(text)).collect::<Result<_, _>>()?,
    };
    Ok(Some(ConversionSpec { conversion_actions, attribution_model }))
}

fn action(text: &str) -> Result<String, Failure> {
    let id = text.strip_prefix("conversionActions/").unwrap_or(text);
    if text == ALL {
        return Err(Failure::usage("--conversions: all cannot be combined with others"));
    }
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        let problem = format!("--conversions: expected all or IDs such as 1234, got {:?}", Typed(text));
        return Err(Failure::usage(problem).hint("run ga-fields -p PROPERTY --conversion-actions to list them"));
    }
    Ok(format!("conversionActions/{id}"))
}

fn model(word: &str) -> Result<AttributionModel, Failure> {
    let found = MODELS.iter().find(|(known, _)| *known == word);
    found.map(|(_, model)| *model).ok_or_else(|| {
        let [(one, _), (other, _)] = MODELS;
        Failure::usage(format!("--attribution: expected {one} or {other}, got {:?}", Typed(word)))
    })
}
