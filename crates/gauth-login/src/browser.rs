//! Opening the consent page: the first command of `BROWSER` that works, else the desktop's own opener. No shell is
//! involved; the child's streams are closed and it gets none of the variables that hold tokens (RFC 8252 §6 requires an
//! external browser).

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use gauth_cli::exit::{no_thread, reason};
use gauth_cli::files::shown;
use gauth_cli::{Terminal, environment};

/// Commands that open a URL in the user's browser, best first.
const OPENERS: &[&str] = if cfg!(target_os = "macos") {
    &["open"]
} else if cfg!(windows) {
    &["rundll32 url.dll,FileProtocolHandler"]
} else {
    &["xdg-open", "wslview", "sensible-browser", "x-www-browser"]
};

/// Prefixes of variables that the browser must not see.
const PRIVATE: [&str; 3] = ["GAUTH_", "GOOGLE_", "CLOUDSDK_"];

/// Opens `url`, which is https or loopback, in the background. Where no browser can be, none is tried.
pub(crate) fn open(url: String, terminal: Terminal) {
    let commands = match commands() {
        Ok(commands) => commands,
        Err(problem) => return by_hand(&problem, terminal),
    };
    // Some openers are the browser itself and keep running; only this thread waits for them.
    let opener = thread::Builder::new().spawn(move || {
        let mut tried = Vec::new();
        for command in &commands {
            match run(command, &url) {
                Ok(()) => return,
                Err(problem) => tried.push(format!("{}: {problem}", shown(Path::new(&command[0])))),
            }
        }
        by_hand(&format!("no browser could be opened (tried {})", tried.join(", ")), terminal);
    });
    if let Err(error) = opener {
        by_hand(&format!("no browser could be opened: {}", no_thread(error)), terminal);
    }
}

fn by_hand(problem: &str, terminal: Terminal) {
    terminal.note(&format!("{problem}: open the URL yourself"));
}

/// What to try, in order; or why nothing is.
fn commands() -> Result<Vec<Vec<String>>, String> {
    match environment::text("BROWSER") {
        Err(failure) => Err(failure.to_string()),
        Ok(Some(list)) => parse(&list).map_err(|problem| format!("invalid BROWSER: {problem}")),
        Ok(None) if has_display() => {
            let words = |command: &&str| command.split(' ').map(str::to_owned).collect();
            Ok(OPENERS.iter().map(words).collect())
        }
        Ok(None) => Err("no display found".to_owned()),
    }
}

