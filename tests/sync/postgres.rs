//! What is PostgreSQL's own: claims, logins, schemas, TLS, and what is in the table, in a cluster of each test's own.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use gauth_sandbox::{Fault, FaultKind, Sandbox};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use testkit::{Analyst, Answer, Cluster, IN_TIME, Run, Running, ScriptedServer, Signal, run_with_input, strace, tool};

use super::{BIN, NOVEMBER, assert_fails, assert_silent, reports, sandbox};

const TWO_DAYS: [&str; 4] = ["--first", "2026-11-01", "--last", "2026-11-02"];
const ROWS: &str = "SELECT property, day, country, sessions FROM traffic ORDER BY 1, 2, 3";
/// Days whose rows are not as many as noted.
const TORN: &str = "SELECT property, day FROM ga_sync s WHERE s.rows <> \
    (SELECT count(*) FROM traffic t WHERE t.property = s.property AND t.day = s.day)";

/// A user of ga-sync with a database server of their own.
struct Keeper {
    analyst: Analyst,
    cluster: Cluster,
}

impl Keeper {
    /// `None`, with `skipped: …` printed, if PostgreSQL is not there.
    fn of(sandbox: &Sandbox) -> Option<Self> {
        Some(Self { analyst: Analyst::of_sandbox(BIN, sandbox), cluster: Cluster::start()? })
    }

    /// The URL of the database, on the socket.
    fn url(&self) -> String {
        let folder = self.cluster.folder().to_str().expect("UTF-8").replace('/', "%2F");
        format!("postgres://ga@{folder}/postgres")
    }

    /// Sessions by country into `traffic`.
    fn command(&self, into: &str, properties: &str, more: &[&str]) -> Command {
        let arguments = ["--into", into, "--table", "traffic", "-p", properties, "-m", "sessions", "-d", "country"];
        self.analyst.command(&[&arguments[..], more].concat())
    }

    #[track_caller]
    fn sync(&self, properties: &str, more: &[&str]) -> Run {
        self.analyst.finish(self.command(&self.url(), properties, more))
    }

    /// The lines that answer SQL, cells with `|` between them.
    #[track_caller]
    fn ask(&self, sql: &str) -> Vec<String> {
        let psql = self.cluster.psql(&self.analyst.home, &["-At", "-q", "-P", "null=NULL"]);
        run_with_input(psql, sql).expect(0).stdout().lines().map(str::to_owned).collect()
    }

    /// Until no run is connected any more.
    fn wait_for_no_connection(&self) {
        let deadline = std::time::Instant::now() + IN_TIME;
        let connected = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ga-sync'";
        while self.ask(connected) != ["0"] {
            assert!(std::time::Instant::now() < deadline, "a connection outlives its program");
        }
    }
}

