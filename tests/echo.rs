//! What is repeated to the user: secrets typed where none belongs, whatever the option, and what servers repeat of a
//! request. The options come from the programs' own `--help`, so that a new one is covered.

mod typed {
    use std::process::Command;

    use testkit::{Home, Run, run, sibling};

    const PROGRAMS: [&str; 7] =
        ["gauth-login", "gauth-token", "gauth-info", "gauth-revoke", "ga-query", "ga-properties", "ga-fields"];
    /// Everything but the tokens, which are never shown anyway.
    const VARIABLES: [&str; 18] = [
        "GAUTH_CREDENTIALS",
        "GAUTH_CLIENT_SECRETS",
        "GAUTH_PROFILE",
        "GAUTH_ALLOW_HOSTS",
        "GAUTH_REFRESH",
        "GAUTH_TOKEN",
        "GAUTH_TOKEN_COMMAND",
        "GA_PROPERTY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "CLOUDSDK_CONFIG",
        "GCE_METADATA_HOST",
        "GCE_METADATA_ROOT",
        "GCE_METADATA_IP",
        "NO_GCE_CHECK",
        "BROWSER",
        "SSL_CERT_FILE",
        "HTTPS_PROXY",
    ];
    const CANARY: &str = "C4n4ryC4n4ryC4n4ryC4n4ryC4n4ry";

    /// Secrets of every kind, each with [`CANARY`] in it.
    fn secrets() -> Vec<String> {
        let key = format!("-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n");
        let file = serde_json::json!({"type": "service_account", "client_email": "a@b.test", "private_key": key});
        vec![
            file.to_string(),
            format!("\n {file:#}"),
            key,
            format!("ya29.a0{CANARY}"),
            format!("1//0g{CANARY}"),
            format!("GOCSPX-{CANARY}"),
            format!("eyJhbGciOiJSUzI1NiJ9.{CANARY}.{CANARY}"),
            CANARY.repeat(10),
        ]
    }

    /// The secret as a careless script may type it.
    fn forms(secret: &str) -> [String; 4] {
        [secret.to_owned(), format!("sessions,{secret}"), format!("country=={secret}"), format!("x={secret}..today")]
    }

    /// The names of the options that take a value, as the page shows them.
    fn options(program: &str) -> Vec<String> {
        let page = run(Home::new().command(binary(program)).arg_line("--help")).expect(0);
        let lines = page.stdout().lines().filter_map(|line| line.split_once("--"));
        let named = lines.filter(|(before, _)| before.trim().is_empty() || before.trim_end().ends_with(','));
        let with_value = named.filter_map(|(_, rest)| rest.split_once(' '));
        let with_value = with_value.filter(|(_, value)| value.starts_with(|c: char| !c.is_whitespace()));
        with_value.map(|(name, _)| format!("--{name}")).filter(|name| name != "--completions").collect()
    }

    fn binary(program: &str) -> std::path::PathBuf {
        sibling(env!("CARGO_BIN_EXE_gauth-token"), program)
    }

    /// A program that reaches nobody and has no browser.
    fn command(home: &Home, program: &str) -> Command {
        let mut command = home.command(binary(program));
        command.env("GAUTH_SANDBOX_URL", "http://127.0.0.1:1").env("NO_GCE_CHECK", "true").env("BROWSER", "true");
        command
    }

    trait Line {
        fn arg_line(self, line: &str) -> Self;
    }

    impl Line for Command {
        fn arg_line(mut self, line: &str) -> Self {
            self.args(line.split(' '));
            self
        }
    }

    #[track_caller]
    fn assert_not_repeated(home: &Home, run: &Run, what: &str) {
        let shown = [&run.output.stdout[..], &run.output.stderr[..]].concat();
        let shown = String::from_utf8_lossy(&shown);
        assert!(!shown.contains(&CANARY[..12]), "{what}: {shown}");
        for path in home.tree() {
            assert!(!path.to_string_lossy().contains(&CANARY[..12]), "{what}: made {}", path.display());
        }
    }

    /// Each secret in one of its forms, and another form with each option, so that a usual run has a sample of all pairs.
    fn sample(turn: usize) -> Vec<String> {
        let whole = testkit::repetitions(0, 1) == 1;
        let secrets = secrets();
        let pick = |(place, secret): (usize, &String)| match whole {
            true => forms(secret).to_vec(),
            false => vec![forms(secret)[if turn.is_multiple_of(2) { 0 } else { (place + turn) % 4 }].clone()],
        };
        secrets.iter().enumerate().flat_map(pick).collect()
    }

