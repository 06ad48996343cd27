//! `--realtime --watch`: a report that is drawn again and again in its place.

use serde_json::{Value, json};
use testkit::{Analyst, Answer, Pty, ScriptedServer, Signal};
use unicode_width::UnicodeWidthStr;

use super::user_of;

const OPEN: &str = "\u{1b}[?1049h\u{1b}[?25l";
const CLOSE: &str = "\u{1b}[?1049l\u{1b}[?25h";
const HOME: &str = "\u{1b}[H";

/// A realtime report with this number of rows, and what is said about the tokens of the hour.
fn report(rows: usize, consumed: u64, remaining: u64) -> Value {
    let row =
        |row| json!({"dimensionValues": [{"value": format!("country {row}")}], "metricValues": [{"value": "1234"}]});
    json!({
        "dimensionHeaders": [{"name": "country"}],
        "metricHeaders": [{"name": "activeUsers", "type": "TYPE_INTEGER"}],
        "rows": (0..rows).map(row).collect::<Value>(),
        "rowCount": rows,
        "propertyQuota": {
            "tokensPerDay": {"consumed": consumed, "remaining": 1_000_000},
            "tokensPerHour": {"consumed": consumed, "remaining": remaining},
        },
        "kind": "analyticsData#runRealtimeReport",
    })
}

fn answer(report: &Value) -> Answer {
    Answer::json(200, report.to_string())
}

/// A watch on a terminal without colors, of 24 lines.
fn watching(user: &Analyst, columns: u16, arguments: &[&str]) -> Pty {
    let report = ["-p", "123", "--realtime", "-m", "activeUsers", "-d", "country"];
    let mut command = user.command(&[&report[..], arguments].concat());
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    Pty::start(command, columns)
}

/// The lines of each frame.
fn frames(shown: &str) -> Vec<Vec<String>> {
    let drawn = shown.split(CLOSE).next().expect("the frames");
    let frames = drawn.split(HOME).skip(1).map(|frame| {
        let lines = frame.split("\r\n").map(|line| line.replace("\u{1b}[K", "").replace("\u{1b}[J", ""));
        lines.collect()
    });
    frames.collect()
}

#[test]
fn frames_fit_the_terminal_and_the_last_one_stays() {
    let server = ScriptedServer::answering(|_| answer(&report(50, 1, 40_000)));
    let user = user_of(&server.url());
    for columns in [80, 30] {
        let pty = watching(&user, columns, &["--watch", "1"]);
        pty.wait_for_times(HOME, 3);
        pty.signal(Signal::INT);
        let (status, shown) = pty.finish();
        assert_eq!(status.code(), Some(130), "{shown:?}");
        assert!(shown.starts_with(&format!("{OPEN}{HOME}")) && shown.matches(OPEN).count() == 1, "{shown:?}");
        let frames = frames(&shown);
        for lines in &frames[..2] {
            assert_eq!(lines.len(), 24, "{shown:?}");
            assert!(lines.iter().all(|line| line.width() < usize::from(columns)), "{shown:?}");
            assert!(lines[0].contains("  property 123, "), "{shown:?}");
            assert_eq!((&*lines[1], &*lines[4]), ("", "country 0         1,234"), "{shown:?}");
            assert_eq!(lines[23], "… and 31 more rows");
        }
        // Each line is erased to its end, and nothing else is erased.
        assert!(!shown.contains("\u{1b}[2J"), "{shown:?}");
        let last = shown.split(CLOSE).nth(1).expect("the terminal is given back");
        assert!(last.ends_with("… and 31 more rows\r\n") && last.contains("country 0 "), "{last:?}");
        assert!(!last.contains('\u{1b}'), "{last:?}");
    }
    let body: Value = serde_json::from_slice(&server.requests()[0].body).expect("JSON");
    assert_eq!(body["returnPropertyQuota"], true);
}

#[test]
fn another_size_of_the_terminal_is_another_frame() {
    let server = ScriptedServer::answering(|_| answer(&report(50, 1, 40_000)));
    let user = user_of(&server.url());
    let pty = watching(&user, 80, &["--watch", "3600"]);
    pty.wait_for("more rows");
    pty.resize(40, 10);
    let shown = pty.wait_for("and 45 more rows");
    let lines = frames(&shown).pop().expect("a frame");
    assert_eq!(lines.len(), 10, "{shown:?}");
    assert!(lines.iter().all(|line| line.width() < 40), "{shown:?}");
}

#[test]
fn a_chart_fits_too() {
    let server = ScriptedServer::answering(|_| answer(&report(50, 1, 40_000)));
    let user = user_of(&server.url());
    let pty = watching(&user, 60, &["--watch", "1", "-f", "chart"]);
    pty.wait_for_times(HOME, 2);
    pty.signal(Signal::TERM);
    let (status, shown) = pty.finish();
    assert_eq!(status.code(), Some(143), "{shown:?}");
    let frames = frames(&shown);
    assert_eq!(frames[0].len(), 24, "{shown:?}");
    assert!(frames[0].iter().any(|line| line.contains('█')) && frames[0][23].ends_with("more lines"), "{shown:?}");
    let lookups = server.requests().into_iter().filter(|request| request.method == "GET");
    assert!(lookups.count() <= 1, "a name does not change from frame to frame");
}

