//! The file: where it goes, what it may replace, and what becomes of it when something fails.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use testkit::{Home, User, mode, run, tool};

use crate::{Login, READONLY, consenting, log_in};

/// Puts an old grant in its place.
pub(crate) fn old_grant(person: &User, mode: u32) -> Vec<u8> {
    let grant = person.sandbox.grant(&[READONLY]);
    let file = json!({
        "type": "authorized_user",
        "client_id": grant.client_id,
        "client_secret": grant.client_secret,
        "refresh_token": grant.refresh_token,
        "token_uri": format!("{}/token", person.sandbox.url()),
        "quota_project_id": "kept",
        "of_another_tool": {"kept": [1.5, null]},
    });
    let bytes = file.to_string().into_bytes();
    person.home.write(".config/gauth/credentials.json", mode, &bytes);
    bytes
}

#[test]
fn a1_file_and_directories_are_private_with_any_umask() {
    for umask in ["000", "022", "777"] {
        let person = consenting();
        let mut command = person.home.command("sh");
        command
            .args(["-c", &format!("umask {umask}; exec \"$0\" --no-browser"), crate::BIN])
            .env("GAUTH_CLIENT_SECRETS", person.sandbox.client_secrets());
        let login = Login::start(command);
        testkit::visit(&login.url);
        login.running.finish().expect(0);
        assert_eq!(mode(&person.credentials), 0o600, "{umask}");
        assert_eq!(mode(person.home.config().join("gauth/.credentials.json.lock")), 0o600, "{umask}");
        assert_eq!(mode(person.home.config().join("gauth")), 0o700, "{umask}");
        assert_eq!(mode(person.home.config()), 0o700, "{umask}");
    }
}

#[test]
fn a6_a_file_that_others_could_read_ends_private() {
    let person = consenting();
    old_grant(&person, 0o644);
    log_in(&person, &[]);
    assert_eq!(mode(&person.credentials), 0o600);
}

#[test]
fn a7_a_client_file_that_others_can_read_is_warned_of_once_with_the_command_that_mends_it() {
    let person = consenting();
    let client = fs::read(person.sandbox.client_secrets()).expect("the client file");
    let open = person.home.write("client.json", 0o644, client);
    let run = log_in(&person, &["--client-secrets", open.to_str().unwrap()]);
    let warnings: Vec<_> = run.stderr().lines().filter(|line| line.contains("warning: ")).collect();
    assert_eq!(warnings.len(), 1, "{}", run.stderr());
    assert!(warnings[0].ends_with(&format!("chmod 600 {}", open.display())));
}

