//! Killed or failing at every point where files are touched: what is on disk afterwards is the old or the new, complete
//! (A3, A4, A5).

use std::fs;

use gauth_sandbox::Options;
use serde_json::Value;
use testkit::{Run, User, mode, run, strace, token};

use crate::{BIN, logged_in, logged_in_to};

/// More calls of one name than a run makes.
const MOST: usize = 60;
/// Which of them it is depends on the library.
const RENAME: &str = "rename,renameat,renameat2";

fn rotating() -> User {
    logged_in_to(Options { rotate: true, ..Options::default() })
}

/// Runs with the k-th call of `name` met by `fault`; `None` without strace.
fn run_with_fault(user: &User, name: &str, fault: &str, k: usize, options: &[&str]) -> Option<Run> {
    let trace = format!("trace={name}");
    let inject = format!("inject={name}:{fault}:when={k}");
    let trace = strace(&["-e", &trace, "-e", &inject], user.command(options))?;
    Some(user.check(trace.run))
}

/// The credentials are the old file to the byte, or the new one; every file of the cache is whole.
#[track_caller]
fn assert_whole(user: &User, before: &[u8], what: &str) -> bool {
    let now = fs::read(&user.credentials).expect("the credentials are there");
    let old: Value = serde_json::from_slice(before).expect("JSON");
    let new: Value = serde_json::from_slice(&now).unwrap_or_else(|error| panic!("{what}: torn credentials: {error}"));
    assert!(now == before || new["refresh_token"] != old["refresh_token"], "{what}");
    assert_eq!(mode(&user.credentials), 0o600, "{what}");
    for file in user.cached(".json") {
        let entry = testkit::read_json(&file);
        assert!(entry["token"].is_string(), "{what}");
        assert_eq!(mode(&file), 0o600, "{what}");
    }
    now == before
}

#[track_caller]
fn assert_nothing_temporary(user: &User, what: &str) {
    let mut tree = user.home.tree();
    tree.retain(|path| path.extension().is_some_and(|ending| ending == "gauth-tmp"));
    assert!(tree.is_empty(), "{what}: {tree:?}");
}

#[test]
fn a4_killed_at_any_call_it_leaves_the_old_or_the_new() {
    for name in ["openat", "write", "fsync", RENAME, "flock", "fchmod", "chmod", "mkdir", "unlink"] {
        for k in 1..=MOST {
            let user = rotating();
            let before = fs::read(&user.credentials).expect("read the credentials");
            let Some(run) = run_with_fault(&user, name, "signal=KILL", k, &[]) else {
                return;
            };
            let what = format!("{name} {k}");
            let is_old = assert_whole(&user, &before, &what);
            if run.code() == 0 {
                // It makes fewer calls than k.
                break;
            }
            assert_eq!(run.code(), 137, "{what}");
            assert!(k < MOST, "{name} is called very often");
            user.home.age_temporaries();
            // The next run has a token, or says that the refresh token was used up before it could be saved.
            let next = user.run(&["--refresh"]);
            if is_old && !user.requests_to("/token").is_empty() && next.code() == 3 {
                assert!(next.stderr().contains("run gauth-login"), "{what}");
            } else {
                token(&next.expect(0));
                assert_nothing_temporary(&user, &what);
            }
        }
    }
}

#[test]
fn a5_a_disk_that_fails_costs_the_cache_and_not_the_token() {
    for (name, fault) in [("fsync", "error=EIO"), (RENAME, "error=EDQUOT")] {
        for k in 1..=MOST {
            let user = rotating();
            let before = fs::read(&user.credentials).expect("read the credentials");
            let inject = format!("inject={name}:{fault}:when={k}+");
            let trace = strace(&["-e", &format!("trace={name}"), "-e", &inject], user.command(&[]));
            let Some(run) = trace.map(|trace| user.check(trace.run)) else {
                return;
            };
            let what = format!("{name} {k}");
            token(&run);
            assert_whole(&user, &before, &what);
            assert_nothing_temporary(&user, &what);
            let run = run.expect(0);
            if run.stderr().is_empty() {
                // It makes fewer calls than k.
                assert!(k > 1, "{name} is never called");
                break;
            }
            assert!(run.stderr().contains("warning: the "), "{what}: {}", run.stderr());
        }
    }
}

