//! Machines on Google Cloud, and the certainty that others are not taken for one: no packet, no look-up, no wait (F9,
//! F10).

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Instant;

use rustix::net::{AddressFamily, SocketType};
use serde_json::Value;
use testkit::{Answer, Home, ScriptedServer, User, strace, token};

use super::{BIN, READONLY, holding, machine};

const TOKEN: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// gauth-token on a machine without credentials files whose metadata server is there.
fn on_google(host: &str, options: &[&str]) -> (Home, Command) {
    let home = Home::new();
    let mut command = home.command(BIN);
    command.args(options).env("GCE_METADATA_HOST", host);
    (home, command)
}

fn host(url: &str) -> &str {
    url.strip_prefix("http://").expect("plain http")
}

#[test]
fn a_named_metadata_server_gives_the_machines_token_and_nothing_is_cached() {
    let machine = machine();
    let (home, mut command) = on_google(host(machine.sandbox.url()), &["--explain"]);
    let first = machine.run_command(command);
    let said = first.stderr().to_owned();
    let first = token(&first.expect(0));
    assert!(said.contains("using the metadata server (metadata_server, 127.0.0.1:"), "{said}");
    let azp = &machine.tokeninfo("access_token", &first)["azp"];
    assert_eq!(azp, "109876543210987654324");
    command = home.command(BIN);
    command.env("GCE_METADATA_ROOT", host(machine.sandbox.url()));
    assert_ne!(token(&machine.run_command(command).expect(0)), first);
    assert!(home.tree().is_empty(), "{:?}", home.tree());
    let requests = machine.requests();
    assert_eq!(machine.asked(), [TOKEN, TOKEN]);
    assert_eq!(requests[0].header("metadata-flavor"), Some("Google"));
    assert!(requests[0].query.contains("analytics.readonly"));
}

#[test]
fn it_gives_id_tokens_and_may_act_as_another_account() {
    let machine = machine();
    let metadata = host(machine.sandbox.url()).to_owned();
    let run = |options: &[&str]| {
        let mut command = machine.command(options);
        command.env("GCE_METADATA_HOST", &metadata);
        token(&machine.run_command(command).expect(0))
    };
    let jwt = run(&["--audience", "https://a.test"]);
    let info = machine.tokeninfo("id_token", &jwt);
    assert_eq!(info["aud"], "https://a.test");
    assert_eq!(info["email"], machine.sandbox.machine());
    let analyst = machine.sandbox.analyst();
    let acting = run(&["--impersonate", analyst, "--scope", "email"]);
    assert_eq!(machine.whose(&acting), analyst);
    let delegated = run(&["--impersonate", analyst, "--scope", "email", "--subject", "admin@example.com"]);
    assert_eq!(machine.whose(&delegated), "admin@example.com");
}

#[test]
fn what_the_machine_cannot_give_is_refused_with_the_reason() {
    let machine = machine();
    for (options, code, says) in [
        (&["--subject", "a@example.com"][..], 2, "--impersonate"),
        (&["--self-signed"], 2, "--self-signed requires a service account's key"),
        (&["--scope", "drive.readonly"], 4, "HTTP 403"),
    ] {
        let (_home, command) = on_google(host(machine.sandbox.url()), options);
        let run = machine.run_command(command).expect_failure(code);
        assert!(run.stderr().contains(says), "{}", run.stderr());
    }
}

#[test]
fn credentials_files_come_before_the_metadata_server() {
    let machine = holding(User::key);
    let mut command = machine.command(&[]);
    command.env("GCE_METADATA_HOST", host(machine.sandbox.url()));
    machine.run_command(command).expect(0);
    assert_eq!(machine.asked(), ["/token"]);
}

#[test]
fn f10_a_captive_portal_is_not_a_metadata_server() {
    let good = r#"{"access_token":"ya29.portal-canary","expires_in":3599,"token_type":"Bearer"}"#;
    for answer in [
        Answer::new(200, "Content-Type: text/html\r\n", "<html>Welcome to this hotel</html>"),
        Answer::json(200, good),
        Answer::new(200, "Metadata-Flavor: Portal\r\n", good),
        Answer::new(302, "Location: http://127.0.0.1:1/\r\n", ""),
    ] {
        let server = ScriptedServer::start([answer]);
        let (_home, command) = on_google(host(&server.url()), &[]);
        let run = testkit::run(command).expect_failure(1);
        assert!(run.stderr().contains("not from Google's metadata server"), "{}", run.stderr());
        assert!(!run.stderr().contains("canary"));
    }
}

