//! ga-fields as users see it: the real binary with a home of its own, without a network, against the sandbox, or against a
//! scripted server.

use gauth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use testkit::{Analyst, Answer, Pty, ScriptedServer};

const BIN: &str = env!("CARGO_BIN_EXE_ga-fields");
const HEADER: &str = "name,kind,type,reports,category,ui_name,description,former_names,expression,custom,blocked\n";

/// A user of a server that accepts any token.
fn user_of(url: &str) -> Analyst {
    Analyst::of(BIN, url)
}

/// A user of the sandbox, with a token from it.
fn user_of_sandbox(sandbox: &Sandbox) -> Analyst {
    Analyst::of_sandbox(BIN, sandbox)
}

/// The first cell of every row.
#[track_caller]
fn names(user: &Analyst, arguments: &[&str]) -> Vec<String> {
    let run = user.run(&[arguments, &["-f", "json"]].concat()).expect(0);
    let rows: Vec<Value> = serde_json::from_str(run.stdout()).expect("an array");
    let name = |row: &Value| row["name"].as_str().expect("a name").to_owned();
    rows.iter().map(name).collect()
}

fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).expect("start the sandbox")
}

#[test]
fn without_a_token_the_standard_fields_are_built_in() {
    let user = Analyst::offline(BIN);
    let all = names(&user, &[]);
    assert!(all.len() > 450);
    assert!(all.is_sorted());
    let dimensions = names(&user, &["--dimensions"]);
    let metrics = names(&user, &["--metrics"]);
    assert_eq!(dimensions.len() + metrics.len(), all.len());
    assert!(dimensions.contains(&"country".to_owned()));
    assert!(metrics.contains(&"sessions".to_owned()));
    let realtime = names(&user, &["--realtime"]);
    assert!(realtime.contains(&"minutesAgo".to_owned()));
    assert!(!realtime.contains(&"sessions".to_owned()));
    assert!(names(&user, &["--custom"]).contains(&"customUser:".to_owned()));
}

#[test]
fn a_name_is_described_and_other_words_are_searched_for() {
    let user = Analyst::offline(BIN);
    let run = user.run(&["screenPageViews"]).expect(0);
    assert_eq!(run.stdout(), format!("{HEADER}screenPageViews,metric,integer,core realtime,page,,,,,,\n"));
    assert_eq!(run.stderr(), "");
    assert_eq!(names(&user, &["sessions", "date"]), ["sessions", "date"]);
    assert_eq!(names(&user, &["conversions"]), ["keyEvents"]);
    assert_eq!(names(&user, &["customUser:plan"]), ["customUser:"]);
    let found = names(&user, &["PAGE", "views"]);
    assert_eq!(found, ["screenPageViews", "screenPageViewsPerSession", "screenPageViewsPerUser"]);
    assert!(names(&user, &["geography"]).contains(&"city".to_owned()));
}

#[test]
fn on_a_terminal_a_name_is_a_record_and_words_are_a_table() {
    let user = Analyst::offline(BIN);
    let (status, shown) = Pty::start(user.command(&["keyEvents"]), 80).finish();
    assert!(status.success());
    assert_eq!(
        shown.replace('\r', ""),
        "keyEvents\n  kind          metric\n  type          float\n  reports       core realtime\n  \
         category      event\n  former_names  conversions\n"
    );
    let (_, shown) = Pty::start(user.command(&["page", "views"]), 80).finish();
    assert!(shown.starts_with("\u{1b}[1mname "), "{shown}");
    assert!(shown.contains("────"), "{shown}");
    let run = user.run(&["city", "date", "-f", "record"]).expect(0);
    assert!(run.stdout().contains("\n\ndate\n"), "{}", run.stdout());
}

