//! The listener: where and when it listens, and what it lets through.

use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use testkit::tool;

use crate::{Login, WORKED, consenting, parameter, start, status};

/// The addresses that a port is listened on, as the kernel writes them (proc_pid_net(5)).
fn listening(port: u16) -> Vec<String> {
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let Some((address, hex)) = fields[1].split_once(':')
                && fields[3] == "0A"
                && hex == format!("{port:04X}")
            {
                found.push(address.to_owned());
            }
        }
    }
    found
}

#[test]
fn c1_the_port_is_open_only_on_loopback_before_the_url_is_shown_and_closed_after_use() {
    let person = consenting();
    let login = start(&person, &[]);
    let address = login.address();
    assert!(TcpStream::connect(address).is_ok());
    assert_eq!(listening(address.port()), ["0100007F"]);
    testkit::visit(&login.url);
    assert!(TcpStream::connect(address).is_err());
    login.running.finish().expect(0);
}

#[test]
fn c2_without_ipv4_the_redirect_goes_to_the_ipv6_loopback() {
    let (Some(unshare), Some(_)) = (tool("unshare"), tool("ip")) else {
        return;
    };
    let without_ipv4 = "ip link set lo up && ip addr del 127.0.0.1/8 dev lo";
    let possible = Command::new(&unshare).args(["-rn", "sh", "-c", without_ipv4]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        println!("skipped: no network namespaces");
        return;
    }
    let person = consenting();
    let mut command = person.home.command(unshare);
    let script = format!("{without_ipv4} && exec \"$0\" --no-browser --timeout 30");
    command.args(["-rn", "sh", "-c", &script, crate::BIN]);
    command.env("GAUTH_CLIENT_SECRETS", person.sandbox.client_secrets());
    let login = Login::start(command);
    assert!(login.redirect_uri().starts_with("http://[::1]:"), "{}", login.url);
    login.running.signal(rustix::process::Signal::TERM);
    login.running.finish().expect(143);
}

#[test]
fn c3_a_port_that_is_taken_is_not_shared_and_the_message_names_it() {
    let person = consenting();
    let taken = TcpListener::bind("127.0.0.1:0").expect("bind any port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let mut command = person.command(&["--no-browser", "--port", &port]);
    let run = testkit::run(command).expect_failure(1);
    assert!(run.stderr().contains(&format!("listen on port {port}")), "{}", run.stderr());
    assert!(run.stderr().contains("address already in use"));
    assert!(!run.stderr().contains("open this URL"));

    drop(taken);
    let login = start(&person, &["--port", &port]);
    assert_eq!(login.address().port().to_string(), port);
    // Another login cannot have it either.
    command = person.command(&["--no-browser", "--port", &port]);
    testkit::run(command).expect_failure(1);
}

#[test]
fn c5_only_the_exact_state_answers() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    let state = login.parameter("state");
    let swapped: String = state
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    let code = gauth_core::form::encode(&[("code", &parameter(&good, "code"))]);
    for wrong in ["", "x", &state[..42], &format!("{state}x"), &swapped] {
        assert_eq!(status(&login.get(&format!("/?{code}&state={wrong}"))), "400", "{wrong}");
    }
    assert_eq!(status(&login.get(&format!("/?{code}"))), "400");
    assert_eq!(person.requests_to("/token").len(), 0);
    assert!(login.get(&good).contains(WORKED));
    login.running.finish().expect(0);
}

#[test]
fn c8_a_request_to_another_host_is_refused_and_the_login_lives() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    let port = login.address().port();
    let here = login.address();
    for headers in [
        String::new(),
        "Host: evil.test\r\n".to_owned(),
        format!("Host: localhost:{port}\r\n"),
        "Host: 127.0.0.1\r\n".to_owned(),
        format!("Host: {here}\r\nHost: {here}\r\n"),
    ] {
        let answer = login.send(format!("GET {good} HTTP/1.1\r\n{headers}\r\n").as_bytes());
        assert_eq!(status(&answer), "400", "{headers:?}");
    }
    let absolute = format!("http://{here}{good}");
    assert_eq!(status(&login.get(&absolute)), "404");
    assert_eq!(person.requests_to("/token").len(), 0);
    assert!(login.get(&good).contains(WORKED));
    login.running.finish().expect(0);
}

