//! Reports over a bad or hostile network: group F of the requirements.

use std::io::Write;
use std::process::Command;
use std::thread;
use std::time::Instant;

use gauth_sandbox::{Fault, FaultKind};
use testkit::{Analyst, Answer, Home, ScriptedServer};

use super::{page_of, sandbox, user_of, user_of_sandbox};

#[test]
fn f1_no_redirect_is_followed() {
    let sink = ScriptedServer::start([]);
    for status in [301, 302, 303, 307, 308] {
        for target in [sink.url(), "/elsewhere".to_owned(), "https://evil.test/".to_owned()] {
            let location = format!("Location: {target}\r\n");
            let server = ScriptedServer::start([Answer::new(status, &location, "")]);
            let run = user_of(&server.url()).pages(&[]).expect_failure(1);
            assert!(run.stderr().contains("redirect"), "{}", run.stderr());
            assert_eq!(server.requests().len(), 1);
        }
    }
    assert!(sink.requests().is_empty());
}

#[test]
fn f2_no_property_and_no_variable_sends_the_token_elsewhere() {
    let sink = ScriptedServer::start([]);
    let user = user_of(&sink.url());
    for property in ["x@evil.test/", "../1", "1%2f..", "1/../../x", "1?x=", "1#", "@evil.test", ""] {
        user.run(&["-p", property, "-m", "sessions"]).expect_failure(2);
    }
    assert!(sink.requests().is_empty());
    for url in [
        "http://evil.test/",
        "https://evil.test/",
        "http://127.0.0.1@evil.test/",
        "http://127.0.0.1.evil.test/",
        "ftp://127.0.0.1/",
        "127.0.0.1",
    ] {
        user_of(url).pages(&[]).expect_failure(2);
    }
}

#[test]
fn f3_an_answer_that_decompresses_to_a_gibibyte_stays_small_in_memory() {
    let sandbox = sandbox(10);
    sandbox.fault(Fault::new("/v1beta/", FaultKind::Huge { bytes: 1 << 30, gzip: true }));
    let user = user_of_sandbox(&sandbox);
    // The limit is on addresses, of which threads take more than they use.
    let script = "ulimit -v 900000 && exec \"$0\" \"$@\"";
    let mut command = user.home.command("sh");
    command
        .args(["-c", script, super::BIN, "-p", "123456", "-m", "sessions"])
        .env("GAUTH_SANDBOX_URL", &user.url)
        .env("GAUTH_TOKEN", &user.token);
    let run = user.finish(command).expect_failure(1);
    assert!(run.stderr().contains("cannot read the response"), "{}", run.stderr());
}

#[test]
fn f3_more_rows_than_requested_are_refused_at_once() {
    let server = ScriptedServer::answering(|request| {
        let mut page = page_of(100, request);
        page["rows"] = page_of(100, &testkit::Received { body: b"{}".to_vec(), ..request.clone() })["rows"].clone();
        Answer::json(200, page.to_string())
    });
    let user = user_of(&server.url());
    user.pages(&["--limit", "5"]).expect_failure(6);
}

#[test]
fn f4_a_dripping_answer_and_endless_headers_end() {
    let sandbox = sandbox(10);
    let user = user_of_sandbox(&sandbox);
    sandbox.fault(Fault::new("/v1beta/", FaultKind::Drip));
    let started = Instant::now();
    user.run(&["-p", "123456", "-m", "sessions", "--timeout", "1"]).expect_failure(5);
    assert!(started.elapsed() < testkit::IN_TIME);

    let headers = "X-Filler: 0123456789\r\n".repeat(100_000);
    let server = ScriptedServer::answering(move |_| Answer::new(200, &headers, "{}"));
    let run = user_of(&server.url()).pages(&["--timeout", "1"]);
    assert_ne!(run.code(), 0);
    assert!(run.stdout().is_empty());
}

#[test]
fn f5_a_silent_server_is_given_up_at_the_deadline() {
    for silence in [Answer::silence(), Answer::json(200, "{\"rows\":[").then_silent()] {
        let server = ScriptedServer::start([silence]);
        let started = Instant::now();
        let run = user_of(&server.url()).pages(&["--timeout", "0.5"]).expect_failure(5);
        assert!(started.elapsed() < testkit::IN_TIME);
        assert!(run.stderr().contains("in time"), "{}", run.stderr());
    }
}

