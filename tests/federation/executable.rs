//! Subject tokens from a program that the file names (AIP-4117): run only when allowed, without a shell, within limits,
//! and without anything of gauth's own (D2, D6, E5).

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use gauth_sandbox::Provider;
use serde_json::{Value, json};

use testkit::{User, token};

use super::machine;

const ALLOW: &str = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES";

/// A machine whose program is this shell script.
fn with_program(script: &str, options: &Value) -> User {
    let machine = machine();
    let program = machine.home.write("get-token", 0o700, format!("#!/bin/sh\n{script}\n"));
    let mut executable = json!({"command": program});
    for (name, value) in options.as_object().into_iter().flatten() {
        executable[name] = value.clone();
    }
    let source = json!({"executable": executable});
    let target = Some(machine.sandbox.analyst());
    machine.keep(&machine.sandbox.external_account(Provider::Oidc, source, target));
    let answer = good_answer(&machine);
    machine.home.write("answer", 0o600, answer.to_string());
    machine
}

fn good_answer(machine: &User) -> Value {
    json!({
        "version": 1, "success": true,
        "token_type": "urn:ietf:params:oauth:token-type:id_token",
        "id_token": machine.sandbox.subject_token(Provider::Oidc, &json!({})),
        "expiration_time": 4_000_000_000_u64,
    })
}

fn allowed(machine: &User, options: &[&str]) -> Command {
    let mut command = machine.command(options);
    command.env(ALLOW, "1");
    command
}

#[test]
fn what_the_program_prints_is_exchanged() {
    let machine = with_program("cat answer", &json!({}));
    let command = allowed(&machine, &["--scope", "email"]);
    let token = token(&machine.run_command(command).expect(0));
    assert_eq!(machine.whose(&token), machine.sandbox.analyst());
}

#[test]
fn a_kept_answer_is_used_instead_of_running_it_while_it_holds() {
    let machine = with_program("echo x >>runs; cp answer kept; cat answer", &json!({}));
    let mut file: Value =
        serde_json::from_slice(&fs::read(machine.home.config().join("gauth/credentials.json")).expect("read"))
            .expect("JSON");
    file["credential_source"]["executable"]["output_file"] =
        machine.home.path().join("kept").display().to_string().into();
    machine.keep(&file);
    let runs = || fs::read(machine.home.path().join("runs")).expect("it ran").len();
    for _ in 0..3 {
        machine.run_command(allowed(&machine, &["--no-cache"])).expect(0);
        assert_eq!(runs(), 2);
    }
    let mut stale = good_answer(&machine);
    stale["expiration_time"] = 1_000_000_000.into();
    machine.home.write("kept", 0o600, stale.to_string());
    machine.run_command(allowed(&machine, &["--no-cache"])).expect(0);
    assert_eq!(runs(), 4);
}

#[test]
fn e5_nothing_runs_unless_the_variable_says_1() {
    let machine = with_program("touch ran; cat answer", &json!({}));
    for value in [None, Some(""), Some("0"), Some("true"), Some("1 ")] {
        let mut command = machine.command(&[]);
        if let Some(value) = value {
            command.env(ALLOW, value);
        }
        let run = machine.run_command(command).expect_failure(2);
        assert!(run.stderr().contains(&format!("hint: if you trust the file: export {ALLOW}=1")), "{}", run.stderr());
    }
    assert!(!machine.home.path().join("ran").exists());
    assert!(machine.asked().is_empty());
}

#[test]
fn e5_no_shell_reads_the_command() {
    let machine = with_program("printf '%s\\n' \"$@\" >arguments; cat answer", &json!({}));
    let program = machine.home.path().join("get-token");
    let command = format!("{} a;touch${{IFS}}b $HOME `id` | tee > c * \"d e\"", program.display());
    let mut file: Value =
        serde_json::from_slice(&fs::read(machine.home.config().join("gauth/credentials.json")).expect("read"))
            .expect("JSON");
    file["credential_source"]["executable"]["command"] = command.into();
    machine.keep(&file);
    machine.run_command(allowed(&machine, &[])).expect(0);
    let arguments = fs::read_to_string(machine.home.path().join("arguments")).expect("it ran");
    assert_eq!(
        arguments.lines().collect::<Vec<_>>(),
        ["a;touch${IFS}b", "$HOME", "`id`", "|", "tee", ">", "c", "*", "\"d", "e\""]
    );
    for made in ["b", "c"] {
        assert!(!machine.home.path().join(made).exists());
    }
}

#[test]
fn e5_an_endless_output_is_cut_and_ends_the_program() {
    let machine = with_program("echo $$ >pid; exec yes canary", &json!({}));
    let run = machine.run_command(allowed(&machine, &[])).expect_failure(1);
    assert!(run.stderr().contains("64 KiB"), "{}", run.stderr());
    assert!(!run.stderr().contains("canary"));
    assert_gone(&machine.home.path().join("pid"));
}

