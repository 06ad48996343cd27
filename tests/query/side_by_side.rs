//! Properties side by side: how many requests are in flight, over all and at one property, and that nothing of it shows
//! in the output.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};
use testkit::{Answer, IN_TIME, Pty, Received, ScriptedServer};

use super::{answer, body_of, page_of, user_of};

/// Answers once a number of requests are in flight, or the last has arrived, and counts the most at once.
#[derive(Default)]
struct Gate {
    state: Mutex<Flight>,
    changed: Condvar,
}

#[derive(Default)]
struct Flight {
    in_flight: HashMap<String, usize>,
    most: usize,
    most_at_one: usize,
    waiting: usize,
    arrived: usize,
    waves: usize,
}

impl Gate {
    /// Returns when `together` requests are held, or all of `total` have come.
    fn pass(&self, property: &str, together: usize, total: usize) {
        let mut state = self.state.lock().expect("no test thread has panicked");
        *state.in_flight.entry(property.to_owned()).or_default() += 1;
        state.most = state.most.max(state.in_flight.values().sum());
        state.most_at_one = state.most_at_one.max(state.in_flight[property]);
        state.arrived += 1;
        state.waiting += 1;
        if state.waiting == together || state.arrived == total {
            state.waiting = 0;
            state.waves += 1;
            self.changed.notify_all();
        } else {
            let wave = state.waves;
            let waits = |state: &mut Flight| state.waves == wave;
            let (after, late) =
                self.changed.wait_timeout_while(state, IN_TIME, waits).expect("no test thread has panicked");
            assert!(!late.timed_out(), "{} requests are in flight, not {together}", after.waiting);
            state = after;
        }
        *state.in_flight.get_mut(property).expect("it is in flight") -= 1;
    }

    /// The most requests in flight, over all and at one property.
    fn most(&self) -> (usize, usize) {
        let state = self.state.lock().expect("no test thread has panicked");
        (state.most, state.most_at_one)
    }
}

fn property_of(request: &Received) -> &str {
    let path = request.target.strip_prefix("/v1beta/properties/").expect("the path of a property");
    path.split([':', '/', '?']).next().expect("a number")
}

/// Ten of a report's rows at most.
fn ten_of(rows: u64, request: &Received) -> Value {
    let mut page = page_of(rows, request);
    if let Some(rows) = page["rows"].as_array_mut() {
        rows.truncate(10);
    }
    page
}

fn is_first_page(request: &Received) -> bool {
    body_of(request).get("offset").is_none()
}

/// The expected output for properties with these numbers of rows.
fn csv_of(properties: &[String], rows: u64) -> String {
    let row = |property: &String, place: u64| format!("{property},/{place},{}\n", rows - place);
    let rows = properties.iter().flat_map(|property| (0..rows).map(move |place| row(property, place)));
    format!("property,pagePath,sessions\n{}", rows.collect::<String>())
}

fn numbers(count: u64) -> Vec<String> {
    (1..=count).map(|number| number.to_string()).collect()
}

fn report<'a>(properties: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    [&["-m", "sessions", "-d", "pagePath", "-p", properties], extra].concat()
}

#[test]
fn as_many_requests_are_in_flight_over_all_properties_as_parallel_says() {
    for parallel in [1, 4, 9] {
        let gate = Arc::new(Gate::default());
        let server = ScriptedServer::answering({
            let gate = Arc::clone(&gate);
            move |request| {
                gate.pass(property_of(request), parallel, 20);
                answer(&page_of(2, request))
            }
        });
        let properties = numbers(20);
        let run = user_of(&server.url())
            .run(&report(&properties.join(","), &["--parallel", &parallel.to_string()]))
            .expect(0);
        assert_eq!(run.stdout(), csv_of(&properties, 2));
        assert_eq!(gate.most(), (parallel, 1));
    }
}

