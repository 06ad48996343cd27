//! The error codes of OAuth (RFC 6749 §4.1.2.1 and §5.2, RFC 8693 §2.2.2) and of Google's APIs: what a script should do
//! about each, and what its user should. One table: a row per code, and in it the first hint that fits. The codes decide;
//! Google's texts change, so they only refine. A refresh token dies for several reasons that the server does not
//! distinguish, so its hint names the likely ones.

use Call::{
    AuthorizationCode, IamCredentials, JwtBearer, MetadataServer, RefreshToken, Revocation, SubjectToken,
    TokenExchange, TokenInfo, UserInfo, WorkforceRefreshToken,
};

use crate::error::{Call, Kind, OAuthError};

/// One row of the table.
struct ErrorCode {
    code: &'static str,
    kind: Kind,
    /// The first that fits counts.
    hints: &'static [Hint],
}

/// What to do about an error, after some calls or with some texts only.
#[derive(Clone, Copy)]
struct Hint {
    /// Empty for all calls, and for consent.
    calls: &'static [Call],
    /// Parts of the subtype or the description, in lower case, one of which must be there; empty for any text.
    texts: &'static [&'static str],
    hint: &'static str,
}

const fn hint(hint: &'static str) -> Hint {
    Hint { calls: &[], texts: &[], hint }
}

impl Hint {
    const fn after(self, calls: &'static [Call]) -> Self {
        Self { calls, ..self }
    }

    const fn with(self, texts: &'static [&'static str]) -> Self {
        Self { texts, ..self }
    }

    fn fits(&self, call: Option<Call>, text: &str) -> bool {
        (self.calls.is_empty() || call.is_some_and(|call| self.calls.contains(&call)))
            && (self.texts.is_empty() || self.texts.iter().any(|part| text.contains(part)))
    }
}

/// A clock this many seconds off makes Google refuse an assertion.
const SKEW_THAT_MATTERS: i64 = 60;
/// The hint that names the difference of the clocks where it is known.
const CLOCK: &str = "set this machine's clock: an assertion must be new and valid for at most an hour";

