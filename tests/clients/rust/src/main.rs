//! yup-oauth2 against the sandbox: a key and a user log in and refresh, the token reads a report over two pages, and what
//! is refused is an error. The environment is that of `gauth-sandbox --auto-consent --export env`.

use std::pin::Pin;

use serde_json::{Value, json};
use yup_oauth2::authenticator_delegate::InstalledFlowDelegate;
use yup_oauth2::{InstalledFlowAuthenticator, InstalledFlowReturnMethod, ServiceAccountAuthenticator};

const READONLY: &[&str] = &["https://www.googleapis.com/auth/analytics.readonly"];

/// Opens the consent page, which redirects at once.
struct Follower;

impl InstalledFlowDelegate for Follower {
    fn present_user_url<'a>(
        &'a self,
        url: &'a str,
        _need_code: bool,
    ) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>> {
        tokio::spawn(reqwest::get(url.to_owned()));
        Box::pin(async { Ok(String::new()) })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::var("GAUTH_SANDBOX_URL").expect("inside the sandbox");
    let key = std::env::var("GOOGLE_APPLICATION_CREDENTIALS").expect("inside the sandbox");
    let client = reqwest::Client::new();
    let post = async |path: &str, token: &str, body: Value| -> Value {
        let request = client.post(format!("{url}{path}")).bearer_auth(token).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    };

    let key = yup_oauth2::read_service_account_key(key).await.expect("a key");
    let account = ServiceAccountAuthenticator::builder(key).build().await.expect("an authenticator");
    let first = account.token(READONLY).await.expect("a token");
    let second = account.force_refreshed_token(READONLY).await.expect("another");
    assert_ne!(first.token(), second.token());

    let token = second.token().expect("a token");
    let mut rows = 0;
    for offset in [0, 20] {
        let report = json!({
            "dimensions": [{"name": "date"}], "metrics": [{"name": "sessions"}], "limit": 20, "offset": offset,
            "dateRanges": [{"startDate": "28daysAgo", "endDate": "yesterday"}],
        });
        let page = post("/v1beta/properties/123456:runReport", token, report).await;
        rows += page["rows"].as_array().expect("rows").len();
    }
    assert_eq!(rows, 28);
    let refused = post("/v1beta/properties/123456:runReport", token, json!({"limit": -1})).await;
    assert_eq!(refused["error"]["status"], "INVALID_ARGUMENT");

    let secrets = std::env::var("GAUTH_CLIENT_SECRETS").expect("inside the sandbox");
    let secret = yup_oauth2::read_application_secret(secrets).await.expect("a client");
    let flow = InstalledFlowAuthenticator::builder(secret, InstalledFlowReturnMethod::HTTPRedirect);
    let user = flow.flow_delegate(Box::new(Follower)).build().await.expect("an authenticator");
    let first = user.token(READONLY).await.expect("a token");
    assert_ne!(first.token(), user.force_refreshed_token(READONLY).await.expect("another").token());
    let error = account.token(&["nonsense"]).await.err().expect("refused").to_string();
    assert!(error.contains("invalid_scope") || error.contains("Invalid OAuth scope"), "{error}");
    println!("ok");
}
