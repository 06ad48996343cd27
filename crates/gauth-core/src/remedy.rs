//! What to do about a refusal: Google's error words and texts, each with its usual cause and the next step.
//! The words come first; the texts drift, so they only refine. A refresh token dies for several reasons that the
//! server does not tell apart, so the hint names the likely ones.

use crate::error::{Grant, OAuthError};

/// A clock this many seconds off makes Google refuse an assertion.
const SKEW_THAT_MATTERS: i64 = 60;

pub(crate) fn for_refusal(grant: Grant, oauth: &OAuthError, skew: Option<i64>) -> Option<String> {
    let description = oauth.description.as_deref().unwrap_or_default();
    let says = |part: &str| description.to_ascii_lowercase().contains(part);
    let at_token_service = matches!(grant, Grant::TokenExchange | Grant::WorkforceRefreshToken);
    let hint = match oauth.error.as_str() {
        "invalid_grant" => return Some(for_invalid_grant(grant, oauth, skew)),
        "unauthorized_client" if grant == Grant::JwtBearer => {
            "a Workspace admin must grant domain-wide delegation to the service account's numeric client id, for exactly these scopes"
        }
        "unauthorized_client" if grant == Grant::TokenExchange => {
            "the provider turned this identity away: compare its attribute condition with what the subject token says"
        }
        "unauthorized_client" => "this client may not use this grant: check its type in Google's console",
        "invalid_client" if at_token_service => {
            "client_id and client_secret of the credentials file are not those of a known client: write the file anew"
        }
        "invalid_target" if at_token_service => {
            "audience names no provider: the pool or the provider was disabled or deleted, or its name is misspelt"
        }
        "invalid_client" if says("not found") => {
            "the client is unknown: is this the right client file? then run gauth-login --client-secrets FILE"
        }
        "invalid_client" => {
            "the client secret was changed or the client file is the wrong one: download the client again, then run gauth-login --client-secrets FILE"
        }
        "deleted_client" => {
            "the client was deleted in Google's console (it can be restored for about 30 days): create a new one, then run gauth-login --client-secrets FILE"
        }
        "permission_denied" if grant == Grant::IamCredentials => {
            "the caller needs the role Service Account Token Creator on the service account, and a token for cloud-platform"
        }
        "not_found" if grant == Grant::IamCredentials => "no such service account",
        "invalid_token" if grant == Grant::TokenInfo => {
            "the token has expired or was revoked: gauth-token prints a fresh one"
        }
        "invalid_scope" => "a scope is misspelt or not allowed for this kind of credential",
        "invalid_request" if says("client_secret") => {
            "the client file lacks client_secret: download the client again, then run gauth-login --client-secrets FILE"
        }
        other => return for_consent(other),
    };
    Some(hint.to_owned())
}

fn for_invalid_grant(grant: Grant, oauth: &OAuthError, skew: Option<i64>) -> String {
    let description = oauth.description.as_deref().unwrap_or_default().to_ascii_lowercase();
    let reauth =
        matches!(oauth.subtype.as_deref(), Some("invalid_rapt" | "rapt_required")) || description.contains("reauth");
    match grant {
        _ if reauth => {
            "your organisation asks for a new login after some hours (session control): run gauth-login; a grant without the cloud-platform scope is exempt".to_owned()
        }
        Grant::WorkforceRefreshToken => {
            "log in through your company again: gcloud auth application-default login --login-config FILE".to_owned()
        }
        Grant::AuthorizationCode => {
            "the code was used, expired or meant for another client: run gauth-login again".to_owned()
        }
        Grant::RefreshToken => {
            "run gauth-login to grant access again (usual causes: access was revoked, not used for 6 months, more than 100 newer logins with this client, a changed password; every 7 days while the consent screen is in Testing: publish the app)".to_owned()
        }
        Grant::JwtBearer if description.contains("signature") => {
            "the key was deleted or disabled, or belongs to another service account: create a new key".to_owned()
        }
        Grant::JwtBearer
            if description.contains("account not found") || description.contains("user id") =>
        {
            "the service account was deleted, or --subject names no user of the domain".to_owned()
        }
        Grant::JwtBearer if description.contains("short-lived") || description.contains("iat") => {
            match skew {
                Some(seconds) if seconds.abs() >= SKEW_THAT_MATTERS => format!(
                    "this machine's clock is {} s {} the server's: set the clock",
                    seconds.abs(),
                    if seconds > 0 { "behind" } else { "ahead of" },
                ),
                _ => "set this machine's clock: an assertion must be fresh and live an hour at most".to_owned(),
            }
        }
        Grant::JwtBearer => {
            "check that the service account and its key still exist and that this machine's clock is right".to_owned()
        }
        Grant::TokenInfo | Grant::UserInfo | Grant::Revocation => {
            "run gauth-login to grant access again".to_owned()
        }
        Grant::TokenExchange | Grant::IamCredentials | Grant::SubjectToken | Grant::MetadataServer => {
            "the subject token was refused: check that it is fresh and meant for this audience".to_owned()
        }
    }
}