#[test]
fn a5_a_disk_that_is_full_from_some_write_on_is_survived() {
    for k in 1..=MOST {
        let user = rotating();
        let before = fs::read(&user.credentials).expect("read the credentials");
        let inject = format!("inject=write:error=ENOSPC:when={k}+");
        let options = ["-e", "trace=write", "-e", &inject];
        let Some(trace) = strace(&options, user.command(&[])) else {
            return;
        };
        let what = format!("write {k}");
        assert_whole(&user, &before, &what);
        assert_nothing_temporary(&user, &what);
        let run = user.check(trace.run);
        if run.code() == 0 {
            assert!(k > 3, "the writes were not met");
            return;
        }
        // stdout is full, too.
        run.expect_failure(1);
    }
    panic!("it writes very often");
}

#[test]
fn a5_a_limit_on_the_size_of_files_is_survived() {
    let user = logged_in();
    let mut command = user.home.command("sh");
    command.args(["-c", r#"trap "" XFSZ; ulimit -f 0; exec "$0""#, BIN]);
    let run = user.check(run(command)).expect(0);
    token(&run);
    assert!(run.stderr().contains("warning: the token is not cached"), "{}", run.stderr());
    assert!(user.cached(".json").is_empty());
    assert_nothing_temporary(&user, "a limit");
}

#[test]
fn a3_a_replaced_refresh_token_is_safe_on_disk_before_it_takes_its_place() {
    let user = rotating();
    let calls = "trace=?open,openat,linkat,write,fsync,rename,renameat,renameat2,connect";
    let Some(trace) = strace(&["-y", "-e", calls], user.command(&[])) else {
        return;
    };
    user.check(trace.run).expect(0);
    let directory = user.home.config().join("gauth").display().to_string();
    let steps: Vec<&str> = trace
        .calls
        .iter()
        .filter(|call| call.name == "connect" || (call.text.contains(&directory) && !call.text.contains(".lock")))
        .filter(|call| !["open", "openat"].contains(&&*call.name) || call.text.contains("O_TMPFILE"))
        .map(|call| call.name.split("at").next().expect("a name"))
        .collect();
    // What can fail is done before the old token is used up.
    assert_eq!(steps, ["open", "connect", "link", "write", "fsync", "rename", "fsync"]);
}

#[test]
fn a3_a_cached_token_is_replaced_by_a_sibling_and_not_synced() {
    let user = logged_in();
    let calls = "trace=openat,write,fsync,rename,renameat,renameat2,fchmod,chmod";
    let Some(trace) = strace(&["-y", "-e", calls], user.command(&[])) else {
        return;
    };
    let file = user.cache_file();
    let directory = file.parent().expect("a parent").display().to_string();
    user.check(trace.run).expect(0);
    let steps: Vec<&str> = trace
        .calls
        .iter()
        .filter(|call| call.text.contains(&directory) && !call.text.contains(".lock"))
        .filter(|call| !call.result().starts_with("-1"))
        .filter(|call| call.name != "openat" || call.text.contains("O_CREAT"))
        .filter(|call| !call.name.ends_with("chmod"))
        .map(|call| call.name.split("at").next().expect("a name"))
        .collect();
    // A token that is lost in a crash is fetched again, so its file is not synced.
    assert_eq!(steps, ["open", "write", "rename"]);
    // Created for its owner only, where no other user can have planted anything (A2).
    let born = trace
        .calls
        .iter()
        .find(|call| call.text.contains("O_CREAT") && call.text.contains(".gauth-tmp\""))
        .expect("a temporary file");
    for flag in ["O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "0600"] {
        assert!(born.text.contains(flag), "{}", born.text);
    }
}
