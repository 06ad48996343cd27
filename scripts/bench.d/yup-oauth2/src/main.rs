//! token-by-yup-oauth2 CREDENTIALS [STORE]: one exchange of a refresh token or a key for a token with yup-oauth2, or the token
//! in its own store on disk.

use std::io::Write;

use serde_json::Value;
use yup_oauth2::authenticator::DefaultAuthenticator;
use yup_oauth2::storage::{TokenInfo, TokenStorage, TokenStorageError};
use yup_oauth2::{
    ApplicationSecret, InstalledFlowAuthenticator, InstalledFlowReturnMethod, ServiceAccountAuthenticator,
};

const SCOPES: [&str; 1] = ["https://www.googleapis.com/auth/analytics.readonly"];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("a credentials file");
    let bytes = std::fs::read(file).expect("read the file");
    let credentials: Value = serde_json::from_slice(&bytes).expect("JSON");
    let authenticator = match credentials["type"].as_str() {
        Some("service_account") => mint(credentials, arguments.next()).await,
        _ => refresh(&credentials).await,
    };
    let token = authenticator.token(&SCOPES).await.expect("a token");
    let line = format!("{}\n", token.token().expect("an access token"));
    std::io::stdout().write_all(line.as_bytes()).expect("write it");
}

async fn mint(key: Value, store: Option<String>) -> DefaultAuthenticator {
    let key = serde_json::from_value(key).expect("a key");
    let mut builder = ServiceAccountAuthenticator::builder(key);
    if let Some(store) = store {
        builder = builder.persist_tokens_to_disk(store);
    }
    builder.build().await.expect("an authenticator")
}

/// Its flow for authorized users has Google's URL built in; an expired token in a store is refreshed at the client's.
async fn refresh(credentials: &Value) -> DefaultAuthenticator {
    let text = |name: &str| credentials[name].as_str().expect("a text").to_owned();
    let secret = ApplicationSecret {
        client_id: text("client_id"),
        client_secret: text("client_secret"),
        token_uri: text("token_uri"),
        ..ApplicationSecret::default()
    };
    let expired = TokenInfo {
        access_token: None,
        refresh_token: Some(text("refresh_token")),
        expires_at: Some(time::OffsetDateTime::UNIX_EPOCH),
        id_token: None,
    };
    InstalledFlowAuthenticator::builder(secret, InstalledFlowReturnMethod::Interactive)
        .with_storage(Box::new(Expired(expired)))
        .build()
        .await
        .expect("an authenticator")
}

struct Expired(TokenInfo);

#[async_trait::async_trait]
impl TokenStorage for Expired {
    async fn set(&self, _scopes: &[&str], _token: TokenInfo) -> Result<(), TokenStorageError> {
        Ok(())
    }

    async fn get(&self, _scopes: &[&str]) -> Option<TokenInfo> {
        Some(self.0.clone())
    }
}
