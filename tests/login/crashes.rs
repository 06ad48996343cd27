//! The write of the credentials file, call by call: in which order it is done, and what is left when one of the calls
//! fails or is the last. The browser is curl, so that the login needs nobody.

use std::fs;
use std::path::Path;
use std::process::Command;

use testkit::{User, strace, tool};

use crate::credentials_file::old_grant;
use crate::{FAILED, consenting, log_in};

/// Which of these a rename is depends on the machine.
const RENAME: &str = "?rename,?renameat,?renameat2";

/// A login whose browser is curl, so that it needs nobody. `None` where there is no curl.
fn alone(person: &User) -> Option<Command> {
    let curl = tool("curl")?;
    // Curl may be what is killed.
    let mut command = person.command(&["--timeout", "20"]);
    command.env("BROWSER", format!("{} -sSL -o page.html", curl.display()));
    Some(command)
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .expect("list the directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a2_a3_d12_the_file_is_private_from_birth_synced_before_it_is_renamed_and_nothing_else_is_written() {
    let person = consenting();
    let Some(command) = alone(&person) else {
        return;
    };
    let calls = format!("trace=openat,creat,mkdir,write,fsync,execve,{RENAME}");
    let Some(trace) = strace(&["-e", &calls], command) else {
        return;
    };
    assert_eq!(trace.run.code(), 0, "{}", trace.run.stderr());
    // The first process and its threads; the browser's process begins with an execve of its own.
    let first = trace.calls[0].pid;
    let browser = trace.named("execve").map(|call| call.pid).find(|&pid| pid != first);
    let ours: Vec<_> = trace.calls.iter().filter(|call| Some(call.pid) != browser).collect();

    let written = ours.iter().filter(|call| {
        call.name == "openat" && ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| call.text.contains(flag))
    });
    for call in written {
        let path = call.text.split('"').nth(1).expect("a path");
        let name = path.rsplit('/').next().expect("a name");
        let is_temporary = name.starts_with(".credentials.json.") && name.ends_with(".gauth-tmp");
        assert!(is_temporary || name == ".credentials.json.lock" || path == "/dev/null", "{}", call.text);
        if is_temporary {
            for flag in ["O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "0600"] {
                assert!(call.text.contains(flag), "{flag}: {}", call.text);
            }
        }
    }
    let at = |what: &dyn Fn(&str) -> bool| {
        let found = ours.iter().position(|call| what(&call.text));
        found.unwrap_or_else(|| panic!("no such call: {ours:#?}"))
    };
    let content = at(&|call| call.starts_with("write(") && call.contains("refresh_token\\\": "));
    let synced = content + ours[content..].iter().position(|call| call.name == "fsync").expect("fsync");
    let renamed = at(&|call| call.starts_with("rename"));
    let directory = renamed + ours[renamed..].iter().position(|call| call.name == "fsync").expect("fsync");
    let told = at(&|call| call.starts_with("write(1,"));
    assert!(content < synced && synced < renamed && renamed < directory && directory < told);
    let tree = person.home.tree();
    assert_eq!(tree.len(), 5, "{tree:?}");
}

#[test]
fn a4_a_crash_at_any_call_leaves_the_old_file_or_the_new_one() {
    for call in ["fsync", RENAME, "write"] {
        for when in 1..=2 {
            let person = consenting();
            let old = old_grant(&person, 0o600);
            let Some(command) = alone(&person) else {
                return;
            };
            let inject = format!("inject={call}:signal=KILL:when={when}");
            let Some(trace) = strace(&["-e", &inject], command) else {
                return;
            };
            let now = fs::read(&person.credentials).expect("there is a file");
            let file: serde_json::Value = serde_json::from_slice(&now).expect("a whole file");
            assert!(now == old || file["granted_at"].is_string(), "{call} {when}");
            if trace.run.code() == 0 {
                continue;
            }
            // The next login sweeps away what the killed one left, once that is a day old.
            person.home.age_temporaries();
            log_in(&person, &[]);
            assert_eq!(names(&person.home.config().join("gauth")), [".credentials.json.lock", "credentials.json"]);
        }
    }
}

#[test]
fn a5_a_disk_error_leaves_the_old_file_and_the_browser_shows_it() {
    for inject in ["inject=fsync:error=EIO:when=1".to_owned(), format!("inject={RENAME}:error=ENOSPC:when=1")] {
        let person = consenting();
        let old = old_grant(&person, 0o600);
        let Some(command) = alone(&person) else {
            return;
        };
        let Some(trace) = strace(&["-e", &inject], command) else {
            return;
        };
        let run = person.check(trace.run).expect_failure(1);
        assert!(run.stderr().contains("write '"), "{}", run.stderr());
        let page = fs::read_to_string(person.home.path().join("page.html"));
        assert!(page.expect("a page").contains(FAILED));
        assert_eq!(fs::read(&person.credentials).expect("the old file"), old);
        assert_eq!(names(&person.home.config().join("gauth")), [".credentials.json.lock", "credentials.json"]);
    }
}