/// In a login over SSH the display is that of another user, regardless of the variables.
fn has_display() -> bool {
    let is_set = |name| environment::variable(name).is_some();
    if is_set("SSH_CONNECTION") || is_set("SSH_TTY") {
        return false;
    }
    cfg!(any(target_os = "macos", windows)) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Waits until the command has ended; it has opened the browser if it says so.
fn run(command: &[String], url: &str) -> Result<(), String> {
    let mut command = with_url(command, url);
    command.stdin(Stdio::null());
    command.stdout(Stdio::null());
    command.stderr(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if PRIVATE.iter().any(|private| name_text.starts_with(private)) {
            command.env_remove(name);
        }
    }
    // Ctrl-C at the login must not close the browser.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let status = command.status().map_err(|error| reason(&error))?;
    if status.success() { Ok(()) } else { Err(status.to_string()) }
}

/// The URL takes the place of `%s`, or follows as the last argument.
fn with_url(command: &[String], url: &str) -> Command {
    let (program, arguments) = command.split_first().expect("a command has a word");
    let mut with_url = Command::new(program);
    with_url.args(arguments.iter().map(|word| word.replace("%s", url)));
    if !arguments.iter().any(|word| word.contains("%s")) {
        with_url.arg(url);
    }
    with_url
}

/// What separates the commands of `BROWSER`, as in `PATH`.
const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// The commands of `BROWSER`, each split at blanks. Quotes keep blanks and separators, as in a shell: in single quotes
/// every character stands for itself, and elsewhere a backslash (not on Windows) takes the meaning from the next one.
fn parse(list: &str) -> Result<Vec<Vec<String>>, &'static str> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = list.chars();
    while let Some(character) = characters.next() {
        let literal = match (character, quote) {
            (_, Some(open)) if character == open => {
                quote = None;
                continue;
            }
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
                continue;
            }
            ('\\', None | Some('"')) if !cfg!(windows) => characters.next().ok_or("it ends in a backslash")?,
            (_, None) if character.is_whitespace() || character == SEPARATOR => {
                commands.last_mut().expect("never empty").extend(word.take());
                if character == SEPARATOR {
                    commands.push(Vec::new());
                }
                continue;
            }
            _ => character,
        };
        word.get_or_insert_default().push(literal);
    }
    if quote.is_some() {
        return Err("a quote is not closed");
    }
    commands.last_mut().expect("never empty").extend(word);
    commands.retain(|command| !command.is_empty());
    if commands.is_empty() { Err("it names no command") } else { Ok(commands) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_words_come_back_from_their_quoting(
            commands in proptest::collection::vec(proptest::collection::vec("[ -~\u{e9}\u{65e5}]{0,8}", 1..4), 1..4)
        ) {
            let line = |words: &Vec<String>| -> String {
                let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
                quoted.join(" ")
            };
            let list: Vec<String> = commands.iter().map(line).collect();
            prop_assert_eq!(parse(&list.join(&SEPARATOR.to_string())), Ok(commands));
        }

        #[test]
        fn any_text_is_taken_apart_or_refused(list in "[ab:;'\"\\\\ %s\u{e9}\t\n]{0,24}") {
            if let Ok(commands) = parse(&list) {
                prop_assert!(commands.iter().all(|words| !words.is_empty()));
            }
        }
    }

    fn words(list: &str) -> Vec<Vec<String>> {
        let program_and_arguments = |command: &Command| -> Vec<String> {
            let program = std::iter::once(command.get_program());
            program.chain(command.get_args()).map(|word| word.to_string_lossy().into_owned()).collect()
        };
        let commands = parse(list).expect("commands");
        commands.iter().map(|command| program_and_arguments(&with_url(command, URL))).collect()
    }

    const URL: &str = "https://a.test/?x=1&y=2;z";

    #[test]
    fn c21_the_command_is_split_at_blanks_and_never_goes_through_a_shell() {
        assert_eq!(words("firefox"), [["firefox", URL]]);
        assert_eq!(words("firefox  --new-window"), [["firefox", "--new-window", URL]]);
        assert_eq!(words("b --url=%s -q"), [["b", &format!("--url={URL}"), "-q"]]);
        assert_eq!(words("b ; rm $(x)"), [["b", ";", "rm", "$(x)", URL]]);
    }

    #[test]
    fn quotes_keep_blanks_and_colons() {
        assert_eq!(words("'/a b/c' --x"), [["/a b/c", "--x", URL]]);
        assert_eq!(words(r#""/a b/c"' d':e\ f"#), [["/a b/c d", URL], ["e f", URL]]);
        assert_eq!(words(r#"b --proxy="127.0.0.1:1""#), [["b", "--proxy=127.0.0.1:1", URL]]);
        assert_eq!(words(r#"b '' "\"" '\'"#), [["b", "", "\"", "\\", URL]]);
        assert_eq!(words("a::b : "), [["a", URL], ["b", URL]]);
    }

    #[test]
    fn what_names_no_command_is_refused() {
        for (list, problem) in [
            (" ", "it names no command"),
            (" : ", "it names no command"),
            ("'a", "a quote is not closed"),
            ("a \"b'", "a quote is not closed"),
            ("a\\", "it ends in a backslash"),
        ] {
            assert_eq!(parse(list), Err(problem), "{list}");
        }
    }
}