#[test]
fn f6_an_answer_cut_anywhere_is_an_error_in_any_framing() {
    let body = r#"{"dimensionHeaders":[{"name":"pagePath"}],"metricHeaders":[{"name":"sessions"}],"rows":[{"dimensionValues":[{"value":"/"}],"metricValues":[{"value":"1"}]}],"rowCount":1}"#;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(body.as_bytes()).expect("pack");
    let packed = packed.finish().expect("pack");
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let chunked = format!("HTTP/1.1 200 OK\r\n{chunked}").into_bytes();

    let mut answers = Vec::new();
    for cut in (0..body.len()).step_by(23).chain([body.len() - 1]) {
        answers.push(Answer::json(200, body).cut_after(cut));
        // Complete as HTTP, but not as JSON.
        answers.push(Answer::json(200, &body[..cut]));
    }
    for cut in (0..packed.len()).step_by(31).chain([packed.len() - 1, packed.len() - 5]) {
        let headers = "Content-Encoding: gzip\r\n";
        answers.push(Answer::new(200, headers, &packed).cut_after(cut));
        answers.push(Answer::new(200, headers, &packed[..cut]));
    }
    for missing in [1, 2, 5, 7, 20] {
        answers.push(Answer::raw(&chunked[..chunked.len() - missing]));
    }
    let whole =
        [Answer::json(200, body), Answer::new(200, "Content-Encoding: gzip\r\n", &packed), Answer::raw(chunked)];
    for answer in whole {
        let server = ScriptedServer::start([answer]);
        let run = user_of(&server.url()).pages(&[]).expect(0);
        assert_eq!(run.stdout(), "pagePath,sessions\n/,1\n");
    }
    thread::scope(|scope| {
        for part in answers.chunks(answers.len().div_ceil(6)) {
            scope.spawn(move || {
                for answer in part {
                    let again = answer.clone();
                    let server = ScriptedServer::answering(move |_| again.clone());
                    let run = user_of(&server.url()).pages(&["--timeout", "0.4"]);
                    assert!([1, 5].contains(&run.code()), "{answer:?}: {}", run.stderr());
                    assert!(run.stdout().is_empty(), "{answer:?}");
                }
            });
        }
    });
}

#[test]
fn f7_a_certificate_of_an_unknown_authority_is_refused_at_once() {
    let sandbox = gauth_sandbox::Sandbox::start(gauth_sandbox::Options { tls: true, ..Default::default() })
        .expect("start the sandbox");
    let user = user_of_sandbox(&sandbox);
    let report = ["-p", "123456", "-m", "sessions"];
    let run = user.run(&report).expect_failure(1);
    assert!(run.stderr().contains("certificate"), "{}", run.stderr());
    assert!(run.stderr().contains("SSL_CERT_FILE"), "{}", run.stderr());

    let mut trusting = user.command(&[&report[..], &["--verbose"]].concat());
    trusting.env("SSL_CERT_FILE", sandbox.ca_certificate().expect("its authority"));
    let run = user.finish(trusting).expect(0);
    assert!(run.stdout().starts_with("sessions\n"));
    assert!(run.stderr().contains("< 200 HTTP/2.0"), "{}", run.stderr());
}

#[test]
fn f9_a_proxy_is_never_used_for_loopback_and_a_malformed_one_is_an_error_elsewhere() {
    let proxy = ScriptedServer::start([]);
    let sandbox = sandbox(10);
    let user = user_of_sandbox(&sandbox);
    let mut command = user.command(&["-p", "123456", "-m", "sessions"]);
    for name in ["HTTPS_PROXY", "ALL_PROXY", "http_proxy"] {
        command.env(name, proxy.url());
    }
    user.finish(command).expect(0);
    assert!(proxy.requests().is_empty());

    let mut command = user.command(&["-p", "123456", "-m", "sessions", "--timeout", "1"]);
    command.env_remove("GAUTH_SANDBOX_URL").env("HTTPS_PROXY", "::bad");
    user.finish(command).expect_failure(2);
}

/// A report from Google's host, with these variables.
fn at_google(home: &Home, variables: &[(&str, &str)]) -> Command {
    let mut command = home.command(super::BIN);
    command.args(["-p", "123456", "-m", "sessions"]).env("GAUTH_TOKEN", Analyst::TOKEN);
    command.envs(variables.iter().copied());
    command
}

