//! Calls to the Analytics APIs, for programs that make a few of them. Requests and answers are ga-core's.
//!
//! The token travels in the Authorization header (RFC 6750 §2.1) and nowhere else. How often a call is tried
//! again is [`ga_core::retry`]'s to say, because every error counts against a quota.

use std::time::{Duration, Instant, SystemTime};

use ga_core::account::{AccountSummaries, AccountSummary, PageTokens};
use ga_core::request::{ADMIN_API, DATA_API};
use ga_core::{Refusal, request, retry};
use gauth_core::{Request, Secret, bearer};
use http::header::{AUTHORIZATION, HeaderValue};

use gauth_cli::exit::{Failure, Kind};
use gauth_cli::http_agent::{HttpAgent, Tries};
use gauth_cli::terminal::Terminal;
use gauth_cli::{back_off, environment, random};

/// 200 accounts with all their properties stay far below this.
const ANSWER_LIMIT: usize = 64 << 20;

/// Asks with one token until a deadline.
pub struct Analytics {
    agent: HttpAgent,
    terminal: Terminal,
    bearer: HeaderValue,
    quota_project: Option<HeaderValue>,
    data_api: String,
    admin_api: String,
}

impl Analytics {
    /// `quota_project` is `--quota-project`; the environment's stands in for it.
    ///
    /// # Errors
    /// Variables that cannot be read, as usage errors.
    pub fn new(
        token: &Secret,
        quota_project: Option<&str>,
        timeout: Option<Duration>,
        terminal: Terminal,
    ) -> anyhow::Result<Self> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let policy = environment::policy()?;
        let quota_project = match quota_project {
            Some(project) => Some(project.to_owned()),
            None => environment::text("GOOGLE_CLOUD_QUOTA_PROJECT")?,
        };
        let not_a_project = |_| Failure::usage("the quota project has characters that no project has");
        Ok(Self {
            agent: HttpAgent::new(terminal, deadline).with_answer_limit(ANSWER_LIMIT),
            terminal,
            bearer: bearer(token),
            quota_project: quota_project
                .map(|project| HeaderValue::from_str(&project).map_err(not_a_project))
                .transpose()?,
            data_api: policy.google(DATA_API, "").as_str().to_owned(),
            admin_api: policy.google(ADMIN_API, "").as_str().to_owned(),
        })
    }

    /// Where the Data API is.
    pub fn data_api(&self) -> &str {
        &self.data_api
    }

    /// Sends a request and returns the body of the answer.
    ///
    /// # Errors
    /// The server's refusal, or why no answer came.
    pub fn call(&self, mut request: Request) -> anyhow::Result<Vec<u8>> {
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.bearer.clone());
        if let Some(project) = &self.quota_project {
            headers.insert("x-goog-user-project", project.clone());
        }
        let mut failed = 0;
        loop {
            let result = self.agent.send(&request, Tries::Once);
            failed += 1;
            let pause = |failure, retry_after: Option<Duration>| {
                let again = retry::is_worth_another_try(failure, failed, retry_after.is_some());
                again.then(|| back_off::pause(failed, random::fraction(), retry_after, self.agent.left())).flatten()
            };
            let (error, pause): (anyhow::Error, _) = match result {
                Ok(answer) if answer.status().is_success() => return Ok(answer.into_body()),
                Ok(answer) => {
                    let refusal = Refusal::parse(answer.status().as_u16(), answer.body());
                    let pause = pause(
                        retry::Failure::Refused(&refusal),
                        back_off::retry_after(answer.headers(), SystemTime::now()),
                    );
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

    /// Every account that the token can see, with its properties.
    ///
    /// # Errors
    /// As [`Analytics::call`]; a list that walks in a circle is incomplete.
    pub fn accounts(&self) -> anyhow::Result<Vec<AccountSummary>> {
        let mut accounts = Vec::new();
        let mut tokens = PageTokens::default();
        let mut page_token = None;
        loop {
            let request = request::account_summaries(&self.admin_api, page_token.as_deref())?;
            let mut page = AccountSummaries::parse(&self.call(request)?)?;
            page_token = tokens.next(&page)?;
            accounts.append(&mut page.account_summaries);
            if page_token.is_none() {
                return Ok(accounts);
            }
        }
    }
}
