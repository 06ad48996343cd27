//! What is repeated to the user: secrets typed where none belongs, for every option, and what servers repeat of a
//! request. The options come from the programs' own `--help`, so that a new one is covered.

mod typed {
    use std::process::Command;

    use testkit::{Home, Run, run, sibling};

    /// All but the sandbox, which is given no secret.
    fn programs() -> impl Iterator<Item = &'static str> {
        gauth_cli::PROGRAMS.iter().copied().filter(|name| *name != "gauth-sandbox")
    }

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
        sibling(crate::BIN, program)
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

    /// Each secret in one of its forms, and another form with each option, so that a usual run has a sample of all
    /// pairs.
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
    fn d3_no_option_of_any_program_repeats_a_secret() {
        for program in programs() {
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
    fn d3_no_word_of_any_program_is_repeated_if_it_is_a_secret() {
        for program in programs() {
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
    fn d3_no_variable_is_repeated_if_it_is_a_secret() {
        for program in programs() {
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
    fn d3_credentials_in_the_place_of_a_file_name_are_recognised() {
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
    fn d3_nothing_is_made_on_disk_from_credentials_in_the_place_of_a_file_name() {
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
    fn a_command_in_a_hint_does_what_it_says_for_any_file_name() {
        for name in ["key'$(touch pwned)'.json", "a\tb\u{202e}.json", "-rf.json", "it's `id`!.json"] {
            let home = Home::new();
            let user = r#"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c"}"#;
            let file = home.write(name, 0o644, user);
            let mut command = command(&home, "gauth-info");
            command.arg("--").arg(name);
            let run = run(command).expect(0);
            let (_, line) = run.stderr().split_once("chmod").expect("a command");
            let mut shell = home.command("bash");
            shell.args(["-c", &format!("chmod{}", line.lines().next().unwrap_or_default())]);
            testkit::run(shell).expect(0);
            assert_eq!(testkit::mode(&file), 0o600, "{name}");
            assert!(!home.path().join("pwned").exists(), "{name}");
        }
    }

    #[test]
    fn a_file_that_can_be_opened_is_named_even_if_it_looks_like_a_secret() {
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

mod servers {
    use std::fs;

    use gauth_sandbox::{Options, Sandbox};
    use serde_json::{Value, json};
    use testkit::{Answer, Home, Received, Run, ScriptedServer, assert_no_secret, run_with_input, sibling};

    const REFRESH: &str = "refresh/opaque+canary-0123456789";
    const SECRET: &str = "client secret/opaque+canary~9876";
    const SUBJECT: &str = "subject.opaque.canary-1234567890";
    const ACCESS: &str = "access-opaque-canary_5647382910";
    const IAM: &str = "/v1/projects/-/serviceAccounts/robot@project.iam.gserviceaccount.com:generateAccessToken";

    /// Everything that a request carries, as the server may repeat it.
    fn parts(request: &Received) -> Vec<String> {
        let form = request.text().split('&').filter_map(|pair| pair.split_once('=').map(|(name, _)| name));
        let fields = form.filter_map(|name| request.field(name));
        let headers = request.headers.iter().filter(|(name, _)| ["authorization", "x-key"].contains(&&**name));
        let values =
            headers.flat_map(|(_, value)| [value.clone(), value.split(' ').next_back().unwrap_or("").to_owned()]);
        let mut parts: Vec<String> = fields.chain(values).filter(|part| part.len() >= 12).collect();
        parts.push(request.text().to_owned());
        parts
    }

    /// The ways in which servers are known to repeat it.
    fn answers(repeated: &str) -> Vec<(u16, String)> {
        let sentence = format!("you sent {repeated}, which is wrong");
        let escaped = |value: Value| value.to_string().replace('/', "\\/").replace('-', "\\u002d");
        vec![
            (400, json!({"error": "invalid_request", "error_description": sentence}).to_string()),
            (400, escaped(json!({"error": repeated, "error_description": sentence}))),
            (403, json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": sentence}}).to_string()),
            (
                403,
                json!([{"error": {"status": repeated, "message": sentence, "details": [{"reason": repeated}]}}])
                    .to_string(),
            ),
            (403, json!({"access_token": repeated, "id_token": ACCESS}).to_string()),
            (401, format!("{{\"access_token\":\"{repeated}")),
            (400, sentence.clone()),
            (404, format!("<html><title>{sentence}</title>{sentence}</html>")),
            (200, json!({"error": "invalid_grant", "error_description": sentence}).to_string()),
            (200, json!({"access_token": repeated, "token_type": repeated}).to_string()),
            (200, sentence),
            (302, repeated.to_owned()),
        ]
    }

    fn first_answers(path: &str) -> Option<Answer> {
        let token = json!({"access_token": ACCESS, "token_type": "Bearer", "expires_in": 3600});
        let exchanged = json!({"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"});
        let mut answer = token;
        answer.as_object_mut()?.extend(exchanged.as_object()?.clone());
        (path == "/o/oauth2/token").then(|| Answer::json(200, answer.to_string()))
    }

    /// Who asks, and with what.
    struct Asking {
        program: &'static str,
        line: &'static str,
        /// The credentials file, where the server is at this URL.
        file: fn(&str) -> Value,
    }

    fn user(url: &str) -> Value {
        json!({
            "type": "authorized_user", "client_id": "some-client", "client_secret": SECRET, "refresh_token": REFRESH,
            "token_uri": format!("{url}/token"),
        })
    }

    fn external(url: &str) -> Value {
        json!({
            "type": "external_account",
            "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
            "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_url": format!("{url}/v1/token"),
            "client_id": "some-client", "client_secret": SECRET,
            "credential_source": {"file": "subject"},
        })
    }

    fn from_url(url: &str) -> Value {
        let mut file = external(url);
        file["credential_source"] = json!({"url": format!("{url}/identity"), "headers": {"x-key": SUBJECT}});
        file
    }

    fn impersonating(url: &str) -> Value {
        let mut source = user(url);
        source["token_uri"] = format!("{url}/o/oauth2/token").into();
        json!({
            "type": "impersonated_service_account", "source_credentials": source,
            "service_account_impersonation_url": format!("{url}{IAM}"),
        })
    }

    fn workforce(url: &str) -> Value {
        json!({
            "type": "external_account_authorized_user",
            "audience": "//iam.googleapis.com/locations/global/workforcePools/p/providers/q",
            "client_id": "some-client", "client_secret": SECRET, "refresh_token": REFRESH,
            "token_url": format!("{url}/v1/oauthtoken"),
        })
    }

    fn key(url: &str) -> Value {
        let sandbox = Sandbox::start(Options::default()).expect("start the sandbox");
        let text = fs::read_to_string(sandbox.service_account_key()).expect("a key");
        let mut file: Value = serde_json::from_str(&text).expect("JSON");
        file["token_uri"] = format!("{url}/token").into();
        file
    }

    const ASKING: [Asking; 11] = [
        Asking { program: "gauth-token", line: "--verbose", file: user },
        Asking { program: "gauth-token", line: "--verbose", file: external },
        Asking { program: "gauth-token", line: "--verbose", file: from_url },
        Asking { program: "gauth-token", line: "--verbose", file: impersonating },
        Asking { program: "gauth-token", line: "--verbose", file: workforce },
        Asking { program: "gauth-token", line: "--verbose", file: key },
        Asking { program: "gauth-info", line: "--verbose --token -", file: user },
        Asking { program: "gauth-revoke", line: "--verbose --yes", file: user },
        Asking { program: "ga-query", line: "--verbose -p 1 -m sessions --token -", file: user },
        Asking { program: "ga-properties", line: "--verbose --token -", file: user },
        Asking { program: "ga-fields", line: "--verbose -p 1 --token -", file: user },
    ];

    /// Runs it against a server that gives the answer of this number to each part of the request, one run for all
    /// parts.
    fn ask(asking: &Asking, number: usize) -> (Home, Run, Vec<String>) {
        let home = Home::new();
        let server = ScriptedServer::answering(move |request| {
            let path = request.target.split('?').next().unwrap_or_default();
            first_answers(path).unwrap_or_else(|| {
                let repeated = parts(request).join(" and ");
                let (status, body) = answers(&repeated).swap_remove(number);
                let line = repeated.replace(|c: char| !c.is_ascii_graphic(), " ");
                let headers = ["Content-Type", "Location", "Server", "WWW-Authenticate"];
                let headers = headers.map(|name| format!("{name}: {line}\r\n"));
                Answer::new(status, &headers.concat(), body)
            })
        });
        let file = (asking.file)(&server.url());
        home.write("credentials.json", 0o600, file.to_string());
        home.write("subject", 0o600, SUBJECT);
        let mut command = home.command(sibling(crate::BIN, asking.program));
        command
            .args(asking.line.split(' '))
            .env("GAUTH_CREDENTIALS", "credentials.json")
            .env("GAUTH_SANDBOX_URL", server.url());
        let run = run_with_input(command, ACCESS);
        let received = server.requests();
        assert!(!received.is_empty(), "{} {}", asking.program, run.stderr());
        let mut secrets = vec![REFRESH.to_owned(), SECRET.to_owned(), SUBJECT.to_owned(), ACCESS.to_owned()];
        secrets.extend(received.iter().filter_map(|request| request.field("assertion")));
        (home, run, secrets)
    }

    #[test]
    fn d3_no_secret_of_the_request_that_a_server_repeats_is_printed_or_stored() {
        for asking in &ASKING {
            for number in 0..answers("").len() {
                let (home, run, secrets) = ask(asking, number);
                // Some answers are a success for one program or another: a revocation, an empty list.
                run.assert_no_secret(&secrets, run.code() == 0);
                for path in home.tree().iter().filter(|path| path.is_file()) {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let is_ours = ["credentials.json", "subject"].contains(&&*name);
                    if !is_ours && run.code() != 0 {
                        assert_no_secret(
                            &format!("answer {number}: {}", path.display()),
                            &fs::read(path).unwrap(),
                            &secrets,
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn d3_the_servers_words_about_the_error_are_kept() {
        for (number, words) in [(0, "invalid_request"), (2, "which is wrong")] {
            let (_, run, _) = ask(&ASKING[0], number);
            assert!(run.stderr().contains(words), "{number}: {}", run.stderr());
        }
        for number in [4, 5] {
            let (_, run, _) = ask(&ASKING[0], number);
            let shown = "a response without an error message";
            assert!(run.stderr().contains(shown), "{number}: {}", run.stderr());
        }
    }

    #[test]
    fn a_wait_that_is_too_long_is_reported_by_both_clients() {
        for asking in [&ASKING[0], &ASKING[8], &ASKING[9]] {
            let server = ScriptedServer::answering(|_| Answer::new(503, "Retry-After: 3600\r\n", "busy"));
            let home = Home::new();
            home.write("credentials.json", 0o600, (asking.file)(&server.url()).to_string());
            let mut command = home.command(sibling(crate::BIN, asking.program));
            command
                .args(asking.line.split(' '))
                .args(["-q", "--timeout", "60"])
                .env("GAUTH_CREDENTIALS", "credentials.json")
                .env("GAUTH_SANDBOX_URL", server.url());
            let run = run_with_input(command, ACCESS).expect_failure(5);
            assert!(run.stderr().contains("3600 s"), "{}: {}", asking.program, run.stderr());
            assert_eq!(server.requests().len(), 1, "{}", asking.program);
        }
    }
}

mod terminals {
    use std::process::Command;

    use serde_json::json;
    use testkit::{Answer, Home, Pty, ScriptedServer, run, sibling};

    /// What a terminal would obey: OSC, CSI, BEL, DEL, C1, bidi, a line separator.
    const EVIL: &str = "a\u{1b}]0;owned\u{7}b\u{1b}[2Jc\u{7f}d\u{9b}31me\u{202e}f\u{2028}g\u{8}h\u{61c}i";

    fn server() -> ScriptedServer {
        let report = json!({
            "kind": "analyticsData#runReport",
            "dimensionHeaders": [{"name": "pageTitle"}],
            "metricHeaders": [{"name": "sessions", "type": "TYPE_INTEGER"}],
            "rows": [{"dimensionValues": [{"value": EVIL}], "metricValues": [{"value": "7"}]}],
            "rowCount": 1,
        });
        let summary =
            json!({"property": "properties/1", "displayName": EVIL, "propertyType": "PROPERTY_TYPE_ORDINARY"});
        let accounts = json!({"accountSummaries": [
            {"name": "accountSummaries/1", "account": "accounts/1", "displayName": EVIL, "propertySummaries": [summary]},
        ]});
        let field = json!({"apiName": "pageTitle", "uiName": EVIL, "description": EVIL, "category": EVIL});
        let metadata = json!({"name": "properties/1/metadata", "dimensions": [field], "metrics": []});
        ScriptedServer::answering(move |request| {
            let path = request.target.split('?').next().unwrap_or_default();
            match path.rsplit(['/', ':']).next() {
                Some("runReport") => Answer::json(200, report.to_string()),
                Some("accountSummaries") => Answer::json(200, accounts.to_string()),
                Some("metadata") => Answer::json(200, metadata.to_string()),
                _ => Answer::json(404, "{}"),
            }
        })
    }

    fn command(home: &Home, program: &str, line: &str, url: &str) -> Command {
        let mut command = home.command(sibling(crate::BIN, program));
        command
            .args(line.split(' '))
            .env("GAUTH_SANDBOX_URL", url)
            .env("GAUTH_TOKEN", "ya29.canary")
            .env("GAUTH_ALLOW_HOSTS", "127.0.0.1")
            .env("LC_ALL", "C.UTF-8");
        command
    }

    /// What tables and charts are drawn with: bold, dim, a colour, and their end.
    const DRAWING: [&str; 4] = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[36m", "\u{1b}[0m"];

    const LINES: [(&str, &str); 18] = [
        ("ga-query", "-p 1 -m sessions -d pageTitle -f csv"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f tsv"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f json"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f ndjson"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f html"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f v3"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f raw"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f table"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f chart"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f sql --table t --dates 2026-01-01"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f csv -o /dev/tty"),
        ("ga-properties", "-f csv"),
        ("ga-properties", "-f json"),
        ("ga-fields", "-p 1 -f tsv"),
        ("ga-fields", "-p 1 -f record"),
        ("gauth-info", "user.json"),
        ("gauth-info", "user.json --format json"),
        ("ga-query", "-p 1 -m sessions -d pageTitle -f markdown"),
    ];

    fn home() -> Home {
        let home = Home::new();
        let user = json!({
            "type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c",
            "account": EVIL, "quota_project_id": "p",
        });
        home.write("user.json", 0o600, user.to_string());
        home
    }

    #[test]
    fn h9_on_a_terminal_no_format_lets_through_what_it_would_obey() {
        for (program, line) in LINES {
            let (server, home) = (server(), home());
            let mut command = command(&home, program, line, &server.url());
            if line.ends_with("/dev/tty") {
                // A session of its own, for which the terminal is /dev/tty.
                if testkit::tool("setsid").is_none() {
                    continue;
                }
                let mut session = home.command("setsid");
                session.args(["-c", "-w"]).arg(command.get_program()).args(command.get_args());
                session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
                command = session;
            }
            let (status, shown) = Pty::start(command, 80).finish();
            assert!(status.success(), "{line}: {shown}");
            assert!(shown.contains("owned") || program == "gauth-info", "{line}: {shown}");
            let shown = DRAWING.iter().fold(shown, |shown, own| shown.replace(own, ""));
            for obeyed in ['\u{1b}', '\u{7}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2028}', '\u{8}', '\u{61c}'] {
                assert!(!shown.contains(obeyed), "{program} {line}: {obeyed:?} in {shown:?}");
            }
        }
    }

    #[test]
    fn h9_in_a_pipe_bytes_are_exact() {
        for (program, line) in [LINES[0], LINES[6], LINES[11]] {
            let (server, home) = (server(), home());
            let run = run(command(&home, program, line, &server.url())).expect(0);
            let exact = if line.ends_with("raw") { serde_json::to_string(EVIL).unwrap() } else { EVIL.to_owned() };
            assert!(run.stdout().contains(&exact), "{line}: {:?}", run.stdout());
        }
    }
}

mod debug {
    use std::fs;
    use std::path::{Path, PathBuf};

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("read a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }

    /// The field of a type that derives Debug, if it could print a secret: a message of HTTP, or text by a secret's
    /// name.
    fn is_risky(field: &str) -> bool {
        let Some((name, kind)) = field.trim().trim_end_matches(',').split_once(": ") else {
            return ["(Request)", "(Response)", "HeaderValue"].iter().any(|kind| field.contains(kind));
        };
        let name = name.rsplit(' ').next().unwrap_or_default();
        let is_text = ["String", "str", "Vec<u8>"].iter().any(|text| kind.contains(text)) && !kind.contains("'static");
        let words = ["token", "secret", "password", "bearer", "assertion", "verifier", "private_key", "command"];
        let is_secret = words.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")));
        let is_message = ["Request", "Response", "HeaderValue"]
            .iter()
            .any(|message| kind.split(['<', '>', ':', ' ']).any(|word| word == *message));
        is_message || (is_text && is_secret && !name.ends_with("page_token"))
    }

    #[test]
    fn d3_no_type_that_derives_debug_holds_a_secret_as_text() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of the crates");
        let mut files = Vec::new();
        sources(crates, &mut files);
        // The sandbox's secrets are made up; what a description calls subject_token is where one comes from.
        let left_out = ["gauth-sandbox", "gauth-core/src/description.rs"];
        let product = files.iter().filter(|path| !left_out.iter().any(|part| path.to_string_lossy().contains(part)));
        let mut types = 0;
        let mut risky = Vec::new();
        for path in product {
            let text = fs::read_to_string(path).expect("read a source file");
            let mut lines = text.lines().peekable();
            while let Some(line) = lines.next() {
                let line = line.trim_start();
                if !(line.starts_with("#[derive(") && line.contains("Debug")) {
                    continue;
                }
                types += 1;
                // To the end of the type, at the indent of its first line.
                while let Some(field) = lines.next_if(|line| !["}", ");"].contains(&line.trim_end())) {
                    if is_risky(field.split("//").next().unwrap_or_default()) {
                        risky.push(format!("{}: {}", path.display(), field.trim()));
                    }
                    if field.ends_with(");") || field.ends_with(';') {
                        break;
                    }
                }
            }
        }
        assert!(types > 50, "{types} types were found");
        assert!(risky.is_empty(), "these fields could be printed:\n{}", risky.join("\n"));
    }
}
