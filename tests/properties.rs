//! ga-properties as users see it: the real binary with a home of its own, against the sandbox or a scripted server. The ids
//! in test names are those of docs/security.md.

use gauth_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use testkit::{Analyst, Answer, ScriptedServer};

const BIN: &str = env!("CARGO_BIN_EXE_ga-properties");

/// A user of a server that accepts any token.
fn user_of(url: &str) -> Analyst {
    Analyst::of(BIN, url)
}

/// A user of the sandbox, with a token from it.
fn user_of_sandbox(sandbox: &Sandbox) -> Analyst {
    Analyst::of_sandbox(BIN, sandbox)
}

fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).expect("start the sandbox")
}

/// An account with properties of these numbers and names.
fn account(number: u32, name: &str, properties: &[(u32, &str)]) -> Value {
    let property = |(number, name): &(u32, &str)| {
        json!({
            "property": format!("properties/{number}"),
            "displayName": name,
            "propertyType": "PROPERTY_TYPE_ORDINARY",
            "parent": "accounts/1",
        })
    };
    json!({
        "name": format!("accountSummaries/{number}"),
        "account": format!("accounts/{number}"),
        "displayName": name,
        "propertySummaries": properties.iter().map(property).collect::<Vec<_>>(),
    })
}

fn page(accounts: &[Value], next: &str) -> Answer {
    let page = json!({"accountSummaries": accounts, "nextPageToken": next});
    Answer::json(200, page.to_string())
}

const HEADER: &str = "account,account_name,property,property_name,type,parent\n";

#[test]
fn every_page_is_followed_even_past_an_empty_one() {
    let server = ScriptedServer::start([
        page(&[account(1, "First", &[(11, "a"), (12, "b, c")])], "two"),
        page(&[], "thr&ee"),
        page(&[account(2, "Second", &[])], ""),
    ]);
    let run = user_of(&server.url()).run(&[]).expect(0);
    assert_eq!(
        run.stdout(),
        format!("{HEADER}1,First,11,a,ordinary,accounts/1\n1,First,12,\"b, c\",ordinary,accounts/1\n2,Second,,,,\n")
    );
    let requests = server.requests();
    let targets: Vec<&str> = requests.iter().map(|request| &*request.target).collect();
    let first = "/v1beta/accountSummaries?pageSize=200&prettyPrint=false";
    assert_eq!(targets, [first.to_owned(), format!("{first}&pageToken=two"), format!("{first}&pageToken=thr%26ee")]);
    for request in &requests {
        let bearer = format!("Bearer {}", Analyst::TOKEN);
        assert_eq!(request.header("authorization"), Some(&*bearer));
    }
}

#[test]
fn h5_a_page_token_that_comes_again_is_an_incomplete_list() {
    let server = ScriptedServer::start([
        page(&[account(1, "First", &[(11, "a")])], "again"),
        page(&[account(2, "Second", &[(22, "b")])], "other"),
        page(&[account(3, "Third", &[(33, "c")])], "again"),
    ]);
    let user = user_of(&server.url());
    let run = user.run(&["-o", "list.csv"]).expect_failure(6);
    assert!(run.stderr().contains("repeats a page token"));
    assert!(!user.home.path().join("list.csv").exists());
}

#[test]
fn a_name_or_number_is_matched_in_any_case_and_gives_ids_for_ga_query() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    for (text, ids) in [
        ("nordwind – website", "123456\n"),
        ("NORDWIND", "123456\n123457\n123458\n"),
        ("löwenzähnchen", "234567\n"),
        ("LÖWENZÄHNCHEN", "234567\n"),
        ("書店", "345678\n"),
        ("200403", "200403\n"),
        ("1003", "345678\n"),
    ] {
        let run = user.run(&["-f", "id", "--match", text]).expect(0);
        assert_eq!(run.stdout(), ids, "{text}");
    }
    let all = user.run(&["-f", "id"]).expect(0);
    assert!(all.stdout().starts_with("123456\n123457\n"));
    assert!(all.stdout().lines().all(|line| line.parse::<u64>().is_ok()));
}

