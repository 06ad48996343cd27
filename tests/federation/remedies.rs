//! Each refusal that Google is known for: its own message, its own remedy, its exit code (G8, and every row of the
//! table of token errors that a token request can meet). First as texts on record, then as the sandbox really refuses.

use std::collections::HashMap;

use gauth_sandbox::{Fault, FaultKind, Provider};
use serde_json::{Value, json};
use testkit::{Run, User};

use super::{READONLY, holding, impersonated, machine, user};

/// The lines of stderr that are hints, without what every hint begins with.
fn hints(run: &Run) -> String {
    let lines = run.stderr().lines();
    let hints: Vec<_> = lines.filter_map(|line| line.strip_prefix("gauth-token: hint: ")).collect();
    hints.join("\n")
}

struct Row {
    status: u16,
    error: &'static str,
    description: &'static str,
    subtype: &'static str,
    code: i32,
    /// Rows with the same cause share a remedy.
    cause: &'static str,
}

const fn row(status: u16, error: &'static str, description: &'static str, code: i32, cause: &'static str) -> Row {
    Row { status, error, description, subtype: "", code, cause }
}

const fn rapt(subtype: &'static str) -> Row {
    Row { subtype, ..row(400, "invalid_grant", "reauth related error", 3, "session control") }
}

const USERS: [Row; 13] = [
    row(400, "invalid_grant", "Token has been expired or revoked.", 3, "dead grant"),
    row(400, "invalid_grant", "Bad Request", 3, "dead grant"),
    rapt("invalid_rapt"),
    rapt("rapt_required"),
    row(401, "invalid_client", "The provided client secret is invalid.", 4, "secret"),
    row(401, "invalid_client", "The OAuth client was not found.", 4, "no client"),
    row(401, "deleted_client", "The OAuth client was deleted.", 4, "deleted"),
    row(400, "invalid_scope", "Some requested scopes were invalid.", 4, "scope"),
    row(400, "invalid_request", "client_secret is missing.", 1, "no secret"),
    row(400, "admin_policy_enforced", "blocked", 4, "admin"),
    row(403, "org_internal", "restricted", 4, "organisation"),
    row(403, "access_denied", "denied", 4, "denied"),
    row(401, "unauthorized_client", "Unauthorized", 4, "client's type"),
];

const ACCOUNTS: [Row; 5] = [
    row(
        400,
        "invalid_grant",
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        3,
        "clock",
    ),
    row(400, "invalid_grant", "Invalid JWT Signature.", 3, "key"),
    row(400, "invalid_grant", "Invalid email or User ID", 3, "who"),
    row(400, "invalid_grant", "Invalid grant: account not found", 3, "who"),
    row(
        401,
        "unauthorized_client",
        "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
        4,
        "delegation",
    ),
];

#[test]
fn g8_every_row_of_the_error_table_has_its_own_message_remedy_and_exit_code() {
    let user = holding(user);
    let account = holding(User::key);
    let mut remedies: HashMap<String, &str> = HashMap::new();
    let rows = USERS.iter().map(|row| (&user, row));
    for (machine, row) in rows.chain(ACCOUNTS.iter().map(|row| (&account, row))) {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        machine.sandbox.fault(Fault::new(
            "/token",
            FaultKind::OAuth {
                status: row.status,
                error: row.error.to_owned(),
                description: text(row.description),
                subtype: text(row.subtype),
            },
        ));
        let run = machine.run(&[]).expect_failure(row.code);
        for part in [row.error, row.description, row.subtype] {
            assert!(run.stderr().contains(part), "{part}: {}", run.stderr());
        }
        let hint = hints(&run);
        assert!(!hint.is_empty(), "{}", run.stderr());
        let cause = remedies.entry(hint).or_insert(row.cause);
        assert_eq!(*cause, row.cause, "{}", run.stderr());
    }
    let mut causes: Vec<_> = remedies.into_values().collect();
    causes.sort_unstable();
    let count = causes.len();
    causes.dedup();
    // One remedy for each cause, one cause for each remedy.
    assert_eq!(causes.len(), count, "{causes:?}");
    assert_eq!(count, 15);
}

#[test]
fn g5_g8_the_error_of_a_wrong_clock_says_by_how_much() {
    let machine = holding(User::key);
    for (skew, says) in [(4000, "4000 s behind"), (-4000, "4000 s ahead of")] {
        machine.sandbox.set_clock_skew(skew);
        let run = machine.run(&[]).expect_failure(3);
        let hint = hints(&run);
        // A second may pass.
        let near = says.replace("4000", "3999");
        let other = says.replace("4000", "4001");
        assert!([says, &near, &other].iter().any(|text| hint.contains(text)), "{hint}");
    }
}

#[test]
fn g8_a_refused_subject_token_says_what_google_said_of_it() {
    let machine = machine();
    let past = 1_700_000_000;
    for (changed, says) in [
        (json!({"aud": "https://elsewhere.test"}), "audience in ID Token [https://elsewhere.test]"),
        (json!({"iat": past, "exp": past + 600}), "stale to sign-in"),
        (json!({"iss": "https://other.test"}), "issuer"),
        (json!({"sub": Value::Null}), "google.subject"),
    ] {
        let token = machine.sandbox.subject_token(Provider::Oidc, &changed);
        machine.keep(&machine.outside_with(&token, None));
        let run = machine.run(&[]).expect_failure(3);
        assert!(run.stderr().contains("exchange the subject token: invalid_grant"));
        assert!(run.stderr().contains(says), "{}", run.stderr());
        assert!(hints(&run).contains("meant for this audience"));
    }
    // Another's signature.
    let token = machine.sandbox.subject_token(Provider::Oidc, &json!({}));
    let other = machine.sandbox.subject_token(Provider::Oidc, &json!({"sub": "x"}));
    let (head, _) = token.rsplit_once('.').expect("a JWT");
    let (_, signature) = other.rsplit_once('.').expect("a JWT");
    let forged = format!("{head}.{signature}");
    machine.keep(&machine.outside_with(&forged, None));
    machine.run(&[]).expect_failure(3);
}

