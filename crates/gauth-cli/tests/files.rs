//! Requirements A1–A5 and B4–B5 on the system calls themselves, by way of `examples/files.rs`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use testkit::{Home, Run, Running, mode, run, strace};

const OLD: &str = "the old secret";
const NEW: &str = "the new secret";

/// Which of these a rename is depends on the machine.
const RENAME: &str = "?rename,?renameat,?renameat2";

fn files(home: &Home, words: &[&str]) -> Command {
    let mut command = home.command(testkit::example("files"));
    command.args(words);
    command
}

fn under_umask(home: &Home, umask: &str, words: &[&str]) -> Run {
    let mut command = home.command("sh");
    command.arg("-c").arg(format!("umask {umask}; exec \"$0\" \"$@\""));
    command.arg(testkit::example("files")).args(words);
    run(command).expect(0)
}

fn old_secret(home: &Home) -> std::path::PathBuf {
    home.write("secret", 0o600, OLD)
}

fn content(path: &Path) -> String {
    fs::read_to_string(path).expect("read the secret")
}

#[test]
fn a1_secrets_are_private_with_any_umask() {
    for umask in ["000", "022", "777"] {
        let home = Home::new();
        under_umask(&home, umask, &["secret", "d/secret", "--content", NEW]);
        assert_eq!(mode(home.path().join("d")), 0o700, "{umask}");
        assert_eq!(mode(home.path().join("d/secret")), 0o600, "{umask}");
        assert_eq!(home.tree().len(), 2, "{umask}: {:?}", home.tree());
    }
}

#[test]
fn reports_follow_the_umask() {
    for (umask, expected) in [("022", 0o644), ("077", 0o600)] {
        let home = Home::new();
        under_umask(&home, umask, &["report", "report.csv", "--content", "rows"]);
        assert_eq!(mode(home.path().join("report.csv")), expected);
    }
}

#[test]
fn a2_a3_a_secret_is_private_from_birth_and_synced_before_it_is_renamed() {
    let home = Home::new();
    let secret = old_secret(&home);
    let command = files(&home, &["secret", "secret", "--content", NEW]);
    let Some(trace) = strace(&["-e", "trace=openat,write,fsync,rename,renameat,renameat2"], command) else {
        return;
    };
    trace.run.expect(0);
    let at = |what: &dyn Fn(&str) -> bool| {
        trace
            .calls
            .iter()
            .position(|call| what(&call.text))
            .unwrap_or_else(|| panic!("no such call: {:#?}", trace.calls))
    };
    let created = at(&|call| call.starts_with("openat(") && call.contains(".gauth-tmp\""));
    let birth = &trace.calls[created].text;
    for flag in ["O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "0600"] {
        assert!(birth.contains(flag), "{flag}: {birth}");
    }
    let written = at(&|call| call.starts_with("write(") && call.contains(NEW));
    let synced = at(&|call| call.starts_with("fsync("));
    let renamed = at(&|call| call.starts_with("rename"));
    let directory_synced = trace.calls.iter().rposition(|call| call.name == "fsync");
    assert!(created < written && written < synced && synced < renamed, "{:#?}", trace.calls);
    assert!(directory_synced.is_some_and(|at| at > renamed), "{:#?}", trace.calls);
    assert_eq!(content(&secret), NEW);
}

#[test]
fn a4_a_crash_at_any_call_leaves_the_old_secret_or_the_new_one() {
    for call in ["openat", "statx", "flock", "write", "fsync", RENAME] {
        for nth in 1..=30 {
            let home = Home::new();
            let secret = old_secret(&home);
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let command = files(&home, &["secret", "secret", "--content", NEW]);
            let Some(trace) = strace(&["-e", &format!("trace={call}"), "-e", &inject], command) else {
                return;
            };
            let found = content(&secret);
            assert!(found == OLD || found == NEW, "{call} {nth}: {found}");
            if trace.run.code() == 0 {
                // There is no nth call any more.
                assert!(nth > 1, "{call} is never called");
                break;
            }
            home.age_temporaries();
            run(files(&home, &["secret", "secret", "--content", NEW])).expect(0);
            assert_eq!(home.tree(), [Path::new("secret")], "{call} {nth}: b9: the next day's run sweeps");
        }
    }
}

#[test]
fn a5_a_disk_error_leaves_the_old_secret_and_nothing_else() {
    for inject in [
        "write:error=ENOSPC",
        "write:error=EDQUOT",
        "write:error=EFBIG",
        "fsync:error=EIO",
        &format!("{RENAME}:error=EIO"),
    ] {
        let home = Home::new();
        let secret = old_secret(&home);
        let call = inject.split(':').next().expect("a call");
        let command = files(&home, &["secret", "secret", "--content", NEW]);
        let options = ["-e", &format!("trace={call}"), "-e", &format!("inject={inject}:when=1")];
        let Some(trace) = strace(&options, command) else {
            return;
        };
        trace.run.expect_failure(1);
        assert_eq!(content(&secret), OLD, "{inject}");
        assert_eq!(home.tree(), [Path::new("secret")], "{inject}");
    }
}

#[test]
fn a5_a_full_file_system_limit_leaves_the_old_secret() {
    let home = Home::new();
    let secret = old_secret(&home);
    let mut command = home.command("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" secret secret --content new"]);
    command.arg(testkit::example("files"));
    let failed = run(command).expect_failure(1);
    assert!(failed.stderr().starts_with("files: cannot write 'secret': file too large"), "{}", failed.stderr());
    assert_eq!(content(&secret), OLD);
    assert_eq!(home.tree(), [Path::new("secret")]);
}

fn holder(home: &Home) -> Running {
    let holder = Running::start_on(files(home, &["lock", "lock"]), Stdio::piped());
    holder.stderr_line(|line| line == "files: locked");
    holder
}

#[test]
fn b4_a_lock_is_free_at_once_when_its_holder_is_killed() {
    let home = Home::new();
    let holder = holder(&home);
    let waiter = Running::start(files(&home, &["lock", "lock"]));
    holder.signal(testkit::Signal::KILL);
    assert_eq!(holder.finish().code(), 128 + 9);
    assert_eq!(waiter.finish().expect(0).stderr(), "files: locked\n");
}

#[test]
fn b4_a_stopped_holder_costs_a_waiter_its_deadline_and_no_more() {
    let home = Home::new();
    let holder = holder(&home);
    holder.signal(testkit::Signal::STOP);
    let waiter = run(files(&home, &["lock", "lock", "--timeout", "0.05"])).expect_failure(5);
    assert_eq!(waiter.stderr(), "files: cannot lock 'lock': another process holds it\n");
}

#[test]
fn b5_without_locks_the_work_goes_on_with_a_warning() {
    for (error, reason) in [("ENOLCK", "no locks available"), ("EOPNOTSUPP", "operation not supported")] {
        let home = Home::new();
        let inject = format!("inject=flock:error={error}");
        let command = files(&home, &["lock", "lock"]);
        let Some(trace) = strace(&["-e", "trace=flock", "-e", &inject], command) else {
            return;
        };
        let run = trace.run.expect(0);
        let warning =
            format!("files: warning: cannot lock 'lock': {reason}: continuing without a lock\nfiles: not locked\n");
        assert_eq!(run.stderr(), warning);
    }
}
