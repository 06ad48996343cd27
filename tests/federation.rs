//! gauth-token with every kind of credential that needs more than one hop, or none: federation, impersonation, the
//! metadata server, keys in PKCS#12, self-signed tokens. The real binary against the sandbox, which checks what Google
//! checks. Ids in the names of tests are those of the security requirements.

mod cache;
mod concurrency;
mod executable;
mod id_tokens;
mod impersonation;
mod kinds;
mod metadata_server;
mod refusals;
mod remedies;

use gauth_sandbox::Options;
use serde_json::Value;
use testkit::User;

use crate::{BIN, READONLY};

const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";
const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";

/// Somebody whose credentials are of some kind that a test chooses.
fn machine() -> User {
    User::new(BIN, Options::default())
}

/// The same with this file in gauth's own place.
fn holding(file: impl FnOnce(&User) -> Value) -> User {
    let machine = machine();
    machine.keep(&file(&machine));
    machine
}

fn user(machine: &User) -> Value {
    machine.grant(&[CLOUD_PLATFORM, READONLY, EMAIL])
}

/// The user's grant with a service account on top.
fn impersonated(machine: &User) -> Value {
    machine.sandbox.impersonated_service_account(user(machine), &[], machine.sandbox.analyst())
}

/// The claims of a JWT.
#[track_caller]
fn claims(jwt: &str) -> Value {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = jwt.split('.').nth(1).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    serde_json::from_slice(&bytes).expect("claims are JSON")
}