#[test]
fn columns_have_types_and_the_cells_are_the_reports() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    let (url, fields) = (keeper.url(), ["-m", "sessions,bounceRate,totalRevenue", "-d", "date,country,day"]);
    let arguments = ["--into", &url, "--table", "t", "-p", "123456"];
    assert_silent(keeper.analyst.run(&[&arguments[..], &fields, &TWO_DAYS].concat()));
    let columns = "SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = 't' \
        ORDER BY ordinal_position";
    assert_eq!(
        keeper.ask(columns),
        [
            "property bigint",
            "day date",
            "country text",
            "day_of_month text",
            "sessions bigint",
            "bounceRate double precision",
            "totalRevenue double precision",
        ]
    );
    let index = keeper.ask("SELECT indexdef FROM pg_indexes WHERE tablename = 't'");
    assert!(index[0].ends_with("(property, day)"), "{index:?}");
    let query = Analyst::of_sandbox(testkit::sibling(BIN, "ga-query").to_str().expect("UTF-8"), &sandbox);
    let days = ["-p", "123456,", "--start", "2026-11-01", "--end", "2026-11-02", "--sort", "date,country"];
    let cells = query.cells(&[&days[..], &fields, &["--header", "none"]].concat());
    let row = |cells: &Vec<String>| {
        let number = |text: &str| text.parse::<f64>().expect("a number").to_string();
        [&cells[..4], &[number(&cells[4]), number(&cells[5])]].concat().join("|")
    };
    let stored = "SELECT to_char(day, 'YYYYMMDD'), country, day_of_month, sessions, \"bounceRate\", \"totalRevenue\" \
        FROM t WHERE property = 123456 ORDER BY 1, 2";
    assert!(!cells.is_empty());
    assert_eq!(keeper.ask(stored), cells.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn h8_postgresql_stores_what_visitors_write_as_text() {
    let hostile =
        ["'); DROP TABLE t; --", "\\", "\\.", "\\N", "\"", "", "a\0b", "two\nlines\r\n", "a\tb", "\u{202e}日本"];
    let row = |text: &&str| json!({"dimensionValues": [{"value": text}], "metricValues": [{"value": "7"}]});
    let page = json!({
        "dimensionHeaders": [{"name": "country"}],
        "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
        "rows": hostile.iter().map(row).collect::<Vec<_>>(),
        "rowCount": hostile.len(),
        "kind": "analyticsData#runReport",
    });
    let server = ScriptedServer::answering(move |_| Answer::json(200, page.to_string()));
    let Some(cluster) = Cluster::start() else { return };
    let keeper = Keeper { analyst: Analyst::of(BIN, &server.url()), cluster };
    assert_silent(keeper.sync("1", &TWO_DAYS));
    let mut expected = hostile.map(|text| text.replace('\0', "\u{fffd}"));
    expected.sort_unstable();
    let stored = keeper.ask("SELECT json_agg(country ORDER BY country) FROM traffic WHERE day = '2026-11-02'");
    let stored: Vec<String> = serde_json::from_str(&stored.join("")).expect("JSON");
    assert_eq!(stored, expected);
    assert_eq!(keeper.ask("SELECT rows, error, quality FROM ga_sync"), ["10|NULL|NULL", "10|NULL|NULL"]);
}

#[test]
fn tables_of_others_and_of_other_queries_are_refused() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    let url = keeper.url();
    assert_fails(keeper.sync("123456", &["--status"]), 2, "has not made a table traffic");
    assert_eq!(keeper.sync("123456", &["--dry-run"]).expect(0).stdout().lines().count(), 2);
    keeper.ask("CREATE TABLE traffic (a int)");
    assert_fails(keeper.sync("123456", &TWO_DAYS), 2, "the table traffic was not made by ga-sync");
    keeper.ask("DROP TABLE traffic; CREATE SCHEMA web");
    assert_silent(keeper.sync("123456", &TWO_DAYS));
    let fields = |table: &str, metrics: &str, more: &[&str]| {
        let arguments = ["--into", &url, "--table", table, "-p", "123456", "-d", "country", "-m", metrics];
        keeper.analyst.run(&[&arguments[..], more].concat())
    };
    let other = "metrics sessions before, sessions,totalUsers now";
    assert_fails(fields("traffic", "sessions,totalUsers", &TWO_DAYS), 2, other);
    // The same table under its whole name.
    assert_fails(fields("public.traffic", "sessions,totalUsers", &["--dry-run"]), 2, other);
    let third = ["--last", "2026-11-03", "--add-columns"];
    assert_silent(fields("public.traffic", "sessions,totalUsers", &third));
    let days = "SELECT day, count(\"totalUsers\") > 0 FROM traffic GROUP BY 1 ORDER BY 1";
    assert_eq!(keeper.ask(days), ["2026-11-01|f", "2026-11-02|f", "2026-11-03|t"]);

    assert_silent(fields("web.traffic", "newUsers", &TWO_DAYS));
    let notes = "SELECT table_name, count(*) FROM ga_sync GROUP BY 1 ORDER BY 1";
    assert_eq!(keeper.ask(notes), ["traffic|3", "web.traffic|2"]);
    assert_fails(fields("no.traffic", "newUsers", &TWO_DAYS), 2, "schema \"no\" does not exist");
    assert_fails(fields(&"t".repeat(64), "newUsers", &TWO_DAYS), 2, "at most 63 bytes");
    let long = format!("customEvent:{}", "x".repeat(60));
    assert_fails(fields("t", &long, &TWO_DAYS), 2, "at most 63 bytes");
    keeper.ask("DROP TABLE traffic");
    let run = assert_fails(keeper.sync("123456", &TWO_DAYS), 2, "the table traffic is gone");
    keeper.ask(run.stderr().split_once("to begin it again: ").expect("a hint").1);
    assert_silent(keeper.sync("123456", &TWO_DAYS));
}

