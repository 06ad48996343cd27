//! A folder of Parquet files, as DuckDB and Polars read it: what is in it is what is in a database.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use gauth_sandbox::{Fault, FaultKind, Sandbox};
use serde_json::Value;
use testkit::{Run, strace, tool};

use super::{BIN, Keeper, NOVEMBER, assert_fails, assert_silent, reports, sandbox};

const THREE_DAYS: [&str; 4] = ["--first", "2026-11-01", "--last", "2026-11-03"];

fn table_of(keeper: &Keeper) -> PathBuf {
    keeper.0.home.path().join("out/traffic")
}

fn part(keeper: &Keeper, property: &str, day: &str) -> PathBuf {
    table_of(keeper).join(format!("property={property}/date={day}/part.parquet"))
}

fn command(properties: &str, more: &[&str]) -> Vec<String> {
    let arguments =
        ["--into", "out/", "--table", "traffic", "-p", properties, "-m", "sessions,bounceRate", "-d", "country"];
    arguments.iter().chain(more).map(|&word| word.to_owned()).collect()
}

#[track_caller]
fn sync(keeper: &Keeper, properties: &str, more: &[&str]) -> Run {
    keeper.0.run(&command(properties, more).iter().map(String::as_str).collect::<Vec<_>>())
}

/// What DuckDB and Polars read of all parts; `None` where they are not installed.
fn read(keeper: &Keeper) -> Option<Value> {
    let python = testkit::client(BIN, "python/bin/python")?;
    if !Command::new(&python).args(["-c", "import duckdb, polars"]).output().expect("run Python").status.success() {
        println!("skipped: no duckdb");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/clients/python/read_report.py");
    let mut command = keeper.0.home.command(python);
    command.arg(script).arg(table_of(keeper).join("*/*/*.parquet"));
    Some(serde_json::from_str(testkit::run(command).expect(0).stdout()).expect("JSON"))
}

/// The days noted as stored or failed, of `--status`.
fn status(keeper: &Keeper) -> String {
    let arguments = ["--into", "out/", "--table", "traffic", "--status", "-f", "csv", "--last", "2026-11-10"];
    keeper.0.run(&arguments).expect(0).stdout().to_owned()
}

fn old_parts(keeper: &Keeper) -> Vec<(PathBuf, Vec<u8>)> {
    let days = ["2026-11-01", "2026-11-02", "2026-11-03"].map(|day| part(keeper, "123456", day));
    days.into_iter().map(|path| (path.clone(), fs::read(path).expect("a part"))).collect()
}

#[test]
fn a_folder_holds_what_a_database_holds() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(sync(&keeper, "123456,123457", &NOVEMBER));
    let database =
        ["--into", "ga.db", "--table", "traffic", "-p", "123456,123457", "-m", "sessions,bounceRate", "-d", "country"];
    assert_silent(keeper.0.run(&[&database[..], &NOVEMBER].concat()));
    let mut expected = keeper.ask("SELECT country, sessions, bounceRate, property, day FROM traffic");
    expected.sort();
    let Some(found) = read(&keeper) else {
        return;
    };
    for reader in ["duckdb", "polars"] {
        let table = &found[reader];
        let mut names: Vec<_> = table["columns"].as_array().expect("columns").iter().map(|column| &column[0]).collect();
        let place = |name: &str| names.iter().position(|other| *other == name).expect("a column");
        let places = ["country", "sessions", "bounceRate", "property", "date"].map(place);
        let mut rows: Vec<String> = table["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                let cells = places.map(|place| match &row[place] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                let rate = f64::from_bits(cells[2].parse().expect("the bits of a double"));
                format!("{}|{}|{rate:?}|{}|{}", cells[0], cells[1], cells[3], cells[4])
            })
            .collect();
        rows.sort();
        assert_eq!(rows, expected, "{reader}");
        names.sort_by_key(|name| name.to_string());
        assert_eq!(names, ["bounceRate", "country", "date", "property", "sessions"], "{reader}");
    }
}

#[test]
fn the_notes_are_in_the_parts_and_their_copy_may_be_lost() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(sync(&keeper, "123456", &NOVEMBER));
    assert_eq!(reports(&sandbox), 10);
    let before = status(&keeper);
    assert!(before.contains("123456,2026-11-01,2026-11-10,0,"), "{before}");
    fs::remove_dir_all(table_of(&keeper).join("_state")).expect("remove the copy");
    assert_eq!(status(&keeper), before);
    assert_silent(sync(&keeper, "123456", &NOVEMBER));
    assert_eq!(reports(&sandbox), 10);
    // A part that is not ours, and one that is gone, are days to fetch.
    fs::write(part(&keeper, "123456", "2026-11-04"), "no Parquet").expect("write");
    fs::remove_file(part(&keeper, "123456", "2026-11-05")).expect("remove");
    assert_silent(sync(&keeper, "123456", &NOVEMBER));
    assert_eq!((reports(&sandbox), status(&keeper)), (12, before));
}

