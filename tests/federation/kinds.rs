//! Each kind of credentials becomes a token, by the requests it takes and no other.

use gauth_sandbox::{Options, Provider};
use serde_json::{Value, json};
use testkit::{Answer, ScriptedServer, User, strace, token};

use super::{BIN, READONLY, claims, holding, machine, user};

const OUTSIDE: &str = "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sandbox/subject/repo:example/reports:ref:refs/heads/main";
const STS: &str = "/v1/token";

fn analyst_of(machine: &User) -> String {
    format!("/v1/projects/-/serviceAccounts/{}:generateAccessToken", machine.sandbox.analyst())
}

#[test]
fn a_subject_token_in_a_file_is_exchanged() {
    for format in ["text", "json"] {
        let machine = machine();
        let subject = machine.sandbox.subject_token(Provider::Oidc, &json!({}));
        let (content, format) = match format {
            "text" => (format!("{subject}\n"), json!({"type": "text"})),
            _ => (
                json!({"t": subject, "other": 1}).to_string(),
                json!({"type": "json", "subject_token_field_name": "t"}),
            ),
        };
        let path = machine.home.write("subject-token", 0o600, content);
        let source = json!({"file": path, "format": format});
        machine.keep(&machine.sandbox.external_account(Provider::Oidc, source, None));
        let token = machine.token(&["--scope", "email"]);
        assert_eq!(machine.whose(&token), OUTSIDE);
        assert_eq!(machine.asked(), [STS]);
    }
}

#[test]
fn a_subject_token_behind_a_url_is_fetched_with_the_headers_of_the_file() {
    let machine = holding(|m| {
        let source = m.sandbox.url_source();
        m.sandbox.external_account(Provider::Oidc, source, None)
    });
    let token = machine.token(&["--scope", "email"]);
    assert_eq!(machine.whose(&token), OUTSIDE);
    assert_eq!(machine.asked(), ["/outside/token", STS]);
}

#[test]
fn a_saml_response_is_exchanged_as_it_is() {
    let machine = holding(|m| {
        let path = m.home.write("saml-response", 0o600, m.sandbox.saml_response());
        let source = json!({"file": path});
        m.sandbox.external_account(Provider::Saml, source, None)
    });
    let token = machine.token(&["--scope", "email"]);
    assert!(machine.whose(&token).ends_with("/subject/alex"));
}

#[test]
fn on_aws_the_keys_of_the_environment_sign_the_request() {
    let machine = holding(aws);
    let mut command = machine.command(&["--scope", "email"]);
    command.envs(machine.sandbox.aws_variables());
    let token = token(&machine.run_command(command).expect(0));
    assert!(machine.whose(&token).contains("arn:aws:sts::123456789012:assumed-role/reports/"));
    assert_eq!(machine.asked(), [STS]);
}

#[test]
fn on_aws_the_metadata_service_gives_region_and_keys_for_a_session() {
    let machine = holding(aws);
    let token = machine.token(&["--scope", "email"]);
    assert!(machine.whose(&token).contains("assumed-role/reports/"));
    assert_eq!(
        machine.asked(),
        [
            "/latest/api/token",
            "/latest/meta-data/placement/availability-zone",
            "/latest/meta-data/iam/security-credentials",
            "/latest/meta-data/iam/security-credentials/reports",
            STS,
        ]
    );
    let requests = machine.requests();
    assert_eq!(requests[0].method, "PUT");
    for request in &requests[1..4] {
        assert!(request.header("x-aws-ec2-metadata-token").is_some());
    }
}

fn aws(machine: &User) -> Value {
    let source = machine.sandbox.aws_source();
    machine.sandbox.external_account(Provider::Aws, source, None)
}

