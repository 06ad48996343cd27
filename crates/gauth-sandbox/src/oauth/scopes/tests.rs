use super::*;

#[test]
fn short_identity_names_become_urls_and_bring_openid() {
    assert_eq!(parse("email").unwrap(), [EMAIL, OPENID]);
    assert_eq!(parse("openid profile email").unwrap(), [OPENID, PROFILE, EMAIL]);
}

#[test]
fn unknown_scopes_are_named() {
    let analytics = format!("{PREFIX}analytics");
    let text = parse(&format!("{analytics} analytics.readonly")).unwrap_err();
    assert_eq!(
        text,
        format!("Some requested scopes were invalid. {{valid=[{analytics}], invalid=[analytics.readonly]}}")
    );
    for good in ["compute", "accounts.reauth", "admin.directory.user.readonly", "photoslibrary"] {
        assert!(parse(&format!("{PREFIX}{good}")).is_ok(), "{good}");
    }
    for bad in [PREFIX, "https://www.googleapis.com/auth/a/b", "https://evil.test/auth/analytics", "email@x"] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}