#[test]
fn f10_its_errors_keep_their_kind() {
    let google = "Metadata-Flavor: Google\r\n";
    for (status, body, code) in [(403, "<html>no</html>", 4), (200, r#"{"access_token":"a b"}"#, 1), (200, "<html>", 1)]
    {
        let server = ScriptedServer::start([Answer::new(status, google, body)]);
        let (_home, command) = on_google(host(&server.url()), &[]);
        let run = testkit::run(command).expect_failure(code);
        assert!(run.stderr().contains("cannot get a token from the metadata server"), "{}", run.stderr());
    }
    let server = ScriptedServer::answering(move |_| Answer::new(503, google, "busy"));
    let (_home, command) = on_google(host(&server.url()), &[]);
    testkit::run(command).expect_failure(5);
    let server = ScriptedServer::start([Answer::silence()]);
    let (_home, command) = on_google(host(&server.url()), &["--timeout", "0.5"]);
    testkit::run(command).expect_failure(5);
}

#[test]
fn f10_a_machine_without_a_service_account_says_so() {
    for options in [&[][..], &["--audience", "https://a.test"]] {
        let html = Answer::new(404, "Metadata-Flavor: Google\r\nContent-Type: text/html\r\n", "<html>Not Found</html>");
        let server = ScriptedServer::start([html]);
        let (_home, command) = on_google(host(&server.url()), options);
        let run = testkit::run(command).expect_failure(3);
        assert!(run.stderr().contains("this machine has no service account"), "{}", run.stderr());
        assert!(run.stderr().contains("hint: attach one"), "{}", run.stderr());
    }
}

#[test]
fn f10_one_that_is_not_there_is_given_up_soon() {
    // With the queue of its listener full, Linux answers no connection, as a packet filter would not.
    let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
    let socket = rustix::net::socket(family, kind, None).expect("make a socket");
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("take a port");
    rustix::net::listen(&socket, 0).expect("listen");
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().expect("know the port");
    let _queued = TcpStream::connect(address).expect("fill the queue");
    let (_home, command) = on_google(&address.to_string(), &[]);
    let started = Instant::now();
    let run = testkit::run(command).expect_failure(5);
    assert!(run.stderr().contains("timed out"), "{}", run.stderr());
    // It takes one second.
    assert!(started.elapsed() < testkit::IN_TIME);
}

#[test]
fn f9_no_proxy_ever_sees_a_request_to_the_metadata_server() {
    let machine = machine();
    let proxy = ScriptedServer::answering(|_| Answer::hang_up());
    let (_home, mut command) = on_google(host(machine.sandbox.url()), &[]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        command.env(name, proxy.url());
    }
    machine.run_command(command).expect(0);
    // Nor one to its own name or addresses, which nobody answers to here.
    for host in ["metadata.google.internal", "169.254.169.254"] {
        let (_home, mut command) = on_google(host, &["--timeout", "0.2"]);
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env(name, proxy.url());
        }
        // Nothing leaves this machine: it gets no sockets.
        let inject = ["-e", "inject=socket:error=EACCES"];
        let Some(trace) = strace(&inject, command) else {
            return;
        };
        trace.run.expect_failure(5);
    }
    assert!(proxy.requests().is_empty());
}

/// Whether this test itself runs on Google Cloud, where the machine has credentials.
fn is_on_google() -> bool {
    let name = std::fs::read_to_string("/sys/class/dmi/id/product_name").unwrap_or_default();
    let google = name.starts_with("Google");
    if google {
        println!("skipped: on Google Cloud");
    }
    google
}

#[test]
fn off_google_cloud_nothing_is_sent_looked_up_or_waited_for() {
    let mut cases = vec![vec![("NO_GCE_CHECK", "true")]];
    if !is_on_google() {
        cases.push(vec![]);
        cases.push(vec![("GCE_METADATA_IP", "127.0.0.1")]);
        cases.push(vec![("GAUTH_SANDBOX_URL", "http://127.0.0.1:1")]);
        cases.push(vec![("GCE_METADATA_HOST", "")]);
    }
    for variables in cases {
        let home = Home::new();
        let mut command = home.command(BIN);
        command.envs(variables);
        let Some(trace) = strace(&["-e", "trace=network,openat"], command) else {
            return;
        };
        for call in &trace.calls {
            assert!(call.name == "openat" && !call.text.contains("resolv.conf"), "{}", call.text);
        }
        let run = trace.run.expect_failure(3);
        assert!(run.stderr().contains("hint: run gauth-login"), "{}", run.stderr());
    }
}

#[test]
fn no_gce_check_says_no_even_where_a_host_is_named() {
    let machine = machine();
    for value in ["true", "True", "1"] {
        let (_home, mut command) = on_google(host(machine.sandbox.url()), &[]);
        command.env("NO_GCE_CHECK", value);
        testkit::run(command).expect_failure(3);
    }
    assert!(machine.asked().is_empty());
}

#[test]
fn a_host_that_is_none_is_refused_by_name() {
    for bad in ["a b", "user@host", "host:port", "host#x", "[::1", "\r\nx"] {
        let (_home, command) = on_google(bad, &[]);
        let run = testkit::run(command).expect_failure(2);
        assert!(run.stderr().contains("metadata"), "{}", run.stderr());
    }
}

#[test]
fn the_json_form_has_what_the_server_sent() {
    let machine = machine();
    let (_home, command) = on_google(host(machine.sandbox.url()), &["--format", "json"]);
    let run = machine.run_command(command).expect(0);
    let printed: Value = serde_json::from_str(run.stdout()).expect("JSON");
    assert_eq!(printed["scope"], READONLY);
    assert!(printed["expires_in"].as_u64().is_some_and(|left| left > 3500));
}
