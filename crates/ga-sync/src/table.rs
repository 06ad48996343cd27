//! The table: its name, its columns, and the query that it is for, which the target keeps in `ga_sync_tables` so that no
//! table ever holds the days of two queries.

use ga_core::report::{FilterExpression, RunReportRequest};
use gauth_cli::Failure;
use gauth_text::Typed;
use serde::{Deserialize, Serialize};

use crate::columns::{self, Column, DataType};

/// What the names of ga-sync's own tables begin with.
const OWN: &str = "ga_sync";
/// The version of [`Query`].
const VERSION: u32 = 1;

/// The name of a table.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// With a schema before it, only PostgreSQL has such tables.
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
}

/// A table and what it is to hold.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: Name,
    /// Those behind `property` and `day`.
    pub(crate) columns: Vec<Column>,
    query: Query,
    /// Whether columns for new metrics may be added.
    add_columns: bool,
}

/// All that the rows of a day depend on. Names are those of columns, and filters are Google's own, so that another spelling of
/// the same query is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Query {
    version: u32,
    dimensions: Vec<String>,
    metrics: Vec<String>,
    dimension_filter: Option<FilterExpression>,
    metric_filter: Option<FilterExpression>,
    currency: Option<String>,
    keep_empty: bool,
}

/// How the table must change before it can hold its query.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change<'t> {
    /// To be added.
    pub(crate) columns: Vec<&'t Column>,
    /// The query to keep instead of the old one.
    pub(crate) query: String,
}

impl Name {
    /// Reads NAME or SCHEMA.NAME.
    ///
    /// # Errors
    /// Anything else, and a name of ga-sync's own tables, as a usage error.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let is_name =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (schema, table) = match text.split_once('.') {
            Some((schema, table)) => (Some(schema), table),
            None => (None, text),
        };
        if !is_name(table) || !schema.is_none_or(is_name) {
            let text = format!("--table: expected letters, digits and _, got {:?}", Typed(text));
            return Err(Failure::usage(text));
        }
        if table.to_ascii_lowercase().starts_with(OWN) {
            return Err(Failure::usage(format!("--table: names that begin with {OWN} are ga-sync's own")));
        }
        Ok(Self { schema: schema.map(str::to_owned), table: table.to_owned() })
    }

    /// The name without a schema, for targets that have none.
    ///
    /// # Errors
    /// A schema, as a usage error.
    pub(crate) fn without_schema(&self) -> Result<&str, Failure> {
        match self.schema {
            Some(_) => Err(Failure::usage("--table: only PostgreSQL has schemas: expected a name without a dot")),
            None => Ok(&self.table),
        }
    }
}

impl Table {
    /// The table for what `request` asks of each day.
    ///
    /// # Errors
    /// Columns that a database cannot tell from each other, as a usage error.
    pub(crate) fn new(name: Name, request: &RunReportRequest, add_columns: bool) -> Result<Self, Failure> {
        let columns = columns::of(request)?;
        let names = |is_dimension: bool| {
            let columns = columns.iter().filter(|column| (column.data_type == DataType::Text) == is_dimension);
            columns.map(|column| column.name.clone()).collect()
        };
        let query = Query {
            version: VERSION,
            dimensions: names(true),
            metrics: names(false),
            dimension_filter: request.dimension_filter.clone(),
            metric_filter: request.metric_filter.clone(),
            currency: request.currency_code.clone(),
            keep_empty: request.keep_empty_rows == Some(true),
        };
        Ok(Self { name, columns, query, add_columns })
    }

    /// Whether columns for new metrics may be added.
    pub(crate) fn adds_columns(&self) -> bool {
        self.add_columns
    }

