//! What goes wrong, and how the next run goes on.

use std::fs::File;

use gauth_sandbox::{Fault, FaultKind, Quota};

use super::{Keeper, NOVEMBER, assert_fails, assert_silent, reports, sandbox};

#[test]
fn a_refused_property_stops_nobody_else() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    let run = assert_fails(keeper.of_properties("123456,200403,123457", &NOVEMBER), 6, "property 200403: ");
    assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
    let stored = "SELECT property, count(rows), count(error) FROM ga_sync GROUP BY 1 ORDER BY 1";
    assert_eq!(keeper.ask(stored), ["123456|10|0", "123457|10|0", "200403|0|1"]);
    let error = keeper.ask("SELECT error FROM ga_sync WHERE property = 200403");
    assert!(error[0].contains("PERMISSION_DENIED"), "{error:?}");
    let run = assert_fails(keeper.of_properties("200403,999", &NOVEMBER), 4, "property 999: ");
    assert_eq!(run.stderr().lines().count(), 2, "{}", run.stderr());
}

#[test]
fn a_temporary_failure_is_left_to_the_next_run() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    sandbox.fault(Fault {
        path: "/v1beta/properties/123456:runReport".to_owned(),
        times: 1,
        after: 3,
        kind: FaultKind::Quota(Quota::TokensPerHour),
    });
    let run = assert_fails(keeper.of_properties("123456,123457", &NOVEMBER), 5, "property 123456: ");
    assert!(run.stderr().contains("(stopped at 2026-11-04)"), "{}", run.stderr());
    assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
    let stored = "SELECT property, count(rows), count(error), max(day) FROM ga_sync GROUP BY 1 ORDER BY 1";
    assert_eq!(keeper.ask(stored), ["123456|3|1|2026-11-04", "123457|10|0|2026-11-10"]);
    let before = reports(&sandbox);
    assert_silent(keeper.of_properties("123456,123457", &NOVEMBER));
    assert_eq!(reports(&sandbox) - before, 7);
    assert_eq!(keeper.ask(stored), ["123456|10|0|2026-11-10", "123457|10|0|2026-11-10"]);
}

#[test]
fn a_day_that_cannot_be_read_does_not_hold_up_the_later_ones() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    sandbox.fault(Fault {
        path: "/v1beta/properties/123456:runReport".to_owned(),
        times: 1,
        after: 3,
        kind: FaultKind::Respond { status: 200, headers: Vec::new(), body: "{}".to_owned() },
    });
    assert_fails(keeper.sync(&NOVEMBER), 6, "(2026-11-04)");
    assert_eq!(keeper.ask("SELECT day FROM ga_sync WHERE error IS NOT NULL"), ["2026-11-04"]);
    assert_silent(keeper.sync(&NOVEMBER));
    assert_eq!(reports(&sandbox), 11);
}

#[test]
fn a_token_that_is_revoked_in_the_middle_ends_the_run() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    sandbox.fault(Fault {
        path: "/v1beta/properties/123456:runReport".to_owned(),
        times: 1,
        after: 3,
        kind: FaultKind::Api { status: 401, message: "Request had invalid authentication credentials.".to_owned() },
    });
    assert_fails(keeper.sync(&NOVEMBER), 3, "401");
    // No day is to blame.
    assert_eq!(keeper.ask("SELECT count(*), count(error), count(rows) FROM ga_sync"), ["3|0|3"]);
    assert_silent(keeper.sync(&NOVEMBER));
    assert_eq!(keeper.ask("SELECT count(DISTINCT day) FROM traffic"), ["10"]);
}

#[test]
fn two_runs_never_fill_one_file() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(keeper.sync(&["--first", "2026-11-01", "--last", "2026-11-01"]));
    let lock = File::options().write(true).open(keeper.0.home.path().join(".ga.db.lock")).expect("the lock");
    lock.lock().expect("hold the lock");
    assert_fails(keeper.sync(&NOVEMBER), 5, "another process holds it");
    assert_eq!(reports(&sandbox), 1);
    // Looking takes no lock.
    keeper.sync(&["--status"]).expect(0);
    drop(lock);
    assert_silent(keeper.sync(&NOVEMBER));
}

#[test]
fn with_a_reserve_the_last_tokens_of_a_quota_are_left_alone() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    let run =
        assert_fails(keeper.of_properties("200008,123456", &[&NOVEMBER[..], &["--reserve", "15"]].concat()), 5, "");
    assert!(run.stderr().contains("property 200008: the quota has "), "{}", run.stderr());
    assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
    let stored = keeper.ask("SELECT property, count(rows) BETWEEN 1 AND 9 FROM ga_sync GROUP BY 1 ORDER BY 1");
    assert_eq!(stored, ["123456|0", "200008|1"]);
    assert_eq!(keeper.ask("SELECT count(DISTINCT day) FROM traffic WHERE property = 123456"), ["10"]);
}
