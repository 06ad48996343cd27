//! The tokens that are handed out, from the cache that all programs share. Requests take turns, so that any number of them needs
//! one exchange. Why there is no token is reported on stderr, once, and never to the client.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use gauth_cli::{Context, Failure, Kind, Terminal, environment};
use gauth_core::Secret;
use gauth_core::credentials::TokenRequest;
use gauth_core::description::Description;
use gauth_core::endpoint::Policy;
use gauth_core::scope::{self, Scopes};
use gauth_store::credentials::Found;
use gauth_store::token_cache::{CacheMode, Request, Token};

/// The lifetime that is left of every token that is handed out, and what rounding may take away.
const MIN_TTL: Duration = Duration::from_secs(5 * 60 + 2);
/// How long a failure is the answer to later requests too.
const FAILURE_LASTS: Duration = Duration::from_secs(1);

/// The most reasons that are reported: a client may ask for something else each time.
const MOST_REPORTED: usize = 100;

/// An access token.
pub(crate) struct Access {
    pub(crate) secret: Secret,
    /// Whole seconds until it expires.
    pub(crate) seconds_left: u64,
}

/// Why there is no token.
#[derive(Clone, Copy)]
pub(crate) enum NoToken {
    /// The grant has none of the scopes.
    OtherScopes,
    /// These credentials never give such a token.
    NotGiven,
    /// Not now.
    Failed,
}

/// The source of tokens.
pub(crate) struct Tokens {
    /// What every access token is for; with the scopes that one may have, if the user said.
    request: TokenRequest,
    policy: Policy,
    patience: Option<Duration>,
    terminal: Terminal,
    state: Mutex<State>,
}

struct State {
    found: Found,
    /// Tokens that the cache does not hold, or not for long enough, by their names there, and how long they are handed out.
    kept: HashMap<String, (Token, Instant)>,
    /// The last failure, under such a name.
    failed: Option<(String, Instant, NoToken)>,
    reported: HashSet<String>,
}

impl Tokens {
    /// # Errors
    /// If the credentials cannot give such tokens.
    pub(crate) fn new(found: Found, request: TokenRequest, policy: Policy, context: &Context) -> anyhow::Result<Self> {
        found.exchange(&request, SystemTime::now())?;
        let state = State { found, kept: HashMap::new(), failed: None, reported: HashSet::new() };
        Ok(Self { request, policy, patience: context.timeout, terminal: context.terminal, state: Mutex::new(state) })
    }

    /// The e-mail of whom tokens act for, if it is known.
    pub(crate) fn email(&self) -> Option<String> {
        self.state().found.credentials.email(&self.request).map(str::to_owned)
    }

    /// What the credentials say about themselves.
    pub(crate) fn description(&self) -> Description {
        self.state().found.credentials.describe().unwrap_or_default()
    }

