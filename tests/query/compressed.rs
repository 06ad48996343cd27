//! `.gz` behind the ending of `-o` (gzip, RFC 1952).

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use testkit::{Analyst, Answer, Run, ScriptedServer};

use super::parquet::read;
use super::{answer, csv_of, page_of, user_of};

const REPORT: [&str; 6] = ["-p", "1", "-d", "pagePath", "-m", "sessions"];

fn server() -> ScriptedServer {
    ScriptedServer::answering(|request| answer(&page_of(20_000, request)))
}

#[track_caller]
fn unpacked(user: &Analyst, name: &str) -> String {
    let mut text = String::new();
    let file = fs::File::open(user.home.path().join(name)).expect("open");
    GzDecoder::new(file).read_to_string(&mut text).expect("unpack");
    text
}

#[test]
fn gz_behind_an_ending_compresses_what_the_ending_says() {
    let server = server();
    let user = user_of(&server.url());
    for (name, format) in [
        ("r.csv.gz", "csv"),
        ("r.TSV.GZ", "tsv"),
        ("r.json.gz", "json"),
        ("r.ndjson.gz", "ndjson"),
        ("r.jsonl.gz", "ndjson"),
        ("r.sql.gz", "sql"),
    ] {
        let table = if format == "sql" { &["--table", "t", "--dates", "2026-11-01..2026-11-02"][..] } else { &[] };
        let expected = user.run(&[&REPORT[..], &["-f", format], table].concat()).expect(0).stdout().to_owned();
        assert_eq!(user.run(&[&REPORT[..], &["-o", name], table].concat()).expect(0).stdout(), "");
        assert_eq!(unpacked(&user, name), expected, "{name}");
        assert!(fs::metadata(user.home.path().join(name)).expect("metadata").len() < expected.len() as u64 / 2);
    }
    // -f wins over the ending, and .gz compresses what it names.
    for name in ["r.csv.gz", "r.gz", "r.unknown.gz"] {
        user.pages(&["-o", name, "-f", "ndjson"]).expect(0);
        assert!(unpacked(&user, name).starts_with("{\""), "{name}");
    }
    user.pages(&["-o", "r.csv.gz", "--excel"]).expect(0);
    assert!(unpacked(&user, "r.csv.gz").starts_with("\u{feff}"));
}

#[test]
fn the_same_report_is_the_same_bytes_without_a_time_or_a_name() {
    let server = server();
    let user = user_of(&server.url());
    let [one, other] = ["one.csv.gz", "other.csv.gz"].map(|name| {
        user.pages(&["-o", name]).expect(0);
        fs::read(user.home.path().join(name)).expect("read")
    });
    assert!(one == other);
    // Flags and MTIME.
    assert_eq!(one[3..8], [0; 5]);
}

#[test]
fn gz_on_another_format_is_refused_before_a_token_is_read() {
    let server = server();
    let user = user_of(&server.url());
    for (more, said) in [
        (&["-o", "r.parquet.gz"][..], "-o: parquet cannot be compressed by .gz, only csv, tsv, json, ndjson, sql\n"),
        (&["-o", "r.html.gz"], "-o: html cannot be compressed"),
        (&["-o", "r.csv.gz", "-f", "parquet"], "-o: parquet cannot be compressed"),
        (&["-o", "r.gz", "-f", "table"], "-o: table cannot be compressed"),
        (&["-o", "r.csv.GZ", "-f", "chart"], "-o: chart cannot be compressed"),
        (&["-o", "r.json.gz", "-f", "raw"], "-o: raw cannot be compressed"),
        (&["-o", "r.csv.gz", "-f", "v3", "--ids", "ga:1"], "-o: v3 cannot be compressed"),
        (&["-o", "r.xlsx.gz"], "-o: unknown file extension"),
        (&["-o", "r.gz"], "-o: unknown file extension"),
        (&["-o", "r.csv.gz.gz"], "-o: unknown file extension"),
    ] {
        for preview in [&[][..], &["--dry-run"], &["--curl"]] {
            let property = if more.contains(&"--ids") { &[][..] } else { &["-p", "1"] };
            let arguments = ["-d", "date", "-m", "sessions", "--token-command", "touch asked"];
            let command = user.command_without_token(&[property, &arguments, more, preview].concat());
            let run = testkit::run(command).expect_failure(2);
            assert!(run.stderr().contains(said), "{more:?}: {}", run.stderr());
        }
    }
    assert!(user.home.tree().is_empty() && server.requests().is_empty());
}

#[test]
fn a_run_that_fails_keeps_the_old_file_and_leaves_no_other() {
    let server = ScriptedServer::answering(|request| {
        let page = page_of(250_001, request);
        let is_first = page["rows"][0]["dimensionValues"][0]["value"] == "/0";
        if is_first { answer(&page) } else { Answer::json(400, r#"{"error":{"code":400,"message":"no"}}"#) }
    });
    let user = user_of(&server.url());
    user.home.write("r.csv.gz", 0o640, "old");
    user.pages(&["-o", "r.csv.gz"]).expect_failure(4);
    assert_eq!(fs::read_to_string(user.home.path().join("r.csv.gz")).expect("read"), "old");
    assert_eq!(user.home.tree().len(), 1);
}

#[test]
fn what_is_not_a_regular_file_says_nothing_by_its_name() {
    let server = server();
    let user = user_of(&server.url());
    std::os::unix::fs::symlink("/dev/full", user.home.path().join("full.csv.gz")).expect("link");
    std::os::unix::fs::symlink("/dev/stdout", user.home.path().join("out.csv.gz")).expect("link");
    let run: Run = user.pages(&["-o", "full.csv.gz"]).expect_failure(1);
    assert!(run.stderr().contains("no space left"), "{}", run.stderr());
    assert_eq!(user.pages(&["-o", "out.csv.gz"]).expect(0).stdout(), csv_of(20_000));
}

#[test]
fn a_file_that_grows_too_large_is_an_error_and_is_not_left() {
    let server = server();
    let user = user_of(&server.url());
    for name in ["r.csv", "r.csv.gz", "r.parquet"] {
        let mut command = user.home.command("sh");
        // The limit is in units of 512 bytes; with the signal ignored, a write is an error.
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"", super::BIN])
            .args(REPORT)
            .args(["-o", name]);
        command.env("GAUTH_SANDBOX_URL", &user.url).env("GAUTH_TOKEN", &user.token);
        let run = user.finish(command).expect_failure(1);
        assert!(run.stderr().contains("file too large"), "{name}: {}", run.stderr());
        assert!(user.home.tree().is_empty(), "{name}: {:?}", user.home.tree());
    }
}

#[test]
fn duckdb_reads_what_is_compressed() {
    let server = ScriptedServer::answering(|request| answer(&page_of(50, request)));
    let user = user_of(&server.url());
    for name in ["r.csv.gz", "r.ndjson.gz", "r.json.gz"] {
        user.pages(&["-o", name]).expect(0);
        let Some(found) = read(&user, name) else { return };
        let expected = (0..50).map(|place| serde_json::json!([format!("/{place}"), 50 - place]));
        assert_eq!(found["duckdb"]["rows"], expected.collect::<serde_json::Value>(), "{name}");
    }
}