#[test]
fn with_a_service_account_on_top_every_source_ends_in_that_account() {
    let machine = machine();
    let target = Some(machine.sandbox.analyst());
    let path = machine.home.write("subject", 0o600, machine.sandbox.subject_token(Provider::Oidc, &json!({})));
    let external = |provider, source| machine.sandbox.external_account(provider, source, target);
    for file in [
        external(Provider::Oidc, json!({"file": path})),
        external(Provider::Oidc, machine.sandbox.url_source()),
        external(Provider::Aws, machine.sandbox.aws_source()),
    ] {
        machine.keep(&file);
        let before = machine.asked().len();
        let token = machine.token(&["--scope", "email"]);
        assert_eq!(machine.whose(&token), machine.sandbox.analyst());
        let requests = machine.requests().split_off(before);
        let [.., exchange, last] = &requests[..] else { panic!("two requests at least") };
        assert_eq!(exchange.path, STS);
        // The federated token may call IAM and nothing else; the scopes asked for come after.
        assert!(exchange.body.contains("auth%2Fcloud-platform"));
        assert!(!exchange.body.contains("email"));
        assert_eq!(last.path, analyst_of(&machine));
        assert!(last.body.contains("userinfo.email") || last.body.contains("\"email\""));
    }
}

#[test]
fn the_life_of_an_impersonated_token_is_what_the_file_asks_for() {
    let machine = machine();
    let mut file = machine.outside(Some(machine.sandbox.analyst()));
    file["service_account_impersonation"] = json!({"token_lifetime_seconds": 900});
    machine.keep(&file);
    let run = machine.run(&["--format", "json"]).expect(0);
    let printed: Value = serde_json::from_str(run.stdout()).expect("JSON");
    let left = printed["expires_in"].as_u64().expect("a life");
    assert!((890..=900).contains(&left), "{left}");
    assert_eq!(printed["scope"], READONLY);
}

#[test]
fn a_workforce_users_project_is_billed_unless_a_client_is_there() {
    let machine = machine();
    let path = machine.home.write("subject", 0o600, machine.sandbox.subject_token(Provider::Workforce, &json!({})));
    let source = json!({"file": path});
    let mut file = machine.sandbox.external_account(Provider::Workforce, source, None);
    file["workforce_pool_user_project"] = "billed-1".into();
    machine.keep(&file);
    machine.token(&[]);
    assert!(machine.requests()[0].body.contains("userProject"));
    let client = machine.sandbox.external_account_authorized_user(&[READONLY]);
    for name in ["client_id", "client_secret"] {
        file[name] = client[name].clone();
    }
    machine.keep(&file);
    machine.token(&[]);
    let last = machine.requests().pop().expect("a request");
    assert!(last.header("authorization").is_some_and(|a| a.starts_with("Basic ")));
    assert!(!last.body.contains("options"));
}

#[test]
fn a_workforce_users_grant_is_refreshed_and_a_new_refresh_token_kept() {
    for rotate in [false, true] {
        let machine = User::new(BIN, Options { rotate, ..Options::default() });
        let mut file = machine.sandbox.external_account_authorized_user(&["email", READONLY]);
        file["kept"] = "as it is".into();
        let path = machine.keep(&file);
        let token = machine.token(&[]);
        assert_eq!(machine.whose(&token), "alex@example.com");
        assert_eq!(machine.asked(), ["/v1/oauthtoken"]);
        let bytes = std::fs::read(&path).expect("read the credentials");
        let mut stored: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(stored["refresh_token"] != file["refresh_token"], rotate);
        stored["refresh_token"] = file["refresh_token"].clone();
        assert_eq!(stored, file);
        machine.token(&["--refresh"]);
    }
}

#[test]
fn a_rotated_refresh_token_inside_an_impersonating_file_is_kept_even_when_the_next_hop_fails() {
    for target in ["analyst", "archivist"] {
        let machine = User::new(BIN, Options { rotate: true, ..Options::default() });
        let email = match target {
            "analyst" => machine.sandbox.analyst(),
            _ => machine.sandbox.archivist(),
        };
        let file = machine.sandbox.impersonated_service_account(user(&machine), &[], email);
        let path = machine.keep(&file);
        let code = if target == "analyst" { 0 } else { 4 };
        // The sandbox takes the whole family back when a used token comes again.
        for _ in 0..3 {
            machine.run(&["--refresh"]).expect(code);
        }
        let bytes = std::fs::read(&path).expect("read the credentials");
        let stored: Value = serde_json::from_slice(&bytes).expect("JSON");
        let at = "/source_credentials/refresh_token";
        assert_ne!(stored.pointer(at), file.pointer(at));
        assert_eq!(stored.get("refresh_token"), None);
    }
}

