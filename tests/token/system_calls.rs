//! What a run does to the machine, call by call (B6, D6, D12, H14).

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use testkit::{Call, Running, Signal, Trace, strace, token};

use crate::{BIN, logged_in, logged_in_to, with_a_key};

const EVERYTHING: &[&str] = &["-e", "trace=all"];

/// Calls that change something or reach somewhere.
fn acts(trace: &Trace) -> Vec<&str> {
    const HARMLESS: [&str; 3] = ["write(1,", "write(2,", "write(1</"];
    const NAMES: [&str; 22] = [
        "write",
        "pwrite64",
        "writev",
        "rename",
        "renameat",
        "renameat2",
        "unlink",
        "unlinkat",
        "mkdir",
        "mkdirat",
        "chmod",
        "fchmod",
        "fchmodat",
        "ftruncate",
        "fsync",
        "link",
        "symlink",
        "socket",
        "connect",
        "flock",
        "clone",
        "clone3",
    ];
    let is_act = |call: &Call| {
        NAMES.contains(&call.name.as_str())
            || (call.name == "openat" && ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| call.text.contains(flag)))
    };
    trace
        .calls
        .iter()
        .filter(|call| is_act(call))
        .map(|call| call.text.as_str())
        .filter(|text| !HARMLESS.iter().any(|harmless| text.starts_with(harmless)))
        .collect()
}

#[test]
fn b6_d12_a_warm_hit_opens_no_socket_takes_no_lock_and_writes_nothing() {
    for user in [logged_in(), with_a_key()] {
        let first = user.token(&[]);
        for options in [&[][..], &["--explain", "--verbose"], &["--format", "json"]] {
            let Some(trace) = strace(EVERYTHING, user.command(options)) else {
                return;
            };
            assert_eq!(acts(&trace), [""; 0]);
            assert!(user.check(trace.run).expect(0).stdout().contains(&first));
        }
        assert_eq!(user.requests_to("/token").len(), 1);
    }
}

#[test]
fn d12_only_the_cache_its_lock_and_a_replaced_grant_are_opened_for_writing() {
    for rotate in [false, true] {
        let user = logged_in_to(gauth_sandbox::Options { rotate, ..Default::default() });
        let Some(trace) = strace(EVERYTHING, user.command(&[])) else {
            return;
        };
        let lock = user.home.config().join("gauth/.credentials.json.lock").display().to_string();
        let cache = user.home.cache().join("gauth/").display().to_string();
        for act in acts(&trace).iter().filter(|act| act.starts_with("openat")) {
            // What is made ready for a replaced refresh token has no name until there is one.
            assert!(act.contains(&cache) || act.contains(&lock) || act.contains("O_TMPFILE"), "{act}");
        }
        let written = trace.calls.iter().filter(|call| call.name.starts_with("rename"));
        let grants = written.filter(|call| call.text.contains("/credentials.json\"")).count();
        assert_eq!(grants, usize::from(rotate));
        // No other program is started.
        assert_eq!(trace.named("execve").count(), 1);
        token(&user.check(trace.run).expect(0));
    }
}

#[test]
fn a_refresh_is_one_packet_without_a_thread_or_a_wait_for_the_disk() {
    for user in [logged_in(), with_a_key()] {
        let Some(trace) = strace(EVERYTHING, user.command(&["--refresh"])) else {
            return;
        };
        assert_eq!(trace.named("sendto").count() + trace.named("writev").count(), 1);
        let slow = ["clone", "clone3", "fsync", "fdatasync"];
        assert!(!trace.calls.iter().any(|call| slow.contains(&call.name.as_str())));
        token(&user.check(trace.run).expect(0));
    }
}

/// Renamed over the old one, it would be written to the disk at once.
#[cfg(target_os = "linux")]
#[test]
fn a_new_token_trades_places_with_the_cached_one_and_no_old_one_stays() {
    let user = logged_in();
    let first = user.token(&[]);
    let Some(trace) = strace(&["-e", "trace=rename,renameat,renameat2"], user.command(&["--refresh"])) else {
        return;
    };
    let renames: Vec<_> = trace.calls.iter().filter(|call| call.name.starts_with("rename")).collect();
    assert!(matches!(&renames[..], [one] if one.text.contains("RENAME_EXCHANGE")), "{renames:?}");
    let second = token(&user.check(trace.run).expect(0));
    assert_ne!(first, second);
    assert_eq!(user.token(&[]), second);
    assert!(user.cached(".gauth-tmp").is_empty());
}

