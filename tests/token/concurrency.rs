//! Many processes at once: one refresh between them, one failure between them, and no harm from one that dies, stops or
//! is overtaken by a login (B1, B2, B4, B7, B8, B9).

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use gauth_sandbox::{Fault, FaultKind};
use rustix::process::Signal;
use testkit::{Run, Running, User, token};

use crate::{BIN, READONLY, logged_in, logged_in_to, with_a_key};

const PATIENCE: Duration = Duration::from_secs(30);

/// Programs that have come as far as a FIFO and go on together when it is opened for writing.
struct StartLine {
    fifo: std::path::PathBuf,
    runners: Vec<Running>,
}

impl StartLine {
    fn with(user: &User, count: usize, options: &[&str]) -> Self {
        let fifo = user.home.path().join("start");
        if !fifo.exists() {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, mode).expect("make a FIFO");
        }
        let runners = (0..count)
            .map(|_| {
                let mut command = user.home.command("sh");
                command.args(["-c", r#"echo waiting >&2; : <"$0"; exec "$@""#]).arg(&fifo).arg(BIN).args(options);
                Running::start(command)
            })
            .collect();
        Self { fifo, runners }
    }

    /// Lets them go. Late ones find the FIFO open.
    fn go(self) -> Vec<Running> {
        for runner in &self.runners {
            runner.stderr_line(|line| line == "waiting");
        }
        let gate = fs::OpenOptions::new().read(true).write(true).open(&self.fifo).expect("open the FIFO");
        // It stays open until the last of them has become the program.
        for runner in &self.runners {
            until(|| is_program(runner.id()) || has_ended(runner.id()));
        }
        drop(gate);
        self.runners
    }
}

#[track_caller]
fn until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "it did not come to pass");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Processes keep their memory and files to themselves, so these look at what is public.
fn is_program(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim_end() == "gauth-token")
}

fn has_ended(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with('Z'))
}

/// Waits until this number of processes wait for another one, which they report with `--verbose`.
#[track_caller]
fn until_waiting<'a>(count: usize, runners: impl IntoIterator<Item = &'a Running> + Clone) {
    let waits = |runner: &&Running| runner.has_said("waiting for another process");
    until(|| runners.clone().into_iter().filter(waits).count() == count);
}

fn finish(user: &User, runners: Vec<Running>) -> Vec<Run> {
    let runs: Vec<Run> = runners.into_iter().map(Running::finish).collect();
    // One sweep over all of them: a sandbox has many secrets.
    let mut all = Vec::new();
    for run in &runs {
        all.extend_from_slice(&run.output.stderr);
    }
    testkit::assert_no_secret("stderr of all", &all, &user.sandbox.secrets());
    runs
}

#[track_caller]
fn assert_one_refresh_for_two_hundred(user: &User) {
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let runners = StartLine::with(user, 200, &["--verbose"]).go();
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    // Only when every one of them has found the cache stale does the answer come.
    until_waiting(199, &runners);
    user.sandbox.release();
    let runs = finish(user, runners);
    let tokens: Vec<String> = runs.into_iter().map(|run| token(&run.expect(0))).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(user.requests_to("/token").len(), 1);
}

#[test]
fn b1_two_hundred_processes_refresh_once() {
    assert_one_refresh_for_two_hundred(&logged_in());
}

#[test]
fn b1_two_hundred_processes_with_a_key_sign_in_once() {
    assert_one_refresh_for_two_hundred(&with_a_key());
}

#[test]
fn b1_two_hundred_processes_that_want_a_new_token_make_one_request() {
    let user = logged_in();
    let first = user.token(&[]);
    assert_eq!(user.requests_to("/token").len(), 1);
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let refreshes = StartLine::with(&user, 100, &["--refresh", "--verbose"]).go();
    let mut variable = user.command(&["--verbose"]);
    variable.env("GAUTH_REFRESH", "1");
    let by_variable = Running::start(variable);
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    until_waiting(100, refreshes.iter().chain([&by_variable]));
    user.sandbox.release();
    let mut runs = finish(&user, refreshes);
    runs.push(user.check(by_variable.finish()));
    let tokens: Vec<String> = runs.into_iter().map(|run| token(&run.expect(0))).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != first));
    assert_eq!(user.requests_to("/token").len(), 2);
    // Who comes later wants a newer one.
    assert_ne!(user.token(&["--refresh"]), tokens[0]);
}