#[test]
fn a_property_found_by_name_is_reported_on_by_ga_query() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let script = r#""$1" -p $("$0" --match 'shop, mobile' -f id) -m sessions --header none"#;
    let mut command = user.home.command("sh");
    command
        .env("GAUTH_SANDBOX_URL", &user.url)
        .env("GAUTH_TOKEN", &user.token)
        .args(["-c", script, BIN])
        .arg(testkit::sibling(BIN, "ga-query"));
    let run = testkit::run(command).expect(0);
    assert!(run.stdout().trim_end().parse::<u64>().is_ok_and(|sessions| sessions > 0));
    let requests = sandbox.requests();
    let asked = requests.last().map(|request| &*request.path);
    assert_eq!(asked, Some("/v1beta/properties/123457:runReport"));
}

#[test]
fn a_name_that_matches_nothing_exits_4_with_a_hint() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    for arguments in [
        &["--match", "nobody's"][..],
        // The account exists, but has no property.
        &["--match", "without properties", "-f", "id"],
    ] {
        let run = user.run(arguments).expect_failure(4);
        assert!(run.stderr().contains("hint: run ga-properties by itself"));
    }
    let run = user.run(&["--match", "without properties"]).expect(0);
    assert_eq!(run.stdout(), format!("{HEADER}1004,An account without properties,,,,\n"));
    user.run(&["--match", ""]).expect_failure(2);
}

#[test]
fn each_format_is_written_as_ga_query_writes_it() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    for (format, expected) in [
        (
            "csv",
            "account,account_name,property,property_name,type,parent\n1001,Nordwind Handel GmbH,123458,\"Nordwind \"\"all\"\"\",rollup,accounts/1001\n",
        ),
        (
            "tsv",
            "account\taccount_name\tproperty\tproperty_name\ttype\tparent\n1001\tNordwind Handel GmbH\t123458\tNordwind \"all\"\trollup\taccounts/1001\n",
        ),
        (
            "json",
            "[\n{\"account\":\"1001\",\"account_name\":\"Nordwind Handel GmbH\",\"property\":\"123458\",\"property_name\":\"Nordwind \\\"all\\\"\",\"type\":\"rollup\",\"parent\":\"accounts/1001\"}\n]\n",
        ),
        (
            "ndjson",
            "{\"account\":\"1001\",\"account_name\":\"Nordwind Handel GmbH\",\"property\":\"123458\",\"property_name\":\"Nordwind \\\"all\\\"\",\"type\":\"rollup\",\"parent\":\"accounts/1001\"}\n",
        ),
        (
            "table",
            "account  account_name          property  property_name   type    parent\n───────  ────────────────────  ────────  ──────────────  ──────  ─────────────\n1001     Nordwind Handel GmbH  123458    Nordwind \"all\"  rollup  accounts/1001\n",
        ),
    ] {
        let only = ["--match", "nordwind \"all\"", "-f", format];
        assert_eq!(user.run(&only).expect(0).stdout(), expected);
    }
    let run = user.run(&["-f", "raw"]).expect_failure(2);
    assert!(run.stderr().contains("csv, tsv, json, ndjson, table, markdown, id"));
    for name in ["list.ndjson", "list.JSONL"] {
        user.run(&["--match", "書店", "-o", name]).expect(0);
        let file = std::fs::read_to_string(user.home.path().join(name));
        assert!(file.expect("the file").starts_with("{\"account\":\"1003\""));
    }
    let run = user.run(&["-o", "list.sql"]).expect_failure(2);
    assert!(
        run.stderr().contains("expected one of .csv, .tsv, .json, .ndjson, .jsonl, .md, .markdown\n"),
        "{}",
        run.stderr()
    );
}

#[test]
fn gz_behind_the_ending_compresses_the_list() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    user.run(&["-o", "list.csv.GZ"]).expect(0);
    let file = std::fs::File::open(user.home.path().join("list.csv.GZ")).expect("open");
    let unpacked = std::io::read_to_string(flate2::read::GzDecoder::new(file)).expect("unpack");
    assert_eq!(unpacked, user.run(&["-f", "csv"]).expect(0).stdout());
    let run = user.run(&["-f", "id", "-o", "list.gz"]).expect_failure(2);
    assert!(run.stderr().contains("-o: id cannot be compressed by .gz"), "{}", run.stderr());
}

