use super::*;

#[test]
fn text_from_the_request_cannot_become_markup() {
    let page = page("<script>\"@example.com", &[]);
    assert!(page.contains("&lt;script&gt;&quot;@example.com"));
    assert!(!page.contains("<script>"));
}

#[test]
fn each_scope_has_a_box_but_signing_in_has_none() {
    let readonly = "https://www.googleapis.com/auth/analytics.readonly";
    let page = page("a@example.com", &["openid".into(), readonly.into()]);
    assert_eq!(page.matches("type=\"checkbox\"").count(), 1);
    assert!(page.contains(&format!("value=\"{readonly}\" checked")));
}