    /// The query as the target keeps it.
    pub(crate) fn query(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(&self.query)?)
    }

    /// How a table that was made for the query `kept` must change; `None` if it need not.
    ///
    /// # Errors
    /// Another query, as a usage error that names the difference.
    pub(crate) fn change(&self, kept: &str) -> anyhow::Result<Option<Change<'_>>> {
        let name = &self.name.table;
        let kept: Query =
            serde_json::from_str(kept).ok().filter(|kept: &Query| kept.version == VERSION).ok_or_else(|| {
                Failure::usage(format!("the table {name} was made by another version of ga-sync")).hint(ANOTHER)
            })?;
        let mut differences = Vec::new();
        let mut differ = |what: &str, before: String, now: String| {
            if before != now {
                differences.push(format!("{what} {before} before, {now} now"));
            }
        };
        differ("dimensions", sorted(&kept.dimensions), sorted(&self.query.dimensions));
        differ("dimension filter", filter(&kept.dimension_filter), filter(&self.query.dimension_filter));
        differ("metric filter", filter(&kept.metric_filter), filter(&self.query.metric_filter));
        let currency = |query: &Query| query.currency.clone().unwrap_or_else(|| "the property's own".to_owned());
        differ("currency", currency(&kept), currency(&self.query));
        let empty = |query: &Query| if query.keep_empty { "kept" } else { "left out" }.to_owned();
        differ("empty rows", empty(&kept), empty(&self.query));
        let is_new =
            |column: &&Column| self.query.metrics.contains(&column.name) && !kept.metrics.contains(&column.name);
        let new: Vec<&Column> = self.columns.iter().filter(is_new).collect();
        let is_superset = kept.metrics.iter().all(|metric| self.query.metrics.contains(metric));
        if !is_superset || (!new.is_empty() && !self.add_columns) {
            differ("metrics", sorted(&kept.metrics), sorted(&self.query.metrics));
        }
        match &differences[..] {
            [] if new.is_empty() => Ok(None),
            [] => {
                let mut query = self.query.clone();
                query.metrics = kept.metrics.into_iter().chain(new.iter().map(|column| column.name.clone())).collect();
                Ok(Some(Change { columns: new, query: serde_json::to_string(&query)? }))
            }
            [only] if only.starts_with("metrics") && is_superset => {
                Err(changed(name, only).hint("--add-columns adds the new metrics to the table").into())
            }
            all => Err(changed(name, &all.join("; ")).hint(ANOTHER).into()),
        }
    }
}

const ANOTHER: &str = "use the same query as before, or another --table";

fn changed(name: &str, differences: &str) -> Failure {
    Failure::usage(format!("the table {name} is for another query: {differences}"))
}

/// Names in one order, for a message.
fn sorted(names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort();
    if names.is_empty() { "none".to_owned() } else { names.join(",") }
}

fn filter(filter: &Option<FilterExpression>) -> String {
    match filter.as_ref().and_then(|filter| serde_json::to_string(filter).ok()) {
        Some(filter) => Typed(&filter).to_string(),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ga_core::report::{Dimension, Metric};

    fn table(dimensions: &[&str], metrics: &[&str], add_columns: bool) -> Table {
        let request = RunReportRequest {
            dimensions: dimensions.iter().map(|name| Dimension::named(*name)).collect(),
            metrics: metrics.iter().map(|name| Metric::named(*name)).collect(),
            ..RunReportRequest::default()
        };
        Table::new(Name::parse("t").unwrap(), &request, add_columns).unwrap()
    }

    #[test]
    fn only_letters_digits_and_underscores_are_names() {
        for (text, is_name) in [
            ("traffic", true),
            ("Traffic_2", true),
            ("2026", true),
            ("web.traffic", true),
            ("a.b.c", false),
            ("", false),
            (".t", false),
            ("t.", false),
            ("t-1", false),
            ("t\"", false),
            ("café", false),
            ("ga_sync", false),
            ("GA_Sync_tables", false),
            ("web.ga_sync_x", false),
            ("my_ga_sync", true),
        ] {
            assert_eq!(Name::parse(text).is_ok(), is_name, "{text}");
        }
    }

    #[test]
    fn a_table_is_for_one_query_and_may_get_more_metrics() {
        let kept = table(&["country", "pagePath"], &["sessions"], false).query().unwrap();
        assert_eq!(table(&["pagePath", "country"], &["sessions"], false).change(&kept).unwrap(), None);
        assert_eq!(table(&["pagePath", "country"], &["sessions"], true).change(&kept).unwrap(), None);
        for (dimensions, metrics, add_columns, difference) in [
            (&["country"][..], &["sessions"][..], true, "dimensions country,pagePath before, country now"),
            (
                &["country", "pagePath"],
                &["sessions", "newUsers"],
                false,
                "metrics sessions before, newUsers,sessions now",
            ),
            (&["country", "pagePath"], &["newUsers"], true, "metrics sessions before, newUsers now"),
        ] {
            let error = table(dimensions, metrics, add_columns).change(&kept).unwrap_err().to_string();
            assert_eq!(error, format!("the table t is for another query: {difference}"));
        }
        let more = table(&["country", "pagePath"], &["newUsers", "sessions", "eventCount"], true);
        let change = more.change(&kept).unwrap().unwrap();
        let added: Vec<_> = change.columns.iter().map(|column| &*column.name).collect();
        assert_eq!(added, ["newUsers", "eventCount"]);
        assert_eq!(more.change(&change.query).unwrap(), None);
        let other = kept.replace("\"currency\":null", "\"currency\":\"EUR\"");
        let error = table(&["country", "pagePath"], &["sessions"], true).change(&other).unwrap_err().to_string();
        assert!(error.ends_with("currency EUR before, the property's own now"), "{error}");
        assert!(more.change(&kept.replace("\"version\":1", "\"version\":2")).is_err());
        assert!(more.change("{}").is_err());
    }
}
