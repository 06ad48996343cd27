//! Options, tokens, and what --status and --dry-run print.

use std::fs;
use std::path::Path;

use testkit::{Analyst, Home, User};

use super::{BIN, Keeper, NOVEMBER, assert_fails, assert_silent, reports, sandbox};

#[test]
fn the_man_page_is_current() {
    testkit::assert_man_page_is_current(BIN, include_str!("../../crates/ga-sync/ga-sync.1"));
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_made() {
    let analyst = Analyst::offline(BIN);
    let table = ["--table", "t", "-p", "1", "-m", "sessions"];
    for (arguments, reason) in [
        (&["--table", "t", "-m", "sessions", "-p", "1"][..], "--into is missing"),
        (&["--into", "ga.db", "-m", "sessions", "-p", "1"], "--table is missing"),
        (&["--into", "ga.db", "--table", "t", "-p", "1"], "no metric was named"),
        (&["--into", "ga.db", "--table", "t", "-m", "sessions"], "no property was named"),
        (&["--into", "ga.db", "--table", "a.b", "-p", "1", "-m", "sessions"], "only PostgreSQL has schemas"),
        (&["--into", "ga.db", "--table", "ga_sync_x", "-p", "1", "-m", "sessions"], "ga-sync's own"),
        (&["--into", "ga.db", "--table", "a-b", "-p", "1", "-m", "sessions"], "expected letters, digits and _"),
        (&[&["--into", ":memory:"], &table[..]].concat(), "in-memory"),
        (&[&["--into", "."], &table[..]].concat(), "is a folder"),
        (&[&["--into", "no/ga.db"], &table[..]].concat(), "its folder does not exist"),
        (&[&["--into", "ga.db"], &table[..], &["--status", "--dry-run"]].concat(), "exclude each other"),
        (&[&["--into", "ga.db"], &table[..], &["-f", "csv"]].concat(), "a sync prints nothing"),
        (&[&["--into", "ga.db"], &table[..], &["--status", "-f", "tsv"]].concat(), "expected one of table, csv, json"),
        (&[&["--into", "ga.db"], &table[..], &["--status"]].concat(), "has not made a table t"),
        (&[&["--into", "ga.db"], &table[..], &["--parallel", "0"]].concat(), "--parallel"),
    ] {
        let mut command = analyst.command(arguments);
        command.env("GAUTH_TOKEN", Analyst::TOKEN);
        assert_fails(analyst.finish(command), 2, reason);
    }
    let unknown = ["--into", "ga.db", "--table", "t", "-p", "1", "-m", "sesions"];
    assert_fails(analyst.run(&unknown), 4, "sesions");
    assert_eq!(analyst.home.tree(), [""; 0].map(std::path::PathBuf::from));
}

#[test]
fn status_and_dry_run_print_a_row_for_each_property_and_change_nothing() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    let dry = keeper.of_properties("123457,123456", &[&NOVEMBER[..], &["--dry-run"]].concat()).expect(0);
    let header = "property,first_day,last_day,units,requests\n";
    let line = |property: &str| format!("{property},2026-11-01,2026-11-10,10,10\n");
    assert_eq!(dry.stdout(), [header, &line("123457"), &line("123456")].concat());
    assert_eq!((sandbox.requests().len(), keeper.database().exists()), (0, false));

    assert_fails(keeper.of_properties("123456,200403", &NOVEMBER), 6, "200403");
    keeper.change("DELETE FROM ga_sync WHERE day = '2026-11-07'");
    let before = sandbox.requests().len();
    let status = keeper.0.run(&["--into", "ga.db", "--table", "traffic", "--status", "--last", "2026-11-12"]).expect(0);
    let lines: Vec<&str> = status.stdout().lines().collect();
    assert_eq!(lines[0], "property,first_day,last_day,days_missing,last_error");
    assert_eq!(lines[1], "123456,2026-11-01,2026-11-10,3,");
    assert!(
        lines[2].starts_with("200403,,,12,\"2026-11-01: property 200403: ")
            || lines[2].starts_with("200403,,,12,2026-11-01: property 200403: "),
        "{}",
        lines[2]
    );
    let json = ["--into", "ga.db", "--table", "traffic", "--status", "-p", "5", "-f", "json", "--first", "2026-11-10"];
    let json = keeper.0.run(&[&json[..], &["--last", "2026-11-12"]].concat()).expect(0);
    assert!(json.stdout().contains("\"days_missing\":\"3\""), "{}", json.stdout());
    let due = keeper.sync(&["--last", "2026-11-11", "--dry-run"]).expect(0);
    assert_eq!(due.stdout(), format!("{header}123456,2026-11-07,2026-11-11,2,2\n"));
    assert_eq!(sandbox.requests().len(), before);
}

#[test]
fn without_a_token_the_gauth_token_beside_it_is_run() {
    let user = User::logged_in(
        BIN,
        gauth_sandbox::Options { rows: 500, ..Default::default() },
        &["https://www.googleapis.com/auth/analytics.readonly"],
    );
    let arguments = ["--into", "ga.db", "--table", "t", "-p", "123456", "-m", "sessions"];
    let arguments = [&arguments[..], &NOVEMBER].concat();
    let command = user.command_of_sibling("ga-sync", &arguments);
    assert_silent(testkit::run(command));
    assert_eq!(reports(&user.sandbox), 10);
}

#[test]
fn the_line_for_cron_works_as_typed_after_the_install_step() {
    let (home, sandbox) = (Home::new(), sandbox());
    // What the installation would install.
    let folder = home.path().join(".local/bin");
    fs::create_dir_all(&folder).expect("make the folder");
    for program in ["ga-sync", "gauth-token"] {
        std::os::unix::fs::symlink(testkit::sibling(BIN, program), folder.join(program)).expect("link the program");
    }
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recipes.md");
    let recipes = fs::read_to_string(recipes).expect("read the recipes");
    let line = recipes.lines().find(|line| line.starts_with("    ") && line.contains(" * * * "));
    let command = line.and_then(|line| line.trim().splitn(6, ' ').nth(5)).expect("five fields and a command");
    // cron(8), crontab(5): a short PATH, /bin/sh, the home folder, and little else.
    let mut cron = home.command("/bin/sh");
    cron.args(["-c", command])
        .env("PATH", "/usr/bin:/bin")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("LC_ALL")
        .env("GAUTH_SANDBOX_URL", sandbox.url())
        .env("GOOGLE_APPLICATION_CREDENTIALS", sandbox.service_account_key());
    assert_silent(testkit::run(cron));
    let database = rusqlite::Connection::open(home.path().join("ga.db")).expect("open the database");
    let days = database.query_row("SELECT count(DISTINCT day) FROM traffic", [], |row| row.get::<_, i64>(0));
    assert_eq!(days.expect("count the days"), 28);
}