const CODES: &[ErrorCode] = &[
    ErrorCode {
        code: "access_denied",
        kind: Kind::Refused,
        hints: &[hint("consent was refused; while the app is in Testing, the account must also be listed as a test user")],
    },
    ErrorCode {
        code: "admin_policy_enforced",
        kind: Kind::Refused,
        hints: &[hint("the Workspace admin blocks this app or scope: ask the admin to trust it")],
    },
    ErrorCode { code: "consent_required", kind: Kind::Refused, hints: &[] },
    ErrorCode {
        code: "deleted_client",
        kind: Kind::Refused,
        hints: &[hint(
            "the client was deleted in Google's console (it can be restored for about 30 days): create a new one, then run gauth-login --client-secrets FILE",
        )],
    },
    ErrorCode {
        code: "disallowed_useragent",
        kind: Kind::Refused,
        hints: &[hint("open the URL in a full browser")],
    },
    ErrorCode { code: "insufficient_scope", kind: Kind::Refused, hints: &[] },
    ErrorCode { code: "interaction_required", kind: Kind::Refused, hints: &[] },
    ErrorCode { code: "internal_failure", kind: Kind::Temporary, hints: &[] },
    ErrorCode { code: "invalid_argument", kind: Kind::Failed, hints: &[] },
    ErrorCode {
        code: "invalid_client",
        kind: Kind::Refused,
        hints: &[
            hint(
                "client_id and client_secret of the credentials file do not belong to a known client: create the file again",
            )
            .after(&[TokenExchange, WorkforceRefreshToken]),
            hint("the client is unknown: check that this is the right client file, then run gauth-login --client-secrets FILE")
                .with(&["not found"]),
            hint(
                "the client secret was changed or the client file is the wrong one: download the client again, then run gauth-login --client-secrets FILE",
            ),
        ],
    },
    ErrorCode { code: "invalid_dpop_proof", kind: Kind::Refused, hints: &[hint("set this machine's clock: a proof must be new")] },
    ErrorCode {
        code: "invalid_grant",
        kind: Kind::Login,
        hints: &[
            hint(
                "your organisation requires a new login after some hours (session control): run gauth-login; a grant without the cloud-platform scope is exempt",
            )
            .with(&["invalid_rapt", "rapt_required", "reauth"]),
            hint("log in through your company again: gcloud auth application-default login --login-config FILE")
                .after(&[WorkforceRefreshToken]),
            hint("the code was used before, has expired or belongs to another client: run gauth-login again")
                .after(&[AuthorizationCode]),
            hint(
                "run gauth-login to grant access again (usual causes: access was revoked, not used for 6 months, more than 100 newer logins with this client, a changed password; every 7 days while the consent screen is in Testing: publish the app)",
            )
            .after(&[RefreshToken]),
            hint("the key was deleted or disabled, or belongs to another service account: create a new key")
                .after(&[JwtBearer])
                .with(&["signature"]),
            hint("the service account was deleted, or --subject is not a user of the domain")
                .after(&[JwtBearer])
                .with(&["account not found", "user id"]),
            hint(CLOCK).after(&[JwtBearer]).with(&["short-lived", "iat"]),
            hint("check that the service account and its key still exist and that this machine's clock is right")
                .after(&[JwtBearer]),
            hint("run gauth-login to grant access again").after(&[TokenInfo, UserInfo, Revocation]),
            hint("the subject token was refused: check that it has not expired and is meant for this audience")
                .after(&[TokenExchange, IamCredentials, SubjectToken, MetadataServer]),
        ],
    },
    ErrorCode {
        code: "invalid_request",
        kind: Kind::Failed,
        hints: &[hint(
            "the client file lacks client_secret: download the client again, then run gauth-login --client-secrets FILE",
        )
        .with(&["client_secret"])],
    },
    ErrorCode {
        code: "invalid_scope",
        kind: Kind::Refused,
        hints: &[hint("a scope is misspelt or not allowed for this kind of credentials or client")],
    },
    ErrorCode {
        code: "invalid_target",
        kind: Kind::Refused,
        hints: &[hint("audience is not a known provider: the pool or provider was disabled or deleted, or its name is misspelt")
            .after(&[TokenExchange, WorkforceRefreshToken])],
    },
    ErrorCode {
        code: "invalid_token",
        kind: Kind::Login,
        hints: &[hint("the token has expired or was revoked: run gauth-token for a new one").after(&[TokenInfo])],
    },
    ErrorCode { code: "login_required", kind: Kind::Refused, hints: &[] },
    ErrorCode {
        code: "not_found",
        kind: Kind::Refused,
        hints: &[hint("no such service account").after(&[IamCredentials])],
    },
    ErrorCode {
        code: "org_internal",
        kind: Kind::Refused,
        hints: &[hint("the client is limited to one organisation: use one of its accounts, or another client")],
    },
    ErrorCode {
        code: "permission_denied",
        kind: Kind::Refused,
        hints: &[hint(
            "the caller needs the role Service Account Token Creator on the service account, and a token for cloud-platform",
        )
        .after(&[IamCredentials])],
    },
    ErrorCode { code: "rate_limit_exceeded", kind: Kind::Temporary, hints: &[] },
    ErrorCode {
        code: "redirect_uri_mismatch",
        kind: Kind::Refused,
        hints: &[hint("use a client of type Desktop app")],
    },
    ErrorCode { code: "resource_exhausted", kind: Kind::Temporary, hints: &[] },
    ErrorCode { code: "server_error", kind: Kind::Temporary, hints: &[] },
    ErrorCode { code: "slow_down", kind: Kind::Temporary, hints: &[] },
    ErrorCode { code: "temporarily_unavailable", kind: Kind::Temporary, hints: &[] },
    ErrorCode {
        code: "unauthorized_client",
        kind: Kind::Refused,
        hints: &[
            hint(
                "a Workspace admin must grant domain-wide delegation to the service account's numeric client id, for exactly these scopes",
            )
            .after(&[JwtBearer]),
            hint("the provider rejected this identity: compare its attribute condition with the claims of the subject token")
                .after(&[TokenExchange]),
            hint("this client may not use this grant: check its type in Google's console"),
        ],
    },
    ErrorCode { code: "unauthenticated", kind: Kind::Login, hints: &[] },
    ErrorCode { code: "unavailable", kind: Kind::Temporary, hints: &[] },
    ErrorCode { code: "unsupported_grant_type", kind: Kind::Failed, hints: &[] },
    ErrorCode { code: "unsupported_response_type", kind: Kind::Failed, hints: &[] },
];

fn find(code: &str) -> Option<&'static ErrorCode> {
    CODES.iter().find(|row| row.code == code)
}