#[test]
fn four_requests_at_most_are_in_flight_at_one_property() {
    for (properties, most) in [(1, 4), (2, 8)] {
        let gate = Arc::new(Gate::default());
        let pages = 11 * usize::try_from(properties).expect("few");
        let server = ScriptedServer::answering({
            let gate = Arc::clone(&gate);
            move |request| {
                if !is_first_page(request) {
                    gate.pass(property_of(request), most, pages);
                }
                answer(&ten_of(120, request))
            }
        });
        let properties = numbers(properties);
        let list = [&properties[..], &properties[..1]].concat().join(",");
        let run = user_of(&server.url()).run(&report(&list, &["--parallel", "9"])).expect(0);
        assert_eq!(run.stdout(), csv_of(&properties, 120));
        assert_eq!(gate.most(), (most, 4));
    }
}

#[test]
fn rows_are_in_the_order_of_the_properties_although_the_first_answers_last() {
    let formats: [&[&str]; 7] = [
        &["-f", "csv"],
        &["-f", "json"],
        &["-f", "ndjson"],
        &["-f", "table"],
        &["-f", "raw"],
        &["-f", "csv", "--keep-going"],
        &["-f", "sql", "--table", "t"],
    ];
    for format in formats {
        let printed = [1, 4].map(|parallel| {
            let answered = Arc::new((Mutex::new(0), Condvar::new()));
            let server = ScriptedServer::answering(move |request| {
                let (count, changed) = &*answered;
                let mut count = count.lock().expect("no test thread has panicked");
                if parallel > 1 && property_of(request) == "1" {
                    // The others have two pages each.
                    let waited = changed.wait_timeout_while(count, IN_TIME, |count| *count < 2 * 11);
                    let is_late = waited.expect("no test thread has panicked").1.timed_out();
                    assert!(!is_late, "the others do not wait for the first");
                } else {
                    *count += 1;
                    changed.notify_all();
                }
                answer(&ten_of(15, request))
            });
            let arguments = [format, &["--start", "2026-11-01", "--end", "2026-11-02"]].concat();
            let parallel = parallel.to_string();
            let arguments = [&arguments[..], &["--parallel", &parallel]].concat();
            user_of(&server.url()).run(&report(&numbers(12).join(","), &arguments)).expect(0).stdout().to_owned()
        });
        assert!(!printed[0].is_empty());
        assert_eq!(printed[0], printed[1], "{format:?}");
    }
}

