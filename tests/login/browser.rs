//! The browser: which command is run, and one login with a real one.

use std::time::{Duration, Instant};

use gauth_sandbox::Options;
use serde_json::{Value, json};
use testkit::{Home, Running, tool};

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

/// A headless Chromium, driven over the WebDriver protocol (W3C WebDriver §8–12). Ended when dropped.
struct Chromium {
    _driver: Running,
    session: String,
    agent: ureq::Agent,
}

impl Chromium {
    /// `None` where there is no Chromium, or no driver for it.
    fn start(home: &Home) -> Option<Self> {
        let (Some(chromium), Some(driver)) = (tool("chromium"), tool("chromedriver")) else {
            return None;
        };
        let mut command = home.command(driver);
        command.arg("--port=0");
        let driver = Running::start(command);
        let started = driver.stdout_line(|line| line.contains("started successfully on port "));
        let port = started.rsplit(' ').next().expect("a port").trim_end_matches('.');
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let profile = home.path().join("profile");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let options = json!({"binary": chromium, "args": arguments});
        let mut browser = Self { _driver: driver, session: format!("http://127.0.0.1:{port}/session"), agent };
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let session = browser.post("", &wanted);
        let id = session["sessionId"].as_str().expect("a session");
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}{command}", self.session);
        let request = self.agent.post(&url).header("content-type", "application/json");
        let answer = request.send(body.to_string());
        let mut answer = answer.unwrap_or_else(|error| panic!("{command}: {error}"));
        let text = answer.body_mut().read_to_string().expect("an answer");
        let mut answer: Value = serde_json::from_str(&text).expect("JSON");
        answer["value"].take()
    }

    fn text_of(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?}).innerText");
        let text = self.post("/execute/sync", &json!({"script": script, "args": []}));
        // Between two pages there is nothing.
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The driver does not wait for the page after a click when its server takes its time.
    fn wait_for(&self, selector: &str, text: &str) {
        let begun = Instant::now();
        while self.text_of(selector) != text {
            assert!(begun.elapsed() < Duration::from_secs(30), "no {text}");
            std::thread::yield_now();
        }
    }

    fn click(&self, selector: &str) {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        let element = found.as_object().and_then(|object| object.values().next());
        let element = element.and_then(Value::as_str).expect("an element");
        self.post(&format!("/element/{element}/click"), &json!({}));
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Closes the browser; the driver itself is killed after it.
        let _ = self.agent.delete(&self.session).call();
    }
}

#[test]
fn a_real_browser_goes_from_the_consent_page_to_the_one_that_says_it_worked() {
    let person = person(Options::default());
    let Some(browser) = Chromium::start(&person.home) else {
        return;
    };
    let login = start(&person, &["--scope", "analytics.readonly", "--scope", "email"]);
    browser.post("/url", &json!({"url": login.url}));
    assert!(browser.text_of("h1").contains("wants access"));
    browser.click("#allow");
    browser.wait_for("h1", "You are logged in");
    // The style got past the page's own Content-Security-Policy.
    let script = "return getComputedStyle(document.querySelector('.sign')).backgroundColor";
    let colour = browser.post("/execute/sync", &json!({"script": script, "args": []}));
    assert_eq!(colour, "rgb(29, 122, 70)");
    person.check(login.running.finish()).expect(0);
    assert_eq!(person.stored()["account"], "alex@example.com");
}
