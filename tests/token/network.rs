//! The way to the token endpoint without TLS: redirects, limits, deadlines, broken answers, proxies (F1, F3–F6, F9,
//! H13).

use std::time::{Duration, Instant};

use gauth_sandbox::{Fault, FaultKind};
use testkit::{Answer, Home, Run, Running, ScriptedServer, token};

use crate::{BIN, canary_user, logged_in, run_canary_user, token_at};

const TOKEN: &str = r#"{"access_token":"ya29.a"}"#;

#[test]
fn f1_no_redirect_is_followed() {
    let sink = ScriptedServer::answering(|_| Answer::json(200, TOKEN));
    let port = sink.address().port();
    for status in [301, 302, 303, 307, 308] {
        let places = [
            sink.url(),
            format!("http://localhost:{port}/token"),
            format!("http://[::1]:{port}/token"),
            format!("https://127.0.0.1:{port}/token"),
            format!("//127.0.0.1:{port}/token"),
            "/other".to_owned(),
            "other".to_owned(),
            format!("http://127.0.0.1:{port}@evil.test/"),
        ];
        for place in places {
            let headers = format!("Location: {place}\r\n");
            let server = ScriptedServer::start([Answer::new(status, &headers, TOKEN)]);
            let run = run_canary_user(&format!("{}/token", server.url()), &[]).expect_failure(1);
            assert!(run.stderr().contains(&status.to_string()), "{}", run.stderr());
            assert_eq!(server.requests().len(), 1);
        }
    }
    assert!(sink.requests().is_empty());
}

