//! All rows, each once and in order, or an error: from servers with small pages, and with a million rows.

use gauth_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};
use testkit::{Answer, Received, ScriptedServer};

use super::{answer, body_of, csv_of, page_of, sandbox, user_of, user_of_sandbox};

/// A server that sends at most `most` of its `rows`, and changes some answers.
fn capped(
    rows: u64,
    most: usize,
    change: impl Fn(u64, &mut Value) -> Option<Answer> + Send + Sync + 'static,
) -> ScriptedServer {
    ScriptedServer::answering(move |request| {
        let offset = offset_of(request);
        let mut page = page_of(rows, request);
        if let Some(rows) = page["rows"].as_array_mut() {
            rows.truncate(most);
        }
        change(offset, &mut page).unwrap_or_else(|| answer(&page))
    })
}

fn offset_of(request: &Received) -> u64 {
    let body = body_of(request);
    body["offset"].as_str().map_or(0, |text| text.parse().expect("offset"))
}

#[test]
fn pages_smaller_than_requested_are_joined_in_order() {
    for parallel in ["1", "4", "9"] {
        let server = capped(95, 10, |_, _| None);
        let run = user_of(&server.url()).pages(&["--parallel", parallel]).expect(0);
        assert_eq!(run.stdout(), csv_of(95));
        let mut offsets: Vec<_> = server.requests().iter().map(offset_of).collect();
        offsets.sort_unstable();
        let expected: Vec<_> = (0..95).step_by(10).collect();
        assert_eq!(offsets, expected, "no page is asked for twice or in vain");
    }
}

#[test]
fn a_page_that_is_shorter_than_the_first_is_completed() {
    let server = capped(50, 10, |offset, page| {
        if offset == 20 {
            page["rows"].as_array_mut().expect("rows").truncate(3);
        }
        None
    });
    let run = user_of(&server.url()).pages(&[]).expect(0);
    assert_eq!(run.stdout(), csv_of(50));
}

#[test]
fn limit_and_offset_apply_across_pages() {
    for (offset, limit) in [(0, 1), (0, 35), (7, 35), (90, 100), (95, 5), (200, 5)] {
        let server = capped(95, 10, |_, _| None);
        let arguments = ["--offset", &offset.to_string(), "--limit", &limit.to_string()];
        let run = user_of(&server.url()).pages(&arguments).expect(0);
        let all = csv_of(95);
        let mut lines = all.lines();
        let header = lines.next().expect("a header");
        let expected: Vec<_> = [header].into_iter().chain(lines.skip(offset).take(limit)).collect();
        assert_eq!(run.stdout().lines().collect::<Vec<_>>(), expected, "{offset} {limit}");
    }
}

#[test]
fn h5_a_report_that_changes_or_repeats_itself_is_incomplete() {
    type Change = fn(u64, &mut Value) -> Option<Answer>;
    let table: [(&str, Change); 8] = [
        ("changed during the download", |offset, page| {
            if offset == 20 {
                page["rowCount"] = 51.into();
            }
            None
        }),
        ("sent the same row twice", |offset, page| {
            if offset == 20 {
                page["rows"][7] = page["rows"][2].clone();
            }
            None
        }),
        ("repeated rows at offset 30", |offset, page| {
            if offset == 30 {
                page["rows"][4] = json!({"dimensionValues": [{"value": "/27"}], "metricValues": [{"value": "1"}]});
            }
            None
        }),
        ("repeated rows at offset 20", |offset, page| {
            if offset == 20 {
                page["rows"][0] = json!({
                    "dimensionValues": [{"value": "/0"}], "metricValues": [{"value": "50"}],
                });
            }
            None
        }),
        ("expected 10 rows at offset 20, got none", |offset, page| {
            if offset == 20 {
                page.as_object_mut().expect("an object").remove("rows");
            }
            None
        }),
        ("more rows", |offset, page| {
            if offset == 20 {
                let row = page["rows"][0].clone();
                page["rows"].as_array_mut().expect("rows").push(row);
            }
            None
        }),
        ("rows at offset 0, got none", |_, page| {
            page.as_object_mut().expect("an object").remove("rows");
            None
        }),
        ("expected 4 rows at offset 0, got 10", |_, page| {
            page["rowCount"] = 4.into();
            None
        }),
    ];
    for (message, change) in table {
        let server = capped(50, 10, change);
        let run = user_of(&server.url()).pages(&["-f", "json"]).expect(6);
        assert!(run.stderr().contains(message), "{message}: {}", run.stderr());
        assert!(serde_json::from_str::<Value>(run.stdout()).is_err());
    }
}