#[test]
fn f9_a_proxy_that_refuses_is_named_with_its_status() {
    let home = Home::new();
    let said = |answer: Option<Answer>, code: i32| {
        let proxy = ScriptedServer::answering(move |_| answer.clone().unwrap_or_else(Answer::hang_up));
        let url = format!("http://us%23er:canary%40-9876543210@{}", proxy.address());
        let run = testkit::run(at_google(&home, &[("HTTPS_PROXY", &url)])).expect_failure(code);
        assert!(run.stderr().contains("analyticsdata.googleapis.com"), "{}", run.stderr());
        assert!(run.stderr().contains(&format!("the proxy {}", proxy.address())), "{}", run.stderr());
        assert!(!run.stderr().contains("canary"), "{}", run.stderr());
        for request in proxy.requests() {
            assert_eq!(request.method, "CONNECT");
            let password = "Basic dXMjZXI6Y2FuYXJ5QC05ODc2NTQzMjEw";
            assert_eq!(request.header("proxy-authorization"), Some(password), "decoded once");
            assert!(request.header("authorization").is_none() && request.body.is_empty());
        }
        run.stderr().to_owned()
    };
    for (status, code) in [(407, 4), (403, 4), (502, 5), (503, 5), (400, 1), (302, 1)] {
        let text = said(Some(Answer::new(status, "", "<html>")), code);
        assert!(text.contains(&format!("returned {status}")), "{text}");
    }
    assert!(said(None, 5).contains("closed the connection"));
    said(Some(Answer::raw("SSH-2.0-x\r\n\r\n")), 1);
    let silent = ScriptedServer::answering(|_| Answer::silence());
    let mut command = at_google(&home, &[("HTTPS_PROXY", &silent.url())]);
    command.args(["--timeout", "0.5"]);
    let run = testkit::run(command).expect_failure(5);
    let way = format!("from analyticsdata.googleapis.com through the proxy {} came", silent.address());
    assert!(run.stderr().contains(&way), "{}", run.stderr());
    let gone = ScriptedServer::start([]).address().to_string();
    let run = testkit::run(at_google(&home, &[("ALL_PROXY", &gone)])).expect_failure(5);
    assert!(run.stderr().contains(&format!("the proxy {gone}: connection refused")), "{}", run.stderr());
}

#[test]
fn f9_a_password_that_is_not_encoded_is_refused_without_a_request() {
    let home = Home::new();
    let command = at_google(&home, &[("HTTPS_PROXY", "http://user:canary#9876543210@127.0.0.1:3128")]);
    let Some(trace) = testkit::strace(&["-e", "trace=network"], command) else {
        return;
    };
    let run = trace.run.expect_failure(2);
    assert!(run.stderr().contains("HTTPS_PROXY: "), "{}", run.stderr());
    assert!(!run.stderr().contains("canary") && !run.stderr().contains("9876"), "{}", run.stderr());
    assert!(!trace.calls.iter().any(|call| call.name == "socket"));
}

#[test]
fn without_a_network_the_host_is_named() {
    let home = Home::new();
    let inject = ["-e", "inject=socket:error=ENETUNREACH"];
    let Some(trace) = testkit::strace(&inject, at_google(&home, &[])) else {
        return;
    };
    let run = trace.run.expect_failure(5);
    assert!(run.stderr().contains("cannot connect to analyticsdata.googleapis.com: "), "{}", run.stderr());
}

#[test]
fn e1_localhost_is_this_machine_without_a_lookup() {
    let sandbox = sandbox(10);
    let user = user_of_sandbox(&sandbox);
    let mut command = user.command(&["-p", "123456", "-m", "sessions"]);
    command.env("GAUTH_SANDBOX_URL", sandbox.url().replace("127.0.0.1", "localhost"));
    let Some(trace) = testkit::strace(&["-e", "trace=network,openat"], command) else {
        return;
    };
    trace.run.expect(0);
    let asked = ["/etc/hosts", "/etc/nsswitch", "/etc/resolv", "nscd", "htons(53)"];
    assert!(!trace.calls.iter().any(|call| asked.iter().any(|place| call.text.contains(place))));
}

#[test]
fn f11_a_page_of_html_becomes_its_title() {
    for status in [200, 403, 404] {
        let page = format!("<html><title>Sign in \x1b[31m</title>{}</html>", "x".repeat(1 << 20));
        let server = ScriptedServer::start([Answer::new(status, "Content-Type: text/html\r\n", page)]);
        let run = user_of(&server.url()).pages(&[]);
        assert_eq!(run.code(), if status == 200 { 1 } else { 4 });
        assert!(run.stderr().len() < 500, "{}", run.stderr());
        assert!(!run.stderr().contains('\x1b'));
    }
}
