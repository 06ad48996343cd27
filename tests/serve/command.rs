//! The command: what it sees, how it is signalled, and how both end.

use std::net::TcpStream;
use std::path::Path;

use testkit::{Pty, Running, Signal, run, tool};

use crate::{BIN, Served, logged_in, with_key};

#[test]
fn i12_the_command_sees_the_server_and_no_other_credentials() {
    let user = logged_in();
    let mut command = user.command(&["--", "env"]);
    let others = [
        "GAUTH_TOKEN",
        "GAUTH_TOKEN_COMMAND",
        "GAUTH_REFRESH",
        "GAUTH_CLIENT_SECRETS",
        "GOOGLE_OAUTH_ACCESS_TOKEN",
        "GOOGLE_CREDENTIALS",
        "CLOUDSDK_AUTH_ACCESS_TOKEN",
        "CLOUDSDK_CORE_ACCOUNT",
        "NO_GCE_CHECK",
    ];
    for name in others {
        command.env(name, "0");
    }
    command.env("UNRELATED", "kept").env("GOOGLE_CLOUD_PROJECT", "kept").env("CLOUDSDK_CONFIG", "/mine");
    let output = user.check(run(command).expect(0));
    let value = |name: &str| {
        let prefix = format!("{name}=");
        output.stdout().lines().find_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
    };
    for name in others.iter().chain(&["GOOGLE_APPLICATION_CREDENTIALS"]) {
        assert_eq!(value(name), None, "{name}");
    }
    let host = value("GCE_METADATA_HOST").expect("it is set");
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    for (name, expected) in [
        ("GCE_METADATA_IP", host.as_str()),
        ("GCE_METADATA_ROOT", &host),
        ("METADATA_SERVER_DETECTION", "assume-present"),
        ("GAUTH_CREDENTIALS", user.credentials.to_str().expect("a plain path")),
        ("GAUTH_SANDBOX_URL", user.sandbox.url()),
        ("UNRELATED", "kept"),
        ("GOOGLE_CLOUD_PROJECT", "kept"),
    ] {
        assert_eq!(value(name).as_deref(), Some(expected), "{name}");
    }
    let folder = value("CLOUDSDK_CONFIG").expect("it is set");
    assert_ne!(folder, "/mine");
    assert!(!Path::new(&folder).exists(), "it goes with the command");
}

#[test]
fn i8_no_secret_is_in_the_commands_environment_or_the_address() {
    let (user, key) = with_key();
    let output = run(user.command(&["--credentials", &key, "--", "env"])).expect(0);
    output.assert_no_secret(&user.sandbox.secrets(), false);
    let host = output.stdout().lines().find_map(|line| line.strip_prefix("GCE_METADATA_HOST=")).expect("it is set");
    assert!(host.parse::<std::net::SocketAddr>().is_ok(), "{host}");
}

#[test]
fn our_own_programs_in_the_command_are_the_same_identity() {
    let user = logged_in();
    let key = user.home.write("here/key.json", 0o600, user.key().to_string());
    let mut command = user.command(&["--credentials", "key.json", "--", "sh", "-c", "cd / && \"$0\" --explain"]);
    command.arg(testkit::sibling(BIN, "gauth-token")).current_dir(key.parent().expect("a folder"));
    let output = run(command).expect(0);
    assert!(output.stderr().contains("acting as reporter@"), "{}", output.stderr());
}

#[test]
fn a_profile_is_the_identity_inside_and_outside() {
    let user = logged_in();
    user.home.write(".config/gauth/profiles/acme.json", 0o600, user.key().to_string());
    let script = "echo \"$GAUTH_PROFILE $GAUTH_CREDENTIALS\"; \"$0\" --explain > /dev/null";
    for options in [&["--profile", "acme"][..], &[]] {
        let mut command = user.command(options);
        command.args(["--", "sh", "-c", script]).arg(testkit::sibling(BIN, "gauth-token"));
        if options.is_empty() {
            command.env("GAUTH_PROFILE", "acme");
        }
        let output = run(command).expect(0);
        assert_eq!(output.stdout(), "acme \n");
        assert!(output.stderr().contains("acting as reporter@"), "{}", output.stderr());
    }
    let missing = run(user.command(&["--profile", "other", "--", "touch", "ran"])).expect_failure(3);
    assert!(missing.stderr().contains("acme"), "{}", missing.stderr());
}

#[test]
fn without_a_file_our_programs_in_the_command_are_never_another_identity() {
    let user = logged_in();
    let key = user.home.write("key.json", 0o600, user.key().to_string());
    let script = "env | grep ^GAUTH_CREDENTIALS_COMMAND=; \"$0\" --explain";
    for has_other_login in [true, false] {
        if !has_other_login {
            std::fs::remove_file(&user.credentials).expect("remove the login");
        }
        let mut command = user.command(&["--", "sh", "-c", script]);
        command.arg(testkit::sibling(BIN, "gauth-token"));
        command.env("GAUTH_CREDENTIALS_COMMAND", format!("cat {}", key.display()));
        let output = run(command).expect(if has_other_login { 2 } else { 0 });
        let says = if has_other_login { "given-without-a-file" } else { "using the metadata server" };
        assert!(output.stderr().contains(says), "{}", output.stderr());
        assert!(!output.stdout().contains("COMMAND"), "{}", output.stdout());
    }
}

