//! A token of several hops costs as little as any other once it is there, and is handed out for exactly what it was
//! asked for (A14, B6, D12).

use std::collections::HashSet;
use std::fs;

use gauth_sandbox::Provider;
use serde_json::{Value, json};
use testkit::{User, strace, token};

use super::{READONLY, impersonated, machine, user};

fn kinds(machine: &User) -> [(&'static str, Value); 7] {
    let target = Some(machine.sandbox.analyst());
    let url = machine.sandbox.url_source();
    let aws = machine.sandbox.aws_source();
    [
        ("user", user(machine)),
        ("impersonated", impersonated(machine)),
        ("file", machine.outside(None)),
        ("file and account", machine.outside(target)),
        ("url", machine.sandbox.external_account(Provider::Oidc, url, target)),
        ("aws", machine.sandbox.external_account(Provider::Aws, aws, target)),
        ("workforce", machine.sandbox.external_account_authorized_user(&[READONLY])),
    ]
}

#[test]
fn b6_d12_a_warm_hit_costs_one_read_of_the_cache_with_any_credentials() {
    let machine = machine();
    let mut costs = Vec::new();
    for (name, file) in kinds(&machine) {
        machine.keep(&file);
        let first = machine.token(&[]);
        let asked = machine.asked().len();
        let Some(trace) = strace(&["-e", "trace=all"], machine.command(&[])) else {
            return;
        };
        let opened: Vec<_> = trace
            .named("openat")
            .filter(|call| call.text.contains(&*machine.home.path().to_string_lossy()))
            .map(|call| call.text.clone())
            .collect();
        let read = |part: &str| opened.iter().filter(|text| text.contains(part)).count();
        assert_eq!(read("credentials.json"), 1, "{name}: {opened:?}");
        assert_eq!(read(".cache/gauth"), 1, "{name}: {opened:?}");
        assert_eq!(opened.len(), 2, "{name}: {opened:?}");
        for forbidden in ["socket", "connect", "flock", "rename", "renameat2", "clone3", "execve"] {
            let allowed = usize::from(forbidden == "execve");
            assert_eq!(trace.named(forbidden).count(), allowed, "{name}: {forbidden}");
        }
        costs.push(trace.calls.len());
        assert_eq!(token(&machine.check(trace.run).expect(0)), first, "{name}");
        assert_eq!(machine.asked().len(), asked, "{name}");
    }
    // The same as for a user's grant, but for what memory the longer file takes.
    let dear = costs.iter().max().expect("some");
    assert!(*dear <= costs[0] + 6, "{costs:?}");
}

#[test]
fn a14_a_token_is_kept_for_exactly_what_it_was_asked_for() {
    let machine = machine();
    let (analyst, archivist) = (machine.sandbox.analyst(), machine.sandbox.archivist());
    let chain = ["--impersonate", analyst, "--impersonate", archivist];
    let asked: [&[&str]; 8] = [
        &[],
        &["--impersonate", analyst],
        &chain,
        &["--impersonate", analyst, "--scope", "analytics"],
        &["--impersonate", analyst, "--scope", "analytics,analytics.edit"],
        &["--impersonate", analyst, "--subject", "alex@example.com"],
        &["--impersonate", analyst, "--subject", "admin@example.com"],
        &["--impersonate", analyst, "--audience", "a"],
    ];
    for file in [user(&machine), machine.outside(None)] {
        machine.keep(&file);
        let tokens: Vec<String> = asked.iter().map(|options| machine.token(options)).collect();
        let distinct: HashSet<&String> = tokens.iter().collect();
        assert_eq!(distinct.len(), asked.len());
        let before = machine.asked().len();
        for (options, token) in asked.iter().zip(&tokens) {
            assert_eq!(machine.token(options), *token);
        }
        // Order and repetition of scopes make no difference.
        let same = [
            "--impersonate",
            analyst,
            "--scope",
            "analytics.edit",
            "--scope",
            "analytics",
            "--scope",
            "analytics.edit",
        ];
        assert_eq!(machine.token(&same), tokens[4]);
        assert_eq!(machine.asked().len(), before);
    }
}

#[test]
fn a14_files_that_differ_share_no_token_and_the_environment_counts_where_it_matters() {
    let machine = machine();
    let target = Some(machine.sandbox.analyst());
    let mut files: Vec<Value> = vec![
        machine.outside(None),
        machine.outside(target),
        impersonated(&machine),
        machine.sandbox.impersonated_service_account(
            user(&machine),
            &[machine.sandbox.analyst()],
            machine.sandbox.archivist(),
        ),
    ];
    let mut longer = machine.outside(target);
    longer["service_account_impersonation"] = json!({"token_lifetime_seconds": 1800});
    files.push(longer);
    let tokens: HashSet<String> = files
        .iter()
        .map(|file| {
            machine.keep(file);
            machine.token(&[])
        })
        .collect();
    assert_eq!(tokens.len(), files.len());
    // On AWS the key of the environment says who it is.
    let source = machine.sandbox.aws_source();
    machine.keep(&machine.sandbox.external_account(Provider::Aws, source, None));
    let instance = machine.token(&[]);
    let mut command = machine.command(&[]);
    command.envs(machine.sandbox.aws_variables());
    let environment = token(&machine.run_command(command).expect(0));
    assert_ne!(instance, environment);
    assert_eq!(machine.token(&[]), instance);
}

#[test]
fn a14_no_name_or_content_of_the_cache_holds_what_made_the_token() {
    let machine = machine();
    let mut used = Vec::new();
    for (_, file) in kinds(&machine) {
        machine.keep(&file);
        used.push(machine.token(&[]));
    }
    let secrets: Vec<String> = machine.sandbox.secrets().into_iter().filter(|secret| !used.contains(secret)).collect();
    for path in machine.home.tree() {
        if !path.starts_with(".cache/gauth") {
            continue;
        }
        let path = machine.home.path().join(path);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        testkit::assert_no_secret("a name in the cache", name.as_bytes(), &secrets);
        if path.is_file() {
            let content = fs::read(&path).expect("read it");
            testkit::assert_no_secret(&name, &content, &secrets);
        }
    }
}