#[test]
fn h5_a_list_of_accounts_whose_pages_form_a_loop_is_refused() {
    let server = ScriptedServer::answering(|_| {
        answer(&json!({"accountSummaries": [{"account": "accounts/1"}], "nextPageToken": "x"}))
    });
    let user = user_of(&server.url());
    user.run(&["-p", "0", "-m", "sessions"]).expect_failure(6);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn h4_a_failure_on_any_page_never_looks_complete() {
    type Fault = fn() -> Answer;
    let faults: [(Fault, i32); 3] = [
        (|| Answer::json(403, r#"{"error":{"code":403,"message":"no","status":"X"}}"#), 4),
        (|| Answer::json(200, r#"{"rows":[garbage"#), 1),
        (|| Answer::json(200, r#"{"rowCount":50,"rows":[{"dimensionValues":[{"value":"a"}]}]}"#), 1),
    ];
    std::thread::scope(|scope| {
        for (fault, code) in faults {
            scope.spawn(move || {
                for page in [0, 10, 20, 40] {
                    for format in ["csv", "json", "ndjson", "table", "raw"] {
                        let server = capped(50, 10, move |offset, _| (offset == page).then(fault));
                        let user = user_of(&server.url());
                        let run = user.pages(&["-f", format]).expect(code);
                        if page == 0 {
                            assert_eq!(run.stdout(), "");
                        }
                        if format == "json" {
                            assert!(serde_json::from_str::<Value>(run.stdout()).is_err());
                        }
                        user.pages(&["-f", format, "-o", "report"]).expect_failure(code);
                        assert!(user.home.tree().is_empty(), "{:?}", user.home.tree());
                    }
                }
            });
        }
    });
}

#[test]
fn columns_that_change_between_pages_are_refused() {
    let server = capped(50, 10, |offset, page| {
        if offset == 20 {
            page["dimensionHeaders"][0]["name"] = "other".into();
        }
        None
    });
    let run = user_of(&server.url()).pages(&[]).expect(1);
    assert!(run.stderr().contains("the columns of the report changed"), "{}", run.stderr());
}

#[test]
fn several_date_ranges_are_counted_by_combination() {
    // Ten combinations, each once for each range; at most three combinations per page.
    let server = ScriptedServer::answering(|request| {
        let offset = offset_of(request);
        let rows: Vec<Value> = (offset..10.min(offset + 3))
            .flat_map(|place| ["before", "after"].map(|range| (place, range)))
            .map(|(place, range)| {
                json!({
                    "dimensionValues": [{"value": format!("/{place}")}, {"value": range}],
                    "metricValues": [{"value": "1"}],
                })
            })
            .collect();
        answer(&json!({
            "dimensionHeaders": [{"name": "pagePath"}, {"name": "dateRange"}],
            "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
            "rows": rows,
            "rowCount": 10,
        }))
    });
    let run = user_of(&server.url())
        .pages(&["--dates", "before=2024-01-01..2024-01-31", "--dates", "after=2024-02-01..2024-02-29"])
        .expect(0);
    assert_eq!(run.stdout().lines().count(), 21);
    assert!(run.stdout().starts_with("pagePath,dateRange,sessions\n/0,before,1\n/0,after,1\n/1,before,1\n"));
    let offsets: Vec<_> = server.requests().iter().map(offset_of).collect();
    assert_eq!(offsets.len(), 4, "{offsets:?}");
    let order = &body_of(&server.requests()[0])["orderBys"];
    assert!(!order.to_string().contains("dateRange"), "{order}");
}

#[test]
fn no_row_is_written_twice_if_a_server_counts_the_rows_of_several_ranges() {
    // Ten paths in two ranges, sorted row by row; limit, offset and rowCount count rows, not paths.
    for most in [20, 14, 7, 3] {
        let server = ScriptedServer::answering(move |request| {
            let offset = usize::try_from(offset_of(request)).expect("an offset");
            let limit = body_of(request)["limit"].as_str().and_then(|text| text.parse().ok()).unwrap_or(most);
            let rows = (0..20).map(|place| {
                json!({
                    "dimensionValues": [{"value": format!("/{}", place / 2)}, {"value": if place % 2 == 0 { "a" } else { "b" }}],
                    "metricValues": [{"value": "1"}],
                })
            });
            let rows: Vec<Value> = rows.skip(offset).take(most.min(limit)).collect();
            answer(&json!({
                "dimensionHeaders": [{"name": "pagePath"}, {"name": "dateRange"}],
                "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
                "rows": rows,
                "rowCount": 20,
            }))
        });
        let dates = ["--dates", "a=2024-01-01..2024-01-31", "--dates", "b=2024-02-01..2024-02-29"];
        let run = user_of(&server.url()).pages(&dates).expect(6);
        let mut lines: Vec<_> = run.stdout().lines().collect();
        let written = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), written, "{most}: {}", run.stdout());
        assert!(most < 20 || written == 0, "the first page shows it");
    }
}

#[test]
fn every_request_carries_the_same_total_order() {
    let server = capped(25, 10, |_, _| None);
    user_of(&server.url()).pages(&[]).expect(0);
    for request in server.requests() {
        assert_eq!(
            body_of(&request)["orderBys"],
            json!([
                {"desc": true, "metric": {"metricName": "sessions"}},
                {"dimension": {"dimensionName": "pagePath"}},
            ])
        );
    }
}

#[test]
fn a_million_rows_arrive_complete_and_in_order() {
    let sandbox = sandbox(1_000_000);
    let user = user_of_sandbox(&sandbox);
    // A server error and a broken connection on the way make no difference.
    let reports = "/v1beta/properties/";
    sandbox.fault(Fault::new(reports, FaultKind::HangUp).after(2));
    sandbox.fault(Fault::new(reports, FaultKind::CutOff { after: 1_000_000 }).after(3));
    let report = ["-p", "123456", "-m", "sessions,totalUsers", "-d", "date,country,pagePath"];
    // Not searched for secrets, which takes longer than the report.
    let command = user.command(&[&report[..], &["-f", "tsv", "--header", "none"]].concat());
    let run = testkit::run(command).expect(0);
    let mut rows = 0;
    let mut keys = std::collections::HashSet::new();
    let mut before = "";
    for line in run.stdout().lines() {
        let key = line.rsplitn(3, '\t').nth(2).expect("dimensions");
        let date = key.split('\t').next().expect("a date");
        assert!(date >= before, "{line} comes after {before}");
        before = date;
        assert!(keys.insert(key), "{line} comes twice");
        rows += 1;
    }
    assert_eq!(rows, 1_000_000);
    let asked = sandbox.requests();
    let asked = asked.iter().filter(|request| request.path.starts_with(reports));
    assert_eq!(asked.count(), 4 + 2);
}