#[test]
fn the_first_failure_in_order_ends_the_run_and_nothing_behind_it_is_requested() {
    let refused = Arc::new((Mutex::new(false), Condvar::new()));
    let server = ScriptedServer::answering(move |request| {
        if request.method == "GET" {
            return answer(&json!({}));
        }
        let (refused, changed) = &*refused;
        let mut refused = refused.lock().expect("no test thread has panicked");
        if property_of(request) == "2" {
            *refused = true;
            changed.notify_all();
            return Answer::json(403, r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#);
        }
        // The first is slower than the failure behind it.
        let waited = changed.wait_timeout_while(refused, IN_TIME, |refused| !*refused);
        assert!(!waited.expect("no test thread has panicked").1.timed_out());
        answer(&ten_of(30, request))
    });
    let run = user_of(&server.url()).run(&report("1,2,3,4", &["--parallel", "2"])).expect(4);
    assert!(run.stderr().contains("property 2: "), "{}", run.stderr());
    let asked = server.requests();
    let asked: Vec<_> = asked.iter().filter(|request| request.method == "POST").map(property_of).collect();
    assert_eq!(asked.iter().filter(|number| **number == "1").count(), 3, "{asked:?}");
    assert!(!asked.contains(&"3") && !asked.contains(&"4"), "{asked:?}");
}

#[test]
fn time_zones_are_looked_up_side_by_side() {
    let gate = Arc::new(Gate::default());
    let server = ScriptedServer::answering({
        let gate = Arc::clone(&gate);
        move |request| {
            if request.method == "GET" {
                gate.pass(property_of(request), 4, 8);
                return answer(&json!({"timeZone": "Europe/Rome"}));
            }
            answer(&page_of(2, request))
        }
    });
    let properties = numbers(8);
    let run = user_of(&server.url()).run(&report(&properties.join(","), &["--start", "thisMonth"])).expect(0);
    assert_eq!(run.stdout(), csv_of(&properties, 2));
    assert_eq!(gate.most(), (4, 1));
}

#[test]
fn all_properties_of_437_accounts_come_in_their_order() {
    let server = ScriptedServer::answering(|request| {
        let Some((_, query)) = request.target.split_once("/accountSummaries") else {
            return answer(&page_of(1, request));
        };
        let from = query.split_once("pageToken=").map_or(0, |(_, token)| token.parse().expect("our own token"));
        let account = |number: u64| {
            let property = json!({"property": format!("properties/{number}"), "displayName": "x"});
            json!({"account": format!("accounts/{number}"), "propertySummaries": [property]})
        };
        let end = 437.min(from + 200);
        let mut page = json!({"accountSummaries": (from..end).map(|place| account(place + 1)).collect::<Vec<_>>()});
        if end < 437 {
            page["nextPageToken"] = end.to_string().into();
        }
        answer(&page)
    });
    let run = user_of(&server.url()).run(&report("all", &["--parallel", "9"])).expect(0);
    assert_eq!(run.stdout(), csv_of(&numbers(437), 1));
    assert_eq!(run.stderr(), "ga-query: all: 437 properties\n");
    assert_eq!(server.requests().len(), 3 + 437);
}

#[test]
fn a_token_that_ends_in_the_middle_is_replaced_once_for_all_properties() {
    let server = ScriptedServer::answering(|request| {
        let has_ended = request.header("authorization") == Some("Bearer t1");
        let is_late = property_of(request).parse::<u64>().expect("a number") > 3;
        if has_ended && is_late {
            return Answer::json(401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED"}}"#);
        }
        if request.method == "GET" {
            return answer(&json!({"timeZone": "Europe/Rome"}));
        }
        answer(&page_of(2, request))
    });
    let user = user_of(&server.url());
    let counter = user.home.path().join("counter");
    let shell = format!("echo >> {0}; echo t$(wc -l < {0})", counter.display());
    let properties = numbers(12);
    let list = properties.join(",");
    let arguments = report(&list, &["--token-command", &shell, "--start", "thisMonth", "--parallel", "9"]);
    let run = testkit::run(user.command_without_token(&arguments)).expect(0);
    assert_eq!(run.stdout(), csv_of(&properties, 2));
    assert_eq!(std::fs::read_to_string(counter).expect("read").lines().count(), 2);
}

#[test]
fn names_of_columns_are_those_of_the_first_property_with_rows() {
    let server = ScriptedServer::answering(|request| {
        if property_of(request) == "1" {
            return Answer::json(403, r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#);
        }
        if request.method == "GET" {
            let metric = json!({"apiName": "sessions", "uiName": format!("Visits of {}", property_of(request))});
            return answer(&json!({"dimensions": [], "metrics": [metric]}));
        }
        answer(&page_of(1, request))
    });
    let run = user_of(&server.url()).run(&report("1,2,3", &["--keep-going", "--header", "ui"])).expect(6);
    assert_eq!(run.stdout(), "property,pagePath,Visits of 2\n2,/0,1\n3,/0,1\n");
}

#[test]
fn a_terminal_shows_how_many_properties_are_done_and_failures_on_lines_of_their_own() {
    let server = ScriptedServer::answering(|request| match property_of(request) {
        "1" => Answer::json(403, r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#).held(),
        _ => answer(&page_of(2, request)),
    });
    let user = user_of(&server.url());
    let mut command = user.command(&report("1,2,3", &["--keep-going", "-o", "rows.csv"]));
    command.env("TERM", "xterm");
    let terminal = Pty::start(command, 40);
    terminal.wait_for("2 of 3 properties, 4 rows");
    server.release();
    let (status, shown) = terminal.finish();
    assert_eq!(status.code(), Some(6), "{shown:?}");
    let cleared: Vec<_> = shown.split("\r\u{1b}[K").collect();
    assert!(cleared.iter().any(|text| text.starts_with("ga-query: warning: property 1: ")), "{shown:?}");
    assert!(!shown.contains("rows, 0sga-query"), "{shown:?}");
}