#[test]
fn names_of_universal_analytics_are_replaced() {
    let user = Analyst::offline(BIN);
    for (words, names, note) in [
        (&["ga:users"][..], &["totalUsers"][..], "using totalUsers for ga:users"),
        (&["ga:percentNewSessions"], &["newUsers", "sessions"], "times 100"),
        (&["visits"], &["sessions"], "using sessions for visits: "),
        (&["ga:pageviews", "country"], &["screenPageViews", "country"], "screenPageViews"),
    ] {
        assert_eq!(self::names(&user, words), names);
        let run = user.run(words).expect(0);
        assert!(run.stderr().contains(note), "{}", run.stderr());
    }
    for word in ["ga:exits", "exits"] {
        let run = user.run(&[word]).expect_failure(4);
        assert!(run.stderr().contains("GA4 has no equivalent"));
        assert!(run.stderr().contains("hint: consider screenPageViews"));
    }
}

#[test]
fn an_unknown_name_exits_4_with_the_closest() {
    let user = Analyst::offline(BIN);
    let run = user.run(&["contry"]).expect_failure(4);
    assert!(run.stderr().contains("did you mean `country`?"));
    let run = user.run(&["zzqqxx"]).expect_failure(4);
    assert!(run.stderr().contains("hint: run ga-fields to list them all"));
}

#[test]
fn invalid_arguments_are_refused_before_any_request() {
    let user = user_of("http://127.0.0.1:1");
    for arguments in [
        &["--dimensions", "--metrics"][..],
        &["--realtime", "--compatible-with", "date", "-p", "1"],
        &["--conversions", "--compatible-with", "date", "-p", "1"],
        &["--conversion-actions"],
        &["--conversion-actions", "-p", "1", "--metrics"],
        &["--conversion-actions", "-p", "1", "purchase"],
        &["--compatible-with", "date"],
        &["--compatible-with", "date,,city", "-p", "1"],
        &["-p", "UA-1-2"],
        &["-p", "1@evil.test/"],
        &[""],
        &["-f", "html"],
    ] {
        user.run(arguments).expect_failure(2);
    }
    let without_token = Analyst::offline(BIN);
    for arguments in [&["-p", "1"][..], &["-p", "1", "--compatible-with", "date"], &["--token", ""]] {
        without_token.run(arguments).expect_failure(3);
    }
}

#[test]
fn stdin_is_read_only_for_a_dash() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let command = |arguments: &[&str]| {
        let mut command = user.command(arguments);
        command.env_remove("GAUTH_TOKEN");
        command
    };
    testkit::run_with_input(command(&["city"]), "not a token\n").expect(0);
    assert_eq!(sandbox.requests().len(), 0);
    testkit::run_with_input(command(&["city", "--token", "-"]), user.token.clone()).expect(0);
    assert_eq!(sandbox.requests().len(), 1);
}

#[test]
fn a_property_lists_its_own_fields() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let run = user.run(&["-p", "123456", "customUser:membership"]).expect(0);
    assert!(run.stdout().contains("customUser:membership,dimension,"));
    assert!(run.stdout().contains(",custom,"));
    let custom = names(&user, &["-p", "properties/123456", "--custom"]);
    assert!(custom.contains(&"customEvent:author".to_owned()));
    assert!(custom.iter().all(|name| name.contains(':')));
    // What the catalogue adds to Google's answer.
    assert_eq!(names(&user, &["-p", "123456", "minutesAgo"]), ["minutesAgo"]);
    let blocked = user.run(&["-p", "200005", "advertiserAdCost"]).expect(0);
    assert!(blocked.stdout().ends_with(",NO_COST_METRICS\n"));
    let first = user.run(&["-p", "0", "city"]).expect(0);
    assert!(first.stderr().contains("property 123456: Nordwind"));
    user.run(&["-p", "200403"]).expect_failure(4);
}

#[test]
fn with_a_token_and_no_property_the_common_fields_are_fetched() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let common = names(&user, &[]);
    assert!(common.is_sorted());
    assert!(common.contains(&"customEvent:".to_owned()));
    assert!(!common.contains(&"customEvent:author".to_owned()));
    let mut command = user.command(&["customEvent:author", "--dimensions"]);
    command.env("GA_PROPERTY", "123457");
    testkit::run(command).expect(0);
    let requests = sandbox.requests();
    let paths: Vec<&str> = requests.iter().map(|request| &*request.path).collect();
    assert_eq!(paths, ["/v1beta/properties/0/metadata", "/v1beta/properties/123457/metadata"]);
}

