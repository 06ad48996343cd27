//! Logging in on a machine whose browser is elsewhere: the address is pasted into the terminal.

use testkit::{Home, Pty, User};

use crate::{Login, consenting, start, status};

/// A login on a terminal.
struct Desk {
    pty: Pty,
    url: String,
}

impl Desk {
    #[track_caller]
    fn start(person: &User) -> Self {
        let pty = Pty::start(person.command(&["--no-browser"]), 80);
        let shown = pty.wait_for("paste that page's address here");
        let url = shown.lines().find(|line| line.starts_with("http")).expect("a URL");
        Self { url: url.trim_end().to_owned(), pty }
    }

    /// The address that the browser on the other machine ends on.
    fn address(&self) -> String {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().max_redirects(0).max_redirects_will_error(false).proxy(None).build().into();
        let answer = agent.get(&self.url).call().expect("visit the consent page");
        let location = answer.headers().get("location").expect("a redirect");
        // A browser shows the slash that the redirect URI leaves out.
        location.to_str().expect("an address").replacen('?', "/?", 1)
    }

    fn code(&self) -> String {
        crate::parameter(&self.address(), "code")
    }

    #[track_caller]
    fn finish(self, code: i32) -> String {
        let (status, shown) = self.pty.finish();
        assert_eq!(status.code(), Some(code), "{shown}");
        shown
    }
}

#[test]
fn c20_a_pasted_address_logs_in_with_anything_that_terminals_add() {
    for (before, after) in [("", "\n"), ("", "\r\n"), ("  ", " \n"), ("\x1b[200~", "\x1b[201~\r"), ("\n\n", "\n")] {
        let person = consenting();
        let mut desk = Desk::start(&person);
        let address = desk.address();
        desk.pty.type_in(&format!("{before}{address}{after}"));
        let shown = desk.finish(0);
        assert!(shown.contains(&format!("{}\r\n", person.credentials.display())), "{shown}");
        assert!(person.credentials.exists());
        assert_eq!(person.requests_to("/token").len(), 1);
    }
}

#[test]
fn c20_a_bare_code_logs_in_also_still_percent_encoded() {
    for encoded in [false, true] {
        let person = consenting();
        let mut desk = Desk::start(&person);
        let code = desk.code();
        let typed = if encoded { code.replace('/', "%2F") } else { code };
        desk.pty.type_in(&format!("{typed}\r"));
        desk.finish(0);
        assert!(person.credentials.exists());
    }
}

#[test]
fn c20_another_logins_address_is_reported_and_changes_nothing() {
    let person = consenting();
    let mut desk = Desk::start(&person);
    let right = desk.address();
    let state = crate::parameter(&desk.url, "state");
    let other_state = right.replace(&state, "another");
    let other_issuer = right.replace("iss=http", "iss=https");
    assert!(other_state != right && other_issuer != right);
    for wrong in [other_state, other_issuer, "http://127.0.0.1:1/".to_owned(), format!("{right}&code=x")] {
        desk.pty.type_in(&format!("{wrong}\n"));
        desk.pty.wait_for("is not the answer to this login");
    }
    desk.pty.type_in("\n\n");
    assert_eq!(person.requests_to("/token").len(), 0);
    desk.pty.type_in(&format!("{right}\n"));
    desk.finish(0);
}

#[test]
fn words_that_are_not_a_code_are_asked_for_again_and_never_sent() {
    let person = consenting();
    let mut desk = Desk::start(&person);
    let right = desk.address();
    let url = desk.url.clone();
    for (at, slip) in ["hello", "y", "what is this", "yes please", "4/", &url].into_iter().enumerate() {
        desk.pty.type_in(&format!("{slip}\n"));
        desk.pty.wait_for_times("is not the answer to this login", at + 1);
    }
    assert_eq!(person.requests_to("/token").len(), 0);
    desk.pty.type_in(&format!("{right}\n"));
    desk.finish(0);
    assert_eq!(person.requests_to("/token").len(), 1);
}

#[test]
fn c20_a_pasted_refusal_exits_4() {
    let person = consenting();
    let mut desk = Desk::start(&person);
    let state = crate::parameter(&desk.url, "state");
    desk.pty.type_in(&format!("http://127.0.0.1:1/?error=access_denied&state={state}\n"));
    let shown = desk.finish(4);
    assert!(shown.contains("access_denied"));
    assert!(!person.credentials.exists());
}

#[test]
fn c20_a_mebibyte_pasted_is_passed_over() {
    let person = consenting();
    let mut desk = Desk::start(&person);
    let right = desk.address();
    desk.pty.type_in(&"x".repeat(1 << 20));
    desk.pty.type_in("\n");
    desk.pty.wait_for("the pasted line is too long");
    desk.pty.type_in(&format!("{right}\n"));
    desk.finish(0);
    assert_eq!(person.requests_to("/token").len(), 1);
}

#[test]
fn c20_the_end_of_input_leaves_the_browser_to_answer() {
    let person = consenting();
    let mut desk = Desk::start(&person);
    desk.pty.type_in("\x04");
    testkit::visit(&desk.url);
    desk.finish(0);
}

#[test]
fn what_is_piped_in_is_no_answer() {
    let person = consenting();
    let command = person.command(&["--no-browser"]);
    let login = Login::start_on(command, std::process::Stdio::piped());
    // There is nobody to tell about pasting.
    assert_eq!(status(&login.get("/favicon.ico")), "404");
    testkit::visit(&login.url);
    let run = login.running.finish().expect(0);
    assert!(!run.stderr().contains("paste"), "{}", run.stderr());
}

#[test]
fn c20_the_dead_out_of_band_address_is_never_used() {
    let person = consenting();
    let login = start(&person, &[]);
    assert!(!login.url.contains("urn%3Aietf") && !login.url.contains("oob"));
    let home = Home::new();
    let help = testkit::run({
        let mut command = home.command(crate::BIN);
        command.arg("--help");
        command
    });
    assert!(!help.expect(0).stdout().contains("oob"));
}
