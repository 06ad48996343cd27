//! Requests that are not the answer: they neither change nor end a login.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::{WORKED, consenting, request, start, status};

#[test]
fn c6_five_hundred_requests_of_noise_do_not_end_a_login() {
    let person = consenting();
    let login = start(&person, &[]);
    let host = login.address();
    let noise = [
        (request(host, "/favicon.ico", ""), "404"),
        (request(host, "/", ""), "400"),
        (request(host, "/callback?code=x&state=y", ""), "404"),
        (format!("HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n"), "404"),
        (format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 6\r\n\r\ncode=x"), "404"),
        (format!("OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n"), "404"),
        ("\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03\r\n".to_owned(), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "400"),
        ("\r\n\r\n\r\nwhat is this\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/0.9\r\n\r\n".to_owned(), "400"),
    ];
    for (request, expected) in noise.iter().cycle().take(500) {
        assert_eq!(status(&login.send(request.as_bytes())), *expected, "{request:?}");
    }
    testkit::visit(&login.url);
    person.check(login.running.finish()).expect(0);
    assert_eq!(person.requests_to("/token").len(), 1);
}

#[test]
fn c7_silent_sockets_delay_no_answer_and_the_oldest_are_closed() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    let mut silent: Vec<TcpStream> = (0..60)
        .map(|at| {
            let mut stream = TcpStream::connect(login.address()).expect("connect");
            if at % 2 == 0 {
                stream.write_all(b"G").expect("send a byte");
            }
            stream
        })
        .collect();
    silent.extend((0..20).map(|_| TcpStream::connect(login.address()).expect("connect")));
    let begun = Instant::now();
    assert!(login.get(&good).contains(WORKED));
    // Less than the ten seconds that each of them may take.
    assert!(begun.elapsed() < Duration::from_secs(10));
    // The first was closed without an answer.
    let mut rest = Vec::new();
    silent[0].set_read_timeout(Some(Duration::from_secs(30))).expect("set a timeout");
    let _ = silent[0].read_to_end(&mut rest);
    assert!(rest.is_empty());
    login.running.finish().expect(0);
}

#[test]
fn c7_answered_connections_that_stay_open_do_not_count() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    let host = login.address();
    let wrong = request(host, "/?code=x&state=wrong", "");
    // Each has its answer and keeps its connection open.
    let strangers: Vec<TcpStream> = (0..300)
        .map(|_| {
            let mut stream = TcpStream::connect(host).expect("connect");
            stream.write_all(wrong.as_bytes()).expect("send a request");
            stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set a timeout");
            stream.read_exact(&mut [0; 12]).expect("an answer");
            stream
        })
        .collect();
    assert!(login.get(&good).contains(WORKED));
    drop(strangers);
    person.check(login.running.finish()).expect(0);
}

#[test]
fn a_flood_of_wrong_answers_costs_the_right_one_nothing() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    let host = login.address();
    let wrong = request(host, "/?code=x&state=wrong", "");
    let over = AtomicBool::new(false);
    let (under_way, begun) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (under_way, over, wrong) = (under_way.clone(), &over, &wrong);
            scope.spawn(move || {
                let mut kept = VecDeque::new();
                for sent in 0.. {
                    // Some are refused, reset or not answered; whoever floods does not mind.
                    if let Ok(mut stream) = TcpStream::connect(host) {
                        let _ = stream.write_all(wrong.as_bytes());
                        kept.push_back(stream);
                    }
                    if kept.len() > 50 {
                        kept.pop_front();
                    }
                    if sent == 500 {
                        under_way.send(()).expect("the test waits");
                    }
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        for _ in 0..4 {
            begun.recv().expect("a flood");
        }
        let others: Vec<String> = (0..50).map(|_| login.get("/favicon.ico")).collect();
        let answer = login.get(&good);
        over.store(true, Ordering::Relaxed);
        assert!(answer.contains(WORKED), "{answer}");
        assert_eq!(others.iter().filter(|answer| status(answer) != "404").count(), 0);
    });
    person.check(login.running.finish()).expect(0);
    assert_eq!(person.requests_to("/token").len(), 1);
}

