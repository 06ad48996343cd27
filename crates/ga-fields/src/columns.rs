//! The columns of the lists.

use ga_core::metadata::{ConversionAction, Definition};

/// The columns of a list of conversions.
pub(crate) const OF_ACTIONS: [&str; 2] = ["action", "ui_name"];

/// A table shows only the first columns.
pub(crate) const IN_TABLE: usize = 6;
pub(crate) const NAMES: [&str; 11] = [
    "name",
    "kind",
    "type",
    "reports",
    "category",
    "ui_name",
    "description",
    "former_names",
    "expression",
    "custom",
    "blocked",
];

/// A row for a conversion.
pub(crate) fn of_action(action: &ConversionAction) -> Vec<String> {
    vec![action.name.clone(), action.ui_name.clone()]
}

/// A row for a field.
pub(crate) fn row(field: &Definition) -> [String; NAMES.len()] {
    let reports = [("core", field.core), ("realtime", field.realtime), ("conversions", field.conversions)];
    let reports = reports.into_iter().filter(|(_, is_in)| *is_in);
    let reports: Vec<&str> = reports.map(|(name, _)| name).collect();
    [
        field.name.clone(),
        field.kind.to_string(),
        field.format.clone(),
        reports.join(" "),
        field.category.clone(),
        field.ui_name.clone(),
        field.description.clone(),
        field.former_names.join(" "),
        field.expression.clone(),
        String::from(if field.custom { "custom" } else { "" }),
        field.blocked_reasons.join(" "),
    ]
}