#[test]
fn a8_a_link_of_ones_own_is_kept_and_others_are_refused_before_consent() {
    let person = consenting();
    let real = person.home.write("dotfiles/credentials.json", 0o600, r#"{"type":"authorized_user"}"#);
    fs::create_dir_all(person.credentials.parent().unwrap()).expect("create the directory");
    symlink(&real, &person.credentials).expect("link");
    log_in(&person, &[]);
    assert!(fs::symlink_metadata(&person.credentials).expect("the link").is_symlink());
    assert!(testkit::read_json(real)["refresh_token"].is_string());

    let dangling = person.home.path().join("dangling");
    symlink(person.home.path().join("dotfiles/new.json"), &dangling).expect("link");
    log_in(&person, &["--credentials", "dangling"]);
    assert!(testkit::read_json(person.home.path().join("dotfiles/new.json"))["refresh_token"].is_string());

    symlink("loop", person.home.path().join("loop")).expect("link");
    let refused = |name: &str| {
        let run = run(person.command(&["--no-browser", "--credentials", name]));
        assert!(!run.stderr().contains("open this URL"), "{name}");
        assert_ne!(run.code(), 0, "{name}");
    };
    refused("loop");
    // Only root can make a link that belongs to somebody else.
    let foreign = person.home.path().join("foreign");
    symlink(person.home.path().join("dotfiles/foreign.json"), &foreign).expect("link");
    if std::os::unix::fs::lchown(&foreign, Some(65534), None).is_ok() {
        refused("foreign");
        assert!(!person.home.path().join("dotfiles/foreign.json").exists());
    }
}

#[test]
fn a9_a_fifo_a_directory_or_a_device_in_the_place_is_refused_at_once() {
    let person = consenting();
    fs::create_dir_all(person.credentials.parent().unwrap()).expect("create the directory");
    let status = Command::new("mkfifo").arg(&person.credentials).status().expect("run mkfifo");
    assert!(status.success());
    let refuse = |arguments: &[&str]| {
        let run = run(person.command(arguments)).expect_failure(2);
        assert!(run.stderr().contains("not a regular file"), "{}", run.stderr());
        assert!(!run.stderr().contains("open this URL"));
    };
    refuse(&["--no-browser"]);
    refuse(&["--no-browser", "--credentials", "."]);
    refuse(&["--no-browser", "--credentials", "/dev/zero"]);
    run(person.command(&["--credentials", ""])).expect_failure(2);
}

#[test]
fn a10_a_place_that_cannot_be_written_is_reported_before_the_url_is_shown() {
    let person = consenting();
    let read_only = person.home.path().join("read-only");
    fs::create_dir(&read_only).expect("create a directory");
    let refused = |target: &str| {
        let run = run(person.command(&["--no-browser", "--credentials", target])).expect_failure(1);
        assert!(run.stderr().contains("write '"), "{}", run.stderr());
        assert!(!run.stderr().contains("open this URL"));
    };
    // Nobody can create a file there.
    refused("/proc/credentials.json");
    let mut permissions = fs::metadata(&read_only).expect("look at it").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&read_only, permissions).expect("make it read-only");
    if fs::write(read_only.join("x"), "").is_err() {
        refused("read-only/credentials.json");
    } else if let Some(unshare) = tool("unshare") {
        // For root a directory is read-only only on a read-only file system.
        let mut command = person.home.command(unshare);
        let script = "mount --bind read-only read-only && mount -o remount,bind,ro read-only && exec \"$0\" --no-browser --credentials read-only/c.json";
        command.args(["-rm", "sh", "-c", script, crate::BIN]);
        command.env("GAUTH_CLIENT_SECRETS", person.sandbox.client_secrets());
        let run = run(command);
        assert!(!run.stderr().contains("open this URL"), "{}", run.stderr());
        assert_ne!(run.code(), 0);
    }
}

#[test]
fn a11_without_a_home_a_file_must_be_named() {
    let person = consenting();
    for home in [None, Some(""), Some("rel")] {
        let command = |arguments: &[&str]| {
            let mut command = person.command(arguments);
            command.env_remove("HOME").env_remove("XDG_CONFIG_HOME");
            command.envs(home.map(|home| ("HOME", home)));
            command
        };
        let run = run(command(&["--no-browser"])).expect_failure(2);
        assert!(run.stderr().contains("--credentials FILE"), "{}", run.stderr());
        let login = Login::start(command(&["--no-browser", "--credentials", "c.json"]));
        testkit::visit(&login.url);
        assert_eq!(login.running.finish().expect(0).stdout(), "c.json\n");
    }
}

#[test]
fn a13_an_account_is_no_part_of_any_path() {
    let person = consenting();
    log_in(&person, &["--account", "../../x/y"]);
    let tree: Vec<PathBuf> = person.home.tree();
    let expected =
        [".config", ".config/gauth", ".config/gauth/.credentials.json.lock", ".config/gauth/credentials.json"];
    assert_eq!(tree, expected.map(PathBuf::from));
}

#[test]
fn a15_what_is_no_users_grant_is_refused_before_consent_and_stays_as_it_is() {
    let person = consenting();
    let key = fs::read(person.sandbox.service_account_key()).expect("the key");
    for content in [
        &key[..],
        b"",
        b"{",
        b"{}",
        b"[]",
        br#"{"type":"external_account"}"#,
        br#"{"type":["authorized_user"]}"#,
        br#"{"type":"authorized_user","type":"authorized_user"}"#,
        br#"{"installed":{"client_id":"x"}}"#,
        br#"{"_class":"ServiceAccountCredentials","refresh_token":"x","client_id":"x"}"#,
    ] {
        let file = person.home.write("target.json", 0o600, content);
        let run = run(person.command(&["--no-browser", "--credentials", "target.json"]));
        let run = person.check(run).expect_failure(2);
        assert!(run.stderr().contains("target.json"), "{}", run.stderr());
        assert!(!run.stderr().contains("open this URL"));
        assert_eq!(fs::read(file).expect("the file"), content);
    }
}