#[test]
fn i12_the_exit_code_or_the_signal_of_the_command_is_the_programs() {
    let user = logged_in();
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -TERM $$", 143)]
    {
        run(user.command(&["--", "sh", "-c", script])).expect(code);
    }
    let script = "test \"$1\" = --help && test \"$2\" = -- && cat";
    let echoed = testkit::run_with_input(user.command(&["--", "sh", "-c", script, "sh", "--help", "--"]), "typed\n");
    assert_eq!(echoed.expect(0).stdout(), "typed\n");
    assert!(user.requests().is_empty(), "nobody asked for a token");
}

/// As after `trap '' HUP CHLD` in a shell, or under nohup.
#[test]
fn i12_what_is_ignored_at_the_start_stays_ignored_and_the_status_is_known() {
    let Some(bash) = tool("bash") else { return };
    let user = logged_in();
    let script = "trap '' HUP CHLD; exec \"$0\" -- sh -c 'kill -HUP $$; kill -HUP $PPID; echo alive; exit 7'";
    let mut command = user.home.command(bash);
    command.envs(user.environment.iter().cloned()).args(["-c", script, BIN]);
    assert_eq!(run(command).expect(7).stdout(), "alive\n");
}

#[test]
fn i12_signals_are_passed_on() {
    let user = logged_in();
    for (signal, name, code) in [
        (Signal::TERM, "TERM", 41),
        (Signal::INT, "INT", 42),
        (Signal::HUP, "HUP", 43),
        (Signal::QUIT, "QUIT", 44),
        (Signal::USR1, "USR1", 45),
    ] {
        let script = format!("trap 'exit {code}' {name}; echo ready; while :; do sleep 0.02; done");
        let running = Running::start(user.command(&["--", "sh", "-c", &script]));
        running.stdout_line(|line| line == "ready");
        running.signal(signal);
        running.finish().expect(code);
    }
}

#[test]
fn i12_the_port_is_gone_when_either_side_has_ended() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let address = served.address;
    served.end();
    assert!(TcpStream::connect(address).is_err());

    // It cannot remove its folder.
    let mut program = user.command(&[]);
    program.env("TMPDIR", user.home.path());
    let killed = Served::of(&user, program);
    killed.running.signal(Signal::KILL);
    while TcpStream::connect(killed.address).is_ok() {
        std::thread::yield_now();
    }
    // Its command is still there, and goes with the process group.
    drop(killed);
}

#[test]
fn i12_a_terminal_is_shared_and_ctrl_c_comes_once() {
    let user = logged_in();
    let Some(setsid) = tool("setsid") else { return };
    let script = "n=0; trap 'n=$((n + 1)); echo interrupted $n' INT; echo ready; until read line; do :; done; exit 9";
    let mut command = user.home.command(setsid);
    command.envs(user.environment.iter().cloned()).args(["--ctty", BIN, "--", "sh", "-c", script]);
    let mut pty = Pty::start(command, 80);
    pty.wait_for("ready");
    for number in 1..=3 {
        pty.type_in("\u{3}");
        pty.wait_for(&format!("interrupted {number}"));
    }
    pty.type_in("end\n");
    let (status, shown) = pty.finish();
    assert_eq!(status.code(), Some(9), "{shown}");
    assert!(!shown.contains("interrupted 4"), "{shown}");
}

#[test]
fn a_command_that_cannot_be_run_is_a_usage_error() {
    let user = logged_in();
    let not_executable = user.home.write("plain", 0o600, "");
    for (words, says) in [
        (&["--", "/no/such/program"][..], "cannot run /no/such/program: no such file"),
        (&["--", not_executable.to_str().unwrap()], "permission denied"),
        (&[], "no command given"),
        (&["--", ""], "no command given"),
        (&["--credentials", "-", "--", "true"], "standard input belongs to COMMAND"),
        (&["--project", "a b", "--", "true"], "--project"),
        (&["--scope", "", "--", "true"], "--scope: empty"),
        (&["--subject", "a@example.test", "--", "true"], "--subject requires a service account"),
    ] {
        user.refused_offline(words, says);
    }
}

#[test]
fn without_credentials_the_command_is_not_run() {
    let user = testkit::User::new(BIN, gauth_sandbox::Options::default());
    let run = user.run(&["--", "touch", "ran"]).expect_failure(3);
    assert!(run.stderr().contains("run gauth-login"), "{}", run.stderr());
    assert!(!user.home.path().join("ran").exists());
}

#[test]
fn gclouds_file_which_go_prefers_is_warned_of() {
    let user = logged_in();
    user.home.write(".config/gcloud/application_default_credentials.json", 0o600, "{}");
    let run = user.run(&["--", "true"]).expect(0);
    assert!(run.stderr().contains("programs written in Go"), "{}", run.stderr());
}

#[test]
fn the_time_limit_is_not_the_commands() {
    let user = logged_in();
    run(user.command(&["--timeout", "0.01", "--", "sleep", "0.3"])).expect(0);
}