    /// The scopes that tokens have; empty if they cannot be found out.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let granted = self.granted(&mut self.state());
        granted.ok().flatten().unwrap_or_default().iter().map(str::to_owned).collect()
    }

    /// An access token with those of the scopes that the grant has, with all if none are named.
    pub(crate) fn access(&self, scopes: &str) -> Result<Access, NoToken> {
        let mut state = self.state();
        let asked = Scopes::from_answer(scopes);
        let mut request = self.request.clone();
        if !asked.is_empty() {
            let granted = self.granted(&mut state)?;
            let left = granted.as_ref().map_or_else(|| asked.clone(), |granted| asked.within(granted));
            if left.is_empty() {
                let asked: Vec<&str> = asked.iter().map(scope::short).take(10).collect();
                let message = format!("COMMAND asked for scopes that the grant does not have: {}", asked.join(" "));
                state.report(&self.terminal, &message);
                return Err(NoToken::OtherScopes);
            }
            // The token with all scopes is the same for all who ask for it.
            if Some(&left) != granted.as_ref() {
                request.scopes = Some(left);
            }
        }
        let token = self.obtain(&mut state, &request)?;
        Ok(Access { seconds_left: seconds_left(&token), secret: token.token })
    }

    /// An ID token for an audience.
    pub(crate) fn identity(&self, audience: &str) -> Result<Secret, NoToken> {
        let mut state = self.state();
        if self.request.subject.is_some() {
            let message = "COMMAND asked for an ID token, which can only be for the service account, not for --subject";
            state.report(&self.terminal, message);
            return Err(NoToken::NotGiven);
        }
        let request = TokenRequest { scopes: None, audience: Some(audience.to_owned()), ..self.request.clone() };
        self.obtain(&mut state, &request).map(|token| token.token)
    }

    /// The scopes of the grant: those of `--scope`, of the file, of all such credentials, or at last of a token.
    fn granted(&self, state: &mut State) -> Result<Option<Scopes>, NoToken> {
        let credentials = &state.found.credentials;
        let chosen = credentials.scopes(&self.request);
        let of_file = || credentials.describe().map(|description| description.scopes).unwrap_or_default();
        let known = if chosen.is_empty() { of_file() } else { chosen };
        if known.is_empty() {
            return self.obtain(state, &self.request).map(|token| token.scopes);
        }
        Ok(Some(known))
    }

    fn obtain(&self, state: &mut State, request: &TokenRequest) -> Result<Token, NoToken> {
        let name = state.found.credentials.cache_file_name(request);
        if let Some((token, until)) = state.kept.get(&name)
            && *until > Instant::now()
        {
            return Ok(token.clone());
        }
        if let Some((failed, at, problem)) = &state.failed
            && (*failed == name && at.elapsed() < FAILURE_LASTS)
        {
            return Err(*problem);
        }
        let obtained = Request {
            token: request,
            min_ttl: MIN_TTL,
            cache: CacheMode::ReadWrite,
            deadline: self.patience.map(|patience| Instant::now() + patience),
            policy: &self.policy,
            terminal: self.terminal,
        }
        .obtain(&mut state.found);
        match obtained {
            Ok(token) => {
                state.keep(name, &token);
                Ok(token)
            }
            Err(error) => {
                let failure = Failure::of(&error);
                let is_never_given = request.audience.is_some() && failure.kind() == Kind::Usage;
                let problem = if is_never_given { NoToken::NotGiven } else { NoToken::Failed };
                let hints: String = failure.hints().iter().map(|hint| format!("; {hint}")).collect();
                state.report(&self.terminal, &format!("cannot get a token for COMMAND: {failure}{hints}"));
                state.failed = Some((name, Instant::now(), problem));
                Err(problem)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps a token that the cache would not give to the next request.
    fn keep(&mut self, name: String, token: &Token) {
        let left = Duration::from_secs(seconds_left(token));
        let is_short = left < MIN_TTL || token.expires_at.is_none();
        self.kept.retain(|_, (_, until)| *until > Instant::now());
        if is_short || !is_in_cache(&name) {
            // A server that gives no longer ones is asked again halfway.
            let good_for = if is_short { left / 2 } else { left - MIN_TTL };
            self.kept.insert(name, (token.clone(), Instant::now() + good_for));
        }
    }

    fn report(&mut self, terminal: &Terminal, message: &str) {
        if self.reported.len() < MOST_REPORTED && self.reported.insert(message.to_owned()) {
            terminal.warn(message);
        }
    }
}

fn is_in_cache(name: &str) -> bool {
    environment::cache_dir().is_some_and(|directory| directory.join(name).exists())
}

/// Rounded down. If the server did not say, the client is to ask again as soon as it usually would.
fn seconds_left(token: &Token) -> u64 {
    let expiry = token.expires_at.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let left = expiry.map(|expiry| expiry.duration_since(SystemTime::now()).unwrap_or_default());
    left.unwrap_or(MIN_TTL).as_secs()
}