#[test]
fn a_renewal_takes_the_client_of_the_file_and_keeps_what_it_does_not_know() {
    let person = consenting();
    old_grant(&person, 0o600);
    let mut command = person.command(&["--no-browser"]);
    command.env_remove("GAUTH_CLIENT_SECRETS");
    let login = Login::start(command);
    testkit::visit(&login.url);
    person.check(login.running.finish()).expect(0);
    let file = person.stored();
    assert_eq!(file["quota_project_id"], "kept");
    assert_eq!(file["of_another_tool"], json!({"kept": [1.5, null]}));
    assert!(file["granted_at"].is_string());
}

#[test]
fn a_renewal_of_a_grant_of_another_server_needs_its_client_file() {
    let home = Home::new();
    let file = json!({"type": "authorized_user", "client_id": "x", "token_uri": "http://127.0.0.1:1/token"});
    home.write(".config/gauth/credentials.json", 0o600, file.to_string());
    let mut command = home.command(crate::BIN);
    command.arg("--no-browser");
    let run = run(command).expect_failure(2);
    assert!(run.stderr().contains("auth_uri"), "{}", run.stderr());
    assert!(run.stderr().contains("hint: run gauth-login --client-secrets FILE"));
}

#[test]
fn files_of_other_tools_are_replaced_by_a_whole_new_grant() {
    for content in [
        r#"{"refresh_token":"x","client_id":"x","token":"x","expiry":"2020-01-01T00:00:00Z"}"#,
        r#"{"_class":"OAuth2Credentials","_module":"oauth2client.client","refresh_token":"x","client_id":"x"}"#,
    ] {
        let person = consenting();
        person.home.write(".config/gauth/credentials.json", 0o600, content);
        log_in(&person, &[]);
        let file = person.stored();
        assert_eq!(file["type"], "authorized_user");
        for gone in ["_class", "token", "expiry"] {
            assert_eq!(file.get(gone), None);
        }
    }
}

#[test]
fn a_note_says_if_gauth_token_would_choose_another_source() {
    let person = consenting();
    let key = person.sandbox.service_account_key();
    let login = |arguments: &[&str], variable: Option<(&str, &Path)>| {
        let mut command = person.command(arguments);
        command.arg("--no-browser").envs(variable);
        let login = Login::start(command);
        testkit::visit(&login.url);
        person.check(login.running.finish()).expect(0).stderr().to_owned()
    };
    assert!(!login(&[], None).contains("gauth-token"));
    let rival = login(&[], Some(("GOOGLE_APPLICATION_CREDENTIALS", &key)));
    assert!(rival.contains("gauth-token still uses GOOGLE_APPLICATION_CREDENTIALS"), "{rival}");
    assert!(rival.contains("gauth-token --credentials /"));
    let other = login(&["--credentials", "other.json"], None);
    assert!(other.contains("gauth-token still uses gauth-login's file"), "{other}");
    let machine =
        [("XDG_CONFIG_HOME", Path::new("")), ("HOME", Path::new("")), ("GCE_METADATA_HOST", Path::new("m.test"))];
    let mut command = person.command(&["--no-browser", "--credentials", "third.json"]);
    command.envs(machine);
    let waiting = Login::start(command);
    testkit::visit(&waiting.url);
    let machine = person.check(waiting.running.finish()).expect(0);
    assert!(machine.stderr().contains("gauth-token still uses the metadata server 'm.test'"), "{}", machine.stderr());
    let named = person.home.path().join("named.json");
    let same = login(&[], Some(("GAUTH_CREDENTIALS", &named)));
    assert!(named.exists() && !same.contains("gauth-token"), "{same}");
}
