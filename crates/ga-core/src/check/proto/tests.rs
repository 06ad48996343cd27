//! Bodies made at random from the table, in all spellings that proto3 JSON has, and with one fault each.

use serde_json::json;

use super::*;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A message in its one spelling; deep down only with what holds no others.
    fn message(&mut self, version: &str, name: &str, depth: usize) -> Value {
        let mut members = Map::new();
        let mut groups = Vec::new();
        for field in fields(version, name) {
            let is_message = field.kind.starts_with(|c: char| c.is_ascii_uppercase());
            let is_second = field.one_of.is_some() && groups.contains(&field.one_of);
            if is_second || is_message && depth == 0 || self.below(3) == 0 {
                continue;
            }
            groups.push(field.one_of);
            let count = if field.is_list { self.below(3) } else { 1 };
            let mut values: Vec<Value> = (0..count).map(|_| self.value(version, field.kind, depth)).collect();
            let value = if field.is_list { Value::Array(values) } else { values.remove(0) };
            members.insert(field.name.to_owned(), value);
        }
        Value::Object(members)
    }

    fn value(&mut self, version: &str, kind: &'static str, depth: usize) -> Value {
        match kind {
            "string" => json!(self.one_of(&["", "a_b", "Curaçao", "1", "null"])),
            "bool" => json!(self.below(2) == 0),
            "int64" => json!(self.one_of(&["0", "-7", "250000", "9223372036854775807"])),
            "int32" => json!(self.one_of(&[0, -1, 29, i32::MAX])),
            "double" => json!(self.one_of(&[0.0, -10.5, 1e300, 3.0])),
            "duration" => json!(self.one_of(&["3s", "0.5s"])),
            name if name.starts_with("google.") => {
                let names: Vec<_> = block(&format!("enum {name}")).filter_map(|line| line.split('\t').next()).collect();
                json!(self.one_of(&names))
            }
            name => self.message(version, name, depth.saturating_sub(1)),
        }
    }

    /// The same in another spelling.
    fn spelled(&mut self, version: &str, name: &str, body: &Value) -> Value {
        let mut members = Map::new();
        for field in fields(version, name) {
            let key = if self.below(2) == 0 { snake_case(field.name) } else { field.name.to_owned() };
            match body.get(field.name) {
                Some(Value::Array(items)) => {
                    let items = items.iter().map(|item| self.spelled_value(version, field.kind, item));
                    members.insert(key, Value::Array(items.collect()));
                }
                Some(value) => drop(members.insert(key, self.spelled_value(version, field.kind, value))),
                None if self.below(4) == 0 => drop(members.insert(key, Value::Null)),
                None => {}
            }
        }
        Value::Object(members)
    }

    fn spelled_value(&mut self, version: &str, kind: &'static str, value: &Value) -> Value {
        let other = self.below(2) == 0;
        match (kind, value) {
            ("int64", Value::String(text)) if other => serde_json::from_str(text).unwrap(),
            ("int64", Value::String(text)) if text == "250000" => json!(self.one_of(&["250000", "2.5e5", "250000.0"])),
            ("int32", number) if other => json!(number.to_string()),
            ("int32", number) => json!(number.as_f64()),
            ("double", number) if other => json!(number.to_string()),
            ("double", number) if number.as_f64() == Some(3.0) => json!(3),
            (name, Value::String(text)) if name.starts_with("google.") && other => {
                let line = block(&format!("enum {name}")).find(|line| line.split('\t').next() == Some(text));
                serde_json::from_str(line.unwrap().split('\t').nth(1).unwrap()).unwrap()
            }
            (name, Value::Object(_)) => self.spelled(version, name, value),
            _ => value.clone(),
        }
    }

    /// Damages one place of a body, and gives its path.
    fn damage(&mut self, version: &str, name: &str, body: &mut Value, path: &str) -> String {
        let Value::Object(members) = body else { unreachable!("a message") };
        let present: Vec<Field> = fields(version, name).filter(|field| members.contains_key(field.name)).collect();
        if present.is_empty() || self.below(5) == 0 {
            members.insert("noSuchMember".to_owned(), json!(1));
            return json::member(path, "noSuchMember");
        }
        let field = self.one_of(&present);
        let mut place = json::member(path, field.name);
        let mut value = members.get_mut(field.name).unwrap();
        if let Value::Array(items) = value {
            match items.len() {
                0 => {
                    members.insert(field.name.to_owned(), json!({}));
                    return place;
                }
                count => {
                    place.push_str(&format!("[{}]", count - 1));
                    value = &mut items[count - 1];
                }
            }
        }
        if value.is_object() && self.below(4) > 0 {
            return self.damage(version, field.kind, value, &place);
        }
        *value = match field.kind {
            "string" => json!(5),
            "bool" => json!("true"),
            "int64" => json!(self.one_of(&["ten", "1.5", "9223372036854775808", " 1", "+1", "01", ""])),
            "int32" => json!(self.one_of(&[1.5, 2_147_483_648.0])),
            "double" => json!("ten"),
            "duration" => json!("3"),
            name if name.starts_with("google.") => self.one_of(&[&json!("FOO"), &json!(77), &json!(true)]).clone(),
            _ => json!([]),
        };
        place
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

const METHODS: [Method; 8] = [
    Method::RunReport,
    Method::BatchRunReports,
    Method::RunPivotReport,
    Method::BatchRunPivotReports,
    Method::RunRealtimeReport,
    Method::CheckCompatibility,
    Method::RunFunnelReport,
    Method::RunReportAlpha,
];

#[test]
fn every_spelling_of_a_body_is_read_as_the_same() {
    let mut dice = Dice(1);
    for round in 0..400 {
        let method = METHODS[round % METHODS.len()];
        let body = dice.message(method.version(), method.message(), 6);
        let spelled = dice.spelled(method.version(), method.message(), &body);
        for unreadable in [Unreadable::Refused, Unreadable::Kept] {
            let read = read(method, spelled.clone(), unreadable);
            assert_eq!(read.as_ref(), Ok(&body), "{method}: {spelled}");
        }
    }
}

#[test]
fn every_wrong_body_names_the_path_and_is_kept_when_it_is_not_checked() {
    let mut dice = Dice(2);
    for round in 0..400 {
        let method = METHODS[round % METHODS.len()];
        let mut body = dice.message(method.version(), method.message(), 6);
        let path = dice.damage(method.version(), method.message(), &mut body, "");
        let error = read(method, body.clone(), Unreadable::Refused).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{path}: ")), "{path} in {body}: {error}");
        assert_eq!(read(method, body.clone(), Unreadable::Kept), Ok(body));
    }
}

#[test]
fn an_error_names_the_path() {
    let filter = |test: Value| json!({"dimensionFilter": {"filter": {"fieldName": "country", "stringFilter": test}}});
    for (body, message, hint) in [
        (
            filter(json!({"matchType": "FOO"})),
            "dimensionFilter.filter.stringFilter.matchType: unknown value \"FOO\"",
            "EXACT, BEGINS_WITH",
        ),
        (filter(json!({"match_type": 7})), "dimensionFilter.filter.stringFilter.matchType: unknown value 7", "EXACT"),
        (filter(json!({"value": 5})), "stringFilter.value: expected a string, found a number", ""),
        (filter(json!({"Value": "x"})), "stringFilter.Value: unknown key in StringFilter", "did you mean `value`?"),
        (json!({"date_ranges": [], "dateRanges": []}), "dateRanges: duplicate key", ""),
        (
            json!({"dimensionFilter": {"filter": {}, "notExpression": {}}}),
            "dimensionFilter.notExpression: cannot be combined with filter",
            "",
        ),
        (json!({"dimensions": [null]}), "dimensions[0]: expected an object (Dimension), found null", ""),
        (
            json!({"limit": "ya29.secret-secret"}),
            "limit: expected a 64-bit integer, found (not shown: looks like an access token)",
            "",
        ),
        (json!({"ya29.a": 1}), "(not shown: looks like an access token): unknown key in RunReportRequest", ""),
    ] {
        let error = read(Method::RunReport, body, Unreadable::Refused).unwrap_err();
        assert!(error.to_string().ends_with(message), "{error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{:?}", error.hint());
    }
}

#[test]
fn what_clients_and_people_send_is_read() {
    let body = json!({
        "dimensionFilter": {"filter": {"fieldName": "eventName", "stringFilter": {"value": "first_open", "caseSensitive": null}}},
        "metricFilter": {"filter": {"field_name": "sessions", "numeric_filter": {"operation": 4, "value": {"int64Value": 10}}}},
        "orderBys": [{"dimension": {"dimensionName": "date", "orderType": 1}}],
        "metricAggregations": [1, 5],
        "limit": 1e2,
    });
    let read = read(Method::RunReport, body, Unreadable::Refused).unwrap();
    assert_eq!(
        read,
        json!({
            "dimensionFilter": {"filter": {"fieldName": "eventName", "stringFilter": {"value": "first_open"}}},
            "metricFilter": {"filter": {"fieldName": "sessions",
                "numericFilter": {"operation": "GREATER_THAN", "value": {"int64Value": "10"}}}},
            "orderBys": [{"dimension": {"dimensionName": "date", "orderType": "ALPHANUMERIC"}}],
            "metricAggregations": ["TOTAL", "MINIMUM"],
            "limit": "100",
        })
    );
}

#[test]
fn every_type_that_is_named_exists() {
    for line in TABLE.lines().filter_map(|line| line.strip_prefix('\t')) {
        let Some(kind) = line.split('\t').nth(1).map(|kind| kind.trim_end_matches('*')) else { continue };
        let is_plain = ["string", "bool", "int32", "int64", "double", "duration"].contains(&kind);
        let is_number = kind.parse::<u32>().is_ok();
        let heading = |prefix: &str| TABLE.lines().any(|line| line == format!("{prefix}{kind}"));
        assert!(is_plain || is_number || ["enum ", "v1beta.", "v1alpha."].into_iter().any(heading), "{line}");
    }
    for method in METHODS {
        assert!(fields(method.version(), method.message()).count() > 0, "{method}");
    }
}
