//! The GaData resource, which is the v3 response, without its rows.
//! <https://developers.google.com/analytics/devguides/reporting/core/v3/reference#data_response>

use serde_json::{Map, Value, json};

use super::translation::Translation;
use crate::catalogue::FieldKind;
use crate::error::Error;
use crate::request::percent_encoded;
use crate::response::ReportHead;

/// The former address of v3, in the links of the response, for scripts that read them.
const ADDRESS: &str = "https://www.googleapis.com/analytics/v3/data/ga";

/// The query without its columns, and what the response does not contain.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// `ga:` and a number, as typed or made from the property.
    pub ids: String,
    /// The property that answered.
    pub property: String,
    /// Its name, if it is known.
    pub property_name: String,
    /// The number of its account, if it is known.
    pub account: String,
    /// The first day as typed.
    pub start_date: String,
    /// The last day as typed.
    pub end_date: String,
    /// The keys as typed, `-` included.
    pub sort: Vec<String>,
    /// All filters joined by `;`; empty if there are none.
    pub filters: String,
    /// The first row, counted from 1.
    pub start_index: u64,
    /// The most rows that one answer holds.
    pub max_results: u64,
}

/// `--start-index` and `--max-results` as offset and limit.
pub fn window(start_index: Option<u64>, max_results: Option<u64>) -> Result<(Option<u64>, Option<u64>), Error> {
    if start_index == Some(0) {
        return Err(Error::usage("--start-index: rows are counted from 1"));
    }
    if max_results == Some(0) {
        return Err(Error::usage("--max-results must be at least 1"));
    }
    Ok((start_index.map(|index| index - 1), max_results))
}

/// Every member of the GaData object but `rows`, which v3 left out when there were none.
///
/// `head` is that of the first page, whose request has the aggregation TOTAL; `total_results` is the number of rows of
/// the report.
pub fn ga_data(translation: &Translation, query: &Query, head: &ReportHead, total_results: u64) -> Map<String, Value> {
    let address = query.address(translation, query.start_index);
    let mut data = Map::new();
    let mut set = |name: &str, value: Value| {
        data.insert(name.to_owned(), value);
    };
    set("kind", json!("analytics#gaData"));
    set("id", json!(address));
    set("selfLink", json!(address));
    if query.start_index > 1 {
        let start = query.start_index.saturating_sub(query.max_results).max(1);
        set("previousLink", json!(query.address(translation, start)));
    }
    let next = query.start_index.saturating_add(query.max_results);
    if next <= total_results {
        set("nextLink", json!(query.address(translation, next)));
    }
    set("query", query.describe(translation));
    set("itemsPerPage", json!(query.max_results));
    set("totalResults", json!(total_results));
    set(
        "profileInfo",
        json!({
            "profileId": query.property,
            "accountId": query.account,
            "webPropertyId": "",
            "internalWebPropertyId": query.property,
            "profileName": query.property_name,
            "tableId": query.ids,
        }),
    );
    let samples = &head.metadata.sampling_metadatas;
    set("containsSampledData", json!(!samples.is_empty()));
    if !samples.is_empty() {
        let sum = |counts: Vec<Option<u64>>| counts.into_iter().flatten().sum::<u64>().to_string();
        let read = samples.iter().map(|sample| sample.samples_read_count).collect();
        let space = samples.iter().map(|sample| sample.sampling_space_size).collect();
        set("sampleSize", json!(sum(read)));
        set("sampleSpace", json!(sum(space)));
    }
    set("columnHeaders", column_headers(translation));
    let metrics = names(translation, FieldKind::Metric);
    let totals = metrics.into_iter().zip(translation.totals(head.totals.first()));
    set("totalsForAllResults", totals.map(|(name, total)| (name, json!(total))).collect::<Map<_, _>>().into());
    data
}

impl Query {
    fn describe(&self, translation: &Translation) -> Value {
        let mut described = json!({
            "ids": self.ids,
            "start-date": self.start_date,
            "end-date": self.end_date,
            "metrics": names(translation, FieldKind::Metric),
            "start-index": self.start_index,
            "max-results": self.max_results,
        });
        let dimensions = names(translation, FieldKind::Dimension);
        if !dimensions.is_empty() {
            described["dimensions"] = json!(dimensions.join(","));
        }
        if !self.sort.is_empty() {
            described["sort"] = json!(self.sort_keys());
        }
        if !self.filters.is_empty() {
            described["filters"] = json!(self.filters);
        }
        described
    }

    fn sort_keys(&self) -> Vec<String> {
        let keys = self.sort.iter();
        keys.map(|key| match key.strip_prefix('-') {
            Some(name) => format!("-{}", old_name(name)),
            None => old_name(key),
        })
        .collect()
    }

    fn address(&self, translation: &Translation, start_index: u64) -> String {
        let parameters = [
            ("ids", self.ids.clone()),
            ("dimensions", names(translation, FieldKind::Dimension).join(",")),
            ("metrics", names(translation, FieldKind::Metric).join(",")),
            ("sort", self.sort_keys().join(",")),
            ("filters", self.filters.clone()),
            ("start-date", self.start_date.clone()),
            ("end-date", self.end_date.clone()),
            ("start-index", start_index.to_string()),
            ("max-results", self.max_results.to_string()),
        ];
        let given: Vec<String> = parameters
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        format!("{ADDRESS}?{}", given.join("&"))
    }
}

