use super::*;

#[test]
fn an_installed_client_may_use_any_loopback_redirect_and_no_other() {
    let client = Client::installed();
    for good in ["http://127.0.0.1:49152", "http://127.0.0.1", "http://[::1]:8080/callback", "http://localhost:1/?x=1"]
    {
        assert!(client.permits_redirect(good), "{good}");
    }
    for bad in [
        "https://127.0.0.1:1",
        "http://127.0.0.2:1",
        "http://127.0.0.1.evil.test:1",
        "http://127.0.0.1@evil.test",
        "http://127.0.0.1:1#x",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:1/\r\nX: y",
        "urn:ietf:wg:oauth:2.0:oob",
        "",
    ] {
        assert!(!client.permits_redirect(bad), "{bad:?}");
    }
}

#[test]
fn a_web_client_may_use_its_redirects_to_the_letter() {
    let mut client = Client::web();
    client.kind = ClientKind::Web { redirect_uris: vec!["http://localhost:8080/cb".into()] };
    assert!(client.permits_redirect("http://localhost:8080/cb"));
    assert!(!client.permits_redirect("http://localhost:8080/cb/"));
    assert!(!client.permits_redirect("http://localhost:8081/cb"));
}
