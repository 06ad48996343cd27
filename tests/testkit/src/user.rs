//! A user with a home, a sandbox instead of Google, credentials where gauth looks for them, and a gauth program. In
//! every test the program's output is searched for the sandbox's secrets.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gauth_sandbox::{Options, Provider, Recorded, Sandbox};
use serde_json::{Value, json};

use crate::browser::visit;
use crate::home::Home;
use crate::run::{Run, run};
use crate::sibling::sibling;

/// A user of one of the gauth programs.
pub struct User {
    pub home: Home,
    pub sandbox: Sandbox,
    /// The file that gauth-login writes and all programs read; it may not exist yet.
    pub credentials: PathBuf,
    /// The environment, in addition to the home and the PATH.
    pub environment: Vec<(&'static str, OsString)>,
    program: PathBuf,
}

impl User {
    /// A user of `program`, which is `env!("CARGO_BIN_EXE_…")`, without credentials.
    #[track_caller]
    pub fn new(program: &str, options: Options) -> Self {
        let sandbox = Sandbox::start(options).expect("start the sandbox");
        let home = Home::new();
        Self {
            credentials: home.config().join("gauth/credentials.json"),
            environment: vec![("GAUTH_SANDBOX_URL", sandbox.url().into())],
            program: program.into(),
            home,
            sandbox,
        }
    }

    /// The same after gauth-login with these scopes.
    #[track_caller]
    pub fn logged_in(program: &str, options: Options, scopes: &[&str]) -> Self {
        let user = Self::new(program, options);
        user.keep(&user.grant(scopes));
        user
    }

    /// Writes credentials to where the programs look for them.
    pub fn keep(&self, file: &Value) -> PathBuf {
        self.home.write(&self.credentials, 0o600, file.to_string())
    }

    /// Writes a file beside the credentials, and returns its path.
    pub fn file(&self, content: &Value) -> String {
        let path = self.home.write("given.json", 0o600, content.to_string());
        path.to_str().expect("a plain path").to_owned()
    }

    /// A new grant of these scopes, as gauth-login writes it.
    pub fn grant(&self, scopes: &[&str]) -> Value {
        let grant = self.sandbox.grant(scopes);
        json!({
            "type": "authorized_user",
            "account": grant.account,
            "client_id": grant.client_id,
            "client_secret": grant.client_secret,
            "refresh_token": grant.refresh_token,
            "token_uri": format!("{}/token", self.sandbox.url()),
        })
    }

    /// The service account's key.
    pub fn key(&self) -> Value {
        read_json(self.sandbox.service_account_key())
    }

    /// A file-sourced external account, which impersonates `target`.
    pub fn outside(&self, target: Option<&str>) -> Value {
        let token = self.sandbox.subject_token(Provider::Oidc, &json!({}));
        self.outside_with(&token, target)
    }

    /// The same with this content of the file.
    pub fn outside_with(&self, subject_token: &str, target: Option<&str>) -> Value {
        let path = self.home.write("subject-token", 0o600, subject_token);
        self.sandbox.external_account(Provider::Oidc, json!({"file": path}), target)
    }

    /// The program with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&self.program, arguments)
    }

    /// Another program of the workspace in the same environment.
    #[track_caller]
    pub fn command_of_sibling(&self, name: &str, arguments: &[&str]) -> Command {
        self.command_of(&sibling(&self.program, name), arguments)
    }

    fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = self.home.command(program);
        command.envs(self.environment.iter().cloned()).args(arguments);
        command
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_command(self.command(arguments))
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run_command(&self, command: Command) -> Run {
        self.check(run(command))
    }

    /// Searches the output for secrets (D3); only gauth-token prints one, on stdout.
    #[track_caller]
    pub fn check(&self, run: Run) -> Run {
        run.assert_no_secret(&self.sandbox.secrets(), self.program.ends_with("gauth-token"));
        run
    }

    /// The token that a run prints.
    #[track_caller]
    pub fn token(&self, arguments: &[&str]) -> String {
        token(&self.run(arguments).expect(0))
    }

    /// The current credentials.
    #[track_caller]
    pub fn stored(&self) -> Value {
        read_json(&self.credentials)
    }

    /// Runs with these options, which must fail with this message and without a request.
    #[track_caller]
    pub fn refused_offline(&self, arguments: &[&str], says: &str) {
        let before = self.sandbox.requests().len();
        let run = self.run(arguments).expect_failure(2);
        assert!(run.stderr().contains(says), "{}", run.stderr());
        assert_eq!(self.sandbox.requests().len(), before, "{}", run.stderr());
    }

    /// The requests that Google received, without those of [`User::tokeninfo`].
    pub fn requests(&self) -> Vec<Recorded> {
        self.sandbox.requests().into_iter().filter(|request| request.path != "/tokeninfo").collect()
    }

    /// The paths of [`User::requests`].
    pub fn asked(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// The requests that Google received on this path.
    pub fn requests_to(&self, path: &str) -> Vec<Recorded> {
        self.sandbox.requests().into_iter().filter(|request| request.path == path).collect()
    }

    /// The user of an access token, according to Google; the token needs the scope `email`.
    #[track_caller]
    pub fn whose(&self, token: &str) -> String {
        let info = self.tokeninfo("access_token", token);
        info["email"].as_str().expect("an e-mail address").to_owned()
    }

    /// Google's description of a token of this kind.
    #[track_caller]
    pub fn tokeninfo(&self, kind: &str, token: &str) -> Value {
        let page = visit(&format!("{}/tokeninfo?{kind}={token}", self.sandbox.url()));
        assert_eq!(page.status, 200, "the token is good");
        serde_json::from_str(&page.body).expect("tokeninfo answers in JSON")
    }

    /// The files of the token cache with this ending.
    pub fn cached(&self, ending: &str) -> Vec<PathBuf> {
        let cached = self.home.tree().into_iter().filter(|path| path.starts_with(".cache/gauth"));
        let cached = cached.filter(|path| path.to_string_lossy().ends_with(ending));
        cached.map(|path| self.home.path().join(path)).collect()
    }

    /// The only file with a token.
    #[track_caller]
    pub fn cache_file(&self) -> PathBuf {
        let files = self.cached(".json");
        assert_eq!(files.len(), 1, "{files:?}");
        files.into_iter().next().expect("there is one")
    }

    /// Makes every cached token expire.
    pub fn forget_tokens(&self) {
        for file in self.cached(".json") {
            fs::remove_file(file).expect("remove a cached token");
        }
    }
}

/// stdout as a token and a newline (D8).
#[track_caller]
pub fn token(run: &Run) -> String {
    let token = run.stdout().strip_suffix('\n').expect("one line");
    assert!(!token.is_empty() && !token.contains(char::is_whitespace));
    token.to_owned()
}

/// A file of JSON.
#[track_caller]
pub fn read_json(path: impl AsRef<Path>) -> Value {
    let path = path.as_ref();
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{} is not JSON: {error}", path.display()))
}
