use super::*;

#[test]
fn e1_only_https_or_http_on_loopback() {
    for url in [
        "http://oauth2.googleapis.com/token",
        "HTTP://oauth2.googleapis.com/token",
        "ftp://oauth2.googleapis.com/",
        "file:///etc/passwd",
        "//oauth2.googleapis.com/token",
        "/token",
        "",
        "http://10.0.0.1/",
        "http://[::2]/",
        "http://0.0.0.0/",
        "http://127.1/",
        "http://2130706433/",
        "http://localhost.evil.test/",
    ] {
        assert!(Endpoint::parse(url, "token_uri").is_err(), "{url}");
    }
    for url in [
        "http://127.0.0.1:8080/token",
        "http://127.8.9.1/",
        "http://[::1]:9/token",
        "http://localhost/token",
        "https://oauth2.googleapis.com/token",
    ] {
        assert_eq!(Endpoint::parse(url, "token_uri").unwrap().as_str(), url);
    }
}

#[test]
fn e2_tricks_with_the_host_reach_no_other_host() {
    let policy = Policy::new(None, None).unwrap();
    for url in [
        "https://oauth2.googleapis.com.evil.test/token",
        "https://evilgoogleapis.com/token",
        "https://googleapis.com/token",
        "https://oauth2.googleapis.com@evil.test/token",
        "https://user:pass@oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com:8443/token",
        "https://oauth2.googleapis.com:/token",
        "https://oauth2.googleapis.com:443:80/token",
        "https://oauth2.googleapis.com./token",
        "https://oauth2.googleapis.com%2eevil.test/token",
        "https://evil.test\\.googleapis.com/token",
        "https://evil.test/\\oauth2.googleapis.com",
        "https://evil.test#.googleapis.com/",
        "https://evil.test?.googleapis.com/",
        "https://oauth2.googleapis.com\u{ff0e}evil.test/",
        "https://oauth2.googleapis.com\n.evil.test/",
        "https://[2001:db8::1]/token",
        "https://[::1/token",
        "https://.googleapis.com/token",
        "https://accounts.google.com.evil.test/",
    ] {
        assert!(policy.receiver(Role::Token, url, "token_uri").is_err(), "{url}");
    }
    for url in [
        "https://OAuth2.GoogleAPIs.com/token",
        "https://oauth2.googleapis.com:443/token",
        "https://accounts.google.com/o/oauth2/token",
        "https://www.googleapis.com/oauth2/v4/token",
    ] {
        assert!(policy.receiver(Role::Token, url, "token_uri").is_ok(), "{url}");
    }
}

#[test]
fn a_host_that_the_user_names_is_trusted() {
    let policy = Policy::new(Some("auth.example.test, .corp.test,[2001:db8::1]"), None).unwrap();
    for url in ["https://auth.example.test:8443/t", "https://a.corp.test/t", "https://[2001:db8::1]/t"] {
        assert!(policy.receiver(Role::Token, url, "token_uri").is_ok(), "{url}");
    }
    let spelled = Policy::new(Some("0:0::1,2001:0DB8:0::1"), None).unwrap();
    for url in ["http://[::1]:9/any", "http://[0:0:0:0:0:0:0:1]:9/any", "https://[2001:db8:0:0::1]/t"] {
        assert!(spelled.receiver(Role::Token, url, "token_uri").is_ok(), "{url}");
    }
    for url in ["https://x.auth.example.test/t", "https://corp.test/t"] {
        let error = policy.receiver(Role::Token, url, "token_uri").unwrap_err();
        assert!(error.hint().unwrap().contains("GAUTH_ALLOW_HOSTS="), "{url}");
    }
}

#[test]
fn the_sandbox_moves_google_and_must_be_loopback() {
    for url in ["https://example.test", "http://127.0.0.1:4711/?x=1"] {
        assert!(Policy::new(None, Some(url)).is_err(), "{url}");
    }
    let policy = Policy::new(None, Some("http://127.0.0.1:4711")).unwrap();
    assert_eq!(policy.token().as_str(), "http://127.0.0.1:4711/token");
    let policy = Policy::new(None, None).unwrap();
    assert_eq!(policy.token().as_str(), "https://oauth2.googleapis.com/token");
}

const ROLES: [Role; 7] = [
    Role::Token,
    Role::Authorization,
    Role::Revocation,
    Role::SecurityTokenService,
    Role::IamCredentials,
    Role::AwsVerification,
    Role::AwsMetadata,
];