pub(crate) fn for_consent(error: &str) -> Option<String> {
    let hint = match error {
        "access_denied" => {
            "consent was refused; while the app is in Testing, the account must also be listed as a test user"
        }
        "admin_policy_enforced" => "the Workspace admin blocks this app or scope: ask for it to be trusted",
        "org_internal" => "the client is limited to one organisation: use an account of it, or another client",
        "invalid_scope" => "a scope is misspelt or not allowed for this kind of client",
        "redirect_uri_mismatch" => "use a client of type Desktop app",
        "disallowed_useragent" => "open the URL in a full browser",
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g8_every_known_refusal_has_a_remedy_of_its_own() {
        use Grant::{AuthorizationCode, JwtBearer, RefreshToken};
        let rows = [
            (Grant::WorkforceRefreshToken, "invalid_grant", "Bad Request", "", "gcloud auth application-default login"),
            (
                Grant::TokenExchange,
                "invalid_grant",
                "The audience in ID Token does not match.",
                "",
                "meant for this audience",
            ),
            (
                Grant::TokenExchange,
                "unauthorized_client",
                "The given credential is rejected by the attribute condition.",
                "",
                "attribute condition",
            ),
            (Grant::TokenExchange, "invalid_target", "", "", "disabled or deleted"),
            (
                Grant::IamCredentials,
                "permission_denied",
                "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
                "",
                "Token Creator",
            ),
            (RefreshToken, "invalid_grant", "Token has been expired or revoked.", "", "gauth-login"),
            (RefreshToken, "invalid_grant", "Bad Request", "", "7 days"),
            (AuthorizationCode, "invalid_grant", "Malformed auth code.", "", "run gauth-login again"),
            (RefreshToken, "invalid_grant", "reauth related error (invalid_rapt)", "invalid_rapt", "session control"),
            (RefreshToken, "invalid_grant", "", "rapt_required", "session control"),
            (JwtBearer, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)", "", "clock"),
            (JwtBearer, "invalid_grant", "Invalid JWT Signature.", "", "new key"),
            (JwtBearer, "invalid_grant", "Invalid grant: account not found", "", "deleted"),
            (JwtBearer, "invalid_grant", "Invalid email or User ID", "", "--subject"),
            (
                JwtBearer,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens",
                "",
                "domain-wide delegation",
            ),
            (RefreshToken, "invalid_client", "The provided client secret is invalid.", "", "client secret"),
            (RefreshToken, "invalid_client", "The OAuth client was not found.", "", "unknown"),
            (RefreshToken, "deleted_client", "", "", "30 days"),
            (RefreshToken, "invalid_scope", "", "", "misspelt"),
            (RefreshToken, "invalid_request", "client_secret is missing.", "", "lacks client_secret"),
            (RefreshToken, "admin_policy_enforced", "", "", "admin"),
            (RefreshToken, "org_internal", "", "", "organisation"),
            (RefreshToken, "access_denied", "", "", "test user"),
        ];
        for (grant, error, description, subtype, part) in rows {
            let oauth = OAuthError {
                error: error.to_owned(),
                description: Some(description.to_owned()).filter(|text| !text.is_empty()),
                subtype: Some(subtype.to_owned()).filter(|text| !text.is_empty()),
            };
            let hint = for_refusal(grant, &oauth, None).unwrap();
            assert!(hint.contains(part), "{error} {description}: {hint}");
        }
    }

    #[test]
    fn g5_the_measured_difference_of_the_clocks_is_told() {
        let oauth = OAuthError {
            error: "invalid_grant".to_owned(),
            description: Some("Invalid JWT: Token must be a short-lived token".to_owned()),
            subtype: None,
        };
        let hint = |skew| for_refusal(Grant::JwtBearer, &oauth, Some(skew)).unwrap();
        assert!(hint(3600).contains("3600 s behind"));
        assert!(hint(-3600).contains("3600 s ahead of"));
        assert!(!hint(2).contains("2 s"));
    }
}
