//! Whether the fields of a request exist, and in this kind of report.

use gauth_text::Typed;
use serde_json::Value;

use super::{Method, list};
use crate::audience;
use crate::catalogue::{self, Field, FieldKind};
use crate::error::Error;
use crate::paging::DATE_RANGE;
use crate::v3;

/// Checks every field that the request names; replaces former names, with a note for each.
pub(super) fn check(method: Method, request: &mut Value, notes: &mut Vec<String>) -> Result<(), Error> {
    // The fields of funnels are not in the catalogue.
    if method == Method::RunFunnelReport {
        return Ok(());
    }
    let mut names = Names {
        // In v1alpha, too, a report without conversions is as any other.
        method: if method == Method::RunReportAlpha { Method::RunReport.for_body(request) } else { method },
        has_cohorts: request.get("cohortSpec").is_some() || method == Method::CheckCompatibility,
        has_pivots: request.get("pivots").is_some(),
        own: own_names(request),
        notes,
        problems: Vec::new(),
        hints: Vec::new(),
    };
    names.visit(request, FieldKind::Dimension);
    if names.problems.is_empty() {
        return Ok(());
    }
    let error = Error::field(names.problems.join("; "));
    Err(if names.hints.is_empty() {
        let of_reports = match method {
            Method::RunRealtimeReport => " --realtime",
            Method::RunReportAlpha => " --conversions",
            _ => "",
        };
        error.with_hint(format!(
            "run ga-fields{of_reports} to list the fields, or add --no-check to send the request as is"
        ))
    } else {
        error.with_hint(names.hints.join("; "))
    })
}

/// Names that the request gives to its own expressions.
fn own_names(request: &Value) -> Vec<String> {
    let named = |list: &[Value], expression: &str| -> Vec<String> {
        list.iter()
            .filter(|column| column.get(expression).is_some())
            .filter_map(|column| Some(column.get("name")?.as_str()?.to_owned()))
            .collect()
    };
    let mut names = named(list(request, "dimensions"), "dimensionExpression");
    names.extend(named(list(request, "metrics"), "expression"));
    names
}

struct Names<'a> {
    method: Method,
    has_cohorts: bool,
    has_pivots: bool,
    own: Vec<String>,
    notes: &'a mut Vec<String>,
    problems: Vec<String>,
    hints: Vec<String>,
}

impl Names<'_> {
    /// Finds the names by their keys. `side` is the kind of a filter's fields.
    fn visit(&mut self, value: &mut Value, side: FieldKind) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.visit(item, side);
                }
            }
            Value::Object(map) => {
                for (key, inner) in map.iter_mut() {
                    match key.as_str() {
                        "dimensions" => self.columns(inner, FieldKind::Dimension),
                        "metrics" => self.columns(inner, FieldKind::Metric),
                        "fieldName" => self.name(inner, side),
                        "dimensionName" | "dimensionNames" | "fieldNames" => {
                            self.name(inner, FieldKind::Dimension);
                        }
                        "metricName" => self.name(inner, FieldKind::Metric),
                        "metricFilter" => self.visit(inner, FieldKind::Metric),
                        "dimensionFilter" => self.visit(inner, FieldKind::Dimension),
                        _ => self.visit(inner, side),
                    }
                }
            }
            _ => {}
        }
    }

    /// The columns of the report: each a name, or an expression over names.
    fn columns(&mut self, columns: &mut Value, kind: FieldKind) {
        for column in columns.as_array_mut().into_iter().flatten() {
            match (column.get_mut("expression"), kind) {
                (Some(Value::String(expression)), FieldKind::Metric) => {
                    for operand in operands(expression) {
                        self.judge(&mut operand.to_owned(), kind);
                    }
                }
                _ => match column.get_mut("dimensionExpression") {
                    Some(expression) => self.visit(expression, kind),
                    None => {
                        if let Some(name) = column.get_mut("name") {
                            self.name(name, kind);
                        }
                    }
                },
            }
        }
    }

    fn name(&mut self, value: &mut Value, kind: FieldKind) {
        match value {
            Value::String(name) => self.judge(name, kind),
            Value::Array(names) => {
                for name in names {
                    self.name(name, kind);
                }
            }
            _ => {}
        }
    }

    fn judge(&mut self, name: &mut String, kind: FieldKind) {
        let is_range = name == DATE_RANGE;
        // The columns of a pivot may be the ranges.
        if self.own.contains(name) || (is_range && self.has_pivots) {
            return;
        }
        if is_range {
            self.problem(format!("cannot request {name}: it is added when there are several date ranges"));
            self.hint("leave it out; to compare ranges, use --dates A..B --dates C..D".to_owned());
            return;
        }
        if let Some(field) = catalogue::find(name, kind) {
            self.check_place(name, field);
        } else if let Some(present) = catalogue::renamed(name)
            && let Some(field) = catalogue::find(&present, kind)
        {
            let note = format!("{name} is now called {present}");
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
            self.check_place(&present, field);
            *name = present;
        } else {
            self.unknown(name, kind);
        }
    }

    /// Whether a field that exists is available in this kind of report.
    fn check_place(&mut self, name: &str, field: &Field) {
        let special = match self.method {
            Method::RunRealtimeReport => Some((field.realtime, "realtime")),
            Method::RunReportAlpha => Some((field.conversions, "conversion")),
            _ => None,
        };
        if let Some((false, reports)) = special {
            self.problem(format!("{name} is not available in {reports} reports"));
        } else if special.is_none() && !field.core {
            let place = match field.category.trim_end_matches(" only") {
                _ if field.realtime => "realtime report",
                _ if field.conversions => "conversion report",
                category => category,
            };
            self.problem(format!("{name} is available only in {place}s"));
            if field.conversions {
                self.hint("request one with ga-query --conversions all".to_owned());
            } else if audience::DIMENSIONS.contains(&name) {
                self.hint(format!("list the users of an audience with ga-query --audience ID -d {name}"));
            }
        } else if field.category == "cohort" && !self.has_cohorts {
            self.problem(format!("{name} needs a cohortSpec"));
            self.hint("send the whole request with --request".to_owned());
        }
    }

    fn unknown(&mut self, name: &str, kind: FieldKind) {
        let typed = Typed(name);
        let (other, flag) = match kind {
            FieldKind::Dimension => (FieldKind::Metric, "-m"),
            FieldKind::Metric => (FieldKind::Dimension, "-d"),
        };
        if catalogue::find(name, other).is_some() {
            self.problem(format!("{typed} is a {other}, not a {kind}"));
            self.hint(format!("request it with {flag} {typed}"));
            return;
        }
        self.problem(format!("unknown {kind} {typed:?}"));
        let near = match v3::rename(name) {
            Some(rename) => vec![rename.name.to_owned()],
            None => catalogue::nearest(name, kind),
        };
        if !near.is_empty() {
            let near: Vec<String> = near.iter().map(|name| format!("`{}`", Typed(name))).collect();
            self.hint(format!("did you mean {}?", near.join(" or ")));
        }
    }

    fn problem(&mut self, text: String) {
        if !self.problems.contains(&text) {
            self.problems.push(text);
        }
    }

    fn hint(&mut self, text: String) {
        if !self.hints.contains(&text) {
            self.hints.push(text);
        }
    }
}

/// The names in an arithmetic expression over metrics.
fn operands(expression: &str) -> impl Iterator<Item = &str> {
    expression
        .split(|c: char| !(c.is_alphanumeric() || "_:[]".contains(c)))
        .filter(|word| word.starts_with(char::is_alphabetic))
}