/// Every URL of the table, with the spans of its parts in braces.
fn listed(role: Role) -> Vec<(String, Vec<std::ops::Range<usize>>)> {
    role.patterns()
        .into_iter()
        .map(|pattern| {
            let (mut url, mut spans) = (String::new(), Vec::new());
            for (index, piece) in pattern.split(['{', '}']).enumerate() {
                let start = url.len();
                url.push_str(match piece {
                    "region" if index % 2 == 1 => "europe-west1",
                    "email" if index % 2 == 1 => "robot@p.iam.gserviceaccount.com",
                    "path" if index % 2 == 1 => "meta-data/iam/security-credentials",
                    literal => literal,
                });
                if index % 2 == 1 {
                    spans.push(start..url.len());
                }
            }
            (url, spans)
        })
        .collect()
}

/// Where the URL would be sent, or `None` when it is refused.
fn sent(policy: &Policy, role: Role, url: &str) -> Option<String> {
    policy.receiver(role, url, "field").ok().map(|endpoint| endpoint.as_str().to_owned())
}

#[test]
fn e2_every_endpoint_of_the_table_is_taken_for_its_own_role_only() {
    let policy = Policy::default();
    for role in ROLES {
        for (url, _) in listed(role) {
            assert_eq!(sent(&policy, role, &url).as_deref(), Some(&*url));
            for other in ROLES.into_iter().filter(|other| *other != role) {
                assert_eq!(sent(&policy, other, &url), None, "{other:?} {url}");
            }
        }
    }
}

#[test]
fn e2_an_edit_of_one_character_is_refused_or_means_the_same_url() {
    const PUT: &str = "/.-_:@?#%&=+;,~!*\\[]{}<>|\"'`^$()0aZ2 \t\n\0\u{e9}\u{ff0f}\u{3002}";
    let policy = Policy::default();
    for role in ROLES {
        for (url, spans) in listed(role) {
            let free = |at: usize| spans.iter().any(|span| span.contains(&at));
            for at in 0..=url.len() {
                let removed = format!("{}{}", &url[..at], url.get(at + 1..).unwrap_or_default());
                let mut edits = Vec::new();
                if at < url.len() && !free(at) {
                    edits.push(removed.clone());
                    let other_case =
                        |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
                    let letter = other_case(url.as_bytes()[at].into());
                    edits.push(format!("{}{letter}{}", &url[..at], &url[at + 1..]));
                    edits.extend(PUT.chars().map(|c| format!("{}{c}{}", &url[..at], &url[at + 1..])));
                }
                if !free(at) && !spans.iter().any(|span| span.end == at) {
                    edits.extend(PUT.chars().map(|c| format!("{}{c}{}", &url[..at], &url[at..])));
                }
                for edit in edits {
                    assert!(sent(&policy, role, &edit).is_none_or(|sent| sent == url), "{role:?} {edit:?}");
                }
            }
        }
    }
}

#[test]
fn e2_a_neighbour_of_an_endpoint_is_refused() {
    let policy = Policy::default();
    for role in ROLES {
        for (url, _) in listed(role) {
            let (scheme, rest) = url.split_once("://").unwrap();
            let (host, path) = rest.split_once('/').unwrap();
            let (path, query) = path.split_once('?').map_or((path, ""), |(path, query)| (path, query));
            let query = if query.is_empty() { String::new() } else { format!("?{query}") };
            for neighbour in [
                format!("{scheme}://storage.googleapis.com/upload/storage/v1/b/evil/o?uploadType=media&name=x"),
                format!("{scheme}://evil.test/{path}{query}"),
                format!("{scheme}://{host}.evil.test/{path}{query}"),
                format!("{scheme}://evil.{host}/{path}{query}"),
                format!("{scheme}://evil.test.{host}/{path}{query}"),
                format!("{scheme}://evil.test@{host}/{path}{query}"),
                format!("{scheme}://{host}@evil.test/{path}{query}"),
                format!("{scheme}://user:pass@{host}/{path}{query}"),
                format!("{scheme}://{host}:8443/{path}{query}"),
                format!("{scheme}://{host}:/{path}{query}"),
                format!("{scheme}://{host}./{path}{query}"),
                format!("{scheme}://{host}%2e/{path}{query}"),
                format!("{scheme}://{host}//{path}{query}"),
                format!("{scheme}://{host}/./{path}{query}"),
                format!("{scheme}://{host}/x/../{path}{query}"),
                format!("{scheme}://{host}/%2e%2e/{path}{query}"),
                format!("{scheme}://{host}/{path}%2f{query}"),
                format!("{scheme}://{host}/{path}/../x{query}"),
                format!("{scheme}://{host}/{path};x=1{query}"),
                format!("{scheme}://{host}/{path}?x=1"),
                format!("{scheme}://{host}/{path}?"),
                format!("{url}&x=1"),
                format!("{url}#x"),
                format!("{url}#"),
                format!("{scheme}:/{host}/{path}{query}"),
                format!("//{host}/{path}{query}"),
                format!("ftp://{host}/{path}{query}"),
                format!(" {url}"),
                url.replacen("am", "\u{430}m", 1) + "\u{2060}",
                url.replace("com", "c\u{43e}m") + "\u{200b}",
            ] {
                assert_eq!(sent(&policy, role, &neighbour), None, "{role:?} {neighbour:?}");
            }
            let upper = format!("{}://{}/{path}{query}", scheme.to_uppercase(), host.to_uppercase());
            assert_eq!(sent(&policy, role, &upper).as_deref(), Some(&*url));
            if scheme == "https" {
                let plain = url.replacen("https", "http", 1);
                assert_eq!(sent(&policy, role, &plain), None);
                let with_port = format!("https://{host}:443/{path}{query}");
                assert_eq!(sent(&policy, role, &with_port).as_deref(), Some(&*url));
            }
        }
    }
}