#[test]
fn the_property_decides_which_fields_can_be_added_to_a_report() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let with = ["-p", "123456", "--compatible-with", "date,sessions"];
    let joinable = names(&user, &[&with[..], &["--dimensions"]].concat());
    assert!(joinable.contains(&"country".to_owned()));
    assert!(!joinable.contains(&"itemName".to_owned()));
    assert_eq!(names(&user, &[&with[..], &["country"]].concat()), ["country"]);
    let run = user.run(&[&with[..], &["country", "itemName"]].concat()).expect_failure(4);
    assert!(run.stderr().contains("itemName cannot be combined with date,sessions"));
    let run = user.run(&["-p", "123456", "--compatible-with", "itemName,sessions"]).expect_failure(4);
    assert!(run.stderr().contains("Please remove"), "{}", run.stderr());
}

#[test]
fn the_fields_of_a_report_are_sent_as_dimensions_and_metrics() {
    let metadata = json!({
        "dimensions": [{"apiName": "customEvent:plan", "customDefinition": true}],
        "metrics": [{"apiName": "customEvent:words", "type": "TYPE_INTEGER"}],
    });
    let verdict = json!({
        "dimensionCompatibilities":
            [{"dimensionMetadata": {"apiName": "city"}, "compatibility": "COMPATIBLE"}],
    });
    let server =
        ScriptedServer::start([Answer::json(200, metadata.to_string()), Answer::json(200, verdict.to_string())]);
    let user = user_of(&server.url());
    let names = "date,customEvent:plan,customEvent:words,ga:users,conversions";
    let run = user.run(&["-p", "7", "--compatible-with", names, "--quota-project", "mine"]);
    let run = run.expect(0);
    assert!(run.stdout().contains("\ncity,dimension,"));
    assert!(run.stderr().contains("conversions is now called keyEvents"));
    let requests = server.requests();
    assert_eq!(requests[1].target, "/v1beta/properties/7:checkCompatibility?prettyPrint=false");
    let body: Value = serde_json::from_slice(&requests[1].body).expect("JSON");
    assert_eq!(
        body,
        json!({
            "dimensions": [{"name": "date"}, {"name": "customEvent:plan"}],
            "metrics": [{"name": "customEvent:words"}, {"name": "totalUsers"}, {"name": "keyEvents"}],
        })
    );
    for request in &requests {
        assert_eq!(request.header("x-goog-user-project"), Some("mine"));
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {}", user.token)));
    }
}

#[test]
fn conversion_reports_have_fields_of_their_own() {
    let user = Analyst::offline(BIN);
    let built_in = names(&user, &["--conversions"]);
    assert_eq!(built_in.len(), 24);
    for (name, is_in) in [("campaignName", true), ("allConversionsByInteractionDate", true), ("sessions", false)] {
        assert_eq!(built_in.contains(&name.to_owned()), is_in, "{name}");
    }
    let run = user.run(&["source", "subcontinent"]).expect(0);
    assert!(run.stdout().contains("\nsource,dimension,,core conversions,"), "{}", run.stdout());
    assert!(run.stdout().contains("\nsubcontinent,dimension,,conversions,"), "{}", run.stdout());
}

#[test]
fn the_conversions_of_a_property_are_listed_by_the_ids_that_reports_take() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let run = user.run(&["-p", "123456", "--conversion-actions"]).expect(0);
    assert_eq!(run.stdout(), "action,ui_name\nconversionActions/1001,purchase\nconversionActions/1002,sign_up\n");
    let fields = names(&user, &["-p", "123456", "--conversions"]);
    assert_eq!(fields, names(&Analyst::offline(BIN), &["--conversions"]));
    let run = Analyst::offline(BIN).run(&["-p", "123456", "--conversion-actions"]).expect_failure(3);
    assert_eq!(run.stdout(), "");
}

