//! Credentials files for the identities that this sandbox trusts, as gcloud writes them for federation and
//! impersonation. They are returned as JSON; the caller writes them.

use serde_json::{Value, json};

use crate::oauth::clients::{DEFAULT_ACCOUNT, WORKFORCE_ID};
use crate::oauth::grants::Kind;
use crate::oauth::outside::Provider;
use crate::oauth::scopes;
use crate::oauth::service_accounts;
use crate::sandbox::{Sandbox, sure};

/// Service accounts of the sandbox, credentials files, and what they refer to.
impl Sandbox {
    /// The user, the key's service account, the machine and outside identities may act as it. Has delegation.
    pub fn analyst(&self) -> &'static str {
        service_accounts::ANALYST
    }

    /// Only the analyst may act as it. Has no delegation.
    pub fn archivist(&self) -> &'static str {
        service_accounts::ARCHIVIST
    }

    /// The service account of the machine whose metadata server this is.
    pub fn machine(&self) -> &'static str {
        service_accounts::MACHINE
    }

    /// The service account's key as PKCS#12, in gcloud's form.
    pub fn service_account_p12(&self) -> Value {
        service_accounts::key_file_pkcs12(self.url())
    }

    /// `external_account` for a provider; `source` becomes `credential_source`. With `target`, it impersonates that
    /// service account.
    pub fn external_account(&self, provider: Provider, source: Value, target: Option<&str>) -> Value {
        let mut file = json!({
            "type": "external_account",
            "audience": provider.audience(),
            "subject_token_type": provider.subject_token_types()[0],
            "token_url": format!("{}/v1/token", self.url()),
            "token_info_url": format!("{}/v1/introspect", self.url()),
            "credential_source": source,
            "universe_domain": "googleapis.com",
        });
        if let Some(target) = target {
            file["service_account_impersonation_url"] = self.impersonation_url(target).into();
        }
        file
    }

    /// `credential_source` of a URL that returns tokens of the OIDC provider.
    pub fn url_source(&self) -> Value {
        json!({
            "url": format!("{}/outside/token?api-version=2018-02-01", self.url()),
            "headers": {"Metadata": "True"},
            "format": {"type": "json", "subject_token_field_name": "access_token"},
        })
    }

    /// `credential_source` of a machine on AWS.
    pub fn aws_source(&self) -> Value {
        let url = format!("{}/latest", self.url());
        json!({
            "environment_id": "aws1",
            "region_url": format!("{url}/meta-data/placement/availability-zone"),
            "url": format!("{url}/meta-data/iam/security-credentials"),
            "imdsv2_session_token_url": format!("{url}/api/token"),
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        })
    }

    /// The variables of a shell on AWS.
    pub fn aws_variables(&self) -> [(&'static str, String); 4] {
        let account = &self.google().outside.aws;
        [
            ("AWS_ACCESS_KEY_ID", account.key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", account.secret_key.clone()),
            ("AWS_SESSION_TOKEN", account.session_token.clone()),
            ("AWS_REGION", "us-east-2".to_owned()),
        ]
    }

    /// A new token of the OIDC provider, with these claims changed.
    pub fn subject_token(&self, provider: Provider, changed: &Value) -> String {
        self.google().subject_token(provider, changed)
    }

    /// An assertion of the SAML provider.
    pub fn saml_response(&self) -> &str {
        &self.google().outside.saml_response
    }

    /// `impersonated_service_account` over another file.
    pub fn impersonated_service_account(&self, source: Value, delegates: &[&str], target: &str) -> Value {
        let delegates: Vec<String> =
            delegates.iter().map(|email| format!("projects/-/serviceAccounts/{email}")).collect();
        json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url": self.impersonation_url(target),
            "delegates": delegates,
            "source_credentials": source,
        })
    }

    /// `external_account_authorized_user`: the grant of a person who logged in through their company.
    ///
    /// # Panics
    /// If a scope is unknown.
    pub fn external_account_authorized_user(&self, scopes: &[&str]) -> Value {
        let google = self.google();
        let scopes = sure(scopes::parse(&scopes.join(" ")));
        let mut grants = google.grants();
        let holder = grants.holder(DEFAULT_ACCOUNT, WORKFORCE_ID, scopes, Kind::Offline);
        json!({
            "type": "external_account_authorized_user",
            "audience": Provider::Workforce.audience(),
            "client_id": WORKFORCE_ID,
            "client_secret": google.workforce_secret,
            "refresh_token": grants.issue_refresh_token(holder),
            "token_url": format!("{}/v1/oauthtoken", self.url()),
            "token_info_url": format!("{}/v1/introspect", self.url()),
            "universe_domain": "googleapis.com",
        })
    }

    fn impersonation_url(&self, target: &str) -> String {
        format!("{}/v1/projects/-/serviceAccounts/{target}:generateAccessToken", self.url())
    }
}