#[test]
fn the_pace_saves_the_quota_and_it_stops_before_that_is_used_up() {
    let server = ScriptedServer::answering(|_| answer(&report(1, 10, 3_600)));
    let user = user_of(&server.url());
    let pty = watching(&user, 80, &["--watch", "1"]);
    pty.wait_for("  property 123, every 10 s to save the quota, 3,600 tokens left");
    pty.signal(Signal::INT);
    pty.finish();
    for (remaining, more) in [(9, &[][..]), (109, &["--reserve", "100"])] {
        let server = ScriptedServer::answering(move |_| answer(&report(1, 10, remaining)));
        let user = user_of(&server.url());
        let (status, shown) = watching(&user, 80, &[&["--watch", "1"], more].concat()).finish();
        assert_eq!(status.code(), Some(5), "{shown:?}");
        assert!(shown.contains(" tokens left, too few for another frame\r\n"), "{shown:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_temporary_error_is_shown_and_any_other_ends_it() {
    let refused = r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}"#;
    let good = report(2, 1, 40_000);
    let server = ScriptedServer::start([
        answer(&good),
        Answer::json(500, "{}"),
        Answer::json(500, "{}"),
        answer(&good),
        Answer::json(403, refused),
        // Why the property refuses is looked up.
        Answer::json(200, "{}"),
    ]);
    let user = user_of(&server.url());
    let (status, shown) = watching(&user, 80, &["--watch", "1"]).finish();
    assert_eq!(status.code(), Some(4), "{shown:?}");
    let frames = frames(&shown);
    assert_eq!(frames.len(), 3, "{shown:?}");
    assert!(frames[1][1].starts_with("trying again in 1 s: property 123: "), "{shown:?}");
    // The last report is still there, with its time.
    assert_eq!((&frames[1][0], &frames[1][2..]), (&frames[0][0], &frames[0][2..]));
    assert_eq!(frames[2][1], "");
    let (_, after) = shown.split_once(CLOSE).expect("the terminal is given back");
    assert!(after.contains("country 1") && after.contains("ga-query: property 123: "), "{after:?}");
}

#[test]
fn a_token_that_ends_meanwhile_is_replaced() {
    let server = ScriptedServer::answering(|request| match request.header("authorization") {
        Some("Bearer ya29.second-token-0123456789") => answer(&report(1, 1, 40_000)),
        _ => Answer::json(401, r#"{"error":{"code":401,"status":"UNAUTHENTICATED","message":"no"}}"#),
    });
    let user = user_of(&server.url());
    let tokens = "echo ya29.${GAUTH_REFRESH:+second}-token-0123456789";
    let report = ["-p", "123", "--realtime", "-m", "activeUsers", "--watch", "1", "--token-command", tokens];
    let mut command = user.command_without_token(&report);
    command.env("TERM", "xterm");
    let pty = Pty::start(command, 80);
    pty.wait_for("activeUsers");
    // Without a command it ends.
    let pty = watching(&user, 80, &["--watch", "1"]);
    let (status, shown) = pty.finish();
    assert_eq!(status.code(), Some(3), "{shown:?}");
    assert!(!shown.contains(OPEN), "{shown:?}");
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let user = Analyst::offline(super::BIN);
    let report = ["-p", "123", "-m", "activeUsers"];
    for (arguments, said) in [
        (&["--watch", "5"][..], "--watch goes with --realtime"),
        (&["--realtime", "--watch", "5"], "--watch needs a terminal as standard output"),
        (&["--realtime", "--watch", "5", "-o", "r.csv"], "--watch and -o exclude each other"),
        (&["--realtime", "--watch", "0"], "--watch: expected a number of seconds from 1 to 3600"),
        (&["--realtime", "--watch", "3601"], "--watch: expected"),
        (&["--realtime", "--watch", "1.5"], "--watch: expected"),
        (&["--realtime", "--watch", ""], "--watch"),
        (&["--realtime", "--watch"], "--watch"),
    ] {
        let run = user.run(&[&report[..], arguments].concat()).expect_failure(2);
        assert!(run.stderr().contains(said), "{arguments:?}: {}", run.stderr());
    }
    for (arguments, term, said) in [
        (&["-f", "csv"][..], "xterm", "--watch can only draw table and chart"),
        (&[], "dumb", "--watch cannot draw on this terminal: TERM is dumb or not set"),
        (&[], "", "--watch cannot draw on this terminal"),
    ] {
        let mut command = user.command(&[&report[..], &["--realtime", "--watch", "5"], arguments].concat());
        command.env("TERM", term);
        let (status, shown) = Pty::start(command, 80).finish();
        assert_eq!(status.code(), Some(2), "{shown}");
        assert!(shown.contains(said), "{shown}");
    }
}
