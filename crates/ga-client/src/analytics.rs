//! Calls to the Analytics APIs for everything that takes few of them: accounts, fields, time zones. Requests and answers
//! are ga-core's; reports are left to [`crate::download`].
//!
//! The token travels in the Authorization header (RFC 6750 §2.1) and nowhere else. How often a call is tried again is left
//! to [`ga_core::retry`], because every error counts against a quota.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use ga_core::account::{AccountSummaries, PageTokens};
use ga_core::{Refusal, request, retry};
use gauth_core::{Request, bearer};
use http::header::{AUTHORIZATION, HeaderValue};

use gauth_cli::exit::{Failure, Kind};
use gauth_cli::http_agent::{HttpAgent, Tries};
use gauth_cli::terminal::Terminal;
use gauth_cli::{back_off, environment, random};

use crate::token::Token;
use crate::token_argument::TokenSource;

/// A page of 200 accounts with all their properties is far shorter.
const ANSWER_LIMIT: usize = 64 << 20;
/// The time for one request, retries included.
pub(crate) const REQUEST: Duration = Duration::from_secs(300);

/// The addresses of the APIs, and the project whose quota is used.
#[derive(Clone, Debug)]
pub struct Service {
    /// The Analytics Data API.
    pub data_api: String,
    /// The Analytics Admin API.
    pub admin_api: String,
    /// A Cloud project, if one is named.
    pub quota_project: Option<String>,
}

impl Service {
    /// Reads the environment; `quota_project` is `--quota-project`, and a variable is its default.
    ///
    /// # Errors
    /// Variables that cannot be read, as usage errors.
    pub fn find(quota_project: Option<&str>) -> anyhow::Result<Self> {
        let policy = environment::policy()?;
        Ok(Self {
            data_api: policy.google(request::DATA_API, "").as_str().to_owned(),
            admin_api: policy.google(request::ADMIN_API, "").as_str().to_owned(),
            quota_project: match quota_project {
                Some(project) => Some(project.to_owned()),
                None => environment::text("GOOGLE_CLOUD_QUOTA_PROJECT")?,
            },
        })
    }

    /// The header that names the project.
    pub(crate) fn quota_header(&self) -> Result<Option<HeaderValue>, Failure> {
        let header = self.quota_project.as_deref().map(HeaderValue::from_str).transpose();
        header.map_err(|_| Failure::usage("the quota project has characters that no project has"))
    }
}

/// Calls with the tokens of one source until a deadline.
pub struct Analytics {
    pub(crate) service: Service,
    pub(crate) token: Arc<Token>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) terminal: Terminal,
    quota_header: Option<HeaderValue>,
}

impl Analytics {
    /// Gets the first token.
    ///
    /// # Errors
    /// As [`TokenSource::token`]; an invalid quota project, as a usage error.
    pub fn new(
        service: Service,
        source: TokenSource,
        deadline: Option<Instant>,
        terminal: Terminal,
    ) -> anyhow::Result<Self> {
        let quota_header = service.quota_header()?;
        let token = Arc::new(Token::first(source, terminal, left(deadline))?);
        Ok(Self { service, token, deadline, terminal, quota_header })
    }

    /// Where the Data API is.
    pub fn data_api(&self) -> &str {
        &self.service.data_api
    }

    /// Where the Admin API is.
    pub fn admin_api(&self) -> &str {
        &self.service.admin_api
    }

    /// Where notes go.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Sends a request and returns the body of the answer.
    ///
    /// # Errors
    /// The server's refusal, or why no answer came.
    pub fn call(&self, request: Request) -> anyhow::Result<Vec<u8>> {
        self.call_within(REQUEST, request)
    }

    /// The same, but with less patience.
    ///
    /// # Errors
    /// As [`Analytics::call`].
    pub fn call_within(&self, patience: Duration, mut request: Request) -> anyhow::Result<Vec<u8>> {
        let end = Instant::now() + patience;
        let end = self.deadline.map_or(end, |deadline| deadline.min(end));
        let agent = HttpAgent::new(self.terminal, Some(end)).with_response_limit(ANSWER_LIMIT);
        if let Some(project) = &self.quota_header {
            request.headers_mut().insert("x-goog-user-project", project.clone());
        }
        let mut failed = 0;
        let mut may_renew = self.token.can_renew();
        loop {
            let token = self.token.blocking_current();
            request.headers_mut().insert(AUTHORIZATION, bearer(&token));
            let result = agent.send(&request, Tries::Once);
            if may_renew && matches!(&result, Ok(answer) if answer.status() == 401) {
                may_renew = false;
                self.token.blocking_renew(&token, left(self.deadline))?;
                continue;
            }
            failed += 1;
            let pause = |failure, retry_after: Option<Duration>| {
                let again = retry::is_worth_another_try(failure, failed, retry_after.is_some());
                again.then(|| back_off::pause(failed, random::fraction(), retry_after, agent.left())).flatten()
            };
            let (error, pause): (anyhow::Error, _) = match result {
                Ok(answer) if answer.status().is_success() => return Ok(answer.into_body()),
                Ok(answer) => {
                    let refusal = Refusal::parse(answer.status().as_u16(), answer.body());
                    let retry_after = back_off::retry_after(answer.headers(), SystemTime::now());
                    let pause = pause(retry::Failure::Refused(&refusal), retry_after);
                    if let (None, Some(retry_after)) = (pause, retry_after) {
                        back_off::warn_of_long_wait(&self.terminal, retry_after, agent.left());
                    }
                    (ga_core::Error::Refusal(Box::new(refusal)).into(), pause)
                }
                Err(failure) if failure.kind() == Kind::Temporary => {
                    (failure.into(), pause(retry::Failure::Connection, None))
                }
                Err(failure) => return Err(failure.into()),
            };
            let Some(pause) = pause else {
                return Err(error);
            };
            self.terminal.verbose(&format!("{error}; trying again in {} ms", pause.as_millis()));
            std::thread::sleep(pause);
        }
    }

    /// The accounts that the token can see, page by page, within `patience`. An error ends the list.
    pub fn accounts(&self, patience: Option<Duration>) -> impl Iterator<Item = anyhow::Result<AccountSummaries>> {
        let mut tokens = PageTokens::default();
        let mut page_token = None;
        let mut has_ended = false;
        let end = patience.map(|patience| Instant::now() + patience);
        std::iter::from_fn(move || {
            if has_ended {
                return None;
            }
            let mut next = || {
                let request = request::account_summaries(self.admin_api(), page_token.as_deref())?;
                let page = AccountSummaries::parse(&self.call_within(left(end).unwrap_or(REQUEST), request)?)?;
                page_token = tokens.next(page.next_page_token.as_deref())?;
                anyhow::Ok(page)
            };
            let page = next();
            has_ended = page.is_err() || page_token.is_none();
            Some(page)
        })
    }
}

/// The time until a deadline.
pub(crate) fn left(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}