fn column_headers(translation: &Translation) -> Value {
    let header = |column: &super::Column| {
        json!({
            "name": old_name(&column.name),
            "columnType": match column.kind {
                FieldKind::Dimension => "DIMENSION",
                FieldKind::Metric => "METRIC",
            },
            "dataType": column.data_type.name(),
        })
    };
    translation.columns.iter().map(header).collect()
}

/// `cols` of the `dataTable` that v3 sent instead of rows.
pub fn data_table_columns(translation: &Translation) -> Value {
    let column = |column: &super::Column| {
        let name = old_name(&column.name);
        let r#type = match column.kind {
            FieldKind::Dimension => "string",
            FieldKind::Metric => "number",
        };
        json!({ "id": name, "label": name, "type": r#type })
    };
    translation.columns.iter().map(column).collect()
}

/// The columns of one kind by their v3 names.
fn names(translation: &Translation, kind: FieldKind) -> Vec<String> {
    let columns = translation.columns.iter().filter(|column| column.kind == kind);
    columns.map(|column| old_name(&column.name)).collect()
}

/// With v3's prefix, whether it was typed or not.
fn old_name(name: &str) -> String {
    if name.starts_with("ga:") || name.starts_with("rt:") { name.to_owned() } else { format!("ga:{name}") }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldMap, Question};
    use super::*;
    use crate::response::{AggregateRow, Sampling};

    fn query() -> Query {
        Query {
            ids: "ga:42".into(),
            property: "42".into(),
            start_date: "2014-01-01".into(),
            end_date: "yesterday".into(),
            sort: vec!["-users".into()],
            filters: "ga:medium==organic".into(),
            start_index: 11,
            max_results: 10,
            ..Query::default()
        }
    }

    fn translation() -> Translation {
        let question = Question {
            dimensions: vec!["ga:date".into()],
            metrics: vec!["users".into(), "ga:bounceRate".into()],
            ..Question::default()
        };
        Translation::new(question, &FieldMap::default()).unwrap()
    }

    #[test]
    fn the_envelope_has_what_v3_sent() {
        let mut head = ReportHead::default();
        head.totals.push(AggregateRow {
            dimension_values: vec!["RESERVED_TOTAL".into()],
            metric_values: vec!["7".into(), "0.5".into()],
        });
        head.metadata
            .sampling_metadatas
            .push(Sampling { samples_read_count: Some(10), sampling_space_size: Some(100) });
        let data = Value::Object(ga_data(&translation(), &query(), &head, 35));
        assert_eq!(data["kind"], "analytics#gaData");
        assert_eq!(
            data["query"],
            json!({
                "ids": "ga:42", "start-date": "2014-01-01", "end-date": "yesterday",
                "dimensions": "ga:date", "metrics": ["ga:users", "ga:bounceRate"],
                "sort": ["-ga:users"], "filters": "ga:medium==organic",
                "start-index": 11, "max-results": 10,
            })
        );
        assert_eq!(
            data["columnHeaders"],
            json!([
                {"name": "ga:date", "columnType": "DIMENSION", "dataType": "STRING"},
                {"name": "ga:users", "columnType": "METRIC", "dataType": "INTEGER"},
                {"name": "ga:bounceRate", "columnType": "METRIC", "dataType": "PERCENT"},
            ])
        );
        assert_eq!(data["totalsForAllResults"], json!({"ga:users": "7", "ga:bounceRate": "50.0"}));
        assert_eq!(data["totalResults"], 35);
        assert_eq!(data["itemsPerPage"], 10);
        assert_eq!(data["containsSampledData"], true);
        assert_eq!((&data["sampleSize"], &data["sampleSpace"]), (&json!("10"), &json!("100")));
        assert_eq!(data["profileInfo"]["tableId"], "ga:42");
        let link = |name: &str| data[name].as_str().unwrap().to_owned();
        assert!(link("nextLink").contains("start-index=21&"));
        assert!(link("previousLink").contains("start-index=1&"));
        assert!(link("selfLink").contains("filters=ga%3Amedium%3D%3Dorganic"));
        assert!(data.get("rows").is_none());
    }

    #[test]
    fn the_last_answer_has_no_next_link() {
        let data = ga_data(&translation(), &query(), &ReportHead::default(), 20);
        assert!(!data.contains_key("nextLink"));
        assert_eq!(data["containsSampledData"], false);
        assert_eq!(data["totalsForAllResults"], json!({"ga:users": "0", "ga:bounceRate": "0.0"}));
    }

    #[test]
    fn rows_are_counted_from_one() {
        assert_eq!(window(Some(1), None), Ok((Some(0), None)));
        assert_eq!(window(None, Some(5)), Ok((None, Some(5))));
        assert!(window(Some(0), None).is_err());
        assert!(window(None, Some(0)).is_err());
    }
}
