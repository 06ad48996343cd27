//! Opening the consent page: the command in `BROWSER`, else the desktop's own opener. No shell is involved; the child
//! hears and says nothing on our streams and sees none of the variables that hold tokens (RFC 8252 §6 wants a browser of
//! its own, never one inside the program).

use std::process::{Command, Stdio};
use std::thread;

use gauth_cli::{Terminal, environment};

/// Commands that open a URL in the user's browser, best first.
const OPENERS: &[&str] = if cfg!(target_os = "macos") {
    &["open"]
} else if cfg!(windows) {
    &["rundll32 url.dll,FileProtocolHandler"]
} else {
    &["xdg-open", "wslview", "sensible-browser", "x-www-browser"]
};

/// Beginnings of the names of variables that the browser has no business to see.
const PRIVATE: [&str; 3] = ["GAUTH_", "GOOGLE_", "CLOUDSDK_"];

/// Opens `url`, which is https or loopback, in the background. Where no browser can be, none is tried.
pub(crate) fn open(url: String, terminal: Terminal) {
    let commands: Vec<String> = match environment::text("BROWSER") {
        Ok(Some(command)) => vec![command],
        _ if has_display() => OPENERS.iter().map(|&command| command.to_owned()).collect(),
        _ => {
            terminal.note("there is no display here, so no browser is opened");
            return;
        }
    };
    // Some openers are the browser itself and stay; nobody waits for them but this thread.
    let tried = thread::Builder::new().spawn(move || {
        if !commands.iter().any(|command| succeeds(command, &url)) {
            terminal.note("no browser could be opened: open the URL by hand");
        }
    });
    drop(tried);
}

/// A login over SSH is somebody else's desk, whatever the variables promise.
fn has_display() -> bool {
    let is_set = |name| environment::variable(name).is_some();
    if is_set("SSH_CONNECTION") || is_set("SSH_TTY") {
        return false;
    }
    cfg!(any(target_os = "macos", windows)) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn succeeds(command: &str, url: &str) -> bool {
    let Some(mut command) = parse(command, url) else {
        return false;
    };
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
    command.status().is_ok_and(|status| status.success())
}

/// Splits at blanks; the URL takes the place of `%s`, or stands at the end.
fn parse(command: &str, url: &str) -> Option<Command> {
    let mut words = command.split_whitespace();
    let mut parsed = Command::new(words.next()?);
    let arguments: Vec<&str> = words.collect();
    let has_place = arguments.iter().any(|word| word.contains("%s"));
    parsed.args(arguments.iter().map(|word| word.replace("%s", url)));
    if !has_place {
        parsed.arg(url);
    }
    Some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str) -> Vec<String> {
        let parsed = parse(command, "https://a.test/?x=1&y=2;z").expect("a command");
        let program = std::iter::once(parsed.get_program());
        program.chain(parsed.get_args()).map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn c21_the_command_is_split_at_blanks_and_never_goes_through_a_shell() {
        let url = "https://a.test/?x=1&y=2;z";
        assert_eq!(words("firefox"), ["firefox", url]);
        assert_eq!(words("firefox  --new-window"), ["firefox", "--new-window", url]);
        assert_eq!(words("b --url=%s -q"), ["b", &format!("--url={url}"), "-q"]);
        assert_eq!(words("b ; rm $(x)"), ["b", ";", "rm", "$(x)", url]);
        assert!(parse(" ", url).is_none());
    }
}