#[test]
fn e5_a_program_that_takes_too_long_is_ended_with_its_children() {
    let machine = with_program("sleep 1000 & echo $! >child; echo $$ >pid; wait", &json!({}));
    let started = Instant::now();
    let run = machine.run_command(allowed(&machine, &["--timeout", "3"])).expect_failure(5);
    assert!(run.stderr().contains("timed out"), "{}", run.stderr());
    assert!(started.elapsed() < testkit::IN_TIME);
    for file in ["child", "pid"] {
        assert_gone(&machine.home.path().join(file));
    }
}

#[test]
fn e5_what_a_program_leaves_running_ends_when_it_has_answered() {
    let machine = with_program("sleep 1000 >/dev/null 2>&1 & echo $! >child; cat answer", &json!({}));
    machine.run_command(allowed(&machine, &[])).expect(0);
    assert_gone(&machine.home.path().join("child"));
}

#[test]
fn e5_its_own_deadline_is_that_of_the_file_and_bounded() {
    let machine = with_program("cat answer", &json!({}));
    for millis in [0, 4_999, 120_001, 4_000_000_000_u64] {
        let mut file: Value =
            serde_json::from_slice(&fs::read(machine.home.config().join("gauth/credentials.json")).expect("read"))
                .expect("JSON");
        file["credential_source"]["executable"]["timeout_millis"] = millis.into();
        machine.keep(&file);
        let run = machine.run_command(allowed(&machine, &[])).expect_failure(2);
        assert!(run.stderr().contains("timeout_millis"), "{}", run.stderr());
    }
}

#[test]
fn d2_d6_it_inherits_no_token_no_descriptor_and_no_stdin() {
    let machine = with_program("env >environment; ls -l /proc/$$/fd >descriptors; cat >stdin; cat answer", &json!({}));
    let mut command = allowed(&machine, &[]);
    for name in ["GAUTH_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"] {
        command.env(name, "ya29.inherited-canary");
    }
    command.env("PASSED_ON", "yes");
    machine.run_command(command).expect(0);
    let read = |name: &str| fs::read_to_string(machine.home.path().join(name)).expect("written");
    let environment = read("environment");
    assert!(!environment.contains("inherited-canary"), "{environment}");
    assert!(environment.contains("PASSED_ON=yes"));
    for (name, value) in [
        ("AUDIENCE", Provider::Oidc.audience()),
        ("TOKEN_TYPE", "urn:ietf:params:oauth:token-type:jwt".to_owned()),
        ("INTERACTIVE", "0".to_owned()),
        ("IMPERSONATED_EMAIL", machine.sandbox.analyst().to_owned()),
    ] {
        let line = format!("GOOGLE_EXTERNAL_ACCOUNT_{name}={value}");
        assert!(environment.lines().any(|l| l == line), "{line}");
    }
    // 10 and above are the shell's own.
    let open: Vec<u32> = read("descriptors")
        .lines()
        .filter_map(|line| line.split(" -> ").next()?.rsplit(' ').next()?.parse().ok())
        .filter(|descriptor| *descriptor < 10)
        .collect();
    assert!(open.iter().all(|descriptor| *descriptor <= 2), "{open:?}");
    assert_eq!(read("stdin"), "");
}

#[test]
fn what_the_program_says_of_its_failure_is_kept_and_its_noise_is_not() {
    for (script, code, says) in [
        (
            r#"echo noise-canary >&2; echo '{"version":1,"success":false,"code":"401","message":"log in first"}'; exit 1"#,
            2,
            "401: log in first",
        ),
        ("exit 3", 1, "exit status: 3"),
        ("kill -9 $$", 1, "signal: 9"),
        ("echo not-json", 2, "the program's response"),
        (r#"printf '{"version":1,"success":false,"code":"\033]0;x","message":"y"}'"#, 2, "the program's response"),
    ] {
        let machine = with_program(script, &json!({}));
        let run = machine.run_command(allowed(&machine, &[])).expect_failure(code);
        assert!(run.stderr().contains(says), "{}", run.stderr());
        assert!(!run.stderr().contains("canary") && !run.stderr().contains('\u{1b}'));
        assert!(machine.asked().is_empty());
    }
    let machine = with_program("cat answer", &json!({"command": "/nonexistent/program"}));
    let run = machine.run_command(allowed(&machine, &[])).expect_failure(2);
    assert!(run.stderr().contains("/nonexistent/program"), "{}", run.stderr());
}

/// The process whose id is in this file has ended; as a zombie of nobody's it has no command line.
#[track_caller]
fn assert_gone(file: &Path) {
    let id = fs::read_to_string(file).expect("it ran");
    let command_line = format!("/proc/{}/cmdline", id.trim());
    let deadline = Instant::now() + testkit::IN_TIME;
    while fs::read(&command_line).is_ok_and(|bytes| !bytes.is_empty()) {
        assert!(Instant::now() < deadline, "{} still runs", id.trim());
        std::thread::yield_now();
    }
}
