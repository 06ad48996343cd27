//! The report on a file: what it says about itself, and with `--check` whether it still yields tokens.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use gauth_cli::files::shown;
use gauth_cli::{Failure, Terminal};
use gauth_core::credentials::TokenRequest;
use gauth_core::description::Description;
use gauth_core::endpoint::Policy;
use gauth_core::scope::{self, Scopes};
use gauth_core::source::Source;
use gauth_core::timestamp;
use gauth_store::token_cache::{CacheMode, Request};
use gauth_text::Command;

use crate::report::Report;
use crate::subject::Subject;
use crate::token_report;

/// # Errors
/// Usage errors naming the field that is damaged.
pub(crate) fn of(subject: &Subject) -> anyhow::Result<Report> {
    let mut report = Report::default();
    match subject {
        Subject::Client { path, description } => {
            add_file(&mut report, path);
            add(&mut report, description);
        }
        Subject::Credentials(found) => {
            let path = found.source.path();
            let described =
                found.credentials.describe().with_context(|| format!("cannot read the credentials {}", shown(path)))?;
            // The source of a file that was named is known.
            let named = matches!(found.source, Source::Flag(_));
            report.text("source", (!named).then(|| found.source.to_string()));
            if !matches!(found.source, Source::MetadataServer(_) | Source::Command) {
                add_file(&mut report, path);
            }
            add(&mut report, &described);
        }
    }
    Ok(report)
}

fn add_file(report: &mut Report, path: &Path) {
    report.text("file", Some(path.to_string_lossy()));
}

fn add(report: &mut Report, facts: &Description) {
    let names = |scopes: &Scopes| scopes.iter().map(str::to_owned).collect::<Vec<_>>();
    report.text("kind", Some(facts.kind.as_str()));
    report.text("identity", facts.identity.clone());
    report.text("client_id", facts.client_id.clone());
    report.text("project_id", facts.project_id.clone());
    report.text("key_id", facts.key_id.clone());
    report.list("scopes", names(&facts.scopes));
    report.text("dpop_thumbprint", facts.dpop_thumbprint.clone());
    report.text("audience", facts.audience.clone());
    report.text("subject_token", facts.subject_token.clone());
    report.list("delegates", facts.delegates.clone());
    report.list("redirect_uris", facts.redirect_uris.clone());
    report.text("universe_domain", facts.universe_domain.clone());
    report.text("quota_project_id", facts.quota_project_id.clone());
    report.text("granted_at", facts.granted_at.clone());
    report.text("auth_uri", facts.auth_uri.clone());
    report.text("token_uri", facts.token_uri.clone());
    if let Some(source) = &facts.source {
        let mut part = Report::default();
        add(&mut part, source);
        report.part("source_credentials", part);
    }
}

/// How to find out whose grant it is, if the file does not say. `checked` if Google was asked and did not say either.
pub(crate) fn how_to_see_the_user(subject: &Subject, checked: bool) -> Option<String> {
    let Subject::Credentials(found) = subject else { return None };
    if !found.credentials.is_of_unknown_user() {
        return None;
    }
    let scopes = found.credentials.describe().ok()?.scopes;
    if !checked && (scopes.is_empty() || scopes.covers_email()) {
        return Some("add --check to ask Google whose it is".to_owned());
    }
    let mut command = Command::new("gauth-login");
    for scope in scopes.iter().map(scope::short).chain(["email"]) {
        command = command.arg("--scope").arg(scope);
    }
    let whole = found.file.is_some() && !scopes.is_empty();
    if let Some(option) = found.login_option() {
        command = command.shell(&option);
    }
    Some(match command.line().filter(|_| whole) {
        Some(line) => format!("log in with the scope email as well to see whose it is: {line}"),
        None => "log in with --scope email in addition to its other scopes to see whose it is".to_owned(),
    })
}

/// Gets one token without the cache and reports it, and whose it is, if the file does not say but Google does.
///
/// Returns whether the user is known now.
///
/// # Errors
/// Why there is no token, with a hint.
pub(crate) fn check(
    report: &mut Report,
    subject: Subject,
    policy: &Policy,
    deadline: Option<Instant>,
    terminal: Terminal,
) -> anyhow::Result<bool> {
    let request = TokenRequest::default();
    let mut found = subject.into_credentials()?;
    let asked = found.credentials.scopes(&request);
    let mut is_known = found.credentials.identity().contains('@');
    let token = Request { token: &request, min_ttl: Duration::ZERO, cache: CacheMode::Off, deadline, policy, terminal }
        .obtain(&mut found)?;
    let scopes = token.scopes.unwrap_or(asked);
    let mut part = Report::default();
    if !is_known && scopes.covers_email() {
        match token_report::look_up(&token.token, policy, deadline, terminal) {
            Ok(info) => {
                is_known = info.email.is_some();
                part.text("account", info.email);
            }
            Err(error) => terminal.warn(&Failure::of(&error).to_string()),
        }
    }
    part.list("scopes", scopes.iter().map(str::to_owned));
    part.text("expiry", token.expires_at.and_then(timestamp::rfc3339));
    report.text("check", Some("OK"));
    report.part("token", part);
    Ok(is_known)
}
