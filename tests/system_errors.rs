//! Every program that keeps something, with each of its system calls failing or being its last. Whatever happens, files
//! are the old or the new, nothing is lost without a word, the deadline holds, nothing temporary stays for ever, and
//! exit code 0 means that the result was delivered.
//!
//! A run without faults shows which calls there are. Of all (call, fault, occurrence) a sample with a fixed seed is
//! tried, and with `scripts/check --long` every one.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use gauth_sandbox::Options;
use serde_json::Value;
use testkit::{Home, Run, Trace, User, sibling, strace, tool};

use crate::{BIN, READONLY};

/// The programs' `--timeout`, and what a run under strace may take beyond it.
const TIMEOUT: &str = "10";
const SLACK: Duration = Duration::from_secs(40);
/// How many are tried of one scene in a usual run.
const SAMPLE: usize = 16;

/// The calls that touch files, sockets, processes and chance, and what the system may say to them.
const FAULTS: [(&str, &[&str]); 28] = [
    ("open", &["EIO", "EACCES", "ENOSPC", "EMFILE"]),
    ("openat", &["EIO", "EACCES", "ENOSPC", "EMFILE"]),
    ("read", &["EIO", "EINTR"]),
    ("write", &["EIO", "ENOSPC", "EINTR"]),
    ("close", &["EIO"]),
    ("statx", &["EIO", "EACCES"]),
    ("fstat", &["EIO"]),
    ("newfstatat", &["EIO"]),
    ("readlink", &["EIO"]),
    ("getdents64", &["EIO"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("rename", &["EIO", "ENOSPC"]),
    ("renameat", &["EIO", "ENOSPC"]),
    ("linkat", &["EIO", "ENOSPC"]),
    ("unlink", &["EIO", "EACCES"]),
    ("mkdir", &["EACCES", "ENOSPC"]),
    ("fchmod", &["EIO", "EPERM"]),
    ("chmod", &["EIO", "EPERM"]),
    ("flock", &["EIO", "ENOLCK"]),
    ("ftruncate", &["EIO"]),
    ("lseek", &["EIO"]),
    ("socket", &["EMFILE", "EACCES"]),
    ("connect", &["ECONNREFUSED", "ETIMEDOUT"]),
    ("sendto", &["EPIPE", "EIO"]),
    ("recvfrom", &["ECONNRESET", "EINTR"]),
    ("poll", &["EINTR"]),
    ("getrandom", &["EIO"]),
    ("clone3", &["EAGAIN"]),
];

#[derive(Clone, Debug)]
struct Injection {
    call: &'static str,
    /// An error's name; `None` for SIGKILL.
    error: Option<&'static str>,
    /// The first time, and whether it is not the only one.
    occurrence: usize,
    lasts: bool,
}

impl Injection {
    fn trace(&self, command: Command) -> Trace {
        let fault = self.error.map_or_else(|| "signal=KILL".to_owned(), |error| format!("error={error}"));
        let Self { call, occurrence, .. } = self;
        let lasts = if self.lasts { "+" } else { "" };
        let inject = format!("inject={call}:{fault}:when={occurrence}{lasts}");
        strace(&["-e", &format!("trace={call}"), "-e", &inject], command).expect("strace was there before")
    }
}

/// All that can be injected into a run with these calls, but for those of the loader, which come before the program's
/// first own one.
fn injections(trace: &Trace) -> Vec<Injection> {
    let own = trace.calls.iter().position(|call| call.text.contains("PR_SET_DUMPABLE")).expect("its first own call");
    let first = trace.calls[own].pid;
    let mut all = Vec::new();
    for (call, errors) in FAULTS {
        let before = trace.calls[..own].iter().filter(|found| found.pid == first && found.name == call).count();
        let mut counts = BTreeMap::<u32, usize>::new();
        for found in trace.named(call) {
            *counts.entry(found.pid).or_default() += 1;
        }
        // strace counts for each thread.
        let most = counts.into_values().max().unwrap_or_default();
        for occurrence in before + 1..=most {
            all.push(Injection { call, error: None, occurrence, lasts: false });
            for &error in errors {
                all.push(Injection { call, error: Some(error), occurrence, lasts: false });
                // What is interrupted for ever never comes to an end by right.
                if error != "EINTR" {
                    all.push(Injection { call, error: Some(error), occurrence, lasts: true });
                }
            }
        }
    }
    all
}

/// The same few for every run of this test, or all of them.
fn sample(mut all: Vec<Injection>, few: usize) -> Vec<Injection> {
    let count = testkit::repetitions(few, all.len()).min(all.len());
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for at in 0..count {
        // Numerical Recipes' generator; its high bits are good.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = at + (state >> 33) as usize % (all.len() - at);
        all.swap(at, other);
    }
    all.truncate(count);
    all
}

/// A person's machine on which a program is about to run.
fn logged_in_to(options: Options) -> User {
    User::logged_in(BIN, options, &[READONLY])
}

fn logged_in() -> User {
    logged_in_to(Options::default())
}

fn program(scene: &User, name: &str, options: &[&str]) -> Command {
    let mut command = scene.command_of_sibling(name, options);
    command.args(["--timeout", TIMEOUT]);
    command
}

fn token(scene: &User, options: &[&str]) -> Run {
    testkit::run(program(scene, "gauth-token", options))
}

/// The grant's file, which is whole whenever it is there.
#[track_caller]
fn stored(scene: &User, what: &str) -> Option<Value> {
    let bytes = fs::read(&scene.credentials).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{what}: torn: {error}")))
}

/// What is tried, and what must hold of it afterwards.
struct Trial {
    scene: fn() -> User,
    command: fn(&User) -> Command,
    /// What must hold after exit code 0, and after any other.
    delivered: fn(&User, &Run) -> bool,
    kept: fn(&User, &Run, &str),
    /// The next run, which sweeps up.
    next: fn(&User) -> Run,
    /// How many faults are tried in a usual run.
    sample: usize,
    /// What must not be on stderr: a panic, or one of our own where libraries panic over what no system does.
    never: &'static str,
}

impl Trial {
    fn run(&self) {
        let scene = (self.scene)();
        let names: Vec<String> = FAULTS.iter().map(|(name, _)| format!("?{name}")).collect();
        let trace = format!("trace=prctl,{}", names.join(","));
        let Some(plain) = strace(&["-e", &trace], (self.command)(&scene)) else {
            return;
        };
        let all = injections(&plain);
        assert_eq!(plain.run.code(), 0, "{}", plain.run.stderr());
        assert!((self.delivered)(&scene, &plain.run));
        for injection in sample(all, self.sample) {
            self.inject(&injection);
        }
    }

    #[track_caller]
    fn inject(&self, injection: &Injection) {
        let scene = (self.scene)();
        let started = Instant::now();
        let run = injection.trace((self.command)(&scene)).run;
        let what = format!("{injection:?}: exit code {}: {}", run.code(), run.stderr());
        let limit = TIMEOUT.parse().map(Duration::from_secs).expect("a number") + SLACK;
        assert!(started.elapsed() < limit, "{what}");
        run.assert_no_secret(&scene.sandbox.secrets(), true);
        assert!(!run.stderr().contains(self.never), "{what}");
        assert!(run.code() <= 6 || run.code() == 137, "{what}");
        if run.code() == 0 {
            assert!((self.delivered)(&scene, &run), "not delivered: {what}");
        }
        (self.kept)(&scene, &run, &what);
        scene.home.age_temporaries();
        let next = (self.next)(&scene);
        // An answer that was lost on its way has used up the token that was sent.
        let words = ["the server replaced the refresh token", "invalid_grant"];
        let is_lost = injection.error.is_none() || words.iter().any(|word| run.stderr().contains(word));
        assert!(next.code() == 0 || (is_lost && next.code() == 3), "{what}\nthe next run: {}", next.stderr());
        assert_eq!(scene.home.age_temporaries(), 0, "{what}: {:?}", scene.home.tree());
    }
}

fn is_token(run: &Run) -> bool {
    run.stdout().strip_suffix('\n').is_some_and(|token| token.starts_with("ya29.") && !token.contains('\n'))
}

/// A grant and cached tokens are whole, and a token comes whole or not at all.
#[track_caller]
fn token_files_are_whole(scene: &User, run: &Run, what: &str) {
    assert!(stored(scene, what).is_some_and(|file| file["refresh_token"].is_string()), "{what}");
    let cached = scene.home.tree().into_iter().filter(|path| path.starts_with(".cache/gauth"));
    for path in cached.filter(|path| path.extension().is_some_and(|ending| ending == "json")) {
        let bytes = fs::read(scene.home.path().join(&path)).expect("read the entry");
        assert!(serde_json::from_slice::<Value>(&bytes).is_ok(), "{what}: {}", path.display());
    }
    // What a killed one had printed was whole.
    assert!(run.stdout().is_empty() || (is_token(run) && [0, 137].contains(&run.code())), "{what}");
}

/// gauth-token without a cached token; the other trials say what is different.
const FIRST_TOKEN: Trial = Trial {
    scene: logged_in,
    command: |scene| program(scene, "gauth-token", &[]),
    delivered: |_, run| is_token(run),
    kept: token_files_are_whole,
    next: |scene| token(scene, &["--refresh"]),
    sample: SAMPLE,
    never: "internal error",
};

/// Somebody with a cached token.
fn served() -> User {
    let scene = logged_in();
    token(&scene, &[]).expect(0);
    scene
}

#[test]
fn a_first_token() {
    FIRST_TOKEN.run();
}

#[test]
fn a_refreshed_token() {
    Trial { scene: served, command: |scene| program(scene, "gauth-token", &["--refresh"]), ..FIRST_TOKEN }.run();
}

#[test]
fn a_cached_token() {
    Trial { scene: served, ..FIRST_TOKEN }.run();
}

#[test]
fn a_rotated_token() {
    Trial { scene: || logged_in_to(Options { rotate: true, ..Options::default() }), ..FIRST_TOKEN }.run();
}

#[test]
fn a_revocation() {
    Trial {
        scene: served,
        command: |scene| program(scene, "gauth-revoke", &["--yes"]),
        delivered: |scene, _| {
            !scene.credentials.exists() && scene.sandbox.requests().iter().any(|request| request.path == "/revoke")
        },
        kept: |scene, _, what| drop(stored(scene, what)),
        next: |scene| {
            // What is left is a grant that has ended, or nothing.
            let run = testkit::run(program(scene, "gauth-revoke", &["--yes"]));
            let is_over = run.code() == 3;
            if is_over { testkit::run(scene.home.command("true")) } else { run }
        },
        ..FIRST_TOKEN
    }
    .run();
}

const OLD: &str = "{\"type\": \"authorized_user\", \"client_id\": \"old\", \"refresh_token\": \"1//old\"}";

#[test]
fn a_conversion() {
    const CONVERT: [&str; 4] = ["--convert", "google-auth", "-o", "converted.json"];
    fn converted(scene: &User) -> String {
        fs::read_to_string(scene.home.path().join("converted.json")).expect("read what was converted")
    }
    Trial {
        scene: || {
            let scene = logged_in();
            scene.home.write("converted.json", 0o600, OLD);
            scene
        },
        command: |scene| program(scene, "gauth-info", &CONVERT),
        delivered: |scene, _| converted(scene) != OLD,
        kept: |scene, _, what| assert!(serde_json::from_str::<Value>(&converted(scene)).is_ok(), "{what}"),
        next: |scene| testkit::run(program(scene, "gauth-info", &CONVERT)),
        ..FIRST_TOKEN
    }
    .run();
}

#[test]
fn a_report_into_a_file() {
    const REPORT: [&str; 8] = ["-p", "0", "-m", "sessions", "-d", "date,country,pagePath", "-o", "report.csv"];
    const ROWS: usize = 300;
    fn lines(scene: &User) -> Option<usize> {
        let text = fs::read_to_string(scene.home.path().join("report.csv")).ok()?;
        assert!(text == "old\n" || text.starts_with("date,country,pagePath,sessions\n"), "{text}");
        (text != "old\n").then(|| text.lines().count())
    }
    fn command(scene: &User) -> Command {
        let mut command = program(scene, "ga-query", &REPORT);
        command.env("GAUTH_TOKEN", scene.sandbox.access_token(&[READONLY]));
        command
    }
    Trial {
        scene: || {
            let scene = logged_in_to(Options { rows: ROWS as u64, ..Options::default() });
            scene.home.write("report.csv", 0o644, "old\n");
            scene
        },
        command,
        delivered: |scene, _| lines(scene) == Some(ROWS + 1),
        kept: |scene, _, what| assert!(lines(scene).is_none_or(|lines| lines == ROWS + 1), "{what}"),
        next: |scene| testkit::run(command(scene)),
        // tokio panics when it cannot write to its own eventfd, std when a directory of time zones cannot be closed.
        never: "internal error at crates/",
        ..FIRST_TOKEN
    }
    .run();
}

#[test]
fn a_login() {
    if tool("curl").is_none() {
        return;
    }
    fn command(scene: &User) -> Command {
        let mut command = program(scene, "gauth-login", &[]);
        // The faults meet this browser too, and strace waits for its end.
        let browser = "curl -sSL --max-time 15 -o page.html";
        command.env("GAUTH_CLIENT_SECRETS", scene.sandbox.client_secrets()).env("BROWSER", browser);
        command
    }
    Trial {
        scene: || {
            let scene = logged_in_to(Options { auto_consent: true, ..Options::default() });
            let old = stored(&scene, "the old login").expect("there is one");
            fs::write(&scene.credentials, old.to_string()).expect("write it");
            scene
        },
        command,
        delivered: |scene, _| stored(scene, "the new login").is_some_and(|file| file["granted_at"].is_string()),
        kept: |scene, _, what| assert!(stored(scene, what).is_some(), "{what}"),
        next: |scene| testkit::run(command(scene)),
        // Each is a whole login, twice.
        sample: SAMPLE / 3,
        ..FIRST_TOKEN
    }
    .run();
}

#[test]
fn h3_no_thread_is_a_temporary_failure_that_says_so() {
    let scene = logged_in();
    let login = || {
        let mut command = program(&scene, "gauth-login", &["--no-browser"]);
        command.env("GAUTH_CLIENT_SECRETS", scene.sandbox.client_secrets());
        command
    };
    let query = || {
        let mut command = program(&scene, "ga-query", &["-p", "0", "-m", "sessions"]);
        command.env("GAUTH_TOKEN", scene.sandbox.access_token(&[READONLY]));
        command
    };
    for command in [login(), query()] {
        let options = ["-e", "trace=clone3,clone", "-e", "inject=clone3,clone:error=EAGAIN"];
        let Some(trace) = strace(&options, command) else {
            return;
        };
        let run = trace.run.expect_failure(5);
        assert!(run.stderr().contains("cannot start a thread"), "{}", run.stderr());
    }
}

#[test]
fn a_named_pipe_that_nobody_writes_to_is_waited_for_until_the_deadline() {
    let home = Home::new();
    let fifo = home.path().join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::from(0o600)).expect("make a FIFO");
    let lines: [(&str, &[&str]); 6] = [
        ("gauth-token", &["--credentials", "fifo"]),
        ("gauth-info", &["fifo"]),
        ("gauth-revoke", &["fifo"]),
        ("gauth-login", &["--client-secrets", "fifo"]),
        ("ga-query", &["-p", "1", "--request", "fifo"]),
        ("ga-query", &["-p", "@fifo", "-m", "sessions"]),
    ];
    for (program, arguments) in lines {
        let mut command = home.command(sibling(BIN, program));
        command.args(arguments).args(["--timeout", "0.2"]).current_dir(home.path());
        let run = testkit::run(command).expect_failure(5);
        assert!(run.stderr().contains("nothing more came in time"), "{program}: {}", run.stderr());
    }
}

#[test]
fn credentials_may_come_late_from_a_named_pipe_or_standard_input() {
    let scene = logged_in();
    let content = fs::read(&scene.credentials).expect("read the file");
    let fifo = scene.home.path().join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::from(0o600)).expect("make a FIFO");
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| fs::write(&fifo, &content));
        testkit::run(program(&scene, "gauth-token", &["--credentials", "fifo"])).expect(0);
        writer.join().expect("the writer ends").expect("it writes");
    });
    let from_stdin = program(&scene, "gauth-token", &["--credentials", "-"]);
    testkit::run_with_input(from_stdin, content).expect(0);
    let mut unwritten = program(&scene, "gauth-token", &["--credentials", "-"]);
    unwritten.args(["--timeout", "0.2"]).env_remove("GAUTH_CREDENTIALS");
    let waiting = testkit::Running::start_on(unwritten, std::process::Stdio::piped());
    let run = waiting.finish().expect_failure(5);
    assert!(run.stderr().contains("read standard input: nothing more came in time"), "{}", run.stderr());
}