#[test]
fn e2_loopback_takes_the_same_paths_and_those_below_the_sandbox() {
    let bare = Policy::default();
    let below = Policy::new(None, Some("http://127.0.0.1:4711/google/")).unwrap();
    for role in ROLES {
        for (url, _) in listed(role) {
            let path = url.splitn(4, '/').nth(3).unwrap();
            for host in ["http://127.0.0.1:4711", "http://[::1]:4711", "http://localhost:4711", "https://127.0.0.1"] {
                let direct = format!("{host}/{path}");
                let prefixed = format!("{host}/google/{path}");
                assert_eq!(sent(&bare, role, &direct), Some(direct.clone()));
                assert_eq!(sent(&bare, role, &prefixed), None);
                assert_eq!(sent(&below, role, &prefixed), Some(prefixed.clone()));
                assert_eq!(sent(&below, role, &format!("{host}/upload/{path}")), None);
            }
        }
        for url in ["http://127.0.0.1:1/", "http://127.0.0.1:1/upload", "http://127.0.0.1:1/token?x=1"] {
            assert_eq!(sent(&bare, role, url), None, "{role:?} {url}");
        }
    }
}

#[test]
fn e2_a_host_that_the_user_names_takes_any_path_and_loopback_may_be_one() {
    let policy = Policy::new(Some("127.0.0.1,localhost,.universe.test"), None).unwrap();
    for role in ROLES {
        for url in ["http://127.0.0.1:1/any/path", "http://localhost/", "https://sts.universe.test/x?y=z"] {
            assert_eq!(sent(&policy, role, url).as_deref(), Some(url));
        }
        for url in ["http://127.0.0.2:1/any/path", "http://sts.universe.test/", "https://universe.test/"] {
            assert_eq!(sent(&policy, role, url), None);
        }
    }
}

#[test]
fn e2_what_cannot_be_a_host_in_gauth_allow_hosts_is_an_error() {
    for list in ["https://a.test", "a.test:8443", "a.test/x", "*", "*.a.test", "a b", "..", ".", "a.test,,b.test/"] {
        let error = Policy::new(Some(list), None).unwrap_err();
        assert!(error.to_string().starts_with("GAUTH_ALLOW_HOSTS: "), "{list}: {error}");
    }
    for list in ["", " , ", "a.test, .b.test", "[::1]", "::1", "127.0.0.1"] {
        assert!(Policy::new(Some(list), None).is_ok(), "{list}");
    }
}

#[test]
fn e2_no_hint_opens_all_paths_of_google_or_aws() {
    for (role, url, hint) in [
        (Role::Token, "https://storage.googleapis.com/upload", "use https://oauth2.googleapis.com/token"),
        (Role::AwsVerification, "https://iam.amazonaws.com/?Action=CreateAccessKey", "use https://sts.amazonaws.com/?"),
        (Role::Token, "https://idp.test/token", "GAUTH_ALLOW_HOSTS=idp.test"),
        (Role::Token, "http://127.0.0.1:1/x", "GAUTH_ALLOW_HOSTS=127.0.0.1"),
    ] {
        let error = Policy::default().receiver(role, url, "field").unwrap_err();
        assert!(error.hint().unwrap().contains(hint), "{error} {:?}", error.hint());
        assert!(!error.hint().unwrap().contains("GAUTH_ALLOW_HOSTS=storage"), "{error}");
    }
}
