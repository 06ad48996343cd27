//! scripts/nightly as cron would run it, against the sandbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gauth_sandbox::Sandbox;
use testkit::{Home, run, run_with_input, tool};

use super::{BIN, Cluster, READONLY, expect_failure, sandbox, sqlite};

const DAYS: [&str; 2] = ["--first", "2026-11-01"];
const REPORT: [&str; 6] = ["-p", "123456", "-m", "sessions", "-d", "date,country"];

/// The script, with ga-query on the PATH and a token in the environment.
fn nightly(home: &Home, sandbox: &Sandbox, options: &[&str], query: &[&str]) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/nightly");
    let programs = Path::new(BIN).parent().expect("a folder").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [programs].into_iter().chain(std::env::split_paths(&path));
    let mut command = home.command(script);
    command
        .env("PATH", std::env::join_paths(folders).expect("a PATH"))
        .env("GAUTH_SANDBOX_URL", sandbox.url())
        .env("GAUTH_TOKEN", sandbox.access_token(&[READONLY]))
        .args(["--table", "traffic"])
        .args(options)
        .arg("--")
        .args(query);
    command
}

/// A home with the database that the options name.
fn sqlite_options(home: &Home) -> (PathBuf, Vec<String>) {
    let file = home.path().join("ga.db");
    let options = ["--database", file.to_str().expect("UTF-8")];
    let options = options.iter().chain(&DAYS).map(|word| (*word).to_owned());
    let options = options.collect();
    (file, options)
}