#[test]
fn a_token_without_the_scope_exits_4_and_names_the_login() {
    let sandbox = sandbox();
    let mut user = user_of(sandbox.url());
    user.token = sandbox.access_token(&["https://www.googleapis.com/auth/analytics"]);
    let run = user.run(&[]).expect_failure(4);
    assert!(run.stderr().contains("insufficient authentication scopes"));
    assert!(run.stderr().contains("hint: "));
    assert!(run.stderr().contains("gauth-login --scope analytics.readonly"));
    let stale = user_of_sandbox(&sandbox);
    sandbox.expire_access_tokens();
    stale.run(&[]).expect_failure(3);
}

#[test]
fn the_token_is_taken_as_by_ga_query() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let bare = |arguments: &[&str]| {
        let mut command = user.command(arguments);
        command.env_remove("GAUTH_TOKEN");
        command
    };
    testkit::run_with_input(bare(&[]), format!("{}\n", user.token)).expect(0);
    testkit::run(bare(&["--token", &user.token])).expect(0);
    let command = format!("echo {}", user.token);
    testkit::run(bare(&["--token-command", &command])).expect(0);
    let run = testkit::run(bare(&["--token"])).expect_failure(3);
    assert!(run.stderr().contains("hint: run gauth-token by itself"));
    testkit::run(bare(&["--token", "two words"])).expect_failure(2);
}

#[test]
fn the_quota_project_comes_from_the_flag_before_the_variable() {
    let server = ScriptedServer::answering(|_| page(&[], ""));
    let user = user_of(&server.url());
    for (arguments, variable) in [(&["--quota-project", "flag"][..], "variable"), (&[], "variable"), (&[], "")] {
        let mut command = user.command(arguments);
        command.env("GOOGLE_CLOUD_QUOTA_PROJECT", variable);
        let run = testkit::run(command).expect(0);
        assert_eq!(run.stdout(), HEADER);
        assert!(run.stderr().contains("no property is visible"));
    }
    let sent = server.requests();
    let projects: Vec<_> = sent.iter().map(|request| request.header("x-goog-user-project")).collect();
    assert_eq!(projects, [Some("flag"), Some("variable"), None]);
}

#[test]
fn h7_each_failure_has_its_code_and_number_of_requests() {
    let error = |status: u16, message: &str| {
        Answer::json(status, json!({"error": {"code": status, "message": message}}).to_string())
    };
    let redirect = Answer::new(302, "Location: http://127.0.0.1:1/\r\n", "");
    let no_number = page(&[json!({"propertySummaries": [{"property": "properties/1 -f x"}]})], "");
    for (answer, code, requests) in [
        (error(503, "later"), 5, 3),
        (error(500, "broken"), 5, 2),
        (error(429, "Exhausted concurrent requests quota."), 5, 3),
        (error(429, "Quota used up for the day, per day."), 5, 1),
        (error(403, "The caller does not have permission"), 4, 1),
        (Answer::hang_up(), 5, 3),
        (page(&[], "").cut_after(10), 5, 3),
        (Answer::new(200, "", "<html>"), 1, 1),
        (redirect, 1, 1),
        (no_number, 1, 1),
    ] {
        let server = ScriptedServer::answering({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        user_of(&server.url()).run(&[]).expect_failure(code);
        assert_eq!(server.requests().len(), requests, "{answer:?}");
    }
}

#[test]
fn h3_a_reader_that_goes_away_ends_it_quietly() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    let mut command = user.command(&[]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command.stdout(writer).output().expect("run the program");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn h1_a_full_disk_is_an_error_in_every_format() {
    let sandbox = sandbox();
    let user = user_of_sandbox(&sandbox);
    for format in ["csv", "tsv", "json", "ndjson", "table", "id"] {
        let run = user.run(&["-f", format, "-o", "/dev/full"]).expect(1);
        assert!(run.stderr().contains("no space left on device"), "{format}");
    }
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let man_page = include_str!("../crates/ga-properties/ga-properties.1");
    testkit::assert_man_page_is_current(BIN, man_page);
}