#[test]
fn several_runs_divide_the_properties_and_ask_no_day_twice() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    let properties = "123456,123457,123458,234567,345678,456789,456790,200001,200002,200003";
    let url = keeper.url();
    let start = |_| Running::start(keeper.command(&url, properties, &NOVEMBER));
    let running: Vec<Running> = (0..4).map(start).collect();
    running.into_iter().for_each(|running| assert_silent(running.finish()));
    let asked = sandbox.requests().into_iter().filter(|request| request.path.ends_with(":runReport"));
    let asked: Vec<_> = asked.map(|request| (request.path, request.body)).collect();
    assert_eq!(asked.len(), 100);
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), 100);
    assert_eq!(keeper.ask("SELECT count(*), count(rows), count(error) FROM ga_sync"), ["100|100|0"]);
    assert_eq!(keeper.ask(TORN), [""; 0]);
}

#[test]
fn a_run_that_is_killed_frees_its_claim_and_the_next_one_goes_on() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    sandbox.fault(Fault::new("/v1beta/properties/123456:runReport", FaultKind::Hold).after(3));
    let first = Running::start(keeper.command(&keeper.url(), "123456", &NOVEMBER));
    assert!(sandbox.wait_for_held(1, IN_TIME), "the fourth day is not asked for");
    // No transaction waits for Google but the claim's, and another run leaves the property alone.
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'";
    assert_eq!(keeper.ask(waiting), ["1"]);
    let before = sandbox.requests().len();
    assert_silent(keeper.sync("123456", &NOVEMBER));
    assert_eq!(sandbox.requests().len(), before);
    first.signal(Signal::KILL);
    assert_eq!(first.finish().code(), 137);
    sandbox.release();
    keeper.wait_for_no_connection();
    assert_eq!(keeper.ask("SELECT count(*), max(day) FROM ga_sync"), ["3|2026-11-03"]);
    assert_silent(keeper.sync("123456", &NOVEMBER));
    assert_eq!(keeper.ask("SELECT count(*), count(rows) FROM ga_sync"), ["10|10"]);
    assert_eq!(keeper.ask(TORN), [""; 0]);
}

#[test]
fn each_end_of_a_connection_notices_in_minutes_that_the_other_has_vanished() {
    let sandbox = sandbox();
    let (Some(ss), Some(mut keeper)) = (tool("ss"), Keeper::of(&sandbox)) else { return };
    keeper.cluster.stop();
    let port = keeper.cluster.serve_on_loopback(&[]);
    sandbox.fault(Fault::new("/v1beta/properties/123456:runReport", FaultKind::Hold));
    let url = format!("postgres://ga@127.0.0.1:{port}/postgres");
    let running = Running::start(keeper.command(&url, "123456", &TWO_DAYS));
    assert!(sandbox.wait_for_held(1, IN_TIME), "no day is asked for");
    let mut sockets = Command::new(ss);
    sockets.args(["-Htno", "state", "established", &format!("( sport = :{port} or dport = :{port} )")]);
    let sockets = testkit::run(sockets).expect(0);
    // Two connections, each with two ends. By default it is two hours; a timer of another kind is shorter still.
    assert_eq!(sockets.stdout().lines().count(), 4, "{}", sockets.stdout());
    assert!(
        sockets.stdout().lines().all(|line| line.contains("timer:(") && !line.contains("min")),
        "{}",
        sockets.stdout()
    );
    sandbox.release();
    assert_silent(running.finish());
}

#[test]
fn a_run_for_another_table_waits_for_the_property() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    sandbox.fault(Fault::new("/v1beta/properties/123456:runReport", FaultKind::Hold));
    let first = Running::start(keeper.command(&keeper.url(), "123456", &TWO_DAYS));
    assert!(sandbox.wait_for_held(1, IN_TIME), "the first day is not asked for");
    let before = sandbox.requests().len();
    let url = keeper.url();
    let other = ["--into", &url, "--table", "other", "-p", "123456", "-m", "sessions"];
    let second = Running::start(keeper.analyst.command(&[&other[..], &TWO_DAYS].concat()));
    let deadline = std::time::Instant::now() + IN_TIME;
    while keeper.ask("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") != ["1"] {
        assert!(std::time::Instant::now() < deadline, "it does not wait");
    }
    assert_eq!(sandbox.requests().len(), before);
    sandbox.release();
    assert_silent(first.finish());
    assert_silent(second.finish());
    let notes = "SELECT table_name, count(rows) FROM ga_sync GROUP BY 1 ORDER BY 1";
    assert_eq!(keeper.ask(notes), ["other|2", "traffic|2"]);
}