#[test]
fn d6_no_descriptor_could_be_inherited() {
    let user = logged_in();
    let Some(trace) = strace(EVERYTHING, user.command(&[])) else {
        return;
    };
    for call in trace.calls.iter().filter(|call| !call.result().starts_with("-1")) {
        match call.name.as_str() {
            "openat" => assert!(call.text.contains("O_CLOEXEC"), "{}", call.text),
            "socket" => assert!(call.text.contains("SOCK_CLOEXEC"), "{}", call.text),
            _ => {}
        }
    }
    user.check(trace.run).expect(0);
}

#[test]
fn h14_help_and_version_touch_nothing() {
    let user = logged_in();
    for option in ["--help", "--version", "-h", "-V"] {
        let mut command = user.command(&[option]);
        command.env_remove("HOME");
        let Some(trace) = strace(EVERYTHING, command) else {
            return;
        };
        assert_eq!(acts(&trace), [""; 0]);
        let home = user.home.path().display().to_string();
        let looked = trace.calls.iter().any(|call| call.name == "openat" && call.text.contains(&home));
        assert!(!looked);
        assert!(trace.run.expect(0).stdout().contains("gauth-token"));
    }
}

#[test]
fn e1_a_refused_url_sends_no_packet_and_opens_no_other_file() {
    let user = logged_in();
    let mut file = user.stored();
    file["token_uri"] = "https://oauth2.evil.test/token".into();
    std::fs::write(&user.credentials, file.to_string()).expect("write the credentials");
    let Some(trace) = strace(EVERYTHING, user.command(&[])) else {
        return;
    };
    user.check(trace.run).expect_failure(2);
    let reached = ["socket", "connect", "sendto", "sendmmsg"];
    assert!(!trace.calls.iter().any(|call| reached.contains(&call.name.as_str())));
    assert!(user.cached("").is_empty());
}

#[test]
fn d5_memory_is_not_dumped_and_a_signal_that_would_dump_it_leaves_no_core() {
    let user = logged_in();
    user.sandbox.fault(gauth_sandbox::Fault::new("/token", gauth_sandbox::FaultKind::Hold));
    let mut command = user.home.command("sh");
    command.args(["-c", r#"ulimit -c unlimited; exec "$0""#, BIN]);
    let running = Running::start(command);
    assert!(user.sandbox.wait_for_held(1, Duration::from_secs(30)));
    // The kernel makes the files of such a process root's own.
    let environ = std::fs::metadata(format!("/proc/{}/environ", running.id())).expect("look at it");
    assert_eq!(environ.uid(), 0);
    running.signal(Signal::ABORT);
    let status = running.finish().output.status;
    assert!(!status.core_dumped(), "{status}");
    assert!(!user.home.tree().iter().any(|path| path.to_string_lossy().starts_with("core")));
}

#[test]
fn a_token_needs_no_thread() {
    let user = logged_in();
    let options = ["-e", "trace=clone3,clone", "-e", "inject=clone3,clone:error=EAGAIN"];
    let Some(trace) = strace(&options, user.command(&[])) else {
        return;
    };
    token(&user.check(trace.run).expect(0));
    assert_eq!(trace.calls.iter().filter(|call| call.name.starts_with("clone")).count(), 0, "for an address");
    // A name has to be looked up, which only has a deadline in a thread.
    let mut command = user.command(&[]);
    let mut file = user.stored();
    file["token_uri"] = "https://oauth2.googleapis.com/token".into();
    std::fs::write(&user.credentials, file.to_string()).expect("write the credentials");
    command.args(["--timeout", "20"]).env("HTTPS_PROXY", "http://proxy.invalid:1");
    let Some(trace) = strace(&options, command) else {
        return;
    };
    let run = user.check(trace.run).expect_failure(5);
    assert!(!run.stderr().contains("internal error"), "{}", run.stderr());
}

#[test]
fn h1_a_write_error_that_passes_leaves_nothing_on_standard_output() {
    let user = logged_in();
    user.token(&[]);
    for error in ["EIO", "ENOSPC", "EDQUOT"] {
        let inject = format!("inject=write:error={error}:when=1");
        let Some(trace) = strace(&["-e", "trace=write", "-e", &inject], user.command(&[])) else {
            return;
        };
        user.check(trace.run).expect_failure(1);
    }
    // One that was interrupted is written again.
    let inject = "inject=write:error=EINTR:when=1";
    let Some(trace) = strace(&["-e", "trace=write", "-e", inject], user.command(&[])) else {
        return;
    };
    token(&user.check(trace.run).expect(0));
}
