//! yup-oauth2's application default credentials in gauth-serve: it takes a token from the metadata server and lists accounts in
//! the sandbox. It reads no variable for the server's address, so that is given to it.

use serde_json::Value;
use yup_oauth2::authenticator::ApplicationDefaultCredentialsTypes;
use yup_oauth2::{ApplicationDefaultCredentialsAuthenticator, ApplicationDefaultCredentialsFlowOpts};

const READONLY: &[&str] = &["https://www.googleapis.com/auth/analytics.readonly"];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let host = std::env::var("GCE_METADATA_HOST").expect("inside gauth-serve");
    let url = std::env::var("GAUTH_SANDBOX_URL").expect("inside the sandbox");
    let metadata_url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let options = ApplicationDefaultCredentialsFlowOpts { metadata_url: Some(metadata_url) };
    let machine = match ApplicationDefaultCredentialsAuthenticator::builder(options).await {
        ApplicationDefaultCredentialsTypes::InstanceMetadata(machine) => machine.build().await.expect("an authenticator"),
        ApplicationDefaultCredentialsTypes::ServiceAccount(_) => panic!("no file is named here"),
    };
    let client = reqwest::Client::new();
    for _ in 0..20 {
        let token = machine.force_refreshed_token(READONLY).await.expect("a token");
        let request = client.get(format!("{url}/v1beta/accountSummaries?pageSize=1"));
        let request = request.bearer_auth(token.token().expect("a token"));
        let page: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(page["accountSummaries"].as_array().map(Vec::len), Some(1), "{page}");
    }
    println!("ok");
}