#[test]
fn f3_an_endless_answer_ends_at_a_limit_in_little_memory() {
    // Compression was not asked for, so what is compressed is no answer.
    for (bytes, gzip, says) in [(1 << 30, false, "too long"), (1 << 26, true, "not JSON")] {
        let user = logged_in();
        let huge = FaultKind::Huge { bytes, gzip };
        user.sandbox.fault(Fault::new("/token", huge));
        let mut command = user.home.command("sh");
        // KiB of address space, and few descriptors (H13).
        command.args(["-c", r#"ulimit -v 131072; ulimit -n 20; exec "$0""#, BIN]);
        let run = user.run_command(command).expect_failure(1);
        assert!(run.stderr().contains(says), "{}", run.stderr());
    }
    let chunks = "10000\r\n".to_owned() + &"a".repeat(0x10000) + "\r\n";
    let endless = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunks.repeat(100));
    let server = ScriptedServer::start([Answer::raw(endless)]);
    let run = run_canary_user(&token_at(&server), &[]).expect_failure(1);
    assert!(run.stderr().contains("too long"), "{}", run.stderr());
}

#[test]
fn f4_headers_are_bounded() {
    let long = format!("X-Long: {}\r\n", "x".repeat(70 << 10));
    let many = "X-Many: 1\r\n".repeat(100_000);
    for headers in [long, many] {
        let server = ScriptedServer::answering(move |_| Answer::new(200, &headers, TOKEN));
        let run = run_canary_user(&token_at(&server), &["--timeout", "5"]);
        assert!([1, 5].contains(&run.code()), "{}", run.stderr());
        run.expect_failure(1);
        assert_eq!(server.requests().len(), 1);
    }
}

/// Runs with a deadline of one second against a server that takes longer.
#[track_caller]
fn assert_ends_at_the_deadline(server: &ScriptedServer) {
    let started = Instant::now();
    let run = run_canary_user(&token_at(server), &["--timeout", "1"]).expect_failure(5);
    assert!(run.stderr().contains("timed out"), "{}", run.stderr());
    let taken = started.elapsed();
    assert!(taken >= Duration::from_secs(1) && taken < testkit::IN_TIME, "{taken:?}");
}

#[test]
fn f4_f5_silence_and_drops_end_at_the_deadline() {
    let drip = Duration::from_millis(200);
    let endless = || Answer::json(200, "x".repeat(1000));
    for answer in [
        Answer::silence(),
        endless().dripping(drip),
        endless().cut_after(10).then_silent(),
        Answer::raw("HTTP/1.1 200 OK\r\n").then_silent(),
        Answer::raw("HTTP/1.1 100 Continue\r\n\r\n").then_silent(),
    ] {
        assert_ends_at_the_deadline(&ScriptedServer::answering(move |_| answer.clone()));
    }
}

#[test]
fn f5_a_refused_connection_is_temporary() {
    let gone = token_at(&ScriptedServer::start([]));
    let run = run_canary_user(&gone, &["--timeout", "5"]).expect_failure(5);
    assert!(run.stderr().contains("connection refused"), "{}", run.stderr());
}

#[test]
fn f6_an_answer_that_is_cut_is_an_error_even_where_its_json_is_whole() {
    let body = format!("{TOKEN}\n\n\n\n");
    let servers: Vec<_> = (0..body.len())
        .map(|count| {
            let body = body.clone();
            ScriptedServer::answering(move |_| Answer::json(200, &body).cut_after(count))
        })
        .chain([
            ScriptedServer::answering(|_| {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                Answer::raw(format!("{head}{:x}\r\n{TOKEN}\r\n", TOKEN.len()))
            }),
            ScriptedServer::answering(|_| {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                Answer::raw(format!("{head}{:x}\r\n{TOKEN}", TOKEN.len() + 4))
            }),
        ])
        .collect();
    let homes: Vec<_> = servers
        .iter()
        .map(|server| {
            let home = Home::new();
            let file = canary_user(&token_at(server)).to_string();
            home.write(".config/gauth/credentials.json", 0o600, file);
            home
        })
        .collect();
    // Side by side, because each is tried three times with pauses.
    let running: Vec<_> = homes.iter().map(|home| Running::start(home.command(BIN))).collect();
    for running in running {
        running.finish().expect_failure(5);
    }
    for server in servers {
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn f13_a_connection_that_breaks_is_tried_again() {
    let server =
        ScriptedServer::start([Answer::hang_up(), Answer::json(200, TOKEN).cut_after(3), Answer::json(200, TOKEN)]);
    let run = run_canary_user(&token_at(&server), &[]).expect(0);
    assert_eq!(run.stdout(), "ya29.a\n");
}

#[test]
fn what_is_not_http_is_an_error() {
    for noise in ["SSH-2.0-OpenSSH_9.6\r\n", "\0\0\0\0", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        let server = ScriptedServer::answering(move |_| Answer::raw(noise));
        let run = run_canary_user(&token_at(&server), &["--timeout", "10"]);
        assert!([1, 5].contains(&run.code()), "{noise:?}: {}", run.stderr());
        assert!(run.output.stdout.is_empty());
    }
}

/// Runs against `token_uri` with these variables.
#[track_caller]
fn run_with(token_uri: &str, variables: &[(&str, &str)]) -> Run {
    let home = Home::new();
    let file = canary_user(token_uri).to_string();
    home.write(".config/gauth/credentials.json", 0o600, file);
    let mut command = home.command(BIN);
    command.envs(variables.iter().copied());
    let run = testkit::run(command);
    run.assert_no_secret(&crate::canaries(), false);
    run
}

#[test]
fn f9_a_proxy_gets_only_the_name_of_googles_host() {
    let google = "https://oauth2.googleapis.com/token";
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = ScriptedServer::start([Answer::new(403, "", "no")]);
        let run = run_with(google, &[(name, &proxy.url())]).expect_failure(4);
        assert!(run.stderr().contains("oauth2.googleapis.com"), "{}", run.stderr());
        let asked = proxy.requests().remove(0);
        assert_eq!(asked.method, "CONNECT");
        assert_eq!(asked.target, "oauth2.googleapis.com:443");
        assert!(asked.body.is_empty());
    }
    // The proxy's password goes to the proxy and nowhere else.
    let proxy = ScriptedServer::start([Answer::new(407, "", "")]);
    let url = proxy.url().replace("http://", "http://user:canary-9876543210@");
    run_with(google, &[("HTTPS_PROXY", &url)]).expect_failure(4);
    assert!(proxy.requests()[0].header("proxy-authorization").is_some());
}

#[test]
fn f9_a_proxy_that_refuses_is_named_with_its_status() {
    const GOOGLE: &str = "https://oauth2.googleapis.com/token";
    let said = |answer: Option<Answer>, code: i32| {
        let proxy = ScriptedServer::answering(move |_| answer.clone().unwrap_or_else(Answer::hang_up));
        let url = format!("http://user:canary-9876543210@{}", proxy.address());
        let run = run_with(GOOGLE, &[("HTTPS_PROXY", &url)]).expect_failure(code);
        let name = format!("the proxy {}", proxy.address());
        assert!(run.stderr().contains(&name), "{}", run.stderr());
        let tries = if code == 5 { 3 } else { 1 };
        assert_eq!(proxy.requests().len(), tries, "{}", run.stderr());
        run.stderr().to_owned()
    };
    for (status, code) in [(407, 4), (403, 4), (502, 5), (503, 5), (400, 1), (302, 1)] {
        let text = said(Some(Answer::new(status, "", "<html>")), code);
        assert!(text.contains(&format!("returned {status}")), "{text}");
    }
    assert!(said(None, 5).contains("closed the connection"));
    assert!(said(Some(Answer::raw("SSH-2.0-x\r\n\r\n")), 1).contains("the proxy"));
    let gone = ScriptedServer::start([]).address();
    let run = run_with(GOOGLE, &[("ALL_PROXY", &gone.to_string())]).expect_failure(5);
    assert!(run.stderr().contains(&format!("the proxy {gone}: connection refused")), "{}", run.stderr());
}

#[test]
fn f9_a_password_that_is_not_encoded_is_refused_without_a_request() {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let home = Home::new();
        let file = canary_user("https://oauth2.googleapis.com/token").to_string();
        home.write(".config/gauth/credentials.json", 0o600, file);
        let mut command = home.command(BIN);
        command.env(name, "http://user:canary#9876543210@127.0.0.1:3128");
        let Some(trace) = testkit::strace(&["-e", "trace=network"], command) else {
            return;
        };
        let run = trace.run.expect_failure(2);
        assert!(run.stderr().contains(&format!("{name}: ")), "{}", run.stderr());
        assert!(!run.stderr().contains("canary") && !run.stderr().contains("9876"), "{}", run.stderr());
        assert!(!trace.calls.iter().any(|call| call.name == "socket"));
    }
}

#[test]
fn e1_localhost_is_this_machine_without_a_lookup() {
    let server = ScriptedServer::answering(|_| Answer::json(200, TOKEN));
    let home = Home::new();
    let file = canary_user(&format!("http://localhost:{}/token", server.address().port()));
    home.write(".config/gauth/credentials.json", 0o600, file.to_string());
    let Some(trace) = testkit::strace(&["-e", "trace=network,openat"], home.command(BIN)) else {
        return;
    };
    trace.run.expect(0);
    let asked = ["/etc/hosts", "/etc/nsswitch", "/etc/resolv", "nscd", "htons(53)"];
    assert!(!trace.calls.iter().any(|call| asked.iter().any(|place| call.text.contains(place))));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn f9_this_machine_is_reached_without_a_proxy() {
    let user = logged_in();
    let proxy = ScriptedServer::answering(|_| Answer::hang_up());
    let mut command = user.command(&[]);
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, proxy.url());
    }
    token(&user.run_command(command).expect(0));
    assert!(proxy.requests().is_empty());
}

