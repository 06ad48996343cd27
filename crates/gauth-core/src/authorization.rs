//! The authorization request and its redirect (RFC 6749 §4.1.1–4.1.2) for native apps (RFC 8252), with PKCE and `state`
//! on every request, and the issuer check of RFC 9207. gauth-login serves the redirect.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::client_secrets::Client;
use crate::endpoint::{ACCOUNTS_HOST, Endpoint};
use crate::error::OAuthError;
use crate::pkce::CodeVerifier;
use crate::scope::Scopes;
use crate::{Error, Secret, form};

/// A fresh `state` (RFC 6749 §10.12) made of 32 random octets.
pub fn state(random: [u8; 32]) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

/// Whether the query of a redirect has this `state`, once. If it does not, nothing else in it is looked at.
pub fn has_state(query: &str, state: &Secret) -> bool {
    let Some(parameters) = form::decode(query) else {
        return false;
    };
    let mut found = parameters.iter().filter(|(name, _)| name == "state");
    matches!((found.next(), found.next()), (Some((_, found)), None) if state.matches(found))
}

/// One request for consent: where the browser is sent, and what its return is checked against.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// Where the browser comes back; identical in the token request.
    pub redirect_uri: &'a str,
    /// What is asked for.
    pub scopes: &'a Scopes,
    /// From [`state`].
    pub state: &'a Secret,
    /// RFC 7636.
    pub verifier: &'a CodeVerifier,
    /// E-mail of the account to choose.
    pub login_hint: Option<&'a str>,
    /// `prompt=consent`: the only way to a refresh token for a web client that was granted before.
    pub prompt_consent: bool,
}

impl AuthorizationRequest<'_> {
    /// The URL to open in the browser.
    pub fn url(&self) -> String {
        let scope = self.scopes.joined();
        let challenge = self.verifier.challenge();
        let mut query = vec![
            ("client_id", self.client.id.as_str()),
            ("redirect_uri", self.redirect_uri),
            ("response_type", "code"),
            ("scope", &scope),
            ("state", self.state.expose()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("access_type", "offline"),
        ];
        if let Some(hint) = self.login_hint {
            query.push(("login_hint", hint));
        }
        if self.prompt_consent {
            query.push(("prompt", "consent"));
        }
        let auth_uri = self.client.auth_uri.as_str();
        let joint = if auth_uri.contains('?') { '&' } else { '?' };
        format!("{auth_uri}{joint}{}", form::encode(&query))
    }

    /// Checks the query of a request to the redirect URI.
    pub fn receive(&self, query: &str) -> Redirected {
        let Some(parameters) = form::decode(query) else {
            return Redirected::Stray;
        };
        let of = |name: &str| -> Vec<&str> {
            parameters.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
        };
        let single = |name: &str| match of(name).as_slice() {
            [value] if !value.is_empty() => Some(*value),
            _ => None,
        };
        let repeated = ["code", "iss", "error", "error_description"].iter().any(|name| of(name).len() > 1);
        let issuer_matches = match of("iss").as_slice() {
            [] => true,
            [issuer] => is_issuer(issuer, &self.client.auth_uri),
            _ => false,
        };
        if repeated || !has_state(query, self.state) || !issuer_matches {
            return Redirected::Stray;
        }
        match (single("code"), single("error")) {
            (Some(code), None) => Redirected::Code(Secret::new(code)),
            (None, Some(error)) => Redirected::Refused(Error::Consent(OAuthError {
                error: error.to_owned(),
                description: single("error_description").map(str::to_owned),
                subtype: None,
            })),
            _ => Redirected::Stray,
        }
    }
}

/// A request to the redirect URI.
#[derive(Clone, Debug)]
pub enum Redirected {
    /// Not the response to this request: wrong or missing state, another issuer, a repeated parameter. It changes
    /// nothing.
    Stray,
    /// The authorization code.
    Code(Secret),
    /// The user or the server said no.
    Refused(Error),
}

