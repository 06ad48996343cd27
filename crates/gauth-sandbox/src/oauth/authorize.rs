//! The authorization endpoint, `GET` and `POST /o/oauth2/v2/auth` (RFC 6749 §4.1.1 and 4.1.2, RFC 7636, RFC 9207). A
//! bad request gets an HTML page and is never redirected, as at Google. The consent page itself is in `consent`; its
//! form posts back to the same URL, so that no state is kept here.

use hyper::Method;

use crate::fail_if;
use crate::http::{OAuthError, Request, Response, html, not_found, redirect};
use crate::oauth::clients::{Client, ClientKind, DEFAULT_ACCOUNT};
use crate::oauth::consent;
use crate::oauth::form::Form;
use crate::oauth::google::{Consent, Google, now};
use crate::oauth::grants::{Challenge, Kind};
use crate::oauth::scopes;

/// A valid authorization request.
struct Authorization {
    client: String,
    installed: bool,
    redirect_uri: String,
    scopes: Vec<String>,
    state: Option<String>,
    challenge: Option<Challenge>,
    nonce: Option<String>,
    account: String,
    offline: bool,
    prompt: Option<String>,
}

pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let authorization = match Form::parse(query.as_bytes()).and_then(|query| Authorization::read(google, &query)) {
        Ok(authorization) => authorization,
        Err(error) => return html(error.status, &consent::error_page(&error)),
    };
    match (request.method(), google.consent) {
        (&Method::GET, Consent::Allow) => {
            let scopes = authorization.scopes.clone();
            authorization.allow(google, scopes)
        }
        (&Method::GET, Consent::Deny) => authorization.deny(google, "access_denied"),
        (&Method::GET, Consent::Ask) => authorization.ask(google),
        (&Method::POST, _) => authorization.decide(google, request),
        _ => not_found(request.uri().path()),
    }
}

impl Authorization {
    fn read(google: &Google, query: &Form) -> Result<Self, OAuthError> {
        let invalid = |text: String| OAuthError::invalid_request(text);
        let id = query.required("client_id")?;
        let redirect_uri = query.required("redirect_uri")?;
        let (permitted, installed) = google
            .client(id, |client: &Client| (client.permits_redirect(redirect_uri), client.kind == ClientKind::Installed))
            .ok_or_else(|| OAuthError::new("invalid_client", "The OAuth client was not found."))?;
        fail_if(
            redirect_uri.starts_with("urn:"),
            invalid("The out-of-band (OOB) flow has been blocked in order to keep users secure.".into()),
        )?;
        fail_if(
            !permitted,
            OAuthError::new(
                "redirect_uri_mismatch",
                format!(
                    "The redirect URI in the request, {redirect_uri}, does not match the ones authorized for the OAuth client."
                ),
            ),
        )?;
        match query.required("response_type")? {
            "code" => {}
            other => {
                return Err(OAuthError::new("unsupported_response_type", format!("Invalid response_type: {other}")));
            }
        }
        let scopes = scopes::parse(query.required("scope")?).map_err(|text| OAuthError::new("invalid_scope", text))?;
        fail_if(scopes.is_empty(), invalid("Missing required parameter: scope".into()))?;
        let offline = match query.get("access_type") {
            None | Some("online") => false,
            Some("offline") => true,
            Some(other) => return Err(invalid(format!("Invalid access_type: {other}"))),
        };
        let prompt = query.get("prompt");
        let words: Vec<&str> = prompt.unwrap_or_default().split_whitespace().collect();
        let known = ["none", "consent", "select_account"];
        fail_if(
            words.iter().any(|word| !known.contains(word)) || (words.contains(&"none") && words.len() > 1),
            invalid(format!("Invalid prompt: {}", words.join(" "))),
        )?;
        Ok(Self {
            client: id.to_owned(),
            installed,
            redirect_uri: redirect_uri.to_owned(),
            scopes,
            state: query.get("state").map(str::to_owned),
            challenge: challenge(query)?,
            nonce: query.get("nonce").map(str::to_owned),
            account: query.get("login_hint").filter(|hint| hint.contains('@')).unwrap_or(DEFAULT_ACCOUNT).to_owned(),
            offline,
            prompt: prompt.map(str::to_owned),
        })
    }

    fn ask(&self, google: &Google) -> Response {
        if self.prompt.as_deref() != Some("none") {
            return html(200, &consent::page(&self.account, &self.scopes));
        }
        let consented = google.grants().has_consented(&self.client, &self.account);
        if consented { self.allow(google, self.scopes.clone()) } else { self.deny(google, "interaction_required") }
    }

    /// Reads the form of the consent page: `decision`, and one `scope` for each box that is ticked.
    fn decide(&self, google: &Google, request: &Request) -> Response {
        let fields: Vec<(String, String)> = form_urlencoded::parse(request.body()).into_owned().collect();
        let has = |name: &str, value: &str| fields.iter().any(|(field, content)| field == name && content == value);
        let granted: Vec<String> =
            self.scopes.iter().filter(|scope| scopes::is_identity(scope) || has("scope", scope)).cloned().collect();
        if has("decision", "allow") && !granted.is_empty() {
            self.allow(google, granted)
        } else {
            self.deny(google, "access_denied")
        }
    }

    fn allow(&self, google: &Google, granted: Vec<String>) -> Response {
        let mut grants = google.grants();
        let first = grants.consent(&self.client, &self.account);
        let asked_again = self.prompt.as_deref().is_some_and(|prompt| prompt.contains("consent"));
        let kind =
            if self.installed || (self.offline && (first || asked_again)) { Kind::Offline } else { Kind::Online };
        let scope = granted.join(" ");
        let holder = grants.holder(&self.account, &self.client, granted, kind);
        let code = grants.issue_code(holder, &self.redirect_uri, self.challenge.clone(), self.nonce.clone(), now());
        let prompt = if first || asked_again { "consent" } else { "none" };
        self.redirect(google, &[("code", &code), ("scope", &scope), ("authuser", "0"), ("prompt", prompt)])
    }

    fn deny(&self, google: &Google, error: &str) -> Response {
        self.redirect(google, &[("error", error)])
    }

    fn redirect(&self, google: &Google, parameters: &[(&str, &str)]) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &google.url);
        query.extend_pairs(parameters);
        let joint = if self.redirect_uri.contains('?') { '&' } else { '?' };
        redirect(&format!("{}{joint}{}", self.redirect_uri, query.finish()))
    }
}

/// Without a method the challenge is the verifier itself (RFC 7636 §4.3).
fn challenge(query: &Form) -> Result<Option<Challenge>, OAuthError> {
    let invalid = |text: &str| Err(OAuthError::invalid_request(text));
    match (query.get("code_challenge"), query.get("code_challenge_method")) {
        (None, None) => Ok(None),
        (None, Some(_)) => invalid("Missing required parameter: code_challenge"),
        (Some(text), _) if !is_verifier(text) => invalid("Invalid parameter value for code_challenge"),
        (Some(text), Some("S256")) if text.len() == 43 => Ok(Some(Challenge::S256(text.to_owned()))),
        (Some(text), None | Some("plain")) => Ok(Some(Challenge::Plain(text.to_owned()))),
        (Some(_), Some("S256")) => invalid("Invalid parameter value for code_challenge"),
        (Some(_), Some(_)) => invalid("Invalid parameter value for code_challenge_method"),
    }
}

/// 43 to 128 unreserved characters (RFC 7636 §4.1).
pub(crate) fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
