//! gauth-sandbox over real sockets: each endpoint's good answer and each refusal that the programs must cope with.

mod clients;

#[path = "sandbox/authorization.rs"]
mod authorization;
#[path = "sandbox/dialects.rs"]
mod dialects;
#[path = "sandbox/dpop.rs"]
mod dpop;
#[path = "sandbox/faults.rs"]
mod faults;
#[path = "sandbox/federation.rs"]
mod federation;
#[path = "sandbox/impersonation.rs"]
mod impersonation;
#[path = "sandbox/metadata.rs"]
mod metadata;
#[cfg(unix)]
#[path = "sandbox/program.rs"]
mod program;
#[path = "sandbox/service_account.rs"]
mod service_account;
#[path = "sandbox/tokens.rs"]
mod tokens;

use gauth_sandbox::{Options, Sandbox};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_gauth-sandbox");
const READONLY: &str = "https://www.googleapis.com/auth/analytics.readonly";
const EDIT: &str = "https://www.googleapis.com/auth/analytics.edit";
const REDIRECT: &str = "http://127.0.0.1:49152/";
/// The verifier and challenge of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A sandbox and somebody who talks to it, following no redirect.
struct Visitor {
    sandbox: Sandbox,
    agent: ureq::Agent,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {:?}", self.status, self.body))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter of the redirect.
    fn redirected(&self, name: &str) -> Option<String> {
        let location = self.header("location").expect("a redirect");
        let (_, query) = location.split_once('?').expect("a query");
        form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    #[track_caller]
    fn assert_error(&self, status: u16, error: &str, description: &str) {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(body["error"], error, "{body}");
        let text = body["error_description"].as_str().unwrap_or_default();
        assert!(text.contains(description), "{text:?} lacks {description:?}");
    }
}

impl Visitor {
    fn new(options: Options) -> Self {
        let agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build().into();
        let sandbox = Sandbox::start(options).expect("start the sandbox");
        Self { sandbox, agent }
    }

    fn consenting() -> Self {
        Self::new(Options { auto_consent: true, ..Options::default() })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.call())
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, &[], fields)
    }

    fn post_with(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        self.post_body(
            path,
            &[headers, &[("content-type", "application/x-www-form-urlencoded")]].concat(),
            &form(fields),
        )
    }

    fn post_body(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = self.agent.post(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send(body))
    }

    fn bearer(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[("authorization", &format!("Bearer {token}"))])
    }

    fn client(&self) -> (String, String) {
        let file = std::fs::read_to_string(self.sandbox.client_secrets()).expect("read it");
        let file: Value = serde_json::from_str(&file).expect("JSON");
        let text = |name: &str| file["installed"][name].as_str().expect(name).to_owned();
        (text("client_id"), text("client_secret"))
    }

    /// A good authorization request, some of its parameters replaced, those replaced by nothing left out.
    fn authorization(&self, changes: &[(&str, &str)]) -> String {
        let (client_id, _) = self.client();
        let usual = [
            ("client_id", client_id.as_str()),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", READONLY),
            ("state", "a state/&="),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("access_type", "offline"),
        ];
        format!("/o/oauth2/v2/auth?{}", form(&changed(&usual, changes)))
    }

    /// The code that such a request brings, consent given.
    fn code(&self, changes: &[(&str, &str)]) -> String {
        let answer = self.get(&self.authorization(changes), &[]);
        answer.redirected("code").expect("a code")
    }

    /// Exchanges a code, with changes as for [`Self::authorization`].
    fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let (client_id, client_secret) = self.client();
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", &client_id),
            ("client_secret", &client_secret),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.post("/token", &changed(&usual, changes))
    }

    /// Refreshes, with changes as for [`Self::authorization`].
    fn refresh(&self, refresh_token: &str, changes: &[(&str, &str)]) -> Answer {
        let (client_id, client_secret) = self.client();
        let usual = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", &client_id),
            ("client_secret", &client_secret),
        ];
        self.post("/token", &changed(&usual, changes))
    }
}

fn answer(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = result.expect("an answer");
    let headers =
        response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    Answer { status: response.status().as_u16(), headers, body: response.body_mut().read_to_string().expect("a body") }
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn changed<'a>(usual: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    usual
        .iter()
        .filter(|(name, _)| !is_changed(name))
        .chain(changes.iter().filter(|(_, value)| !value.is_empty()))
        .copied()
        .collect()
}