#[test]
fn f9_a_malformed_proxy_is_an_error_and_is_not_shown() {
    for value in
        ["::bad", "http://", "socks5://canary-9876543210:1", "http://u:canary-9876543210@", "ftp://canary-9876543210/"]
    {
        let run = run_with("https://oauth2.googleapis.com/token", &[("https_proxy", value)]);
        run.expect_failure(2);
    }
}

#[test]
fn a_word_that_says_try_again_counts_for_more_than_the_status() {
    for (status, word) in [(400, "temporarily_unavailable"), (400, "server_error"), (200, "internal_failure")] {
        let error = Answer::json(status, format!(r#"{{"error":"{word}"}}"#));
        let server = ScriptedServer::start([error.clone(), error.clone(), Answer::json(200, TOKEN)]);
        let address = format!("{}/token", server.url());
        let run = run_canary_user(&address, &[]).expect(0);
        assert_eq!(run.stdout(), "ya29.a\n");

        let server = ScriptedServer::answering(move |_| error.clone());
        let address = format!("{}/token", server.url());
        let run = run_canary_user(&address, &[]).expect_failure(5);
        assert!(run.stderr().contains(word), "{}", run.stderr());
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn a_login_of_a_sandbox_that_has_ended_is_reported_as_such() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let run = run_canary_user(&format!("http://{gone}/token"), &[]).expect_failure(5);
    assert!(run.stderr().contains("a login made in a gauth-sandbox ends with it"), "{}", run.stderr());
    assert!(run.stderr().contains("gauth-login --client-secrets"), "{}", run.stderr());
}
