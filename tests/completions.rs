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

/// What stands in the line after it was completed. `begin` makes the shell ready; `keys` complete a line and show it between
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

#[test]
fn zsh_completes_values() {
    if tool("zsh").is_none() {
        return;
    }
    let home = home();
    script(&home, "ga-query", "zsh");
    let begin = "fpath=($HOME/functions $fpath); autoload -U compinit; compinit -u -D; \
        report() { zle complete-word; print -r -- \"<$BUFFER>\" ended }; zle -N report; bindkey '^T' report";
    for (line, expected) in CASES {
        // zsh puts an equals sign and a comma behind what may go on, and takes them away when it does not.
        let shown = completed(&home, "zsh", &["-f", "-i"], begin, line, "\u{14}");
        assert_eq!(shown.trim_end_matches(['=', ',']), expected);
    }
}

#[test]
fn fish_completes_values() {
    if tool("fish").is_none() {
        return;
    }
    let home = home();
    let script = script(&home, "ga-query", "fish");
    for (line, expected) in CASES {
        let mut command = home.command("fish");
        command.args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", &script, line]);
        let run = run(command).expect(0);
        let first = run.stdout().lines().next().unwrap_or_default();
        let word = first.split('\t').next().unwrap_or_default();
        let before = line.rsplit_once(' ').expect("two words").0;
        let completed = if word.is_empty() { line.to_owned() } else { format!("{before} {word}") };
        assert_eq!(completed, expected, "{}", run.stdout());
    }
}

#[test]
fn every_program_offers_what_it_takes() {
    let home = home();
    for (program, values) in [
        ("ga-properties", "csv tsv json ndjson table id"),
        ("ga-fields", "csv tsv json ndjson table record"),
        ("gauth-token", "bare header json curl"),
        ("gauth-token", "analytics.readonly analytics.edit"),
        ("gauth-login", "analytics.readonly analytics.edit"),
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