#[test]
fn c9_a_script_or_an_image_of_another_page_cannot_answer() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    for (mode, dest) in [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "script")] {
        let headers = format!(
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\nOrigin: https://evil.test\r\n"
        );
        let answer = login.send(crate::request(login.address(), &good, &headers).as_bytes());
        assert_eq!(status(&answer), "403", "{mode} {dest}");
        assert!(!answer.to_ascii_lowercase().contains("access-control"));
    }
    let preflight = format!(
        "OPTIONS {good} HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.test\r\nAccess-Control-Request-Method: GET\r\n\r\n",
        login.address()
    );
    let answer = login.send(preflight.as_bytes());
    assert_eq!(status(&answer), "404");
    assert!(!answer.to_ascii_lowercase().contains("access-control"));
    let navigation =
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nSec-Fetch-User: ?1\r\n";
    let answer = login.send(crate::request(login.address(), &good, navigation).as_bytes());
    assert!(answer.contains(WORKED));
    login.running.finish().expect(0);
}

#[test]
fn c13_a_repeated_parameter_is_refused_in_either_order() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    for name in ["code", "state", "iss"] {
        let own = parameter(&good, name);
        let pair = |value: &str| gauth_core::form::encode(&[(name, value)]);
        for target in [
            format!("{good}&{}", pair("x")),
            format!("{good}&{}", pair(&own)),
            good.replace("/?", &format!("/?{}&", pair("x"))),
        ] {
            assert_eq!(status(&login.get(&target)), "400", "{name}");
        }
    }
    let with_error = format!("{good}&error=access_denied");
    assert_eq!(status(&login.get(&with_error)), "400");
    let state = login.parameter("state");
    let twice = format!("/?state={state}&error=access_denied&error=access_denied");
    assert_eq!(status(&login.get(&twice)), "400");
    assert_eq!(person.requests_to("/token").len(), 0);
    assert!(login.get(&good).contains(WORKED));
    login.running.finish().expect(0);
}

#[test]
fn c14_an_answer_of_another_issuer_is_ignored_and_one_without_issuer_is_taken() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    let code = gauth_core::form::encode(&[("code", &parameter(&good, "code")), ("state", &login.parameter("state"))]);
    for issuer in ["https%3A%2F%2Faccounts.google.com", "https%3A%2F%2Fevil.test", ""] {
        let answer = login.get(&format!("/?{code}&iss={issuer}"));
        assert_eq!(status(&answer), "400", "{issuer}");
    }
    assert_eq!(person.requests_to("/token").len(), 0);
    assert!(login.get(&format!("/?{code}")).contains(WORKED));
    login.running.finish().expect(0);
}

#[test]
fn c15_twenty_tabs_with_the_same_answer_make_one_token_request() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    let answers: Vec<String> = std::thread::scope(|scope| {
        let tabs: Vec<_> = (0..20).map(|_| scope.spawn(|| login.get(&good))).collect();
        tabs.into_iter().map(|tab| tab.join().expect("an answer")).collect()
    });
    let worked = answers.iter().filter(|answer| answer.contains(WORKED));
    assert_eq!(worked.count(), 1);
    for answer in answers.iter().filter(|answer| !answer.contains(WORKED)) {
        assert!(answer.is_empty() || answer.contains("Already done"), "{answer}");
    }
    person.check(login.running.finish()).expect(0);
    assert_eq!(person.requests_to("/token").len(), 1);
}

#[test]
fn c15_a_second_answer_while_the_code_is_exchanged_gets_a_page_at_once() {
    use gauth_sandbox::{Fault, FaultKind};

    let person = consenting();
    let login = start(&person, &[]);
    let (first, second) = (login.target(), login.target());
    person.sandbox.fault(Fault::new("/token", FaultKind::Hold));
    std::thread::scope(|scope| {
        let tab = scope.spawn(|| login.get(&first));
        assert!(person.sandbox.wait_for_held(1, Duration::from_secs(30)));
        for replay in [&first, &second] {
            let answer = login.get(replay);
            assert_eq!(status(&answer), "410");
            assert!(answer.contains("Already done"));
        }
        person.sandbox.release();
        assert!(tab.join().expect("an answer").contains(WORKED));
    });
    login.running.finish().expect(0);
    assert_eq!(person.requests_to("/token").len(), 1);
}
