//! The cache: what is a hit, what is a miss, and what is not touched (A1, A10, A13–A15, B5, G3–G6).

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::json;
use testkit::{Home, User, mode, read_json, strace, token};

use crate::{BIN, logged_in, with_a_key};

const NOBODY: u32 = 65_534;

fn seconds_from_now(seconds: i64) -> String {
    let output = Command::new("date")
        .args(["-u", "-d", &format!("{seconds} seconds"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output()
        .expect("run date");
    String::from_utf8(output.stdout).expect("a date").trim().to_owned()
}

#[test]
fn a_fresh_token_comes_from_the_cache() {
    for user in [logged_in(), with_a_key()] {
        let first = user.token(&[]);
        assert_eq!(user.token(&[]), first);
        assert_eq!(user.requests_to("/token").len(), 1);
        let refreshed = user.token(&["--refresh"]);
        assert_ne!(refreshed, first);
        assert_eq!(user.token(&[]), refreshed);
        assert_ne!(user.token(&["--no-cache"]), refreshed);
        assert_eq!(user.token(&[]), refreshed);
        assert_eq!(user.requests_to("/token").len(), 3);
    }
}

#[test]
fn no_cache_leaves_no_trace_but_the_lock_of_the_grant() {
    let user = logged_in();
    let mut expected = user.home.tree();
    user.token(&["--no-cache"]);
    expected.insert(2, ".config/gauth/.credentials.json.lock".into());
    assert_eq!(user.home.tree(), expected);
    // A key is not used up by its use.
    let user = with_a_key();
    let before = user.home.tree();
    user.token(&["--no-cache"]);
    assert_eq!(user.home.tree(), before);
}

#[test]
fn a14_scopes_are_a_set_and_each_set_has_its_own_token() {
    let user = logged_in();
    let scopes = |list: &str| {
        let options: Vec<&str> = list.split(' ').flat_map(|s| ["--scope", s]).collect();
        user.token(&options)
    };
    let both = scopes("analytics.readonly analytics.edit");
    assert_eq!(scopes("analytics.edit analytics.readonly"), both);
    assert_eq!(scopes("https://www.googleapis.com/auth/analytics.edit analytics.readonly analytics.edit"), both);
    assert_ne!(scopes("analytics.edit"), both);
    assert_ne!(user.token(&[]), both);
    assert_eq!(user.requests_to("/token").len(), 3);
    let secrets: Vec<String> =
        user.sandbox.secrets().into_iter().filter(|secret| !secret.starts_with("ya29")).collect();
    for file in user.cached("") {
        if file.is_file() {
            let bytes = fs::read(&file).expect("read it");
            testkit::assert_no_secret("the cache", &bytes, &secrets);
        }
    }
}

#[test]
fn a1_with_any_umask_files_are_0600_and_directories_0700() {
    for umask in ["000", "022", "077", "777"] {
        let user = logged_in();
        let mut command = user.home.command("sh");
        command.args(["-c", r#"umask "$1"; exec "$0""#, BIN, umask]);
        token(&user.run_command(command).expect(0));
        for path in user.cached("").into_iter().chain([user.home.cache()]) {
            let wanted = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), wanted, "{} at {umask}", path.display());
        }
        user.token(&[]);
        assert_eq!(user.requests_to("/token").len(), 1, "{umask}");
    }
}

/// As an ordinary user: root may write everywhere.
fn as_nobody(home: &Home, command: &mut Command) {
    if rustix::process::geteuid().is_root() {
        for path in home.tree() {
            chown(home.path().join(path), Some(NOBODY), Some(NOBODY)).expect("give it away");
        }
        chown(home.path(), Some(NOBODY), Some(NOBODY)).expect("give the home away");
        command.uid(NOBODY).gid(NOBODY);
    }
}

#[test]
fn a10_a_home_that_cannot_be_written_costs_the_cache_and_not_the_token() {
    let user = logged_in();
    // The target directory may be closed to others, so the program goes where it is not. Copied by another process,
    // because a file that is open for writing, in a child forked just then too, cannot be run.
    let program = user.home.path().join("gauth-token");
    let copied = Command::new("cp").arg(BIN).arg(&program).status();
    assert!(copied.expect("run cp").success());
    let mut command = user.home.command(&program);
    as_nobody(&user.home, &mut command);
    fs::set_permissions(user.home.path(), Permissions::from_mode(0o555)).expect("lock the home");
    let run = user.run_command(command);
    fs::set_permissions(user.home.path(), Permissions::from_mode(0o755)).expect("unlock it");
    let run = run.expect(0);
    token(&run);
    let warnings = run.stderr().matches("warning: ").count();
    assert_eq!(warnings, 1, "{}", run.stderr());
    assert!(run.stderr().contains("the token is not cached"), "{}", run.stderr());
    assert!(!user.home.cache().exists());
}

#[test]
fn a11_without_a_usable_home_the_token_comes_and_nothing_is_written_elsewhere() {
    for home in [None, Some(""), Some("rel"), Some("/dev/null/home")] {
        let user = logged_in();
        let mut command = user.command(&["--credentials"]);
        command.arg(&user.credentials);
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
        command.envs(home.map(|home| ("HOME", home)));
        let mut expected = user.home.tree();
        expected.insert(2, ".config/gauth/.credentials.json.lock".into());
        let run = user.run_command(command).expect(0);
        token(&run);
        assert_eq!(run.stderr().matches("warning: ").count(), 1, "{home:?}: {}", run.stderr());
        assert_eq!(user.home.tree(), expected, "{home:?}");
    }
}

#[test]
fn a13_names_in_the_credentials_never_become_paths() {
    for name in ["../../x", "a/b", "/etc/x", "..", &"l".repeat(300)] {
        let user = logged_in();
        let mut file = user.stored();
        file["account"] = name.into();
        file["quota_project_id"] = "p".into();
        fs::write(&user.credentials, file.to_string()).expect("write the credentials");
        let before = user.home.tree();
        user.token(&[]);
        for path in user.home.tree() {
            let is_lock = path.ends_with(".credentials.json.lock");
            if !before.contains(&path) && user.home.path().join(&path).is_file() && !is_lock {
                let file = path.file_stem().expect("a name").to_string_lossy().into_owned();
                assert!(path.starts_with(".cache/gauth"), "{}", path.display());
                assert!(file.len() == 64 && file.bytes().all(|b| b.is_ascii_hexdigit()), "{file}");
            }
        }
    }
}

#[test]
fn a15_a_damaged_cache_is_a_miss_with_a_warning_and_the_credentials_stay() {
    let user = logged_in();
    user.token(&[]);
    let file = user.cache_file();
    let whole = fs::read(&file).expect("read the cache");
    let before = fs::read(&user.credentials).expect("read the credentials");
    let mut damages: Vec<Vec<u8>> = (0..whole.len() - 2).step_by(17).map(|length| whole[..length].to_vec()).collect();
    damages.push(b"\xff\xfe\0garbage\x1b[2J".to_vec());
    damages.push(b"[]".to_vec());
    damages.push(String::from_utf8_lossy(&whole).replace(": 1", ": 2").into_bytes());
    for damage in damages {
        fs::write(&file, &damage).expect("damage it");
        let run = user.run(&[]).expect(0);
        token(&run);
        assert!(run.stderr().contains("damaged"), "{damage:?}: {}", run.stderr());
        crate::assert_harmless(run.stderr());
        assert_eq!(user.run(&[]).expect(0).stderr(), "", "it was not repaired");
    }
    assert_eq!(fs::read(&user.credentials).expect("read them"), before);
}

#[test]
fn a15_what_is_no_ordinary_file_or_far_too_big_is_a_miss() {
    type Plant = fn(&std::path::Path);
    let plants: [(&str, Plant); 4] = [
        ("a sparse gigabyte", |file| {
            let file = File::create(file).expect("create it");
            file.set_len(1 << 30).expect("make it long");
        }),
        ("a FIFO", |file| {
            let mode = rustix::fs::Mode::from_raw_mode(0o600);
            rustix::fs::mkfifoat(rustix::fs::CWD, file, mode).expect("make a FIFO");
        }),
        ("a directory", |file| fs::create_dir(file).expect("make a directory")),
        ("a device", |file| symlink("/dev/zero", file).expect("make a link")),
    ];
    for (name, plant) in plants {
        let user = logged_in();
        user.token(&[]);
        let file = user.cache_file();
        fs::remove_file(&file).expect("remove the token");
        plant(&file);
        fs::set_permissions(&file, Permissions::from_mode(0o600)).ok();
        let run = user.run(&[]).expect(0);
        token(&run);
        assert!(run.stderr().contains("warning: "), "{name}: {}", run.stderr());
    }
}

#[test]
fn a7_a_cached_token_that_others_could_change_is_not_used() {
    let user = logged_in();
    let first = user.token(&[]);
    fs::set_permissions(user.cache_file(), Permissions::from_mode(0o666)).expect("open it");
    let run = user.run(&[]).expect(0);
    assert_ne!(token(&run), first);
    assert!(run.stderr().contains("warning: "), "{}", run.stderr());
    assert_eq!(mode(user.cache_file()), 0o600);
}

#[test]
fn b5_where_locks_cannot_be_had_it_goes_on_with_a_warning() {
    let user = logged_in();
    let options = ["-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"];
    let Some(trace) = strace(&options, user.command(&[])) else {
        return;
    };
    let run = user.check(trace.run).expect(0);
    token(&run);
    assert!(run.stderr().contains("continuing without a lock"), "{}", run.stderr());
    assert_eq!(user.run(&[]).expect(0).stderr(), "");
    assert_eq!(user.requests_to("/token").len(), 1);
}

/// Rewrites the cached token's times; whether it is still handed out.
fn is_used_with(user: &User, changes: &[(&str, String)], options: &[&str]) -> bool {
    user.forget_tokens();
    user.token(&[]);
    let file = user.cache_file();
    let mut entry = read_json(&file);
    entry["token"] = "ya29.from-the-cache".into();
    for (name, value) in changes {
        entry[*name] = value.clone().into();
    }
    fs::write(&file, entry.to_string()).expect("write the cache");
    user.token(options) == "ya29.from-the-cache"
}

#[test]
fn g4_g5_g6_only_times_that_can_be_true_and_leave_enough_are_used() {
    let user = logged_in();
    let at = seconds_from_now;
    let used = |obtained: String, expires: String| {
        let changes = [("obtained_at", obtained), ("expires_at", expires)];
        is_used_with(&user, &changes, &[])
    };
    assert!(used(at(-10), at(3590)));
    // G6: at least 225 s.
    assert!(used(at(-3000), at(240)));
    assert!(!used(at(-3400), at(220)));
    // G5: obtained in the future, a clock that jumped a day.
    assert!(!used(at(60), at(3600)));
    assert!(!used(at(86_400), at(90_000)));
    assert!(!used(at(-86_400), at(-82_800)));
    // G4: a life that no token has, and what is no time.
    assert!(!used(at(-10), at(50_000)));
    assert!(!used(at(-10), "9999-12-31T23:59:59Z".into()));
    assert!(!used("1970-01-01T00:00:00Z".into(), at(3000)));
    for garbage in ["", "soon", "2026-02-30T00:00:00Z", "2026-11-21T10:00:60Z", "1795000000"] {
        assert!(!used(at(-10), garbage.into()), "{garbage}");
    }
    let other_zone = at(3590).replace('Z', "+14:00");
    assert!(!used(at(-10), other_zone));
}

#[test]
fn g6_min_ttl_is_the_life_that_must_be_left() {
    let user = logged_in();
    let left = |seconds| [("obtained_at", seconds_from_now(-5)), ("expires_at", seconds_from_now(seconds))];
    assert!(is_used_with(&user, &left(1000), &["--min-ttl", "900"]));
    assert!(!is_used_with(&user, &left(1000), &["--min-ttl", "1100"]));
    assert!(is_used_with(&user, &left(20), &["--min-ttl", "0"]));
}

#[test]
fn g6_a_token_with_a_short_life_is_printed_with_a_warning_and_asked_for_once() {
    let user = logged_in();
    user.sandbox.set_token_lifetime(60);
    for runs in 1..=3 {
        let run = user.run(&[]).expect(0);
        token(&run);
        assert!(run.stderr().contains("valid for only 60 s"), "{}", run.stderr());
        assert_eq!(user.requests_to("/token").len(), runs);
    }
}

#[test]
fn g6_a_second_run_in_the_same_second_with_a_larger_min_ttl_gets_a_new_token() {
    let user = logged_in();
    for _ in 0..5 {
        let first = user.token(&[]);
        assert_ne!(user.token(&["--min-ttl", "3700"]), first);
    }
    assert_eq!(user.requests_to("/token").len(), 6);
}

#[test]
fn g6_a_lifetime_that_is_over_is_reported() {
    for life in ["0", "-1", "\"-1\"", "0.5"] {
        let body = format!(r#"{{"access_token":"ya29.a","token_type":"Bearer","expires_in":{life}}}"#);
        let server = testkit::ScriptedServer::start([testkit::Answer::json(200, body)]);
        let run = crate::run_canary_user(&format!("{}/token", server.url()), &[]).expect(0);
        assert!(run.stderr().contains("valid for only 0 s"), "{life}: {}", run.stderr());
    }
}

#[test]
fn a14_a_file_that_only_claims_an_identity_does_not_get_its_cached_token() {
    let user = with_a_key();
    let (key, token) = (user.stored(), user.token(&[]));
    let mut broken = key.clone();
    broken["private_key"] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".into();
    let mut empty = key.clone();
    empty["private_key"] = "".into();
    for false_key in [broken, empty] {
        fs::write(&user.credentials, false_key.to_string()).expect("replace the key");
        user.run(&[]).expect_failure(2);
    }
    fs::write(&user.credentials, key.to_string()).expect("put the key back");
    assert_eq!(user.token(&[]), token);

    let user = logged_in();
    let (grant, token) = (user.stored(), user.token(&[]));
    let mut false_grant = grant.clone();
    false_grant["client_secret"] = "GOCSPX-wrong".into();
    fs::write(&user.credentials, false_grant.to_string()).expect("replace the secret");
    user.run(&[]).expect_failure(4);
    fs::write(&user.credentials, grant.to_string()).expect("put it back");
    assert_eq!(user.token(&[]), token);
}

#[test]
fn b6_gauth_refresh_gets_a_new_token_unless_it_is_empty_or_0() {
    let user = logged_in();
    let with = |value: &str, options: &[&str]| {
        let mut command = user.command(options);
        command.env("GAUTH_REFRESH", value);
        token(&user.run_command(command).expect(0))
    };
    let mut last = user.token(&[]);
    for value in ["", "0"] {
        assert_eq!(with(value, &[]), last, "{value:?}");
    }
    for value in ["1", "yes", "00", "false"] {
        let new = with(value, &[]);
        assert_ne!(new, last, "{value:?}");
        last = user.token(&[]);
        assert_eq!(last, new, "{value:?}");
    }
    assert_ne!(with("1", &["--no-cache"]), last);
}

#[test]
fn b9_entries_that_ended_a_day_ago_go_when_another_is_written() {
    let user = logged_in();
    user.token(&[]);
    let entry = read_json(user.cache_file());
    let ended = |name: &str, seconds: i64| {
        let mut entry = entry.clone();
        entry["obtained_at"] = seconds_from_now(seconds - 3599).into();
        entry["expires_at"] = seconds_from_now(seconds).into();
        let path = user.home.write(format!(".cache/gauth/{name}.json"), 0o600, entry.to_string());
        let stored_at = SystemTime::now() - Duration::from_secs(seconds.unsigned_abs() + 3599);
        let file = File::options().write(true).open(&path).expect("open the entry");
        file.set_modified(stored_at).expect("set its time");
        path
    };
    let (old, young) = (ended(&"a".repeat(64), -86_401), ended(&"b".repeat(64), -80_000));
    user.token(&[]);
    assert!(old.exists(), "a warm hit writes nothing");
    user.token(&["--refresh"]);
    assert!(!old.exists() && young.exists());
}

#[test]
fn g3_a_life_that_is_no_number_is_used_once() {
    let answers: BTreeMap<&str, bool> = [
        ("3599", true),
        ("\"3599\"", true),
        ("3599.5", true),
        ("9223372036854775807", true),
        ("1e300", true),
        ("0", false),
        ("-5", false),
        ("\"soon\"", false),
        ("null", false),
        ("{}", false),
    ]
    .into();
    for (life, is_kept) in answers {
        let body = format!(r#"{{"access_token":"ya29.a","token_type":"Bearer","expires_in":{life}}}"#);
        let server = testkit::ScriptedServer::answering(move |_| testkit::Answer::json(200, &body));
        let home = Home::new();
        let file = crate::canary_user(&format!("{}/token", server.url()));
        home.write(".config/gauth/credentials.json", 0o600, file.to_string());
        for _ in 0..2 {
            let run = testkit::run(home.command(BIN)).expect(0);
            assert_eq!(run.stdout(), "ya29.a\n", "{life}");
        }
        let requests = if is_kept { 1 } else { 2 };
        assert_eq!(server.requests().len(), requests, "{life}");
    }
    // A life that is missing altogether.
    let server = testkit::ScriptedServer::answering(|_| {
        testkit::Answer::json(200, json!({"access_token": "ya29.b"}).to_string())
    });
    let url = format!("{}/token", server.url());
    assert_eq!(crate::run_canary_user(&url, &[]).expect(0).stdout(), "ya29.b\n");
}
