//! The report on a token: what Google's tokeninfo says about it, and userinfo if tokeninfo leaves out the e-mail.

use std::time::{Instant, SystemTime};

use gauth_cli::Terminal;
use gauth_cli::http_agent::{HttpAgent, Tries};
use gauth_core::endpoint::Policy;
use gauth_core::timestamp;
use gauth_core::tokeninfo::{Lookup, TokenInfo, userinfo_email};
use gauth_core::{Request, Secret};

use crate::report::Report;

/// # Errors
/// [`gauth_cli::Kind::Login`] for a token that is no longer valid, and other errors of the request.
pub(crate) fn of(
    token: &Secret,
    policy: &Policy,
    deadline: Option<Instant>,
    terminal: Terminal,
) -> anyhow::Result<Report> {
    let info = match TokenInfo::of_self_signed(token, SystemTime::now()) {
        Some(info) => info,
        None => look_up(token, policy, deadline, terminal)?,
    };
    if info.email.is_none() && !info.scopes.covers_email() {
        terminal.note("hint: get a token with the scope email to see whose it is");
    }
    Ok(report(&info))
}

/// What Google says about a token.
///
/// # Errors
/// As [`of`].
pub(crate) fn look_up(
    token: &Secret,
    policy: &Policy,
    deadline: Option<Instant>,
    terminal: Terminal,
) -> anyhow::Result<TokenInfo> {
    let agent = HttpAgent::new(terminal, deadline);
    let lookup = Lookup::of(token, policy);
    let answer = agent.send(&lookup.request, Tries::UpToThree)?;
    let mut info = lookup.receive(&answer, SystemTime::now())?;
    if let Some(request) = info.userinfo(token, policy) {
        match email(&agent, &request) {
            Ok(email) => info.email = email,
            Err(error) => terminal.warn(&format!("{error:#}")),
        }
    }
    Ok(info)
}

fn email(agent: &HttpAgent, request: &Request) -> anyhow::Result<Option<String>> {
    let answer = agent.send(request, Tries::UpToThree)?;
    Ok(userinfo_email(&answer, SystemTime::now())?)
}

fn report(info: &TokenInfo) -> Report {
    let now = timestamp::unix_seconds(SystemTime::now());
    let seconds = info.life.map(|life| life.as_secs());
    let expiry = seconds.and_then(|seconds| timestamp::rfc3339(now.saturating_add(seconds)));
    let mut report = Report::default();
    report.text("kind", Some(info.kind));
    report.text("account", info.email.clone());
    report.text("subject", info.subject.clone());
    report.text("client_id", info.client_id.clone());
    report.text("audience", info.audience.clone());
    report.list("scopes", info.scopes.iter().map(str::to_owned));
    report.number("expires_in", seconds);
    report.text("expiry", expiry);
    report
}
