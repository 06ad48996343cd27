//! A headless Chromium, driven over the WebDriver protocol (W3C WebDriver §8–12) and the browser's own for what WebDriver
//! lacks: the size of the screen, the colour scheme, printing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::home::Home;
use crate::run::Running;
use crate::tool;

/// Ended when dropped.
pub struct Chromium {
    _driver: Running,
    session: String,
    agent: ureq::Agent,
}

impl Chromium {
    /// `None` where there is no Chromium, or no driver for it.
    pub fn start(home: &Home) -> Option<Self> {
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
        // As root the browser has no sandbox; the pages are ours.
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
        let wanted = json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let session = browser.post("", &json!({"capabilities": {"alwaysMatch": wanted}}));
        let id = session["sessionId"].as_str().expect("a session");
        browser.session = format!("{}/{id}", browser.session);
        Some(browser)
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}{command}", self.session);
        let request = self.agent.post(&url).header("content-type", "application/json");
        let answer = request.send(body.to_string());
        let mut answer = answer.unwrap_or_else(|error| panic!("{command}: {error}"));
        let text = answer.body_mut().with_config().limit(256 << 20).read_to_string().expect("an answer");
        let mut answer: Value = serde_json::from_str(&text).expect("JSON");
        answer["value"].take()
    }

    pub fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// What this script returns, run in the page.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// A command of the DevTools protocol.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// The screen from now on: its width, and whether the colours are dark.
    pub fn show(&self, width: u32, is_dark: bool) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size);
        let scheme = if is_dark { "dark" } else { "light" };
        let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"media": "screen", "features": feature}));
    }

    /// What the browser said in its console since it was last asked, violations of a policy included.
    pub fn messages(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({"type": "browser"}));
        let messages = entries.as_array().expect("entries").iter().map(|entry| entry["message"].as_str());
        messages.map(|message| message.unwrap_or_default().to_owned()).collect()
    }

    pub fn text_of(&self, selector: &str) -> String {
        let text = self.run(&format!("return document.querySelector({selector:?}).innerText"));
        // Between two pages there is nothing.
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The driver does not wait for the page after a click when its server takes its time.
    pub fn wait_for(&self, selector: &str, text: &str) {
        let begun = Instant::now();
        while self.text_of(selector) != text {
            assert!(begun.elapsed() < Duration::from_secs(30), "no {text}");
            std::thread::yield_now();
        }
    }

    pub fn click(&self, selector: &str) {
        self.act(selector, "click", json!({}));
    }

    /// Presses keys while an element has the focus.
    pub fn press(&self, selector: &str, keys: &str) {
        self.act(selector, "value", json!({"text": keys}));
    }

    fn act(&self, selector: &str, action: &str, body: Value) {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        let element = found.as_object().and_then(|object| object.values().next());
        let element = element.and_then(Value::as_str).expect("an element");
        self.post(&format!("/element/{element}/{action}"), &body);
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Closes the browser; the driver itself is killed after it.
        let _ = self.agent.delete(&self.session).call();
    }
}
