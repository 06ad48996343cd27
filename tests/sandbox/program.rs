//! The program: what it prints, what a command sees, how both end.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use testkit::{Home, assert_man_page_is_current, run};

use crate::PROGRAM;

fn sandbox(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(PROGRAM);
    command.args(arguments).env("TMPDIR", home.path());
    command
}

#[test]
fn without_a_command_it_prints_variables_and_ends_by_signal_leaving_nothing() {
    let home = Home::new();
    let mut child = sandbox(&home, &["--auto-consent"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut value = |name: &str| {
        let line = lines.next().unwrap().unwrap();
        let (key, value) = line.split_once('=').unwrap();
        assert_eq!(key, name);
        value.to_owned()
    };
    let url = value("GAUTH_SANDBOX_URL");
    let secrets = std::fs::read_to_string(value("GAUTH_CLIENT_SECRETS")).unwrap();
    assert!(secrets.contains(&format!("{url}/token")));
    let key = std::fs::read_to_string(value("GAUTH_SANDBOX_SERVICE_ACCOUNT")).unwrap();
    assert!(key.contains("\"type\": \"service_account\""));
    assert!(ureq::get(format!("{url}/sandbox/requests")).call().is_ok());

    let id = Pid::from_child(&child);
    kill_process(id, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(ureq::get(format!("{url}/sandbox/requests")).call().is_err());
    assert_eq!(home.tree(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_command_sees_the_sandbox_and_a_private_home_and_nothing_of_the_users_credentials() {
    let home = Home::new();
    let mut command = sandbox(&home, &["--", "env"]);
    command
        .env("GAUTH_TOKEN", "mine")
        .env("GAUTH_SANDBOX_URL", "http://127.0.0.1:1")
        .env("GOOGLE_APPLICATION_CREDENTIALS", "/mine")
        .env("CLOUDSDK_CONFIG", "/mine")
        .env("UNRELATED", "kept");
    let output = run(command).expect(0);
    let value = |name: &str| {
        let prefix = format!("{name}=");
        let mut lines = output.stdout().lines();
        lines.find_map(|line| line.strip_prefix(&prefix))
    };
    for gone in ["GAUTH_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"] {
        assert_eq!(value(gone), None);
    }
    assert_ne!(value("GAUTH_SANDBOX_URL"), Some("http://127.0.0.1:1"));
    assert_eq!(value("UNRELATED"), Some("kept"));
    let private = value("HOME").unwrap();
    assert_ne!(private, home.path().to_str().unwrap());
    for folder in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        assert!(value(folder).unwrap().starts_with(private), "{folder}");
    }
    assert_eq!(home.tree(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_relative_folder_is_printed_as_an_absolute_one() {
    let home = Home::new();
    let script = "cd / && test -f \"$GAUTH_CLIENT_SECRETS\" && test -f \"$GAUTH_SANDBOX_SERVICE_ACCOUNT\"";
    let mut command = sandbox(&home, &["--dir", "files", "--", "sh", "-c", script]);
    command.current_dir(home.path());
    run(command).expect(0);
}

/// A person's first line: nobody is there to click, and the redirect is followed all the same.
#[test]
fn with_auto_consent_the_browser_inside_follows_the_redirect() {
    let home = Home::new();
    let script = "
        test -x \"$BROWSER\" || exit 3
        \"$BROWSER\" \"$GAUTH_SANDBOX_URL/o/oauth2/v2/auth?client_id=nobody\" && \"$BROWSER\" https://example.com/
        echo \"status $?\"";
    let output = run(sandbox(&home, &["--auto-consent", "--", "sh", "-c", script])).expect(0);
    assert_eq!(output.stdout(), "status 1\n");
    assert!(output.stderr().contains("cannot open the page: only http on loopback"), "{}", output.stderr());
    let none = run(sandbox(&home, &["--", "sh", "-c", "test \"$BROWSER\" != \"${BROWSER%gauth-sandbox-browser}\""]));
    none.expect(1);
}

#[test]
fn export_names_what_other_clients_need() {
    let home = Home::new();
    let script =
        "test -f \"$GOOGLE_APPLICATION_CREDENTIALS\" && echo \"http://$GAUTH_SANDBOX_ENDPOINT $GAUTH_SANDBOX_URL\"";
    let output = run(sandbox(&home, &["--export", "env", "--", "sh", "-c", script])).expect(0);
    let (endpoint, url) = output.stdout().trim().split_once(' ').unwrap();
    assert_eq!(endpoint, url);
    for (format, start) in
        [("env", "GOOGLE_APPLICATION_CREDENTIALS=/"), ("shell", "export CLOUDSDK_AUTH_TOKEN_HOST='http://")]
    {
        let mut child = sandbox(&home, &["--export", format]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.starts_with(start)), "{format}");
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        child.wait().unwrap();
    }
    run(sandbox(&home, &["--export", "xml"])).expect(2);
}

#[test]
fn a_shell_on_a_terminal_shows_where_it_is_and_how_to_leave() {
    let home = Home::new();
    let mut pty = testkit::Pty::start(sandbox(&home, &["--", "sh"]), 80);
    let shown = pty.wait_for("type exit to leave it");
    assert!(shown.contains("inside the sandbox at http://127.0.0.1:"), "{shown}");
    pty.type_in("exit 0\n");
    let (status, _) = pty.finish();
    assert!(status.success());
    let quiet = run(sandbox(&home, &["--", "sh"])).expect(0);
    assert_eq!(quiet.stderr(), "");
}

#[test]
fn the_command_gets_its_own_options_and_gives_its_status() {
    let home = Home::new();
    let script = "test \"$1\" = --help && test \"$2\" = -- && exit 7";
    let arguments = ["--", "sh", "-c", script, "sh", "--help", "--"];
    run(sandbox(&home, &arguments)).expect(7);
    run(sandbox(&home, &["--", "sh", "-c", "kill -9 $$"])).expect(137);
    assert_eq!(home.tree(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_signal_reaches_the_command_and_its_status_comes_back() {
    let home = Home::new();
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let mut child = sandbox(&home, &["--", "sh", "-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(9), None));
    assert_eq!(home.tree(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_served() {
    let home = Home::new();
    for (arguments, code, text) in [
        (&["--auto-consent", "--deny"][..], 2, "exclude each other"),
        (&["--port", "70000"], 2, "--port"),
        (&["--rows", "many"], 2, "--rows"),
        (&["--", "/no/such/program"], 2, "no such file"),
        (&["--dir", "/dev/null/x"], 1, "'/dev/null/x': not a directory"),
    ] {
        let run = run(sandbox(&home, arguments)).expect(code);
        assert!(run.stderr().contains(text), "{arguments:?}: {}", run.stderr());
        assert_eq!(run.stdout(), "");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    run(sandbox(&home, &["--port", &port])).expect(1);
}

#[test]
fn a_time_limit_ends_the_command_too() {
    let home = Home::new();
    run(sandbox(&home, &["--timeout", "0.1", "--", "sleep", "60"])).expect(5);
    run(sandbox(&home, &["--timeout", "0.1"])).expect(5);
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let page = include_str!("../../crates/gauth-sandbox/gauth-sandbox.1");
    assert_man_page_is_current(PROGRAM, page);
}

#[test]
fn no_word_of_the_command_line_repeats_a_secret_or_names_a_folder_after_it() {
    const CANARY: &str = "C4n4ryC4n4ryC4n4ry";
    for start in ["xya29.a0", "1%2F%2F0g", "sessions,1//0g", "\u{a0}{\"client_secret\":\"", "GOCSPX-"] {
        let word = format!("{start}{CANARY}");
        for arguments in [&["--dir", &word, "--", "true"][..], &["--export", &word], &["--", &word]] {
            let home = Home::new();
            let refused = run(sandbox(&home, arguments)).expect(2);
            assert!(!refused.stderr().contains(CANARY), "{}", refused.stderr());
            assert_eq!(home.tree(), Vec::<std::path::PathBuf>::new());
        }
    }
}