#[test]
fn a_run_that_loses_its_claim_stores_nothing_more() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    sandbox.fault(Fault::new("/v1beta/properties/123456:runReport", FaultKind::Hold).after(3));
    let running = Running::start(keeper.command(&keeper.url(), "123456", &NOVEMBER));
    assert!(sandbox.wait_for_held(1, IN_TIME), "the fourth day is not asked for");
    keeper.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'");
    sandbox.release();
    assert_fails(running.finish(), 5, "cannot write to PostgreSQL");
    assert_eq!(keeper.ask("SELECT count(*), count(error) FROM ga_sync"), ["3|0"]);
    assert_silent(keeper.sync("123456", &NOVEMBER));
    assert_eq!(keeper.ask(TORN), [""; 0]);
}

#[test]
fn a_database_that_is_gone_ends_the_run_and_the_next_one_goes_on() {
    let sandbox = sandbox();
    let Some(mut keeper) = Keeper::of(&sandbox) else { return };
    sandbox.fault(Fault::new("/v1beta/properties/123456:runReport", FaultKind::Hold).after(3));
    let running =
        Running::start(keeper.command(&keeper.url(), "123456,123457", &[&NOVEMBER[..], &["--parallel", "1"]].concat()));
    assert!(sandbox.wait_for_held(1, IN_TIME), "the fourth day is not asked for");
    keeper.cluster.stop();
    sandbox.release();
    assert_fails(running.finish(), 5, "cannot write to PostgreSQL");
    assert_fails(keeper.sync("123456", &NOVEMBER), 5, "cannot connect to PostgreSQL");
    keeper.cluster.serve(&["listen_addresses="]);
    assert_eq!(keeper.ask("SELECT count(*), count(error) FROM ga_sync"), ["3|0"]);
    assert_silent(keeper.sync("123456,123457", &NOVEMBER));
    assert_eq!(
        keeper.ask("SELECT property, count(rows) FROM ga_sync GROUP BY 1 ORDER BY 1"),
        ["123456|10", "123457|10"]
    );
    assert_eq!(keeper.ask(TORN), [""; 0]);
    assert_eq!(reports(&sandbox), 21);
}

