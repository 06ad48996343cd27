//! Which credentials are taken: the order of sources, a named source that is final, `--explain`, and the sandbox's
//! address.

use std::fs;

use serde_json::Value;

use testkit::User;

use crate::{BIN, READONLY, logged_in};

/// Where a grant is put, and how gauth-token learns of it.
fn places(user: &User) -> [(&'static str, std::path::PathBuf); 5] {
    let below = |path: &str| user.home.path().join(path);
    [
        ("--credentials", below("flag.json")),
        ("GAUTH_CREDENTIALS", below("gauth.json")),
        ("GOOGLE_APPLICATION_CREDENTIALS", below("google.json")),
        ("gauth-login's file", user.credentials.clone()),
        ("gcloud's application default credentials", below(".config/gcloud/application_default_credentials.json")),
    ]
}

/// Runs with the sources from the `first` place on.
fn explained(user: &User, first: usize) -> String {
    let mut command = user.home.command(BIN);
    command.arg("--explain");
    for (place, (name, path)) in places(user).iter().enumerate() {
        if place < first {
            let _ = fs::remove_file(path);
        } else if *name == "--credentials" {
            command.arg("--credentials").arg(path);
        } else if !name.contains(' ') {
            command.env(name, path);
        }
    }
    user.run_command(command).expect(0).stderr().to_owned()
}

#[test]
fn the_first_source_that_is_set_wins_and_explain_says_so() {
    let user = logged_in();
    for (n, (_, path)) in places(&user).iter().enumerate() {
        let mut file = user.grant(&[READONLY]);
        file["account"] = format!("user-{n}@example.com").into();
        user.home.write(path, 0o600, file.to_string());
    }
    for (n, (name, path)) in places(&user).iter().enumerate() {
        let said = explained(&user, n);
        let took = format!("using {name} (authorized_user, {})", path.display());
        assert!(said.contains(&took), "{said}");
        assert!(said.contains(&format!("acting as user-{n}@example.com")), "{said}");
        assert!(said.contains("cached: no"), "{said}");
        assert!(said.contains("expires: 20"), "{said}");
        assert!(said.contains(&format!("scopes: {READONLY}")), "{said}");
        assert!(explained(&user, n).contains("cached: yes"));
    }
    let said = explained(&user, 4);
    assert!(said.contains("looked for gauth-login's file: no "), "{said}");
}

#[test]
fn a_source_that_is_set_and_broken_is_an_error_never_a_fall_through() {
    let user = logged_in();
    for broken in [None, Some("{"), Some("{}"), Some("")] {
        let file = user.home.path().join("broken.json");
        let _ = fs::remove_file(&file);
        if let Some(content) = broken {
            user.home.write(&file, 0o600, content);
        }
        for variable in ["GAUTH_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"] {
            let mut command = user.command(&[]);
            command.env(variable, &file);
            let run = user.run_command(command).expect_failure(2);
            assert!(run.stderr().contains("broken.json"), "{}", run.stderr());
            if broken.is_none() {
                assert!(run.stderr().contains(variable), "{}", run.stderr());
            }
        }
        let mut command = user.command(&["--credentials"]);
        command.arg(&file);
        user.run_command(command).expect_failure(2);
        // gauth's own file takes precedence over gcloud's in the same way.
        let gcloud = ".config/gcloud/application_default_credentials.json";
        user.home.write(gcloud, 0o600, user.stored().to_string());
        if let Some(content) = broken {
            let whole = fs::read(&user.credentials).expect("read the credentials");
            fs::write(&user.credentials, content).expect("break them");
            user.run(&[]).expect_failure(2);
            fs::write(&user.credentials, whole).expect("repair them");
        }
    }
    assert!(user.requests_to("/token").is_empty());
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let user = logged_in();
    let mut command = user.command(&["--format", "header"]);
    for name in [
        "GAUTH_CREDENTIALS",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GAUTH_ALLOW_HOSTS",
        "GAUTH_SANDBOX_URL",
        "CLOUDSDK_CONFIG",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "SSL_CERT_FILE",
        "HTTPS_PROXY",
        "NO_PROXY",
    ] {
        command.env(name, "");
    }
    let run = user.run_command(command).expect(0);
    assert_eq!(run.stdout().lines().count(), 1, "{}", run.stdout());
}

#[test]
fn cloudsdk_config_moves_gclouds_file() {
    let user = logged_in();
    let file = user.home.path().join("sdk/application_default_credentials.json");
    user.home.write(&file, 0o600, user.stored().to_string());
    fs::remove_file(&user.credentials).expect("log out of gauth");
    user.run(&[]).expect_failure(3);
    let mut command = user.command(&[]);
    command.env("CLOUDSDK_CONFIG", user.home.path().join("sdk"));
    user.run_command(command).expect(0);
}

#[test]
fn the_sandbox_may_only_be_on_this_machine() {
    let user = logged_in();
    for url in [
        "https://sandbox.example.test",
        "http://192.0.2.1:80",
        "http://127.0.0.1.evil.test/",
        "http://127.0.0.1@evil.test/",
        "http://0.0.0.0:1",
        "ftp://127.0.0.1/",
        "127.0.0.1:80",
    ] {
        let mut command = user.command(&[]);
        command.env("GAUTH_SANDBOX_URL", url);
        let run = user.run_command(command).expect_failure(2);
        assert!(run.stderr().contains("GAUTH_SANDBOX_URL"), "{url}: {}", run.stderr());
    }
    assert!(user.requests_to("/token").is_empty());
    let mut file: Value = user.stored();
    file.as_object_mut().expect("an object").remove("token_uri");
    fs::write(&user.credentials, file.to_string()).expect("write the credentials");
    let mut command = user.command(&[]);
    command.env("GAUTH_SANDBOX_URL", user.sandbox.url());
    user.run_command(command).expect(0);
    assert_eq!(user.requests_to("/token").len(), 1);
}

#[test]
fn a_host_that_the_user_names_may_have_the_secret() {
    let home = testkit::Home::new();
    let file = crate::canary_user("https://auth.example.test/token");
    home.write(".config/gauth/credentials.json", 0o600, file.to_string());
    let run = testkit::run(home.command(BIN)).expect_failure(2);
    assert!(run.stderr().contains("export GAUTH_ALLOW_HOSTS=auth.example.test"), "{}", run.stderr());
    // Its proxy is asked for the host, which is how this test knows without any network.
    let proxy = testkit::ScriptedServer::start([testkit::Answer::new(403, "", "")]);
    let mut command = home.command(BIN);
    command.env("GAUTH_ALLOW_HOSTS", "other.test,.example.test").env("HTTPS_PROXY", proxy.url());
    testkit::run(command).expect_failure(4);
    assert_eq!(proxy.requests()[0].target, "auth.example.test:443");
}

#[test]
fn f10_serverless_products_have_a_metadata_server_without_firmware() {
    let home = testkit::Home::new();
    let server = testkit::ScriptedServer::answering(|_| {
        let token = r#"{"access_token":"ya29.c.machine","expires_in":3599,"token_type":"Bearer"}"#;
        testkit::Answer::new(200, "Metadata-Flavor: Google\r\nContent-Type: application/json\r\n", token)
    });
    for name in ["K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_RUN_WORKER_POOL", "FUNCTION_NAME", "GAE_SERVICE"] {
        let run = |set: &[(&str, &str)]| {
            let mut command = home.command(BIN);
            command.env("GCE_METADATA_IP", server.address().to_string()).envs(set.iter().copied());
            testkit::run(command)
        };
        assert_eq!(run(&[(name, "x")]).expect(0).stdout(), "ya29.c.machine\n", "{name}");
        run(&[(name, "")]).expect_failure(3);
        let forbidden = run(&[(name, "x"), ("NO_GCE_CHECK", "true")]).expect_failure(3);
        assert!(forbidden.stderr().contains("NO_GCE_CHECK"), "{}", forbidden.stderr());
    }
}

#[test]
fn a_dangling_link_is_an_error_not_another_account() {
    let user = logged_in();
    let gcloud = ".config/gcloud/application_default_credentials.json";
    user.home.write(gcloud, 0o600, user.stored().to_string());
    let directory = user.home.config().join("gauth");
    fs::remove_dir_all(&directory).expect("log out");
    let refused = |link: &std::path::Path| {
        std::os::unix::fs::symlink("/nowhere/else", link).expect("make a link");
        let run = user.run(&[]).expect_failure(2);
        assert!(run.stderr().contains("a dangling symlink"), "{}", run.stderr());
        assert!(run.stderr().contains("gauth/credentials.json"), "{}", run.stderr());
        fs::remove_file(link).expect("remove it");
    };
    // The directory, as on a disk that is not mounted, and the file itself.
    refused(&directory);
    fs::create_dir(&directory).expect("make the directory");
    refused(&user.credentials);
    // A link to what is there is no matter, and without one gcloud's account is taken.
    std::os::unix::fs::symlink(user.home.path().join(gcloud), &user.credentials).expect("make a link");
    assert!(explained(&user, 3).contains("using gauth-login's file"));
    fs::remove_file(&user.credentials).expect("remove it");
    assert!(explained(&user, 4).contains("using gcloud's"));
}

#[test]
fn a11_without_credentials_every_place_and_a_missing_home_are_named() {
    let home = testkit::Home::new();
    let said = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = home.command(BIN);
        command.arg("--explain");
        change(&mut command);
        testkit::run(command).expect_failure(3).stderr().to_owned()
    };
    let with_home = said(&|_| {});
    for place in [".config/gauth/credentials.json", "gcloud/application_default_credentials.json", "metadata server"] {
        assert!(with_home.contains(place), "{place}: {with_home}");
    }
    let without = said(&|command| {
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
    });
    assert_eq!(without.matches("HOME is not set").count(), 2, "{without}");
    let relative = said(&|command| {
        command.env("HOME", "rel").env_remove("XDG_CONFIG_HOME");
    });
    assert!(relative.contains("HOME is not an absolute path"), "{relative}");
}