fn words(options: &[String], more: &[&'static str]) -> Vec<String> {
    let more = more.iter().map(|word| (*word).to_owned());
    options.iter().cloned().chain(more).collect()
}

fn run_nightly(home: &Home, sandbox: &Sandbox, options: &[String]) -> testkit::Run {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    run(nightly(home, sandbox, &options, &REPORT))
}

/// The commands of a document that are indented by four blanks.
fn commands(document: &str) -> Vec<String> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(document);
    let text = fs::read_to_string(document).expect("read the document");
    text.lines().filter_map(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

#[test]
fn the_line_for_cron_works_as_typed_after_the_install_step() {
    if tool("sqlite3").is_none() {
        return;
    }
    let (home, sandbox) = (Home::new(), sandbox(500));
    // What cargo would install.
    let folder = home.path().join(".cargo/bin");
    fs::create_dir_all(&folder).expect("make the folder");
    for program in ["ga-query", "gauth-token"] {
        std::os::unix::fs::symlink(testkit::sibling(BIN, program), folder.join(program)).expect("link the program");
    }
    let install = commands("README.md");
    let install = install.iter().find(|line| line.starts_with("install ")).expect("the line that installs nightly");
    let mut shell = home.command("sh");
    shell.args(["-c", install]).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    run(shell).expect(0);

    let lines = commands("docs/recipes.md");
    let line = lines.iter().find(|line| line.contains(" * * * ")).expect("the line for cron");
    let command = line.splitn(6, ' ').nth(5).expect("five fields and a command");
    // cron(8), crontab(5): a short PATH, /bin/sh, the home folder, and little else.
    let mut cron = home.command("/bin/sh");
    cron.args(["-c", command])
        .env("PATH", "/usr/bin:/bin")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("LC_ALL")
        .env("GAUTH_SANDBOX_URL", sandbox.url())
        .env("GOOGLE_APPLICATION_CREDENTIALS", sandbox.service_account_key());
    assert_silent(run(cron));
    let days =
        run_with_input(sqlite(&home, &home.path().join("ga.db"), &[]), "SELECT count(DISTINCT date) FROM traffic;");
    assert_eq!(days.expect(0).stdout(), "28\n");
}

/// Silence is success.
#[track_caller]
fn assert_silent(run: testkit::Run) {
    let run = run.expect(0);
    assert_eq!((run.stdout(), run.stderr()), ("", ""));
}

/// How many reports were asked for so far.
fn asked(sandbox: &Sandbox) -> usize {
    let reports = sandbox.requests().into_iter();
    reports.filter(|request| request.path.contains("runReport")).count()
}

#[test]
fn each_night_adds_a_day_and_replaces_the_last_three() {
    if tool("sqlite3").is_none() {
        return;
    }
    let (home, sandbox) = (Home::new(), sandbox(500));
    let (file, options) = sqlite_options(&home);
    let ask = |sql: &str| {
        let run = run_with_input(sqlite(&home, &file, &["-bail"]), sql);
        run.expect(0).stdout().to_owned()
    };
    let first = run_nightly(&home, &sandbox, &words(&options, &["--last", "2026-11-10"]));
    assert_silent(first);
    assert_eq!(asked(&sandbox), 10);
    let state = home.path().join("ga.db.traffic.day");
    assert_eq!(fs::read_to_string(&state).expect("the state"), "2026-11-10\n");
    let everything = "SELECT * FROM traffic ORDER BY date, country;";
    let before = ask(everything);

    // What Analytics has thought better of is gone from the days that it may still change, and from no other.
    ask("UPDATE traffic SET sessions = 0 WHERE date = '20261109';
         INSERT INTO traffic VALUES ('123456', '20261108', '(data not available)', 7);
         INSERT INTO traffic VALUES ('123456', '20261107', 'kept', 7);");
    let again = run_nightly(&home, &sandbox, &words(&options, &["--last", "2026-11-10"]));
    assert_silent(again);
    assert_eq!(asked(&sandbox), 13);
    assert_eq!(ask("DELETE FROM traffic WHERE country = 'kept' RETURNING date;"), "20261107\n");
    assert_eq!(ask(everything), before);

    run_nightly(&home, &sandbox, &words(&options, &["--last", "2026-11-11"])).expect(0);
    assert_eq!(asked(&sandbox), 17);
    assert_eq!(ask("SELECT max(date), count(DISTINCT date) FROM traffic;"), "20261111|11\n");
}

#[test]
fn a_night_that_fails_is_taken_up_where_it_failed() {
    if tool("sqlite3").is_none() {
        return;
    }
    let (home, sandbox) = (Home::new(), sandbox(500));
    let (file, options) = sqlite_options(&home);
    let options = words(&options, &["--last", "2026-11-06", "--look-back", "0"]);
    // The database goes away in the middle: a table of that name that takes no such row.
    let block = "CREATE TABLE traffic (property, date CHECK (date <> '20261104'), country, sessions, PRIMARY KEY (property, date, country));";
    run_with_input(sqlite(&home, &file, &[]), block).expect(0);
    let run = run_nightly(&home, &sandbox, &options);
    expect_failure(run, 1, "load 2026-11-04 into traffic");
    let state = home.path().join("ga.db.traffic.day");
    assert_eq!(fs::read_to_string(&state).expect("the state"), "2026-11-03\n");

    let repair = "ALTER TABLE traffic RENAME TO old;
        CREATE TABLE traffic (property, date, country, sessions, PRIMARY KEY (property, date, country));
        INSERT INTO traffic SELECT * FROM old;";
    run_with_input(sqlite(&home, &file, &["-bail"]), repair).expect(0);
    run_nightly(&home, &sandbox, &options).expect(0);
    assert_eq!(asked(&sandbox), 4 + 3);
    let days = run_with_input(sqlite(&home, &file, &[]), "SELECT count(DISTINCT date) FROM traffic;");
    assert_eq!(days.expect(0).stdout(), "6\n");
}

#[test]
fn the_code_of_ga_query_is_the_code_of_the_night() {
    let (home, sandbox) = (Home::new(), sandbox(500));
    let (_, options) = sqlite_options(&home);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let unknown = ["-p", "123456", "-m", "sesions", "-d", "date"];
    run(nightly(&home, &sandbox, &options, &unknown)).expect(4);
    let mut no_login = nightly(&home, &sandbox, &options, &REPORT);
    no_login.env("GAUTH_TOKEN", "ya29.ended");
    run(no_login).expect(3);
    run(nightly(&home, &sandbox, &["--look-back", "x"], &REPORT)).expect(2);
    assert!(!home.path().join("ga.db").exists());
}

#[test]
fn what_could_not_be_there_the_next_day_is_refused() {
    let (home, sandbox) = (Home::new(), sandbox(500));
    for (options, reason) in [
        (["--database", "ga.db", "--last", "tomorrow"], "--last: expected YYYY-MM-DD"),
        (["--database", "ga.db", "--last", "2999-12-31"], "--last: expected yesterday or an earlier day"),
        (["--database", "ga.db", "--first", "last monday"], "--first: expected YYYY-MM-DD"),
        (["--database", ":memory:", "--last", "2026-11-02"], "--database: expected a file"),
        (["--database", "file:ga?mode=memory", "--last", "2026-11-02"], "--database: expected a file"),
    ] {
        expect_failure(run(nightly(&home, &sandbox, &options, &REPORT)), 2, reason);
    }
    let mut date = home.command("date");
    date.arg("+%F");
    let today = run(date).stdout().trim().to_owned();
    let run = run(nightly(&home, &sandbox, &["--database", "ga.db", "--last", &today], &REPORT));
    expect_failure(run, 2, "--last: expected yesterday or an earlier day");
    assert_eq!(asked(&sandbox), 0);
}

#[test]
fn what_is_to_be_said_about_the_query_is_said_by_the_first_night_only() {
    if tool("sqlite3").is_none() {
        return;
    }
    let (home, sandbox) = (Home::new(), sandbox(500));
    let old = ["--ids", "ga:123456", "-m", "ga:users", "-d", "ga:date"];
    let last = |day| ["--database", "ga.db", "--first", "2026-11-01", "--last", day];
    let first = run(nightly(&home, &sandbox, &last("2026-11-03"), &old)).expect(0);
    assert_eq!(first.stderr().matches("property 123456").count(), 1, "{}", first.stderr());
    assert_silent(run(nightly(&home, &sandbox, &last("2026-11-04"), &old)));
}

#[test]
fn two_nights_do_not_overlap() {
    if tool("flock").is_none() {
        return;
    }
    let (home, sandbox) = (Home::new(), sandbox(500));
    let (_, options) = sqlite_options(&home);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let lock = fs::File::create(home.path().join("ga.db.traffic.day.lock")).expect("make the lock");
    lock.lock().expect("hold the lock");
    let run = run(nightly(&home, &sandbox, &options, &REPORT));
    expect_failure(run, 5, "another run is filling traffic");
    assert_eq!(asked(&sandbox), 0);
}

#[test]
fn postgresql_is_filled_as_well() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let (home, sandbox) = (Home::new(), sandbox(500));
    let load = cluster.psql_line();
    let options = ["--load", &load, "--state", "state", "--last", "2026-11-04"];
    let options = [&options[..], &DAYS].concat();
    for reports in [4, 7] {
        let run = run(nightly(&home, &sandbox, &options, &REPORT));
        assert_silent(run);
        assert_eq!(asked(&sandbox), reports);
        let count = "SELECT count(DISTINCT date), max(date) FROM traffic;";
        let stored = run_with_input(cluster.psql(&home, &["-At"]), count);
        assert_eq!(stored.expect(0).stdout(), "4|20261104\n");
    }
}