/// At full size: 300 properties of 30 days.
#[test]
fn four_runs_of_which_one_is_killed_again_and_again_store_every_row_once() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    let (properties, days) = (testkit::repetitions(6, 300), testkit::repetitions(4, 30));
    let numbers: Vec<String> = (300_001..).take(properties).map(|number: u32| number.to_string()).collect();
    keeper.analyst.home.write("properties", 0o600, numbers.join("\n"));
    let last = format!("2026-10-{days:02}");
    let period = ["--first", "2026-10-01", "--last", &last];
    let url = keeper.url();
    let start = || Running::start(keeper.command(&url, "@properties", &period));
    // So that they do not end before they can be killed.
    sandbox.fault(Fault::new("/v1beta", FaultKind::Delay { millis: 100 }).times(1_000_000));
    let mut running: Vec<Running> = (0..4).map(|_| start()).collect();
    let (total, mut killed, mut next_kill) = (properties * days, 0, 0);
    let step = (total / 25).max(2);
    while !running.is_empty() {
        let asked = reports(&sandbox);
        if asked >= next_kill && asked < total {
            next_kill = asked + step;
            let one = running.remove(0);
            one.signal(Signal::KILL);
            killed += usize::from(one.finish().code() == 137);
            running.push(start());
        }
        if let Some(place) = running.iter_mut().position(Running::has_ended) {
            assert_silent(running.remove(place).finish());
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(killed > 0);
    // The properties of those that were killed last.
    keeper.wait_for_no_connection();
    assert_silent(keeper.analyst.finish(keeper.command(&url, "@properties", &period)));
    assert_eq!(keeper.ask("SELECT count(*), count(rows), count(error) FROM ga_sync"), [format!("{total}|{total}|0")]);
    assert_eq!(keeper.ask(TORN), [""; 0]);
    let (asked, mut rows) = (reports(&sandbox), 0);
    let query = Analyst::of_sandbox(testkit::sibling(BIN, "ga-query").to_str().expect("UTF-8"), &sandbox);
    for numbers in numbers.chunks(25) {
        let list = numbers.join(",");
        let report = ["-p", &list, "-m", "sessions", "-d", "date,country", "--start", "2026-10-01", "--end", &last];
        let cells = query.cells(&[&report[..], &["--header", "none"]].concat());
        let mut expected: Vec<String> = cells.iter().map(|cells| cells.join("|")).collect();
        expected.sort_unstable();
        let ours = format!(
            "SELECT property, to_char(day, 'YYYYMMDD'), country, sessions FROM traffic WHERE property IN ({list})"
        );
        let mut ours = keeper.ask(&ours);
        ours.sort_unstable();
        assert!(!expected.is_empty());
        assert!(ours == expected, "properties {list}");
        rows += ours.len();
    }
    println!("{killed} runs were killed, {rows} rows are right, {asked} requests for {total} days");
}

const PASSWORD: &str = "correct-horse:9";

#[test]
fn d3_passwords_come_as_psql_takes_them_and_are_never_shown() {
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    keeper.ask(&format!("CREATE ROLE keeper LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON SCHEMA public TO keeper"));
    keeper.cluster.write("pg_hba.conf", "local all ga trust\nlocal all all scram-sha-256\n");
    keeper.ask("SELECT pg_reload_conf()");
    let folder = keeper.cluster.folder().to_str().expect("UTF-8");
    let host = folder.replace('/', "%2F");
    let finish = |command: Command| {
        let run = testkit::run(command);
        run.assert_no_secret(&[PASSWORD.to_owned(), "correct-horse%3A9".to_owned(), "wrong-horse".to_owned()], false);
        run
    };
    let with = |into: &str, environment: &[(&str, &str)]| {
        let mut command = keeper.command(into, "123456", &TWO_DAYS);
        command.envs(environment.iter().copied());
        finish(command)
    };
    let url = format!("postgres://keeper@{host}/postgres");
    for (into, environment) in [
        (format!("postgres://keeper:wrong-horse@{host}/postgres"), &[][..]),
        (format!("postgres://nobody:wrong-horse@{host}/postgres"), &[]),
        (url.clone(), &[]),
        (url.clone(), &[("PGPASSWORD", "wrong-horse")]),
    ] {
        assert_fails(with(&into, environment), 4, "cannot connect to PostgreSQL");
    }
    let pgpass = keeper.analyst.home.write(".pgpass", 0o644, format!("{folder}:*:*:keeper:correct-horse\\:9\n"));
    assert_fails(with(&url, &[]), 4, "chmod 600");
    fs::set_permissions(&pgpass, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("protect it");
    assert_silent(with(&url, &[]));
    fs::remove_file(pgpass).expect("remove it");
    let service = format!("[nightly]\nhost={folder}\ndbname=postgres\nuser=keeper\npassword={PASSWORD}\n");
    let service = keeper.analyst.home.write("services", 0o600, service);
    let service = [("PGSERVICE", "nightly"), ("PGSERVICEFILE", service.to_str().expect("UTF-8"))];
    let variables = [("PGHOST", folder), ("PGDATABASE", "postgres"), ("PGUSER", "keeper"), ("PGPASSWORD", PASSWORD)];
    for environment in [&service[..], &variables] {
        assert_silent(with("postgres:", environment));
    }
    assert_fails(with("postgres:", &[("PGSERVICE", "absent")]), 2, "no such service");
    assert_fails(with(&format!("postgres://keeper:a@correct-horse:9@{host}/x"), &[]), 2, "write %40 for @");
    assert_fails(with(&format!("postgres://keeper@{host}/absent?password=correct-horse%3A9"), &[]), 2, "\"absent\"");
    assert_fails(with("postgres://keeper:correct-horse%3A9@127.0.0.1:1/x", &[]), 5, "cannot connect to PostgreSQL");
}

#[test]
fn d1_a_password_in_a_url_leaves_the_command_line() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    sandbox.fault(Fault::new("/v1beta/properties/123456:runReport", FaultKind::Hold));
    let url = keeper.url().replace("ga@", "ga:correct-horse%3A9@");
    let running = Running::start(keeper.command(&url, "123456", &TWO_DAYS));
    assert!(sandbox.wait_for_held(1, IN_TIME), "no day is asked for");
    let line = fs::read_to_string(format!("/proc/{}/cmdline", running.id())).expect("read the command line");
    assert!(line.contains("postgres://ga***") && !line.contains("horse"), "{line}");
    sandbox.release();
    assert_silent(running.finish());
}

/// A key and a certificate for `localhost`, of an authority whose certificate is the last.
fn certificate() -> [String; 3] {
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&authority_key).expect("sign the authority");
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let server = server.signed_by(&key, &issuer).expect("sign the certificate");
    [key.serialize_pem(), server.pem(), certificate.pem()]
}

