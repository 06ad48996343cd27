//! The browser: which command is run, and one login with a real one.

use gauth_sandbox::Options;
use testkit::{Chromium, tool};

use crate::{Login, consenting, person, start};

#[test]
fn the_browser_of_the_environment_is_given_the_url_at_the_end_or_in_its_place() {
    let Some(curl) = tool("curl") else { return };
    for arguments in ["-sSL -o page.html", "-sSL -o page.html --url %s --max-time 30"] {
        let person = consenting();
        let mut command = person.command(&[]);
        command.env("BROWSER", format!("{} {arguments}", curl.display()));
        let run = testkit::run(command);
        person.check(run).expect(0);
        let page = std::fs::read_to_string(person.home.path().join("page.html"));
        assert!(page.expect("a page").contains(crate::WORKED));
    }
}

#[test]
fn without_a_display_or_over_ssh_no_browser_is_tried_and_the_url_is_shown() {
    let person = consenting();
    let opener = "#!/bin/sh\ntouch \"$HOME/opened\"\n";
    for name in ["xdg-open", "open", "wslview", "sensible-browser", "x-www-browser"] {
        person.home.write(format!("bin/{name}"), 0o700, opener);
    }
    let path = format!("{}:/usr/bin:/bin", person.home.path().join("bin").display());
    for variables in [vec![], vec![("DISPLAY", ":0"), ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")]] {
        let mut command = person.command(&[]);
        command.env("PATH", &path).envs(variables);
        let login = Login::start(command);
        login.running.stderr_line(|line| line.contains("no display found: open the URL yourself"));
        testkit::visit(&login.url);
        login.running.finish().expect(0);
        assert!(!person.home.path().join("opened").exists());
    }
}

#[test]
fn browsers_are_tried_in_order_and_the_message_says_which_and_why_they_failed() {
    let person = consenting();
    let mut command = person.command(&[]);
    command.env("BROWSER", "/nonexistent/browser:false:'/nonexistent/with blanks' --x");
    let login = Login::start(command);
    let told = login.running.stderr_line(|line| line.contains("no browser could be opened"));
    for part in [
        "'/nonexistent/browser': no such file or directory, ",
        "'false': exit status: 1, ",
        "'/nonexistent/with blanks': no such file or directory)",
        ": open the URL yourself",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    testkit::visit(&login.url);
    login.running.finish().expect(0);
}

#[test]
fn a_browser_with_blanks_in_its_path_is_quoted_and_the_next_of_the_list_is_not_opened() {
    let Some(curl) = tool("curl") else { return };
    let person = consenting();
    let script = format!("#!/bin/sh\nexec {} -sSL -o page.html \"$2\"\n", curl.display());
    person.home.write("with blanks/browse", 0o700, script);
    let next = "#!/bin/sh\ntouch opened\n";
    person.home.write("next", 0o700, next);
    let here = person.home.path().display();
    let mut command = person.command(&[]);
    command.env("BROWSER", format!("/nonexistent:'{here}/with blanks/browse' --new:{here}/next"));
    person.check(testkit::run(command)).expect(0);
    let page = std::fs::read_to_string(person.home.path().join("page.html"));
    assert!(page.expect("a page").contains(crate::WORKED));
    assert!(!person.home.path().join("opened").exists());
}

#[test]
fn an_invalid_browser_variable_is_reported_and_the_login_continues() {
    let person = consenting();
    for (list, problem) in [("'/a b", "a quote is not closed"), (":", "it names no command")] {
        let mut command = person.command(&[]);
        command.env("BROWSER", list);
        let login = Login::start(command);
        login.running.stderr_line(|line| line.contains(&format!("invalid BROWSER: {problem}: open the URL yourself")));
        testkit::visit(&login.url);
        login.running.finish().expect(0);
    }
}

#[test]
fn a_real_browser_goes_from_the_consent_page_to_the_one_that_says_it_worked() {
    let person = person(Options::default());
    let Some(browser) = Chromium::start(&person.home) else {
        return;
    };
    let login = start(&person, &["--scope", "analytics.readonly", "--scope", "email"]);
    browser.open(&login.url);
    assert!(browser.text_of("h1").contains("wants access"));
    browser.click("#allow");
    browser.wait_for("h1", "You are logged in");
    // The style got past the page's own Content-Security-Policy.
    let script = "return getComputedStyle(document.querySelector('.sign')).backgroundColor";
    assert_eq!(browser.run(script), "rgb(29, 122, 70)");
    person.check(login.running.finish()).expect(0);
    assert_eq!(person.stored()["account"], "alex@example.com");
}
