//! Who asks: the check of the access token on every API request (RFC 6750 §2.1 and §3), with the 401s that Google's API
//! front end sends.

use serde_json::json;

use crate::google::{Google, now};
use crate::grants::AccessToken;
use crate::iam_credentials;
use crate::response::{Request, Response, api_error, bearer, unauthenticated};

const EXPECTED: &str = "Expected OAuth 2 access token, login cookie or other valid authentication credential. See \
                        https://developers.google.com/identity/sign-in/web/devconsole-project.";

/// The live token of the request, or the refusal.
pub(crate) fn check(google: &Google, request: &Request) -> Result<AccessToken, Box<Response>> {
    let Some(token) = bearer(request) else {
        return Err(missing(request.uri().path()).into());
    };
    let found = google.grants().access_token(token, now()).cloned();
    found.ok_or_else(|| {
        let message = format!("Request had invalid authentication credentials. {EXPECTED}");
        unauthenticated(
            api_error(401, &message, "UNAUTHENTICATED", &[]),
            "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
        )
        .into()
    })
}

fn missing(path: &str) -> Response {
    let message = format!("Request is missing required authentication credential. {EXPECTED}");
    let (service, method) = method(path);
    let info = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "CREDENTIALS_MISSING",
        "domain": "googleapis.com",
        "metadata": {"method": method, "service": service},
    });
    unauthenticated(
        api_error(401, &message, "UNAUTHENTICATED", &[info]),
        "Bearer realm=\"https://accounts.google.com/\"",
    )
}

/// Service and full method name behind a path such as `/v1beta/properties/1:runReport`.
pub(crate) fn method(path: &str) -> (&'static str, String) {
    let last = path.rsplit(['/', ':']).next().unwrap_or_default();
    let (first, rest) = last.split_at_checked(1).unwrap_or_default();
    let verb = first.to_uppercase() + rest;
    if path.starts_with(iam_credentials::PREFIX) {
        let method = format!("google.iam.credentials.v1.IAMCredentials.{verb}");
        return ("iamcredentials.googleapis.com", method);
    }
    let version = path.split('/').nth(1).unwrap_or_default();
    if path.ends_with("/accountSummaries") {
        let method = format!("google.analytics.admin.{version}.AnalyticsAdminService.ListAccountSummaries");
        return ("analyticsadmin.googleapis.com", method);
    }
    let interface = if version == "v1beta" { "BetaAnalyticsData" } else { "AlphaAnalyticsData" };
    let verb = if last == "metadata" { "GetMetadata".to_owned() } else { verb };
    ("analyticsdata.googleapis.com", format!("google.analytics.data.{version}.{interface}.{verb}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_the_names_of_googles_methods() {
        for (path, name) in [
            ("/v1beta/properties/1:runReport", "google.analytics.data.v1beta.BetaAnalyticsData.RunReport"),
            ("/v1beta/properties/0/metadata", "google.analytics.data.v1beta.BetaAnalyticsData.GetMetadata"),
            (
                "/v1alpha/properties/1:runFunnelReport",
                "google.analytics.data.v1alpha.AlphaAnalyticsData.RunFunnelReport",
            ),
            ("/v1beta/accountSummaries", "google.analytics.admin.v1beta.AnalyticsAdminService.ListAccountSummaries"),
        ] {
            assert_eq!(method(path).1, name);
        }
        assert!(method("/v1beta/properties/1:é").1.starts_with("google"));
    }
}
