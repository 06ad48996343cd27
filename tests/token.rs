//! gauth-token as its users see it: the real binary, with a home of its own, against the sandbox or a scripted server.
//! The ids in the names of tests are those of the security requirements.

#[path = "token/answers.rs"]
mod answers;
#[path = "token/cache.rs"]
mod cache;
#[path = "token/concurrency.rs"]
mod concurrency;
#[path = "token/crashes.rs"]
mod crashes;
#[path = "token/credentials_files.rs"]
mod credentials_files;
#[path = "token/failures.rs"]
mod failures;
#[path = "token/formats.rs"]
mod formats;
#[path = "token/mutations.rs"]
mod mutations;
#[path = "token/network.rs"]
mod network;
#[path = "token/rotation.rs"]
mod rotation;
#[path = "token/sources.rs"]
mod sources;
#[path = "token/system_calls.rs"]
mod system_calls;
#[path = "token/tls.rs"]
mod tls;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gauth_sandbox::{Grant, Options, Recorded, Sandbox};
use serde_json::{Value, json};
use testkit::{Home, Run};

const BIN: &str = env!("CARGO_BIN_EXE_gauth-token");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";
const EDIT: &str = "https://www.googleapis.com/auth/analytics.edit";

/// A user of a machine on which gauth-login has run, or a service account's key lies.
struct User {
    home: Home,
    sandbox: Sandbox,
    /// The files of the credentials that this user has.
    credentials: PathBuf,
}

impl User {
    /// Has a grant in the place where gauth-login puts it.
    fn logged_in() -> Self {
        Self::logged_in_to(Options::default())
    }

    fn logged_in_to(options: Options) -> Self {
        let sandbox = Sandbox::start(options).expect("start the sandbox");
        let home = Home::new();
        let grant = sandbox.grant(&[READONLY, EDIT]);
        let file = authorized_user(&grant, sandbox.url());
        let credentials = home.write(".config/gauth/credentials.json", 0o600, file.to_string());
        Self { home, sandbox, credentials }
    }

    /// Has a service account's key there instead.
    fn with_a_key() -> Self {
        let user = Self::logged_in();
        let key = fs::read(user.sandbox.service_account_key()).expect("read the key");
        fs::write(&user.credentials, key).expect("write the key");
        user
    }

    /// gauth-token with these options, in this home.
    fn command(&self, options: &[&str]) -> Command {
        let mut command = self.home.command(BIN);
        command.args(options);
        command
    }

    #[track_caller]
    fn run(&self, options: &[&str]) -> Run {
        self.check(testkit::run(self.command(options)))
    }

    /// Runs a command; whatever it is, no secret may be on stderr (D3).
    #[track_caller]
    fn run_command(&self, command: Command) -> Run {
        self.check(testkit::run(command))
    }

    #[track_caller]
    fn check(&self, run: Run) -> Run {
        run.assert_no_secret(&self.sandbox.secrets(), true);
        run
    }

    /// The token that a run prints.
    #[track_caller]
    fn token(&self, options: &[&str]) -> String {
        token(&self.run(options).expect(0))
    }

    fn token_requests(&self) -> Vec<Recorded> {
        let requests = self.sandbox.requests().into_iter();
        requests.filter(|request| request.path == "/token").collect()
    }

    /// A grant's or key's file as it stands.
    fn stored(&self) -> Value {
        read_json(&self.credentials)
    }

    /// The files of the cache that end so.
    fn cached(&self, ending: &str) -> Vec<PathBuf> {
        let tree = self.home.tree().into_iter();
        tree.filter(|path| path.starts_with(".cache/gauth"))
            .filter(|path| path.to_string_lossy().ends_with(ending))
            .map(|path| self.home.path().join(path))
            .collect()
    }

    /// The one file that keeps a token.
    #[track_caller]
    fn cache_file(&self) -> PathBuf {
        let files = self.cached(".json");
        assert_eq!(files.len(), 1, "{files:?}");
        files.into_iter().next().expect("there is one")
    }

    /// Makes every cached token a thing of the past.
    fn forget_tokens(&self) {
        for file in self.cached(".json") {
            fs::remove_file(file).expect("remove a cached token");
        }
    }
}

/// The file that gauth-login writes.
fn authorized_user(grant: &Grant, url: &str) -> Value {
    json!({
        "type": "authorized_user",
        "account": grant.account,
        "client_id": grant.client_id,
        "client_secret": grant.client_secret,
        "refresh_token": grant.refresh_token,
        "token_uri": format!("{url}/token"),
    })
}

/// A user's grant for a server that is not the sandbox.
fn canary_user(token_uri: &str) -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "client-1",
        "client_secret": "GOCSPX-canary-0123456789",
        "refresh_token": "1//canary-9876543210",
        "token_uri": token_uri,
    })
}

/// Where a scripted server stands for Google's token endpoint.
fn token_at(server: &testkit::ScriptedServer) -> String {
    format!("{}/token", server.url())
}

/// What [`canary_user`] may show to nobody.
fn canaries() -> Vec<String> {
    vec!["GOCSPX-canary-0123456789".to_owned(), "1//canary-9876543210".to_owned()]
}

/// Runs gauth-token for [`canary_user`] of a server, in a home of its own, and sweeps stderr.
#[track_caller]
fn run_canary_user(token_uri: &str, options: &[&str]) -> Run {
    let home = Home::new();
    let file = canary_user(token_uri).to_string();
    home.write(".config/gauth/credentials.json", 0o600, file);
    let mut command = home.command(BIN);
    command.args(options);
    let run = testkit::run(command);
    run.assert_no_secret(&canaries(), false);
    run
}

/// stdout as a token and a newline (D8).
#[track_caller]
fn token(run: &Run) -> String {
    let token = run.stdout().strip_suffix('\n').expect("one line");
    assert!(!token.is_empty() && !token.contains(char::is_whitespace));
    token.to_owned()
}

#[track_caller]
fn read_json(path: &Path) -> Value {
    let bytes = fs::read(path).expect("read the file");
    serde_json::from_slice(&bytes).expect("the file is JSON")
}

/// No control character but the newlines between lines, and nothing that turns the direction of writing (G1).
#[track_caller]
fn assert_harmless(text: &str) {
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(harmful), "{text:?}");
}

#[test]
fn the_committed_man_page_is_the_one_it_prints() {
    let page = include_str!("../crates/gauth-token/gauth-token.1");
    testkit::assert_man_page_is_current(BIN, page);
}
