//! The output of rows: group H of the requirements.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::{Answer, Pty, Running, ScriptedServer, Signal, mode};

use super::{BIN, answer, csv_of, page_of, sandbox, user_of, user_of_sandbox};

const FORMATS: [&str; 7] = ["csv", "tsv", "json", "ndjson", "table", "markdown", "raw"];

fn server(rows: u64) -> ScriptedServer {
    ScriptedServer::answering(move |request| answer(&page_of(rows, request)))
}

/// One row whose dimension and metric are these JSON values.
fn one_row(dimension: &Value, metric: &Value) -> ScriptedServer {
    let page = json!({
        "dimensionHeaders": [{"name": "pagePath"}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
        "rows": [{"dimensionValues": [{"value": dimension}], "metricValues": [{"value": metric}]}],
        "rowCount": 1,
    });
    ScriptedServer::answering(move |_| answer(&page))
}

#[test]
fn each_format_has_every_row() {
    let server = server(2);
    let user = user_of(&server.url());
    let out = |format: &str| user.pages(&["-f", format]).expect(0).stdout().to_owned();
    assert_eq!(out("csv"), "pagePath,sessions\n/0,2\n/1,1\n");
    assert_eq!(out("tsv"), "pagePath\tsessions\n/0\t2\n/1\t1\n");
    assert_eq!(out("json"), "[\n{\"pagePath\":\"/0\",\"sessions\":2},\n{\"pagePath\":\"/1\",\"sessions\":1}\n]\n");
    assert_eq!(out("ndjson"), "{\"pagePath\":\"/0\",\"sessions\":2}\n{\"pagePath\":\"/1\",\"sessions\":1}\n");
    assert_eq!(out("table"), "pagePath  sessions\n────────  ────────\n/0               2\n/1               1\n");
    assert_eq!(
        out("markdown"),
        "| pagePath | sessions |\n| -------- | -------: |\n| /0       |        2 |\n| /1       |        1 |\n"
    );
    let raw = &server.requests()[0];
    assert_eq!(out("raw"), page_of(2, raw).to_string());
    assert_eq!(user.pages(&["--header", "none"]).expect(0).stdout(), "/0,2\n/1,1\n");
}

#[test]
fn a_report_without_rows_is_a_header_or_an_empty_document() {
    let server = server(0);
    let user = user_of(&server.url());
    for (format, expected) in [
        ("csv", "pagePath,sessions\n"),
        ("tsv", "pagePath\tsessions\n"),
        ("json", "[]\n"),
        ("ndjson", ""),
        ("table", ""),
        ("markdown", "| pagePath | sessions |\n| -------- | -------: |\n"),
    ] {
        assert_eq!(user.pages(&["-f", format]).expect(0).stdout(), expected);
    }
    let bare = ScriptedServer::answering(|_| Answer::json(200, r#"{"kind":"analyticsData#runReport"}"#));
    assert_eq!(user_of(&bare.url()).pages(&[]).expect(0).stdout(), "pagePath,sessions\n");
}

#[test]
fn g10_metrics_keep_every_digit() {
    for number in ["12345678901234567890", "0.10", "-0", "1e400", "0.30000000000000004"] {
        let server = one_row(&json!("a"), &json!(number));
        let user = user_of(&server.url());
        let out = |format: &str| user.pages(&["-f", format]).expect(0).stdout().to_owned();
        assert_eq!(out("csv"), format!("pagePath,sessions\na,{number}\n"));
        assert_eq!(out("tsv"), format!("pagePath\tsessions\na\t{number}\n"));
        assert_eq!(out("ndjson"), format!("{{\"pagePath\":\"a\",\"sessions\":{number}}}\n"));
    }
    let server = one_row(&json!("a"), &json!("NaN"));
    let run = user_of(&server.url()).pages(&["-f", "ndjson"]).expect(0);
    assert_eq!(run.stdout(), "{\"pagePath\":\"a\",\"sessions\":\"NaN\"}\n");
}

#[test]
fn h8_excel_disarms_formulas_in_dimensions_only() {
    let server = one_row(&json!("=HYPERLINK(\"http://evil.test\")"), &json!("-5"));
    let user = user_of(&server.url());
    assert_eq!(
        user.pages(&["--excel"]).expect(0).stdout(),
        "\u{feff}pagePath,sessions\n\"'=HYPERLINK(\"\"http://evil.test\"\")\",-5\n"
    );
    assert_eq!(user.pages(&[]).expect(0).stdout(), "pagePath,sessions\n\"=HYPERLINK(\"\"http://evil.test\"\")\",-5\n");
}

#[test]
fn h9_a_terminal_gets_no_control_character_and_a_pipe_every_byte() {
    let evil = "a\u{1b}]0;x\u{7}\u{202e}b";
    let server = one_row(&json!(evil), &json!("1234567"));
    let user = user_of(&server.url());
    let run = user.pages(&[]).expect(0);
    assert_eq!(run.stdout(), format!("pagePath,sessions\n{evil},1234567\n"));
    let mut command = user.command(&["-p", "1", "-d", "pagePath", "-m", "sessions"]);
    command.env("NO_COLOR", "1");
    let (status, shown) = Pty::start(command, 60).finish();
    assert!(status.success(), "{shown}");
    assert!(shown.contains("1,234,567"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
}

#[test]
fn h1_a_full_disk_is_an_error_in_every_format() {
    let sandbox = sandbox(3000);
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-m", "sessions", "-d", "date,country,pagePath"];
    let full = || fs::File::options().write(true).open("/dev/full").expect("open /dev/full");
    for format in FORMATS.into_iter().chain(["parquet"]) {
        let mut command = user.command(&[&report[..], &["-f", format]].concat());
        let output = command.stdout(full()).stderr(Stdio::piped()).output().expect("run");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{format}: {errors}");
        assert!(errors.contains("no space left"), "{errors}");
        user.run(&[&report[..], &["-f", format, "-o", "/dev/full"]].concat()).expect_failure(1);
    }
    for arguments in
        [&["--help"][..], &["--version"], &["1", "-m", "sessions", "--dry-run"], &["1", "-m", "sessions", "--curl"]]
    {
        let mut command = user.command(arguments);
        let output = command.stdout(full()).output().expect("run");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn h3_a_reader_that_leaves_ends_the_run_quietly() {
    let sandbox = sandbox(5000);
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-m", "sessions", "-d", "date,country,pagePath"];
    for turn in 0..testkit::repetitions(24, 1000) {
        let format = FORMATS[turn % FORMATS.len()];
        let mut command = user.command(&[&report[..], &["-f", format]].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start");
        let mut first = String::new();
        let mut stdout = BufReader::with_capacity(16, child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut first).expect("read");
        drop(stdout);
        let mut errors = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("read");
        assert_eq!(child.wait().expect("wait").code(), Some(0), "{format}: {errors}");
        assert_eq!(errors, "", "{format}");
    }
}

#[test]
fn h7_a_failure_leaves_stdout_empty() {
    for status in [400, 401, 403, 404, 429] {
        let server = ScriptedServer::answering(move |_| Answer::json(status, "{}"));
        for format in FORMATS {
            let run = user_of(&server.url()).pages(&["-f", format]);
            assert_ne!(run.code(), 0);
            assert_eq!(run.stdout(), "");
        }
    }
}

#[test]
fn the_ending_of_the_output_file_selects_the_format_and_the_file_appears_complete() {
    let server = server(2);
    let user = user_of(&server.url());
    for (name, begins) in [
        ("r.csv", "pagePath,"),
        ("r.tsv", "pagePath\t"),
        ("r.json", "[\n"),
        ("r.ndjson", "{\""),
        ("r.jsonl", "{\""),
        ("r.JSON", "[\n"),
        ("r.md", "| pagePath "),
        ("r.Markdown", "| pagePath "),
        ("r", "pagePath,"),
        (".r", "pagePath,"),
    ] {
        assert_eq!(user.pages(&["-o", name]).expect(0).stdout(), "");
        let written = fs::read_to_string(user.home.path().join(name)).expect("read");
        assert!(written.starts_with(begins), "{name}: {written}");
    }
    user.pages(&["-o", "r.csv", "-f", "json"]).expect(0);
    let replaced = fs::read_to_string(user.home.path().join("r.csv")).expect("read");
    assert!(replaced.starts_with("[\n"));
    // -f takes precedence over an unknown ending.
    user.pages(&["-o", "r.txt", "-f", "table"]).expect(0);
    user.pages(&["-o", "missing/r.csv"]).expect_failure(2);
    assert_eq!(user.pages(&["-o", "/dev/stdout"]).expect(0).stdout(), csv_of(2));
}

#[test]
fn an_unknown_ending_is_refused_before_a_token_is_read() {
    let server = server(2);
    let user = user_of(&server.url());
    for more in [&[][..], &["--dry-run"], &["--curl"]] {
        for (name, said) in [
            (
                "r.xlsx",
                "expected one of .csv, .tsv, .json, .ndjson, .jsonl, .md, .markdown, .html, .htm, .sql, .parquet\n",
            ),
            ("report.2026-11-26", "expected one of .csv"),
            ("r.txt", "hint: name the format with -f"),
            ("ya29.canary", "unknown file extension"),
        ] {
            let arguments =
                [&["-p", "1", "-m", "sessions", "-o", name, "--token-command", "touch asked"], more].concat();
            let run = testkit::run(user.command_without_token(&arguments)).expect_failure(2);
            assert!(run.stderr().contains(said), "{name}: {}", run.stderr());
            assert!(!run.stderr().contains("canary"));
        }
        let arguments = [&["-p", "1", "-m", "sessions", "-f", "xlsx"], more].concat();
        testkit::run(user.command_without_token(&arguments)).expect_failure(2);
    }
    assert!(user.home.tree().is_empty(), "{:?}", user.home.tree());
    assert!(server.requests().is_empty());
}

#[test]
fn a_fifo_waits_for_its_reader_until_the_deadline() {
    let server = server(2);
    let user = user_of(&server.url());
    let status = std::process::Command::new("mkfifo").arg(user.home.path().join("fifo.xlsx")).status();
    assert!(status.expect("run mkfifo").success());
    let started = std::time::Instant::now();
    let run = user.pages(&["-o", "fifo.xlsx", "--timeout", "0.3"]).expect_failure(5);
    assert!(run.stderr().contains("cannot write 'fifo.xlsx': no process reads from it"), "{}", run.stderr());
    assert!(started.elapsed() < testkit::IN_TIME);

    // The name of a file that is not regular has no meaning.
    let writer = Running::start(user.command(&["-p", "1", "-d", "pagePath", "-m", "sessions", "-o", "fifo.xlsx"]));
    let read = fs::read_to_string(user.home.path().join("fifo.xlsx")).expect("read");
    writer.finish().expect(0);
    assert_eq!(read, csv_of(2));
}

#[test]
fn the_output_file_follows_the_umask() {
    let server = server(1);
    let user = user_of(&server.url());
    let mut command = user.home.command("sh");
    command
        .args([
            "-c",
            "umask 027 && exec \"$0\" \"$@\"",
            BIN,
            "-p",
            "1",
            "-d",
            "pagePath",
            "-m",
            "sessions",
            "-o",
            "r.csv",
        ])
        .env("GAUTH_SANDBOX_URL", &user.url)
        .env("GAUTH_TOKEN", &user.token);
    user.finish(command).expect(0);
    assert_eq!(mode(user.home.path().join("r.csv")), 0o640);
}

#[test]
fn b9_an_interrupted_run_leaves_nothing_and_its_exit_code_names_the_signal() {
    for (signal, code, name) in
        [(Signal::INT, 130, "r.csv"), (Signal::TERM, 143, "r.csv.gz"), (Signal::HUP, 129, "r.parquet")]
    {
        let server = ScriptedServer::start([Answer::json(200, r#"{"kind":"analyticsData#runReport"}"#).held()]);
        let user = user_of(&server.url());
        let running = Running::start(user.command(&["-p", "1", "-d", "pagePath", "-m", "sessions", "-o", name]));
        server.wait_for_requests(1);
        running.signal(signal);
        running.finish().expect_failure(code);
        server.release();
        assert!(user.home.tree().is_empty(), "{:?}", user.home.tree());
    }
}

/// A run that waits for the server, on a terminal.
fn waiting(columns: u16, environment: (&str, &str)) -> (ScriptedServer, Pty) {
    let server = ScriptedServer::start([Answer::json(200, r#"{"kind":"analyticsData#runReport"}"#).held()]);
    let user = user_of(&server.url());
    let mut command = user.command(&["-p", "1", "-d", "pagePath", "-m", "sessions", "-o", "/dev/null"]);
    command.env("TERM", "xterm").env(environment.0, environment.1);
    (server, Pty::start(command, columns))
}

#[test]
fn progress_is_one_line_that_is_drawn_only_when_it_changes_and_then_removed() {
    for columns in [80, 20, 12] {
        let (server, pty) = waiting(columns, ("LC_ALL", "C"));
        pty.wait_for_times("\r0 rows", 3);
        server.release();
        let (status, shown) = pty.finish();
        assert!(status.success(), "{shown:?}");
        let drawn: Vec<&str> = shown.split("\u{1b}[K").collect();
        let (last, drawn) = drawn.split_last().expect("a line");
        assert_eq!((drawn.last(), *last), (Some(&"\r"), ""), "nothing is left: {shown:?}");
        assert!(drawn.windows(2).all(|two| two[0] != two[1]), "each is another one: {shown:?}");
        for line in drawn {
            let text = line.strip_prefix('\r').expect("the line is drawn over itself");
            assert!(text.len() < usize::from(columns) && text.is_ascii(), "{columns}: {shown:?}");
            assert!(!text.contains(" of "), "no total is known yet: {shown:?}");
        }
    }
}

#[test]
fn an_interrupt_removes_the_line_of_progress() {
    let (_server, pty) = waiting(80, ("LC_ALL", "C"));
    pty.wait_for("\r0 rows, 1s");
    pty.signal(Signal::INT);
    let (status, shown) = pty.finish();
    assert_eq!(status.code(), Some(130), "{shown:?}");
    assert!(shown.ends_with("\r\u{1b}[K"), "{shown:?}");
}

#[test]
fn no_progress_is_shown_where_nobody_could_read_it() {
    // Shown on one terminal before the other one may end.
    for environment in [("TERM", "dumb"), ("TERM", "")] {
        let (other_server, other) = waiting(80, environment);
        other_server.wait_for_requests(1);
        let (server, pty) = waiting(80, ("LC_ALL", "C"));
        pty.wait_for("\r0 rows");
        server.release();
        other_server.release();
        assert_eq!(other.finish().1, "", "{environment:?}");
    }
}
