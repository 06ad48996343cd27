//! Quotas of a property (<https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>): tokens per day,
//! per hour, and per hour and project; concurrent requests; requests that may be thresholded. Analytics 360 has ten
//! times the quotas of standard properties. An hour begins with its first request.

use super::properties::{Behaviour, Property};
use crate::fault::Quota;
use crate::rest::Refusal;
use crate::rest::json::Writer;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The Cloud project of requests that name none.
const PROJECT: &str = "sandbox";
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Copy)]
struct Limits {
    /// Tokens per day, per hour, and per hour and project.
    tokens: [i64; 3],
    concurrent_requests: i64,
    server_errors: i64,
    thresholded_requests: i64,
}

const STANDARD: Limits =
    Limits { tokens: [200_000, 40_000, 14_000], concurrent_requests: 10, server_errors: 10, thresholded_requests: 120 };

/// Of Analytics 360.
const LARGE: Limits = Limits {
    tokens: [2_000_000, 400_000, 140_000],
    concurrent_requests: 50,
    server_errors: 50,
    thresholded_requests: 120,
};

/// The kinds of tokens.
const TOKENS: [Quota; 3] = [Quota::TokensPerDay, Quota::TokensPerHour, Quota::TokensPerProjectPerHour];

/// Each category of methods has its own quotas.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Category {
    Core,
    Realtime,
    Funnel,
}

type Key = (u64, Category);

/// The quotas used by each property.
#[derive(Default)]
pub(super) struct Quotas {
    used: Mutex<HashMap<Key, Used>>,
}

struct Used {
    limits: Limits,
    hour: Instant,
    day: Instant,
    tokens_today: i64,
    tokens_this_hour: i64,
    /// By Cloud project.
    by_project: HashMap<String, i64>,
    thresholded: i64,
    running: i64,
}

/// A running request; it ends when this is dropped.
pub(super) struct Running {
    quotas: Arc<Quotas>,
    key: Key,
    project: String,
}

/// What is left, and what this request cost.
pub(super) struct State {
    entries: [(&'static str, i64, i64); 6],
}

impl Quotas {
    fn used(&self) -> MutexGuard<'_, HashMap<Key, Used>> {
        // The numbers stay consistent even if another thread panicked.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits a request, or returns the exhausted quota.
    pub(super) fn begin(
        self: &Arc<Self>,
        property: &Property,
        category: Category,
        project: Option<&str>,
        thresholded: bool,
        now: Instant,
    ) -> Result<Running, Refusal> {
        let project = project.unwrap_or(PROJECT);
        let key = (property.id, category);
        let mut all = self.used();
        let used = all.entry(key).or_insert_with(|| Used::new(property.behaviour, now));
        used.renew(now);
        let spent = |quota: Quota| Err(Refusal::new(429, quota.message()));
        if used.running >= used.limits.concurrent_requests {
            return spent(Quota::ConcurrentRequests);
        }
        let tokens = used.tokens(project);
        if let Some(kind) = (0..3).find(|kind| tokens[*kind] >= used.limits.tokens[*kind]) {
            return spent(TOKENS[kind]);
        }
        if thresholded {
            if used.thresholded >= used.limits.thresholded_requests {
                return spent(Quota::ThresholdedRequests);
            }
            used.thresholded += 1;
        }
        used.running += 1;
        Ok(Running { quotas: Arc::clone(self), key, project: project.to_owned() })
    }
}

impl Used {
    fn new(behaviour: Behaviour, now: Instant) -> Self {
        let limits = match behaviour {
            Behaviour::Large => LARGE,
            _ => STANDARD,
        };
        let spent = match behaviour {
            Behaviour::QuotaNearlySpent => limits.tokens[2] - 20,
            _ => 0,
        };
        Self {
            limits,
            hour: now,
            day: now,
            tokens_today: spent,
            tokens_this_hour: spent,
            by_project: HashMap::from([(PROJECT.to_owned(), spent)]),
            thresholded: 0,
            running: 0,
        }
    }

    /// Tokens used per day, per hour, and per hour and project.
    fn tokens(&self, project: &str) -> [i64; 3] {
        [self.tokens_today, self.tokens_this_hour, self.by_project.get(project).copied().unwrap_or(0)]
    }

    /// What is left for a project, after a request that cost `tokens`.
    fn state(&self, project: &str, tokens: i64) -> State {
        let limits = self.limits;
        let used = self.tokens(project);
        let left = |kind: usize| limits.tokens[kind] - used[kind];
        State {
            entries: [
                ("tokensPerDay", tokens, left(0)),
                ("tokensPerHour", tokens, left(1)),
                ("concurrentRequests", 0, limits.concurrent_requests - self.running + 1),
                ("serverErrorsPerProjectPerHour", 0, limits.server_errors),
                ("potentiallyThresholdedRequestsPerHour", 0, limits.thresholded_requests - self.thresholded),
                ("tokensPerProjectPerHour", tokens, left(2)),
            ],
        }
    }

    fn renew(&mut self, now: Instant) {
        if now.duration_since(self.hour) >= HOUR {
            self.hour = now;
            self.tokens_this_hour = 0;
            self.by_project.clear();
            self.thresholded = 0;
        }
        if now.duration_since(self.day) >= DAY {
            self.day = now;
            self.tokens_today = 0;
        }
    }
}

impl Running {
    /// Charges the tokens of the request.
    pub(super) fn charge(&self, tokens: i64) -> State {
        let mut all = self.quotas.used();
        let used = all.get_mut(&self.key).expect("begin has made the entry");
        used.tokens_today += tokens;
        used.tokens_this_hour += tokens;
        *used.by_project.entry(self.project.clone()).or_default() += tokens;
        used.state(&self.project, tokens)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(used) = self.quotas.used().get_mut(&self.key) {
            used.running -= 1;
        }
    }
}

impl State {
    /// Writes a `PropertyQuota`; zeros are omitted, as in proto JSON.
    pub(super) fn write(&self, json: &mut Writer) {
        json.object(|json| {
            for (name, consumed, remaining) in self.entries {
                json.member(name).object(|json| {
                    if consumed != 0 {
                        json.member("consumed").number(consumed);
                    }
                    if remaining > 0 {
                        json.member("remaining").number(remaining);
                    }
                });
            }
        });
    }
}

/// The cost of a report in tokens: more for many rows, columns and days, and usually below ten.
pub(super) fn cost(rows: usize, columns: usize, days: i64) -> i64 {
    1 + rows as i64 / 50_000 + columns as i64 / 5 + days / 180
}

#[cfg(test)]
mod tests;
