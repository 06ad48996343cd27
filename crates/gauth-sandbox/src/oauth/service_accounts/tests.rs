use super::*;

#[test]
fn both_forms_of_the_key_are_one_key() {
    let text = |file: Value| file["private_key"].as_str().map(str::to_owned).unwrap();
    let pkcs8 = text(key_file("http://127.0.0.1:1"));
    let pkcs1 = text(key_file_pkcs1("http://127.0.0.1:1"));
    assert!(pkcs8.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert!(pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert!(key_lines().count() > 40);
}

#[test]
fn only_members_may_act_as_an_account() {
    let analyst = ServiceAccount::find(ANALYST).unwrap();
    for (caller, may) in [
        (DEFAULT_ACCOUNT, true),
        (REPORTER, true),
        ("principal://iam.googleapis.com/x/subject/y", true),
        ("admin@example.com", false),
        (ANALYST, false),
    ] {
        assert_eq!(analyst.lets(caller), may, "{caller}");
    }
}
