//! Which days are fetched.

use super::{Keeper, NOVEMBER, assert_fails, assert_silent, reports, sandbox};

const ALL: &str = "SELECT property, day, country, sessions FROM traffic ORDER BY 1, 2, 3";

#[test]
fn the_first_run_stores_28_days_and_the_next_one_replaces_the_last_three() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(keeper.sync(&[]));
    assert_eq!(reports(&sandbox), 28);
    let before = keeper.ask(ALL);
    let days = keeper.ask("SELECT DISTINCT day FROM traffic ORDER BY 1");
    assert_eq!(days.len(), 28);
    assert_eq!(keeper.ask("SELECT day FROM ga_sync WHERE error IS NULL AND synced_at = tried_at ORDER BY 1"), days);

    // What Analytics has thought better of is gone from the days that it may still change, and from no other.
    keeper.change(&format!(
        "UPDATE traffic SET sessions = 0 WHERE day = '{}';
         INSERT INTO traffic VALUES (123456, '{}', '(data not available)', 7), (123456, '{}', 'kept', 7);",
        days[26], days[25], days[24]
    ));
    assert_silent(keeper.sync(&[]));
    assert_eq!(reports(&sandbox), 28 + 3);
    keeper.change("DELETE FROM traffic WHERE country = 'kept'");
    assert_eq!(keeper.ask(ALL), before);
}

#[test]
fn gaps_and_failed_days_are_filled_whatever_their_age() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(keeper.sync(&NOVEMBER));
    let before = keeper.ask(ALL);
    assert_silent(keeper.sync(&NOVEMBER));
    assert_eq!(reports(&sandbox), 10);
    keeper.change(
        "DELETE FROM ga_sync WHERE day = '2026-11-03';
         UPDATE ga_sync SET error = 'why' WHERE day = '2026-11-05';
         DELETE FROM traffic WHERE day IN ('2026-11-03', '2026-11-05');",
    );
    // Without --first the first stored day is where the table begins.
    assert_silent(keeper.sync(&["--last", "2026-11-11"]));
    assert_eq!(reports(&sandbox), 13);
    keeper.change("DELETE FROM traffic WHERE day = '2026-11-11'");
    assert_eq!(keeper.ask(ALL), before);
    assert_eq!(keeper.ask("SELECT count(*), count(error), count(rows) FROM ga_sync"), ["11|0|11"]);
}

#[test]
fn today_is_never_fetched() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    for last in ["today", "2999-12-31"] {
        assert_fails(keeper.sync(&["--last", last]), 2, "is not over yet");
    }
    assert_fails(keeper.sync(&["--first", "2026-11-02", "--last", "2026-11-01"]), 2, "is after --last");
    assert_fails(keeper.sync(&["--first", "2026-11"]), 2, "not a single day");
    assert_eq!(reports(&sandbox), 0);
    assert_silent(keeper.sync(&["--first", "today"]));
    assert_eq!((reports(&sandbox), keeper.ask(ALL).len()), (0, 0));
}

#[test]
fn each_property_has_its_own_days() {
    let sandbox = sandbox();
    let keeper = Keeper::of(&sandbox);
    assert_silent(keeper.of_properties("123456", &["--first", "2026-11-01", "--last", "2026-11-02"]));
    assert_silent(keeper.of_properties("123457,123456", &["--first", "2026-11-02", "--last", "2026-11-03"]));
    let stored = keeper.ask("SELECT property, day FROM ga_sync ORDER BY 1, 2");
    assert_eq!(
        stored,
        ["123456|2026-11-01", "123456|2026-11-02", "123456|2026-11-03", "123457|2026-11-02", "123457|2026-11-03"]
    );
    assert_eq!(reports(&sandbox), 5);
}