#[test]
fn tls_checks_what_sslmode_says() {
    let sandbox = sandbox();
    let Some(mut keeper) = Keeper::of(&sandbox) else { return };
    let [key, server, authority] = certificate();
    keeper.cluster.write("server.key", &key);
    keeper.cluster.write("server.crt", &server);
    keeper.cluster.write("pg_hba.conf", "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n");
    keeper.ask("ALTER ROLE ga PASSWORD 'correct-horse'");
    keeper.cluster.stop();
    let port = keeper.cluster.serve_on_loopback(&["ssl=on"]);
    let home = &keeper.analyst.home;
    let [ours, other] = [("ours.pem", authority), ("other.pem", certificate()[2].clone())]
        .map(|(name, text)| home.write(name, 0o644, text).to_str().expect("UTF-8").to_owned());
    for (host, mode, root, code, reason) in [
        ("localhost", "verify-full", Some(&ours), 0, ""),
        ("localhost", "verify-full", Some(&other), 1, "certificate"),
        ("localhost", "verify-full", None, 2, "root.crt"),
        ("127.0.0.1", "verify-full", Some(&ours), 1, "certificate"),
        ("127.0.0.1", "verify-ca", Some(&ours), 0, ""),
        ("127.0.0.1", "verify-ca", Some(&other), 1, "certificate"),
        ("127.0.0.1", "require", None, 0, ""),
        ("127.0.0.1", "require", Some(&other), 1, "certificate"),
        ("127.0.0.1", "prefer", None, 0, ""),
        ("127.0.0.1", "disable", None, 4, "no encryption"),
        ("127.0.0.1", "none", None, 2, "expected disable"),
    ] {
        let root = root.map_or_else(String::new, |root| format!("&sslrootcert={root}"));
        let url = format!("postgres://ga:correct-horse@{host}:{port}/postgres?sslmode={mode}{root}");
        let run = keeper.analyst.finish(keeper.command(&url, "123456", &TWO_DAYS));
        if code == 0 {
            assert_silent(run);
        } else {
            assert_fails(run, code, reason);
        }
    }
    keeper.cluster.stop();
    keeper.cluster.serve(&["listen_addresses=127.0.0.1"]);
    let url = format!("postgres://ga@localhost:{port}/postgres?sslmode=require");
    assert_fails(keeper.analyst.finish(keeper.command(&url, "123456", &TWO_DAYS)), 1, "does not support TLS");
}

#[test]
fn a_run_that_is_killed_at_any_message_to_postgresql_leaves_each_day_old_or_new() {
    if tool("strace").is_none() {
        return;
    }
    let sandbox = sandbox();
    let Some(keeper) = Keeper::of(&sandbox) else { return };
    let more = [&TWO_DAYS[..], &["--parallel", "1"]].concat();
    assert_silent(keeper.sync("123456", &more));
    let new = keeper.ask(ROWS);
    let old = "UPDATE traffic SET sessions = -1; UPDATE ga_sync SET error = 'old'";
    let url = keeper.url();
    let traced = |options: &[&str]| strace(options, keeper.command(&url, "123456", &more));
    keeper.ask(old);
    let Some(trace) = traced(&["-e", "trace=sendto"]) else { return };
    trace.run.expect(0);
    let mut threads: Vec<u32> = trace.calls.iter().map(|call| call.pid).collect();
    threads.sort_unstable();
    threads.dedup();
    let most = threads.iter().map(|pid| trace.calls.iter().filter(|call| call.pid == *pid).count()).max();
    let most = most.expect("messages");
    assert!(most > 10, "{most}");
    let step = most.div_ceil(testkit::repetitions(8, most));
    for place in (1..=most).step_by(step) {
        keeper.ask(old);
        let inject = format!("inject=sendto:signal=KILL:when={place}");
        let run = traced(&["-e", "trace=sendto", "-e", &inject]).expect("strace was there before").run;
        assert!([0, 137].contains(&run.code()), "{inject}: {}", run.stderr());
        keeper.wait_for_no_connection();
        assert_eq!(keeper.ask(TORN), [""; 0], "{inject}");
        let mixed = "SELECT day FROM ga_sync s WHERE EXISTS (SELECT 1 FROM traffic t WHERE t.day = s.day \
            AND (t.sessions = -1) <> (s.error IS NOT NULL))";
        assert_eq!(keeper.ask(mixed), [""; 0], "{inject}");
        assert_silent(keeper.sync("123456", &more));
        assert_eq!(keeper.ask(ROWS), new, "{inject}");
    }
}
