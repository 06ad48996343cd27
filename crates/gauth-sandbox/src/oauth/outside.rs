//! Outside identities: an identity provider that signs tokens, a SAML provider, an AWS account; and the providers of
//! the project's workload pool and the organisation's workforce pool that trust them. The endpoint `/outside/token`
//! returns subject tokens, as the metadata endpoints of other clouds do.

use hyper::Method;
use serde_json::{Value, json};

use crate::fail_if;
use crate::http::{Request, Response, json, not_found};
use crate::oauth::aws::AwsAccount;
use crate::oauth::google::{Google, now};
use crate::oauth::jwt::{Jwt, SigningKey};
use crate::oauth::random;

const ISSUER: &str = "https://issuer.example.com";
const SUBJECT: &str = "repo:example/reports:ref:refs/heads/main";

/// An identity provider as Google knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Signs JWTs; of the workload pool.
    Oidc,
    /// Of the workload pool.
    Saml,
    /// Of the workload pool.
    Aws,
    /// Signs JWTs for people; of the workforce pool.
    Workforce,
}

impl Provider {
    const ALL: [Self; 4] = [Self::Oidc, Self::Saml, Self::Aws, Self::Workforce];

    pub(crate) fn of(audience: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.audience() == audience)
    }

    /// Its full resource name, the `audience` of a token exchange.
    pub fn audience(self) -> String {
        let (pool, name) = match self {
            Self::Oidc => (self.pool(), "oidc"),
            Self::Saml => (self.pool(), "saml"),
            Self::Aws => (self.pool(), "aws"),
            Self::Workforce => (self.pool(), "company"),
        };
        format!("//iam.googleapis.com/{pool}/providers/{name}")
    }

    /// The pool's resource name.
    pub(crate) fn pool(self) -> &'static str {
        match self {
            Self::Workforce => "locations/global/workforcePools/sandbox",
            _ => "projects/123456789012/locations/global/workloadIdentityPools/sandbox",
        }
    }

    /// The first is the one in its credentials files.
    pub(crate) fn subject_token_types(self) -> &'static [&'static str] {
        match self {
            Self::Oidc | Self::Workforce => {
                &["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"]
            }
            Self::Saml => &["urn:ietf:params:oauth:token-type:saml2"],
            Self::Aws => &["urn:ietf:params:aws:token-type:aws4_request"],
        }
    }
}

pub(crate) struct Outside {
    key: SigningKey,
    pub(crate) saml_response: String,
    pub(crate) aws: AwsAccount,
}

impl Outside {
    pub(crate) fn new() -> Self {
        Self {
            key: SigningKey::from_pem(include_str!("../../keys/outside_issuer.pem")),
            saml_response: random::text(200),
            aws: AwsAccount::new(),
        }
    }

    /// A subject token for a provider, with some claims changed.
    pub(crate) fn subject_token(&self, provider: Provider, changed: &Value) -> String {
        let mut claims = json!({
            "iss": ISSUER,
            "sub": SUBJECT,
            "aud": format!("https:{}", provider.audience()),
            "iat": now(),
            "exp": now() + 600,
            "jti": random::text(22),
        });
        for (name, value) in changed.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        self.key.sign(&claims)
    }

    /// The subject of a token that a provider accepts at `time`, or what is wrong with it.
    pub(crate) fn verify(&self, token: &str, provider: Provider, time: u64) -> Result<String, String> {
        let jwt = Jwt::parse(token).ok_or("Unable to parse the ID Token.")?;
        fail_if(
            jwt.text("iss") != Some(ISSUER),
            "The issuer in ID Token does not match the expected ones.".to_owned(),
        )?;
        fail_if(
            !self.key.verifies(&jwt),
            "Error connecting to the given credential's issuer, or the signature does not verify.".to_owned(),
        )?;
        let audience = provider.audience();
        let found = jwt.text("aud").unwrap_or_default();
        fail_if(
            found.strip_prefix("https:").unwrap_or(found) != audience,
            format!("The audience in ID Token [{found}] does not match the expected audience."),
        )?;
        let seconds = |name: &str| jwt.claims.get(name).and_then(Value::as_u64);
        match (seconds("iat"), seconds("exp")) {
            (Some(iat), Some(exp)) if iat <= time + 300 && exp > time && exp - iat <= 86_400 => {}
            (iat, _) => {
                return Err(format!("ID Token issued at {} is stale to sign-in.", iat.unwrap_or_default()));
            }
        }
        jwt.text("sub").map(str::to_owned).ok_or_else(|| "The mapped attribute google.subject is missing.".to_owned())
    }
}

/// `GET /outside/token` with `Metadata: True`, as on Azure: JSON with the token in `access_token`.
pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    if request.method() != Method::GET {
        return not_found(request.uri().path());
    }
    let asked = request.headers().get("metadata");
    if asked.is_none_or(|value| !value.as_bytes().eq_ignore_ascii_case(b"true")) {
        let error = json!({"error": "invalid_request", "error_description": "Required metadata header not specified"});
        return json(400, &error);
    }
    let token = google.subject_token(Provider::Oidc, &json!({}));
    json(200, &json!({"access_token": token, "token_type": "Bearer", "expires_in": "599"}))
}

impl Google {
    /// A subject token, recorded as a secret.
    pub(crate) fn subject_token(&self, provider: Provider, changed: &Value) -> String {
        let token = self.outside.subject_token(provider, changed);
        self.grants().issued.push(token.clone());
        token
    }
}
