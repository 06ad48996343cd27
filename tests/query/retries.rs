//! Retries: how many requests are sent, by status and message.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use testkit::{Answer, ScriptedServer};

use super::{answer, csv_of, page_of, user_of};

fn refusal(status: u16, message: &str) -> Answer {
    let body = serde_json::json!({"error": {"code": status, "message": message, "status": "X"}});
    Answer::json(status, body.to_string())
}

#[test]
fn each_refusal_is_retried_as_often_as_the_quotas_allow() {
    // status, message, requests, exit code
    let table = [
        (400, "Field x is not a valid dimension.", 1, 4),
        (401, "Request had invalid authentication credentials.", 1, 3),
        (403, "User does not have sufficient permissions for this property.", 1, 4),
        (404, "", 1, 4),
        (408, "", 3, 5),
        (429, "Exhausted concurrent requests quota.", 3, 5),
        (429, "Exhausted property tokens for a project per hour.", 1, 5),
        (429, "Exhausted property tokens per day.", 1, 5),
        (429, "Exhausted potentially thresholded requests quota.", 1, 5),
        (429, "Exhausted server errors for a project per hour.", 1, 5),
        (500, "Internal error.", 2, 5),
        (501, "", 1, 5),
        (502, "", 3, 5),
        (503, "The service is currently unavailable.", 3, 5),
        (504, "Deadline exceeded.", 3, 5),
    ];
    std::thread::scope(|scope| {
        for (status, message, requests, code) in table {
            scope.spawn(move || {
                let server = ScriptedServer::answering(move |_| refusal(status, message));
                let run = user_of(&server.url()).pages(&[]).expect_failure(code);
                let asked = server.requests();
                let asked = asked.iter().filter(|request| request.target.contains(":runReport"));
                assert_eq!(asked.count(), requests, "{status} {message}");
                assert!(run.stderr().contains(message), "{}", run.stderr());
            });
        }
    });
}

#[test]
fn a_retry_that_succeeds_is_not_visible() {
    for first in [
        refusal(503, "later"),
        refusal(500, "oops"),
        refusal(429, "Exhausted concurrent requests quota."),
        Answer::hang_up(),
        Answer::json(200, r#"{"rows":[{"dimensionValues":[{"value":"/0"}]"#),
        Answer::json(200, page_of_three()).cut_after(60),
    ] {
        let server = ScriptedServer::start([first.clone(), Answer::json(200, page_of_three())]);
        let run = user_of(&server.url()).pages(&[]).expect(0);
        assert_eq!(run.stdout(), csv_of(3), "{first:?}");
        assert_eq!(run.stderr(), "");
    }
}

fn page_of_three() -> String {
    let request = testkit::Received {
        method: "POST".to_owned(),
        target: String::new(),
        headers: Vec::new(),
        body: b"{}".to_vec(),
    };
    page_of(3, &request).to_string()
}

#[test]
fn retry_after_is_respected_if_it_fits_and_otherwise_ends_the_run() {
    let later = |wait: &str| Answer::new(503, &format!("Retry-After: {wait}\r\n"), "");
    let server = ScriptedServer::start([later("1"), Answer::json(200, page_of_three())]);
    let started = Instant::now();
    user_of(&server.url()).pages(&[]).expect(0);
    assert!(started.elapsed() >= Duration::from_secs(1));

    for wait in ["90", "18446744073709551615"] {
        let server = ScriptedServer::start([later(wait)]);
        let started = Instant::now();
        user_of(&server.url()).pages(&["--timeout", "80"]).expect_failure(5);
        assert!(started.elapsed() < testkit::IN_TIME);
    }

    for wait in ["-1", "soon", "99999999999999999999999999", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        let server = ScriptedServer::start([later(wait), Answer::json(200, page_of_three())]);
        user_of(&server.url()).pages(&["--timeout", "20"]).expect(0);
    }
}

#[test]
fn a_page_that_fails_for_good_ends_all_pages() {
    // Pages of ten; only the first ever arrives.
    let server = ScriptedServer::answering(|request| {
        if super::body_of(request)["offset"].is_string() {
            return refusal(503, "no more");
        }
        let mut page = page_of(1000, request);
        page["rows"].as_array_mut().expect("rows").truncate(10);
        answer(&page)
    });
    user_of(&server.url()).pages(&["--parallel", "4"]).expect(5);
    // Nine errors in a row are enough; requests already sent may add to them.
    assert!(server.requests().len() <= 1 + 9 + 3, "{}", server.requests().len());
}

#[test]
fn parallel_pages_may_each_fail_once() {
    let tries = Mutex::new(HashMap::new());
    let server = ScriptedServer::answering(move |request| {
        let body = super::body_of(request);
        let mut tries = tries.lock().expect("no test thread has panicked");
        let tries = tries.entry(body["offset"].to_string()).or_insert(0);
        *tries += 1;
        if *tries == 1 {
            return refusal(503, "later");
        }
        let mut page = page_of(40, request);
        page["rows"].as_array_mut().expect("rows").truncate(10);
        answer(&page)
    });
    let run = user_of(&server.url()).pages(&["--parallel", "4"]).expect(0);
    assert_eq!(run.stdout(), csv_of(40));
}

#[test]
fn retries_are_spaced_and_the_run_keeps_its_time_limit() {
    // Retry-After in seconds, the time limit, the requests, the least time it takes.
    let table = [("1", "60", 3, 2), ("1", "1", 1, 0), ("0", "60", 3, 0)];
    std::thread::scope(|scope| {
        for (wait, limit, requests, least) in table {
            scope.spawn(move || {
                let answer = Answer::new(503, &format!("Retry-After: {wait}\r\n"), "");
                let server = ScriptedServer::answering(move |_| answer.clone());
                let started = Instant::now();
                user_of(&server.url()).pages(&["--timeout", limit]).expect_failure(5);
                let took = started.elapsed();
                assert_eq!(server.requests().len(), requests, "{wait} {limit}");
                assert!(took >= Duration::from_secs(least), "{wait} {limit}: {took:?}");
                assert!(took <= testkit::IN_TIME, "{wait} {limit}: {took:?}");
            });
        }
    });
}