#[test]
fn b2_a_process_that_comes_later_looks_again_inside_the_lock() {
    let user = logged_in();
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let first = Running::start(user.command(&[]));
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    let second = Running::start(user.command(&["--verbose"]));
    until_waiting(1, [&second]);
    user.sandbox.release();
    let runs = finish(&user, vec![first, second]);
    let [first, second] = runs.try_into().expect("two runs");
    assert_eq!(token(&first.expect(0)), token(&second.expect(0)));
    assert_eq!(user.requests_to("/token").len(), 1);
}

#[test]
fn b4_when_the_holder_is_killed_the_next_one_goes_on_at_once() {
    let user = logged_in();
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let holder = Running::start(user.command(&[]));
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    let waiter = Running::start(user.command(&["--timeout", "30", "--verbose"]));
    until_waiting(1, [&waiter]);
    holder.signal(Signal::KILL);
    assert_eq!(holder.finish().code(), 137);
    user.check(waiter.finish()).expect(0);
    assert_eq!(user.requests_to("/token").len(), 2);
}

#[test]
fn b4_while_the_holder_is_stopped_waiters_give_up_at_their_deadline() {
    let user = logged_in();
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let holder = Running::start(user.command(&[]));
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    holder.signal(Signal::STOP);
    let started = Instant::now();
    let waiter = user.run(&["--timeout", "0.5"]).expect_failure(5);
    assert!(waiter.stderr().contains("another process holds it"));
    assert!(started.elapsed() < testkit::IN_TIME);
    holder.signal(Signal::CONT);
    user.sandbox.release();
    user.check(holder.finish()).expect(0);
}

#[test]
fn b7_a_login_during_a_refresh_wins() {
    let user = logged_in_to(gauth_sandbox::Options { rotate: true, ..Default::default() });
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let slow = Running::start(user.command(&[]));
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    let login = user.grant(&[READONLY]);
    let new = user.home.write("new.json", 0o600, login.to_string());
    fs::rename(new, &user.credentials).expect("log in");
    user.sandbox.release();
    user.check(slow.finish()).expect(0);
    assert_eq!(user.stored(), login);
    // And the old grant's token is not what the new grant's user gets.
    user.token(&[]);
    assert_eq!(user.requests_to("/token").len(), 2);
}

#[test]
fn b8_one_failure_is_not_multiplied_by_those_who_wait() {
    for (error, status, code) in [("invalid_grant", 400, 3), ("access_denied", 403, 4)] {
        let user = logged_in();
        user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
        let holder = Running::start(user.command(&[]));
        assert!(user.sandbox.wait_for_held(1, PATIENCE));
        let waiters: Vec<_> = (0..30).map(|_| Running::start(user.command(&["--verbose"]))).collect();
        until_waiting(30, &waiters);
        // The one that is held is killed; the next fails, and the others hear of it.
        let kind = FaultKind::OAuth {
            status,
            error: error.to_owned(),
            description: Some("told to".to_owned()),
            subtype: None,
        };
        user.sandbox.fault(Fault::new("/token", kind).times(100));
        holder.signal(Signal::KILL);
        holder.finish();
        let runs = finish(&user, waiters);
        // The failure is the same for all, although the server reported it to one.
        let failure = |run: &Run| {
            let at = run.stderr().find(error).unwrap_or_else(|| panic!("{}", run.stderr()));
            run.stderr()[at..].to_owned()
        };
        let said = failure(&runs[0]);
        for run in runs {
            assert_eq!(failure(&run.expect_failure(code)), said);
        }
        assert!(said.contains("hint"), "{said}");
        assert_eq!(user.requests_to("/token").len(), 2, "{error}");
        // One who comes after the failure asks again.
        user.run(&[]).expect_failure(code);
        assert_eq!(user.requests_to("/token").len(), 3, "{error}");
    }
}