/// RFC 9207 §2.4: Google's issuer for Google, else the origin of `auth_uri`, on its own or with a path that leads to it.
fn is_issuer(issuer: &str, auth_uri: &Endpoint) -> bool {
    if auth_uri.host() == ACCOUNTS_HOST {
        return issuer == auth_uri.origin();
    }
    let Some(path) = issuer.strip_prefix(auth_uri.origin()) else {
        return false;
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    path.is_empty()
        || (path.starts_with('/')
            && auth_uri.path().strip_prefix(path).is_some_and(|rest| rest.starts_with(['/', '?']) || rest.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_secrets::Redirect;

    fn client(auth_uri: &str) -> Client {
        Client {
            id: "id".into(),
            secret: None,
            auth_uri: Endpoint::parse(auth_uri, "auth_uri").unwrap(),
            token_uri: Endpoint::parse("https://oauth2.googleapis.com/token", "token_uri").unwrap(),
            redirect: Redirect::AnyPort { path: String::new() },
        }
    }

    fn received(auth_uri: &str, query: &str) -> Redirected {
        AuthorizationRequest {
            client: &client(auth_uri),
            redirect_uri: "http://127.0.0.1:1",
            scopes: &Scopes::default_read(),
            state: &Secret::new("right"),
            verifier: &CodeVerifier::new([7; 32]),
            login_hint: None,
            prompt_consent: false,
        }
        .receive(query)
    }

    const GOOGLE: &str = "https://accounts.google.com/o/oauth2/v2/auth";

    #[test]
    fn the_url_has_all_that_google_requires() {
        let url = AuthorizationRequest {
            client: &client(GOOGLE),
            redirect_uri: "http://127.0.0.1:1",
            scopes: &Scopes::from_typed(["openid"]).unwrap(),
            state: &Secret::new("s"),
            verifier: &CodeVerifier::new([7; 32]),
            login_hint: Some("a@b.test"),
            prompt_consent: true,
        }
        .url();
        assert_eq!(
            url,
            "https://accounts.google.com/o/oauth2/v2/auth?client_id=id&redirect_uri=http%3A%2F%2F127.0.0.1%3A1\
             &response_type=code&scope=openid&state=s&code_challenge=3Ev4DHdHPRMPoN6GukAY_pi7IUAF5qWJHRK6kURvnoE\
             &code_challenge_method=S256&access_type=offline&login_hint=a%40b.test&prompt=consent"
        );
    }

    #[test]
    fn c5_c13_only_a_single_right_state_with_single_parameters_counts() {
        for query in [
            "",
            "code=c",
            "code=c&state=",
            "code=c&state=wrong",
            "code=c&state=righ",
            "code=c&state=Right",
            "code=c&code=d&state=right",
            "code=c&state=right&state=right",
            "code=c&state=wrong&state=right",
            "error=x&error=y&state=right",
            "code=c&error=x&state=right",
            "code=&state=right",
            "state=right",
            "code=%ff&state=right",
        ] {
            assert!(matches!(received(GOOGLE, query), Redirected::Stray), "{query}");
        }
        let Redirected::Code(code) = received(GOOGLE, "state=right&code=4%2F0A&scope=x&authuser=0") else {
            panic!("a good redirect gives the code")
        };
        assert_eq!(code.expose(), "4/0A");
    }

    #[test]
    fn c10_an_error_counts_only_with_the_right_state() {
        assert!(matches!(received(GOOGLE, "error=access_denied"), Redirected::Stray));
        assert!(matches!(received(GOOGLE, "error=access_denied&state=right"), Redirected::Refused(Error::Consent(_))));
    }

    #[test]
    fn c14_the_issuer_must_be_the_one_that_was_asked() {
        let own = "https://id.example.test/realms/a/auth";
        for (auth_uri, issuer, good) in [
            (GOOGLE, "https%3A%2F%2Faccounts.google.com", true),
            (GOOGLE, "https%3A%2F%2Faccounts.google.com%2F", false),
            (GOOGLE, "https%3A%2F%2Fevil.test", false),
            (GOOGLE, "", false),
            (own, "https://id.example.test", true),
            (own, "https://id.example.test/", true),
            (own, "https://id.example.test/realms/a", true),
            (own, "https://id.example.test/realms/b", false),
            (own, "https://id.example.test/realm", false),
            (own, "https://id.example.test.evil.test", false),
            (own, "https://accounts.google.com", false),
        ] {
            let query = format!("code=c&state=right&iss={issuer}");
            let code = matches!(received(auth_uri, &query), Redirected::Code(_));
            assert_eq!(code, good, "{auth_uri} {issuer}");
        }
        assert!(matches!(
            received(GOOGLE, "code=c&state=right&iss=https://accounts.google.com&iss=https://accounts.google.com"),
            Redirected::Stray
        ));
    }
}