#[test]
fn the_property_says_which_fields_its_conversion_reports_have() {
    let metadata = json!({
        "dimensions": [{"apiName": "country", "sections": ["SECTION_REPORT"]},
            {"apiName": "newest", "sections": ["SECTION_ADVERTISING"]}],
        "conversions": [{"conversionAction": "conversionActions/7", "displayName": "bought, paid"}],
    });
    let server = ScriptedServer::answering(move |_| Answer::json(200, metadata.to_string()));
    let user = user_of(&server.url());
    assert_eq!(names(&user, &["-p", "7", "--conversions"]), ["newest"]);
    let run = user.run(&["-p", "7", "--conversion-actions"]).expect(0);
    assert_eq!(run.stdout(), "action,ui_name\nconversionActions/7,\"bought, paid\"\n");
    for request in server.requests() {
        assert_eq!(request.target, "/v1alpha/properties/7/metadata?prettyPrint=false");
    }
}

#[test]
fn a_property_without_conversions_has_an_empty_list_and_a_note() {
    let server = ScriptedServer::answering(|_| Answer::json(200, r#"{"dimensions":[{"apiName":"country"}]}"#));
    let run = user_of(&server.url()).run(&["-p", "7", "--conversion-actions"]).expect(0);
    assert_eq!(run.stdout(), "action,ui_name\n");
    assert_eq!(run.stderr(), "ga-fields: property 7 has no conversions, or no conversion reports\n");
}

#[test]
fn a_custom_field_that_the_property_lacks_is_refused_with_the_closest() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let run = user.run(&["-p", "123456", "--compatible-with", "customEvent:autor"]).expect_failure(4);
    assert!(run.stderr().contains("did you mean `customEvent:author`?"));
}

#[test]
fn a_response_that_is_not_metadata_fails_with_nothing_written() {
    for body in ["<html>", "{}", r#"{"dimensions":[{"apiName":"ci"#] {
        let server = ScriptedServer::start([Answer::json(200, body)]);
        let user = user_of(&server.url());
        user.run(&["-p", "1", "-o", "list.csv"]).expect_failure(1);
        assert!(!user.home.path().join("list.csv").exists());
    }
}

#[test]
fn g1_what_a_property_calls_its_fields_cannot_steer_a_terminal() {
    let metadata = json!({"dimensions": [{"apiName": "customEvent:x", "uiName": "\u{1b}]0;t\u{7}"}]});
    let server = ScriptedServer::answering(move |_| Answer::json(200, metadata.to_string()));
    let user = user_of(&server.url());
    for format in ["record", "table"] {
        let run = user.run(&["-p", "1", "customEvent:x", "-f", format]).expect(0);
        assert!(run.stdout().contains("\\x1b]0;t\\x07"), "{}", run.stdout());
    }
}

#[test]
fn gz_behind_the_ending_compresses_the_list() {
    let user = Analyst::offline(BIN);
    user.run(&["sessions", "-o", "list.ndjson.gz"]).expect(0);
    let file = std::fs::File::open(user.home.path().join("list.ndjson.gz")).expect("open");
    let unpacked = std::io::read_to_string(flate2::read::GzDecoder::new(file)).expect("unpack");
    assert_eq!(unpacked, user.run(&["sessions", "-f", "ndjson"]).expect(0).stdout());
    let run = user.run(&["sessions", "-f", "record", "-o", "list.gz"]).expect_failure(2);
    assert!(run.stderr().contains("-o: record cannot be compressed by .gz"), "{}", run.stderr());
}

#[test]
fn h1_a_full_disk_is_an_error_in_every_format() {
    let user = Analyst::offline(BIN);
    for format in ["csv", "tsv", "json", "ndjson", "table", "record"] {
        let run = user.run(&["-f", format, "-o", "/dev/full"]).expect(1);
        assert!(run.stderr().contains("no space left on device"), "{format}");
    }
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let man_page = include_str!("../crates/ga-fields/ga-fields.1");
    testkit::assert_man_page_is_current(BIN, man_page);
}