#[test]
fn g8_an_error_of_aws_is_distinguished_from_one_of_google() {
    let machine = machine();
    let source = machine.sandbox.aws_source();
    let file = machine.sandbox.external_account(Provider::Aws, source.clone(), None);
    machine.keep(&file);
    // Keys that Google's check refuses.
    for (name, value, says) in [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "signature does not match"),
        ("AWS_SESSION_TOKEN", "wrong", "security token is invalid"),
        ("AWS_ACCESS_KEY_ID", "AKIAWRONG", "access key is unknown"),
    ] {
        let mut command = machine.command(&["--no-cache"]);
        command.envs(machine.sandbox.aws_variables()).env(name, value);
        let run = machine.run_command(command).expect_failure(3);
        assert!(run.stderr().contains(says), "{}", run.stderr());
    }
    machine.sandbox.set_clock_skew(3600);
    let mut command = machine.command(&["--no-cache"]);
    command.envs(machine.sandbox.aws_variables());
    let run = machine.run_command(command).expect_failure(3);
    assert!(run.stderr().contains("signature has expired"), "{}", run.stderr());
    machine.sandbox.set_clock_skew(0);
    // A file that names no session URL meets a service that wants one.
    let mut old = file.clone();
    let source = old["credential_source"].as_object_mut().expect("an object");
    source.remove("imdsv2_session_token_url");
    machine.keep(&old);
    let run = machine.run(&["--no-cache"]).expect_failure(3);
    assert!(run.stderr().contains("get the subject token: HTTP 401"), "{}", run.stderr());
    for field in ["region_url", "url"] {
        let mut bare = file.clone();
        let source = bare["credential_source"].as_object_mut().expect("an object");
        source.remove(field);
        machine.keep(&bare);
        let run = machine.run(&["--no-cache"]).expect_failure(2);
        assert!(run.stderr().contains(field), "{}", run.stderr());
    }
}

#[test]
fn g8_what_the_token_service_and_iam_refuse_has_a_remedy() {
    let workforce = holding(|m| m.sandbox.external_account_authorized_user(&[READONLY]));
    let outside = holding(|m| m.outside(None));
    let impersonated = holding(impersonated);
    let oauth =
        |status, error: &str| FaultKind::OAuth { status, error: error.to_owned(), description: None, subtype: None };
    let api = |status| FaultKind::Api { status, message: "told to".to_owned() };
    let iam = "/v1/projects/";
    for (machine, path, kind, code, hint) in [
        (
            &workforce,
            "/v1/oauthtoken",
            oauth(400, "invalid_grant"),
            3,
            "gcloud auth application-default login --login-config",
        ),
        (&workforce, "/v1/oauthtoken", oauth(401, "invalid_client"), 4, "client_id and client_secret"),
        (&outside, "/v1/token", oauth(400, "invalid_grant"), 3, "meant for this audience"),
        (&outside, "/v1/token", oauth(400, "invalid_target"), 4, "the pool or provider"),
        (&outside, "/v1/token", oauth(401, "invalid_client"), 4, "client_id and client_secret"),
        (&outside, "/v1/token", oauth(400, "unauthorized_client"), 4, "attribute condition"),
        (&impersonated, iam, api(403), 4, "Token Creator"),
        (&impersonated, iam, api(404), 4, "no such service account"),
        (&impersonated, iam, api(401), 3, ""),
        (&impersonated, iam, api(400), 1, ""),
    ] {
        machine.sandbox.fault(Fault::new(path, kind.clone()));
        let run = machine.run(&["--refresh"]).expect_failure(code);
        let said = hints(&run);
        assert!(said.contains(hint), "{kind:?}: {}", run.stderr());
        assert_eq!(said.is_empty(), hint.is_empty(), "{kind:?}: {}", run.stderr());
    }
}

#[test]
fn g8_a_refusal_deletes_nothing() {
    let machine = holding(impersonated);
    let path = machine.home.config().join("gauth/credentials.json");
    let before = std::fs::read(&path).expect("read them");
    machine.sandbox.revoke_all();
    let run = machine.run(&[]).expect_failure(3);
    assert!(hints(&run).contains("gauth-login") || hints(&run).contains("gcloud"), "{}", run.stderr());
    assert_eq!(std::fs::read(&path).expect("read them"), before);
}

#[test]
fn a_temporary_error_exits_5_at_any_hop() {
    for (path, tries) in [("/outside/token", 3), ("/v1/token", 3), ("/v1/projects/", 3)] {
        let machine = holding(|m| {
            let target = Some(m.sandbox.analyst());
            let source = m.sandbox.url_source();
            m.sandbox.external_account(Provider::Oidc, source, target)
        });
        let fault = || Fault::new(path, FaultKind::Html { status: 503 });
        machine.sandbox.fault(fault().times(tries));
        machine.run(&[]).expect_failure(5);
        machine.sandbox.fault(fault());
        machine.token(&[]);
    }
}