#[test]
fn b8_a_failure_for_one_scope_is_not_shared_with_requests_for_another() {
    let user = logged_in();
    let refused = FaultKind::OAuth { status: 400, error: "invalid_scope".to_owned(), description: None, subtype: None };
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let holder = Running::start(user.command(&[]));
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    let one = Running::start(user.command(&["--verbose", "--scope", "analytics.edit"]));
    let other = Running::start(user.command(&["--verbose", "--scope", "analytics.readonly"]));
    until_waiting(2, [&one, &other]);
    user.sandbox.fault(Fault::new("/token", refused));
    user.sandbox.release();
    let mut codes: Vec<i32> = finish(&user, vec![holder, one, other]).iter().map(Run::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 0, 4]);
}

#[test]
fn b8_a_failure_from_the_future_is_not_repeated() {
    let user = logged_in();
    user.token(&["--scope", "analytics.edit"]);
    let name = user.cache_file().file_name().expect("a name").to_string_lossy().into_owned();
    user.forget_tokens();
    let lock = user.credentials.with_file_name(".credentials.json.lock");
    for (offset, note) in [(86_400, "refresh the access token: invalid_grant"), (2, "x")] {
        let failed_at = SystemTime::now() + Duration::from_secs(offset);
        let failed_at = failed_at.duration_since(SystemTime::UNIX_EPOCH).expect("it is later").as_nanos();
        fs::write(&lock, format!("{failed_at} 3 {name}\n{note}\n")).expect("leave a note");
        user.token(&["--scope", "analytics.edit"]);
        user.token(&["--scope", "analytics.edit", "--refresh"]);
        user.forget_tokens();
    }
    // What is no longer true does not stay.
    assert_eq!(fs::read(&lock).expect("read the note"), b"");
}

#[test]
fn b8_a_holders_own_time_out_or_proxy_is_not_the_failure_of_those_who_wait() {
    let user = logged_in();
    user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    let holder = Running::start(user.command(&["--timeout", "1"]));
    assert!(user.sandbox.wait_for_held(1, PATIENCE));
    let waiters: Vec<_> = (0..8).map(|_| Running::start(user.command(&["--verbose"]))).collect();
    until_waiting(8, &waiters);
    user.check(holder.finish()).expect_failure(5);
    for run in finish(&user, waiters) {
        token(&run.expect(0));
    }
    user.sandbox.release();
    assert_eq!(user.requests_to("/token").len(), 2);
}

#[test]
fn b9_a_signal_ends_it_with_128_and_its_number_and_leaves_no_file() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let user = logged_in();
        user.sandbox.fault(Fault::new("/token", FaultKind::Hold));
        let before = fs::read(&user.credentials).expect("read the credentials");
        let holder = Running::start(user.command(&[]));
        assert!(user.sandbox.wait_for_held(1, PATIENCE));
        let waiter = Running::start(user.command(&["--verbose"]));
        until_waiting(1, [&waiter]);
        for runner in [&waiter, &holder] {
            runner.signal(signal);
        }
        for run in finish(&user, vec![holder, waiter]) {
            run.expect_failure(code);
        }
        let left = user.home.tree().into_iter();
        let left: Vec<_> = left.filter(|path| path.extension().is_some_and(|ending| ending == "gauth-tmp")).collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(fs::read(&user.credentials).expect("read them"), before);
        user.token(&[]);
    }
}

#[test]
fn b9_whenever_a_signal_comes_the_next_run_finds_everything_whole() {
    let user = logged_in();
    for round in 0..testkit::repetitions(40, 1000) {
        user.forget_tokens();
        let runner = Running::start(user.command(&[]));
        // Where in its work it is met is chance.
        thread::sleep(Duration::from_micros(round as u64 % 40 * 250));
        // It may have ended by itself.
        let _ = Command::new("kill").args(["-TERM", &runner.id().to_string()]).output();
        let run = user.check(runner.finish());
        match run.code() {
            0 => drop(token(&run)),
            143 => assert!(run.output.stdout.is_empty() || !token(&run).is_empty()),
            code => panic!("exit code {code}: {}", run.stderr()),
        }
        user.token(&[]);
    }
    // What is left of them is swept when it is a day old.
    user.home.age_temporaries();
    user.token(&["--refresh"]);
    assert!(user.cached(".gauth-tmp").is_empty());
}