    #[test]
    fn a3_no_option_of_any_program_repeats_a_secret() {
        for program in PROGRAMS {
            let options = options(program);
            assert!(!options.is_empty(), "{program}");
            for (turn, option) in options.iter().enumerate() {
                for secret in sample(turn) {
                    let home = Home::new();
                    let base = match program {
                        "ga-query" if !["--property", "--metrics"].contains(&option.as_str()) => {
                            "-p 1 -m sessions --dry-run"
                        }
                        "ga-query" => "--dry-run",
                        "gauth-login" => "--no-browser --timeout 1",
                        _ => "--timeout 5",
                    };
                    let mut command = command(&home, program).arg_line(base);
                    command.arg(format!("{option}={secret}"));
                    let run = run(command);
                    // A dry run shows the request that was asked for.
                    if !(program == "ga-query" && run.code() == 0) {
                        assert_not_repeated(&home, &run, &format!("{program} {option}"));
                    }
                }
            }
        }
    }

    #[test]
    fn a3_no_word_of_any_program_is_repeated_if_it_is_a_secret() {
        for program in PROGRAMS {
            for (turn, before) in
                ["", "1 ", "1 today ", "1 today today ", "1 today today sessions ", "--unknown ", "-- "]
                    .into_iter()
                    .enumerate()
            {
                for secret in sample(turn) {
                    for word in [secret.clone(), format!("--{secret}"), format!("-{secret}"), format!("--x={secret}")] {
                        let home = Home::new();
                        let mut command = command(&home, program);
                        command.args(before.split_terminator(' ')).arg(word);
                        let run = run(command);
                        assert!(run.code() != 0, "{program} {before}");
                        assert_not_repeated(&home, &run, &format!("{program} {before}"));
                    }
                }
            }
        }
    }

    #[test]
    fn a3_no_variable_is_repeated_if_it_is_a_secret() {
        for program in PROGRAMS {
            for (turn, name) in VARIABLES.into_iter().enumerate() {
                for secret in sample(turn) {
                    let home = Home::new();
                    let line = match program {
                        "ga-query" => "-m sessions --timeout 2",
                        "gauth-login" => "--no-browser --timeout 1",
                        _ => "--timeout 2",
                    };
                    let mut command = command(&home, program).arg_line(line);
                    command.env(name, secret);
                    assert_not_repeated(&home, &run(command), &format!("{name} {program}"));
                }
            }
        }
    }

    #[test]
    fn a1_credentials_in_the_place_of_a_file_name_are_recognised() {
        let file = &secrets()[0];
        let base64 = &secrets()[7];
        for (program, line) in [
            ("gauth-token", "--credentials"),
            ("gauth-token", "GOOGLE_APPLICATION_CREDENTIALS"),
            ("gauth-token", "GAUTH_CREDENTIALS"),
            ("gauth-info", "GAUTH_CREDENTIALS"),
            ("gauth-revoke", "GAUTH_CREDENTIALS"),
            ("gauth-login", "--credentials"),
            ("gauth-login", "GAUTH_CREDENTIALS"),
            ("gauth-login", "--client-secrets"),
            ("gauth-login", "GAUTH_CLIENT_SECRETS"),
        ] {
            for secret in [file, base64] {
                let home = Home::new();
                let mut command = command(&home, program);
                match line.starts_with('-') {
                    true => command.args([line, secret.as_str()]),
                    false => command.env(line, secret),
                };
                let run = run(command).expect_failure(2);
                let message = "this looks like the credentials themselves, not a file name";
                assert!(run.stderr().contains(message), "{line}: {}", run.stderr());
                assert!(run.stderr().contains("<("), "{line}: {}", run.stderr());
                assert_not_repeated(&home, &run, line);
            }
        }
    }

    #[test]
    fn a2_nothing_is_made_on_disk_from_credentials_in_the_place_of_a_file_name() {
        for (program, line) in [
            ("gauth-login", "--no-browser --credentials"),
            ("gauth-info", "user.json --convert google-auth -o"),
            ("ga-query", "-p 1 -m sessions --token ya29.x -o"),
            ("ga-fields", "date -o"),
        ] {
            for secret in
                [r#"{"refresh_token":"x"}"#, "dir/{\"a\":1//0g}/x", "sub/1//0gAbc", "x/ya29.abc/y", "GOCSPX-abc"]
            {
                let home = Home::new();
                let user = r#"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c"}"#;
                home.write("user.json", 0o600, user);
                let before = home.tree();
                let mut command = command(&home, program).arg_line(line);
                command.arg(secret);
                let run = run(command).expect_failure(2);
                assert_eq!(home.tree(), before, "{program} {line} {secret}");
                assert!(run.stderr().contains("not a file name"), "{program} {secret}: {}", run.stderr());
                assert!(!run.stderr().contains(secret), "{program}: {}", run.stderr());
            }
        }
    }

    #[test]
    fn a_file_that_can_be_opened_is_named_whatever_it_is_called() {
        for name in ["{a}.json", "ya29.json", "key'$(touch pwned)'.json", "GOCSPX-1.json"] {
            let home = Home::new();
            home.write(name, 0o600, "{}");
            let mut command = command(&home, "gauth-info");
            command.arg(name);
            let run = run(command).expect_failure(2);
            assert!(run.stderr().contains(name), "{name}: {}", run.stderr());
        }
    }
}
