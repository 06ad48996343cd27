//! `--impersonate` on top of any source, chains of it, `--subject` with and without a key, and who may not.

use serde_json::{Value, json};

use testkit::User;

use super::{CLOUD_PLATFORM, READONLY, holding, impersonated, machine, user};

/// Every source that can be impersonated from.
fn sources(machine: &User) -> [(&'static str, Value); 5] {
    let workforce = machine.sandbox.external_account_authorized_user(&[CLOUD_PLATFORM]);
    [
        ("authorized_user", user(machine)),
        ("service_account", machine.key()),
        ("service_account_p12", machine.sandbox.service_account_p12()),
        ("external_account", machine.outside(None)),
        ("external_account_authorized_user", workforce),
    ]
}

#[test]
fn impersonate_goes_on_top_of_any_source() {
    let machine = machine();
    for (name, file) in sources(&machine) {
        machine.keep(&file);
        let analyst = machine.sandbox.analyst();
        let token = machine.token(&["--impersonate", analyst, "--scope", "email"]);
        assert_eq!(machine.whose(&token), analyst, "{name}");
    }
}

#[test]
fn a_chain_ends_in_its_last_member_by_way_of_the_others() {
    let machine = machine();
    let (analyst, archivist) = (machine.sandbox.analyst(), machine.sandbox.archivist());
    let chain = ["--impersonate", analyst, "--impersonate", archivist];
    for (name, file) in sources(&machine) {
        machine.keep(&file);
        let token = machine.token(&[&chain[..], &["--scope", "email"]].concat());
        assert_eq!(machine.whose(&token), archivist, "{name}");
        let last = machine.requests().pop().expect("a request");
        let body: Value = serde_json::from_str(&last.body).expect("JSON");
        let delegate = format!("projects/-/serviceAccounts/{analyst}");
        assert_eq!(body["delegates"], json!([delegate]));
    }
    // The same chain written into a file.
    machine.keep(&machine.sandbox.impersonated_service_account(user(&machine), &[analyst], archivist));
    let token = machine.token(&["--scope", "email"]);
    assert_eq!(machine.whose(&token), archivist);
}

#[test]
fn explain_reports_every_step_from_the_source_to_the_target() {
    let machine = holding(User::key);
    let (analyst, archivist) = (machine.sandbox.analyst(), machine.sandbox.archivist());
    let reporter = machine.sandbox.service_account_email();
    let chain = ["--impersonate", analyst, "--impersonate", archivist];
    let subject = ["--impersonate", analyst, "--subject", "admin@example.com"];
    for (options, who) in [
        (&[][..], reporter.to_owned()),
        (&chain, format!("{archivist} through {analyst} through {reporter}")),
        (&subject, format!("admin@example.com through {analyst} through {reporter}")),
    ] {
        let run = machine.run(&[&["--explain"], options].concat()).expect(0);
        let line = format!("acting as {who}\n");
        assert!(run.stderr().contains(&line), "{}", run.stderr());
    }
}

#[test]
fn impersonate_goes_on_top_of_an_account_that_a_file_already_impersonates() {
    let machine = holding(impersonated);
    let archivist = machine.sandbox.archivist();
    let token = machine.token(&["--impersonate", archivist, "--scope", "email"]);
    assert_eq!(machine.whose(&token), archivist);
}

#[test]
fn a_missing_permission_to_act_as_the_account_is_named() {
    let machine = holding(user);
    let (analyst, archivist) = (machine.sandbox.analyst(), machine.sandbox.archivist());
    let reporter = machine.sandbox.service_account_email();
    for (options, permission) in [
        (&["--impersonate", archivist][..], "getAccessToken"),
        (&["--impersonate", archivist, "--audience", "a"], "getOpenIdToken"),
        (&["--impersonate", archivist, "--subject", "a@example.com"], "signJwt"),
        (&["--impersonate", archivist, "--impersonate", analyst], "implicitDelegation"),
        (&["--impersonate", reporter], "getAccessToken"),
    ] {
        let run = machine.run(options).expect_failure(4);
        let permission = format!("iam.serviceAccounts.{permission}");
        assert!(run.stderr().contains(&permission), "{}", run.stderr());
        assert!(run.stderr().contains("Token Creator"), "{}", run.stderr());
    }
    let nobody = "nobody@gauth-sandbox.iam.gserviceaccount.com";
    let run = machine.run(&["--impersonate", nobody]).expect_failure(4);
    assert!(run.stderr().contains("hint: no such service account"), "{}", run.stderr());
}

#[test]
fn a_users_grant_without_cloud_platform_cannot_call_iam_and_learns_why() {
    let machine = machine();
    let grant = machine.sandbox.grant(&[READONLY]);
    let mut file = user(&machine);
    file["refresh_token"] = grant.refresh_token.into();
    machine.keep(&file);
    let run = machine.run(&["--impersonate", machine.sandbox.analyst()]).expect_failure(4);
    let said = run.stderr();
    assert!(said.contains("insufficient authentication scopes"), "{said}");
    assert!(said.contains("cloud-platform"), "{said}");
}

#[test]
fn subject_works_with_a_key_and_without_one() {
    let machine = machine();
    let analyst = machine.sandbox.analyst();
    let options = ["--subject", "admin@example.com", "--scope", "email"];
    machine.keep(&machine.key());
    let token = machine.token(&options);
    assert_eq!(machine.whose(&token), "admin@example.com");
    assert_eq!(machine.asked(), ["/token"]);
    // Whoever may act as the analyst has no key of it, so IAM signs.
    for (name, file) in sources(&machine) {
        machine.keep(&file);
        let before = machine.asked().len();
        let options = [&options[..], &["--impersonate", analyst]].concat();
        let token = machine.token(&options);
        assert_eq!(machine.whose(&token), "admin@example.com", "{name}");
        let asked = machine.asked().split_off(before);
        assert!(asked[asked.len() - 2].ends_with(":signJwt"), "{asked:?}");
        assert_eq!(asked[asked.len() - 1], "/token");
    }
    for file in [impersonated(&machine), machine.outside(Some(analyst))] {
        machine.keep(&file);
        let token = machine.token(&options);
        assert_eq!(machine.whose(&token), "admin@example.com");
    }
}

#[test]
fn an_account_without_delegation_and_an_unknown_user_have_different_messages() {
    let machine = holding(user);
    let (analyst, archivist) = (machine.sandbox.analyst(), machine.sandbox.archivist());
    let chain = ["--impersonate", analyst, "--impersonate", archivist];
    let run = machine.run(&[&chain[..], &["--subject", "admin@example.com"]].concat()).expect_failure(4);
    assert!(run.stderr().contains("domain-wide delegation"), "{}", run.stderr());
    let run = machine.run(&["--impersonate", analyst, "--subject", "nobody@example.com"]).expect_failure(3);
    assert!(run.stderr().contains("--subject is not a user"), "{}", run.stderr());
}

#[test]
fn what_cannot_be_combined_is_refused_before_anything_is_asked() {
    let machine = holding(user);
    let analyst = machine.sandbox.analyst();
    for (options, says) in [
        (&["--subject", "a@example.com"][..], "--subject requires a service account"),
        (&["--self-signed"], "--self-signed requires a service account's key"),
        (&["--impersonate", analyst, "--self-signed"], "--self-signed"),
        (&["--audience", "https://a.test"], "for the client"),
        (&["--impersonate", analyst, "--audience", "a", "--scope", "email"], "exclude each other"),
        (&["--impersonate", analyst, "--audience", "a", "--subject", "b@example.com"], "exclude each other"),
    ] {
        machine.refused_offline(options, says);
    }
    machine.keep(&machine.key());
    machine.refused_offline(&["--self-signed", "--subject", "a@example.com"], "exclude each other");
    machine.refused_offline(&["--audience", "a", "--subject", "b@example.com"], "exclude each other");
    machine.keep(&machine.outside(None));
    for options in [&["--audience", "a"][..], &["--subject", "a@example.com"]] {
        machine.refused_offline(options, "--impersonate SERVICE_ACCOUNT_EMAIL");
    }
    machine.refused_offline(&["--self-signed"], "--self-signed");
}
