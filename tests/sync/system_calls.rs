//! A run that is killed, or refused by the system, at any of its system calls that write: each day is the old one or the new
//! one, and so are its notes, and the next run goes on.

use std::fs;

use gauth_sandbox::Sandbox;
use testkit::{strace, tool};

use super::{BIN, Keeper, assert_silent, sandbox};

/// Everything by which SQLite changes files.
const CALLS: [&str; 6] = ["pwrite64", "fdatasync", "fsync", "unlink", "ftruncate", "openat"];
/// How many are tried of them in a usual run.
const SAMPLE: usize = 12;
const THREE_DAYS: [&str; 6] = ["--first", "2026-11-01", "--last", "2026-11-03", "--parallel", "1"];

const ROWS: &str = "SELECT day, country, sessions FROM traffic ORDER BY 1, 2";
/// The days whose rows are not all old, with an error in their notes, or all new, without one, and as many as noted.
const TORN: &str = "
    SELECT day FROM ga_sync s WHERE s.rows IS NOT (SELECT count(*) FROM traffic t WHERE t.day = s.day)
    OR EXISTS (SELECT 1 FROM traffic t WHERE t.day = s.day AND (t.sessions = -1) <> (s.error IS NOT NULL))";

/// A keeper whose three days are stored, old and due again.
fn old_days(sandbox: &Sandbox, stored: &[u8]) -> Keeper {
    let keeper = Keeper::of(sandbox);
    fs::write(keeper.database(), stored).expect("write the database");
    keeper
}

fn traced(keeper: &Keeper, options: &[&str]) -> testkit::Trace {
    let arguments = ["--into", "ga.db", "--table", "traffic", "-p", "123456", "-m", "sessions", "-d", "country"];
    let command = keeper.0.command(&[&arguments[..], &THREE_DAYS].concat());
    assert_eq!(command.get_program(), BIN);
    strace(options, command).expect("strace was there before")
}

#[test]
fn a_run_that_is_killed_or_refused_at_any_write_leaves_each_day_old_or_new() {
    if tool("strace").is_none() {
        return;
    }
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(keeper.sync(&THREE_DAYS));
    let new = keeper.ask(ROWS);
    keeper.change("UPDATE traffic SET sessions = -1; UPDATE ga_sync SET error = 'old';");
    let stored = fs::read(keeper.database()).expect("read the database");
    let Some(whole) = strace(&["-e", "trace=none"], keeper.0.command(&["--version"])) else {
        return;
    };
    whole.run.expect(0);

    let trace = traced(&old_days(&sandbox, &stored), &["-e", &format!("trace={}", CALLS.join(","))]);
    trace.run.expect(0);
    let mut injections = Vec::new();
    for call in CALLS {
        let of = |pid| trace.calls.iter().filter(move |found| found.pid == pid && found.name == call);
        let mut threads: Vec<u32> = trace.calls.iter().map(|call| call.pid).collect();
        threads.sort_unstable();
        threads.dedup();
        let touches = |text: &str| text.contains("ga.db") || call != "openat";
        for pid in threads {
            for (place, _) in of(pid).enumerate().filter(|(_, found)| touches(&found.text)) {
                for fault in ["signal=KILL", "error=ENOSPC", "error=EIO"] {
                    injections.push(format!("inject={call}:{fault}:when={}", place + 1));
                }
            }
        }
    }
    injections.sort();
    injections.dedup();
    assert!(injections.len() > 30, "{injections:?}");
    // Every so many, so that all calls are among them.
    let step = injections.len().div_ceil(testkit::repetitions(SAMPLE, injections.len()));
    for injection in injections.iter().step_by(step) {
        let keeper = old_days(&sandbox, &stored);
        let call = injection.split(['=', ':']).nth(1).expect("a call");
        let run = traced(&keeper, &["-e", &format!("trace={call}"), "-e", injection]).run;
        let code = run.code();
        assert!([0, 1, 2, 5, 137].contains(&code), "{injection}: {code}: {}", run.stderr());
        assert_eq!(keeper.ask(TORN), [""; 0], "{injection}: {code}");
        assert_eq!(keeper.ask("PRAGMA integrity_check"), ["ok"], "{injection}");
        if code == 0 {
            assert_eq!(keeper.ask(ROWS), new, "{injection}");
        }
        assert_silent(keeper.sync(&THREE_DAYS));
        assert_eq!(keeper.ask(ROWS), new, "{injection}");
    }
}
