//! Holds an answer against its message in the discovery documents, by a reading of the table that shares nothing with the
//! server's: types, no unknown fields, 64-bit numbers as text, enums by a value that exists.

use serde_json::Value;
use std::collections::HashMap;

type Lines<'a> = HashMap<&'a str, Vec<(&'a str, &'a str)>>;

/// What is wrong with `answer` as a `message`; nothing, if it is right.
pub(crate) fn faults_of(answer: &Value, message: &str, enum_numbers: bool) -> Vec<String> {
    let mut table: Lines<'_> = HashMap::new();
    let mut name = "";
    // Enums are in either file.
    let text = concat!(include_str!("messages.tsv"), include_str!("../../../ga-core/data/requests.tsv"));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('\t') {
            None => name = line,
            Some(field) => {
                let mut columns = field.split('\t');
                let pair = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
                table.entry(name).or_default().push(pair);
            }
        }
    }
    let mut faults = Vec::new();
    check_message(&table, answer, message, message, enum_numbers, &mut faults);
    faults
}

fn check_message(table: &Lines<'_>, value: &Value, name: &str, path: &str, numbers: bool, faults: &mut Vec<String>) {
    let (Some(members), Some(fields)) = (value.as_object(), table.get(name)) else {
        faults.push(format!("{path}: {value} is no {name}"));
        return;
    };
    for (member, value) in members {
        let path = format!("{path}.{member}");
        let Some((_, of_type)) = fields.iter().find(|(field, _)| field == member) else {
            faults.push(format!("{path}: no such field"));
            continue;
        };
        match (of_type.strip_suffix('*'), value) {
            (Some(of_type), Value::Array(values)) => {
                for value in values {
                    check_value(table, value, of_type, name, &path, numbers, faults);
                }
            }
            (Some(_), _) => faults.push(format!("{path}: {value} is no list")),
            (None, value) => check_value(table, value, of_type, name, &path, numbers, faults),
        }
    }
}

fn check_value(
    table: &Lines<'_>,
    value: &Value,
    of_type: &str,
    within: &str,
    path: &str,
    numbers: bool,
    faults: &mut Vec<String>,
) {
    let text = value.as_str();
    let good = match of_type {
        "string" | "duration" | "timestamp" | "bytes" => text.is_some(),
        "bool" => value.is_boolean(),
        "int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "int64" => text.is_some_and(|text| text.parse::<i64>().is_ok()),
        "double" => value.is_f64(),
        name if name.starts_with("google.") => table.get(&*format!("enum {name}")).is_some_and(|values| {
            let number = value.as_i64().map(|number| number.to_string());
            values.iter().any(|(known, as_number)| match numbers {
                true => number.as_deref() == Some(*as_number),
                false => text == Some(*known),
            })
        }),
        name => {
            let version = within.split('.').next().unwrap_or_default();
            let own = format!("{version}.{name}");
            let full = if table.contains_key(&*own) { own } else { format!("v1beta.{name}") };
            check_message(table, value, &full, path, numbers, faults);
            true
        }
    };
    if !good {
        faults.push(format!("{path}: {value} is no {of_type}"));
    }
}

#[test]
fn what_is_wrong_is_found() {
    use serde_json::json;
    for (answer, fault) in [
        (json!({"rowcount": 1}), "rowcount: no such field"),
        (json!({"rowCount": "1"}), "rowCount: \"1\" is no int32"),
        (json!({"rows": {}}), "rows: {} is no list"),
        (json!({"rows": [{"metricValues": [{"value": 1}]}]}), "value: 1 is no string"),
        (json!({"metadata": {"samplingMetadatas": [{"samplesReadCount": 1}]}}), "samplesReadCount: 1 is no int64"),
        (json!({"metricHeaders": [{"type": "TYPE_X"}]}), "type: \"TYPE_X\" is no google."),
    ] {
        let faults = faults_of(&answer, "v1beta.RunReportResponse", false);
        assert!(faults.len() == 1 && faults[0].contains(fault), "{faults:?}");
    }
}
