//! The completions of the programs in the shells that people type in.

use testkit::{Home, Pty, run, tool};

use crate::BIN;

/// The script for a shell, in a file named as zsh wants it.
fn script(home: &Home, program: &str, shell: &str) -> String {
    let program = testkit::sibling(BIN, program);
    let mut command = home.command(&program);
    command.args(["--completions", shell]);
    let text = run(command).expect(0).stdout().to_owned();
    let name = format!("functions/_{}", program.file_name().expect("a name").to_string_lossy());
    home.write(name, 0o600, &text).display().to_string()
}

/// The line after completion. `begin` makes the shell ready; `keys` complete a line and show it between
/// `<` and `> ended`.
fn completed(home: &Home, shell: &str, options: &[&str], begin: &str, line: &str, keys: &str) -> String {
    let mut command = home.command(shell);
    command.args(options).env("TERM", "dumb").env("PS1", "ready$ ");
    let mut pty = Pty::start(command, 200);
    pty.type_in(&format!("{begin}; echo be''gun\n"));
    pty.wait_for("begun\r\n");
    pty.type_in(&format!("{line}{keys}"));
    let shown = pty.wait_for("> ended");
    let end = shown.rfind("> ended").expect("it was shown");
    let start = shown[..end].rfind('<').expect("it was shown");
    shown[start + 1..end].trim().to_owned()
}

const CASES: [(&str, &str); 9] = [
    ("ga-query --form", "ga-query --format"),
    ("ga-query --format js", "ga-query --format json"),
    ("ga-query -f js", "ga-query -f json"),
    ("ga-query --format=js", "ga-query --format=json"),
    ("ga-query --method runPiv", "ga-query --method runPivotReport"),
    ("ga-query -m sessionsPerU", "ga-query -m sessionsPerUser"),
    ("ga-query -d date,landingPagePlusQ", "ga-query -d date,landingPagePlusQueryString"),
    ("ga-query -o rep", "ga-query -o report.csv"),
    ("ga-query --token TO", "ga-query --token TO"),
];

fn home() -> Home {
    let home = Home::new();
    home.write("report.csv", 0o600, "");
    home
}

const PROFILE_CASES: [(&str, &str); 3] = [
    ("gauth-token --profile ac", "gauth-token --profile acme"),
    ("gauth-token --profile=ac", "gauth-token --profile=acme"),
    ("gauth-token --profile rep", "gauth-token --profile rep"),
];

/// A home with profiles, and a file that is none.
fn home_with_profiles() -> Home {
    let home = home();
    for name in ["acme.json", "work.json", "acne.txt", ".acme.json.lock"] {
        home.write(format!(".config/gauth/profiles/{name}"), 0o600, "");
    }
    home
}

#[test]
fn profiles_that_exist_are_completed_in_every_shell() {
    let home = home_with_profiles();
    for (line, expected) in PROFILE_CASES {
        if tool("bash").is_some() {
            let begin = format!("source {}", script(&home, "gauth-token", "bash"));
            let keys = "\t\u{1}echo '<' \u{5} '>' en''ded\n";
            assert_eq!(completed(&home, "bash", &["--norc", "--noprofile", "-i"], &begin, line, keys), expected);
        }
        if tool("zsh").is_some() {
            script(&home, "gauth-token", "zsh");
            let shown = completed(&home, "zsh", &["-f", "-i"], ZSH, line, "\u{14}");
            assert_eq!(shown.trim_end(), expected);
        }
        if tool("fish").is_some() {
            assert_eq!(completed_by_fish(&home, &script(&home, "gauth-token", "fish"), line), expected);
        }
    }
}

#[test]
fn bash_completes_values() {
    if tool("bash").is_none() {
        return;
    }
    let home = home();
    let begin = format!("source {}", script(&home, "ga-query", "bash"));
    let options = ["--norc", "--noprofile", "-i"];
    let sort = ("ga-query --sort date,-screenPageViewsPerS", "ga-query --sort date,-screenPageViewsPerSession");
    for (line, expected) in CASES.into_iter().chain([sort]) {
        // A shell draws its line in pieces; echo shows the whole.
        let keys = "\t\u{1}echo '<' \u{5} '>' en''ded\n";
        assert_eq!(completed(&home, "bash", &options, &begin, line, keys), expected);
    }
}

/// Control-T completes, and shows the line.
const ZSH: &str = "fpath=($HOME/functions $fpath); autoload -U compinit; compinit -u -D; \
    report() { zle complete-word; print -r -- \"<$BUFFER>\" ended }; zle -N report; bindkey '^T' report";

#[test]
fn zsh_completes_values() {
    if tool("zsh").is_none() {
        return;
    }
    let home = home();
    script(&home, "ga-query", "zsh");
    for (line, expected) in CASES {
        // zsh puts an equals sign and a comma behind what may go on, and takes them away when it does not.
        let shown = completed(&home, "zsh", &["-f", "-i"], ZSH, line, "\u{14}");
        assert_eq!(shown.trim_end_matches(['=', ',']), expected);
    }
}

/// The line with fish's first suggestion.
fn completed_by_fish(home: &Home, script: &str, line: &str) -> String {
    let mut command = home.command("fish");
    command.args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script, line]);
    let run = run(command).expect(0);
    assert_eq!(run.stderr(), "");
    let first = run.stdout().lines().next().unwrap_or_default();
    let word = first.split('\t').next().unwrap_or_default();
    let before = line.rsplit_once(' ').expect("two words").0;
    if word.is_empty() { line.to_owned() } else { format!("{before} {word}") }
}

#[test]
fn fish_completes_values() {
    if tool("fish").is_none() {
        return;
    }
    let home = home();
    let script = script(&home, "ga-query", "fish");
    for (line, expected) in CASES {
        assert_eq!(completed_by_fish(&home, &script, line), expected);
    }
}

#[test]
fn every_program_offers_what_it_takes() {
    let home = home();
    for (program, values) in [
        ("ga-properties", " markdown id"),
        ("ga-fields", " markdown record"),
        ("gauth-token", "bare header json curl"),
        ("gauth-token", "analytics.readonly analytics.edit"),
        ("gauth-login", "analytics.readonly analytics.edit"),
        ("gauth-revoke", "gauth/profiles"),
        ("gauth-info", "gauth/profiles"),
        ("gauth-login", "gauth/profiles"),
        ("gauth-info", "text json"),
        ("gauth-info", "authorized_user google-auth"),
    ] {
        for shell in ["bash", "zsh", "fish"] {
            let text = std::fs::read_to_string(script(&home, program, shell)).expect("the script");
            assert!(text.contains(values), "{program} {shell}: {values}");
            assert!(!text.contains("TOKEN -"), "{program} {shell}");
        }
    }
}
