//! The security token service: `/v1/token` exchanges an outside identity's token for a federated access token (RFC 8693
//! §2), `/v1/oauthtoken` refreshes the grant of a person who logged in through their company. The subject token is
//! checked by `outside` and `aws`.

use hyper::Method;
use serde_json::{Value, json};

use crate::fail_if;
use crate::http::{OAuthError, Request, Response};
use crate::oauth::clients::WORKFORCE_ID;
use crate::oauth::form::Form;
use crate::oauth::google::{Google, now};
use crate::oauth::grants::Kind;
use crate::oauth::outside::Provider;
use crate::oauth::service_accounts::OUTSIDE;
use crate::oauth::{aws, scopes, token};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

pub(crate) fn exchange(google: &Google, request: &Request) -> Response {
    answer(request, || exchanged(google, request))
}

pub(crate) fn refresh(google: &Google, request: &Request) -> Response {
    answer(request, || refreshed(google, request))
}

fn answer(request: &Request, tokens: impl FnOnce() -> Result<Value, OAuthError>) -> Response {
    let is_post = request.method() == Method::POST;
    OAuthError::or(fail_if(!is_post, OAuthError::invalid_request("Invalid HTTP method.")).and_then(|()| tokens()))
}

fn exchanged(google: &Google, request: &Request) -> Result<Value, OAuthError> {
    let form = Form::of_body(request)?;
    form.only(&[
        "grant_type",
        "audience",
        "scope",
        "requested_token_type",
        "subject_token",
        "subject_token_type",
        "options",
    ])?;
    fail_if(
        form.required("grant_type")? != GRANT_TYPE,
        OAuthError::new("unsupported_grant_type", "Invalid grant_type"),
    )?;
    let provider = Provider::of(form.required("audience")?).ok_or_else(|| {
        OAuthError::invalid_request(
            "Invalid value for \"audience\". This value should be the full resource name of the Identity Provider.",
        )
    })?;
    for (name, known) in
        [("requested_token_type", &[ACCESS_TOKEN][..]), ("subject_token_type", provider.subject_token_types())]
    {
        fail_if(
            !known.contains(&form.required(name)?),
            OAuthError::invalid_request(format!("Invalid value for \"{name}\".")),
        )?;
    }
    let has_client = authenticate(google, request)?;
    check_options(form.get("options"), provider, has_client)?;
    let granted = scopes::parse(form.required("scope")?).map_err(|text| OAuthError::new("invalid_scope", text))?;
    let subject = subject(google, provider, form.required("subject_token")?)?;

    let principal = format!("{OUTSIDE}{}/subject/{subject}", provider.pool());
    let mut grants = google.grants();
    let holder = grants.holder(&principal, "", granted, Kind::ServiceAccount);
    Ok(json!({
        "access_token": grants.issue_access_token(holder, now()),
        "issued_token_type": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": grants.token_lifetime,
    }))
}

/// The identity in the subject token.
fn subject(google: &Google, provider: Provider, token: &str) -> Result<String, OAuthError> {
    let outside = &google.outside;
    let result = match provider {
        Provider::Oidc | Provider::Workforce => outside.verify(token, provider, google.clock()),
        Provider::Saml if token == outside.saml_response => Ok("alex".to_owned()),
        Provider::Saml => Err("Unable to verify the SAML response.".to_owned()),
        Provider::Aws => outside
            .aws
            .verify(token, &provider.audience(), google.clock().cast_signed())
            .map(str::to_owned)
            .map_err(|reason| format!("Received invalid AWS response: {reason}")),
    };
    result.map_err(OAuthError::invalid_grant)
}

/// Only people without a client of their own name a project to bill.
fn check_options(options: Option<&str>, provider: Provider, has_client: bool) -> Result<(), OAuthError> {
    let Some(options) = options else {
        return Ok(());
    };
    // Some of Google's libraries percent-encode it twice.
    let options: Value = aws::percent_decode(options)
        .and_then(|text| serde_json::from_str(&text).ok())
        .ok_or_else(|| OAuthError::invalid_request("Invalid value for \"options\"."))?;
    let names: Vec<&String> = options.as_object().into_iter().flat_map(|o| o.keys()).collect();
    fail_if(
        names != ["userProject"] || !options["userProject"].is_string(),
        OAuthError::invalid_request("Invalid value for \"options\"."),
    )?;
    fail_if(
        provider != Provider::Workforce || has_client,
        OAuthError::invalid_request("\"userProject\" is for workforce users without client authentication."),
    )?;
    Ok(())
}

fn refreshed(google: &Google, request: &Request) -> Result<Value, OAuthError> {
    let form = Form::of_body(request)?;
    form.only(&["grant_type", "refresh_token", "scope"])?;
    fail_if(
        form.required("grant_type")? != "refresh_token",
        OAuthError::new("unsupported_grant_type", "Invalid grant_type"),
    )?;
    fail_if(!authenticate(google, request)?, OAuthError::new("invalid_client", "Client authentication is required."))?;
    token::refresh(google, &form, WORKFORCE_ID, None)
}

/// Whether the request comes from the workforce client, by its `Authorization` header.
fn authenticate(google: &Google, request: &Request) -> Result<bool, OAuthError> {
    match token::basic(request)? {
        None => Ok(false),
        Some((id, secret)) if id == WORKFORCE_ID && secret == google.workforce_secret => Ok(true),
        Some(_) => Err(OAuthError::new("invalid_client", "The OAuth client was not found or its secret is invalid.")),
    }
}
