//! `RunPivotReportResponse`
//! (<https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/RunPivotReportResponse>).

use super::pivot::CrossTable;
use super::properties::Property;
use super::quota::State;
use super::report::Report;
use super::response;
use crate::rest::json::{self, Writer};

/// Writes the answer; the texts of `table` are escaped.
pub(super) fn write(
    json: &mut Writer,
    property: &Property,
    report: &Report,
    table: &CrossTable,
    quota: Option<&State>,
) {
    let columns = &report.columns;
    json.object(|json| {
        write_pivot_headers(json, table);
        let names = columns.dimensions.iter().map(|dimension| dimension.name.as_str());
        response::write_headers(json, names.collect(), columns.headers());
        if !table.rows.is_empty() {
            json.member("rows").list(|json| {
                for (key, values) in &table.rows {
                    let pairs = key.iter().zip(&table.texts);
                    let texts = pairs.map(|(text, texts)| texts[*text as usize].as_str());
                    response::write_row(json.element(), texts, columns.shown(values));
                }
            });
        }
        if !table.aggregates.is_empty() {
            json.member("aggregates").list(|json| {
                for (texts, values) in &table.aggregates {
                    let texts: Vec<_> = texts.iter().map(|text| json::escaped(text)).collect();
                    response::write_row(json.element(), texts.iter().map(|text| &**text), columns.shown(values));
                }
            });
        }
        response::write_metadata(json.member("metadata"), property, report, table.rows.len(), false);
        if let Some(quota) = quota {
            quota.write(json.member("propertyQuota"));
        }
        json.member("kind").text("analyticsData#runPivotReport");
    });
}

/// For each pivot, the headers of its rows or columns.
fn write_pivot_headers(json: &mut Writer, table: &CrossTable) {
    json.member("pivotHeaders").list(|json| {
        for headers in &table.headers {
            json.element().object(|json| {
                if !headers.shown.is_empty() {
                    json.member("pivotDimensionHeaders").list(|json| {
                        for key in &headers.shown {
                            let pairs = key.iter().zip(&table.texts[headers.fields.start..]);
                            let texts = pairs.map(|(text, texts)| texts[*text as usize].as_str());
                            response::write_row(json.element(), texts, std::iter::empty());
                        }
                    });
                }
                if headers.count > 0 {
                    json.member("rowCount").number(headers.count as i64);
                }
            });
        }
    });
}