#[test]
fn c11_a_page_repeats_nothing_of_the_request() {
    let person = consenting();
    let login = start(&person, &[]);
    let plain = login.get("/?x=1");
    for payload in ["<script>alert(1)</script>", "%3Cscript%3Ealert(1)%3C/script%3E", "%0d%0aSet-Cookie:x=y"] {
        for target in [
            format!("/?code={payload}"),
            format!("/?state={payload}&error=access_denied"),
            format!("/?error={payload}&error_description={payload}"),
        ] {
            assert_eq!(login.get(&target), plain);
        }
    }
    let state = login.parameter("state");
    let failed = login.get(&format!("/?state={state}&error=%3Cscript%3E&error_description=%3Cb%3E"));
    assert!(failed.contains(crate::FAILED));
    assert!(!failed.contains("<script>") && !failed.contains("<b>"));
    for page in [&plain, &failed] {
        for header in [
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "Content-Security-Policy: default-src 'none'",
            "Referrer-Policy: no-referrer",
        ] {
            assert!(page.contains(header), "{header}");
        }
    }
    login.running.finish().expect_failure(4);
}

#[test]
fn c19_long_lines_long_headers_and_many_headers_are_refused() {
    let person = consenting();
    let login = start(&person, &[]);
    let host = login.address();
    let long = "x".repeat(9 << 10);
    let longer = format!("X-Long: {}\r\n", "x".repeat(17 << 10));
    assert_eq!(status(&login.get(&format!("/?{long}"))), "414");
    assert_eq!(status(&login.send(request(host, "/", &longer).as_bytes())), "431");
    assert_eq!(status(&login.send(request(host, "/", &"A: b\r\n".repeat(101)).as_bytes())), "431");
    // More than any buffer holds.
    let endless = vec![b'x'; 8 << 20];
    let answer = login.send(&endless);
    assert!(answer.is_empty() || status(&answer) == "414", "{answer}");
    testkit::visit(&login.url);
    login.running.finish().expect(0);
}

#[test]
fn c19_a_connection_has_ten_seconds_for_its_request() {
    let person = consenting();
    let login = start(&person, &[]);
    // Before the program's own ten seconds begin.
    let begun = Instant::now();
    let mut slow = TcpStream::connect(login.address()).expect("connect");
    slow.set_read_timeout(Some(Duration::from_millis(500))).expect("set a timeout");
    let ended = loop {
        // A byte now and then does not buy more time.
        let _ = slow.write_all(b"x");
        match slow.read(&mut [0; 64]) {
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::Interrupted].contains(&error.kind()) => {}
            end => break (begun.elapsed(), end),
        }
    };
    assert!(ended.0 >= Duration::from_secs(10) && ended.0 < testkit::IN_TIME, "{ended:?}");
    // The connection ended, and not the login.
    testkit::visit(&login.url);
    login.running.finish().expect(0);
}

/// A read with a time limit ends with EINTR when its process is stopped and continued (signal(7)).
#[test]
fn a_login_that_was_stopped_and_continued_keeps_its_connections() {
    let person = consenting();
    let login = start(&person, &[]);
    let answer = request(login.address(), &login.target(), "");
    let (begun, rest) = answer.split_at(10);
    let mut stream = TcpStream::connect(login.address()).expect("connect");
    stream.write_all(begun.as_bytes()).expect("begin");
    // By then the connection above is accepted.
    assert_eq!(status(&login.get("/?state=wrong")), "400");
    crate::other_users::stop(&login.running);
    login.running.signal(Signal::CONT);
    stream.write_all(rest.as_bytes()).expect("send the rest");
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    assert!(page.contains(WORKED), "{page}");
    person.check(login.running.finish()).expect(0);
}
