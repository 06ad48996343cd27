//! gauth-token with every kind of credential that needs more than one hop, or none: federation, impersonation, the
//! metadata server, keys in PKCS#12, self-signed tokens. The real binary against the sandbox, which checks what Google
//! checks. Ids in the names of tests are those of the security requirements.

#[path = "federation/cache.rs"]
mod cache;
#[path = "federation/concurrency.rs"]
mod concurrency;
#[path = "federation/executable.rs"]
mod executable;
#[path = "federation/id_tokens.rs"]
mod id_tokens;
#[path = "federation/impersonation.rs"]
mod impersonation;
#[path = "federation/kinds.rs"]
mod kinds;
#[path = "federation/metadata_server.rs"]
mod metadata_server;
#[path = "federation/refusals.rs"]
mod refusals;
#[path = "federation/remedies.rs"]
mod remedies;

use std::path::PathBuf;
use std::process::Command;

use gauth_sandbox::{Options, Provider, Recorded, Sandbox};
use serde_json::{Value, json};
use testkit::{Home, Run};

const BIN: &str = env!("CARGO_BIN_EXE_gauth-token");
const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";
const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";

/// A machine with credentials of some kind in gauth's own place, and the sandbox in Google's.
struct Machine {
    home: Home,
    sandbox: Sandbox,
}

impl Machine {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        Self { home: Home::new(), sandbox: Sandbox::start(options).expect("start the sandbox") }
    }

    /// A machine with a file of this kind.
    fn holding(file: impl FnOnce(&Self) -> Value) -> Self {
        let machine = Self::new();
        machine.keep(&file(&machine));
        machine
    }

    /// Puts credentials where gauth-token looks for them.
    fn keep(&self, file: &Value) -> PathBuf {
        self.home.write(".config/gauth/credentials.json", 0o600, file.to_string())
    }

    fn user(&self) -> Value {
        let grant = self.sandbox.grant(&[CLOUD_PLATFORM, READONLY, EMAIL]);
        json!({
            "type": "authorized_user",
            "client_id": grant.client_id,
            "client_secret": grant.client_secret,
            "refresh_token": grant.refresh_token,
            "token_uri": format!("{}/token", self.sandbox.url()),
        })
    }

    fn key(&self) -> Value {
        let bytes = std::fs::read(self.sandbox.service_account_key()).expect("read the key");
        serde_json::from_slice(&bytes).expect("the key is JSON")
    }

    /// A file-sourced external account whose file holds this.
    fn outside_with(&self, subject_token: &str, target: Option<&str>) -> Value {
        let path = self.home.write("subject-token", 0o600, subject_token);
        self.sandbox.external_account(Provider::Oidc, json!({"file": path}), target)
    }

    fn outside(&self, target: Option<&str>) -> Value {
        let token = self.sandbox.subject_token(Provider::Oidc, &json!({}));
        self.outside_with(&token, target)
    }

    /// The user's grant with a service account on top.
    fn impersonated(&self) -> Value {
        self.sandbox.impersonated_service_account(self.user(), &[], self.sandbox.analyst())
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = self.home.command(BIN);
        command.args(options).env("GAUTH_SANDBOX_URL", self.sandbox.url());
        command
    }

    #[track_caller]
    fn run(&self, options: &[&str]) -> Run {
        self.run_command(self.command(options))
    }

    /// Runs a command; no secret may be on stderr (D3).
    #[track_caller]
    fn run_command(&self, command: Command) -> Run {
        self.check(testkit::run(command))
    }

    #[track_caller]
    fn check(&self, run: Run) -> Run {
        run.assert_no_secret(&self.sandbox.secrets(), true);
        run
    }

    #[track_caller]
    fn token(&self, options: &[&str]) -> String {
        token(&self.run(options).expect(0))
    }

    /// Runs with these options, which must fail so; nothing may have been asked of anybody.
    #[track_caller]
    fn refused_offline(&self, options: &[&str], says: &str) {
        let before = self.sandbox.requests().len();
        let run = self.run(options).expect_failure(2);
        assert!(run.stderr().contains(says), "{}", run.stderr());
        assert_eq!(self.sandbox.requests().len(), before, "{}", run.stderr());
    }

    /// Paths of the requests so far, without those of [`Machine::whose`].
    fn asked(&self) -> Vec<String> {
        self.requests().into_iter().map(|r| r.path).collect()
    }

    fn requests(&self) -> Vec<Recorded> {
        let requests = self.sandbox.requests().into_iter();
        requests.filter(|r| r.path != "/tokeninfo").collect()
    }

    /// Whom Google takes the bearer of an access token for; the token needs the scope `email`.
    #[track_caller]
    fn whose(&self, token: &str) -> String {
        let info = self.tokeninfo("access_token", token);
        info["email"].as_str().expect("an e-mail address").to_owned()
    }

    /// What Google says of a token of this kind.
    #[track_caller]
    fn tokeninfo(&self, kind: &str, token: &str) -> Value {
        let url = format!("{}/tokeninfo?{kind}={token}", self.sandbox.url());
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let mut answer = agent.get(url).call().expect("the token is good");
        let text = answer.body_mut().read_to_string().expect("read the answer");
        serde_json::from_str(&text).expect("tokeninfo answers in JSON")
    }
}

/// stdout as a token and a newline.
#[track_caller]
fn token(run: &Run) -> String {
    let token = run.stdout().strip_suffix('\n').expect("one line");
    assert!(!token.is_empty() && !token.contains(char::is_whitespace));
    token.to_owned()
}

/// The claims of a JWT.
#[track_caller]
fn claims(jwt: &str) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = jwt.split('.').nth(1).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("claims are JSON")
}
