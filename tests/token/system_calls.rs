//! What a run does to the machine, call by call (B6, D6, D12, H14).

use testkit::{Call, Trace, strace};

use crate::{User, token};

const EVERYTHING: &[&str] = &["-e", "trace=all"];

/// Calls that change something or reach somewhere.
fn acts(trace: &Trace) -> Vec<&str> {
    const HARMLESS: [&str; 3] = ["write(1,", "write(2,", "write(1</"];
    const NAMES: [&str; 21] = [
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
    for user in [User::logged_in(), User::with_a_key()] {
        let first = user.token(&[]);
        for options in [&[][..], &["--explain", "--verbose"], &["--format", "json"]] {
            let Some(trace) = strace(EVERYTHING, user.command(options)) else {
                return;
            };
            assert_eq!(acts(&trace), [""; 0]);
            assert!(user.check(trace.run).expect(0).stdout().contains(&first));
        }
        assert_eq!(user.token_requests().len(), 1);
    }
}

#[test]
fn d12_only_the_cache_its_lock_and_a_replaced_grant_are_opened_for_writing() {
    for rotate in [false, true] {
        let user = User::logged_in_to(gauth_sandbox::Options { rotate, ..Default::default() });
        let Some(trace) = strace(EVERYTHING, user.command(&[])) else {
            return;
        };
        let config = user.home.config().join("gauth/.credentials.json.").display().to_string();
        let cache = user.home.cache().join("gauth/").display().to_string();
        for act in acts(&trace).iter().filter(|act| act.starts_with("openat")) {
            assert!(act.contains(&cache) || (rotate && act.contains(&config)), "{act}");
        }
        // No other program is started.
        assert_eq!(trace.named("execve").count(), 1);
        token(&user.check(trace.run).expect(0));
    }
}

#[test]
fn a_refresh_is_one_packet_and_takes_no_thread() {
    for user in [User::logged_in(), User::with_a_key()] {
        let Some(trace) = strace(EVERYTHING, user.command(&["--refresh"])) else {
            return;
        };
        assert_eq!(trace.named("sendto").count() + trace.named("writev").count(), 1);
        assert!(!trace.calls.iter().any(|call| call.name.starts_with("clone")));
        token(&user.check(trace.run).expect(0));
    }
}

#[test]
fn d6_no_descriptor_could_be_inherited() {
    let user = User::logged_in();
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
    let user = User::logged_in();
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
    let user = User::logged_in();
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