#[test]
fn an_impersonating_file_takes_every_kind_as_its_source() {
    let machine = machine();
    let workforce = machine.sandbox.external_account_authorized_user(&[super::CLOUD_PLATFORM]);
    for (name, source) in [
        ("authorized_user", user(&machine)),
        ("service_account", machine.key()),
        ("external_account", machine.outside(None)),
        ("external_account_authorized_user", workforce),
    ] {
        machine.keep(&machine.sandbox.impersonated_service_account(source, &[], machine.sandbox.analyst()));
        let token = machine.token(&["--scope", "email"]);
        assert_eq!(machine.whose(&token), machine.sandbox.analyst(), "{name}");
    }
}

#[test]
fn a_key_in_a_pkcs12_file_signs_in_gclouds_form_and_in_oauth2clients() {
    let machine = machine();
    let gcloud = machine.sandbox.service_account_p12();
    let oauth2client = json!({
        "_class": "ServiceAccountCredentials", "_module": "oauth2client.service_account",
        "_service_account_email": gcloud["client_email"], "_private_key_pkcs12": gcloud["private_key"],
        "_private_key_password": "notasecret", "_private_key_id": null, "_scopes": READONLY, "_kwargs": {},
        "token_uri": gcloud["token_uri"],
    });
    let before_2016 = json!({
        "_class": "SignedJwtAssertionCredentials", "_module": "oauth2client.client", "invalid": false,
        "service_account_name": gcloud["client_email"], "private_key": gcloud["private_key"],
        "private_key_password": "notasecret", "scope": READONLY, "kwargs": {}, "access_token": null,
        "token_uri": gcloud["token_uri"],
    });
    for file in [gcloud, oauth2client, before_2016] {
        machine.keep(&file);
        let token = machine.token(&["--no-cache", "--scope", "email"]);
        assert_eq!(machine.whose(&token), machine.sandbox.service_account_email());
    }
    let mut locked = machine.sandbox.service_account_p12();
    locked["password"] = "guess".into();
    machine.keep(&locked);
    machine.refused_offline(&["--no-cache"], "wrong password");
}

#[test]
fn a_self_signed_token_needs_no_network_at_all() {
    for p12 in [false, true] {
        let machine = holding(|m| if p12 { m.sandbox.service_account_p12() } else { m.key() });
        let sink = ScriptedServer::answering(|_| Answer::hang_up());
        for (options, name, value) in [
            (&[][..], "scope", READONLY),
            (&["--audience", "https://analyticsdata.googleapis.com/"], "aud", "https://analyticsdata.googleapis.com/"),
        ] {
            let mut command = machine.command(&["--self-signed", "--no-cache"]);
            command.args(options).env("HTTPS_PROXY", sink.url());
            let Some(trace) = strace(&["-e", "trace=network"], command) else {
                return;
            };
            assert!(trace.calls.iter().all(|c| c.name != "socket"), "a socket");
            let jwt = token(&machine.check(trace.run).expect(0));
            let claims = claims(&jwt);
            assert_eq!(claims["iss"], machine.sandbox.service_account_email());
            assert_eq!(claims["sub"], claims["iss"]);
            assert_eq!(claims[name], value);
            let other = if name == "aud" { "scope" } else { "aud" };
            assert_eq!(claims.get(other), None);
            let life = claims["exp"].as_u64().expect("exp") - claims["iat"].as_u64().expect("iat");
            assert!(life <= 3600);
        }
        assert!(machine.asked().is_empty() && sink.requests().is_empty());
    }
}