/// What a script should do about it; `None` for an unknown code.
pub(crate) fn kind(code: &str) -> Option<Kind> {
    find(code).map(|row| row.kind)
}

/// What the user should do about it. `call` is `None` for a refused consent; `skew` is the server's clock minus ours in
/// seconds.
pub(crate) fn hint_for(call: Option<Call>, oauth: &OAuthError, skew: Option<i64>) -> Option<String> {
    let text = |part: &Option<String>| part.as_deref().unwrap_or_default().to_ascii_lowercase();
    let text = format!("{} {}", text(&oauth.subtype), text(&oauth.description));
    let found = find(&oauth.error)?.hints.iter().find(|hint| hint.fits(call, &text))?.hint;
    Some(match skew {
        Some(seconds) if found == CLOCK && seconds.abs() >= SKEW_THAT_MATTERS => format!(
            "set this machine's clock: it is {} s {} the server's",
            seconds.abs(),
            if seconds > 0 { "behind" } else { "ahead of" },
        ),
        _ => found.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g8_every_known_error_has_a_hint_of_its_own() {
        let table = [
            (WorkforceRefreshToken, "invalid_grant: Bad Request", "gcloud auth application-default login"),
            (TokenExchange, "invalid_grant: The audience in ID Token does not match.", "meant for this audience"),
            (
                TokenExchange,
                "unauthorized_client: The given credential is rejected by the attribute condition.",
                "attribute",
            ),
            (TokenExchange, "invalid_target", "disabled or deleted"),
            (
                IamCredentials,
                "permission_denied: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
                "Token Creator",
            ),
            (RefreshToken, "invalid_grant: Token has been expired or revoked.", "gauth-login"),
            (RefreshToken, "invalid_grant: Bad Request", "7 days"),
            (AuthorizationCode, "invalid_grant: Malformed auth code.", "run gauth-login again"),
            (RefreshToken, "invalid_grant (invalid_rapt): reauth related error (invalid_rapt)", "session control"),
            (RefreshToken, "invalid_grant (rapt_required)", "session control"),
            (JwtBearer, "invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes)", "clock"),
            (JwtBearer, "invalid_grant: Invalid JWT Signature.", "new key"),
            (JwtBearer, "invalid_grant: Invalid grant: account not found", "deleted"),
            (JwtBearer, "invalid_grant: Invalid email or User ID", "--subject"),
            (JwtBearer, "unauthorized_client: Client is unauthorized to retrieve access tokens", "domain-wide"),
            (RefreshToken, "invalid_client: The provided client secret is invalid.", "client secret"),
            (RefreshToken, "invalid_client: The OAuth client was not found.", "unknown"),
            (RefreshToken, "deleted_client", "30 days"),
            (RefreshToken, "invalid_scope", "misspelt"),
            (RefreshToken, "invalid_request: client_secret is missing.", "lacks client_secret"),
            (RefreshToken, "admin_policy_enforced", "admin"),
            (RefreshToken, "org_internal", "organisation"),
            (RefreshToken, "access_denied", "test user"),
        ];
        for (call, shown, part) in table {
            let (code, description) = shown.split_once(": ").map_or((shown, None), |(code, text)| (code, Some(text)));
            let (error, subtype) = match code.strip_suffix(')').and_then(|code| code.split_once(" (")) {
                Some((error, subtype)) => (error, Some(subtype)),
                None => (code, None),
            };
            let [description, subtype] = [description, subtype].map(|text| text.map(str::to_owned));
            let oauth = OAuthError { error: error.to_owned(), description, subtype };
            assert_eq!(oauth.to_string(), shown);
            let hint = hint_for(Some(call), &oauth, None).unwrap();
            assert!(hint.contains(part), "{shown}: {hint}");
        }
    }

    #[test]
    fn g5_the_measured_difference_of_the_clocks_is_shown() {
        let oauth = OAuthError {
            error: "invalid_grant".to_owned(),
            description: Some("Invalid JWT: Token must be a short-lived token".to_owned()),
            subtype: None,
        };
        let hint = |skew| hint_for(Some(JwtBearer), &oauth, Some(skew)).unwrap();
        assert!(hint(3600).contains("3600 s behind"));
        assert!(hint(-3600).contains("3600 s ahead of"));
        assert!(!hint(2).contains("2 s"));
    }
}
