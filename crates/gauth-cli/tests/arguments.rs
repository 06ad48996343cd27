//! The rules of the command line that hold for every program, by way of `examples/arguments.rs`.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use testkit::{Home, Run, Running, run};

fn arguments(words: &[&str]) -> Command {
    let mut command = Home::new().command(testkit::example("arguments"));
    command.args(words).current_dir("/");
    command
}

fn said(words: &[&str]) -> Run {
    run(arguments(words))
}

/// What the program understood.
#[track_caller]
fn understood(words: &[&str]) -> String {
    let run = said(words).expect(0);
    let (given, _) = run.stdout().split_once(" timeout ").expect("the arguments, then the timeout");
    given.to_owned()
}

#[test]
fn options_are_understood_in_every_spelling() {
    for (words, expected) in [
        (&["--metrics", "a,b"][..], r#"metrics: ["a,b"]"#),
        (&["--metrics=a,b"], r#"metrics: ["a,b"]"#),
        (&["-m", "a,b"], r#"metrics: ["a,b"]"#),
        (&["-ma,b"], r#"metrics: ["a,b"]"#),
        (&["-m=a,b"], r#"metrics: ["a,b"]"#),
        (&["-xma"], r#"metrics: ["a"] fail: true"#),
        (&["-m", "a", "--metrics=b", "-mc"], r#"metrics: ["a", "b", "c"]"#),
        (&["--sort", "-date"], r#"sort: Some("-date")"#),
        (&["--sort=-date"], r#"sort: Some("-date")"#),
        (&["--sort="], r#"sort: Some("")"#),
        (&["--sort=a=b"], r#"sort: Some("a=b")"#),
        (&["--sort", "--", "--", "x"], r#"words: ["x"] sort: Some("--")"#),
        (&["123", "-m", "a", "2020-01-01"], r#"words: ["123", "2020-01-01"] metrics: ["a"]"#),
        (&["--limit=5", "--", "-x", "--sort"], r#"words: ["-x", "--sort"] limit: Some(5)"#),
        (&["-", "--credentials", "-"], r#"words: ["-"] credentials: Some("-")"#),
        (&["help"], r#"words: ["help"]"#),
        (&["--", "--help"], r#"words: ["--help"]"#),
        (&["-m", "help", "--sort", "help"], r#"metrics: ["help"] sort: Some("help")"#),
        (&[""], r#"words: [""]"#),
    ] {
        if expected.contains("fail: true") {
            assert!(said(words).expect(2).stdout().contains(r#"metrics: ["a"]"#));
        } else {
            assert_eq!(understood(words), expected, "{words:?}");
        }
    }
}

#[test]
fn a_token_that_is_missing_is_an_empty_token() {
    for (words, expected) in [
        (&["--token"][..], r#"token: Some("")"#),
        (&["--token", ""], r#"token: Some("")"#),
        (&["--token="], r#"token: Some("")"#),
        (&["--token", "-f", "csv"], r#"token: Some("") format: Some("csv")"#),
        (&["--token", "--limit", "5"], r#"limit: Some(5) token: Some("")"#),
        (&["--token", "-"], r#"token: Some("-")"#),
        (&["--token", "abc", "-f", "csv"], r#"token: Some("abc") format: Some("csv")"#),
    ] {
        assert_eq!(understood(words), expected, "{words:?}");
    }
}

#[test]
fn h6_usage_errors_exit_2_name_the_option_and_never_repeat_a_value() {
    for (words, message) in [
        (
            &["--limit"][..],
            "--limit needs a value\narguments: hint: if the value comes from $(COMMAND), run COMMAND by itself: it printed nothing",
        ),
        (
            &["-m"],
            "-m needs a value\narguments: hint: if the value comes from $(COMMAND), run COMMAND by itself: it printed nothing",
        ),
        (
            &["--sort", "--limit", "5"],
            "--sort needs a value\narguments: hint: if the value comes from $(COMMAND), run COMMAND by itself: it printed nothing",
        ),
        (&["--limit", "canary"], "--limit: not a whole number"),
        (&["--limit", "1", "--limit", "2"], "--limit was given twice"),
        (&["--fail=canary"], "--fail takes no value"),
        (&["--timeout", "0"], "--timeout: expected a positive number of seconds"),
        (&["--timeout", "canary"], "--timeout: expected a positive number of seconds"),
        (&["--timeout", "inf"], "--timeout: expected a positive number of seconds"),
        (&["--timeout", "-1"], "--timeout: expected a positive number of seconds"),
        (&["--completions", "canary"], "--completions: expected bash, zsh or fish"),
        (&["--lmit=canary"], "unknown option --lmit\narguments: hint: did you mean --limit?"),
        (&["--cr", "canary"], "unknown option --cr\narguments: hint: see arguments --help"),
        (&["--crede", "canary"], "unknown option --crede\narguments: hint: did you mean --credentials?"),
        (&["--CANARY=canary"], "unknown option\narguments: hint: see arguments --help"),
        (&["-zcanary"], "unknown option -z\narguments: hint: see arguments --help"),
    ] {
        let run = said(words).expect_failure(2);
        assert_eq!(run.stderr(), format!("arguments: {message}\n"), "{words:?}");
        assert!(!run.stderr().contains("canary") && !run.stderr().contains("CANARY"));
    }
}

#[test]
fn an_argument_that_is_not_utf_8_is_a_usage_error() {
    let mut command = arguments(&["-m"]);
    command.arg(OsStr::from_bytes(b"\xff"));
    assert_eq!(run(command).expect_failure(2).stderr(), "arguments: an argument is not UTF-8\n");
}

#[test]
fn notes_are_silenced_and_steps_are_shown_on_request() {
    assert_eq!(said(&[]).expect(0).stderr(), "arguments: a note\narguments: warning: a warning\n");
    assert_eq!(said(&["-q"]).expect(0).stderr(), "arguments: warning: a warning\n");
    let all = "arguments: a note\narguments: a step\narguments: warning: a warning\n";
    assert_eq!(said(&["--verbose"]).expect(0).stderr(), all);
}

#[test]
fn a_failure_is_one_line_and_its_hint_another() {
    let run = said(&["-qx"]).expect(2);
    let expected = "arguments: warning: a warning\narguments: told to fail\narguments: hint: leave out -x\n";
    assert_eq!(run.stderr(), expected);
}

#[test]
fn the_timeout_is_the_programs_own_or_the_one_given() {
    assert!(said(&[]).expect(0).stdout().ends_with("timeout Some(60s)\n"));
    assert!(said(&["--timeout", "2.5"]).expect(0).stdout().ends_with("timeout Some(2.5s)\n"));
}

#[test]
fn help_explains_every_option_and_exit_code() {
    let page = said(&["--help"]).expect(0);
    assert_eq!(page.stdout(), said(&["-h"]).expect(0).stdout());
    assert_eq!(page.stdout(), said(&["123", "-m", "a", "--help", "--bogus"]).expect(0).stdout());
    for part in [
        "arguments: print the arguments that were given\n\nUsage: arguments [OPTIONS] [PROPERTY [START]]\n",
        "\n  -m, --metrics METRICS   metrics, separated by commas (may repeat)\n",
        "\n      --sort FIELD,-FIELD\n                          fields to sort by\n",
        "\n      --timeout SECS      give up after this time (default 60)\n",
        "\n  4                       refused: ",
        "\n  arguments -m sessions\n      prints one metric\n",
    ] {
        assert!(page.stdout().contains(part), "{part:?} is not in\n{}", page.stdout());
    }
    assert!(page.stdout().lines().all(|line| line.chars().count() <= 80));
    assert!(!page.stdout().contains("--panic"), "a hidden option");
    assert_eq!(said(&["-V"]).expect(0).stdout(), concat!("arguments ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn completions_are_scripts_their_shells_accept_and_name_every_option() {
    for (shell, check) in [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"])] {
        let script = said(&["--completions", shell]).expect(0);
        for option in ["metrics", "sort", "limit", "token", "format", "credentials", "fail", "timeout", "help"] {
            assert!(script.stdout().contains(option), "{shell}: {option}");
        }
        let Some(shell) = testkit::tool(shell) else {
            continue;
        };
        let home = Home::new();
        let file = home.write("script", 0o600, script.stdout());
        let mut command = home.command(shell);
        command.args(check).arg(file);
        run(command).expect(0);
    }
}

#[test]
fn bash_completes_options_values_and_files() {
    let script = said(&["--completions", "bash"]).expect(0);
    let home = Home::new();
    home.write("key.json", 0o600, "");
    let complete = |words: &str| {
        let last = words.split(' ').count() - 1;
        let ask = format!(
            "{}\nCOMP_WORDS=({words}); COMP_CWORD={last}; _arguments; echo \"${{COMPREPLY[@]}}\"",
            script.stdout()
        );
        let mut command = home.command("bash");
        command.args(["-c", &ask]);
        run(command).expect(0).stdout().trim_end().to_owned()
    };
    assert_eq!(complete("arguments --cre"), "--credentials");
    assert_eq!(complete("arguments -f j"), "json");
    assert_eq!(complete("arguments --credentials k"), "key.json");
    assert_eq!(complete("arguments --limit 1"), "10 100");
    assert_eq!(complete("arguments --limit = 10"), "10 100");
    assert_eq!(complete("arguments -m a,ses"), "a,sessions");
    assert_eq!(complete("arguments --sort -tot"), "-totalUsers");
    assert_eq!(complete("arguments --token T"), "");
    assert_eq!(complete("arguments k"), "");
}

#[test]
fn h1_a_full_disk_is_a_failure() {
    for words in [&["--help"][..], &["--version"], &["--completions", "bash"], &[]] {
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" >/dev/full"]).arg(testkit::example("arguments")).args(words);
        let message = "arguments: cannot write standard output: no space left on device\n";
        assert_eq!(run(command).expect(1).stderr(), message, "{words:?}");
    }
}

#[test]
fn h3_a_reader_that_went_away_is_no_failure() {
    let (reader, writer) = std::io::pipe().expect("make a pipe");
    drop(reader);
    let mut command = arguments(&["--help"]);
    command.stdout(Stdio::from(writer)).stderr(Stdio::piped());
    let output = command.spawn().and_then(|child| child.wait_with_output()).expect("run the program");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_closed_stderr_is_no_error() {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" --limit canary 2>&-"]).arg(testkit::example("arguments"));
    run(command).expect_failure(2);
    let full = File::options().write(true).open("/dev/full").expect("open /dev/full");
    let mut command = arguments(&["--limit", "canary"]);
    assert_eq!(command.stderr(full).status().expect("run the program").code(), Some(2));
}

#[test]
fn d1_a_token_is_taken_out_of_the_command_line_at_the_start() {
    for words in [&["--token", "canary-of-a-token"][..], &["--token=canary-of-a-token", "--sort", "x"]] {
        let run = said(words).expect(0);
        let line = run.stdout().lines().nth(1).expect("a second line");
        if cfg!(target_os = "linux") {
            assert!(line.starts_with("visible: ") && !line.contains("canary"), "{line}");
            assert!(line.contains("--token") && line.contains('*'), "{line}");
        }
    }
}

#[test]
fn d1_a_token_that_cannot_be_erased_moves_to_standard_input() {
    for (words, left) in [
        (["--again", "--secret", "canary-of-a-token"], "--again --secret -"),
        (["--again", "--secret=canary-of-a-token", "-q"], "--again --secret=- -q"),
    ] {
        assert_eq!(said(&words).expect(0).stdout(), format!("{left}: canary-of-a-token\n"));
    }
}

#[test]
fn d7_a_panic_is_exit_1_and_shows_nothing_of_the_data() {
    let run = said(&["--panic"]).expect_failure(1);
    let place = "arguments: internal error at crates/gauth-cli/examples/arguments.rs:";
    assert!(run.stderr().starts_with(place) && !run.stderr().contains("canary"), "{}", run.stderr());
    assert_eq!(run.stderr().lines().count(), 1);
}

#[test]
fn h2_a_closed_stdout_counts_as_dev_null() {
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" --version >&-"]).arg(testkit::example("arguments"));
    assert_eq!(run(command).expect(0).stderr(), "");
}

#[test]
fn a_program_killed_by_a_signal_says_so() {
    let mut command = Home::new().command("sh");
    command.args(["-c", "kill -TERM $$; read line"]).current_dir("/");
    assert_eq!(Running::start(command).finish().code(), 128 + 15);
}
