//! Several properties in one run: which ones, and what happens if some fail.

use serde_json::{Value, json};
use testkit::{Answer, Received, Run, ScriptedServer};

use super::{answer, page_of, user_of};

/// The answer of a property.
type Reply = fn(&Received) -> Answer;

fn fine(request: &Received) -> Answer {
    answer(&page_of(2, request))
}

fn refused(_: &Received) -> Answer {
    let error = json!({"error": {"code": 403, "status": "PERMISSION_DENIED",
        "message": "User does not have sufficient permissions for this property."}});
    Answer::json(403, error.to_string())
}

fn spent(_: &Received) -> Answer {
    let message = "Exhausted property tokens per day.";
    Answer::json(429, json!({"error": {"code": 429, "status": "X", "message": message}}).to_string())
}

fn unreadable(_: &Received) -> Answer {
    Answer::json(200, "{\"rows\":[garbage")
}

fn unauthenticated(_: &Received) -> Answer {
    Answer::json(401, json!({"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}).to_string())
}

/// Pages of one row; the second is refused.
fn refused_later(request: &Received) -> Answer {
    if super::body_of(request).get("offset").is_some() {
        return refused(request);
    }
    incomplete(request)
}

/// Pages of one row; the second never arrives.
fn incomplete(request: &Received) -> Answer {
    let mut page = page_of(2, request);
    let rows = page["rows"].as_array_mut().expect("rows");
    rows.truncate(usize::from(rows.len() == 2));
    answer(&page)
}

/// Properties by their numbers; the list of accounts is that of [`accounts`].
fn server(properties: &'static [(&'static str, Reply)]) -> ScriptedServer {
    ScriptedServer::answering(move |request| {
        if request.target.starts_with("/v1beta/accountSummaries") {
            return answer(&accounts());
        }
        let reply = properties.iter().find(|(number, _)| request.target.contains(&format!("/properties/{number}:")));
        reply.expect("a known property").1(request)
    })
}

fn accounts() -> Value {
    let property = |number: u32, kind: &str| json!({"property": format!("properties/{number}"), "displayName": "x", "propertyType": kind});
    json!({"accountSummaries": [
        {"account": "accounts/100", "propertySummaries": [
            property(9, "PROPERTY_TYPE_ROLLUP"), property(7, "PROPERTY_TYPE_ORDINARY")]},
        {"account": "accounts/200", "propertySummaries": [
            property(7, "PROPERTY_TYPE_ORDINARY"), property(8, "PROPERTY_TYPE_SUBPROPERTY")]},
        {"account": "accounts/300"},
    ]})
}

#[track_caller]
fn report(server: &ScriptedServer, arguments: &[&str]) -> Run {
    user_of(&server.url()).run(&[&["-m", "sessions", "-d", "pagePath"], arguments].concat())
}

#[test]
fn all_is_every_property_once_in_the_order_of_the_accounts() {
    let server = server(&[("7", fine), ("8", fine), ("9", fine)]);
    let run = report(&server, &["-p", "all"]).expect(0);
    assert_eq!(run.stdout(), "property,pagePath,sessions\n9,/0,2\n9,/1,1\n7,/0,2\n7,/1,1\n8,/0,2\n8,/1,1\n");
    assert_eq!(
        run.stderr(),
        "ga-query: all: 3 properties, of which 2 are roll-ups or subproperties, whose data is in others, too\n"
    );
    let none = ScriptedServer::answering(|_| Answer::json(200, "{}"));
    let run = report(&none, &["-p", "all"]).expect_failure(4);
    assert!(run.stderr().contains("no property is visible"), "{}", run.stderr());
}

#[test]
fn a_property_that_fails_is_left_out_and_the_others_are_complete() {
    for reply in [refused, spent, unreadable, incomplete, refused_later as Reply] {
        for properties in ["6,7,8", "7,6,8", "7,8,6"] {
            let server = ScriptedServer::answering(move |request| match &*request.target {
                target if target.contains("/properties/6:") => reply(request),
                target if target.contains("accountSummaries") => answer(&accounts()),
                _ => fine(request),
            });
            let user = user_of(&server.url());
            let run = |extra: &[&str]| {
                user.run(&[&["-m", "sessions", "-d", "pagePath", "-p", properties, "--keep-going"], extra].concat())
            };
            let csv = run(&[]).expect(6);
            assert_eq!(csv.stdout(), "property,pagePath,sessions\n7,/0,2\n7,/1,1\n8,/0,2\n8,/1,1\n");
            let lines: Vec<_> = csv.stderr().lines().collect();
            assert_eq!(lines.len(), 3, "{lines:?}");
            assert!(lines[0].starts_with("ga-query: warning: ") && lines[0].contains("property 6"), "{lines:?}");
            assert_eq!(lines[1], "ga-query: 1 of 3 properties failed and are not in the output");
            assert_eq!(lines[2], "ga-query: hint: retry them with -p 6");
            let json = run(&["-f", "json"]).expect(6);
            let rows: Value = serde_json::from_str(json.stdout()).expect("a closed list");
            assert_eq!(rows.as_array().map(Vec::len), Some(4));
            run(&["-o", "report.csv"]).expect(6);
            let file = user.home.path().join("report.csv");
            assert_eq!(std::fs::read_to_string(file).expect("a file"), csv.stdout());
            // Without the option the run ends with that property.
            let arguments = ["-m", "sessions", "-d", "pagePath", "-p", properties, "-o", "other.csv"];
            assert_ne!(user.run(&arguments).code(), 0);
            assert!(!user.home.path().join("other.csv").exists());
        }
    }
}

#[test]
fn if_all_properties_fail_the_first_failure_decides_and_no_file_is_made() {
    let server = server(&[("7", spent), ("8", refused)]);
    let user = user_of(&server.url());
    let run = user.run(&["-m", "sessions", "-p", "7,8", "--keep-going", "-o", "report.csv"]).expect_failure(5);
    assert!(run.stderr().contains("midnight Pacific"), "{}", run.stderr());
    assert!(user.home.tree().is_empty());
}

#[test]
fn an_expired_token_ends_the_run_even_with_keep_going() {
    for (parallel, most) in [("1", 1), ("2", 2)] {
        let server = server(&[("7", unauthenticated), ("8", unauthenticated), ("9", fine)]);
        report(&server, &["-p", "7,8,9", "--keep-going", "--parallel", parallel]).expect_failure(3);
        assert!((1..=most).contains(&server.requests().len()), "{}", server.requests().len());
    }
}

#[test]
fn a_property_that_refuses_its_data_names_the_missing_role_or_the_account() {
    let server = server(&[("7", refused), ("100", refused), ("300", refused), ("5", refused)]);
    for (property, remedy) in [
        (
            "7",
            "property 7 is listed for this account, but its data takes a role there: ask its administrator for Viewer",
        ),
        ("100", "100 is an account: name one of its properties, -p 9 (9, 7)"),
        ("300", "300 is an account without a property that this token can see"),
        ("5", "run ga-properties to list what this token can see"),
    ] {
        let run = report(&server, &["-p", property]).expect_failure(4);
        assert!(run.stderr().contains(remedy), "{}", run.stderr());
        assert_eq!(run.stderr().lines().count(), 2, "{}", run.stderr());
    }
}