#[test]
fn a_failed_day_is_noted_and_fetched_by_the_next_run() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    let path = "/v1beta/properties/123456:runReport".to_owned();
    sandbox.fault(Fault { path, times: 1, after: 3, kind: FaultKind::Html { status: 403 } });
    assert_fails(sync(&keeper, "123456", &NOVEMBER), 4, "property 123456: ");
    assert!(status(&keeper).contains("123456,2026-11-01,2026-11-03,7,2026-11-04: "), "{}", status(&keeper));
    assert_silent(sync(&keeper, "123456", &NOVEMBER));
    assert!(status(&keeper).ends_with("123456,2026-11-01,2026-11-10,0,\n"), "{}", status(&keeper));
}

#[test]
fn a_folder_is_for_one_query_and_of_one_run() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(sync(&keeper, "123456", &THREE_DAYS));
    assert_fails(sync(&keeper, "123456", &["-m", "newUsers"]), 2, "is for another query: metrics bounceRate,sessions");
    assert_fails(sync(&keeper, "123456", &["--add-columns"]), 2, "--add-columns: ");
    let lock = fs::File::open(keeper.0.home.path().join("out/.traffic.lock")).expect("the lock");
    lock.lock().expect("lock");
    assert_fails(sync(&keeper, "123456", &THREE_DAYS), 5, "another process");
    drop(lock);
    fs::create_dir(keeper.0.home.path().join("out/other")).expect("make a folder");
    fs::write(keeper.0.home.path().join("out/other/x"), "").expect("write");
    let other = ["--into", "out/", "--table", "other", "-p", "123456", "-m", "sessions"];
    assert_fails(keeper.0.run(&other), 2, "was not made by ga-sync");
    let nowhere = ["--into", "nowhere/out/", "--table", "t", "-p", "123456", "-m", "sessions"];
    assert_fails(keeper.0.run(&nowhere), 2, "its folder does not exist");
    let schema = ["--into", "out/", "--table", "s.t", "-p", "123456", "-m", "sessions"];
    assert_fails(keeper.0.run(&schema), 2, "only PostgreSQL has schemas");
}

/// Each part is the old one or a new one, which says how many rows it has, whatever call it was killed or refused at.
#[test]
fn a_run_that_is_killed_or_refused_at_any_write_leaves_each_part_old_or_new() {
    if tool("strace").is_none() {
        return;
    }
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    let lines = ["--parallel", "1", "--look-back", "365"];
    let run = |keeper: &Keeper| sync(keeper, "123456", &[&THREE_DAYS[..], &lines].concat());
    assert_silent(run(&keeper));
    let traced = |options: &[&str]| {
        let words = command("123456", &[&THREE_DAYS[..], &lines].concat());
        strace(options, keeper.0.command(&words.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    let Some(trace) = traced(&["-e", "trace=write,fsync,rename,openat,mkdir"]) else {
        return;
    };
    trace.run.expect(0);
    let mut injections = Vec::new();
    for call in ["write", "fsync", "rename", "openat"] {
        let is_own = |text: &str| text.contains("traffic") || matches!(call, "write" | "fsync");
        for pid in trace.calls.iter().map(|found| found.pid).collect::<std::collections::BTreeSet<_>>() {
            let of = trace.calls.iter().filter(|found| found.pid == pid && found.name == call);
            for (place, _) in of.enumerate().filter(|(_, found)| is_own(&found.text)) {
                for fault in ["signal=KILL", "error=ENOSPC"] {
                    injections.push((call, format!("inject={call}:{fault}:when={}", place + 1)));
                }
            }
        }
    }
    injections.sort();
    injections.dedup();
    assert!(injections.len() > 30, "{injections:?}");
    let step = injections.len().div_ceil(testkit::repetitions(12, injections.len()));
    for (call, injection) in injections.iter().step_by(step) {
        for (path, old) in old_parts(&keeper) {
            assert!(old.starts_with(b"PAR1") && old.ends_with(b"PAR1"), "{}", path.display());
        }
        let run_with_fault = traced(&["-e", &format!("trace={call}"), "-e", injection]).expect("strace was there").run;
        let code = run_with_fault.code();
        assert!([0, 1, 2, 5, 137].contains(&code), "{injection}: {code}: {}", run_with_fault.stderr());
        for (path, bytes) in old_parts(&keeper) {
            let is_whole = bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1");
            assert!(is_whole, "{injection}: {}", path.display());
        }
        assert!(status(&keeper).contains("123456,2026-11-01,2026-11-03,"), "{injection}");
        assert_silent(run(&keeper));
        for day in ["2026-11-01", "2026-11-02", "2026-11-03"] {
            let folder = part(&keeper, "123456", day);
            let names = fs::read_dir(folder.parent().expect("its folder")).expect("the folder").count();
            assert_eq!(names, 1, "{injection}: {day}");
        }
    }
}

#[test]
fn an_empty_day_is_a_part_without_rows() {
    let sandbox: Sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(sync(&keeper, "123456", &[&THREE_DAYS[..], &["--filter", "country==Atlantis"]].concat()));
    for (path, bytes) in old_parts(&keeper) {
        assert!(bytes.ends_with(b"PAR1"), "{}", path.display());
    }
    assert_silent(sync(&keeper, "123456", &[&THREE_DAYS[..], &["--filter", "country==Atlantis"]].concat()));
    assert_eq!(reports(&sandbox), 3);
}
